"""Staff and the roles that they hold. Every change of a row appends an event in the same transaction.

Hashes of passwords and secrets of one-time codes are encrypted. Only the step of the last one-time code changes without an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.exc import IntegrityError

from adapters.ids import make_id
from adapters.stores.cells import open_optional, seal_text
from adapters.stores.connection import is_taken
from adapters.stores.keyring import Keyring
from adapters.stores.tables.staff import staff, staff_events, staff_identities, staff_roles
from services.errors import Conflict, NotFound
from services.model import JsonValue
from services.ports import Clock
from services.staffing import Role, RoleHeld, StaffMember

_IDENTITY = "staff_identity"
_HOLD = text("SELECT pg_advisory_xact_lock(hashtext('guitai_staff'))")


class SqlStaffStore:
    """``console_ports.StaffStore`` within one transaction. What lies outside its agencies is ``NotFound``."""

    def __init__(self, connection: Connection, keyring: Keyring, clock: Clock) -> None:
        self._connection = connection
        self._keyring = keyring
        self._clock = clock

    def hold(self) -> None:
        self._connection.execute(_HOLD)

    def add(self, member: StaffMember, by: UUID | None) -> None:
        """See the port; the transaction is lost after ``Conflict``."""
        self._write(
            insert(staff).values(
                agency_id=member.agency_id, staff_id=member.staff_id, login=member.login, name=member.name,
                created_at=member.created_at, suspended_at=member.suspended_at, subject=member.subject,
            )
        )  # fmt: skip
        self._note(member.agency_id, member.staff_id, "added", member.created_at, by, {"login": member.login})

    def load(self, staff_id: UUID) -> StaffMember | None:
        return self._find(staff.c.staff_id == staff_id)

    def find_by_login(self, login: str) -> StaffMember | None:
        return self._find(staff.c.login == login)

    def find_by_subject(self, subject: str) -> StaffMember | None:
        return self._find(staff.c.subject == subject)

    def list_members(self) -> list[StaffMember]:
        """By their logins."""
        return [_read_member(row) for row in self._connection.execute(select(staff).order_by(staff.c.login))]

    def move(self, staff_id: UUID, agency_id: UUID, by: UUID | None, at: datetime) -> None:
        """Into another agency; the event stands in the one that is left. Raises ``Conflict`` if the person is there already."""
        row = self._hold(staff_id)
        if row.agency_id == agency_id:
            raise Conflict("the person belongs to this agency already")
        self._note(row.agency_id, staff_id, "moved", at, by, {"to": str(agency_id)})
        self._change(staff_id, agency_id=agency_id)

    def suspend(self, staff_id: UUID, by: UUID | None, at: datetime) -> None:
        """Raises ``Conflict`` if the person is suspended already."""
        row = self._hold(staff_id)
        if row.suspended_at is not None:
            raise Conflict("the person is suspended already")
        self._change(staff_id, suspended_at=at)
        self._note(row.agency_id, staff_id, "suspended", at, by)

    def restore(self, staff_id: UUID, by: UUID | None, at: datetime) -> None:
        """Raises ``Conflict`` if the person is not suspended."""
        row = self._hold(staff_id)
        if row.suspended_at is None:
            raise Conflict("the person is not suspended")
        self._change(staff_id, suspended_at=None)
        self._note(row.agency_id, staff_id, "restored", at, by)

    def bind_subject(self, staff_id: UUID, subject: str, by: UUID | None, at: datetime) -> None:
        """Raises ``Conflict`` if somebody else has this subject; the transaction is lost then."""
        row = self._hold(staff_id)
        self._change(staff_id, subject=subject)
        self._note(row.agency_id, staff_id, "subject_bound", at, by)

    def set_password(self, staff_id: UUID, password_hash: str, by: UUID | None, at: datetime) -> None:
        row = self._hold(staff_id)
        self._change(
            staff_id, password_cipher=seal_text(self._keyring, _place("password_cipher", staff_id), password_hash)
        )
        self._note(row.agency_id, staff_id, "password_set", at, by)

    def set_one_time_secret(self, staff_id: UUID, secret: str, by: UUID | None, at: datetime) -> None:
        """A new secret begins anew: no step of it was used yet."""
        row = self._hold(staff_id)
        cell = seal_text(self._keyring, _place("one_time_cipher", staff_id), secret)
        self._change(staff_id, one_time_cipher=cell, last_step=None)
        self._note(row.agency_id, staff_id, "one_time_secret_set", at, by)

    def read_credentials(self, staff_id: UUID) -> tuple[str | None, str | None]:
        """See the port. Raises ``NotFound``."""
        row = self._load_row(staff_id)
        return (
            open_optional(self._keyring, _place("password_cipher", staff_id), row.password_cipher),
            open_optional(self._keyring, _place("one_time_cipher", staff_id), row.one_time_cipher),
        )

    def use_code(self, staff_id: UUID, step: int) -> bool:
        """See the port: of two that use one code at once, one is told that it was used."""
        unused = or_(staff.c.last_step.is_(None), staff.c.last_step < step)
        claim = update(staff).where(staff.c.staff_id == staff_id, unused).values(last_step=step)
        return self._connection.execute(claim.returning(staff.c.staff_id)).first() is not None

    def grant(self, held: RoleHeld, by: UUID | None) -> None:
        """Raises ``Conflict`` if the grant exists, ``NotFound`` if the person does not."""
        self._load_row(held.staff_id)
        self._write(
            insert(staff_roles).values(
                agency_id=held.agency_id, grant_id=held.grant_id, staff_id=held.staff_id, role=str(held.role),
                since_at=held.since, until_at=held.until, deputising_for=held.deputising_for,
            )
        )  # fmt: skip
        told: dict[str, JsonValue] = {"grant_id": str(held.grant_id), "role": str(held.role)}
        if held.deputising_for is not None:
            told["deputising_for"] = str(held.deputising_for)
        if held.until is not None:
            told["until"] = held.until.isoformat()
        self._note(held.agency_id, held.staff_id, "role_granted", self._clock.now(), by, told)

    def revoke(self, grant_id: UUID, by: UUID | None, at: datetime) -> None:
        """Raises ``NotFound``; ``Conflict`` if it has ended already."""
        row = self._connection.execute(
            select(staff_roles).where(staff_roles.c.grant_id == grant_id).with_for_update()
        ).first()
        if row is None:
            raise NotFound("no such role is held")
        if row.until_at is not None and row.until_at <= at:
            raise Conflict("this role has ended already")
        self._connection.execute(update(staff_roles).where(staff_roles.c.grant_id == grant_id).values(until_at=at))
        self._note(row.agency_id, row.staff_id, "role_revoked", at, by, {"grant_id": str(grant_id), "role": row.role})

    def list_roles(self, staff_id: UUID | None = None) -> list[RoleHeld]:
        return self._roles() if staff_id is None else self._roles(staff_roles.c.staff_id == staff_id)

    def holders(self, role: Role) -> list[RoleHeld]:
        """Roles of this name in force or to come."""
        return self._roles(staff_roles.c.role == str(role))

    def set_identity(self, staff_id: UUID, number: str, by: UUID | None, at: datetime) -> None:
        """See the port: the hash is comparable with no other table's, and the number itself is not kept."""
        row = self._hold(staff_id)
        cells = {"identity_hash": self._keyring.lookup_hash(_IDENTITY, number), "set_at": at}
        made = insert_or_update(staff_identities).values(agency_id=row.agency_id, staff_id=staff_id, **cells)
        key = [staff_identities.c.staff_id]
        self._connection.execute(
            made.on_conflict_do_update(index_elements=key, set_={"agency_id": row.agency_id, **cells})
        )
        self._note(row.agency_id, staff_id, "identity_set", at, by)

    def has_identity(self, staff_id: UUID) -> bool:
        kept = select(staff_identities.c.staff_id).where(staff_identities.c.staff_id == staff_id)
        return self._connection.execute(kept).first() is not None

    def identity_matches(self, staff_id: UUID, numbers: Sequence[str]) -> bool:
        """See the port: under every look-up key."""
        hashes = [digest for number in numbers for digest in self._keyring.lookup_hashes(_IDENTITY, number)]
        cells = staff_identities.c
        same = select(cells.staff_id).where(cells.staff_id == staff_id, cells.identity_hash.in_(hashes))
        return self._connection.execute(same).first() is not None

    def _roles(self, *conditions: ColumnElement[bool]) -> list[RoleHeld]:
        not_ended = or_(staff_roles.c.until_at.is_(None), staff_roles.c.until_at > self._clock.now())
        rows = select(staff_roles).where(not_ended, *conditions).order_by(staff_roles.c.grant_id)
        return [
            RoleHeld(
                row.grant_id,
                row.staff_id,
                row.agency_id,
                Role(row.role),
                row.since_at,
                row.until_at,
                row.deputising_for,
            )
            for row in self._connection.execute(rows)
        ]

    def _find(self, condition: ColumnElement[bool]) -> StaffMember | None:
        row = self._connection.execute(select(staff).where(condition)).first()
        return None if row is None else _read_member(row)

    def _load_row(self, staff_id: UUID) -> Row[Any]:
        row = self._connection.execute(select(staff).where(staff.c.staff_id == staff_id)).first()
        if row is None:
            raise NotFound("no such member of the staff")
        return row

    def _hold(self, staff_id: UUID) -> Row[Any]:
        """The row, held till the end of the transaction: what is decided upon it stays true."""
        held = select(staff).where(staff.c.staff_id == staff_id).with_for_update(key_share=True)
        row = self._connection.execute(held).first()
        if row is None:
            raise NotFound("no such member of the staff")
        return row

    def _change(self, staff_id: UUID, **cells: object) -> None:
        self._write(update(staff).where(staff.c.staff_id == staff_id).values(**cells))

    def _write(self, statement: Any) -> None:
        try:
            self._connection.execute(statement)
        except IntegrityError as error:
            if is_taken(error):
                raise Conflict("this login, subject or grant is taken") from None
            raise

    def _note(
        self, agency_id: UUID, staff_id: UUID, name: str, at: datetime, by: UUID | None,
        data: Mapping[str, JsonValue] | None = None,
    ) -> None:  # fmt: skip
        self._connection.execute(
            insert(staff_events).values(
                agency_id=agency_id,
                event_id=make_id(at),
                staff_id=staff_id,
                name=name,
                at=at,
                by=by,
                data=dict(data or {}),
            )
        )


def _read_member(row: Row[Any]) -> StaffMember:
    return StaffMember(row.staff_id, row.agency_id, row.login, row.name, row.created_at, row.suspended_at, row.subject)


def _place(column: str, staff_id: UUID) -> tuple[str, str, UUID]:
    return "staff", column, staff_id
