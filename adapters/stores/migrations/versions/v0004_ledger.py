"""The exposure ledger: records, the persons that they concern, salts apart and erasable, published releases."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LEDGER = """
CREATE TABLE exposure_records (
    agency_id uuid NOT NULL,
    record_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('exposure', 'outcome', 'publication')),
    platform text NOT NULL,
    direction text NOT NULL,
    service text NOT NULL,
    of_id uuid CHECK ((kind = 'outcome') = (of_id IS NOT NULL)),
    leaf bytea NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (agency_id, record_id)
) PARTITION BY RANGE (record_id);
CREATE INDEX exposure_records_outcomes ON exposure_records (agency_id, of_id) WHERE of_id IS NOT NULL;
CREATE TABLE exposure_persons (
    agency_id uuid NOT NULL,
    chain_id uuid NOT NULL,
    record_id uuid NOT NULL,
    platform text NOT NULL,
    PRIMARY KEY (agency_id, chain_id, record_id)
) PARTITION BY RANGE (record_id);
CREATE INDEX exposure_persons_of_record ON exposure_persons (agency_id, record_id);
CREATE TABLE exposure_salts (
    agency_id uuid NOT NULL,
    record_id uuid NOT NULL,
    salt bytea NOT NULL CHECK (octet_length(salt) = 32),
    PRIMARY KEY (agency_id, record_id)
) PARTITION BY RANGE (record_id);
CREATE TABLE exposure_publications (
    agency_id uuid NOT NULL,
    release text NOT NULL,
    manifest_digest bytea NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (agency_id, release, manifest_digest)
);
INSERT INTO monthly_tables VALUES
    ('exposure_records', 'record_id'), ('exposure_persons', 'record_id'), ('exposure_salts', 'record_id');
"""


def upgrade() -> None:
    """Expand."""
    run(LEDGER)
    for table in ("exposure_records", "exposure_persons", "exposure_salts"):
        partition_by_month(table)
    for table in ("exposure_records", "exposure_persons", "exposure_salts", "exposure_publications"):
        protect(table)
    grant(
        "exposure_records, exposure_persons",
        public="SELECT, INSERT", worker="SELECT, INSERT", console="SELECT, INSERT", sequencer="SELECT",
    )  # fmt: skip
    grant("exposure_salts", public="INSERT", console="INSERT", worker="SELECT, INSERT, DELETE")
    grant(
        "exposure_publications",
        public="SELECT, INSERT", console="SELECT, INSERT", worker="SELECT, INSERT", sequencer="SELECT",
    )  # fmt: skip
