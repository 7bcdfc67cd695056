"""Who in the administration read whose material, and what holds the telling back."""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, partition_by_month, protect, run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

READINGS = """
CREATE TABLE case_readings (
    agency_id uuid NOT NULL REFERENCES agencies,
    reading_id uuid NOT NULL,
    at timestamptz NOT NULL,
    staff_id uuid NOT NULL,
    reader_agency_id uuid NOT NULL,
    act text NOT NULL,
    about text NOT NULL,
    subject_id uuid,
    key_hash bytea,
    reason_hash bytea,
    told_cipher bytea NOT NULL,
    delay_id uuid,
    PRIMARY KEY (agency_id, reading_id),
    CHECK ((subject_id IS NULL) <> (key_hash IS NULL))
) PARTITION BY RANGE (reading_id);
CREATE INDEX case_readings_of_subject ON case_readings (subject_id, reading_id) WHERE subject_id IS NOT NULL;
CREATE INDEX case_readings_of_key ON case_readings (key_hash, reading_id) WHERE key_hash IS NOT NULL;
CREATE INDEX case_readings_of_reader ON case_readings (agency_id, staff_id, reading_id);
COMMENT ON TABLE case_readings IS 'written in the transaction of the act that reads; nobody may change or delete a row';
COMMENT ON COLUMN case_readings.key_hash IS 'keyed hash of an identity number or of an account number at a payee';
COMMENT ON COLUMN case_readings.reason_hash IS 'keyed hash of the letters of the reason, so that copied ones are found; null: none was given';
INSERT INTO monthly_tables VALUES ('case_readings', 'reading_id');
"""

DELAYS = """
CREATE TABLE reading_delays (
    agency_id uuid NOT NULL REFERENCES agencies,
    delay_id uuid NOT NULL,
    case_id uuid NOT NULL,
    case_no text NOT NULL,
    reader_id uuid NOT NULL,
    ground text NOT NULL,
    order_cipher bytea NOT NULL,
    until_at timestamptz NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (agency_id, delay_id),
    CHECK (until_at > asked_at),
    CONSTRAINT not_for_longer CHECK (until_at <= asked_at + interval '4320 hours')
);
CREATE INDEX reading_delays_of_case ON reading_delays (case_id);
CREATE INDEX reading_delays_by_end ON reading_delays (agency_id, until_at);
CREATE TABLE reading_delay_events (
    agency_id uuid NOT NULL,
    delay_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    state text NOT NULL CHECK (state IN ('asked', 'granted', 'denied', 'lifted')),
    at timestamptz NOT NULL,
    staff_id uuid NOT NULL,
    data_cipher bytea NOT NULL,
    PRIMARY KEY (agency_id, delay_id, version),
    CONSTRAINT asked_answered_ended CHECK (
        CASE state WHEN 'asked' THEN version = 1 WHEN 'lifted' THEN version = 3 ELSE version = 2 END),
    FOREIGN KEY (agency_id, delay_id) REFERENCES reading_delays
);
CREATE INDEX cases_by_day ON cases (agency_id, business_on, service, case_id);
COMMENT ON INDEX cases_by_day IS 'samples of the auditor: one month of one agency, without the rest';
"""

TWO_PEOPLE = """
CREATE FUNCTION guitai_two_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('granted', 'denied') AND EXISTS (
        SELECT 1 FROM reading_delays asked
        WHERE asked.agency_id = NEW.agency_id AND asked.delay_id = NEW.delay_id
        AND NEW.staff_id IN (asked.asked_by, asked.reader_id)
    ) THEN
        RAISE EXCEPTION 'a delay is answered by another person than who asks for it and whose looks it holds back';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER reading_delays_take_two BEFORE INSERT ON reading_delay_events
    FOR EACH ROW EXECUTE FUNCTION guitai_two_people();
"""


def upgrade() -> None:
    """Expand. Nobody has the right to change or delete a row of these."""
    run(READINGS)
    partition_by_month("case_readings")
    run(DELAYS)
    for table in ("case_readings", "reading_delays", "reading_delay_events"):
        protect(table)
    run(TWO_PEOPLE)
    grant("case_readings", public="SELECT", console="SELECT, INSERT")
    for table in ("reading_delays", "reading_delay_events"):
        grant(table, public="SELECT", worker="SELECT", console="SELECT, INSERT")
