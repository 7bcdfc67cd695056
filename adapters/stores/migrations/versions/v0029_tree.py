"""The tree over the ledger: which records wait for their place, the sequence, its tiles and its checkpoints."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TREE = """
CREATE TABLE exposure_pending (
    agency_id uuid NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (agency_id, record_id)
);
COMMENT ON TABLE exposure_pending IS 'records without a place in the sequence: a row comes with its record, and goes when the place is given';
CREATE TABLE ledger_sequence (
    index bigint PRIMARY KEY CHECK (index >= 0),
    agency_id uuid NOT NULL,
    record_id uuid NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    sequenced_at timestamptz NOT NULL,
    UNIQUE (agency_id, record_id)
);
CREATE TABLE ledger_tiles (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    number bigint NOT NULL CHECK (number >= 0),
    width smallint NOT NULL CHECK (width BETWEEN 1 AND 256),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = width * 32),
    PRIMARY KEY (level, number)
);
CREATE FUNCTION guitai_lengthen_tile() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.number <> OLD.number OR NEW.width <= OLD.width
        OR substr(NEW.hashes, 1, octet_length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'a tile only gets longer' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END;
$$;
REVOKE ALL ON FUNCTION guitai_lengthen_tile() FROM PUBLIC;
CREATE TRIGGER tiles_get_longer BEFORE UPDATE ON ledger_tiles FOR EACH ROW EXECUTE FUNCTION guitai_lengthen_tile();
CREATE TABLE ledger_checkpoints (
    size bigint PRIMARY KEY CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note bytea NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE ledger_beats (alone boolean PRIMARY KEY CHECK (alone), ran_at timestamptz NOT NULL, size bigint NOT NULL);
COMMENT ON TABLE ledger_beats IS 'one row: when the sequencer last looked, and how large the tree was then';
INSERT INTO exposure_pending SELECT agency_id, record_id FROM exposure_records;
"""


def upgrade() -> None:
    """Expand."""
    run(TREE)
    protect("exposure_pending")
    protect("ledger_sequence")
    grant("exposure_pending", public="INSERT", console="INSERT", worker="SELECT, INSERT", sequencer="SELECT, DELETE")
    grant("ledger_sequence", public="SELECT", console="SELECT", worker="SELECT", sequencer="SELECT, INSERT")
    grant("ledger_tiles", public="SELECT", console="SELECT", worker="SELECT")
    grant("ledger_tiles", sequencer="SELECT, INSERT, UPDATE (width, hashes)")
    grant("ledger_checkpoints", public="SELECT", console="SELECT", worker="SELECT", sequencer="SELECT, INSERT")
    readers = dict.fromkeys(("public", "console", "worker", "watch"), "SELECT")
    grant("ledger_beats", sequencer="SELECT, INSERT, UPDATE (ran_at, size)", **readers)
