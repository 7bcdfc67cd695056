"""Since when the oldest record of the ledger waits for its place: what the watchman may know of records, and no more."""

from __future__ import annotations

from adapters.stores.migrations.statements import run

revision = "0036"
down_revision = "0037"
branch_labels = None
depends_on = None

WAITING = """
CREATE FUNCTION guitai_waiting_since() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    oldest uuid;
BEGIN
    SELECT p.record_id INTO oldest FROM exposure_pending p JOIN exposure_records r USING (agency_id, record_id)
    WHERE p.record_id < 'e677d21f-dbd8-0000-0000-000000000000' ORDER BY p.record_id LIMIT 1;
    RETURN to_timestamp(('x' || translate(left(oldest::text, 13), '-', ''))::bit(48)::bigint / 1000.0);
END;
$$;
COMMENT ON FUNCTION guitai_waiting_since IS 'the moment in the oldest id (UUIDv7) among the records without a place, of all agencies together; null: none waits. A row without a record waits for nothing, an id beyond the year 9999 has no moment';
REVOKE ALL ON FUNCTION guitai_waiting_since() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guitai_waiting_since() TO guitai_watch, guitai_public, guitai_console;
GRANT SELECT (size, at) ON ledger_checkpoints TO guitai_watch;
"""


def upgrade() -> None:
    """Expand."""
    run(WAITING)
