"""Subscribe messages: who may get one, which template, and the form of each value (subscribeMessage.send)."""

from __future__ import annotations

import re
from typing import Any

from adapters.sandbox.wechat.social import SocialRefused
from adapters.sandbox.wechat.state import WeChat, beijing

_FORMS: dict[str, str] = {
    "thing": r".{1,20}",
    "number": r"[+-]?[0-9.]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x21-\x7e]{1,32}",
    "time": r"(\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?\s?)?(\d{1,2}:\d{2}(:\d{2})?)?",
    "date": r"\d{4}[年/-]\d{1,2}[月/-]\d{1,2}日?(\s?\d{1,2}:\d{2}(:\d{2})?)?",
    "amount": r"[¥￥$€£]?\d{1,10}(\.\d{1,4})?元?",
    "phone_number": r"[0-9+\-*]{1,17}",
    "car_number": r".{1,8}",
    "name": r".{1,20}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
}


def send_message(state: WeChat, app_id: str, told: dict[str, Any]) -> None:
    """Deliver one message to a simulated phone. Raises ``SocialRefused`` as the platform would."""
    user = state.find_user(str(told.get("touser")))
    if user is None or user["app_id"] != app_id:
        raise SocialRefused(40003, "invalid openid")
    templates = {number: name for name, number in state.programs[app_id].templates.items()}
    template_id = str(told.get("template_id"))
    if template_id not in templates:
        raise SocialRefused(40037, "invalid template_id")
    if told.get("miniprogram_state", "formal") not in {"formal", "trial", "developer"}:
        raise SocialRefused(47003, "argument invalid! miniprogram_state")
    data = _check_data(told.get("data"))
    subscription = f"{user['openid']}|{template_id}"
    if (state.shelf.get("subscription", subscription) or {"accept": True})["accept"] is False:
        raise SocialRefused(43101, "user refuse to accept the msg")
    with state.shelf.change():
        box = state.shelf.get("messages", user["openid"]) or {"messages": []}
        box["messages"].append(
            {
                "template_id": template_id, "template": templates[template_id], "page": told.get("page", ""),
                "data": data, "at": beijing(state.clock.now()),
            }
        )  # fmt: skip
        state.shelf.put("messages", user["openid"], box)


def _check_data(data: object) -> dict[str, str]:
    """``{"thing1": {"value": "..."}}``: names say the form of their values."""
    if not isinstance(data, dict) or not data:
        raise SocialRefused(47003, "argument invalid! data is empty")
    words = {}
    for name, holder in data.items():
        form = _FORMS.get(re.sub(r"\d+$", "", name))
        value = holder.get("value") if isinstance(holder, dict) else None
        if form is None or not isinstance(value, str) or not value or not re.fullmatch(form, value):
            raise SocialRefused(47003, f"argument invalid! data.{name}.value invalid")
        words[name] = value
    return words
