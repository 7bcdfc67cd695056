"""Closed months as rows that people read: sums over services, agencies and levels, and what follows from them. Pure, exact.

Every derived figure is a fraction of whole numbers of ``month_figures.FIGURES``, or None where it would be a share of nothing. Days are
working days on the decision clock of the cases that were closed in the month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from services.month_record import Account, Figures

Value = int | Fraction | None
BAD_LEVELS, ALL_LEVELS = (1, 2), (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of a service, an agency, or both; of all of them where the part is None."""

    agency_id: UUID | None
    service: str | None
    numbers: Mapping[str, int]

    def read(self, code: str) -> Value:
        """A figure by its code: one of ``month_figures.FIGURES``, or of ``DERIVED``."""
        derive = DERIVED.get(code)
        return derive(self.numbers) if derive else self.numbers.get(code, 0)

    @property
    def is_over(self) -> bool:
        """Whether the mean time is longer than what was promised."""
        used = self.read("used")
        return used is not None and used > 1


def _share(part: str, whole: str) -> Callable[[Mapping[str, int]], Value]:
    return lambda numbers: Fraction(numbers.get(part, 0), numbers[whole]) if numbers.get(whole) else None


def _sum(*names: str) -> Callable[[Mapping[str, int]], Value]:
    return lambda numbers: sum(numbers.get(name, 0) for name in names)


def _good_share(numbers: Mapping[str, int]) -> Value:
    rated = sum(numbers.get(f"ratings_{level}", 0) for level in ALL_LEVELS)
    bad = sum(numbers.get(f"ratings_{level}", 0) for level in BAD_LEVELS)
    return Fraction(rated - bad, rated) if rated else None


DERIVED: Mapping[str, Callable[[Mapping[str, int]], Value]] = {
    "all_accepted": _sum("accepted", "accepted_with_gap", "deemed_accepted"),
    "mean_days": _share("working_days", "closed"),
    "mean_promised": _share("promised_days", "closed"),
    "mean_statutory": _share("statutory_days", "closed"),
    "used": _share("working_days", "promised_days"),
    "used_statutory": _share("working_days", "statutory_days"),
    "late_share": _share("late", "closed"),
    "passed_share": _share("passed", "closed"),
    "rated": _sum(*(f"ratings_{level}" for level in ALL_LEVELS)),
    "bad": _sum(*(f"ratings_{level}" for level in BAD_LEVELS)),
    "good_share": _good_share,
}
"""What follows from the figures: sums, means in working days, shares of one."""
SHARES = frozenset({"used", "used_statutory", "late_share", "passed_share", "good_share"})
"""Those that are parts of one, shown in percent."""


def sum_all(figures: Figures, agencies: Iterable[UUID]) -> Line:
    """Everything of these agencies in one line."""
    return _sum_by(figures, agencies, lambda _: (None, None)).get((None, None)) or Line(None, None, {})


def sum_services(figures: Figures, agencies: Iterable[UUID]) -> tuple[Line, ...]:
    """One line for each service over all these agencies, the one with the most closed cases first."""
    return _by_weight(_sum_by(figures, agencies, lambda account: (None, account[1])).values())


def sum_places(figures: Figures, agencies: Iterable[UUID]) -> tuple[Line, ...]:
    """One line for each service at each agency, by agency and service."""
    lines = _sum_by(figures, agencies, lambda account: (account[0], account[1])).values()
    return tuple(sorted(lines, key=lambda line: (str(line.agency_id), line.service or "")))


def sum_levels(figures: Figures, groups: Mapping[UUID, Sequence[UUID]]) -> tuple[Line, ...]:
    """One line for each group of agencies (an agency with all below it), in the order given; groups without a figure are left out."""
    found = []
    for agency_id, members in groups.items():
        numbers = sum_all(figures, members).numbers
        if numbers:
            found.append(Line(agency_id, None, numbers))
    return tuple(found)


def _sum_by(
    figures: Figures, agencies: Iterable[UUID], key: Callable[[Account], tuple[UUID | None, str | None]]
) -> dict[tuple[UUID | None, str | None], Line]:
    wanted = frozenset(agencies)
    sums: dict[tuple[UUID | None, str | None], Counter[str]] = {}
    for account, numbers in figures.items():
        if account[0] in wanted:
            sums.setdefault(key(account), Counter()).update(numbers)
    return {(agency, service): Line(agency, service, numbers) for (agency, service), numbers in sums.items()}


def _by_weight(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.numbers.get("closed", 0), line.service or "")))
