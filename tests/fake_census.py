"""The store of the census in memory: its rules by naive loops over lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.census_record import (
    CensusAnswers,
    CensusLine,
    Ground,
    Indicator,
    Occasion,
    Question,
    TurnedAway,
)
from services.errors import VersionTaken
from services.model import PlatformName
from tests.fake_case_tables import CaseRows


def place_of(line: CensusLine) -> tuple[str, str, str]:
    """Where a line stands in a list: by service, WeChat before Alipay."""
    return line.service, "ab"[line.platform is PlatformName.ALIPAY], str(line.agency_id)


class FakeCensus(CaseRows):
    """Implements ``census_record.CensusStore``."""

    def record_run(self, lines: Sequence[CensusLine]) -> None:
        for line in lines:
            self.require(line.agency_id)
            key = (line.agency_id, line.run_id, line.service, line.platform)
            if any(key == (one.agency_id, one.run_id, one.service, one.platform) for one in self.tables.census):
                raise VersionTaken
            self.tables.census.append(line)

    def list_runs(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[tuple[UUID, datetime]]:
        runs = {one.run_id: one.at for one in self._lines(agencies) if one.at >= since}
        return sorted(runs.items(), key=lambda run: (run[1], str(run[0])), reverse=True)[:limit]

    def list_lines(self, agencies: Sequence[UUID], run_id: UUID) -> list[CensusLine]:
        return sorted((one for one in self._lines(agencies) if one.run_id == run_id), key=place_of)

    def list_answers(self, agencies: Sequence[UUID], runs: Sequence[UUID]) -> list[CensusAnswers]:
        lines = [one for one in self._lines(agencies) if one.run_id in runs]
        return [
            CensusAnswers(
                one.agency_id, one.run_id, one.service, one.platform, one.version, one.at,
                {question: one.holds(question) for question in Question},
            )
            for one in sorted(lines, key=lambda one: (one.at, str(one.run_id), *place_of(one)))
        ]  # fmt: skip

    def enter_indicator(self, entry: Indicator) -> None:
        self.require(entry.agency_id)
        before = [one for one in self.tables.indicators if one.agency_id == entry.agency_id]
        if entry.corrects is not None and any(one.corrects == entry.corrects for one in before):
            raise VersionTaken
        self.tables.indicators.append(entry)

    def list_indicators(self, agencies: Sequence[UUID]) -> list[Indicator]:
        found = [one for one in self.tables.indicators if one.agency_id in agencies and one.agency_id in self.agencies]
        return sorted(found, key=lambda one: (one.entered_at, str(one.entry_id)))

    def count_turned_away(
        self, agency_id: UUID, day: date, platform: PlatformName, occasion: Occasion, ground: Ground
    ) -> None:
        self.require(agency_id)
        key = (agency_id, day, platform, occasion, ground)
        known = self.tables.turned_away.get(key, TurnedAway(*key, 0))
        self.tables.turned_away[key] = replace(known, count=known.count + 1)

    def list_turned_away(self, agencies: Sequence[UUID], first: date, last: date) -> list[TurnedAway]:
        found = [
            one
            for one in self.tables.turned_away.values()
            if one.agency_id in agencies and one.agency_id in self.agencies and first <= one.day <= last
        ]
        return sorted(found, key=lambda one: (one.day, one.platform, one.occasion, one.ground, str(one.agency_id)))

    def _lines(self, agencies: Sequence[UUID]) -> list[CensusLine]:
        return [one for one in self.tables.census if one.agency_id in agencies and one.agency_id in self.agencies]
