"""Inserting what may be there already, as a version of something that others write too."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import IntegrityError

from adapters.stores.connection import is_taken
from services.errors import VersionTaken


def insert_once(connection: Connection, row: Executable) -> Any:
    """The result of an insert. Raises ``VersionTaken`` if its key was there first; the transaction is lost then."""
    try:
        return connection.execute(row)
    except IntegrityError as error:
        if is_taken(error):
            raise VersionTaken from None
        raise
