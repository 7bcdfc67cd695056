"""Running sums of ratings as the store keeps them: ``services/rating_sums.py`` counts them, ``services/rating_reports.py`` reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.case_record import Rating

NOBODY = UUID(int=0)
"""Stands for nobody in particular: a rule decided, or nobody is rated."""
Cell = tuple[UUID, str, UUID]
"""Agency, service, who is rated or ``NOBODY``."""
Place = tuple[datetime, UUID]
"""Where a rating stands in the order of all: its moment and its id."""


@dataclass(frozen=True, slots=True)
class RatingSum:
    """Whole batches of one cell in one calendar year: how many ratings of level 5, 4, 3, 2, 1.

    ``through`` is the place of the last rating in them, None before the first.
    """

    year: int
    cell: Cell
    levels: tuple[int, ...] = (0, 0, 0, 0, 0)
    through: Place | None = None

    @property
    def agency_id(self) -> UUID:
        return self.cell[0]

    @property
    def service(self) -> str:
        return self.cell[1]

    @property
    def staff_id(self) -> UUID | None:
        return None if self.cell[2] == NOBODY else self.cell[2]

    def holds(self, rating: Rating) -> bool:
        """Whether a rating of this cell is in one of the batches."""
        return self.through is not None and (rating.rated_at, rating.rating_id) <= self.through


def name_cell(rating: Rating) -> Cell:
    """The cell of a rating."""
    return rating.agency_id, rating.service, rating.staff_id or NOBODY


class RatingSums(Protocol):
    """Sums within one transaction. The worker's role counts, the console's reads."""

    def begin_tally(self, year: int) -> datetime | None:
        """Till when the year was tallied (None: never), held till the end of the transaction: only one counts at a time."""
        ...

    def end_tally(self, year: int, until: datetime) -> None: ...
    def list_cells(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[Cell]:
        """Cells with ratings from ``since`` till before ``until``."""
        ...

    def list_cell(self, cell: Cell, since: datetime, until: datetime, after: Place | None) -> list[Rating]:
        """A cell's ratings of a span behind a place, oldest first, without words and who rated."""
        ...

    def load_sum(self, year: int, cell: Cell) -> RatingSum | None: ...
    def write_sum(self, rating_sum: RatingSum) -> None: ...
    def list_sums(self, agencies: Sequence[UUID], year: int) -> list[RatingSum]:
        """The sums of a year at these agencies."""
        ...

    def count_struck(self, agencies: Sequence[UUID], year: int, since: datetime) -> Mapping[Cell, int]:
        """Per cell how many ratings since then that an appeal found mistaken or malicious are in the sums of a year; cells without any are left out."""
        ...
