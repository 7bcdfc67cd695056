"""Many matters, one calendar: each goes on when its moment has come, and the clock never goes back."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.demo.agenda import Agenda, Matter, Scene
from tests.unit.gateway.demo.test_play import open_company

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Days:
    """An agenda on a clock that stands, and what was done when."""

    def __init__(self, folder: Path) -> None:
        self.stage = open_company(folder).stage
        self.agenda = Agenda(self.stage, lambda _line: None)
        self.done: list[tuple[str, int]] = []
        self.faults: list[str] = []

    def live(self, name: str, *days: int, fails: bool = False) -> Scene:
        """Acts at once and on each of these days."""
        self.done.append((name, self.today))
        for day in days:
            yield START + timedelta(days=day)
            self.done.append((name, self.today))
        if fails:
            raise ValueError(name)

    @property
    def today(self) -> int:
        return (self.stage.clock.now() - START).days

    @contextmanager
    def follow(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            self.faults.append(str(error))

    def enter(self, scene: Scene) -> None:
        self.agenda.matters.append(Matter(scene, self.follow, "", START))


def test_days_are_lived_through_once(tmp_path: Path) -> None:
    """Two matters alternate by their days; what lies in the past already goes on at once."""
    days = Days(tmp_path)
    days.enter(days.live("slow", 2, 9))
    days.enter(days.live("quick", 1, 3, 0))
    days.agenda.run()
    assert days.done == [
        ("slow", 0), ("quick", 0), ("quick", 1), ("slow", 2), ("quick", 3), ("quick", 3), ("slow", 9),
    ]  # fmt: skip


def test_a_matter_that_fails_ends_alone(tmp_path: Path) -> None:
    """The other one comes to its end."""
    days = Days(tmp_path)
    days.enter(days.live("bad", 1, fails=True))
    days.enter(days.live("good", 2))
    days.agenda.run()
    assert days.faults == ["bad"]
    assert days.done[-1] == ("good", 2)


def test_a_fault_that_nobody_follows_ends_all(tmp_path: Path) -> None:
    """Only what ``followed`` lets pass is survived."""
    days = Days(tmp_path)

    def fail() -> Scene:
        yield from ()
        raise KeyError

    days.enter(fail())
    with pytest.raises(KeyError):
        days.agenda.run()
