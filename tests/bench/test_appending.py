"""The figure of appends out of rounds that are told: what is a rate, and what makes the measurement void."""

from __future__ import annotations

import pytest

from tests.bench.appending import NAME, Asked, compare_turns


def ask(kind: str, _seconds: float) -> Asked:
    """90 replies with promises against 100 without."""
    return Asked([0.01] * (90 if kind == "recorded" else 100), 90 if kind == "recorded" else 0, 0)


def test_the_figure_is_the_ratio_of_both_rates() -> None:
    """Higher is better; the target is that of the issue."""
    figure = compare_turns(ask, 4, 1.0)
    assert (figure.name, figure.better, figure.ours, figure.floor, figure.ratio) == (NAME, "higher", 90, 100, 0.9)
    assert (figure.target, figure.met) == (0.85, True)


@pytest.mark.parametrize(("kind", "promises", "faults"), [("recorded", 89, 0), ("stubbed", 1, 0), ("stubbed", 0, 1)])
def test_what_was_not_measured_is_not_told(kind: str, promises: int, faults: int) -> None:
    """A reply without its promise, a promise of the stub, a query that was refused: no figure comes of it."""
    with pytest.raises(SystemExit):
        compare_turns(lambda one, span: Asked([0.01] * 90, promises, faults) if one == kind else ask(one, span), 4, 1.0)
