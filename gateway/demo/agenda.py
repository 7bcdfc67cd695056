"""Many matters live through the same days: each says when it goes on, the shared clock moves to the nearest, and no day passes twice."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from gateway.demo.stage import A_MINUTE, Stage

Scene = Generator[datetime, None, None]
"""One matter, act by act; it yields the moment at which its next act comes, and the clock is there when it goes on."""


@dataclass
class Matter:
    """A scene under way. ``followed`` surrounds each act: what does not hold ends this matter and no other."""

    scene: Scene
    followed: Callable[[], AbstractContextManager[object]]
    heading: str
    goes_on_at: datetime


@dataclass
class Agenda:
    """All matters of a play, in the order in which they go on."""

    stage: Stage
    say: Callable[[str], None]
    matters: list[Matter] = field(default_factory=list)

    def run(self) -> None:
        """Till every matter has come to its end. The clock only moves ahead."""
        waiting = list(self.matters)
        while waiting:
            waiting.sort(key=lambda one: one.goes_on_at)
            matter = waiting.pop(0)
            missing = (matter.goes_on_at - self.stage.clock.now()).total_seconds()
            self.stage.pass_time(max(missing, A_MINUTE))  # a minute at least: so many a minute and person is allowed
            self.say(f"\n{matter.heading}, {self.stage.today}")
            if self._go_on(matter):
                waiting.append(matter)

    def _go_on(self, matter: Matter) -> bool:
        """One act; whether there is another."""
        going = False
        with matter.followed():
            at = next(matter.scene, None)
            if at is not None:
                matter.goes_on_at, going = at, True
        return going
