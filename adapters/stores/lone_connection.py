"""One connection for one thread that works in transactions of its own, outside any pool: the sequencer's, and that of what is cosigned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from adapters.stores.connection import SERVER_OPTIONS, PatientConnection, StoreFault, without_values
from services.errors import StoreUnavailable

T = TypeVar("T")


class LoneConnection:
    """Opened when first needed and made anew after a failure. ``name``: what PostgreSQL calls it; ``refused``: what a fault of ours is told as."""

    def __init__(self, url: str, name: str, refused: str) -> None:
        self._url, self._name, self._refused = url, name, refused
        self._connection: psycopg.Connection[Any] | None = None

    def run(self, act: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Do something in one transaction. Raises ``StoreUnavailable``, ``StoreFault``, and whatever ``act`` raises itself."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = PatientConnection.connect(
                    self._url, autocommit=True, connect_timeout=2, options=SERVER_OPTIONS, application_name=self._name
                )
            with self._connection.transaction():
                return act(self._connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise StoreUnavailable("the ledger does not answer") from without_values(error)
        except psycopg.Error as error:
            raise StoreFault(self._refused) from without_values(error)

    def close(self) -> None:
        """Close it; the next act opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
