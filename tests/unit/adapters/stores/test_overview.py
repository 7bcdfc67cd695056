"""The console's counts, taken by its own role, which may read but not change what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.overview import PAYMENTS, SqlOverview
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
