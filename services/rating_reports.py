"""What may be shown of ratings, to whom: to the rated their own, to their unit all of it; never one by itself (``services/rating_rules.py``).

Only ratings of days that are over are counted, by the calendar year. Words stand without name, number, level and moment, once the case
is closed and their batch is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.case_file import CaseFile
from services.case_graph import CLOSED
from services.case_record import Rating
from services.counter_bench import CounterRoom, CounterTransaction
from services.rating_record import Cell, RatingSum, name_cell
from services.rating_rules import CASE, LEVELS, VISIT, Tally, hide_identity, shuffle_key
from services.rating_sums import find_span
from services.staffing import Actor, Role
from services.till import business_day

READERS = (Role.CLERK, Role.HEAD, Role.SUPERVISOR)
KEEPERS = (Role.HEAD, Role.SUPERVISOR)
WORDS = 500
"""How many of the newest ratings are looked through for words."""


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
        agencies = actor.reach_as(*READERS)
        since, until = find_span(year, business_day(self.desk.clock.now()))
        with self.house.begin(agencies) as tx:
            sums = tx.ratings.list_sums(agencies, year)
            struck = tx.ratings.count_struck(agencies, year, since)
            words = self._list_words(tx, actor, sums, (since, until))
        kept = actor.agencies_as(*KEEPERS)
        me = actor.member.staff_id
        return RatingReport(
            year,
            _add_up([one for one in sums if one.staff_id == me], struck, by_person=True),
            _add_up(sums, struck, by_person=False),
            _add_up([one for one in sums if one.agency_id in kept and one.staff_id], struck, by_person=True),
            tuple(words),
        )

    def _list_words(
        self, tx: CounterTransaction, actor: Actor, sums: Sequence[RatingSum], span: tuple[datetime, datetime]
    ) -> list[tuple[str, str]]:
        """Words of the reader's own ratings; for heads and supervisors, of their units'."""
        kept, me = actor.agencies_as(*KEEPERS), actor.member.staff_id
        counted = {one.cell: one for one in sums}
        newest = tx.ratings.list_ratings(actor.agencies_as(*READERS), span[0], WORDS)
        released = {
            one.rating_id
            for one in newest
            if one.rated_at < span[1] and name_cell(one) in counted and counted[name_cell(one)].holds(one)
        }
        told = [
            one
            for one in newest
            if one.words and one.rating_id in released and (one.staff_id == me or one.agency_id in kept)
        ]
        told.sort(key=lambda one: shuffle_key(one.rating_id))
        shown = [(one.service, _show_words(tx, one)) for one in told]
        return [(service, words) for service, words in shown if words]


def _add_up(sums: Sequence[RatingSum], struck: Mapping[Cell, int], *, by_person: bool) -> tuple[ReportLine, ...]:
    """Sums of whole batches by agency and service, and by person where the reader may see it."""
    cells: dict[tuple[UUID, str, UUID | None], list[RatingSum]] = {}
    for one in sums:
        cells.setdefault((one.agency_id, one.service, one.staff_id if by_person else None), []).append(one)
    lines = [ReportLine(*cell, _tally(found, struck)) for cell, found in cells.items()]
    return tuple(sorted(lines, key=lambda one: (str(one.agency_id), one.service, str(one.staff_id))))


def _tally(sums: Sequence[RatingSum], struck: Mapping[Cell, int]) -> Tally:
    levels = {level: sum(one.levels[place] for one in sums) for place, level in enumerate(LEVELS)}
    return Tally(levels, sum(struck.get(one.cell, 0) for one in sums))


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
