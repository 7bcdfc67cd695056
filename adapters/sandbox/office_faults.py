"""How any office misbehaves, whatever it speaks: in its words, in its bytes, in its silence.

An office makes one ``OfficeFaults`` with its operations and the refusals that it knows, runs each operation through ``run``, and has
all behaviours of ``GENERAL`` and ``WIRE`` and the control request for nothing. Reads and writes are told apart by the office: ``act`` has
the effect, so that ``timeout_after_commit`` and all spoiled answers come after it.
"""

from __future__ import annotations

import json
import re
import select
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import Behaviour, Behaviours, arrange_from_request, run_with
from adapters.sandbox.routing import Router, answer_json

WIRE = frozenset({"silent", "truncated", "cut_off", "wrong_charset", "unknown_field"})
"""Beside the general behaviours. ``silent``: no effect and nothing for 60 seconds, or until the client hangs up; ``truncated``: half the
bytes with an honest length; ``cut_off``: half the bytes and the end of the connection; ``wrong_charset``: other bytes under the old
label; ``unknown_field``: one field more than was ever agreed."""
SILENT_SECONDS = 60.0
UNKNOWN_FIELD, UNKNOWN_VALUE = "unexpectedField", "UF8800112233"
"""What ``unknown_field`` adds. The value is a canary: it must go nowhere."""
_LAST_END_TAG = re.compile(rb"</[^<>]+>\s*\Z")


class OfficeFaults:
    """The behaviours of one office. ``refusals``: names with which it can be told to refuse, as ``batch_window``."""

    def __init__(self, operations: Iterable[str], refusals: Iterable[str] = ()) -> None:
        self.refusals = frozenset(refusals)
        self.operations: Mapping[str, frozenset[str]] = dict.fromkeys(operations, WIRE | self.refusals)
        self.behaviours = Behaviours(self.operations)

    def run(
        self, operation: str, request: Request, act: Callable[[], Response], say: Callable[[str], Response]
    ) -> Response:
        """Run ``act`` as the next behaviour demands; ``say`` gives the office's own words for a refusal and for ``server_error``.

        Raises ``ConnectionResetError`` where there is no answer.
        """
        return respond(self.behaviours.take(operation), request, act, say, self.refusals)

    def add_control(self, router: Router) -> None:
        """``POST /_sandbox/control/behaviour``."""

        def arrange(request: Request) -> Response:
            status, content = arrange_from_request(self.behaviours, request)
            return answer_json(content, status)

        router.add("POST", "/_sandbox/control/behaviour", arrange)


def respond(
    behaviour: Behaviour | None,
    request: Request,
    act: Callable[[], Response],
    say: Callable[[str], Response],
    refusals: frozenset[str] = frozenset(),
) -> Response:
    """One operation under one behaviour; see ``OfficeFaults.run``."""
    name = behaviour.name if behaviour is not None else ""
    if behaviour is not None and name == "silent":
        wait_in_silence(request, SILENT_SECONDS if behaviour.seconds is None else behaviour.seconds)
    if name in refusals:
        return say(name)
    return spoil(name, run_with(behaviour, act, lambda: say("server_error")))


def wait_in_silence(request: Request, seconds: float) -> None:
    """Say nothing until the client hangs up or the time is over; always raises ``ConnectionResetError``."""
    client: Any = request.environ.get("werkzeug.socket")
    deadline = time.monotonic() + seconds
    while client is not None and time.monotonic() < deadline:
        if select.select([client], [], [], 0.1)[0]:
            break  # it has nothing to say before our answer: readable means that it has gone
    raise ConnectionResetError("arranged: no effect, no answer")


def spoil(name: str, response: Response) -> Response:
    """The answer as a behaviour of ``WIRE`` leaves it; other names change nothing."""
    body = response.get_data()
    if name == "truncated":
        response.set_data(body[: len(body) // 2])
    elif name == "cut_off":
        response = Response([body[: len(body) // 2]], status=response.status, headers=response.headers)
        response.headers["Content-Length"] = str(len(body))
    elif name == "wrong_charset":
        told, sent = ("gbk", "utf-8") if "gbk" in (response.content_type or "").lower() else ("utf-8", "gbk")
        response.set_data(body.decode(told).encode(sent, "xmlcharrefreplace"))
    elif name == "unknown_field":
        response.set_data(_add_field(body))
    return response


def _add_field(body: bytes) -> bytes:
    """One more member of a JSON object (or of each object of a list), one more element before the last end tags, or one more column."""
    if body.lstrip().startswith((b"{", b"[")):
        told = json.loads(body)
        for one in told if isinstance(told, list) else [told]:
            one[UNKNOWN_FIELD] = UNKNOWN_VALUE
        return json.dumps(told, ensure_ascii=False).encode()
    if body.lstrip().startswith(b"<"):
        return _add_element(body)
    mark = b"|" if b"|" in body else b","
    return b"".join(line + mark + UNKNOWN_VALUE.encode() + b"\n" for line in body.splitlines())


def _add_element(body: bytes) -> bytes:
    """Inside the root, or for SOAP inside the element that the body holds."""
    place = len(body)
    for _level in range(3 if b":Envelope" in body or b"<Envelope" in body else 1):
        found = _LAST_END_TAG.search(body, 0, place)
        place = found.start() if found else 0
    element = f"<{UNKNOWN_FIELD}>{UNKNOWN_VALUE}</{UNKNOWN_FIELD}>".encode()
    return body[:place] + element + body[place:]
