"""Requests about one's own data and legal holds in memory: the rules of the store by naive loops over lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.errors import NotFound, VersionTaken
from services.model import JsonValue
from services.rights_record import LegalHold, RightsEvent, RightsName, RightsRequest


@dataclass
class RightsBooks:
    """What the fake keeps."""

    requests: dict[UUID, RightsRequest] = field(default_factory=dict)
    holds: dict[UUID, LegalHold] = field(default_factory=dict)

    def snapshot(self) -> RightsBooks:
        return RightsBooks(dict(self.requests), dict(self.holds))


class FakeRights:
    """Implements ``rights_record.RightsStore``. ``persons`` are those of the store around it; None: whoever is asked for."""

    def __init__(self, books: RightsBooks, persons: Callable[[], Mapping[UUID, Any]] | None = None) -> None:
        self.books, self._persons = books, persons

    def open(self, request: RightsRequest) -> RightsRequest:
        if self._persons is not None and request.person_id not in self._persons():
            raise NotFound
        for one in self.list_open(10**6):
            if (one.person_id, one.kind) == (request.person_id, request.kind):
                return one
        made = replace(request, events=(RightsEvent(1, RightsName.ASKED, request.asked_at),))
        self.books.requests[request.request_id] = made
        return made

    def append(self, request: RightsRequest, event: RightsEvent) -> None:
        known = self.books.requests[request.request_id]
        if event.version != known.version + 1:
            raise VersionTaken
        self.books.requests[request.request_id] = replace(known, events=(*known.events, event))

    def load(self, request_id: UUID) -> RightsRequest | None:
        return self.books.requests.get(request_id)

    def list_of(self, person_id: UUID, limit: int) -> list[RightsRequest]:
        found = [one for one in self.books.requests.values() if one.person_id == person_id]
        return sorted(found, key=lambda one: one.request_id, reverse=True)[:limit]

    def list_open(self, limit: int) -> list[RightsRequest]:
        found = [one for one in self.books.requests.values() if one.is_open]
        return sorted(found, key=lambda one: (one.due_on, one.request_id))[:limit]

    def place_hold(self, hold: LegalHold) -> None:
        self.books.holds[hold.hold_id] = hold

    def lift_hold(self, hold_id: UUID, by: UUID, at: datetime, reason: str) -> bool:
        hold = self.books.holds.get(hold_id)
        if hold is None or hold.lifted_at is not None or hold.placed_by == by:
            return False
        self.books.holds[hold_id] = replace(hold, lifted_by=by, lifted_at=at, lifted_reason=reason)
        return True

    def load_hold(self, hold_id: UUID) -> LegalHold | None:
        return self.books.holds.get(hold_id)

    def list_holds(self, limit: int) -> list[LegalHold]:
        return sorted(self.books.holds.values(), key=lambda one: (one.lifted_at is not None, one.hold_id))[:limit]


class FakeOwnData:
    """Implements ``rights.OwnData``."""

    def __init__(self) -> None:
        self.rows: dict[str, JsonValue] = {"persons": [{"phone": "13800138001"}]}

    def collect(self, person_id: UUID, agencies: Sequence[UUID]) -> Mapping[str, JsonValue]:
        del person_id, agencies
        return self.rows
