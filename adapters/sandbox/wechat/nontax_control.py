"""A phone in WeChat's fee page, and the tests' own hands on fee orders: where notices go, one notice now, an order closed, money back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.wrappers import Request, Response

from adapters.sandbox.notices import post_notice
from adapters.sandbox.routing import answer_json, read_control
from adapters.sandbox.wechat.nontax import pay_fee, show_order, status_of
from adapters.sandbox.wechat.nontax_notices import FAULTS, FEES, FeeNoticeDress, FeeReceiver, find_address
from adapters.sandbox.wechat.state import WeChat, openid_of

ACTIONS = frozenset({"resend", "forge"}) | FAULTS


class FeePhone:
    """What ``/_sandbox/phone/pay`` does with the parameters of a fee."""

    def __init__(self, state: WeChat, receivers: dict[str, FeeReceiver]) -> None:
        self._state = state
        self._receivers = receivers

    def pay(self, told: dict[str, Any]) -> str:
        """``wx.navigateToMiniProgram {appId, path}``, then the page's own till: ``ok`` or ``fail …``."""
        parameters = told["parameters"]
        if not all(isinstance(value, str) for value in parameters.values()) or "appId" not in parameters:
            return "fail 参数错误"
        if told.get("cancel"):
            return "fail cancel"
        order_id = parse_qs(urlsplit(parameters["path"]).query).get("order_id", [""])[0]
        with self._state.shelf.change():
            order = self._state.shelf.get("nontax_order", order_id)
            if order is None or order["body"]["appid"] != told["app_id"]:
                return "fail 订单不存在"
            if order["body"].get("openid") != openid_of(told["app_id"], told["user"]):
                return "fail 下单账号与支付账号不一致"
            return pay_fee(self._state, self._receivers, order_id)


class FeeControl:
    """Handlers under ``/_sandbox/control/nontax/`` and ``/_sandbox/nontax/``."""

    def __init__(self, state: WeChat, receivers: dict[str, FeeReceiver]) -> None:
        self._state = state
        self._receivers = receivers
        self._dress = FeeNoticeDress(state, receivers)

    def receiver(self, request: Request) -> Response:
        """POST {account, url}: where the notices of an account go; in the world this is agreed with the platform."""
        told = read_control(request, {"account", "url"})
        accounts = {one.account for one in self._receivers.values()}
        if not told or told["account"] not in accounts or not str(told["url"]).startswith(("http://", "https://")):
            return answer_json({"error": "expected a known account and an address"}, 400)
        self._state.shelf.put("nontax_address", told["account"], {"url": told["url"]})
        return answer_json({"account": told["account"]})

    def pay(self, request: Request) -> Response:
        """POST {order_id}: pays an order without a phone, as somebody else's counter may."""
        told = read_control(request, {"order_id"})
        with self._state.shelf.change():
            result = pay_fee(self._state, self._receivers, str(told["order_id"])) if told else "fail"
        return answer_json({"result": f"requestPayment:{result}"})

    def close(self, request: Request) -> Response:
        """POST {order_id}: WeChat closes an unpaid order before its time."""
        told = read_control(request, {"order_id"})
        with self._state.shelf.change():
            order = self._state.shelf.get("nontax_order", str(told["order_id"])) if told else None
            if order is None:
                return answer_json({"error": "no such order"}, 404)
            order["closes_at"] = self._state.clock.now().isoformat()
            self._state.shelf.put("nontax_order", order["order_id"], order)
        return answer_json({"status": status_of(order, self._state.clock.now())})

    def notices(self, request: Request) -> Response:
        """POST {order_id, action, plain?, nonce?, url?}: send one notice now; gives {status, body} of the receiver."""
        told = read_control(request, {"order_id", "action"}, frozenset({"plain", "nonce", "url"}))
        if not told or told["action"] not in ACTIONS:
            return answer_json({"error": f"expected an action of {sorted(ACTIONS)}"}, 400)
        order = self._state.shelf.get("nontax_order", str(told["order_id"]))
        url = told.get("url") or (find_address(self._state, self._account(order)) if order else None)
        if order is None or url is None:
            return answer_json({"error": "no such order, or no agreed address"}, 404)
        fault = "forged_signature" if told["action"] == "forge" else told["action"]
        content = {
            "mch_id": order["mch_id"], "plain": show_order(order, self._state.clock.now()) | (told.get("plain") or {}),
            "faults": [fault] if fault in FAULTS else [], "nonce": told.get("nonce"),
        }  # fmt: skip
        answer = post_notice(url, self._dress.dress(content, 0))
        return answer_json({"status": answer.status, "body": answer.body.decode("utf-8", "replace")})

    def orders(self, _: Request) -> Response:
        """GET: all orders as getorder shows them, with the request that made each."""
        now = self._state.clock.now()
        return answer_json(
            [show_order(one, now) | {"request": one["body"]} for one in self._state.shelf.all("nontax_order")]
        )

    def list_notices(self, _: Request) -> Response:
        """GET: all notices of fees and what became of them."""
        return answer_json(self._state.context.notices.list_notices(FEES))

    def _account(self, order: dict[str, Any]) -> str:
        return self._receivers[order["mch_id"]].account
