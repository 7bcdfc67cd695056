"""What each role may and may not do, asked of PostgreSQL itself."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
import pytest

from tests.databases import Database

LEDGER = ("exposure_records", "exposure_persons", "exposure_salts", "exposure_publications")


@pytest.mark.parametrize("table", LEDGER)
@pytest.mark.parametrize("statement", ["UPDATE {} SET record_id = record_id", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("role", ["public", "console"])
def test_ledger_is_append_only(database: Database, role: str, statement: str, table: str) -> None:
    """Public and console can neither change nor remove what the ledger holds."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table).encode())


@pytest.mark.parametrize("table", LEDGER)
def test_partitions_are_closed(database: Database, table: str) -> None:
    """A role cannot reach around the grants through a partition."""
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass"
        parts = [row[0] for row in owner.execute(query, [table])]
    assert table == "exposure_publications" or len(parts) > 12
    with psycopg.connect(database.urls["public"], autocommit=True) as connection:
        for part in parts:
            for statement in ("SELECT * FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.format(part).encode())


def multiply(roles: Iterable[str], statement: str, tables: Iterable[str]) -> list[tuple[str, str]]:
    """The same statement on each table, by each role."""
    return [(role, statement.format(table)) for role in roles for table in tables]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("public", "SELECT * FROM exposure_salts"),
        ("public", "UPDATE payment_events SET state = 'written_off'"),
        ("public", "DELETE FROM payment_events"),
        ("public", "UPDATE payments SET amount_fen = 1"),
        ("worker", "UPDATE payments SET amount_fen = 1"),
        ("worker", "UPDATE payment_events SET state = 'written_off'"),
        ("worker", "DELETE FROM exposure_records"),
        ("worker", "DELETE FROM payments"),
        ("worker", "DELETE FROM payment_events"),
        ("worker", "UPDATE person_events SET name = name"),
        ("public", "DELETE FROM idempotency_keys"),
        ("public", "UPDATE claims SET owner_id = owner_id"),
        ("public", "UPDATE idempotency_keys SET payment_id = payment_id"),
        ("public", "DELETE FROM persons"),
        ("public", "UPDATE logins SET user_hash = ''"),
        ("public", "UPDATE merchant_accounts SET merchant_id = ''"),
        ("public", "SELECT * FROM procrastinate_jobs"),
        ("public", "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'x')"),
        ("public", "SELECT guitai_add_month('payment_events', '209901', gen_random_uuid(), gen_random_uuid())"),
        ("public", "CREATE TABLE mine (x int)"),
        ("worker", "CREATE TABLE mine (x int)"),
        ("public", "CREATE TEMP TABLE mine (x int)"),
        ("console", "INSERT INTO payment_events SELECT * FROM payment_events"),
        ("sequencer", "SELECT * FROM persons"),
        ("sequencer", "SELECT * FROM exposure_salts"),
        ("sequencer", "UPDATE ledger_sequence SET index = index"),
        ("sequencer", "DELETE FROM ledger_sequence"),
        ("sequencer", "DELETE FROM ledger_checkpoints"),
        ("sequencer", "UPDATE ledger_checkpoints SET root = root"),
        ("sequencer", "DELETE FROM ledger_tiles"),
        ("worker", "DELETE FROM exposure_pending"),
        ("worker", "INSERT INTO ledger_sequence SELECT * FROM ledger_sequence"),
        ("public", "SELECT procrastinate_register_worker_v1()"),
        ("public", "SET ROLE guitai_migration"),
        ("worker", "ALTER TABLE payments DISABLE ROW LEVEL SECURITY"),
        ("worker", "INSERT INTO job_tasks VALUES ('shell')"),
        *multiply(
            ("public", "worker", "sequencer"), "SELECT * FROM {}", ("staff", "staff_roles", "staff_events", "acts")
        ),
        *multiply(
            ("public", "worker", "sequencer"),
            "INSERT INTO {} DEFAULT VALUES",
            ("mapping_versions", "mapping_documents", "mapping_events", "mapped_services", "acts"),
        ),
        *multiply(
            ("public", "worker", "console", "sequencer"),
            "UPDATE {} SET agency_id = agency_id",
            ("mapping_versions", "mapping_documents", "mapping_events", "acts", "staff_events"),
        ),
        *multiply(
            ("console",), "DELETE FROM {}", ("mapping_versions", "mapping_events", "acts", "staff", "staff_roles")
        ),
        ("public", "UPDATE catalogue_version SET version = 0"),
        ("console", "SELECT * FROM persons"),
        ("console", "SELECT * FROM logins"),
        ("console", "SELECT * FROM payments"),
        ("console", "SELECT household_no_cipher FROM households"),
        ("console", "UPDATE staff SET login = 'x'"),
        ("console", "UPDATE staff_roles SET agency_id = agency_id"),
        ("console", "INSERT INTO application_events DEFAULT VALUES"),
        ("console", "UPDATE applications SET agency_id = agency_id"),
        ("console", "UPDATE merchant_accounts SET merchant_id = ''"),
        ("console", "UPDATE back_ends SET url = ''"),
        ("public", "UPDATE back_ends SET url = ''"),
        ("worker", "UPDATE applications SET inputs_cipher = inputs_cipher"),
    ],
)
def test_roles_have_no_more_than_they_need(database: Database, role: str, statement: str) -> None:
    """Each of these is refused for want of a right, not for want of rows."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_every_business_table_is_under_row_security(database: Database) -> None:
    """A table with agency_id has row security, but for the directory, which every role may read and none may write."""
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE a.attname = 'agency_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        ).fetchall()
    open_tables = {name for name, secured in rows if not secured}
    assert open_tables == {"agencies", "platform_apps", "merchant_accounts", "back_ends", "supervision_mailboxes"}
    assert len(rows) > 15


def test_agency_comes_first_in_every_key(database: Database) -> None:
    """The primary key of every business table begins with agency_id."""
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
            " WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace AND c.relname !~ '^procrastinate'"
        ).fetchall()
    others = {name for name, first in rows if first != "agency_id"}
    assert others == {
        "alembic_version", "alert_sweeps", "calendar_days", "calendar_versions", "catalogue_version", "directory_version", "job_tasks", "purpose_texts",
        "exposure_summed", "exposure_tallies", "ledger_beats", "ledger_checkpoints", "ledger_cosignatures", "ledger_linked", "ledger_links", "ledger_map_nodes",
        "ledger_own_leaves", "ledger_restores", "ledger_sequence", "ledger_tiles", "monthly_tables", "rating_tallies",
    }  # fmt: skip


def test_no_time_comes_from_the_database(database: Database) -> None:
    """No column of ours has a default, so no moment can come from the database's clock."""
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_default IS NOT NULL AND table_name !~ '^procrastinate'"
        ).fetchall()
    assert rows == []
