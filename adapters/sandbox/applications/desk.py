"""The counter of an office: each operation behind its lock and under its behaviours, and what a tester may do to the book.

Behaviours are those of ``office_faults.py``; every code with which an office refuses is one too, in small letters. An office that gives
tokens knows ``expired_token``: all of them are dead first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.book import STATES, ApplicationsBook, Entry, Refused
from adapters.sandbox.applications.locks import Lock, TokenDesk
from adapters.sandbox.applications.speech import Act, Speech
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.office_faults import OfficeFaults
from adapters.sandbox.routing import Handler, Router, answer_json, read_control

EXPIRED = "expired_token"
KEPT_HEADERS = {
    "request_id": "X-Request-Id",
    "purpose": "X-Purpose",
    "case_number": "X-Case-Number",
    "message_id": "X-Road-Id",
    "issue": "X-Road-Issue",
}
"""What an office keeps of who asked: under which number, what for, about which case."""


class Desk:
    """The router of one office. ``codes`` are all with which its operations refuse, ``canaries`` what none of its services lets out."""

    def __init__(
        self,
        speech: Speech,
        operations: Iterable[str],
        codes: Iterable[str],
        canaries: Iterable[str] | Callable[[], Iterable[str]],
        tokens: TokenDesk | None = None,
    ) -> None:
        self.router = Router()
        self._speech = speech
        self._tokens = tokens
        self._heard: deque[dict[str, str]] = deque(maxlen=500)
        self.router.add("GET", "/_sandbox/requests", lambda _: answer_json(list(self._heard)))
        refusals = {code.lower() for code in codes} | {"batch_window"} | ({EXPIRED} if tokens else set())
        self._faults = OfficeFaults(operations, refusals)
        self._faults.add_control(self.router)
        served = () if callable(canaries) else tuple(canaries)
        add_canaries(self.router, canaries if callable(canaries) else lambda: served)

    def open(self, method: str, template: str, operation: str, lock: Lock, act: Act) -> None:
        """One operation at one address."""

        def handle(request: Request, **parts: str) -> Response:
            return self.serve(request, operation, lock, lambda: act(request, **parts))

        self.router.add(method, template, handle)

    def serve(
        self, request: Request, operation: str, lock: Lock, act: Callable[[], dict[str, Any] | Response]
    ) -> Response:
        """Run one operation: the lock first, then what was arranged, then the act."""
        if not lock(request):
            return self._speech.refuse(request, "UNAUTHORIZED")
        kept = {name: request.headers.get(header, "") for name, header in KEPT_HEADERS.items()}
        self._heard.append({"operation": operation, **kept})

        def answer() -> Response:
            try:
                content = act()
            except Refused as refusal:
                return self._speech.refuse(request, refusal.code)
            return content if isinstance(content, Response) else self._speech.answer(request, content)

        return self._faults.run(operation, request, answer, lambda fault: self._say(request, fault))

    def _say(self, request: Request, fault: str) -> Response:
        if fault == EXPIRED and self._tokens is not None:
            self._tokens.forget_all()
            return self._speech.refuse(request, "UNAUTHORIZED")
        return self._speech.refuse(request, "SYSTEM" if fault == "server_error" else fault.upper())


Decider = Callable[[Entry, str], tuple[str, dict[str, Any]]]
"""The message and the result that an office adds when an application gets a state."""


def add_book_control(
    router: Router, book: ApplicationsBook, decide: Decider, tell: Callable[[Entry], None] = lambda _entry: None
) -> None:
    """``GET /_sandbox/applications`` and ``POST /_sandbox/applications/<no>/result {state, message?}``; ``tell`` follows it."""
    router.add("GET", "/_sandbox/applications", lambda _: answer_json([_show(entry) for entry in book.list_all()]))
    router.add("POST", "/_sandbox/applications/<number>/result", _make_decision(book, decide, tell))


def _make_decision(book: ApplicationsBook, decide: Decider, tell: Callable[[Entry], None]) -> Handler:
    def handle(request: Request, number: str) -> Response:
        told = read_control(request, {"state"}, frozenset({"message"}))
        if told is None or told["state"] not in STATES or not isinstance(told.get("message", ""), str):
            return answer_json({"error": "expected state (accepted, pending, granted, refused), perhaps message"}, 400)
        state = told["state"]

        def make_result(entry: Entry) -> tuple[str, dict[str, Any]]:
            message, result = decide(entry, state)
            return told.get("message") or message, result

        try:
            entry = book.decide(number, state, make_result)
        except Refused as refusal:
            return answer_json({"error": refusal.code.lower()}, 404 if refusal.code == "NO_SUCH_APPLICATION" else 409)
        tell(entry)
        return answer_json(_show(entry))

    return handle


def _show(entry: Entry) -> dict[str, Any]:
    names = ("number", "reference", "state", "message", "received_at", "decided_on", "result")
    return {name: getattr(entry, name) for name in names}
