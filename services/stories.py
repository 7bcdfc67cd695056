"""The stories of a mapping's ``demo`` block: who does it, what they enter, what they must be shown. Whoever plays them asks here.

Days follow the clock, so that a story of today is one of next year too: ``{day}``, ``{day-4}``, ``{day+115}`` (YYYY-MM-DD), ``{month-10}``
(YYYY-MM) and ``{year-1}`` stand for the day of the play in China, and so many of them before or after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from config.mapping_schema import PLATFORMS
from services import doors
from services.mapping import ServiceMapping
from services.model import JsonValue, PlatformName

_MARK = re.compile(r"\{(day|month|year)([+-][0-9]{1,4})?\}")


@dataclass(frozen=True, slots=True)
class Story:
    """One story. ``inputs`` are what the person enters, ``expect`` what they must be shown, both as texts.

    ``at_start``: played when a demonstration begins, before all others. ``amount_fen``: the amount that a payer chooses. Of a case:
    ``organisation`` (``name``, ``credit_code``) for which it is, empty for the person; ``materials`` brought (``sample``: uploaded,
    ``promise``: vouched for), ``delivery`` with its ``address``, ``parent`` (``name``, ``identity_number``, ``phone``) for whom the
    person acts, and ``own_doors``: the web or the window, where it is played too. ``agrees``: the purposes that the person agrees to
    inside a platform's app, before they apply.
    """

    person: str
    platforms: tuple[PlatformName, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, str] = field(default_factory=dict)
    amount_fen: int | None = None
    at_start: bool = False
    organisation: Mapping[str, str] = field(default_factory=dict)
    materials: Mapping[str, str] = field(default_factory=dict)
    delivery: str = ""
    address: str = ""
    parent: Mapping[str, str] = field(default_factory=dict)
    own_doors: tuple[PlatformName, ...] = ()
    agrees: tuple[str, ...] = ()


def read_stories(mapping: ServiceMapping, today: date) -> tuple[Story, ...]:
    """The stories of a mapping as they are played on this day (in China); each on the platforms that it and the service name."""
    told = mapping.raw.get("demo")
    stories = told.get("stories", []) if isinstance(told, dict) else []
    return tuple(_read(mapping, story, today) for story in stories if isinstance(story, dict))


def _read(mapping: ServiceMapping, story: Mapping[str, JsonValue], today: date) -> Story:
    channels = story.get("channels", PLATFORMS)
    amount = story.get("amount_fen")
    return Story(
        person=str(story["person"]),
        platforms=tuple(one for one in doors.PLATFORMS if mapping.is_on(one) and one in channels),
        inputs=_fill_in_all(story.get("inputs"), today),
        expect=_fill_in_all(story.get("expect"), today),
        amount_fen=amount if isinstance(amount, int) else None,
        at_start=story.get("at_start") is True,
        organisation=_fill_in_all(story.get("organisation"), today),
        materials=_fill_in_all(story.get("materials"), today),
        delivery=_find_delivery(mapping, story),
        address=str(story.get("address") or ""),
        parent=_fill_in_all(story.get("parent"), today),
        own_doors=tuple(one for one in doors.OWN_DOORS if mapping.is_on(one) and one in channels),
        agrees=tuple(code for code in _list_of(story.get("agrees")) if code in mapping.consents),
    )


def _list_of(value: JsonValue) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _find_delivery(mapping: ServiceMapping, story: Mapping[str, JsonValue]) -> str:
    """As the story says, else the first way of the service."""
    return str(story.get("delivery") or (mapping.counter.delivery[0] if mapping.counter else ""))


def _fill_in_all(texts: JsonValue, today: date) -> Mapping[str, str]:
    return {name: fill_in(str(text), today) for name, text in texts.items()} if isinstance(texts, dict) else {}


def fill_in(text: str, today: date) -> str:
    """A text of a story with its days in place of their marks; what is no mark stays as it is."""
    return _MARK.sub(lambda mark: _write(mark[1], int(mark[2] or 0), today), text)


def _write(unit: str, steps: int, today: date) -> str:
    if unit == "day":
        return (today + timedelta(days=steps)).isoformat()
    if unit == "year":
        return f"{today.year + steps:04d}"
    year, month = divmod(today.year * 12 + today.month - 1 + steps, 12)
    return f"{year:04d}-{month + 1:02d}"
