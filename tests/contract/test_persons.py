"""The contract of ``PersonStore``."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.errors import Conflict, NotFound
from services.model import Assurance, PlatformName, PlatformUser
from tests.contract.samples import GAS, NOW, Bench, make_person


def test_login_is_found_again(bench: Bench) -> None:
    """A login is found by platform, app and the platform's own user id, and by nothing less."""
    user = PlatformUser(f"o-{uuid4()}", "u-1")
    with bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, NOW)
        login, made = tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", user, NOW)
    assert made
    with bench.store.begin(bench.all) as tx:
        assert tx.persons.find_login(PlatformName.WECHAT, "wechat-main", user.user_id) == login
        assert tx.persons.find_login(PlatformName.ALIPAY, "wechat-main", user.user_id) is None
        assert tx.persons.find_login(PlatformName.WECHAT, "other", user.user_id) is None
        assert tx.persons.load_login(login.login_id) == login
        assert tx.persons.load(person.person_id) == person
        assert tx.persons.list_logins(person.person_id) == [login]


def test_first_login_wins(bench: Bench) -> None:
    """Of two requests that join the same platform identity, the second learns the first one's login."""
    user = PlatformUser(f"o-{uuid4()}")
    with bench.store.begin(bench.all) as tx:
        first = tx.persons.open_person(bench.city, NOW)
        login, _ = tx.persons.add_login(first, PlatformName.WECHAT, "wechat-main", user, NOW)
    with bench.store.begin(bench.all) as tx:
        second = tx.persons.open_person(bench.city, NOW)
        assert tx.persons.add_login(second, PlatformName.WECHAT, "wechat-main", user, NOW) == (login, False)


def test_same_identity_at_once_has_one_login(bench: Bench) -> None:
    """Many first log-ins of one platform identity at the same moment make one login."""
    user, found, ready = PlatformUser(f"o-{uuid4()}"), [], threading.Barrier(5)

    def sign_in() -> None:
        ready.wait()
        with bench.store.begin(bench.all) as tx:
            person = tx.persons.open_person(bench.city, NOW)
            found.append(tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", user, NOW))

    threads = [threading.Thread(target=sign_in) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({login.login_id for login, _ in found}) == 1
    assert sorted(made for _, made in found) == [False] * 4 + [True]


def test_proofs_raise_the_level(bench: Bench) -> None:
    """A phone raises to phone, an identity to real-name; a later phone lowers nothing."""
    person_id, _ = make_person(bench)
    number = f"1101011990{uuid4().int % 10**8:08d}"
    with bench.store.begin(bench.all) as tx:
        tx.persons.record_phone(person_id, "13800138001", NOW)
        assert tx.persons.load(person_id).assurance is Assurance.PHONE
        tx.persons.record_identity(person_id, "王小明", number, NOW)
        tx.persons.record_phone(person_id, "13800138002", NOW)
    with bench.store.begin(bench.all) as tx:
        person = tx.persons.load(person_id)
        assert tx.persons.find_by_identity(number) == person
    assert (person.assurance, person.phone) == (Assurance.REAL_NAME, "13800138002")
    assert (person.real_name, person.identity_number) == ("王小明", number)


def test_identity_number_has_one_holder(bench: Bench) -> None:
    """Who records a number that another account holds gets Conflict, and may go on in the same transaction."""
    first, _ = make_person(bench)
    second, _ = make_person(bench)
    number = f"1101011990{uuid4().int % 10**8:08d}"
    with bench.store.begin(bench.all) as tx:
        tx.persons.record_identity(first, "王小明", number, NOW)
    with bench.store.begin(bench.all) as tx:
        with pytest.raises(Conflict):
            tx.persons.record_identity(second, "王小明", number, NOW)
        holder = tx.persons.find_by_identity(number)
        assert holder is not None
        assert holder.person_id == first


def test_join_passes_everything(bench: Bench) -> None:
    """Logins and households of a joined account pass on; its own chain id stays readable; joining again changes nothing."""
    old, old_login = make_person(bench)
    new, new_login = make_person(bench)
    with bench.store.begin(bench.all) as tx:
        shared = tx.households.bind(bench.gas, GAS, str(uuid4()), "王小明", "幸福路1号", old, NOW)
        tx.households.bind(bench.gas, GAS, shared.household_no, "王小明", "幸福路1号", new, NOW)
        own = tx.households.bind(bench.gas, GAS, str(uuid4()), "王小明", "幸福路1号", old, NOW)
        chain = tx.persons.load(old).chain_id
        tx.persons.join(old, new, NOW)
        tx.persons.join(old, new, NOW)
    with bench.store.begin(bench.all) as tx:
        assert {login.login_id for login in tx.persons.list_logins(new)} == {old_login, new_login}
        assert tx.persons.list_logins(old) == []
        bound = {household.household_id for household in tx.households.list_bound(new)}
        assert bound == {shared.household_id, own.household_id}
        assert tx.households.list_bound(old) == []
        assert tx.persons.joined_ids(new) == [new, old]
        assert tx.persons.load(old).chain_id == chain
        assert tx.persons.load(new).chain_id != chain


def make_number() -> str:
    """A number that nobody has had in this suite."""
    return f"1101011990{uuid4().int % 10**8:08d}"


def list_chains(bench: Bench, person_id: UUID) -> list[UUID]:
    """The chain ids of a human."""
    with bench.store.begin(bench.all) as tx:
        return tx.persons.list_chains(person_id)


def find_chain(bench: Bench, number: str, *, account: bool = True) -> UUID:
    """The chain id that stands for whoever has a number."""
    with bench.store.begin(bench.all) as tx:
        return tx.persons.find_chain(bench.city, number, NOW, account=account)


def test_number_of_a_stranger_has_one_chain(bench: Bench) -> None:
    """Whoever's number is typed has a chain from then on, the same every time, another than anybody else's."""
    number = make_number()
    chain = find_chain(bench, number)
    assert find_chain(bench, number) == find_chain(bench, number, account=False) == chain
    assert find_chain(bench, make_number()) != chain


def test_number_typed_at_once_has_one_chain(bench: Bench) -> None:
    """Many requests that type the same new number at the same moment get the same chain."""
    number, found, ready = make_number(), [], threading.Barrier(6)

    def type_number() -> None:
        ready.wait()
        found.append(find_chain(bench, number))

    threads = [threading.Thread(target=type_number) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (6, 1)


def test_account_adopts_the_chain_of_its_number(bench: Bench) -> None:
    """What was seen under a number before its human came is theirs once they prove it, said by an event; later it is the account's."""
    number = make_number()
    before = find_chain(bench, number)
    person_id, _ = make_person(bench)
    (own,) = list_chains(bench, person_id)
    assert own != before
    with bench.store.begin(bench.all) as tx:
        tx.persons.record_identity(person_id, "王小明", number, NOW)
        tx.persons.record_identity(person_id, "王小明", number, NOW)
        names = [name for _, name, _ in tx.persons.list_events(person_id, 10)]
    assert names.count("chain_adopted") == 1
    assert list_chains(bench, person_id) == [own, before]
    assert (find_chain(bench, number), find_chain(bench, number, account=False)) == (own, before)


def test_number_that_nobody_typed_is_adopted_all_the_same(bench: Bench) -> None:
    """So a request that types it in the very moment of the proof finds a chain that is the account's already."""
    number = make_number()
    person_id, _ = make_person(bench)
    with bench.store.begin(bench.all) as tx:
        tx.persons.record_identity(person_id, "王小明", number, NOW)
    assert find_chain(bench, number, account=False) in list_chains(bench, person_id)


def test_chains_of_joined_accounts_stay_together(bench: Bench) -> None:
    """Over several joins the last account has every chain: its own first, those of all joined ones, and of the proven number."""
    number = make_number()
    typed = find_chain(bench, number)
    people = [make_person(bench)[0] for _ in range(3)]
    own = [list_chains(bench, person_id)[0] for person_id in people]
    with bench.store.begin(bench.all) as tx:
        tx.persons.record_identity(people[0], "王小明", number, NOW)
        tx.persons.join(people[0], people[1], NOW)
        tx.persons.join(people[1], people[2], NOW)
    found = list_chains(bench, people[2])
    assert found[0] == own[2]
    assert sorted(found) == sorted([*own, typed])


def test_events_are_newest_first(bench: Bench) -> None:
    """What happened to an account is listed newest first, at most as many as asked."""
    person_id, login_id = make_person(bench)
    with bench.store.begin(bench.all) as tx:
        tx.persons.revoke_login(login_id, NOW + timedelta(seconds=1))
        tx.persons.restore_login(login_id, NOW + timedelta(seconds=2))
    with bench.store.begin(bench.all) as tx:
        names = [name for _, name, _ in tx.persons.list_events(person_id, 10)]
        newest = tx.persons.list_events(person_id, 1)
        assert tx.persons.load_login(login_id).revoked_at is None
    assert names == ["login_restored", "login_revoked", "login_added"]
    assert [(at, name) for at, name, _ in newest] == [(NOW + timedelta(seconds=2), "login_restored")]


@pytest.mark.parametrize("what", ["load", "load_login"])
def test_unknown_is_not_found(bench: Bench, what: str) -> None:
    """What does not exist is NotFound."""
    with bench.store.begin(bench.all) as tx, pytest.raises(NotFound):
        getattr(tx.persons, what)(UUID(int=7))


def test_another_agency_does_not_see_a_person(bench: Bench) -> None:
    """A transaction without the person's agency does not find them."""
    person_id, login_id = make_person(bench)
    with bench.store.begin([bench.gas]) as tx:
        for find, identifier in ((tx.persons.load, person_id), (tx.persons.load_login, login_id)):
            with pytest.raises(NotFound):
                find(identifier)
