"""The only ``requests.Session`` of the project: every byte that our servers send to another server leaves here.

What it promises to its callers (the door, the connectors):

- the bytes are theirs: exact method, target, headers and body. No proxy or credential from the environment, no cookie,
  no redirect followed, no retry, no header of its own beside ``Host``, ``Content-Length``, ``Accept-Encoding`` and
  ``User-Agent: guitai``;
- only origins that stand in the allow-list of a *purpose* are reached, with their certificate verified, and of private addresses
  only those that the purpose may reach (``adapters/reach.py``);
- a call may show a client certificate and trust authorities of its own (``adapters/tls.py``);
- two kinds of failure, because the difference decides whether money may be moved again::

    HttpError
    ├── HttpUnreachable    no byte of the request left: name, connect or TLS handshake failed. Safe to repeat
    └── HttpUnknown        bytes left and no complete answer came: timeout, cut, too large. It may have happened

A message names the purpose and the kind of failure, never an address with a query, a header or a body.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import NewConnectionError

from adapters.reach import EVERYWHERE, AddressRefused, Reach, open_socket
from adapters.tls import TlsIdentity, make_context
from services.errors import ConfigurationFault

USER_AGENT = "guitai"
PIECE = 65_536
DEFAULT_PORTS = {"http": 80, "https": 443}

Origins = Callable[[str], Collection[str]] | frozenset[str]
"""Allowed origins (``https://host[:port]``): for each purpose, or one set for all."""
Reaches = Callable[[str], Reach]
"""For each purpose the private addresses that it may reach."""


class HttpError(Exception):
    """A call that gave no answer."""


class HttpUnreachable(HttpError):
    """No byte of the request left this machine."""


class HttpUnknown(HttpError):
    """Bytes left and no complete answer came back."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A complete answer. Header names are lower-case; a header that came twice is joined by a comma and a space."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A request that passed every check and has not left yet."""

    purpose: str
    request: requests.PreparedRequest
    timeout_seconds: float
    identity: TlsIdentity | None = None


_departure = threading.local()
"""Of the call that this thread is making: ``left`` (a byte is about to leave), ``deadline`` (monotonic), ``reach``, and ``refused``
(its name led to an address that may not be reached)."""


class _BoundedReader(io.RawIOBase):
    """Reads a socket until the call's deadline: a peer that drips a byte a second cannot hold a thread."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end within its time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """A response whose status line, headers and body must all arrive before the deadline."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        raw: Any = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(raw, sock, _departure.deadline))


def _connect(connection: HTTPConnection, *, tls: bool) -> socket.socket:
    """In place of urllib3's own: to an address that was judged."""
    seconds = connection.timeout if isinstance(connection.timeout, int | float) else None
    try:
        return open_socket(
            connection.host, connection.port, seconds, _departure.reach, connection.socket_options or (), tls=tls
        )
    except AddressRefused as error:
        _departure.refused = True
        raise NewConnectionError(connection, "an address that may not be reached") from error
    except OSError as error:
        raise NewConnectionError(connection, "no connection") from error


class _MarkedConnection(HTTPConnection):
    """Notes for its thread that the first byte is about to leave; connecting alone does not count."""

    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self, tls=False)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _departure.left = True
        super().send(data)


class _MarkedTlsConnection(HTTPSConnection):
    """The same, after the TLS handshake."""

    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self, tls=True)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _departure.left = True
        super().send(data)


class _MarkedPool(HTTPConnectionPool):
    ConnectionCls = _MarkedConnection


class _MarkedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _MarkedTlsConnection


class _MarkedAdapter(HTTPAdapter):
    """Never retries; builds pools of marked connections, with an identity's own TLS context if there is one."""

    def __init__(self, pool_size: int, identity: TlsIdentity | None = None) -> None:
        self._context = None if identity is None else make_context(identity)
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Let ``requests`` make its pool manager, then give it our pools."""
        if self._context is not None:
            named["ssl_context"] = self._context
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _MarkedPool, "https": _MarkedTlsPool}


class _OwnAuthoritiesAdapter(_MarkedAdapter):
    """``requests`` would add the public authorities to those that an identity trusts in their place."""

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context holds what is trusted; the certificate is still required."""
        conn.cert_reqs = "CERT_REQUIRED"


def origin_of(url: str) -> str:
    """``scheme://host:port`` in lower case with the port always written. Raises ``ConfigurationFault`` for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise ConfigurationFault("an address that is not http or https") from error
    if not parts.hostname or parts.username is not None or parts.fragment:
        raise ConfigurationFault("an address needs a host, and holds neither credentials nor a fragment")
    return f"{parts.scheme}://{parts.hostname.lower()}:{port}"


def target_of(url: str) -> str:
    """Path and query exactly as they are written in ``url``; an address without a path asks for ``/``."""
    _, slash, rest = url.partition("://")[2].partition("/")
    return slash + rest or "/"


class HttpClient:
    """Sends exact bytes to allowed origins. Safe to share between threads; opens nothing before the first call.

    ``timeout_seconds`` bounds connecting and, from the start, the whole call; ``max_bytes`` bounds the answer's body.
    ``ca_file`` replaces the public certificate authorities (a government network has its own).
    """

    def __init__(
        self,
        allowed_hosts: Origins,
        timeout_seconds: float = 5.0,
        max_bytes: int = 1_048_576,
        *,
        pool_size: int = 32,
        ca_file: str | None = None,
        reach_of: Reaches = lambda _purpose: EVERYWHERE,
    ) -> None:
        self._allowed = allowed_hosts
        self._reach_of = reach_of
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._verify: bool | str = ca_file or True
        self._pool_size = pool_size
        self._session = _open_session(pool_size)
        self._sessions: dict[TlsIdentity, requests.Session] = {}
        self._lock = threading.Lock()

    def send(
        self,
        purpose: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float | None = None,
        identity: TlsIdentity | None = None,
    ) -> HttpReply:
        """Send and read the whole answer, whatever its status. Raises ``HttpUnreachable``, ``HttpUnknown``, ``ConfigurationFault``."""
        return self.transmit(self.prepare(purpose, method, url, headers, body, timeout_seconds, identity))

    def prepare(
        self,
        purpose: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float | None = None,
        identity: TlsIdentity | None = None,
    ) -> PreparedCall:
        """Everything short of sending. Raises ``ConfigurationFault`` if the origin is not allowed or the target would change."""
        self._require_allowed(purpose, url)
        named = {name: value for name, value in headers.items() if name.lower() != "user-agent"}
        request = requests.Request(
            method, url, headers={**named, "User-Agent": USER_AGENT}, data=body or None
        ).prepare()
        if request.path_url != target_of(url) or not request.path_url.isascii():
            raise ConfigurationFault(f"{purpose}: the target would not travel byte for byte")
        return PreparedCall(purpose, request, timeout_seconds or self._timeout_seconds, identity)

    def transmit(self, call: PreparedCall) -> HttpReply:
        """Send what was prepared. Raises ``HttpUnreachable`` or ``HttpUnknown``."""
        _departure.left, _departure.deadline = False, time.monotonic() + call.timeout_seconds
        _departure.reach, _departure.refused = self._reach_of(call.purpose), False
        session = self._session if call.identity is None else self._session_of(call.identity)
        try:
            response = session.send(
                call.request, timeout=call.timeout_seconds, allow_redirects=False, stream=True, verify=self._verify
            )
        except (requests.RequestException, Urllib3Error, OSError) as error:
            failure = HttpUnknown if _departure.left else HttpUnreachable
            what = "an address that may not be reached" if _departure.refused else type(error).__name__
            raise failure(f"{call.purpose}: {what}") from None
        try:
            return self._read(call.purpose, response)
        except (requests.RequestException, Urllib3Error, OSError) as error:
            raise HttpUnknown(f"{call.purpose}: {type(error).__name__}") from None
        finally:
            response.close()

    def close(self) -> None:
        """Close the idle connections."""
        for session in (self._session, *self._sessions.values()):
            session.close()

    def _session_of(self, identity: TlsIdentity) -> requests.Session:
        """One per identity: a connection that was opened as somebody is used as nobody else. Raises ``ConfigurationFault``."""
        with self._lock:
            if identity not in self._sessions:
                self._sessions[identity] = _open_session(self._pool_size, identity)
            return self._sessions[identity]

    def _require_allowed(self, purpose: str, url: str) -> None:
        listed = self._allowed(purpose) if callable(self._allowed) else self._allowed
        if origin_of(url) not in {origin_of(allowed) for allowed in listed}:
            raise ConfigurationFault(f"{purpose}: this origin is not in the allow-list")

    def _read(self, purpose: str, response: requests.Response) -> HttpReply:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise HttpUnknown(f"{purpose}: an encoding that was not asked for")
        body = bytearray()
        while piece := response.raw.read1(PIECE, decode_content=False):
            body += piece
            if len(body) > self._max_bytes:
                raise HttpUnknown(f"{purpose}: the answer is larger than {self._max_bytes} bytes")
        return HttpReply(response.status_code, headers, bytes(body))


def _open_session(pool_size: int, identity: TlsIdentity | None = None) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    kind = _OwnAuthoritiesAdapter if identity is not None and identity.authorities else _MarkedAdapter
    for scheme in ("http://", "https://"):
        session.mount(scheme, kind(pool_size, identity))
    return session
