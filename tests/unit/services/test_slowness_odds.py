"""Exact chances: against published values, against counting by hand, and that an interval holds what it says."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.slowness_odds import TAIL, find_chance, find_range, write_chance
from services.slowness_record import Share


@some.composite
def shares(draw: some.DrawFn, most: int = 60) -> Share:
    """Some hits of some cases."""
    of = draw(some.integers(0, most))
    return Share(draw(some.integers(0, of)), of)


def find_tail(hits: int, of: int, part: Fraction) -> Fraction:
    """At least so many of so many, in exact fractions."""
    return sum(
        (math.comb(of, count) * part**count * (1 - part) ** (of - count) for count in range(hits, of + 1)), Fraction()
    )


def test_the_lady_tasting_tea() -> None:
    """Fisher, The Design of Experiments (1935), chapter 2: four of four right by chance once in 70, three or more 17 times."""
    assert find_chance(Share(4, 4), Share(0, 4)) == Fraction(1, 70)
    assert find_chance(Share(3, 4), Share(1, 4)) == Fraction(17, 70)


def test_fishers_twins() -> None:
    """Fisher, Statistical Methods for Research Workers, §21.02: convicts among twins, 10 of 13 and 2 of 17: 619/1330665."""
    assert find_chance(Share(10, 13), Share(2, 17)) == Fraction(619, 1330665)


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(0, 10), 0.0, 0.3085), (Share(1, 10), 0.0025, 0.4450), (Share(5, 10), 0.1871, 0.8129), (Share(10, 10), 0.6915, 1.0),
        (Share(8, 20), 0.1912, 0.6395),
    ],
)  # fmt: skip
def test_published_intervals(share: Share, low: float, high: float) -> None:
    """The 95 % limits of tables of Clopper and Pearson, which have four digits: ours are rounded outwards to three."""
    found = find_range(share)
    assert 0 <= 1000 * low - found[0] < 1.05
    assert -0.05 < found[1] - 1000 * high < 1.05


@given(shares(25))
def test_an_interval_leaves_no_more_than_its_tails(share: Share) -> None:
    """In exact fractions: outside the interval so many hits, or so few, are rarer than it says; it holds the share itself."""
    low, high = find_range(share)
    if share.of:
        assert low <= 1000 * share.hits / share.of <= high
    if share.hits:
        assert find_tail(share.hits, share.of, Fraction(low, 1000)) <= Fraction(TAIL)
    if share.hits < share.of:
        assert find_tail(share.of - share.hits, share.of, 1 - Fraction(high, 1000)) <= Fraction(TAIL)


@given(shares(), shares())
def test_a_chance_is_counted_by_hand(own: Share, others: Share) -> None:
    """The recurrence gives what the binomials of the definition give."""
    hits, every = own.hits + others.hits, own.of + others.of
    ways = sum(
        math.comb(own.of, count) * math.comb(others.of, hits - count)
        for count in range(own.hits, min(own.of, hits) + 1)
    )
    assert find_chance(own, others) == Fraction(ways, math.comb(every, hits))


@given(shares(), shares())
def test_more_hits_are_never_likelier(own: Share, others: Share) -> None:
    """One more own hit makes it rarer, one more of the others more usual."""
    chance = find_chance(own, others)
    assert 0 < chance <= 1
    if own.hits < own.of:
        assert find_chance(Share(own.hits + 1, own.of), others) <= chance
    if others.hits < others.of:
        assert find_chance(own, Share(others.hits + 1, others.of)) >= chance


@pytest.mark.parametrize(("own", "others"), [((2, 1), (0, 1)), ((-1, 1), (0, 1)), ((0, 0), (1, 0))])
def test_what_cannot_be_is_refused(own: tuple[int, int], others: tuple[int, int]) -> None:
    """More hits than cases are no share."""
    with pytest.raises(ValueError, match="hits"):
        find_chance(Share(*own), Share(*others))


def test_large_numbers_neither_overflow_nor_take_long() -> None:
    """A month of a large office."""
    assert find_chance(Share(400, 5000), Share(500, 95000)) < Fraction(1, 10**100)
    assert write_chance(find_chance(Share(20, 35), Share(9, 358))) == "1.2e-17"
    assert find_range(Share(5000, 100000)) == (48, 52)
