"""A government's OpenID provider for staff: discovery, keys, authorization code with PKCE, token; and the ways in which one can lie.

Own crypto (``cryptography`` alone): nothing is shared with the adapter that it tests. A browser sees one page with the known subjects
and presses one. A code serves once, for 60 seconds of the clock, with its verifier. Sources: OpenID Connect Core 1.0, Discovery 1.0,
RFC 6749, 7515, 7517, 7636, 9207.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from werkzeug.wrappers import Request, Response

from adapters.sandbox.routing import Router, answer_json, read_control
from services.ports import Clock

CODE_LASTS = timedelta(seconds=60)
TOKEN_LASTS = timedelta(minutes=5)
ALGORITHMS = ("RS256", "ES256", "EdDSA")
LIES = frozenset(
    {
        "alg_none", "hmac_of_public_key", "forged_signature", "unknown_key", "expired", "from_the_future", "issued_long_ago",
        "wrong_nonce", "no_nonce", "wrong_audience", "two_audiences", "other_party", "wrong_issuer", "wrong_at_hash", "no_subject",
        "no_expiry", "text_expiry", "key_in_header", "no_token", "html", "server_error", "other_issuer_in_answer", "wrong_state",
        "no_issuer_in_answer", "critical_header", "strange_endpoint", "wrong_issuer_in_discovery",
    }
)  # fmt: skip
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Client:
    """Who may ask: what the console's settings hold as well."""

    client_id: str
    client_secret: str
    callback: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What was agreed when a code was given out."""

    subject: str
    nonce: str
    challenge: str
    made_at: datetime


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_private_key(algorithm: str) -> PrivateKey:
    """A fresh key for one of the three algorithms."""
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else ed25519.Ed25519PrivateKey.generate()


def describe_key(key: PrivateKey, kid: str, algorithm: str) -> dict[str, str]:
    """The public half as a JWK (RFC 7517, 7518, 8037)."""
    told = {"kid": kid, "use": "sig", "alg": algorithm}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return told | {
            "kty": "RSA",
            "n": encode(numbers.n.to_bytes(256, "big")),
            "e": encode(numbers.e.to_bytes(3, "big")),
        }
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return told | {
            "kty": "EC",
            "crv": "P-256",
            "x": encode(point.x.to_bytes(32, "big")),
            "y": encode(point.y.to_bytes(32, "big")),
        }
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return told | {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}


def sign(key: PrivateKey, data: bytes) -> bytes:
    """A JWS signature (RFC 7518, section 3; RFC 8037)."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        first, second = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return first.to_bytes(32, "big") + second.to_bytes(32, "big")
    return key.sign(data)


class IdentityHouse:
    """The provider as a WSGI application. ``lie`` is what the next sign-ins get wrong, None for nothing."""

    def __init__(
        self, issuer: str, client: Client, subjects: Iterable[str], clock: Clock, algorithm: str = "RS256"
    ) -> None:
        self.issuer, self.client, self.subjects, self.algorithm = issuer, client, tuple(subjects), algorithm
        self.lie: str | None = None
        self.received: list[tuple[str, Mapping[str, str]]] = []
        self._clock = clock
        self._grants: dict[str, Grant] = {}
        self.change_key()
        self._router = Router()
        for method, path, handler in (
            ("GET", "/.well-known/openid-configuration", self._describe), ("GET", "/keys", self._show_keys),
            ("GET", "/authorize", self._ask), ("POST", "/authorize", self._agree), ("POST", "/token", self._exchange),
            ("POST", "/_sandbox/control/lie", self._control),
        ):  # fmt: skip
            self._router.add(method, path, handler)
        self.wsgi = self._router

    def change_key(self) -> None:
        """Sign with a fresh key from now on; the old one is no longer published."""
        self._key, self._kid = make_private_key(self.algorithm), secrets.token_hex(8)

    def _control(self, request: Request) -> Response:
        asked = read_control(request, {"name"})
        if asked is None or asked["name"] not in LIES | {""}:
            return answer_json({"allowed": sorted(LIES)}, 400)
        self.lie = str(asked["name"]) or None
        return answer_json({})

    def _describe(self, _request: Request) -> Response:
        root = self.issuer.rstrip("/")
        elsewhere = "https://evil.example" if self.lie == "strange_endpoint" else root
        return answer_json(
            {
                "issuer": "https://evil.example" if self.lie == "wrong_issuer_in_discovery" else self.issuer,
                "authorization_endpoint": f"{root}/authorize", "token_endpoint": f"{elsewhere}/token", "jwks_uri": f"{root}/keys",
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [self.algorithm], "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
            }
        )  # fmt: skip

    def _show_keys(self, request: Request) -> Response:
        self.received.append(("keys", dict(request.headers.items())))
        return answer_json({"keys": [describe_key(self._key, self._kid, self.algorithm)]})

    def _is_ours(self, asked: Mapping[str, str]) -> bool:
        return (
            (asked.get("client_id"), asked.get("redirect_uri")) == (self.client.client_id, self.client.callback)
            and (asked.get("response_type"), asked.get("code_challenge_method")) == ("code", "S256")
            and "openid" in asked.get("scope", "").split()
            and all(asked.get(name) for name in ("state", "nonce", "code_challenge"))
        )

    def _ask(self, request: Request) -> Response:
        """The page on which a person says who they are."""
        asked = request.args.to_dict()
        if not self._is_ours(asked):
            return answer_json({"error": "invalid_request"}, 400)
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        buttons = "".join(
            f'<button name="subject" value="{html.escape(one)}">{html.escape(one)}</button>' for one in self.subjects
        )
        page = f'<!doctype html><title>Identity</title><form method="post" action="/authorize">{hidden}{buttons}</form>'
        return Response(page, content_type="text/html; charset=utf-8")

    def _agree(self, request: Request) -> Response:
        """Back to the client with a code."""
        asked = request.form.to_dict()
        if not self._is_ours(asked) or asked.get("subject") not in self.subjects:
            return answer_json({"error": "access_denied"}, 400)
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(asked["subject"], asked["nonce"], asked["code_challenge"], self._clock.now())
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        if self.lie == "wrong_state":
            answer["state"] = secrets.token_urlsafe(24)
        if self.lie == "other_issuer_in_answer":
            answer["iss"] = "https://evil.example"
        if self.lie == "no_issuer_in_answer":
            del answer["iss"]
        return Response("", status=303, headers={"Location": f"{self.client.callback}?{urlencode(answer)}"})

    def _exchange(self, request: Request) -> Response:
        """A code for tokens: once, in time, with the client's password and the code's verifier."""
        form = request.form.to_dict()
        self.received.append(("token", form))
        if self.lie == "html":
            return Response("<html>maintenance</html>", content_type="text/html")
        if self.lie == "server_error":
            return answer_json({"error": "server_error"}, 500)
        if not self._knows(request):
            return answer_json({"error": "invalid_client"}, 401)
        grant = self._grants.pop(form.get("code", ""), None)
        challenge = encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        late = grant is None or self._clock.now() - grant.made_at > CODE_LASTS
        if grant is None or late or challenge != grant.challenge or form.get("redirect_uri") != self.client.callback:
            return answer_json({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(24)
        tokens = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self._make_token(grant, access),
        }
        if self.lie == "no_token":
            del tokens["id_token"]
        return answer_json(tokens)

    def _knows(self, request: Request) -> bool:
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
        except ValueError:
            return False
        expected = (self.client.client_id, self.client.client_secret)
        return kind == "Basic" and (unquote(name), unquote(password)) == expected

    def _make_token(self, grant: Grant, access: str) -> str:
        now = int(self._clock.now().timestamp())
        half = (
            hashlib.sha512(access.encode()).digest()[:32]
            if self.algorithm == "EdDSA"
            else hashlib.sha256(access.encode()).digest()[:16]
        )
        claims: dict[str, Any] = {
            "iss": self.issuer, "sub": grant.subject, "aud": self.client.client_id, "nonce": grant.nonce, "iat": now,
            "exp": now + int(TOKEN_LASTS.total_seconds()), "at_hash": encode(half),
        }  # fmt: skip
        header: dict[str, Any] = {"alg": self.algorithm, "kid": self._kid, "typ": "JWT"}
        change = CLAIM_LIES.get(self.lie or "")
        if change is not None:
            change(claims, now)
        return self._seal(header, claims)

    def _seal(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """The signed token, or one of the forgeries that have fooled others."""
        key = self._key
        if self.lie == "alg_none":
            header["alg"] = "none"
        if self.lie == "hmac_of_public_key":
            header["alg"] = "HS256"
        if self.lie == "critical_header":
            header |= {"crit": ["must_know"], "must_know": True}
        if self.lie in ("forged_signature", "key_in_header"):
            key = make_private_key(self.algorithm)
        if self.lie == "key_in_header":
            header["jwk"] = describe_key(key, self._kid, self.algorithm)
        if self.lie == "unknown_key":
            key, header["kid"] = make_private_key(self.algorithm), "somebody-else"
        signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
        if self.lie == "alg_none":
            return f"{signed}."
        if self.lie == "hmac_of_public_key":
            pem = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            return f"{signed}.{encode(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"
        return f"{signed}.{encode(sign(key, signed.encode()))}"


ClaimLie = Callable[[dict[str, Any], int], object]
CLAIM_LIES: Mapping[str, ClaimLie] = {
    "expired": lambda claims, now: claims.update(exp=now - 61),
    "from_the_future": lambda claims, now: claims.update(iat=now + 120),
    "issued_long_ago": lambda claims, now: claims.update(iat=now - 3600),
    "wrong_nonce": lambda claims, _now: claims.update(nonce="another"),
    "no_nonce": lambda claims, _now: claims.pop("nonce"),
    "wrong_audience": lambda claims, _now: claims.update(aud="another"),
    "two_audiences": lambda claims, _now: claims.update(aud=[claims["aud"], "another"]),
    "other_party": lambda claims, _now: claims.update(aud=[claims["aud"], "another"], azp="another"),
    "wrong_issuer": lambda claims, _now: claims.update(iss="https://evil.example"),
    "wrong_at_hash": lambda claims, _now: claims.update(at_hash=encode(b"x" * 16)),
    "no_subject": lambda claims, _now: claims.pop("sub"),
    "no_expiry": lambda claims, _now: claims.pop("exp"),
    "text_expiry": lambda claims, _now: claims.update(exp="9999999999"),
}
"""What a signed token says that it should not, by the name of the lie."""
