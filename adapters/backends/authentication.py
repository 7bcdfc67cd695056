"""How a request shows a back end who is asking: a mapping names the scheme, the address binds the secrets.

Secrets are read at construction: a missing one stops the start, not a citizen. Those that are exchanged for a token first stand in
``tokens.py``. How to add one: a class here, a row in ``SCHEMES``, its keys in ``services/connector_rules.py``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Protocol

from adapters.backends.wire import Facts
from adapters.tls import TlsIdentity, make_context
from services.errors import ConfigurationFault
from services.mapping import Authentication
from services.model import BackEndAddress
from services.ports import Secrets

AUTHORITIES = "ca"
"""The purpose under which an address may bind the authorities (PEM) that vouch for its server, in place of the public ones."""
VISIBLE = re.compile(r"[\x21-\x7e]+")


class Authenticator(Protocol):
    """Makes the headers that go with a body."""

    def list_headers(self, body: bytes, facts: Facts, seconds: float) -> dict[str, str]:
        """May fetch a token within ``seconds``; raises ``BackEndUnreachable`` if none is to be had: then nothing was done."""
        ...

    def forget(self, headers: Mapping[str, str]) -> bool:
        """The back end did not accept these: whether asking once more with new ones makes sense."""
        ...


class FixedHeaders:
    """The same headers for every request."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def list_headers(self, body: bytes, facts: Facts, seconds: float) -> dict[str, str]:
        return dict(self._headers)

    def forget(self, headers: Mapping[str, str]) -> bool:
        return False


class BodyDigest:
    """Lower-case hexadecimal HMAC-SHA256 over the exact bytes of the body."""

    def __init__(self, header: str, secret: bytes) -> None:
        self._header, self._secret = header, secret

    def list_headers(self, body: bytes, facts: Facts, seconds: float) -> dict[str, str]:
        return {self._header: hmac.digest(self._secret, body, hashlib.sha256).hex()}

    def forget(self, headers: Mapping[str, str]) -> bool:
        return False


def make_simple(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> Authenticator:
    """The authenticator of a scheme without a token. Raises ``ConfigurationFault`` for an unbound or unusable secret."""
    return SCHEMES[authentication.scheme](authentication, address, secrets)


def read_secret(address: BackEndAddress, purpose: str, secrets: Secrets) -> bytes:
    """The value of the secret that a back end's address binds to a purpose. Raises ``ConfigurationFault``."""
    if purpose not in address.secrets:
        raise ConfigurationFault(f"back end {address.name}: its address binds no secret for {purpose}")
    value = secrets.read(address.secrets[purpose])
    if not value:
        raise ConfigurationFault(f"back end {address.name}: the secret for {purpose} is empty")
    return value


def read_text(address: BackEndAddress, purpose: str, secrets: Secrets) -> str:
    """The same as text without control characters. Raises ``ConfigurationFault``."""
    try:
        text = read_secret(address, purpose, secrets).decode("utf-8")
    except UnicodeDecodeError:
        text = "\x00"
    if not text.isprintable():
        raise ConfigurationFault(f"back end {address.name}: the secret for {purpose} is no printable text")
    return text


def read_user(authentication: Authentication, address: BackEndAddress) -> str:
    """The name under which we are known there: an option of the address. Raises ``ConfigurationFault``."""
    user = address.options.get(authentication.user, "")
    if not user or not user.isprintable():
        raise ConfigurationFault(f"back end {address.name}: its address has no option {authentication.user}")
    return user


def read_identity(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> TlsIdentity | None:
    """The TLS client certificate of a mapping's scheme and the authorities of an address; None where neither is stated.

    Raises ``ConfigurationFault`` for PEM that cannot be used, and for an address without TLS.
    """
    own = bool(authentication.certificate)
    if not own and AUTHORITIES not in address.secrets:
        return None
    if not address.url.startswith("https://"):
        raise ConfigurationFault(f"back end {address.name}: certificates are stated, but its address is not https")
    identity = TlsIdentity(
        certificate=read_secret(address, authentication.certificate, secrets) if own else b"",
        key=read_secret(address, authentication.key, secrets) if own else b"",
        authorities=read_secret(address, AUTHORITIES, secrets) if AUTHORITIES in address.secrets else b"",
    )
    try:
        make_context(identity)
    except ConfigurationFault as fault:
        raise ConfigurationFault(f"back end {address.name}: {fault}") from None
    return identity


def carry_bearer(secret: bytes, header: str = "Authorization", prefix: str = "Bearer") -> dict[str, str]:
    """A bearer key (RFC 6750 §2.1). Raises ``ConfigurationFault`` for a key that a header cannot hold."""
    try:
        text = secret.decode("ascii")
    except UnicodeDecodeError:
        raise ConfigurationFault("a bearer key is ASCII text") from None
    if not VISIBLE.fullmatch(text):
        raise ConfigurationFault("a bearer key holds visible characters only")
    return {header: f"{prefix} {text}".lstrip()}


def carry_basic(user: str, password: str) -> dict[str, str]:
    """RFC 7617 §2, with the charset UTF-8 of §2.1. Raises ``ConfigurationFault`` for a user with a colon."""
    if ":" in user:
        raise ConfigurationFault("a user of the scheme basic holds no colon")
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}


def _make_none(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> Authenticator:
    return FixedHeaders({})


def _make_bearer(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> Authenticator:
    """``header`` and ``prefix`` may be others; a header of the back end's own has no prefix unless one is stated."""
    header = authentication.header or "Authorization"
    prefix = authentication.prefix or ("Bearer" if header == "Authorization" else "")
    return FixedHeaders(carry_bearer(read_secret(address, authentication.secret, secrets), header, prefix))


def _make_basic(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> Authenticator:
    password = read_text(address, authentication.secret, secrets)
    return FixedHeaders(carry_basic(read_user(authentication, address), password))


def _make_hmac(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> Authenticator:
    return BodyDigest(authentication.header, read_secret(address, authentication.secret, secrets))


SCHEMES: Mapping[str, Callable[[Authentication, BackEndAddress, Secrets], Authenticator]] = {
    "none": _make_none,
    "bearer": _make_bearer,
    "basic": _make_basic,
    "hmac-sha256": _make_hmac,
}
