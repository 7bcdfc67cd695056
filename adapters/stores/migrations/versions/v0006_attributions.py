"""Whose a record is may be said later; an erased salt leaves a row that says so, so that a missing one is a fault."""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ATTRIBUTIONS = """
ALTER TABLE exposure_records DROP CONSTRAINT exposure_records_kind_check;
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'exposure_records'::regclass LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS exposure_records_kind_check', part);
    END LOOP;
END;
$$;
ALTER TABLE exposure_records ADD CONSTRAINT exposure_records_kind_check
    CHECK (kind IN ('exposure', 'outcome', 'publication', 'attribution'));
ALTER TABLE exposure_persons ADD COLUMN attributed_by uuid;
COMMENT ON COLUMN exposure_persons.attributed_by IS 'the attribution that says so; null: the record itself names the person';
CREATE INDEX exposure_persons_attributed ON exposure_persons (agency_id, attributed_by) WHERE attributed_by IS NOT NULL;
"""

SALTS = """
ALTER TABLE exposure_salts ALTER COLUMN salt DROP NOT NULL;
ALTER TABLE exposure_salts ADD COLUMN erased_at timestamptz;
ALTER TABLE exposure_salts ADD CONSTRAINT exposure_salts_erased CHECK ((salt IS NULL) = (erased_at IS NOT NULL));
REVOKE DELETE ON exposure_salts FROM guitai_worker;
GRANT UPDATE (salt, erased_at) ON exposure_salts TO guitai_worker;
"""


def upgrade() -> None:
    """Expand."""
    run(ATTRIBUTIONS)
    run(SALTS)
