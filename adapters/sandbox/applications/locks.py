"""How an office tells who is asking: keys, passwords, signatures and tokens, each checked by the office's own code.

A lock is called with the request and says whether it may come in; what differs is compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.routing import answer_json
from services.ports import Clock

Lock = Callable[[Request], bool]


def open_door(_request: Request) -> bool:
    """Anybody: what the office says is public."""
    return True


def ask_key(key: str, *, header: str = "Authorization", prefix: str = "Bearer") -> Lock:
    """A fixed key after a word in a header (RFC 6750 §2.1 for the usual word)."""
    expected = f"{prefix} {key}".encode()
    return lambda request: hmac.compare_digest(request.headers.get(header, "").encode(), expected)


def ask_password(user: str, password: str) -> Lock:
    """User and password in every request (RFC 7617)."""

    def is_known(request: Request) -> bool:
        given = _read_basic(request.headers.get("Authorization", ""))
        return given is not None and hmac.compare_digest(given, f"{user}:{password}".encode())

    return is_known


def ask_signature(key: str, *, header: str) -> Lock:
    """HMAC-SHA256 over the raw body in lower-case hex."""

    def is_signed(request: Request) -> bool:
        expected = hmac.digest(key.encode(), request.get_data(), hashlib.sha256).hex()
        return hmac.compare_digest(request.headers.get(header, "").encode(), expected.encode())

    return is_signed


def _read_basic(header: str) -> bytes | None:
    scheme, _, text = header.partition(" ")
    try:
        return base64.b64decode(text, validate=True) if scheme.lower() == "basic" else None
    except (binascii.Error, ValueError):
        return None


class TokenDesk:
    """Gives tokens for a while, by the shared clock, and knows them again. A restart forgets them, as real ones do."""

    def __init__(self, clock: Clock, seconds: int) -> None:
        self._clock = clock
        self.seconds = seconds
        self._until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def give(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._until[token] = self._clock.now() + timedelta(seconds=self.seconds)
        return token

    def forget_all(self) -> None:
        """Every token given so far is dead."""
        with self._lock:
            self._until.clear()

    def lock(self, *, header: str = "Authorization", prefix: str = "Bearer") -> Lock:
        """Lets in who carries a token that is not over."""
        lead = f"{prefix} " if prefix else ""

        def is_known(request: Request) -> bool:
            given = request.headers.get(header, "")
            with self._lock:
                until = self._until.get(given.removeprefix(lead)) if given.startswith(lead) else None
            return until is not None and self._clock.now() < until

        return is_known


class ClientCredentials:
    """``POST /oauth2/token``: a token for a client's own credentials (RFC 6749 §4.4), given in Basic or in the form (§2.3.1)."""

    def __init__(self, tokens: TokenDesk, client_id: str, client_secret: str, scope: str) -> None:
        self._tokens = tokens
        self._expected = f"{client_id}:{client_secret}".encode()
        self._scope = scope

    def give_token(self, request: Request) -> Response:
        """The answers are those of RFC 6749 §5."""
        form = request.form
        basic = _read_basic(request.headers.get("Authorization", ""))
        given = basic or f"{form.get('client_id', '')}:{form.get('client_secret', '')}".encode()
        if not hmac.compare_digest(given, self._expected):
            return answer_json({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "client_credentials":
            return answer_json({"error": "unsupported_grant_type"}, 400)
        if form.get("scope", self._scope) != self._scope:
            return answer_json({"error": "invalid_scope"}, 400)
        response = answer_json(
            {
                "access_token": self._tokens.give(),
                "token_type": "Bearer",
                "expires_in": self._tokens.seconds,
                "scope": self._scope,
            }
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def read_login(request: Request, user: str, password: str) -> bool:
    """Whether a JSON body is ``{username, password}`` of this user and nothing else."""
    try:
        told: Any = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return False
    if not isinstance(told, dict) or set(told) != {"username", "password"}:
        return False
    given = f"{told['username']}:{told['password']}".encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, f"{user}:{password}".encode())
