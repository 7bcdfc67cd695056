"""Revisions, the tables that the code sees, and months of partitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from adapters.ids import first_id_of, make_id
from adapters.stores.connection import open_engine
from adapters.stores.partitions import add_months, extend_months
from adapters.stores.provision import _prepare_roles, make_config, migrate
from adapters.stores.tables import applications, cases, catalogue, counter, directory, ledger, payments, persons, staff
from adapters.stores.tables.columns import metadata
from tests.databases import Cluster, Database

SEEN = (applications, cases, counter, catalogue, directory, ledger, payments, persons, staff)


@pytest.fixture
def worker(database: Database) -> Iterator[Engine]:
    """The worker's way to the database."""
    engine = open_engine(database.urls["worker"])
    yield engine
    engine.dispose()


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A second run, also as the migration role, finds nothing to do."""
    with psycopg.connect(database.owner_url) as owner:
        before = owner.execute("SELECT count(*), max(oid) FROM pg_class").fetchone()
    migrate(database.owner_url)
    migrate(database.urls["migration"])
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("SELECT count(*), max(oid) FROM pg_class").fetchone() == before


def test_tables_are_what_the_code_sees(database: Database) -> None:
    """Every column that the code names exists with its type and nullability, and no column is unknown to the code."""
    engine = open_engine(database.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            },
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    kinds = {"add_table", "remove_table", "add_column", "remove_column", "modify_type", "modify_nullable"}
    flat = [step for group in found for step in (group if isinstance(group, list) else [group])]
    assert [step for step in flat if step[0] in kinds] == []
    assert len(metadata.tables) > 15
    assert all(module.__doc__ for module in SEEN)


def test_no_extension_is_needed(database: Database) -> None:
    """The store uses plpgsql and nothing else."""
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("SELECT extname FROM pg_extension").fetchall() == [("plpgsql",)]


def count_rows(database: Database, table: str) -> int:
    """Rows of one table, seen by the owner."""
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))).fetchone()
    return 0 if row is None else int(row[0])


def test_month_takes_over_what_lay_outside(database: Database, worker: Engine) -> None:
    """Events of a month without partition are kept in the default one and move when the worker makes the month."""
    far = datetime(2031, 5, 31, 23, 59, 59, 999000, tzinfo=UTC)
    ids = [make_id(far), first_id_of(datetime(2031, 5, 1, tzinfo=UTC)), first_id_of(datetime(2031, 6, 1, tzinfo=UTC))]
    with psycopg.connect(database.owner_url) as owner:
        for identifier in ids:
            owner.execute(
                "INSERT INTO person_events VALUES (%s, %s, %s, 'x', %s, '{}')",
                [UUID(int=1), identifier, UUID(int=2), far],
            )
    assert count_rows(database, "person_events_other") == 3
    assert extend_months(worker, far, ahead=0) == 9
    assert extend_months(worker, far, ahead=0) == 0
    assert (count_rows(database, "person_events_203105"), count_rows(database, "person_events_other")) == (2, 1)
    assert count_rows(database, "person_events") == 3


def test_months_reach_over_the_turn_of_the_year(database: Database, worker: Engine) -> None:
    """Months ahead of December are months of the next year."""
    with worker.begin() as connection:
        assert add_months(connection, datetime(2032, 12, 31, tzinfo=UTC), behind=1, ahead=2) == 4 * 9
    assert count_rows(database, "exposure_records_203302") == 0


def test_ledger_with_months_takes_the_newest_revision(cluster: Cluster) -> None:
    """An installation whose months were made under an older revision: its leaves stay, and every month takes the new kinds."""
    database = cluster.make()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine = open_engine(database.owner_url)
    at = datetime(2026, 11, 24, tzinfo=UTC)
    row = [UUID(int=1), make_id(at), at, b"{}", b"h" * 32]
    insert = "INSERT INTO exposure_records VALUES (%s, %s, %s, '{kind}', '', '', '', NULL, %s, %s)"
    with engine.connect() as connection:
        _prepare_roles(connection)
        connection.execute(text("SET ROLE guitai_migration"))
        connection.commit()
        command.upgrade(make_config(connection), "0005")
        add_months(connection, at, ahead=2, tables=["exposure_records", "exposure_persons", "exposure_salts"])
        connection.commit()
        with psycopg.connect(database.owner_url) as owner:
            owner.execute(insert.format(kind="publication").encode(), row)
            owner.execute("INSERT INTO exposure_salts VALUES (%s, %s, %s)", [row[0], row[1], b"s" * 32])
    engine.dispose()
    migrate(database.owner_url)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        row[1] = make_id(at)
        owner.execute(insert.format(kind="attribution").encode(), row)
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(insert.format(kind="rumour").encode(), [row[0], make_id(at), *row[2:]])
        assert owner.execute("UPDATE exposure_salts SET salt = NULL, erased_at = %s", [at]).rowcount == 1
    assert (count_rows(database, "exposure_records_202611"), count_rows(database, "exposure_salts_202611")) == (2, 1)
    cluster.drop(database)


def test_only_named_tables_get_months(worker: Engine) -> None:
    """The function that runs with the owner's rights takes no other table and no other name for a month."""
    for parent, month in (("persons", "203401"), ("payment_events", "2034; DROP"), ("pg_class", "203401")):
        with worker.begin() as connection, pytest.raises(DBAPIError):
            connection.execute(
                text("SELECT guitai_add_month(:parent, :month, :first, :end)"),
                {"parent": parent, "month": month, "first": UUID(int=1), "end": UUID(int=2)},
            )
