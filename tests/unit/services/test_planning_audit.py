"""What an outsider can compute from everything that is told of a table: exact bounds, by rules that know nothing of how it was withheld."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.planning_rules import FEWEST, Node, Release, release_counts, release_parts

Cell = tuple[Node, str]
Table = Mapping[str, Mapping[Node, int]]
Number = int | Fraction
UNBOUNDED: Cell = ((), "")
MOST = 10_000
"""All cells together are fewer: what nothing told bounds has this bound."""
SMALL = st.one_of(st.integers(0, 6), st.integers(0, 12), st.sampled_from((0, 1, 4, 5, 9, 10, 40)))
LEAVES: tuple[Node, ...] = (
    ("t", "a", "p"), ("t", "a", "q"), ("t", "a", "r"), ("t", "b", "s"), ("t", "b", "u"), ("t", "v"),
)  # fmt: skip
YEARS = (
    ("2026-01", "2026-02", "2026-04"),
    ("2026-01", "2026-04", "2026-07", "2026-10"),
    ("2025-12", "2026-01", "2026-02"),
)


class Bounds:
    """The least and the greatest that a sum of cells can be, none below 0, with these sums known: simplex in exact numbers."""

    def __init__(self, cells: Sequence[Cell], known: Iterable[tuple[frozenset[Cell], int]]) -> None:
        cells = [*cells, UNBOUNDED]
        self.index = {cell: number for number, cell in enumerate(cells)}
        self.rows: list[list[Number]] = []
        self.basis: list[int] = []
        known = [*known, (frozenset(cells), MOST)]
        equations = [([int(cell in some) for cell in cells], total) for some, total in known]
        width = len(cells)
        for number, (row, total) in enumerate(equations):
            slack = [int(number == other) for other in range(len(equations))]
            self.rows.append([*row, *slack, total])
            self.basis.append(width + number)
        self.width = width
        self._find_start(len(equations))

    def _find_start(self, slacks: int) -> None:
        cost = [0] * self.width + [1] * slacks
        assert self._minimise(cost, self.width + slacks) == 0
        for number in range(len(self.rows)):
            if self.basis[number] >= self.width:
                column = next((one for one in range(self.width) if self.rows[number][one]), None)
                if column is not None:
                    self._pivot(number, column)
        kept = [number for number in range(len(self.rows)) if self.basis[number] < self.width]
        self.rows = [[*self.rows[number][: self.width], self.rows[number][-1]] for number in kept]
        self.basis = [self.basis[number] for number in kept]

    def _pivot(self, number: int, column: int) -> None:
        pivot = self.rows[number][column]
        row = [_divide(value, pivot) for value in self.rows[number]]
        self.rows[number] = row
        for other, values in enumerate(self.rows):
            factor = values[column]
            if other != number and factor:
                self.rows[other] = [value - factor * own for value, own in zip(values, row, strict=True)]
        self.basis[number] = column

    def _minimise(self, cost: Sequence[int], width: int) -> Number:
        """Bland's rule: it ends."""
        while True:
            prices = [cost[one] for one in self.basis]
            for column in range(width):
                own = sum(price * row[column] for price, row in zip(prices, self.rows, strict=True) if price)
                if cost[column] - own < 0:
                    break
            else:
                return sum(price * row[-1] for price, row in zip(prices, self.rows, strict=True))
            usable = [number for number, row in enumerate(self.rows) if row[column] > 0]
            self._pivot(
                min(usable, key=lambda one: (Fraction(self.rows[one][-1]) / self.rows[one][column], self.basis[one])),
                column,
            )

    def find_span(self, some: frozenset[Cell]) -> tuple[int, int]:
        """Both are attained by a table of whole numbers."""
        ends = []
        for sign in (1, -1):
            cost = [0] * self.width
            for cell in some:
                cost[self.index[cell]] = sign
            ends.append(sign * self._minimise(cost, self.width))
            assert all(Fraction(row[-1]).denominator == 1 for row in self.rows)
        return int(ends[0]), int(ends[1])


def _divide(value: Number, by: Number) -> Number:
    if by in (1, -1):
        return value * by
    return Fraction(value) / by


def list_periods(months: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every month, quarter and year with its months, over or not."""
    found = defaultdict(list)
    for month in sorted(months):
        for period in (month, f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}", month[:4]):
            found[period].append(month)
    return ((period, tuple(those)) for period, those in found.items())


def cells_of(leaves: Iterable[Node], place: Node, months: Iterable[str]) -> frozenset[Cell]:
    """The smallest cells that a cell is the sum of."""
    return frozenset((leaf, month) for leaf in leaves if leaf[: len(place)] == place for month in months)


def find_leaks(table: Table, release: Release) -> list[str]:
    """Every small cell that is told, or that an outsider can hold closer than ``FEWEST``; every told number that is wrong."""
    leaves = sorted({leaf for cells in table.values() for leaf in cells})
    places = sorted({leaf[:length] for leaf in leaves for length in range(1, len(leaf) + 1)})
    periods = dict(list_periods(table))
    truth = {
        (period, place): sum(table[month].get(leaf, 0) for leaf, month in cells_of(leaves, place, months))
        for period, months in periods.items()
        for place in places
    }
    known = [
        (cells_of(leaves, place, periods[period]), number)
        for period, told in release.told.items()
        for place, number in told.items()
    ]
    bounds = Bounds([(leaf, month) for leaf in leaves for month in table], known)
    leaks = [
        f"{period} {place} is told as {number}"
        for period, told in release.told.items()
        for place, number in told.items()
        if number != truth[period, place] or number < FEWEST
    ]
    for (period, place), number in truth.items():
        if 0 < number < FEWEST:
            least, most = bounds.find_span(cells_of(leaves, place, periods[period]))
            if most - least < FEWEST:
                leaks.append(f"{period} {place} is {number}, between {least} and {most}")
    return leaks


def find_kind_leaks(late: Table, others: Table, closed: Release, told_late: Release) -> list[str]:
    """The same where of each cell two kinds were counted, and of some how many are of one kind: neither kind nor their sum may be small."""
    months, leaves = sorted(late), sorted({leaf for cells in late.values() for leaf in cells})
    kinds = {"late": late, "other": others}
    both = [(*leaf, kind) for leaf in leaves for kind in kinds]
    periods = dict(list_periods(months))
    places = sorted({leaf[:length] for leaf in leaves for length in range(1, len(leaf) + 1)})

    def cover(period: str, place: Node, *wanted: str) -> frozenset[Cell]:
        return frozenset(cell for cell in cells_of(both, place, periods[period]) if cell[0][-1] in wanted)

    def add(cells: frozenset[Cell]) -> int:
        return sum(kinds[leaf[-1]][month][leaf[:-1]] for leaf, month in cells)

    known = [
        (cover(period, one, *kinds), number) for period, told in closed.told.items() for one, number in told.items()
    ]
    known += [
        (cover(period, one, "late"), number) for period, told in told_late.told.items() for one, number in told.items()
    ]
    assert all(add(cells) == number for cells, number in known)
    bounds = Bounds([(leaf, month) for leaf in both for month in months], known)
    leaks = []
    for period, place, wanted in itertools.product(periods, places, (("late",), ("other",), tuple(kinds))):
        cells = cover(period, place, *wanted)
        if 0 < (number := add(cells)) < FEWEST:
            least, most = bounds.find_span(cells)
            if most - least < FEWEST:
                leaks.append(f"{period} {place} {wanted} is {number}, between {least} and {most}")
    return leaks


def end_all(table: Table) -> list[str]:
    """Every quarter and year."""
    return [period for period, _ in list_periods(table) if len(period) == 4 or "Q" in period]


@st.composite
def draw_table(draw: st.DrawFn) -> Table:
    """Three levels of places, months that share a quarter or do not; many small numbers."""
    months = draw(st.sampled_from(YEARS))
    leaves = LEAVES[: draw(st.integers(2, len(LEAVES)))]
    return {month: {leaf: draw(SMALL) for leaf in leaves} for month in months}


@settings(max_examples=150, deadline=None)
@given(draw_table())
def test_no_small_cell_follows_from_what_is_told(table: Table) -> None:
    """Margins, levels of the tree, months against quarters and years: each small cell keeps a span of five and more."""
    assert find_leaks(table, release_counts(table, end_all(table))) == []


@settings(max_examples=60, deadline=None)
@given(draw_table(), st.data())
def test_how_many_were_late_gives_nothing_away(late: Table, data: st.DataObject) -> None:
    """With the number of late cases beside them, no small number of cases, of late ones or of the others follows."""
    others = {month: {leaf: data.draw(SMALL) for leaf in cells} for month, cells in late.items()}
    whole = {month: {leaf: late[month][leaf] + others[month][leaf] for leaf in late[month]} for month in late}
    closed = release_counts(whole, end_all(whole))
    assert find_kind_leaks(late, others, closed, release_parts(closed, whole, late, end_all(whole))) == []


@settings(max_examples=60, deadline=None)
@given(draw_table(), st.integers(1, 3))
def test_what_was_told_stays_told(table: Table, first: int) -> None:
    """Later months, quarters and years take nothing back and change no number."""
    before = {month: table[month] for month in sorted(table)[:first]}
    early, late = release_counts(before), release_counts(table, end_all(table))
    for month in before:
        assert early.told[month] == late.told[month]


def test_a_service_that_comes_later_opens_nothing_behind_it() -> None:
    """Three services of 4 each and one kept back for them stay as they were told when the next month, or quarter, has a new service."""
    small: dict[Node, int] = {("t", "a"): 20, ("t", "x"): 4, ("t", "y"): 4, ("t", "z"): 4, ("t", "b"): 20}
    before = release_counts({"2026-01": small})
    assert set(before.told["2026-01"]) == {("t",), ("t", "b")}
    for later in ("2026-02", "2026-04"):
        assert release_counts({"2026-01": small, later: {("t", "new"): 30}}).told["2026-01"] == before.told["2026-01"]
    thin = {
        month: {one: 4 if number == 20 else number for one, number in small.items()}
        for month in ("2026-01", "2026-02", "2026-03")
    }
    thin["2026-02"] = thin["2026-03"] = {("t", "a"): 4, ("t", "b"): 4}
    early = release_counts(thin, ["2026-Q1"]).told["2026-Q1"]
    assert release_counts({**thin, "2026-04": {("t", "new"): 30}}, ["2026-Q1"]).told["2026-Q1"] == early


def test_the_auditor_finds_what_is_left_open() -> None:
    """Told with every sum, a small cell is computed; alone in its row or its column it is too."""
    table: Table = {"2026-01": {("t", "a"): 3, ("t", "b"): 20, ("t", "c"): 30}}
    told = {("t",): 53, ("t", "b"): 20, ("t", "c"): 30}
    assert find_leaks(table, Release({"2026-01": told}))[0] == "2026-01 ('t', 'a') is 3, between 3 and 3"
    assert find_leaks(table, Release({"2026-01": {("t", "a"): 3}}))
    two: Table = {"2026-01": {("t", "a"): 3, ("t", "b"): 9}, "2026-02": {("t", "a"): 7, ("t", "b"): 9}}
    sums = Release({"2026-Q1": {("t", "a"): 10}, "2026-02": {("t", "a"): 7}})
    assert find_leaks(two, sums) == ["2026-01 ('t', 'a') is 3, between 3 and 3"]


def test_the_auditor_finds_successive_spans() -> None:
    """Two sums of months that overlap in all but one tell that one: what the page of the business environment used to do."""
    table: Table = {month: {("t", "a"): number} for month, number in (("2025-12", 6), ("2026-01", 8), ("2026-02", 2))}
    first = (frozenset({(("t", "a"), "2025-12"), (("t", "a"), "2026-01")}), 14)
    second = (frozenset({(("t", "a"), "2025-12"), (("t", "a"), "2026-01"), (("t", "a"), "2026-02")}), 16)
    bounds = Bounds([(("t", "a"), month) for month in table], [first, second])
    assert bounds.find_span(frozenset({(("t", "a"), "2026-02")})) == (2, 2)
    assert find_leaks(table, release_counts(table, end_all(table))) == []


@pytest.mark.parametrize("many", [2, 3, 4])
def test_who_knows_the_rule_is_left_with_a_choice(many: int) -> None:
    """Every table of a government with so many services is released: of those that look alike no small cell is the same in all."""
    leaves = [("t", name) for name in "abcd"[:many]]
    alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    highest = {2: 30, 3: 18, 4: 12}[many]
    for numbers in itertools.product(range(highest + 1), repeat=many):
        told = release_counts({"2026-01": dict(zip(leaves, numbers, strict=True))}).told["2026-01"]
        alike[frozenset(told.items())].append(numbers)
    for tables in alike.values():
        for column in range(many):
            seen = {numbers[column] for numbers in tables}
            if len(seen) == 1 and sum(tables[0]) < highest:
                assert not 0 < next(iter(seen)) < FEWEST, tables
