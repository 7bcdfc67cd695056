"""Seals of what happened in a month, so that a change shows that changes no figure, and where."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SEALS = """
ALTER TABLE closed_months ADD COLUMN form integer CHECK (form IN (1, 2));
COMMENT ON COLUMN closed_months.form IS '2: the digest is of the figures and of the seals; 1, or null of what was closed before: of the figures alone';
CREATE TABLE month_seals (
    agency_id uuid NOT NULL REFERENCES agencies,
    month text NOT NULL REFERENCES closed_months (month),
    service text NOT NULL,
    happened_on date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('events', 'ratings', 'complaints')),
    leaves integer NOT NULL CHECK (leaves > 0),
    mark bytea NOT NULL CHECK (octet_length(mark) = 36),
    PRIMARY KEY (agency_id, month, service, happened_on, kind)
);
COMMENT ON TABLE month_seals IS 'for each agency, service and day of a closed month a digest of all that happened, under a key of the house';
COMMENT ON COLUMN month_seals.leaves IS 'cases to which something happened on that day, ratings, events of complaints';
"""


def upgrade() -> None:
    """Expand: months that are closed keep the form in which they were, and so does whoever still closes without seals."""
    run(SEALS)
    protect("month_seals")
    grant("month_seals", worker="SELECT, INSERT", console="SELECT")
