"""The organisation: agencies as a tree, staff, roles, deputies. Whoever administers it holds no case data; each change is an act."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.console.words import Words, say_rule
from services.errors import Conflict, InputRefused
from services.staff_desk import Staff
from services.staffing import AgencyTree, Role, RoleHeld, StaffMember

ONLY = [Role.ADMINISTRATOR]
TITLE = ("机构与人员", "Organisation")
SHANGHAI_BEHIND = timedelta(hours=8)
blueprint = Blueprint("administration", __name__)


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """One agency in the tree: how deep it lies below the reader's own, its members, the roles held in it."""

    agency_id: UUID
    depth: int
    members: tuple[StaffMember, ...]
    held: tuple[RoleHeld, ...]


@room(blueprint, "/staff", title=TITLE, roles=ONLY, place=82)
def show_staff() -> Response:
    """The tree of the agencies that one administers, with their people."""
    return show_tree()


def show_tree(fault: Words | None = None, status: int = 200) -> Response:
    """The page, with what went wrong."""
    actor = current_actor()
    staff = current_console().staff.list_staff(actor)
    lines = tuple(draw_tree(actor.tree, actor.agencies_as(Role.ADMINISTRATOR), staff))
    return show_page("staff.html", status, title=TITLE, lines=lines, staff=staff, fault=fault)


def draw_tree(tree: AgencyTree, reach: Iterable[UUID], staff: Staff) -> Iterable[AgencyLine]:
    """Agencies within reach, each below its parent."""
    mine = set(reach)

    def walk(agency: UUID, depth: int) -> Iterable[AgencyLine]:
        yield AgencyLine(
            agency, depth, tuple(member for member in staff.members if member.agency_id == agency),
            tuple(held for held in staff.roles if held.agency_id == agency),
        )  # fmt: skip
        for child in sorted((one for one in mine if tree.parents[one] == agency), key=lambda one: tree.slugs[one]):
            yield from walk(child, depth + 1)

    for top in sorted((one for one in mine if tree.parents[one] not in mine), key=lambda one: tree.slugs[one]):
        yield from walk(top, 0)


@room(blueprint, "/staff/<uuid:staff_id>", title=TITLE, roles=ONLY)
def show_member(staff_id: UUID) -> Response:
    """One member: standing, roles, deputies."""
    return show_one(staff_id)


def show_one(staff_id: UUID, fault: Words | None = None, status: int = 200, password: str = "") -> Response:
    """The page of a member; whoever is out of reach is not there."""
    actor = current_actor()
    staff = current_console().staff.list_staff(actor)
    member = staff.of(staff_id)
    if member is None:
        return show_tree(("没有此人，或不在您的管理范围。", "Nobody, or nobody within your reach."), 404)
    return show_page(
        "member.html", status, title=(member.name, member.login), member_shown=member, staff=staff,
        roles=staff.roles_of(staff_id), agencies=actor.agencies_as(Role.ADMINISTRATOR), all_roles=list(Role), fault=fault,
        password=password,
    )  # fmt: skip


@room(blueprint, "/staff/add", title=TITLE, roles=ONLY, methods=["POST"], act="staff.add")
def add_member() -> Response:
    """A new member; the one-time password is shown on the page that answers, and nowhere else."""
    try:
        agency_id = read_id("agency_id")
        member, password = current_console().staff.add(
            current_actor(), agency_id, request.form.get("login", "").strip(), request.form.get("name", "")
        )
    except (InputRefused, Conflict) as refused:
        return show_tree(say_rule(refused.detail), 422)
    return show_one(member.staff_id, password=password)


@room(blueprint, "/staff/<uuid:staff_id>/move", title=TITLE, roles=ONLY, methods=["POST"], act="staff.move")
def move_member(staff_id: UUID) -> Response:
    """Into another agency."""
    return change(staff_id, lambda: current_console().staff.move(current_actor(), staff_id, read_id("agency_id")))


@room(blueprint, "/staff/<uuid:staff_id>/suspend", title=TITLE, roles=ONLY, methods=["POST"], act="staff.suspend")
def suspend_member(staff_id: UUID) -> Response:
    """Let in no more."""
    reason = request.form.get("reason", "")
    return change(staff_id, lambda: current_console().staff.suspend(current_actor(), staff_id, reason))


@room(blueprint, "/staff/<uuid:staff_id>/restore", title=TITLE, roles=ONLY, methods=["POST"], act="staff.restore")
def restore_member(staff_id: UUID) -> Response:
    """Let in again."""
    return change(staff_id, lambda: current_console().staff.restore(current_actor(), staff_id))


@room(blueprint, "/staff/<uuid:staff_id>/grant", title=TITLE, roles=ONLY, methods=["POST"], act="staff.grant")
def grant_role(staff_id: UUID) -> Response:
    """Give a role in an agency, perhaps with an end."""

    def grant() -> None:
        until = read_day("until") if request.form.get("until") else None
        current_console().staff.grant(current_actor(), staff_id, read_id("agency_id"), read_role(), until)

    return change(staff_id, grant)


@room(
    blueprint, "/staff/<uuid:staff_id>/revoke/<uuid:grant_id>", title=TITLE, roles=ONLY, methods=["POST"], act="staff.revoke"
)  # fmt: skip
def revoke_role(staff_id: UUID, grant_id: UUID) -> Response:
    """Take a role away."""
    return change(staff_id, lambda: current_console().staff.revoke(current_actor(), grant_id))


@room(
    blueprint, "/staff/<uuid:staff_id>/deputy/<uuid:grant_id>", title=TITLE, roles=ONLY, methods=["POST"], act="staff.deputy"
)  # fmt: skip
def name_deputy(staff_id: UUID, grant_id: UUID) -> Response:
    """Let somebody else stand in for a role until a day."""

    def name() -> None:
        current_console().staff.name_deputy(current_actor(), grant_id, read_id("deputy_id"), read_day("until"))

    return change(staff_id, name)


@room(
    blueprint, "/staff/<uuid:staff_id>/password", title=TITLE, roles=ONLY, methods=["POST"], act="staff.reset_password"
)  # fmt: skip
def reset_password(staff_id: UUID) -> Response:
    """A fresh one-time password, shown once."""
    try:
        password = current_console().staff.reset_password(
            current_actor(), staff_id, codes_too=request.form.get("codes_too") == "yes"
        )
    except Conflict as refused:
        return show_one(staff_id, say_rule(refused.detail), 409)
    return show_one(staff_id, password=password)


@room(
    blueprint, "/staff/<uuid:staff_id>/subject", title=TITLE, roles=ONLY, methods=["POST"], act="staff.bind_subject"
)  # fmt: skip
def bind_subject(staff_id: UUID) -> Response:
    """Name the person's subject at the OpenID provider."""
    subject = request.form.get("subject", "").strip()
    return change(staff_id, lambda: current_console().staff.bind_subject(current_actor(), staff_id, subject))


@room(
    blueprint, "/staff/<uuid:staff_id>/identity", title=TITLE, roles=ONLY, methods=["POST"], act="staff.set_identity"
)  # fmt: skip
def set_identity(staff_id: UUID) -> Response:
    """Keep a keyed hash of the person's identity number, so that they handle no matter of their own; it is never shown again."""
    number = request.form.get("identity_number", "").strip()
    return change(staff_id, lambda: current_console().staff.set_identity(current_actor(), staff_id, number))


def change(staff_id: UUID, act: Callable[[], object]) -> Response:
    """Do it and go back to the member; a rule that forbids it is said on the member's page."""
    try:
        act()
    except InputRefused as refused:
        return show_one(staff_id, say_rule(refused.detail), 422)
    except Conflict as refused:
        return show_one(staff_id, say_rule(refused.detail), 409)
    return see_other(f"/staff/{staff_id}")


def read_id(field: str) -> UUID:
    """An id of a form's list. Raises ``InputRefused``."""
    try:
        return UUID(request.form.get(field, ""))
    except ValueError:
        raise InputRefused(detail={field: "not_a_choice"}) from None


def read_role() -> Role:
    """A role of a form's list. Raises ``InputRefused``."""
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise InputRefused(detail={"role": "not_a_choice"}) from None


def read_day(field: str) -> datetime:
    """The end of a day in China: from the next midnight on it is over. Raises ``InputRefused``."""
    try:
        day = datetime.strptime(request.form.get(field, ""), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone; its end gets one
        return datetime.combine(day, time(), UTC) + timedelta(days=1) - SHANGHAI_BEHIND
    except (ValueError, OverflowError):
        raise InputRefused(detail={field: "not_a_date"}) from None
