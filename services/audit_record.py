"""What the auditor asks of the store beside the book of acts: random samples, looks that stand out, changes of roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import JsonValue
from services.reading_record import Reading


@dataclass(frozen=True, slots=True)
class SampledCase:
    """A case that was drawn: nothing personal."""

    case_id: UUID
    agency_id: UUID
    service: str
    case_no: str
    state: str
    business_on: date


@dataclass(frozen=True, slots=True)
class StaffChange:
    """One appended event of a member of the staff: added, moved, suspended, role_granted, role_revoked … ``by`` None: the command line."""

    event_id: UUID
    agency_id: UUID
    staff_id: UUID
    name: str
    at: datetime
    by: UUID | None
    data: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class CopiedReason:
    """One reason that one member of the staff gave for several people's material: ``example`` is the latest of these looks."""

    staff_id: UUID
    looks: int
    subjects: int
    example: Reading


class LookKind(StrEnum):
    """What makes a look stand out."""

    WITHOUT_CASE = "without_case"
    """By somebody who made no event of the case and does not have it in hand."""
    ELSEWHERE = "elsewhere"
    """By somebody whose own agency neither leads the case nor has a step in it."""
    BARE = "bare"
    """Without a reason."""


class AuditStore(Protocol):
    """Reads only, within the agencies of the transaction."""

    def draw_cases(
        self, agencies: Sequence[UUID], since: date, until: date, seed: str, size: int, *, service: str | None = None,
        states: Sequence[str] = (),
    ) -> list[SampledCase]:  # fmt: skip
        """The cases received from ``since`` till ``until`` whose SHA-256 of ``<seed>:<case id>`` is smallest, the smallest first."""
        ...

    def list_looks(
        self, agencies: Sequence[UUID], since: datetime, limit: int, before: UUID | None, *, acts: Sequence[str],
        kind: LookKind | None = None, staff_id: UUID | None = None,
    ) -> list[Reading]:  # fmt: skip
        """Looks by these acts since then, newest first; ``kind`` None: all of them."""
        ...

    def list_copied(
        self, agencies: Sequence[UUID], since: datetime, acts: Sequence[str], least: int, limit: int
    ) -> list[CopiedReason]:
        """Reasons that one person gave in the same letters for at least ``least`` different subjects since then; the most first."""
        ...

    def list_staff_changes(self, agencies: Sequence[UUID], limit: int, before: UUID | None) -> list[StaffChange]:
        """Newest first."""
        ...
