"""The other fake stores of cases: mandates, ratings and complaints, notices, slips, calendars, staff's own numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from services.calendar_record import Calendar
from services.case_record import Complaint, ComplaintEvent, ComplaintState, Mandate, NoticeAttempt, Organisation, Rating
from services.errors import VersionTaken
from services.ports import PersonStore
from services.rating_record import Cell, Place, RatingSum, name_cell
from tests.fake_case_tables import CaseRows, CaseTables


class FakeMandates(CaseRows):
    """Implements ``case_stores.MandateStore``; ``persons`` are those of the same transaction."""

    def __init__(self, tables: CaseTables, agencies: frozenset[UUID], persons: PersonStore) -> None:
        super().__init__(tables, agencies)
        self.persons = persons

    def find_chain(self, agency_id: UUID, identity_number: str, at: datetime) -> UUID:
        return self.persons.find_chain(agency_id, identity_number, at)

    def record_organisation(self, organisation: Organisation) -> Organisation:
        self.require(organisation.agency_id)
        known = self.find_organisation(organisation.credit_code)
        kept = replace(known, name=organisation.name) if known else organisation
        self.tables.organisations[kept.organisation_id] = kept
        return kept

    def load_organisation(self, organisation_id: UUID) -> Organisation | None:
        return self.tables.organisations.get(organisation_id)

    def find_organisation(self, credit_code: str) -> Organisation | None:
        return next((one for one in self.tables.organisations.values() if one.credit_code == credit_code), None)

    def add(self, mandate: Mandate) -> None:
        self.require(mandate.agency_id)
        if mandate.mandate_id in self.tables.mandates:
            raise VersionTaken
        self.tables.mandates[mandate.mandate_id] = mandate

    def load(self, mandate_id: UUID) -> Mandate | None:
        return next((one for one in self._seen() if one.mandate_id == mandate_id), None)

    def revoke(self, mandate_id: UUID, by: str, at: datetime) -> bool:
        found = self.load(mandate_id)
        if found is None or found.revoked_at is not None:
            return False
        self.tables.mandates[mandate_id] = replace(found, revoked_at=at, revoked_by=by)
        return True

    def bind_agent(self, mandate_id: UUID, person_id: UUID) -> None:
        found = self.load(mandate_id)
        if found is not None and found.agent_person_id is None and found.revoked_at is None:
            self.tables.mandates[mandate_id] = replace(found, agent_person_id=person_id)

    def list_of_agent(self, person_ids: Sequence[UUID]) -> list[Mandate]:
        return [one for one in self._seen() if one.agent_person_id in person_ids]

    def list_of_number(self, identity_number: str) -> list[Mandate]:
        return [
            one for one in self._seen()
            if one.agent_person_id is None and one.agent.get("identity_number") == identity_number
        ]  # fmt: skip

    def list_of_principal(self, person_ids: Sequence[UUID], organisation_ids: Sequence[UUID]) -> list[Mandate]:
        return [
            one for one in self._seen()
            if one.principal_person_id in person_ids or one.organisation_id in organisation_ids
        ]  # fmt: skip

    def list_of_principal_number(self, identity_number: str) -> list[Mandate]:
        return [one for one in self._seen() if one.principal.get("identity_number") == identity_number]

    def _seen(self) -> list[Mandate]:
        """Newest first."""
        mine = [one for one in self.tables.mandates.values() if one.agency_id in self.agencies]
        return sorted(mine, key=lambda one: one.mandate_id, reverse=True)


class FakeRatings(CaseRows):
    """Implements ``case_stores.RatingStore``."""

    def rate(self, rating: Rating) -> None:
        self.require(rating.agency_id)
        if rating.rating_id in self.tables.ratings or self.find_rating(rating.about, rating.subject):
            raise VersionTaken
        self.tables.ratings[rating.rating_id] = rating

    def find_rating(self, about: str, subject: UUID) -> Rating | None:
        return next((one for one in self._rated() if (one.about, one.subject) == (about, subject)), None)

    def list_ratings(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[Rating]:
        return [one for one in self._rated() if one.agency_id in agencies and one.rated_at >= since][:limit]

    def list_levels(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[Rating]:
        found = [one for one in self._rated() if one.agency_id in agencies and since <= one.rated_at < until]
        return [replace(one, words="", person_id=None) for one in reversed(found)]

    def begin_tally(self, year: int) -> datetime | None:
        return self.tables.tallies.get(year)

    def end_tally(self, year: int, until: datetime) -> None:
        self.tables.tallies[year] = until

    def list_cells(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[Cell]:
        return sorted({name_cell(one) for one in self.list_levels(agencies, since, until)})

    def list_cell(self, cell: Cell, since: datetime, until: datetime, after: Place | None) -> list[Rating]:
        found = [one for one in self.list_levels([cell[0]], since, until) if name_cell(one) == cell]
        return [one for one in found if after is None or (one.rated_at, one.rating_id) > after]

    def load_sum(self, year: int, cell: Cell) -> RatingSum | None:
        return self.tables.rating_sums.get((year, cell))

    def write_sum(self, rating_sum: RatingSum) -> None:
        self.require(rating_sum.agency_id)
        self.tables.rating_sums[rating_sum.year, rating_sum.cell] = rating_sum

    def list_sums(self, agencies: Sequence[UUID], year: int) -> list[RatingSum]:
        mine = [one for one in self.tables.rating_sums.values() if one.agency_id in self.agencies]
        return [one for one in mine if one.agency_id in agencies and one.year == year]

    def count_struck(self, agencies: Sequence[UUID], year: int, since: datetime) -> Mapping[Cell, int]:
        ended = [row[0].rating_id for row in self._filed() if row[1][-1].state is ComplaintState.DISMISSED]
        found: Counter[Cell] = Counter()
        for one in self._rated():
            counted = self.tables.rating_sums.get((year, name_cell(one)))
            if one.rating_id in ended and one.agency_id in agencies and one.rated_at >= since and counted:
                found[name_cell(one)] += counted.holds(one)
        return {cell: count for cell, count in found.items() if count}

    def _rated(self) -> list[Rating]:
        """Newest first."""
        mine = [one for one in self.tables.ratings.values() if one.agency_id in self.agencies]
        return sorted(mine, key=lambda one: (one.rated_at, one.rating_id), reverse=True)

    def file_complaint(self, complaint: Complaint, event: ComplaintEvent) -> None:
        self.require(complaint.agency_id)
        if complaint.complaint_id in self.tables.complaints:
            raise VersionTaken
        self.tables.complaints[complaint.complaint_id] = complaint
        self.append(complaint.agency_id, event)

    def append(self, agency_id: UUID, event: ComplaintEvent) -> None:
        self.require(agency_id)
        events = self.tables.complaint_events.setdefault(event.complaint_id, [])
        if event.version <= len(events):
            raise VersionTaken
        if event.version != len(events) + 1:
            raise ValueError("versions of a complaint have no gap")
        events.append(event)

    def load(self, complaint_id: UUID) -> tuple[Complaint, list[ComplaintEvent]] | None:
        return next((row for row in self._filed() if row[0].complaint_id == complaint_id), None)

    def list_complaints(
        self, agencies: Sequence[UUID], states: Sequence[str], limit: int
    ) -> list[tuple[Complaint, ComplaintEvent]]:
        found = [
            (complaint, events[-1])
            for complaint, events in self._filed()
            if complaint.agency_id in agencies and (not states or events[-1].state in states)
        ]
        return sorted(found, key=lambda row: (row[0].due_on, row[0].complaint_id))[:limit]

    def list_of_subject(self, subject: UUID) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        return [row for row in self._filed() if row[0].subject == subject]

    def list_against(self, staff_id: UUID, limit: int) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        return [row for row in self._filed() if staff_id in row[0].against][-limit:]

    def _filed(self) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        """Oldest first."""
        mine = [one for one in self.tables.complaints.values() if one.agency_id in self.agencies]
        mine.sort(key=lambda one: one.complaint_id)
        return [(one, list(self.tables.complaint_events[one.complaint_id])) for one in mine]


class FakeNotices(CaseRows):
    """Implements ``case_stores.NoticeStore``."""

    def add(self, attempt: NoticeAttempt) -> bool:
        self.require(attempt.agency_id)
        if any(_name(one) == _name(attempt) and one.outcome == attempt.outcome for one in self.tables.attempts):
            return False
        self.tables.attempts.append(attempt)
        return True

    def list_of(self, case_id: UUID) -> list[NoticeAttempt]:
        return [one for one in self.tables.attempts if one.case_id == case_id and one.agency_id in self.agencies]

    def list_tasks(self, agencies: Sequence[UUID], limit: int) -> list[NoticeAttempt]:
        last = {_name(one): one for one in self.tables.attempts if one.agency_id in self.agencies}
        found = [one for one in last.values() if one.outcome == "open" and one.agency_id in agencies]
        return sorted(found, key=lambda one: one.at)[:limit]


def _name(attempt: NoticeAttempt) -> tuple[UUID, str, str, int]:
    return attempt.case_id, attempt.notice, attempt.rung, attempt.attempt


class FakeSlips(CaseRows):
    """Implements ``case_stores.SlipRegister``."""

    def revoke(self, agency_id: UUID, slip_id: str, reason: str, at: datetime) -> None:
        self.require(agency_id)
        self.tables.revoked_slips.setdefault(slip_id, (agency_id, reason, at))

    def is_revoked(self, slip_id: str) -> bool:
        return slip_id in self.tables.revoked_slips

    def list_revoked(self) -> list[tuple[str, datetime]]:
        rows = self.tables.revoked_slips.items()
        return sorted(((slip, at) for slip, (_, _, at) in rows), key=lambda row: row[::-1])


class FakeCalendars(CaseRows):
    """Implements ``calendar_record.CalendarStore``; calendars belong to no agency."""

    def current(self, region: str) -> Calendar | None:
        versions = [version for known, version in self.tables.calendars if known == region]
        return self.tables.calendars[region, max(versions)] if versions else None

    def load(self, region: str, version: int) -> Calendar | None:
        return self.tables.calendars.get((region, version))

    def made_at(self, region: str, version: int) -> datetime | None:
        return self.tables.calendars_made.get((region, version))

    def add(self, calendar: Calendar, reason: str, at: datetime) -> None:
        self.tables.calendars_made.setdefault((calendar.region, calendar.version), at)
        if self.tables.calendars.setdefault((calendar.region, calendar.version), calendar) is not calendar:
            raise VersionTaken


def make_calendar(region: str = "CN", version: int = 1) -> Calendar:
    """Working days from Monday to Friday, no holidays, known till the end of 2027."""
    return Calendar(region, version, {}, date(2026, 1, 1), date(2027, 12, 31))
