"""What only grows and may go is found by its age: claims of notices, idempotency keys.

The worker has had the right to delete from these two tables since revision 0003, and nobody has it on payments, events or ledger.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AGES = """
CREATE INDEX claims_notices_by_age ON claims (claimed_at) WHERE kind = 'notice';
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);
"""


def upgrade() -> None:
    """Expand."""
    run(AGES)
