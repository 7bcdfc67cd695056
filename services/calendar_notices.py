"""A year's notice on holidays as a file: read strictly, judged against the calendar it joins, merged into its next version.

The form stands in ``docs/clocks.md``. Pure: whoever calls reads the file and writes the version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from config.strict_yaml import Document, Fault, nearest_name, read_document
from services.calendar_record import Calendar, NamedDay
from services.model import JsonValue

KEYS = ("year", "region", "title", "number", "issued_on", "corrects", "holidays")
REQUIRED = ("year", "title", "holidays")
HOLIDAY_KEYS = ("name", "rest", "work")
RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
LONGEST_RANGE = 31
LONGEST_TITLE = 100
LONGEST_NAME = 40
FIXED_HOLIDAYS = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))
"""New Year, Labour Day, National Day: off in every year by the Regulation on Public Holidays (全国年节及纪念日放假办法) art. 2."""
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says. ``corrects``: it changes a year that is published already, and says so."""

    year: int
    region: str
    source: str
    corrects: bool
    named: Mapping[date, NamedDay]


@dataclass(slots=True)
class _Reader:
    """A notice being read: its document, its faults so far, and where each day was named."""

    document: Document
    faults: list[Fault]
    named: dict[date, NamedDay]
    places: dict[date, str]

    def blame(self, path: str, found: str, expected: str, nearest: str = "") -> None:
        self.faults.append(self.document.fault(path, found, expected, nearest))


def read_notice(file: str, content: bytes, calendar: Calendar) -> tuple[Notice | None, tuple[Fault, ...]]:
    """The notice of a YAML or JSON file, or all that is wrong with it. ``calendar`` is the one that it would join."""
    document = read_document(file, content)
    if document.faults:
        return None, document.faults
    reader = _Reader(document, [], {}, {})
    top = document.value
    if not isinstance(top, dict):
        reader.blame("", _describe(top), "a table with year, title and holidays")
        return None, tuple(reader.faults)
    _check_keys(reader, top, "", KEYS, REQUIRED)
    year, region = _read_year(reader, top, calendar), _read_text(reader, top, "region", calendar.region, 20)
    source, corrects = _read_source(reader, top), _read_flag(reader, top, "corrects")
    if year is not None:
        _read_holidays(reader, top.get("holidays"), source, year)
        _check_year(reader, year, corrects, calendar)
        _check_days(reader, corrects, calendar)
    if region != calendar.region:
        reader.blame("region", region, f"{calendar.region}, the region of the calendar that it joins")
    if reader.faults or year is None:
        return None, tuple(sorted(reader.faults, key=lambda fault: fault.line))
    return Notice(year, region, source, corrects, dict(sorted(reader.named.items()))), ()


def merge_notice(calendar: Calendar, notice: Notice) -> Calendar:
    """The next version of a calendar: one table over all years, never one year alone."""
    last = max(calendar.published_until, date(notice.year, 12, 31))
    return replace(
        calendar, version=calendar.version + 1, named={**calendar.named, **notice.named}, published_until=last
    )


def adds_nothing(calendar: Calendar, notice: Notice) -> bool:
    """Whether the calendar says all of this already: the file was imported before."""
    known = all(calendar.named.get(on) == day for on, day in notice.named.items())
    return known and date(notice.year, 12, 31) <= calendar.published_until


def _check_keys(
    reader: _Reader, table: Mapping[str, JsonValue], path: str, keys: tuple[str, ...], required: tuple[str, ...]
) -> None:
    inner = f"{path}." if path else ""
    for key in table:
        if key not in keys:
            reader.blame(f"{inner}{key}", "an unknown key", f"one of {', '.join(keys)}", nearest_name(key, keys))
    for key in required:
        if key not in table:
            reader.blame(f"{inner}{key}" if path else key, "nothing", f"{key}, which is required")


def _read_year(reader: _Reader, top: Mapping[str, JsonValue], calendar: Calendar) -> int | None:
    year, latest = top.get("year"), calendar.published_until.year + 1
    if "year" not in top:
        return None
    if isinstance(year, bool) or not isinstance(year, int):
        reader.blame("year", _describe(year), "a year, as 2027")
        return None
    if not calendar.published_from.year <= year <= latest:
        reader.blame(
            "year",
            str(year),
            f"{calendar.published_from.year} to {latest}: years join one after another, without a gap",
        )
        return None
    return year


def _read_source(reader: _Reader, top: Mapping[str, JsonValue]) -> str:
    title = _read_text(reader, top, "title", "", LONGEST_TITLE)
    number = _read_text(reader, top, "number", "", LONGEST_TITLE)
    issued = top.get("issued_on")
    if issued is not None and _read_date(issued) is None:
        reader.blame("issued_on", _describe(issued), "a day, as 2026-11-04")
    details = "，".join(str(part) for part in (number, issued) if part)
    return f"{title}（{details}）" if details else title


def _read_text(reader: _Reader, table: Mapping[str, JsonValue], key: str, default: str, longest: int) -> str:
    text = table.get(key, default)
    if key not in table:
        return default
    if not isinstance(text, str) or not text.strip() or len(text) > longest or not text.isprintable():
        reader.blame(key, _describe(text), f"a text of one line, up to {longest} characters")
        return default
    return text.strip()


def _read_flag(reader: _Reader, top: Mapping[str, JsonValue], key: str) -> bool:
    flag = top.get(key, False)
    if not isinstance(flag, bool):
        reader.blame(key, _describe(flag), "true or false")
        return False
    return flag


def _read_holidays(reader: _Reader, holidays: JsonValue, source: str, year: int) -> None:
    if not isinstance(holidays, list) or not holidays:
        reader.blame("holidays", _describe(holidays), "a list of holidays, each with name, rest and perhaps work")
        return
    for index, holiday in enumerate(holidays):
        path = f"holidays[{index}]"
        if not isinstance(holiday, dict):
            reader.blame(path, _describe(holiday), "a table with name, rest and perhaps work")
            continue
        _check_keys(reader, holiday, path, HOLIDAY_KEYS, ("name",))
        name = holiday.get("name")
        if "name" in holiday and not (isinstance(name, str) and 0 < len(name.strip()) <= LONGEST_NAME):
            reader.blame(f"{path}.name", _describe(name), f"the holiday's name, up to {LONGEST_NAME} characters")
        if not holiday.get("rest") and not holiday.get("work"):
            reader.blame(path, "a holiday without a day", "days under rest, or under work")
        for key in ("rest", "work"):
            _read_days(reader, holiday.get(key), f"{path}.{key}", NamedDay(key == "work", str(name), source), year)


def _read_days(reader: _Reader, days: JsonValue, path: str, day: NamedDay, year: int) -> None:
    if days is None:
        return
    listed = days if isinstance(days, list) else [days]
    for index, entry in enumerate(listed):
        place = f"{path}[{index}]" if isinstance(days, list) else path
        span = _read_span(entry)
        if span is None:
            reader.blame(
                place, _describe(entry), f"a day (2027-01-01) or days (2027-01-01..2027-01-03, at most {LONGEST_RANGE})"
            )
            continue
        for on in span:
            if not date(year - 1, 12, 1) <= on <= date(year, 12, 31):
                reader.blame(place, str(on), f"a day of {year}, or of December {year - 1}")
                break
            if on in reader.named:
                reader.blame(place, f"{on} a second time", f"each day once; it stands in {reader.places[on]} already")
                break
            reader.named[on], reader.places[on] = day, place


def _read_span(entry: JsonValue) -> tuple[date, ...] | None:
    """The days of ``2027-01-01`` or ``2027-01-01..2027-01-03``; None for anything else."""
    matched = RANGE.fullmatch(entry) if isinstance(entry, str) else None
    first, last = (_read_date(matched[1]), _read_date(matched[2])) if matched else (_read_date(entry),) * 2
    if first is None or last is None or not 0 <= (last - first).days < LONGEST_RANGE:
        return None
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


def _read_date(value: object) -> date | None:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2027-01-01") else None
    except ValueError:
        return None


def _check_year(reader: _Reader, year: int, corrects: bool, calendar: Calendar) -> None:
    known = year <= calendar.published_until.year
    if known and not corrects:
        known_already = all(calendar.named.get(on) == day for on, day in reader.named.items())
        if not known_already:
            reader.blame(
                "year",
                f"{year}, which is published already",
                "corrects: true in a notice that changes a published year",
            )
    if corrects and not known:
        reader.blame("corrects", "true", f"false: nothing of {year} is published yet")
    if known or calendar.region != "CN":
        return
    missing = [on for on in _list_fixed(year) if on not in reader.named or reader.named[on].working]
    if missing:
        listed = ", ".join(str(on) for on in missing)
        reader.blame(
            "holidays", f"no day off on {listed}", "the whole year's notice: these days are off by law in every year"
        )


def _list_fixed(year: int) -> Iterator[date]:
    return (date(year, month, day) for month, day in FIXED_HOLIDAYS)


def _check_days(reader: _Reader, corrects: bool, calendar: Calendar) -> None:
    """A make-up day falls on a weekend; what an earlier notice says otherwise is changed only by a correction."""
    for on, day in reader.named.items():
        known = calendar.named.get(on)
        if known is not None and known.working != day.working and not corrects:
            says = "a working day" if known.working else "a day off"
            reader.blame(
                reader.places[on], f"{on}, {says} by {known.source}", "no day that an earlier notice names otherwise"
            )
        elif day.working and on.weekday() < SATURDAY and (known is None or known.working):
            reader.blame(
                reader.places[on], f"{on}, a {on:%A}", "a Saturday or Sunday: other days are working days anyway"
            )


def _describe(value: object) -> str:
    """What was found, shortened; never more of a file than a person needs to find the place."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = str(value)
    return f"{text[:40]}…" if len(text) > 40 else text
