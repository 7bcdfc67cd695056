"""Declared restores of the log from a backup, as they wait for their leaf in the tree."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, run

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

RESTORES = """
CREATE TABLE ledger_restores (
    leaf_hash bytea PRIMARY KEY CHECK (octet_length(leaf_hash) = 32),
    leaf bytea NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE ledger_restores IS 'cosigned statements of restores, as leaves; the sequencer gives each its place in ledger_own_leaves';
"""


def upgrade() -> None:
    """Expand."""
    run(RESTORES)
    grant("ledger_restores", worker="SELECT", sequencer="SELECT, INSERT")
