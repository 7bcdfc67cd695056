"""The supervision room: the alerts of one's own agencies and those below, who has them in hand, and what is done about them.

An alert is acknowledged, the case manager is asked and answers, notes are kept, and it is closed with what was found. Every step is an
appended event with its Act. A level above sees all of it; what nobody acknowledged in time lies on its desk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.alert_record import Alert, AlertEvent, AlertState, Rung
from services.case_errors import CaseMoved
from services.case_events import load_case, mapping_of
from services.case_file import CaseFile
from services.counter_bench import CounterRoom, CounterTransaction
from services.counter_permits import list_hands
from services.errors import GuitaiError, InputRefused, NotFound, Refusal, VersionTaken
from services.held_roles import list_held
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.rating_rules import read_words
from services.reading_record import case_read
from services.staff_rules import read_reason
from services.staffing import Actor, Role, StaffMember
from services.supervision_rules import (
    CAUSES,
    SUPERVISORS,
    count_rungs,
    find_level,
    find_offers,
    find_seat,
    is_of_payment,
    list_levels,
    list_workers,
    require_no_part,
    require_offer,
    sort_by_urgency,
    withhold_words,
)
from services.supervision_view import OpenedAlert, tell_course

PAGE = 50
COUNTED = 200
"""How many alerts the numbers above the inbox count at most."""
S = AlertState
VIEWS: Mapping[str, tuple[tuple[AlertState, ...], bool]] = {
    "desk": ((S.OPEN, S.ACKNOWLEDGED), True),
    "below": ((S.OPEN, S.ACKNOWLEDGED), False),
    "closed": ((S.CLOSED,), False),
}
"""The states of each view, and whether it is limited to the actor's own level; ``below`` is all levels that the actor reaches."""


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What of the inbox is wanted; empty is all. ``agency_id``: this agency and those below it. ``before``: the last of the page before."""

    view: str = "desk"
    rungs: tuple[Rung, ...] = ()
    service: str | None = None
    staff_id: UUID | None = None
    agency_id: UUID | None = None
    before: UUID | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One page: the worst first within it; pages go from the newest alerts to the oldest. ``following``: the ``before`` of the next one.

    ``answered``: in whose matter the case manager's answer is the latest that happened. ``seats``: by alert on whose desk it lies.
    """

    alerts: tuple[Alert, ...]
    following: UUID | None
    answered: frozenset[UUID] = frozenset()
    seats: Mapping[UUID, UUID | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """What became of one of several: ``code`` and ``rule`` of the refusal, empty if it was done."""

    alert_id: UUID
    code: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    """An alert on the table, in an open transaction. ``file`` is None where no case is behind it: money that was taken."""

    tx: CounterTransaction
    alert: Alert
    events: tuple[AlertEvent, ...]
    file: CaseFile | None


Decide = Callable[[_Table], tuple[str, Alert, Mapping[str, JsonValue]]]


class SupervisionDesk(CounterRoom):
    """Everything that the supervision office does with alerts. Each method that changes something is one transaction with its Act."""

    __slots__ = ()

    def list_inbox(self, actor: Actor, wanted: InboxFilter) -> InboxPage:
        """A page of the inbox; nothing personal in it. Raises ``NotPermitted``."""
        agencies = reach(actor)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = self._list(tx, actor, agencies, wanted)
            answered = tx.alerts.list_answered([one for one in found if one.state is S.ACKNOWLEDGED])
            seats = self._list_seats(tx)
        following = found[-1].alert_id if len(found) == wanted.limit else None
        lies_on = {one.alert_id: find_seat(actor.tree, seats, find_level(actor.tree, one)) for one in found}
        return InboxPage(tuple(sort_by_urgency(found)), following, frozenset(answered), lies_on)

    def count_inbox(self, actor: Actor, view: str = "desk") -> Mapping[Rung, int]:
        """How many of each rung wait in a view, at most ``COUNTED`` of them together."""
        agencies = reach(actor)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return count_rungs(self._list(tx, actor, agencies, InboxFilter(view, limit=COUNTED)))

    def _list(
        self, tx: CounterTransaction, actor: Actor, agencies: tuple[UUID, ...], wanted: InboxFilter
    ) -> list[Alert]:
        states, own = VIEWS[wanted.view]
        if wanted.agency_id is not None:
            agencies = tuple(one for one in agencies if actor.tree.reaches(wanted.agency_id, one))
        if not agencies:
            return []
        levels = list_levels(actor, self._list_seats(tx)) if own else None
        return tx.alerts.list_inbox(
            agencies, states=states, levels=levels, rungs=wanted.rungs, service=wanted.service, staff_id=wanted.staff_id,
            limit=wanted.limit, before=wanted.before,
        )  # fmt: skip

    def _list_seats(self, tx: CounterTransaction) -> set[UUID]:
        """The agencies that have supervision of their own now."""
        now = self.desk.clock.now()
        return {held.agency_id for held in tx.staff.holders(Role.SUPERVISOR) if held.is_in_force(now)}

    def open_alert(self, actor: Actor, alert_id: UUID) -> OpenedAlert:
        """One alert with the course of its case: nothing of the applicant. Raises ``NotFound``."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return self._describe(actor, self._lay_out(actor, tx, alert_id))

    def find_alert(self, actor: Actor, alert_id: UUID) -> Alert:
        """One alert by itself. Raises ``NotFound``."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return _find(actor, tx, alert_id)[0]

    def open_case(self, actor: Actor, alert_id: UUID, reason: str) -> tuple[OpenedAlert, CaseFile, ServiceMapping]:
        """The same with the whole file of the case, for a reason, noted before anything is shown; the citizen sees that it was read.

        Raises ``NotFound``, also where no case is behind the alert.
        """
        told = read_reason(reason)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            one = self._lay_out(actor, tx, alert_id)
            if one.file is None:
                raise NotFound
            case_id = one.file.case.case_id
            detail = {"version": one.file.version, "case_no": one.file.case.case_no}
            self.append_act(
                tx, actor, "alert.open_case", one.file.case.agency_id, case_id, told, detail, read=(case_read(case_id),)
            )
            return self._describe(actor, one), one.file, mapping_of(self.desk, one.file)

    def acknowledge(self, actor: Actor, alert_id: UUID, seen_version: int, text: str = "") -> Alert:
        """Take it in hand; it does not go up any more. Raises ``CaseMoved``, ``CaseInOtherHands``, ``OwnMatter``."""
        told = read_words(text, "text")

        def decide(one: _Table) -> tuple[str, Alert, Mapping[str, JsonValue]]:
            self._require_no_part(actor, one)
            after = replace(one.alert, state=S.ACKNOWLEDGED, escalate_at=None, handler=actor.member.staff_id)
            return "acknowledged", after, {"text": told} if told else {}

        return self._write(actor, "acknowledge", alert_id, seen_version, decide)

    def acknowledge_selected(
        self, actor: Actor, selected: Sequence[tuple[UUID, int]], text: str = ""
    ) -> list[AlertOutcome]:
        """Each of these (id, version as it was shown), under all its rules. Raises ``InputRefused`` for none or too many."""
        if not 0 < len(selected) <= PAGE:
            raise InputRefused(detail={"selected": "none_or_too_many"})
        read_words(text, "text")
        return [self._acknowledge_one(actor, alert_id, seen, text) for alert_id, seen in selected]

    def _acknowledge_one(self, actor: Actor, alert_id: UUID, seen: int, text: str) -> AlertOutcome:
        try:
            self.acknowledge(actor, alert_id, seen, text)
        except Refusal as refused:
            return AlertOutcome(alert_id, refused.code, find_rule(refused))
        return AlertOutcome(alert_id)

    def write_note(self, actor: Actor, alert_id: UUID, seen_version: int, text: str) -> Alert:
        """Keep a note; every level that sees the alert may."""
        told = read_words(text, "text", needed=True)
        return self._write(actor, "note", alert_id, seen_version, lambda one: ("noted", one.alert, {"text": told}))

    def contact(self, actor: Actor, alert_id: UUID, seen_version: int, to: UUID | None, text: str) -> Alert:
        """Ask the case manager ``to`` (None: whoever works at the late agency); they find it at their counter. Raises ``InputRefused``."""
        told = read_words(text, "text", needed=True)

        def decide(one: _Table) -> tuple[str, Alert, Mapping[str, JsonValue]]:
            if to is not None and to not in {member.staff_id for member in self._find_managers(actor, one)}:
                raise InputRefused(detail={"to": "not_a_clerk_here"})
            after = replace(one.alert, asked_of=to, asked_at=self.desk.clock.now())
            return "contacted", after, {"to": str(to) if to else None, "text": told}

        return self._write(actor, "contact", alert_id, seen_version, decide)

    def delegate(self, actor: Actor, alert_id: UUID, seen_version: int, to: UUID, reason: str) -> Alert:
        """Give it to a colleague of the same level. What nobody has acknowledged stays so, and goes up unless the colleague does.

        Raises ``InputRefused`` for somebody who may not.
        """
        told = read_reason(reason)

        def decide(one: _Table) -> tuple[str, Alert, Mapping[str, JsonValue]]:
            if to not in {member.staff_id for member in self._find_colleagues(actor, one)}:
                raise InputRefused(detail={"to": "not_a_supervisor_here"})
            return "delegated", replace(one.alert, handler=to), {"to": str(to), "text": told}

        return self._write(actor, "delegate", alert_id, seen_version, decide)

    def close(self, actor: Actor, alert_id: UUID, seen_version: int, cause: str, text: str) -> Alert:
        """Follow-up is done: what was found (one of ``CAUSES``) and what was done about it."""
        told = read_words(text, "text", needed=True)
        if cause not in CAUSES:
            raise InputRefused(detail={"cause": "choice"})

        def decide(one: _Table) -> tuple[str, Alert, Mapping[str, JsonValue]]:
            self._require_no_part(actor, one)
            after = replace(one.alert, state=S.CLOSED, escalate_at=None, asked_of=None, asked_at=None)
            return "closed", after, {"cause": cause, "text": told}

        return self._write(actor, "close", alert_id, seen_version, decide, {"cause": cause})

    def reopen(self, actor: Actor, alert_id: UUID, seen_version: int, text: str) -> Alert:
        """Take up again what was closed."""
        told = read_words(text, "text", needed=True)

        def decide(one: _Table) -> tuple[str, Alert, Mapping[str, JsonValue]]:
            self._require_no_part(actor, one)
            after = replace(one.alert, state=S.ACKNOWLEDGED, handler=actor.member.staff_id)
            return "reopened", after, {"text": told}

        return self._write(actor, "reopen", alert_id, seen_version, decide)

    def list_managers(self, actor: Actor, alert_id: UUID) -> list[StaffMember]:
        """Whom the office may ask: who has the case, who had it when the alert fell due, heads of the late agency."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return self._find_managers(actor, self._lay_out(actor, tx, alert_id))

    def list_colleagues(self, actor: Actor, alert_id: UUID) -> list[StaffMember]:
        """To whom the alert may be given: supervisors of its level without a part in the case, the actor left out."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return self._find_colleagues(actor, self._lay_out(actor, tx, alert_id))

    def _find_managers(self, actor: Actor, one: _Table) -> list[StaffMember]:
        planned = one.alert.planned
        hands = [one.file.claimed_by if one.file is not None else None, planned.staff_id]
        hands += [other.member.staff_id for other in self._list_holders(actor, one.tx, Role.HEAD, planned.agency_id)]
        known = (one.tx.staff.load(staff_id) for staff_id in dict.fromkeys(hands) if staff_id is not None)
        return [member for member in known if member is not None and member.suspended_at is None]

    def _find_colleagues(self, actor: Actor, one: _Table) -> list[StaffMember]:
        level, worked = find_level(actor.tree, one.alert), _list_workers(one)
        found = self._list_holders(actor, one.tx, Role.SUPERVISOR, level)
        may = [other for other in found if not list_hands(other, SUPERVISORS, level) & worked]
        members = (other.member for other in may if other.member.staff_id != actor.member.staff_id)
        return sorted(members, key=lambda member: (member.name, member.login))

    def _list_holders(self, actor: Actor, tx: CounterTransaction, role: Role, agency: UUID) -> Iterator[Actor]:
        """Whoever holds a role that reaches an agency now."""
        now, tree = self.desk.clock.now(), actor.tree
        for staff_id in dict.fromkeys(held.staff_id for held in tx.staff.holders(role)):
            member = tx.staff.load(staff_id)
            if member is None or member.suspended_at is not None:
                continue
            other = Actor(member, list_held(tx.staff, staff_id, now, tree), tree, "")
            if other.holds(role, agency):
                yield other

    def _lay_out(self, actor: Actor, tx: CounterTransaction, alert_id: UUID) -> _Table:
        alert, events = _find(actor, tx, alert_id)
        case = None if is_of_payment(alert) else load_case(tx, alert.planned.case_id)
        return _Table(tx, alert, tuple(events), case)

    def _describe(self, actor: Actor, one: _Table) -> OpenedAlert:
        every = one.tx.alerts.list_of_case(one.alert.planned.case_id)
        seen = [other for other in every if actor.holds_any(SUPERVISORS, other.planned.agency_id)]
        course = None
        if one.file is not None:
            course = tell_course(one.tx, one.file, mapping_of(self.desk, one.file), seen, self.desk.clock.now())
        own = bool(self._find_hands(actor, one) & _list_workers(one))
        offers = find_offers(actor, one.alert)
        others = tuple(other for other in sort_by_urgency(seen) if other.alert_id != one.alert.alert_id)
        events = tuple(map(withhold_words, one.events)) if own else one.events
        left = offers - {"acknowledge", "close", "reopen"} if own else offers
        seat = find_seat(actor.tree, self._list_seats(one.tx), find_level(actor.tree, one.alert))
        return OpenedAlert(one.alert, events, others, course, left, own, seat)

    def _find_hands(self, actor: Actor, one: _Table) -> frozenset[UUID]:
        return list_hands(actor, SUPERVISORS, one.alert.planned.agency_id) | {actor.member.staff_id}

    def _require_no_part(self, actor: Actor, one: _Table) -> None:
        require_no_part(self._find_hands(actor, one), _list_workers(one))

    def _write(
        self, actor: Actor, name: str, alert_id: UUID, seen_version: int, decide: Decide,
        detail: Mapping[str, JsonValue] | None = None,
    ) -> Alert:  # fmt: skip
        """One event and its Act. Raises ``CaseMoved`` if somebody was first, and what ``require_offer`` and ``decide`` raise."""
        try:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                one = self._lay_out(actor, tx, alert_id)
                require_offer(actor, one.alert, name, seen_version)
                event, alert, data = decide(one)
                after = replace(alert, version=one.alert.version + 1)
                tx.alerts.append(
                    after,
                    AlertEvent(
                        alert_id, after.version, event, after.state, self.desk.clock.now(), actor.member.staff_id, data
                    ),
                )
                noted = {"version": after.version, "case_no": one.alert.planned.case_no, **(detail or {})}
                self.append_act(
                    tx, actor, f"alert.{name}", one.alert.planned.agency_id, alert_id, "", noted, kind="alert"
                )
        except VersionTaken:
            raise CaseMoved(detail={"version": seen_version + 1}) from None
        return after


def _list_workers(one: _Table) -> frozenset[UUID]:
    """Who may not supervise it: everybody who worked on the case, or who took the money."""
    if one.file is not None:
        return list_workers(one.file)
    return frozenset({one.alert.planned.staff_id} if one.alert.planned.staff_id else ())


def _find(actor: Actor, tx: CounterTransaction, alert_id: UUID) -> tuple[Alert, list[AlertEvent]]:
    row = tx.alerts.load(alert_id)
    if row is None or not actor.holds_any(SUPERVISORS, row[0].planned.agency_id):
        raise NotFound
    return row


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency whose alerts the actor sees. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*SUPERVISORS)


def find_rule(refused: GuitaiError) -> str:
    """The rule that a refusal names, for its sentence."""
    return str((refused.detail or {}).get("rule", ""))
