"""What a clerk and a head see of applications and of people: lists without a person, one file with a reason, a search with a reason.

The Act is written in the transaction that reads, and nothing is given back before it has committed: what cannot be noted is not shown.
Whose role does not reach an agency gets the answer that there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.application_record import ApplicationLine, ApplicationRow, ApplicationState
from services.console_ports import ConsoleStore, ConsoleTransaction, PaymentSummary, PersonKey
from services.errors import InputRefused, NotFound
from services.ports import Clock
from services.reading_notes import append_look, name_holders
from services.reading_record import Subject, application_read
from services.staff_rules import read_reason
from services.staffing import Act, Actor, Role

READERS = (Role.CLERK, Role.HEAD)
PAGE = 50
NOBODY = UUID(int=0)
_FORMS = {
    PersonKey.IDENTITY_NUMBER: re.compile(r"[1-9][0-9]{16}[0-9X]"),
    PersonKey.PHONE: re.compile(r"1[3-9][0-9]{9}"),
}


@dataclass(frozen=True, slots=True)
class PersonFound:
    """What one human has at the agencies that the reader reaches. Nobody, and somebody who has nothing there, look the same."""

    applications: tuple[ApplicationLine, ...]
    payments: tuple[PaymentSummary, ...]


@dataclass(frozen=True, slots=True)
class ApplicationFiles:
    """All raise ``NotPermitted``, ``StoreUnavailable``."""

    store: ConsoleStore
    clock: Clock
    new_id: Callable[[], UUID]

    def list_lines(
        self, actor: Actor, before: UUID | None = None, service: str | None = None,
        states: Sequence[ApplicationState] = (),
    ) -> list[ApplicationLine]:  # fmt: skip
        """A page of 50, newest first, of the agencies that the actor reads."""
        with self.store.begin(reach(actor)) as tx:
            return tx.applications.list_of_agencies(PAGE, before, service, states)

    def open_file(self, actor: Actor, application_id: UUID, reason: str) -> ApplicationRow:
        """One application with everything in it. Raises ``NotFound``, also for another agency's; ``InputRefused`` for no reason."""
        told = read_reason(reason)
        with self.store.begin(reach(actor)) as tx:
            found = tx.applications.load(application_id)
            if found is None or not actor.holds_any(READERS, found[0].agency_id):
                raise NotFound
            self._note(
                tx, actor, found[0].agency_id, "application.read", "application", application_id, told,
                [application_read(application_id)],
            )  # fmt: skip
        return found

    def search_person(self, actor: Actor, key: PersonKey, value: str, reason: str) -> PersonFound:
        """Applications and payments of whoever has this number. Raises ``InputRefused`` for what is no such number, or no reason."""
        told, number = read_reason(reason), read_number(key, value)
        agencies = reach(actor)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            persons = tx.people.find_persons(key, number)
        with self.store.begin(agencies) as tx:
            sought = persons or [NOBODY]  # the same questions, so that the time tells nothing either
            rows = tx.applications.list_of_persons(sought, PAGE, None)
            payments = tx.people.list_payments(sought, PAGE)
            subject = persons[0] if persons else ""
            read = name_holders(persons, number if key is PersonKey.IDENTITY_NUMBER else "")
            for agency_id in list_topmost(actor, agencies):  # each agency's own auditor sees it
                self._note(tx, actor, agency_id, "person.search", "person", subject, told, read, by=key.value)
                read = []
        return PersonFound(
            tuple(line_of(row) for row in rows if row[0].agency_id in agencies),
            tuple(payment for payment in payments if payment.agency_id in agencies),
        )

    def _note(
        self, tx: ConsoleTransaction, actor: Actor, agency_id: UUID, act: str, kind: str, subject: UUID | str,
        reason: str, read: Sequence[Subject], **detail: str,
    ) -> None:  # fmt: skip
        staff_id, now = actor.member.staff_id, self.clock.now()
        made = Act(self.new_id(), agency_id, now, staff_id, act, kind, str(subject), reason, dict(detail))
        append_look(tx, actor, made, read, self.new_id)


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency whose cases the actor may read. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*READERS)


def list_topmost(actor: Actor, agencies: Sequence[UUID]) -> list[UUID]:
    """Of these agencies those that lie below no other of them."""
    return [agency for agency in agencies if actor.tree.parents.get(agency) not in agencies]


def read_number(key: PersonKey, value: str) -> str:
    """An identity number or a mobile number in its one form. Raises ``InputRefused``."""
    text = re.sub(r"[\s-]", "", value).upper()
    if key is PersonKey.PHONE:
        text = re.sub(r"^(\+|00)86", "", text)
    if not _FORMS[key].fullmatch(text):
        raise InputRefused(detail={"value": f"not_{key.value}"})
    return text


def line_of(row: ApplicationRow) -> ApplicationLine:
    """A file reduced to what a list shows."""
    application, events = row
    return ApplicationLine(
        application.application_id, application.agency_id, application.service, application.application_no,
        application.created_at, events[-1].state,
    )  # fmt: skip
