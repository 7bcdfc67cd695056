"""What the pages of statistics give as files: the same figures, the digest with them, an act before them, nobody who is not on the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from services.staffing import StaffMember
from tests.unit.gateway.console.measured import LAST, Measured

PAGES = {
    "/statistics": "statistics.export", "/statistics/people": "statistics.export_people", "/statistics/honours": "statistics.export_honours",
}  # fmt: skip


DAYS = 100 + 273 + 15 + 330
"""Working days of the licence in the second month."""


@pytest.fixture
def office() -> Measured:
    """Two months."""
    return Measured(2)


def take(office: Measured, member: StaffMember, page: str, kind: str, **more: str) -> Any:
    """The answer to the button of a page."""
    asked = {
        "month": str(LAST),
        "agency": "left-office",
        "format": kind,
        "service": office.licensed,
        "span": "3",
        **more,
    }
    reply = office.enter(member).post(f"{page}/export", asked)
    assert reply.status_code == 200
    return reply


def read_table(reply: Any) -> list[list[str]]:
    """The lines of a CSV."""
    return list(csv.reader(io.StringIO(reply.data.decode("utf-8-sig"), newline="")))


def read_book(reply: Any) -> Mapping[str, list[list[Any]]]:
    """The sheets of a workbook."""
    book = load_workbook(io.BytesIO(reply.data))
    for paper in book.worksheets:
        assert {cell.data_type for row in paper.iter_rows() for cell in row} <= {"s", "n", "d", "inlineStr"}
    return {paper.title: [[cell.value for cell in row] for row in paper.iter_rows()] for paper in book.worksheets}


def test_a_table_has_the_figures_of_the_page_and_the_digest(office: Measured) -> None:
    """Each service at each agency with its sums, numbers as numbers; digest, record, command and what is left out below."""
    lines = read_table(take(office, office.head, "/statistics", "csv", only=""))
    end = lines.index([])
    head, rows, notes = lines[0], lines[1:end], dict(lines[end + 1 :])
    closed = head.index("办结 closed")
    assert {(row[0], row[2]): row[closed] for row in rows} == {
        ("left-office", office.licensed): "57", ("left-office", "elder-card"): "30", ("left-office", "company-certificate"): "16",
        ("left-branch", office.licensed): "22",
    }  # fmt: skip
    kept = office.store.tables.counter.months[str(LAST)][0]
    assert notes[f"{LAST} SHA-256"] == kept.digest
    assert "sha256sum" in notes[f"{LAST} 重新计算 recompute"]
    assert "满五份" in notes["不显示的内容 suppressed"]


def test_a_workbook_has_numbers_and_the_course_of_months(office: Measured) -> None:
    """Agencies and services, sums by service, months, notes; whole numbers whole, shares between 0 and 1."""
    book = read_book(take(office, office.head, "/statistics", "xlsx"))
    assert list(book) == ["机构与事项 Agencies", "事项合计 Services", "历月 Months", "说明 Notes"]
    head, *rows = book["事项合计 Services"]
    line = next(row for row in rows if row[0] == office.licensed)
    assert line[head.index("办结 closed")] == 79
    assert line[head.index("超承诺比例 share late")] == pytest.approx(14 / 79, abs=1e-4)
    assert line[head.index("平均用时 mean days")] == pytest.approx(DAYS / 79, abs=1e-4)
    assert [row[0] for row in book["历月 Months"][1:]] == [str(LAST.preceding), str(LAST)]
    assert office.store.tables.counter.months[str(LAST)][0].digest in {row[1] for row in book["说明 Notes"]}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_named_by_month_and_agency(office: Measured, kind: str) -> None:
    """In Chinese for whoever reads RFC 8187, in ASCII for whoever does not."""
    header = take(office, office.head, "/statistics", kind).headers["Content-Disposition"]
    assert unquote(header.split("filename*=UTF-8''")[1]) == f"月度统计-{LAST}-左局.{kind}"
    assert f'filename="statistics-{LAST}-left-office.{kind}"' in header


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("page", PAGES)
def test_a_clerks_file_has_no_colleague(office: Measured, page: str, kind: str) -> None:
    """Exactly who is on their page: themselves, and who was named."""
    reply = take(office, office.ben, page, kind)
    cells = str(read_table(reply) if kind == "csv" else read_book(reply))
    assert "希德" not in cells
    assert "伊芙" not in cells
    assert ("安雅" in cells) == (page == "/statistics/honours")


@pytest.mark.parametrize("page", PAGES)
def test_each_export_is_an_act_that_says_whose_figures_it_has(office: Measured, page: str) -> None:
    """Written before the file is given: month, agency, form, digest; people by id where people stand in it."""
    take(office, office.head, page, "csv")
    act = office.store.books.acts[-1]
    assert (act.act, act.staff_id, act.subject_id) == (PAGES[page], office.head.staff_id, str(LAST))
    assert (act.detail["agency"], act.detail["format"]) == ("left-office", "csv")
    assert act.detail["digest"] == office.store.tables.counter.months[str(LAST)][0].digest
    people = act.detail.get("people", [])
    assert isinstance(people, list)
    wanted = {str(one.staff_id) for one in (office.ann, office.ben, office.cid)} if page != "/statistics" else set()
    assert set(map(str, people)) == wanted


@pytest.mark.parametrize("page", PAGES)
def test_no_file_without_its_act(office: Measured, page: str) -> None:
    """A form that there is not, or none, is not found; nothing is noted and nothing given."""
    browser = office.enter(office.head)
    for kind in ("", "pdf", "XLSX"):
        asked = {"month": str(LAST), "agency": "left-office", "format": kind, "service": office.licensed}
        assert browser.post(f"{page}/export", asked).status_code == 404
    assert browser.get(f"{page}/export").status_code == 405
    assert not [act for act in office.acts if act.startswith("statistics.")]


def test_a_service_of_which_nobody_held_a_case_has_no_file(office: Measured) -> None:
    """Neither for one that is unknown."""
    browser = office.enter(office.head)
    asked = {"month": str(LAST), "agency": "left-office", "format": "csv", "service": "=1+1"}
    assert browser.post("/statistics/people/export", asked).status_code == 404


def test_a_name_that_a_spreadsheet_would_compute_is_text(office: Measured) -> None:
    """A member with the name of a formula is a text in both forms."""
    office.rename(office.cid.staff_id, "=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in {
        row[0] for row in read_table(take(office, office.head, "/statistics/people", "csv")) if row
    }
    office.clock.advance(31)
    book = read_book(take(office, office.head, "/statistics/people", "xlsx"))
    assert "=HYPERLINK(1)" in {row[0] for row in book["人员 People"]}


def test_people_have_intervals_and_what_can_be_said(office: Measured) -> None:
    """Of too few nothing is said: the cells are empty rather than 0."""
    head, *rows = read_book(take(office, office.head, "/statistics/people", "xlsx"))["人员 People"]
    lines = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert lines["希德"]["每件在手工作日 mean days held"] is None
    assert lines["希德"]["比较 standing"].startswith("件数不够")
    ann = lines["安雅"]
    assert ann["区间下限 interval from"] < ann["每件在手工作日 mean days held"] < ann["区间上限 interval to"]
    assert ann["比较 standing"].startswith("少于他人")


def test_a_clerk_learns_that_somebody_was_named_and_not_with_what(office: Measured) -> None:
    """The cases and the pace of whoever was named stand in a keeper's file, in a clerk's only their own cases, no pace beside a single colleague."""
    found = {}
    for member in (office.head, office.ben):
        _, *rows = read_book(take(office, member, "/statistics/honours", "xlsx"))["每月之星 Honours"]
        found[member.staff_id] = {row[0]: row[1:4] for row in rows}
        office.clock.advance(31)
    assert found[office.ben.staff_id]["安雅"] == ["是 yes", None, None]
    assert found[office.ben.staff_id]["贝宁"] == ["否 no", found[office.head.staff_id]["贝宁"][1], None]
    assert found[office.head.staff_id]["贝宁"][2] > 1
    assert found[office.head.staff_id]["安雅"][1] == 55
