"""How a request shows a back end who is asking: a mapping names the scheme, the address binds the secret.

Secrets are read at construction: a missing one stops the start, not a citizen.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping

from services.errors import ConfigurationFault
from services.mapping import Authentication
from services.model import BackEndAddress
from services.ports import Secrets

Authenticator = Callable[[bytes], dict[str, str]]
"""The headers that go with a body."""


def make_authenticator(authentication: Authentication, address: BackEndAddress, secrets: Secrets) -> Authenticator:
    """The authenticator of a mapping's scheme. Raises ``ConfigurationFault`` for an unbound or unreadable secret."""
    if authentication.scheme == "none":
        return lambda _body: {}
    secret = read_secret(address, authentication.secret, secrets)
    return _SCHEMES[authentication.scheme](authentication, secret)


def read_secret(address: BackEndAddress, purpose: str, secrets: Secrets) -> bytes:
    """The value of the secret that a back end's address binds to a purpose. Raises ``ConfigurationFault``."""
    if purpose not in address.secrets:
        raise ConfigurationFault(f"back end {address.name}: its address binds no secret for {purpose}")
    value = secrets.read(address.secrets[purpose])
    if not value:
        raise ConfigurationFault(f"back end {address.name}: the secret for {purpose} is empty")
    return value


def carry_bearer(secret: bytes) -> dict[str, str]:
    """A bearer key (RFC 6750 §2.1). Raises ``ConfigurationFault`` for a key that a header cannot hold."""
    try:
        text = secret.decode("ascii")
    except UnicodeDecodeError:
        raise ConfigurationFault("a bearer key is ASCII text") from None
    if not text or any(character <= " " or character > "~" for character in text):
        raise ConfigurationFault("a bearer key holds visible characters only")
    return {"Authorization": f"Bearer {text}"}


def _make_bearer(_authentication: Authentication, secret: bytes) -> Authenticator:
    headers = carry_bearer(secret)
    return lambda _body: dict(headers)


def _make_hmac(authentication: Authentication, secret: bytes) -> Authenticator:
    """Lower-case hexadecimal HMAC-SHA256 over the exact bytes of the body."""
    return lambda body: {authentication.header: hmac.digest(secret, body, hashlib.sha256).hex()}


_SCHEMES: Mapping[str, Callable[[Authentication, bytes], Authenticator]] = {
    "bearer": _make_bearer,
    "hmac-sha256": _make_hmac,
}
