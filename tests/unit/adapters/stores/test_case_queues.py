"""A desk with a hundred thousand lines: its pages come from an index, and so does everything that looks for a case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event

from adapters.stores.keyring import CiphertextRefused
from adapters.stores.transaction import SqlStore
from services.case_ports import CaseTransaction
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database

LINES = 100_000
FILL = """
INSERT INTO cases
SELECT %(agency)s, md5('case' || n)::uuid, 's-' || n %% 7, 1, 'N' || n, 'web', 'web', md5('p' || n %% 5000)::uuid, NULL, NULL,
    NULL, NULL, 'window', now() - n * interval '1 minute', '2026-11-02', '2026-11-02', decode(md5('n' || n %% 9000), 'hex'),
    decode(md5('i' || n %% 9000), 'hex'), '\\x', NULL, '\\x', NULL, NULL
FROM generate_series(1, %(lines)s) n;
INSERT INTO desk_lines
SELECT agency_id, case_id, agency_id, service, case_no, 'received', 1, 'clerk', -1, due, coalesce(due, '9999-12-31'), '', false,
    CASE WHEN n %% 500 = 0 THEN %(clerk)s::uuid END, received_at, received_at, n %% 2 = 0, name_hash, number_hash
FROM (
    SELECT *, substr(case_no, 2)::int AS n,
        CASE WHEN substr(case_no, 2)::int %% 10 <> 0 THEN '2026-11-03'::date + substr(case_no, 2)::int %% 90 END AS due
    FROM cases WHERE agency_id = %(agency)s
) made;
"""
CLERK = UUID(int=4711)


@pytest.fixture(scope="module")
def houses(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores, with very many lines at ``gas``, half of them closed."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house")) as made:
        with psycopg.connect(database.owner_url, cursor_factory=psycopg.ClientCursor) as owner:
            owner.execute(FILL.encode(), {"agency": made.gas, "lines": LINES, "clerk": CLERK})
            owner.execute("ANALYZE cases")
            owner.execute("ANALYZE desk_lines")
        yield made


def explain(houses: Houses, ask: Callable[[CaseTransaction], object]) -> list[dict[str, Any]]:
    """The nodes of the plans of every query of a question, as they were executed."""
    assert isinstance(houses.worker, SqlStore)
    engine: Engine = houses.worker.engine
    asked: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        if statement.startswith(("SELECT cases", "SELECT part", "SELECT desk_lines")):
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    with suppress(CiphertextRefused), houses.worker.begin([houses.gas]) as tx:  # what was filled in is no ciphertext
        ask(tx)
    event.remove(engine, "before_cursor_execute", note)
    assert asked
    nodes: list[dict[str, Any]] = []
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT set_config('guitai.agencies', %(a)s, true)", {"a": str(houses.gas)})
        for statement, values in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
            found = json.loads(plan) if isinstance(plan, str) else plan
            nodes += _walk(found[0]["Plan"])
    return nodes


def _walk(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(inner for child in node.get("Plans", []) for inner in _walk(child))]


def count_rows(nodes: list[dict[str, Any]], table: str) -> int:
    """How many rows of a table were looked at, those that did not fit among them."""
    mine = [node for node in nodes if node.get("Relation Name") == table]
    return int(
        sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in mine)
    )


MIDDLE = (date(2026, 12, 15), UUID(int=0))


@pytest.mark.parametrize(
    "chosen",
    [{}, {"after": MIDDLE}, {"closed": True}, {"waits_for": ["clerk"], "unclaimed": True}, {"claimed_by": CLERK}],
    ids=["first page", "a page in the middle", "closed", "narrowed", "in hand"],
)
def test_a_page_of_a_large_desk_reads_a_page(houses: Houses, chosen: dict[str, Any]) -> None:
    """Of a hundred thousand lines about as many are read as are shown, in the order of an index: nothing is sorted as a whole."""
    nodes = explain(houses, lambda tx: tx.cases.list_desk([houses.gas], limit=50, **chosen))
    indexes = {node["Index Name"] for node in nodes if "Index Name" in node}
    assert indexes & {"desk_lines_by_urgency", "desk_lines_in_hand"}
    assert all(node["Node Type"] != "Seq Scan" for node in nodes if node.get("Relation Name") == "desk_lines")
    assert count_rows(nodes, "desk_lines") <= 120


@pytest.mark.parametrize(
    "ask",
    [
        lambda tx: tx.cases.find_by_name([UUID(int=1)], "王秀英", 50),
        lambda tx: tx.cases.find_by_number_of([UUID(int=1)], "110101196001010010", 50),
        lambda tx: tx.cases.list_of_numbers(["110101196001010010"], 50),
        lambda tx: tx.cases.list_of_persons([UUID(int=1)], [UUID(int=2)], 50, None),
        lambda tx: tx.cases.find_by_number("N77"),
        lambda tx: tx.cases.load(UUID(int=3)),
        lambda tx: tx.cases.load_lines(UUID(int=3)),
        lambda tx: tx.cases.list_open(None, 50),
    ],
    ids=["name", "number", "numbers", "persons", "case number", "case", "lines", "open"],
)
def test_a_case_is_found_without_reading_all(houses: Houses, ask: Callable[[CaseTransaction], object]) -> None:
    """Each way to look for a case reads a few rows of the hundred thousand."""
    nodes = explain(houses, ask)
    assert count_rows(nodes, "cases") + count_rows(nodes, "desk_lines") <= 400
