"""Ids that carry their time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.ids import first_id_of, make_id, moment_of

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(at=MOMENTS)
def test_id_is_a_uuid7_of_its_moment(at: datetime) -> None:
    """Version 7, variant RFC 9562, and the millisecond can be read back."""
    made = make_id(at)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert first_id_of(at) <= made < first_id_of(at + timedelta(milliseconds=52))
    assert timedelta(milliseconds=-51) < at - moment_of(made) < timedelta(milliseconds=1)


def test_ids_of_one_millisecond_rise() -> None:
    """Ten thousand ids of the same millisecond are distinct and in order."""
    at = datetime(2026, 11, 24, tzinfo=UTC)
    made = [make_id(at) for _ in range(10_000)]
    assert made == sorted(set(made))
