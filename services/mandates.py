"""Mandates: given by the principal or for an organisation by its legal representative, recorded with what was checked, ended by a word.

Whoever is authorised may not have an account yet: name and number are compared with the population register, and the mandate becomes
theirs when they prove the number. A guardian's mandate is recorded upon the register's word and ends on the child's eighteenth birthday.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.acting import POPULATION_REGISTER, list_held
from services.case_record import Mandate, MandateKind
from services.errors import InputRefused, NotFound, NotPermitted
from services.identity import ATTEMPTS_AN_HOUR, read_identity_number, same_name
from services.mandate_rules import (
    OF_AGE,
    OLD,
    ORGANISATION,
    PERSON,
    MandateState,
    begin_day,
    birthday,
    find_state,
    is_aged,
    read_last_day,
    read_services,
)
from services.model import Assurance, Caller, JsonValue, write_moment
from services.organisations import MandateDesk, ProvenPerson, load_proven, prove_caller, require_representative
from services.ports import Transaction
from services.sessions import require_assurance
from services.till import business_day


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
class MandateInView:
    """A mandate as one side of it sees it. ``given``: the caller is the principal or speaks for it; else the caller is the agent."""

    mandate: Mandate
    state: MandateState
    given: bool


@dataclass(frozen=True, slots=True)
class MandateEvent:
    """Something that happened to a mandate: recorded, expired or revoked; ``by``: principal, agent, clerk or register."""

    name: str
    at: str
    by: str


def give_mandate(room: MandateDesk, caller: Caller, grant: Grant) -> MandateInView:
    """Authorise somebody to act for the caller, or for the organisation whose legal representative the caller is.

    Raises ``InputRefused`` by place (kind, agent.name, agent.identity_number, services, until, organisation_id), ``NotPermitted``,
    ``MandateEnded``, ``AssuranceTooLow``, ``TooManyRequests`` and the errors of a back end.
    """
    proven, now = prove_caller(room, caller), room.now()
    if grant.kind not in (MandateKind.AGENT, MandateKind.FAMILY) or (
        grant.kind is MandateKind.FAMILY and grant.organisation_id is not None
    ):
        raise InputRefused(detail={"kind": "not_given"})
    principal = PERSON if grant.organisation_id is None else ORGANISATION
    services = read_services(grant.services, grant.kind, principal, room.desk.catalogue.service)
    ends_at, number = read_last_day(grant.until, grant.kind, now), _read_agent(room, grant.agent_number, proven.number)
    organisation = None
    if grant.organisation_id is not None:
        organisation = require_representative(room, caller, proven, grant.organisation_id)
    name = _find_named(room, caller, number, grant.agent_name, "agent.identity_number")
    checks = [_note(room, "agent", "population")]
    if organisation is not None:
        checks.append(_note(room, "legal_representative", "business"))
    if grant.kind is MandateKind.FAMILY:
        _require_child(room, caller, proven.number, number)
        checks.append(_note(room, "parent", "population"))
    named: Mapping[str, str] = {"kind": PERSON, "name": proven.name, "identity_number": proven.number}
    if organisation is not None:
        named = {"kind": ORGANISATION, "name": organisation.name, "credit_code": organisation.credit_code}
    mandate = Mandate(
        mandate_id=room.desk.new_id(),
        agency_id=room.desk.directory.root_agency(),
        kind=grant.kind,
        principal=named,
        principal_chain_id=organisation.chain_id if organisation else proven.person.chain_id,
        organisation_id=organisation.organisation_id if organisation else None,
        principal_person_id=None if organisation else proven.person.person_id,
        agent={"name": name, "identity_number": number},
        agent_person_id=None,
        services=services,
        valid_from=now,
        valid_until=ends_at,
        recorded_by=f"person:{proven.person.person_id}",
        recorded_at=now,
        proof={"checks": checks},
    )
    with room.store.begin(caller.agencies) as tx:
        tx.mandates.add(mandate)
    return MandateInView(mandate, MandateState.IN_FORCE, given=True)


def record_guardianship(room: MandateDesk, caller: Caller, child_name: str, child_number: str) -> MandateInView:
    """Record that the caller is the parent of a child under age, as the population register says (Civil Code art. 27, 34).

    A second time gives what is recorded. Raises ``InputRefused`` at ``child.identity_number`` (form, checksum, date, of_age, own,
    not_confirmed for a name, number or kinship that the register does not bear out), ``AssuranceTooLow``, ``TooManyRequests`` and
    the errors of a back end.
    """
    proven, now = prove_caller(room, caller), room.now()
    place = "child.identity_number"
    number = read_number(child_number, place, business_day(now))
    if number == proven.number:
        raise InputRefused(detail={place: "own"})
    if is_aged(number, OF_AGE, business_day(now)):
        raise InputRefused(detail={place: "of_age"})
    name = _find_named(room, caller, number, child_name, place)
    if not room.registers.families.is_parent(proven.number, number, caller.request_id):
        raise InputRefused(detail={place: "not_confirmed"})
    root = room.desk.directory.root_agency()
    with room.store.begin(caller.agencies) as tx:
        known = _find_guardianship(tx, proven, number, room)
        if known is not None:
            return known
        mandate = Mandate(
            mandate_id=room.desk.new_id(),
            agency_id=root,
            kind=MandateKind.GUARDIAN,
            principal={"kind": PERSON, "name": name, "identity_number": number},
            principal_chain_id=tx.persons.find_chain(root, number, now),
            organisation_id=None,
            principal_person_id=None,
            agent={"name": proven.name, "identity_number": proven.number},
            agent_person_id=proven.person.person_id,
            services=(),
            valid_from=now,
            valid_until=begin_day(birthday(number, OF_AGE)),
            recorded_by=POPULATION_REGISTER,
            recorded_at=now,
            proof={"checks": [_note(room, "child", "population"), _note(room, "parent", "population")]},
        )
        tx.mandates.add(mandate)
    return MandateInView(mandate, MandateState.IN_FORCE, given=False)


def _find_guardianship(
    tx: Transaction, proven: ProvenPerson, child_number: str, room: MandateDesk
) -> MandateInView | None:
    for mandate in list_held(tx.mandates, proven.persons, proven.number):
        same = mandate.kind is MandateKind.GUARDIAN and mandate.principal.get("identity_number") == child_number
        if same and find_state(mandate, room.now()) is MandateState.IN_FORCE:
            return MandateInView(mandate, MandateState.IN_FORCE, given=False)
    return None


def list_mandates(room: MandateDesk, caller: Caller) -> list[MandateInView]:
    """All that the caller may act under, and all that were given for them or for organisations of theirs; newest first.

    Ended ones stay in the list: that is the history. Raises ``AssuranceTooLow``.
    """
    require_assurance(caller, Assurance.REAL_NAME)
    with room.store.begin(caller.agencies) as tx:
        proven = load_proven(tx, caller)
        held, given = _list_both(tx, room, proven)
    now, own = room.now(), {mandate.mandate_id for mandate in held}
    found = [MandateInView(one, find_state(one, now), given=False) for one in held]
    found += [MandateInView(one, find_state(one, now), given=True) for one in given if one.mandate_id not in own]
    return sorted(found, key=lambda one: (one.mandate.recorded_at, one.mandate.mandate_id), reverse=True)


def revoke_mandate(room: MandateDesk, caller: Caller, mandate_id: UUID) -> MandateInView:
    """End a mandate now: by its principal, for an organisation by its legal representative, or by the agent (Civil Code art. 173(2)).

    Asks no register: ending is the safe side. One that is over already stays as it is. Raises ``NotFound`` for whoever has no part in
    it, ``NotPermitted`` for a child under age, whose guardian the law appoints, ``AssuranceTooLow``.
    """
    require_assurance(caller, Assurance.REAL_NAME)
    with room.store.begin(caller.agencies) as tx:
        proven = load_proven(tx, caller)
        held, given = _list_both(tx, room, proven)
        mine = {one.mandate_id: (one, False) for one in held} | {one.mandate_id: (one, True) for one in given}
        if mandate_id not in mine:
            raise NotFound
        mandate, is_given = mine[mandate_id]
        if is_given and mandate.kind is MandateKind.GUARDIAN:
            raise NotPermitted
        tx.mandates.revoke(mandate_id, f"person:{proven.person.person_id}", room.now())
        ended = tx.mandates.load(mandate_id) or mandate
    return MandateInView(ended, find_state(ended, room.now()), is_given)


def _list_both(tx: Transaction, room: MandateDesk, proven: ProvenPerson) -> tuple[list[Mandate], list[Mandate]]:
    """Those that the caller holds, and those over which the caller has a word."""
    held, now = list_held(tx.mandates, proven.persons, proven.number), room.now()
    headed = [
        one.organisation_id
        for one in held
        if one.organisation_id is not None
        and one.kind is MandateKind.LEGAL_REPRESENTATIVE
        and find_state(one, now) is MandateState.IN_FORCE
    ]
    given = {one.mandate_id: one for one in tx.mandates.list_of_principal(proven.persons, headed)}
    given |= {one.mandate_id: one for one in tx.mandates.list_of_principal_number(proven.number)}
    return held, list(given.values())


def tell_history(mandate: Mandate, state: MandateState) -> list[MandateEvent]:
    """What happened to a mandate, oldest first; who did it by their part in it, never by name or id."""
    told = [MandateEvent("recorded", write_moment(mandate.recorded_at), _name_part(mandate, mandate.recorded_by))]
    if mandate.revoked_at is not None:
        told.append(MandateEvent("revoked", write_moment(mandate.revoked_at), _name_part(mandate, mandate.revoked_by)))
    elif state is MandateState.EXPIRED and mandate.valid_until is not None:
        told.append(MandateEvent("expired", write_moment(mandate.valid_until), "clock"))
    return told


def _name_part(mandate: Mandate, by: str | None) -> str:
    kind, _, name = (by or "").partition(":")
    if kind == "staff":
        return "clerk"
    if kind == "register":
        return "register"
    return "agent" if mandate.agent_person_id is not None and name == str(mandate.agent_person_id) else "principal"


def read_number(text: str, place: str, today: date) -> str:
    """An identity number; a fault names this place."""
    try:
        return read_identity_number(text, today)
    except InputRefused as refused:
        rule = next(iter((refused.detail or {}).values()), "form")
        raise InputRefused(detail={place: rule}) from None


def _read_agent(room: MandateDesk, text: str, own_number: str) -> str:
    """The number of somebody else, of age: nobody under age is authorised here."""
    place, today = "agent.identity_number", business_day(room.now())
    number = read_number(text, place, today)
    if number == own_number:
        raise InputRefused(detail={place: "own"})
    if not is_aged(number, OF_AGE, today):
        raise InputRefused(detail={place: "under_age"})
    return number


def _find_named(room: MandateDesk, caller: Caller, number: str, name: str, place: str) -> str:
    """The name that the register has for a number, if it is the one that was given; which of the two was wrong stays unsaid.

    Spends an attempt of the person and one of the number, as proving an identity does: nobody learns names or numbers by trying.
    """
    room.limiter.spend("name-person", str(caller.person_id), ATTEMPTS_AN_HOUR, 3600)
    subject = room.desk.keyed_hash.lookup_hash("limit_identity", number).hex()
    room.limiter.spend("name-number", subject, ATTEMPTS_AN_HOUR, 3600)
    entry = room.registers.people.find(number, caller.request_id)
    if entry is None or not same_name(entry.real_name, name):
        raise InputRefused(detail={place: "not_confirmed"})
    return entry.real_name


def _require_child(room: MandateDesk, caller: Caller, parent_number: str, child_number: str) -> None:
    if not is_aged(parent_number, OLD, business_day(room.now())):
        raise InputRefused(detail={"kind": "not_old"})
    if not room.registers.families.is_parent(parent_number, child_number, caller.request_id):
        raise InputRefused(detail={"agent.identity_number": "not_confirmed"})


def _note(room: MandateDesk, what: str, register: str) -> JsonValue:
    """One check of the proof: what was checked, against which register, and when."""
    return {"what": what, "register": register, "at": write_moment(room.now())}
