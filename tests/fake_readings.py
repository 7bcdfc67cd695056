"""Readings, delays and the auditor's questions in memory: the rules of the store by naive loops over lists."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.audit_record import CopiedReason, LookKind, SampledCase, StaffChange
from services.errors import VersionTaken
from services.reading_record import Delay, DelayEvent, DelayFile, Reading
from tests.fake_case_tables import CaseRows, CaseTables


def letters(reason: str) -> str:
    """The letters of a reason alone."""
    return "".join(
        one for one in unicodedata.normalize("NFKC", reason).casefold() if unicodedata.category(one)[0] == "L"
    )


class FakeReadings(CaseRows):
    """Implements ``reading_record.ReadingStore``."""

    def add(self, readings: Sequence[Reading]) -> None:
        for one in readings:
            self.require(one.agency_id)
            self.tables.readings.append(one)

    def list_of(
        self, subjects: Sequence[UUID], keys: Sequence[str], limit: int, before: UUID | None = None
    ) -> list[Reading]:
        found = [
            replace(one, subject=replace(one.subject, key=""))
            for one in self._seen()
            if (one.subject.subject_id in subjects or (one.subject.key and one.subject.key in keys))
            and (before is None or one.reading_id < before)
        ]
        return found[:limit]

    def _seen(self) -> list[Reading]:
        mine = [one for one in self.tables.readings if one.agency_id in self.agencies]
        return sorted(mine, key=lambda one: one.reading_id, reverse=True)

    def ask_delay(self, delay: Delay, event: DelayEvent) -> None:
        self.require(delay.agency_id)
        if delay.delay_id in self.tables.delays:
            raise VersionTaken
        self.tables.delays[delay.delay_id] = delay
        self.append_delay(delay.agency_id, event)

    def append_delay(self, agency_id: UUID, event: DelayEvent) -> None:
        self.require(agency_id)
        if any((one.delay_id, one.version) == (event.delay_id, event.version) for one in self.tables.delay_events):
            raise VersionTaken
        self.tables.delay_events.append(event)

    def load_delays(self, delay_ids: Sequence[UUID]) -> list[DelayFile]:
        return [one for one in self._files() if one.delay.delay_id in delay_ids]

    def delays_of_case(self, case_id: UUID) -> list[DelayFile]:
        return [one for one in self._files() if one.delay.case_id == case_id]

    def list_delays(self, agencies: Sequence[UUID], limit: int, before: UUID | None = None) -> list[DelayFile]:
        found = [one for one in self._files() if one.delay.agency_id in agencies]
        return [one for one in found if before is None or one.delay.delay_id < before][:limit]

    def delays_between(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[DelayFile]:
        found = [one for one in self._files() if one.delay.agency_id in agencies]
        return [one for one in found if one.delay.asked_at < until and one.delay.until >= since]

    def _files(self) -> list[DelayFile]:
        mine = [one for one in self.tables.delays.values() if one.agency_id in self.agencies]
        return [
            DelayFile(one, tuple(event for event in self.tables.delay_events if event.delay_id == one.delay_id))
            for one in sorted(mine, key=lambda one: one.delay_id, reverse=True)
        ]


class FakeAudit(CaseRows):
    """Implements ``audit_record.AuditStore``; ``changes`` are the events of the staff."""

    def __init__(self, tables: CaseTables, agencies: frozenset[UUID], changes: Sequence[StaffChange] = ()) -> None:
        super().__init__(tables, agencies)
        self.changes = changes

    def draw_cases(
        self, agencies: Sequence[UUID], since: date, until: date, seed: str, size: int, *, service: str | None = None,
        states: Sequence[str] = (),
    ) -> list[SampledCase]:  # fmt: skip
        found: list[tuple[bytes, SampledCase]] = []
        for case in self.tables.cases.values():
            state = str(self.tables.events[case.case_id][-1].state)
            if case.agency_id not in agencies or not since <= case.business_on <= until:
                continue
            if service not in (None, case.service) or (states and state not in states):
                continue
            lot = hashlib.sha256(f"{seed}:{case.case_id}".encode()).digest()
            drawn = SampledCase(case.case_id, case.agency_id, case.service, case.case_no, state, case.business_on)
            found.append((lot, drawn))
        return [one for _, one in sorted(found, key=lambda pair: pair[0])][:size]

    def list_looks(
        self, agencies: Sequence[UUID], since: datetime, limit: int, before: UUID | None, *, acts: Sequence[str],
        kind: LookKind | None = None, staff_id: UUID | None = None,
    ) -> list[Reading]:  # fmt: skip
        found = [
            one
            for one in FakeReadings(self.tables, self.agencies)._seen()
            if one.agency_id in agencies and one.act in acts and one.at >= since
            and (before is None or one.reading_id < before) and staff_id in (None, one.staff_id)
            and not (kind is LookKind.BARE and letters(one.reason))
            and not (kind is LookKind.WITHOUT_CASE and self._has_part(one))
            and not (kind is LookKind.ELSEWHERE and (one.reader_agency_id == one.agency_id or self._has_desk(one)))
        ]  # fmt: skip
        return [replace(one, subject=replace(one.subject, key="")) for one in found[:limit]]

    def _has_part(self, one: Reading) -> bool:
        case = self.tables.cases.get(one.subject.subject_id) if one.subject.subject_id else None
        mine = case is not None and case.agency_id == one.agency_id
        events = self.tables.events.get(case.case_id, []) if case is not None and mine else []
        lines = [line for (_, case_id), line in self.tables.lines.items() if case_id == one.subject.subject_id]
        return any(event.staff_id == one.staff_id for event in events) or any(
            line.claimed_by == one.staff_id for line in lines if line.agency_id == one.agency_id
        )

    def _has_desk(self, one: Reading) -> bool:
        return (one.reader_agency_id, one.subject.subject_id) in self.tables.lines

    def list_copied(
        self, agencies: Sequence[UUID], since: datetime, acts: Sequence[str], least: int, limit: int
    ) -> list[CopiedReason]:
        groups: Mapping[tuple[UUID, str], list[Reading]] = defaultdict(list)
        for one in FakeReadings(self.tables, self.agencies)._seen():
            if one.agency_id in agencies and one.at >= since and one.act in acts and letters(one.reason):
                groups[one.staff_id, letters(one.reason)].append(one)
        made = [
            CopiedReason(
                staff_id, len(looks), len({(one.subject.subject_id, one.subject.key) for one in looks}), looks[0]
            )
            for (staff_id, _), looks in groups.items()
        ]
        found = [one for one in made if one.subjects >= least]
        return sorted(found, key=lambda one: (-one.subjects, one.staff_id))[:limit]

    def list_staff_changes(self, agencies: Sequence[UUID], limit: int, before: UUID | None) -> list[StaffChange]:
        mine = [one for one in self.changes if one.agency_id in agencies and (before is None or one.event_id < before)]
        return sorted(mine, key=lambda one: one.event_id, reverse=True)[:limit]
