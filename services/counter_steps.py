"""The order of the steps of an examination (审查步骤): one after another, joint ones side by side, each by its own role and agency. Pure."""

from __future__ import annotations

from collections.abc import Collection

from services.counter_permits import refuse_now
from services.counter_terms import Step
from services.staffing import Role


def list_ready(steps: tuple[Step, ...], done: Collection[int]) -> tuple[int, ...]:
    """Which steps may be finished now: the first that is open and, if it is joint (联合办理), the open ones of its group."""
    first = next((index for index in range(len(steps)) if index not in done), None)
    if first is None:
        return ()
    group, last = steps[first].together, first
    while group and last + 1 < len(steps) and steps[last + 1].together == group:
        last += 1
    return tuple(index for index in range(first, last + 1) if index not in done)


def read_step(steps: tuple[Step, ...], done: Collection[int], index: int) -> Step:
    """The step with this index if it is its turn. Raises ``NotAllowedNow`` with the rule: no_such_step, step_finished, not_its_turn."""
    if not 0 <= index < len(steps):
        raise refuse_now("no_such_step")
    if index in done:
        raise refuse_now("step_finished")
    if index not in list_ready(steps, done):
        raise refuse_now("not_its_turn", ready=list(list_ready(steps, done)))
    return steps[index]


def list_unfinished(steps: tuple[Step, ...], done: Collection[int]) -> tuple[int, ...]:
    """Which steps are open, whether it is their turn or not."""
    return tuple(index for index in range(len(steps)) if index not in done)


def list_deciders(steps: tuple[Step, ...]) -> tuple[Role, ...]:
    """Who decides: the role of the lead agency's last step, or the one that it hands over to; without steps a clerk or the head."""
    own = [step for step in steps if not step.agency]
    if not own:
        return (Role.CLERK, Role.HEAD)
    return (Role(own[-1].hands_over_to or own[-1].role),)


def find_last_own(steps: tuple[Step, ...], done: Collection[int], roles: tuple[Role, ...]) -> int | None:
    """The one step that is left, if it is the lead agency's last and by the role that decides: the decision itself finishes it."""
    left = list_unfinished(steps, done)
    if len(left) != 1 or left[0] != len(steps) - 1:
        return None
    step = steps[left[0]]
    return left[0] if not step.agency and Role(step.role) in roles else None
