"""What of one case counts for a pattern: pure rules over its events, the terms with which it began and the calendar. ``docs/slowness.md``.

A case counts once for each kind, in the month in which it ended (for ``pieces``: in which its receipt ended), for one case manager of
its own agency. Steps of other agencies, deputies' principals and what the applicant does are nobody's slowness here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.calendar_record import Calendar
from services.case_file import ACCEPTING, DECIDING, CaseFile
from services.case_limits import business_day, decision_clocks, suspensions_of
from services.case_record import CaseEvent, Hand
from services.clock import compute
from services.clock_history import find_ending
from services.counter_permits import QUIET
from services.counter_terms import CounterTerms
from services.month_figures import count_working_days, cut_file, list_holders
from services.months import Month
from services.slowness_record import Course, Evidence, Kind

RULE = 2
"""The version of these rules, of ``slowness_tally`` and of their thresholds: what was shown names it."""
NEAR_PERCENT = 10
"""``stopped``: so much of a limit, and at least one day, was left when the special procedure began."""
IDLE_PERCENT = 66
"""``idle``: so much of the promised limit went by in one hand without anything."""
REST_DAYS = 2
"""``idle``: and in so many counted days at most the rest was done: a step of the examination, or the decision for which all were done before."""
FAST_PERCENT = 20
"""``favoured``: decided within so much of the promised limit, and at least one day."""
UNHANDLED = QUIET | {"claimed", "released", "reassigned", "notice_told"}
"""Events that are no work on a case, and no sign that somebody waits for somebody."""
DRAWN = frozenset(
    {
        *ACCEPTING, "case_received", "correction_asked", "corrected", "not_accepted", "step_finished", "special_began",
        "special_ended", "extension_granted", "granted", "refused", "withdrawn", "terminated", "gap_supplied",
    }
)  # fmt: skip
"""Events that stand on the line of a case."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What one case says of one kind: whether it ``hit``, for whom, and what of it counted."""

    kind: Kind
    manager_id: UUID
    hit: bool
    numbers: Mapping[str, int]
    idle: tuple[date, date] | None = None


def read_signs(file: CaseFile, terms: CounterTerms, calendar: Calendar, month: Month) -> Iterator[Sign]:
    """What a case says in a month, at most one of each kind. Later events than the month's are left out of account."""
    known = cut_file(file, month.ends_at)
    if known is None:
        return
    ending, received = find_ending(known), find_receipt_end(known)
    if received is not None and month.holds(received.at):
        yield from _read_pieces(known, received)
    if ending is not None and month.holds(ending.at):
        yield from _read_stopped(known, ending, terms, calendar)
        if ending.staff_id is not None:
            yield from _read_days(known, ending, ending.staff_id, terms, calendar)


def find_receipt_end(file: CaseFile) -> CaseEvent | None:
    """The event with which the completeness check ended: accepted, not accepted, or given up before either."""
    names = (*ACCEPTING, "not_accepted", "withdrawn", "terminated")
    return next((event for event in file.events if event.name in names), None)


def _read_pieces(file: CaseFile, received: CaseEvent) -> Iterator[Sign]:
    """A hit: the same hand asked for corrections again (AL art. 32: all of them, once)."""
    asked = [event for event in file.all_of("correction_asked") if event.version < received.version]
    writer = asked[0].staff_id if asked else received.staff_id
    if writer is None:
        return
    own = [event for event in asked if event.staff_id == writer]
    named: set[str] = set()
    fresh = 0
    for number, event in enumerate(asked):
        things = {_name_thing(item) for item in event.data.get("items") or ()}
        fresh += len(things - named) if number else 0
        named |= things
    yield Sign(Kind.PIECES, writer, len(own) > 1, {"notices": len(own), "new_things": fresh})


def _name_thing(item: Mapping[str, object]) -> str:
    return str(item.get("about") or item.get("material") or "")


def _read_stopped(file: CaseFile, ending: CaseEvent, terms: CounterTerms, calendar: Calendar) -> Iterator[Sign]:
    """A hit: with hardly anything left of the promised or the statutory limit, the clock was stopped (AL art. 45)."""
    for event in file.all_of("special_began"):
        if event.version > ending.version or event.staff_id is None:
            continue
        left = find_left(CaseFile(file.case, tuple(one for one in file.events if one.version < event.version)), event, terms, calendar)  # fmt: skip
        if left is not None:
            lasted = next((one for one in suspensions_of(file) if one.from_on == _day_of(event)), None)
            days = (lasted.until_on - lasted.from_on).days if lasted and lasted.until_on else 0
            yield Sign(Kind.STOPPED, event.staff_id, True, {"days_left": left, "stopped_days": days})
            return
    manager = ending.staff_id or file.claimed_by
    if manager is not None:
        yield Sign(Kind.STOPPED, manager, False, {})


def find_left(before: CaseFile, event: CaseEvent, terms: CounterTerms, calendar: Calendar) -> int | None:
    """The days that were left of the promised or statutory limit when a special procedure began, if that was just before its end."""
    for clock in reversed(decision_clocks(before, terms)):
        deadline = compute(clock, calendar)
        left = deadline.days_left(_day_of(event))
        if not deadline.standing and 0 <= left <= max(1, clock.budget_days * NEAR_PERCENT // 100):
            return left
    return None


def _read_days(
    file: CaseFile, ending: CaseEvent, manager: UUID, terms: CounterTerms, calendar: Calendar
) -> Iterator[Sign]:
    """``idle`` and ``favoured``, both counted on the promised clock from the acceptance till the end."""
    promised = decision_clocks(file, terms)[1]
    days = count_working_days(promised, business_day(ending.at), calendar)
    yield _read_idle(file, ending, manager, terms, days)
    if ending.name in DECIDING:
        fast = len(days) <= max(1, promised.budget_days * FAST_PERCENT // 100)
        yield Sign(Kind.FAVOURED, manager, fast, {"days": len(days), "promised_days": promised.budget_days})


def _read_idle(file: CaseFile, ending: CaseEvent, manager: UUID, terms: CounterTerms, days: tuple[date, ...]) -> Sign:
    """A hit: a long stretch in this one hand without anything, then a step and the end, or the end that waited for nothing, within a few days.

    Where a service has no step of its own to record, nobody can be told from who works beside the screen: there it never hits.
    """
    known = [event for event in file.events if event.version <= ending.version]
    acted = {_day_of(event) for event in list_work(known)}
    held = bridge_nights([holder == manager for holder in list_holders(file, ending, terms, days)])
    still = [mine and on not in acted for on, mine in zip(days, held, strict=True)]
    first, last = find_longest(still)
    length, rest = last - first, len(days) - last
    steps = [event for event in file.all_of("step_finished") if event.version < ending.version]
    worked = last > first and any(event.staff_id == manager and _day_of(event) > days[last - 1] for event in steps)
    ready = last > first and len({event.data.get("step") for event in steps if _day_of(event) < days[first]})
    hit = (
        (worked or 0 < len(terms.steps) == ready)
        and length >= -(-terms.promised_days * IDLE_PERCENT // 100)
        and rest <= REST_DAYS
    )
    numbers = {"idle_days": length, "rest_days": rest, "promised_days": terms.promised_days}
    return Sign(Kind.IDLE, manager, hit, numbers, (days[first], days[last - 1]) if hit else None)


def is_work(event: CaseEvent) -> bool:
    """Whether somebody did something for the case, the applicant included; not the house, the law's clock, a rating or a complaint."""
    return event.hand not in (Hand.HOUSE, Hand.CLOCK) and event.name not in UNHANDLED


def list_work(events: Sequence[CaseEvent]) -> Iterator[CaseEvent]:
    """What of these events is work; a material that is checked again with the same result, and nothing new of it since, is none."""
    found: dict[str, tuple[object, ...]] = {}
    for event in events:
        if event.name == "material_checked":
            name, told = str(event.data.get("name")), (event.data.get("ok"), event.data.get("words"))
            if found.get(name) == told:
                continue
            found[name] = told
        elif event.name in ("corrected", "gap_supplied", "fixed_on_the_spot"):
            found.clear()
        if is_work(event):
            yield event


def bridge_nights(held: list[bool]) -> list[bool]:
    """One day between two of one's own is one's own: who lays a case down in the evening and takes it again has not given it away."""
    last = len(held) - 1
    return [one or (0 < at < last and held[at - 1] and held[at + 1]) for at, one in enumerate(held)]


def find_longest(marks: list[bool]) -> tuple[int, int]:
    """The first longest run of marks: its first index and the one after its last; equal where there is none."""
    best = (0, 0)
    first = 0
    for index, mark in enumerate([*marks, False]):
        if mark:
            continue
        if index - first > best[1] - best[0]:
            best = (first, index)
        first = index + 1
    return best


def make_evidence(file: CaseFile, sign: Sign, terms: CounterTerms, calendar: Calendar, month: Month) -> Evidence:
    """A case as evidence: its line in time as it was known at the month's end, and what of it counted."""
    known = cut_file(file, month.ends_at) or file
    ending = find_ending(known) or find_receipt_end(known) or known.events[-1]
    clocks = decision_clocks(known, terms)
    limit = compute(clocks[1], calendar) if clocks else None
    pauses = tuple(
        (one.from_on + timedelta(days=1), one.until_on)
        for one in suspensions_of(known)
        if one.until_on is not None and one.until_on > one.from_on
    )
    marks = tuple(
        (_day_of(event), event.name)
        for event in known.events
        if event.version <= ending.version and event.name in DRAWN
    )
    course = Course(
        known.case.received_on, known.accepted_on, business_day(ending.at),
        limit.due_on if limit is not None and not limit.standing else None, marks, pauses, sign.idle,
    )  # fmt: skip
    return Evidence(known.case.case_id, known.case.case_no, course, dict(sign.numbers))


def list_terms() -> Mapping[str, int]:
    """The thresholds of this module by name, as a pattern keeps and shows them."""
    return {
        "near_percent": NEAR_PERCENT, "idle_percent": IDLE_PERCENT, "rest_days": REST_DAYS, "fast_percent": FAST_PERCENT,
    }  # fmt: skip


def _day_of(event: CaseEvent) -> date:
    return business_day(event.at)
