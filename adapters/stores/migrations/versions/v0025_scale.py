"""Read models that keep three more first pages as cheap with ten million cases as with none: looks that may stand out, ratings that were
struck, payments by day and state. Kept by triggers of the database alone.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

LOOKS = """
CREATE TABLE looks_to_audit (
    agency_id uuid NOT NULL REFERENCES agencies,
    kind text NOT NULL CHECK (kind IN ('without_case', 'elsewhere', 'bare')),
    act text NOT NULL,
    reading_id uuid NOT NULL,
    staff_id uuid NOT NULL,
    reader_agency_id uuid NOT NULL,
    subject_id uuid,
    PRIMARY KEY (agency_id, kind, act, reading_id)
);
CREATE INDEX looks_to_audit_of_case ON looks_to_audit (subject_id, staff_id) WHERE kind = 'without_case';
COMMENT ON TABLE looks_to_audit IS 'looks among which the auditor''s lists choose, kept by triggers; one that cannot be on a list is not here';
CREATE FUNCTION guitai_look_noted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kinds text[] := '{}';
BEGIN
    IF NEW.reason_hash IS NULL THEN
        kinds := kinds || 'bare'::text;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM case_events e
        WHERE e.agency_id = NEW.agency_id AND e.case_id = NEW.subject_id AND e.staff_id = NEW.staff_id
    ) THEN
        kinds := kinds || 'without_case'::text;
    END IF;
    IF NEW.reader_agency_id <> NEW.agency_id AND NOT EXISTS (
        SELECT 1 FROM desk_lines l WHERE l.agency_id = NEW.reader_agency_id AND l.case_id = NEW.subject_id
    ) THEN
        kinds := kinds || 'elsewhere'::text;
    END IF;
    INSERT INTO looks_to_audit SELECT NEW.agency_id, kind, NEW.act, NEW.reading_id, NEW.staff_id, NEW.reader_agency_id, NEW.subject_id
        FROM unnest(kinds) AS kind;
    RETURN NULL;
END;
$$;
CREATE FUNCTION guitai_case_touched() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM looks_to_audit
        WHERE kind = 'without_case' AND subject_id = NEW.case_id AND staff_id = NEW.staff_id AND agency_id = NEW.agency_id;
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION guitai_look_noted() FROM PUBLIC;
REVOKE ALL ON FUNCTION guitai_case_touched() FROM PUBLIC;
CREATE POLICY citizens_write_in_nobodys_name ON case_events AS RESTRICTIVE FOR INSERT TO guitai_public WITH CHECK (staff_id IS NULL);
CREATE TRIGGER look_noted AFTER INSERT ON case_readings FOR EACH ROW EXECUTE FUNCTION guitai_look_noted();
CREATE TRIGGER case_touched AFTER INSERT ON case_events FOR EACH ROW WHEN (NEW.staff_id IS NOT NULL)
    EXECUTE FUNCTION guitai_case_touched();
INSERT INTO looks_to_audit
    SELECT agency_id, 'bare', act, reading_id, staff_id, reader_agency_id, subject_id FROM case_readings WHERE reason_hash IS NULL;
INSERT INTO looks_to_audit
    SELECT agency_id, 'without_case', act, reading_id, staff_id, reader_agency_id, subject_id FROM case_readings r WHERE NOT EXISTS (
        SELECT 1 FROM case_events e
        WHERE e.agency_id = r.agency_id AND e.case_id = r.subject_id AND e.staff_id = r.staff_id
    );
INSERT INTO looks_to_audit
    SELECT agency_id, 'elsewhere', act, reading_id, staff_id, reader_agency_id, subject_id FROM case_readings r
    WHERE r.reader_agency_id <> r.agency_id AND NOT EXISTS (
        SELECT 1 FROM desk_lines l WHERE l.agency_id = r.reader_agency_id AND l.case_id = r.subject_id
    );
"""

STRUCK = """
CREATE TABLE struck_ratings (
    agency_id uuid NOT NULL,
    service text NOT NULL,
    staff_id uuid NOT NULL,
    rated_at timestamptz NOT NULL,
    rating_id uuid NOT NULL,
    PRIMARY KEY (agency_id, service, staff_id, rated_at, rating_id),
    FOREIGN KEY (agency_id, rating_id) REFERENCES ratings
);
COMMENT ON TABLE struck_ratings IS 'ratings that an appeal found mistaken or malicious, kept by a trigger; nobody of the staff: the id of zeros';
CREATE FUNCTION guitai_rating_struck() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO struck_ratings
        SELECT r.agency_id, r.service, coalesce(r.staff_id, '00000000-0000-0000-0000-000000000000'), r.rated_at, r.rating_id
        FROM complaints c JOIN ratings r ON r.agency_id = c.agency_id AND r.rating_id = c.rating_id
        WHERE c.agency_id = NEW.agency_id AND c.complaint_id = NEW.complaint_id
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION guitai_rating_struck() FROM PUBLIC;
CREATE TRIGGER rating_struck AFTER INSERT ON complaint_events FOR EACH ROW WHEN (NEW.state = 'dismissed')
    EXECUTE FUNCTION guitai_rating_struck();
INSERT INTO struck_ratings
    SELECT r.agency_id, r.service, coalesce(r.staff_id, '00000000-0000-0000-0000-000000000000'), r.rated_at, r.rating_id
    FROM complaints c JOIN ratings r ON r.agency_id = c.agency_id AND r.rating_id = c.rating_id
    WHERE c.state = 'dismissed' ON CONFLICT DO NOTHING;
"""

COUNT_PAYMENTS = """
INSERT INTO payment_sums
    SELECT p.agency_id, p.business_on, p.service, e.state, count(*), sum(p.amount_fen)
    FROM (
        SELECT DISTINCT ON (agency_id, payment_id) agency_id, payment_id, state FROM payment_events
        ORDER BY agency_id, payment_id, version DESC
    ) e JOIN payments p USING (agency_id, payment_id)
    GROUP BY p.agency_id, p.business_on, p.service, e.state;
"""
PAYMENTS = """
CREATE TABLE payment_sums (
    agency_id uuid NOT NULL REFERENCES agencies,
    business_on date NOT NULL,
    service text NOT NULL,
    state text NOT NULL,
    count bigint NOT NULL,
    amount_fen bigint NOT NULL,
    PRIMARY KEY (agency_id, business_on, service, state)
);
CREATE INDEX payment_sums_in_question ON payment_sums (agency_id, business_on)
    WHERE state IN ('write_off_unknown', 'refund_abnormal') AND count <> 0;
COMMENT ON TABLE payment_sums IS 'payments by the day of their opening and where they are now; what is missing lies in payment_moves';
CREATE TABLE payment_moves (
    agency_id uuid NOT NULL,
    move_id bigint GENERATED ALWAYS AS IDENTITY,
    business_on date NOT NULL,
    service text NOT NULL,
    state text NOT NULL,
    count integer NOT NULL,
    amount_fen bigint NOT NULL,
    PRIMARY KEY (agency_id, move_id)
);
COMMENT ON TABLE payment_moves IS 'one more or one less in a state, not yet added to payment_sums: so no two payments wait for one row';
CREATE FUNCTION guitai_add_payment_moves() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_try_advisory_xact_lock(hashtext('guitai_add_payment_moves')) THEN
        WITH gone AS (DELETE FROM payment_moves RETURNING *)
        INSERT INTO payment_sums
            SELECT agency_id, business_on, service, state, sum(count), sum(amount_fen) FROM gone
            GROUP BY agency_id, business_on, service, state
            ON CONFLICT (agency_id, business_on, service, state) DO UPDATE
            SET count = payment_sums.count + excluded.count, amount_fen = payment_sums.amount_fen + excluded.amount_fen;
    END IF;
END;
$$;
CREATE FUNCTION guitai_payment_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    paid record;
    before text;
    moved bigint;
BEGIN
    SELECT state INTO before FROM payment_events
        WHERE agency_id = NEW.agency_id AND payment_id = NEW.payment_id AND version = NEW.version - 1;
    IF before IS NOT DISTINCT FROM NEW.state THEN
        RETURN NULL;
    END IF;
    SELECT business_on, service, amount_fen INTO STRICT paid FROM payments
        WHERE agency_id = NEW.agency_id AND payment_id = NEW.payment_id;
    IF before IS NOT NULL THEN
        INSERT INTO payment_moves (agency_id, business_on, service, state, count, amount_fen)
            VALUES (NEW.agency_id, paid.business_on, paid.service, before, -1, -paid.amount_fen);
    END IF;
    INSERT INTO payment_moves (agency_id, business_on, service, state, count, amount_fen)
        VALUES (NEW.agency_id, paid.business_on, paid.service, NEW.state, 1, paid.amount_fen) RETURNING move_id INTO moved;
    IF moved % 64 < 2 THEN
        PERFORM guitai_add_payment_moves();
    END IF;
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION guitai_payment_moved() FROM PUBLIC;
REVOKE ALL ON FUNCTION guitai_add_payment_moves() FROM PUBLIC;
CREATE TRIGGER payment_moved AFTER INSERT ON payment_events FOR EACH ROW EXECUTE FUNCTION guitai_payment_moved();
"""


def upgrade() -> None:
    """Expand. Nobody writes the read models but their triggers, which come first: they keep writers out until what was there is counted."""
    run(LOOKS)
    run(STRUCK)
    run(PAYMENTS)
    run(COUNT_PAYMENTS)
    for table in ("looks_to_audit", "struck_ratings", "payment_sums", "payment_moves"):
        protect(table)
        grant(table, console="SELECT")
