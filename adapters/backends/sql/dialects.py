"""What differs between databases: how a connection is opened to a judged address, how it is kept read-only and within its time.

=====================  ==============================================================================================================
``postgresql``         tested (15 and 18): every transaction ``READ ONLY``, ``statement_timeout``
``mysql``, ``mariadb``  MariaDB tested; MySQL (``max_execution_time``) untested: session ``READ ONLY``, ``max_statement_time``
any other              untested: opened by SQLAlchemy as its URL says, without a password; read-only and the time limit are then
                       matters of the role alone
=====================  ==============================================================================================================
"""

from __future__ import annotations

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

CONNECT_SECONDS = 5
MAX_OCTETS = 65_536
"""Of one value."""
MAX_PACKET = 4 * 1_048_576
"""Of one row as MariaDB sends it."""


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

    def wrap(self, statement: str, columns: Sequence[str], rows: int) -> str:
        """The driver takes a row whatever its size, so a value that is too large stays there, and a flag says so.

        A subquery with an order keeps it: it is not merged into the query around it.
        """
        quote = postgresql.dialect().identifier_preparer.quote_identifier
        sizes = {name: f"octet_length(CAST(q.{quote(name)} AS text)) > {MAX_OCTETS}" for name in columns}
        shown = ", ".join(
            f"CASE WHEN NOT {size} THEN q.{quote(name)} END AS {quote(name)}" for name, size in sizes.items()
        )
        return f"SELECT {shown}, COALESCE({' OR '.join(sizes.values())}, false) AS {TOO_LARGE} FROM ({statement}) AS q LIMIT {rows}"


TOO_LARGE = "value_is_too_large"


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
        """MariaDB counts in seconds, MySQL in milliseconds under another name."""
        if getattr(connection.dialect, "is_mariadb", True):
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {max(seconds, 0.001):.3f}")
        else:
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {max(int(seconds * 1000), 1)}")

    def wrap(self, statement: str, columns: Sequence[str], rows: int) -> str:
        """Rows are read one by one, and a packet that is too large is not read at all."""
        return statement


if TYPE_CHECKING:

    class _PlainConnection(pymysql.connections.Connection[pymysql.cursors.SSCursor]):
        """Generic for the type checker alone."""

else:
    _PlainConnection = pymysql.connections.Connection


class _BoundedConnection(_PlainConnection):
    """Refuses a packet before it is read. ``descriptor`` stays the same when TLS is put around the socket."""

    descriptor = -1

    def _read_bytes(self, num_bytes: int) -> Any:
        if num_bytes > MAX_PACKET:
            self._force_close()
            raise ReplyUnreadable("a row that is too large")
        return super()._read_bytes(num_bytes)


def _open_maria(access: Access) -> Any:
    url = access.url
    context = None if access.authorities is None else make_context(TlsIdentity(authorities=access.authorities))
    peer = open_socket(url.host or "", url.port or 3306, CONNECT_SECONDS, access.reach)
    made = _BoundedConnection(
        host=url.host, user=access.user, password=access.password, database=url.database, charset="utf8mb4",
        cursorclass=pymysql.cursors.SSCursor, ssl=context, ssl_disabled=context is None, autocommit=False,
        init_command="SET SESSION TRANSACTION READ ONLY", local_infile=False, defer_connect=True,
    )  # fmt: skip
    made.descriptor = peer.fileno()
    try:
        with cut_after(made.descriptor, CONNECT_SECONDS):
            made.connect(peer)
    except BaseException:
        peer.close()
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
