"""Running sums of ratings, within one transaction: written by the worker's role, read by the console's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from adapters.stores.tables.counter import rating_sums, rating_tallies, ratings, struck_ratings
from services.case_record import Rating
from services.model import PlatformName
from services.rating_record import NOBODY, Cell, Place, RatingSum

_NEVER = datetime(1, 1, 2, tzinfo=UTC)
_PLAIN = ("rating_id", "agency_id", "about", "subject", "service", "level", "staff_id", "rated_at")


class SqlRatingSums:
    """``rating_record.RatingSums``; a part of ``SqlRatingStore``, which has the connection."""

    _connection: Connection

    def begin_tally(self, year: int) -> datetime | None:
        """See the port: the year's own row is made, then locked."""
        row = insert_or_update(rating_tallies).values(year=year, tallied_until=_NEVER).on_conflict_do_nothing()
        self._connection.execute(row)
        held = select(rating_tallies.c.tallied_until).where(rating_tallies.c.year == year).with_for_update()
        until: datetime = self._connection.execute(held).scalar_one()
        return None if until == _NEVER else until

    def end_tally(self, year: int, until: datetime) -> None:
        told = update(rating_tallies).where(rating_tallies.c.year == year).values(tallied_until=until)
        self._connection.execute(told)

    def list_cells(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[Cell]:
        found = ratings.c
        rows = select(found.agency_id, found.service, found.staff_id).distinct().where(
            found.agency_id.in_(agencies), found.rated_at >= since, found.rated_at < until
        )  # fmt: skip
        return sorted((row.agency_id, row.service, row.staff_id or NOBODY) for row in self._connection.execute(rows))

    def list_cell(self, cell: Cell, since: datetime, until: datetime, after: Place | None) -> list[Rating]:
        found = ratings.c
        span = [found.rated_at >= since, found.rated_at < until]
        if after is not None:
            span += [found.rated_at >= after[0], tuple_(found.rated_at, found.rating_id) > tuple_(*after)]
        rows = _select_plain().where(_is_of(cell), *span)
        return [_read_rating(row) for row in self._connection.execute(rows.order_by(found.rated_at, found.rating_id))]

    def load_sum(self, year: int, cell: Cell) -> RatingSum | None:
        found = self._read(rating_sums.c.year == year, *_find_sum(cell))
        return found[0] if found else None

    def list_sums(self, agencies: Sequence[UUID], year: int) -> list[RatingSum]:
        """The sums of a year at these agencies."""
        return self._read(rating_sums.c.year == year, rating_sums.c.agency_id.in_(agencies))

    def write_sum(self, rating_sum: RatingSum) -> None:
        agency_id, service, staff_id = rating_sum.cell
        at, last = rating_sum.through or (_NEVER, NOBODY)
        moving = {"levels": list(rating_sum.levels), "through_at": at, "through_id": last}
        row = insert_or_update(rating_sums).values(
            agency_id=agency_id, year=rating_sum.year, service=service, staff_id=staff_id, **moving
        )  # fmt: skip
        key = list(rating_sums.primary_key.columns)
        self._connection.execute(row.on_conflict_do_update(index_elements=key, set_=moving))

    def count_struck(self, agencies: Sequence[UUID], year: int, since: datetime) -> dict[Cell, int]:
        """See the port: those that an appeal struck, by their own table."""
        struck, sums = struck_ratings.c, rating_sums.c
        same = and_(
            struck.agency_id == sums.agency_id, struck.service == sums.service, struck.staff_id == sums.staff_id,
            struck.rated_at >= since, struck.rated_at <= sums.through_at,
            tuple_(struck.rated_at, struck.rating_id) <= tuple_(sums.through_at, sums.through_id),
        )  # fmt: skip
        counted = select(sums.agency_id, sums.service, sums.staff_id, func.count()).join(struck_ratings, same)
        chosen = counted.where(sums.year == year, sums.agency_id.in_(agencies)).select_from(rating_sums)
        rows = self._connection.execute(chosen.group_by(sums.agency_id, sums.service, sums.staff_id))
        return {(agency, service, staff): count for agency, service, staff, count in rows}

    def _read(self, *chosen: ColumnElement[bool]) -> list[RatingSum]:
        sums = rating_sums.c
        rows = select(rating_sums).where(*chosen).order_by(sums.agency_id, sums.service, sums.staff_id)
        return [_read_sum(row) for row in self._connection.execute(rows)]


def _find_sum(cell: Cell) -> list[ColumnElement[bool]]:
    sums = rating_sums.c
    return [sums.agency_id == cell[0], sums.service == cell[1], sums.staff_id == cell[2]]


def _is_of(cell: Cell) -> ColumnElement[bool]:
    found = ratings.c
    rated = found.staff_id.is_(None) if cell[2] == NOBODY else found.staff_id == cell[2]
    return and_(found.agency_id == cell[0], found.service == cell[1], rated)


def _read_sum(row: Row[Any]) -> RatingSum:
    cell = (row.agency_id, row.service, row.staff_id)
    return RatingSum(row.year, cell, tuple(row.levels), (row.through_at, row.through_id))


def _select_plain() -> Select[Any]:
    """Everything but words and who rated."""
    return select(*(ratings.c[name] for name in (*_PLAIN, "channel", "tags")))


def _read_rating(row: Row[Any]) -> Rating:
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Rating(channel=PlatformName(row.channel), tags=tuple(row.tags), words="", person_id=None, **plain)
