"""What may be shown of ratings: no two pages, held against each other, ever tell a single one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.case_record import Rating
from services.model import PlatformName
from services.rating_rules import BATCH, LEVELS, Tally, fill_batches, hide_identity, make_handle, tally_up
from tests.contract.case_book_samples import make_rating

OFFICES = tuple(UUID(int=number) for number in (1, 2))
STAFF = (None, *(UUID(int=number) for number in (11, 12, 13)))
START = datetime(2026, 11, 2, tzinfo=UTC)


@st.composite
def courses(draw: st.DrawFn) -> list[Rating]:
    """Ratings as they come in, one after the other."""
    told = draw(
        st.lists(
            st.tuples(
                st.sampled_from(OFFICES), st.sampled_from(("a-service", "b-service")), st.sampled_from(STAFF),
                st.sampled_from(LEVELS), st.integers(0, 3),
            ),
            max_size=60,
        )
    )  # fmt: skip
    at, made = START, []
    for number, (office, service, staff, level, pause) in enumerate(told):
        at += timedelta(minutes=pause)
        made.append(
            Rating(
                UUID(int=number + 1),
                office,
                "case",
                UUID(int=number + 500),
                service,
                PlatformName.WEB,
                level,
                (),
                "",
                None,
                staff,
                at,
            )
        )
    return made


def show_pages(ratings: list[Rating]) -> dict[str, Counter[UUID]]:
    """Every page that somebody may see, as the ratings that are summed up on it."""
    pages: dict[str, Counter[UUID]] = {}
    for (office, service, staff), batches in fill_batches(ratings).items():
        ids = [one.rating_id for batch in batches for one in batch]
        for page in ("all", f"{office}", f"{office}/{service}", f"{office}/{service}/{staff}", f"{office}//{staff}"):
            pages.setdefault(page, Counter()).update(ids)
    return pages


@given(courses(), st.integers(0, 60), st.integers(0, 60))
def test_no_two_pages_differ_by_less_than_a_batch(ratings: list[Rating], first: int, second: int) -> None:
    """Whatever two pages somebody sees, of whatever moments, what one has more than the other is nothing or five ratings at least."""
    before, after = show_pages(ratings[: min(first, second)]), show_pages(ratings[: max(first, second)])
    shown = [*before.values(), *after.values()]
    for one in shown:
        assert one.total() % BATCH == 0
        assert one.total() >= BATCH
        for other in shown:
            assert (one - other).total() % BATCH == 0
            assert (one & other).total() % BATCH == 0


@given(courses(), st.integers(0, 60))
def test_a_full_batch_never_changes(ratings: list[Rating], seen: int) -> None:
    """What comes later is added behind: batches that were shown once stay what they were."""
    before, after = fill_batches(ratings[:seen]), fill_batches(ratings)
    for cell, batches in before.items():
        assert after[cell][: len(batches)] == batches


@given(st.lists(st.sampled_from(LEVELS), min_size=BATCH - 1, max_size=BATCH - 1))
def test_four_ratings_show_nothing(levels: list[int]) -> None:
    """Below five nothing is shown, not even how many there are."""
    ratings = [make_rating(OFFICES[0], level=level, staff_id=STAFF[1]) for level in levels]
    assert fill_batches(ratings) == {}


@given(courses())
def test_the_order_of_reading_does_not_matter(ratings: list[Rating]) -> None:
    """The same ratings make the same batches, in whatever order a store gives them."""
    assert fill_batches(reversed(ratings)) == fill_batches(ratings)


def test_a_struck_rating_tells_no_level() -> None:
    """What an appeal struck stays in the sums by level, so that striking it shows nothing; the share of good ones leaves it out."""
    batch = [make_rating(OFFICES[0], level=level) for level in (5, 5, 4, 2, 1)]
    before, after = tally_up([batch]), tally_up([batch], frozenset({batch[4].rating_id}))
    assert (before.levels, before.good_share) == (after.levels, 0.6)
    assert (after.struck, after.good_share) == (1, 0.75)
    assert Tally().good_share is None


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("王秀英的办件 540255787202602010000032 等了很久", "＊的办件 ＊ 等了很久"),
        ("请打 138 0000 0001", "请打 ＊"),
        ("身份证110101196001010010", "身份证＊"),
        ("５４０２５５７８７２", "＊"),
        ("等了 30 分钟，2026年", "等了 30 分钟，2026年"),
    ],
)
def test_words_lose_names_and_numbers(words: str, shown: str) -> None:
    """Names of the case and numbers of six digits or more are covered; short ones stay."""
    assert hide_identity(words, ["王秀英", ""]) == shown


@given(st.uuids())
def test_a_handle_tells_nothing_of_its_id(complaint_id: UUID) -> None:
    """What stands for a complaint has no part of its id, which tells the moment of filing."""
    handle = make_handle(complaint_id)
    assert len(handle) == 24
    assert complaint_id.hex[:8] not in handle or complaint_id.int == 0
