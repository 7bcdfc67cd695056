"""From counts to patterns: small numbers say nothing, spans never overlap, chance is held down over all comparisons."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.months import Month
from services.slowness_record import Kind, Share
from services.slowness_tally import (
    ALPHA,
    COLLEAGUES,
    LEAST,
    MINIMUM,
    REGULAR,
    Comparison,
    MonthTally,
    Tally,
    compare_all,
    judge,
    judge_all,
    list_quarter,
)

OFFICE, SERVICE = UUID(int=1), "trial-licence"
JUNE = Month(2026, 6)
PEOPLE = [UUID(int=number) for number in range(11, 21)]
PLACE = (OFFICE, SERVICE, Kind.STOPPED)
FAVOURED = (OFFICE, SERVICE, Kind.FAVOURED)


def make_month(month: Month, **counts: tuple[int, int]) -> MonthTally:
    """A month in which ``p0`` hit so many of so many cases, and so on."""
    tally = MonthTally(month)
    for name, (hits, of) in counts.items():
        tally.people[PLACE][PEOPLE[int(name[1:])]] = Tally(Share(hits, of))
    return tally


def compare(own: Share, others: Share, kind: Kind = Kind.STOPPED, beside: Share = Share()) -> Comparison:  # noqa: B008 - frozen
    """One comparison."""
    return Comparison((OFFICE, SERVICE, kind), PEOPLE[0], 0, JUNE, Tally(own), others, 5, beside)


def test_the_quarter_of_a_month() -> None:
    """From its first month till and with this one."""
    assert list_quarter(JUNE) == [Month(2026, 4), Month(2026, 5), JUNE]
    assert list_quarter(Month(2026, 1)) == [Month(2026, 1)]


def test_small_numbers_say_nothing() -> None:
    """Nineteen own cases, nineteen of the others, or one single colleague: no comparison is made."""
    full = {"p1": (0, 10), "p2": (0, 10)}
    assert [one.manager_id for one in compare_all([make_month(JUNE, p0=(20, 20), **full)])] == [PEOPLE[0]]
    assert compare_all([make_month(JUNE, p0=(19, 19), **full)]) == []
    assert compare_all([make_month(JUNE, p0=(20, 20), p1=(0, 9), p2=(0, 10))]) == []
    assert compare_all([make_month(JUNE, p0=(20, 20), p1=(0, 19))]) == []
    assert compare_all([make_month(JUNE, p0=(20, 20), p1=(0, 500))]) == []
    assert COLLEAGUES == 2


@pytest.mark.parametrize(("few", "enough"), [(1, False), (4, False), (5, True)])
def test_nobody_is_held_against_one_single_person(few: int, enough: bool) -> None:
    """A second colleague with a case or two does not make the share of the first a common one."""
    found = compare_all([make_month(JUNE, p0=(20, 20), p1=(0, 40), p2=(0, few))])
    assert (PEOPLE[0] in {one.manager_id for one in found}) is enough


def test_months_grow_together_within_a_quarter() -> None:
    """Eight, seven and seven cases are enough in the third month, with a span that begins with the first; none before."""
    months = [
        make_month(month, p0=(of, of), p1=(0, 30), p2=(0, 30))
        for month, of in zip(list_quarter(JUNE), (8, 7, 7), strict=True)
    ]
    for count in (1, 2):
        assert PEOPLE[0] not in {one.manager_id for one in compare_all(months[:count])}
    found = next(one for one in compare_all(months) if one.manager_id == PEOPLE[0])
    assert (found.first_month, found.own.share, found.others) == (Month(2026, 4), Share(22, 22), Share(0, 180))


def test_spans_of_one_person_never_overlap() -> None:
    """What was enough by itself is not counted again with the next month."""
    months = [
        make_month(month, p0=(of, of), p1=(0, 30), p2=(0, 30))
        for month, of in zip(list_quarter(JUNE), (20, 10, 12), strict=True)
    ]
    assert PEOPLE[0] in {one.manager_id for one in compare_all(months[:1])}
    assert PEOPLE[0] not in {one.manager_id for one in compare_all(months[:2])}
    found = next(one for one in compare_all(months) if one.manager_id == PEOPLE[0])
    assert (found.first_month, found.own.share.of) == (Month(2026, 5), 22)


@settings(deadline=None)
@given(
    some.lists(
        some.lists(some.tuples(some.integers(0, 9), some.integers(0, 30)), min_size=3, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_each_case_is_in_one_comparison_at_most(people: list[list[tuple[int, int]]]) -> None:
    """Over a quarter the spans of each person are disjoint, whatever the months were like."""
    months = [
        make_month(month, **{f"p{number}": (min(one[index]), one[index][1]) for number, one in enumerate(people)})
        for index, month in enumerate(list_quarter(JUNE))
    ]
    spans = defaultdict[UUID, list[tuple[Month, Month]]](list)
    for count in (1, 2, 3):
        for one in compare_all(months[:count]):
            spans[one.manager_id].append((one.first_month, months[count - 1].month))
            assert one.own.share.of >= MINIMUM
            assert one.others.of >= MINIMUM
    for found in spans.values():
        assert all(first <= last for first, last in found)
        assert all(before[1] < after[0] for before, after in pairwise(found))


def test_the_order_of_cases_makes_no_difference() -> None:
    """People in another order: the same comparisons in the same order."""
    counts = {"p3": (9, 40), "p1": (1, 50), "p2": (0, 60)}
    one, two = make_month(JUNE, **counts), make_month(JUNE, **dict(reversed(counts.items())))
    assert judge_all([one]) == judge_all([two])


@pytest.mark.parametrize(
    ("own", "others", "shown"),
    [
        (Share(15, 30), Share(5, 300), True), (Share(4, 20), Share(0, 3000), False), (Share(5, 20), Share(0, 3000), True),
        (Share(25, 30), Share(150, 300), False), (Share(3, 30), Share(5, 300), False), (Share(0, 30), Share(0, 300), False),
    ],
)  # fmt: skip
def test_what_is_shown(own: Share, others: Share, shown: bool) -> None:
    """Far out and often enough; not four cases, not one and a half times the others, not what chance gives."""
    assert (judge(compare(own, others), 400, JUNE) is not None) is shown
    assert LEAST == 5


def test_who_looks_often_asks_for_more() -> None:
    """The same numbers are shown among four comparisons and not among four million."""
    one = compare(Share(7, 30), Share(5, 300))
    assert judge(one, 4, JUNE) is not None
    assert judge(one, 4_000_000, JUNE) is None


def test_one_applicant_is_compared_with_the_others_of_the_same_hand() -> None:
    """Eight of eight at once, none of the others; not where colleagues are as fast with them, not where it is now and then."""
    kind = Kind.FAVOURED
    assert judge(compare(Share(8, 8), Share(0, 40), kind), 400, JUNE) is not None
    assert judge(compare(Share(8, 8), Share(0, 40), kind, Share(5, 5)), 400, JUNE) is None
    assert judge(compare(Share(8, 8), Share(0, 40), kind, Share(4, 4)), 400, JUNE) is not None
    assert judge(compare(Share(8, 8), Share(0, 40), kind, Share(1, 5)), 400, JUNE) is not None
    assert judge(compare(Share(7, 9), Share(0, 400), kind), 400, JUNE) is None


def test_regular_applicants_are_numbered_for_each_hand_anew() -> None:
    """Two applicants of one manager are 1 and 2; the number in the books of the run does not come out."""
    tally = MonthTally(JUNE)
    for person in PEOPLE[:3]:
        tally.people[FAVOURED][person] = Tally(Share(16 if person == PEOPLE[0] else 0, 76))
    for number in (4711, 815):
        tally.regulars[OFFICE, SERVICE, number][PEOPLE[0]] = Tally(Share(8, 8))
    _, found = judge_all([tally])
    assert [(one.kind, one.number, one.own) for one in found] == [
        (Kind.FAVOURED, 1, Share(8, 8)),
        (Kind.FAVOURED, 2, Share(8, 8)),
    ]
    tally.regulars[OFFICE, SERVICE, 815][PEOPLE[0]] = Tally(Share(7, REGULAR - 1))
    assert len(judge_all([tally])[1]) == 1


def test_people_who_work_alike_are_not_shown() -> None:
    """Two thousand months of ten people with one share for all: shown in at most two in a hundred of them, seeded."""
    dice, shown = random.Random(20260601), 0  # noqa: S311 - a seeded measurement
    for _ in range(2000):
        share = dice.choice((0.01, 0.03, 0.1, 0.3))
        counts = {f"p{number}": sum(dice.random() < share for _ in range(25)) for number in range(10)}
        month = make_month(JUNE, **{name: (hits, 25) for name, hits in counts.items()})
        shown += bool(judge_all([month])[1])
    assert Fraction(shown, 2000) <= 2 * ALPHA


def test_evidence_is_limited_and_counted_in_full() -> None:
    """A hundred cases are kept, the share says how many there were."""
    comparison = compare(Share(150, 300), Share(5, 3000))
    found = judge(replace(comparison, own=Tally(Share(150, 300))), 10, JUNE)
    assert found is not None
    assert (found.own.hits, round(found.expected, 1)) == (150, 0.5)
