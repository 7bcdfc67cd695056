"""The population register (人口库): name and phone of an identity number, who is whose parent, and nothing else that it may send along.

``POST /register/query {identityNumber}`` and ``POST /register/kinship {parentNumber, childNumber}`` with a bearer key; 404 with a code of
its own means that there is no such person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.backends.authentication import carry_bearer, read_secret
from adapters.backends.rest.json_text import JSON, read_json, write_json
from adapters.backends.wire import PURPOSE, ReplyUnreadable
from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpUnknown, HttpUnreachable
from config.shapes import Choice, Maybe, Record, Text, check_shape
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.model import BackEndAddress, JsonValue, RegisterEntry
from services.ports import Secrets

PATH, KINSHIP_PATH = "/register/query", "/register/kinship"
REPLY = Record(
    {"name": Text(max_length=100), "phone": Maybe(Text(r"[0-9+\-]{5,20}", "a phone number", 20))},
    {"address": Maybe(Text(max_length=400)), "birthDate": Maybe(Text(max_length=20))},
)
"""What an answer may hold; ``address`` and ``birthDate`` come unasked and are not taken."""
RELATIONS = {"PARENT": True, "NONE": False}
"""All words of the register for two people; one alone is a yes."""
KINSHIP = Record({"relation": Choice(tuple(RELATIONS))}, {"householdBookNo": Maybe(Text(max_length=60))})
ERRORS = {"SYSTEM": "system", "UNAUTHORIZED": "not_permitted", "BAD_REQUEST": "not_permitted"}
ABSENT = "NO_SUCH_PERSON"


class RegisterBackEnd:
    """Implements ``ports.IdentityRegister`` and ``case_ports.FamilyRegister``. Secret purpose: ``api_key``."""

    def __init__(self, address: BackEndAddress, http: HttpClient, secrets: Secrets) -> None:
        self._address = address
        self._http = http
        self._bearer = carry_bearer(read_secret(address, "api_key", secrets))

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        """The entry of an identity number (GB 11643), or None. Raises the errors of a back end; never inside a transaction."""
        status, body = self._ask("find", PATH, {"identityNumber": identity_number}, request_id)
        with self._reading("find"):
            return _read_entry(status, body)

    def is_parent(self, parent_number: str, child_number: str, request_id: str) -> bool:
        """Whether the first is registered as a parent of the second; no for somebody unknown. Raises as ``find`` does."""
        asked = {"parentNumber": parent_number, "childNumber": child_number}
        status, body = self._ask("is_parent", KINSHIP_PATH, asked, request_id)
        with self._reading("is_parent"):
            return _read_relation(status, body)

    def _ask(self, operation: str, path: str, asked: dict[str, str], request_id: str) -> tuple[int, JsonValue]:
        refuse_inside_transaction()
        headers = {"X-Request-Id": request_id, "Accept": JSON, "Content-Type": JSON, **self._bearer}
        url = self._address.url.rstrip("/") + path
        try:
            reply = self._http.send(f"{PURPOSE}:{self._address.name}", "POST", url, headers, write_json(asked))
        except HttpUnreachable:
            raise BackEndUnreachable(f"{self._address.name}, {operation}: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{self._address.name}, {operation}: no complete answer") from None
        with self._reading(operation):
            return reply.status, read_json(reply.body)

    @contextmanager
    def _reading(self, operation: str) -> Iterator[None]:
        try:
            yield
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{self._address.name}, {operation}: {fault}") from None


def _read_entry(status: int, body: JsonValue) -> RegisterEntry | None:
    if status == 200:
        for mismatch in check_shape(REPLY, body):
            raise ReplyUnreadable(mismatch.place_found)
        return RegisterEntry(body["name"], body["phone"] or None)
    _require_absent(status, body)
    return None


def _read_relation(status: int, body: JsonValue) -> bool:
    if status == 200:
        for mismatch in check_shape(KINSHIP, body):
            raise ReplyUnreadable(mismatch.place_found)
        return RELATIONS[body["relation"]]
    _require_absent(status, body)
    return False


def _require_absent(status: int, body: JsonValue) -> None:
    code = body.get("code") if isinstance(body, dict) else None
    if status == 404 and code == ABSENT:
        return
    if isinstance(code, str) and code in ERRORS:
        raise BackEndRefused(ERRORS[code])
    raise ReplyUnreadable("neither an entry nor an error that is known")
