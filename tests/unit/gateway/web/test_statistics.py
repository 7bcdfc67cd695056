"""The public page of statistics: what is told of closed months, delays of telling to the last one, digests."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.ids import make_id
from services.month_record import ClosedMonth
from services.reading_record import Delay, DelayEvent, DelayState
from tests.case_samples import LICENSING
from tests.web_door import WebDoor

MANY = {"received": 40, "closed": 30, "working_days": 270, "late": 6}
FEW = {"received": 3, "closed": 2, "working_days": 20, "late": 1}


@pytest.fixture
def door() -> WebDoor:
    return WebDoor()


def close_month(door: WebDoor, month: str, **services: Mapping[str, int]) -> None:
    """A closed month with these figures at the trial office, by service with underscores."""
    root, office = door.directory.root_agency(), door.directory.agency_id("demo-office")
    closed = ClosedMonth(root, month, f"{month[5:]}" * 32, uuid4(), {}, {}, datetime(2026, 11, 1, tzinfo=UTC))
    figures = {(office, name.replace("_", "-"), None): numbers for name, numbers in services.items()}
    with door.counter.house.begin([root, office]) as tx:
        assert tx.months.close(closed, figures)


def test_before_the_first_month(door: WebDoor) -> None:
    """Nobody has to sign in, and the page says that no month is closed."""
    shown = door.open_browser().get("/statistics")
    assert (shown.status_code, "还没有已结账的月份" in shown.text) == (200, True)


def test_a_month_with_its_digest(door: WebDoor) -> None:
    """Received, closed, late, mean days, the digest, its record and the command that counts again."""
    close_month(door, "2026-10", **{LICENSING: MANY})
    shown = door.open_browser().get("/statistics").text
    for told in ("<td>40</td>", "<td>30</td>", "<td>6</td>", "<td>9.0</td>", "10" * 32, "stats check"):
        assert told in shown, told
    assert f'href="/efforts/{LICENSING}"' in shown
    assert 'role="img"' in shown


def test_few_are_not_told_and_do_not_follow(door: WebDoor) -> None:
    """Neither is the number of few people shown, nor the one beside it from whose sum it could be subtracted."""
    close_month(door, "2026-10", **{LICENSING: MANY, "gas-bill": FEW})
    browser = door.open_browser()
    rows = read_table(browser.get("/statistics/2026-10/table").data)
    by_service = {row["事项编号 service"]: row for row in rows if row["名称 name"]}
    assert by_service["gas-bill"]["收件 received"] == by_service[LICENSING]["收件 received"] == ""
    office = next(row for row in rows if row["收件 received"])
    assert office["收件 received"] == "43"
    assert "未公布" in browser.get("/statistics").text


def test_only_periods_that_are_over(door: WebDoor) -> None:
    """A quarter is there when its last month is closed; what was never closed, and what is no period, is not there."""
    browser = door.open_browser()
    close_month(door, "2026-10", **{LICENSING: MANY})
    close_month(door, "2026-11", **{LICENSING: MANY})
    assert browser.get("/statistics/2026-Q4").status_code == 404
    close_month(door, "2026-12", **{LICENSING: MANY})
    assert "<td>120</td>" in browser.get("/statistics/2026-Q4").text
    assert "<td>90</td>" in browser.get("/statistics/2026").text
    for period in ("2026-09", "2025", "2026-Q3", "x", "2026-13"):
        assert browser.get(f"/statistics/{period}").status_code == 404
        assert browser.get(f"/statistics/{period}/table").status_code == 404


def test_another_year_is_a_link_away(door: WebDoor) -> None:
    """The page of a year leads to the latest month of each other."""
    for month in ("2026-12", "2027-01"):
        close_month(door, month, **{LICENSING: MANY})
    browser = door.open_browser()
    assert 'href="/statistics/2026-12"' in browser.get("/statistics").text
    assert 'href="/statistics/2027-01"' in browser.get("/statistics/2026-12").text


def test_one_delay_is_told(door: WebDoor) -> None:
    """A delay of telling counts in the month in which it was granted and in force at its end, also if it is the only one."""
    close_month(door, "2026-10", **{LICENSING: MANY})
    root, at = door.directory.root_agency(), datetime(2026, 10, 20, tzinfo=UTC)
    delay = Delay(
        make_id(at), root, uuid4(), "X1", uuid4(), "pipl_35", "演示机关", "文号一", at + timedelta(days=90), uuid4(), at
    )
    with door.counter.house.begin([root]) as tx:
        tx.readings.ask_delay(delay, DelayEvent(delay.delay_id, 1, DelayState.ASKED, at, delay.asked_by, {}))
        tx.readings.append_delay(
            root, DelayEvent(delay.delay_id, 2, DelayState.GRANTED, at + timedelta(days=1), uuid4(), {})
        )
    shown = door.open_browser().get("/statistics").text
    assert '<th scope="row">2026-10</th><td>1</td><td>1</td><td>0</td><td>0</td><td>1</td>' in shown
    assert "演示机关" not in shown


def test_the_page_has_an_allowance(door: WebDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address may look so often and no oftener: the page asks the store."""
    monkeypatch.setattr("gateway.web.statistics.LOOKS_OF_ADDRESS", 2)
    browser = door.open_browser()
    assert [browser.get("/statistics").status_code for _ in range(3)] == [200, 200, 429]


def read_table(content: bytes) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
