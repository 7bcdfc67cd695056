"""Closing an account: nothing of its human stays outside what a law keeps, all proofs still hold, and nobody else's account is touched."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import namedtuple_row
from sqlalchemy import LargeBinary

from adapters.redis import RedisSessions, make_redis_client
from adapters.stores.closings import SqlClosings
from adapters.stores.connection import open_engine, scoped
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_verify import verify
from adapters.stores.keyring import Keyring
from adapters.stores.retention_classes import SqlRetention
from adapters.stores.rights import SqlRightsStore
from adapters.stores.rotation import ROW_IDS
from adapters.stores.transaction import SqlStore
from services.closing import GRACE, ClosingDesk, close_due, go_on
from services.errors import NotFound
from services.model import PaymentState, PlatformName, PlatformUser, Session
from services.retention_rules import read_retention
from services.rights_record import HoldKind, LegalHold, RequestKind, RightsName, RightsRequest
from tests.case_samples import make_draft
from tests.contract.samples import GAS, Bench, make_event, make_payment
from tests.contract.stores import open_sql_bench
from tests.contract.test_ledger import make_exposure
from tests.databases import Database, RedisServers
from tests.fakes import FakeClock
from tests.ledger_tables import EMPTY_LEDGER

ON_ONE_POSTGRES = True
RULES = read_retention(Path("config/retention.yaml"))
HOLDS_TIME = timedelta(days=30)


@dataclass(frozen=True)
class Human:
    """Everything of somebody that the store holds."""

    person_id: UUID
    login_id: UUID
    household_id: UUID
    chains: tuple[UUID, ...]
    canaries: tuple[str, ...]
    token: str


@dataclass
class Town:
    """The store under each role, the ledger, Redis."""

    database: Database
    bench: Bench
    worker: SqlStore
    ring: Keyring
    log: SqlExposureLog
    clock: FakeClock
    redis: Any

    @property
    def desk(self) -> ClosingDesk:
        """What the worker closes with."""
        return ClosingDesk(
            SqlClosings(self.worker.engine, self.ring, self.clock), RedisSessions(self.redis, self.clock), self.clock
        )

    def execute(self, statement: str, *values: Any) -> list[Any]:
        """As the owner."""
        with psycopg.connect(self.database.owner_url, row_factory=namedtuple_row) as owner:
            done = owner.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def ask(self, human: Human, kind: RequestKind = RequestKind.CLOSING) -> RightsRequest:
        """As the web door does."""
        asked = RightsRequest(
            uuid4(), self.bench.city, human.person_id, kind, "web", self.clock.now(), date(2026, 12, 15), {"words": "x"}
        )  # fmt: skip
        with self.bench.store.begin(self.bench.all) as tx:
            return tx.rights.open(asked)

    def load(self, request: RightsRequest) -> RightsRequest:
        """As it stands."""
        with self.bench.store.begin(self.bench.all) as tx:
            found = tx.rights.load(request.request_id)
        assert found is not None
        return found

    def hold(self, kind: HoldKind, *persons: UUID, service: str | None = None) -> UUID:
        """A legal hold of thirty days."""
        hold = LegalHold(
            uuid4(), self.bench.city, kind, service, persons, {"reason": "r", "authority": "a"},
            self.clock.now() + HOLDS_TIME, uuid4(), self.clock.now(),
        )  # fmt: skip
        with self.begin_console() as store:
            store.place_hold(hold)
        return hold.hold_id

    @contextmanager
    def begin_console(self) -> Iterator[SqlRightsStore]:
        """Requests and holds under the console's role."""
        engine = open_engine(self.database.urls["console"])
        try:
            with scoped(engine, self.bench.all) as connection:
                yield SqlRightsStore(connection, self.ring)
        finally:
            engine.dispose()

    def faults(self) -> list[Any]:
        """Of the whole ledger, salts too."""
        return verify(self.database.owner_url, lambda _: None).faults


@pytest.fixture(scope="module")
def made(database: Database, redis_servers: RedisServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Opened once."""
    folder, clock = tmp_path_factory.mktemp("keys"), FakeClock()
    redis = make_redis_client(redis_servers.find("stand_in").url)
    with open_sql_bench(database, folder) as bench:
        ring = Keyring.load(folder / "keyring.json")
        worker = SqlStore(database.urls["worker"], ring, clock)
        log = SqlExposureLog(database.urls["public"], clock)
        yield Town(database, bench, worker, ring, log, clock, redis)
        log.close()
        worker.close()
    redis.close()


@pytest.fixture
def town(made: Town) -> Iterator[Town]:
    """Each test begins without holds, requests and records; the ledger that it leaves verifies."""
    made.execute(f"{EMPTY_LEDGER}, legal_holds, rights_open, rights_events, rights_requests")
    yield made
    assert made.faults() == []


def settle(town: Town, rest: int = 8640) -> Human:
    """Somebody with an account, a household, drafts, a payment, a session, and records of what a platform saw."""
    bench, at, mark = town.bench, town.clock.now(), uuid4().hex[:10]
    number, phone = f"1101011990{uuid4().int % 10**8:08d}", f"139{uuid4().int % 10**8:08d}"
    user, holder, street, words, house = f"o-{mark}", f"户主{mark}", f"南街{mark}号", f"草稿{mark}", f"H{mark}"
    name, file = f"王{mark}", f"照片{mark}.png"
    with bench.store.begin(bench.all) as tx:
        person = tx.persons.open_person(bench.city, at)
        login, _ = tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser(user, f"u-{mark}"), at)
        typed = tx.persons.find_chain(bench.city, number, at)
        tx.persons.record_phone(person.person_id, phone, at)
        tx.persons.record_identity(person.person_id, name, number, at)
        bound = tx.households.bind(bench.gas, GAS, house, holder, street, person.person_id, at)
        draft = make_draft(bench.city, at, person_id=person.person_id, login_id=login.login_id, content={"w": words})
        tx.drafts.save(draft)
    chains = (person.chain_id, typed)
    paid = make_payment(bench, person.person_id, at, login_id=login.login_id, amount_fen=rest)
    with bench.store.begin(bench.all) as tx:
        tx.payments.open(replace(paid, payer_chain_id=chains[0]), make_event(paid, 1, at=at))
        tx.payments.append(paid.agency_id, make_event(paid, 2, PaymentState.WRITTEN_OFF, at=at))
    for chain in chains:
        town.log.append([make_exposure(bench.city, chain), make_exposure(bench.city, chain, uuid4())])
    token = uuid4().hex
    sessions = RedisSessions(town.redis, town.clock)
    sessions.save(token, Session(uuid4(), person.person_id, login.login_id, "wechat-main", PlatformName.WECHAT,
                                 person.assurance, at, at + timedelta(hours=2)))  # fmt: skip
    canaries = (number, phone, user, f"u-{mark}", holder, street, words, house, name, file)
    return Human(
        person.person_id, login.login_id, bound.household_id, (*chains, bound.holder_chain_id), canaries, token
    )


def close(town: Town, human: Human) -> RightsRequest:
    """All of it: asked, cut off, a minute, erased."""
    asked = town.ask(human)
    assert close_due(town.desk) == 0
    town.clock.advance(GRACE.total_seconds() + 1)
    assert close_due(town.desk) == 1
    return town.load(asked)


def search(town: Town, human: Human) -> dict[str, set[str]]:
    """Every table and column in which anything of a human stands: as text, decrypted, or as one of the look-up hashes."""
    hashes = _list_hashes(town, human)
    found: dict[str, set[str]] = {}
    by_name = {table.name: table for table in ROW_IDS}
    names = [row.table_name for row in town.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " AND table_name NOT IN (SELECT inhrelid::regclass::text FROM pg_inherits)"
    )]  # fmt: skip
    for name in names:
        for row in town.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - names of the catalog
            cells = row._asdict()
            for column, value in cells.items():
                text = _read_cell(town, by_name, name, row, column, value)
                if any(one in text for one in (*human.canaries, *map(str, human.chains))) or (
                    isinstance(value, bytes) and value in hashes
                ):
                    found.setdefault(name, set()).add(column)
    return found


def _read_cell(town: Town, by_name: Mapping[str, Any], name: str, row: Any, column: str, value: Any) -> str:
    if isinstance(value, bytes) and name in by_name and column.endswith("_cipher"):
        assert isinstance(by_name[name].c[column].type, LargeBinary)
        plain = town.ring.decrypt(name, column, ROW_IDS[by_name[name]](row), value)
        return plain.decode("utf-8", "replace") + (str(UUID(bytes=plain)) if len(plain) == 16 else "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _list_hashes(town: Town, human: Human) -> set[Any]:
    number, phone, user, _, _, _, _, house, *_ = human.canaries
    wanted = {
        "identity_number": number, "phone": phone, "platform_user": f"wechat|wechat-main|{user}",
        "household_no": f"{GAS}|{house}", "chain": f"person|{human.person_id}", "chain_identity": number,
    }  # fmt: skip
    return {digest for purpose, value in wanted.items() for digest in town.ring.lookup_hashes(purpose, value)}


def list_kept() -> set[str]:
    """Tables of classes that closing does not erase: what a law keeps."""
    return {table for one in RULES.classes if one.on_closing != "erased" for table in one.tables}


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
    keys = [(key, _dump(town.redis, key)) for key in town.redis.keys("*")]
    assert not [key for key, value in keys if any(str(one) in f"{key!r}{value!r}" for one in (
        *human.canaries, human.login_id, human.person_id))]  # fmt: skip
    assert any(str(other.login_id) in f"{key!r}" for key, _ in keys)


def _dump(redis: Any, key: bytes) -> Any:
    kind = redis.type(key)
    return {b"string": redis.get, b"hash": redis.hgetall}.get(kind, lambda one: redis.zrange(one, 0, -1))(key)


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


@pytest.mark.parametrize("step", ["cut_off", "note", "erase_salts", "erase", "sessions"])
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
