"""Simulated phones: what a citizen's WeChat does. Nothing here is evidence; no request of ours to a platform looks like this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.routing import answer_json, read_control
from adapters.sandbox.wechat.magic import take_magic
from adapters.sandbox.wechat.mini import give_code
from adapters.sandbox.wechat.orders import mark_paid, state_of
from adapters.sandbox.wechat.pay_notices import announce_payment
from adapters.sandbox.wechat.signing import verify
from adapters.sandbox.wechat.state import WeChat, openid_of, remember_user

PREPAY_PREFIX = "prepay_id="
_PARAMETERS = frozenset({"timeStamp", "nonceStr", "package", "signType", "paySign"})


class Phones:
    """Handlers under ``/_sandbox/phone/``."""

    def __init__(self, state: WeChat, pay_fee: Callable[[dict[str, Any]], str]) -> None:
        self._state = state
        self._pay_fee = pay_fee

    def login(self, request: Request) -> Response:
        """``wx.login``: {app_id, user} → {code}. A user whose name begins with ``expired`` gets a code that is too old."""
        told = read_control(request, {"app_id", "user"})
        if not told or not self._knows(told):
            return answer_json({"error": "expected a known app_id and user"}, 400)
        openid = remember_user(self._state, told["app_id"], told["user"])
        seconds = 0 if told["user"].startswith("expired") else 300
        return answer_json({"code": give_code(self._state, "code", told["app_id"], openid, seconds=seconds)})

    def openid(self, request: Request) -> Response:
        """GET ?user=&app_id=: the openid of a user, for SDK users without a log-in of their own; the first app by default."""
        app_id = request.args.get("app_id") or next(iter(self._state.programs))
        user = request.args.get("user")
        if not user or app_id not in self._state.programs:
            return answer_json({"error": "expected user, and perhaps a known app_id"}, 400)
        return answer_json({"openid": remember_user(self._state, app_id, user)})

    def phone_code(self, request: Request) -> Response:
        """The phone number button: {app_id, user, phone} → {code}."""
        told = read_control(request, {"app_id", "user", "phone"})
        if not told or not self._knows(told) or not isinstance(told["phone"], str):
            return answer_json({"error": "expected a known app_id, user and phone"}, 400)
        openid = remember_user(self._state, told["app_id"], told["user"])
        code = give_code(self._state, "phone_code", told["app_id"], openid, phone=told["phone"])
        return answer_json({"code": code})

    def pay(self, request: Request) -> Response:
        """``wx.requestPayment``, or the page of a government fee (parameters with a ``path``): {app_id, user, parameters, cancel?} → {result}."""
        told = read_control(request, {"app_id", "user", "parameters"}, frozenset({"cancel"}))
        if not told or not self._knows(told):
            return answer_json({"error": "expected app_id, user and parameters"}, 400)
        fee = isinstance(told["parameters"], dict) and isinstance(told["parameters"].get("path"), str)
        result = self._pay_fee(told) if fee else self._pay(told)
        return answer_json({"result": f"requestPayment:{result}"})

    def messages(self, request: Request) -> Response:
        """GET ?app_id=&user= → the subscribe messages that this user got."""
        openid = openid_of(request.args.get("app_id", ""), request.args.get("user", ""))
        return answer_json((self._state.shelf.get("messages", openid) or {"messages": []})["messages"])

    def subscription(self, request: Request) -> Response:
        """{app_id, user, template_id, accept}: refuse or accept the messages of one template."""
        told = read_control(request, {"app_id", "user", "template_id", "accept"})
        if not told or not self._knows(told):
            return answer_json({"error": "expected app_id, user, template_id and accept"}, 400)
        key = f"{openid_of(told['app_id'], told['user'])}|{told['template_id']}"
        self._state.shelf.put("subscription", key, {"accept": bool(told["accept"])})
        return answer_json({"accept": bool(told["accept"])})

    def _knows(self, told: dict[str, Any]) -> bool:
        """Whether ``app_id`` is one of ours and ``user`` a text."""
        return isinstance(told["user"], str) and told["app_id"] in list(self._state.programs)

    def _pay(self, told: dict[str, Any]) -> str:
        parameters = told["parameters"]
        fault = _check_parameters(parameters)
        if fault:
            return fault
        if told.get("cancel"):
            return "fail cancel"
        found = self._state.shelf.get("prepay", parameters["package"].removeprefix(PREPAY_PREFIX))
        if found is None:
            return "fail prepay_id无效"
        with self._state.shelf.change():
            order = self._state.shelf.get("order", found["order"])
            if order is None:
                return "fail prepay_id无效"
            fault = self._check_signature(told, order)
            return fault or pay_order(self._state, order)

    def _check_signature(self, told: dict[str, Any], order: dict[str, Any]) -> str:
        """The till verifies paySign with the merchant's certificate and asks who is holding the phone."""
        given = told["parameters"]
        message = f"{told['app_id']}\n{given['timeStamp']}\n{given['nonceStr']}\n{given['package']}\n".encode()
        if not verify(self._state.merchants[order["mchid"]].public_key, given["paySign"], message):
            return "fail 支付验证签名失败"
        if order["app_id"] != told["app_id"]:
            return "fail 商户号与appid不匹配"
        if order["openid"] != openid_of(told["app_id"], told["user"]):
            return "fail 下单账号与支付账号不一致"
        if order["prepay_id"] != given["package"].removeprefix(PREPAY_PREFIX):
            return "fail prepay_id已失效"
        return ""


def _check_parameters(parameters: object) -> str:
    if not isinstance(parameters, dict) or not all(isinstance(value, str) for value in parameters.values()):
        return "fail 参数错误"
    for name in sorted(_PARAMETERS - set(parameters)):
        return f"fail 调用支付JSAPI缺少参数：{name}"
    if set(parameters) != _PARAMETERS or parameters["signType"] != "RSA":
        return "fail 参数错误"
    if not parameters["package"].startswith(PREPAY_PREFIX) or not parameters["timeStamp"].isdigit():
        return "fail 参数错误"
    return ""


def pay_order(state: WeChat, order: dict[str, Any]) -> str:
    """Take the money and announce it; the caller holds the lock. Gives ``ok`` or ``fail …``."""
    now = state.clock.now()
    behaviour = state.behaviours.take("pay") or take_magic(state, "pay", order["key"], order["total"])
    if behaviour:
        return "fail cancel" if behaviour.name == "cancel" else "fail 银行卡余额不足"
    match state_of(order, now):
        case "NOTPAY":
            mark_paid(state, order)
            announce_payment(state, order)
            return "ok"
        case "CLOSED":
            return "fail 该订单已关闭"
        case _:
            return "fail 该订单已支付"
