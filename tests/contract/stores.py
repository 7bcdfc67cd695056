"""The implementations of the store on which each contract runs: PostgreSQL under the public role, and the fake of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from adapters.clock import SystemClock
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from tests.contract.samples import ACCOUNTS, Bench
from tests.databases import Database
from tests.fake_store import FakeStore


@contextmanager
def open_sql_bench(database: Database, folder: Path, role: str = "public", pool_size: int = 8) -> Iterator[Bench]:
    """The real store with the accounts of ``samples``, under one role."""
    ring = folder / "keyring.json"
    if not ring.exists():
        create_keyring(ring)
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
    store = SqlStore(database.urls[role], Keyring.load(ring), SystemClock(), pool_size)
    try:
        yield Bench(store, ids["city"], ids["gas"], ids["water"])
    finally:
        store.close()


def make_fake_bench() -> Bench:
    """The fake store."""
    return Bench(FakeStore(), uuid4(), uuid4(), uuid4())
