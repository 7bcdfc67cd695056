"""Attacks on the sweep on a real database: two at once, one that is killed, cases that move meanwhile, hands of other roles."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.connection import StoreFault
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.alert_mail import ask_mail
from services.alert_record import Alert, PlannedAlert, Rung, SweepRun
from services.alert_sweep import SweepDesk, sweep_alerts
from services.case_ports import CaseTransaction
from services.errors import StoreUnavailable
from tests.alert_sweeper_process import make_sweeper
from tests.case_samples import MORNING, make_line
from tests.contract.case_houses import Houses, open_sql_houses
from tests.contract.test_alert_store import make_alert, make_plan
from tests.databases import Database
from tests.fakes import ROOT, FakeClock

HOUR = timedelta(hours=1)


@dataclass
class Site:
    """Stores of the three roles, and a sweeper on the worker's."""

    houses: Houses
    worker: SqlStore
    worker_url: str
    owner_url: str
    keyring: Path
    ids: dict[str, UUID]

    def sweeper(self, **changes: Any) -> SweepDesk:
        """A sweeper of this moment."""
        return replace(make_sweeper(self.worker, self.ids, MORNING), **changes)

    def plan(self, count: int, **changes: Any) -> list[PlannedAlert]:
        """So many cases with an orange that is due."""
        plans = [make_plan(self.houses.gas, due_at=MORNING - number * HOUR, **changes) for number in range(count)]
        with self.houses.public.begin(self.houses.all) as tx:
            for plan in plans:
                tx.alerts.replan(plan.case_id, [plan], MORNING - 99 * HOUR)
        return plans

    def told(self, plans: list[PlannedAlert]) -> list[Alert]:
        """Every alert of these cases."""
        with self.worker.begin(self.houses.all) as tx:
            return [alert for plan in plans for alert in tx.alerts.list_of_case(plan.case_id)]

    def require_once(self, plans: list[PlannedAlert]) -> None:
        """Each was told once, with one first event, as it was planned, and nothing of it is due any more."""
        told = self.told(plans)
        assert [one.planned for one in told] == plans
        assert {one.sent_at for one in told} == {MORNING}
        with self.worker.begin(self.houses.all) as tx:
            files = [tx.alerts.load(one.alert_id) for one in told]
            due = tx.alerts.list_due(MORNING, 10_000, hold=True)
        assert [[event.name for event in file[1]] for file in files if file] == [["told"]] * len(plans)
        assert not {one.case_id for one in due} & {one.case_id for one in plans}


@pytest.fixture(scope="module")
def site(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("keys")
    create_keyring(folder / "ring.json")
    ring = Keyring.load(folder / "ring.json")
    with (
        open_sql_houses(database, folder, ring) as houses,
        closing(SqlStore(database.urls["worker"], ring, FakeClock(MORNING), 8)) as worker,
    ):
        ids = {"city": houses.city, "gas": houses.gas, "water": houses.water}
        yield Site(houses, worker, database.urls["worker"], database.owner_url, folder / "ring.json", ids)


def run_together(*acts: Callable[[], object]) -> list[BaseException]:
    """Run all of these at the same moment; what they raised."""
    gate, raised = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], object]) -> None:
        gate.wait(10)
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_sweepers_side_by_side_tell_everything_once(site: Site) -> None:
    """Four at once share sixty alerts in batches of two: none twice, none missing, and together they count sixty."""
    plans = site.plan(60)
    counted: list[Alert] = []
    sweepers = [site.sweeper() for _ in range(4)]
    assert run_together(*(lambda one=one: sweep_alerts(one, counted.append) for one in sweepers)) == []
    site.require_once(plans)
    mine = [one.planned.case_id for one in counted if one.planned in plans]
    assert len(set(mine)) == len(mine) == 60


def test_the_key_holds_without_the_lock(site: Site) -> None:
    """Two who tell the same at the same moment, both without holding the plan: the database lets one through."""
    for _ in range(10):
        (plan,) = site.plan(1)
        results: list[bool] = []

        def tell(plan: PlannedAlert = plan, results: list[bool] = results) -> None:
            alert, event = make_alert(plan, sent_at=MORNING)
            with site.worker.begin(site.houses.all) as tx:
                results.append(tx.alerts.tell(alert, event))

        assert run_together(tell, tell, tell) == []
        assert sorted(results) == [False, False, True]
        site.require_once([plan])


def test_nobody_can_write_an_alert_twice_by_hand(site: Site) -> None:
    """Not even the database's owner: the constraint is the table's."""
    (plan,) = site.plan(1)
    sweep_alerts(site.sweeper())
    copy = (
        "INSERT INTO alerts SELECT (jsonb_populate_record(a, jsonb_build_object('alert_id', gen_random_uuid()))).*"
        " FROM alerts a WHERE case_id = %s"
    )
    with psycopg.connect(site.owner_url) as owner, pytest.raises(psycopg.errors.UniqueViolation, match="told_once"):
        owner.execute(copy.encode(), (plan.case_id,))


def test_a_sweeper_that_is_killed_leaves_nothing_half_done(site: Site, tmp_path: Path) -> None:
    """SIGKILL inside the second batch: the first stays told, the second was not; the next sweep tells the rest, once."""
    plans, marker = site.plan(6), tmp_path / "marker"
    arguments = [
        site.worker_url,
        str(site.keyring),
        str(marker),
        json.dumps(site.ids, default=str),
        MORNING.isoformat(),
        "3",
    ]
    process = subprocess.Popen([sys.executable, "-m", "tests.alert_sweeper_process", *arguments], cwd=ROOT)
    try:
        until = time.monotonic() + 30
        while not marker.exists():
            assert time.monotonic() < until, "the sweeper did not come so far"
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    assert len(site.told(plans)) == 2
    until = time.monotonic() + 20
    while len(site.told(plans)) < 6:
        assert time.monotonic() < until, "what the dead sweeper held was not freed"
        sweep_alerts(site.sweeper())
    site.require_once(plans)


def test_a_case_that_moves_while_it_is_swept_is_told_or_planned_never_both(site: Site) -> None:
    """Replanning and sweeping in a race, again and again: what was due is told once, what is ahead is planned, nothing is lost."""
    plans = site.plan(30)
    ahead = [replace(plan, rung=Rung.RED, due_at=MORNING + HOUR) for plan in plans]

    def move() -> None:
        for plan, red in zip(plans, ahead, strict=True):
            with site.houses.console.begin(site.houses.all) as tx:
                tx.alerts.replan(plan.case_id, [replace(plan, due_at=MORNING + 5 * HOUR), red], MORNING)

    assert run_together(move, lambda: sweep_alerts(site.sweeper()), lambda: sweep_alerts(site.sweeper())) == []
    sweep_alerts(site.sweeper())
    site.require_once(plans)
    with site.worker.begin(site.houses.all) as tx:
        left = [one for one in tx.alerts.list_due(MORNING + 9 * HOUR, 10_000) if one in ahead]
    assert len(left) == 30


def test_planning_anew_waits_for_the_event_that_is_being_written(site: Site) -> None:
    """Who holds a case for a notice and who writes an event come one after the other, whoever is first."""
    case, event = site.houses.open_case()
    order: list[str] = []
    inside = threading.Event()

    def hold() -> None:
        with site.worker.begin(site.houses.all) as tx:
            tx.alerts.hold(case.case_id)
            inside.set()
            time.sleep(0.5)
            order.append("notice")

    def write() -> None:
        inside.wait(10)
        moved = replace(event, version=2, name="claimed")
        with site.houses.console.begin(site.houses.all) as tx:
            tx.cases.append(case.agency_id, moved, [make_line(case, moved)])
            order.append("event")

    assert run_together(hold, write) == []
    assert order == ["notice", "event"]


def test_a_store_that_is_down_is_caught_up_with(site: Site) -> None:
    """A sweep that fails in the middle keeps what it told; the next one tells the rest with its real moment."""
    plans = site.plan(5)
    left = iter((None, None, StoreUnavailable()))

    def fail(_tx: object, _alert: Alert, _now: object) -> None:
        error = next(left)
        if error is not None:
            raise error

    with pytest.raises(StoreUnavailable):
        sweep_alerts(site.sweeper(also_tell=fail))
    assert len(site.told(plans)) == 2
    sweep_alerts(site.sweeper())
    site.require_once(plans)


def test_mail_is_asked_for_in_the_transaction_that_tells(site: Site) -> None:
    """The worker's own role may do all of it: alert, first event, line of mail, job."""
    (plan,) = site.plan(1)
    sweep_alerts(site.sweeper(also_tell=ask_mail))
    site.require_once([plan])
    with psycopg.connect(site.owner_url) as owner:
        jobs = owner.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail_alert'").fetchone()
    assert jobs == (1,)


def tell(tx: CaseTransaction, plan: PlannedAlert) -> object:
    """An alert by somebody else than the sweeper."""
    return tx.alerts.tell(*make_alert(plan, sent_at=MORNING))


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("public", tell),
        ("console", tell),
        ("public", lambda tx, plan: tx.alerts.list_of_case(plan.case_id)),
        ("public", lambda tx, _: tx.alerts.load(uuid4())),
        ("console", lambda tx, _: tx.alerts.note_sweep(SweepRun(MORNING, MORNING, 0, 0))),
    ],
    ids=[
        "citizens tell",
        "staff tell",
        "citizens read of a case",
        "citizens read an alert",
        "staff say that it was swept",
    ],
)
def test_only_the_worker_tells(site: Site, role: str, act: Callable[[CaseTransaction, PlannedAlert], object]) -> None:
    """The database refuses what is not the role's: staff do not invent alerts, citizens' processes read none."""
    (plan,) = site.plan(1)
    store = site.houses.role(role)

    def attempt() -> None:
        with store.begin(site.houses.all) as tx:
            act(tx, plan)

    with pytest.raises(StoreFault):
        attempt()


@pytest.mark.parametrize("role", ["public", "console", "worker"])
@pytest.mark.parametrize("statement", ["DELETE FROM alerts", "DELETE FROM alert_events", "UPDATE alert_events SET name = 'x'",
                                       "UPDATE alerts SET due_at = sent_at", "UPDATE alerts SET case_id = alert_id"])  # fmt: skip
def test_what_was_told_stands(site: Site, database: Database, role: str, statement: str) -> None:
    """No role of ours can take an alert back, or change what it says."""
    assert site
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_another_agency_s_alerts_are_not_there(site: Site) -> None:
    """Row-level security: a transaction sees and plans for its own agencies alone."""
    plans = site.plan(1)
    sweep_alerts(site.sweeper())
    (alert,) = site.told(plans)
    with site.houses.console.begin([site.houses.water]) as tx:
        assert tx.alerts.load(alert.alert_id) is None
        assert alert not in tx.alerts.list_inbox(site.houses.all)
    foreign = make_plan(site.houses.gas)

    def attempt() -> None:
        with site.houses.public.begin([site.houses.water]) as tx:
            tx.alerts.replan(foreign.case_id, [foreign], MORNING)

    with pytest.raises(StoreFault):
        attempt()
