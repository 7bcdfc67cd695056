"""One act of one of the staff on one case: who may, whether the case is as it was shown, the events and the Act in one transaction.

Whose role reaches neither the case's agency nor one that has a step in it gets the answer that there is no such case. No call to the
outside happens here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.attempts import decide_again
from services.audit_record import AuditStore
from services.calendar_record import Calendar
from services.case_clocks import calendar_of, terms_of
from services.case_desk import CaseDesk
from services.case_errors import OwnMatter
from services.case_events import Move, load_case, mapping_of, write_move
from services.case_file import CaseFile
from services.case_graph import require_edge
from services.case_opening import list_desks
from services.case_ports import CaseTransaction
from services.case_record import Case, Hand, MandateKind
from services.console_ports import ActStore, PeopleIndex, StaffStore
from services.counter_permits import (
    BOTH,
    DEPUTY,
    PERMITS,
    Permit,
    choose_hand,
    list_hands,
    require_in_hand,
    require_opened,
    require_unmoved,
)
from services.counter_terms import CounterTerms
from services.errors import NotFound, NotPermitted
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.reading_notes import append_look
from services.reading_record import ReadingStore, Subject, case_read
from services.staffing import Act, Actor, Role
from services.till import business_day


class CounterTransaction(CaseTransaction, Protocol):
    """A transaction of the console's role that works on cases."""

    staff: StaffStore
    acts: ActStore
    people: PeopleIndex
    readings: ReadingStore
    audit: AuditStore


class CounterHouse(Protocol):
    """The console's store. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[CounterTransaction]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case lies and as what the actor stands there: the lead agency, all that have a part in it, those that the actor reaches."""

    case: Case
    mapping: ServiceMapping
    agencies: tuple[UUID, ...]
    reached: tuple[UUID, ...]
    hands: frozenset[UUID]

    @property
    def lead(self) -> UUID:
        """Whose case it is."""
        return self.case.agency_id


@dataclass(frozen=True, slots=True)
class Bench:
    """An open transaction with one case on the table."""

    desk: CaseDesk
    tx: CounterTransaction
    actor: Actor
    permit: Permit
    place: Place
    file: CaseFile
    now: datetime

    @property
    def mapping(self) -> ServiceMapping:
        """The version of the service with which the case began."""
        return self.place.mapping

    @property
    def terms(self) -> CounterTerms:
        """What the counter needs to know of it."""
        return terms_of(self.place.mapping)

    @property
    def today(self) -> date:
        """The legal day."""
        return business_day(self.now)

    @property
    def calendar(self) -> Calendar:
        """The working days of the service's region."""
        return calendar_of(self.tx, self.terms.region)

    def require(self, event: str, roles: tuple[Role, ...] = ()) -> Hand:
        """As whose hand the actor makes this event. Raises ``NotPermitted``, ``NotAllowedNow`` for the state."""
        wanted = roles or self.permit.roles
        self.actor.require(wanted, self.place.lead)
        hand = choose_hand(self.actor, wanted, self.place.lead)
        require_edge(self.file.state, event, hand)
        return hand

    def make(self, event: str, data: Mapping[str, JsonValue], hand: Hand | None = None) -> Move:
        """A move by the actor that names in whose stead a deputy makes it."""
        principals = sorted(str(one) for one in self.place.hands - {self.actor.member.staff_id})
        told = {**data, DEPUTY: principals} if principals else dict(data)
        return Move(event, hand or self.require(event), told, self.actor.member.staff_id)


Work = Callable[[Bench], Sequence[Move]]


@dataclass(frozen=True, slots=True)
class CounterRoom:
    """What every room of the counter stands on. ``house`` is the console's store, the same that ``desk.house`` is.

    ``orange_days``: how many working days before a deadline its colour changes (case-rules, section 1: yellow or orange near the limit).
    """

    desk: CaseDesk
    house: CounterHouse
    orange_days: int = 3

    def find_place(self, actor: Actor, case_id: UUID, permit: Permit) -> Place:
        """Where the case lies, for whom it exists. Raises ``NotFound``, ``NotPermitted`` for the wrong role, ``OwnMatter``.

        The transaction sees every agency, because staff and joint cases belong to several; what the actor does not reach stays unsaid.
        """
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            file = load_case(tx, case_id)
            lead, mapping = file.case.agency_id, mapping_of(self.desk, file)
            desks = tuple(dict.fromkeys((lead, *(line.agency_id for line in tx.cases.load_lines(case_id)))))
            reached = tuple(agency for agency in desks if actor.holds_any(BOTH, agency))
            if not reached:
                raise NotFound
            where = reached if permit.joint else (lead,)
            if not any(actor.holds_any(permit.roles, agency) for agency in where):
                raise NotPermitted
            hands = frozenset().union(*(list_hands(actor, permit.roles, agency) for agency in where))
            if not permit.own and is_own_matter(tx, file.case, hands):
                raise OwnMatter(detail={"rule": "own_matter"})
        root = self.desk.directory.root_agency()  # where organisations and mandates lie
        agencies = tuple(dict.fromkeys((*desks, *list_desks(self.desk, mapping), root)))
        return Place(file.case, mapping, agencies, reached, hands)

    def act(
        self, actor: Actor, name: str, case_id: UUID, seen_version: int | None, work: Work, *, reason: str = "",
        detail: Mapping[str, JsonValue] | None = None, admit: Callable[[Place], None] | None = None,
    ) -> CaseFile:  # fmt: skip
        """Do what ``work`` decides, under the rules of ``PERMITS[name]``, and note it: all of it or nothing.

        ``seen_version`` None: ``work`` judges the present state by itself. ``admit`` says who else is not permitted. Raises ``NotFound``, ``NotPermitted``, ``OwnMatter``,
        ``CaseMoved``, ``CaseInOtherHands``, ``NotAllowedNow`` and what ``work`` raises.
        """
        permit = PERMITS[name]
        place = self.find_place(actor, case_id, permit)
        if admit is not None:
            admit(place)
        desk = replace(self.desk, request_id=actor.request_id or self.desk.request_id)

        def attempt() -> CaseFile:
            with self.house.begin(place.agencies) as tx:
                bench = Bench(desk, tx, actor, permit, place, load_case(tx, case_id), desk.clock.now())
                self._require_fit(bench, seen_version)
                file = bench.file
                for move in work(bench):
                    file = write_move(desk, tx, file, move)
                self.note(bench, file, reason, detail or {})
            return file

        return decide_again(attempt)

    def _require_fit(self, bench: Bench, seen_version: int | None) -> None:
        file, permit, staff_id = bench.file, bench.permit, bench.actor.member.staff_id
        if seen_version is not None:
            require_unmoved(file, seen_version)
        if permit.in_hand:
            require_in_hand(file, staff_id)
        if permit.opened:
            require_opened(file, find_opened(bench.tx, staff_id, file.case.case_id), staff_id)

    def note(self, bench: Bench, file: CaseFile, reason: str, detail: Mapping[str, JsonValue]) -> None:
        """Append the Act at the lead agency, with what the citizen sees of it, and at the joint agency whose staff acts.

        Each agency's own auditor sees it; the citizen sees it once.
        """
        told = {"version": file.version, "case_no": file.case.case_no, **detail}
        lead, case_id = bench.place.lead, file.case.case_id
        own = () if lead in bench.place.reached else bench.place.reached
        self.append_act(
            bench.tx, bench.actor, bench.permit.act, lead, case_id, reason, told, read=(case_read(case_id),)
        )
        for agency_id in own:
            self.append_act(bench.tx, bench.actor, bench.permit.act, agency_id, case_id, reason, told)

    def append_act(
        self, tx: CounterTransaction, actor: Actor, act: str, agency_id: UUID, subject: UUID | str, reason: str,
        detail: Mapping[str, JsonValue], kind: str = "case", read: Sequence[Subject] = (),
        whose: Mapping[Subject, UUID] | None = None,
    ) -> None:  # fmt: skip
        """One line of the book of acts: codes and ids, never a personal value. ``read``: what of a citizen's it reads, so that they are told;
        ``whose``: at which agency that lies, if not at the act's.
        """
        made_by, now = actor.member.staff_id, self.desk.clock.now()
        made = Act(self.desk.new_id(), agency_id, now, made_by, act, kind, str(subject), reason, dict(detail))
        append_look(tx, actor, made, read, self.desk.new_id, whose)


def find_opened(tx: CounterTransaction, staff_id: UUID, case_id: UUID) -> int | None:
    """The version at which this person last opened the case, if they ever did."""
    opened = tx.acts.list_acts(1, None, staff_id=staff_id, subject_id=str(case_id), act=PERMITS["open_case"].act)
    return int(opened[0].detail["version"]) if opened else None


def is_own_matter(tx: CounterTransaction, case: Case, hands: frozenset[UUID]) -> bool:
    """Whether one of these members of the staff is the applicant, the agent or a legal representative of the applicant."""
    numbers = list_numbers(tx, case)
    return any(tx.staff.identity_matches(staff_id, numbers) for staff_id in sorted(hands))


def list_numbers(tx: CaseTransaction, case: Case) -> list[str]:
    """Identity numbers of all who stand behind a case: applicant, agent, and the legal representatives that mandates name."""
    found = [case.applicant.get("identity_number"), case.applicant.get("representative_number")]
    found.append((case.agent or {}).get("identity_number"))
    if case.organisation_id is not None:
        named = tx.mandates.list_of_principal([], [case.organisation_id])
        represents = MandateKind.LEGAL_REPRESENTATIVE
        found += [
            one.agent.get("identity_number") for one in named if one.kind is represents and one.revoked_at is None
        ]
    return list(dict.fromkeys(number for number in found if number))
