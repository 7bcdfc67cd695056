"""What may be done with a complaint now, by whom, and what the rated see of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.case_errors import CaseInOtherHands, NotAllowedNow
from services.case_record import ComplaintEvent, ComplaintState
from services.complaints import ENDED, ComplaintRow
from services.rating_rules import make_handle
from services.staffing import Actor, Role

KEEPERS = (Role.HEAD, Role.SUPERVISOR)
"""Who gives complaints out, and may take any."""
HANDLERS = (Role.CLERK, *KEEPERS)
"""To whom they may be given."""
MISTAKEN, MALICIOUS = "mistaken", "malicious"
GROUNDS = (MISTAKEN, MALICIOUS)
S = ComplaintState


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """A complaint in a list: nothing personal, and not which case it is about."""

    complaint_id: UUID
    agency_id: UUID
    kind: str
    service: str
    state: ComplaintState
    filed_on: date
    due_on: date
    overdue: bool
    handler: UUID | None
    mine: bool


@dataclass(frozen=True, slots=True)
class PutToRated:
    """What somebody who is complained about sees of it: what the handler put to them, and what they said. No number, no name, no moment."""

    handle: str
    service: str
    texts: tuple[str, ...]
    appealed: bool
    ended: bool


def find_handler(row: ComplaintRow) -> UUID | None:
    """To whom it was given last, or who took it."""
    for event in reversed(row[1]):
        if event.name == "assigned":
            return UUID(str(event.data["to"]))
        if event.name == "taken":
            return event.staff_id
    return None


def find_appeals(row: ComplaintRow) -> list[ComplaintEvent]:
    """What the rated said against it."""
    return [event for event in row[1] if event.name == "appealed"]


def find_offers(actor: Actor, row: ComplaintRow) -> frozenset[str]:
    """What the actor, who may handle it, may do with it now."""
    complaint, last, handler = row[0], row[1][-1], find_handler(row)
    if last.state in ENDED:
        return frozenset()
    keeper = actor.holds_any(KEEPERS, complaint.agency_id)
    mine = handler == actor.member.staff_id
    offers = {"assign"} if keeper else set()
    if last.state is S.OPEN and (mine or (keeper and handler is None)):
        offers.add("take")
    if last.state is S.IN_HAND and mine:
        offers |= {"put_to_rated", "answer"} | ({"dismiss"} if find_appeals(row) else set())
    return frozenset(offers)


def list_texts(row: ComplaintRow) -> tuple[str, ...]:
    """What the handler has put to the rated."""
    return tuple(str(event.data["text"]) for event in row[1] if event.name == "put_to_rated")


def show_to_rated(actor: Actor, row: ComplaintRow) -> PutToRated:
    """A complaint as somebody sees it whom it is about."""
    appealed = actor.member.staff_id in {event.staff_id for event in find_appeals(row)}
    ended = row[1][-1].state in ENDED
    return PutToRated(make_handle(row[0].complaint_id), row[0].service, list_texts(row), appealed, ended)


def require_offer(actor: Actor, row: ComplaintRow, name: str) -> None:
    """Raise ``CaseInOtherHands`` for what another has in hand, ``NotAllowedNow`` for what cannot be done now."""
    if name in find_offers(actor, row):
        return
    if find_handler(row) not in (None, actor.member.staff_id):
        raise CaseInOtherHands(detail={"rule": "claimed_by_another"})
    raise NotAllowedNow(detail={"state": str(row[1][-1].state), "asked": name, "rule": "take_first"})
