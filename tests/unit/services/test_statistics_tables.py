"""Sums of closed months by service, agency and level, and what follows from them, in fractions."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.month_figures import FIGURES
from services.month_record import Account
from services.statistics_tables import (
    DERIVED,
    SHARES,
    Line,
    Value,
    sum_all,
    sum_levels,
    sum_places,
    sum_services,
)

CITY, LEFT, RIGHT = (UUID(int=number) for number in (1, 2, 3))
FIGURE_SETS = some.dictionaries(
    some.tuples(some.sampled_from([CITY, LEFT, RIGHT]), some.sampled_from(["a", "b"]), some.none()),
    some.dictionaries(some.sampled_from(FIGURES), some.integers(0, 10**6), max_size=6),
    max_size=6,
)


@given(FIGURE_SETS)
def test_services_places_and_levels_add_up_to_all(figures: dict[Account, dict[str, int]]) -> None:
    """However it is cut, nothing is lost and nothing counted twice."""
    agencies = (CITY, LEFT, RIGHT)
    whole = sum_all(figures, agencies).numbers
    cuts = (
        sum_services(figures, agencies),
        sum_places(figures, agencies),
        sum_levels(figures, {CITY: (CITY,), LEFT: (LEFT,), RIGHT: (RIGHT,)}),
    )
    for lines in cuts:
        for name in FIGURES:
            assert sum(line.numbers.get(name, 0) for line in lines) == whole.get(name, 0)


def test_agencies_that_were_not_asked_for_are_not_in_it() -> None:
    """A sum holds the agencies named and no other."""
    figures: dict[Account, dict[str, int]] = {(LEFT, "a", None): {"closed": 3}, (RIGHT, "a", None): {"closed": 1000}}
    assert sum_all(figures, [LEFT]).read("closed") == 3
    assert [line.read("closed") for line in sum_services(figures, [LEFT])] == [3]
    assert sum_levels(figures, {LEFT: (LEFT,)}) == (Line(LEFT, None, {"closed": 3}),)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("mean_days", Fraction(70, 12)), ("mean_promised", Fraction(10)), ("used", Fraction(70, 120)),
        ("used_statutory", Fraction(70, 240)), ("late_share", Fraction(3, 12)), ("passed_share", Fraction(0)), ("rated", 10),
        ("bad", 3), ("good_share", Fraction(7, 10)), ("all_accepted", 9), ("closed", 12), ("refused", 0),
    ],
)  # fmt: skip
def test_what_follows_from_the_figures(code: str, wanted: Value) -> None:
    """Means and shares are exact; what nobody counted is 0."""
    numbers = {
        "closed": 12, "working_days": 70, "promised_days": 120, "statutory_days": 240, "late": 3, "accepted": 6,
        "accepted_with_gap": 2, "deemed_accepted": 1, "ratings_5": 7, "ratings_2": 2, "ratings_1": 1,
    }  # fmt: skip
    assert Line(LEFT, "a", numbers).read(code) == wanted


def test_a_share_of_nothing_is_nothing() -> None:
    """Without a closed case or a rating there is no mean and no share, rather than 0."""
    for code in (*SHARES, "mean_days", "mean_promised", "mean_statutory"):
        assert Line(LEFT, "a", {"received": 4}).read(code) is None
    assert set(SHARES) < set(DERIVED)
    assert not set(DERIVED) & set(FIGURES)


def test_the_busiest_service_comes_first() -> None:
    """By closed cases, then by name; a mean above the promise stands out, one exactly at it does not."""
    figures: dict[Account, dict[str, int]] = {
        (LEFT, "b", None): {"closed": 5, "working_days": 51, "promised_days": 50},
        (LEFT, "a", None): {"closed": 5, "working_days": 50, "promised_days": 50},
        (LEFT, "c", None): {"closed": 9},
    }
    lines = sum_services(figures, [LEFT])
    assert [(line.service, line.is_over) for line in lines] == [("c", False), ("a", False), ("b", True)]
