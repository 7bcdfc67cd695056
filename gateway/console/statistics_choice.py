"""What of closed months a page of statistics shows: the month, the agency with or without those below it, as the address says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from gateway.console.desk import current_actor, current_console
from services.errors import NotFound
from services.month_record import ClosedMonth
from services.months import Month, read_month
from services.staffing import Actor
from services.statistics_room import READERS, StatisticsRoom

SPANS = (12, 24)


@dataclass(frozen=True, slots=True)
class Place:
    """An agency in reach; ``depth`` below the topmost one that is."""

    agency_id: UUID
    slug: str
    depth: int


@dataclass(frozen=True, slots=True)
class Choice:
    """``closed``: the last closed months, the latest first; ``month``: the one chosen. ``agencies``: those whose figures are summed."""

    actor: Actor
    closed: tuple[ClosedMonth, ...]
    month: ClosedMonth
    places: tuple[Place, ...]
    place: Place
    only: bool

    @property
    def agencies(self) -> tuple[UUID, ...]:
        """The agency, and unless it alone is wanted, those below it that are in reach."""
        return (self.place.agency_id,) if self.only else self.below(self.place.agency_id)

    @property
    def groups(self) -> Mapping[UUID, tuple[UUID, ...]]:
        """Each part of what is shown: the agency itself, and each agency right below it with all that is below that."""
        parts: dict[UUID, tuple[UUID, ...]] = {self.place.agency_id: (self.place.agency_id,)}
        if not self.only:
            under = [one for one in self.places if self.actor.tree.parents.get(one.agency_id) == self.place.agency_id]
            parts |= {one.agency_id: self.below(one.agency_id) for one in under}
        return parts

    @property
    def slugs(self) -> Mapping[UUID, str]:
        """The short names of the agencies in reach."""
        return {one.agency_id: one.slug for one in self.places}

    def below(self, agency_id: UUID) -> tuple[UUID, ...]:
        """An agency and those below it, as far as they are in reach."""
        reached = {one.agency_id for one in self.places}
        return tuple(one for one in self.actor.tree.below(agency_id) if one in reached)

    def months(self, count: int) -> list[Month]:
        """The chosen month and the closed ones before it, oldest first."""
        names = [one.month for one in self.closed if one.month <= self.month.month][:count]
        return [read_month(name) for name in reversed(names)]

    @property
    def later(self) -> ClosedMonth | None:
        """The closed month after the chosen one."""
        return next((one for one in reversed(self.closed) if one.month > self.month.month), None)

    @property
    def earlier(self) -> ClosedMonth | None:
        """The closed month before it."""
        return next((one for one in self.closed if one.month < self.month.month), None)

    def ask(self, **changed: str) -> str:
        """The query of this choice, with some of it changed."""
        kept = {"month": self.month.month, "agency": self.place.slug, **({"only": "1"} if self.only else {}), **changed}
        return urlencode({name: value for name, value in kept.items() if value})


def open_room() -> StatisticsRoom:
    """The use case on the console's own store."""
    return StatisticsRoom(current_console().store)


def read_choice(asked: Mapping[str, str], *, alone: bool = False) -> Choice | None:
    """What is asked for; None if no month was closed yet. ``alone``: one agency without those below it, to begin with the reader's own.

    Raises ``NotFound`` for a month that is not closed, or an agency out of reach; ``NotPermitted`` for who may read none.
    """
    actor = current_actor()
    closed = tuple(open_room().list_months(actor))
    if not closed:
        return None
    wanted = asked.get("month", "")
    month = closed[0] if not wanted else next((one for one in closed if one.month == wanted), None)
    places = tuple(list_places(actor))
    place = find_place(actor, places, asked.get("agency", ""), own=alone)
    if month is None or place is None:
        raise NotFound
    return Choice(actor, closed, month, places, place, alone or asked.get("only") == "1")


def find_place(actor: Actor, places: tuple[Place, ...], slug: str, *, own: bool) -> Place | None:
    """The agency of this short name, or the one to begin with."""
    if slug:
        return next((one for one in places if one.slug == slug), None)
    mine = next((one for one in places if one.agency_id == actor.member.agency_id), None)
    return mine if own and mine else places[0]


def list_places(actor: Actor) -> Iterator[Place]:
    """The agencies in reach as a tree: each before those below it, siblings by their short names."""
    reached, parents = set(actor.agencies_as(*READERS)), actor.tree.parents

    def walk(agency_id: UUID, depth: int) -> Iterator[Place]:
        yield Place(agency_id, actor.tree.slugs[agency_id], depth)
        under = [one for one in reached if parents.get(one) == agency_id]
        for one in sorted(under, key=lambda child: actor.tree.slugs[child]):
            yield from walk(one, depth + 1)

    tops = [one for one in reached if parents.get(one) not in reached]
    for top in sorted(tops, key=lambda one: actor.tree.slugs[one]):
        yield from walk(top, 0)
