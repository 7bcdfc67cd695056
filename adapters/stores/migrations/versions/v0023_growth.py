"""Read models that keep the first page of a room as cheap with millions of rows as with none: complaints by state and by whom they are
against, ratings in running sums.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

STATES = """
ALTER TABLE complaints ADD COLUMN state text;
UPDATE complaints SET state = (
    SELECT e.state FROM complaint_events e
    WHERE e.agency_id = complaints.agency_id AND e.complaint_id = complaints.complaint_id ORDER BY version DESC LIMIT 1
);
ALTER TABLE complaints ALTER COLUMN state SET NOT NULL;
COMMENT ON COLUMN complaints.state IS 'that of the latest event, kept by a trigger: what the list is chosen by';
CREATE INDEX complaints_by_state ON complaints (agency_id, state, due_on, complaint_id);
DROP INDEX complaints_by_urgency;
CREATE FUNCTION guitai_complaint_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE complaints SET state = NEW.state WHERE agency_id = NEW.agency_id AND complaint_id = NEW.complaint_id;
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION guitai_complaint_moved() FROM PUBLIC;
CREATE TRIGGER complaint_moved AFTER INSERT ON complaint_events FOR EACH ROW EXECUTE FUNCTION guitai_complaint_moved();
"""

AGAINST = """
CREATE TABLE complaints_against (
    agency_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    complaint_id uuid NOT NULL,
    PRIMARY KEY (agency_id, staff_id, complaint_id),
    FOREIGN KEY (agency_id, complaint_id) REFERENCES complaints
);
COMMENT ON TABLE complaints_against IS 'who a complaint is against, one row each, kept by a trigger';
INSERT INTO complaints_against
    SELECT agency_id, who::uuid, complaint_id FROM complaints, jsonb_array_elements_text(against) who ON CONFLICT DO NOTHING;
CREATE FUNCTION guitai_complaint_filed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO complaints_against
        SELECT NEW.agency_id, who::uuid, NEW.complaint_id FROM jsonb_array_elements_text(NEW.against) who
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION guitai_complaint_filed() FROM PUBLIC;
CREATE TRIGGER complaint_filed AFTER INSERT ON complaints FOR EACH ROW EXECUTE FUNCTION guitai_complaint_filed();
"""

SUMS = """
CREATE TABLE rating_sums (
    agency_id uuid NOT NULL REFERENCES agencies,
    year integer NOT NULL,
    service text NOT NULL,
    staff_id uuid NOT NULL,
    levels jsonb NOT NULL,
    through_at timestamptz NOT NULL,
    through_id uuid NOT NULL,
    PRIMARY KEY (agency_id, year, service, staff_id)
);
COMMENT ON TABLE rating_sums IS 'whole batches of five, of days that are over, up to and with the rating at (through_at, through_id)';
CREATE TABLE rating_tallies (year integer PRIMARY KEY, tallied_until timestamptz NOT NULL);
COMMENT ON TABLE rating_tallies IS 'till when the duty has counted; its row is locked while it counts';
CREATE INDEX ratings_of_cell ON ratings (agency_id, service, staff_id, rated_at, rating_id);
"""


def upgrade() -> None:
    """Expand. Nobody writes the read models but their triggers."""
    run(STATES)
    run(AGAINST)
    run(SUMS)
    protect("complaints_against")
    protect("rating_sums")
    grant("complaints_against", console="SELECT")
    grant("rating_sums", console="SELECT", worker="SELECT, INSERT, UPDATE (levels, through_at, through_id)")
    grant("rating_tallies", worker="SELECT, INSERT, UPDATE (tallied_until)")
