"""A fresh street of offices for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.unit.adapters.sandbox.offices.street import OFFICE_OF, Street, open_street


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))


@pytest.fixture
def street(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Street]:
    """All offices, or the one that a parameter ``office`` or ``service`` names."""
    callspec = getattr(request.node, "callspec", None)
    named = callspec.params if callspec else {}
    office = named.get("office") or OFFICE_OF.get(named.get("service", ""))
    with open_street(tmp_path / "home", clock, {office} if office else None) as opened:
        yield opened
