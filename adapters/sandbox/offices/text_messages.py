"""The city's provider of text messages (短信平台): it signs nothing, sends nothing, and keeps every byte that it was given.

One message per ``messageId``; the same id with other content is refused. A message is delivered three seconds of the clock after it was
taken. Telephones that end otherwise: ``17000000001`` is refused, ``17000000002`` fails, of ``17000000003`` nobody ever hears again, and
``17000000004`` has withdrawn from all messages. ``GET /_sandbox/messages?phone=`` is the telephone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import PROVINCE
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office
from adapters.sandbox.office_faults import OfficeFaults
from adapters.sandbox.routing import Router, answer_json, read_json
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OFFICE_NAME = "text-messages"
SIGN_NAME = "演示市政务服务"
TEMPLATES: Mapping[str, tuple[str, str]] = {
    "sign_in_code": ("SMS_480001", "验证码{code}，{minutes}分钟内有效。工作人员不会向您索要验证码。"),
    "case_notice": (
        "SMS_480002",
        "您尾号{number}的办件于{time}有新的通知。请登录政务服务网或到政务服务窗口查看。",
    ),
}
"""By the name that the counter uses: the provider's code and the approved text."""
REFUSED, FAILING, SILENT, WITHDRAWN = "17000000001", "17000000002", "17000000003", "17000000004"
DELIVERED_AFTER = timedelta(seconds=3)
SKEW_SECONDS = 300
STATUS = {"INVALID_NUMBER": 422, "BLACKLISTED": 422, "FREQUENCY_LIMITED": 429, "UNAUTHORIZED": 401, "SYSTEM": 500,
          "NO_SUCH_MESSAGE": 404}  # fmt: skip
_FIELDS = {"messageId", "phone", "signName", "templateCode", "templateParams"}
_PHONE, _ID = re.compile(r"1[3-9][0-9]{9}"), re.compile(r"[0-9A-Za-z\-]{1,64}")
_TEXT_OF = dict(TEMPLATES.values())


class _Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TextMessageProvider:
    """The provider: its books on a shelf, its signature check, its telephones."""

    def __init__(self, shelf: Shelf, clock: Clock, key: str) -> None:
        self._shelf = shelf
        self._clock = clock
        self._key = key.encode()
        self.faults = OfficeFaults(("send", "ask"), ("frequency_limited",))

    def send(self, request: Request) -> Response:
        """``POST /v1/messages``."""
        return self._serve("send", request, lambda: self._take(request.get_data()))

    def ask(self, request: Request, message_id: str) -> Response:
        """``GET /v1/messages/<message_id>``."""
        return self._serve("ask", request, lambda: self._tell(message_id))

    def _serve(self, operation: str, request: Request, act: Callable[[], dict[str, str]]) -> Response:
        def answer() -> Response:
            try:
                return answer_json(act())
            except _Refused as refusal:
                return _refuse(refusal.code)

        if not self._is_signed(request):
            return _refuse("UNAUTHORIZED")
        return self.faults.run(
            operation, request, answer, lambda fault: _refuse("SYSTEM" if fault == "server_error" else fault.upper())
        )

    def _is_signed(self, request: Request) -> bool:
        stamp = request.headers.get("X-Timestamp", "")
        if re.fullmatch(r"[0-9]{1,12}", stamp) is None:
            return False
        if abs(self._clock.now().timestamp() - int(stamp)) > SKEW_SECONDS:
            return False
        digest = hashlib.sha256(request.get_data()).hexdigest()
        line = f"{request.method}\n{request.full_path.rstrip('?')}\n{stamp}\n{digest}".encode()
        expected = hmac.new(self._key, line, hashlib.sha256).hexdigest()
        return hmac.compare_digest(request.headers.get("X-Signature", "").encode(), expected.encode())

    def _take(self, body: bytes) -> dict[str, str]:
        told = _read_message(body)
        if told["phone"] == REFUSED:
            raise _Refused("INVALID_NUMBER")
        if told["phone"] == WITHDRAWN:
            raise _Refused("BLACKLISTED")
        with self._shelf.change():
            known = self._shelf.get("message", told["messageId"])
            if known is not None and known["body"] != body.decode():
                raise _Refused("BAD_REQUEST")
            message = known or self._write(told, body)
            self._shelf.put("message", told["messageId"], message | {"asked_to_send": message["asked_to_send"] + 1})
        return {"messageId": told["messageId"], "receiptNo": message["receipt_no"]}

    def _write(self, told: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        words = {name: str(value) for name, value in told["templateParams"].items()}
        return {
            "message_id": told["messageId"],
            "receipt_no": f"R{secrets.token_hex(12)}",
            "phone": told["phone"],
            "template": told["templateCode"],
            "words": words,
            "text": f"【{told['signName']}】{_TEXT_OF[told['templateCode']].format(**words)}",
            "at": self._clock.now().isoformat(),
            "body": body.decode(),
            "asked_to_send": 0,
        }

    def _tell(self, message_id: str) -> dict[str, str]:
        message = self._shelf.get("message", message_id)
        if message is None:
            raise _Refused("NO_SUCH_MESSAGE")
        return {"messageId": message_id, "status": self._judge(message)}

    def _judge(self, message: Mapping[str, Any]) -> str:
        if message["phone"] == SILENT or self._clock.now() - datetime.fromisoformat(message["at"]) < DELIVERED_AFTER:
            return "SENT"
        return "FAILED" if message["phone"] == FAILING else "DELIVERED"

    def list_messages(self, request: Request) -> Response:
        """``GET /_sandbox/messages?phone=``: every message, oldest first; of one telephone, if one is named."""
        phone = request.args.get("phone")
        kept = self._shelf.all("message")
        shown = [one | {"status": self._judge(one)} for one in kept if phone in (None, one["phone"])]
        return answer_json(shown)


def _refuse(code: str) -> Response:
    return answer_json({"code": code}, STATUS.get(code, 400))


def _read_message(body: bytes) -> dict[str, Any]:
    try:
        told: Any = read_json(body)
    except (ValueError, RecursionError):
        raise _Refused("BAD_REQUEST") from None
    if not isinstance(told, dict) or set(told) != _FIELDS or not isinstance(told["templateParams"], dict):
        raise _Refused("BAD_REQUEST")
    texts = [told[name] for name in sorted(_FIELDS - {"templateParams"})] + list(told["templateParams"].values())
    if not all(isinstance(text, str) and 0 < len(text) <= 200 for text in texts) or not _ID.fullmatch(
        told["messageId"]
    ):
        raise _Refused("BAD_REQUEST")
    if not _PHONE.fullmatch(told["phone"]):
        raise _Refused("INVALID_NUMBER")
    wanted = set(re.findall(r"\{([a-z]+)\}", _TEXT_OF.get(told["templateCode"], "")))
    if not wanted or wanted != set(told["templateParams"]) or told["signName"] != SIGN_NAME:
        raise _Refused("BAD_TEMPLATE")
    return told


def create_text_messages(shelf: Shelf, clock: Clock, key: str) -> Router:
    """The provider as a WSGI application."""
    provider = TextMessageProvider(shelf, clock, key)
    router = Router()
    router.add("POST", "/v1/messages", provider.send)
    router.add("GET", "/v1/messages/<message_id>", provider.ask)
    router.add("GET", "/_sandbox/messages", provider.list_messages)
    provider.faults.add_control(router)
    add_canaries(router, tuple)
    return router


def _build(context: SandboxContext) -> Router:
    return create_text_messages(context.open_shelf(OFFICE_NAME), context.clock, context.credentials[OFFICE_NAME]["key"])


OFFICE = Office(
    name=OFFICE_NAME,
    agency=PROVINCE,
    back_ends=(),
    of_root=("text-messages",),
    build=_build,
    make_credentials=lambda _folder: {"key": secrets.token_hex(32)},
    bind=lambda place: Binding(
        secrets={"key": place.credentials["key"]},
        options={"sign_name": SIGN_NAME} | {f"template_{name}": code for name, (code, _) in TEMPLATES.items()},
    ),
)
