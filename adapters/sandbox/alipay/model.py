"""What the emulated Alipay knows of applications, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

BEIJING = timezone(timedelta(hours=8))

MESSAGES: Mapping[str, str] = {
    "10000": "Success",
    "20000": "Service Currently Unavailable",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40003": "Insufficient Conditions",
    "40004": "Business Failed",
    "40006": "Insufficient Permissions",
}


class GatewayRefused(Exception):
    """The gateway or a product says no. ``signed`` is whether the answer carries a signature, ``node`` more of its fields."""

    def __init__(
        self,
        code: str,
        sub_code: str,
        sub_msg: str,
        *,
        signed: bool = True,
        error_node: bool = False,
        node: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sub_code)
        self.code = code
        self.sub_code = sub_code
        self.signed = signed
        self.error_node = error_node
        self.fields: dict[str, Any] = {
            "code": code,
            "msg": MESSAGES[code],
            "sub_code": sub_code,
            "sub_msg": sub_msg,
            **(node or {}),
        }


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A key of the platform; ``serial`` is the SN of its certificate in certificate mode, else None."""

    private: rsa.RSAPrivateKey
    serial: str | None = None
    certificate_pem: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """A mini-program as the open platform holds it. ``identity`` is ``open_id`` (new ones) or ``user_id``."""

    app_id: str
    identity: str
    sellers: tuple[str, ...]
    templates: frozenset[str]
    public_key: rsa.RSAPublicKey
    aes_key: bytes
    certificate_serial: str | None = None
    root_serial: str | None = None
    certificate_key: rsa.RSAPublicKey | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A verified request. ``content`` is the parsed biz_content; ``certificates`` says that it came in certificate mode."""

    app: Application
    method: str
    parameters: Mapping[str, str]
    content: Mapping[str, Any]
    charset: str
    certificates: bool
    now: datetime = field(compare=False)


def write_moment(moment: datetime) -> str:
    """``yyyy-MM-dd HH:mm:ss`` in Beijing."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def read_moment(text: str) -> datetime | None:
    """A Beijing time, or None if it is not exactly in that form."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return moment if write_moment(moment) == text else None
