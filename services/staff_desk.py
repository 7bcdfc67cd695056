"""The administration of the organisation: who belongs where, who may do what, who stands in for whom. Holds no case data.

Each change is one transaction with its Act in it, upon a hold of the whole organisation, so that two administrators who decide at
once do not together do what neither may. Sessions of the person concerned end after the commit; their roles are read at each request
anyway. ``actor`` is None for the operator on the command line, who stands above the agencies' reach and below all other rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.console_ports import ConsoleStore, ConsoleTransaction, PasswordHasher, StaffSessions
from services.errors import InputRefused, NotPermitted
from services.identity import read_identity_number
from services.ports import Clock
from services.staff_rules import (
    read_name,
    read_new_login,
    read_remark,
    refuse,
    require_administrator,
    require_combinable,
    require_deputy,
    require_known,
    require_other_person,
    require_root_administrator_left,
)
from services.staff_sign_in import ONE_TIME_PASSWORD, mark_temporary
from services.staffing import Act, Actor, Role, RoleHeld, StaffMember
from services.till import business_day

By = Actor | None


@dataclass(frozen=True, slots=True)
class Staff:
    """The staff that an administrator reaches, with their roles now and to come."""

    members: tuple[StaffMember, ...]
    roles: tuple[RoleHeld, ...]

    def of(self, staff_id: UUID) -> StaffMember | None:
        """One of them."""
        return next((member for member in self.members if member.staff_id == staff_id), None)

    def roles_of(self, staff_id: UUID) -> tuple[RoleHeld, ...]:
        """The roles of one of them."""
        return tuple(held for held in self.roles if held.staff_id == staff_id)


@dataclass(frozen=True, slots=True)
class StaffDesk:
    """``new_password()`` gives a one-time password. All changes raise ``NotPermitted``, ``Conflict``, ``StoreUnavailable``."""

    store: ConsoleStore
    sessions: StaffSessions
    hasher: PasswordHasher
    clock: Clock
    new_id: Callable[[], UUID]
    new_password: Callable[[], str]

    def list_staff(self, actor: By) -> Staff:
        """Members within the actor's reach, and the roles that they hold or that are held there."""
        with self.store.begin(tuple(self.store.agency_tree().parents)) as tx:
            members, roles = tx.staff.list_members(), tx.staff.list_roles()
        if actor is not None:
            reach = set(actor.agencies_as(Role.ADMINISTRATOR))
            members = [member for member in members if member.agency_id in reach]
            known = {member.staff_id for member in members}
            roles = [held for held in roles if held.agency_id in reach and held.staff_id in known]
        return Staff(tuple(sorted(members, key=lambda one: one.login)), tuple(roles))

    def add(self, actor: By, agency_id: UUID, login: str, name: str) -> tuple[StaffMember, str]:
        """A new member with a one-time password, which is told here and nowhere else. Raises ``InputRefused``, ``Conflict``."""
        member = StaffMember(self.new_id(), agency_id, read_new_login(login), read_name(name), self.clock.now())
        password = self.new_password()
        kept = self._hash_one_time(password)
        with self._changing(actor, agency_id) as tx:
            if tx.staff.find_by_login(member.login) is not None:
                raise refuse("login_taken")
            by = _id_of(actor)
            tx.staff.add(member, by)
            tx.staff.set_password(member.staff_id, kept, by, self.clock.now())
            self._note(tx, actor, "staff.add", agency_id, member.staff_id)
        return member, password

    def move(self, actor: By, staff_id: UUID, agency_id: UUID) -> None:
        """Bring a member into another agency. Roles stay where they are held: they are revoked by themselves."""
        with self._changing_member(actor, staff_id, agency_id) as (tx, member):
            if member.agency_id == agency_id:
                raise refuse("nothing_changes")
            tx.staff.move(staff_id, agency_id, _id_of(actor), self.clock.now())
            come_from = str(member.agency_id)
            self._note(tx, actor, "staff.move", agency_id, staff_id, **{"from": come_from, "to": str(agency_id)})

    def suspend(self, actor: By, staff_id: UUID, reason: str = "") -> None:
        """Let somebody in no more, from this moment on. The last administrator of the root cannot be."""
        told = read_remark(reason)
        with self._changing_member(actor, staff_id) as (tx, member):
            if member.suspended_at is not None:
                raise refuse("suspended")
            self._require_reach_over_roles(actor, tx, staff_id)
            now = self.clock.now()
            tx.staff.suspend(staff_id, _id_of(actor), now)
            self._require_administrator_left(tx, tx.staff.list_roles(staff_id))
            self._note(tx, actor, "staff.suspend", member.agency_id, staff_id, told)

    def restore(self, actor: By, staff_id: UUID) -> None:
        """Let somebody in again, with the roles that they still hold."""
        with self._changing_member(actor, staff_id) as (tx, member):
            if member.suspended_at is None:
                raise refuse("not_suspended")
            self._require_reach_over_roles(actor, tx, staff_id)
            tx.staff.restore(staff_id, _id_of(actor), self.clock.now())
            self._note(tx, actor, "staff.restore", member.agency_id, staff_id)

    def grant(self, actor: By, staff_id: UUID, agency_id: UUID, role: Role, until: datetime | None = None) -> RoleHeld:
        """Give a role in an agency. Nobody gives themselves one; administrators hold no cases."""
        now = self.clock.now()
        held = RoleHeld(self.new_id(), staff_id, agency_id, role, now, until)
        with self._changing_member(actor, staff_id, agency_id) as (tx, member):
            if member.suspended_at is not None:
                raise refuse("suspended")
            if until is not None and until <= now:
                raise refuse("end_in_the_past")
            present = tx.staff.list_roles(staff_id)
            require_combinable(role, present)
            if any(_same(one, held) and one.deputising_for is None for one in present):
                raise refuse("role_held_already")
            tx.staff.grant(held, _id_of(actor))
            self._note(tx, actor, "staff.grant", agency_id, staff_id, role=role.value, grant=str(held.grant_id))
        return held

    def revoke(self, actor: By, grant_id: UUID) -> None:
        """Take a role away, and with it what deputies hold of it."""
        with self._changing(actor) as tx:
            held = self._find_grant(tx, actor, grant_id)
            ending = [held, *_list_deputies(tx, held)]
            for one in ending:
                tx.staff.revoke(one.grant_id, _id_of(actor), self.clock.now())
                self._note(tx, actor, "staff.revoke", one.agency_id, one.staff_id, role=one.role.value)
            self._require_administrator_left(tx, ending)
        for staff_id in {one.staff_id for one in ending}:
            self.sessions.delete_all(staff_id)

    def name_deputy(self, actor: By, grant_id: UUID, deputy_id: UUID, until: datetime) -> RoleHeld:
        """Let somebody stand in for another's role until a moment, under their own name; never more than that role, never passed on."""
        with self._changing(actor) as tx:
            held = self._find_grant(tx, actor, grant_id)
            deputy = require_known(tx.staff.load(deputy_id))
            self._require_reach(actor, deputy.agency_id)
            if actor is not None:
                require_other_person(actor, deputy_id)
            require_deputy(held, deputy, until, self.clock.now())
            present = tx.staff.list_roles(deputy_id)
            require_combinable(held.role, present)
            made = RoleHeld(self.new_id(), deputy_id, held.agency_id, held.role, self.clock.now(), until, held.staff_id)
            if any(_same(one, made) for one in present):
                raise refuse("role_held_already")
            tx.staff.grant(made, _id_of(actor))
            self._note(
                tx, actor, "staff.deputy", held.agency_id, deputy_id, role=held.role.value,
                deputising_for=str(held.staff_id), until=until.isoformat(),
            )  # fmt: skip
        self.sessions.delete_all(deputy_id)
        return made

    def reset_password(self, actor: By, staff_id: UUID, *, codes_too: bool = False) -> str:
        """A fresh one-time password, told here and nowhere else; with ``codes_too`` the authenticator is enrolled anew as well."""
        password = self.new_password()
        kept = self._hash_one_time(password)
        with self._changing_member(actor, staff_id) as (tx, member):
            self._require_reach_over_roles(actor, tx, staff_id)
            now, by = self.clock.now(), _id_of(actor)
            tx.staff.set_password(staff_id, kept, by, now)
            if codes_too:
                tx.staff.set_one_time_secret(staff_id, "", by, now)
            self._note(tx, actor, "staff.reset_password", member.agency_id, staff_id, codes_too=codes_too)
        return password

    def bind_subject(self, actor: By, staff_id: UUID, subject: str) -> None:
        """Name the person's ``sub`` at the OpenID provider."""
        if not 1 <= len(subject) <= 255 or not subject.isascii() or not subject.isprintable():
            raise InputRefused(detail={"subject": "not_a_subject"})
        with self._changing_member(actor, staff_id) as (tx, member):
            self._require_reach_over_roles(actor, tx, staff_id)
            if tx.staff.find_by_subject(subject) is not None:
                raise refuse("subject_taken")
            tx.staff.bind_subject(staff_id, subject, _id_of(actor), self.clock.now())
            self._note(tx, actor, "staff.bind_subject", member.agency_id, staff_id)

    def set_identity(self, actor: By, staff_id: UUID, number: str) -> None:
        """Keep a keyed hash of a member's identity number, so that they handle no matter of their own. Raises ``InputRefused``."""
        told = read_identity_number(number, business_day(self.clock.now()))
        with self._changing_member(actor, staff_id) as (tx, member):
            tx.staff.set_identity(staff_id, told, _id_of(actor), self.clock.now())
            self._note(tx, actor, "staff.set_identity", member.agency_id, staff_id)

    @contextmanager
    def _changing(self, actor: By, *agencies: UUID) -> Iterator[ConsoleTransaction]:
        """One change at a time, over the whole organisation: rules look beyond the reach of whoever asks."""
        tree = self.store.agency_tree()
        if any(agency not in tree.parents for agency in agencies):
            raise NotPermitted
        self._require_reach(actor, *agencies)
        with self.store.begin(tuple(tree.parents)) as tx:
            tx.staff.hold()
            yield tx

    @contextmanager
    def _changing_member(
        self, actor: By, staff_id: UUID, *agencies: UUID
    ) -> Iterator[tuple[ConsoleTransaction, StaffMember]]:
        """Change another member, whose agency and these agencies are reached; their sessions end after the commit."""
        with self._changing(actor, *agencies) as tx:
            member = require_known(tx.staff.load(staff_id))
            self._require_reach(actor, member.agency_id)
            if actor is not None:
                require_other_person(actor, staff_id)
            yield tx, member
        self.sessions.delete_all(staff_id)

    def _find_grant(self, tx: ConsoleTransaction, actor: By, grant_id: UUID) -> RoleHeld:
        held = next((one for one in tx.staff.list_roles() if one.grant_id == grant_id), None)
        if held is None:
            raise NotPermitted
        self._require_reach(actor, held.agency_id)
        if actor is not None:
            require_other_person(actor, held.staff_id)
        return held

    def _require_reach(self, actor: By, *agencies: UUID) -> None:
        if actor is not None:
            require_administrator(actor, *agencies)

    def _require_reach_over_roles(self, actor: By, tx: ConsoleTransaction, staff_id: UUID) -> None:
        """Whoever could enter as somebody, or shut them out, must reach all that this person holds: else a child rules its parent."""
        self._require_reach(actor, *(held.agency_id for held in tx.staff.list_roles(staff_id)))

    def _require_administrator_left(self, tx: ConsoleTransaction, touched: Iterable[RoleHeld]) -> None:
        """Asked only if an administrator's role is touched: an organisation that never had one can still be put in order."""
        if all(held.role is not Role.ADMINISTRATOR for held in touched):
            return
        tree, now = self.store.agency_tree(), self.clock.now()
        require_root_administrator_left(tree, tx.staff.holders(Role.ADMINISTRATOR), tx.staff.list_members(), now)

    def _hash_one_time(self, password: str) -> str:
        return mark_temporary(self.hasher.hash(password), self.clock.now() + ONE_TIME_PASSWORD)

    def _note(
        self, tx: ConsoleTransaction, actor: By, act: str, agency_id: UUID, staff_id: UUID, reason: str = "",
        **detail: str | bool,
    ) -> None:  # fmt: skip
        tx.acts.append(
            Act(
                self.new_id(),
                agency_id,
                self.clock.now(),
                _id_of(actor),
                act,
                "staff",
                str(staff_id),
                reason,
                dict(detail),
            )
        )


def _id_of(actor: By) -> UUID | None:
    return actor.member.staff_id if actor is not None else None


def _same(one: RoleHeld, other: RoleHeld) -> bool:
    return (one.role, one.agency_id) == (other.role, other.agency_id)


def _list_deputies(tx: ConsoleTransaction, held: RoleHeld) -> list[RoleHeld]:
    """Who holds this very role in somebody's stead; none if that one is a deputy too."""
    if held.deputising_for is not None:
        return []
    return [one for one in tx.staff.list_roles() if one.deputising_for == held.staff_id and _same(one, held)]
