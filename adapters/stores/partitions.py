"""Month partitions, made ahead. What has no month yet lies in a default partition and moves when its month is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from adapters.ids import first_id_of

_TABLES = (
    "acts", "application_events", "case_events", "case_readings", "exposure_persons", "exposure_records", "exposure_salts", "payment_events",
    "person_events",
)  # fmt: skip


def add_months(
    connection: Connection, now: datetime, *, behind: int = 0, ahead: int = 3, tables: Sequence[str] = _TABLES
) -> int:
    """Make the months around ``now`` for every table of events; returns how many partitions are new.

    A month is a range of UUIDv7: the key itself carries the time, so that a key is unique over all months.
    """
    made = 0
    for step in range(-behind, ahead + 1):
        start, end = _month(now, step), _month(now, step + 1)
        for table in tables:
            row = connection.execute(
                text("SELECT guitai_add_month(:parent, :month, :first, :end)"),
                {"parent": table, "month": f"{start:%Y%m}", "first": first_id_of(start), "end": first_id_of(end)},
            )
            made += bool(row.scalar())
    return made


def extend_months(engine: Engine, now: datetime, ahead: int = 3) -> int:
    """The worker's periodic act: each month in its own transaction, so that locks are short."""
    made = 0
    for step in range(ahead + 1):
        with engine.begin() as connection:
            made += add_months(connection, _month(now, step), ahead=0)
    return made


def _month(now: datetime, step: int) -> datetime:
    at = now.astimezone(UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + step, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
