"""The staff's side of complaints and follow-ups: list, open, give, take, put to the rated, answer; appeal of the rated, dismissal.

Nobody who had a part in the matter handles a complaint about it, sees it in a list or learns that it exists; nor does whoever answered an
earlier complaint about it, nor anybody whose own matter it is. The rated see what the handler puts to them, and may appeal; a rating or complaint is
dismissed as mistaken or malicious only after that, and by somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.attempts import decide_again
from services.case_errors import CaseMoved, NotAllowedNow
from services.case_file import CaseFile
from services.case_record import Complaint, ComplaintEvent, ComplaintState
from services.complaint_rules import (
    GROUNDS,
    HANDLERS,
    KEEPERS,
    ComplaintLine,
    PutToRated,
    find_appeals,
    find_handler,
    find_offers,
    list_texts,
    require_offer,
    show_to_rated,
)
from services.complaints import ENDED, ComplaintRow, is_overdue, list_hands_of
from services.counter_bench import CounterRoom, CounterTransaction, is_own_matter
from services.counter_permits import list_hands
from services.errors import InputRefused, NotFound, VersionTaken
from services.held_roles import list_held
from services.model import JsonValue
from services.rating_rules import APPLICATION, CASE, PAYMENT, VISIT, make_handle, read_words
from services.reading_record import Subject, application_read, case_read, person_read
from services.staff_rules import read_reason
from services.staffing import Actor, StaffMember
from services.till import business_day

PAGE = 50
EVERY = 1000
"""How many complaints are looked through for those about one member of the staff."""
S = ComplaintState


@dataclass(frozen=True, slots=True)
class OpenedComplaint:
    """Everything of a complaint for whoever may handle it; ``version`` is the ``seen_version`` of what follows, ``file`` of a case only."""

    complaint: Complaint
    events: tuple[ComplaintEvent, ...]
    file: CaseFile | None
    overdue: bool
    offers: frozenset[str]

    @property
    def version(self) -> int:
        return self.events[-1].version

    @property
    def state(self) -> ComplaintState:
        return self.events[-1].state


@dataclass(frozen=True, slots=True)
class _Matter:
    """A complaint on the table, in an open transaction."""

    tx: CounterTransaction
    row: ComplaintRow
    file: CaseFile | None
    hands: frozenset[UUID]

    @property
    def complaint(self) -> Complaint:
        return self.row[0]

    @property
    def last(self) -> ComplaintEvent:
        return self.row[1][-1]


Decide = Callable[[_Matter], tuple[str, ComplaintState, Mapping[str, JsonValue]]]


class ComplaintDesk(CounterRoom):
    """Everything that the staff do with complaints, and the rating at the window. Each method is one transaction with its Act."""

    __slots__ = ()

    def list_waiting(self, actor: Actor, *, ended: bool = False) -> list[ComplaintLine]:
        """Complaints that the actor may handle, the nearest day first; a clerk sees those given to them. Raises ``NotPermitted``."""
        agencies = actor.reach_as(*HANDLERS)
        today = business_day(self.desk.clock.now())
        wanted = [state for state in S if (state in ENDED) == ended]
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            rows = tx.ratings.list_complaints(agencies, wanted, PAGE)
            found = [self._find(actor, tx, complaint.complaint_id) for complaint, _ in rows]
        return [self._describe(actor, one, today) for one in found if one is not None]

    def open_complaint(self, actor: Actor, complaint_id: UUID, reason: str) -> OpenedComplaint:
        """Everything of one complaint, for a reason, noted before anything is shown. Raises ``NotFound``, ``InputRefused``."""
        told = read_reason(reason)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            one = self._require(actor, tx, complaint_id)
            self._note(tx, actor, "complaint.open", one.complaint, told, {"version": one.last.version})
        overdue = is_overdue(one.complaint, one.last.state, business_day(self.desk.clock.now()))
        return OpenedComplaint(one.complaint, tuple(one.row[1]), one.file, overdue, find_offers(actor, one.row))

    def assign(self, actor: Actor, complaint_id: UUID, seen_version: int, to: UUID, reason: str) -> ComplaintState:
        """Give it to somebody who had no part in the matter. Raises ``NotPermitted``, ``InputRefused``, ``NotAllowedNow``, ``CaseMoved``."""
        told = read_reason(reason)

        def decide(one: _Matter) -> tuple[str, ComplaintState, Mapping[str, JsonValue]]:
            actor.require(KEEPERS, one.complaint.agency_id)
            if not self._may_handle(actor, one, to):
                raise InputRefused(detail={"to": "not_a_handler_here"})
            return "assigned", S.OPEN, {"to": str(to), "reason": told}

        return self._write(actor, "complaint.assign", complaint_id, seen_version, decide, told, {"to": str(to)})

    def list_handlers(self, actor: Actor, complaint_id: UUID) -> list[StaffMember]:
        """To whom the actor may give it: a role here, no part in the matter, not their own. Nobody where the actor may not give it."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            one = self._require(actor, tx, complaint_id)
            if "assign" not in find_offers(actor, one.row):
                return []
            found = [member for member in tx.staff.list_members() if self._may_handle(actor, one, member.staff_id)]
        return sorted(found, key=lambda member: (member.name, member.login))

    def take(self, actor: Actor, complaint_id: UUID, seen_version: int) -> ComplaintState:
        """Take it in hand: what was given to the actor, or, for a head or supervisor, what was given to nobody."""

        def decide(one: _Matter) -> tuple[str, ComplaintState, Mapping[str, JsonValue]]:
            require_offer(actor, one.row, "take")
            return "taken", S.IN_HAND, {}

        return self._write(actor, "complaint.take", complaint_id, seen_version, decide)

    def put_to_rated(self, actor: Actor, complaint_id: UUID, seen_version: int, text: str) -> ComplaintState:
        """Tell those whom it is about what it is, in the handler's own words and without who said it, so that they can answer and appeal."""
        told = read_words(text, "text", needed=True)

        def decide(one: _Matter) -> tuple[str, ComplaintState, Mapping[str, JsonValue]]:
            require_offer(actor, one.row, "put_to_rated")
            return "put_to_rated", S.IN_HAND, {"text": told}

        return self._write(actor, "complaint.put_to_rated", complaint_id, seen_version, decide)

    def answer(self, actor: Actor, complaint_id: UUID, seen_version: int, text: str, measures: str) -> ComplaintState:
        """Answer: ``text`` to the citizen, ``measures`` for the office's book. Raises ``CaseInOtherHands``, ``NotAllowedNow``, ``CaseMoved``."""
        told, done = read_words(text, "text", needed=True), read_words(measures, "measures", needed=True)

        def decide(one: _Matter) -> tuple[str, ComplaintState, Mapping[str, JsonValue]]:
            require_offer(actor, one.row, "answer")
            return "answered", S.ANSWERED, {"text": told, "measures": done}

        return self._write(actor, "complaint.answer", complaint_id, seen_version, decide)

    def dismiss(self, actor: Actor, complaint_id: UUID, seen_version: int, ground: str, text: str) -> ComplaintState:
        """Find it mistaken or malicious, which only an appeal of the rated makes possible. ``text`` goes to the citizen."""
        told = read_words(text, "text", needed=True)
        if ground not in GROUNDS:
            raise InputRefused(detail={"ground": "not_a_choice"})

        def decide(one: _Matter) -> tuple[str, ComplaintState, Mapping[str, JsonValue]]:
            require_offer(actor, one.row, "answer")
            if not find_appeals(one.row):
                raise NotAllowedNow(detail={"state": str(one.last.state), "asked": "dismissed", "rule": "no_appeal"})
            return "dismissed", S.DISMISSED, {"ground": ground, "text": told}

        return self._write(actor, "complaint.dismiss", complaint_id, seen_version, decide, detail={"ground": ground})

    def list_put_to(self, actor: Actor) -> list[PutToRated]:
        """What handlers have put to the actor, in no order of time."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            rows = [row for row in self._list_about(actor, tx) if list_texts(row)]
        told = [show_to_rated(actor, row) for row in rows]
        return sorted(told, key=lambda one: (one.ended, one.handle))

    def appeal(self, actor: Actor, handle: str, text: str) -> None:
        """The rated say that it is mistaken or malicious: once, while it is not answered. Raises ``NotFound``, ``NotAllowedNow``."""
        told, me = read_words(text, "text", needed=True), actor.member.staff_id

        def write() -> None:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                row = next(
                    (one for one in self._list_about(actor, tx) if make_handle(one[0].complaint_id) == handle), None
                )
                if row is None or not list_texts(row):
                    raise NotFound
                last = row[1][-1]
                if last.state in ENDED or me in {event.staff_id for event in find_appeals(row)}:
                    raise NotAllowedNow(detail={"state": str(last.state), "asked": "appealed"})
                self._append(tx, row, "appealed", last.state, me, {"text": told})
                self._note(tx, actor, "complaint.appeal", row[0], "", {})

        decide_again(write)

    def _list_about(self, actor: Actor, tx: CounterTransaction) -> list[ComplaintRow]:
        """Complaints against the actor, whichever agency they are with."""
        return [*tx.ratings.list_against(actor.member.staff_id, EVERY)]

    def _find(self, actor: Actor, tx: CounterTransaction, complaint_id: UUID) -> _Matter | None:
        """A complaint that the actor may handle, or None: whoever had a part in the matter learns nothing of it."""
        row = tx.ratings.load(complaint_id)
        if row is None or not actor.holds_any(HANDLERS, row[0].agency_id):
            return None
        one = self._lay_out(tx, row)
        hands = list_hands(actor, HANDLERS, row[0].agency_id) | {actor.member.staff_id}
        if hands & one.hands or (one.file is not None and is_own_matter(tx, one.file.case, hands)):
            return None
        given_to_me = find_handler(row) == actor.member.staff_id
        return one if given_to_me or actor.holds_any(KEEPERS, row[0].agency_id) else None

    def _require(self, actor: Actor, tx: CounterTransaction, complaint_id: UUID) -> _Matter:
        one = self._find(actor, tx, complaint_id)
        if one is None:
            raise NotFound
        return one

    def _lay_out(self, tx: CounterTransaction, row: ComplaintRow) -> _Matter:
        about_case = row[0].about == CASE or row[0].about.startswith(VISIT)
        found = tx.cases.load(row[0].subject) if about_case else None
        file = CaseFile(found[0], tuple(found[1])) if found is not None else None
        return _Matter(tx, row, file, list_hands_of(row, file, tx.ratings.list_of_subject(row[0].subject)))

    def _may_handle(self, actor: Actor, one: _Matter, to: UUID) -> bool:
        """Whether this member may handle it: a role here, no part in the matter, not their own."""
        tx, agency_id, member = one.tx, one.complaint.agency_id, one.tx.staff.load(to)
        if member is None or member.suspended_at is not None:
            return False
        held = list_held(tx.staff, to, self.desk.clock.now(), actor.tree)
        colleague = Actor(member, held, actor.tree, "")
        hands = list_hands(colleague, HANDLERS, agency_id) | {to}
        own = one.file is not None and is_own_matter(tx, one.file.case, hands)
        return colleague.holds_any(HANDLERS, agency_id) and not hands & one.hands and not own

    def _write(
        self, actor: Actor, act: str, complaint_id: UUID, seen_version: int, decide: Decide, reason: str = "",
        detail: Mapping[str, JsonValue] | None = None,
    ) -> ComplaintState:  # fmt: skip
        """One event and its Act. Raises ``CaseMoved`` if the complaint is not as it was shown, ``NotAllowedNow`` once it is answered."""
        try:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                one = self._require(actor, tx, complaint_id)
                if one.last.version != seen_version:
                    raise CaseMoved(detail={"version": one.last.version})
                if one.last.state in ENDED:
                    raise NotAllowedNow(detail={"state": str(one.last.state), "asked": act})
                name, state, data = decide(one)
                self._append(tx, one.row, name, state, actor.member.staff_id, data)
                if state in ENDED and one.file is not None:  # whoever complained is told that there is an answer
                    tx.jobs.enqueue("tell_case", one.file.case.agency_id, one.file.case.case_id)
                self._note(tx, actor, act, one.complaint, reason, detail or {})
        except VersionTaken:
            raise CaseMoved(detail={"version": seen_version + 1}) from None
        return state

    def _append(
        self, tx: CounterTransaction, row: ComplaintRow, name: str, state: ComplaintState, staff_id: UUID,
        data: Mapping[str, JsonValue],
    ) -> None:  # fmt: skip
        complaint, events = row
        event = ComplaintEvent(
            complaint.complaint_id, events[-1].version + 1, name, state, self.desk.clock.now(), staff_id, data
        )
        tx.ratings.append(complaint.agency_id, event)

    def _note(
        self, tx: CounterTransaction, actor: Actor, act: str, complaint: Complaint, reason: str,
        detail: Mapping[str, JsonValue],
    ) -> None:  # fmt: skip
        self.append_act(
            tx, actor, act, complaint.agency_id, complaint.complaint_id, reason, detail, kind="complaint",
            read=list_read(complaint),
        )  # fmt: skip

    def _describe(self, actor: Actor, one: _Matter, today: date) -> ComplaintLine:
        complaint, handler = one.complaint, find_handler(one.row)
        return ComplaintLine(
            complaint.complaint_id, complaint.agency_id, complaint.kind, complaint.service, one.last.state,
            business_day(complaint.filed_at), complaint.due_on, is_overdue(complaint, one.last.state, today), handler,
            handler == actor.member.staff_id,
        )  # fmt: skip


def list_read(complaint: Complaint) -> list[Subject]:
    """Whose material a complaint is: that of its case or application, else of the account that filed it."""
    if complaint.about == APPLICATION:
        return [application_read(complaint.subject)]
    if complaint.about == PAYMENT:
        return [person_read(complaint.person_id)] if complaint.person_id is not None else []
    return [case_read(complaint.subject)]
