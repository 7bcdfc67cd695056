"""Money at the window: clerks' tills, and exactly what the console's role needs to take a payment and to give it back.

Of a payment on a platform the console still reads no bill and no payer; it may ask to close it, and nothing else. Of a payment taken at
the window it writes the moves that people make there; what only the worker may say (written off) it cannot write.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TILLS = """
CREATE TABLE cash_tills (
    agency_id uuid NOT NULL REFERENCES agencies,
    till_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    opened_at timestamptz NOT NULL,
    business_on date NOT NULL,
    PRIMARY KEY (agency_id, till_id),
    UNIQUE (staff_id, number)
);
COMMENT ON COLUMN cash_tills.number IS 'counts the tills of one clerk: the next begins when the one before is closed';
CREATE TABLE cash_till_events (
    agency_id uuid NOT NULL,
    till_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    staff_id uuid NOT NULL,
    data jsonb NOT NULL,
    words_cipher bytea,
    PRIMARY KEY (agency_id, till_id, version),
    FOREIGN KEY (agency_id, till_id) REFERENCES cash_tills
);
CREATE FUNCTION guitai_till_begins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.number > 1 AND NOT EXISTS (
        SELECT 1 FROM cash_tills before JOIN cash_till_events last USING (agency_id, till_id)
        WHERE before.staff_id = NEW.staff_id AND before.number = NEW.number - 1 AND last.state = 'closed'
    ) THEN
        RAISE EXCEPTION 'the till before this one is not closed';
    END IF;
    RETURN NEW;
END;
$$;
CREATE FUNCTION guitai_till_goes_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.version > 1 AND NOT EXISTS (
        SELECT 1 FROM cash_till_events before
        WHERE before.agency_id = NEW.agency_id AND before.till_id = NEW.till_id AND before.version = NEW.version - 1
          AND before.state <> 'closed'
    ) THEN
        RAISE EXCEPTION 'a closed till is never changed, and the versions of a till have no gap';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER cash_tills_begin BEFORE INSERT ON cash_tills FOR EACH ROW EXECUTE FUNCTION guitai_till_begins();
CREATE TRIGGER cash_till_events_go_on BEFORE INSERT ON cash_till_events
    FOR EACH ROW EXECUTE FUNCTION guitai_till_goes_on();
"""

LOOK_UPS = """
CREATE INDEX payments_at_window ON payments (agency_id, payment_id) WHERE platform = 'window';
CREATE INDEX payment_events_to_return ON payment_events (agency_id, payment_id)
    WHERE state = 'refund_due' OR name = 'return_asked';
CREATE FUNCTION guitai_window_payments(wanted uuid[]) RETURNS SETOF payments
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT payment.* FROM payments payment
    WHERE payment.agency_id = ANY (guitai_agencies()) AND payment.payment_id = ANY (wanted) AND payment.platform = 'window';
$$;
CREATE FUNCTION guitai_window_events(wanted uuid[]) RETURNS SETOF payment_events
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT event.* FROM payment_events event JOIN payments payment USING (agency_id, payment_id)
    WHERE event.agency_id = ANY (guitai_agencies()) AND event.payment_id = ANY (wanted) AND payment.platform = 'window'
    ORDER BY event.payment_id, event.version;
$$;
CREATE FUNCTION guitai_window_receipt(receipt_no text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT payment.payment_id FROM payments payment
    WHERE payment.agency_id = ANY (guitai_agencies()) AND payment.sequence_no = receipt_no AND payment.platform = 'window';
$$;
CREATE FUNCTION guitai_window_returns(most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT event.payment_id
    FROM payment_events event JOIN payments payment USING (agency_id, payment_id)
    WHERE event.agency_id = ANY (guitai_agencies()) AND payment.platform = 'window'
      AND (event.state = 'refund_due' OR event.name = 'return_asked')
      AND NOT EXISTS (
          SELECT 1 FROM payment_events ended
          WHERE ended.agency_id = event.agency_id AND ended.payment_id = event.payment_id
            AND ended.state IN ('refunded', 'written_off'))
    ORDER BY event.payment_id LIMIT most;
$$;
GRANT EXECUTE ON FUNCTION guitai_window_payments(uuid[]), guitai_window_events(uuid[]), guitai_window_receipt(text),
    guitai_window_returns(integer) TO guitai_console;
"""

POLICIES = """
CREATE POLICY console_opens_at_the_window ON payments AS RESTRICTIVE FOR INSERT TO guitai_console
    WITH CHECK (platform = 'window');
CREATE POLICY public_opens_elsewhere ON payments AS RESTRICTIVE FOR INSERT TO guitai_public WITH CHECK (platform <> 'window');
CREATE POLICY console_moves_at_the_window ON payment_events AS RESTRICTIVE FOR INSERT TO guitai_console WITH CHECK (
    (name = 'cancel_requested' AND state = 'closing')
    OR ((name, state) IN (
            ('payment_intended', 'intended'), ('taken_at_window', 'paid'), ('order_closed', 'closed'),
            ('return_asked', 'paid'), ('return_asked', 'writing_off'), ('return_asked', 'write_off_unknown'),
            ('return_denied', 'paid'), ('return_denied', 'writing_off'), ('return_denied', 'write_off_unknown'),
            ('return_approved', 'refund_due'), ('return_approved', 'writing_off'), ('return_approved', 'write_off_unknown'),
            ('returned_at_window', 'refunded'))
        AND EXISTS (
            SELECT 1 FROM payments payment
            WHERE payment.agency_id = payment_events.agency_id AND payment.payment_id = payment_events.payment_id
              AND payment.platform = 'window')));
CREATE POLICY only_people_at_the_window ON payment_events AS RESTRICTIVE FOR INSERT TO guitai_public, guitai_worker
    WITH CHECK (name NOT IN ('taken_at_window', 'return_asked', 'return_denied', 'return_approved', 'returned_at_window'));
DROP POLICY console_claims_for_cases ON claims;
CREATE POLICY console_claims_for_cases_and_bills ON claims AS RESTRICTIVE FOR INSERT TO guitai_console WITH CHECK (
    kind ~ '^(case|window)_'
    OR (kind = 'open_order' AND EXISTS (
        SELECT 1 FROM payments payment
        WHERE payment.agency_id = claims.agency_id AND payment.payment_id = claims.owner_id AND payment.platform = 'window')));
CREATE POLICY console_releases_its_bills ON claims AS RESTRICTIVE FOR DELETE TO guitai_console USING (
    kind = 'open_order' AND EXISTS (
        SELECT 1 FROM payments payment
        WHERE payment.agency_id = claims.agency_id AND payment.payment_id = claims.owner_id AND payment.platform = 'window'));
ALTER POLICY console_schedules_its_tasks ON due_work
    WITH CHECK (task IN ('work_on_case', 'watch_case', 'tell_case', 'expire_order'));
ALTER POLICY console_moves_its_tasks ON due_work USING (task IN ('work_on_case', 'watch_case', 'tell_case', 'expire_order'));
UPDATE job_tasks SET from_console = true WHERE task IN ('expire_order', 'write_off_payment');
"""


def upgrade() -> None:
    """Expand. ``expire_order`` and ``write_off_payment`` find out by themselves what is to be done: set off twice they do it once."""
    run(TILLS)
    for table in ("cash_tills", "cash_till_events"):
        protect(table)
    run(LOOK_UPS)
    run(POLICIES)
    grant("cash_tills", console="SELECT, INSERT")
    grant("cash_till_events", console="SELECT, INSERT")
    grant("payments", console="INSERT, SELECT (platform)")
    grant("payment_events", console="INSERT")
    grant("claims", console="DELETE")
