"""Who stands at the window, and for whom: the card that the clerk has seen, the population register, the business register, mandates.

Nothing is believed of the card alone: number and name must be those of the population register. Whoever comes for somebody else is the
organisation's legal representative by the business register, or holds a mandate in force for this service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.acting import IN_BUSINESS, settle_organisation
from services.case_desk import CaseDesk
from services.case_errors import MandateEnded
from services.case_ports import RegisteredOrganisation, Registers
from services.case_record import Mandate, MandateKind, Organisation
from services.counter_bench import CounterHouse, CounterTransaction
from services.errors import ConfigurationFault, InputRefused, NotPermitted
from services.identity import tidy_phone
from services.mandate_deeds import BUSINESS, CARD, draw_up, find_named, name_organisation, note_check, read_number
from services.mandate_rules import ORGANISATION, PERSON, allows, read_credit_code, require_reach
from services.mapping import ServiceMapping
from services.staffing import Actor
from services.till import business_day
from services.window_mandates import Shown, list_all_of

CARD_PLACE = "card.identity_number"


@dataclass(frozen=True, slots=True)
class ApplicantShown:
    """Who is there: the card, whether the clerk has seen it, the telephone if there is one, and for whom they come (one of the last two)."""

    card: Shown
    card_seen: bool
    phone: str = ""
    credit_code: str = ""
    principal_number: str = ""


@dataclass(frozen=True, slots=True)
class WalkInApplicant:
    """Whose matter it is and who acts, as a case keeps it; ``numbers`` are all identity numbers behind it, for the rule of own matters.

    ``acting_as``: ``self`` or a ``MandateKind``. ``entry`` is the business register's, for an organisation.
    """

    applicant: Mapping[str, str]
    agent: Mapping[str, str] | None
    mandate_id: UUID | None
    card_number: str
    acting_as: str
    numbers: tuple[str, ...]
    entry: RegisteredOrganisation | None = None


def read_card(desk: CaseDesk, shown: ApplicantShown) -> str:
    """The number of a card that was seen. Raises ``InputRefused``: card_seen, card.identity_number."""
    if not shown.card_seen:
        raise InputRefused(detail={"card_seen": "required"})
    return read_number(shown.card.number, CARD_PLACE, business_day(desk.clock.now()))


def find_applicant(
    desk: CaseDesk, house: CounterHouse, actor: Actor, mapping: ServiceMapping, shown: ApplicantShown
) -> WalkInApplicant:
    """Ask the registers and find the mandate. Raises ``InputRefused`` by place, ``NotPermitted``, ``MandateEnded``, the errors of a back end."""
    if shown.credit_code and shown.principal_number:
        raise InputRefused(detail={"principal_number": "not_with_credit_code"})
    kind = ORGANISATION if shown.credit_code else PERSON
    if mapping.counter is None or kind not in mapping.counter.applicants:
        raise InputRefused(detail={"applicant.kind": "not_for_this_service"})
    number, registers = read_card(desk, shown), find_registers(desk)
    name = find_named(registers, number, shown.card.name, CARD_PLACE, actor.request_id)
    phone = _read_phone(shown.phone)
    if shown.credit_code:
        return _for_organisation(desk, house, actor, mapping, shown, (name, number, phone))
    if shown.principal_number and shown.principal_number.strip().upper() != number:
        return _for_person(desk, house, actor, mapping, shown, (name, number, phone))
    applicant = _drop_empty(kind=PERSON, name=name, identity_number=number, phone=phone)
    return WalkInApplicant(applicant, None, None, number, "self", (number,))


def find_registers(desk: CaseDesk) -> Registers:
    """The registers. Raises ``ConfigurationFault`` where none are bound."""
    if desk.registers is None:
        raise ConfigurationFault("no registers are bound: nobody's identity can be held against them")
    return desk.registers


def _read_phone(phone: str) -> str:
    tidy = tidy_phone(phone) if phone.strip() else ""
    if phone.strip() and not tidy:
        raise InputRefused(detail={"phone": "form"})
    return tidy


def _for_organisation(
    desk: CaseDesk, house: CounterHouse, actor: Actor, mapping: ServiceMapping, shown: ApplicantShown,
    who: tuple[str, str, str],
) -> WalkInApplicant:  # fmt: skip
    """For a company or other body: as its legal representative, else under a mandate of it."""
    name, number, phone = who
    entry = find_registers(desk).organisations.find(read_credit_code(shown.credit_code), actor.request_id)
    if entry is None or entry.status != IN_BUSINESS:
        raise InputRefused(detail={"credit_code": "not_in_business" if entry else "no_such_organisation"})
    applicant = _drop_empty(kind=ORGANISATION, name=entry.name, credit_code=entry.credit_code, phone=phone)
    numbers = (number, entry.representative_number)
    mandate_id, acting_as = None, MandateKind.LEGAL_REPRESENTATIVE
    if entry.representative_number != number:
        with house.begin(tuple(actor.tree.parents)) as tx:
            known = tx.mandates.find_organisation(entry.credit_code)
            mandates = [
                one for one in list_all_of(tx, number) if known and one.organisation_id == known.organisation_id
            ]
        mandate = _choose(desk, mapping, mandates, number)
        mandate_id, acting_as = mandate.mandate_id, mandate.kind
    agent = _drop_empty(name=name, identity_number=number, phone=phone) | {"as": acting_as.value}
    return WalkInApplicant(applicant, agent, mandate_id, number, acting_as.value, numbers, entry)


def _for_person(
    desk: CaseDesk, house: CounterHouse, actor: Actor, mapping: ServiceMapping, shown: ApplicantShown,
    who: tuple[str, str, str],
) -> WalkInApplicant:  # fmt: skip
    """For another person, under a mandate of theirs: agent, parent of a child, child of an old parent."""
    name, number, phone = who
    principal = read_number(shown.principal_number, "principal_number", business_day(desk.clock.now()))
    with house.begin(tuple(actor.tree.parents)) as tx:
        mandates = tx.mandates.list_of_principal_number(principal)
    mandate = _choose(desk, mapping, mandates, number)
    applicant = _drop_empty(kind=PERSON, name=mandate.principal["name"], identity_number=principal, phone=phone)
    agent = _drop_empty(name=name, identity_number=number, phone=phone) | {"as": mandate.kind.value}
    return WalkInApplicant(applicant, agent, mandate.mandate_id, number, mandate.kind.value, (number, principal))


def _choose(desk: CaseDesk, mapping: ServiceMapping, mandates: list[Mandate], number: str) -> Mandate:
    """The mandate under which this number acts. Raises ``NotPermitted`` without any, ``MandateEnded`` for one that is over."""
    now = desk.clock.now()
    theirs = [
        one
        for one in mandates
        if one.agent.get("identity_number") == number and allows(mapping, one.kind, one.principal["kind"])
    ]
    if not theirs:
        raise NotPermitted
    holding = [one for one in theirs if one.holds(now, mapping.id)]
    if not holding:
        require_reach(theirs[0], mapping, now)
        raise MandateEnded
    return holding[0]


def keep_organisation(
    desk: CaseDesk, tx: CounterTransaction, who: WalkInApplicant, staff_id: UUID
) -> tuple[Organisation | None, UUID | None]:
    """Record an organisation for which somebody came, brought up to what the register said, and its legal representative's right.

    Gives it and the mandate under which they act. Raises ``MandateEnded`` if the register has ended that.
    """
    entry = who.entry
    if entry is None:
        return None, who.mandate_id
    root, now = desk.directory.root_agency(), desk.clock.now()
    chain = UUID(bytes=desk.random(16), version=4)
    organisation = tx.mandates.record_organisation(
        Organisation(desk.new_id(), root, entry.credit_code, entry.name, chain, now)
    )
    ended = settle_organisation(tx.mandates, organisation, entry, now)
    if who.mandate_id is not None:
        if who.mandate_id in ended:
            raise MandateEnded(detail={"mandate": "register"})
        return organisation, who.mandate_id
    for known in tx.mandates.list_of_principal([], [organisation.organisation_id]):
        own = known.agent.get("identity_number") == who.card_number and known.revoked_at is None
        if own and known.kind is MandateKind.LEGAL_REPRESENTATIVE:
            return organisation, known.mandate_id
    mandate = draw_up(
        desk, MandateKind.LEGAL_REPRESENTATIVE, name_organisation(organisation),
        (str((who.agent or {})["name"]), who.card_number), recorded_by=f"staff:{staff_id}",
        checks=[note_check(desk, "agent", CARD), note_check(desk, "legal_representative", BUSINESS)],
    )  # fmt: skip
    tx.mandates.add(mandate)
    return organisation, mandate.mandate_id


def _drop_empty(**told: str) -> dict[str, str]:
    return {name: value for name, value in told.items() if value}
