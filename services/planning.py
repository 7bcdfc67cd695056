"""Statistics for planning and for the public: what may be told of closed months, place by place, service by service.

Cases received and closed, how many of these after the promised limit, and their mean time. Which cells are told, ``services/planning_rules.py``
decides over the whole tree of agencies, whoever looks; so the page of the staff and that of the public tell the same cells. Decision 0174.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.month_record import Figures, MonthStore
from services.months import list_months, read_month
from services.planning_rules import Counts, Node, Release, add_up, quarter_of, release_counts, release_parts, year_of

MOST_MONTHS = 1200
RECEIVED, CLOSED, LATE, DAYS = "received", "closed", "late", "working_days"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a place in a period. None: withheld. ``mean_tenths``: mean working days in tenths, wherever ``closed`` is told."""

    received: int | None
    closed: int | None
    late: int | None
    mean_tenths: int | None


@dataclass(frozen=True, slots=True)
class Publication:
    """The closed months of one year. ``ended``: its quarters that are over, and itself if it is."""

    year: str
    months: tuple[str, ...]
    ended: frozenset[str]
    services: tuple[Node, ...]
    received: Release
    closed: Release
    late: Release
    days: Mapping[str, Mapping[Node, int]]
    """Working days of what ``closed`` tells: a mean of them is shown, never a sum."""

    @property
    def periods(self) -> tuple[str, ...]:
        """The year if it is over, quarters that are, months: the longest first, each from the oldest."""
        quarters = sorted(one for one in self.ended if len(one) > 4)
        return (*([self.year] if self.year in self.ended else []), *quarters, *self.months)

    def read(self, period: str, place: Node) -> Told:
        """What is told of a place in a period."""
        closed = self.closed.find(period, place)
        mean = None if closed is None else round_mean(self.days[period][place], closed)
        return Told(self.received.find(period, place), closed, self.late.find(period, place), mean)

    def list_places(self) -> Iterator[Node]:
        """Every agency with a service below it and every service, each before what is below it."""
        return iter(sorted({one[:length] for one in self.services for length in range(1, len(one) + 1)}))

    def sum_told(self, place: Node) -> tuple[tuple[str, ...], int, int, int | None]:
        """The periods of the year that are told, none of them within another; cases closed in them, their days, how many late if all say it."""
        periods = tuple(self._cover(place))
        late = [self.late.find(one, place) for one in periods]
        known = [number for number in late if number is not None]
        return (
            periods,
            sum(self.closed.told[one][place] for one in periods),
            sum(self.days[one][place] for one in periods),
            sum(known) if known and len(known) == len(late) else None,
        )

    def _cover(self, place: Node) -> Iterator[str]:
        """The months that are told; of a quarter or a year of which none is, itself."""
        covered: set[str] = set()
        for period in sorted(self.closed.told, key=lambda one: (one in self.ended, -len(one), one)):
            names = {period, period[:4]} if len(period) == 4 else {period, period[:4], quarter_of_name(period)}
            if place in self.closed.told[period] and period not in covered:
                covered |= names
                yield period


def quarter_of_name(period: str) -> str:
    """The quarter of a month's name; of a quarter itself."""
    return period if "Q" in period else quarter_of(read_month(period))


def round_mean(days: int, cases: int) -> int:
    """A mean in tenths of a day, rounded half up."""
    return (20 * days + cases) // (2 * cases)


def place_agencies(agencies: Iterable[UUID], parent_of: Callable[[UUID], UUID | None]) -> dict[UUID, Node]:
    """The way to each agency from the root, by ids."""
    found: dict[UUID, Node] = {}
    for agency in agencies:
        way: list[str] = []
        above: UUID | None = agency
        while above is not None:
            way.append(str(above))
            above = parent_of(above)
        found[agency] = tuple(reversed(way))
    return found


def list_closed_months(months: MonthStore) -> list[str]:
    """The names of all closed months, the earliest first. Raises ``StoreUnavailable``."""
    return sorted(one.month for one in months.list_closed(MOST_MONTHS))


def list_years(closed: Iterable[str]) -> list[str]:
    """Years of these months, the latest first."""
    return sorted({month[:4] for month in closed}, reverse=True)


def find_ended(closed: Sequence[str]) -> frozenset[str]:
    """Quarters and years whose last month is closed, and every one since the first that is."""
    known = set(closed)
    first = read_month(min(closed)) if closed else None
    found: set[str] = set()
    for name in known:
        month = read_month(name)
        for ends, begins, period in (
            (month.number % 3 == 0, 2, quarter_of(month)),
            (month.number == 12, 11, year_of(month)),
        ):
            start = month
            for _ in range(begins):
                start = start.preceding
            needed = list_months(max(first or start, start), month)
            if ends and all(str(one) in known for one in needed):
                found.add(period)
    return frozenset(found)


def read_publication(
    months: MonthStore, places: Mapping[UUID, Node], year: str, closed: Sequence[str]
) -> Publication | None:
    """What may be told of a year; None without any month of it among ``closed``, which are all (``list_closed_months``). ``months``: of a
    transaction over every agency of ``places``, else sums would lack a part. Raises ``StoreUnavailable``.
    """
    mine = [month for month in closed if month.startswith(year)]
    if not mine:
        return None
    ended = frozenset(one for one in find_ended(closed) if one.startswith(year))
    figures = months.load_sums(tuple(places), mine)
    received, done, late, days = (_pick(figures, places, mine, name) for name in (RECEIVED, CLOSED, LATE, DAYS))
    release = release_counts(done, ended)
    return Publication(
        year, tuple(mine), ended, tuple(sorted({place for cells in (*received.values(), *done.values()) for place in cells})),
        release_counts(received, ended), release, release_parts(release, done, late, ended), _sum_days(release, days),
    )  # fmt: skip


def _pick(figures: Mapping[str, Figures], places: Mapping[UUID, Node], months: Sequence[str], name: str) -> Counts:
    """One figure of each service that has any figure of these."""
    return {
        month: {
            (*places[agency], service): numbers.get(name, 0)
            for (agency, service, _), numbers in figures.get(month, {}).items()
            if service and agency in places
        }
        for month in months
    }


def _sum_days(release: Release, days: Counts) -> dict[str, dict[Node, int]]:
    """The days of every cell that is told."""
    sums: dict[str, Counter[Node]] = {period: Counter() for period in release.told}
    for month, cells in days.items():
        added = add_up(cells)
        for period in {month, month[:4], quarter_of_name(month)} & sums.keys():
            sums[period].update(added)
    return {period: {place: sums[period][place] for place in told} for period, told in release.told.items()}
