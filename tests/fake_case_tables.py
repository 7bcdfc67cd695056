"""What the fake stores of cases keep, and the four that hold cases, drafts, files and mandates."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from uuid import UUID

from services.alert_record import Alert, AlertEvent, PlannedAlert, SweepRun
from services.calendar_record import Calendar
from services.case_file import SUPPLYING
from services.case_graph import CLOSED
from services.case_record import (
    Case,
    CaseEvent,
    CaseRow,
    Complaint,
    ComplaintEvent,
    DeskLine,
    Draft,
    Mandate,
    NoticeAttempt,
    Organisation,
    Rating,
    StoredFile,
)
from services.census_record import CensusLine, Ground, Indicator, Occasion, TurnedAway
from services.errors import VersionTaken
from services.model import PlatformName
from services.month_record import ClosedMonth, Figures, Seals, StatisticsLeaf
from services.rating_record import Cell, RatingSum
from services.reading_record import Delay, DelayEvent, Reading
from services.slowness_record import Pattern, PatternEvent, PatternRun

Claimed = tuple[UUID, UUID, str, str]
"""Agency, case, clock, rung."""


@dataclass
class CaseTables:
    """Everything of cases that a commit keeps."""

    cases: dict[UUID, Case] = field(default_factory=dict)
    events: dict[UUID, list[CaseEvent]] = field(default_factory=dict)
    counters: dict[tuple[UUID, str], int] = field(default_factory=dict)
    lines: dict[tuple[UUID, UUID], DeskLine] = field(default_factory=dict)
    drafts: dict[UUID, Draft] = field(default_factory=dict)
    files: dict[UUID, StoredFile] = field(default_factory=dict)
    organisations: dict[UUID, Organisation] = field(default_factory=dict)
    mandates: dict[UUID, Mandate] = field(default_factory=dict)
    ratings: dict[UUID, Rating] = field(default_factory=dict)
    complaints: dict[UUID, Complaint] = field(default_factory=dict)
    complaint_events: dict[UUID, list[ComplaintEvent]] = field(default_factory=dict)
    rating_sums: dict[tuple[int, Cell], RatingSum] = field(default_factory=dict)
    tallies: dict[int, datetime] = field(default_factory=dict)
    attempts: list[NoticeAttempt] = field(default_factory=list)
    revoked_slips: dict[str, tuple[UUID, str, datetime]] = field(default_factory=dict)
    calendars: dict[tuple[str, int], Calendar] = field(default_factory=dict)
    calendars_made: dict[tuple[str, int], datetime] = field(default_factory=dict)
    planned: dict[Claimed, PlannedAlert] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    alert_events: dict[UUID, list[AlertEvent]] = field(default_factory=dict)
    sweeps: list[SweepRun] = field(default_factory=list)
    months: dict[str, tuple[ClosedMonth, Figures]] = field(default_factory=dict)
    month_seals: dict[str, Seals] = field(default_factory=dict)
    leaves: list[tuple[str, StatisticsLeaf]] = field(default_factory=list)
    """The ledger's, which no transaction takes back."""
    readings: list[Reading] = field(default_factory=list)
    delays: dict[UUID, Delay] = field(default_factory=dict)
    delay_events: list[DelayEvent] = field(default_factory=list)
    census: list[CensusLine] = field(default_factory=list)
    indicators: list[Indicator] = field(default_factory=list)
    turned_away: dict[tuple[UUID, date, PlatformName, Occasion, Ground], TurnedAway] = field(default_factory=dict)
    pattern_runs: dict[str, PatternRun] = field(default_factory=dict)
    patterns: dict[UUID, Pattern] = field(default_factory=dict)
    pattern_events: dict[UUID, list[PatternEvent]] = field(default_factory=dict)

    def snapshot(self) -> CaseTables:
        """The tables as they are; rows are immutable, so copying the containers is enough."""
        kept = {one.name: copy.copy(getattr(self, one.name)) for one in fields(self)}
        for name in ("events", "complaint_events", "alert_events", "pattern_events"):
            kept[name] = {key: list(events) for key, events in kept[name].items()}
        kept["leaves"] = self.leaves
        return CaseTables(**kept)


class CaseRows:
    """Rows of the agencies of this transaction: others are not seen and cannot be written."""

    def __init__(self, tables: CaseTables, agencies: frozenset[UUID]) -> None:
        self.tables, self.agencies = tables, agencies

    def require(self, agency_id: UUID) -> None:
        """Fail as row-level security would."""
        if agency_id not in self.agencies:
            raise AssertionError("row-level security: this transaction does not act for that agency")


class FakeCases(CaseRows):
    """Implements ``case_stores.CaseStore``."""

    def next_number(self, agency_id: UUID, period: str) -> int:
        self.require(agency_id)
        number = self.tables.counters.get((agency_id, period), 0) + 1
        self.tables.counters[agency_id, period] = number
        return number

    def open(self, case: Case, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        self.require(case.agency_id)
        known = self.tables.cases
        if case.case_id in known or any(row.case_no == case.case_no for row in known.values()):
            raise VersionTaken
        known[case.case_id] = case
        self.append(case.agency_id, event, lines)

    def append(self, agency_id: UUID, event: CaseEvent, lines: Sequence[DeskLine]) -> None:
        self.require(agency_id)
        events = self.tables.events.setdefault(event.case_id, [])
        if event.version <= len(events):
            raise VersionTaken
        if event.version != len(events) + 1:
            raise ValueError("versions of a case have no gap")
        events.append(event)
        gone = [key for key in self.tables.lines if key[1] == event.case_id and key[0] in self.agencies]
        for key in gone:
            del self.tables.lines[key]
        for line in lines:
            self.require(line.agency_id)
            self.tables.lines[line.agency_id, line.case_id] = line

    def load(self, case_id: UUID) -> CaseRow | None:
        return next((self._row(one) for one in self._seen() if one.case_id == case_id), None)

    def find_by_number(self, case_no: str) -> CaseRow | None:
        return next((self._row(one) for one in self._seen() if one.case_no == case_no), None)

    def list_of_persons(
        self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID], limit: int, before: UUID | None
    ) -> list[CaseRow]:
        theirs = {
            one.mandate_id for one in self.tables.mandates.values()
            if one.principal_person_id in person_ids and one.agency_id in self.agencies
        }  # fmt: skip
        found = [
            one
            for one in self._seen()
            if one.person_id in person_ids or one.organisation_id in organisation_ids or one.mandate_id in theirs
        ]
        return [self._row(one) for one in found if before is None or one.case_id < before][:limit]

    def list_of_numbers(self, numbers: Sequence[str], limit: int) -> list[CaseRow]:
        return [self._row(one) for one in self._seen() if number_of(one) in numbers][:limit]

    def list_desk(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[str] = (),
        waits_for: Sequence[str] = (),
        service: str | None = None,
        claimed_by: UUID | None = None,
        unclaimed: bool = False,
        closed: bool = False,
        limit: int = 50,
        after: tuple[date, UUID] | None = None,
    ) -> list[DeskLine]:
        found = [
            line
            for line in self._lines(agencies)
            if (line.state in CLOSED) is closed
            and (not states or line.state in states)
            and (not waits_for or line.waits_for in waits_for)
            and service in (None, line.service)
            and claimed_by in (None, line.claimed_by)
            and not (unclaimed and line.claimed_by)
        ]
        return self._page(found, limit, after)

    def _page(self, found: list[DeskLine], limit: int, after: tuple[date, UUID] | None) -> list[DeskLine]:
        if after is not None:
            moments = [one.received_at for key, one in self.tables.lines.items() if key[1] == after[1]]
            if moments:
                found = [one for one in found if urgency(one) > (after[0], min(moments), after[1])]
            else:
                found = [one for one in found if urgency(one)[0] >= after[0]]
        page = found[:limit]
        return page + [one for one in found[limit:] if page and one.case_id == page[-1].case_id]

    def load_lines(self, case_id: UUID) -> list[DeskLine]:
        return [line for line in self._lines(tuple(self.agencies)) if line.case_id == case_id]

    def find_by_name(self, agencies: Sequence[UUID], name: str, limit: int) -> list[DeskLine]:
        cases = self.tables.cases
        return self._newest(
            [one for one in self._lines(agencies) if cases[one.case_id].applicant["name"] == name], limit
        )

    def find_by_number_of(self, agencies: Sequence[UUID], number: str, limit: int) -> list[DeskLine]:
        cases = self.tables.cases
        return self._newest([one for one in self._lines(agencies) if number_of(cases[one.case_id]) == number], limit)

    def list_open(self, after: UUID | None, limit: int) -> list[CaseRow]:
        rows = [self._row(one) for one in reversed(self._seen()) if after is None or one.case_id > after]
        return [row for row in rows if row[1][-1].state not in CLOSED][:limit]

    def assign_chains(self, agency_id: UUID, case_id: UUID, chain_id: UUID, principal_chain_id: UUID) -> None:
        self.require(agency_id)
        case = self.tables.cases[case_id]
        self.tables.cases[case_id] = replace(case, chain_id=chain_id, principal_chain_id=principal_chain_id)

    def _seen(self) -> list[Case]:
        """Newest first."""
        mine = [one for one in self.tables.cases.values() if one.agency_id in self.agencies]
        return sorted(mine, key=lambda one: one.case_id, reverse=True)

    def _row(self, case: Case) -> CaseRow:
        return case, list(self.tables.events[case.case_id])

    def _lines(self, agencies: Sequence[UUID]) -> list[DeskLine]:
        seen = self.agencies.intersection(agencies)
        return sorted((one for one in self.tables.lines.values() if one.agency_id in seen), key=urgency)

    def _newest(self, found: list[DeskLine], limit: int) -> list[DeskLine]:
        return sorted(found, key=lambda one: (one.received_at, one.case_id), reverse=True)[:limit]


def number_of(case: Case) -> str:
    """The applicant's identity number or credit code."""
    return case.applicant.get("identity_number") or case.applicant.get("credit_code") or ""


def urgency(line: DeskLine) -> tuple[date, datetime, UUID]:
    """By what a desk is sorted."""
    return line.due_on or date.max, line.received_at, line.case_id


class FakeDrafts(CaseRows):
    """Implements ``case_stores.DraftStore``."""

    def save(self, draft: Draft) -> None:
        self.require(draft.agency_id)
        known = self.tables.drafts.get(draft.draft_id)
        if draft.version != (known.version if known else 0) + 1 or (known and known.submitted_at):
            raise VersionTaken
        self.tables.drafts[draft.draft_id] = draft

    def load(self, draft_id: UUID) -> Draft | None:
        found = self.tables.drafts.get(draft_id)
        return found if found and found.agency_id in self.agencies else None

    def list_of_persons(self, person_ids: Sequence[UUID], limit: int) -> list[Draft]:
        found = [
            one for one in self.tables.drafts.values()
            if one.person_id in person_ids and one.submitted_at is None and one.agency_id in self.agencies
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.draft_id, reverse=True)[:limit]

    def discard(self, draft_id: UUID) -> None:
        found = self.load(draft_id)
        if found is not None and found.submitted_at is None:
            del self.tables.drafts[draft_id]
            for file in [one for one in self.tables.files.values() if one.owner == draft_id]:
                del self.tables.files[file.file_id]


class FakeFileIndex(CaseRows):
    """Implements ``case_stores.FileIndex``."""

    def add(self, file: StoredFile) -> None:
        self.require(file.agency_id)
        if self.tables.files.setdefault(file.file_id, file) != file:
            raise VersionTaken

    def load(self, file_id: UUID) -> StoredFile | None:
        found = self.tables.files.get(file_id)
        return found if found and found.agency_id in self.agencies else None

    def list_of(self, owner: UUID) -> list[StoredFile]:
        found = [one for one in self.tables.files.values() if one.owner == owner and one.agency_id in self.agencies]
        return sorted(found, key=lambda one: one.file_id)

    def remove(self, file_id: UUID) -> None:
        found = self.load(file_id)
        if found is not None and found.material and self._is_loose(found):
            del self.tables.files[file_id]

    def _is_loose(self, file: StoredFile) -> bool:
        if file.owner in self.tables.cases:
            return not any(
                event.name in SUPPLYING and event.at >= file.uploaded_at for event in self.tables.events[file.owner]
            )
        draft = self.tables.drafts.get(file.owner)
        return file.uploaded_by.startswith("staff:") if draft is None else draft.submitted_at is None
