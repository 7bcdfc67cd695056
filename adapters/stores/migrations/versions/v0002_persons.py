"""Persons, their logins and what happened to them; households and who has bound them; links to chain ids."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PERSONS = """
CREATE TABLE persons (
    agency_id uuid NOT NULL REFERENCES agencies,
    person_id uuid NOT NULL,
    assurance smallint NOT NULL CHECK (assurance BETWEEN 0 AND 3),
    created_at timestamptz NOT NULL,
    phone_cipher bytea,
    real_name_cipher bytea,
    identity_cipher bytea,
    identity_hash bytea,
    joined_into uuid,
    PRIMARY KEY (agency_id, person_id),
    UNIQUE (agency_id, identity_hash),
    CHECK (joined_into IS DISTINCT FROM person_id)
);
CREATE INDEX persons_joined ON persons (agency_id, joined_into) WHERE joined_into IS NOT NULL;
CREATE TABLE logins (
    agency_id uuid NOT NULL,
    login_id uuid NOT NULL,
    person_id uuid NOT NULL,
    platform text NOT NULL,
    app text NOT NULL,
    user_hash bytea NOT NULL,
    user_cipher bytea NOT NULL,
    union_cipher bytea,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (agency_id, login_id),
    UNIQUE (agency_id, platform, app, user_hash),
    FOREIGN KEY (agency_id, person_id) REFERENCES persons
);
CREATE INDEX logins_of_person ON logins (agency_id, person_id);
CREATE TABLE person_events (
    agency_id uuid NOT NULL,
    event_id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (agency_id, event_id)
) PARTITION BY RANGE (event_id);
CREATE INDEX person_events_of_person ON person_events (agency_id, person_id, event_id);
INSERT INTO monthly_tables VALUES ('person_events', 'event_id');
"""

HOUSEHOLDS = """
CREATE TABLE chain_links (
    agency_id uuid NOT NULL REFERENCES agencies,
    subject_hash bytea NOT NULL,
    chain_cipher bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, subject_hash)
);
CREATE TABLE households (
    agency_id uuid NOT NULL REFERENCES agencies,
    household_id uuid NOT NULL,
    service text NOT NULL,
    household_hash bytea NOT NULL,
    household_no_cipher bytea NOT NULL,
    holder_name_cipher bytea NOT NULL,
    address_cipher bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, household_id),
    UNIQUE (agency_id, service, household_hash)
);
CREATE TABLE household_bindings (
    agency_id uuid NOT NULL,
    household_id uuid NOT NULL,
    person_id uuid NOT NULL,
    bound_at timestamptz NOT NULL,
    unbound_at timestamptz,
    PRIMARY KEY (agency_id, household_id, person_id),
    FOREIGN KEY (agency_id, household_id) REFERENCES households
);
CREATE INDEX household_bindings_of_person ON household_bindings (agency_id, person_id);
"""


def upgrade() -> None:
    """Expand."""
    run(PERSONS)
    run(HOUSEHOLDS)
    partition_by_month("person_events")
    for table in ("persons", "logins", "person_events", "chain_links", "households", "household_bindings"):
        protect(table)
    grant("persons", public="SELECT, INSERT, UPDATE", worker="SELECT")
    grant("logins", public="SELECT, INSERT, UPDATE (person_id, revoked_at)", worker="SELECT")
    grant("person_events", public="SELECT, INSERT", worker="SELECT, INSERT", console="SELECT")
    grant("chain_links", public="SELECT, INSERT", worker="SELECT, INSERT, DELETE")
    grant("households", public="SELECT, INSERT, UPDATE (holder_name_cipher, address_cipher)", worker="SELECT")
    grant("household_bindings", public="SELECT, INSERT, UPDATE", worker="SELECT")
