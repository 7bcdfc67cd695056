"""Patterns that can look like deliberate slowness: what was shown of whom, with its evidence, and what people wrote beside it."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

PATTERNS = """
CREATE TABLE slowness_runs (
    agency_id uuid NOT NULL REFERENCES agencies,
    month text NOT NULL UNIQUE CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
    rule integer NOT NULL CHECK (rule > 0),
    tests integer NOT NULL CHECK (tests >= 0),
    shown integer NOT NULL CHECK (shown >= 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, month)
);
COMMENT ON TABLE slowness_runs IS 'one row a month for all agencies: its patterns were computed, once';
CREATE TABLE slowness_patterns (
    agency_id uuid NOT NULL REFERENCES agencies,
    pattern_id uuid NOT NULL,
    month text NOT NULL REFERENCES slowness_runs (month),
    service text NOT NULL,
    manager_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stopped', 'idle', 'pieces', 'favoured')),
    number integer NOT NULL CHECK (number >= 0),
    rule integer NOT NULL,
    terms jsonb NOT NULL,
    tests integer NOT NULL,
    figures jsonb NOT NULL,
    shown_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, pattern_id),
    UNIQUE (agency_id, month, service, manager_id, kind, number)
);
COMMENT ON COLUMN slowness_patterns.number IS 'tells the applicants of one manager and month apart; no key of anybody';
CREATE INDEX slowness_patterns_of_manager ON slowness_patterns (manager_id, pattern_id);
CREATE TABLE slowness_evidence (
    agency_id uuid NOT NULL,
    pattern_id uuid NOT NULL,
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    place integer NOT NULL,
    course jsonb NOT NULL,
    numbers jsonb NOT NULL,
    PRIMARY KEY (agency_id, pattern_id, case_id),
    FOREIGN KEY (agency_id, pattern_id) REFERENCES slowness_patterns
);
COMMENT ON COLUMN slowness_evidence.course IS 'days and names of events; nothing of the applicant';
CREATE TABLE slowness_events (
    agency_id uuid NOT NULL,
    pattern_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL CHECK (name IN ('shown', 'looked', 'answered', 'noted', 'closed')),
    state text NOT NULL CHECK (state IN ('shown', 'answered', 'closed')),
    at timestamptz NOT NULL,
    staff_id uuid,
    data_cipher bytea NOT NULL,
    PRIMARY KEY (agency_id, pattern_id, version),
    FOREIGN KEY (agency_id, pattern_id) REFERENCES slowness_patterns,
    CHECK ((name = 'shown') = (version = 1) AND (name = 'shown') = (staff_id IS NULL))
);
"""

POLICIES = """
CREATE POLICY known_to_every_agency ON slowness_runs FOR SELECT USING (true);
"""


def upgrade() -> None:
    """Expand. What was shown and what was written can be neither changed nor deleted by any role of ours."""
    run(PATTERNS)
    for table in ("slowness_runs", "slowness_patterns", "slowness_evidence", "slowness_events"):
        protect(table)
    run(POLICIES)
    grant("slowness_runs", worker="SELECT, INSERT", console="SELECT")
    grant("slowness_patterns", worker="INSERT", console="SELECT")
    grant("slowness_evidence", worker="INSERT", console="SELECT")
    grant("slowness_events", worker="INSERT", console="SELECT, INSERT")
