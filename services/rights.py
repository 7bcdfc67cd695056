"""What a citizen asks about their own data: a copy at once, a correction, a deletion, closing the account. PIPL articles 45 to 50.

Asked on the government's own page or at the window; inside a platform's app nothing of it is shown, because what somebody wants corrected or
taken away is nothing that a platform has to know. Whoever asks has proven themselves by a telephone at least. Of each kind one is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.calendar_record import Calendar
from services.case_clocks import calendar_of
from services.clock import count_on, end_of_day
from services.errors import InputRefused, NotFound
from services.model import Assurance, Caller, JsonValue
from services.ports import Clock, RateLimiter, Store
from services.retention_rules import RetentionRules
from services.rights_record import RequestKind, RightsEvent, RightsName, RightsRequest
from services.sessions import require_assurance
from services.staff_rules import read_reason
from services.till import business_day

SHOWN = 50
COPIES_A_DAY, DAY_SECONDS = 3, 86_400
REGION = "CN"


class About(StrEnum):
    """Of what a correction or a deletion speaks."""

    NAME = "name"
    PHONE = "phone"
    HOUSEHOLD = "household"
    ADDRESS = "address"
    CASE = "case"
    SEEN = "seen"
    OTHER = "other"


class Urgency(StrEnum):
    """How a request that is under way stands to its clock."""

    IN_TIME = "in_time"
    URGENT = "urgent"
    LATE = "late"


class OwnData(Protocol):
    """Everything that the government store holds of an account, readable."""

    def collect(self, person_id: UUID, agencies: Sequence[UUID]) -> Mapping[str, JsonValue]:
        """By table: rows of plain values. Raises ``StoreUnavailable``."""
        ...


@dataclass(frozen=True, slots=True)
class RightsDesk:
    """Raises ``AssuranceTooLow``, ``InputRefused``, ``TooManyRequests``, ``StoreUnavailable``."""

    store: Store
    data: OwnData
    rules: RetentionRules
    limiter: RateLimiter
    clock: Clock
    new_id: Callable[[], UUID]

    def list_requests(self, caller: Caller) -> list[RightsRequest]:
        """The caller's, newest first."""
        with self.store.begin(caller.agencies) as tx:
            return tx.rights.list_of(caller.person_id, SHOWN)

    def give_copy(self, caller: Caller) -> tuple[RightsRequest, Mapping[str, JsonValue]]:
        """Everything that is held, at once; that it was asked for and given is kept first."""
        require_assurance(caller, Assurance.PHONE)
        self.limiter.spend("rights-copy", str(caller.person_id), COPIES_A_DAY, DAY_SECONDS)
        asked = self._open(caller, RequestKind.COPY, {})
        if asked.is_open:
            with self.store.begin(caller.agencies) as tx:
                tx.rights.append(asked, RightsEvent(asked.version + 1, RightsName.DONE, self.clock.now()))
        return asked, self.data.collect(caller.person_id, caller.agencies)

    def ask(self, caller: Caller, kind: RequestKind, about: str, words: str) -> RightsRequest:
        """Ask for a correction or a deletion, in words: somebody judges it. The same again while one is under way is that one."""
        require_assurance(caller, Assurance.PHONE)
        if about not in tuple(About):
            raise InputRefused(detail={"about": "not_a_choice"})
        try:
            told = read_reason(words)
        except InputRefused:
            raise InputRefused(detail={"words": "length"}) from None
        return self._open(caller, kind, {"about": about, "words": told})

    def close_account(self, caller: Caller, *, understood: bool) -> RightsRequest:
        """Ask to close the account; the worker begins within seconds, and every log-in ends then."""
        require_assurance(caller, Assurance.PHONE)
        if not understood:
            raise InputRefused(detail={"understood": "required"})
        return self._open(caller, RequestKind.CLOSING, {})

    def withdraw(self, caller: Caller, request_id: UUID) -> None:
        """Take back what nobody has answered yet. Raises ``NotFound``, also for somebody else's and for a closing, which has begun."""
        with self.store.begin(caller.agencies) as tx:
            asked = tx.rights.load(request_id)
            mine = tx.persons.joined_ids(caller.person_id)
            if asked is None or asked.person_id not in mine or asked.kind is RequestKind.CLOSING:
                raise NotFound
            if asked.is_open:
                tx.rights.append(asked, RightsEvent(asked.version + 1, RightsName.WITHDRAWN, self.clock.now()))

    def _open(self, caller: Caller, kind: RequestKind, detail: Mapping[str, JsonValue]) -> RightsRequest:
        now = self.clock.now()
        with self.store.begin(caller.agencies) as tx:
            due = find_due(now, self.rules.answer_days, calendar_of(tx, REGION))
            return tx.rights.open(
                RightsRequest(
                    self.new_id(),
                    caller.app.agency_id,
                    caller.person_id,
                    kind,
                    str(caller.app.platform),
                    now,
                    due,
                    detail,
                )
            )


def find_due(asked_at: datetime, days: int, calendar: Calendar) -> date:
    """By which day it is answered: so many working days after the day on which it was asked."""
    return count_on(business_day(asked_at), days, calendar)


def judge_urgency(request: RightsRequest, now: datetime, urgent_days: int, calendar: Calendar) -> Urgency:
    """Orange from so many working days before its end, red after its end."""
    if now >= end_of_day(request.due_on):
        return Urgency.LATE
    soon = count_on(business_day(now), urgent_days, calendar) if urgent_days else business_day(now)
    return Urgency.URGENT if soon >= request.due_on else Urgency.IN_TIME
