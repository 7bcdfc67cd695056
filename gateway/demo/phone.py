"""A citizen's phone: the platform's app on one side, our mini-program on the other.

The platform's side is the sandbox's ``/_sandbox/phone/`` endpoints, which stand for ``wx.login``, ``wx.requestPayment``,
``my.getAuthCode``, ``my.tradePay`` and their like. Our side is ``/v1``.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.demo.journey import require
from gateway.launch.loopback import Reply, send
from services.model import Assurance


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who exists in the demo's population register."""

    user: str
    real_name: str
    identity_number: str
    phone: str


class Phone(ABC):
    """One person's phone in one platform's app. Subclasses know what the platform's own calls look like.

    ``received`` is every reply of the counter, byte for byte: all that the platform's app could see; ``promises`` are the headers
    ``Guitai-Promise`` of these replies, as a client keeps them. ``assurance`` and
    ``signed_in_at`` are what the phone remembers of its log-in.
    """

    platform = ""

    def __init__(self, sandbox_url: str, public_url: str, app_id: str, person: Person) -> None:
        self.sandbox_url = sandbox_url
        self.public_url = public_url
        self.app_id = app_id
        self.person = person
        self.received: list[bytes] = []
        self.promises: list[str] = []
        self.assurance = Assurance.ANONYMOUS
        self.signed_in_at: datetime | None = None
        self._token: str | None = None

    def ask_platform(self, path: str, body: Mapping[str, Any]) -> Any:
        """One call of the mini-program to its platform (``wx.…``, ``my.…``)."""
        reply = send("POST", f"{self.sandbox_url}/_sandbox/phone/{path}", body)
        require(reply.status == 200, f"the phone's call {path} ended with status {reply.status}")
        return reply.json()

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        key: str | None = None,
    ) -> Any:
        """One call of the mini-program to the counter; the answer must have this status."""
        reply = self.send(method, path, body, key=key)
        code = reply.json().get("code") if reply.status >= 400 and reply.body else ""
        require(reply.status == status, f"{method} {path}: status {reply.status} {code}, expected {status}")
        return reply.json() if reply.body else None

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Reply:
        """The same without an expectation."""
        return self.keep(send(method, f"{self.public_url}/v1{path}", body, self._head(key)))

    def upload(self, path: str, content: bytes, media_type: str) -> Reply:
        """A file to the counter, as it is (``wx.uploadFile`` and its like go to our address, never to the platform's servers)."""
        headers = self._head(None) | {"Content-Type": media_type}
        return self.keep(send("POST", f"{self.public_url}/v1{path}", content, headers))

    def _head(self, key: str | None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return headers | ({"Idempotency-Key": key} if key else {})

    def keep(self, reply: Reply) -> Reply:
        """Remember what the phone was shown, and what it was promised."""
        promise = reply.headers.get("guitai-promise")
        self.promises += [promise] if promise else []
        self.received.append(
            "\n".join(f"{name}: {value}" for name, value in reply.headers.items()).encode() + reply.body
        )
        return reply

    def log_in(self) -> dict[str, Any]:
        """Get a log-in code from the platform and exchange it for a session."""
        code = self.ask_platform("login", {"app_id": self.app_id, "user": self.person.user})["code"]
        session: dict[str, Any] = self.call(
            "POST", "/sessions", {"platform": self.platform, "app_id": self.app_id, "code": code}, status=201
        )
        self._token = session["token"]
        return session

    @abstractmethod
    def make_phone_evidence(self) -> str:
        """What the platform gives as proof of the phone number."""

    @abstractmethod
    def open_till(self, parameters: Mapping[str, Any]) -> str:
        """Pay in the platform's own till; what the platform's call returns."""

    @staticmethod
    def make_key() -> str:
        """A fresh Idempotency-Key."""
        return str(uuid.uuid4())


class WeChatPhone(Phone):
    """WeChat: ``getPhoneNumber`` gives a code, ``wx.requestPayment`` takes five parameters."""

    platform = "wechat"

    def make_phone_evidence(self) -> str:
        """A one-time phone code."""
        answer = self.ask_platform(
            "phone-code", {"app_id": self.app_id, "user": self.person.user, "phone": self.person.phone}
        )
        return str(answer["code"])

    def open_till(self, parameters: Mapping[str, Any]) -> str:
        """``wx.requestPayment``; ``requestPayment:ok`` if the person paid."""
        body = {"app_id": self.app_id, "user": self.person.user, "parameters": parameters}
        return str(self.ask_platform("pay", body)["result"])


class AlipayPhone(Phone):
    """Alipay: ``my.getPhoneNumber`` gives a signed and encrypted text, ``my.tradePay`` takes a trade number."""

    platform = "alipay"

    def make_phone_evidence(self) -> str:
        """The text in ``res.response``."""
        answer = self.ask_platform(
            "phone-answer", {"app_id": self.app_id, "user": self.person.user, "phone": self.person.phone}
        )
        return str(answer["response"])

    def open_till(self, parameters: Mapping[str, Any]) -> str:
        """``my.tradePay``; ``9000`` if the person paid."""
        return str(self.ask_platform("pay", {"user": self.person.user, **parameters})["resultCode"])
