"""Whoever closes an account: everything that the store, the ledger and Redis hold of somebody, and how it is looked for."""

from __future__ import annotations

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
from adapters.stores.rights import SqlRightsStore
from adapters.stores.rotation import ROW_IDS
from adapters.stores.transaction import SqlStore
from services.closing import GRACE, ClosingDesk, close_due
from services.model import PaymentState, PlatformName, PlatformUser, Session
from services.retention_rules import read_retention
from services.rights_record import HoldKind, LegalHold, RequestKind, RightsRequest
from tests.case_samples import make_draft
from tests.contract.samples import GAS, Bench, make_event, make_payment
from tests.contract.stores import open_sql_bench
from tests.contract.test_ledger import make_exposure
from tests.databases import Database, RedisServers
from tests.fakes import FakeClock
from tests.ledger_tables import EMPTY_LEDGER

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


def dump(redis: Any, key: bytes) -> Any:
    """What lies under a key of Redis."""
    kind = redis.type(key)
    return {b"string": redis.get, b"hash": redis.hgetall}.get(kind, lambda one: redis.zrange(one, 0, -1))(key)
