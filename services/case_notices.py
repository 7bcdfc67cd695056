"""What must be told of a case, and how far each telling is. Pure; ``docs/telling.md`` says it for people.

A notice stands for one event of a case. Whether it was delivered is read from the case's own events alone, so that an applicant, a clerk and
a court read the same: ``notice_told`` keeps each attempt with its rung, outcome, proof and moment. Beside them stand the claims (rows of
``NoticeStore`` that no event has), by which nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.case_file import CaseFile
from services.case_record import CaseEvent, Complaint, ComplaintEvent, ComplaintState, NoticeAttempt
from services.model import JsonValue

EVENT = "notice_told"
PLATFORM, SMS, LETTER, TELEPHONE, WINDOW = "platform", "sms", "letter", "telephone", "window"
READ, ACTED = "read", "acted"
"""Rungs. The first two are climbed by the house, the next three by a clerk; ``read``: whoever may see the case opened it while signed in;
``acted``: they did what only somebody does who was told (corrected, collected)."""
BY_HAND = (LETTER, TELEPHONE, WINDOW)

CLAIMED = "claimed"
"""About to leave. Written before anything does, and by nobody twice."""
SENT, DELIVERED, FAILED, OPEN = "sent", "delivered", "failed", "open"
UNKNOWN = "unknown"
"""It may have left: nothing of the same kind follows."""
UNREACHED = "unreached"
"""Nothing left; it is tried again for a while."""
CLOSED = "closed"
"""A task that was not needed any more."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an event is told. ``legal``: terms run from it or an appeal does, so its delivery must be proven."""

    kind: str
    legal: bool = True
    acts: tuple[str, ...] = ()
    """Later events by which the applicant shows that they were told."""


COLLECTING = ("handed_over", "collected_online")
TOLD: Mapping[str, Told] = {
    "case_received": Told("receipt", legal=False),
    "correction_asked": Told("correction", acts=("corrected",)),
    "accepted": Told("acceptance"),
    "accepted_with_gap": Told("acceptance", acts=("gap_supplied",)),
    "deemed_accepted": Told("acceptance"),
    "not_accepted": Told("non_acceptance"),
    "special_began": Told("special"),
    "extension_granted": Told("extension"),
    "granted": Told("grant", acts=COLLECTING),
    "refused": Told("refusal"),
    "certificate_issued": Told("collection", acts=COLLECTING),
    "terminated": Told("termination"),
    "certificate_revoked": Told("revocation"),
    "posted": Told("posting", legal=False),
    "clock_recomputed": Told("deadline", legal=False),
}
"""Every event of a case that is told, in the manner of the Administrative Licensing Law art. 32, 38, 42, 44, 45, 69."""
ANSWERED = "answer"
"""The kind of a notice that a complaint was answered: information, to whoever complained."""
_ANSWERS = frozenset({ComplaintState.ANSWERED, ComplaintState.DISMISSED})
ComplaintRow = tuple[Complaint, Sequence[ComplaintEvent]]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell. ``key`` names it within the case: ``<event version>:<kind>``, of a complaint ``<its id>:answer``.

    ``version`` is that of the event, 0 for a complaint's; ``person_id`` is whom alone it concerns, None for the applicant's side.
    """

    key: str
    kind: str
    legal: bool
    version: int
    at: datetime
    acts: tuple[str, ...] = ()
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one rung with its latest outcome. ``place``: which log-in or telephone it went to; ``proof``: what shows it."""

    rung: str
    number: int
    outcome: str
    at: datetime
    place: str
    proof: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Delivery:
    """By which rung somebody was told, when, and what proves it."""

    rung: str
    at: datetime
    proof: Mapping[str, JsonValue]


def list_notices(file: CaseFile, complaints: Iterable[ComplaintRow] = ()) -> tuple[Notice, ...]:
    """Everything that is told of this case, oldest first; then the answers to complaints."""
    of_events = [_make(event, TOLD[event.name]) for event in file.events if event.name in TOLD]
    answers = [
        Notice(f"{complaint.complaint_id}:{ANSWERED}", ANSWERED, False, 0, events[-1].at, (), complaint.person_id)
        for complaint, events in complaints
        if events and events[-1].state in _ANSWERS
    ]
    return (*of_events, *answers)


def _make(event: CaseEvent, told: Told) -> Notice:
    return Notice(f"{event.version}:{told.kind}", told.kind, told.legal, event.version, event.at, told.acts)


def list_attempts(file: CaseFile, key: str, rows: Iterable[NoticeAttempt] = ()) -> tuple[Attempt, ...]:
    """The attempts of a notice in the order in which they began. ``rows``: those of the store, for claims without an event yet."""
    found: dict[tuple[str, int], Attempt] = {}
    for row in rows:
        if row.notice == key and row.outcome == CLAIMED:
            found[row.rung, row.attempt] = _read(row.rung, row.attempt, CLAIMED, row.at, row.proof)
    for event in file.all_of(EVENT):
        data = event.data
        if data.get("notice") == key:
            rung, number = str(data["rung"]), int(data["attempt"])
            found[rung, number] = _read(rung, number, str(data["outcome"]), event.at, data.get("proof") or {})
    return tuple(sorted(found.values(), key=lambda one: (one.rung, one.number)))


def _read(rung: str, number: int, outcome: str, at: datetime, proof: Mapping[str, JsonValue]) -> Attempt:
    return Attempt(rung, number, outcome, at, str(proof.get("place") or ""), proof)


def find_delivery(file: CaseFile, notice: Notice) -> Delivery | None:
    """The first thing that proves that they were told; of mere information a message that left is enough."""
    enough = (DELIVERED,) if notice.legal else (DELIVERED, SENT, UNKNOWN)
    for event in file.events:
        if event.name == EVENT and event.data.get("notice") == notice.key and event.data.get("outcome") in enough:
            return Delivery(str(event.data["rung"]), event.at, event.data.get("proof") or {})
        if event.name in notice.acts and event.version > notice.version:
            return Delivery(ACTED, event.at, {"event": event.name, "version": event.version})
    return None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice as a page shows it: once, however many rungs it took. ``overdue``: it has legal effect and nobody has it provably yet."""

    notice: Notice
    delivery: Delivery | None
    attempts: tuple[Attempt, ...]

    @property
    def overdue(self) -> bool:
        return self.notice.legal and self.delivery is None


def list_lines(file: CaseFile, complaints: Iterable[ComplaintRow] = ()) -> tuple[NoticeLine, ...]:
    """Every notice of a case, oldest first, each once."""
    return tuple(
        NoticeLine(notice, find_delivery(file, notice), list_attempts(file, notice.key))
        for notice in list_notices(file, complaints)
    )
