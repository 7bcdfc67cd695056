"""Platform identities joined to persons. The platform's own user id is encrypted and found by a keyed hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.ids import make_id
from adapters.stores.cells import open_text, seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.person_rows import add_event, hold_person
from adapters.stores.tables.persons import logins
from adapters.stores.uniqueness import hold_value
from services.errors import NotFound
from services.model import Login, Person, PlatformName, PlatformUser

_PURPOSE = "platform_user"


class SqlLogins:
    """The log-ins, within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def find(self, platform: PlatformName, app: str, user_id: str) -> Login | None:
        """The login of a platform's user in one app, revoked or not."""
        hashes = self._keyring.lookup_hashes(_PURPOSE, _subject(platform, app, user_id))
        query = select(logins).where(
            logins.c.platform == platform, logins.c.app == app, logins.c.user_hash.in_(hashes)
        )  # fmt: skip
        row = self._connection.execute(query).first()
        return None if row is None else self._read(row)

    def add(
        self, person: Person, platform: PlatformName, app: str, user: PlatformUser, at: datetime
    ) -> tuple[Login, bool]:
        """Join a platform identity to a person, unless another request was first."""
        holder = hold_person(self._connection, person.person_id)
        hold_value(self._connection, self._keyring.lookup_hashes(_PURPOSE, _subject(platform, app, user.user_id)))
        known = self.find(platform, app, user.user_id)
        if known is not None:
            return known, False
        login_id = make_id(at)
        row = insert(logins).values(
            agency_id=holder.agency_id, login_id=login_id, person_id=holder.person_id, platform=platform, app=app,
            user_hash=self._keyring.lookup_hash(_PURPOSE, _subject(platform, app, user.user_id)),
            user_cipher=seal_text(self._keyring, ("logins", "user_cipher", login_id), user.user_id),
            union_cipher=None if user.union_id is None
            else seal_text(self._keyring, ("logins", "union_cipher", login_id), user.union_id),
            created_at=at,
        )  # fmt: skip
        made = self._connection.execute(row.on_conflict_do_nothing().returning(logins)).first()
        if made is None:
            first = self.find(platform, app, user.user_id)
            if first is None:
                raise NotFound
            return first, False
        data = {"login_id": str(login_id), "platform": str(platform)}
        add_event(self._connection, holder.agency_id, holder.person_id, "login_added", at, data)
        return self._read(made), True

    def load(self, login_id: UUID) -> Login:
        """Raises ``NotFound``."""
        row = self._connection.execute(select(logins).where(logins.c.login_id == login_id)).first()
        if row is None:
            raise NotFound
        return self._read(row)

    def list_of_person(self, person_id: UUID) -> list[Login]:
        """All of a person's, the oldest first."""
        query = select(logins).where(logins.c.person_id == person_id).order_by(logins.c.created_at, logins.c.login_id)
        return [self._read(row) for row in self._connection.execute(query)]

    def set_revoked(self, login_id: UUID, revoked_at: datetime | None, at: datetime) -> None:
        """Cut off or restore; says so once in the account's events. Raises ``NotFound``."""
        login = self.load(login_id)
        state = logins.c.revoked_at.is_(None) if revoked_at else logins.c.revoked_at.is_not(None)
        change = update(logins).where(logins.c.login_id == login_id, state).values(revoked_at=revoked_at)
        changed = self._connection.execute(change.returning(logins.c.person_id)).first()
        if changed is not None:
            name = "login_revoked" if revoked_at else "login_restored"
            data = {"login_id": str(login_id), "platform": str(login.platform)}
            add_event(self._connection, login.agency_id, changed.person_id, name, at, data)

    def _read(self, row: Row[Any]) -> Login:
        user_id = open_text(self._keyring, ("logins", "user_cipher", row.login_id), row.user_cipher)
        return Login(
            row.login_id, row.agency_id, row.person_id, PlatformName(row.platform), row.app, user_id, row.created_at,
            row.revoked_at,
        )  # fmt: skip


def _subject(platform: PlatformName, app: str, user_id: str) -> str:
    return f"{platform}|{app}|{user_id}"
