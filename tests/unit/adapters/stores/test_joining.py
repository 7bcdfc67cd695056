"""Joining accounts while other requests touch them: nothing is lost, nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from services.errors import Conflict, LastLogin, PersonMismatch
from services.model import Caller, Language, PlatformApp, PlatformName, PlatformUser
from tests.contract.samples import GAS, NOW, Bench, make_person
from tests.contract.stores import open_sql_bench
from tests.databases import Database
from tests.unit.gateway.fakes_edge import build_city


@pytest.fixture(scope="module")
def real(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The store on PostgreSQL, with room for many transactions at once."""
    with open_sql_bench(database, tmp_path_factory.mktemp("keys"), pool_size=12) as made:
        yield made


def run_at_once(acts: Sequence[Callable[[], None]]) -> list[Exception]:
    """Run all acts at the same moment; the exceptions that they ended with."""
    ready = threading.Barrier(len(acts))
    failures: list[Exception] = []

    def run(act: Callable[[], None]) -> None:
        ready.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the test looks at each
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return failures


def join(bench: Bench, one: UUID, other: UUID) -> None:
    with bench.store.begin(bench.all) as tx:
        tx.persons.join(one, other, NOW)


def add_login(bench: Bench, person_id: UUID) -> None:
    with bench.store.begin(bench.all) as tx:
        user = PlatformUser(f"o-{uuid4()}")
        tx.persons.add_login(tx.persons.load(person_id), PlatformName.ALIPAY, "alipay-main", user, NOW)


def bind(bench: Bench, person_id: UUID) -> None:
    with bench.store.begin(bench.all) as tx:
        tx.households.bind(bench.gas, GAS, str(uuid4()), "王小明", "幸福路1号", person_id, NOW)


@pytest.mark.parametrize("_round", range(5))
def test_opposite_joins_end_in_one_account(real: Bench, _round: int) -> None:
    """Two joins in opposite directions, with logins and bindings added meanwhile, leave one account that has everything."""
    one, _ = make_person(real)
    other, _ = make_person(real)
    acts: list[Callable[[], None]] = [lambda: join(real, one, other), lambda: join(real, other, one)]
    for person_id in (one, other):
        acts += [lambda who=person_id: add_login(real, who), lambda who=person_id: bind(real, who)]  # type: ignore[misc]
    assert run_at_once(acts) == []
    with real.store.begin(real.all) as tx:
        shares = {who: (len(tx.persons.list_logins(who)), len(tx.households.list_bound(who))) for who in (one, other)}
        ends = [who for who in (one, other) if len(tx.persons.joined_ids(who)) == 2]
    assert sorted(shares.values()) == [(0, 0), (4, 2)]
    assert [who for who, share in shares.items() if share == (4, 2)] == ends


def test_chain_of_joins_is_flat(real: Bench) -> None:
    """Who was joined into a joined account belongs to the last one, also when the join names the old one."""
    first, second, third, fourth = (make_person(real)[0] for _ in range(4))
    join(real, first, second)
    join(real, second, third)
    join(real, fourth, first)
    with real.store.begin(real.all) as tx:
        assert tx.persons.joined_ids(third) == [third, *sorted([first, second, fourth])]
        assert len(tx.persons.list_logins(third)) == 4


def test_proofs_of_the_joined_account_count(real: Bench) -> None:
    """A phone and an identity that only the joined account had proven belong to the account that remains."""
    source, _ = make_person(real)
    target, _ = make_person(real)
    number = f"1101011990{uuid4().int % 10**8:08d}"
    with real.store.begin(real.all) as tx:
        tx.persons.record_phone(source, "13800138001", NOW)
        tx.persons.record_identity(source, "王小明", number, NOW)
        tx.persons.join(source, target, NOW)
    with real.store.begin(real.all) as tx:
        person = tx.persons.load(target)
        assert (person.phone, person.identity_number, person.real_name) == ("13800138001", number, "王小明")
        holder = tx.persons.find_by_identity(number)
        assert holder is not None
        assert holder.person_id == target
        names = [name for _, name, _ in tx.persons.list_events(target, 5)]
    assert names[0] == "account_joined"


def test_two_humans_are_not_joined(real: Bench) -> None:
    """Two accounts with two identity numbers are two humans."""
    one, _ = make_person(real)
    other, _ = make_person(real)
    with real.store.begin(real.all) as tx:
        tx.persons.record_identity(one, "王小明", f"1101011990{uuid4().int % 10**8:08d}", NOW)
        tx.persons.record_identity(other, "李秀英", f"1101011990{uuid4().int % 10**8:08d}", NOW)
    with pytest.raises(PersonMismatch):
        join(real, one, other)


def test_same_identity_at_once_has_one_holder(real: Bench) -> None:
    """Of many accounts that prove one number at the same moment one holds it; the others get Conflict."""
    number = f"1101011990{uuid4().int % 10**8:08d}"
    people = [make_person(real)[0] for _ in range(6)]

    def prove(person_id: UUID) -> None:
        with real.store.begin(real.all) as tx:
            tx.persons.record_identity(person_id, "王小明", number, NOW)

    failures = run_at_once([lambda who=person_id: prove(who) for person_id in people])  # type: ignore[misc]
    assert [type(failure) for failure in failures] == [Conflict] * 5


@pytest.mark.parametrize("_round", range(8))
def test_two_logins_that_cut_each_other_off_do_not_both_end(real: Bench, _round: int) -> None:
    """Of two log-ins that cut each other off at the same moment one stays: nobody is locked out of an account for good."""
    person_id, one = make_person(real)
    add_login(real, person_id)
    with real.store.begin(real.all) as tx:
        person = tx.persons.load(person_id)
        other = next(row.login_id for row in tx.persons.list_logins(person_id) if row.login_id != one)
    desk = replace(build_city().desk.sessions, store=real.store)
    app = PlatformApp(real.city, "wechat-main", PlatformName.WECHAT, "wx1", "http://127.0.0.1:1")
    caller = Caller(
        uuid4(), person_id, person.chain_id, one, app, person.assurance, real.all, Language.ZH_CN, str(uuid4())
    )
    failures = run_at_once([lambda: desk.cut_off(caller, other), lambda: desk.cut_off(caller, one)])
    assert [type(failure) for failure in failures] == [LastLogin]
    with real.store.begin(real.all) as tx:
        assert len([row for row in tx.persons.list_logins(person_id) if row.revoked_at is None]) == 1


@pytest.mark.parametrize("_round", range(5))
def test_number_typed_while_it_is_proven_has_one_chain(real: Bench, _round: int) -> None:
    """Whoever types a number in the moment in which its human proves it exposes that human: every chain found is the account's."""
    number = f"1101011990{uuid4().int % 10**8:08d}"
    person_id, _ = make_person(real)
    found: list[UUID] = []

    def prove() -> None:
        with real.store.begin(real.all) as tx:
            tx.persons.record_identity(person_id, "王小明", number, NOW)

    def type_number() -> None:
        with real.store.begin(real.all) as tx:
            found.append(tx.persons.find_chain(real.city, number, NOW))

    assert run_at_once([prove, *[type_number] * 4]) == []
    with real.store.begin(real.all) as tx:
        chains = tx.persons.list_chains(person_id)
    assert len(found) == 4
    assert set(found) <= set(chains)
    assert len(chains) == 2


def test_number_and_its_link_stand_nowhere_in_clear(real: Bench, database: Database) -> None:
    """The link is found by a keyed hash of its own purpose, holds a ciphertext, and once erased leads nowhere; a new one is another."""
    number = f"1101011990{uuid4().int % 10**8:08d}"
    with real.store.begin(real.all) as tx:
        chain = tx.persons.find_chain(real.city, number, NOW)
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("SELECT subject_hash, chain_cipher FROM chain_links").fetchall()
        seen = b"".join(cell for row in rows for cell in row)
        assert number.encode() not in seen
        assert chain.bytes not in seen
        owner.execute("DELETE FROM chain_links")
    with real.store.begin(real.all) as tx:
        assert tx.persons.find_chain(real.city, number, NOW) != chain


def test_view_survives_an_erased_link(real: Bench, database: Database) -> None:
    """A joined account whose link was erased is left out; the rest of the human's chains stay."""
    one, other = make_person(real)[0], make_person(real)[0]
    with real.store.begin(real.all) as tx:
        (kept,) = tx.persons.list_chains(other)
    with psycopg.connect(database.owner_url) as owner:
        before = {row[0] for row in owner.execute("SELECT subject_hash FROM chain_links")}
    third = make_person(real)[0]
    with real.store.begin(real.all) as tx:
        tx.persons.join(one, other, NOW)
        tx.persons.join(third, other, NOW)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM chain_links WHERE NOT subject_hash = ANY(%s)", [list(before)])
    with real.store.begin(real.all) as tx:
        chains = tx.persons.list_chains(other)
    assert (len(chains), chains[0]) == (2, kept)
