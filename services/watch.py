"""What must not fail silently: the sweeper of alerts, the calendar of working days, the ledger's log, the store itself. Pure; ``docs/watching.md``.

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
from services.promises import MERGE_DELAY_SECONDS


class TroubleKind(StrEnum):
    """What is wrong."""

    STORE = "store"
    """The government store does not answer: nothing is known of the rest."""
    SWEEPER = "sweeper"
    """No sweep for too long: alerts that are due are told to nobody."""
    CALENDAR = "calendar"
    """The calendar of working days ends soon, has ended, or there is none: limits beyond it are presumed."""
    SEQUENCER = "sequencer"
    """Nobody gives the ledger's records their places."""
    WAITING = "waiting"
    """A record has waited for its place longer than was promised."""
    WITNESS = "witness"
    """There are checkpoints that the witness did not cosign: nothing new is published."""


@dataclass(frozen=True, slots=True)
class WatchTerms:
    """When it is trouble: so long without a sweep by the clock port; so many days before a calendar ends.

    ``merge_delay``: so long may a record wait, and the sequencer not look; ``cosign_late``: so long a checkpoint may lack its cosignature.
    """

    sweep_late: timedelta = timedelta(minutes=10)
    calendar_days: int = 45
    merge_delay: timedelta = timedelta(seconds=MERGE_DELAY_SECONDS)
    cosign_late: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LedgerSighting:
    """How the ledger's log is kept: when the sequencer last looked, since when the oldest record waits that has no place, and since when there
    is a checkpoint that is newer than each that the witness cosigned. None: never, none, none (or no witness is set).
    """

    looked_at: datetime | None
    waiting_since: datetime | None = None
    uncosigned_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was found in the store. ``calendars``: region → last day that its notices cover. ``provisional``: open cases have deadlines beyond.

    ``ledger``: None where nobody looked at it.
    """

    last_sweep: SweepRun | None
    calendars: Mapping[str, date]
    provisional: bool = False
    ledger: LedgerSighting | None = None


DUTIES: Mapping[str, tuple[TroubleKind, str]] = {
    "sweeper": (TroubleKind.SWEEPER, "late"),
    "calendar": (TroubleKind.CALENDAR, "ends"),
    "sequencer": (TroubleKind.SEQUENCER, "late"),
    "ledger": (TroubleKind.WAITING, "waits"),
    "witness": (TroubleKind.WITNESS, "late"),
}
"""Each duty by the name that ``/ready`` gives it, and the word for its failure."""


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
    """One thing that is wrong. ``place`` is the region of a calendar; ``since``: the last sign of life, None for never, or since when it waits.

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
    found = (*_find_late_sweep(sighting.last_sweep, terms, now), *_find_short_calendars(sighting, terms, now))
    return found if sighting.ledger is None else (*found, *_find_late_ledger(sighting.ledger, terms, now))


def _find_late_ledger(ledger: LedgerSighting, terms: WatchTerms, now: datetime) -> Iterator[Trouble]:
    """A moment in the future counts like one as far in the past: a clock that was set back must hide nothing.

    Each is about what is not done at this moment: the next look, place or cosignature ends it, whatever the clock did. A sequencer that has
    never looked is late once something waits.
    """
    never = ledger.looked_at is None and ledger.waiting_since is not None
    if never or (ledger.looked_at is not None and abs(now - ledger.looked_at) > terms.merge_delay):
        yield Trouble(TroubleKind.SEQUENCER, since=ledger.looked_at)
    if ledger.waiting_since is not None and abs(now - ledger.waiting_since) > terms.merge_delay:
        yield Trouble(TroubleKind.WAITING, since=ledger.waiting_since)
    if ledger.uncosigned_since is not None and abs(now - ledger.uncosigned_since) > terms.cosign_late:
        yield Trouble(TroubleKind.WITNESS, since=ledger.uncosigned_since)


def measure_ledger(sighting: Sighting, now: datetime) -> dict[str, float | None]:
    """How many seconds ago the sequencer looked, the oldest waiting record was written, the oldest checkpoint without cosignature was made."""
    ledger = sighting.ledger or LedgerSighting(None)
    moments = {
        "sequencer_looked_seconds": ledger.looked_at,
        "oldest_waiting_seconds": ledger.waiting_since,
        "uncosigned_seconds": ledger.uncosigned_since,
    }
    return {name: None if at is None else (now - at).total_seconds() for name, at in moments.items()}


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
    """The duties by name, each ``ok`` or what is wrong: what ``/ready`` shows."""
    wrong = {trouble.kind for trouble in troubles}
    return {name: fault if kind in wrong else "ok" for name, (kind, fault) in DUTIES.items()}
