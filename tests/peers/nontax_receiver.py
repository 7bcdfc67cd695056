"""A collecting department for tests of the emulated non-tax platform: asks with a token and reads notices, by code of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.sandbox.serving import RunningSandbox
from tests.peers.wechat_merchant import Answer, Received, ask, control

ITEMS = [
    {"no": 1, "item_id": "103050101", "item_name": "道路交通违法罚款", "overdue": 0, "penalty": 0, "fee": 20000},
    {"no": 2, "item_id": "103050102", "item_name": "加处罚款", "overdue": 0, "penalty": 600, "fee": 600},
]


class FeeDepartment:
    """Speaks ``/nontax/`` for one account of the portal; ``user`` is who pays."""

    def __init__(self, running: RunningSandbox, account: str = "treasury-wechat", user: str = "payer") -> None:
        self.url = running.addresses["wechat"]
        wechat = running.credentials["wechat"]
        self.app = wechat["apps"][0]
        self.facts: dict[str, Any] = next(one for one in wechat["merchants"] if one["account"] == account)
        self.user = user
        self.openid = control(self.url, f"/_sandbox/phone/openid?user={user}")["openid"]
        self.token = self._take_token()

    def _take_token(self) -> str:
        told = {"grant_type": "client_credential", "appid": self.app["app_id"], "secret": self.app["app_secret"]}
        return str(self.call("/cgi-bin/stable_token", told, token=None).json["access_token"])

    def call(self, path: str, told: Any, token: str | None = "") -> Answer:
        """One request with the token in force, another one, or none."""
        target = path if token is None else f"{path}?access_token={token or self.token}"
        return ask(self.url, "POST", target, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def describe(self, number: str, **changes: Any) -> dict[str, Any]:
        """The body of an order; None takes a field away."""
        made = {
            "appid": self.app["app_id"], "mch_id": self.facts["merchant_id"], "bank_id": self.facts["non_tax"]["bank_id"],
            "openid": self.openid, "desc": "公共服务缴费", "fee": 20600, "ip": "203.0.113.7", "payment_notice_no": number,
            "department_code": "104001", "department_name": "演示执收单位", "region_code": "110101", "items": ITEMS,
            "payment_notice_create_time": 1795449600, "payment_expire_date": "20261210", "scene": "miniprogram",
        }  # fmt: skip
        return {name: value for name, value in {**made, **changes}.items() if value is not None}

    def place(self, number: str, **changes: Any) -> dict[str, Any]:
        """The answer to an order."""
        found: dict[str, Any] = self.call("/nontax/unifiedorder", self.describe(number, **changes)).json
        return found

    def query(self, order_id: str) -> dict[str, Any]:
        """An order as getorder shows it."""
        found: dict[str, Any] = self.call("/nontax/getorder", {"appid": self.app["app_id"], "order_id": order_id}).json
        return found

    def refund(self, order_id: str, **changes: Any) -> dict[str, Any]:
        """The answer to a refund."""
        told = {"appid": self.app["app_id"], "order_id": order_id, "reason": "退款", **changes}
        found: dict[str, Any] = self.call("/nontax/refund", told).json
        return found

    def pay(self, answer: dict[str, Any], **changes: Any) -> str:
        """The payer opens what the order's answer says."""
        page = answer["miniprogram"]
        parameters = {"appId": page["appid"], "path": f"{page['pagepath']}?{page['query_string']}"}
        told = {"app_id": self.app["app_id"], "user": self.user, "parameters": parameters, **changes}
        return str(control(self.url, "/_sandbox/phone/pay", told)["result"])

    def agree(self, url: str) -> None:
        """Where notices go."""
        told = {"account": self.facts["account"], "url": url}
        assert control(self.url, "/_sandbox/control/nontax/receiver", told) == {"account": told["account"]}

    def open_notice(self, received: Received) -> dict[str, Any]:
        """Check and decrypt a notice; fails the test if it is not sound."""
        keys = self.facts["non_tax"]
        headers = {name.lower(): value for name, value in received.headers.items()}
        nonce = headers["wechat-nontax-nonce"]
        message = f"{headers['wechat-nontax-timestamp']}\n{nonce}\n".encode() + received.body + b"\n"
        right = hmac.new(keys["sign_key"].encode(), message, hashlib.sha256).hexdigest()
        assert headers["wechat-nontax-signature"] == right
        sealed = base64.b64decode(json.loads(received.body)["data"])
        key = AESGCM(keys["encrypt_key"].encode())
        plain = key.decrypt(sealed[:12], sealed[12:], f"{self.app['app_id']}\n{nonce}".encode())
        found: dict[str, Any] = json.loads(plain)
        return found


class FeeDesk:
    """Where notices of fees arrive; ``say`` is the body of the answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.targets: list[str] = []
        self.say = b'{"errcode": 0, "errmsg": "ok"}'
        self._arrived = threading.Condition()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(desk.say)))
                self.end_headers()
                self.wfile.write(desk.say)
                with desk._arrived:
                    desk.targets.append(self.path)
                    desk.received.append(Received(dict(self.headers.items()), body))
                    desk._arrived.notify_all()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1/notices/treasury-wechat"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

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
def fee_desk() -> Iterator[FeeDesk]:
    desk = FeeDesk()
    try:
        yield desk
    finally:
        desk.close()
