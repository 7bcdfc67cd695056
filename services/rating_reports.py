"""What may be shown of ratings, to whom: to the rated their own, to their unit all of it; never one by itself (``services/rating_rules.py``).

Only ratings of days that are over are counted, by the calendar year. Words stand without name, number, level and moment, once the case
is closed and their batch is full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.case_file import CaseFile
from services.case_graph import CLOSED
from services.case_record import ComplaintState, Rating
from services.clock import DAY, end_of_day
from services.counter_bench import CounterRoom, CounterTransaction
from services.errors import NotPermitted
from services.rating_rules import (
    CASE,
    VISIT,
    Tally,
    fill_batches,
    hide_identity,
    shuffle_key,
    tally_up,
)
from services.staffing import Actor, Role
from services.till import business_day

READERS = (Role.CLERK, Role.HEAD, Role.SUPERVISOR)
KEEPERS = (Role.HEAD, Role.SUPERVISOR)
WORDS = 500
"""How many of the newest ratings are looked through for words."""
STRUCK = 1000


@dataclass(frozen=True, slots=True)
class ReportLine:
    """Sums for a service at an agency, and for one member of the staff where the reader may see it; ``staff_id`` None: of all."""

    agency_id: UUID
    service: str
    staff_id: UUID | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class RatingReport:
    """``mine``: the reader's own, by service; ``unit``: of all at the agencies that they reach; ``people``: by person, for heads and supervisors."""

    year: int
    mine: tuple[ReportLine, ...]
    unit: tuple[ReportLine, ...]
    people: tuple[ReportLine, ...]
    words: tuple[tuple[str, str], ...]
    """Service and words, in no order of time."""


class RatingReports(CounterRoom):
    """Ratings in sums. Nothing personal is in it, so that it needs no Act."""

    __slots__ = ()

    def report(self, actor: Actor, year: int) -> RatingReport:
        """What the actor may see of a year. Raises ``NotPermitted``."""
        agencies = actor.agencies_as(*READERS)
        if not agencies:
            raise NotPermitted
        since, until = find_span(year, business_day(self.desk.clock.now()))
        with self.house.begin(agencies) as tx:
            ratings = tx.ratings.list_levels(agencies, since, until)
            struck = _list_struck(tx, agencies)
            words = self._list_words(tx, actor, ratings, since)
        kept = actor.agencies_as(*KEEPERS)
        me = actor.member.staff_id
        return RatingReport(
            year,
            _sum(ratings, struck, lambda one: one.staff_id == me, by_person=True),
            _sum(ratings, struck, lambda _: True, by_person=False),
            _sum(ratings, struck, lambda one: one.agency_id in kept and one.staff_id is not None, by_person=True),
            tuple(words),
        )

    def _list_words(
        self, tx: CounterTransaction, actor: Actor, ratings: Sequence[Rating], since: datetime
    ) -> list[tuple[str, str]]:
        """Words of the reader's own ratings; for heads and supervisors, of their units'."""
        kept, me = actor.agencies_as(*KEEPERS), actor.member.staff_id
        released = {one.rating_id for batches in fill_batches(ratings).values() for batch in batches for one in batch}
        told = [
            one
            for one in tx.ratings.list_ratings(actor.agencies_as(*READERS), since, WORDS)
            if one.words and one.rating_id in released and (one.staff_id == me or one.agency_id in kept)
        ]
        told.sort(key=lambda one: shuffle_key(one.rating_id))
        shown = [(one.service, _show_words(tx, one)) for one in told]
        return [(service, words) for service, words in shown if words]


def find_span(year: int, today: date) -> tuple[datetime, datetime]:
    """From the first moment of a year in China till the end of it, or till the beginning of today."""
    since = end_of_day(date(year, 1, 1) - DAY)
    return since, min(end_of_day(date(year, 12, 31)), end_of_day(today - DAY))


def _sum(
    ratings: Sequence[Rating], struck: frozenset[UUID], wanted: Callable[[Rating], bool], *, by_person: bool
) -> tuple[ReportLine, ...]:
    """Sums of whole batches. The batches are those of everybody: what is wanted is chosen among them, never before."""
    sums: dict[tuple[UUID, str, UUID | None], list[tuple[Rating, ...]]] = {}
    for (agency_id, service, staff_id), batches in fill_batches(ratings).items():
        if wanted(batches[0][0]):
            sums.setdefault((agency_id, service, staff_id if by_person else None), []).extend(batches)
    lines = [ReportLine(*cell, tally_up(batches, struck)) for cell, batches in sums.items()]
    return tuple(sorted(lines, key=lambda one: (str(one.agency_id), one.service, str(one.staff_id))))


def _list_struck(tx: CounterTransaction, agencies: Sequence[UUID]) -> frozenset[UUID]:
    """Ratings that an appeal has found mistaken or malicious."""
    rows = tx.ratings.list_complaints(agencies, [ComplaintState.DISMISSED], STRUCK)
    return frozenset(complaint.rating_id for complaint, _ in rows if complaint.rating_id is not None)


def _show_words(tx: CounterTransaction, rating: Rating) -> str:
    """The words without who said them; empty as long as their case is not closed."""
    if rating.about != CASE and not rating.about.startswith(VISIT):
        return hide_identity(rating.words, ())
    found = tx.cases.load(rating.subject)
    if found is None:  # a receipt of a payment stands for itself
        return hide_identity(rating.words, ())
    file = CaseFile(found[0], tuple(found[1]))
    if file.state not in CLOSED:
        return ""
    case = file.case
    names = [case.case_no, case.applicant.get("name", ""), (case.agent or {}).get("name", "")]
    return hide_identity(rating.words, names)
