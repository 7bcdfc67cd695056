"""Who is in front of the phone, what the platform tells an application of them, and messages to them."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from adapters.sandbox.alipay.model import Application, Call, GatewayRefused
from adapters.sandbox.alipay.state import Alipay, person_id_of

CODE_LIFE = timedelta(hours=24)


def make_login_code(state: Alipay, app: Application, user: str) -> str:
    """A one-shot authorisation code, as ``my.getAuthCode`` gives it; from now on the application knows this person."""
    code = secrets.token_hex(16)
    now = state.clock.now()
    with state.shelf.change():
        state.shelf.put("code", code, {"app_id": app.app_id, "user": user, "expires_at": (now + CODE_LIFE).isoformat()})
        remember_person(state, app, user)
    return code


def remember_person(state: Alipay, app: Application, user: str) -> None:
    """Let the application know this person by the id of its model."""
    state.shelf.put("person", f"{app.app_id}|{person_id_of(app, user)}", {"user": user})


def exchange_code(state: Alipay, call: Call, behaviour: str) -> dict[str, Any]:
    """``alipay.system.oauth.token``: its parameters stand beside the common ones, its answer has no code and msg."""
    if call.parameters.get("grant_type") != "authorization_code":
        raise _refuse_token("isv.grant-type-invalid", "授权类型grant_type无效")
    code = call.parameters.get("code", "")
    with state.shelf.change():
        known = state.shelf.get("code", code)
        if known is not None:
            state.shelf.remove("code", code)
    expired = known is not None and datetime.fromisoformat(known["expires_at"]) <= call.now
    if known is None or expired or known["app_id"] != call.app.app_id or behaviour in {"expired_code", "used_code"}:
        raise _refuse_token("isv.code-invalid", "授权码code无效")
    name = "open_id" if call.app.identity == "open_id" else "user_id"
    return {
        name: person_id_of(call.app, known["user"]),
        "access_token": f"composeB{secrets.token_hex(16)}",
        "expires_in": 1296000,
        "refresh_token": f"composeB{secrets.token_hex(16)}",
        "re_expires_in": 2592000,
    }


def _refuse_token(sub_code: str, sub_msg: str) -> GatewayRefused:
    return GatewayRefused("40002", sub_code, sub_msg, signed=False, error_node=True)


def send_message(state: Alipay, call: Call, behaviour: str) -> dict[str, Any]:
    """``alipay.open.app.mini.templatemessage.send``: to a known person, with a template that the application has."""
    name = "to_open_id" if call.app.identity == "open_id" else "to_user_id"
    to, template, page = (call.content.get(key) for key in (name, "user_template_id", "page"))
    if not isinstance(to, str) or state.shelf.get("person", f"{call.app.app_id}|{to}") is None:
        raise _refuse_message("USER_NOT_EXIST", f"用户不存在：{name}")
    if template not in call.app.templates:
        raise _refuse_message("TEMPLATE_NOT_EXIST", "模板不存在")
    if not isinstance(page, str) or not page:
        raise _refuse_message("PARAM_ERROR", "参数错误：page")
    words = _read_words(call.content.get("data"))
    if behaviour == "user_refused":
        raise _refuse_message("USER_NOT_SUBSCRIBE", "用户未订阅该模板")
    user = (state.shelf.get("person", f"{call.app.app_id}|{to}") or {})["user"]
    with state.shelf.change():
        key = f"{call.app.app_id}|{state.next_number('message', call.now)}"
        message = {"app_id": call.app.app_id, "user": user, "template_id": template, "page": page, "words": words}
        state.shelf.put("message", key, message | {"at": call.now.isoformat()})
    return {}


def _read_words(data: object) -> dict[str, str]:
    """``data`` is a JSON text ``{"keyword1": {"value": "..."}}``."""
    try:
        parsed = json.loads(data) if isinstance(data, str) else None
        words = {name: item["value"] for name, item in parsed.items()} if isinstance(parsed, dict) else {}
    except (ValueError, TypeError, KeyError):
        words = {}
    if not words or not all(isinstance(value, str) for value in words.values()):
        raise _refuse_message("PARAM_ERROR", "参数错误：data")
    return words


def _refuse_message(sub_code: str, sub_msg: str) -> GatewayRefused:
    return GatewayRefused("40004", sub_code, sub_msg)
