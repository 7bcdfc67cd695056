"""What the database's own catalog says that our roles may do is what is written in ``grants.py``: no less and no more."""

from __future__ import annotations

import psycopg
import pytest

from tests.databases import Database
from tests.unit.adapters.stores.grants import FUNCTIONS, TABLES

TABLE_RIGHTS = """
    SELECT coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'), c.relname, a.privilege_type || coalesce('(' || col.attname || ')', '')
    FROM pg_class c
    LEFT JOIN LATERAL (
        SELECT NULL::name AS attname, c.relacl AS acl
        UNION ALL SELECT attname, attacl FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL
    ) col ON true
    CROSS JOIN LATERAL aclexplode(col.acl) a
    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
"""
FUNCTION_RIGHTS = """
    SELECT coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'), p.proname
    FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE p.pronamespace = 'public'::regnamespace AND a.grantee <> p.proowner
"""


def read_rows(database: Database, query: str) -> list[tuple[str, ...]]:
    """What the owner sees."""
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute(query.encode()).fetchall()


def test_every_right_to_a_table_is_written_down(database: Database) -> None:
    """Each role has exactly the rights of the list, to tables, columns and sequences; PUBLIC and the partitions have none."""
    found = {(role, table, right) for role, table, right in read_rows(database, TABLE_RIGHTS)}
    written = {
        (f"guitai_{role}", table, right)
        for role, tables in TABLES.items()
        for table, rights in tables.items()
        for right in rights.split()
    }
    assert found == written


def test_every_right_to_a_function_is_written_down(database: Database) -> None:
    """Nobody may call what their code does not call; the queue's functions are the worker's."""
    found = {pair for pair in read_rows(database, FUNCTION_RIGHTS) if not pair[1].startswith("procrastinate")}
    assert found == {(f"guitai_{role}", name) for name, roles in FUNCTIONS.items() for role in roles}
    assert {role for role, name in read_rows(database, FUNCTION_RIGHTS) if name.startswith("procrastinate")} == {
        "guitai_worker"
    }


def test_functions_with_their_owners_rights_have_a_fixed_search_path(database: Database) -> None:
    """A SECURITY DEFINER function finds its tables by a path of its own, with the caller's temporary tables last."""
    query = "SELECT proname, array_to_string(proconfig, ';') FROM pg_proc WHERE prosecdef"
    found = {row[0]: row[1] for row in read_rows(database, f"{query} AND pronamespace = 'public'::regnamespace")}
    assert found.keys() == {
        "guitai_add_month", "guitai_add_payment_moves", "guitai_breach_holders", "guitai_case_goes_on", "guitai_case_touched", "guitai_chain_links",
        "guitai_complaint_filed", "guitai_complaint_moved", "guitai_enqueue", "guitai_has_provisional", "guitai_links_of",
        "guitai_look_noted", "guitai_payment_moved", "guitai_rating_struck", "guitai_records_of", "guitai_till_begins", "guitai_till_goes_on", "guitai_waiting_since",
        "guitai_window_events", "guitai_window_payments", "guitai_window_receipt", "guitai_window_returns",
    }  # fmt: skip
    assert set(found.values()) == {"search_path=public, pg_temp"}


def test_a_new_function_is_closed(database: Database) -> None:
    """What a later revision adds is callable by nobody until it says by whom."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("SET ROLE guitai_migration")
        owner.execute("CREATE FUNCTION fresh() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        row = owner.execute("SELECT has_function_privilege('guitai_public', 'fresh()', 'EXECUTE')").fetchone()
        owner.rollback()
    assert row == (False,)


@pytest.mark.parametrize("role", ["public", "console", "worker", "sequencer", "watch"])
def test_a_role_makes_nothing_of_its_own(database: Database, role: str) -> None:
    """No role is a member of another, makes a table, a temporary table, a schema, or a large object, or reads one."""
    with psycopg.connect(database.urls[role], autocommit=True) as connection:
        row = connection.execute(
            "SELECT has_database_privilege(current_database(), 'CREATE'), has_database_privilege(current_database(), 'TEMP'),"
            " has_schema_privilege('public', 'CREATE'),"
            " (SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole)"
        ).fetchone()
        assert row == (False, False, False, 0)
        for statement in (
            "SELECT lo_create(0)",
            "SELECT lo_from_bytea(0, 'x')",
            "SELECT lo_creat(-1)",
            "SELECT lo_get(1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_the_queue_still_hears(database: Database) -> None:
    """The worker's role listens and is told: nothing of that was taken away with the rest."""
    with psycopg.connect(database.urls["worker"], autocommit=True) as worker:
        worker.execute("LISTEN procrastinate_queue_v1")
        with psycopg.connect(database.urls["public"], autocommit=True) as public:
            public.execute("SELECT pg_notify('procrastinate_queue_v1', '{}')")
        assert [note.channel for note in worker.notifies(timeout=5, stop_after=1)] == ["procrastinate_queue_v1"]


@pytest.mark.parametrize(("role", "goes"), [("public", ["open_order"]), ("worker", ["notice", "open_order"])])
def test_only_claims_that_may_end_are_released(database: Database, role: str, goes: list[str]) -> None:
    """A used notice or order number cannot be made usable again by the role that answers citizens."""
    with psycopg.connect(database.owner_url) as owner:
        agency = owner.execute(
            "INSERT INTO agencies VALUES (gen_random_uuid(), 'claims-' || %s, (SELECT agency_id FROM agencies LIMIT 1), '{}')"
            " RETURNING agency_id",
            [role],
        ).fetchone()
        assert agency is not None
        for kind in ("open_order", "order_no", "notice", "write_off", "login"):
            owner.execute("INSERT INTO claims VALUES (%s, %s, 'x', %s, '2026-01-01')", [agency[0], kind, agency[0]])
    with psycopg.connect(database.urls[role]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(agency[0])])
        gone = connection.execute("DELETE FROM claims RETURNING kind").fetchall()
    assert sorted(kind for (kind,) in gone) == goes
