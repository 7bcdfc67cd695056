"""A case (办件) as the counter keeps it: what never changes, the events that tell how far it is, and the line on a clerk's desk.

``services/case_graph.py`` has the states and edges, ``services/case_events.py`` folds the events, ``docs/cases.md`` explains both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.model import JsonValue, PlatformName


class CaseState(StrEnum):
    """States of a case; the Chinese terms are those of the national exchange tables."""

    RECEIVED = "received"
    """收件: the materials are here; the completeness clock runs (Administrative Licensing Law art. 32)."""
    CORRECTION_ASKED = "correction_asked"
    """补正告知: all corrections were told, once."""
    ACCEPTED = "accepted"
    """受理, 审查: the decision clock runs (art. 42)."""
    SPECIAL_PROCEDURE = "special_procedure"
    """特别程序: hearing, inspection, expert review …; the decision clock stands (art. 45)."""
    GRANTED = "granted"
    """准予: decided; the certificate is being made."""
    ISSUED = "issued"
    """The certificate exists; the delivery clock runs (art. 44)."""
    POSTED = "posted"
    """On its way by post; delivery is proven by the carrier."""
    DELIVERED = "delivered"
    """送达."""
    NOT_ACCEPTED = "not_accepted"
    """不予受理."""
    REFUSED = "refused"
    """不予许可."""
    WITHDRAWN = "withdrawn"
    """撤件."""
    TERMINATED = "terminated"
    """终止."""


class Hand(StrEnum):
    """Who makes an event: the actor of an edge."""

    APPLICANT = "applicant"
    """The applicant or whoever acts for them (agent, legal representative, parent, child)."""
    CLERK = "clerk"
    HEAD = "head"
    BACK_END = "back_end"
    """A value in a government back end, read by a declared rule."""
    CLOCK = "clock"
    """The law's own consequence of time."""
    HOUSE = "house"
    """The counter's own work: making documents, telling people. It never decides."""


@dataclass(frozen=True, slots=True)
class Case:
    """What never changes. ``case_no`` (办件编号, at most 50) is assigned in the transaction that opens the case.

    ``applicant`` is whose matter it is: {"kind": "person" | "organisation", "name", "identity_number" | "credit_code", "phone"};
    ``agent`` who acts for them, if somebody does: {"name", "identity_number", "phone", "as"} (``as``: a ``MandateKind``). Both and
    ``inputs`` are personal: encrypted at rest. ``person_id`` and ``login_id`` are of whoever handed it in, None for a walk-in
    without an account; ``opened_by`` is the clerk who opened it at the window. ``chain_id`` is of who acts, ``principal_chain_id``
    of whose matter it is. ``received_on`` is the legal day of receipt by the office's hours, ``business_on`` the day in Shanghai.
    ``delivery``: window, post or electronic.
    """

    case_id: UUID
    agency_id: UUID
    service: str
    mapping_version: int
    case_no: str
    channel: PlatformName
    app: str
    person_id: UUID | None
    login_id: UUID | None
    chain_id: UUID
    principal_chain_id: UUID
    organisation_id: UUID | None
    mandate_id: UUID | None
    opened_by: UUID | None
    applicant: Mapping[str, str]
    agent: Mapping[str, str] | None
    inputs: Mapping[str, JsonValue]
    delivery: str
    received_at: datetime
    received_on: date
    business_on: date


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One appended event: (case_id, version) is unique, ``state`` is the state after it, ``hand`` who made it.

    ``staff_id`` names the clerk, head or window; ``data`` may be personal: encrypted at rest. Its keys per event stand in ``docs/cases.md``.
    """

    case_id: UUID
    version: int
    name: str
    state: CaseState
    hand: Hand
    at: datetime
    staff_id: UUID | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


CaseRow = tuple[Case, list[CaseEvent]]


@dataclass(frozen=True, slots=True)
class DeskLine:
    """One open (or closed) case on one agency's desk: the read model of queues, written in the transaction of each event.

    A joint case (联合办理) has a line at each agency with a step in it; ``agency_id`` is whose desk, ``lead_agency_id`` whose case.
    ``waits_for``: clerk, head, applicant, house or nobody. ``step`` is the index of the step in hand, -1 for none. ``due_on`` is the
    day of the nearest running clock (``due_clock``), None where none runs; ``claimed_by`` the clerk who has it in hand,
    on the lead agency's line alone. Nothing personal: the applicant's name is found by keyed hash only.
    """

    agency_id: UUID
    case_id: UUID
    lead_agency_id: UUID
    service: str
    case_no: str
    state: CaseState
    version: int
    waits_for: str
    step: int
    due_on: date | None
    due_clock: str
    provisional: bool
    claimed_by: UUID | None
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What an applicant has filled in so far: saved, come back to, handed in as the case with the same id. Personal: encrypted.

    ``content``: {"inputs": {name: text}, "applicant": {"kind": "person"} | {"kind": "organisation", "organisation_id"},
    "mandate_id": id or null, "delivery": window | post | electronic, "address": text or null, "promises": [material names]}.
    """

    draft_id: UUID
    agency_id: UUID
    person_id: UUID
    login_id: UUID
    service: str
    mapping_version: int
    channel: PlatformName
    content: Mapping[str, JsonValue]
    version: int
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the government store, by the SHA-256 of its content. ``owner`` is the draft, case or document that it belongs to.

    ``material`` is the material that it was uploaded as ("" for a document of ours); ``title`` its file name as given (personal).
    """

    file_id: UUID
    agency_id: UUID
    owner: UUID
    material: str
    digest: str
    media_type: str
    size_bytes: int
    title: str
    uploaded_at: datetime
    uploaded_by: str
    """``applicant``, ``staff:<id>`` or ``house``."""


class MandateKind(StrEnum):
    """Why somebody may act for somebody else."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    """法定代表人, as the business register says."""
    AGENT = "agent"
    """经办人, 代理人: authorised by the legal representative or by the person."""
    GUARDIAN = "guardian"
    """A parent for a child under age (Civil Code art. 27, 34), as the population register says."""
    FAMILY = "family"
    """A child of age for an old parent: authorised by the parent, or recorded at the window."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A company or other body. ``credit_code``: 统一社会信用代码 (GB 32100). The name is public, the code is its key."""

    organisation_id: UUID
    agency_id: UUID
    credit_code: str
    name: str
    chain_id: UUID
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Mandate:
    """A recorded, limited, revocable right to act for another.

    ``principal``: {"kind": "person" | "organisation", "name", "identity_number" | "credit_code"} (personal: encrypted).
    ``agent_person_id`` may be unset until the agent has proven who they are: then ``agent`` {"name", "identity_number"} says who it
    will be. ``services`` empty: all. ``recorded_by``: ``person:<id>`` (the legal representative or the principal), ``staff:<id>``
    (window) or ``register:<name>``; ``proof`` says what was checked, against which register, and when.
    """

    mandate_id: UUID
    agency_id: UUID
    kind: MandateKind
    principal: Mapping[str, str]
    principal_chain_id: UUID
    organisation_id: UUID | None
    principal_person_id: UUID | None
    agent: Mapping[str, str]
    agent_person_id: UUID | None
    services: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None
    recorded_by: str
    recorded_at: datetime
    proof: Mapping[str, JsonValue]
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def holds(self, at: datetime, service: str) -> bool:
        """Whether it is in force at this moment for this service."""
        lasts = self.valid_until is None or at < self.valid_until
        return (
            self.revoked_at is None
            and self.valid_from <= at
            and lasts
            and (not self.services or service in self.services)
        )


@dataclass(frozen=True, slots=True)
class Rating:
    """好差评: one of five levels (5 best; 2 and 1 are bad), once per matter and per visit. Who rated is never shown to the rated.

    ``subject`` is the case, payment or visit; ``about`` its kind. ``staff_id`` is who is rated, if somebody is. ``words`` personal.
    """

    rating_id: UUID
    agency_id: UUID
    about: str
    subject: UUID
    service: str
    channel: PlatformName
    level: int
    tags: tuple[str, ...]
    words: str
    person_id: UUID | None
    staff_id: UUID | None
    rated_at: datetime


class ComplaintState(StrEnum):
    """How far a complaint or the follow-up of a bad rating is."""

    OPEN = "open"
    IN_HAND = "in_hand"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    """A mistaken or malicious rating, after appeal, by somebody else than the rated."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """投诉, or the follow-up that a bad real-name rating opens (差评回访): tied to a case, never handled by the handler of the case.

    ``kind``: complaint or bad_rating. ``words`` is personal. ``due_on``: answered by then (five working days where nothing else is set).
    """

    complaint_id: UUID
    agency_id: UUID
    kind: str
    about: str
    subject: UUID
    service: str
    case_no: str
    channel: PlatformName
    person_id: UUID | None
    against: tuple[UUID, ...]
    rating_id: UUID | None
    words: str
    filed_at: datetime
    due_on: date


@dataclass(frozen=True, slots=True)
class ComplaintEvent:
    """One appended event of a complaint; ``data`` (answer, measures) may be personal."""

    complaint_id: UUID
    version: int
    name: str
    state: ComplaintState
    at: datetime
    staff_id: UUID | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeAttempt:
    """One attempt to tell somebody something: which notice of which case, by which rung of the ladder, what became of it.

    ``notice`` is ``<event version>:<kind>``; ``rung``: platform, sms, letter, telephone. ``outcome``: sent, delivered, failed, open (a
    task that waits for a clerk). (case, notice, rung, attempt) is claimed before anything leaves, so that nobody is told twice.
    """

    case_id: UUID
    agency_id: UUID
    notice: str
    rung: str
    attempt: int
    outcome: str
    at: datetime
    proof: Mapping[str, JsonValue] = field(default_factory=dict)
