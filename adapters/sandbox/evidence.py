"""Keep every byte that reaches an emulator of a platform, before the emulator looks at it.

The sandbox is the independent witness: what stands in the evidence file was received, whatever our own ledger says. A
line is one request (each attempt by itself)::

    {"platform": "wechat", "at": "2026-11-24T08:00:00.000000Z", "method": "POST", "target": "/v3/...?...", "body": "<base64>"}

Paths under ``/_sandbox/`` belong to simulated phones and to the demo's own control: they are never evidence.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from services.ports import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL_PREFIX = "/_sandbox/"
LARGEST_BODY = 8 * 1024 * 1024


class EvidenceFile:
    """One append-only JSON-lines file shared by the emulators of a process; a line is flushed before ``append`` returns."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, platform: str, method: str, target: str, body: bytes) -> None:
        """Write one received request. Raises ``OSError``; then the request must not be answered."""
        with self._lock:
            line = json.dumps(
                {
                    "platform": platform,
                    "at": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                    "method": method,
                    "target": target,
                    "body": base64.b64encode(body).decode(),
                }
            )
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def start_over(self, path: Path) -> None:
        """Continue in another file, which begins empty: the evidence of one run only."""
        with self._lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("", encoding="utf-8")
            self._path = path

    def read(self, platform: str) -> list[dict[str, Any]]:
        """The lines of one platform, oldest first."""
        with self._lock:
            if not self._path.exists():
                return []
            lines = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["platform"] == platform]


class KeepEverything:
    """WSGI middleware: evidence first, then the emulator; also answers the questions about the evidence itself."""

    def __init__(self, app: WSGIApplication, platform: str, evidence: EvidenceFile) -> None:
        self._app = app
        self._platform = platform
        self._evidence = evidence

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/_sandbox/received" and environ["REQUEST_METHOD"] == "GET":
            return _json(self._evidence.read(self._platform))(environ, start_response)
        if path == "/_sandbox/control/evidence" and environ["REQUEST_METHOD"] == "POST":
            return self._start_over(Request(environ))(environ, start_response)
        if not path.startswith(CONTROL_PREFIX):
            body = read_body(environ)
            self._evidence.append(self._platform, environ["REQUEST_METHOD"], raw_target(environ), body)
        return self._app(environ, start_response)

    def _start_over(self, request: Request) -> Response:
        told = request.get_json(silent=True)
        file = told.get("file") if isinstance(told, dict) and set(told) == {"file"} else None
        if not isinstance(file, str) or not file.endswith(".jsonl"):
            return _json({"error": 'expected {"file": "<path>.jsonl"}'}, 400)
        self._evidence.start_over(Path(file))
        return _json({"file": file})


def raw_target(environ: WSGIEnvironment) -> str:
    """The request target exactly as it stood in the request line, one character per byte; never a decoded form.

    Signatures cover these bytes. Werkzeug's server encodes the line once more on its way into ``REQUEST_URI``; this undoes it.
    """
    told = str(environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ.get("PATH_INFO", ""))
    return told.encode("latin-1").decode("utf-8")


def read_body(environ: WSGIEnvironment) -> bytes:
    """Read the whole body, however it was framed, and put it back for the application. Raises ``ConnectionError`` over 8 MiB."""
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read(LARGEST_BODY + 1)
    else:
        length = environ.get("CONTENT_LENGTH") or "0"
        known = int(length) if length.isascii() and length.isdigit() else 0
        body = environ["wsgi.input"].read(min(known, LARGEST_BODY + 1))
    if len(body) > LARGEST_BODY:
        raise ConnectionAbortedError("a body over the limit of the sandbox")
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return bytes(body)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status=status, content_type="application/json")
