"""Attempts to tell people something: appended only. What proves them (receipts, numbers of letters) is an encrypted cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, exists, select
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.cells import open_json, seal_json
from adapters.stores.keyring import Keyring
from adapters.stores.tables.counter import notice_attempts
from services.case_record import NoticeAttempt

_PLAIN = ("case_id", "agency_id", "notice", "rung", "attempt", "outcome", "at")


class SqlNoticeStore:
    """``case_stores.NoticeStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, attempt: NoticeAttempt) -> bool:
        """See the port. Waits for whoever writes the same and has not committed yet."""
        plain = {name: getattr(attempt, name) for name in _PLAIN}
        proof = seal_json(self._keyring, _place(attempt), dict(attempt.proof))
        row = insert(notice_attempts).values(proof_cipher=proof, **plain).on_conflict_do_nothing()
        return self._connection.execute(row.returning(notice_attempts.c.attempt)).first() is not None

    def list_of(self, case_id: UUID) -> list[NoticeAttempt]:
        """See the port: in the order in which they were written down."""
        rows = select(notice_attempts).where(notice_attempts.c.case_id == case_id).order_by(notice_attempts.c.number)
        return [self._read(row) for row in self._connection.execute(rows)]

    def list_tasks(self, agencies: Sequence[UUID], limit: int) -> list[NoticeAttempt]:
        cells, later = notice_attempts.c, notice_attempts.alias("later")
        name = ("agency_id", "case_id", "notice", "rung", "attempt")
        same = [later.c[column] == cells[column] for column in name]
        answered = exists().where(*same, later.c.number > cells.number)
        rows = select(notice_attempts).where(cells.outcome == "open", cells.agency_id.in_(agencies), ~answered)
        oldest = rows.order_by(cells.at, cells.number).limit(limit)
        return [self._read(row) for row in self._connection.execute(oldest)]

    def _read(self, row: Row[Any]) -> NoticeAttempt:
        plain = {name: getattr(row, name) for name in _PLAIN}
        return NoticeAttempt(**plain, proof=open_json(self._keyring, _place(row), row.proof_cipher))


def _place(row: NoticeAttempt | Row[Any]) -> tuple[str, str, str]:
    name = f"{row.case_id}:{row.notice}:{row.rung}:{row.attempt}:{row.outcome}"
    return "notice_attempts", "proof_cipher", name
