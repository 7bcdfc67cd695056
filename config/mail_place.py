"""Where mail goes out: the mail server's address as one setting, and what a mail address of an office may look like.

Three schemes and nothing in between: ``smtps://`` is TLS from the first byte (RFC 8314), ``smtp+starttls://`` is plain until STARTTLS
succeeded (RFC 3207) and nothing otherwise, ``smtp://`` is plain and refused in production. A password stands in a setting of its own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

Security = Literal["plain", "starttls", "tls"]
_SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("plain", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*)@(?P<domain>{_LABEL}(\.{_LABEL})*)", re.ASCII)
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*|[0-9A-Fa-f:.]{{3,45}}", re.ASCII)
_USER = re.compile(r"[\x21-\x7e]{1,128}")
MOST_ADDRESSES = 20


@dataclass(frozen=True, slots=True)
class MailPlace:
    """A mail server. ``user`` is empty where it asks for no log-in."""

    host: str
    port: int
    security: Security
    user: str = ""


def read_mail_place(text: str) -> MailPlace:
    """Raises ``ValueError`` with what it must be, never with the text."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError("must be an address like smtps://mail.example.gov.cn:465") from None
    if parts.scheme not in _SCHEMES or not _HOST.fullmatch(host):
        raise ValueError("must begin with " + ", ".join(f"{name}://" for name in _SCHEMES) + " and name a host")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be scheme, user, host and port alone")
    if parts.password is not None:
        raise ValueError("must not hold a password: that is GUITAI_SMTP_PASSWORD")
    user = unquote(parts.username or "")
    if user and not _USER.fullmatch(user):
        raise ValueError("must have a user of printable ASCII characters")
    security, usual = _SCHEMES[parts.scheme]
    return MailPlace(host, port or usual, security, user)


def is_mail_address(text: str) -> bool:
    """Whether a mail may be sent to it: ASCII alone, without quotes, comments or display name, at most 254 characters (RFC 5321)."""
    found = _ADDRESS.fullmatch(text)
    return found is not None and len(text) <= 254 and len(found["local"]) <= 64


def read_mail_address(text: str) -> str:
    """One address."""
    if not is_mail_address(text):
        raise ValueError("must be a mail address like supervision@example.gov.cn")
    return text


def read_mail_addresses(text: str) -> tuple[str, ...]:
    """Addresses with commas between them."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not 0 < len(found) <= MOST_ADDRESSES or not all(map(is_mail_address, found)):
        raise ValueError(f"must be 1 to {MOST_ADDRESSES} mail addresses with commas between them")
    return found


def read_password(text: str) -> str:
    """What is shown to the mail server: one line."""
    if not re.fullmatch(r"[\x20-\x7e]{1,512}", text):
        raise ValueError("must be one line of 1 to 512 printable ASCII characters")
    return text


def is_loopback(place: MailPlace) -> bool:
    """Whether the mail server is on this machine."""
    try:
        return place.host == "localhost" or ipaddress.ip_address(place.host).is_loopback
    except ValueError:
        return False
