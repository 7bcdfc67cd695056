"""HTTP for the launcher and the demo's simulated phones: this machine only, no proxy, no redirect.

Not the way out to a platform (that is the door); a phone and a person at the controls stand outside the counter.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class LoopbackFault(Exception):
    """Nobody answered, or not in HTTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are in lower case. ``cookies``: every Set-Cookie line, of which there may be several."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        """The body as JSON; raises ``LoopbackFault`` if it is not."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise LoopbackFault(f"an answer with status {self.status} is not JSON") from error


def send(
    method: str, url: str, body: Mapping[str, Any] | bytes | None = None, headers: Mapping[str, str] | None = None,
    *, timeout_seconds: float = 15.0,
) -> Reply:  # fmt: skip
    """One request to an address of this machine; a mapping goes as JSON, bytes as they are. Raises ``LoopbackFault``, and ``ValueError`` for any other address."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("only an http address of this machine")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout_seconds)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    sent = {"Content-Type": "application/json"} if isinstance(body, Mapping) else {}
    try:
        connection.request(
            method,
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            content,
            sent | dict(headers or {}),
        )
        answer = connection.getresponse()
        told = answer.getheaders()
        cookies = tuple(value for name, value in told if name.lower() == "set-cookie")
        return Reply(answer.status, {name.lower(): value for name, value in told}, answer.read(), cookies)
    except (OSError, http.client.HTTPException) as error:
        raise LoopbackFault(f"{parts.hostname}:{parts.port} does not answer: {type(error).__name__}") from error
    finally:
        connection.close()
