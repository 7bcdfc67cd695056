"""Calendars of working days: versions that never change, and the days that the State Council's notices name in each."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CALENDARS = """
CREATE TABLE calendar_versions (
    region text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    published_from date NOT NULL,
    published_until date NOT NULL CHECK (published_until >= published_from),
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    made_at timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (region, version)
);
COMMENT ON TABLE calendar_versions IS 'a version is never changed; deadlines name the one by which they were computed';
CREATE TABLE calendar_days (
    region text NOT NULL,
    version integer NOT NULL,
    day date NOT NULL,
    working boolean NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (region, version, day),
    FOREIGN KEY (region, version) REFERENCES calendar_versions
);
COMMENT ON TABLE calendar_days IS 'days that a notice names; all others are working days from Monday to Friday';
"""


def upgrade() -> None:
    """Expand. Public knowledge of no agency: every role reads it, only the owner (``clock import``, the launcher) writes it."""
    run(CALENDARS)
    for table in ("calendar_versions", "calendar_days"):
        grant(table, public="SELECT", worker="SELECT", console="SELECT")
