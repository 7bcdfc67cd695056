"""The population register (人口库): name and phone of an identity number, and nothing else that it may send along.

``POST /register/query {identityNumber}`` with a bearer key; 404 with a code of its own means that there is no such person.
"""

from __future__ import annotations

from adapters.backends.authentication import carry_bearer, read_secret
from adapters.backends.rest.json_text import JSON, read_json, write_json
from adapters.backends.wire import PURPOSE, ReplyUnreadable
from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from config.shapes import Maybe, Record, Text, check_shape
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.model import BackEndAddress, JsonValue, RegisterEntry
from services.ports import Secrets

PATH = "/register/query"
REPLY = Record(
    {"name": Text(max_length=100), "phone": Maybe(Text(r"[0-9+\-]{5,20}", "a phone number", 20))},
    {"address": Maybe(Text(max_length=400)), "birthDate": Maybe(Text(max_length=20))},
)
"""What an answer may hold; ``address`` and ``birthDate`` come unasked and are not taken."""
ERRORS = {"SYSTEM": "system", "UNAUTHORIZED": "not_permitted", "BAD_REQUEST": "not_permitted"}
ABSENT = "NO_SUCH_PERSON"


class RegisterBackEnd:
    """Implements ``ports.IdentityRegister``. Secret purpose: ``api_key``."""

    def __init__(self, address: BackEndAddress, http: HttpClient, secrets: Secrets) -> None:
        self._address = address
        self._http = http
        self._bearer = carry_bearer(read_secret(address, "api_key", secrets))

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        """The entry of an identity number (GB 11643), or None. Raises the errors of a back end; never inside a transaction."""
        refuse_inside_transaction()
        reply = self._send(write_json({"identityNumber": identity_number}), request_id)
        try:
            return _read_entry(reply.status, read_json(reply.body))
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{self._address.name}, find: {fault}") from None

    def _send(self, body: bytes, request_id: str) -> HttpReply:
        headers = {"X-Request-Id": request_id, "Accept": JSON, "Content-Type": JSON, **self._bearer}
        url = self._address.url.rstrip("/") + PATH
        try:
            return self._http.send(f"{PURPOSE}:{self._address.name}", "POST", url, headers, body)
        except HttpUnreachable:
            raise BackEndUnreachable(f"{self._address.name}, find: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{self._address.name}, find: no complete answer") from None


def _read_entry(status: int, body: JsonValue) -> RegisterEntry | None:
    if status == 200:
        for mismatch in check_shape(REPLY, body):
            raise ReplyUnreadable(mismatch.place_found)
        return RegisterEntry(body["name"], body["phone"] or None)
    code = body.get("code") if isinstance(body, dict) else None
    if status == 404 and code == ABSENT:
        return None
    if isinstance(code, str) and code in ERRORS:
        raise BackEndRefused(ERRORS[code])
    raise ReplyUnreadable("neither an entry nor an error that is known")
