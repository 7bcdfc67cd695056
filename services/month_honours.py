"""Employee of the month (每月之星): one rule for everybody, shown with the name, and why everybody else was not named. Pure.

Named is who was fastest for certain, without any of the ways in which haste is bought: late cases, complaints, bad ratings, refusals or
corrections beyond what the others need. ``RULE`` says it in words; ``docs/statistics.md`` says why each condition is there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.month_comparison import MINIMUM, Z95, Sample, add_samples, find_share, read_sample
from services.month_record import Figures

Words = tuple[str, str]


class Against(StrEnum):
    """Why somebody is not named."""

    TOO_FEW = "too_few"
    NOBODY_BESIDE = "nobody_beside"
    LATE = "late"
    COMPLAINTS = "complaints"
    BAD_RATINGS = "bad_ratings"
    REFUSES_MORE = "refuses_more"
    CORRECTS_MORE = "corrects_more"
    NOT_FASTER = "not_faster"
    NOT_FIRST = "not_first"


RULE: Mapping[Against, Words] = {
    Against.TOO_FEW: (f"当月经手并办结不少于 {MINIMUM} 件", f"held {MINIMUM} closed cases or more in the month"),
    Against.NOBODY_BESIDE: (
        f"同一事项上有他人办理的 {MINIMUM} 件以上可作比较",
        f"others held {MINIMUM} cases or more of the same services to compare with",
    ),
    Against.LATE: ("没有超过承诺时限办结的", "closed none after its promised limit"),
    Against.COMPLAINTS: ("没有成立的投诉", "no complaint against them, but those found mistaken or malicious"),
    Against.BAD_RATINGS: ("差评率不高于他人（按满五份计）", "bad ratings no more often than others, in whole fives"),
    Against.REFUSES_MORE: ("不予许可的比例不高于他人", "refusals no more often than others"),
    Against.CORRECTS_MORE: ("要求补正的比例不高于他人", "corrections asked no more often than others"),
    Against.NOT_FASTER: (
        "办理用时确定少于他人（95% 区间）",
        "held cases for certain less long than others (95 % interval)",
    ),
    Against.NOT_FIRST: (
        "其中用时比最小者当选，并列者同时当选",
        "of these the one with the smallest share of the others' time; equals together",
    ),
}
"""The conditions in the order in which they are looked at; what is worded is what is to be met."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who held cases. ``pace`` is their time as a share of what the others would have taken for the same services; below 1: faster."""

    manager: UUID
    held_cases: int
    pace: Fraction | None
    against: tuple[Against, ...]


@dataclass(frozen=True, slots=True)
class Honour:
    """Who is named (nobody, one, or equals), and everybody who was looked at, by pace."""

    named: tuple[UUID, ...]
    candidates: tuple[Candidate, ...]


def find_employee(figures: Figures, agencies: Sequence[UUID]) -> Honour:
    """The employee of a month among the case managers of these agencies. Each service counts against others of the same service there."""
    lines = {
        account: numbers for account, numbers in figures.items() if account[0] in agencies and account[2] is not None
    }
    managers = sorted({account[2] for account in lines if account[2] is not None})
    looked = [_look_at(manager, lines) for manager in managers]
    free = [one for one in looked if not one.against and one.pace is not None]
    best = min((one.pace for one in free if one.pace is not None), default=None)
    named = tuple(one.manager for one in free if one.pace == best)
    candidates = [
        one
        if one.against or one.manager in named
        else Candidate(one.manager, one.held_cases, one.pace, (Against.NOT_FIRST,))
        for one in looked
    ]
    candidates.sort(key=lambda one: (one.pace is None, one.pace or 0, str(one.manager)))
    return Honour(named, tuple(candidates))


Place = tuple[UUID, str]


def _look_at(manager: UUID, lines: Figures) -> Candidate:
    mine = {account[:2]: numbers for account, numbers in lines.items() if account[2] == manager}
    beside: dict[Place, list[Mapping[str, int]]] = {}
    for account, numbers in lines.items():
        if account[2] != manager and account[:2] in mine:
            beside.setdefault(account[:2], []).append(numbers)
    own, others = _sum(mine.values()), _sum(one for many in beside.values() for one in many)
    pairs = [
        (read_sample(numbers), add_samples(read_sample(one) for one in beside.get(place, ())))
        for place, numbers in mine.items()
    ]
    pairs = [pair for pair in pairs if pair[0].count and pair[1].count >= MINIMUM]
    held = own["held_cases"]
    pace = _find_pace(pairs)
    against = [
        why
        for why, stands in (
            (Against.TOO_FEW, held < MINIMUM),
            (Against.NOBODY_BESIDE, pace is None),
            (Against.LATE, own["late"] > 0),
            (Against.COMPLAINTS, own["complaints_against"] > own["complaints_dismissed"]),
            (Against.BAD_RATINGS, _is_more_often(_bad(own), _rated(own), _bad(others), _rated(others))),
            (Against.REFUSES_MORE, _is_more_often(own["refused"], own["closed"], others["refused"], others["closed"])),
            (Against.CORRECTS_MORE, _is_more_often(own["corrections"], _taken(own), others["corrections"], _taken(others))),
            (Against.NOT_FASTER, pace is not None and not _is_faster(pairs)),
        )
        if stands
    ]  # fmt: skip
    return Candidate(manager, held, pace, tuple(against))


def _find_pace(pairs: Sequence[tuple[Sample, Sample]]) -> Fraction | None:
    """Days held as a share of the days that the others' means would have made of the same cases; None where there is nothing to compare."""
    expected = sum((own.count * others.mean for own, others in pairs), Fraction(0))
    return Fraction(sum(own.days for own, _ in pairs)) / expected if expected else None


def _is_faster(pairs: Sequence[tuple[Sample, Sample]]) -> bool:
    """Whether the days held are fewer than expected for certain: the 95 % interval of the difference lies below 0."""
    difference = float(sum((own.days - own.count * others.mean for own, others in pairs), Fraction(0)))
    spread = sum(
        (own.count * own.variance + own.count**2 * others.variance / others.count for own, others in pairs), Fraction(0)
    )
    return difference + Z95 * math.sqrt(spread) < 0


def _is_more_often(part: int, whole: int, others: int, of_others: int) -> bool:
    """Whether a share is above the others' for certain: its 95 % interval (Wilson) lies wholly above theirs. Without others: no."""
    if not whole or not of_others:
        return False
    return find_share(part, whole)[0] > find_share(others, of_others)[1]


def _sum(many: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in many:
        total.update(one)
    return total


def _bad(numbers: Mapping[str, int]) -> int:
    return max(0, numbers["ratings_1"] + numbers["ratings_2"] - numbers["ratings_struck"])


def _rated(numbers: Mapping[str, int]) -> int:
    return sum(numbers[f"ratings_{level}"] for level in (1, 2, 3, 4, 5))


def _taken(numbers: Mapping[str, int]) -> int:
    """Decisions on materials: accepted, or sent back for correction."""
    return numbers["corrections"] + numbers["accepted"] + numbers["accepted_with_gap"]
