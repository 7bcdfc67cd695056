"""Running sums of ratings: what a year's report is read from, so that it costs the same however many people rated.

The worker's duty ``tally_ratings`` counts each day once it is over: per agency, service and rated person the batches of five that are
full by then (``services/rating_rules.py``), and how far it has read. Ratings that do not fill a batch yet wait for the next day. What is
counted never changes: batches once full do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.case_record import Rating
from services.clock import DAY, end_of_day
from services.rating_record import RatingSum, RatingSums
from services.rating_rules import BATCH, LEVELS


class SumTransaction(Protocol):
    """A transaction of the worker's role."""

    @property
    def ratings(self) -> RatingSums: ...


Begin = Callable[[Sequence[UUID]], AbstractContextManager[SumTransaction]]


def tally_ratings(begin: Begin, agencies: Sequence[UUID], today: date) -> int:
    """Count every day that is over and was not counted yet, of this year and the one before; gives how many ratings were counted."""
    return sum(_tally_year(begin, agencies, year, today) for year in (today.year - 1, today.year))


def _tally_year(begin: Begin, agencies: Sequence[UUID], year: int, today: date) -> int:
    first, until = find_span(year, today)
    with begin(agencies) as tx:
        since = tx.ratings.begin_tally(year) or first
        if since >= until:
            return 0
        counted = 0
        for cell in tx.ratings.list_cells(agencies, since, until):
            known = tx.ratings.load_sum(year, cell) or RatingSum(year, cell)
            grown = add_batches(known, tx.ratings.list_cell(cell, first, until, known.through))
            if grown != known:
                tx.ratings.write_sum(grown)
                counted += sum(grown.levels) - sum(known.levels)
        tx.ratings.end_tally(year, until)
    return counted


def add_batches(known: RatingSum, behind: Iterable[Rating]) -> RatingSum:
    """The sum with every batch that is full among the ratings behind it, oldest first."""
    ratings = list(behind)
    ratings = ratings[: len(ratings) // BATCH * BATCH]
    if not ratings:
        return known
    levels = [
        count + sum(one.level == level for one in ratings) for level, count in zip(LEVELS, known.levels, strict=True)
    ]
    return replace(known, levels=tuple(levels), through=(ratings[-1].rated_at, ratings[-1].rating_id))


def find_span(year: int, today: date) -> tuple[datetime, datetime]:
    """From the first moment of a year in China till the end of it, or till the beginning of today."""
    since = end_of_day(date(year, 1, 1) - DAY)
    return since, max(since, min(end_of_day(date(year, 12, 31)), end_of_day(today - DAY)))
