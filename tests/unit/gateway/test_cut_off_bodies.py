"""What SECURITY.md says of the web server: it does not tell a cut-off chunked body from a whole one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = """
import json
def app(environ, start_response):
    body = environ["wsgi.input"]
    told = {"offers": [name for name in dir(body) if not name.startswith("__")], "read": body.read(100).decode()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
"""
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A granian that serves an app which tells what it was given."""
    folder: Path = tmp_path_factory.mktemp("granian")
    (folder / "told.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "told:app", "--port", str(port), "--no-ws"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        deadline = time.monotonic() + 30
        while not _listens(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
        server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def send(port: int, chunks: bytes) -> dict[str, object]:
    """Send chunks and no more; what the app was given."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(HEAD + chunks)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    told: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return told


def test_a_cut_off_chunked_body_looks_whole(port: int) -> None:
    """When this fails, the guard can refuse such bodies: see SECURITY.md."""
    cut_off = send(port, b'7\r\n{"a":1}\r\n0\r\n')
    assert cut_off == {"offers": ["read", "readline", "readlines"], "read": '{"a":1}'}
