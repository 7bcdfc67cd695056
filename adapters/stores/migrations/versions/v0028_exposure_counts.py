"""How often which field was seen, by hours: what the console's first page adds up instead of reading a day of the ledger.

The ledger keeps no trigger for it; the worker counts what is a minute old.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None

COUNTS = """
CREATE TABLE exposure_counts (
    agency_id uuid NOT NULL REFERENCES agencies,
    hour timestamptz NOT NULL,
    platform text NOT NULL,
    direction text NOT NULL,
    field text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (agency_id, hour, platform, direction, field)
);
COMMENT ON TABLE exposure_counts IS 'ledger records by hour and field, of the last days only; what is missing begins at exposure_tallies.next_id';
CREATE TABLE exposure_tallies (alone boolean PRIMARY KEY CHECK (alone), next_id uuid NOT NULL);
COMMENT ON TABLE exposure_tallies IS 'one row: the first id of the ledger that was not counted; it is locked while somebody counts';
INSERT INTO exposure_tallies VALUES (true, '00000000-0000-0000-0000-000000000000');
"""


def upgrade() -> None:
    """Expand."""
    run(COUNTS)
    protect("exposure_counts")
    grant("exposure_counts", console="SELECT", worker="SELECT, INSERT, UPDATE (count), DELETE")
    grant("exposure_tallies", console="SELECT", worker="SELECT, UPDATE (next_id)")
