"""The queue of a desk by urgency, and who has which case in hand: claim, release, reassign; the same act on selected cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.calendar_record import Calendar
from services.case_clocks import calendar_of
from services.case_errors import CaseInOtherHands, OwnMatter
from services.case_events import Move
from services.case_file import CaseFile
from services.case_record import DeskLine
from services.clock import DAY, list_days
from services.counter_bench import Bench, CounterRoom, CounterTransaction, is_own_matter
from services.counter_permits import BOTH, BULK, HEAD, refuse_now, require_unmoved
from services.errors import InputRefused, NotPermitted, Refusal
from services.held_roles import list_held
from services.model import JsonValue
from services.staff_rules import read_reason
from services.staffing import Actor
from services.till import business_day

PAGE = 50
RED, ORANGE, GREEN, GREY = "red", "orange", "green", "grey"
REGION = "CN"


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A line with the time left. ``days_left``: working days after today till ``line.due_on``, 0 on it, below 0 how many late.

    ``colour``: red after the deadline, orange near it, green, grey where no clock runs; a page never says it by colour alone.
    """

    line: DeskLine
    days_left: int | None
    colour: str
    mine: bool


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What is looked for in a queue; what is empty is not asked. ``after``: the last line of the page before."""

    service: str | None = None
    states: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    mine: bool = False
    unclaimed: bool = False
    closed: bool = False
    limit: int = PAGE
    after: tuple[date, UUID] | None = None


EVERYTHING = QueueFilter()


@dataclass(frozen=True, slots=True)
class SelectedOutcome:
    """What became of one of several cases: ``code`` is empty, or that of the refusal with its ``rule``."""

    case_id: UUID
    code: str = ""
    rule: str = ""


class QueueRoom(CounterRoom):
    """Queues, and in whose hands a case is."""

    __slots__ = ()

    def list_queue(self, actor: Actor, wanted: QueueFilter = EVERYTHING) -> list[QueueLine]:
        """The desks that the actor reaches, the most urgent case first. Nothing personal is in it. Raises ``NotPermitted``."""
        agencies = reach_desks(actor)
        own = actor.member.staff_id
        with self.house.begin(agencies) as tx:
            lines = tx.cases.list_desk(
                agencies, states=wanted.states, waits_for=wanted.waits_for, service=wanted.service,
                claimed_by=own if wanted.mine else None, unclaimed=wanted.unclaimed, closed=wanted.closed,
                limit=wanted.limit, after=wanted.after,
            )  # fmt: skip
            return self.say_time_left(tx, lines, own)

    def say_time_left(self, tx: CounterTransaction, lines: Sequence[DeskLine], own: UUID) -> list[QueueLine]:
        """Lines with the days that are left and their colour."""
        today = business_day(self.desk.clock.now())
        calendars: dict[str, Calendar] = {}
        told = []
        for line in lines:
            region = self._region_of(line.service)
            calendar = (
                calendars.setdefault(region, calendar_of(tx, region)) if region not in calendars else calendars[region]
            )
            left = None if line.due_on is None else count_days_left(line.due_on, today, calendar)
            told.append(QueueLine(line, left, choose_colour(left, self.orange_days), line.claimed_by == own))
        return told

    def _region_of(self, service: str) -> str:
        known = self.desk.catalogue.services.get(service)
        return known.counter.region if known is not None and known.counter is not None else REGION

    def claim(self, actor: Actor, case_id: UUID, seen_version: int) -> CaseFile:
        """Take a case in hand: one clerk at a time. Raises ``CaseInOtherHands``; claiming one's own again changes nothing."""

        def work(bench: Bench) -> list[Move]:
            holder = bench.file.claimed_by
            if holder == actor.member.staff_id:
                return []
            if holder is not None:
                raise CaseInOtherHands(detail={"rule": "claimed_by_another"})
            require_unmoved(bench.file, seen_version)
            return [bench.make("claimed", {})]

        return self.act(actor, "claim", case_id, None, work)

    def release(self, actor: Actor, case_id: UUID, seen_version: int) -> CaseFile:
        """Put a case back into the queue. Raises ``CaseInOtherHands`` for one that is not in the actor's hands."""
        return self.act(actor, "release", case_id, seen_version, lambda bench: [bench.make("released", {})])

    def reassign(self, actor: Actor, case_id: UUID, seen_version: int, to: UUID, reason: str) -> CaseFile:
        """The head gives a case to a colleague who may work on it; no clock stops. Raises ``InputRefused``, ``OwnMatter`` of theirs."""
        told = read_reason(reason)

        def work(bench: Bench) -> list[Move]:
            hand, holder = bench.require("reassigned"), bench.file.claimed_by
            if holder == to:
                raise refuse_now("in_these_hands_already")
            data: dict[str, JsonValue] = {"to": str(to), "reason": told}
            return [bench.make("reassigned", {**data, "from": str(holder)} if holder else data, hand)]

        self._require_colleague(actor, case_id, to)
        return self.act(actor, "reassign", case_id, seen_version, work, reason=told, detail={"to": str(to)})

    def _require_colleague(self, actor: Actor, case_id: UUID, to: UUID) -> None:
        """Raise ``InputRefused`` unless this member may work on the case now, ``OwnMatter`` if it is their own."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            row, member = tx.cases.load(case_id), tx.staff.load(to)
            if row is None:
                return  # said by whoever looks for the case
            if member is None or member.suspended_at is not None:
                raise InputRefused(detail={"to": "not_a_clerk_here"})
            held = list_held(tx.staff, to, self.desk.clock.now(), actor.tree)
            if not Actor(member, held, actor.tree, "").holds_any(BOTH, row[0].agency_id):
                raise InputRefused(detail={"to": "not_a_clerk_here"})
            if is_own_matter(tx, row[0], frozenset({to})):
                raise OwnMatter(detail={"rule": "matter_of_the_colleague"})

    def reassign_all(self, actor: Actor, colleague: UUID, to: UUID, reason: str) -> list[SelectedOutcome]:
        """Every case that a colleague has in hand where the actor is head, each by itself; tells which could not be given on."""
        told, agencies = read_reason(reason), actor.agencies_as(*HEAD)
        if not agencies:
            raise NotPermitted
        with self.house.begin(agencies) as tx:
            lines = tx.cases.list_desk(agencies, claimed_by=colleague, limit=1000)
        mine = [(line.case_id, line.version) for line in lines if line.agency_id == line.lead_agency_id]
        return [self._try("reassign", actor, case_id, seen, to=to, reason=told) for case_id, seen in mine]

    def act_on_selected(
        self, actor: Actor, name: str, selected: Sequence[tuple[UUID, int]], **details: JsonValue
    ) -> list[SelectedOutcome]:
        """The same act on several cases (id and version seen), each in its own transaction under all its rules.

        ``name`` is one of ``counter_permits.BULK``: never a decision. Raises ``InputRefused`` for another, or for none or too many.
        """
        if name not in BULK:
            raise InputRefused(detail={"act": "not_for_many"})
        if not 1 <= len(selected) <= PAGE:
            raise InputRefused(detail={"selected": "none_or_too_many"})
        return [self._try(name, actor, case_id, seen, **details) for case_id, seen in selected]

    def _try(self, name: str, actor: Actor, case_id: UUID, seen: int, **details: JsonValue) -> SelectedOutcome:
        try:
            getattr(self, name)(actor, case_id, seen, **details)
        except Refusal as refused:
            return SelectedOutcome(case_id, refused.code, str((refused.detail or {}).get("rule", "")))
        return SelectedOutcome(case_id)


def reach_desks(actor: Actor) -> tuple[UUID, ...]:
    """Every agency whose cases the actor may read. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*BOTH)


def count_days_left(due_on: date, today: date, calendar: Calendar) -> int:
    """Working days after ``today`` till ``due_on``: 0 on the last day; below 0, how many working days it is late."""
    if today <= due_on:
        return sum(1 for on in list_days(today + DAY, due_on) if calendar.is_working(on))
    return -max(1, sum(1 for on in list_days(due_on + DAY, today) if calendar.is_working(on)))


def choose_colour(days_left: int | None, orange_days: int) -> str:
    """The colour of a warning: orange near a deadline, red after it."""
    if days_left is None:
        return GREY
    if days_left < 0:
        return RED
    return ORANGE if days_left <= orange_days else GREEN
