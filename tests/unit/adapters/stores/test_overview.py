"""The console's counts, taken by its own role, which may read but not change what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.overview import PAYMENTS, SqlOverview
from adapters.stores.transaction import SqlStore
from gateway.console.overview import NEEDS_A_LOOK
from services.errors import VersionTaken
from services.exposure import Direction, Disclosure, Exposure
from services.model import PaymentState, PlatformName
from services.till import business_day
from tests.contract.samples import GAS, NOW, Bench, make_event, make_payment
from tests.contract.stores import open_sql_bench
from tests.databases import Database
from tests.fakes import FakeClock


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    with open_sql_bench(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def overview(database: Database, bench: Bench) -> Iterator[SqlOverview]:
    with closing(SqlOverview(database.urls["console"], lambda: bench.all)) as opened:
        yield opened


SINCE = NOW - timedelta(days=30)
COUNTED = """
SELECT p.service, e.state, count(*), sum(p.amount_fen)::bigint FROM payments p CROSS JOIN LATERAL (
    SELECT state FROM payment_events e WHERE e.agency_id = p.agency_id AND e.payment_id = p.payment_id ORDER BY version DESC LIMIT 1
) e WHERE p.service LIKE 'walked-%' GROUP BY p.service, e.state ORDER BY p.service, e.state
"""


def write_payment(bench: Bench, state: PaymentState, service: str, at: datetime = NOW) -> None:
    payment = make_payment(bench, at=at, service=service, business_on=business_day(at))
    with bench.store.begin(bench.all) as tx:
        tx.payments.open(payment, make_event(payment, 1))
        tx.payments.append(bench.gas, make_event(payment, 2, state))


def show(bench: Bench, *fields: str) -> Exposure:
    told = Disclosure(
        bench.gas, PlatformName.WECHAT, "wechat-main", GAS, 1, "see_bills", "某法", {}, "r", fields=frozenset(fields)
    )  # fmt: skip
    return Exposure(Direction.SHOWN_IN_CLIENT, told, b"{}", 200)


def test_payments_are_counted_in_their_last_state(overview: SqlOverview, bench: Bench) -> None:
    """Each payment counts once, where it is now, with its amount."""
    for state in (PaymentState.AWAITING_PAYMENT, PaymentState.CLOSED, PaymentState.CLOSED):
        write_payment(bench, state, "counted")
    found = [row for row in overview.count_payments(SINCE) if row[0] == "counted"]
    assert found == [("counted", "awaiting_payment", 1, 8640), ("counted", "closed", 2, 17280)]


def test_old_payments_are_counted_while_they_need_a_look(overview: SqlOverview, bench: Bench) -> None:
    """Before the span only what a person must look at still counts; what was in question once and is settled does not."""
    for state in PaymentState:
        write_payment(bench, state, "old", SINCE - timedelta(seconds=1))
    before = SINCE - timedelta(days=1)
    settled = make_payment(bench, at=before, service="old", business_on=business_day(before))
    with bench.store.begin(bench.all) as tx:
        tx.payments.open(settled, make_event(settled, 1))
        tx.payments.append(bench.gas, make_event(settled, 2, PaymentState.WRITE_OFF_UNKNOWN))
        tx.payments.append(bench.gas, make_event(settled, 3, PaymentState.WRITTEN_OFF))
    found = [row for row in overview.count_payments(SINCE) if row[0] == "old"]
    assert found == [("old", str(state), 1, 8640) for state in sorted(NEEDS_A_LOOK)]


def test_counting_reads_no_payment(database: Database, overview: SqlOverview, bench: Bench) -> None:
    """The plan knows sums by day and state and nothing of payments and their events."""
    with psycopg.connect(database.urls["console"]) as console:
        console.execute("SELECT set_config('guitai.agencies', %s, true)", [str(bench.gas)])
        query = "EXPLAIN " + PAYMENTS.text.replace(":day", "%(day)s")
        plan = "\n".join(row[0] for row in console.execute(query.encode(), {"day": SINCE.date()}))
    assert "payment_sums" in plan
    assert " on payments" not in plan
    assert " on payment_events" not in plan


def test_sums_are_what_a_count_of_everything_gives(database: Database, overview: SqlOverview, bench: Bench) -> None:
    """However many moves were added up meanwhile by whom, each payment is counted once in the state of its last event; next to none wait."""
    walk = (PaymentState.AWAITING_PAYMENT, PaymentState.PAID, PaymentState.PAID, PaymentState.WRITTEN_OFF)

    def pay(number: int) -> None:
        payment = make_payment(bench, at=NOW, service=f"walked-{number % 3}")
        with bench.store.begin(bench.all) as tx:
            tx.payments.open(payment, make_event(payment, 1))
        for version, state in enumerate(walk[: number % 5], 2):
            with bench.store.begin(bench.all) as tx:
                tx.payments.append(bench.gas, make_event(payment, version, state))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pay, range(120)))
    with psycopg.connect(database.owner_url) as owner:
        counted = owner.execute(COUNTED).fetchall()
        waiting = owner.execute("SELECT count(*) FROM payment_moves").fetchone()
    assert [row for row in overview.count_payments(SINCE) if row[0].startswith("walked-")] == counted
    assert waiting is not None
    assert waiting[0] <= 130


def test_a_payment_that_was_not_kept_is_not_counted(overview: SqlOverview, bench: Bench) -> None:
    """What a transaction takes back was never counted."""
    payment = make_payment(bench, at=NOW, service="taken-back")

    def open_twice() -> None:
        with bench.store.begin(bench.all) as tx:
            tx.payments.open(payment, make_event(payment, 1))
            tx.payments.open(payment, make_event(payment, 1))

    with pytest.raises(VersionTaken):
        open_twice()
    assert [row for row in overview.count_payments(SINCE) if row[0] == "taken-back"] == []


def test_another_offices_payments_are_not_counted(database: Database, bench: Bench) -> None:
    """Row-level security holds for the console too."""
    write_payment(bench, PaymentState.CLOSED, "of-the-gas-office")
    with closing(SqlOverview(database.urls["console"], lambda: (bench.water,))) as opened:
        assert opened.count_payments(SINCE) == []


def test_exposures_are_counted_by_field_since_a_moment(database: Database, overview: SqlOverview, bench: Bench) -> None:
    """A field counts once a record; older records do not count."""
    clock = FakeClock(NOW)
    with closing(SqlExposureLog(database.urls["public"], clock)) as log:
        log.append([show(bench, "bill_amount", "payee")])
        clock.advance(3600)
        log.append([show(bench, "payee")])
    assert overview.count_exposures(NOW - timedelta(seconds=1)) == [
        ("wechat", "shown_in_client", "bill_amount", 1),
        ("wechat", "shown_in_client", "payee", 2),
    ]
    assert overview.count_exposures(NOW + timedelta(seconds=1)) == [("wechat", "shown_in_client", "payee", 1)]


def forget_counts(database: Database) -> None:
    """As if nobody had counted yet: each test has its own time, long before the others'."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM exposure_counts")
        owner.execute("UPDATE exposure_tallies SET next_id = '00000000-0000-0000-0000-000000000000'")


def tally(clock: FakeClock, database: Database) -> int:
    """As the worker's duty does; how many steps it took."""
    steps = 1
    with closing(SqlStore(database.urls["worker"], cast("Any", None), clock)) as worker:
        while worker.tally_exposures():
            steps += 1
    return steps


def test_sums_of_exposures_are_what_a_count_of_all_gives(
    database: Database, overview: SqlOverview, bench: Bench
) -> None:
    """Whenever the worker counted, late or twice, each record counts once, also one of the last seconds; the ledger is not changed."""
    forget_counts(database)
    clock, seen = FakeClock(NOW - timedelta(days=100)), list[tuple[datetime, str]]()
    with closing(SqlExposureLog(database.urls["public"], clock)) as log:
        for number, pause in enumerate((20, 50, 3_000, 700, 5, 9_000, 61, 1, 40_000, 30)):
            clock.advance(pause)
            fields = ("tallied", "tallied_too")[: 1 + number % 2]
            log.append([show(bench, *fields)])
            seen += [(clock.now(), field) for field in fields]
            if number in {1, 2, 5, 8}:
                tally(clock, database)
                tally(clock, database)
            for hours in (1, 24):
                told = overview.count_exposures(clock.now() - timedelta(hours=hours))
                counted = {name: count for _, _, name, count in told if name.startswith("tallied")}
                assert counted == count_since(seen, clock.now() - timedelta(hours=hours), counted)


def count_since(seen: list[tuple[datetime, str]], since: datetime, counted: dict[str, int]) -> dict[str, int]:
    """What may be told: exactly since then, or since the beginning of that hour."""
    exact, whole = (
        {name: number for name in ("tallied", "tallied_too") if (number := sum(at >= first and one == name for at, one in seen))}
        for first in (since, since.replace(minute=0, second=0, microsecond=0))
    )  # fmt: skip
    return whole if counted == whole else exact


def test_two_who_count_exposures_at_once_count_them_once(
    database: Database, overview: SqlOverview, bench: Bench
) -> None:
    """The place up to which was counted is locked; many hours are counted step by step, and old sums go."""
    forget_counts(database)
    clock = FakeClock(NOW - timedelta(days=200))
    with closing(SqlExposureLog(database.urls["public"], clock)) as log:
        log.append([show(bench, "counted_once") for _ in range(7)])
    clock.advance(20 * 3600)
    with ThreadPoolExecutor(4) as pool:
        steps = list(pool.map(lambda _: tally(clock, database), range(4)))
    assert sum(steps) > 20
    found = overview.count_exposures(clock.now() - timedelta(days=1))
    assert [count for _, _, name, count in found if name == "counted_once"] == [7]
    clock.advance(4 * 24 * 3600)
    tally(clock, database)
    with psycopg.connect(database.owner_url) as owner:
        kept = owner.execute("SELECT count(*) FROM exposure_counts").fetchone()
    assert kept == (0,)
