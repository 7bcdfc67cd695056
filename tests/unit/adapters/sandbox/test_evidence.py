"""The witness: every byte that arrives is kept before the emulator sees it, and nothing that a phone or the demo does."""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from adapters.sandbox.evidence import EvidenceFile, KeepEverything, read_body
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.peers.wechat_merchant import StillClock, ask, control


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("wx"), only={"wechat"}, clock=StillClock())
    yield sandbox
    sandbox.stop()


@pytest.fixture
def kept(running: RunningSandbox, tmp_path: Path) -> Path:
    """A fresh evidence file of this test alone."""
    file = tmp_path / "received.jsonl"
    control(running.addresses["wechat"], "/_sandbox/control/evidence", {"file": str(file)})
    return file


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_raw_target_and_raw_body(running: RunningSandbox, kept: Path) -> None:
    """Target with query as it stood in the request line, body byte for byte, also when the answer is 404."""
    url = running.addresses["wechat"]
    ask(url, "POST", "/no/such%2Fplace?a=%7C&b=+", b"\x00\xff{not json")
    (line,) = lines(kept)
    assert line == {
        "platform": "wechat",
        "at": "2026-11-24T08:00:00.000000Z",
        "method": "POST",
        "target": "/no/such%2Fplace?a=%7C&b=+",
        "body": base64.b64encode(b"\x00\xff{not json").decode(),
    }
    assert control(url, "/_sandbox/received") == [line]


def test_a_chunked_body_is_kept_whole(running: RunningSandbox, kept: Path) -> None:
    """How the body was framed does not matter."""
    host, _, port = running.addresses["wechat"].removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        connection.sendall(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 404")
    assert base64.b64decode(lines(kept)[0]["body"]) == b"abcde"


def test_each_attempt_is_a_line_even_without_an_answer(running: RunningSandbox, kept: Path) -> None:
    """A request whose answer never comes was still received."""
    url = running.addresses["wechat"]
    told = {"operation": "token", "behaviour": "timeout", "times": 2}
    control(url, "/_sandbox/control/behaviour", told)
    assert [ask(url, "GET", "/cgi-bin/token?n=1").status for _ in range(3)] == [0, 0, 200]
    assert [line["target"] for line in lines(kept)] == ["/cgi-bin/token?n=1"] * 3


def test_phones_and_control_leave_no_trace(running: RunningSandbox, kept: Path) -> None:
    """Nothing under /_sandbox/ is evidence."""
    url = running.addresses["wechat"]
    control(url, "/_sandbox/phone/openid?user=wang")
    control(url, "/_sandbox/control/behaviour", {"operation": "token", "behaviour": "none"})
    control(url, "/_sandbox/orders")
    assert lines(kept) == []


def test_requests_at_once_do_not_mix(running: RunningSandbox, kept: Path) -> None:
    """Every line is whole when many requests arrive at the same moment."""
    url = running.addresses["wechat"]
    bodies = [bytes([65 + n % 26]) * 5000 for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: ask(url, "POST", "/x", body), bodies))
    assert sorted(base64.b64decode(line["body"]) for line in lines(kept)) == sorted(bodies)


def test_without_evidence_there_is_no_answer(tmp_path: Path) -> None:
    """If the line cannot be written the emulator never sees the request."""
    file = EvidenceFile(tmp_path / "dir" / "received.jsonl", StillClock())
    (tmp_path / "dir" / "received.jsonl").mkdir()
    seen: list[Request] = []

    @Request.application
    def app(request: Request) -> Response:
        seen.append(request)
        return Response()

    client = Client(KeepEverything(app, "wechat", file))
    with pytest.raises(OSError, match="directory"):
        client.get("/x")
    assert seen == []


def test_a_body_over_the_limit_ends_the_connection() -> None:
    """More than 8 MiB is not kept in part: the connection ends."""
    environ = {"wsgi.input": io.BytesIO(b"x" * (8 * 1024 * 1024 + 1)), "wsgi.input_terminated": True}
    with pytest.raises(ConnectionError):
        read_body(environ)


def test_the_control_of_the_evidence_is_strict(running: RunningSandbox) -> None:
    """A misspelt order to start over is refused."""
    assert "error" in control(running.addresses["wechat"], "/_sandbox/control/evidence", {"path": "x"})
