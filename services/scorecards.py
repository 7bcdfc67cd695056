"""Scorecards of agencies from what the census answered, their course over the runs, and what people entered or were turned away from. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.census_record import (
    CensusAnswers,
    CensusStore,
    Ground,
    Indicator,
    IndicatorKind,
    Occasion,
    Question,
    TurnedAway,
)
from services.model import PlatformName

RUNS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Of one agency (or of all, ``agency_id`` None) at one run: of so many lines (service and platform) so many hold each question.

    ``wholly``: lines that hold all three.
    """

    agency_id: UUID | None
    asked: int
    held: Mapping[Question, int]
    wholly: int

    def share(self, question: Question) -> int:
        """Percent of the lines that hold it, rounded down: 100 only if all do."""
        return self.held[question] * 100 // self.asked

    @property
    def score(self) -> int:
        """Percent of the lines that hold all three, rounded down."""
        return self.wholly * 100 // self.asked


@dataclass(frozen=True, slots=True)
class RunPoint:
    """The scorecard of all that was asked at one run."""

    run_id: UUID
    at: datetime
    card: Scorecard


def make_card(agency_id: UUID | None, answers: Sequence[CensusAnswers]) -> Scorecard:
    """The scorecard of these lines, of which there is at least one."""
    held = {question: sum(one.holds[question] for one in answers) for question in Question}
    return Scorecard(agency_id, len(answers), held, sum(all(one.holds.values()) for one in answers))


def list_cards(answers: Iterable[CensusAnswers]) -> list[Scorecard]:
    """One card an agency, of the lines of one run; the lowest score first, so that what needs a hand stands on top."""
    found: dict[UUID, list[CensusAnswers]] = {}
    for one in answers:
        found.setdefault(one.agency_id, []).append(one)
    cards = [make_card(agency_id, lines) for agency_id, lines in found.items()]
    return sorted(cards, key=lambda card: (card.score, str(card.agency_id)))


def list_course(answers: Iterable[CensusAnswers]) -> list[RunPoint]:
    """One point a run, oldest first."""
    found: dict[UUID, list[CensusAnswers]] = {}
    for one in answers:
        found.setdefault(one.run_id, []).append(one)
    points = [RunPoint(run_id, min(one.at for one in lines), make_card(None, lines)) for run_id, lines in found.items()]
    return sorted(points, key=lambda point: (point.at, str(point.run_id)))


def read_answers(census: CensusStore, agencies: Sequence[UUID], since: datetime) -> list[CensusAnswers]:
    """Every answer of the latest runs (``RUNS_SHOWN``), oldest first."""
    runs = census.list_runs(agencies, since, RUNS_SHOWN)
    return census.list_answers(agencies, [run_id for run_id, _ in runs])


def keep_latest(answers: Sequence[CensusAnswers]) -> list[CensusAnswers]:
    """Those of the newest run alone."""
    newest = max(((one.at, str(one.run_id)) for one in answers), default=None)
    return [one for one in answers if (one.at, str(one.run_id)) == newest]


def list_in_force(entries: Sequence[Indicator]) -> list[Indicator]:
    """Entries that no other has corrected; by agency and kind the newest day first."""
    corrected = {one.corrects for one in entries if one.corrects is not None}
    kinds = list(IndicatorKind)
    standing = [one for one in entries if one.entry_id not in corrected]
    standing.sort(key=lambda one: (one.as_of, one.entered_at), reverse=True)
    return sorted(standing, key=lambda one: (str(one.agency_id), kinds.index(one.kind)))


@dataclass(frozen=True, slots=True)
class TurnedAwaySum:
    """People turned away in one month (``YYYY-MM``, in China)."""

    month: str
    platform: PlatformName
    occasion: Occasion
    ground: Ground
    count: int


def sum_by_month(counts: Iterable[TurnedAway]) -> list[TurnedAwaySum]:
    """The newest month first."""
    found = Counter[tuple[str, PlatformName, Occasion, Ground]]()
    for one in counts:
        found[f"{one.day:%Y-%m}", one.platform, one.occasion, one.ground] += one.count
    order = sorted(found, key=lambda key: (key[1], key[2], key[3]))
    return [TurnedAwaySum(*key, found[key]) for key in sorted(order, key=lambda key: key[0], reverse=True)]
