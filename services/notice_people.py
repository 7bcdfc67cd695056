"""Whom a notice of a case goes to: the living log-ins and telephones of whoever may still be told of it.

Whoever acted under a mandate that is over is not told any more; whose matter it is, is told instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.case_record import Case
from services.doors import is_own
from services.errors import NotFound
from services.identity import tidy_phone
from services.model import Login, Person
from services.notice_ladder import Ways
from services.ports import Transaction

MOBILE = re.compile(r"1[3-9][0-9]{9}")
MOST_PHONES = 2


@dataclass(frozen=True, slots=True)
class Recipients:
    """Log-ins with their account, by id, in the order in which they are tried; telephones by how a page shows them."""

    logins: Mapping[str, tuple[Login, Person]]
    phones: Mapping[str, str]

    @property
    def ways(self) -> Ways:
        return Ways(tuple(self.logins), tuple(self.phones))


def find_recipients(tx: Transaction, case: Case, now: datetime, only: UUID | None = None) -> Recipients:
    """Who may be told of a case now; ``only`` one account where a notice is nobody else's. ``tx`` was begun with all agencies.

    Log-ins of the case's channel come first, its own before all others; own doors have nothing that rings. A telephone is a mainland
    mobile number: first that of who acts, then that of whose matter it is, then those of their accounts.
    """
    acting = _may_be_told(tx, case, now)
    people = [_load(tx, only)] if only is not None else _list_people(tx, case, now, acting=acting)
    persons = {person.person_id: person for person in people if person is not None}
    logins = [(login, person) for person in persons.values() for login in tx.persons.list_logins(person.person_id)]
    living = [one for one in logins if one[0].revoked_at is None and not is_own(one[0].platform)]
    living.sort(key=lambda one: (one[0].login_id != case.login_id, one[0].platform != case.channel))
    told = _list_phones(case, list(persons.values()), acting=acting) if only is None else []
    return Recipients(
        {str(login.login_id): (login, person) for login, person in living}, {mask(one): one for one in told}
    )


def mask(phone: str) -> str:
    """A telephone number as pages show it, and by which an attempt names it."""
    return f"{phone[:3]}****{phone[-4:]}"


def _may_be_told(tx: Transaction, case: Case, now: datetime) -> bool:
    """Whether the right under which somebody else acts is still in force; one's own matter needs none."""
    mandate = tx.mandates.load(case.mandate_id) if case.mandate_id is not None else None
    return case.mandate_id is None or (mandate is not None and mandate.holds(now, case.service))


def _list_people(tx: Transaction, case: Case, now: datetime, *, acting: bool) -> Iterator[Person | None]:
    if acting:
        yield _load(tx, case.person_id)
        yield _find(tx, (case.agent or {}).get("identity_number"))
    yield _find(tx, case.applicant.get("identity_number"))
    if case.organisation_id is not None:
        for mandate in tx.mandates.list_of_principal((), (case.organisation_id,)):
            if mandate.holds(now, case.service):
                yield _load(tx, mandate.agent_person_id)


def _load(tx: Transaction, person_id: UUID | None) -> Person | None:
    try:
        return tx.persons.load(person_id) if person_id is not None else None
    except NotFound:  # erased since
        return None


def _find(tx: Transaction, number: str | None) -> Person | None:
    return tx.persons.find_by_identity(number) if number else None


def _list_phones(case: Case, persons: Sequence[Person], *, acting: bool) -> list[str]:
    agent = tidy_phone((case.agent or {}).get("phone") or "")
    stated = tidy_phone(case.applicant.get("phone") or "")
    theirs = (
        [] if stated == agent and not acting else [stated]
    )  # where the applicant gave none, the agent's stands there
    known = [tidy_phone(person.phone or "") for person in persons]
    numbers = dict.fromkeys([*([agent] if acting else []), *theirs, *known])
    return [number for number in numbers if MOBILE.fullmatch(number)][:MOST_PHONES]
