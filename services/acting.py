"""For whom somebody acts at the counter, and by which right: read at the hand-in and at every later act.

A mandate is a row that ends by itself, by its principal's word or by the register's; here it is only read. What the registers say is
asked before the transaction (``confirm_standing``): at each hand-in the business register says anew whether the organisation is in
business and who its legal representative is, and the population register whether a guardian is the child's parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.case_desk import CaseDesk
from services.case_errors import MandateEnded
from services.case_ports import MandateStore, RegisteredOrganisation
from services.case_record import Draft, Mandate, MandateKind, Organisation
from services.errors import AssuranceTooLow, ConfigurationFault, InputRefused, NotPermitted
from services.mandate_rules import ORGANISATION, PERSON, choose_mandate, require_reach
from services.mapping import ServiceMapping
from services.model import Assurance, Caller, Person
from services.ports import Store, Transaction

BUSINESS_REGISTER, POPULATION_REGISTER = "register:business", "register:population"
"""By whom a mandate was ended that its register does not bear out any more."""
IN_BUSINESS, CANCELLED = "in_business", "cancelled"


class Acting(NamedTuple):
    """Whose matter it is and who acts.

    ``applicant``: {kind, name, identity_number | credit_code, phone}; ``agent``: {name, identity_number, phone, as} or None for one's
    own matter. ``phone`` of an applicant without an account is the agent's: there they are reached.
    """

    applicant: Mapping[str, str]
    agent: Mapping[str, str] | None
    mandate: Mandate | None
    organisation: Organisation | None
    principal_chain_id: UUID


def resolve_applicant(desk: CaseDesk, tx: Transaction, caller: Caller, draft: Draft) -> Acting:
    """For whom this draft is handed in, by whoever calls. Asks no register; ``tx`` was begun with all agencies.

    Raises ``AssuranceTooLow`` for somebody who has not proven who they are, ``InputRefused`` (applicant.kind, applicant.organisation_id,
    mandate_id), ``NotPermitted`` without any mandate, ``MandateEnded`` for one that is over or does not reach this service.
    """
    mapping = desk.catalogue.service_at(draft.service, draft.mapping_version)
    person = tx.persons.load(caller.person_id)
    if person.identity_number is None or person.real_name is None:
        raise AssuranceTooLow(detail={"required": Assurance.REAL_NAME.label})
    told = draft.content.get("applicant") or {"kind": PERSON}
    _require_applicant(mapping, str(told.get("kind")))
    named, now = draft.content.get("mandate_id"), desk.clock.now()
    if told["kind"] == PERSON and named is None:
        return Acting(_name_person(person), None, None, None, person.chain_id)
    held = list_held(tx.mandates, tx.persons.joined_ids(person.person_id), person.identity_number)
    if named is not None:
        held = [one for one in held if str(one.mandate_id) == str(named)]
    if told["kind"] == PERSON:
        return _act_for_person(desk, tx, person, _choose(held, None, mapping, now))
    organisation = _find_organisation(tx, told.get("organisation_id"))
    mandate = _choose(held, organisation.organisation_id, mapping, now)
    return _act_for_organisation(person, mandate, organisation)


def _require_applicant(mapping: ServiceMapping, kind: str) -> None:
    if mapping.counter is None or kind not in mapping.counter.applicants:
        raise InputRefused(detail={"applicant.kind": "not_for_this_service"})


def _find_organisation(tx: Transaction, organisation_id: object) -> Organisation:
    if not organisation_id:
        raise InputRefused(detail={"applicant.organisation_id": "required"})
    found = tx.mandates.load_organisation(UUID(str(organisation_id)))
    if found is None:
        raise NotPermitted
    return found


def _choose(held: Sequence[Mandate], organisation_id: UUID | None, mapping: ServiceMapping, now: datetime) -> Mandate:
    """The mandate under which they act. Raises as ``resolve_applicant`` does."""
    fitting = (one for one in held if one.organisation_id == organisation_id)
    mandate = choose_mandate(fitting, mapping.id, now)
    if mandate is None:
        raise NotPermitted
    require_reach(mandate, mapping, now)
    return mandate


def _name_person(person: Person) -> dict[str, str]:
    told = {"kind": PERSON, "name": person.real_name, "identity_number": person.identity_number, "phone": person.phone}
    return {name: value for name, value in told.items() if value}


def _name_agent(person: Person, mandate: Mandate) -> dict[str, str]:
    return {**{name: value for name, value in _name_person(person).items() if name != "kind"}, "as": mandate.kind.value}


def _act_for_person(desk: CaseDesk, tx: Transaction, person: Person, mandate: Mandate) -> Acting:
    number = mandate.principal["identity_number"]
    principal = tx.persons.find_by_identity(number)
    phone = (principal.phone if principal else None) or person.phone
    applicant = {"kind": PERSON, "name": mandate.principal["name"], "identity_number": number}
    chain = tx.persons.find_chain(desk.directory.root_agency(), number, desk.clock.now())
    return Acting(applicant | ({"phone": phone} if phone else {}), _name_agent(person, mandate), mandate, None, chain)


def _act_for_organisation(person: Person, mandate: Mandate, organisation: Organisation) -> Acting:
    applicant = {"kind": ORGANISATION, "name": organisation.name, "credit_code": organisation.credit_code}
    applicant |= {"phone": person.phone} if person.phone else {}
    return Acting(applicant, _name_agent(person, mandate), mandate, organisation, organisation.chain_id)


def list_held(mandates: MandateStore, persons: Sequence[UUID], identity_number: str | None) -> list[Mandate]:
    """Every mandate, in force or not, whose agent has one of these accounts or this proven number; those without an account get it now.

    ``persons``: the account itself first, then those that were joined into it.
    """
    held = list(mandates.list_of_agent(persons))
    for mandate in mandates.list_of_number(identity_number) if identity_number else ():
        mandates.bind_agent(mandate.mandate_id, persons[0])
        held.append(mandate)
    return held


def confirm_standing(desk: CaseDesk, store: Store, caller: Caller, draft: Draft) -> None:
    """Before a hand-in: ask the registers whether the right to act is what it was. One's own matter asks nobody.

    A mandate that the register does not bear out is ended, whatever becomes of the hand-in. Raises as ``resolve_applicant`` does,
    ``InputRefused`` at ``applicant.organisation_id`` (not_in_business), and the errors of a back end.
    """
    with store.begin(caller.agencies) as tx:
        acting = resolve_applicant(desk, tx, caller, draft)
    mandate, organisation = acting.mandate, acting.organisation
    if mandate is None:
        return
    if desk.registers is None:
        raise ConfigurationFault("no registers are bound: nobody can act for another here")
    if organisation is not None:
        entry = desk.registers.organisations.find(organisation.credit_code, caller.request_id)
        with store.begin(caller.agencies) as tx:
            ended = settle_organisation(tx.mandates, organisation, entry, desk.clock.now())
        if entry is None or entry.status != IN_BUSINESS:
            raise InputRefused(detail={"applicant.organisation_id": "not_in_business"})
        if mandate.mandate_id in ended:
            raise MandateEnded(detail={"mandate": "register"})
    elif mandate.kind is MandateKind.GUARDIAN and not desk.registers.families.is_parent(
        mandate.agent["identity_number"], mandate.principal["identity_number"], caller.request_id
    ):
        with store.begin(caller.agencies) as tx:
            tx.mandates.revoke(mandate.mandate_id, POPULATION_REGISTER, desk.clock.now())
        raise MandateEnded(detail={"mandate": "register"})


def settle_organisation(
    mandates: MandateStore, organisation: Organisation, entry: RegisteredOrganisation | None, now: datetime
) -> frozenset[UUID]:
    """Bring what is recorded of an organisation up to what the register says now; gives the mandates that this has ended.

    Another legal representative ends the former one's own right and nothing else: whom the organisation has authorised it has
    authorised (Civil Code art. 61, 173). An organisation that is cancelled ends all of them (art. 173(5)).
    """
    if entry is None:
        return frozenset()
    if entry.name != organisation.name:
        mandates.record_organisation(_rename(organisation, entry.name))
    ended = set()
    for mandate in mandates.list_of_principal((), (organisation.organisation_id,)):
        former = mandate.kind is MandateKind.LEGAL_REPRESENTATIVE and (
            mandate.agent["identity_number"] != entry.representative_number
        )
        if (former or entry.status == CANCELLED) and mandates.revoke(mandate.mandate_id, BUSINESS_REGISTER, now):
            ended.add(mandate.mandate_id)
    return frozenset(ended)


def _rename(organisation: Organisation, name: str) -> Organisation:
    return Organisation(
        organisation.organisation_id,
        organisation.agency_id,
        organisation.credit_code,
        name,
        organisation.chain_id,
        organisation.recorded_at,
    )
