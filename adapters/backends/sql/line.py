"""A database that answers one SELECT with bound parameters: read-only, within its time, a bounded number of rows, declared columns only.

Nothing is ever changed, so nothing is ever in doubt: a lost connection or a statement that took too long is ``BackEndUnreachable``, and the
chain asks once more. A connection from the pool that has died meanwhile is found in this way too, without a ping before each question.
What a database says in an error is never repeated: it may quote a row.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Sequence
from typing import Any

import certifi
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.backends.authentication import AUTHORITIES, read_secret, read_text, read_user
from adapters.backends.sql.dialects import DRIVER_FAULTS, TOO_LARGE, Access, Dialect, find_dialect
from adapters.backends.sql.values import make_plain
from adapters.backends.wire import Facts, Reply, ReplyUnreadable
from adapters.reach import AddressRefused, Reach, cut_after
from services.errors import BackEndGarbled, BackEndRefused, BackEndUnreachable, ConfigurationFault
from services.mapping import BackEndSpec, Call
from services.model import BackEndAddress, JsonValue
from services.ports import Secrets
from services.reply_shape import MAX_LISTED
from services.translation import UNWRITABLE, Request

POOL, OVERFLOW, POOL_SECONDS, RECYCLE_SECONDS = 2, 6, 5, 1800
GRACE_SECONDS = 1.0
"""How much longer than its statement a server may be silent before its connection is cut."""


class SqlLine:
    """Implements ``Line`` for a database. Raises ``ConfigurationFault`` for an address that cannot be used; connects to nothing yet."""

    def __init__(self, spec: BackEndSpec, address: BackEndAddress, secrets: Secrets, reach: Reach) -> None:
        self._spec = spec
        self._url = read_url(address)
        self._dialect: Dialect = find_dialect(self._url)
        access = Access(
            self._url, *_read_login(spec, address, secrets), _read_authorities(self._url, address, secrets), reach
        )
        _require_local(self._url, reach, address)
        self._engine, self._key = _share_engine(self._dialect, access)
        self._held = True

    def require_usable(self, call: Call) -> None:
        """Every declared column has a name of its own; the statement itself is judged by ``services/statement_rules.py``."""
        if not _list_columns(call):
            raise ConfigurationFault(f"back end {self._spec.name}: {call.name} declares no rows[].column")

    def rehearse(self, call: Call, request: Request, facts: Facts) -> None:
        """The parameters."""
        _read_parameters(request)

    def describe(self, call: Call, request: Request) -> tuple[str, str]:
        """The statement, and the database without anything secret."""
        return call.statement, f"{self._url.drivername}://{self._url.host or 'local'}/{self._url.database or ''}"

    def exchange(self, call: Call, request: Request, facts: Facts, seconds: float) -> Reply:
        """One statement in a transaction of its own that is rolled back."""
        parameters, place = _read_parameters(request), f"{self._spec.name}, {call.name}"
        try:
            rows = self._select(call, parameters, seconds)
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{place}: {fault}") from None
        except (PoolTimeout, AddressRefused, OSError) as error:
            raise BackEndUnreachable(f"{place}: {type(error).__name__}") from None
        except DBAPIError as error:
            if error.connection_invalidated or error.orig is None or self._dialect.is_absence(error.orig):
                raise BackEndUnreachable(f"{place}: no connection, or no answer in time") from None
            raise BackEndGarbled(f"{place}: the database refused the statement ({type(error.orig).__name__})") from None
        except (SQLAlchemyError, *DRIVER_FAULTS) as error:
            raise BackEndGarbled(f"{place}: {type(error).__name__}") from None
        return {"status": None, "body": {"rows": rows}}

    def knock(self, seconds: float) -> str:
        """``SELECT 1``, in a transaction that is rolled back."""
        try:
            with self._engine.connect() as connection:
                descriptor = self._dialect.find_descriptor(connection.connection.dbapi_connection)
                with cut_after(descriptor, seconds + GRACE_SECONDS):
                    self._dialect.limit(connection, seconds)
                    connection.exec_driver_sql("SELECT 1").close()
                    connection.rollback()
        except (PoolTimeout, AddressRefused, OSError):
            return "no_connection"
        except (SQLAlchemyError, *DRIVER_FAULTS):
            return "no_answer"
        return ""

    def close(self) -> None:
        """Let go of the pool; the last one that does closes its idle connections. Those in use end with their statement."""
        if self._held:
            self._held = False
            _release_engine(self._key)

    def _select(self, call: Call, parameters: dict[str, JsonValue], seconds: float) -> list[dict[str, JsonValue]]:
        with self._engine.connect() as connection:
            descriptor = self._dialect.find_descriptor(connection.connection.dbapi_connection)
            try:
                with cut_after(descriptor, seconds + GRACE_SECONDS):
                    self._dialect.limit(connection, seconds)
                    rows = self._read_rows(connection, call, parameters)
                    connection.rollback()
            except BaseException:
                connection.invalidate()  # it may stand in the middle of an answer
                raise
        return rows

    def _read_rows(
        self, connection: Connection, call: Call, parameters: dict[str, JsonValue]
    ) -> list[dict[str, JsonValue]]:
        columns = _list_columns(call)
        statement = text(self._dialect.wrap(call.statement, columns, MAX_LISTED + 1))
        result = connection.execute(statement, parameters)
        if sorted(set(result.keys()) - {TOO_LARGE}) != sorted(columns) or len(set(result.keys())) != len(result.keys()):
            raise ReplyUnreadable("other columns than those declared")
        found = result.mappings().fetchmany(MAX_LISTED + 1)
        if len(found) > MAX_LISTED or any(row.get(TOO_LARGE) for row in found):
            raise ReplyUnreadable("too many rows, or a value that is too large")
        return [{name: make_plain(row[name]) for name in columns} for row in found]


def read_url(address: BackEndAddress) -> URL:
    """A database's address. Raises ``ConfigurationFault``: it holds neither user nor password, for those are options and secrets."""
    try:
        url = make_url(address.url)
    except (ArgumentError, ValueError):
        raise ConfigurationFault(f"back end {address.name}: its address is no address of a database") from None
    if url.username is not None or url.password is not None:
        raise ConfigurationFault(
            f"back end {address.name}: its address holds a user; that is an option, its password a secret"
        )
    if (
        set(url.query) - {"host"}
        or not (url.host or url.query.get("host"))
        or not isinstance(url.query.get("host", ""), str)
    ):
        raise ConfigurationFault(f"back end {address.name}: its address needs a host and has no parameters")
    return url


def _read_login(spec: BackEndSpec, address: BackEndAddress, secrets: Secrets) -> tuple[str, str]:
    authentication = spec.authentication
    if authentication.scheme == "none":
        return read_user(authentication, address) if authentication.user else "guitai", ""
    return read_user(authentication, address), read_text(address, authentication.secret, secrets)


def _read_authorities(url: URL, address: BackEndAddress, secrets: Secrets) -> bytes | None:
    """TLS with a verified certificate, always, unless the database is on this machine and states no authorities."""
    if AUTHORITIES in address.secrets:
        return read_secret(address, AUTHORITIES, secrets)
    return None if url.query.get("host") or _is_loopback(url.host or "") else certifi.contents().encode()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_local(url: URL, reach: Reach, address: BackEndAddress) -> None:
    if url.query.get("host") and not reach.permits_local_sockets():
        raise ConfigurationFault(
            f"back end {address.name}: a Unix socket of this machine is not in GUITAI_PRIVATE_BACK_ENDS"
        )


_engines: dict[Access, tuple[Engine, int]] = {}
_lock = threading.Lock()


def _share_engine(dialect: Dialect, access: Access) -> tuple[Engine, Access]:
    """One pool per log-in: every version of every service at this database uses it. With the key under which it is let go again."""
    with _lock:
        engine, users = _engines.get(access) or (_make_engine(access.url, dialect, access), 0)
        _engines[access] = (engine, users + 1)
    return engine, access


def _release_engine(key: Access) -> None:
    with _lock:
        engine, users = _engines.pop(key, (None, 0))
        if engine is not None and users > 1:
            _engines[key] = (engine, users - 1)
            return
    if engine is not None:
        engine.dispose()


def _make_engine(url: URL, dialect: Dialect, access: Access) -> Engine:
    named: dict[str, Any] = {}
    opener = dialect.make_opener(access)
    if opener is not None:
        named["creator"] = opener
    else:
        url = url.set(username=access.user, password=access.password)
    try:
        return create_engine(
            url.set(drivername=dialect.driver), pool_size=POOL, max_overflow=OVERFLOW, pool_timeout=POOL_SECONDS,
            pool_recycle=RECYCLE_SECONDS, hide_parameters=True, **named,
        )  # fmt: skip
    except (SQLAlchemyError, ImportError):
        raise ConfigurationFault("no driver is installed for this kind of database") from None


def _read_parameters(request: Request) -> dict[str, JsonValue]:
    """Texts, whole numbers and flags. Raises ``BackEndRefused("unwritable_value")`` for anything else."""
    parameters = request.document or {}
    for value in parameters.values():
        if not isinstance(value, str | int) or (isinstance(value, str) and ("\x00" in value or not _is_unicode(value))):
            raise BackEndRefused(UNWRITABLE)
    return parameters


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _list_columns(call: Call) -> Sequence[str]:
    rows = call.reply.children.get("rows")
    return tuple(rows.children) if rows is not None and rows.many else ()
