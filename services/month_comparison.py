"""Case managers compared within one service: how long cases lay with each, held against the others, with intervals. Pure.

- Compared is the time that somebody *held* cases (``held_days`` of ``held_cases``), not how long cases took that they happened to close.
- Each is held against all others of the same service at the same agency, never against themselves; services are not mixed.
- Fewer than ``MINIMUM`` cases on either side: nothing is said.
- The interval holds the true mean in 95 of 100 cases (Student's t; for the difference Welch's, the degrees of freedom rounded down). So of
  twenty people who work alike one seems to differ: it is a reason to look, never a verdict.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.month_record import Account, Figures

MINIMUM = 20
"""So many held and closed cases at least, of one and of the others together."""
CONFIDENCE = 95
Z95 = 1.959964
_T95 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314,
    2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip
"""Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom."""
_T95_BEYOND = ((120, 1.9799), (60, 2.0003), (40, 2.0211), (30, 2.0423))


class Standing(StrEnum):
    """What can be said of somebody's time."""

    FASTER = "faster"
    AS_OTHERS = "as_others"
    SLOWER = "slower"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Sample:
    """``count`` cases with the sum of their days and of the squares."""

    count: int
    days: int
    squares: int

    @property
    def mean(self) -> Fraction:
        """Days of one case. Raises ``ZeroDivisionError`` without any."""
        return Fraction(self.days, self.count)

    @property
    def variance(self) -> Fraction:
        """The sample variance; 0 for a single case."""
        if self.count < 2:
            return Fraction(0)
        return (self.squares - Fraction(self.days**2, self.count)) / (self.count - 1)

    def __sub__(self, part: Sample) -> Sample:
        return Sample(self.count - part.count, self.days - part.days, self.squares - part.squares)


@dataclass(frozen=True, slots=True)
class ManagerLine:
    """One case manager in one service. ``mean`` is days held of one case with its interval; None where there are too few to say.

    ``others`` is the mean of everybody else; ``figures`` are all that were counted.
    """

    manager: UUID
    sample: Sample
    mean: Fraction | None
    low: float | None
    high: float | None
    others: Fraction | None
    standing: Standing
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The managers of one service at one agency, by their mean; those of whom nothing can be said last. ``mean``: of all of them."""

    agency_id: UUID
    service: str
    mean: Fraction | None
    lines: tuple[ManagerLine, ...]


def sum_figures(months: Iterable[Figures]) -> dict[Account, Counter[str]]:
    """The figures of several months together."""
    sums: dict[Account, Counter[str]] = {}
    for figures in months:
        for account, numbers in figures.items():
            sums.setdefault(account, Counter()).update(numbers)
    return sums


def compare_managers(figures: Figures, agency_id: UUID, service: str) -> Comparison:
    """Everybody who held a case of this service that was closed. Time in which nobody held a case is nobody's and compared with nobody's."""
    own = {
        manager: numbers
        for (agency, of, manager), numbers in figures.items()
        if (agency, of) == (agency_id, service) and manager is not None
    }
    samples = {manager: read_sample(numbers) for manager, numbers in own.items()}
    total = add_samples(samples.values())
    lines = [_make_line(manager, samples[manager], total - samples[manager], own[manager]) for manager in own]
    lines.sort(key=lambda line: (line.mean is None, line.mean or 0, str(line.manager)))
    return Comparison(agency_id, service, total.mean if total.count else None, tuple(lines))


def _make_line(manager: UUID, sample: Sample, others: Sample, numbers: Mapping[str, int]) -> ManagerLine:
    beside = others.mean if others.count >= MINIMUM else None
    if sample.count < MINIMUM:
        return ManagerLine(manager, sample, None, None, None, beside, Standing.TOO_FEW, numbers)
    low, high = find_interval(sample)
    return ManagerLine(manager, sample, sample.mean, low, high, beside, find_standing(sample, others), numbers)


def read_sample(numbers: Mapping[str, int]) -> Sample:
    """The held time of an account."""
    return Sample(numbers.get("held_cases", 0), numbers.get("held_days", 0), numbers.get("squared_held", 0))


def add_samples(samples: Iterable[Sample]) -> Sample:
    """All of them together."""
    found = list(samples)
    return Sample(sum(one.count for one in found), sum(one.days for one in found), sum(one.squares for one in found))


def find_interval(sample: Sample) -> tuple[float, float]:
    """The 95 % interval of the mean (Student's t), never below 0."""
    half = find_t95(sample.count - 1) * math.sqrt(sample.variance / sample.count)
    return max(0.0, float(sample.mean) - half), float(sample.mean) + half


def find_standing(sample: Sample, others: Sample) -> Standing:
    """Whether the difference of the means is certain enough: its 95 % interval (Welch) does not hold 0."""
    if min(sample.count, others.count) < MINIMUM:
        return Standing.TOO_FEW
    low, high = find_difference(sample, others)
    return Standing.FASTER if high < 0 else Standing.SLOWER if low > 0 else Standing.AS_OTHERS


def find_difference(sample: Sample, others: Sample) -> tuple[float, float]:
    """The 95 % interval of the first mean less the second (Welch; degrees of freedom by Satterthwaite)."""
    one, two = sample.variance / sample.count, others.variance / others.count
    middle = float(sample.mean - others.mean)
    if not one + two:
        return middle, middle
    freedom = (one + two) ** 2 / (one**2 / (sample.count - 1) + two**2 / (others.count - 1))
    half = find_t95(math.floor(freedom)) * math.sqrt(one + two)
    return middle - half, middle + half


def find_t95(freedom: int) -> float:
    """The two-sided 95 % quantile of Student's t; between the rows of the table that of fewer degrees of freedom."""
    if freedom < 1:
        return math.inf
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    return next(value for least, value in _T95_BEYOND if freedom >= least)


def find_share(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); 0 to 1 without any."""
    if whole <= 0:
        return 0.0, 1.0
    share, z = min(part, whole) / whole, Z95
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)
