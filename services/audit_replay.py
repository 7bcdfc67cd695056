"""A case replayed event by event: state, clocks, materials and holder as they were known at each step. Pure.

The calendar of each step is the version that was in force at its moment: a deadline is shown as the office saw it then, not as a later
notice moved it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.calendar_record import Calendar
from services.case_clocks import terms_of
from services.case_file import CaseFile
from services.case_limits import clocks_of
from services.case_record import CaseEvent
from services.case_timeline import tell_timeline
from services.clock import Deadline, compute
from services.counter_terms import CounterTerms
from services.mapping import ServiceMapping
from services.model import JsonValue, Language


@dataclass(frozen=True, slots=True)
class MaterialThen:
    """A material at one step. ``signs``: files, vouched, fetched, not_found, checked, faulty."""

    name: str
    title: str
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplayStep:
    """One event and what was known right after it. ``holder``: who had the case in hand; ``changed``: what this step changed of all that."""

    event: CaseEvent
    sentence: str
    words: tuple[str, ...]
    holder: UUID | None
    deadlines: tuple[Deadline, ...]
    calendar_version: int
    materials: tuple[MaterialThen, ...]
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Replay:
    """A case with all its steps, oldest first."""

    file: CaseFile
    mapping: ServiceMapping
    steps: tuple[ReplayStep, ...]


def replay_case(
    file: CaseFile, mapping: ServiceMapping, calendar_at: Callable[[datetime], Calendar], language: Language
) -> Replay:
    """Every step of a case. ``calendar_at`` gives the calendar that was in force at a moment."""
    terms = terms_of(mapping)
    told = {line.version: line for line in tell_timeline(file, mapping, terms, language)}
    steps: list[ReplayStep] = []
    for index, event in enumerate(file.events):
        then, calendar = CaseFile(file.case, file.events[: index + 1]), calendar_at(event.at)
        line = told.get(event.version)
        made = ReplayStep(
            event, line.sentence if line else event.name, line.words if line else (), then.claimed_by,
            tuple(compute(clock, calendar) for clock in clocks_of(then, terms, calendar)), calendar.version,
            list_materials(then, terms, language), frozenset(),
        )  # fmt: skip
        steps.append(_mark(made, steps[-1] if steps else None))
    return Replay(file, mapping, tuple(steps))


def _mark(step: ReplayStep, before: ReplayStep | None) -> ReplayStep:
    """The step with the names of what it changed."""
    changed = {"state"} if before is None or before.event.state is not step.event.state else set()
    for name in ("holder", "deadlines", "materials", "calendar_version"):
        if before is None or getattr(before, name) != getattr(step, name):
            changed.add(name)
    return ReplayStep(
        step.event, step.sentence, step.words, step.holder, step.deadlines, step.calendar_version, step.materials,
        frozenset(changed),
    )  # fmt: skip


def list_materials(file: CaseFile, terms: CounterTerms, language: Language) -> tuple[MaterialThen, ...]:
    """The materials that a case holds, by the order of the service's list."""
    held = file.materials
    known = [name for name in terms.materials if name in held] + sorted(set(held) - set(terms.materials))
    return tuple(MaterialThen(name, _title(terms, name, language), _list_signs(held[name])) for name in known)


def _title(terms: CounterTerms, name: str, language: Language) -> str:
    material = terms.materials.get(name)
    return (material.title.get(language) if material else None) or name


def _list_signs(held: Mapping[str, JsonValue]) -> tuple[str, ...]:
    signs = [sign for sign in ("files", "vouched", "original_seen") if held.get(sign)]
    if held.get("fetched"):
        signs.append("fetched" if held["fetched"].get("found") else "not_found")
    if held.get("checked"):
        signs.append("checked" if held["checked"].get("ok") else "faulty")
    return tuple(signs)
