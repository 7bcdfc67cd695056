"""Requests of citizens about their own data (PIPL 44 to 50), what closing an account takes away, and legal holds."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0033"
down_revision = "0036"
branch_labels = None
depends_on = None

REQUESTS = """
CREATE TABLE rights_requests (
    agency_id uuid NOT NULL REFERENCES agencies,
    request_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('copy', 'correction', 'deletion', 'closing')),
    channel text NOT NULL,
    detail_cipher bytea,
    asked_at timestamptz NOT NULL,
    due_on date NOT NULL,
    PRIMARY KEY (agency_id, request_id),
    FOREIGN KEY (agency_id, person_id) REFERENCES persons
);
CREATE INDEX rights_requests_of_person ON rights_requests (person_id, request_id);
CREATE INDEX rights_requests_by_age ON rights_requests (asked_at) WHERE detail_cipher IS NOT NULL;
CREATE TABLE rights_events (
    agency_id uuid NOT NULL,
    request_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL CHECK (name IN
        ('asked', 'withdrawn', 'answered', 'refused', 'cut_off', 'waits', 'erased', 'done')),
    at timestamptz NOT NULL,
    staff_id uuid,
    data_cipher bytea,
    PRIMARY KEY (agency_id, request_id, version),
    FOREIGN KEY (agency_id, request_id) REFERENCES rights_requests
);
COMMENT ON TABLE rights_events IS 'appended only; the words in data_cipher may go when their time is over (docs/rights.md)';
CREATE TABLE rights_open (
    agency_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    request_id uuid NOT NULL,
    PRIMARY KEY (agency_id, person_id, kind)
);
COMMENT ON TABLE rights_open IS 'which request of a kind somebody has under way: claimed before its effect, given back at its end';
"""

HOLDS = """
CREATE TABLE legal_holds (
    agency_id uuid NOT NULL REFERENCES agencies,
    hold_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('person', 'case', 'service')),
    service text,
    person_ids uuid[] NOT NULL,
    words_cipher bytea NOT NULL,
    until_at timestamptz NOT NULL,
    placed_by uuid NOT NULL,
    placed_at timestamptz NOT NULL,
    lifted_by uuid,
    lifted_at timestamptz,
    lifted_cipher bytea,
    told_at timestamptz,
    PRIMARY KEY (agency_id, hold_id),
    CHECK ((kind = 'service') = (service IS NOT NULL)),
    CHECK ((kind = 'service') = (cardinality(person_ids) = 0)),
    CHECK (until_at > placed_at),
    CONSTRAINT two_people CHECK (lifted_by IS NULL OR lifted_by <> placed_by),
    CHECK ((lifted_by IS NULL) = (lifted_at IS NULL) AND (lifted_at IS NULL) = (lifted_cipher IS NULL))
);
CREATE INDEX legal_holds_in_force ON legal_holds (until_at) WHERE lifted_at IS NULL;
CREATE POLICY lifted_once ON legal_holds AS RESTRICTIVE FOR UPDATE TO guitai_console USING (lifted_at IS NULL) WITH CHECK (true);
"""
EMPTIED = "phone_cipher, phone_hash, real_name_cipher, identity_cipher, identity_hash, assurance"


def upgrade() -> None:
    """Expand. Only the worker takes away, and nothing of what is handed in, decided or paid."""
    run(REQUESTS)
    run(HOLDS)
    for table in ("rights_requests", "rights_events", "rights_open", "legal_holds"):
        protect(table)
    writes = "SELECT, INSERT"
    grant("rights_requests", public=writes, console=writes, worker="SELECT, UPDATE (detail_cipher)")
    grant("rights_events", public=writes, console=writes, worker="SELECT, INSERT, UPDATE (data_cipher)")
    grant("rights_open", public="SELECT, INSERT, DELETE", console="SELECT, INSERT, DELETE", worker="SELECT, DELETE")
    grant(
        "legal_holds",
        console="SELECT, INSERT, UPDATE (lifted_by, lifted_at, lifted_cipher)",
        worker="SELECT, UPDATE (told_at)",
    )
    grant("persons", worker=f"UPDATE ({EMPTIED})")
    grant("logins", worker="UPDATE (revoked_at), DELETE")
    grant("households", worker="DELETE")
    grant("household_bindings", worker="DELETE")
    grant("person_events", worker="DELETE")
