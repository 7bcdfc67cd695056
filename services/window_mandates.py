"""Mandates at the window (服务窗口): recorded by a clerk who saw the cards of both, ended at the word of whoever is there.

The registers are asked as they are on the citizen's side; what the clerk adds is that both stood there. The Act is in the transaction of
the mandate, which lies at the root agency like all of them. No clerk does this in a matter of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.acting import IN_BUSINESS, settle_organisation
from services.case_errors import OwnMatter
from services.case_ports import RegisteredOrganisation, Registers
from services.case_record import Mandate, MandateKind, Organisation
from services.case_stores import NO_CHAIN
from services.console_ports import PersonKey
from services.counter_bench import CounterRoom, CounterTransaction
from services.counter_permits import CLERK
from services.errors import ConfigurationFault, InputRefused, NotFound, NotPermitted
from services.mandate_deeds import (
    AGENT_PLACE,
    BUSINESS,
    CARD,
    CHILD_PLACE,
    POPULATION,
    Grant,
    Principal,
    draw_up,
    find_named,
    name_organisation,
    name_person,
    note_check,
    read_child,
    read_grant,
    read_number,
    require_old,
    require_parent,
)
from services.mandate_rules import OF_AGE, ORGANISATION, PERSON, begin_day, birthday, read_credit_code
from services.model import JsonValue
from services.reading_notes import name_holders
from services.reading_record import Subject, number_read
from services.staff_rules import read_reason
from services.staffing import Actor
from services.till import business_day

PRINCIPAL_PLACE = "principal.identity_number"


@dataclass(frozen=True, slots=True)
class Shown:
    """A card that the clerk saw: name and number as they stand on it."""

    name: str
    number: str


class MandateRoom(CounterRoom):
    """``agency_id`` is the window's agency: the actor is a clerk there, and the Act is noted there."""

    __slots__ = ()

    def record(
        self, actor: Actor, agency_id: UUID, principal: Shown, grant: Grant, *, cards_seen: bool, credit_code: str = ""
    ) -> Mandate:
        """Record that a principal authorises somebody. With ``credit_code`` the principal is the organisation whose legal representative is there.

        Raises ``InputRefused`` by place (cards_seen, kind, principal.identity_number, agent.identity_number, services, until, credit_code),
        ``NotPermitted``, ``OwnMatter``, ``ServiceOff`` and the errors of a back end.
        """
        actor.require(CLERK, agency_id)
        if not cards_seen:
            raise InputRefused(detail={"cards_seen": "required"})
        number = read_number(principal.number, PRINCIPAL_PLACE, business_day(self.desk.clock.now()))
        terms = read_grant(self.desk, grant, number, ORGANISATION if credit_code else PERSON)
        self._require_other_matter(actor, (number, terms.number))
        registers, request_id = self._find_registers(), actor.request_id
        entry = self._find_headed(number, credit_code, request_id) if credit_code else None
        if grant.kind is MandateKind.FAMILY:
            require_old(self.desk, number)
        principal_name = find_named(registers, number, principal.name, PRINCIPAL_PLACE, request_id)
        agent_name = find_named(registers, terms.number, grant.agent_name, AGENT_PLACE, request_id)
        checks = [note_check(self.desk, what, CARD) for what in ("principal", "agent")]
        checks += [note_check(self.desk, "legal_representative", BUSINESS)] if entry else []
        checks += [note_check(self.desk, what, POPULATION) for what in ("principal", "agent")]
        if grant.kind is MandateKind.FAMILY:
            require_parent(registers, number, terms.number, AGENT_PLACE, request_id)
            checks.append(note_check(self.desk, "parent", POPULATION))
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            whose = self._name_principal(tx, entry, principal_name, number)
            mandate = draw_up(
                self.desk, grant.kind, whose, (agent_name, terms.number), ends_at=terms.ends_at, services=terms.services,
                recorded_by=f"staff:{actor.member.staff_id}", checks=checks,
            )  # fmt: skip
            self._keep(tx, actor, agency_id, mandate)
        return mandate

    def record_guardian(
        self, actor: Actor, agency_id: UUID, parent: Shown, child: Shown, *, cards_seen: bool
    ) -> Mandate:
        """Record a parent of a child under age, as the register says; the household book or birth certificate was seen. Raises as ``record`` does."""
        actor.require(CLERK, agency_id)
        if not cards_seen:
            raise InputRefused(detail={"cards_seen": "required"})
        number = read_number(parent.number, "parent.identity_number", business_day(self.desk.clock.now()))
        child_number = read_child(self.desk, child.number, number)
        self._require_other_matter(actor, (number, child_number))
        registers, request_id = self._find_registers(), actor.request_id
        name = find_named(registers, number, parent.name, "parent.identity_number", request_id)
        child_name = find_named(registers, child_number, child.name, CHILD_PLACE, request_id)
        require_parent(registers, number, child_number, CHILD_PLACE, request_id)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            mandate = draw_up(
                self.desk, MandateKind.GUARDIAN, self._name_principal(tx, None, child_name, child_number),
                (name, number), recorded_by=f"staff:{actor.member.staff_id}",
                checks=[note_check(self.desk, "parent", CARD), note_check(self.desk, "parent", POPULATION)],
                ends_at=begin_day(birthday(child_number, OF_AGE)),
            )  # fmt: skip
            self._keep(tx, actor, agency_id, mandate)
        return mandate

    def revoke(self, actor: Actor, agency_id: UUID, mandate_id: UUID, shown_number: str, reason: str) -> Mandate:
        """End a mandate at the word of its principal, its agent or the organisation's legal representative, whose card was seen.

        Raises ``NotFound``, ``NotPermitted`` for anybody else's card, ``OwnMatter``, ``InputRefused`` for the reason.
        """
        actor.require(CLERK, agency_id)
        told, now = read_reason(reason), self.desk.clock.now()
        number = read_number(shown_number, "identity_number", business_day(now))
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            mandate = tx.mandates.load(mandate_id)
            if mandate is None:
                raise NotFound
            if number not in self._list_words(tx, mandate):
                raise NotPermitted
            self._require_foreign(tx, actor, (number, mandate.agent["identity_number"]))
            self._note(tx, actor, agency_id, "mandate.revoke", mandate, told)
            tx.mandates.revoke(mandate_id, f"staff:{actor.member.staff_id}", now)
            return tx.mandates.load(mandate_id) or mandate

    def look_up(self, actor: Actor, agency_id: UUID, shown_number: str, reason: str) -> list[Mandate]:
        """Every mandate of whoever shows this card, as principal or agent, newest first; the look is an Act.

        Raises ``NotPermitted``, ``InputRefused`` for number or reason.
        """
        actor.require(CLERK, agency_id)
        told = read_reason(reason)
        number = read_number(shown_number, "identity_number", business_day(self.desk.clock.now()))
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = list_all_of(tx, number)
            persons = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number)
            self.append_act(
                tx, actor, "mandate.look_up", agency_id, "", told, {"found": len(found)}, kind="mandate",
                read=[*name_holders(persons, number), *list_others(found, number)],
            )  # fmt: skip
        return found

    def _find_registers(self) -> Registers:
        if self.desk.registers is None:
            raise ConfigurationFault("no registers are bound: nobody can act for another here")
        return self.desk.registers

    def _find_headed(self, number: str, credit_code: str, request_id: str) -> RegisteredOrganisation:
        """The entry of an organisation in business whose legal representative is there."""
        entry = self._find_registers().organisations.find(read_credit_code(credit_code), request_id)
        if entry is None or entry.status != IN_BUSINESS:
            raise InputRefused(detail={"credit_code": "not_in_business" if entry else "no_such_organisation"})
        if entry.representative_number != number:
            raise NotPermitted
        return entry

    def _name_principal(
        self, tx: CounterTransaction, entry: RegisteredOrganisation | None, name: str, number: str
    ) -> Principal:
        """The console reads no chains: whose chain it is follows from the number, and is found when somebody acts."""
        root, now = self.desk.directory.root_agency(), self.desk.clock.now()
        if entry is None:
            return name_person(name, number, NO_CHAIN)
        chain = UUID(bytes=self.desk.random(16), version=4)
        new = Organisation(self.desk.new_id(), root, entry.credit_code, entry.name, chain, now)
        organisation = tx.mandates.record_organisation(new)
        settle_organisation(tx.mandates, organisation, entry, now)
        return name_organisation(organisation)

    def _keep(self, tx: CounterTransaction, actor: Actor, agency_id: UUID, mandate: Mandate) -> None:
        self._note(tx, actor, agency_id, "mandate.record", mandate, "")
        tx.mandates.add(mandate)

    def _note(
        self, tx: CounterTransaction, actor: Actor, agency_id: UUID, act: str, mandate: Mandate, reason: str
    ) -> None:
        detail: dict[str, JsonValue] = {"kind": mandate.kind.value, "services": list(mandate.services)}
        self.append_act(tx, actor, act, agency_id, mandate.mandate_id, reason, detail, kind="mandate")

    def _require_other_matter(self, actor: Actor, numbers: Sequence[str]) -> None:
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            self._require_foreign(tx, actor, numbers)

    def _require_foreign(self, tx: CounterTransaction, actor: Actor, numbers: Sequence[str]) -> None:
        if tx.staff.identity_matches(actor.member.staff_id, numbers):
            raise OwnMatter(detail={"rule": "own_matter"})

    def _list_words(self, tx: CounterTransaction, mandate: Mandate) -> list[str]:
        """The numbers of those at whose word it ends; a child's is not among them, nor a legal representative who is none any more."""
        words = [mandate.agent["identity_number"]]
        if mandate.kind is not MandateKind.GUARDIAN and "identity_number" in mandate.principal:
            words.append(mandate.principal["identity_number"])
        if mandate.organisation_id is not None:
            heads = tx.mandates.list_of_principal((), (mandate.organisation_id,))
            words += [
                one.agent["identity_number"]
                for one in heads
                if one.kind is MandateKind.LEGAL_REPRESENTATIVE and one.revoked_at is None
            ]
        return words


def list_all_of(tx: CounterTransaction, number: str) -> list[Mandate]:
    """Every mandate in which whoever has this number is the agent or the principal, in force or not; newest first."""
    persons = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number)
    found = {one.mandate_id: one for one in tx.mandates.list_of_agent(persons)}
    found |= {one.mandate_id: one for one in tx.mandates.list_of_number(number)}
    found |= {one.mandate_id: one for one in tx.mandates.list_of_principal_number(number)}
    return sorted(found.values(), key=lambda one: (one.recorded_at, one.mandate_id), reverse=True)


def list_others(mandates: Sequence[Mandate], number: str) -> list[Subject]:
    """Those on the other side of what was found: their names are on the page too."""
    named = {one.get("identity_number") for mandate in mandates for one in (mandate.principal, mandate.agent)}
    return [number_read(other) for other in sorted(one for one in named if one and one != number)]
