"""The people and offices of the simulated year: three levels, seven agencies, sixty clerks of different habits, fourteen services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from services.counter_terms import SpecialProcedure, Step
from services.mapping import ServiceMapping
from tests.case_samples import make_case_mapping, make_terms, say
from tests.year.habits import HABITS, Habit

NAMES = UUID("5f1d7f8e-3c39-4b58-9d86-2a5b0d5c2025")
"""The name space of everything in the year: the same seed makes the same ids."""
DISTRICTS = ("east", "west", "north", "south")
LEVELS: Mapping[str, int] = {"province": 1, "city": 2, "city-fire": 2, **dict.fromkeys(DISTRICTS, 3)}
CLERKS: Mapping[str, int] = {"province": 4, "city": 12, "city-fire": 4, **dict.fromkeys(DISTRICTS, 10)}
"""How many clerks each agency has: sixty."""
ACCOUNTS: Mapping[str, Any] = {
    "agencies": [
        {"slug": "province", "name": {"zh-CN": "省政务服务局", "en": "Province"}, "parent": None},
        {"slug": "city", "name": {"zh-CN": "市政务服务局", "en": "City"}, "parent": "province"},
        {"slug": "city-fire", "name": {"zh-CN": "市消防救援支队", "en": "Fire brigade"}, "parent": "city"},
        *(
            {"slug": slug, "name": {"zh-CN": f"{slug} 区政务服务局", "en": slug}, "parent": "city"}
            for slug in DISTRICTS
        ),
    ]
}


@dataclass(frozen=True)
class Person:
    """One of the staff: a clerk with a habit, or the head of an agency."""

    staff_id: UUID
    login: str
    agency: str
    role: str
    habit: Habit


@dataclass(frozen=True)
class Service:
    """One service of one agency, and how often it is asked for."""

    mapping: ServiceMapping
    agency: str
    weight: int
    joint_step: int = -1
    """The index of the step that the fire brigade does."""

    @cached_property
    def terms(self) -> Any:
        """What the counter knows of it."""
        return self.mapping.counter


SPECIAL = {
    "inspection": SpecialProcedure("inspection", say("现场检验"), "《行政许可法》第四十五条", 10),
    "hearing": SpecialProcedure("hearing", say("听证"), "《行政许可法》第四十五条", 15),
}
KINDS: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "catering": (8, {
        "steps": (Step(say("受理审查"), "clerk", 7), Step(say("现场核查"), "clerk", 6), Step(say("决定"), "clerk", 5)),
        "statutory_days": 20, "promised_days": 15,
    }),
    "vehicle": (5, {
        "steps": (Step(say("审查"), "clerk"), Step(say("决定"), "clerk", 6)), "statutory_days": 20, "promised_days": 12,
    }),
    "business": (8, {"steps": (), "statutory_days": 20, "promised_days": 10}),
    "hygiene": (6, {
        "steps": (Step(say("审查"), "clerk", 8), Step(say("评审"), "clerk", 8), Step(say("决定"), "clerk", 6)),
        "statutory_days": 30, "promised_days": 20,
    }),
    "construction": (9, {
        "steps": (
            Step(say("受理审查"), "clerk", 12), Step(say("规划"), "clerk", 15, together="review"),
            Step(say("消防"), "clerk", 12, agency="city-fire", together="review"), Step(say("决定"), "clerk", 11),
        ),
        "statutory_days": 45, "promised_days": 36, "extension_days": 15,
    }),
}  # fmt: skip
"""By kind: how often it is asked for, and its terms. No budget is so short that a deemed acceptance finds its orange day in the past."""
OFFERS = (
    *((kind, slug) for slug in DISTRICTS for kind in ("catering", "vehicle", "business")),
    ("hygiene", "city"), ("construction", "city"), ("hygiene", "province"),
)  # fmt: skip


def make_services() -> tuple[Service, ...]:
    """Every service, in a fixed order."""
    return tuple(_make_service(kind, slug) for kind, slug in OFFERS)


def _make_service(kind: str, slug: str) -> Service:
    weight, terms = KINDS[kind]
    mapping = make_case_mapping(f"{kind}-{slug}", 1, slug)
    counter = make_terms(two_hands=False, special=SPECIAL, **terms)
    days = {"statutory_days": counter.statutory_days, "promised_days": counter.promised_days}
    joint = next((index for index, step in enumerate(counter.steps) if step.agency), -1)
    return Service(replace(mapping, counter=counter, limits=days), slug, weight, joint)


def make_staff() -> tuple[Person, ...]:
    """Sixty clerks in the order of their agencies, then a head and a supervisor of each agency that has them."""
    clerks = [
        _make_person(f"clerk-{slug}-{number:02}", slug, "clerk", HABITS[number % len(HABITS)])
        for slug, count in CLERKS.items()
        for number in range(count)
    ]
    heads = [_make_person(f"head-{slug}", slug, "head", HABITS[0]) for slug in CLERKS]
    supervisors = [_make_person(f"supervisor-{slug}", slug, "supervisor", HABITS[0]) for slug in CLERKS]
    return (*clerks, *heads, *supervisors)


def _make_person(login: str, slug: str, role: str, habit: Habit) -> Person:
    return Person(uuid5(NAMES, login), login, slug, role, habit)
