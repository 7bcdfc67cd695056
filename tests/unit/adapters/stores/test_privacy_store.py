"""Sums of what platforms saw, and who a breach affects, on PostgreSQL: what is kept is what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner

from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_sums import compare_sums
from adapters.stores.keyring import Keyring
from adapters.stores.sequencer import SqlSequencer
from adapters.stores.transaction import SqlStore
from gateway.cli import main
from services.exposure import Direction, Disclosure, Exposure
from services.model import PlatformName, PlatformUser
from services.privacy_record import BreachAsked, By, HolderKind, Span, SumFilter
from tests.contract.samples import GAS, Bench
from tests.contract.stores import open_sql_bench
from tests.databases import Database
from tests.fakes import FakeClock
from tests.ledger_tables import EMPTY_LEDGER
from tests.sequencer_process import LOG

NIGHT = datetime.fromisoformat("2026-10-31T15:59:30+00:00")
"""Half a minute before November begins in China."""
NUMBER = "110101199003070011"


@dataclass
class Watch:
    """A ledger with a sequencer, a worker that sums up, and the console that reads."""

    database: Database
    bench: Bench
    clock: FakeClock
    log: SqlExposureLog
    sequencer: SqlSequencer
    worker: SqlStore
    console: SqlConsoleStore

    def show(self, *fields: str, **told: object) -> Exposure:
        """Something that a platform is about to see."""
        cells = {
            "agency_id": self.bench.gas, "platform": PlatformName.WECHAT, "account": "wechat-main", "service": GAS,
            "mapping_version": 1, "purpose": "see_bills", "legal_basis": "某法", "budget": {}, "request_id": "r",
            "fields": frozenset(fields),
        } | told  # fmt: skip
        return Exposure(Direction.SHOWN_IN_CLIENT, Disclosure(**cells), b"{}", 200)  # type: ignore[arg-type]

    def sum_up(self) -> None:
        """As the sequencer's and the worker's processes do."""
        self.sequencer.run()
        while self.worker.tally_exposures():
            pass

    def groups(self, by: By, span: Span = Span.DAY, **more: str) -> dict[tuple[str, str], int]:
        """What the console reads of October and November."""
        wanted = SumFilter(date(2026, 10, 1), date(2026, 11, 30), **more)
        with self.console.begin(self.bench.all) as tx:
            return {(key, platform): count for key, platform, count in tx.privacy.read_groups(wanted, span, by)}


@pytest.fixture
def watch(database: Database, tmp_path: Path) -> Iterator[Watch]:
    clock = FakeClock(NIGHT)
    with open_sql_bench(database, tmp_path) as bench:
        ring = Keyring.load(tmp_path / "keyring.json")
        with (
            closing(SqlExposureLog(database.urls["public"], clock)) as log,
            closing(SqlSequencer(database.urls["sequencer"], clock, LOG)) as sequencer,
            closing(SqlStore(database.urls["worker"], ring, clock)) as worker,
            closing(SqlConsoleStore(database.urls["console"], ring, clock)) as console,
        ):
            yield Watch(database, bench, clock, log, sequencer, worker, console)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(EMPTY_LEDGER.encode())
        owner.execute("TRUNCATE exposure_sums, breach_holders, breach_sheets")
        owner.execute("UPDATE exposure_summed SET next_index = 0, summed_at = NULL")


def test_sums_are_what_the_ledger_says(watch: Watch) -> None:
    """Each record counts once by its legal day, each field once a record, whoever counts at once and however often; a month is its days."""
    watch.log.append([watch.show("bill_amount", "payee"), watch.show("payee"), watch.show()])
    watch.sum_up()
    watch.clock.advance(60)
    watch.log.append([watch.show("payee", platform=PlatformName.ALIPAY, account="alipay-main") for _ in range(5)])
    watch.sequencer.run()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: watch.worker.tally_exposures(), range(8)))
    assert list(compare_sums(watch.database.owner_url)) == []
    assert watch.groups(By.SERVICE) == {(GAS, "wechat"): 3, (GAS, "alipay"): 5}
    fields = {("payee", "wechat"): 2, ("bill_amount", "wechat"): 1, ("payee", "alipay"): 5}
    assert watch.groups(By.FIELD) == watch.groups(By.FIELD, Span.MONTH) == fields
    assert watch.groups(By.ACCOUNT, field="bill_amount") == {("wechat-main", "wechat"): 1}
    with watch.console.begin(watch.bench.all) as tx:
        course = tx.privacy.read_course(SumFilter(date(2026, 10, 31), date(2026, 11, 30)), Span.DAY)
        counted, accounts = tx.privacy.read_counted(), tx.privacy.list_accounts()
        told = tx.privacy.read_fields(SumFilter(date(2026, 11, 1), date(2026, 11, 1)), Span.DAY)
    assert course == [(date(2026, 10, 31), "wechat", 3), (date(2026, 11, 1), "alipay", 5)]
    assert counted.at == watch.clock.now()
    assert accounts == [("alipay", "alipay-main"), ("wechat", "wechat-main")]
    assert [(one.field, one.count) for one in told] == [("", 5), ("payee", 5)]


def test_a_record_that_committed_late_is_counted(watch: Watch) -> None:
    """What gets its place after younger ones, because its clock or commit was behind, is in the sums all the same."""
    watch.log.append([watch.show("payee")])
    watch.sum_up()
    watch.clock.advance(-3600)
    watch.log.append([watch.show("payee")])
    watch.clock.advance(7200)
    watch.sum_up()
    assert watch.groups(By.SERVICE) == {(GAS, "wechat"): 2}
    assert list(compare_sums(watch.database.owner_url)) == []


def test_sums_that_were_changed_are_named(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command counts the ledger once more and names every sum that is not what it says."""
    watch.log.append([watch.show("payee")])
    watch.sum_up()
    monkeypatch.setenv("GUITAI_DATABASE_URL", watch.database.owner_url)
    assert CliRunner().invoke(main, ["exposure", "check-sums"]).exit_code == 0
    with psycopg.connect(watch.database.owner_url) as owner:
        owner.execute("UPDATE exposure_sums SET count = 2 WHERE field = 'payee' AND span = 'day'")
        owner.execute("DELETE FROM exposure_sums WHERE field = '' AND span = 'month'")
    done = CliRunner().invoke(main, ["exposure", "check-sums"])
    assert done.exit_code == 1
    assert "payee: 2 kept, 1 in the ledger" in done.stdout
    assert ": 0 kept, 1 in the ledger" in done.stdout


def test_another_agencys_sums_are_not_read(watch: Watch) -> None:
    """Row-level security holds: the water office sees nothing of the gas office."""
    watch.log.append([watch.show("payee")])
    watch.sum_up()
    with watch.console.begin([watch.bench.water]) as tx:
        assert tx.privacy.list_accounts() == []
        assert tx.privacy.find_order("0" * 32) is None
        assert tx.privacy.read_course(SumFilter(date(2026, 10, 1), date(2026, 12, 1)), Span.MONTH) == []


def enrol(watch: Watch, number: str = "") -> tuple[UUID, UUID]:
    """An account with its chain, and a proven number if one is given."""
    with watch.bench.store.begin(watch.bench.all) as tx:
        person = tx.persons.open_person(watch.bench.city, watch.clock.now())
        tx.persons.add_login(
            person, PlatformName.WECHAT, "wechat-main", PlatformUser(f"o-{uuid4()}"), watch.clock.now()
        )
        tx.persons.record_phone(person.person_id, "13800138001", watch.clock.now())
        if number:
            tx.persons.record_identity(person.person_id, "王小明", number, watch.clock.now())
    return person.person_id, person.chain_id


def test_who_is_affected_by_a_breach(watch: Watch) -> None:
    """Accounts by all their chains, households, numbers without an account and erased links are told apart; nobody else is on the list."""
    at = watch.clock.now()
    with watch.bench.store.begin(watch.bench.all) as tx:
        before = tx.persons.find_chain(watch.bench.city, NUMBER, at)
        stranger = tx.persons.find_chain(watch.bench.city, "110101199003070038", at)
    known, own = enrol(watch, NUMBER)
    other, theirs = enrol(watch)
    with watch.bench.store.begin(watch.bench.all) as tx:
        house = tx.households.bind(watch.bench.gas, GAS, "10086001", "李四", "示范路1号", other, at)
    alipay = {"platform": PlatformName.ALIPAY, "account": "alipay-main"}
    watch.log.append([
        watch.show("phone", actor=own), watch.show("real_name", concerned=(before,)), watch.show("payee", actor=uuid4()),
        watch.show("address_masked", concerned=(house.holder_chain_id, stranger)),
        watch.show("payee"), watch.show("phone", actor=theirs, **alipay),
    ])  # fmt: skip
    watch.clock.advance(120)
    watch.log.append([watch.show("phone", actor=theirs)])
    asked = BreachAsked(
        uuid4(), watch.bench.city, watch.bench.all, "wechat", "wechat-main", at - timedelta(seconds=1),
        at + timedelta(seconds=30), uuid4(), watch.clock.now(),
    )  # fmt: skip
    with watch.console.begin(watch.bench.all) as tx:
        tx.privacy.ask_breach(asked)
        assert tx.privacy.load_breach(asked.sheet_id) is not None
    assert watch.worker.look_into_breaches() is True
    assert watch.worker.look_into_breaches() is False
    with watch.console.begin(watch.bench.all) as tx:
        (sheet,) = tx.privacy.list_breaches(5)
        holders = tx.privacy.list_holders(asked.sheet_id, 0, 10)
        assert tx.privacy.list_joined(known) == [known]
    found = sheet.found
    assert found is not None
    assert (found.records, found.unattributed, found.people, found.households, found.numbers, found.erased) == (
        5,
        1,
        1,
        1,
        1,
        1,
    )
    assert found.fields == {"phone": 1, "real_name": 1, "payee": 2, "address_masked": 1}
    by_kind = {one.kind: one for one in holders}
    person, home = by_kind[HolderKind.PERSON], by_kind[HolderKind.HOUSEHOLD]
    assert (person.holder_id, person.fields, person.name, person.phone) == (
        known,
        ("phone", "real_name"),
        "王小明",
        "13800138001",
    )
    assert (home.name, home.address, home.key_no, home.service) == ("李四", "示范路1号", "10086001", GAS)
    with watch.console.begin([watch.bench.water]) as tx:
        assert tx.privacy.list_holders(asked.sheet_id, 0, 10) == []
