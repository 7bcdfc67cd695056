"""A hundred thousand alerts and as many plans: what the sweeper and the first page of the inbox ask is read from an index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event

from adapters.stores.keyring import CiphertextRefused
from adapters.stores.transaction import SqlStore
from services.alert_record import AlertState, Rung
from services.case_ports import CaseTransaction
from tests.contract.case_houses import Houses, open_sql_houses
from tests.contract.test_alert_store import make_plan
from tests.databases import Database

ROWS, DUE = 100_000, 100
NOW = datetime(2026, 11, 2, tzinfo=UTC)
CLERK, SOMEBODY = UUID(int=4711), UUID(int=4712)
OFFICES = """
INSERT INTO agencies (agency_id, slug, parent_id, name)
    SELECT md5('office' || n)::uuid, 'office-' || n, %(city)s, '{}' FROM generate_series(1, 40) n;
"""
FILL = """
INSERT INTO planned_alerts
SELECT md5('office' || 1 + n %% 40)::uuid, md5('case' || n)::uuid, 'promised', 'orange', md5('office' || 1 + n %% 40)::uuid,
    CASE WHEN n <= %(due)s THEN %(now)s - n * interval '1 minute' ELSE %(now)s + n * interval '1 minute' END, 's-' || n %% 50, 'N' || n, NULL
FROM generate_series(1, %(rows)s) n;
INSERT INTO alerts
SELECT agency, lpad(to_hex(n), 32, '0')::uuid, md5('told' || n)::uuid, 'promised', rung, agency, %(now)s - interval '9 days',
    's-' || n %% 50, 'N' || n, CASE WHEN n %% 1000 = 0 THEN %(clerk)s::uuid END, %(now)s - interval '9 days', state,
    CASE WHEN n %% 10 = 0 THEN %(city)s ELSE agency END, 0,
    CASE WHEN state = 'open' THEN %(now)s + (n - 50) * interval '1 minute' END, 1, NULL, NULL,
    CASE WHEN n %% 500 = 0 THEN %(now)s - n * interval '1 minute' END
FROM (
    SELECT n, md5('office' || 1 + n %% 40)::uuid AS agency,
        CASE WHEN n %% 997 = 0 THEN 'fact' WHEN n %% 3 = 0 THEN 'red' ELSE 'orange' END AS rung,
        CASE WHEN n %% 20 = 0 THEN 'open' ELSE 'closed' END AS state
    FROM generate_series(1, %(rows)s) n
) made;
"""


@pytest.fixture(scope="module")
def houses(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores, with forty offices more; a twentieth of the alerts is open, a hundred plans are due."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house")) as made:
        values = {"city": made.city, "rows": ROWS, "due": DUE, "now": NOW, "clerk": CLERK}
        with psycopg.connect(database.owner_url, cursor_factory=psycopg.ClientCursor) as owner:
            owner.execute(OFFICES.encode(), values)
            owner.execute(FILL.encode(), values)
            owner.execute("ANALYZE planned_alerts")
            owner.execute("ANALYZE alerts")
        yield made


@pytest.fixture(scope="module")
def offices(database: Database, houses: Houses) -> list[UUID]:
    """Every agency, as a level that reaches all of them."""
    assert houses.city
    with psycopg.connect(database.owner_url) as owner:
        return [row[0] for row in owner.execute("SELECT agency_id FROM agencies")]


def explain(houses: Houses, offices: list[UUID], ask: Callable[[CaseTransaction], object]) -> list[dict[str, Any]]:
    """The nodes of the plans of every statement of a question on alerts, as they were executed."""
    assert isinstance(houses.worker, SqlStore)
    engine: Engine = houses.worker.engine
    asked: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        if "alert" in statement:
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    with suppress(CiphertextRefused), houses.worker.begin(offices) as tx:  # what was filled in is no ciphertext
        ask(tx)
    event.remove(engine, "before_cursor_execute", note)
    assert asked
    nodes: list[dict[str, Any]] = []
    with engine.begin() as connection:
        scope = {"a": ",".join(str(one) for one in offices)}
        connection.exec_driver_sql("SELECT set_config('guitai.agencies', %(a)s, true)", scope)
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
            found = json.loads(plan) if isinstance(plan, str) else plan
            nodes += _walk(found[0]["Plan"])
    return nodes


def _walk(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(inner for child in node.get("Plans", []) for inner in _walk(child))]


def count_rows(nodes: list[dict[str, Any]]) -> float:
    """How many rows of the two large tables were looked at, those that did not fit among them; no table is read as a whole."""
    mine = [node for node in nodes if node.get("Relation Name") in ("alerts", "planned_alerts")]
    assert [node for node in mine if node["Node Type"] == "Seq Scan"] == []
    looked = [(node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in mine]
    bitmaps = [node["Actual Rows"] for node in nodes if node["Node Type"] == "Bitmap Index Scan"]
    return float(sum(looked) + sum(bitmaps))


FIRST_PAGES: dict[str, dict[str, Any]] = {
    "open": {},
    "closed": {"states": [AlertState.CLOSED]},
    "all states": {"states": list(AlertState)},
    "a page in the middle": {"states": [AlertState.CLOSED], "before": UUID(int=ROWS // 2)},
    "facts": {"states": [AlertState.CLOSED], "rungs": [Rung.FACT]},
    "a service": {"states": list(AlertState), "service": "s-7"},
    "a clerk": {"states": list(AlertState), "staff_id": CLERK},
    "nobody": {"states": list(AlertState), "staff_id": SOMEBODY},
}


@pytest.mark.parametrize("chosen", FIRST_PAGES.values(), ids=FIRST_PAGES)
def test_a_page_of_the_inbox_reads_a_page_of_each_office(
    houses: Houses, offices: list[UUID], chosen: dict[str, Any]
) -> None:
    """Of a hundred thousand alerts at most a page for each office and state is read, whatever is asked for."""
    nodes = explain(houses, offices, lambda tx: tx.alerts.list_inbox(offices, limit=20, **chosen))
    assert count_rows(nodes) <= 20 * len(offices) * len(chosen.get("states", [1])) * 1.1


@pytest.mark.parametrize("states", [[AlertState.OPEN], [AlertState.CLOSED]], ids=["open", "closed"])
def test_a_page_of_one_level_reads_a_page(houses: Houses, offices: list[UUID], states: list[AlertState]) -> None:
    """What lies on the desk of one level: at most a page of each rung."""
    nodes = explain(
        houses, offices, lambda tx: tx.alerts.list_inbox(offices, levels=[houses.city], states=states, limit=20)
    )
    assert count_rows(nodes) <= 20 * len(Rung) * 1.1


def test_a_sweep_reads_what_is_due(houses: Houses, offices: list[UUID]) -> None:
    """A hundred of a hundred thousand plans are due: these are read, and no other."""
    for hold in (False, True):

        def ask(tx: CaseTransaction, hold: bool = hold) -> object:
            return tx.alerts.list_due(NOW, 500, hold=hold)

        assert count_rows(explain(houses, offices, ask)) <= DUE * (3 if hold else 4)


def test_a_batch_of_a_sweep_reads_a_batch(houses: Houses, offices: list[UUID]) -> None:
    """Where very much is due, as after an outage, a batch reads a batch."""
    late = NOW + timedelta(days=365)
    nodes = explain(houses, offices, lambda tx: tx.alerts.list_due(late, 50, hold=True))
    assert count_rows(nodes) <= 50 * 3


def test_what_goes_up_is_found_by_its_moment(houses: Houses, offices: list[UUID]) -> None:
    """Three of five thousand open alerts have waited long enough."""
    nodes = explain(houses, offices, lambda tx: tx.alerts.list_to_escalate(NOW, 500, hold=True))
    assert count_rows(nodes) <= 20


@pytest.mark.parametrize(
    "ask",
    [
        lambda tx: tx.alerts.load(UUID(int=ROWS // 2)),
        lambda tx: tx.alerts.list_of_case(UUID(int=3)),
        lambda tx: tx.alerts.replan(make_plan(UUID(int=1)).case_id, [], NOW),
        lambda tx: tx.alerts.last_sweep(),
    ],
    ids=["alert", "case", "replanning", "sign of life"],
)
def test_one_alert_is_found_without_reading_all(
    houses: Houses, offices: list[UUID], ask: Callable[[CaseTransaction], object]
) -> None:
    """By its id, by its case; planning a case reads that case's plans."""
    assert count_rows(explain(houses, offices, ask)) <= 10


def test_what_waits_for_an_answer_reads_what_waits(houses: Houses, offices: list[UUID]) -> None:
    """A clerk's list of questions at one agency reads the open questions of that agency, not its alerts."""
    nodes = explain(houses, offices, lambda tx: tx.alerts.list_asked(offices[:3], CLERK, 20))
    assert count_rows(nodes) <= 60


def test_planning_reads_no_more_than_the_case(houses: Houses, offices: list[UUID]) -> None:
    """An event plans four alerts among a hundred thousand told ones: each is looked up by its own key."""
    plan = make_plan(offices[0], due_at=NOW + timedelta(days=1))
    four = [
        plan,
        *(make_plan(offices[0], plan.case_id, NOW, clock=clock) for clock in ("statutory", "step:0", "step:1")),
    ]
    assert count_rows(explain(houses, offices, lambda tx: tx.alerts.replan(plan.case_id, four, NOW))) <= 30
