"""A merchant for tests of the emulated WeChat: receives notices over a real socket, and a plain client of its own."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from adapters.sandbox.serving import RunningSandbox


class StillClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class RealClock:
    """The machine's clock, for clients that know no other."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Answer:
    """What came back; ``status`` 0 means that the connection ended without an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Received:
    """A notice as it arrived."""

    headers: Mapping[str, str]
    body: bytes


class NoticeDesk:
    """Where notices arrive; ``say`` is the HTTP status that the merchant answers."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.say = 204
        self._arrived = threading.Condition()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(desk.say)
                self.send_header("Content-Length", "0")
                self.end_headers()
                desk.take(Received(dict(self.headers.items()), body))

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1/notices/account"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def take(self, received: Received) -> None:
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()

    def wait_for(self, count: int, seconds: float = 5.0) -> list[Received]:
        """The notices so far, once there are ``count``; fails the test if they do not come."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, seconds), f"{len(self.received)} notices"
            return list(self.received)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def notice_desk() -> Iterator[NoticeDesk]:
    desk = NoticeDesk()
    try:
        yield desk
    finally:
        desk.close()


def ask(url: str, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """One request over a fresh connection, exact bytes, no redirects."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=15)
    try:
        connection.request(method, target, body or None, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    except (http.client.RemoteDisconnected, ConnectionError):
        return Answer(0, {}, b"")
    finally:
        connection.close()


def control(url: str, target: str, body: dict[str, Any] | None = None) -> Any:
    """A phone or control request; GET without a body."""
    if body is None:
        return ask(url, "GET", target).json
    return ask(url, "POST", target, json.dumps(body).encode(), {"Content-Type": "application/json"}).json


class PlainMerchant:
    """Signs by the published rules, written apart from the emulator's own code."""

    def __init__(self, running: RunningSandbox, account: str, now: Callable[[], datetime]) -> None:
        self.url = running.addresses["wechat"]
        self.home = running.home
        found = running.credentials["wechat"]["merchants"]
        self.facts: dict[str, Any] = next(one for one in found if one["account"] == account)
        self.partner = self.facts["mode"] == "partner"
        key = load_pem_private_key(Path(self.facts["private_key_file"]).read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key
        self._now = now

    @property
    def base(self) -> str:
        return "/v3/pay/partner/transactions" if self.partner else "/v3/pay/transactions"

    @property
    def parties(self) -> dict[str, str]:
        """mchid, or sp_mchid and sub_mchid."""
        if self.partner:
            return {"sp_mchid": self.facts["merchant_id"], "sub_mchid": self.facts["sub_merchant_id"]}
        return {"mchid": self.facts["merchant_id"]}

    def openid(self, user: str = "wang") -> str:
        answer = control(self.url, f"/_sandbox/phone/openid?user={user}&app_id={self.facts['app_id']}")
        return str(answer["openid"])

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), SHA256())).decode()

    def authorize(self, method: str, target: str, body: bytes, **changed: str) -> str:
        """The Authorization header; ``changed`` replaces parts after signing (timestamp before)."""
        stamp = changed.get("timestamp", str(int(self._now().timestamp())))
        nonce = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"
        message = f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + body + b"\n"
        parts = {
            "mchid": self.facts["merchant_id"], "nonce_str": nonce, "timestamp": stamp,
            "serial_no": self.facts["serial_no"], "signature": self.sign(message),
        } | changed  # fmt: skip
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in parts.items())

    def call(self, method: str, target: str, body: Any = None, **changed: str) -> Answer:
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {
            "Authorization": self.authorize(method, target, raw, **changed),
            "Accept": "application/json",
            "User-Agent": "plain",
        }
        if raw:
            headers["Content-Type"] = "application/json"
        return ask(self.url, method, target, raw, headers)

    def order_body(self, number: str, total: int = 8640, notify_url: str = "http://127.0.0.1:9/n", **more: Any) -> Any:
        payer = {"sp_openid" if self.partner else "openid": self.openid()}
        app = {"sp_appid" if self.partner else "appid": self.facts["app_id"]}
        body = {
            "description": "生活缴费", "out_trade_no": number, "notify_url": notify_url,
            "amount": {"total": total, "currency": "CNY"}, "payer": payer,
        }  # fmt: skip
        return {**app, **self.parties, **body, **more}

    def order(self, number: str, total: int = 8640, notify_url: str = "http://127.0.0.1:9/n", **more: Any) -> Answer:
        return self.call("POST", f"{self.base}/jsapi", self.order_body(number, total, notify_url, **more))

    def query(self, number: str) -> Answer:
        told = "&".join(f"{name}={value}" for name, value in self.parties.items())
        return self.call("GET", f"{self.base}/out-trade-no/{number}?{told}")

    def close(self, number: str) -> Answer:
        return self.call("POST", f"{self.base}/out-trade-no/{number}/close", self.parties)

    def refund(self, number: str, refund_no: str, refund: int, total: int = 8640, **more: Any) -> Answer:
        sub = {"sub_mchid": self.facts["sub_merchant_id"]} if self.partner else {}
        body = {"out_trade_no": number, "out_refund_no": refund_no, **sub, **more}
        body["amount"] = {"refund": refund, "total": total, "currency": "CNY"}
        return self.call("POST", "/v3/refund/domestic/refunds", body)

    def query_refund(self, refund_no: str) -> Answer:
        sub = f"?sub_mchid={self.facts['sub_merchant_id']}" if self.partner else ""
        return self.call("GET", f"/v3/refund/domestic/refunds/{refund_no}{sub}")

    def parameters(self, prepay_id: str) -> dict[str, str]:
        """What ``wx.requestPayment`` takes."""
        stamp, nonce, package = str(int(self._now().timestamp())), "abc123", f"prepay_id={prepay_id}"
        message = f"{self.facts['app_id']}\n{stamp}\n{nonce}\n{package}\n".encode()
        return {
            "timeStamp": stamp, "nonceStr": nonce, "package": package, "signType": "RSA", "paySign": self.sign(message),
        }  # fmt: skip

    def pay_by_phone(self, parameters: Mapping[str, str], user: str = "wang") -> str:
        body = {"app_id": self.facts["app_id"], "user": user, "parameters": dict(parameters)}
        return str(control(self.url, "/_sandbox/phone/pay", body)["result"])

    def pay_directly(self, number: str) -> str:
        return str(control(self.url, "/_sandbox/control/pay", {"order_no": number})["result"])

    def is_signed(self, headers: Mapping[str, str], body: bytes, key_file: Path | None = None) -> bool:
        """Whether Wechatpay-* headers fit the body under the key that this merchant verifies with."""
        lower = {name.lower(): value for name, value in headers.items()}
        message = f"{lower['wechatpay-timestamp']}\n{lower['wechatpay-nonce']}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(lower["wechatpay-signature"])
            self._platform_key(key_file).verify(signature, message, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def decrypt(self, body: bytes) -> Any:
        """The plaintext of a notice."""
        resource = json.loads(body)["resource"]
        cipher = AESGCM(self.facts["api_v3_key"].encode())
        sealed = base64.b64decode(resource["ciphertext"])
        return json.loads(cipher.decrypt(resource["nonce"].encode(), sealed, resource["associated_data"].encode()))

    def _platform_key(self, key_file: Path | None) -> rsa.RSAPublicKey:
        if self.partner:
            key = load_pem_public_key(Path(self.facts["platform_public_key_file"]).read_bytes())
        else:
            file = key_file or self.home / "credentials" / "wechat" / "platform_current.pem"
            key = load_pem_x509_certificate(file.read_bytes()).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        return key


def wait_until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that another thread does; fails the test if it does not happen."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
