"""Drawing up a mandate, and what citizen's side and window ask alike: who may be authorised, by whom, for how long, upon which register.

Nothing is kept here. A name or number that the population register does not bear out is ``not_confirmed``; which of the two was wrong
stays unsaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.case_desk import CaseDesk
from services.case_ports import Registers
from services.case_record import Mandate, MandateKind, Organisation
from services.errors import InputRefused
from services.identity import read_identity_number, same_name
from services.mandate_rules import OF_AGE, OLD, ORGANISATION, PERSON, is_aged, read_last_day, read_services
from services.model import JsonValue, write_moment
from services.till import business_day

AGENT_PLACE, CHILD_PLACE = "agent.identity_number", "child.identity_number"
POPULATION, BUSINESS, CARD = "population", "business", "card"
"""Against what something was checked; ``card`` is the identity card that a clerk saw."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a principal says when they authorise somebody. ``organisation_id``: for whom, None for themselves; ``until``: the last day.

    ``kind``: AGENT, or FAMILY for a child of age of an old parent. ``services`` empty: all that let such a one act.
    """

    kind: MandateKind
    agent_name: str
    agent_number: str
    until: date | None
    services: Sequence[str] = ()
    organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A grant that was read: the agent's number, the services, the moment at which it ends."""

    number: str
    services: tuple[str, ...]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Whose right it is: {kind, name, identity_number | credit_code}, the chain, and the row if there is one."""

    named: dict[str, str]
    chain_id: UUID
    organisation_id: UUID | None = None
    person_id: UUID | None = None


def name_organisation(organisation: Organisation) -> Principal:
    """An organisation as a principal."""
    named = {"kind": ORGANISATION, "name": organisation.name, "credit_code": organisation.credit_code}
    return Principal(named, organisation.chain_id, organisation.organisation_id)


def name_person(name: str, number: str, chain_id: UUID, person_id: UUID | None = None) -> Principal:
    """A person as a principal, with or without an account."""
    return Principal({"kind": PERSON, "name": name, "identity_number": number}, chain_id, None, person_id)


def read_grant(desk: CaseDesk, grant: Grant, own_number: str, principal: str) -> Terms:
    """``principal``: person or organisation. Raises ``InputRefused`` at kind, services, until or agent.identity_number (own, under_age, or the rule of the number)."""
    given = (MandateKind.AGENT,) if principal == ORGANISATION else (MandateKind.AGENT, MandateKind.FAMILY)
    if grant.kind not in given:
        raise InputRefused(detail={"kind": "not_given"})
    services = read_services(grant.services, grant.kind, principal, desk.catalogue.service)
    ends_at = read_last_day(grant.until, grant.kind, desk.clock.now())
    today = business_day(desk.clock.now())
    number = read_number(grant.agent_number, AGENT_PLACE, today)
    if number == own_number:
        raise InputRefused(detail={AGENT_PLACE: "own"})
    if not is_aged(number, OF_AGE, today):
        raise InputRefused(detail={AGENT_PLACE: "under_age"})
    return Terms(number, services, ends_at)


def read_child(desk: CaseDesk, child_number: str, parent_number: str) -> str:
    """The number of a child under age. Raises ``InputRefused`` at child.identity_number: own, of_age, or the rule of the number."""
    today = business_day(desk.clock.now())
    number = read_number(child_number, CHILD_PLACE, today)
    if number == parent_number:
        raise InputRefused(detail={CHILD_PLACE: "own"})
    if is_aged(number, OF_AGE, today):
        raise InputRefused(detail={CHILD_PLACE: "of_age"})
    return number


def read_number(text: str, place: str, today: date) -> str:
    """An identity number; a fault names this place."""
    try:
        return read_identity_number(text, today)
    except InputRefused as refused:
        rule = next(iter((refused.detail or {}).values()), "form")
        raise InputRefused(detail={place: rule}) from None


def find_named(registers: Registers, number: str, name: str, place: str, request_id: str) -> str:
    """The name that the population register has for a number. Raises ``InputRefused``: not_confirmed; the errors of a back end."""
    entry = registers.people.find(number, request_id)
    if entry is None or not same_name(entry.real_name, name):
        raise InputRefused(detail={place: "not_confirmed"})
    return entry.real_name


def require_parent(registers: Registers, parent: str, child: str, place: str, request_id: str) -> None:
    """Raise ``InputRefused`` (not_confirmed) unless the register says that one is the other's parent; the errors of a back end."""
    if not registers.families.is_parent(parent, child, request_id):
        raise InputRefused(detail={place: "not_confirmed"})


def require_old(desk: CaseDesk, number: str) -> None:
    """Raise ``InputRefused`` at kind (not_old) for whoever is not sixty: others authorise an agent."""
    if not is_aged(number, OLD, business_day(desk.clock.now())):
        raise InputRefused(detail={"kind": "not_old"})


def note_check(desk: CaseDesk, what: str, register: str) -> JsonValue:
    """One line of a proof: what was checked, against which register, and when."""
    return {"what": what, "register": register, "at": write_moment(desk.clock.now())}


def draw_up(
    desk: CaseDesk, kind: MandateKind, principal: Principal, agent: tuple[str, str], *, recorded_by: str,
    checks: Sequence[JsonValue], ends_at: datetime | None = None, services: tuple[str, ...] = (),
    agent_person_id: UUID | None = None,
) -> Mandate:  # fmt: skip
    """A mandate that begins now, at the root agency; ``agent``: name and number."""
    now = desk.clock.now()
    return Mandate(
        mandate_id=desk.new_id(),
        agency_id=desk.directory.root_agency(),
        kind=kind,
        principal=principal.named,
        principal_chain_id=principal.chain_id,
        organisation_id=principal.organisation_id,
        principal_person_id=principal.person_id,
        agent={"name": agent[0], "identity_number": agent[1]},
        agent_person_id=agent_person_id,
        services=services,
        valid_from=now,
        valid_until=ends_at,
        recorded_by=recorded_by,
        recorded_at=now,
        proof={"checks": list(checks)},
    )
