"""Which cells of a table of counts may be told, so that no small one follows from the others. Pure, whole numbers only.

The table has two hierarchies: places (government, agency, service) and time (year, quarter, month). A cell of 1 to ``FEWEST`` - 1 cases
is withheld (primary suppression); so are others with it (complementary suppression) until what is withheld together is ``GROUP`` cases
or none. 0 is withheld like a small number, unless it follows from what is told.

1. **Month**: from the top down. Under a place that is told, places with ``FEWEST`` cases are told as long as the rest, which anybody can
   subtract, is 0 or ``GROUP``. What lies under a place that is withheld is withheld.
2. **Quarter**: of places of which every month is told it follows. A place of which *no* month is told may be told for the quarter, on the
   same terms, if another that is wholly withheld stays behind. Of a place of which some months are told the quarter is withheld: else
   the sum less the months would tell the missing one.
3. **Year**: the same with quarters, for places of which nothing in the year is told.

So everything that is told of the places under one parent is the margins of a table without holes, each margin 0 or ``FEWEST`` at least,
and a cell of such a table is certain (then 0 or ``FEWEST`` at least) or spans ``FEWEST`` + 1 values at least (bounds of Fréchet: its span is
min(R, C, N - R, N - C)). Decision 0174; ``tests/unit/services/test_planning_audit.py`` computes what an outsider can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.months import Month

FEWEST = 5
"""The smallest number that is told."""
GROUP = 10
"""The fewest cases that are withheld together: twice ``FEWEST``, so that whoever knows this rule cannot tell which of two is the small one."""
Node = tuple[str, ...]
"""A path from the root: short names of agencies, at its end the service."""
Counts = Mapping[str, Mapping[Node, int]]
"""Month → service at its place → cases."""


def quarter_of(month: Month) -> str:
    """Its quarter as ``2026-Q4``."""
    return f"{month.year:04d}-Q{(month.number + 2) // 3}"


def year_of(month: Month) -> str:
    """Its year as ``2026``."""
    return f"{month.year:04d}"


@dataclass(frozen=True, slots=True)
class Release:
    """What may be told of one count: period (``2026``, ``2026-Q4``, ``2026-10``) → place → number."""

    told: Mapping[str, Mapping[Node, int]]

    def find(self, period: str, place: Node) -> int | None:
        """The number; None: withheld, or there is none."""
        return self.told.get(period, {}).get(place)


@dataclass(slots=True)
class _Table:
    """Sums of every place in every period, and what was told so far."""

    sums: dict[str, Counter[Node]]
    parts: Mapping[str, Sequence[str]]
    """Quarter → months, year → quarters: those that have months here."""
    children: Mapping[Node, Sequence[Node]]
    told: dict[str, set[Node]] = field(default_factory=dict)

    def is_told(self, period: str, place: Node) -> bool:
        return place in self.told.get(period, ())

    def is_dark(self, period: str, place: Node) -> bool:
        """Whether nothing is told of the place, for the period and for any part of it."""
        return not self.is_told(period, place) and all(self.is_dark(one, place) for one in self.parts.get(period, ()))

    def find_withheld(self, period: str, place: Node) -> int:
        """How many cases of a place lie in what is not told of it."""
        if self.is_told(period, place):
            return 0
        parts = self.parts.get(period)
        if parts is None:
            return self.sums[period][place]
        return sum(self.find_withheld(one, place) for one in parts)


def release_counts(counts: Counts, ended: Iterable[str] = ()) -> Release:
    """What may be told of these months. ``ended``: quarters and years that are over and whose every month is closed.

    A month's part depends on that month alone, a quarter's on its months, a year's on its own: what was told once stays as it was told
    whatever comes after, as long as closed months do.
    """
    sums = {month: add_up(cells) for month, cells in sorted(counts.items())}
    parts = _list_parts(sums, frozenset(ended))
    for period in sorted(parts, key=lambda one: (-len(one), one)):
        sums[period] = Counter()
        for part in parts[period]:
            sums[period].update(sums[part])
    table = _Table(sums, parts, _list_children(sums.values()))
    for month in sorted(counts):
        _tell_month(table, month)
    for period in sorted(parts, key=lambda one: (-len(one), one)):
        _tell_sum(table, period)
    return Release({period: {one: table.sums[period][one] for one in told} for period, told in table.told.items()})


def add_up(cells: Mapping[Node, int]) -> Counter[Node]:
    """Each service's number at every place above it too."""
    found: Counter[Node] = Counter()
    for place, number in cells.items():
        for length in range(1, len(place) + 1):
            found[place[:length]] += number
    return found


def _list_children(sums: Iterable[Mapping[Node, int]]) -> dict[Node, list[Node]]:
    children: dict[Node, list[Node]] = {}
    for place in sorted({place for cells in sums for place in cells}):
        children.setdefault(place[:-1], []).append(place)
    return children


def _list_parts(months: Iterable[str], ended: frozenset[str]) -> dict[str, list[str]]:
    """The periods that are over, with their parts; a year needs each of its quarters."""
    quarters: dict[str, list[str]] = {}
    years: dict[str, list[str]] = {}
    for month in months:
        quarter = f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
        if quarter not in quarters:
            years.setdefault(month[:4], []).append(quarter)
        quarters.setdefault(quarter, []).append(month)
    known = {quarter: parts for quarter, parts in quarters.items() if quarter in ended}
    whole = {year: parts for year, parts in years.items() if year in ended and all(one in known for one in parts)}
    return {**known, **whole}


def _tell_month(table: _Table, month: str) -> None:
    """From the top down; a top without a parent is told from ``FEWEST`` on."""
    cells, told = table.sums[month], table.told.setdefault(month, set())
    waiting = [top for top in table.children.get((), ()) if cells[top] >= FEWEST]
    while waiting:
        place = waiting.pop()
        told.add(place)
        below = [one for one in table.children.get(place, ()) if one in cells]
        large = [one for one in below if cells[one] >= FEWEST]
        rest = [cells[one] for one in below if cells[one] < FEWEST]
        waiting += _keep_back(large, cells, sum(rest), is_open=sum(rest) < (FEWEST - 1) * len(rest))


def _keep_back(large: list[Node], cells: Mapping[Node, int], rest: int, *, is_open: bool) -> list[Node]:
    """Those that can be told: one after the other is kept back till the rest is enough, in the order of their names.

    By name, not by number: the choice says nothing of what was chosen. ``is_open``: whether the rest leaves a choice to somebody who
    knows this rule, without any that is kept back for it.
    """
    order = sorted(large)
    while order and rest and not (rest >= GROUP and is_open):
        rest, is_open = rest + cells[order.pop(0)], True
    return order


def _tell_sum(table: _Table, period: str) -> None:
    """A quarter or a year: what follows from its parts, and of places that are dark what leaves enough in the dark."""
    cells, told = table.sums[period], table.told.setdefault(period, set())
    tops = table.children.get((), ())
    waiting = [one for one in tops if _follows(table, period, one)]
    waiting += [one for one in tops if table.is_dark(period, one) and cells[one] >= FEWEST]
    while waiting:
        place = waiting.pop()
        told.add(place)
        below = [one for one in table.children.get(place, ()) if one in cells]
        waiting += [one for one in below if _follows(table, period, one)]
        dark = [one for one in below if table.is_dark(period, one)]
        large = [one for one in dark if cells[one] >= FEWEST]
        rest = {one: withheld for one in below if one not in large and (withheld := table.find_withheld(period, one))}
        small = [cells[one] for one in dark if one not in large]
        free = any(small) and (len(rest) > sum(one > 0 for one in small) or sum(small) < (FEWEST - 1) * len(small))
        waiting += _keep_back(large, cells, sum(rest.values()), is_open=free)


def _follows(table: _Table, period: str, place: Node) -> bool:
    return all(table.is_told(part, place) for part in table.parts[period])


def release_parts(release: Release, counts: Counts, parts: Counts, ended: Iterable[str] = ()) -> Release:
    """How many of the cases that ``release`` tells are of one kind (``parts``), wherever that leaves no small number of either kind.

    By month only, from the top down: both kinds of a place are 0 or ``FEWEST`` at least, and both of what cannot be told beside it are 0
    or ``GROUP``; else a place is kept back. Of a quarter or a year where every part of it is told.
    """
    told: dict[str, dict[Node, int]] = {}
    for month in counts:
        some, others = add_up(parts.get(month, {})), add_up(counts[month])
        others.subtract(some)
        told[month] = {one: some[one] for one in _split_month(release.told.get(month, {}), some, others)}
    sums = _list_parts(counts, frozenset(ended))
    for period in sorted(sums, key=lambda one: (-len(one), one)):
        pieces = [told[part] for part in sums[period]]
        told[period] = {
            one: sum(piece[one] for piece in pieces) for one in pieces[0] if all(one in piece for piece in pieces)
        }
    return Release(told)


def _split_month(released: Mapping[Node, int], some: Counter[Node], others: Counter[Node]) -> Iterable[Node]:
    children = _list_children([released])
    waiting = [top for top in children.get((), ()) if _is_clear(some[top], others[top], FEWEST)]
    while waiting:
        place = waiting.pop()
        yield place
        clear = [one for one in children.get(place, ()) if _is_clear(some[one], others[one], FEWEST)]
        rest = [some[place] - sum(some[one] for one in clear), others[place] - sum(others[one] for one in clear)]
        while clear and not _is_clear(rest[0], rest[1], GROUP):
            back = clear.pop(0)
            rest = [rest[0] + some[back], rest[1] + others[back]]
        waiting += clear


def _is_clear(some: int, others: int, fewest: int) -> bool:
    return all(number == 0 or number >= fewest for number in (some, others))
