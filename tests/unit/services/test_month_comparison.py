"""Managers compared within one service: against the others, with enough cases, with intervals; who is named and why nobody else is."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction
from statistics import mean, variance
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.month_comparison import (
    MINIMUM,
    Sample,
    Standing,
    compare_managers,
    find_difference,
    find_interval,
    find_share,
    find_t95,
    sum_figures,
)
from services.month_honours import RULE, Against, Honour, find_employee
from services.month_record import Account, Figures

OFFICE, OTHER, ANN, BEN, CAI = (UUID(int=number) for number in (1, 2, 11, 12, 13))
DAYS = some.lists(some.integers(0, 60), min_size=2, max_size=80)


def hold(days: list[int], **more: int) -> Counter[str]:
    """The figures of somebody who held cases so long and closed them."""
    sums = {"held_cases": len(days), "held_days": sum(days), "squared_held": sum(one**2 for one in days)}
    return Counter({**sums, "closed": len(days), "accepted": len(days), **more})


def make_figures(**people: Counter[str]) -> Figures:
    """Ann's, Ben's and Cai's figures in one service."""
    ids = {"ann": ANN, "ben": BEN, "cai": CAI}
    return {(OFFICE, "licence", ids[name]): numbers for name, numbers in people.items()}


def spread(middle: int, count: int = 40) -> list[int]:
    """Days around a mean: as many above as below it."""
    return [middle + (number % 5) - 2 for number in range(count)]


@given(DAYS)
def test_mean_and_variance_are_those_of_the_cases(days: list[int]) -> None:
    """From count, sum and squares the same comes as from the cases one by one."""
    sample = Sample(len(days), sum(days), sum(one**2 for one in days))
    assert sample.mean == mean(Fraction(one) for one in days)
    assert sample.variance == variance(Fraction(one) for one in days)
    low, high = find_interval(sample)
    assert low <= float(sample.mean) <= high


def test_the_interval_is_students() -> None:
    """Ten cases 1 to 10: 5.5 ± 2.2622 · 3.0277 / √10 (any table of Student's t)."""
    days = range(1, 11)
    low, high = find_interval(Sample(10, sum(days), sum(one**2 for one in days)))
    assert (round(low, 3), round(high, 3)) == (3.334, 7.666)


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 12.7062), (30, 2.0423), (31, 2.0423), (45, 2.0211), (10**6, 1.9799)]
)
def test_between_the_rows_of_the_table_it_is_the_wider(freedom: int, value: float) -> None:
    """Never a narrower interval than the true one; without freedom it has no end."""
    assert find_t95(freedom) == value
    assert find_t95(0) == math.inf


def test_wilsons_interval() -> None:
    """1 of 20 is between 0.9 % and 23.6 % (Wilson 1927; the example of many textbooks); 0 of 0 says nothing."""
    low, high = find_share(1, 20)
    assert (round(low, 3), round(high, 3)) == (0.009, 0.236)
    assert find_share(0, 0) == (0.0, 1.0)


def test_who_is_faster_for_certain_is_said_to_be() -> None:
    """Ann takes four days where the others take ten; Ben is slower than the others, who are Ann and Cai."""
    figures = make_figures(ann=hold(spread(4)), ben=hold(spread(12)), cai=hold(spread(8)))
    lines = {line.manager: line for line in compare_managers(figures, OFFICE, "licence").lines}
    assert lines[ANN].standing is Standing.FASTER
    assert lines[BEN].standing is Standing.SLOWER
    assert lines[CAI].standing is Standing.AS_OTHERS
    assert [lines[ANN].mean, lines[ANN].others] == [Fraction(4), Fraction(10)]


def test_of_too_few_nothing_is_said() -> None:
    """One case less than the minimum: no mean, no interval; nor where the others have too few."""
    few = make_figures(ann=hold(spread(1, MINIMUM - 1)), ben=hold(spread(12)))
    ann, ben = sorted(compare_managers(few, OFFICE, "licence").lines, key=lambda line: line.manager)
    assert (ann.standing, ann.mean, ann.low) == (Standing.TOO_FEW, None, None)
    assert (ben.standing, ben.others) == (Standing.TOO_FEW, None)
    assert ben.mean is not None


def test_services_and_agencies_are_not_mixed() -> None:
    """A short service makes nobody fast in a long one, and nobody's own time is compared with anybody."""
    figures: dict[Account, Counter[str]] = {
        (OFFICE, "licence", ANN): hold(spread(9)), (OFFICE, "licence", BEN): hold(spread(9)),
        (OFFICE, "stamp", ANN): hold([1] * 40), (OTHER, "licence", CAI): hold(spread(2)), (OFFICE, "licence", None): hold([30] * 40),
    }  # fmt: skip
    found = compare_managers(figures, OFFICE, "licence")
    assert {line.manager for line in found.lines} == {ANN, BEN}
    assert {line.standing for line in found.lines} == {Standing.AS_OTHERS}
    assert found.mean == 9


def test_people_who_work_alike_seldom_seem_to_differ() -> None:
    """Drawn from one distribution, about one in twenty is said to differ: never many."""
    dice = random.Random(7)  # noqa: S311 - a seeded sample, nothing secret
    differ = 0
    for _ in range(400):
        one, two = ([min(30, int(dice.expovariate(0.2))) for _ in range(40)] for _ in range(2))
        low, high = find_difference(*(Sample(40, sum(days), sum(day**2 for day in days)) for days in (one, two)))
        differ += not low <= 0 <= high
    assert differ <= 400 * 0.09


def test_months_add_up() -> None:
    """Two months are the sum of both, account by account."""
    sums = sum_figures([make_figures(ann=hold([1, 2])), make_figures(ann=hold([3]), ben=hold([4]))])
    assert sums[OFFICE, "licence", ANN]["held_days"] == 6
    assert sums[OFFICE, "licence", BEN]["held_cases"] == 1


def choose(**changes: int) -> tuple[Honour, Any]:
    """Ann is fast, Ben and Cai are as they are; ``changes`` are added to Ann's figures."""
    figures = make_figures(
        ann=hold(spread(4), **changes), ben=hold(spread(9), refused=2, corrections=2), cai=hold(spread(10))
    )
    honour = find_employee(figures, [OFFICE])
    return honour, next(one for one in honour.candidates if one.manager == ANN)


def test_the_fastest_for_certain_is_named() -> None:
    """Ann's cases lay 4 days with her where the others' lay 9.5; the reasons against everybody else are told."""
    honour, ann = choose()
    assert honour.named == (ANN,)
    assert ann.pace == Fraction(8, 19)
    assert {one.manager: one.against for one in honour.candidates} == {
        ANN: (), BEN: (Against.NOT_FASTER,), CAI: (Against.NOT_FASTER,),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"late": 1}, Against.LATE),
        ({"complaints_against": 1}, Against.COMPLAINTS),
        ({"refused": 12}, Against.REFUSES_MORE),
        ({"corrections": 14}, Against.CORRECTS_MORE),
    ],
)
def test_haste_that_was_bought_is_not_honoured(changes: dict[str, int], why: Against) -> None:
    """Late cases, complaints, refusing or sending back more than others: nobody is named instead."""
    honour, ann = choose(**changes)
    assert ann.against == (why,)
    assert honour.named == ()


def test_bad_ratings_count_but_for_those_that_were_struck() -> None:
    """Five bad ratings against the others' none are too many; struck ones are none."""
    good = {"ratings_5": 20}
    for struck, against in ((0, (Against.BAD_RATINGS,)), (5, ())):
        ann = hold(spread(4), ratings_1=5, ratings_5=15, ratings_struck=struck)
        figures = make_figures(ann=ann, ben=hold(spread(9), **good), cai=hold(spread(9), **good))
        found = find_employee(figures, [OFFICE])
        assert next(one.against for one in found.candidates if one.manager == ANN) == against


def test_a_dismissed_complaint_is_none() -> None:
    """What was found mistaken or malicious stands against nobody."""
    assert choose(complaints_against=1, complaints_dismissed=1)[0].named == (ANN,)


def test_too_few_cases_or_nobody_beside() -> None:
    """Nineteen cases name nobody, and who is alone with a service is compared with nobody."""
    few = find_employee(make_figures(ann=hold(spread(2, MINIMUM - 1)), ben=hold(spread(9))), [OFFICE])
    assert few.named == ()
    assert Against.TOO_FEW in few.candidates[0].against
    alone = find_employee(make_figures(ann=hold(spread(2))), [OFFICE])
    assert alone.candidates[0].against == (Against.NOBODY_BESIDE,)
    assert find_employee(make_figures(ann=hold(spread(2)), ben=hold(spread(9))), [OTHER]) == Honour((), ())


def test_equals_are_named_together_and_the_second_is_not() -> None:
    """Two with the same time share it; whoever is a little slower has not won."""
    both = make_figures(ann=hold(spread(4)), ben=hold(spread(4)), cai=hold(spread(30, 80)))
    assert find_employee(both, [OFFICE]).named == (ANN, BEN)
    one = find_employee(make_figures(ann=hold(spread(4)), ben=hold(spread(6)), cai=hold(spread(30, 80))), [OFFICE])
    assert one.named == (ANN,)
    assert [candidate.against for candidate in one.candidates if candidate.manager == BEN] == [(Against.NOT_FIRST,)]


def test_every_condition_is_worded_in_two_languages() -> None:
    """The rule that is shown names each reason for which somebody is not named."""
    assert set(RULE) == set(Against)
    assert all(chinese and english for chinese, english in RULE.values())
