"""Each role keeps only the columns, the claims and the functions that its code uses; payments in question have an index.

The whole of what is granted is written down in ``tests/unit/adapters/stores/test_grants.py``, which compares it with the catalog.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CLAIMS = """
CREATE POLICY public_releases_bills ON claims AS RESTRICTIVE FOR DELETE TO guitai_public USING (kind = 'open_order');
CREATE POLICY worker_releases_bills_and_notices ON claims AS RESTRICTIVE FOR DELETE TO guitai_worker
    USING (kind IN ('open_order', 'notice'));
"""

PUBLIC = """
REVOKE UPDATE ON persons, household_bindings, due_work FROM guitai_public;
GRANT UPDATE (assurance, phone_cipher, real_name_cipher, identity_cipher, identity_hash, joined_into)
    ON persons TO guitai_public;
GRANT UPDATE (unbound_at) ON household_bindings TO guitai_public;
GRANT UPDATE (due_at) ON due_work TO guitai_public;
REVOKE UPDATE ON due_work FROM guitai_worker;
GRANT UPDATE (due_at) ON due_work TO guitai_worker;
"""

CONSOLE = """
REVOKE SELECT ON payments, payment_events, person_events, due_work FROM guitai_console;
GRANT SELECT (agency_id, payment_id, service, amount_fen) ON payments TO guitai_console;
GRANT SELECT (agency_id, payment_id, version, state) ON payment_events TO guitai_console;
REVOKE SELECT ON exposure_persons FROM guitai_console;
"""

FUNCTIONS = """
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE ALL ON FUNCTION guitai_enqueue(text, uuid, uuid) FROM guitai_console;
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname ~ '^procrastinate' AND prorettype <> 'trigger'::regtype
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO guitai_worker', one);
    END LOOP;
END;
$$;
"""

IN_QUESTION = """
CREATE INDEX payment_events_in_question ON payment_events (agency_id, payment_id)
    WHERE state IN ('write_off_unknown', 'refund_abnormal');
"""


def upgrade() -> None:
    """Narrow; no release needs what goes."""
    run(CLAIMS)
    run(PUBLIC)
    run(CONSOLE)
    run(FUNCTIONS)
    run(IN_QUESTION)
