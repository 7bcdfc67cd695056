"""What the watchman remembers of an outage, and when it speaks again: once, then rarely, and once when it is over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from services.model import JsonValue
from services.watch import Trouble, TroubleKind

REPEATS: Mapping[TroubleKind, tuple[timedelta, ...]] = {
    TroubleKind.STORE: (timedelta(hours=4), timedelta(days=1)),
    TroubleKind.SWEEPER: (timedelta(hours=4), timedelta(days=1)),
    TroubleKind.CALENDAR: (timedelta(days=7),),
    **dict.fromkeys(
        (TroubleKind.SEQUENCER, TroubleKind.WAITING, TroubleKind.WITNESS), (timedelta(hours=4), timedelta(days=1))
    ),
}
"""How long after the first letter the second follows, after the second the third, …; the last one goes on."""
AGAIN = timedelta(hours=1)
"""What comes back within this time is the same outage: whoever was told is not told anew."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage. ``told`` letters have been sent, the last one at ``told_at``; ``ended_at`` is set while it is over.

    ``owes_end``: whoever was told that it is out was not told yet that it is over.
    """

    trouble: Trouble
    since: datetime
    told: int = 0
    told_at: datetime | None = None
    ended_at: datetime | None = None
    owes_end: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """All that is remembered: outages by key, and the mailboxes that were known last."""

    outages: Mapping[str, Outage] = field(default_factory=dict)
    mailboxes: tuple[str, ...] = ()


class Diary(Protocol):
    """Keeps the page where the watchman is, not in the store that it watches."""

    def read(self) -> Page: ...
    def write(self, page: Page) -> None: ...


def begin_outage(page: Page, trouble: Trouble, now: datetime) -> Page:
    """It is out. Anew within an hour after its end, it is the same outage; one that is out already is described anew."""
    known = page.outages.get(trouble.key)
    since = min(trouble.since or now, now)
    if known is None or (known.ended_at is not None and now - known.ended_at > AGAIN):
        outage = Outage(trouble, since)
    elif known.ended_at is not None:
        outage = replace(known, trouble=trouble, ended_at=None)
    else:
        outage = replace(known, trouble=replace(trouble, since=known.trouble.since))
    return replace(page, outages={**page.outages, trouble.key: outage})


def end_outage(page: Page, key: str, now: datetime) -> Page:
    """It is over, as far as it was out."""
    known = page.outages.get(key)
    if known is None or known.ended_at is not None:
        return page
    return replace(page, outages={**page.outages, key: replace(known, ended_at=max(now, known.since))})


def forget_old(page: Page, now: datetime) -> Page:
    """Without what is over, told, and an hour ago."""
    kept = {
        key: one
        for key, one in page.outages.items()
        if one.ended_at is None or one.owes_end or abs(now - one.ended_at) <= AGAIN
    }
    return replace(page, outages=kept)


def list_due(page: Page, now: datetime) -> list[Outage]:
    """The outages of which there is something to tell now."""
    return [outage for _, outage in sorted(page.outages.items()) if _is_due(outage, now)]


def _is_due(outage: Outage, now: datetime) -> bool:
    if outage.ended_at is not None:
        return outage.owes_end
    if outage.told == 0 or outage.told_at is None:
        return True
    waits = REPEATS[outage.trouble.kind]
    return abs(now - outage.told_at) >= waits[min(outage.told, len(waits)) - 1]


def note_told(page: Page, outage: Outage, now: datetime) -> Page:
    """A letter of this outage was sent."""
    told = (
        replace(outage, owes_end=False)
        if outage.ended_at is not None
        else replace(outage, told=outage.told + 1, told_at=now, owes_end=True)
    )
    return replace(page, outages={**page.outages, outage.trouble.key: told})


def name_letter(outage: Outage, *, first: bool = False) -> str:
    """The name of the next letter of this outage, or of its first one: the same whenever it is asked for."""
    stem = f"watch.{outage.trouble.key.replace(':', '.').lower()}.{int(outage.since.timestamp())}"
    if first:
        return f"{stem}.1"
    return f"{stem}.over.{int(outage.ended_at.timestamp())}" if outage.ended_at else f"{stem}.{outage.told + 1}"


def write_page(page: Page) -> dict[str, JsonValue]:
    """A page as JSON."""
    return {
        "outages": [_write_outage(one) for one in page.outages.values()],
        "mailboxes": list(page.mailboxes),
    }


def _write_outage(one: Outage) -> JsonValue:
    trouble = one.trouble
    return {
        "kind": str(trouble.kind),
        "place": trouble.place,
        "sign_of_life": _write_moment(trouble.since),
        "ends_on": trouble.ends_on.isoformat() if trouble.ends_on else None,
        "provisional": trouble.provisional,
        "since": _write_moment(one.since),
        "told": one.told,
        "told_at": _write_moment(one.told_at),
        "ended_at": _write_moment(one.ended_at),
        "owes_end": one.owes_end,
    }


def _write_moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def read_page(document: Mapping[str, JsonValue]) -> Page:
    """Raises ``ValueError``, ``KeyError`` or ``TypeError`` for what is no page."""
    rows, boxes = document["outages"], document["mailboxes"]
    if not isinstance(rows, Sequence) or not isinstance(boxes, Sequence):
        raise TypeError("not a page")
    outages = [_read_outage(row) for row in rows if isinstance(row, Mapping)]
    return Page({one.trouble.key: one for one in outages}, tuple(str(box) for box in boxes))


def _read_outage(row: Mapping[str, JsonValue]) -> Outage:
    ends_on, since = row["ends_on"], _read_moment(row["since"])
    if since is None or not isinstance(row["told"], int):
        raise TypeError("not an outage")
    trouble = Trouble(
        TroubleKind(str(row["kind"])), str(row["place"]), _read_moment(row["sign_of_life"]),
        date.fromisoformat(str(ends_on)) if ends_on else None, bool(row["provisional"]),
    )  # fmt: skip
    return Outage(
        trouble,
        since,
        row["told"],
        _read_moment(row["told_at"]),
        _read_moment(row["ended_at"]),
        bool(row["owes_end"]),
    )


def _read_moment(text: JsonValue) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return at
