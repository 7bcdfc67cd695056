"""Which files there are: by digest, with the name that they came with as an encrypted cell. Their bytes lie in the file store."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_text, seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.tables.cases import stored_files
from services.case_record import StoredFile

_PLAIN = (
    "file_id", "agency_id", "owner", "material", "digest", "media_type", "size_bytes", "uploaded_at", "uploaded_by",
)  # fmt: skip


class SqlFileIndex:
    """``case_stores.FileIndex`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, file: StoredFile) -> None:
        """See the port. Raises ``VersionTaken`` if the id is there; the transaction is lost then."""
        plain = {name: getattr(file, name) for name in _PLAIN}
        title = seal_text(self._keyring, _place(file.file_id), file.title)
        insert_once(self._connection, insert(stored_files).values(title_cipher=title, **plain))

    def load(self, file_id: UUID) -> StoredFile | None:
        row = self._connection.execute(select(stored_files).where(stored_files.c.file_id == file_id)).first()
        return None if row is None else self._read(row)

    def list_of(self, owner: UUID) -> list[StoredFile]:
        mine = select(stored_files).where(stored_files.c.owner == owner).order_by(stored_files.c.file_id)
        return [self._read(row) for row in self._connection.execute(mine)]

    def remove(self, file_id: UUID) -> None:
        """See the port; what may go is decided by row-level security alone (policies ``what_was_handed_in_stays``)."""
        self._connection.execute(delete(stored_files).where(stored_files.c.file_id == file_id))

    def _read(self, row: Row[Any]) -> StoredFile:
        title = open_text(self._keyring, _place(row.file_id), row.title_cipher)
        return StoredFile(title=title, **{name: getattr(row, name) for name in _PLAIN})


def _place(file_id: UUID) -> tuple[str, str, UUID]:
    return "stored_files", "title_cipher", file_id
