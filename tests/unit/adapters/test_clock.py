"""The clock that several processes share through a file."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.clock import SharedClock, SystemClock, business_date, make_clock
from services.errors import ConfigurationFault

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def test_without_a_file_it_is_the_machines_clock(tmp_path: Path) -> None:
    """A shared clock that nobody moved runs with the machine's."""
    gap = SharedClock(tmp_path / "clock.json").now() - SystemClock().now()
    assert abs(gap) < timedelta(seconds=1)


def test_every_reader_follows(tmp_path: Path) -> None:
    """A second reader, also in another process, sees time moved by the first."""
    one, two = SharedClock(tmp_path / "clock.json"), SharedClock(tmp_path / "clock.json")
    two.now()
    one.advance(3600)
    assert timedelta(minutes=59) < two.now() - SystemClock().now() < timedelta(minutes=61)
    one.stop_at(NOON)
    assert two.now() == NOON
    one.advance(90)
    assert two.now() == NOON + timedelta(seconds=90)
    program = (
        f"from adapters.clock import *; print(SharedClock(Path({str(tmp_path / 'clock.json')!r})).now().isoformat())"
    )
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert datetime.fromisoformat(shown.strip()) == two.now()


def test_advances_add_up(tmp_path: Path) -> None:
    """Moving it twice moves it by the sum; setting it lets it run on."""
    clock = SharedClock(tmp_path / "clock.json")
    clock.set_to(NOON)
    clock.advance(10)
    clock.advance(20.5)
    assert timedelta(0) <= clock.now() - NOON - timedelta(seconds=30.5) < timedelta(seconds=5)


def test_broken_file_is_a_fault_not_a_time(tmp_path: Path) -> None:
    """A file that is not JSON stops the reader instead of giving it some other time."""
    (tmp_path / "clock.json").write_text("{")
    with pytest.raises(ConfigurationFault):
        SharedClock(tmp_path / "clock.json").now()


@pytest.mark.parametrize("environment", ["production", "", "staging"])
def test_shared_clock_is_refused_elsewhere(tmp_path: Path, environment: str) -> None:
    """Outside demo and test there is no clock that somebody can move."""
    with pytest.raises(ConfigurationFault):
        make_clock(tmp_path / "clock.json", environment)
    assert isinstance(make_clock(None, environment), SystemClock)


def test_business_day_begins_at_midnight_in_shanghai() -> None:
    """16:00 UTC is the next legal day."""
    assert business_date(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert business_date(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)) == date(2026, 11, 25)
