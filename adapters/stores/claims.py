"""What must be unique, in small tables without partitions: claims and idempotency keys. Claim before effect.

Keys are kept as keyed hashes only: a claim on an open order names a household and a bill.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.cells import open_text, seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.tables.payments import claims, idempotency_keys
from adapters.stores.uniqueness import hold_value
from services.errors import NotFound, StoreUnavailable

_TRIES = 5


class SqlClaimStore:
    """``ports.ClaimStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def take(self, agency_id: UUID, kind: str, key: str, owner: UUID, at: datetime) -> UUID:
        """See the port. Waits for a claim that is not committed yet; a claim released meanwhile is tried for again."""
        hold_value(self._connection, self._keyring.lookup_hashes(f"claim:{kind}", key))
        row = insert(claims).values(
            agency_id=agency_id, kind=kind, key_hash=self._keyring.lookup_hash(f"claim:{kind}", key), owner_id=owner,
            claimed_at=at,
        )  # fmt: skip
        held = select(claims.c.owner_id).where(self._key(agency_id, kind, key))
        for _ in range(_TRIES):
            found: UUID | None = self._connection.execute(held).scalar()
            if found is None:
                written = row.on_conflict_do_nothing().returning(claims.c.owner_id)
                found = self._connection.execute(written).scalar()
            if found is not None:
                return found
        raise StoreUnavailable("a claim changes hands too fast")

    def release(self, agency_id: UUID, kind: str, key: str, owner: UUID) -> None:
        self._connection.execute(delete(claims).where(self._key(agency_id, kind, key), claims.c.owner_id == owner))

    def find(self, agency_id: UUID, kind: str, key: str) -> UUID | None:
        return self._connection.execute(select(claims.c.owner_id).where(self._key(agency_id, kind, key))).scalar()

    def _key(self, agency_id: UUID, kind: str, key: str) -> ColumnElement[bool]:
        hashes = self._keyring.lookup_hashes(f"claim:{kind}", key)
        return and_(claims.c.agency_id == agency_id, claims.c.kind == kind, claims.c.key_hash.in_(hashes))


class SqlIdempotencyStore:
    """``ports.IdempotencyStore`` within one transaction. Digest and reply are encrypted: a body here is soon guessed."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def take(
        self, agency_id: UUID, person_id: UUID, key: str, body_digest: str, payment_id: UUID, at: datetime
    ) -> tuple[UUID, str, bytes | None]:
        hold_value(self._connection, self._keyring.lookup_hashes("idempotency", f"{person_id}|{key}"))
        found = self._find(agency_id, person_id, key)
        if found is None:
            digest = self._keyring.lookup_hash("idempotency", key)
            row = insert(idempotency_keys).values(
                agency_id=agency_id, person_id=person_id, key_hash=digest, payment_id=payment_id, claimed_at=at,
                digest_cipher=seal_text(self._keyring, _place("digest_cipher", person_id, digest), body_digest),
            )  # fmt: skip
            if self._connection.execute(row.on_conflict_do_nothing().returning(idempotency_keys.c.payment_id)).first():
                return payment_id, body_digest, None
            found = self._find(agency_id, person_id, key)
        if found is None:
            raise StoreUnavailable("an idempotency key changes hands")
        place = _place("digest_cipher", person_id, found.key_hash)
        return found.payment_id, open_text(self._keyring, place, found.digest_cipher), self._reply(person_id, found)

    def is_answered(self, agency_id: UUID, person_id: UUID, key: str, body_digest: str) -> bool:
        found = self._find(agency_id, person_id, key)
        if found is None or found.reply_cipher is None:
            return False
        place = _place("digest_cipher", person_id, found.key_hash)
        return open_text(self._keyring, place, found.digest_cipher) == body_digest

    def record_reply(self, agency_id: UUID, person_id: UUID, key: str, reply: bytes) -> bytes:
        """See the port. Raises ``NotFound`` if the key was not taken."""
        found = self._find(agency_id, person_id, key)
        if found is None:
            raise NotFound
        cell = self._keyring.encrypt(*_place("reply_cipher", person_id, found.key_hash), reply)
        self._connection.execute(
            update(idempotency_keys)
            .where(self._key(agency_id, person_id, key), idempotency_keys.c.reply_cipher.is_(None))
            .values(reply_cipher=cell)
        )
        in_force = self._find(agency_id, person_id, key)
        return reply if in_force is None else self._reply(person_id, in_force) or reply

    def _find(self, agency_id: UUID, person_id: UUID, key: str) -> Row[Any] | None:
        return self._connection.execute(select(idempotency_keys).where(self._key(agency_id, person_id, key))).first()

    def _key(self, agency_id: UUID, person_id: UUID, key: str) -> ColumnElement[bool]:
        cells = idempotency_keys.c
        hashes = self._keyring.lookup_hashes("idempotency", key)
        return and_(cells.agency_id == agency_id, cells.person_id == person_id, cells.key_hash.in_(hashes))

    def _reply(self, person_id: UUID, row: Row[Any]) -> bytes | None:
        if row.reply_cipher is None:
            return None
        return self._keyring.decrypt(*_place("reply_cipher", person_id, row.key_hash), row.reply_cipher)


def _place(column: str, person_id: UUID, digest: bytes) -> tuple[str, str, str]:
    return "idempotency_keys", column, f"{person_id}:{digest.hex()}"
