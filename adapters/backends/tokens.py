"""Schemes that exchange a secret for a token: OAuth 2.0 client credentials (RFC 6749 §4.4), and a back end's own log-in.

A token is kept in this process until shortly before it ends, by the clock port. One thread fetches, the others wait for it. A fetch is
never the call itself: whatever goes wrong in it, nothing was done, and the call fails as ``BackEndUnreachable``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote_plus, urlencode

from adapters.backends.authentication import VISIBLE, carry_basic, read_text, read_user
from adapters.backends.rest.json_text import JSON, read_json, write_json
from adapters.backends.wire import PURPOSE, Facts, ReplyUnreadable, RequestUnwritable
from adapters.http import HttpClient, HttpError, HttpReply
from adapters.tls import TlsIdentity
from services.errors import BackEndUnreachable, ConfigurationFault
from services.expressions import ValueUntranslatable
from services.mapping import Authentication
from services.model import BackEndAddress, JsonValue
from services.ports import Clock, Secrets

MARGIN_SECONDS = 30
"""A token is not used in its last seconds, nor in the last tenth of a short life."""
UNSTATED_SECONDS = 300
"""How long a token is used whose end is not told."""
LONGEST_SECONDS, LONGEST_TOKEN = 86_400, 8192
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the moment from which it is not used any more."""

    text: str
    ends_at: datetime


class TokenSource(Protocol):
    """Asks for a token."""

    def fetch(self, facts: Facts, seconds: float) -> tuple[JsonValue, JsonValue]:
        """What was given as token and as seconds of life. Raises ``HttpError``, ``ReplyUnreadable``, ``ValueUntranslatable``."""
        ...


class TokenHeaders:
    """Implements ``Authenticator``: one header with a token that is fetched when it is needed."""

    def __init__(self, place: str, source: TokenSource, clock: Clock, header: str, prefix: str) -> None:
        self._place = place
        self._source = source
        self._clock = clock
        self._header, self._prefix = header, prefix
        self._lock = threading.Lock()
        self._token: Token | None = None

    def list_headers(self, body: bytes, facts: Facts, seconds: float) -> dict[str, str]:
        """With the known token, or a new one."""
        with self._lock:
            if self._token is None or self._clock.now() >= self._token.ends_at:
                self._token = None
                self._token = self._fetch(facts, seconds)
            return {self._header: f"{self._prefix} {self._token.text}".lstrip()}

    def forget(self, headers: Mapping[str, str]) -> bool:
        """Drop the token if it is still the one that was refused; another thread may have fetched a new one already."""
        with self._lock:
            used = headers.get(self._header)
            if self._token is not None and used == f"{self._prefix} {self._token.text}".lstrip():
                self._token = None
            return used is not None

    def _fetch(self, facts: Facts, seconds: float) -> Token:
        try:
            text, life = self._source.fetch(facts, seconds)
            return Token(_read_token(text), self._clock.now() + timedelta(seconds=_read_life(life)))
        except HttpError:
            raise BackEndUnreachable(f"{self._place}: no token, for nobody answered") from None
        except (ReplyUnreadable, RequestUnwritable) as fault:
            raise BackEndUnreachable(f"{self._place}: no token: {fault}") from None
        except ValueUntranslatable:
            raise BackEndUnreachable(f"{self._place}: no token: an answer of another form") from None


def _read_token(value: JsonValue) -> str:
    if not isinstance(value, str) or not VISIBLE.fullmatch(value) or len(value) > LONGEST_TOKEN:
        raise ReplyUnreadable("a token that is no visible text")
    return value


def _read_life(value: JsonValue) -> float:
    """Seconds for which a token is used, out of the seconds that it lives."""
    if value is None:
        return UNSTATED_SECONDS
    life = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value
    if isinstance(life, bool) or not isinstance(life, int) or life <= 0:
        raise ReplyUnreadable("a life that is no number of seconds")
    life = min(life, LONGEST_SECONDS)
    return life - min(MARGIN_SECONDS, life / 10)


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """Where tokens are given out: at the back end's own address, over the same client and with the same certificate."""

    address: BackEndAddress
    http: HttpClient
    identity: TlsIdentity | None
    path: str

    def ask(self, headers: Mapping[str, str], body: bytes, facts: Facts, seconds: float) -> HttpReply:
        """Raises ``HttpError``."""
        url = self.address.url.rstrip("/") + self.path
        named = {"X-Request-Id": facts.request_id, "Accept": JSON, **headers}
        purpose = f"{PURPOSE}:{self.address.name}"
        if self.identity is None:
            return self.http.send(purpose, "POST", url, named, body, seconds)
        return self.http.send(purpose, "POST", url, named, body, seconds, self.identity)


class ClientCredentials:
    """RFC 6749 §4.4, our identity by HTTP Basic as §2.3.1 wants it: both parts form-encoded first."""

    def __init__(self, desk: TokenDesk, client_id: str, client_secret: str, scope: str) -> None:
        self._desk = desk
        self._headers = {**carry_basic(quote_plus(client_id), quote_plus(client_secret)), "Content-Type": FORM}
        self._body = urlencode({"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})).encode()

    def fetch(self, facts: Facts, seconds: float) -> tuple[JsonValue, JsonValue]:
        """§5.1: 200 with ``access_token`` and ``token_type``; §7.1: a type that we do not know is not used."""
        reply = self._desk.ask(self._headers, self._body, facts, seconds)
        if reply.status != 200:
            raise ReplyUnreadable("another status than 200")
        body = read_json(reply.body)
        kind = body.get("token_type") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise ReplyUnreadable("not a bearer token")
        return body.get("access_token"), body.get("expires_in")


class OwnLogin:
    """A back end's own log-in in JSON. ``request`` is given ``secret``, ``user`` and the address's ``options``, and sees nothing else."""

    def __init__(self, desk: TokenDesk, authentication: Authentication, user: str, secret: str) -> None:
        if authentication.request is None or authentication.token is None:
            raise ConfigurationFault(f"back end {desk.address.name}: its log-in is not described")
        self._desk = desk
        self._request, self._token, self._life = (
            authentication.request,
            authentication.token,
            authentication.expires_in,
        )
        self._given: dict[str, JsonValue] = {"secret": secret, "user": user, "options": dict(desk.address.options)}

    def fetch(self, facts: Facts, seconds: float) -> tuple[JsonValue, JsonValue]:
        """A reply of another status than 2xx is no log-in, whatever stands in it."""
        asked = self._request.search({**self._given, "call_id": facts.call_id})
        reply = self._desk.ask({"Content-Type": JSON}, write_json(asked), facts, seconds)
        if not 200 <= reply.status < 300:
            raise ReplyUnreadable("another status than 2xx")
        said = {"status": reply.status, "body": read_json(reply.body)}
        return self._token.search(said), self._life.search(said) if self._life is not None else None


def make_token_headers(authentication: Authentication, desk: TokenDesk, secrets: Secrets, clock: Clock) -> TokenHeaders:
    """The authenticator of a scheme with a token. Raises ``ConfigurationFault``; fetches nothing yet."""
    address = desk.address
    secret, user = read_text(address, authentication.secret, secrets), read_user(authentication, address)
    if authentication.scheme == "client-credentials":
        source: TokenSource = ClientCredentials(desk, user, secret, authentication.scope)
        return TokenHeaders(address.name, source, clock, "Authorization", "Bearer")
    header = authentication.header or "Authorization"
    prefix = authentication.prefix or ("Bearer" if header == "Authorization" else "")
    return TokenHeaders(address.name, OwnLogin(desk, authentication, user, secret), clock, header, prefix)
