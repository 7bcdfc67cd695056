"""Chains and map over the ledger, the log's own leaves, cosignatures of witnesses; leaves that join and close chains."""

from __future__ import annotations

from adapters.stores.migrations.statements import allow_leaves, grant, run

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CHAINS = """
CREATE TABLE ledger_own_leaves (
    index bigint PRIMARY KEY CHECK (index >= 0),
    kind text NOT NULL CHECK (kind IN ('map', 'restore')),
    leaf bytea NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32)
);
COMMENT ON TABLE ledger_own_leaves IS 'leaves of the log itself; with ledger_sequence they have every index of the tree once';
CREATE TABLE ledger_links (
    chain bytea NOT NULL CHECK (octet_length(chain) = 32),
    number bigint NOT NULL CHECK (number > 0),
    index bigint NOT NULL CHECK (index >= 0),
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    PRIMARY KEY (chain, number),
    UNIQUE (index, chain)
);
COMMENT ON TABLE ledger_links IS 'which leaf is which link of which chain; the hash of a link is computed from its row and the leaf';
CREATE TABLE ledger_map_nodes (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    left_half bytea NOT NULL CHECK (octet_length(left_half) = 32),
    right_half bytea NOT NULL CHECK (octet_length(right_half) = 32),
    is_leaf boolean NOT NULL,
    replaced_at bigint CHECK (replaced_at >= 0)
);
COMMENT ON COLUMN ledger_map_nodes.replaced_at IS 'from the map leaf at this index on the node is in no map; null: it is in the newest';
CREATE INDEX ledger_map_nodes_replaced ON ledger_map_nodes (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE TABLE ledger_linked (
    alone boolean PRIMARY KEY CHECK (alone),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);
COMMENT ON TABLE ledger_linked IS 'one row: so many leaves are linked, and the root of the map over them; less than the tree only after the upgrade';
CREATE TABLE ledger_cosignatures (
    size bigint NOT NULL CHECK (size >= 0),
    witness text NOT NULL,
    line text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (size, witness)
);
COMMENT ON TABLE ledger_cosignatures IS 'lines of signed notes (C2SP tlog-cosignature); a checkpoint with that of every witness may be published';
"""


def upgrade() -> None:
    """Expand."""
    allow_leaves("exposure", "outcome", "publication", "attribution", "statistics", "join", "closing")
    run(CHAINS)
    for table in ("ledger_own_leaves", "ledger_links", "ledger_map_nodes", "ledger_cosignatures"):
        grant(table, worker="SELECT")
    grant("ledger_linked", worker="SELECT", sequencer="SELECT, INSERT, UPDATE (size, root)")
    grant("ledger_own_leaves", public="SELECT", console="SELECT", sequencer="SELECT, INSERT")
    grant("ledger_links", public="SELECT", sequencer="SELECT, INSERT")
    grant(
        "ledger_map_nodes", public="SELECT", console="SELECT", sequencer="SELECT, INSERT, DELETE, UPDATE (replaced_at)"
    )
    grant("ledger_cosignatures", public="SELECT", console="SELECT", watch="SELECT", sequencer="SELECT, INSERT")
