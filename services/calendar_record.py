"""A calendar of working days as data: which days the State Council's notices name, from which notice, and how far they reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day that a notice names. ``working``: a make-up working day (调休上班), else a day off. ``name``: 春节, …; ``source``: the notice."""

    working: bool
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a region. A day that no notice names is a working day from Monday to Friday.

    ``published_until`` is the last day for which the notices are out: beyond it everything is provisional. A notice for year N also
    names days of N-1: ``named`` is one merged table, never one year's file.
    """

    region: str
    version: int
    named: Mapping[date, NamedDay]
    published_from: date
    published_until: date

    def is_working(self, on: date) -> bool:
        """Whether this is a working day, as far as known."""
        named = self.named.get(on)
        return named.working if named is not None else on.weekday() < 5


class CalendarStore(Protocol):
    """Versioned calendars; a version is never changed."""

    def current(self, region: str) -> Calendar | None: ...
    def load(self, region: str, version: int) -> Calendar | None: ...
    def made_at(self, region: str, version: int) -> datetime | None:
        """When a version came into force."""
        ...

    def add(self, calendar: Calendar, reason: str, at: datetime) -> None:
        """Raises ``VersionTaken`` if the version exists."""
        ...
