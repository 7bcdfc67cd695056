"""Restores among the log's own leaves are found without a look at every map leaf: there is one of these for each batch."""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0031"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand."""
    run("CREATE INDEX ledger_own_leaves_restores ON ledger_own_leaves (index) WHERE kind = 'restore'")
