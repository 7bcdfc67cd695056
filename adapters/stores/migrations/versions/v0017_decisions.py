"""What the processes that citizens reach, and the worker, cannot write into a case whatever their code says: a decision of the office.

The citizens' role moves a case only as an applicant does: handed in, corrected, withdrawn, collected. The worker's role writes a
decision only as a value of a back end (``services/case_graph.DECISIONS``); a person decides at the console.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DECISIONS = """
CREATE FUNCTION guitai_case_goes_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF session_user = 'guitai_worker' AND NEW.name IN ('granted', 'refused')
        AND (NEW.hand <> 'back_end' OR NEW.staff_id IS NOT NULL) THEN
        RAISE EXCEPTION 'the worker decides a case by a value of a back end only';
    END IF;
    IF session_user = 'guitai_public' AND (
        NEW.name IN ('granted', 'refused', 'extension_granted', 'recorded', 'certificate_issued', 'certificate_revoked')
        OR NOT (
            (NEW.name, NEW.state) IN (
                ('case_received', 'received'), ('corrected', 'received'), ('withdrawn', 'withdrawn'),
                ('collected_online', 'delivered'))
            OR EXISTS (
                SELECT 1 FROM case_events before
                WHERE before.agency_id = NEW.agency_id AND before.case_id = NEW.case_id AND before.version = NEW.version - 1
                  AND before.state = NEW.state))
    ) THEN
        RAISE EXCEPTION 'an applicant hands in, corrects, withdraws and collects, and decides nothing';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER case_events_go_on BEFORE INSERT ON case_events FOR EACH ROW EXECUTE FUNCTION guitai_case_goes_on();
"""


def upgrade() -> None:
    """Expand. Nothing that the code writes today is refused by it."""
    run(DECISIONS)
