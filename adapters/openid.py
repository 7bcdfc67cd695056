"""Sign-in of staff at the government's OpenID provider: OpenID Connect Core 1.0, authorization code with PKCE, nonce and state.

Authlib and joserfc know the protocol, our ``HttpClient`` moves the bytes. State, nonce and PKCE verifier (RFC 7636) are derived from one
random seed that only the browser's cookie holds; a seed serves once and ten minutes. Believed is only an ID token that one of the
provider's published keys signed with RS256, ES256 or EdDSA, for this client, in answer to this very request, not expired by the clock
port. Every address of the provider lies at the issuer's own origin. Also checked: RFC 9207 (``iss`` in the answer, against mix-up).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable, origin_of
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndUnreachable, ConfigurationFault, NotSignedIn
from services.ports import Clock, Revocations

PURPOSE = "openid"
ALGORITHMS = ("RS256", "ES256", "EdDSA")
SEED_LASTS = timedelta(minutes=10)
CACHED = timedelta(hours=1)
ASK_KEYS_AGAIN = timedelta(minutes=1)
LEEWAY_SECONDS = 60
MIN_RSA_BITS = 2048
_SEED = re.compile(r"([0-9]{10})\.([0-9a-f]{64})")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class OpenIdClient:
    """What this console is at the provider. ``callback`` is the console's own address of the answer."""

    issuer: str
    client_id: str
    client_secret: str
    callback: str

    def __repr__(self) -> str:
        return f"OpenIdClient({self.client_id})"


@dataclass(frozen=True, slots=True)
class _Provider:
    read_at: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Keys:
    read_at: datetime
    keys: KeySet


class _ClosedRegistry(JWSRegistry):
    """The three algorithms and no other. ``EdDSA`` is an old name (RFC 9864) under which providers go on signing: no warning is due."""

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_REGISTRY = _ClosedRegistry(strict_check_header=False)
"""Unknown header fields are passed over (RFC 7515, section 4), critical ones are not."""


def derive(seed: str, purpose: str) -> str:
    """43 characters of base64url that belong to one seed and purpose: 256 bits, a valid PKCE verifier (RFC 7636, section 4.1)."""
    made = hmac.new(seed.encode(), f"openid {purpose} v1".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


class OpenIdProvider:
    """``console_ports.IdentityProvider``. Safe to share between threads; asks nothing before the first sign-in."""

    def __init__(self, client: OpenIdClient, http: HttpClient, revocations: Revocations, clock: Clock) -> None:
        self._client, self._http, self._revocations, self._clock = client, http, revocations, clock
        self._lock = threading.Lock()
        self._provider: _Provider | None = None
        self._keys: _Keys | None = None

    def start(self, seed: str) -> str:
        document = self._discover()
        address: str = prepare_grant_uri(
            str(document["authorization_endpoint"]), self._client.client_id, "code", self._client.callback, ["openid"],
            derive(seed, "state"), nonce=derive(seed, "nonce"), code_challenge_method="S256",
            code_challenge=create_s256_code_challenge(derive(seed, "verifier")),
        )  # fmt: skip
        return address

    def finish(self, seed: str, answer: Mapping[str, str]) -> str:
        self._require_seed(seed)
        document = self._discover()
        if not hmac.compare_digest(answer.get("state", "").encode(), derive(seed, "state").encode()):
            raise NotSignedIn
        told = answer.get("iss")
        if told != self._client.issuer and (told or document.get("authorization_response_iss_parameter_supported")):
            raise NotSignedIn
        code = answer.get("code", "")
        if "error" in answer or not 1 <= len(code) <= 4096:
            raise NotSignedIn
        self._revocations.add(PURPOSE, seed, self._clock.now() + SEED_LASTS)
        tokens = self._exchange(document, code, derive(seed, "verifier"))
        return self._verify(tokens, derive(seed, "nonce"))

    def _require_seed(self, seed: str) -> None:
        """A seed that is ours in form, young enough, and was not used."""
        found = _SEED.fullmatch(seed)
        age = self._clock.now().timestamp() - int(found.group(1)) if found else -1
        if not 0 <= age <= SEED_LASTS.total_seconds() or self._revocations.holds(PURPOSE, seed):
            raise NotSignedIn

    def _exchange(self, document: Mapping[str, Any], code: str, verifier: str) -> Mapping[str, Any]:
        """The code for tokens (OpenID Connect Core 3.1.3). The provider says no with 400: not signed in."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._client.callback,
            "code_verifier": verifier,
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" in methods:
            pair = f"{quote(self._client.client_id, safe='')}:{quote(self._client.client_secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self._client.client_id, "client_secret": self._client.client_secret}
        reply = self._send("POST", str(document["token_endpoint"]), headers, urlencode(form).encode())
        if reply.status == 400:
            raise NotSignedIn
        tokens = _read_object(reply)
        if str(tokens.get("token_type", "")).lower() != "bearer":
            _garbled()
        return tokens

    def _verify(self, tokens: Mapping[str, Any], nonce: str) -> str:
        """The ``sub`` of an ID token that holds (OpenID Connect Core 3.1.3.7)."""
        token, now = tokens.get("id_token"), int(self._clock.now().timestamp())
        if not isinstance(token, str) or len(token) > 16_384:
            raise NotSignedIn
        try:
            decoded = jwt.decode(token, self._find_keys(token), registry=_REGISTRY)
            expected = {"iss": self._client.issuer, "aud": self._client.client_id}
            claims = CodeIDToken(
                decoded.claims, decoded.header,
                {name: {"essential": True, "value": value} for name, value in expected.items()},
                {"nonce": nonce, "client_id": self._client.client_id, "access_token": tokens.get("access_token")},
            )  # fmt: skip
            claims.validate(now, LEEWAY_SECONDS)
            _require_times(claims, now)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise NotSignedIn from None
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isascii():
            raise NotSignedIn
        return subject

    def _find_keys(self, token: str) -> KeySet:
        """The provider's keys; asked for again if none of them is the token's (it changed them), at most once a minute."""
        header = token.split(".", 1)[0]
        try:
            kid = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))).get("kid")
        except (ValueError, AttributeError):
            raise NotSignedIn from None
        now, held = self._clock.now(), self._keys
        unknown = held is not None and kid is not None and all(key.kid != kid for key in held.keys)
        if held is None or now - held.read_at >= CACHED or (unknown and now - held.read_at >= ASK_KEYS_AGAIN):
            held = _Keys(now, self._read_keys())
            with self._lock:
                self._keys = held
        return held.keys

    def _read_keys(self) -> KeySet:
        document = _read_object(self._send("GET", str(self._discover()["jwks_uri"]), {"Accept": "application/json"}))
        usable = [key for key in document.get("keys", []) if isinstance(key, dict) and _is_usable(key)]
        try:
            return KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError):
            _garbled()

    def _discover(self) -> Mapping[str, Any]:
        """The provider's description of itself (OpenID Connect Discovery 1.0), an hour old at most."""
        now, held = self._clock.now(), self._provider
        if held is not None and now - held.read_at < CACHED:
            return held.document
        address = self._client.issuer.rstrip("/") + "/.well-known/openid-configuration"
        document = _read_object(self._send("GET", address, {"Accept": "application/json"}))
        try:
            strangers = {origin_of(str(document[name])) for name in _ENDPOINTS} - {origin_of(self._client.issuer)}
        except (KeyError, ConfigurationFault):
            _garbled()
        if document.get("issuer") != self._client.issuer or strangers:
            _garbled()
        with self._lock:
            self._provider = _Provider(now, document)
        return document

    def _send(self, method: str, address: str, headers: Mapping[str, str], body: bytes = b"") -> HttpReply:
        try:
            return self._http.send(PURPOSE, method, address, headers, body)
        except HttpUnreachable as error:
            raise BackEndUnreachable(PURPOSE) from error
        except HttpUnknown as error:
            raise BackEndOutcomeUnknown(PURPOSE) from error


def _require_times(claims: Mapping[str, Any], now: int) -> None:
    """``iat`` is a moment of this sign-in: not from before its seed could have been made, not from the future."""
    issued = claims["iat"]
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise TypeError
    if not now - SEED_LASTS.total_seconds() - LEEWAY_SECONDS <= issued <= now + LEEWAY_SECONDS:
        raise ValueError


def _is_usable(key: Mapping[str, Any]) -> bool:
    """A public signing key of a kind on the allow-list; RSA of at least 2,048 bits. A symmetric key is never one."""
    if key.get("use", "sig") != "sig" or key.get("kty") not in ("RSA", "EC", "OKP"):
        return False
    return key["kty"] != "RSA" or len(str(key.get("n", ""))) * 6 >= MIN_RSA_BITS


def _read_object(reply: HttpReply) -> dict[str, Any]:
    """A 200 with a JSON object in it; anything else is garbled."""
    try:
        document = json.loads(reply.body) if reply.status == 200 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        _garbled()
    return document


def _garbled() -> NoReturn:
    raise BackEndGarbled("the OpenID provider did not answer as agreed")
