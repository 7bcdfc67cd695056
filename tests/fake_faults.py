"""Accidents on order: a process that dies at its n-th step, and answers that a platform or a company gives instead of the right one."""

from __future__ import annotations

from collections import defaultdict, deque


class KilledError(BaseException):
    """The process died here (SIGKILL): not an ``Exception``, so nothing in the house can catch it."""


class Faults:
    """Counts every step that touches the outside or commits; dies where it was told to."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self._die_at: int | None = None
        self._moment = "before"

    def die_in(self, steps: int, moment: str) -> None:
        """Die ``before`` or ``after`` the effect of the step that comes after ``steps`` others."""
        self._die_at, self._moment = len(self.steps) + steps, moment

    def spare(self) -> None:
        """Die no more."""
        self._die_at = None

    def before(self, step: str) -> None:
        """Called before a step has an effect."""
        self.steps.append(step)
        self._fall("before")

    def after(self, step: str) -> None:
        """Called after a step had its effect; ``step`` is its name, for the reader."""
        assert step in self.steps
        self._fall("after")

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
