"""The organisation: agencies as a tree, staff, the roles they hold in an agency, and who may do what where.

Pure rules. A role is held *in* an agency and reaches that agency and all below it, never a sibling or the one above. Default deny:
what no rule here grants is refused. A deputy (代理人) holds another's role for a time, under their own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.errors import NotPermitted
from services.model import JsonValue


class Role(StrEnum):
    """What somebody is in an agency."""

    IT = "it"
    CLERK = "clerk"
    HEAD = "head"
    SUPERVISOR = "supervisor"
    FINANCE = "finance"
    PRIVACY = "privacy"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class AgencyTree:
    """All agencies: id → parent id (None for the root), the slug of each, and its name by language."""

    parents: Mapping[UUID, UUID | None]
    slugs: Mapping[UUID, str]
    names: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict)

    def name(self, agency: UUID, language: str = "zh-CN") -> str:
        """What an agency is called; its slug if it has no name in this language."""
        return self.names.get(agency, {}).get(language) or self.slugs.get(agency, str(agency))

    def reaches(self, holder: UUID, agency: UUID) -> bool:
        """Whether what is held in ``holder`` holds in ``agency`` too: the same one, or one below it."""
        seen: UUID | None = agency
        while seen is not None:
            if seen == holder:
                return True
            seen = self.parents.get(seen)
        return False

    def below(self, holder: UUID) -> tuple[UUID, ...]:
        """``holder`` and every agency below it."""
        return tuple(agency for agency in self.parents if self.reaches(holder, agency))


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One of the staff. ``login`` is unique; ``agency_id`` is where the person belongs (roles may lie elsewhere)."""

    staff_id: UUID
    agency_id: UUID
    login: str
    name: str
    created_at: datetime
    suspended_at: datetime | None = None
    subject: str | None = None
    """The person's ``sub`` at the OpenID provider, if there is one."""


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A role that somebody holds in an agency; ``deputising_for`` names whose it is, ``until`` when it ends by itself."""

    grant_id: UUID
    staff_id: UUID
    agency_id: UUID
    role: Role
    since: datetime
    until: datetime | None = None
    deputising_for: UUID | None = None

    def is_in_force(self, at: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in the console: one member of the staff with the roles in force at this request."""

    member: StaffMember
    roles: tuple[RoleHeld, ...]
    tree: AgencyTree
    request_id: str

    def holds(self, role: Role, agency: UUID) -> bool:
        """Whether one of the roles reaches this agency."""
        return any(held.role is role and self.tree.reaches(held.agency_id, agency) for held in self.roles)

    def holds_any(self, roles: Iterable[Role], agency: UUID) -> bool:
        """Whether any of these roles reaches this agency."""
        return any(self.holds(role, agency) for role in roles)

    def require(self, roles: Iterable[Role], agency: UUID) -> None:
        """Raise ``NotPermitted`` unless one of these roles reaches this agency."""
        if not self.holds_any(tuple(roles), agency):
            raise NotPermitted

    def agencies_as(self, *roles: Role) -> tuple[UUID, ...]:
        """Every agency that one of these roles reaches: the scope of a list, and of row-level security."""
        reached = {agency for held in self.roles if held.role in roles for agency in self.tree.below(held.agency_id)}
        return tuple(agency for agency in self.tree.parents if agency in reached)

    def reach_as(self, *roles: Role) -> tuple[UUID, ...]:
        """The same; raises ``NotPermitted`` if there is none."""
        agencies = self.agencies_as(*roles)
        if not agencies:
            raise NotPermitted
        return agencies

    def narrow_reach(self, agency_id: UUID | None, *roles: Role) -> tuple[UUID, ...]:
        """One agency with those below it, all of them in reach; without it everything in reach. Raises ``NotPermitted``."""
        agencies = self.reach_as(*roles)
        if agency_id is None:
            return agencies
        if agency_id not in agencies:
            raise NotPermitted
        return tuple(one for one in self.tree.below(agency_id) if one in agencies)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that one of the staff did or read: appended, never edited. ``detail`` holds codes and ids, never a personal value.

    ``act`` is a code such as ``mapping.publish``, ``application.read``, ``person.search``; ``reason`` is what the person wrote.
    """

    act_id: UUID
    agency_id: UUID
    at: datetime
    staff_id: UUID | None
    act: str
    subject_kind: str = ""
    subject_id: str = ""
    reason: str = ""
    detail: Mapping[str, JsonValue] = field(default_factory=dict)
