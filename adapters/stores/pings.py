"""What ``/ready`` asks of PostgreSQL: the business pool and the ledger, each by itself."""

from __future__ import annotations

from sqlalchemy import Engine, text

from adapters.stores.connection import reporting_unavailability
from adapters.stores.exposure_log import SqlExposureLog


class StorePing:
    """``ports.Ping`` of the business store."""

    name = "postgresql"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ping(self) -> None:
        """Raises ``StoreUnavailable``."""
        with reporting_unavailability(), self._engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM directory_version"))


class LedgerPing:
    """``ports.Ping`` of the ledger's own connections."""

    name = "ledger"

    def __init__(self, log: SqlExposureLog) -> None:
        self._log = log

    def ping(self) -> None:
        """Raises ``ExposureUnavailable``."""
        self._log.ping()
