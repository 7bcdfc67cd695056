"""Calendars of working days: every version as it was made, read once by each process.

Which version is in force is one row; its days are read when it is met for the first time and kept, because they never change.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

import rfc8785
from sqlalchemy import Connection, Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError

from adapters.stores.connection import is_taken
from adapters.stores.tables.calendars import calendar_days, calendar_versions
from services.calendar_record import Calendar, NamedDay
from services.errors import VersionTaken
from services.model import JsonValue

_KEPT: WeakKeyDictionary[Engine, dict[tuple[str, int, str], Calendar]] = WeakKeyDictionary()
"""By engine, so that two stores in one process never share; by digest, so that a store that was made anew is not mistaken for the old."""


class SqlCalendarStore:
    """``calendar_record.CalendarStore`` within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def current(self, region: str) -> Calendar | None:
        newest = select(calendar_versions).where(calendar_versions.c.region == region)
        return self._open(
            self._connection.execute(newest.order_by(calendar_versions.c.version.desc()).limit(1)).first()
        )

    def load(self, region: str, version: int) -> Calendar | None:
        cells = calendar_versions.c
        wanted = select(calendar_versions).where(cells.region == region, cells.version == version)
        return self._open(self._connection.execute(wanted).first())

    def made_at(self, region: str, version: int) -> datetime | None:
        cells = calendar_versions.c
        wanted = select(cells.made_at).where(cells.region == region, cells.version == version)
        return self._connection.execute(wanted).scalar()

    def add(self, calendar: Calendar, reason: str, at: datetime) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        place = {"region": calendar.region, "version": calendar.version}
        span = {"published_from": calendar.published_from, "published_until": calendar.published_until}
        row = insert(calendar_versions).values(
            **place, **span, digest=digest_calendar(calendar), made_at=at, reason=reason
        )
        try:
            self._connection.execute(row)
        except IntegrityError as error:
            if is_taken(error):
                raise VersionTaken("this version of the calendar exists") from None
            raise
        days = [
            {**place, "day": on, "working": day.working, "name": day.name, "source": day.source}
            for on, day in sorted(calendar.named.items())
        ]
        if days:
            self._connection.execute(insert(calendar_days), days)

    def _open(self, row: Row[Any] | None) -> Calendar | None:
        if row is None:
            return None
        kept = _KEPT.setdefault(self._connection.engine, {})
        key = (row.region, row.version, row.digest)
        if key not in kept:
            kept[key] = self._read(row)
        return kept[key]

    def _read(self, row: Row[Any]) -> Calendar:
        cells = calendar_days.c
        days = select(calendar_days).where(cells.region == row.region, cells.version == row.version)
        named = {day.day: NamedDay(day.working, day.name, day.source) for day in self._connection.execute(days)}
        return Calendar(
            row.region, row.version, MappingProxyType(named), row.published_from, row.published_until
        )  # fmt: skip


def digest_calendar(calendar: Calendar) -> str:
    """SHA-256 of what a calendar says: its span and its named days (RFC 8785)."""
    days: list[JsonValue] = [
        [on.isoformat(), day.working, day.name, day.source] for on, day in sorted(calendar.named.items())
    ]
    span = [calendar.published_from.isoformat(), calendar.published_until.isoformat()]
    return hashlib.sha256(rfc8785.dumps([calendar.region, *span, days])).hexdigest()
