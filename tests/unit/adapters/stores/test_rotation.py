"""Rotating the key of the cells while the store is in use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from adapters.clock import SystemClock
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, add_key, create_keyring
from adapters.stores.rotation import ROW_IDS, list_cells, rotate_cells
from adapters.stores.tables.columns import metadata
from adapters.stores.transaction import SqlStore
from services.model import PlatformName, PlatformUser
from tests.contract.mapping_samples import make_act, make_application, make_application_event, make_member
from tests.contract.samples import ACCOUNTS, GAS, NOW, Bench, make_event, make_payment
from tests.databases import Database


@contextmanager
def open_bench(database: Database, ring: Keyring) -> Iterator[Bench]:
    with psycopg.connect(database.owner_url) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
    store = SqlStore(database.urls["public"], ring, SystemClock())
    try:
        yield Bench(store, ids["city"], ids["gas"], ids["water"])
    finally:
        store.close()


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    """No cell of another test, which would be under a ring of its own."""
    if "database" in request.fixturenames:
        with psycopg.connect(request.getfixturevalue("database").owner_url) as owner:
            for table in ROW_IDS:
                owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table.name)))


def list_key_ids(database: Database) -> set[bytes]:
    """The key ids of every cell in the database."""
    found: set[bytes] = set()
    with psycopg.connect(database.owner_url) as owner:
        for table in ROW_IDS:
            for name in list_cells(table):
                query = sql.SQL("SELECT DISTINCT substring({0}, 1, 4) FROM {1} WHERE {0} IS NOT NULL")
                rows = owner.execute(query.format(sql.Identifier(name), sql.Identifier(table.name)))
                found |= {bytes(row[0]) for row in rows}
    return found


def test_every_encrypted_column_is_rotated() -> None:
    """No table has a cell that a rotation would forget."""
    with_cells = {table.name for table in metadata.tables.values() if list_cells(table)}
    assert {table.name for table in ROW_IDS} == with_cells


def test_rotation_loses_nothing(database: Database, tmp_path: Path) -> None:
    """After a rotation every cell is under the new key, everything is found and reads as before, and a second run finds nothing."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    old = Keyring.load(path)
    import_accounts(database.owner_url, ACCOUNTS)
    with open_bench(database, old) as bench, bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, NOW)
        tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser("o-1", "u-1"), NOW)
        tx.persons.record_phone(person.person_id, "13800138001", NOW)
        tx.persons.record_identity(person.person_id, "王小明", "11010119900307001X", NOW)
        household = tx.households.bind(bench.gas, GAS, "10086001", "王小明", "幸福路1号", person.person_id, NOW)
        payment = make_payment(bench, person.person_id)
        tx.payments.open(payment, make_event(payment, 1))
        tx.idempotency.take(bench.city, person.person_id, "k", "d", payment.payment_id, NOW)
        tx.idempotency.record_reply(bench.city, person.person_id, "k", b"reply")
        before = tx.persons.load(person.person_id)
        application = make_application(bench.gas, person.person_id)
        tx.applications.open(application, make_application_event(application, 1, note="x"))
    add_key(path)
    new = Keyring.load(path)
    assert list_key_ids(database) == {old.current_key_id}
    assert rotate_cells(database.owner_url, new, lambda _: None, batch=1) >= 9
    assert list_key_ids(database) == {new.current_key_id}
    assert rotate_cells(database.owner_url, new, lambda _: None) == 0
    with open_bench(database, new) as bench, bench.store.begin(bench.all) as tx:
        assert tx.persons.load(person.person_id) == tx.persons.find_by_identity("11010119900307001X") == before
        login = tx.persons.find_login(PlatformName.WECHAT, "wechat-main", "o-1")
        assert login is not None
        assert login.user_id == "o-1"
        again = tx.households.bind(bench.gas, GAS, "10086001", "王小明", "幸福路1号", person.person_id, NOW)
        assert again == household
        assert tx.payments.load(payment.payment_id) == (payment, [make_event(payment, 1)])
        told = [make_application_event(application, 1, note="x")]
        assert tx.applications.load(application.application_id) == (application, told)
        taken = tx.idempotency.take(bench.city, person.person_id, "k", "other", payment.payment_id, NOW)
        assert taken == (payment.payment_id, "d", b"reply")
        tx.persons.record_phone(person.person_id, "13800138009", NOW)
        tx.persons.record_identity(person.person_id, "王小明", "11010119900307001X", NOW)


def test_rotation_loses_nothing_of_the_staff(database: Database, tmp_path: Path) -> None:
    """Passwords, secrets of codes and the reasons of acts read as before, though nobody may change an act."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    old = Keyring.load(path)
    import_accounts(database.owner_url, ACCOUNTS)
    store = SqlConsoleStore(database.urls["console"], old, SystemClock())
    gas = next(agency for agency, slug in store.agency_tree().slugs.items() if slug == "gas")
    member, act = make_member(gas), make_act(gas, reason="来电")
    with store.begin([gas]) as tx:
        tx.staff.add(member, None)
        tx.staff.set_password(member.staff_id, "hash", None, NOW)
        tx.staff.set_one_time_secret(member.staff_id, "BASE32", None, NOW)
        tx.acts.append(act)
    store.close()
    add_key(path)
    new = Keyring.load(path)
    assert rotate_cells(database.owner_url, new, lambda _: None, batch=1) == 2
    assert list_key_ids(database) == {new.current_key_id}
    store = SqlConsoleStore(database.urls["console"], new, SystemClock())
    with store.begin([gas]) as tx:
        assert tx.staff.read_credentials(member.staff_id) == ("hash", "BASE32")
        assert tx.acts.list_acts(1, None, subject_id=act.subject_id) == [act]
    store.close()


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


def test_a_rotation_that_was_stopped_goes_on(database: Database, tmp_path: Path) -> None:
    """What was done stays done; the next run does the rest, and what a process with the old ring wrote behind its back."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    import_accounts(database.owner_url, ACCOUNTS)
    old = Keyring.load(path)
    with open_bench(database, old) as bench:
        for step in range(5):
            enrol(bench, f"o-{step}", NOW + timedelta(days=step))
        add_key(path)
        new, told = Keyring.load(path), list[int]()

        def stop(count: int) -> None:
            told.append(count)
            if count == 4:
                raise Stopped

        with pytest.raises(Stopped):
            rotate_cells(database.owner_url, new, stop, batch=2)
        assert told == [2, 4]
        assert list_key_ids(database) == {old.current_key_id, new.current_key_id}

        def write_meanwhile(count: int) -> None:
            if count == 1:
                enrol(bench, "o-late", NOW - timedelta(days=9))

        assert rotate_cells(database.owner_url, new, write_meanwhile, batch=2) == 5 * 3 - 4 + 3
    assert list_key_ids(database) == {new.current_key_id}


def enrol(bench: Bench, user: str, at: datetime) -> None:
    """A person with a phone and a login: one row in each of persons, logins, chain_links."""
    with bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, at)
        tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser(user), at)
        tx.persons.record_phone(person.person_id, "13800138001", at)
