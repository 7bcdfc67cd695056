"""The only ``requests.Session`` of the project: every byte that our servers send to another server leaves here.

What it promises to its callers (the door, the connectors):

- the bytes are theirs: exact method, target, headers and body. No proxy or credential from the environment, no cookie,
  no redirect followed, no retry, no header of its own beside ``Host``, ``Content-Length``, ``Accept-Encoding`` and
  ``User-Agent: guitai``;
- only origins that stand in the allow-list of a *purpose* are reached, with their certificate verified;
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

from services.errors import ConfigurationFault

USER_AGENT = "guitai"
PIECE = 65_536
DEFAULT_PORTS = {"http": 80, "https": 443}

Origins = Callable[[str], Collection[str]] | frozenset[str]
"""Allowed origins (``https://host[:port]``): for each purpose, or one set for all."""


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


_departure = threading.local()
"""Of the call that this thread is making: ``left`` (a byte is about to leave), ``deadline`` (monotonic)."""


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


class _MarkedConnection(HTTPConnection):
    """Notes for its thread that the first byte is about to leave; connecting alone does not count."""

    response_class = _BoundedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _departure.left = True
        super().send(data)


class _MarkedTlsConnection(HTTPSConnection):
    """The same, after the TLS handshake."""

    response_class = _BoundedResponse

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
    """Never retries; builds pools of marked connections."""

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Let ``requests`` make its pool manager, then give it our pools."""
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _MarkedPool, "https": _MarkedTlsPool}


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
    ) -> None:
        self._allowed = allowed_hosts
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._verify: bool | str = ca_file or True
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _MarkedAdapter(pool_size))

    def send(
        self,
        purpose: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float | None = None,
    ) -> HttpReply:
        """Send and read the whole answer, whatever its status. Raises ``HttpUnreachable``, ``HttpUnknown``, ``ConfigurationFault``."""
        return self.transmit(self.prepare(purpose, method, url, headers, body, timeout_seconds))

    def prepare(
        self,
        purpose: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float | None = None,
    ) -> PreparedCall:
        """Everything short of sending. Raises ``ConfigurationFault`` if the origin is not allowed or the target would change."""
        self._require_allowed(purpose, url)
        named = {name: value for name, value in headers.items() if name.lower() != "user-agent"}
        request = requests.Request(
            method, url, headers={**named, "User-Agent": USER_AGENT}, data=body or None
        ).prepare()
        if request.path_url != target_of(url) or not request.path_url.isascii():
            raise ConfigurationFault(f"{purpose}: the target would not travel byte for byte")
        return PreparedCall(purpose, request, timeout_seconds or self._timeout_seconds)

    def transmit(self, call: PreparedCall) -> HttpReply:
        """Send what was prepared. Raises ``HttpUnreachable`` or ``HttpUnknown``."""
        _departure.left, _departure.deadline = False, time.monotonic() + call.timeout_seconds
        try:
            response = self._session.send(
                call.request, timeout=call.timeout_seconds, allow_redirects=False, stream=True, verify=self._verify
            )
        except (requests.RequestException, Urllib3Error, OSError) as error:
            failure = HttpUnknown if _departure.left else HttpUnreachable
            raise failure(f"{call.purpose}: {type(error).__name__}") from None
        try:
            return self._read(call.purpose, response)
        except (requests.RequestException, Urllib3Error, OSError) as error:
            raise HttpUnknown(f"{call.purpose}: {type(error).__name__}") from None
        finally:
            response.close()

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()

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
