"""Staff, the roles that they hold in an agency, what happened to them, and what they did and read."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STAFF = """
CREATE TABLE staff (
    agency_id uuid NOT NULL REFERENCES agencies,
    staff_id uuid NOT NULL UNIQUE,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    suspended_at timestamptz,
    subject text UNIQUE,
    password_cipher bytea,
    one_time_cipher bytea,
    last_step bigint,
    PRIMARY KEY (agency_id, staff_id)
);
COMMENT ON COLUMN staff.last_step IS 'the last time step of a one-time code that was used: RFC 6238, section 5.2';
CREATE TABLE staff_roles (
    agency_id uuid NOT NULL REFERENCES agencies,
    grant_id uuid NOT NULL UNIQUE,
    staff_id uuid NOT NULL REFERENCES staff (staff_id),
    role text NOT NULL CHECK (role IN (
        'it', 'clerk', 'head', 'supervisor', 'finance', 'privacy', 'auditor', 'operator', 'administrator'
    )),
    since_at timestamptz NOT NULL,
    until_at timestamptz,
    deputising_for uuid REFERENCES staff (staff_id),
    PRIMARY KEY (agency_id, grant_id),
    CHECK (deputising_for IS DISTINCT FROM staff_id)
);
CREATE INDEX staff_roles_of_member ON staff_roles (staff_id);
COMMENT ON TABLE staff_roles IS 'agency_id is the agency in which the role is held, not the one where the person belongs';
CREATE TABLE staff_events (
    agency_id uuid NOT NULL REFERENCES agencies,
    event_id uuid NOT NULL,
    staff_id uuid NOT NULL REFERENCES staff (staff_id),
    name text NOT NULL,
    at timestamptz NOT NULL,
    by uuid,
    data jsonb NOT NULL,
    PRIMARY KEY (agency_id, event_id)
);
CREATE INDEX staff_events_of_member ON staff_events (staff_id, event_id);
"""

ACTS = """
CREATE TABLE acts (
    agency_id uuid NOT NULL,
    act_id uuid NOT NULL,
    at timestamptz NOT NULL,
    staff_id uuid,
    act text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    reason_cipher bytea NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (agency_id, act_id)
) PARTITION BY RANGE (act_id);
CREATE INDEX acts_of_staff ON acts (agency_id, staff_id, act_id);
CREATE INDEX acts_of_subject ON acts (agency_id, subject_id, act_id);
COMMENT ON COLUMN acts.staff_id IS 'null: the operator on the command line';
INSERT INTO monthly_tables VALUES ('acts', 'act_id');
"""


def upgrade() -> None:
    """Expand. Nobody has the right to change or delete an act or an event of staff."""
    run(STAFF)
    run(ACTS)
    partition_by_month("acts")
    for table in ("staff", "staff_roles", "staff_events", "acts"):
        protect(table)
    changes = "agency_id, suspended_at, subject, password_cipher, one_time_cipher, last_step"
    grant("staff", console=f"SELECT, INSERT, UPDATE ({changes})")
    grant("staff_roles", console="SELECT, INSERT, UPDATE (until_at)")
    grant("staff_events", console="SELECT, INSERT")
    grant("acts", console="SELECT, INSERT")
