"""The figures of a month, counted from the events of cases: per agency, service and case manager. Pure, whole numbers only.

A figure is a function of the events with ``at`` before the month's end, of the terms with which each case began and of the calendar in
force at the month's end; whoever counts again gets the same. ``docs/statistics.md`` says for each figure what it counts and to whose
account it goes:

- What somebody did (accepted, asked for corrections, closed …) goes to the account of whoever made the event; None: nobody of the staff
  (the applicant, a rule, the law's own consequence of time).
- Time goes to the account of whoever held the case: each counted day of the decision clock, once the case is closed, to who had it in
  hand at the end of that day. A day in which only other agencies' steps were in hand is nobody's of the lead agency.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from services.calendar_record import Calendar
from services.case_file import ACCEPTING, CaseFile
from services.case_limits import business_day, decision_clocks, steps_in_hand, suspensions_of
from services.case_record import CaseEvent, Complaint, Rating
from services.clock import DAY, Clock, compute, end_of_day, list_days
from services.clock_history import ENDING, find_ending
from services.counter_terms import CounterTerms
from services.month_record import UNREADABLE, Account, Figures
from services.months import Month, month_of
from services.rating_rules import BATCH

Count = tuple[Account, str, int]
"""One addition to one figure of one account."""
DOINGS: Mapping[str, str] = {
    "case_received": "received",
    "accepted": "accepted",
    "accepted_with_gap": "accepted_with_gap",
    "not_accepted": "not_accepted",
    "correction_asked": "corrections",
    "corrected": "corrected",
    "special_began": "suspensions",
}
"""Events that are counted one by one, to the account of whoever made them: event and figure."""
DELIVERING = frozenset({"handed_over", "collected_online", "delivery_proven"})
LEVELS = (1, 2, 3, 4, 5)
FIGURES = (
    "received", "accepted", "accepted_with_gap", "deemed_accepted", "not_accepted", "corrections", "corrected",
    "ended_before", "suspensions", "extensions", "closed", "granted", "refused", "withdrawn", "terminated",
    "working_days", "squared_days", "promised_days", "statutory_days", "suspended_days", "late", "passed",
    "held_cases", "held_days", "squared_held", "delivered", *(f"ratings_{level}" for level in LEVELS), "ratings_struck",
    "complaints", "complaints_against", "complaints_dismissed", UNREADABLE,
)  # fmt: skip
"""Every figure, in the order of reports."""


def list_touched(file: CaseFile) -> tuple[Month, ...]:
    """The months in which something happened to a case, oldest first."""
    return tuple(sorted({month_of(event.at) for event in file.events}))


def cut_file(file: CaseFile, until: datetime) -> CaseFile | None:
    """The case as it was known before a moment; None if nothing had happened yet."""
    known = tuple(event for event in file.events if event.at < until)
    if len(known) == len(file.events):
        return file
    return CaseFile(file.case, known) if known else None


def count_case(file: CaseFile, terms: CounterTerms, calendar: Calendar, month: Month) -> Iterator[Count]:
    """What one case adds to the figures of a month. Later events than the month's are left out of account."""
    known = cut_file(file, month.ends_at)
    if known is None:
        return
    begins_at = month.begins_at
    ending = find_ending(known)
    for event in known.events:
        if event.at >= begins_at:
            yield from _count_event(known, event, ending)
    if ending is not None and ending.at >= begins_at:
        yield from _count_closing(known, ending, terms, calendar)


def _count_event(file: CaseFile, event: CaseEvent, ending: CaseEvent | None) -> Iterator[Count]:
    own = (file.case.agency_id, file.case.service, event.staff_id)
    figure = DOINGS.get(event.name)
    if figure is not None:
        yield own, figure, 1
    elif event.name in DELIVERING:
        yield own, "delivered", 1
    elif event.name == "deemed_accepted":
        yield (*own[:2], _holder_before(file, event)), "deemed_accepted", 1
    elif event.name == "extension_granted":
        asked = [one for one in file.all_of("extension_asked") if one.version < event.version]
        yield (*own[:2], asked[-1].staff_id if asked else event.staff_id), "extensions", 1
    elif event.name in ENDING and ending is None:
        yield own, "ended_before", 1


def _count_closing(file: CaseFile, ending: CaseEvent, terms: CounterTerms, calendar: Calendar) -> Iterator[Count]:
    """What the end of the decision clock (办结) adds: the outcome and the days, and each day to whoever held the case."""
    case, ended_on = file.case, business_day(ending.at)
    own = (case.agency_id, case.service, ending.staff_id)
    statutory, promised = decision_clocks(file, terms)
    days = count_working_days(promised, ended_on, calendar)
    yield own, "closed", 1
    yield own, ending.name, 1
    yield own, "working_days", len(days)
    yield own, "squared_days", len(days) ** 2
    yield own, "suspended_days", _count_suspended(file, ended_on, calendar)
    for clock, budget, over in ((promised, "promised_days", "late"), (statutory, "statutory_days", "passed")):
        deadline = compute(clock, calendar)
        in_force = len(deadline.counted)
        yield own, budget, max(in_force, clock.budget_days) if deadline.standing else in_force
        yield own, over, int(not deadline.standing and deadline.is_over(ended_on))
    held = Counter(list_holders(file, ending, terms, days))
    for holder, count in held.items():
        account = (case.agency_id, case.service, holder)
        yield account, "held_cases", 1
        yield account, "held_days", count
        yield account, "squared_held", count**2


def count_working_days(clock: Clock, until_on: date, calendar: Calendar) -> tuple[date, ...]:
    """The days that count on a clock from its start till and with a day, whether or not its budget lasts so long."""
    return tuple(
        on
        for on in list_days(clock.start_on + DAY, until_on)
        if calendar.is_working(on) and not any(one.covers(on) for one in clock.suspensions)
    )


def _count_suspended(file: CaseFile, until_on: date, calendar: Calendar) -> int:
    """Working days that suspensions took off the decision clock till it ended."""
    ledger = suspensions_of(file)
    if not ledger or file.accepted_on is None:
        return 0
    days = list_days(file.accepted_on + DAY, until_on)
    return sum(1 for on in days if calendar.is_working(on) and any(one.covers(on) for one in ledger))


def list_holders(file: CaseFile, ending: CaseEvent, terms: CounterTerms, days: Iterable[date]) -> Iterator[UUID | None]:
    """For each day who held the case at its end (on the day on which it ended: just before that); None for nobody here."""
    moments: list[datetime] = []
    holders: list[UUID | None] = []
    for index, event in enumerate(file.events):
        if event.version >= ending.version:
            break
        if event.name in ("claimed", "released", "reassigned", "step_finished", *ACCEPTING):
            known = CaseFile(file.case, file.events[: index + 1])
            moments.append(event.at)
            holders.append(None if _is_elsewhere(known, terms) else known.claimed_by)
    for on in days:
        last = bisect_left(moments, end_of_day(on)) - 1
        yield holders[last] if last >= 0 else None


def _is_elsewhere(file: CaseFile, terms: CounterTerms) -> bool:
    """Whether all steps in hand are other agencies'."""
    if not any(step.agency for step in terms.steps):
        return False
    in_hand = steps_in_hand(file, terms.steps)
    return bool(in_hand) and all(terms.steps[index].agency for index in in_hand)


def _holder_before(file: CaseFile, event: CaseEvent) -> UUID | None:
    known = tuple(one for one in file.events if one.version < event.version)
    return CaseFile(file.case, known).claimed_by if known else None


def count_ratings(ratings: Iterable[Rating], month: Month) -> Iterator[Count]:
    """What ratings add to a month: whole batches of five of one account, in the month in which the fifth was given.

    ``ratings``: those of the year till the month's end, each account's own in their order (moment, id). So no number here or anywhere
    else tells of fewer than five people (``services/rating_rules.py``).
    """
    waiting: dict[Account, list[Rating]] = {}
    for rating in ratings:
        account = (rating.agency_id, rating.service, rating.staff_id)
        batch = waiting.setdefault(account, [])
        batch.append(rating)
        if len(batch) < BATCH:
            continue
        if month.holds(rating.rated_at):
            yield from ((account, f"ratings_{one.level}", 1) for one in batch)
        batch.clear()


def count_struck(rating: Rating) -> Count:
    """What it adds to the month in which an appeal found a rating mistaken or malicious: the month of the rating stays as it was."""
    return (rating.agency_id, rating.service, rating.staff_id), "ratings_struck", 1


def count_complaint(complaint: Complaint) -> Iterator[Count]:
    """What a complaint adds to the month in which it was filed: one to its service, and one to each hand of the matter."""
    yield (complaint.agency_id, complaint.service, None), "complaints", 1
    for staff_id in complaint.against:
        yield (complaint.agency_id, complaint.service, staff_id), "complaints_against", 1


def count_dismissed(complaint: Complaint) -> Iterator[Count]:
    """What it adds to the month in which a complaint was found mistaken or malicious: one to each hand of the matter."""
    for staff_id in complaint.against:
        yield (complaint.agency_id, complaint.service, staff_id), "complaints_dismissed", 1


def add_up(counts: Iterable[Count]) -> dict[Account, Counter[str]]:
    """Sums; the order of what is added makes no difference. What is 0 is left out."""
    sums: dict[Account, Counter[str]] = {}
    for account, figure, number in counts:
        if number:
            sums.setdefault(account, Counter())[figure] += number
    return sums


def list_managers(figures: Figures) -> list[dict[str, object]]:
    """Closings by case manager over all agencies and services: ``{manager, closed, working_days, late}``, by manager."""
    sums: dict[UUID, Counter[str]] = {}
    for (_, _, manager), numbers in figures.items():
        if manager is not None and numbers.get("closed"):
            sums.setdefault(manager, Counter()).update({name: numbers.get(name, 0) for name in CLOSINGS})
    return [{"manager": str(manager), **{name: sums[manager][name] for name in CLOSINGS}} for manager in sorted(sums)]


CLOSINGS = ("closed", "working_days", "late")
