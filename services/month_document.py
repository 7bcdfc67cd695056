"""The statistics of a month as a document: canonical JSON (RFC 8785), its digest, and what differs between two counts. Pure.

A document has the figures and one digest over the seals of all that happened (``month_seals``); one that was closed without seals has the
figures alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import rfc8785

from services.model import JsonValue
from services.month_figures import FIGURES
from services.month_record import FIGURES_ALONE, WITH_EVENTS, Account, Figures, Place, Seal, Seals

MOST_DIFFERENCES = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of a month, with what they were computed by."""

    month: str
    calendars: Mapping[str, int]
    """Version by region: the one in force at the month's end."""
    mappings: Mapping[str, tuple[int, ...]]
    """Versions by service whose terms were used."""
    figures: Figures
    seals: Seals | None = None
    """None: of the figures alone."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A place whose history is not what it was. ``count``: so many leaves; equal counts: something in one of them is different."""

    place: Place
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is not what it was. ``account`` None: not a figure but what it was computed by."""

    account: Account | None
    figure: str
    before: int | str
    after: int | str


def write_document(counted: Counted) -> bytes:
    """The canonical bytes: the same figures give the same bytes, whoever computes them. Figures that are 0 are left out."""
    lines: list[JsonValue] = [
        {
            "agency": str(agency),
            "service": service,
            "manager": str(manager) if manager else None,
            "figures": {name: numbers[name] for name in FIGURES if numbers.get(name)},
        }
        for (agency, service, manager), numbers in sorted(counted.figures.items(), key=lambda one: sort_key(one[0]))
        if any(numbers.values())
    ]
    document: dict[str, JsonValue] = {
        "v": FIGURES_ALONE if counted.seals is None else WITH_EVENTS,
        "month": counted.month,
        "calendars": dict(counted.calendars),
        "mappings": {service: list(versions) for service, versions in counted.mappings.items()},
        "figures": lines,
    }
    if counted.seals is not None:
        document["events"] = digest_document(write_seals(counted.seals))
    return rfc8785.dumps(document)


def write_seals(seals: Seals) -> bytes:
    """All seals as canonical bytes, in the order of places."""
    lines: list[JsonValue] = [
        [str(place.agency_id), place.service, place.on.isoformat(), str(place.kind), seal.count, seal.mark.hex()]
        for place, seal in sorted(seals.items(), key=lambda one: one[0])
    ]
    return rfc8785.dumps(lines)


def digest_document(document: bytes) -> str:
    """SHA-256 in lower-case hex: what the ledger keeps of a month."""
    return hashlib.sha256(document).hexdigest()


def sort_key(account: Account) -> tuple[str, str, str]:
    """The order of accounts in every report: agency, service, manager (nobody first)."""
    agency, service, manager = account
    return str(agency), service, str(manager) if manager else ""


def compare_counts(before: Counted, after: Counted) -> Sequence[Difference]:
    """What differs, in the order of reports: at most ``MOST_DIFFERENCES``."""
    return [one for one, _ in zip(_differ(before, after), range(MOST_DIFFERENCES), strict=False)]


def _differ(before: Counted, after: Counted) -> Iterator[Difference]:
    for account in sorted({*before.figures, *after.figures}, key=sort_key):
        old, new = before.figures.get(account, {}), after.figures.get(account, {})
        known = [*FIGURES, *sorted({*old, *new} - {*FIGURES})]
        for name in known:
            if old.get(name, 0) != new.get(name, 0):
                yield Difference(account, name, old.get(name, 0), new.get(name, 0))
    for what, was, is_now in (
        ("calendars", dict(before.calendars), dict(after.calendars)),
        ("mappings", _plain(before.mappings), _plain(after.mappings)),
    ):
        if was != is_now:
            yield Difference(None, what, str(sorted(was.items())), str(sorted(is_now.items())))


def compare_seals(before: Seals, after: Seals) -> Sequence[Moved]:
    """The places where something was moved, changed, added or removed, in their order: at most ``MOST_DIFFERENCES``."""
    nothing = Seal(0, b"")
    return [
        Moved(place, before.get(place, nothing).count, after.get(place, nothing).count)
        for place in sorted({*before, *after})
        if before.get(place, nothing) != after.get(place, nothing)
    ][:MOST_DIFFERENCES]


def _plain(mappings: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    return {service: list(versions) for service, versions in mappings.items()}
