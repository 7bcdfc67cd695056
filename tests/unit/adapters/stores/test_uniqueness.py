"""Two processes of a rolling restart: both have both look-up keys, each writes under another."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from adapters.clock import SystemClock
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.model import PlatformName, PlatformUser
from services.ports import Transaction
from tests.contract.samples import NOW, Bench
from tests.contract.stores import open_sql_bench
from tests.databases import Database


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    with open_sql_bench(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def pair(database: Database, tmp_path: Path) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Stores of the two processes."""
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    for path in (one, other):
        create_keyring(path)
    before, after = (json.loads(path.read_text()) for path in (one, other))
    keys = {**before["lookup"]["keys"], **after["lookup"]["keys"]}
    for path, document in ((one, before), (other, after)):
        document["encryption"], document["lookup"]["keys"] = before["encryption"], keys
        path.write_text(json.dumps(document))
    with (
        closing(SqlStore(database.urls["public"], Keyring.load(one), SystemClock())) as first,
        closing(SqlStore(database.urls["public"], Keyring.load(other), SystemClock())) as second,
    ):
        yield first, second


def take_claim(tx: Transaction, bench: Bench, key: str) -> UUID:
    return tx.claims.take(bench.gas, "open_order", key, uuid4(), NOW)


def make_chain(tx: Transaction, bench: Bench, key: str) -> UUID:
    return tx.households.find_chain(bench.gas, "gas-bill", key, NOW)


def add_login(tx: Transaction, bench: Bench, key: str) -> UUID:
    person = tx.persons.open_person(bench.city, NOW)
    return tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser(key), NOW)[0].login_id


def bind_household(tx: Transaction, bench: Bench, key: str) -> UUID:
    person = tx.persons.open_person(bench.city, NOW)
    return tx.households.bind(bench.gas, "gas-bill", key, "王小明", "幸福路1号", person.person_id, NOW).household_id


@pytest.mark.parametrize("act", [take_claim, make_chain, add_login, bind_household])
@pytest.mark.parametrize("turned", [False, True])
def test_a_value_is_one_under_both_keys(
    bench: Bench, pair: tuple[SqlStore, SqlStore], act: object, turned: bool
) -> None:
    """Whoever comes second, while the first has not committed yet, waits and gets what the first made."""
    assert callable(act)
    first, second = reversed(pair) if turned else pair
    key, found = uuid4().hex, []

    def come_second() -> None:
        with second.begin(bench.all) as tx:
            found.append(act(tx, bench, key))

    waiting = threading.Thread(target=come_second)
    with first.begin(bench.all) as tx:
        made = act(tx, bench, key)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join(5)
    assert found == [made]
