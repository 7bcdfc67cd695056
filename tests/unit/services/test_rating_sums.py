"""Running sums of ratings: day by day they come to what the batches of the whole year come to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.case_record import Rating
from services.rating_record import NOBODY, name_cell
from services.rating_rules import BATCH, LEVELS, fill_batches
from services.rating_sums import tally_ratings
from tests.contract.case_book_samples import make_rating
from tests.counter_office import OFFICE
from tests.fake_cases import FakeCaseHouse

FIRST_DAY = date(2026, 12, 20)
MIDNIGHT = datetime(2026, 12, 19, 16, 0, tzinfo=UTC)
"""00:00 of the first day in Beijing."""
GIVEN = st.lists(
    st.tuples(st.integers(0, 23), st.integers(0, 86_399), st.integers(0, 2), st.sampled_from(LEVELS)), max_size=40
)
"""Day, second of the day, who is rated, level."""


def rate_all(house: FakeCaseHouse, told: list[tuple[int, int, int, int]]) -> list[Rating]:
    """Those ratings, in the store in the order in which they were given."""
    made = [
        make_rating(
            OFFICE, level=level, staff_id=UUID(int=who) if who else None, rating_id=UUID(int=number + 1), words="",
            rated_at=MIDNIGHT + timedelta(days=day, seconds=second), service="one", person_id=None,
        )
        for number, (day, second, who, level) in enumerate(told)
    ]  # fmt: skip
    with house.begin([OFFICE]) as tx:
        for one in made:
            tx.ratings.rate(one)
    return made


def expect(ratings: list[Rating], year: int, today: date) -> dict[Any, tuple[int, ...]]:
    """What whole batches of a year come to, counted from scratch."""
    counted = [one for one in ratings if find_day(one).year == year and find_day(one) < today]
    return {
        (cell[0], cell[1], cell[2] or NOBODY): tuple(
            sum(one.level == level for batch in batches for one in batch) for level in LEVELS
        )
        for cell, batches in fill_batches(counted).items()
    }


def find_day(rating: Rating) -> date:
    """The day in China, by a count of its own."""
    return FIRST_DAY + timedelta(days=(rating.rated_at - MIDNIGHT).days)


@given(GIVEN, st.sets(st.integers(0, 25), max_size=8))
def test_days_come_to_the_same_as_the_year(told: list[tuple[int, int, int, int]], looks: set[int]) -> None:
    """However often the duty runs, and over the turn of the year, the sums are those of all full batches of days that are over."""
    house = FakeCaseHouse()
    ratings = rate_all(house, told)
    for day in sorted({*looks, 25}):
        today = FIRST_DAY + timedelta(days=day)
        tally_ratings(house.begin, [OFFICE], today)
        assert tally_ratings(house.begin, [OFFICE], today) == 0
    for year in (2026, 2027):
        with house.begin([OFFICE]) as tx:
            sums = {one.cell: one.levels for one in tx.ratings.list_sums([OFFICE], year)}
        assert sums == expect(ratings, year, today)


def test_a_sum_says_which_ratings_it_holds() -> None:
    """A rating belongs to a sum as soon as its batch is full, and the sixth does not with the fifth."""
    house = FakeCaseHouse()
    ratings = rate_all(house, [(0, number, 1, 5) for number in range(BATCH + 1)])
    tally_ratings(house.begin, [OFFICE], FIRST_DAY + timedelta(days=1))
    with house.begin([OFFICE]) as tx:
        found = tx.ratings.load_sum(2026, name_cell(ratings[0]))
    assert found is not None
    assert [found.holds(one) for one in ratings] == [True] * BATCH + [False]


def test_todays_ratings_wait() -> None:
    """A day is counted when it is over, and then once."""
    house = FakeCaseHouse()
    rate_all(house, [(0, number, 1, 5) for number in range(BATCH)])
    counts = [tally_ratings(house.begin, [OFFICE], FIRST_DAY + timedelta(days=day)) for day in (0, 1, 2)]
    assert counts == [0, BATCH, 0]
