"""Consents of citizens as events, and the texts of purposes word for word."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None

CONSENTS = """
CREATE TABLE purpose_texts (
    version text PRIMARY KEY,
    service text NOT NULL,
    purpose text NOT NULL,
    platform text NOT NULL,
    content text NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT word_for_word CHECK (version = encode(sha256(convert_to(content, 'UTF8')), 'hex'))
);
COMMENT ON TABLE purpose_texts IS 'what was told of a purpose, under its SHA-256; nothing personal, nobody may change or delete a row';
CREATE TABLE consent_events (
    agency_id uuid NOT NULL REFERENCES agencies,
    event_id uuid NOT NULL,
    person_id uuid NOT NULL,
    service text NOT NULL,
    purpose text NOT NULL,
    platform text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    name text NOT NULL CHECK (name IN ('given', 'withdrawn', 'refused', 'asked_again')),
    version text NOT NULL,
    channel text NOT NULL,
    at timestamptz NOT NULL,
    by_staff_id uuid,
    PRIMARY KEY (agency_id, event_id),
    CONSTRAINT one_after_the_other UNIQUE (agency_id, person_id, service, purpose, platform, number),
    CONSTRAINT a_known_text CHECK (name IN ('withdrawn', 'refused') OR version <> '')
);
CREATE INDEX consent_events_of_person ON consent_events (person_id, service, purpose, platform);
COMMENT ON TABLE consent_events IS 'appended only; of a person who is erased, deleted (docs/consents.md)';
"""


def upgrade() -> None:
    """Expand. Nobody may change an event; the worker may delete those of a person who is erased."""
    run(CONSENTS)
    protect("consent_events")
    grant("consent_events", public="SELECT, INSERT", console="SELECT, INSERT", worker="SELECT, INSERT, DELETE")
    grant("purpose_texts", public="SELECT, INSERT", console="SELECT, INSERT", worker="SELECT, INSERT")
