"""Mandates: given by the principal or for an organisation by its legal representative, recorded with what was checked, ended by a word.

Whoever is authorised may not have an account yet: name and number are compared with the population register, and the mandate becomes
theirs when they prove the number. A guardian's mandate is recorded upon the register's word and ends on the child's eighteenth birthday.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.acting import POPULATION_REGISTER, list_held
from services.case_record import Mandate, MandateKind
from services.errors import NotFound, NotPermitted
from services.identity import ATTEMPTS_AN_HOUR
from services.mandate_deeds import (
    AGENT_PLACE,
    BUSINESS,
    CHILD_PLACE,
    POPULATION,
    Grant,
    draw_up,
    find_named,
    name_organisation,
    name_person,
    note_check,
    read_child,
    read_grant,
    require_old,
    require_parent,
)
from services.mandate_rules import OF_AGE, ORGANISATION, PERSON, MandateState, begin_day, birthday, find_state
from services.model import Assurance, Caller, write_moment
from services.organisations import MandateDesk, ProvenPerson, load_proven, prove_caller, require_representative
from services.ports import Transaction
from services.sessions import require_assurance


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

    Raises ``InputRefused`` by place (kind, agent.identity_number, services, until, organisation_id), ``NotPermitted``,
    ``MandateEnded``, ``AssuranceTooLow``, ``TooManyRequests`` and the errors of a back end.
    """
    proven, desk = prove_caller(room, caller), room.desk
    kind = PERSON if grant.organisation_id is None else ORGANISATION
    terms, checks = read_grant(desk, grant, proven.number, kind), []
    principal = name_person(proven.name, proven.number, proven.person.chain_id, proven.person.person_id)
    if grant.organisation_id is not None:
        principal = name_organisation(require_representative(room, caller, proven, grant.organisation_id))
        checks.append(note_check(desk, "legal_representative", BUSINESS))
    if grant.kind is MandateKind.FAMILY:
        require_old(desk, proven.number)
    name = _find_named(room, caller, terms.number, grant.agent_name, AGENT_PLACE)
    checks.append(note_check(desk, "agent", POPULATION))
    if grant.kind is MandateKind.FAMILY:
        require_parent(room.registers, proven.number, terms.number, AGENT_PLACE, caller.request_id)
        checks.append(note_check(desk, "parent", POPULATION))
    mandate = draw_up(
        desk, grant.kind, principal, (name, terms.number), recorded_by=f"person:{proven.person.person_id}",
        checks=checks, ends_at=terms.ends_at, services=terms.services,
    )  # fmt: skip
    with room.store.begin(caller.agencies) as tx:
        tx.mandates.add(mandate)
    return MandateInView(mandate, MandateState.IN_FORCE, given=True)


def record_guardianship(room: MandateDesk, caller: Caller, child_name: str, child_number: str) -> MandateInView:
    """Record that the caller is the parent of a child under age, as the population register says (Civil Code art. 27, 34).

    A second time gives what is recorded. Raises ``InputRefused`` at ``child.identity_number`` (form, checksum, date, of_age, own,
    not_confirmed for a name, number or kinship that the register does not bear out), ``AssuranceTooLow``, ``TooManyRequests`` and
    the errors of a back end.
    """
    proven, desk = prove_caller(room, caller), room.desk
    number = read_child(desk, child_number, proven.number)
    name = _find_named(room, caller, number, child_name, CHILD_PLACE)
    require_parent(room.registers, proven.number, number, CHILD_PLACE, caller.request_id)
    with room.store.begin(caller.agencies) as tx:
        known = _find_guardianship(tx, proven, number, room)
        if known is not None:
            return known
        chain = tx.persons.find_chain(desk.directory.root_agency(), number, room.now())
        mandate = draw_up(
            desk, MandateKind.GUARDIAN, name_person(name, number, chain), (proven.name, proven.number),
            recorded_by=POPULATION_REGISTER, agent_person_id=proven.person.person_id,
            checks=[note_check(desk, "child", POPULATION), note_check(desk, "parent", POPULATION)],
            ends_at=begin_day(birthday(number, OF_AGE)),
        )  # fmt: skip
        tx.mandates.add(mandate)
    return MandateInView(mandate, MandateState.IN_FORCE, given=False)


def _find_named(room: MandateDesk, caller: Caller, number: str, name: str, place: str) -> str:
    """Spends an attempt of the person and one of the number, as proving an identity does: nobody learns names or numbers by trying."""
    room.limiter.spend("name-person", str(caller.person_id), ATTEMPTS_AN_HOUR, 3600)
    subject = room.desk.keyed_hash.lookup_hash("limit_identity", number).hex()
    room.limiter.spend("name-number", subject, ATTEMPTS_AN_HOUR, 3600)
    return find_named(room.registers, number, name, place, caller.request_id)


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
