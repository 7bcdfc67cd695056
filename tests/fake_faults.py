"""Accidents on order: a process that dies at its n-th step, and answers that a platform or a company gives instead of the right one."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable


class KilledError(BaseException):
    """The process died here (SIGKILL): not an ``Exception``, so nothing in the house can catch it."""


class Faults:
    """Counts every step that touches the outside or commits; dies where it was told to."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self._die_at: int | None = None
        self._moment = "before"
        self._interruption: Callable[[], object] | None = None
        self._interrupt_at = 0

    def die_in(self, steps: int, moment: str) -> None:
        """Die ``before`` or ``after`` the effect of the step that comes after ``steps`` others."""
        self._die_at, self._moment = len(self.steps) + steps, moment

    def interrupt_in(self, calls: int, act: Callable[[], object]) -> None:
        """Something else happens, once, while a call to the outside is under way: the one after ``calls`` others."""
        self._interrupt_at, self._interruption = calls, act

    def spare(self) -> None:
        """No more accidents."""
        self._die_at = self._interruption = None

    def before(self, step: str) -> None:
        """Called before a step has an effect."""
        self.steps.append(step)
        if step != "commit":
            self._interrupt()
        self._fall("before")

    def after(self, step: str) -> None:
        """Called after a step had its effect; ``step`` is its name, for the reader."""
        assert step in self.steps
        self._fall("after")
        if step != "commit":
            self._interrupt()

    def _interrupt(self) -> None:
        act = self._interruption
        if act is not None and self._interrupt_at <= 0:
            self._interruption = None
            act()
        self._interrupt_at -= 1

    def _fall(self, moment: str) -> None:
        if self._die_at is not None and len(self.steps) > self._die_at and moment == self._moment:
            self._die_at = None
            raise KilledError


class Script:
    """Behaviours by operation, each used once: ``timeout``, ``timeout_after``, ``unreachable``, ``garbled``, or a refusal's name."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[str]] = defaultdict(deque)
        self.out_of_service = False

    def plan(self, operation: str, *behaviours: str) -> None:
        """The next calls of an operation behave like this."""
        self._planned[operation].extend(behaviours)

    def next(self, operation: str) -> str:
        """What happens now; "" is the right answer."""
        if self.out_of_service:
            return "unreachable"
        planned = self._planned[operation]
        return planned.popleft() if planned else ""

    def heal(self) -> None:
        """Everything works from now on."""
        self._planned.clear()
        self.out_of_service = False
