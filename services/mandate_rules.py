"""Who may act for whom: of what age, for how long, in which services, and in which cases. Pure.

Ages by the date of birth in the identity number: of age at 18 (Civil Code art. 17), old at 60 (Law on the Protection of the Rights and
Interests of the Elderly art. 2). A day begins in Shanghai. Whoever is born on 29 February completes a year on the last day of February
(Civil Code art. 202).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum

from stdnum.cn import ric, uscc

from services.case_errors import MandateEnded
from services.case_record import Case, Mandate, MandateKind
from services.errors import InputRefused, ServiceUnknown
from services.mapping import ServiceMapping
from services.till import SHANGHAI_OFFSET, business_day

OF_AGE, OLD = 18, 60
PERSON, ORGANISATION = "person", "organisation"
LONGEST_YEARS = {MandateKind.AGENT: 3, MandateKind.FAMILY: 5}
"""How far ahead a mandate that somebody gives may run; it names its last day and may be given again."""
MOST_SERVICES = 50
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


class MandateState(StrEnum):
    """How a mandate stands at a moment."""

    IN_FORCE = "in_force"
    WAITING = "waiting"
    """It begins later."""
    EXPIRED = "expired"
    REVOKED = "revoked"


def read_credit_code(text: str, place: str = "credit_code") -> str:
    """A unified social credit code (统一社会信用代码, GB 32100, MOD 31) in its one form. Raises ``InputRefused``: form or checksum."""
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if not _CREDIT_CODE.fullmatch(code):
        raise InputRefused(detail={place: "form"})
    if uscc.calc_check_digit(code[:17]) != code[17]:
        raise InputRefused(detail={place: "checksum"})
    return code


def birthday(identity_number: str, years: int) -> date:
    """The day on which whoever has this number (already read) completes so many years."""
    born_on: date = ric.get_birth_date(identity_number)
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return date(born_on.year + years, 2, 28)


def is_aged(identity_number: str, years: int, on: date) -> bool:
    """Whether so many years are completed on this day."""
    return birthday(identity_number, years) <= on


def begin_day(day: date) -> datetime:
    """The first moment of a day in Shanghai, in UTC."""
    return datetime.combine(day, time(), UTC) - SHANGHAI_OFFSET


def read_last_day(until: date | None, kind: MandateKind, now: datetime) -> datetime:
    """The moment at which a mandate ends whose last day is ``until``.

    Raises ``InputRefused`` at ``until``: required, past, or too_far.
    """
    today = business_day(now)
    if until is None:
        raise InputRefused(detail={"until": "required"})
    if until < today:
        raise InputRefused(detail={"until": "past"})
    if until > _add_years(today, LONGEST_YEARS[kind]):
        raise InputRefused(detail={"until": "too_far"})
    return begin_day(date.fromordinal(until.toordinal() + 1))


def _add_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def read_services(
    services: Sequence[str], kind: MandateKind, principal: str, find: Callable[[str], ServiceMapping]
) -> tuple[str, ...]:
    """The services of a mandate, each once, sorted; none means all. ``principal``: person or organisation.

    Raises ``InputRefused`` at ``services``: too_many, unknown_service, or no_mandate where the service does not let such a one act.
    """
    if len(services) > MOST_SERVICES:
        raise InputRefused(detail={"services": "too_many"})
    for name in services:
        try:
            mapping = find(name)
        except ServiceUnknown:
            raise InputRefused(detail={"services": "unknown_service"}) from None
        if not allows(mapping, kind, principal):
            raise InputRefused(detail={"services": "no_mandate"})
    return tuple(sorted(set(services)))


def allows(mapping: ServiceMapping, kind: MandateKind, principal: str) -> bool:
    """Whether a service lets somebody with such a mandate act for such an applicant. A legal representative always may, for an organisation."""
    terms = mapping.counter
    if terms is None or principal not in terms.applicants:
        return False
    return kind is MandateKind.LEGAL_REPRESENTATIVE or kind.value in terms.mandates


def find_state(mandate: Mandate, now: datetime) -> MandateState:
    """How a mandate stands at this moment, whatever the service."""
    if mandate.revoked_at is not None:
        return MandateState.REVOKED
    if mandate.valid_until is not None and now >= mandate.valid_until:
        return MandateState.EXPIRED
    return MandateState.WAITING if now < mandate.valid_from else MandateState.IN_FORCE


def require_reach(mandate: Mandate, mapping: ServiceMapping, now: datetime) -> None:
    """Raise ``MandateEnded`` (``detail`` says: revoked, expired, waiting, other_service) unless it holds now for this service.

    Raises ``InputRefused`` at ``mandate_id`` (not_for_this_service) if the service lets nobody act under such a mandate.
    """
    if not allows(mapping, mandate.kind, mandate.principal["kind"]):
        raise InputRefused(detail={"mandate_id": "not_for_this_service"})
    state = find_state(mandate, now)
    if state is not MandateState.IN_FORCE:
        raise MandateEnded(detail={"mandate": state.value})
    if not mandate.holds(now, mapping.id):
        raise MandateEnded(detail={"mandate": "other_service"})


def concerns(mandate: Mandate, case: Case) -> bool:
    """Whether a case is one that whoever has this mandate works on, as long as it holds.

    All cases of an organisation are its colleagues'; a guardian and a child of age look after all matters of their own. Another
    person's agent (代理人) sees what was handed in under this very mandate and nothing else of that person.
    """
    if mandate.organisation_id is not None or case.organisation_id is not None:
        return mandate.organisation_id == case.organisation_id
    number = mandate.principal.get("identity_number")
    if number is None or case.applicant.get("identity_number") != number:
        return False
    return mandate.kind is not MandateKind.AGENT or case.mandate_id == mandate.mandate_id


def choose_mandate(mandates: Iterable[Mandate], service: str, now: datetime) -> Mandate | None:
    """Under which of several mandates for one principal somebody acts: one that holds, a legal representative's before others, else the newest."""
    ranked = sorted(
        mandates,
        key=lambda one: (
            one.holds(now, service),
            one.kind is MandateKind.LEGAL_REPRESENTATIVE,
            one.recorded_at,
            one.mandate_id,
        ),
    )
    return ranked[-1] if ranked else None
