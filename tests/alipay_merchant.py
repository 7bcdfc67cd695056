"""A merchant for tests of the emulated Alipay: receives notices over a real socket, and a plain client of its own."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from services.ports import Clock

BEIJING = timezone(timedelta(hours=8))


class StillClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 8, 0, tzinfo=timezone.utc)  # noqa: UP017 - reads like the wire
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self.at

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.at += timedelta(seconds=seconds)


class NoticeDesk:
    """Where notices arrive; ``say`` is what the merchant answers."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.say: tuple[int, bytes] = (200, b"success")
        self._arrived = threading.Condition()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = desk.say
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                desk.take(body)

            def log_message(self, *_args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/notices/gas-alipay"

    def take(self, body: bytes) -> None:
        with self._arrived:
            self.bodies.append(body)
            self.received.append(dict(parse_qsl(body.decode(), keep_blank_values=True)))
            self._arrived.notify_all()

    def wait_for(self, count: int, seconds: float = 5.0) -> list[dict[str, str]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, seconds), "no notice came"
            return list(self.received)

    def stays_at(self, count: int, seconds: float = 0.4) -> bool:
        with self._arrived:
            return not self._arrived.wait_for(lambda: len(self.received) > count, seconds)

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def call(
    address: str, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """One HTTP exchange: (status, body)."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, target, body=body or None, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def control(address: str, target: str, content: dict[str, Any]) -> Any:
    """POST JSON to a control or phone endpoint."""
    status, body = call(address, "POST", target, json.dumps(content).encode(), {"Content-Type": "application/json"})
    assert status in {200, 201}, (target, status, body)
    return json.loads(body)


@cache
def load_signing_key(path: Path) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@cache
def load_platform_key(path: Path) -> rsa.RSAPublicKey:
    key = load_pem_public_key(path.read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    return key


Transport: TypeAlias = Callable[[bytes], bytes]
"""Posts a form to the gateway and gives the body of the answer."""


class PlainMerchant:
    """Signs and verifies as the protocol says, with nothing between it and the bytes."""

    def __init__(self, transport: Transport, entry: dict[str, Any], clock: Clock) -> None:
        self.transport = transport
        self.entry = entry
        self._clock = clock
        self.private = load_signing_key(Path(entry["private_key_file"]))
        self.public = load_platform_key(Path(entry["alipay_public_key_file"]))

    def parameters(self, method: str, content: dict[str, Any] | None, **more: str) -> dict[str, str]:
        stamp = self._clock.now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        made = {
            "app_id": self.entry["app_id"], "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
            "timestamp": stamp, "version": "1.0",
        }  # fmt: skip
        if content is not None:
            made["biz_content"] = json.dumps(content, ensure_ascii=False)
        return made | more

    def sign(self, parameters: dict[str, str], charset: str = "utf-8") -> dict[str, str]:
        message = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if parameters[name])
        signature = self.private.sign(message.encode(charset), padding.PKCS1v15(), SHA256())
        return parameters | {"sign": base64.b64encode(signature).decode()}

    def post(self, parameters: dict[str, str], charset: str = "utf-8") -> bytes:
        return self.transport(urlencode(parameters, encoding=charset).encode())

    def ask(
        self,
        method: str,
        content: dict[str, Any] | None,
        change: Callable[[dict[str, str]], dict[str, str]] | None = None,
        **more: str,
    ) -> dict[str, Any]:
        """Send a signed request (changed after signing by ``change``) and give the parsed answer's node."""
        parameters = self.sign(self.parameters(method, content, **more))
        answer = json.loads(self.post(change(parameters) if change else parameters))
        node = answer.get(method.replace(".", "_") + "_response", answer.get("error_response"))
        assert isinstance(node, dict)
        return node

    def verify(self, raw: bytes, node: str) -> dict[str, Any]:
        """Verify over the exact bytes of the node, found by a JSON scanner, and give the node."""
        text = raw.decode()
        start = text.index(f'"{node}":') + len(node) + 3
        value, end = json.JSONDecoder().raw_decode(text, start)
        signature = base64.b64decode(json.loads(text)["sign"])
        self.public.verify(signature, text[start:end].encode(), padding.PKCS1v15(), SHA256())
        assert isinstance(value, dict)
        return value
