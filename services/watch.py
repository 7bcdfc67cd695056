"""What must not fail silently: the sweeper of alerts, the calendar of working days, the store itself. Pure; ``docs/watching.md``.

One set of rules for three that look: the watchman (a process of its own), ``/ready`` of operations, the supervision room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from services.alert_record import SweepRun
from services.clock import SHANGHAI_OFFSET


class TroubleKind(StrEnum):
    """What is wrong."""

    STORE = "store"
    """The government store does not answer: nothing is known of the rest."""
    SWEEPER = "sweeper"
    """No sweep for too long: alerts that are due are told to nobody."""
    CALENDAR = "calendar"
    """The calendar of working days ends soon, has ended, or there is none: limits beyond it are presumed."""


@dataclass(frozen=True, slots=True)
class WatchTerms:
    """When it is trouble: so long without a sweep by the clock port; so many days before a calendar ends."""

    sweep_late: timedelta = timedelta(minutes=10)
    calendar_days: int = 45


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was found in the store. ``calendars``: region → last day that its notices cover. ``provisional``: open cases have deadlines beyond."""

    last_sweep: SweepRun | None
    calendars: Mapping[str, date]
    provisional: bool = False


class Lookout(Protocol):
    """Looks into the store with the least rights that do."""

    def look(self) -> Sighting:
        """Raises ``StoreUnavailable``."""
        ...

    def list_mailboxes(self) -> tuple[str, ...]:
        """The supervision office of the root agency; if it has no mailbox, all that there are. Raises ``StoreUnavailable``."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. ``place`` is the region of a calendar; ``since``: the last sign of life of the sweeper, None for never.

    ``ends_on``: the calendar's last day, None where there is no calendar at all.
    """

    kind: TroubleKind
    place: str = ""
    since: datetime | None = None
    ends_on: date | None = None
    provisional: bool = False

    @property
    def key(self) -> str:
        """Two troubles with one key are one outage."""
        return f"{self.kind}:{self.place}" if self.place else str(self.kind)


def find_troubles(sighting: Sighting, terms: WatchTerms, now: datetime) -> tuple[Trouble, ...]:
    """Everything that is wrong at ``now``."""
    return (*_find_late_sweep(sighting.last_sweep, terms, now), *_find_short_calendars(sighting, terms, now))


def _find_late_sweep(run: SweepRun | None, terms: WatchTerms, now: datetime) -> Iterator[Trouble]:
    """Late is also a sweeper that runs and does not come forward, and one whose last sign of life lies in the future (the clock was set back)."""
    if run is None:
        yield Trouble(TroubleKind.SWEEPER)
        return
    came_to = min(run.ran_at, run.swept_until)
    if abs(now - came_to) > terms.sweep_late:
        yield Trouble(TroubleKind.SWEEPER, since=came_to)


def _find_short_calendars(sighting: Sighting, terms: WatchTerms, now: datetime) -> Iterator[Trouble]:
    today = (now + SHANGHAI_OFFSET).date()
    if not sighting.calendars:
        yield Trouble(TroubleKind.CALENDAR, provisional=sighting.provisional)
    for region, ends_on in sorted(sighting.calendars.items()):
        if (ends_on - today).days < terms.calendar_days:
            yield Trouble(TroubleKind.CALENDAR, region, ends_on=ends_on, provisional=sighting.provisional)


def name_duties(troubles: tuple[Trouble, ...]) -> dict[str, str]:
    """The two duties by name, each ``ok`` or what is wrong: what ``/ready`` shows."""
    wrong = {trouble.kind for trouble in troubles}
    return {
        "sweeper": "late" if TroubleKind.SWEEPER in wrong else "ok",
        "calendar": "ends" if TroubleKind.CALENDAR in wrong else "ok",
    }
