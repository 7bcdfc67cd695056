"""Months that were closed, what looks deliberate and what was answered."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LEAVES = """
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
    CHECK (kind IN ('exposure', 'outcome', 'publication', 'attribution', 'statistics'));
"""

MONTHS = """
CREATE TABLE closed_months (
    agency_id uuid NOT NULL REFERENCES agencies,
    month text NOT NULL UNIQUE CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    record_id uuid NOT NULL,
    calendars jsonb NOT NULL,
    mappings jsonb NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, month)
);
COMMENT ON TABLE closed_months IS 'one row a month for all agencies; nobody may change or delete it';
COMMENT ON COLUMN closed_months.record_id IS 'the ledger''s leaf of kind statistics with this digest';
CREATE TABLE month_figures (
    agency_id uuid NOT NULL REFERENCES agencies,
    month text NOT NULL REFERENCES closed_months (month),
    service text NOT NULL,
    manager_id uuid,
    figures jsonb NOT NULL,
    UNIQUE NULLS NOT DISTINCT (agency_id, month, service, manager_id)
);
COMMENT ON COLUMN month_figures.manager_id IS 'who is credited; null: nobody of the staff';
"""

WALKS = """
CREATE INDEX case_events_by_moment ON case_events USING brin (at) WITH (autosummarize = on);
CREATE INDEX complaints_by_moment ON complaints USING brin (filed_at) WITH (autosummarize = on);
CREATE INDEX complaint_events_by_moment ON complaint_events USING brin (at) WITH (autosummarize = on);
"""
"""What happened in a month is found without reading everything that ever happened; such an index is small and costs no write."""

POLICIES = """
CREATE POLICY known_to_every_agency ON closed_months FOR SELECT USING (true);
"""
PUBLISHED = "agency_id, month, service, figures"
"""What the citizens' role reads: sums without the name of anybody."""


def upgrade() -> None:
    """Expand. What was closed can be neither changed nor deleted by any role of ours."""
    run(LEAVES)
    run(MONTHS)
    run(WALKS)
    for table in ("closed_months", "month_figures"):
        protect(table)
    run(POLICIES)
    grant("closed_months", public="SELECT", worker="SELECT, INSERT", console="SELECT")
    grant("month_figures", public=f"SELECT ({PUBLISHED})", worker="SELECT, INSERT", console="SELECT")
