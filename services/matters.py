"""What is rated and complained about: a case, a payment or an application of the caller's, and whose hands it went through.

Somebody else's does not exist, and inside a platform's app neither does a payment or application that was made through another platform.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.case_access import ApplicantDesk, load_own_case
from services.case_events import mapping_of
from services.case_file import CaseFile
from services.doors import is_own
from services.errors import NotFound
from services.model import Caller, JsonValue, PlatformName
from services.ports import Transaction
from services.rating_rules import APPLICATION, CASE, MATTERS, PAYMENT, find_rated, list_case_hands

REGION = "CN"
"""Whose working days count where the service names no region."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter: ``number`` is that of the case, order or application; ``chains`` are of whom it concerns; ``file`` of a case only.

    ``rated`` is who is rated with it, if somebody is; ``hands`` everybody who had a part in it.
    """

    about: str
    subject: UUID
    agency_id: UUID
    service: str
    mapping_version: int
    number: str
    region: str
    chains: tuple[UUID, ...]
    rated: UUID | None
    hands: frozenset[UUID]
    state: str
    file: CaseFile | None = None


def load_own_matter(door: ApplicantDesk, tx: Transaction, caller: Caller, about: str, subject: UUID) -> Matter:
    """A matter of the caller's; ``about`` empty: whichever it is. Raises ``NotFound``."""
    loaders = {CASE: _load_case, PAYMENT: _load_payment, APPLICATION: _load_application}
    for kind in (about,) if about else MATTERS:
        if kind not in loaders:
            break
        try:
            return loaders[kind](door, tx, caller, subject)
        except NotFound:
            continue
    raise NotFound


def describe_case(file: CaseFile, region: str = REGION) -> Matter:
    """A case as a matter."""
    case, rated = file.case, find_rated(file)
    return Matter(
        CASE, case.case_id, case.agency_id, case.service, case.mapping_version, case.case_no, region,
        (case.chain_id, case.principal_chain_id), rated, list_case_hands(file) | ({rated} if rated else set()),
        str(file.state), file,
    )  # fmt: skip


def _load_case(door: ApplicantDesk, tx: Transaction, caller: Caller, subject: UUID) -> Matter:
    file = load_own_case(door.desk, tx, caller, subject)
    terms = mapping_of(door.desk, file).counter
    return describe_case(file, terms.region if terms else REGION)


def _load_payment(_door: ApplicantDesk, tx: Transaction, caller: Caller, subject: UUID) -> Matter:
    found = tx.payments.load(subject)
    if found is None:
        raise NotFound
    payment, events = found
    _require_own(tx, caller, payment.person_id, payment.platform)
    hands = list_named(event.data for event in events)
    return Matter(
        PAYMENT, subject, payment.agency_id, payment.service, payment.mapping_version, payment.order_no, REGION,
        (payment.payer_chain_id, payment.holder_chain_id), hands[-1] if hands else None, frozenset(hands), str(events[-1].state),
    )  # fmt: skip


def _load_application(_door: ApplicantDesk, tx: Transaction, caller: Caller, subject: UUID) -> Matter:
    found = tx.applications.load(subject)
    if found is None:
        raise NotFound
    application, events = found
    _require_own(tx, caller, application.person_id, application.platform)
    return Matter(
        APPLICATION, subject, application.agency_id, application.service, application.mapping_version,
        application.application_no, REGION, (application.chain_id,), None, frozenset(), str(events[-1].state),
    )  # fmt: skip


def _require_own(tx: Transaction, caller: Caller, person_id: UUID, platform: PlatformName) -> None:
    if person_id not in tx.persons.joined_ids(caller.person_id):
        raise NotFound
    if platform is not caller.app.platform and not is_own(caller.app.platform):
        raise NotFound


def list_named(told: Iterable[JsonValue]) -> list[UUID]:
    """The members of the staff whom events of a payment name, oldest first: who took it at the window, who approved its refund."""
    return [UUID(str(data[key])) for data in told for key in ("staff_id", "approved_by") if data.get(key)]
