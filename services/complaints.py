"""Complaints (投诉) and follow-ups of bad ratings (差评回访): how they begin, whom they concern, and what the citizen sees of them.

Both are a ``Complaint`` with appended events; ``services/complaint_desk.py`` is the staff's side. Answered within five working days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.attempts import decide_again
from services.calendar_record import Calendar
from services.case_access import ApplicantDesk
from services.case_clocks import calendar_of
from services.case_desk import CaseDesk
from services.case_errors import ComplaintOpen
from services.case_events import Move, write_move
from services.case_file import CaseFile
from services.case_limits import COMPLAINT_DAYS
from services.case_ports import CaseTransaction
from services.case_record import Complaint, ComplaintEvent, ComplaintState, Hand, Rating
from services.clock import count_on
from services.matters import Matter, load_own_matter
from services.model import Caller, JsonValue, PlatformName
from services.rating_rules import find_rated, list_case_hands, read_contact, read_words
from services.till import business_day

COMPLAINT, BAD_RATING = "complaint", "bad_rating"
ENDED = frozenset({ComplaintState.ANSWERED, ComplaintState.DISMISSED})
CLAIM = "case_complaint"
"""Of two complaints about one matter at once, one is taken: the n-th is claimed."""
HANDLED = frozenset({"taken", "answered", "dismissed"})
"""Events by whoever handles a complaint."""
ComplaintRow = tuple[Complaint, Sequence[ComplaintEvent]]


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint as whoever filed it sees it. ``answer`` is the office's text; ``overdue``: it should have been answered by now."""

    complaint_id: UUID
    kind: str
    state: ComplaintState
    words: str
    filed_at: datetime
    due_on: date
    overdue: bool
    answer: str | None
    answered_at: datetime | None


def file_complaint(
    door: ApplicantDesk, caller: Caller, about: str, subject: UUID, words: str, contact: str = ""
) -> ComplaintView:
    """Complain about a matter of the caller's; somebody else than any hand of it will answer.

    Raises ``NotFound``, ``InputRefused`` (words, contact), ``ComplaintOpen`` while an earlier complaint about it is not answered.
    """
    told, reached = read_words(words, "words", needed=True), read_contact(contact)

    def attempt() -> ComplaintView:
        with door.till.store.begin(caller.agencies) as tx:
            matter = load_own_matter(door, tx, caller, about, subject)
            row = open_complaint(
                door.desk, tx, matter, told, reached, channel=caller.app.platform, person_id=caller.person_id
            )
        return view_complaint(row, business_day(door.desk.clock.now()))

    return decide_again(attempt)


def open_complaint(
    desk: CaseDesk, tx: CaseTransaction, matter: Matter, words: str, contact: str, *, channel: PlatformName,
    person_id: UUID | None, taken_by: UUID | None = None,
) -> ComplaintRow:  # fmt: skip
    """Write a complaint and the case's note of it. ``taken_by``: the clerk who wrote it down at the window. Raises ``ComplaintOpen``."""
    now, own = desk.clock.now(), desk.new_id()
    earlier = [row for row in tx.ratings.list_of_subject(matter.subject) if row[0].kind == COMPLAINT]
    if any(events[-1].state not in ENDED for _, events in earlier):
        raise ComplaintOpen
    key = f"{matter.about}:{matter.subject}:{len(earlier)}"
    if tx.claims.take(matter.agency_id, CLAIM, key, own, now) != own:
        raise ComplaintOpen
    data: dict[str, JsonValue] = {"contact": contact} if contact else {}
    complaint = _draw_up(desk, tx, matter, COMPLAINT, words, channel, person_id, own)
    filed = ComplaintEvent(own, 1, "filed", ComplaintState.OPEN, now, taken_by, {**data, **desk.name_cause()})
    tx.ratings.file_complaint(complaint, filed)
    if matter.file is not None:
        hand = Hand.CLERK if taken_by else Hand.APPLICANT
        write_move(desk, tx, matter.file, Move("complained", hand, {"complaint_id": str(own)}, taken_by))
    return complaint, [filed]


def open_follow_up(desk: CaseDesk, tx: CaseTransaction, matter: Matter, rating: Rating) -> Complaint:
    """A bad rating of somebody who has proven who they are is followed up. The case gets no note of it: it would tell how it was rated."""
    own, now = desk.new_id(), desk.clock.now()
    complaint = _draw_up(
        desk, tx, matter, BAD_RATING, rating.words, rating.channel, rating.person_id, own, rating.rating_id
    )
    data: dict[str, JsonValue] = {"level": rating.level, "tags": list(rating.tags), **desk.name_cause()}
    tx.ratings.file_complaint(complaint, ComplaintEvent(own, 1, "filed", ComplaintState.OPEN, now, None, data))
    return complaint


def _draw_up(
    desk: CaseDesk, tx: CaseTransaction, matter: Matter, kind: str, words: str, channel: PlatformName,
    person_id: UUID | None, own: UUID, rating_id: UUID | None = None,
) -> Complaint:  # fmt: skip
    now = desk.clock.now()
    return Complaint(
        complaint_id=own, agency_id=matter.agency_id, kind=kind, about=matter.about, subject=matter.subject,
        service=matter.service, case_no=matter.number, channel=channel, person_id=person_id,
        against=tuple(sorted(matter.hands)), rating_id=rating_id, words=words, filed_at=now,
        due_on=find_due(business_day(now), calendar_of(tx, matter.region)),
    )  # fmt: skip


def find_due(filed_on: date, calendar: Calendar) -> date:
    """By when it is answered: five working days after the day of filing."""
    return count_on(filed_on, COMPLAINT_DAYS, calendar)


def is_overdue(complaint: Complaint, state: ComplaintState, today: date) -> bool:
    """Whether it should have been answered by now."""
    return state not in ENDED and today > complaint.due_on


def view_complaint(row: ComplaintRow, today: date) -> ComplaintView:
    """What the citizen sees: how far it is and the answer. Nobody of the staff is named, and what the rated said is not shown."""
    complaint, events = row
    state = events[-1].state
    ended = events[-1] if state in ENDED else None
    return ComplaintView(
        complaint.complaint_id, complaint.kind, state, complaint.words, complaint.filed_at, complaint.due_on,
        is_overdue(complaint, state, today), str(ended.data["text"]) if ended else None, ended.at if ended else None,
    )  # fmt: skip


def list_hands_of(row: ComplaintRow, file: CaseFile | None, others: Sequence[ComplaintRow]) -> frozenset[UUID]:
    """Who may not handle a complaint: every hand of the matter then and now, and whoever handled an earlier one about it."""
    complaint, _ = row
    hands = set(complaint.against)
    if file is not None:
        hands |= list_case_hands(file) | ({rated} if (rated := find_rated(file)) else set())
    for other, events in others:
        if other.complaint_id != complaint.complaint_id and other.kind == complaint.kind == COMPLAINT:
            hands |= {event.staff_id for event in events if event.staff_id is not None and event.name in HANDLED}
    return frozenset(hands)
