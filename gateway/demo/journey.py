"""One story, told step by step: what happened, how long it took, what the platform saw of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


class StepFailed(Exception):
    """A step did not hold; the message says what was expected and what came."""


def require(condition: bool, message: str) -> None:
    """Raise ``StepFailed`` unless the condition holds."""
    if not condition:
        raise StepFailed(message)


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it stands in the report."""

    name: str
    ok: bool
    seconds: float


@dataclass
class Journey:
    """One story on one platform. ``say`` prints a line; ``saw`` gives what the platform saw since it was last asked."""

    name: str
    platform: str
    say: Callable[[str], None]
    saw: Callable[[], list[str]]
    steps: list[Step] = field(default_factory=list)
    payment_state: str | None = None
    write_off_reference: str | None = None
    exposure_records: int = 0

    @property
    def ok(self) -> bool:
        """Whether there was a step and every step held."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Run one step. The caller appends to the list what a reader should see; a fault ends the journey."""
        started = time.monotonic()
        details: list[str] = []
        try:
            yield details
        except BaseException as error:
            self._finish(name, started, details, ok=False)
            reason = str(error) if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"
            self.say(f"      {reason}")
            raise
        self._finish(name, started, details, ok=True)

    def _finish(self, name: str, started: float, details: list[str], *, ok: bool) -> None:
        seconds = time.monotonic() - started
        self.steps.append(Step(name, ok, round(seconds, 3)))
        self.say(f"  {'✓' if ok else '✗'} {name}  ({seconds:.2f} s)")
        for line in details:
            self.say(f"      {line}")
        for line in self.saw():
            self.say(f"      {line}")

    def report(self) -> dict[str, Any]:
        """The journey as it stands in ``report.json``."""
        return {
            "name": self.name,
            "platform": self.platform,
            "steps": [{"name": step.name, "ok": step.ok, "seconds": step.seconds} for step in self.steps],
            "payment_state": self.payment_state,
            "write_off_reference": self.write_off_reference,
            "exposure_records": self.exposure_records,
        }
