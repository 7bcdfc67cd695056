"""Stories of mappings: days that follow the clock, platforms, what a text without marks stays."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from services.mapping import ServiceMapping
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping
from services.stories import fill_in, read_stories

TODAY = date(2027, 3, 31)
FILES = sorted(MAPPINGS_FOLDER.glob("*.yaml"))


def read(file: Path) -> ServiceMapping:
    """A shipped mapping."""
    documents = FolderDocuments(MAPPINGS_FOLDER)
    mapping, faults = read_mapping(file.name, file.read_bytes(), load_vocabulary(), documents=documents)
    assert mapping is not None, faults
    return mapping


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("{day}", "2027-03-31"), ("{day-31}", "2027-02-28"), ("{day+1}", "2027-04-01"), ("{month}", "2027-03"),
        ("{month-3}", "2026-12"), ("{month+10}", "2028-01"), ("{year}", "2027"), ("{year-1}-06", "2026-06"),
        ("from {day-1} to {day}", "from 2027-03-30 to 2027-03-31"),
    ],
)  # fmt: skip
def test_a_mark_stands_for_a_day(text: str, day: str) -> None:
    """So many days, months or years before or after the day of the play."""
    assert fill_in(text, TODAY) == day


@given(st.text())
def test_what_is_no_mark_stays(text: str) -> None:
    """Braces, signs and digits that make no mark are a person's own words."""
    quiet = text.replace("day", "").replace("month", "").replace("year", "")
    assert fill_in(quiet, TODAY) == quiet


@given(st.dates(date(1970, 1, 1), date(2100, 12, 31)), st.integers(-9999, 9999))
def test_months_are_counted_like_a_calendar(today: date, steps: int) -> None:
    """The month so many steps away is that many months away, whatever the day."""
    year, month = (int(part) for part in fill_in(f"{{month{steps:+d}}}", today).split("-"))
    assert year * 12 + month - (today.year * 12 + today.month) == steps
    assert 1 <= month <= 12


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_service_is_played_on_each_of_its_platforms(file: Path) -> None:
    """A service without a story would be in no demo; a story names only platforms on which the service is."""
    mapping = read(file)
    played = {platform.value for story in read_stories(mapping, TODAY) for platform in story.platforms}
    assert played == {channel for channel in mapping.channels if channel in ("wechat", "alipay")}


def test_two_bills_are_at_the_start() -> None:
    """One on each platform, each of one story alone."""
    found = [
        (mapping.kind, story.platforms)
        for mapping in map(read, FILES)
        for story in read_stories(mapping, TODAY)
        if story.at_start
    ]
    assert [kind for kind, _ in found] == ["bill", "bill"]
    assert sorted(platform.value for _, platforms in found for platform in platforms) == ["alipay", "wechat"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("days", [-400, 0, 400])
def test_no_story_has_a_day_of_its_own(file: Path, days: int) -> None:
    """A day that was written down would be too far away one day: all days that are entered move with the clock."""
    mapping = read(file)
    entered = [
        [
            text
            for story in read_stories(mapping, day)
            for name, text in story.inputs.items()
            if mapping.inputs[name].type in ("date", "month")
        ]
        for day in (TODAY, TODAY + timedelta(days=days))
    ]
    assert days == 0 or all(one != other for one, other in zip(*entered, strict=True))
