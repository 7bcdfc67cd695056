"""A year's notice as a file: read strictly, judged against the calendar that it joins, every fault with its line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from adapters.calendar_seed import load_shipped_calendar
from services.calendar_notices import Notice, adds_nothing, merge_notice, read_notice
from services.calendar_record import NamedDay

CALENDAR = load_shipped_calendar()
NOTICE_2027 = """\
year: 2027
title: 国务院办公厅关于2027年部分节假日安排的通知
number: 国办发明电〔2026〕99号
issued_on: 2026-11-24
holidays:
  - name: 元旦
    rest: [2027-01-01..2027-01-03]
    work: [2026-12-26]
  - name: 春节
    rest: [2027-02-05..2027-02-11]
    work: [2027-01-31, 2027-02-20]
  - name: 清明节
    rest: 2027-04-03..2027-04-05
  - name: 劳动节
    rest: [2027-05-01..2027-05-05]
    work: [2027-04-25, 2027-05-08]
  - name: 端午节
    rest: [2027-06-09]
  - name: 中秋节
    rest: [2027-09-15]
  - name: 国庆节
    rest: [2027-10-01..2027-10-07]
    work: [2027-09-26, 2027-10-09]
"""
"""Made up for tests: no notice for 2027 is out."""


def read(text: str) -> Notice:
    notice, faults = read_notice("n.yaml", text.encode(), CALENDAR)
    assert faults == ()
    assert notice is not None
    return notice


def blame(text: str) -> list[str]:
    """Its faults, each as ``line: place: found``."""
    notice, faults = read_notice("n.yaml", text.encode(), CALENDAR)
    assert notice is None
    assert all(fault.expected for fault in faults)
    return [f"{fault.line}: {fault.path}: {fault.found}" for fault in faults]


def test_a_whole_notice_becomes_the_next_version() -> None:
    """It joins the years before it, and names days of December of the year before."""
    notice = read(NOTICE_2027)
    merged = merge_notice(CALENDAR, notice)
    assert (merged.version, merged.published_until) == (2, date(2027, 12, 31))
    assert merged.is_working(date(2026, 12, 26))
    assert not CALENDAR.is_working(date(2026, 12, 26))
    assert not merged.is_working(date(2027, 2, 8))
    assert merged.is_working(date(2027, 2, 20))
    assert merged.named[date(2026, 2, 14)] == CALENDAR.named[date(2026, 2, 14)]
    source = merged.named[date(2027, 10, 9)].source
    assert source == "国务院办公厅关于2027年部分节假日安排的通知（国办发明电〔2026〕99号，2026-11-24）"


def test_the_same_again_adds_nothing() -> None:
    """A file may be imported twice: the second time it is known already."""
    notice = read(NOTICE_2027)
    assert not adds_nothing(CALENDAR, notice)
    merged = merge_notice(CALENDAR, notice)
    again, faults = read_notice("n.yaml", NOTICE_2027.encode(), merged)
    assert faults == ()
    assert again is not None
    assert adds_nothing(merged, again)


def test_the_form_is_json_too() -> None:
    """The same table in the other spelling gives the same notice."""
    table = {
        "year": 2027, "title": "通知",
        "holidays": [{"name": "元旦", "rest": ["2027-01-01..2027-01-03"], "work": ["2026-12-26"]},
                     {"name": "劳动节", "rest": "2027-05-01"}, {"name": "国庆节", "rest": ["2027-10-01..2027-10-07"]}],
    }  # fmt: skip
    notice = read(json.dumps(table, ensure_ascii=False, indent=1))
    assert notice.named[date(2026, 12, 26)].working
    assert notice.source == "通知"


def test_a_correction_changes_a_published_year_and_says_so() -> None:
    """As the longer Spring Festival of 2020: days that were working days are off, a worked Sunday is not."""
    text = "year: 2026\ntitle: 调整\ncorrects: true\nholidays:\n  - {name: 国庆节, rest: [2026-10-08, 2026-10-10]}\n"
    merged = merge_notice(CALENDAR, read(text))
    assert not merged.is_working(date(2026, 10, 8))
    assert not merged.is_working(date(2026, 10, 10))
    assert merged.published_until == date(2026, 12, 31)
    back = "year: 2026\ntitle: 调整\ncorrects: true\nholidays:\n  - {name: 国庆节, work: [2026-10-07]}\n"
    assert merge_notice(CALENDAR, read(back)).is_working(date(2026, 10, 7))


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (("year: 2027", "year: 2028"), ["1: year: 2028"]),
        (("year: 2027", "year: 2003"), ["1: year: 2003"]),
        (("year: 2027", "year: soon"), ["1: year: soon"]),
        (("year: 2027\n", ""), ["1: year: nothing"]),
        (("year: 2027", "yaer: 2027"), ["1: yaer: an unknown key", "1: year: nothing"]),
        (("title: 国务院办公厅关于2027年部分节假日安排的通知\n", ""), ["1: title: nothing"]),
        (("issued_on: 2026-11-24", "issued_on: today"), ["4: issued_on: today"]),
        (("issued_on: 2026-11-24", "corrects: true"), ["4: corrects: true"]),
        (("issued_on: 2026-11-24", "corrects: maybe"), ["4: corrects: maybe"]),
        (("issued_on: 2026-11-24", "region: CN-65"), ["4: region: CN-65"]),
        (("rest: [2027-01-01..2027-01-03]", "rest: [2027-01-03..2027-01-01]"),
         ["5: holidays: no day off on 2027-01-01", "7: holidays[0].rest[0]: 2027-01-03..2027-01-01"]),
        (("work: [2026-12-26]", "work: [2026-12-32]"), ["8: holidays[0].work[0]: a value that cannot be read"]),
        (("work: [2026-12-26]", "work: [2026-11-28]"), ["8: holidays[0].work[0]: 2026-11-28"]),
        (("work: [2026-12-26]", "work: [2028-01-01]"), ["8: holidays[0].work[0]: 2028-01-01"]),
        (("work: [2026-12-26]", "work: [2026-12-28]"), ["8: holidays[0].work[0]: 2026-12-28, a Monday"]),
        (("work: [2026-12-26]", "work: [2027-01-02]"), ["8: holidays[0].work[0]: 2027-01-02 a second time"]),
        (("work: [2026-12-26]", "work: [true]"), ["8: holidays[0].work[0]: True"]),
        (("work: [2026-12-26]", "works: [2026-12-26]"), ["8: holidays[0].works: an unknown key"]),
        (("  - name: 清明节\n", "  - nam: 清明节\n"), ["12: holidays[2].nam: an unknown key", "12: holidays[2].name: nothing"]),
        (("rest: [2027-06-09]", "rest: []"), ["17: holidays[4]: a holiday without a day"]),
        (("rest: [2027-05-01..2027-05-05]", "rest: [2027-05-02..2027-05-05]"), ["5: holidays: no day off on 2027-05-01"]),
        (("holidays:\n", "holidays: none\nothers:\n"),
         ["5: holidays: none", "5: holidays: no day off on 2027-01-01, 2027-05-01, 2027-10-01, 2027-10-02, 2027-10-03",
          "6: others: an unknown key"]),
        (("year: 2027", "year: 2027\nyear: 2027"), ["2: year: the key a second time"]),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(change: tuple[str, str], faults: list[str]) -> None:
    """Place, what was found, what was expected; all faults of a file at once."""
    found = blame(NOTICE_2027.replace(*change))
    assert [one[: len(wanted)] for one, wanted in zip(found, faults, strict=True)] == faults


@pytest.mark.parametrize("text", ["", "[]", "42", "year: [", "\x00", "&a [*a]", "year: !!python/name:os.system x"])
def test_what_is_no_notice_is_refused_and_never_crashes(text: str) -> None:
    """Whatever is in the file."""
    assert blame(text)


def test_what_an_earlier_notice_says_is_not_changed_by_the_way() -> None:
    """A published year is changed by a correction only, and a new year's notice cannot turn a day of the old year around."""
    assert blame("year: 2026\ntitle: 通知\nholidays:\n  - {name: 国庆节, rest: [2026-10-08]}\n")[0].startswith(
        "1: year: 2026, which is"
    )
    named = {**CALENDAR.named, date(2026, 12, 26): NamedDay(False, "周年", "调休放假的通知")}
    notice, faults = read_notice("n.yaml", NOTICE_2027.encode(), replace(CALENDAR, named=named))
    assert notice is None
    assert len(faults) == 1
    assert str(faults[0]) == (
        "n.yaml:8: holidays[0].work[0]: found 2026-12-26, a day off by 调休放假的通知,"
        " expected no day that an earlier notice names otherwise"
    )
