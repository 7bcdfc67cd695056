"""When a citizen may be told later who read their material: the grounds that the law knows, and the longest time. Pure.

Personal Information Protection Law (个人信息保护法) art. 35: a state organ tells, unless art. 18(1) applies (a law or administrative
regulation demands secrecy, or says that telling is not needed) or telling would keep it from its statutory duty. A delay is not a
silence: it names its ground, the organ that wants it and a day, and ends by itself on it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.errors import InputRefused
from services.mapping import Texts
from services.model import Language
from services.reading_record import DelayFile, DelayState

ZH, EN = Language.ZH_CN, Language.EN
LONGEST_DAYS = 180
"""No law sets it: how long one delay may last at most."""
SERIES_DAYS = 365
"""Nor this: how long after the first grant all delays of one case are over, whoever's looks they hold back; and how long it then is without."""
GROUNDS: Mapping[str, Texts] = {
    "pipl_18": {
        ZH: "个人信息保护法第十八条第一款：法律、行政法规规定应当保密或者不需要告知",
        EN: "PIPL art. 18(1): a law or administrative regulation demands secrecy or says that telling is not needed",
    },
    "pipl_35": {
        ZH: "个人信息保护法第三十五条：告知将妨碍国家机关履行法定职责",
        EN: "PIPL art. 35: telling would keep a state organ from its statutory duty",
    },
}
TEXT_CHARACTERS = (2, 100)


def read_ground(text: str) -> str:
    """A code of ``GROUNDS``. Raises ``InputRefused``."""
    if text not in GROUNDS:
        raise InputRefused(detail={"ground": "not_a_choice"})
    return text


def read_line(place: str, text: str) -> str:
    """The name of an organ or the number of a document, which the citizen reads in the end: controls and direction marks are spaces.

    Raises ``InputRefused``.
    """
    tidy = " ".join("".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text).split())
    if not TEXT_CHARACTERS[0] <= len(tidy) <= TEXT_CHARACTERS[1]:
        raise InputRefused(detail={place: "too_short_or_long"})
    return tidy


def require_end(until: datetime, now: datetime) -> datetime:
    """An end that lies ahead, and not farther than ``LONGEST_DAYS``. Raises ``InputRefused``."""
    if not now < until <= now + timedelta(days=LONGEST_DAYS):
        raise InputRefused(detail={"until": "out_of_range"})
    return until


def may_follow(files: Sequence[DelayFile], now: datetime, until: datetime) -> bool:
    """Whether a case that had these delays may have one from now till ``until``: else one could follow another for ever."""
    series, span = timedelta(days=SERIES_DAYS), None
    for granted_at, ends_at in sorted(_list_spans(files)):
        if span is None or granted_at > span[1] + series:
            span = (granted_at, ends_at)
        span = (span[0], max(span[1], ends_at))
    return span is None or now > span[1] + series or until <= span[0] + series


def _list_spans(files: Sequence[DelayFile]) -> Iterator[tuple[datetime, datetime]]:
    """From its grant till its end, of each delay that was granted."""
    for one in files:
        for event in one.events:
            if event.state is DelayState.GRANTED:
                yield event.at, one.ends_at


@dataclass(frozen=True, slots=True)
class DelayCount:
    """How many delays of an agency's cases a span of time saw. ``in_force``: at its end; ``released``: ended in it, by day or lifted."""

    asked: int
    granted: int
    denied: int
    released: int
    in_force: int


def count_files(files: Sequence[DelayFile], since: datetime, until: datetime) -> dict[UUID, DelayCount]:
    """The count of each agency, for delays from ``since`` till before ``until``."""
    found: dict[UUID, DelayCount] = {}
    for agency_id in {one.delay.agency_id for one in files}:
        mine = [one for one in files if one.delay.agency_id == agency_id]
        found[agency_id] = _count(mine, since, until)
    return found


def sum_delays(files: Sequence[DelayFile], since: datetime, until: datetime) -> DelayCount:
    """The count of all agencies together: what is published, since of one agency's single delay its only applicant would know."""
    return _count(files, since, until)


def _count(files: Sequence[DelayFile], since: datetime, until: datetime) -> DelayCount:
    names = [event.state for one in files for event in one.events if since <= event.at < until]
    cut = [_as_of(one, until) for one in files if one.delay.asked_at < until]
    standing = [one for one in cut if DelayState.GRANTED in {event.state for event in one.events}]
    return DelayCount(
        names.count(DelayState.ASKED), names.count(DelayState.GRANTED), names.count(DelayState.DENIED),
        sum(since <= one.ends_at < until for one in standing), sum(one.ends_at >= until for one in standing),
    )  # fmt: skip


def _as_of(file: DelayFile, at: datetime) -> DelayFile:
    """The file as it was known before ``at``."""
    return DelayFile(file.delay, tuple(event for event in file.events if event.at < at))
