"""The public page of the census: yes and no of each agency, indicators with their source, people turned away by the month."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from adapters.ids import make_id
from services.census_record import CensusLine, Finding, Ground, Indicator, IndicatorKind, Occasion, Question
from services.doors import PLATFORMS
from services.model import PlatformName
from tests.web_door import WebDoor

SILENT = Finding(Question.REACHABLE, "back_end", "secret-back-end: no_answer")


@pytest.fixture
def door() -> WebDoor:
    return WebDoor()


def record(door: WebDoor, *found: tuple[UUID, str, tuple[Finding, ...]]) -> None:
    """One run."""
    now = door.counter.clock.now()
    run_id = make_id(now)
    lines = [CensusLine(agency, run_id, name, one, 1, now, what) for agency, name, what in found for one in PLATFORMS]
    with door.counter.house.begin([agency for agency, _, _ in found]) as tx:
        tx.census.record_run(lines)


def test_nobody_has_to_sign_in(door: WebDoor) -> None:
    """Before the first run the page says that there was none."""
    shown = door.open_browser().get("/census")
    assert shown.status_code == 200
    assert "还没有普查记录" in shown.text
    assert "<svg" not in shown.text


def test_scorecards_without_what_was_found(door: WebDoor) -> None:
    """Everybody reads how many hold each question; which back end is silent is the staff's."""
    root, office = door.directory.root_agency(), door.directory.agency_id("demo-office")
    record(door, (root, "gas-bill", (SILENT,)), (office, "labour-dispatch", ()))
    shown = door.open_browser().get("/census").text
    assert "<strong>0%</strong>&nbsp;<small>0/2</small>" in shown
    assert "<strong>100%</strong>&nbsp;<small>2/2</small>" in shown
    assert "secret-back-end" not in shown
    assert 'role="img"' in shown
    assert "数据表" in shown


def test_indicators_with_their_source(door: WebDoor) -> None:
    """The entry in force with its day and source; one that was corrected is not shown."""
    root, now = door.directory.root_agency(), door.counter.clock.now()
    first = Indicator(make_id(now), root, IndicatorKind.FUNDS, 100, date(2026, 1, 1), "预算表甲", None, now)
    second = Indicator(
        make_id(now),
        root,
        IndicatorKind.FUNDS,
        250_000_000,
        date(2026, 1, 1),
        "预算表乙",
        None,
        now,
        first.entry_id,
        "抄错一行",
    )
    with door.counter.house.begin([root]) as tx:
        tx.census.enter_indicator(first)
        tx.census.enter_indicator(second)
    shown = door.open_browser().get("/census").text
    assert "2500000.00 元" in shown
    assert "预算表乙" in shown
    assert "抄错一行" in shown
    assert "预算表甲" not in shown


def test_people_turned_away(door: WebDoor) -> None:
    """How many in which month, and that each may come to the website or the window."""
    root, today = door.directory.root_agency(), door.counter.clock.now().date()
    with door.counter.house.begin([root]) as tx:
        for _ in range(3):
            tx.census.count_turned_away(root, today, PlatformName.ALIPAY, Occasion.PAYMENT, Ground.ACCOUNT)
    shown = door.open_browser().get("/census").text
    assert f"{today:%Y-%m}" in shown
    assert "<td>3</td>" in shown
    assert "服务窗口" in shown


def test_the_page_has_an_allowance(door: WebDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address may look so often and no oftener: the page asks the store."""
    monkeypatch.setattr("gateway.web.census.LOOKS_OF_ADDRESS", 2)
    browser = door.open_browser()
    assert [browser.get("/census").status_code for _ in range(3)] == [200, 200, 429]
