"""What the staff may see of closed months: sums of their agencies; people by heads, supervisors and auditors, and by each their own.

Nothing of a citizen is in it, so that it needs no Act. Months that still run are not in it: their figures change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.errors import NotFound, NotPermitted
from services.month_comparison import Comparison, Standing, compare_managers, sum_figures
from services.month_honours import Honour, find_employee
from services.month_record import ClosedMonth, Figures, MonthStore, StatisticsLeaf
from services.months import Month, month_of
from services.staffing import Actor, Role
from services.statistics import GRACE

READERS = (Role.CLERK, Role.HEAD, Role.SUPERVISOR, Role.AUDITOR)
KEEPERS = (Role.HEAD, Role.SUPERVISOR, Role.AUDITOR)
"""Who sees everybody of the agencies that they reach."""
MOST_MONTHS = 24
FEWEST_PEOPLE = 3
"""A mean of fewer, shown to one of them beside their own, is the other's: whoever is no keeper is told none."""


class MonthReader(Protocol):
    """The part of a console's transaction that the room reads."""

    @property
    def months(self) -> MonthStore: ...


class MonthRooms(Protocol):
    """A store that begins such transactions. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[MonthReader]: ...


@dataclass(frozen=True, slots=True)
class LedgerSaying:
    """What the ledger says of a closed month: ``leaf``, whether it has the kept digest under the record; ``others``: leaves with another."""

    leaf: bool
    others: tuple[StatisticsLeaf, ...]

    @property
    def holds(self) -> bool:
        """Whether there is this digest and no other."""
        return self.leaf and not self.others


@dataclass(frozen=True, slots=True)
class StatisticsRoom:
    """Closed months as the console shows them."""

    house: MonthRooms

    def list_months(self, actor: Actor, limit: int = MOST_MONTHS, before: str | None = None) -> list[ClosedMonth]:
        """Closed months with digest and leaf, the latest first. Raises ``NotPermitted``."""
        agencies = _require(actor.agencies_as(*READERS))
        with self.house.begin(agencies) as tx:
            return tx.months.list_closed(limit, before)

    def ask_ledger(self, actor: Actor, months: Sequence[ClosedMonth]) -> Mapping[str, LedgerSaying]:
        """For each of these months what the ledger says; its leaves are the root's and known to every reader. Raises ``NotPermitted``."""
        _require(actor.agencies_as(*READERS))
        found: dict[str, LedgerSaying] = {}
        with self.house.begin(sorted({one.agency_id for one in months}, key=str)) as tx:
            for one in months[:MOST_MONTHS]:
                leaves = tx.months.list_leaves(one.month)
                own = any((leaf.record_id, leaf.digest) == (one.record_id, one.digest) for leaf in leaves)
                found[one.month] = LedgerSaying(own, tuple(leaf for leaf in leaves if leaf.digest != one.digest))
        return found

    def find_first_closing(self, actor: Actor) -> datetime | None:
        """From when on the first month can be closed: an hour after the end of that of the first case; None without any case."""
        agencies = _require(actor.agencies_as(*READERS))
        with self.house.begin(agencies) as tx:
            first = tx.months.find_first()
        return month_of(first).ends_at + GRACE if first else None

    def load_sums(self, actor: Actor, months: Sequence[Month]) -> Mapping[str, Figures]:
        """By month the sums of each agency and service that the actor reaches, without people. Raises ``NotPermitted``."""
        agencies = _require(actor.agencies_as(*READERS))
        with self.house.begin(agencies) as tx:
            return tx.months.load_sums(agencies, [str(one) for one in months[:MOST_MONTHS]])

    def load_people(self, actor: Actor, months: Sequence[Month]) -> Mapping[str, Figures]:
        """By month the figures of everybody whom the actor may see: of all at the agencies of a keeper, else of themselves."""
        agencies, kept = _require(actor.agencies_as(*READERS)), frozenset(actor.agencies_as(*KEEPERS))
        with self.house.begin(agencies) as tx:
            found = tx.months.load_figures(agencies, [str(one) for one in months[:MOST_MONTHS]])
        me = actor.member.staff_id
        return {
            month: {one: numbers for one, numbers in figures.items() if one[0] in kept or one[2] == me}
            for month, figures in found.items()
        }

    def compare(self, actor: Actor, months: Sequence[Month], agency_id: UUID, service: str) -> Comparison:
        """The managers of a service over some months; who is no keeper there sees their own line and everybody's mean, and
        where fewer than ``FEWEST_PEOPLE`` held cases their own line alone, held against nobody.

        Raises ``NotPermitted`` for an agency that the actor does not reach, ``NotFound`` where nothing was held.
        """
        actor.require(READERS, agency_id)
        with self.house.begin([agency_id]) as tx:
            found = tx.months.load_figures([agency_id], [str(one) for one in months[:MOST_MONTHS]])
        compared = compare_managers(sum_figures(found.values()), agency_id, service)
        if not compared.lines:
            raise NotFound
        if actor.holds_any(KEEPERS, agency_id):
            return compared
        own = tuple(line for line in compared.lines if line.manager == actor.member.staff_id)
        if sum(line.sample.count > 0 for line in compared.lines) < FEWEST_PEOPLE:
            alone = tuple(replace(line, others=None, standing=Standing.TOO_FEW) for line in own)
            return replace(compared, mean=None, lines=alone)
        return replace(compared, lines=own)

    def honour(self, actor: Actor, month: Month, agency_id: UUID) -> Honour:
        """Who is named in an agency for a month: to everybody there; why somebody was not, to keepers and to that person alone.
        Whoever shares a service with a single colleague is told no share of the others' time: it is that one's.

        Raises ``NotPermitted``.
        """
        actor.require(READERS, agency_id)
        with self.house.begin([agency_id]) as tx:
            figures = tx.months.load_figures([agency_id], [str(month)]).get(str(month), {})
        honour = find_employee(figures, [agency_id])
        if actor.holds_any(KEEPERS, agency_id):
            return honour
        own = {*honour.named, actor.member.staff_id}
        shown = [one for one in honour.candidates if one.manager in own]
        if _is_beside_one(figures, actor.member.staff_id):
            shown = [replace(one, pace=None) for one in shown]
        return Honour(honour.named, tuple(shown))

    def list_named(self, actor: Actor, months: Sequence[Month], agency_id: UUID) -> Mapping[str, tuple[UUID, ...]]:
        """By month, in the order given, who was named in an agency: an empty tuple for nobody. Raises ``NotPermitted``."""
        actor.require(READERS, agency_id)
        wanted = [str(one) for one in months[:MOST_MONTHS]]
        with self.house.begin([agency_id]) as tx:
            found = tx.months.load_figures([agency_id], wanted)
        return {month: find_employee(found.get(month, {}), [agency_id]).named for month in wanted}


def _is_beside_one(figures: Figures, me: UUID) -> bool:
    """Whether fewer than ``FEWEST_PEOPLE`` held cases of a service of which this one did."""
    holders: dict[tuple[UUID, str], set[UUID]] = {}
    for (agency, service, manager), numbers in figures.items():
        if manager is not None and numbers.get("held_cases"):
            holders.setdefault((agency, service), set()).add(manager)
    return any(me in those and len(those) < FEWEST_PEOPLE for those in holders.values())


def _require(agencies: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if not agencies:
        raise NotPermitted
    return agencies
