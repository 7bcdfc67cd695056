"""A certified provider of face checks (人脸核验): whether the person in front of the camera is the one who is named.

``POST /face/verify {realName, identityNumber, evidence}`` with a bearer key answers ``{result, transactionNo}``. The evidence is
what the provider's own screen gave to the client; it is good for one question. Asking again changes nothing and proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.backends.authentication import carry_bearer, read_secret
from adapters.backends.rest.json_text import JSON, read_json, write_json
from adapters.backends.wire import PURPOSE, ReplyUnreadable, RequestUnwritable
from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from config.shapes import Choice, Record, Text, check_shape
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.model import BackEndAddress, JsonValue
from services.ports import Secrets

PATH = "/face/verify"
RESULTS: Mapping[str, bool] = {"MATCH": True, "NO_MATCH": False, "EVIDENCE_USED": False, "EVIDENCE_EXPIRED": False}
"""All words of the provider. One alone is a yes; a word that is not here is no answer."""
REPLY = Record(
    {"result": Choice(tuple(RESULTS)), "transactionNo": Text(r"[0-9A-Za-z_\-]{1,64}", "a transaction number", 64)}
)
ERRORS = {"SYSTEM": "system", "UNAUTHORIZED": "not_permitted", "BAD_REQUEST": "not_permitted"}


class FaceBackEnd:
    """Implements ``ports.FaceCheck``. Secret purpose: ``api_key``."""

    def __init__(self, address: BackEndAddress, http: HttpClient, secrets: Secrets) -> None:
        self._address = address
        self._http = http
        self._bearer = carry_bearer(read_secret(address, "api_key", secrets))

    def verify(self, real_name: str, identity_number: str, evidence: str, request_id: str) -> bool:
        """True for a match and for nothing else. Raises the errors of a back end for every doubt; never inside a transaction."""
        refuse_inside_transaction()
        asked = {"realName": real_name, "identityNumber": identity_number, "evidence": evidence}
        try:
            reply = self._send(write_json(asked), request_id)
            return _read_result(reply.status, read_json(reply.body))
        except RequestUnwritable:
            raise BackEndRefused("unwritable_value") from None
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{self._address.name}, verify: {fault}") from None

    def _send(self, body: bytes, request_id: str) -> HttpReply:
        headers = {"X-Request-Id": request_id, "Accept": JSON, "Content-Type": JSON, **self._bearer}
        url = self._address.url.rstrip("/") + PATH
        try:
            return self._http.send(f"{PURPOSE}:{self._address.name}", "POST", url, headers, body)
        except HttpUnreachable:
            raise BackEndUnreachable(f"{self._address.name}, verify: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{self._address.name}, verify: no complete answer") from None


def _read_result(status: int, body: JsonValue) -> bool:
    if status == 200:
        for mismatch in check_shape(REPLY, body):
            raise ReplyUnreadable(mismatch.place_found)
        return RESULTS[body["result"]]
    code = body.get("code") if isinstance(body, dict) else None
    if isinstance(code, str) and code in ERRORS:
        raise BackEndRefused(ERRORS[code])
    raise ReplyUnreadable("neither a result nor an error that is known")
