"""Drafts: what applicants have filled in so far, as one encrypted cell. One that was handed in can neither change nor go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, delete, exists, insert, select, update

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_json, seal_json
from adapters.stores.keyring import Keyring
from adapters.stores.tables.cases import case_drafts, stored_files
from services.case_record import Draft
from services.errors import VersionTaken
from services.model import PlatformName

_FIXED = ("agency_id", "draft_id", "person_id", "service", "created_at")
_MOVING = ("login_id", "mapping_version", "version", "updated_at", "submitted_at")


class SqlDraftStore:
    """``case_stores.DraftStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def save(self, draft: Draft) -> None:
        """See the port; the transaction is lost after ``VersionTaken`` for a first version."""
        cells: dict[str, Any] = {name: getattr(draft, name) for name in _MOVING}
        cells["channel"] = str(draft.channel)
        cells["content_cipher"] = seal_json(self._keyring, _place(draft.draft_id), dict(draft.content))
        if draft.version == 1:
            fixed = {name: getattr(draft, name) for name in _FIXED}
            insert_once(self._connection, insert(case_drafts).values(**fixed, **cells))
            return
        draft_cells = case_drafts.c
        mine = and_(draft_cells.agency_id == draft.agency_id, draft_cells.draft_id == draft.draft_id)
        before = and_(mine, draft_cells.version == draft.version - 1, draft_cells.submitted_at.is_(None))
        if self._connection.execute(update(case_drafts).where(before).values(**cells)).rowcount != 1:
            raise VersionTaken

    def load(self, draft_id: UUID) -> Draft | None:
        row = self._connection.execute(select(case_drafts).where(case_drafts.c.draft_id == draft_id)).first()
        return None if row is None else self._read(row)

    def list_of_persons(self, person_ids: Sequence[UUID], limit: int) -> list[Draft]:
        cells = case_drafts.c
        mine = select(case_drafts).where(cells.person_id.in_(person_ids), cells.submitted_at.is_(None))
        return [self._read(row) for row in self._connection.execute(mine.order_by(cells.draft_id.desc()).limit(limit))]

    def discard(self, draft_id: UUID) -> None:
        """See the port. A draft that is handed in at this moment is waited for, and stays."""
        waiting = and_(case_drafts.c.draft_id == draft_id, case_drafts.c.submitted_at.is_(None))
        if self._connection.execute(select(case_drafts.c.draft_id).where(waiting).with_for_update()).first() is None:
            return
        still = exists().where(waiting)
        self._connection.execute(delete(stored_files).where(stored_files.c.owner == draft_id, still))
        self._connection.execute(delete(case_drafts).where(waiting))

    def _read(self, row: Row[Any]) -> Draft:
        content = open_json(self._keyring, _place(row.draft_id), row.content_cipher)
        plain = {name: getattr(row, name) for name in (*_FIXED, *_MOVING)}
        return Draft(channel=PlatformName(row.channel), content=content, **plain)


def _place(draft_id: UUID) -> tuple[str, str, UUID]:
    return "case_drafts", "content_cipher", draft_id
