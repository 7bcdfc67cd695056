"""The business register (市场主体登记): name, standing and legal representative of a credit code, and nothing else that it may send along.

``GET /v1/organisations/{creditCode}`` with a bearer token; 404 with a code of its own means that there is no such organisation. A code
names a company, not a person: it may stand in an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.backends.authentication import carry_bearer, read_secret
from adapters.backends.rest.json_text import JSON, read_json
from adapters.backends.wire import PURPOSE, ReplyUnreadable
from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from config.shapes import Anything, Choice, Maybe, Record, Text, check_shape
from services.case_ports import RegisteredOrganisation
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.model import BackEndAddress, JsonValue
from services.ports import Secrets

PATH = "/v1/organisations/"
CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
STATUSES: Mapping[str, str] = {"OPEN": "in_business", "REVOKED": "revoked", "CANCELLED": "cancelled"}
"""All words of the register; one that is not here is no answer."""
REPLY = Record(
    {
        "creditCode": Text(r"[0-9A-HJ-NPQRTUWXY]{18}", "a unified social credit code", 18),
        "name": Text(max_length=200),
        "status": Choice(tuple(STATUSES)),
        "legalRepresentative": Record(
            {"name": Text(max_length=100), "identityNumber": Text(r"[0-9]{17}[0-9X]", "an identity number", 18)}
        ),
    },
    {
        "registeredCapital": Maybe(Text(max_length=40)),
        "address": Maybe(Text(max_length=400)),
        "licenceNo": Maybe(Text(max_length=60)),
        "issuedOn": Maybe(Text(max_length=20)),
        "expiresOn": Maybe(Text(max_length=20)),
        "registrar": Maybe(Text(max_length=200)),
        "innerNo": Maybe(Text(max_length=60)),
        "officer": Anything(),
    },
)
"""What an answer may hold; all below the first four comes unasked and is not taken."""
ERRORS = {
    "SYSTEM": "system",
    "UNAUTHORIZED": "not_permitted",
    "BAD_REQUEST": "not_permitted",
    "BATCH_WINDOW": "batch_window",
}
ABSENT = "NO_SUCH_ORGANISATION"


class OrganisationsBackEnd:
    """Implements ``case_ports.OrganisationRegister``. Secret purpose: ``token``."""

    def __init__(self, address: BackEndAddress, http: HttpClient, secrets: Secrets) -> None:
        self._address = address
        self._http = http
        self._bearer = carry_bearer(read_secret(address, "token", secrets))

    def find(self, credit_code: str, request_id: str) -> RegisteredOrganisation | None:
        """The entry of a credit code (GB 32100), or None. Raises the errors of a back end; never inside a transaction.

        An answer about another code than the one asked for is no answer.
        """
        refuse_inside_transaction()
        if CREDIT_CODE.fullmatch(credit_code) is None:
            return None
        reply = self._send(credit_code, request_id)
        try:
            return _read_entry(credit_code, reply.status, read_json(reply.body))
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{self._address.name}, find: {fault}") from None

    def _send(self, credit_code: str, request_id: str) -> HttpReply:
        headers = {"X-Request-Id": request_id, "Accept": JSON, **self._bearer}
        url = self._address.url.rstrip("/") + PATH + credit_code
        try:
            return self._http.send(f"{PURPOSE}:{self._address.name}", "GET", url, headers, b"")
        except HttpUnreachable:
            raise BackEndUnreachable(f"{self._address.name}, find: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{self._address.name}, find: no complete answer") from None


def _read_entry(credit_code: str, status: int, body: JsonValue) -> RegisteredOrganisation | None:
    if status == 200:
        for mismatch in check_shape(REPLY, body):
            raise ReplyUnreadable(mismatch.place_found)
        if body["creditCode"] != credit_code:
            raise ReplyUnreadable("another organisation than the one asked for")
        head = body["legalRepresentative"]
        return RegisteredOrganisation(
            credit_code, body["name"], STATUSES[body["status"]], head["name"], head["identityNumber"]
        )
    code = body.get("code") if isinstance(body, dict) else None
    if status == 404 and code == ABSENT:
        return None
    if isinstance(code, str) and code in ERRORS:
        raise BackEndRefused(ERRORS[code])
    raise ReplyUnreadable("neither an entry nor an error that is known")
