"""Patterns of slowness in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.case_file import DECIDING
from services.errors import VersionTaken
from services.slowness_record import Pattern, PatternEvent, PatternRun, PatternState
from tests.fake_case_tables import CaseRows, number_of


class FakeSlowness(CaseRows):
    """Implements ``slowness_record.SlownessStore``."""

    def walk_regulars(self, since: datetime, until: datetime, least: int) -> Iterator[tuple[UUID, ...]]:
        found = defaultdict[tuple[UUID, str, str], list[UUID]](list)
        for case in self.tables.cases.values():
            ended = [event for event in self.tables.events[case.case_id] if event.name in DECIDING]
            number = number_of(case)
            if case.agency_id in self.agencies and number and any(since <= event.at < until for event in ended):
                found[case.agency_id, case.service, number].append(case.case_id)
        yield from (tuple(ids) for ids in found.values() if len(ids) >= least)

    def keep(self, run: PatternRun, patterns: Sequence[Pattern]) -> bool:
        self.require(run.agency_id)
        if run.month in self.tables.pattern_runs:
            return False
        self.tables.pattern_runs[run.month] = run
        for pattern in patterns:
            self.require(pattern.finding.agency_id)
            self.tables.patterns[pattern.pattern_id] = pattern
            shown = PatternEvent(pattern.pattern_id, 1, "shown", PatternState.SHOWN, pattern.shown_at)
            self.append(pattern.finding.agency_id, shown)
        return True

    def load_run(self, month: str) -> PatternRun | None:
        return self.tables.pattern_runs.get(month)

    def list_runs(self, limit: int) -> list[PatternRun]:
        return [self.tables.pattern_runs[month] for month in sorted(self.tables.pattern_runs, reverse=True)[:limit]]

    def load(self, pattern_id: UUID) -> tuple[Pattern, list[PatternEvent]] | None:
        found = self.tables.patterns.get(pattern_id)
        if found is None or found.finding.agency_id not in self.agencies:
            return None
        return self._stand(found), list(self.tables.pattern_events[pattern_id])

    def list_of(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[PatternState],
        manager_id: UUID | None = None,
        limit: int = 50,
        before: UUID | None = None,
    ) -> list[Pattern]:
        seen = self.agencies.intersection(agencies)
        found = [
            self._stand(one)
            for one in self.tables.patterns.values()
            if one.finding.agency_id in seen
            and manager_id in (None, one.finding.manager_id)
            and (before is None or one.pattern_id < before)
        ]
        newest = sorted(found, key=lambda one: one.pattern_id, reverse=True)
        bare = [replace(one, finding=replace(one.finding, evidence=())) for one in newest if one.state in states]
        return bare[:limit]

    def append(self, agency_id: UUID, event: PatternEvent) -> None:
        self.require(agency_id)
        events = self.tables.pattern_events.setdefault(event.pattern_id, [])
        if event.version != len(events) + 1:
            raise VersionTaken
        events.append(event)

    def _stand(self, pattern: Pattern) -> Pattern:
        last = self.tables.pattern_events[pattern.pattern_id][-1]
        return replace(pattern, state=last.state, version=last.version)
