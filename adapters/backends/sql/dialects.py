"""What differs between databases: how a connection is opened to a judged address, how it is kept read-only and within its time.

=====================  ==============================================================================================================
``postgresql``         tested (15 and 18): every transaction ``READ ONLY``, ``statement_timeout``
``mysql``, ``mariadb``  MariaDB tested; MySQL (``max_execution_time``) untested: session ``READ ONLY``, ``max_statement_time``
any other              untested: opened by SQLAlchemy as its URL says, without a password; read-only and the time limit are then
                       matters of the role alone
=====================  ==============================================================================================================
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
import pymysql
from sqlalchemy import URL, Connection
from sqlalchemy.dialects import postgresql

from adapters.backends.wire import ReplyUnreadable
from adapters.reach import Reach, cut_after, find_addresses, open_socket
from adapters.tls import TlsIdentity, hold_file, make_context
from services.reply_shape import MAX_LISTED

CONNECT_SECONDS = 5
MAX_ANSWER = 4 * 1_048_576
"""Octets of a whole answer."""
POSTGRES_AWAY = frozenset({"08", "28", "53", "57"})
"""Connection exception, invalid authorization, insufficient resources, operator intervention (with query_canceled)."""
MARIA_AWAY = frozenset({1040, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1205, 1213, 1226, 1317, 1927, 1969, 3024})
"""Too many connections, access denied, shutting down, blocked, lock wait, deadlock, interrupted, killed, statement took too long."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a database is and who we are there. ``authorities`` (PEM) vouch for its TLS certificate; None: no TLS (this machine)."""

    url: URL
    user: str
    password: str = field(repr=False)
    authorities: bytes | None = field(repr=False)
    reach: Reach


class Dialect(Protocol):
    """One kind of database."""

    driver: str

    def make_opener(self, access: Access) -> Callable[[], Any] | None:
        """What opens a connection of the driver, or None to leave it to SQLAlchemy."""
        ...

    def find_descriptor(self, connection: Any) -> int | None:
        """The file descriptor of a driver's connection, so that a silent server can be cut off."""
        ...

    def limit(self, connection: Connection, seconds: float) -> None:
        """Read-only, and no statement longer than this."""
        ...

    def is_absence(self, error: BaseException) -> bool:
        """Whether a driver's error means that nobody answered, or not in time; else the statement was refused."""
        ...

    def wrap(self, statement: str, columns: Sequence[str], rows: int) -> str:
        """The statement, so that neither more rows nor larger values are sent to us."""
        ...


class PostgresDialect:
    """PostgreSQL by psycopg."""

    driver = "postgresql+psycopg"

    def make_opener(self, access: Access) -> Callable[[], Any]:
        """It is told everything, so that nothing of the environment or of a password file counts."""
        return lambda: _open_postgres(access)

    def find_descriptor(self, connection: Any) -> int | None:
        return int(connection.fileno())

    def limit(self, connection: Connection, seconds: float) -> None:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(int(seconds * 1000), 1)}")

    def is_absence(self, error: BaseException) -> bool:
        """Without a state there was no server; with one, its class says it (appendix A of PostgreSQL's manual)."""
        state = getattr(error, "sqlstate", None)
        if state is None:
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return str(state)[:2] in POSTGRES_AWAY

    def wrap(self, statement: str, columns: Sequence[str], rows: int) -> str:
        """The driver takes whatever is sent, so what is too large stays there: from that row on values are null, and a flag says so.

        A subquery with an order keeps it: it is not merged into the query around it, and the running sum needs no other order.
        """
        quote = postgresql.dialect().identifier_preparer.quote_identifier
        names = [quote(name) for name in columns]
        size = " + ".join(f"COALESCE(octet_length(CAST(q.{name} AS text)), 0)" for name in names)
        shown = ", ".join(f"CASE WHEN t.octets_so_far <= {MAX_ANSWER} THEN t.{name} END AS {name}" for name in names)
        counted = ", ".join(f"q.{name}" for name in names)
        return (
            f"SELECT {shown}, t.octets_so_far > {MAX_ANSWER} AS {TOO_LARGE} FROM (SELECT {counted}, "
            f"sum({size}) OVER (ROWS UNBOUNDED PRECEDING) AS octets_so_far FROM ({statement}) AS q) AS t LIMIT {rows}"
        )


TOO_LARGE = "value_is_too_large"
DRIVER_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What drivers do with bytes that are not of their protocol."""


def _open_postgres(access: Access) -> Any:
    url = access.url
    socket_folder = url.query.get("host")
    where: dict[str, Any] = {"host": socket_folder}
    if not socket_folder:
        addresses = find_addresses(url.host or "", url.port or 5432, access.reach)
        where = {
            "host": ",".join([url.host or ""] * len(addresses)),
            "hostaddr": ",".join(address for _, address in addresses),
        }
    told = {
        **where, "port": url.port or 5432, "dbname": url.database, "user": access.user, "password": access.password,
        "passfile": "/dev/null", "connect_timeout": CONNECT_SECONDS, "application_name": "guitai",
        "client_encoding": "UTF8", "gssencmode": "disable", "target_session_attrs": "any",
    }  # fmt: skip
    if access.authorities is None:
        return psycopg.connect(**told, sslmode="disable")
    with hold_file(access.authorities) as authorities:
        return psycopg.connect(**told, sslmode="verify-full", sslrootcert=authorities)


class MariaDialect:
    """MariaDB and MySQL by PyMySQL."""

    driver = "mysql+pymysql"

    def make_opener(self, access: Access) -> Callable[[], Any]:
        return lambda: _open_maria(access)

    def find_descriptor(self, connection: Any) -> int | None:
        return int(connection.descriptor)

    def limit(self, connection: Connection, seconds: float) -> None:
        """MariaDB counts in seconds, MySQL in milliseconds under another name. An answer may have so many octets and no more."""
        driver_connection = connection.connection.dbapi_connection
        if isinstance(driver_connection, _BoundedConnection):
            driver_connection.octets_left = MAX_ANSWER
        connection.exec_driver_sql(f"SET SESSION sql_select_limit = {MAX_LISTED + 1}")
        if getattr(connection.dialect, "is_mariadb", True):
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {max(seconds, 0.001):.3f}")
        else:
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {max(int(seconds * 1000), 1)}")

    def is_absence(self, error: BaseException) -> bool:
        """By number: those of the client (2000 to 2999), 0 for a connection that was cut, and a few of the server."""
        code = error.args[0] if error.args else 0
        return code == 0 or (isinstance(code, int) and (2000 <= code < 3000 or code in MARIA_AWAY))

    def wrap(self, statement: str, columns: Sequence[str], rows: int) -> str:
        """Rows are read one by one, and a packet that is too large is not read at all."""
        return statement


if TYPE_CHECKING:

    class _PlainConnection(pymysql.connections.Connection[pymysql.cursors.SSCursor]):
        """Generic for the type checker alone."""

else:
    _PlainConnection = pymysql.connections.Connection


class _BoundedConnection(pymysql.connections.Connection):
    """Refuses an answer before more of it is read than may be. ``descriptor`` stays the same when TLS is put around the socket."""

    descriptor = -1
    octets_left = MAX_ANSWER

    def _read_bytes(self, num_bytes: int) -> Any:
        self.octets_left -= num_bytes
        if self.octets_left < 0:
            self._force_close()
            raise ReplyUnreadable("an answer that is too large")
        return super()._read_bytes(num_bytes)


def _open_maria(access: Access) -> Any:
    url = access.url
    context = None if access.authorities is None else make_context(TlsIdentity(authorities=access.authorities))
    peer = open_socket(url.host or "", url.port or 3306, CONNECT_SECONDS, access.reach)
    made = _BoundedConnection(
        host=url.host, user=access.user, password=access.password.encode(), database=url.database, charset="utf8mb4",
        ssl=context, ssl_disabled=context is None, autocommit=False,
        init_command="SET SESSION TRANSACTION READ ONLY", local_infile=False, defer_connect=True,
    )  # fmt: skip
    made.descriptor = peer.fileno()
    try:
        with cut_after(made.descriptor, CONNECT_SECONDS):
            made.connect(peer)
    except BaseException as error:
        peer.close()
        if isinstance(error, (*DRIVER_FAULTS, pymysql.err.InternalError)):
            raise pymysql.err.OperationalError(2007, "no server of this kind") from None
        raise
    return made


class OtherDialect:
    """A database that nobody has tested with this connector."""

    def __init__(self, driver: str) -> None:
        self.driver = driver

    def make_opener(self, access: Access) -> Callable[[], Any] | None:
        return None

    def find_descriptor(self, connection: Any) -> int | None:
        return None

    def limit(self, connection: Connection, seconds: float) -> None:
        return None

    def is_absence(self, error: BaseException) -> bool:
        return type(error).__name__ in ("OperationalError", "InterfaceError")

    def wrap(self, statement: str, columns: Sequence[str], rows: int) -> str:
        return statement


DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "postgresql": PostgresDialect,
    "postgresql+psycopg": PostgresDialect,
    "mysql": MariaDialect,
    "mariadb": MariaDialect,
    "mysql+pymysql": MariaDialect,
    "mariadb+pymysql": MariaDialect,
}


def find_dialect(url: URL) -> Dialect:
    """The dialect of an address."""
    return DIALECTS[url.drivername]() if url.drivername in DIALECTS else OtherDialect(url.drivername)
