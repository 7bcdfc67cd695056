"""A simulated phone: what the Alipay app does on behalf of a person. JSON under ``/_sandbox/``, never evidence."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.alipay.identity import make_login_code
from adapters.sandbox.alipay.model import Application
from adapters.sandbox.alipay.payment import pay_trade
from adapters.sandbox.alipay.signatures import encrypt_answer, sign_bytes, stranger_key
from adapters.sandbox.alipay.state import Alipay
from adapters.sandbox.routing import Router, answer_json, read_control


class Phone:
    """The endpoints of a simulated phone."""

    def __init__(self, state: Alipay) -> None:
        self._state = state

    def add_to(self, router: Router) -> None:
        """Register the endpoints."""
        router.add("POST", "/_sandbox/phone/login", self.login)
        router.add("POST", "/_sandbox/phone/phone-answer", self.answer_phone)
        router.add("POST", "/_sandbox/phone/pay", self.pay)
        router.add("GET", "/_sandbox/phone/messages", self.list_messages)

    def login(self, request: Request) -> Response:
        """``my.getAuthCode``."""
        given = read_control(request, {"app_id", "user"})
        app = self._find_app(given)
        if given is None or app is None:
            return answer_json({"error": "expected app_id (known) and user"}, 400)
        return answer_json({"code": make_login_code(self._state, app, str(given["user"]))})

    def answer_phone(self, request: Request) -> Response:
        """``my.getPhoneNumber``: the JSON text that the mini-program hands to its server."""
        given = read_control(request, {"app_id", "user", "phone"})
        app = self._find_app(given)
        if given is None or app is None:
            return answer_json({"error": "expected app_id (known), user and phone"}, 400)
        behaviour = self._state.choose("phone_answer")
        name = behaviour.name if behaviour is not None else ""
        return answer_json({"response": self._make_phone_answer(app, str(given["phone"]), name)})

    def _make_phone_answer(self, app: Application, phone: str, name: str) -> str:
        """Cipher text under the application's AES key, signed with its quotes; an error is a bare object, signed as it is."""
        if name == "refused":
            error = {"code": "40003", "msg": "Insufficient Conditions", "subCode": "isv.invalid-auth-relations"}
            signed = json.dumps(error, separators=(",", ":"))
            answer: dict[str, Any] = {"response": error}
        else:
            plain = json.dumps({"code": "10000", "msg": "Success", "mobile": phone}, separators=(",", ":"))
            cipher = encrypt_answer(app.aes_key, plain.encode())
            signed = f'"{cipher}"'
            answer = {"response": cipher}
        key = stranger_key() if name == "forged_signature" else self._state.accounts.key.private
        if name != "unsigned":
            answer |= {"sign": sign_bytes(key, signed.encode()), "sign_type": "RSA2"}
        answer |= {"encrypt_type": "AES", "charset": "UTF-8"}
        return json.dumps(answer, separators=(",", ":"))

    def pay(self, request: Request) -> Response:
        """``my.tradePay({tradeNO})``: only the buyer of the trade can pay it."""
        given = read_control(request, {"user", "tradeNO"})
        if given is None:
            return answer_json({"error": "expected user and tradeNO"}, 400)
        return answer_json({"resultCode": pay_trade(self._state, str(given["tradeNO"]), str(given["user"]))})

    def list_messages(self, request: Request) -> Response:
        """Messages that a person received in an application, oldest first."""
        wanted = (request.args.get("app_id"), request.args.get("user"))
        found = [one for one in self._state.shelf.all("message") if (one["app_id"], one["user"]) == wanted]
        return answer_json(found)

    def _find_app(self, given: dict[str, Any] | None) -> Application | None:
        return self._state.accounts.find(str(given["app_id"])) if given is not None else None
