"""What the census found, indicators entered by hand, people turned away by a platform.

Everybody may read the answers of the census, only the console what was found. Indicators are appended, each corrected at most once. A
count of people turned away only grows, by one at a time.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE census_lines (
    agency_id uuid NOT NULL REFERENCES agencies,
    run_id uuid NOT NULL,
    service text NOT NULL,
    platform text NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL,
    reachable boolean NOT NULL,
    current boolean NOT NULL,
    faultless boolean NOT NULL,
    findings jsonb NOT NULL,
    PRIMARY KEY (agency_id, run_id, service, platform)
);
CREATE TABLE organisational_indicators (
    agency_id uuid NOT NULL REFERENCES agencies,
    entry_id uuid NOT NULL,
    kind text NOT NULL,
    value bigint NOT NULL CHECK (value >= 0),
    as_of date NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    corrects uuid,
    entered_by uuid,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, entry_id),
    UNIQUE (agency_id, corrects),
    FOREIGN KEY (agency_id, corrects) REFERENCES organisational_indicators
);
COMMENT ON COLUMN organisational_indicators.corrects IS 'the entry whose place this one takes; nothing is ever changed or removed';
CREATE TABLE turned_away (
    agency_id uuid NOT NULL REFERENCES agencies,
    day date NOT NULL,
    platform text NOT NULL,
    occasion text NOT NULL,
    ground text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (agency_id, day, platform, occasion, ground)
);
COMMENT ON TABLE turned_away IS 'how many on a day; whom, and at which moment, is kept nowhere';
CREATE FUNCTION guitai_one_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.count <> coalesce(OLD.count, 0) + 1 THEN
        RAISE EXCEPTION 'people turned away are counted one by one';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER turned_away_one_more BEFORE INSERT OR UPDATE ON turned_away
    FOR EACH ROW EXECUTE FUNCTION guitai_one_more();
"""
ANSWERS = "SELECT (agency_id, run_id, service, platform, version, at, reachable, current, faultless)"
PUBLISHED = "SELECT (agency_id, entry_id, kind, value, as_of, source, reason, corrects, entered_at)"


def upgrade() -> None:
    """Expand."""
    run(TABLES)
    for table in ("census_lines", "organisational_indicators", "turned_away"):
        protect(table)
    grant("census_lines", public=ANSWERS, console="SELECT", worker="SELECT, INSERT")
    grant("organisational_indicators", public=PUBLISHED, console="SELECT, INSERT")
    grant("turned_away", public="SELECT, INSERT, UPDATE (count)", console="SELECT")
