"""Notices as letters: caught on their way, changed, and delivered to whichever address a story likes."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from gateway.launch.loopback import Reply
from gateway.publication import ACKNOWLEDGED, NOT_ACKNOWLEDGED
from services.model import PlatformName
from tests.journeys.city import City
from tests.journeys.errands import Errand

_OURS = ("host", "content-length", "accept-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Letter:
    """The headers and the body of a notice, as the platform sent them."""

    headers: Mapping[str, str]
    body: bytes

    def with_header(self, name: str, value: str) -> Letter:
        """The same with one header changed."""
        return replace(self, headers={**self.headers, name: value})


class Trap:
    """An address that keeps what it gets and acknowledges nothing."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                trap.letters.append(Letter({k: v for k, v in self.headers.items() if k.lower() not in _OURS}, body))
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/notices"

    def stop(self) -> None:
        """Close the address."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def set_trap() -> Iterator[Trap]:
    """A trap for the time of a story."""
    trap = Trap()
    try:
        yield trap
    finally:
        trap.stop()


def catch_letter(errand: Errand, **options: Any) -> Letter:
    """The notice of a paid order, as the platform would send it now; it arrives nowhere."""
    with set_trap() as trap:
        wish = {"order_no": errand.numbers["order_no"], "action": "resend", "url": trap.url} | options
        errand.city.control(errand.phone.platform, "control/notices", wish)
        return trap.letters[0]


def deliver(city: City, letter: Letter, account: str) -> Reply:
    """Deliver a letter, byte for byte, to the address of an account."""
    parts = urlsplit(city.public)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=15)
    try:
        connection.request("POST", f"/v1/notices/{account}", letter.body, dict(letter.headers))
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def is_accepted(reply: Reply, platform: str) -> bool:
    """Whether the reply is the platform's own word for "received"."""
    return (reply.status, reply.body) == (200, ACKNOWLEDGED[PlatformName(platform)][1])


def is_refused(reply: Reply, platform: str, status: int = 400) -> bool:
    """Whether the reply is the fixed refusal, to the byte."""
    return (reply.status, reply.body) == (status, NOT_ACKNOWLEDGED[PlatformName(platform)][1])
