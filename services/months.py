"""A calendar month in China: its first and its last moment, its name, the months around it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from services.clock import DAY, SHANGHAI_OFFSET, end_of_day

FIRST_YEAR, LAST_YEAR = 2000, 2199
_FORM = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month by the civil calendar, in Asia/Shanghai (UTC+8, no summer time)."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_on(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_on(self) -> date:
        return self.following.first_on - DAY

    @property
    def begins_at(self) -> datetime:
        """Its first moment (UTC)."""
        return end_of_day(self.first_on - DAY)

    @property
    def ends_at(self) -> datetime:
        """The moment after its last one (UTC)."""
        return self.following.begins_at

    @property
    def following(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def preceding(self) -> Month:
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.begins_at <= at < self.ends_at


def month_of(at: datetime) -> Month:
    """The month of a moment, by the calendar in China."""
    local = at + SHANGHAI_OFFSET
    return Month(local.year, local.month)


def read_month(text: str) -> Month:
    """A month as ``YYYY-MM``. Raises ``ValueError`` that names the form and the years expected."""
    found = _FORM.fullmatch(text)
    if found is None or not FIRST_YEAR <= int(found.group(1)) <= LAST_YEAR:
        raise ValueError(f"a month is YYYY-MM, {FIRST_YEAR} to {LAST_YEAR}")
    return Month(int(found.group(1)), int(found.group(2)))


def list_months(first: Month, last: Month) -> list[Month]:
    """Every month from ``first`` till and with ``last``; none if it lies before."""
    found = []
    while first <= last:
        found.append(first)
        first = first.following
    return found
