"""What the census found, indicators entered by hand, people turned away by a platform."""

from __future__ import annotations

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand."""
