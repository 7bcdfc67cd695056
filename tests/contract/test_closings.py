"""Closing an account: nothing of its human stays outside what a law keeps, all proofs still hold, and nobody else's account is touched."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest

from adapters.redis import RedisSessions
from adapters.stores.closings import SqlClosings
from adapters.stores.retention_classes import SqlRetention
from services import closing
from services.closing import GRACE, close_due, go_on
from services.errors import NotFound
from services.model import PaymentState, PlatformName, PlatformUser
from services.rights_record import HoldKind, RequestKind, RightsName, RightsRequest
from tests.contract.closing_town import HOLDS_TIME, Town, close, dump, list_kept, made, search, settle, town
from tests.contract.samples import GAS, make_event, make_payment
from tests.contract.test_ledger import make_exposure

ON_ONE_POSTGRES = True
FIXTURES = made, town


def test_nothing_stays_outside_what_is_kept(town: Town) -> None:
    """After closing no table outside the kept classes and no key in Redis holds anything of her; before, they did."""
    human, other = settle(town), settle(town)
    before, others = search(town, human), search(town, other)
    assert {"persons", "logins", "households", "case_drafts", "chain_links"} <= before.keys()
    done = close(town, human)
    assert [event.name for event in done.events] == [
        RightsName.ASKED, RightsName.CUT_OFF, RightsName.ERASED, RightsName.DONE,
    ]  # fmt: skip
    after = search(town, human)
    assert after.keys() <= list_kept(), after
    assert {column for columns in after.values() for column in columns} <= {"details_cipher", "chain_id", "leaf"}
    assert search(town, other) == others
    keys = [(key, dump(town.redis, key)) for key in town.redis.keys("*")]
    assert not [key for key, value in keys if any(str(one) in f"{key!r}{value!r}" for one in (
        *human.canaries, human.login_id, human.person_id))]  # fmt: skip
    assert any(str(other.login_id) in f"{key!r}" for key, _ in keys)


def test_salts_are_destroyed_and_proofs_hold(town: Town) -> None:
    """Every salt of her records is gone and says when, others' stay; each of her chains is closed once, and the ledger verifies."""
    human, other = settle(town), settle(town)
    assert town.faults() == []
    close(town, human)
    rows = town.execute("SELECT chain_id, salt, erased_at FROM exposure_salts JOIN exposure_persons USING (record_id)")
    assert {(row.salt is None, row.erased_at is not None) for row in rows if row.chain_id in human.chains} == {
        (True, True)
    }
    assert {row.salt is None for row in rows if row.chain_id in other.chains} == {False}
    closed = [row.leaf for row in town.execute("SELECT leaf FROM exposure_records WHERE kind = 'closing'")]
    assert len(closed) == 3
    assert all(sum(str(chain).encode() in leaf for leaf in closed) == 1 for chain in human.chains)
    assert town.faults() == []


def test_record_in_two_of_her_chains_is_one_salt(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches go on till no salt is left, also where a record stands in several of her chains."""
    monkeypatch.setattr(closing, "SALTS_AT_ONCE", 2)
    human = settle(town)
    for _ in range(4):
        town.log.append([make_exposure(town.bench.city, *human.chains[:2])])
    close(town, human)
    rows = town.execute("SELECT chain_id, salt FROM exposure_salts JOIN exposure_persons USING (record_id)")
    assert {row.salt for row in rows if row.chain_id in human.chains} == {None}


def test_held_accounts_keep_no_other_from_being_closed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many closings wait under a hold, one that was asked later goes on."""
    monkeypatch.setattr(closing, "AT_ONCE", 1)
    first, second = sorted((town.ask(settle(town)) for _ in range(2)), key=lambda one: one.request_id)
    town.hold(HoldKind.PERSON, first.person_id)
    close_due(town.desk)
    town.clock.advance(GRACE.total_seconds() + 1)
    assert close_due(town.desk) == 1
    assert (town.load(first).state, town.load(second).state) == (RightsName.WAITS, RightsName.DONE)


def test_whoever_returns_has_a_new_account(town: Town) -> None:
    """The same platform user, telephone and number open an account of their own, with new chains; the old one is nobody's."""
    human = settle(town)
    close(town, human)
    number, phone, user, *_ = human.canaries
    bench, at = town.bench, town.clock.now()
    with bench.store.begin(bench.all) as tx:
        assert tx.persons.find_login(PlatformName.WECHAT, "wechat-main", user) is None
        assert tx.persons.find_by_identity(number) is None
        with pytest.raises(NotFound):
            tx.persons.load(human.person_id)
        person = tx.persons.open_person(bench.city, at)
        _, new = tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser(user), at)
        tx.persons.record_phone(person.person_id, phone, at)
        tx.persons.record_identity(person.person_id, "王小明", number, at)
        chains = tx.persons.list_chains(person.person_id)
    assert new
    assert not set(chains) & set(human.chains)


def test_session_is_worth_nothing_at_once(town: Town) -> None:
    """From the first step on every log-in is revoked in the store and its sessions are gone from Redis."""
    human = settle(town)
    town.ask(human)
    close_due(town.desk)
    with town.bench.store.begin(town.bench.all) as tx:
        assert tx.persons.load_login(human.login_id).revoked_at is not None
    assert RedisSessions(town.redis, town.clock).load(human.token) is None


@pytest.mark.parametrize("kind", [HoldKind.PERSON, HoldKind.SERVICE])
def test_hold_stops_it_until_it_is_lifted(town: Town, kind: HoldKind) -> None:
    """Under a hold nothing is taken away and the request says so once; lifted by another person, it goes on."""
    human = settle(town)
    hold_id = town.hold(kind, *([human.person_id] if kind is HoldKind.PERSON else []),
                        service=GAS if kind is HoldKind.SERVICE else None)  # fmt: skip
    asked = town.ask(human)
    before = search(town, human)
    for _ in range(3):
        assert close_due(town.desk) == 0
        town.clock.advance(GRACE.total_seconds())
    assert search(town, human) == before
    waiting = town.load(asked)
    assert [event.name for event in waiting.events][1:] == [RightsName.CUT_OFF, RightsName.WAITS]
    assert waiting.events[-1].data == {"for": "hold"}
    with town.begin_console() as store:
        (hold,) = store.list_holds(5)
        assert not store.lift_hold(hold_id, hold.placed_by, town.clock.now(), "self")
        assert store.lift_hold(hold_id, uuid4(), town.clock.now(), "ended")
        assert not store.lift_hold(hold_id, uuid4(), town.clock.now(), "twice")
    assert close_due(town.desk) == 1


def test_hold_ends_by_its_time_and_is_told_once(town: Town) -> None:
    """What is over holds nothing; the worker names it once."""
    human = settle(town)
    hold_id = town.hold(HoldKind.PERSON, human.person_id)
    town.ask(human)
    close_due(town.desk)
    town.clock.advance(HOLDS_TIME.total_seconds())
    retention = SqlRetention(town.worker.engine, town.ring)
    assert retention.tell_ended(town.clock.now()) == [hold_id]
    assert retention.tell_ended(town.clock.now()) == []
    assert close_due(town.desk) == 1


def test_payment_on_its_way_is_waited_for(town: Town) -> None:
    """An account whose payment is not final is kept till it is."""
    human = settle(town)
    bench, at = town.bench, town.clock.now()
    paid = make_payment(bench, human.person_id, at)
    with bench.store.begin(bench.all) as tx:
        tx.payments.open(paid, make_event(paid, 1, at=at))
    asked = town.ask(human)
    close_due(town.desk)
    assert town.load(asked).events[-1].data == {"for": "payment"}
    town.clock.advance(GRACE.total_seconds() + 1)
    assert close_due(town.desk) == 0
    with bench.store.begin(bench.all) as tx:
        tx.payments.append(paid.agency_id, make_event(paid, 2, PaymentState.CLOSED, at=at))
    assert close_due(town.desk) == 1


@pytest.mark.parametrize("step", ["note", "erase_salts", "erase", "sessions"])
def test_killed_after_each_step_the_next_ends_it(town: Town, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever step is the last that was done, going on from there ends in the same: one closing of each chain, nothing left."""
    human, desk = settle(town), town.desk
    asked = town.ask(human)

    class KilledError(BaseException):
        pass

    owner: Any = RedisSessions if step == "sessions" else SqlClosings
    name = "delete_login" if step == "sessions" else step
    real = getattr(owner, name)

    def die_after(*arguments: Any) -> None:
        real(*arguments)
        raise KilledError

    killed = 0
    for _ in range(6):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, die_after)
            try:
                close_due(desk)
            except KilledError:
                killed += 1
        town.clock.advance(GRACE.total_seconds() + 1)
    assert killed
    close_due(desk)
    town.clock.advance(GRACE.total_seconds() + 1)
    close_due(desk)
    assert town.load(asked).state is RightsName.DONE
    assert search(town, human).keys() <= list_kept()
    assert len(town.execute("SELECT 1 FROM exposure_records WHERE kind = 'closing'")) == 3


def test_two_workers_at_once_close_once(town: Town) -> None:
    """Of two that go on with the same request one does each step."""
    human = settle(town)
    asked = town.ask(human)
    close_due(town.desk)
    town.clock.advance(GRACE.total_seconds() + 1)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            close_due(town.desk)
        except BaseException as error:  # noqa: BLE001 - shown below
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    assert town.load(asked).state is RightsName.DONE
    assert len(town.execute("SELECT 1 FROM exposure_records WHERE kind = 'closing'")) == 3


def test_asked_twice_at_once_is_one_request(town: Town) -> None:
    """Requests of one kind that come at once are the same; another kind is another, and ends with the account."""
    human = settle(town)
    found: list[RightsRequest] = []
    threads = [threading.Thread(target=lambda: found.append(town.ask(human))) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({one.request_id for one in found}) == 1
    correction = town.ask(human, RequestKind.CORRECTION)
    assert correction.request_id != found[0].request_id
    close(town, human)
    assert town.load(correction).state is RightsName.WITHDRAWN
    assert town.execute("SELECT 1 FROM rights_open") == []


def test_household_of_two_stays_for_the_other(town: Town) -> None:
    """A household that somebody else has bound stays, with its chain and salts."""
    human, other = settle(town), settle(town)
    bench, at = town.bench, town.clock.now()
    house = human.canaries[7]
    with bench.store.begin(bench.all) as tx:
        shared = tx.households.bind(bench.gas, GAS, house, "户主", "南街", other.person_id, at)
    close(town, human)
    with bench.store.begin(bench.all) as tx:
        assert shared.household_id in {one.household_id for one in tx.households.list_bound(other.person_id)}


def test_stale_request_does_nothing(town: Town) -> None:
    """A worker that read the request before another ended it changes nothing any more."""
    human = settle(town)
    asked = town.ask(human)
    done = close(town, human)
    with pytest.raises(Exception):  # noqa: B017 - the version is taken
        go_on(town.desk, asked)
    assert town.load(asked) == done
