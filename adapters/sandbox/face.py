"""A certified provider of face checks: its screen gives one piece of evidence to a phone, its server answers one question about it.

Evidence is good for 300 seconds of the clock and for the first question that reaches the server, whatever that one gets. A
match needs all three: alive before the camera, the number of that person, and the name that the population register has.
Every question is kept in the provider's books.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import Behaviours, arrange_from_request
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office_faults import WIRE, respond
from adapters.sandbox.register import Register
from adapters.sandbox.routing import Router, answer_json, read_control, read_json
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OPERATIONS: Mapping[str, frozenset[str]] = {"verify": WIRE | {"no_match", "unknown_result"}}
VALID = timedelta(seconds=300)
_FIELDS = frozenset({"realName", "identityNumber", "evidence"})
_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")


class FaceProvider:
    """The provider as a WSGI application. ``name_of``: the register's name for a number, or None."""

    def __init__(self, shelf: Shelf, clock: Clock, api_key: str, name_of: Callable[[str], str | None]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._expected = f"Bearer {api_key}".encode()
        self._name_of = name_of
        self._behaviours = Behaviours(OPERATIONS)

    def verify(self, request: Request) -> Response:
        """``POST /face/verify {realName, identityNumber, evidence}``."""
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), self._expected):
            return answer_json({"code": "UNAUTHORIZED"}, 401)
        asked = _read_question(request.get_data())
        if asked is None:
            return answer_json({"code": "BAD_REQUEST"}, 400)
        behaviour = self._behaviours.take("verify")
        name = behaviour.name if behaviour else ""
        return respond(
            behaviour, request, lambda: self._answer(asked, name), lambda _: answer_json({"code": "SYSTEM"}, 500)
        )

    def _answer(self, asked: dict[str, str], behaviour: str) -> Response:
        now, transaction_no = self._clock.now(), secrets.token_hex(16)
        with self._shelf.change():
            result = "NO_MATCH" if behaviour == "no_match" else self._judge(asked, now)
            asking = {"at": now.isoformat(), "transaction_no": transaction_no, "result": result, **asked}
            self._shelf.put("question", transaction_no, asking)
        told = "PERHAPS" if behaviour == "unknown_result" else result
        return answer_json({"result": told, "transactionNo": transaction_no})

    def _judge(self, asked: dict[str, str], now: datetime) -> str:
        """The result of one question; the evidence is used afterwards. Unknown evidence is a face that does not match."""
        evidence = self._shelf.get("evidence", asked["evidence"])
        if evidence is None:
            return "NO_MATCH"
        self._shelf.put("evidence", asked["evidence"], evidence | {"used": True})
        if evidence["used"]:
            return "EVIDENCE_USED"
        if now - datetime.fromisoformat(evidence["made_at"]) > VALID:
            return "EVIDENCE_EXPIRED"
        number = asked["identityNumber"]
        matches = (
            evidence["live"] and evidence["identity_number"] == number and self._name_of(number) == asked["realName"]
        )
        return "MATCH" if matches else "NO_MATCH"

    def show_face(self, request: Request) -> Response:
        """``POST /_sandbox/phone/face {identity_number, live}``: who stands before the camera, and whether alive; ``{evidence}``."""
        told = read_control(request, {"identity_number", "live"})
        if told is None or not isinstance(told["live"], bool) or not _is_number(told["identity_number"]):
            return answer_json({"error": "bad_request"}, 400)
        evidence = f"FACE.{secrets.token_urlsafe(32)}"
        made_at = self._clock.now().isoformat()
        self._shelf.put("evidence", evidence, told | {"made_at": made_at, "used": False})
        return answer_json({"evidence": evidence})

    def list_questions(self, _request: Request) -> Response:
        """``GET /_sandbox/questions``: the provider's books, oldest first."""
        return answer_json(self._shelf.all("question"))

    def control_behaviour(self, request: Request) -> Response:
        """``POST /_sandbox/control/behaviour``."""
        status, content = arrange_from_request(self._behaviours, request)
        return answer_json(content, status)


def build(context: SandboxContext) -> Router:
    """From a sandbox context; the provider asks the register of the same home."""
    register = Register(context.home, "")
    return create_face(
        context.open_shelf("face"), context.clock, context.credentials["face"]["api_key"], register.name_of
    )


def create_face(shelf: Shelf, clock: Clock, api_key: str, name_of: Callable[[str], str | None]) -> Router:
    """The provider as a WSGI application."""
    provider = FaceProvider(shelf, clock, api_key, name_of)
    router = Router()
    router.add("POST", "/face/verify", provider.verify)
    router.add("POST", "/_sandbox/phone/face", provider.show_face)
    router.add("GET", "/_sandbox/questions", provider.list_questions)
    add_canaries(router, lambda: (question["transaction_no"] for question in shelf.all("question")))
    router.add("POST", "/_sandbox/control/behaviour", provider.control_behaviour)
    return router


def _is_number(value: object) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _read_question(body: bytes) -> dict[str, str] | None:
    """The three texts of a question; None if the body holds anything else."""
    try:
        asked: Any = read_json(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or set(asked) != _FIELDS or not _is_number(asked["identityNumber"]):
        return None
    fitting = all(isinstance(value, str) and 0 < len(value) <= 4096 for value in asked.values())
    return asked if fitting else None
