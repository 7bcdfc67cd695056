"""Applications in memory, as ``tests/fake_store.py`` keeps everything else, and an office that takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.boundary import refuse_inside_transaction
from services.application_record import Application, ApplicationEvent, ApplicationLine, ApplicationRow, ApplicationState
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable, VersionTaken
from services.model import JsonValue, PlatformName
from tests.fake_faults import Faults, Script


class FakeApplications:
    """Implements ``ApplicationStore`` on the fake tables."""

    def __init__(self, tables: Any, agencies: frozenset[UUID]) -> None:
        self.tables, self.agencies = tables, agencies

    def open(self, application: Application, event: ApplicationEvent) -> None:
        self._require(application.agency_id)
        if application.application_id in self.tables.applications:
            raise VersionTaken
        self.tables.applications[application.application_id] = application
        self.append(application.agency_id, event)

    def append(self, agency_id: UUID, event: ApplicationEvent) -> None:
        self._require(agency_id)
        events = self.tables.application_events.setdefault(event.application_id, [])
        if any(row.version == event.version for row in events):
            raise VersionTaken
        events.append(event)

    def load(self, application_id: UUID) -> ApplicationRow | None:
        row = self.tables.applications.get(application_id)
        if row is None or row.agency_id not in self.agencies:
            return None
        return row, list(self.tables.application_events[application_id])

    def find_by_number(self, agency_id: UUID, application_no: str) -> ApplicationRow | None:
        same = (row for row in self.tables.applications.values() if row.application_no == application_no)
        return next((self.load(row.application_id) for row in same if row.agency_id == agency_id), None)

    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[ApplicationRow]:
        own = [row for row in self.tables.applications.values() if row.person_id in person_ids]
        own = [row for row in own if platform is None or row.platform is platform]
        own = [row for row in own if before is None or row.application_id < before]
        own.sort(key=lambda row: row.application_id, reverse=True)
        return [(row, list(self.tables.application_events[row.application_id])) for row in own[:limit]]

    def list_of_agencies(
        self, limit: int, before: UUID | None, service: str | None = None, states: Sequence[ApplicationState] = ()
    ) -> list[ApplicationLine]:
        rows = [row for row in self.tables.applications.values() if row.agency_id in self.agencies]
        found = [
            ApplicationLine(
             row.application_id, row.agency_id, row.service, row.application_no, row.created_at,
             self.tables.application_events[row.application_id][-1].state)
            for row in rows
            if service in (None, row.service) and (before is None or row.application_id < before)
        ]  # fmt: skip
        return [row for row in found if not states or row.state in states][:limit]

    def list_versions(
        self, service: str, states: Sequence[ApplicationState], since: datetime
    ) -> dict[int, datetime | None]:
        found: dict[int, datetime | None] = {}
        for row in self.tables.applications.values():
            last = self.tables.application_events[row.application_id][-1]
            if row.agency_id not in self.agencies or row.service != service:
                continue
            if last.state in states:
                known = found.get(row.mapping_version)
                found[row.mapping_version] = max(known, row.created_at) if known else row.created_at
            elif last.at >= since:
                found.setdefault(row.mapping_version, None)
        return found

    def _require(self, agency_id: UUID) -> None:
        if agency_id not in self.agencies:
            raise AssertionError("row-level security: this transaction does not act for that agency")


@dataclass
class FakeOffice:
    """Implements ``ports.BackEnd`` for an office with its own books: applications by our number, records, notices.

    ``forgetful``: it does not recognise a repeated number and says that there is an application already.
    """

    books: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    known: dict[str, JsonValue] = field(default_factory=dict)
    answer: JsonValue = None
    first_state: str = "accepted"
    file_of_today: list[JsonValue] | None = None
    taken: list[str] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, JsonValue], str, str]] = field(default_factory=list)
    script: Script = field(default_factory=Script)
    faults: Faults = field(default_factory=Faults)

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        refuse_inside_transaction()
        self.calls.append((operation, dict(values), purpose, case_no))
        behaviour = self.script.next(operation)
        self.faults.before(operation)
        if behaviour == "unreachable":
            raise BackEndUnreachable
        if behaviour == "timeout":
            raise BackEndOutcomeUnknown
        if behaviour not in ("", "timeout_after", "garbled"):
            raise BackEndRefused(behaviour)
        answer = getattr(self, f"_{operation}")(values)
        self.faults.after(operation)
        if behaviour == "timeout_after":
            raise BackEndOutcomeUnknown
        if behaviour == "garbled":
            raise BackEndGarbled
        return answer

    def decide(self, application_no: str, state: str, outputs: JsonValue = None, message: str | None = None) -> None:
        """Somebody at the office decides."""
        self.books[application_no] |= {"state": state, "outputs": outputs, "message": message}

    def count(self, operation: str) -> int:
        """How often it was asked this."""
        return sum(name == operation for name, *_ in self.calls)

    def _prefill(self, values: Mapping[str, JsonValue]) -> JsonValue:
        return {"values": dict(self.known)}

    def _submit(self, values: Mapping[str, JsonValue]) -> JsonValue:
        number = str(values["application_no"])
        if number not in self.books:
            self.taken.append(number)
            self.books[number] = {"reference": f"R-{len(self.books) + 1}", "state": self.first_state, "message": None}
        return self._word(number, outputs=False)

    def _find_submission(self, values: Mapping[str, JsonValue]) -> JsonValue:
        return self._word(str(values["application_no"]), outputs=False)

    def _find_result(self, values: Mapping[str, JsonValue]) -> JsonValue:
        return self._word(str(values["application_no"]))

    def _list_results(self, values: Mapping[str, JsonValue]) -> JsonValue:
        if self.file_of_today is not None:
            return {"results": self.file_of_today}
        return {"results": [{"application_no": number, **self._word(number)} for number in self.books]}

    def _look_up(self, values: Mapping[str, JsonValue]) -> JsonValue:
        return self.answer

    def _fetch(self, values: Mapping[str, JsonValue]) -> JsonValue:
        return self.answer

    def _word(self, number: str, *, outputs: bool = True) -> dict[str, JsonValue]:
        if number not in self.books:
            raise BackEndRefused("no_such_application")
        found = dict(self.books[number])
        if not outputs:
            found.pop("outputs", None)
        return found
