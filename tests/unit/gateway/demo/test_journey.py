"""A journey tells what happened and cannot hide what did not hold."""

from __future__ import annotations

import pytest

from gateway.demo.journey import Journey, StepFailed, require


def make_journey() -> tuple[Journey, list[str]]:
    """A journey and the lines that it says."""
    said: list[str] = []
    return Journey("gas-bill", "wechat", said.append, list), said


def test_a_journey_without_steps_did_not_hold() -> None:
    """Nothing checked is nothing proven."""
    assert make_journey()[0].ok is False


def test_one_failed_step_fails_the_journey() -> None:
    """The reason is said, the step is in the report as not ok, and the fault goes on up."""
    journey, said = make_journey()
    with journey.step("first") as told:
        told.append("seen")
    with pytest.raises(StepFailed), journey.step("second"):
        require(False, "the amount differs")
    assert journey.ok is False
    assert [step["ok"] for step in journey.report()["steps"]] == [True, False]
    assert any("the amount differs" in line for line in said)
    assert any("seen" in line for line in said)
