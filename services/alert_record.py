"""What the supervision office is told: planned alerts, alerts, what people did about them, and the store that keeps them.

``services/alert_plan.py`` says when each is due; ``docs/supervision.md`` explains the words. Nothing here is personal: an alert names a
case by its number, a clock, and the member of the staff who held the case when it fell due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import JsonValue


class Rung(StrEnum):
    """How far a clock, or a matter, has gone. Each is told once per (case, clock, rung)."""

    ORANGE = "orange"
    """橙色预警: so many of the promised days are used that somebody should look."""
    RED = "red"
    """红色预警: the promised limit has passed."""
    PASSED = "passed"
    """超法定时限: the statutory limit has passed."""
    LATE = "late"
    """A step, the completeness notice or the delivery is late."""
    FACT = "fact"
    """Not a matter of time: no reason given, a fee outside the catalogue."""


TIMED = frozenset({Rung.ORANGE, Rung.RED, Rung.PASSED, Rung.LATE})


@dataclass(frozen=True, slots=True)
class PlannedAlert:
    """An alert that will be due at ``due_at`` unless the case moves on before: written in the transaction of each event.

    ``agency_id`` is whose desk will be late (a joint step's own agency), ``lead_agency_id`` whose case it is. ``clock`` names one run
    of one clock: ``promised``, ``statutory``, ``completeness`` (``completeness:2`` after a correction), ``step:0``, ``delivery``; for a
    fact its code and the event's version: ``no_reason:7``. ``staff_id`` is who holds the case till then, None for nobody.
    """

    agency_id: UUID
    lead_agency_id: UUID
    case_id: UUID
    clock: str
    rung: Rung
    due_at: datetime
    service: str
    case_no: str
    staff_id: UUID | None


class AlertState(StrEnum):
    """How far the supervision office is with an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """Somebody of the supervision office has it in hand."""
    CLOSED = "closed"
    """Followed up: what was found and done stands in its events."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that was told. ``due_at`` is when it was really due, ``sent_at`` when the sweeper told it.

    ``level_agency_id`` is the agency of the tree whose supervision has it on its desk: the late agency's own at first, the one above
    after each escalation (``escalations`` counts them). ``escalate_at``: when it goes up unless acknowledged; None at the root, or when
    acknowledged. ``version`` counts its events. ``handler`` is who of the supervision office has it in hand (while open: to whom it was given). ``asked_at`` is set while
    the office waits for an answer of the case manager ``asked_of`` (None: of whoever works at the late agency).
    """

    alert_id: UUID
    planned: PlannedAlert
    sent_at: datetime
    state: AlertState
    level_agency_id: UUID
    escalations: int
    escalate_at: datetime | None
    version: int
    handler: UUID | None = None
    asked_of: UUID | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One appended event of an alert: told, acknowledged, noted, contacted, answered, delegated, escalated, closed, reopened.

    ``data`` (notes, what the case manager said) may be personal: encrypted at rest. ``staff_id`` None: the sweeper.
    """

    alert_id: UUID
    version: int
    name: str
    state: AlertState
    at: datetime
    staff_id: UUID | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SweepRun:
    """The sweeper's sign of life: how far it has swept (by the clock port), how long ago, how much it told."""

    ran_at: datetime
    swept_until: datetime
    told: int
    escalated: int


class AlertStore(Protocol):
    """Planned alerts, alerts and their events, within one transaction."""

    def replan(self, case_id: UUID, planned: Sequence[PlannedAlert], now: datetime) -> None:
        """Put these in the place of the case's plans that lie ahead of ``now``. What fell due by ``now`` stays, whatever happens after."""
        ...

    def hold(self, case_id: UUID) -> None:
        """Keep an open case from moving till the end of the transaction: for who plans it anew without an event. To be asked first."""
        ...

    def list_due(
        self,
        until: datetime,
        limit: int,
        after: tuple[datetime, UUID, str, str] | None = None,
        *,
        hold: bool = False,
    ) -> list[PlannedAlert]:
        """Plans that are due and not told yet, the earliest first (then case, clock, rung); changes nothing.

        ``hold``: those that no other sweeper has in hand, held till the end of the transaction.
        """
        ...

    def tell(self, alert: Alert, event: AlertEvent) -> bool:
        """Claim (case, clock, rung), keep the alert with its first event, and drop its plan. False if it was told before."""
        ...

    def load(self, alert_id: UUID) -> tuple[Alert, list[AlertEvent]] | None: ...
    def append(self, alert: Alert, event: AlertEvent) -> None:
        """Append an event and put the alert's new state in the place of the old one. Raises ``VersionTaken``."""
        ...

    def list_inbox(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[AlertState] = (AlertState.OPEN,),
        levels: Sequence[UUID] | None = None,
        rungs: Sequence[Rung] = (),
        service: str | None = None,
        staff_id: UUID | None = None,
        limit: int = 50,
        before: UUID | None = None,
    ) -> list[Alert]:
        """Alerts of these agencies, newest first; ``levels``: only those on the desks of these agencies of the tree."""
        ...

    def list_of_case(self, case_id: UUID) -> list[Alert]: ...
    def list_answered(self, shown: Sequence[Alert]) -> set[UUID]:
        """Those of ``shown`` whose latest event is the case manager's answer: nothing was done with it yet."""
        ...

    def list_asked(self, agencies: Sequence[UUID], staff_id: UUID, limit: int) -> list[Alert]:
        """Alerts of these agencies whose ``asked_at`` is set and whose answer is awaited of this person, or of nobody by name; the
        longest asked first.
        """
        ...

    def list_to_escalate(self, until: datetime, limit: int, *, hold: bool = False) -> list[Alert]:
        """Open alerts whose ``escalate_at`` has come, the earliest first; ``hold`` as in ``list_due``."""
        ...

    def note_sweep(self, run: SweepRun) -> None: ...
    def last_sweep(self) -> SweepRun | None: ...
