"""Rules of the organisation: which roles one person may hold together, who may change whose, what is left of a deputy's role.

Pure. Each refusal is a ``Conflict`` or ``NotPermitted`` whose detail holds ``{"rule": code}``: the console has a sentence for each code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from services.errors import Conflict, InputRefused, NotPermitted
from services.staffing import Actor, AgencyTree, Role, RoleHeld, StaffMember

CASE_ROLES = frozenset({Role.CLERK, Role.HEAD})
"""Roles that read cases; whoever decides who holds them may not be one of them (separation of duties, GB/T 22239 8.1.6)."""
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]")
PASSWORD_CHARACTERS = (12, 128)
REASON_CHARACTERS = (4, 500)
REASON_LENGTH = "too_short_or_long"
SELF_CHANGE, OWN_PRINCIPAL = "not_oneself", "not_whom_one_deputises_for"
ADMINISTRATOR_AND_CASES = "administrator_holds_no_cases"
LAST_ADMINISTRATOR = "last_administrator_of_the_root"


def refuse(rule: str) -> Conflict:
    """The refusal of a change that the rules of the organisation do not allow."""
    return Conflict(detail={"rule": rule})


def require_administrator(actor: Actor, *agencies: UUID) -> None:
    """Raise ``NotPermitted`` unless the actor's role of administrator reaches each of these agencies."""
    for agency in agencies:
        actor.require([Role.ADMINISTRATOR], agency)


def require_other_person(actor: Actor, staff_id: UUID) -> None:
    """Raise ``Conflict`` if somebody would change their own standing, or that of the one whose administrator's role they only hold."""
    if staff_id == actor.member.staff_id:
        raise refuse(SELF_CHANGE)
    principals = {held.deputising_for for held in actor.roles if held.role is Role.ADMINISTRATOR}
    if None not in principals and staff_id in principals:
        raise refuse(OWN_PRINCIPAL)


def require_combinable(role: Role, held: Iterable[RoleHeld]) -> None:
    """Raise ``Conflict`` if this role and one that the person holds (now or later, anywhere) exclude each other."""
    roles = {one.role for one in held}
    if (role is Role.ADMINISTRATOR and roles & CASE_ROLES) or (role in CASE_ROLES and Role.ADMINISTRATOR in roles):
        raise refuse(ADMINISTRATOR_AND_CASES)


def require_root_administrator_left(
    tree: AgencyTree, administrators: Iterable[RoleHeld], members: Iterable[StaffMember], at: datetime
) -> None:
    """Raise ``Conflict`` if nobody is left who administers a root without an end and by their own right."""
    active = {member.staff_id for member in members if member.suspended_at is None}
    lasting = {
        held.agency_id
        for held in administrators
        if held.staff_id in active and held.deputising_for is None and held.until is None and held.is_in_force(at)
    }
    roots = {agency for agency, parent in tree.parents.items() if parent is None}
    if not roots <= lasting:
        raise refuse(LAST_ADMINISTRATOR)


def list_in_force(
    roles: Iterable[RoleHeld], at: datetime, roles_of: Callable[[UUID], Iterable[RoleHeld]],
    is_active: Callable[[UUID], bool], tree: AgencyTree,
) -> tuple[RoleHeld, ...]:  # fmt: skip
    """Roles in force at a moment. A deputy's role lasts while the one deputised for is active and holds it by their own right."""

    def stands(held: RoleHeld) -> bool:
        if held.deputising_for is None:
            return True
        return is_active(held.deputising_for) and any(
            own.role is held.role
            and own.deputising_for is None
            and own.is_in_force(at)
            and tree.reaches(own.agency_id, held.agency_id)
            for own in roles_of(held.deputising_for)
        )

    return tuple(held for held in roles if held.is_in_force(at) and stands(held))


def require_deputy(held: RoleHeld, deputy: StaffMember, until: datetime, at: datetime) -> None:
    """Raise ``Conflict`` if this person cannot stand in for this role until then: never more than the role itself, never passed on."""
    if held.deputising_for is not None:
        raise refuse("a_deputy_names_no_deputy")
    if not held.is_in_force(at):
        raise refuse("role_not_in_force")
    if deputy.staff_id == held.staff_id:
        raise refuse("no_deputy_of_oneself")
    if deputy.suspended_at is not None:
        raise refuse("suspended")
    if until <= at:
        raise refuse("end_in_the_past")
    if held.until is not None and until > held.until:
        raise refuse("longer_than_the_role")


def read_new_login(login: str) -> str:
    """A login for a new member. Raises ``InputRefused``: 3 to 40 lower-case letters, digits, dots, hyphens, underscores."""
    if not LOGIN.fullmatch(login):
        raise InputRefused(detail={"login": "not_a_login"})
    return login


def tidy_login(text: str) -> str:
    """A login in its one form; what can be none becomes one that nobody has."""
    login = text.strip().lower()
    return login if LOGIN.fullmatch(login) else "?"


def read_name(name: str) -> str:
    """The name of a member: 1 to 40 characters of one line. Raises ``InputRefused``."""
    text = " ".join(unicodedata.normalize("NFC", name).split())
    if not 1 <= len(text) <= 40 or any(unicodedata.category(character)[0] == "C" for character in text):
        raise InputRefused(detail={"name": "not_a_name"})
    return text


def read_password(password: str, login: str) -> str:
    """A password that may be set (NFC). Raises ``InputRefused``: 12 to 128 characters, at least 6 different ones, not the login in it."""
    text = unicodedata.normalize("NFC", password)
    low, high = PASSWORD_CHARACTERS
    if not low <= len(text) <= high or len(set(text)) < 6 or login.casefold() in text.casefold():
        raise InputRefused(detail={"password": "too_weak"})
    return text


def read_reason(reason: str) -> str:
    """What somebody gives as a reason where one is needed: 4 to 500 characters of one line. Raises ``InputRefused``."""
    text = read_remark(reason)
    if len(text) < REASON_CHARACTERS[0]:
        raise InputRefused(detail={"reason": REASON_LENGTH})
    return text


def read_remark(reason: str) -> str:
    """What somebody may say where no reason is needed: nothing, or at most 500 characters of one line. Raises ``InputRefused``."""
    text = " ".join(
        "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in reason).split()
    )
    if len(text) > REASON_CHARACTERS[1]:
        raise InputRefused(detail={"reason": REASON_LENGTH})
    return text


def require_known(member: StaffMember | None) -> StaffMember:
    """The member, or ``NotPermitted``: whether somebody outside one's reach exists is not said."""
    if member is None:
        raise NotPermitted
    return member
