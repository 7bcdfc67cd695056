"""Engines: how a store reaches PostgreSQL, and how a failure of the way there becomes ``StoreUnavailable``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import ConnStatus, TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.errors import StoreUnavailable

POOL_TIMEOUT_SECONDS = 2.0
CONNECT_TIMEOUT_SECONDS = 2
SERVER_OPTIONS = (
    "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
)
PATIENCE_SECONDS = 6.0
"""Longer than ``lock_timeout``: a server that runs says no by itself. ``statement_timeout`` is no help where nothing runs."""

_AGENCIES = text("SELECT agency_id FROM agencies")
_SCOPE = text("SELECT set_config('guitai.agencies', :agencies, true)")


class PatientConnection(psycopg.Connection[Any]):
    """A connection that gives up on a server that accepts and never answers (frozen machine, full disk), and is then closed.

    Time-outs of the server do not end such a wait, and those of TCP do not see it. What was sent may have happened, as with any
    connection that broke in the middle.
    """

    patience_seconds: ClassVar[float] = PATIENCE_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """See psycopg. Raises ``OperationalError`` when the patience is over."""
        try:
            return super().wait(gen, interval, self.patience_seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.status == ConnStatus.OK and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def driver_url(url: str) -> str:
    """A ``postgresql://`` address in the form that names SQLAlchemy's driver."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def open_engine(where: str | Engine, pool_size: int = 2) -> Engine:
    """An engine with a bounded pool that waits two seconds at most; an engine is passed through. Parameters stay out of errors."""
    if isinstance(where, Engine):
        return where
    engine = create_engine(
        driver_url(where), pool_size=pool_size, max_overflow=0, pool_timeout=POOL_TIMEOUT_SECONDS, pool_pre_ping=True,
        hide_parameters=True, isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "options": SERVER_OPTIONS, "application_name": "guitai"},
    )  # fmt: skip
    event.listen(engine, "do_connect", _connect_patiently)
    return engine


def _connect_patiently(_dialect: object, _record: object, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
    return PatientConnection.connect(*arguments, **options)


class StoreFault(RuntimeError):
    """The store refused a statement of ours: a fault in our code or a missing right. It holds no value of a row."""


@contextmanager
def scoped(engine: Engine, agencies: Sequence[UUID]) -> Iterator[Connection]:
    """One transaction within these agencies. Raises ``StoreUnavailable`` for whatever is wrong with the way to the store."""
    with reporting_unavailability(), engine.begin() as connection:
        connection.execute(_SCOPE, {"agencies": ",".join(str(agency) for agency in agencies)})
        yield connection


@contextmanager
def scoped_everywhere(engine: Engine) -> Iterator[Connection]:
    """One transaction within every agency that there is."""
    with scoped(engine, list_agencies(engine)) as connection:
        yield connection


def list_agencies(engine: Engine) -> list[UUID]:
    """Every agency that there is."""
    with scoped(engine, ()) as connection:
        return list(connection.execute(_AGENCIES).scalars())


@contextmanager
def reporting_unavailability() -> Iterator[None]:
    """Turn a lost connection, a full pool or a lock that was not had in time into ``StoreUnavailable``."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError) as error:
        raise StoreUnavailable("the government store does not answer") from without_values(error)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the connection to the government store broke") from without_values(error)
        raise StoreFault("the store refused a statement") from without_values(error)


def is_taken(error: IntegrityError) -> bool:
    """Whether a unique key was there first (SQLSTATE 23505)."""
    return getattr(error.orig, "sqlstate", None) == "23505"


def without_values(error: BaseException) -> Exception:
    """What may be logged of a database error: its class alone, because its message may quote a row."""
    inner = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(inner, "sqlstate", None) or "no SQLSTATE"
    return SQLAlchemyError(f"{type(inner).__name__} ({state})")
