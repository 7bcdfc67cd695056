"""Running several SQL statements of a revision on the raw driver cursor, so that a percent sign is a percent sign."""

from __future__ import annotations

from alembic import op


def run(script: str) -> None:
    """Execute a script of statements as it stands, in the revision's transaction."""
    raw = op.get_bind().connection.driver_connection
    if raw is None:
        raise RuntimeError("the connection of a revision is closed")
    raw.cursor().execute(script)


def allow_leaves(*kinds: str) -> None:
    """Say anew which kinds of leaves the ledger takes; partitions inherit the check, and may have kept the one before."""
    words = ", ".join(f"'{kind}'" for kind in kinds)
    run("""
        ALTER TABLE exposure_records DROP CONSTRAINT exposure_records_kind_check;
        DO $$
        DECLARE
            part regclass;
        BEGIN
            FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'exposure_records'::regclass LOOP
                EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS exposure_records_kind_check', part);
            END LOOP;
        END;
        $$;
    """)
    run(f"ALTER TABLE exposure_records ADD CONSTRAINT exposure_records_kind_check CHECK (kind IN ({words}));")


def protect(table: str) -> None:
    """Row-level security: a row is visible and writable only within the agencies that the transaction names."""
    run(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY agency_scope ON {table}
            USING (agency_id = ANY (guitai_agencies())) WITH CHECK (agency_id = ANY (guitai_agencies()));
    """)


def grant(table: str, **rights: str) -> None:
    """Grant rights on a table: ``public="SELECT, INSERT"`` gives them to the role ``guitai_public``."""
    for role, what in rights.items():
        run(f"GRANT {what} ON {table} TO guitai_{role};")


def partition_by_month(table: str) -> None:
    """A default partition, so that nothing is ever refused for want of a month; ``guitai_add_month`` adds the months."""
    run(f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT;")
