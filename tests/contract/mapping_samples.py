"""Versions and events of mappings, members of the staff and applications, for the suites of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.application_record import Application, ApplicationEvent, ApplicationState
from services.mapping_record import MappingAct, MappingEvent, MappingVersion, digest_mapping
from services.model import JsonValue, PlatformName
from services.staffing import Act, Role, RoleHeld, StaffMember
from tests.contract.samples import GAS, NOW


def make_version(
    agency_id: UUID, version: int = 1, content: bytes = b"id: gas-bill\n", service: str = GAS,
    documents: Mapping[str, bytes] | None = None, by: UUID | None = None,
) -> MappingVersion:  # fmt: skip
    """A version with its true digest."""
    files = dict(documents or {})
    return MappingVersion(agency_id, service, version, content, files, digest_mapping(content, files), NOW, by)


def make_mapping_event(
    agency_id: UUID, number: int, act: MappingAct, version: int = 1, service: str = GAS, at: datetime = NOW,
    **data: JsonValue,
) -> MappingEvent:  # fmt: skip
    """An event of a service by nobody in particular."""
    return MappingEvent(agency_id, service, number, act, version, at, None, "reason", data)


def make_member(agency_id: UUID, at: datetime = NOW, **changes: object) -> StaffMember:
    """Somebody whom no store knows yet."""
    cells: dict[str, Any] = {
        "staff_id": make_id(at), "agency_id": agency_id, "login": f"li-{uuid4().hex[:12]}", "name": "李工", "created_at": at,
    }  # fmt: skip
    return StaffMember(**(cells | changes))


def make_role(member: StaffMember, role: Role, at: datetime = NOW, **changes: object) -> RoleHeld:
    """A role of this person in their own agency."""
    cells: dict[str, Any] = {
        "grant_id": make_id(at), "staff_id": member.staff_id, "agency_id": member.agency_id, "role": role, "since": at,
    }  # fmt: skip
    return RoleHeld(**(cells | changes))


def make_act(agency_id: UUID, at: datetime = NOW, **changes: object) -> Act:
    """Something that somebody did."""
    cells: dict[str, Any] = {
        "act_id": make_id(at), "agency_id": agency_id, "at": at, "staff_id": uuid4(), "act": "application.read",
        "subject_kind": "application", "subject_id": str(uuid4()), "reason": "来电咨询", "detail": {"state": "accepted"},
    }  # fmt: skip
    return Act(**(cells | changes))


def make_application(
    agency_id: UUID, person_id: UUID | None = None, at: datetime = NOW, **changes: object
) -> Application:
    """An application that no store has yet."""
    cells: dict[str, Any] = {
        "application_id": make_id(at), "agency_id": agency_id, "service": "proof-paper", "mapping_version": 3,
        "person_id": person_id or make_id(at), "login_id": make_id(at), "chain_id": uuid4(),
        "platform": PlatformName.WECHAT, "app": "wechat-main", "application_no": uuid4().hex,
        "applicant": {"name": "欧阳金丝雀", "identity_number": "110101199003077777", "phone": "13812345678"},
        "inputs": {"address": "幸福路九十九号", "copies": 2}, "created_at": at, "business_on": date(2026, 11, 24),
    }  # fmt: skip
    return Application(**(cells | changes))


def make_application_event(
    application: Application, version: int, state: ApplicationState = ApplicationState.INTENDED, **data: JsonValue
) -> ApplicationEvent:
    """An event of an application."""
    return ApplicationEvent(application.application_id, version, f"step_{version}", state, NOW, data)
