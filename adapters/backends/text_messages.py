"""The government's provider of text messages (短信): our own JSON with a signature, in the manner of the large providers.

``POST {url}/v1/messages {messageId, phone, signName, templateCode, templateParams}`` answers ``{messageId, receiptNo}``; the provider sends
one message per ``messageId`` however often it is asked. ``GET {url}/v1/messages/{messageId}`` answers ``{messageId, status}``. Both carry
``X-Timestamp`` (seconds since 1970) and ``X-Signature``: HMAC-SHA256 in lower-case hex over method, target, timestamp and the body's
SHA-256, with line feeds between them. The words of a message stand at the provider, who had them approved: what leaves here is the code of
a template and its few parameters.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

from adapters.backends.authentication import read_secret
from adapters.backends.rest.json_text import JSON, read_json, write_json
from adapters.backends.wire import PURPOSE, ReplyUnreadable, RequestUnwritable
from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable, target_of
from config.shapes import Choice, Record, Shape, Text, check_shape
from services.errors import (
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from services.model import BackEndAddress, JsonValue
from services.ports import Clock, Secrets

PATH = "/v1/messages"
MESSAGE_ID = re.compile(r"[0-9A-Za-z\-]{1,64}")
PHONE = re.compile(r"1[3-9][0-9]{9}")
"""A mainland mobile number, as ``services.identity.tidy_phone`` leaves it."""
STATUSES: Mapping[str, str] = {"DELIVERED": "delivered", "FAILED": "failed", "SENT": "sent", "QUEUED": "sent"}
"""All words of the provider. DELIVERED alone is a receipt (状态报告) of the telephone; a word that is not here is no answer."""
_ID = Text(r"[0-9A-Za-z\-]{1,64}", "a message id", 64)
SENT = Record({"messageId": _ID, "receiptNo": Text(r"[0-9A-Za-z_\-]{1,64}", "a receipt number", 64)})
ASKED = Record({"messageId": _ID, "status": Choice(tuple(STATUSES))})
ERRORS: Mapping[str, str] = {
    "INVALID_NUMBER": "no_such_record",
    "BLACKLISTED": "not_eligible",
    "FREQUENCY_LIMITED": "system",
    "BAD_TEMPLATE": "not_permitted",
    "BAD_REQUEST": "not_permitted",
    "UNAUTHORIZED": "not_permitted",
    "SYSTEM": "system",
}
"""What its refusals mean in ours: no such telephone, a telephone that takes no messages, not now, our own mistake."""
ABSENT = "NO_SUCH_MESSAGE"


class TextMessageBackEnd:
    """Implements ``case_ports.TextMessages``. Secret purpose: ``key``. Options: ``sign_name``, and ``template_<name>`` for each template."""

    def __init__(self, address: BackEndAddress, http: HttpClient, secrets: Secrets, clock: Clock) -> None:
        self._address = address
        self._http = http
        self._key = read_secret(address, "key", secrets)
        self._clock = clock

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> str:
        """The provider's receipt number. Raises the errors of a back end, ``ConfigurationFault``; never inside a transaction.

        What is no mobile number is refused (``no_such_record``) without a call.
        """
        refuse_inside_transaction()
        if PHONE.fullmatch(phone) is None:
            raise BackEndRefused("no_such_record")
        asked: dict[str, JsonValue] = {
            "messageId": message_id,
            "phone": phone,
            "signName": self._find_option("sign_name"),
            "templateCode": self._find_option(f"template_{template}"),
            "templateParams": dict(words),
        }
        try:
            body = write_json(asked)
        except RequestUnwritable:
            raise BackEndRefused("unwritable_value") from None
        return str(self._exchange("send", "POST", PATH, body, SENT, message_id)["receiptNo"])

    def ask(self, message_id: str) -> str:
        """``delivered``, ``failed`` or ``sent`` (no word yet). One that never arrived at the provider is ``failed``. Raises as ``send``."""
        refuse_inside_transaction()
        if MESSAGE_ID.fullmatch(message_id) is None:
            raise BackEndRefused("unwritable_value")
        answer = self._exchange("ask", "GET", f"{PATH}/{message_id}", b"", ASKED, message_id)
        return STATUSES[str(answer["status"])]

    def _find_option(self, name: str) -> str:
        value = self._address.options.get(name, "")
        if not value:
            raise ConfigurationFault(f"back end {self._address.name}: its address has no option {name}")
        return value

    def _exchange(
        self, what: str, method: str, path: str, body: bytes, shape: Shape, message_id: str
    ) -> Mapping[str, JsonValue]:
        url = self._address.url.rstrip("/") + path
        where = f"{self._address.name}, {what}"
        try:
            reply = self._http.send(
                f"{PURPOSE}:{self._address.name}", method, url, self._list_headers(method, url, body), body
            )
            return _read_answer(reply, shape, message_id)
        except HttpUnreachable:
            raise BackEndUnreachable(f"{where}: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{where}: no complete answer") from None
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{where}: {fault}") from None

    def _list_headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        stamp = str(int(self._clock.now().timestamp()))
        line = "\n".join((method, target_of(url), stamp, hashlib.sha256(body).hexdigest()))
        signature = hmac.digest(self._key, line.encode(), hashlib.sha256).hex()
        typed = {"Content-Type": JSON} if body else {}
        return {"Accept": JSON, "X-Timestamp": stamp, "X-Signature": signature, **typed}


def _read_answer(reply: HttpReply, shape: Shape, message_id: str) -> Mapping[str, JsonValue]:
    body = read_json(reply.body)
    if reply.status == 200 and isinstance(body, dict):
        for mismatch in check_shape(shape, body):
            raise ReplyUnreadable(mismatch.place_found)
        if body["messageId"] != message_id:
            raise ReplyUnreadable("another message than the one asked about")
        return body
    code = body.get("code") if isinstance(body, dict) else None
    if reply.status == 404 and code == ABSENT and shape is ASKED:
        return {"messageId": message_id, "status": "FAILED"}
    if reply.status != 200 and isinstance(code, str) and code in ERRORS:
        raise BackEndRefused(ERRORS[code])
    raise ReplyUnreadable("neither an answer nor an error that is known")
