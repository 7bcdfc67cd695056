"""The live catalogue: services and whose they are, versions of mappings, events that say which is served, a counter to poll."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

VERSIONS = """
CREATE TABLE mapped_services (
    agency_id uuid NOT NULL REFERENCES agencies,
    service text NOT NULL UNIQUE,
    PRIMARY KEY (agency_id, service)
);
COMMENT ON TABLE mapped_services IS 'whose a service is: an id belongs to one agency for ever';
CREATE TABLE mapping_versions (
    agency_id uuid NOT NULL,
    service text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    content bytea NOT NULL,
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    made_at timestamptz NOT NULL,
    made_by uuid,
    PRIMARY KEY (agency_id, service, version),
    FOREIGN KEY (agency_id, service) REFERENCES mapped_services
);
CREATE TABLE mapping_documents (
    agency_id uuid NOT NULL,
    service text NOT NULL,
    version integer NOT NULL,
    path text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (agency_id, service, version, path),
    FOREIGN KEY (agency_id, service, version) REFERENCES mapping_versions
);
"""

EVENTS = """
CREATE TABLE mapping_events (
    agency_id uuid NOT NULL,
    service text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    act text NOT NULL CHECK (act IN (
        'imported', 'published', 'rolled_back', 'proposed', 'privacy_approved', 'refused', 'switched_off', 'switched_on',
        'reviewed'
    )),
    version integer NOT NULL,
    at timestamptz NOT NULL,
    by uuid,
    reason text NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (agency_id, service, number),
    FOREIGN KEY (agency_id, service, version) REFERENCES mapping_versions
);
CREATE TABLE catalogue_version (only_row boolean PRIMARY KEY CHECK (only_row), version bigint NOT NULL);
INSERT INTO catalogue_version VALUES (true, 0);
COMMENT ON TABLE catalogue_version IS 'counts what was appended to mapping_events, in the same transaction: what processes poll';
"""

TABLES = ("mapped_services", "mapping_versions", "mapping_documents", "mapping_events")


def upgrade() -> None:
    """Expand."""
    run(VERSIONS)
    run(EVENTS)
    for table in TABLES:
        protect(table)
        grant(table, public="SELECT", worker="SELECT", console="SELECT, INSERT")
    grant("catalogue_version", public="SELECT", worker="SELECT", console="SELECT, UPDATE (version)")
