"""The room of statistics for planning: a year of the whole tree without small numbers, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser as Chromium

from services.month_record import Account
from services.months import Month
from services.staffing import Role
from tests.chromium import CHROMIUM, list_complaints, serve
from tests.unit.gateway.console.measured import CARD, Measured
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT
from tests.unit.gateway.console.test_in_browser import Scene, chromium, find_faults

__all__ = ["chromium"]
PICTURES = Path(__file__).resolve().parents[4] / "var" / "statistics"


@pytest.fixture
def office() -> Measured:
    """Twenty-two months: a year that is over and one that runs."""
    return Measured(22)


def test_the_running_year_without_small_numbers(office: Measured) -> None:
    """One closed case of an agency stands neither there nor as what its parent's sum leaves."""
    page = office.enter(office.ann).get("/statistics/planning?by=month").text
    assert "规划统计" in page
    assert "右局" in page
    rows = read_rows(office)
    right = next(row for row in rows if row["名称 name"] == "右局" and row["时段 period"] == "2026-10")
    assert right["办结 closed"] == ""
    city = next(row for row in rows if row["名称 name"] == "市中心" and row["时段 period"] == "2026-10")
    told = [row for row in rows if row["时段 period"] == "2026-10" and row["上级 above"] == "市中心"]
    kept = [row for row in told if row["办结 closed"] == ""]
    assert len(kept) >= 2
    assert int(city["办结 closed"]) - sum(int(row["办结 closed"]) for row in told if row not in kept) >= 10


def test_quarters_and_years_that_are_over(office: Measured) -> None:
    """The year before stands with its sum; of the running one there are three quarters and no year."""
    browser = office.enter(office.head)
    page = browser.get("/statistics/planning?year=2025").text
    assert "全年" in page
    assert "第四季度" in page
    page = browser.get("/statistics/planning?year=2026&by=quarter").text
    assert "全年" not in page
    assert "第三季度" in page
    assert "第四季度" not in page


@pytest.mark.parametrize("depth", ["service", "agency", "district"])
def test_how_far_down_the_table_goes(office: Measured, depth: str) -> None:
    """Down to services, to agencies, or to those that have others below them."""
    page = office.enter(office.top).get(f"/statistics/planning?depth={depth}&count=received").text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert ("经营许可" in table) == (depth == "service")
    assert ("左局" in table, "市中心" in table) == (True, True)


def test_a_workbook_has_a_sheet_for_each_count(office: Measured) -> None:
    """Numbers are numbers, what is withheld is an empty cell, the rule stands in the notes."""
    reply = office.enter(office.head).get("/statistics/planning/file?year=2025&format=xlsx")
    book = load_workbook(io.BytesIO(reply.data))
    assert len(book.sheetnames) == 5
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert heads[4:6] == ["2025", "2025-Q1"]
    assert isinstance(sheet.cell(2, 5).value, int)
    assert any(cell.value is None for row in sheet.iter_rows(min_row=2, min_col=5) for cell in row)
    assert "未公布" in str(book.worksheets[-1].cell(2, 1).value)


@pytest.mark.parametrize("query", ["year=2019", "year=x", "count=x", "by=x", "depth=x"])
def test_what_there_is_not(office: Measured, query: str) -> None:
    """A year without closed months, and what is no choice, are not there."""
    assert office.enter(office.head).get(f"/statistics/planning?{query}").status_code == 404


def test_before_the_first_month() -> None:
    """The page says so, and there is no file."""
    office = Measured(0)
    browser = office.enter(office.head)
    assert "还没有已结账的月份" in browser.get("/statistics/planning").text
    assert browser.get("/statistics/planning/file?format=csv").status_code == 404


def test_who_has_no_such_room(office: Measured) -> None:
    """Whoever administers staff has nothing to plan here."""
    assert office.enter(office.hire(LEFT, Role.ADMINISTRATOR)).get("/statistics/planning").status_code == 403


def test_a_service_of_the_town_stays_dark_with_its_neighbour(office: Measured) -> None:
    """A month in which an office closed three cases: the branch beside it is kept back, and the sum of both is told."""
    figures: dict[Account, dict[str, int]] = {
        (LEFT, CARD, None): {"closed": 40}, (CHILD, CARD, None): {"closed": 3}, (RIGHT, CARD, None): {"closed": 30},
    }  # fmt: skip
    office.close(Month(2026, 11), figures)
    rows = {
        (row["名称 name"], row["上级 above"]): row["办结 closed"]
        for row in read_rows(office)
        if row["时段 period"] == "2026-11" and not row["事项编号 service"]
    }
    assert rows["市中心", ""] == "73"
    assert rows["左局", "市中心"] == "43"
    assert rows["left-branch", "左局"] == ""


def read_rows(office: Measured) -> list[dict[str, str]]:
    """The table of the latest year."""
    body = office.enter(office.head).get("/statistics/planning/file?format=csv").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


@pytest.fixture
def shown(chromium: Chromium, office: Measured) -> Iterator[Scene]:
    """The office at an address."""
    with serve(office.app) as url:
        scene = Scene(office, url, chromium)
        yield scene
        assert not list_complaints(scene.said)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
@pytest.mark.parametrize("width", [1200, 420])
def test_the_page_has_no_serious_fault(shown: Scene, office: Measured, width: int) -> None:
    """Wide and narrow: nothing for axe, nothing wider than the window; a picture of each."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = shown.page(width=width)
    shown.enter(page, office.head)
    found = []
    for name, query in {
        "planning": "year=2025",
        "planning-months": "year=2026&count=days&by=month&depth=agency",
    }.items():
        found += find_faults(page, f"{shown.url}/statistics/planning?{query}")
        page.screenshot(path=str(PICTURES / f"{name}-{width}.png"), full_page=True)
    assert found == []
