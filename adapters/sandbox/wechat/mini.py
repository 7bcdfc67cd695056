"""The mini-program server API: code2Session, tokens, phone number, subscribe message. Errors are HTTP 200 with ``errcode``.

Facts: developers.weixin.qq.com/miniprogram/dev/server/API. code2Session answers as ``text/plain`` and, in practice, without
``errcode`` when it succeeds.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import run_with
from adapters.sandbox.routing import answer_json
from adapters.sandbox.wechat.limits import MinuteLimit
from adapters.sandbox.wechat.messages import send_message
from adapters.sandbox.wechat.social import SocialRefused, read_object
from adapters.sandbox.wechat.state import WeChat
from adapters.sandbox.wechat.tokens import TokenQuotaReached, end_tokens, find_token, give_legacy, give_stable

_MAGIC_CODES = {
    "SANDBOX_EXPIRED_CODE": (40029, "invalid code"),
    "SANDBOX_USED_CODE": (40163, "code been used"),
    "SANDBOX_BLOCKED_USER": (40226, "high risk user"),
    "SANDBOX_BUSY": (-1, "system error"),
    "SANDBOX_RATE_LIMITED": (45011, "api minute-quota reach limit, must slower retry next minute"),
}
_FAULTS = {
    "busy": (-1, "system error"),
    "expired_code": (40029, "invalid code"),
    "used_code": (40163, "code been used"),
    "blocked_user": (40226, "high risk user"),
    "rate_limited": (45011, "api minute-quota reach limit, must slower retry next minute"),
    "user_refused": (43101, "user refuse to accept the msg"),
}


class MiniDesk:
    """Runs the operations of the server API."""

    def __init__(self, state: WeChat) -> None:
        self._state = state
        self._sessions = MinuteLimit(state.clock, 100)
        self._tokens = MinuteLimit(state.clock, 10_000)

    def handler(self, name: str, act: Callable[[Request, str], dict[str, Any]]) -> Callable[[Request], Response]:
        """A route handler; ``act`` is called with the request and the arranged fault."""

        def handle(request: Request) -> Response:
            behaviour = self._state.behaviours.take(name)
            fault = behaviour.name if behaviour else ""
            response = run_with(behaviour, lambda: self._act(act, request, fault))
            if name == "code2session" and response.mimetype == "application/json":
                response.headers["Content-Type"] = "text/plain"
            return response

        return handle

    def _act(self, act: Callable[[Request, str], dict[str, Any]], request: Request, fault: str) -> Response:
        try:
            _raise_arranged(fault)
            return answer_json(act(request, fault))
        except SocialRefused as refused:
            return answer_json(refused.to_body())

    def code_to_session(self, request: Request, _: str) -> dict[str, Any]:
        """GET /sns/jscode2session?appid&secret&js_code&grant_type=authorization_code; a code serves once."""
        app_id = self._check_secret(request.args)
        if request.args.get("grant_type") != "authorization_code":
            raise SocialRefused(40002, "invalid grant_type")
        openid = self._use_code("code", app_id, request.args.get("js_code"))["openid"]
        if not self._sessions.allow(openid):
            raise SocialRefused(*_FAULTS["rate_limited"])
        return {"session_key": base64.b64encode(secrets.token_bytes(16)).decode(), "openid": openid}

    def stable_token(self, request: Request, _: str) -> dict[str, Any]:
        """POST /cgi-bin/stable_token {grant_type, appid, secret, force_refresh?}."""
        told = read_object(request)
        app_id = self._check_secret(told)
        if told.get("grant_type") != "client_credential":
            raise SocialRefused(40002, "invalid grant_type")
        if not self._tokens.allow(app_id):
            raise SocialRefused(*_FAULTS["rate_limited"])
        try:
            token, seconds = give_stable(self._state, app_id, force=told.get("force_refresh") is True)
        except TokenQuotaReached:
            raise SocialRefused(45009, "reach max api daily quota limit") from None
        return {"access_token": token, "expires_in": seconds}

    def legacy_token(self, request: Request, _: str) -> dict[str, Any]:
        """GET /cgi-bin/token?grant_type=client_credential&appid&secret."""
        app_id = self._check_secret(request.args)
        if request.args.get("grant_type") != "client_credential":
            raise SocialRefused(40002, "invalid grant_type")
        token, seconds = give_legacy(self._state, app_id)
        return {"access_token": token, "expires_in": seconds}

    def phone_number(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /wxa/business/getuserphonenumber?access_token= {code}."""
        app_id = self.check_token(request, fault)
        known = self._use_code("phone_code", app_id, read_object(request).get("code"))
        country: str | int = 86 if fault == "integer_country_code" else "86"
        watermark = {"timestamp": int(self._state.clock.now().timestamp()), "appid": app_id}
        number = known["phone"]
        return {
            "errcode": 0, "errmsg": "ok",
            "phone_info": {
                "phoneNumber": number, "purePhoneNumber": number, "countryCode": country, "watermark": watermark,
            },
        }  # fmt: skip

    def subscribe_send(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /cgi-bin/message/subscribe/send?access_token=."""
        app_id = self.check_token(request, fault)
        send_message(self._state, app_id, read_object(request))
        return {"errcode": 0, "errmsg": "ok"}

    def _check_secret(self, told: Any) -> str:
        app_id, secret = told.get("appid"), told.get("secret")
        if not app_id:
            raise SocialRefused(41002, "appid missing")
        if not secret:
            raise SocialRefused(41004, "appsecret missing")
        program = self._state.programs.get(str(app_id))
        if program is None:
            raise SocialRefused(40013, "invalid appid")
        if not secrets.compare_digest(program.app_secret.encode(), str(secret).encode()):
            raise SocialRefused(40125, "invalid appsecret")
        return program.app_id

    def check_token(self, request: Request, fault: str) -> str:
        token = request.args.get("access_token")
        if not token:
            raise SocialRefused(41001, "access_token missing")
        found = find_token(self._state, token)
        if found is None:
            raise SocialRefused(40001, "invalid credential, access_token is invalid or not latest")
        app_id, holds = found
        if fault == "expired_token":
            end_tokens(self._state, app_id)
            holds = False
        if not holds:
            raise SocialRefused(42001, "access_token expired")
        return app_id

    def _use_code(self, kind: str, app_id: str, code: object) -> dict[str, Any]:
        if not isinstance(code, str) or not code:
            raise SocialRefused(41008, "missing code")
        if code in _MAGIC_CODES:
            raise SocialRefused(*_MAGIC_CODES[code])
        with self._state.shelf.change():
            known = self._state.shelf.get(kind, code)
            if known is None or known["app_id"] != app_id:
                raise SocialRefused(40029, "invalid code")
            if known["used"]:
                raise SocialRefused(40163, "code been used")
            if datetime.fromisoformat(known["expires_at"]) <= self._state.clock.now():
                raise SocialRefused(40029, "invalid code")
            self._state.shelf.put(kind, code, known | {"used": True})
        return known


def _raise_arranged(fault: str) -> None:
    if fault in _FAULTS:
        raise SocialRefused(*_FAULTS[fault])


def give_code(state: WeChat, kind: str, app_id: str, openid: str, *, seconds: int = 300, phone: str = "") -> str:
    """A one-shot code as ``wx.login`` (kind ``code``) or the phone button (``phone_code``) hands to the mini-program."""
    code = secrets.token_hex(16) if kind == "code" else secrets.token_hex(32)
    expires = state.clock.now() + timedelta(seconds=seconds)
    document = {"app_id": app_id, "openid": openid, "expires_at": expires.isoformat(), "used": False, "phone": phone}
    state.shelf.put(kind, code, document)
    return code
