"""A revision that fills a read model while the counter serves: whatever was being written then is in it, too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from adapters.ids import make_id
from adapters.stores.connection import open_engine
from adapters.stores.provision import _prepare_roles, make_config, migrate
from tests.databases import Cluster, Database

AT = datetime(2026, 11, 24, tzinfo=UTC)
AGENCY = UUID(int=1)
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
LOOK = "INSERT INTO case_readings VALUES (%s, %s, %s, %s, %s, 'case.open', 'case', %s, NULL, NULL, %s, NULL)"


@pytest.fixture
def old(cluster: Cluster) -> Iterator[Database]:
    """An installation that stands at the revision before the read models."""
    database = cluster.make()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine = open_engine(database.owner_url)
    with engine.connect() as connection:
        _prepare_roles(connection)
        connection.execute(text("SET ROLE guitai_migration"))
        connection.commit()
        command.upgrade(make_config(connection), "0024")
        connection.commit()
    engine.dispose()
    yield database
    cluster.drop(database)


def wait_for_lock(url: str) -> None:
    """Until somebody in this database waits for a lock."""
    with psycopg.connect(url, autocommit=True) as watcher:
        for _ in range(200):
            row = watcher.execute(WAITS).fetchone()
            if row and row[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_a_look_that_is_being_written_is_put_aside_too(old: Database) -> None:
    """The revision waits for a look that began before it, and then reads it: a look is not lost between filling and trigger."""
    before, during = make_id(AT), make_id(AT)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(old.owner_url) as writer:
        writer.execute("INSERT INTO agencies (agency_id, slug, name) VALUES (%s, 'here', '{}')", [AGENCY])
        writer.execute(LOOK, [AGENCY, before, AT, uuid4(), AGENCY, uuid4(), b"x"])
        writer.commit()
        writer.execute(LOOK, [AGENCY, during, AT, uuid4(), AGENCY, uuid4(), b"x"])
        migrating = pool.submit(migrate, old.owner_url)
        wait_for_lock(old.owner_url)
        writer.commit()
        migrating.result(60)
    with psycopg.connect(old.owner_url) as owner:
        found = owner.execute("SELECT reading_id, kind FROM looks_to_audit ORDER BY reading_id, kind").fetchall()
    assert found == [(one, kind) for one in sorted([before, during]) for kind in ("bare", "without_case")]
