"""UUIDv7 (RFC 9562 §5.7) made by the application: time-ordered, so that month partitions and cursors follow from the id."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_BORROWED = 50
_lock = threading.Lock()
_last: tuple[int, int] = (-1, 0)


def make_id(at: datetime) -> UUID:
    """A new UUIDv7 of the moment ``at``. Ids of one process and one millisecond rise (RFC 9562 §6.2, method 1)."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    milliseconds, counter = _take_place(milliseconds)
    return _compose(milliseconds, counter, secrets.randbits(62))


def first_id_of(at: datetime) -> UUID:
    """The smallest UUIDv7 of the millisecond of ``at``: a bound for partitions and ranges, never the id of a row."""
    return UUID(int=((at - _EPOCH) // timedelta(milliseconds=1)) << 80)


def moment_of(identifier: UUID) -> datetime:
    """The millisecond in which a UUIDv7 was made."""
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)


def _take_place(milliseconds: int) -> tuple[int, int]:
    """The millisecond and the counter in it. A full millisecond borrows from the next, so that ids go on rising."""
    global _last  # noqa: PLW0603 - one sequence for the whole process is the point
    with _lock:
        latest, counter = _last
        if milliseconds <= latest <= milliseconds + _MOST_BORROWED:
            milliseconds, counter = (latest, counter + 1) if counter + 1 < 1 << 12 else (latest + 1, 0)
        else:
            counter = secrets.randbits(10)
        _last = (milliseconds, counter)
    return milliseconds, counter


def _compose(milliseconds: int, counter: int, tail: int) -> UUID:
    return UUID(int=milliseconds << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail)
