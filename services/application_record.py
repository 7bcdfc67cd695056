"""An application (申请) as the counter keeps it: what never changes, and the events that tell how far it is.

"The virtual counter" will make cases of them; here the agency's own back end accepts, and only it says granted or refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from services.model import JsonValue, PlatformName


class ApplicationState(StrEnum):
    """States of an application.

    ::

        intended → submitting → accepted → granted | refused
                              → pending  → accepted | granted | refused
                              → declined                (the back end said no; nothing was taken)
                              → submission_unknown → accepted | pending | granted | refused | submitting (again, same number)
    """

    INTENDED = "intended"
    SUBMITTING = "submitting"
    SUBMISSION_UNKNOWN = "submission_unknown"
    DECLINED = "declined"
    PENDING = "pending"
    ACCEPTED = "accepted"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Application:
    """What never changes. ``application_no`` is made once, before any call: the back end's idempotency key and the citizen's number.

    ``inputs`` and ``applicant`` are personal: encrypted at rest. ``inputs`` hold also what the gateway filled in by itself.
    """

    application_id: UUID
    agency_id: UUID
    service: str
    mapping_version: int
    person_id: UUID
    login_id: UUID
    chain_id: UUID
    platform: PlatformName
    app: str
    application_no: str
    applicant: Mapping[str, str]
    inputs: Mapping[str, JsonValue]
    created_at: datetime
    business_on: date


@dataclass(frozen=True, slots=True)
class ApplicationEvent:
    """One appended event: (application_id, version) is unique, ``state`` is the state after it.

    ``data`` may be personal (results): encrypted at rest.
    """

    application_id: UUID
    version: int
    name: str
    state: ApplicationState
    at: datetime
    data: Mapping[str, JsonValue] = field(default_factory=dict)


ApplicationRow = tuple[Application, list[ApplicationEvent]]


class ApplicationLine(NamedTuple):
    """One application in a list: nothing personal."""

    application_id: UUID
    agency_id: UUID
    service: str
    application_no: str
    created_at: datetime
    state: ApplicationState


class ApplicationStore(Protocol):
    """Applications as appended events."""

    def open(self, application: Application, event: ApplicationEvent) -> None:
        """Raises ``VersionTaken`` if the application exists."""

    def append(self, agency_id: UUID, event: ApplicationEvent) -> None:
        """Raises ``VersionTaken`` if (application, version) exists."""

    def load(self, application_id: UUID) -> ApplicationRow | None: ...
    def find_by_number(self, agency_id: UUID, application_no: str) -> ApplicationRow | None: ...
    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[ApplicationRow]:
        """Whole files of a page, newest first."""
        ...

    def list_of_agencies(
        self, limit: int, before: UUID | None, service: str | None = None, states: Sequence[ApplicationState] = ()
    ) -> list[ApplicationLine]:
        """For staff lists, newest first."""
        ...

    def list_versions(
        self, service: str, states: Sequence[ApplicationState], since: datetime
    ) -> dict[int, datetime | None]:
        """Versions of a service with an application in these states, or whose last event is not older than ``since``.

        Each with the moment at which its newest application in these states was made, None if it has none.
        """
        ...
