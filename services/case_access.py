"""Whose cases and drafts a citizen sees: their own, those that are their matter, and those of whom they act for.

Colleagues with a mandate in force see the same case. Whoever acted under a mandate that was revoked or has run out sees nothing any more
and does nothing. What belongs to somebody else does not exist (``NotFound``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.acting import list_held
from services.case_desk import CaseDesk
from services.case_errors import MandateEnded
from services.case_events import load_case
from services.case_file import CaseFile
from services.case_record import Case, Draft, Mandate
from services.errors import NotFound
from services.mandate_rules import concerns
from services.model import Caller
from services.ports import Transaction
from services.till import Till


@dataclass(frozen=True, slots=True)
class ApplicantDesk:
    """The citizen's side of the counter: the desk of cases, and the till for accounts, keys and prefilled forms.

    ``till.store`` is the same store as ``desk.house``, with the accounts beside the cases.
    """

    desk: CaseDesk
    till: Till


@dataclass(frozen=True, slots=True)
class Standing:
    """As whom a caller may look at this moment: their accounts, their proven number, the mandates in force."""

    persons: frozenset[UUID]
    number: str | None
    mandates: tuple[Mandate, ...]
    at: datetime
    known: frozenset[UUID] = frozenset()
    """The organisations for which they act or acted."""

    def may_see(self, case: Case) -> bool:
        """Whether it is their own matter, or that of somebody for whom they hold a mandate in force for this service."""
        if self.number is not None and case.applicant.get("identity_number") == self.number:
            return True
        if case.agent is None and case.organisation_id is None and case.person_id in self.persons:
            return True
        return any(mandate.holds(self.at, case.service) and concerns(mandate, case) for mandate in self.mandates)

    def may_edit(self, draft: Draft) -> bool:
        """Whether the draft is theirs, or that of an organisation for which they hold a mandate in force for its service.

        One that they wrote themselves for an organisation for which they acted once is its people's now.
        """
        organisation = name_organisation(draft)
        if organisation is not None and organisation in self.known:
            return self.represents(organisation, draft.service)
        unbound = organisation is None or draft.content.get("mandate_id") is None
        return unbound and draft.person_id in self.persons

    def represents(self, organisation_id: UUID, service: str) -> bool:
        """Whether a mandate in force lets them act for this organisation in this service."""
        return any(
            mandate.organisation_id == organisation_id and mandate.holds(self.at, service) for mandate in self.mandates
        )

    @property
    def organisations(self) -> tuple[UUID, ...]:
        """The organisations for which some mandate is in force."""
        return tuple(
            dict.fromkeys(mandate.organisation_id for mandate in self.mandates if mandate.organisation_id is not None)
        )

    @property
    def principals(self) -> tuple[str, ...]:
        """The identity numbers of the persons for whom some mandate is in force."""
        numbers = (mandate.principal.get("identity_number") for mandate in self.mandates)
        return tuple(dict.fromkeys(number for number in numbers if number))


def find_standing(desk: CaseDesk, tx: Transaction, caller: Caller) -> Standing:
    """As whom the caller may look now."""
    now, person = desk.clock.now(), tx.persons.load(caller.person_id)
    persons = tx.persons.joined_ids(person.person_id)
    held = list_held(tx.mandates, persons, person.identity_number)
    lasting = tuple(mandate for mandate in held if _lasts(mandate, now))
    known = frozenset(mandate.organisation_id for mandate in held if mandate.organisation_id is not None)
    return Standing(frozenset(persons), person.identity_number, lasting, now, known)


def load_own_case(desk: CaseDesk, tx: Transaction, caller: Caller, case_id: UUID) -> CaseFile:
    """A case that the caller may see, and act on as the applicant. Raises ``NotFound``."""
    file = load_case(tx, case_id)
    if not find_standing(desk, tx, caller).may_see(file.case):
        raise NotFound
    return file


def load_own_draft(desk: CaseDesk, tx: Transaction, caller: Caller, draft_id: UUID) -> Draft:
    """A draft that the caller may edit. Raises ``NotFound``; ``MandateEnded`` for one that they wrote for whom they no longer act."""
    draft, standing = tx.drafts.load(draft_id), find_standing(desk, tx, caller)
    if draft is None or not (standing.may_edit(draft) or draft.person_id in standing.persons):
        raise NotFound
    if not standing.may_edit(draft):
        raise MandateEnded
    return draft


def name_organisation(draft: Draft) -> UUID | None:
    """The organisation for which a draft is written, if it is one."""
    applicant = draft.content.get("applicant") or {}
    named = applicant.get("organisation_id") if applicant.get("kind") == "organisation" else None
    return UUID(str(named)) if named else None


def _lasts(mandate: Mandate, at: datetime) -> bool:
    return any(mandate.holds(at, service) for service in mandate.services or ("",))
