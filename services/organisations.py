"""An organisation at the counter: recorded when its legal representative proves it, seen by those who act for it.

The business register says who the legal representative (法定代表人) is; the caller has proven that this number is theirs. One register of
organisations serves the whole house, at the root agency; a new legal representative ends the former one's right when they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.acting import BUSINESS_REGISTER, IN_BUSINESS, list_held, settle_organisation
from services.case_desk import CaseDesk
from services.case_errors import MandateEnded
from services.case_ports import MandateStore, RegisteredOrganisation, Registers
from services.case_record import Mandate, MandateKind, Organisation
from services.errors import AssuranceTooLow, ConfigurationFault, InputRefused, NotPermitted
from services.mandate_deeds import BUSINESS, draw_up, name_organisation, note_check
from services.mandate_rules import MandateState, find_state, read_credit_code
from services.model import Assurance, Caller, Person
from services.ports import RateLimiter, Store, Transaction
from services.sessions import require_assurance

QUESTIONS_AN_HOUR = 20
"""Questions to a register on behalf of one person."""


@dataclass(frozen=True, slots=True)
class MandateDesk:
    """What organisations and mandates need on the citizen's side. ``store`` is the same store as ``desk.house``, with the accounts."""

    desk: CaseDesk
    store: Store
    limiter: RateLimiter

    @property
    def registers(self) -> Registers:
        """Raises ``ConfigurationFault`` where none are bound."""
        if self.desk.registers is None:
            raise ConfigurationFault("no registers are bound: nobody can act for another here")
        return self.desk.registers

    def now(self) -> datetime:
        """This moment."""
        return self.desk.clock.now()


@dataclass(frozen=True, slots=True)
class ProvenPerson:
    """A caller whose name and number are proven."""

    person: Person
    persons: tuple[UUID, ...]
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class OrganisationInView:
    """An organisation as one of its people sees it: by which mandate, and how that stands."""

    organisation: Organisation
    mandate: Mandate
    state: MandateState


def prove_caller(room: MandateDesk, caller: Caller) -> ProvenPerson:
    """The caller's account and its joined ones, at the level that acting for another needs. Raises ``AssuranceTooLow``."""
    require_assurance(caller, Assurance.REAL_NAME)
    with room.store.begin(caller.agencies) as tx:
        return load_proven(tx, caller)


def load_proven(tx: Transaction, caller: Caller) -> ProvenPerson:
    """The same within a transaction."""
    person = tx.persons.load(caller.person_id)
    if person.identity_number is None or person.real_name is None:
        raise AssuranceTooLow(detail={"required": Assurance.REAL_NAME.label})
    persons = tuple(tx.persons.joined_ids(person.person_id))
    return ProvenPerson(person, persons, person.real_name, person.identity_number)


def record_organisation(room: MandateDesk, caller: Caller, credit_code: str) -> OrganisationInView:
    """Record the organisation whose legal representative the caller is; a second time gives what is recorded.

    Raises ``InputRefused`` at ``credit_code`` (form, checksum, no_such_organisation, not_in_business), ``NotPermitted`` for whoever the
    register does not name, ``AssuranceTooLow``, ``TooManyRequests``, ``ServiceOff`` and the errors of a back end.
    """
    proven, code = prove_caller(room, caller), read_credit_code(credit_code)
    entry = ask_register(room, caller, code)
    if entry is None:
        raise InputRefused(detail={"credit_code": "no_such_organisation"})
    now = room.now()
    with room.store.begin(caller.agencies) as tx:
        known = tx.mandates.find_organisation(code)
        if known is not None:
            settle_organisation(tx.mandates, known, entry, now)
    if entry.status != IN_BUSINESS:
        raise InputRefused(detail={"credit_code": "not_in_business"})
    if entry.representative_number != proven.number:
        raise NotPermitted
    with room.store.begin(caller.agencies) as tx:
        organisation = tx.mandates.record_organisation(_draw_up(room, entry, now))
        mandate = _find_own(tx.mandates, organisation, proven) or _appoint(room, tx.mandates, organisation, proven)
    return OrganisationInView(organisation, mandate, find_state(mandate, now))


def ask_register(room: MandateDesk, caller: Caller, credit_code: str) -> RegisteredOrganisation | None:
    """What the business register says now; spends the caller's questions. Never inside a transaction."""
    room.limiter.spend("ask-register", str(caller.person_id), QUESTIONS_AN_HOUR, 3600)
    return room.registers.organisations.find(credit_code, caller.request_id)


def list_organisations(room: MandateDesk, caller: Caller) -> list[OrganisationInView]:
    """The organisations for which the caller may act now, by name. Raises ``AssuranceTooLow``."""
    require_assurance(caller, Assurance.REAL_NAME)
    now, found = room.now(), dict[UUID, OrganisationInView]()
    with room.store.begin(caller.agencies) as tx:
        proven = load_proven(tx, caller)
        for mandate in list_held(tx.mandates, proven.persons, proven.number):
            if mandate.organisation_id is None or find_state(mandate, now) is not MandateState.IN_FORCE:
                continue
            known = found.get(mandate.organisation_id)
            if known is not None and mandate.kind is not MandateKind.LEGAL_REPRESENTATIVE:
                continue
            organisation = tx.mandates.load_organisation(mandate.organisation_id)
            if organisation is not None:
                found[mandate.organisation_id] = OrganisationInView(organisation, mandate, MandateState.IN_FORCE)
    return sorted(found.values(), key=lambda one: (one.organisation.name, one.organisation.credit_code))


def require_representative(
    room: MandateDesk, caller: Caller, proven: ProvenPerson, organisation_id: UUID
) -> Organisation:
    """The organisation, if the register still says that the caller is its legal representative.

    Raises ``NotPermitted`` for whoever never was, ``MandateEnded`` for whoever is no longer, ``InputRefused`` at
    ``organisation_id`` (not_in_business), and the errors of a back end.
    """
    with room.store.begin(caller.agencies) as tx:
        organisation = tx.mandates.load_organisation(organisation_id)
        own = _find_own(tx.mandates, organisation, proven) if organisation else None
    if organisation is None or own is None:
        raise NotPermitted
    entry = ask_register(room, caller, organisation.credit_code)
    with room.store.begin(caller.agencies) as tx:
        ended = settle_organisation(tx.mandates, organisation, entry, room.now())
    if own.mandate_id in ended:
        raise MandateEnded(detail={"mandate": "register"})
    if entry is None or entry.status != IN_BUSINESS:
        raise InputRefused(detail={"organisation_id": "not_in_business"})
    return organisation


def _find_own(mandates: MandateStore, organisation: Organisation, proven: ProvenPerson) -> Mandate | None:
    """The caller's own right as the legal representative, as far as it is recorded and was not ended."""
    for mandate in mandates.list_of_principal((), (organisation.organisation_id,)):
        own = mandate.agent["identity_number"] == proven.number
        if own and mandate.kind is MandateKind.LEGAL_REPRESENTATIVE and mandate.revoked_at is None:
            return mandate
    return None


def _draw_up(room: MandateDesk, entry: RegisteredOrganisation, now: datetime) -> Organisation:
    desk = room.desk
    chain = UUID(bytes=desk.random(16), version=4)
    return Organisation(desk.new_id(), desk.directory.root_agency(), entry.credit_code, entry.name, chain, now)


def _appoint(room: MandateDesk, mandates: MandateStore, organisation: Organisation, proven: ProvenPerson) -> Mandate:
    """The right of a legal representative is the register's word, not anybody's gift: it has no last day and reaches every service."""
    mandate = draw_up(
        room.desk, MandateKind.LEGAL_REPRESENTATIVE, name_organisation(organisation), (proven.name, proven.number),
        recorded_by=BUSINESS_REGISTER, checks=[note_check(room.desk, "legal_representative", BUSINESS)],
        agent_person_id=proven.person.person_id,
    )  # fmt: skip
    mandates.add(mandate)
    return mandate
