"""What the measurements say: figures as ratios of one run, in ``var/bench/report.json`` and on the screen.

A figure that was not measured in this run stays as it was in the file, with the moment of its own run.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``ours`` and ``floor`` are medians in ``unit``; ``ratio`` is ours/floor; ``spread`` the interquartile range of the ratio.

    ``better``: ``higher`` or ``lower``; ``target`` is what the ratio is held against.
    """

    name: str
    unit: str
    better: str
    ours: float
    floor: float
    ratio: float
    spread: float
    target: float
    details: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return self.ratio <= self.target if self.better == "lower" else self.ratio >= self.target


def compare_rounds(ours: Sequence[float], floor: Sequence[float]) -> tuple[float, float]:
    """The ratio of the medians of two series that were measured in turns, and the interquartile range of the rounds' own ratios."""
    rounds = sorted(mine / theirs for mine, theirs in zip(ours, floor, strict=True))
    quarters = statistics.quantiles(rounds, n=4) if len(rounds) > 1 else [rounds[0]] * 3
    return statistics.median(ours) / statistics.median(floor), quarters[2] - quarters[0]


def write_report(path: Path, figures: Sequence[Figure], measured_at: str) -> None:
    """Put these figures into the file, in the place of those of the same name."""
    known: dict[str, dict[str, object]] = {}
    if path.exists():
        known = {one["name"]: one for one in json.loads(path.read_text("utf-8"))["figures"]}
    for figure in figures:
        known[figure.name] = {**asdict(figure), "met": figure.met, "measured_at": measured_at}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"figures": [known[name] for name in sorted(known)]}, indent=1) + "\n", "utf-8")


def describe(figure: Figure) -> str:
    """One line for people, and one for each detail."""
    verdict = "met" if figure.met else "NOT MET"
    head = (
        f"{figure.name}: ratio {figure.ratio:.2f} (spread {figure.spread:.2f}, target"
        f" {'<=' if figure.better == 'lower' else '>='} {figure.target:g}: {verdict});"
        f" ours {figure.ours:.4g}, floor {figure.floor:.4g} {figure.unit}"
    )
    return "\n".join([head, *(f"  {name}: {value:.2f}" for name, value in figure.details.items())])
