"""The delivery ladder: given what was tried, the one next thing to do for a notice, or how long to wait. Pure.

A message through a platform is an attempt, never a proof. Then, when ``sms_after`` is over or at once where no platform took it, a text
message, whose receipt from the telephone is a proof; then a task for a clerk, which stays open until one succeeds. Mere information is one
message through a platform and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.case_notices import (
    CLAIMED,
    CLOSED,
    LETTER,
    OPEN,
    PLATFORM,
    SENT,
    SMS,
    UNKNOWN,
    UNREACHED,
    Attempt,
    Notice,
)
from services.clock import SHANGHAI_OFFSET
from services.model import JsonValue

LEASE = timedelta(minutes=2)
"""How long a claim without an outcome belongs to whoever made it: far longer than any call takes."""
RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""When what reached nobody is tried again; after the last of them the next one's turn comes."""
ASKS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""When, after a text message left, the provider is asked whether it arrived."""
INFORMATION_LASTS = timedelta(days=7)
"""Old information is not told any more."""


@dataclass(frozen=True, slots=True)
class TellingTerms:
    """What an environment says of telling. Hours of the day in China; ``quiet_from`` equal to ``quiet_until``: no quiet hours.

    ``sms_after``: how long a message through a platform may stay unread before a text message follows; ``sms_wait``: how long the
    telephone may be silent before a clerk's turn comes.
    """

    sms_after: timedelta = timedelta(hours=24)
    sms_wait: timedelta = timedelta(hours=24)
    quiet_from: int = 22
    quiet_until: int = 8

    def after_quiet(self, at: datetime) -> datetime:
        """This moment, or the end of the quiet hours that it lies in."""
        local = at + SHANGHAI_OFFSET
        first, last = self.quiet_from, self.quiet_until
        quiet = first <= local.hour < last if first <= last else not last <= local.hour < first
        if not quiet:
            return at
        end = local.replace(hour=last, minute=0, second=0, microsecond=0)
        return (end if end > local else end + timedelta(days=1)) - SHANGHAI_OFFSET


@dataclass(frozen=True, slots=True)
class Ways:
    """Whither a notice may go now, each by the name of its place: log-ins (the case's own channel first), telephones."""

    logins: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Claim this attempt, then send it to this place. ``resumed``: it is claimed already, and to send it again sends nothing twice."""

    rung: str
    number: int
    place: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the provider what became of a text message; if it has no word yet, look again at ``again_at``, or give up where that is None."""

    number: int
    place: str
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """Write an outcome down; nothing leaves."""

    rung: str
    number: int
    outcome: str
    proof: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before this moment."""

    until: datetime


Step = Send | Ask | Record | Wait


def next_step(
    notice: Notice, delivered: bool, attempts: Sequence[Attempt], ways: Callable[[], Ways], now: datetime,
    terms: TellingTerms,
) -> Step | None:  # fmt: skip
    """What to do now; None: nothing, till something else happens. ``ways`` is asked only where a way is needed."""
    if delivered:
        return _close(attempts)
    if not notice.legal and now - notice.at > INFORMATION_LASTS:
        return None
    climb = _Climb(attempts, ways, now, terms)
    step = climb.platform()
    if step is not None or not notice.legal:
        return step
    return climb.sms() or climb.task()


def _close(attempts: Sequence[Attempt]) -> Step | None:
    waiting = [one for one in attempts if one.rung == LETTER and one.outcome == OPEN]
    return Record(LETTER, waiting[0].number, CLOSED) if waiting else None


@dataclass(frozen=True, slots=True)
class _Climb:
    attempts: Sequence[Attempt]
    ways: Callable[[], Ways]
    now: datetime
    terms: TellingTerms

    def platform(self) -> Step | None:
        """One message through one log-in; None: this rung has no more to give."""
        tried = self._of(PLATFORM)
        if self._of(SMS) or self._of(LETTER) or any(one.outcome in (SENT, UNKNOWN) for one in tried):
            return None
        last = tried[-1] if tried else None
        if last is not None and last.outcome == CLAIMED:
            if self.now < last.at + LEASE:
                return Wait(last.at + LEASE)
            return Record(PLATFORM, last.number, UNKNOWN, {"place": last.place, "reason": "interrupted"})
        return self._try_next(PLATFORM, tried, self.ways().logins)

    def sms(self) -> Step | None:
        """One message to one telephone after the other, until one has it; None: this rung has no more to give."""
        tried = self._of(SMS)
        last = tried[-1] if tried else None
        if self._of(LETTER):
            return None
        if last is None and not self.ways().phones:
            return self._wait_for_platform()
        if last is not None and last.outcome == CLAIMED:
            fresh = self.now < last.at + LEASE
            return Wait(last.at + LEASE) if fresh else Send(SMS, last.number, last.place, resumed=True)
        if last is not None and last.outcome == SENT:
            return self._follow(last)
        step = self._wait_for_platform() or self._try_next(SMS, tried, self.ways().phones)
        if isinstance(step, Send) and self.terms.after_quiet(self.now) > self.now:
            return Wait(self.terms.after_quiet(self.now))
        return step

    def task(self) -> Step | None:
        """A task for a clerk: the one that is open, or a new one after one that failed."""
        tried = self._of(LETTER)
        if tried and tried[-1].outcome == OPEN:
            return None
        return Record(LETTER, len(tried) + 1, OPEN)

    def _of(self, rung: str) -> list[Attempt]:
        return [one for one in self.attempts if one.rung == rung]

    def _wait_for_platform(self) -> Step | None:
        """A message that left has its time to be read."""
        left = [one.at for one in self._of(PLATFORM) if one.outcome == SENT]
        until = max(left) + self.terms.sms_after if left else self.now
        return Wait(until) if self.now < until else None

    def _try_next(self, rung: str, tried: Sequence[Attempt], places: Sequence[str]) -> Step | None:
        """The same place again while it could not be reached, then the next one."""
        last = tried[-1] if tried else None
        if last is not None and last.outcome == UNREACHED and last.place in places:
            missed = sum(one.place == last.place for one in tried)
            if missed <= len(RETRIES):
                due = last.at + RETRIES[missed - 1]
                return Wait(due) if self.now < due else Send(rung, last.number + 1, last.place)
        fresh = [place for place in places if all(one.place != place for one in tried)]
        return Send(rung, len(tried) + 1, fresh[0]) if fresh else None

    def _follow(self, last: Attempt) -> Step:
        """Ask, and ask again ever more seldom; a telephone that stays silent has not got it."""
        end = last.at + self.terms.sms_wait
        moments = sorted({*(last.at + one for one in ASKS if one < self.terms.sms_wait), end})
        if self.now < moments[0]:
            return Wait(moments[0])
        return Ask(last.number, last.place, next((one for one in moments if one > self.now), None))
