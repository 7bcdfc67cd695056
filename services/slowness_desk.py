"""The two rooms of patterns: the supervision office reads what is shown, the case manager reads the very same and answers.

Each step is an appended event with its Act: who looked, what was answered, what the office wrote at the end. A pattern has no effect
beyond these pages. Whose role reaches neither gets the answer that there is no such pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.attempts import decide_again
from services.case_errors import CaseMoved, NotAllowedNow, OwnMatter
from services.case_events import load_case, mapping_of
from services.case_file import CaseFile
from services.counter_bench import CounterRoom, CounterTransaction
from services.counter_permits import list_hands
from services.errors import InputRefused, NotFound, NotPermitted
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.rating_rules import read_words
from services.reading_record import case_read
from services.slowness_record import Pattern, PatternEvent, PatternRun, PatternState
from services.staff_rules import read_reason
from services.staffing import Actor, Role
from services.till import business_day

READERS = (Role.SUPERVISOR,)
WORKERS = (Role.CLERK, Role.HEAD, Role.SUPERVISOR)
"""In whose navigation "what is shown of me" stands."""
ANSWERERS = tuple(Role)
"""Who may read and answer what is shown of themselves: whoever worked on cases once, whatever they do now."""
PAGE = 50
ANSWER_DAYS = 15
"""So many days after it was shown the office may close it without an answer; the answer may still come, and opens it again."""
OUTCOMES = ("explained", "circumstances", "chance", "talked", "elsewhere")
"""What came of it: good reasons; workload, absence, another office; nothing in it; talked over; handed to a procedure with rules of its own."""
S = PatternState
OPEN = (S.SHOWN, S.ANSWERED)
Write = Callable[[Pattern], tuple[str, PatternState, Mapping[str, JsonValue]]]


@dataclass(frozen=True, slots=True)
class OpenedPattern:
    """A pattern with its evidence and everything that was written beside it: the same for everybody who may see it.

    ``offers``: what the reader may do with it now.
    """

    pattern: Pattern
    events: tuple[PatternEvent, ...]
    offers: frozenset[str]


class SlownessDesk(CounterRoom):
    """What people do with patterns. Each method that changes something is one transaction with its Act."""

    __slots__ = ()

    def list_shown(self, actor: Actor, *, closed: bool = False, before: UUID | None = None) -> list[Pattern]:
        """The patterns of the agencies that a supervisor reaches, newest first. Raises ``NotPermitted``."""
        agencies = actor.reach_as(*READERS)
        with self.house.begin(agencies) as tx:
            states = (S.CLOSED,) if closed else OPEN
            return tx.slowness.list_of(agencies, states=states, limit=PAGE, before=before)

    def list_runs(self, actor: Actor, limit: int = 12) -> list[PatternRun]:
        """The months that were computed, so that nothing shown is told from not looked at. Raises ``NotPermitted``."""
        if not actor.roles:
            raise NotPermitted
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return tx.slowness.list_runs(limit)

    def list_own(self, actor: Actor) -> list[Pattern]:
        """Every pattern about the actor, newest first, wherever they work now."""
        everywhere = tuple(actor.tree.parents)
        with self.house.begin(everywhere) as tx:
            return tx.slowness.list_of(everywhere, states=tuple(S), manager_id=actor.member.staff_id, limit=PAGE)

    def list_waiting(self, actor: Actor) -> list[Pattern]:
        """The patterns about the actor to which they have not said anything yet."""
        everywhere = tuple(actor.tree.parents)
        with self.house.begin(everywhere) as tx:
            return tx.slowness.list_of(everywhere, states=(S.SHOWN,), manager_id=actor.member.staff_id, limit=PAGE)

    def open_shown(self, actor: Actor, pattern_id: UUID) -> OpenedPattern:
        """A pattern as the supervision office reads it; that it looked is an event that the case manager sees. Raises ``NotFound``."""
        return self._open(actor, pattern_id, _require_reach)

    def open_own(self, actor: Actor, pattern_id: UUID) -> OpenedPattern:
        """A pattern as the person reads it whom it is about. Raises ``NotFound`` for everybody else's."""
        return self._open(actor, pattern_id, _require_own)

    def answer(self, actor: Actor, pattern_id: UUID, text: str) -> None:
        """Write beside a pattern about oneself, as often as one likes; nothing written is ever changed. Raises ``InputRefused``, ``NotFound``."""
        told = read_words(text, "text", needed=True)
        self._write(actor, pattern_id, None, "answer", _require_own, lambda _: ("answered", S.ANSWERED, {"text": told}))

    def write_note(self, actor: Actor, pattern_id: UUID, seen_version: int, text: str) -> None:
        """A note of the supervision office, which the case manager reads too."""
        told = read_words(text, "text", needed=True)
        self._write(
            actor, pattern_id, seen_version, "note", _require_reach, lambda one: ("noted", one.state, {"text": told})
        )

    def close(self, actor: Actor, pattern_id: UUID, seen_version: int, outcome: str, text: str) -> None:
        """Write down what came of it. Raises ``NotAllowedNow`` before the person has answered or had the time to."""
        told = read_words(text, "text", needed=True)
        if outcome not in OUTCOMES:
            raise InputRefused(detail={"outcome": "choice"})

        def decide(one: Pattern) -> tuple[str, PatternState, Mapping[str, JsonValue]]:
            if one.state is S.CLOSED:
                raise _refuse(one, "pattern_closed")
            if not self._may_close(one):
                raise _refuse(one, "answer_first")
            return "closed", S.CLOSED, {"outcome": outcome, "text": told}

        self._write(actor, pattern_id, seen_version, "close", _require_reach, decide)

    def open_case(
        self, actor: Actor, pattern_id: UUID, case_id: UUID, reason: str
    ) -> tuple[Pattern, CaseFile, ServiceMapping]:
        """One case of the evidence with all that was written in it, for a reason, noted before anything is shown; the citizen sees it.

        Raises ``NotFound`` for a case that is no evidence of this pattern, ``InputRefused``.
        """
        told = read_reason(reason)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            pattern, _ = _find(actor, tx, pattern_id, _require_reach)
            _require_evidence(pattern, case_id)
            file = load_case(tx, case_id)
            detail = {"version": file.version, "case_no": file.case.case_no}
            self.append_act(
                tx, actor, "pattern.open_case", file.case.agency_id, case_id, told, detail, read=(case_read(case_id),)
            )
            return pattern, file, mapping_of(self.desk, file)

    def find_evidence(self, actor: Actor, pattern_id: UUID, case_id: UUID) -> Pattern:
        """Whether a supervisor may ask for this case. Raises ``NotFound``."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            pattern, _ = _find(actor, tx, pattern_id, _require_reach)
        _require_evidence(pattern, case_id)
        return pattern

    def _may_close(self, pattern: Pattern) -> bool:
        waited = self.desk.clock.now() >= pattern.shown_at + timedelta(days=ANSWER_DAYS)
        return pattern.state is S.ANSWERED or (pattern.state is S.SHOWN and waited)

    def _open(self, actor: Actor, pattern_id: UUID, require: Callable[[Actor, Pattern], None]) -> OpenedPattern:
        def read() -> OpenedPattern:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                pattern, events = _find(actor, tx, pattern_id, require)
                if not self._has_looked(actor, events):
                    event = self._make(actor, pattern, "looked", pattern.state, {})
                    self._append(actor, tx, pattern, event, "look")
                    pattern, events = _find(actor, tx, pattern_id, require)
                return OpenedPattern(pattern, tuple(events), self._find_offers(actor, pattern))

        return decide_again(read)

    def _has_looked(self, actor: Actor, events: Sequence[PatternEvent]) -> bool:
        """Whether the actor stands in the record today already: as having looked, or with something that they wrote."""
        today = business_day(self.desk.clock.now())
        return any(event.staff_id == actor.member.staff_id and business_day(event.at) == today for event in events)

    def _find_offers(self, actor: Actor, pattern: Pattern) -> frozenset[str]:
        offers = {"answer"} if pattern.finding.manager_id == actor.member.staff_id else set[str]()
        if actor.holds_any(READERS, pattern.finding.agency_id) and not _is_own(actor, pattern):
            offers |= {"note", *(("close",) if self._may_close(pattern) else ())}
        return frozenset(offers)

    def _write(
        self, actor: Actor, pattern_id: UUID, seen_version: int | None, name: str,
        require: Callable[[Actor, Pattern], None], decide: Write,
    ) -> None:  # fmt: skip
        """One event and its Act. ``seen_version``: words of the office stand beside what it has read; None: a word of one's own."""

        def attempt() -> None:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                pattern, events = _find(actor, tx, pattern_id, require)
                if seen_version is not None:
                    _require_read(pattern, events, seen_version)
                    if _is_own(actor, pattern):
                        raise OwnMatter(detail={"rule": "own_pattern"})
                event, state, data = decide(pattern)
                self._append(actor, tx, pattern, self._make(actor, pattern, event, state, data), name)

        decide_again(attempt)

    def _make(
        self, actor: Actor, pattern: Pattern, name: str, state: PatternState, data: Mapping[str, JsonValue]
    ) -> PatternEvent:
        now, me = self.desk.clock.now(), actor.member.staff_id
        return PatternEvent(pattern.pattern_id, pattern.version + 1, name, state, now, me, data)

    def _append(self, actor: Actor, tx: CounterTransaction, pattern: Pattern, event: PatternEvent, name: str) -> None:
        """The event, and its Act: whoever reads the book of acts learns that somebody looked or wrote, not of which kind it is."""
        agency_id, detail = pattern.finding.agency_id, {"version": event.version}
        tx.slowness.append(agency_id, event)
        self.append_act(tx, actor, f"pattern.{name}", agency_id, pattern.pattern_id, "", detail, kind="pattern")


def _find(
    actor: Actor, tx: CounterTransaction, pattern_id: UUID, require: Callable[[Actor, Pattern], None]
) -> tuple[Pattern, list[PatternEvent]]:
    row = tx.slowness.load(pattern_id)
    if row is None:
        raise NotFound
    require(actor, row[0])
    return row


def _require_reach(actor: Actor, pattern: Pattern) -> None:
    if not actor.holds_any(READERS, pattern.finding.agency_id):
        raise NotFound


def _require_own(actor: Actor, pattern: Pattern) -> None:
    if pattern.finding.manager_id != actor.member.staff_id:
        raise NotFound


def _is_own(actor: Actor, pattern: Pattern) -> bool:
    """Whether a pattern is about the actor, or about somebody in whose stead the actor supervises."""
    hands = list_hands(actor, READERS, pattern.finding.agency_id) | {actor.member.staff_id}
    return pattern.finding.manager_id in hands


def _require_evidence(pattern: Pattern, case_id: UUID) -> None:
    if case_id not in {one.case_id for one in pattern.finding.evidence}:
        raise NotFound


def _require_read(pattern: Pattern, events: Sequence[PatternEvent], seen_version: int) -> None:
    """Raise ``CaseMoved`` if somebody wrote since; that others looked meanwhile is nothing to read."""
    if not 1 <= seen_version <= pattern.version or any(
        event.version > seen_version and event.name != "looked" for event in events
    ):
        raise CaseMoved(detail={"version": pattern.version})


def _refuse(pattern: Pattern, rule: str) -> NotAllowedNow:
    return NotAllowedNow(detail={"state": str(pattern.state), "asked": "close", "rule": rule})
