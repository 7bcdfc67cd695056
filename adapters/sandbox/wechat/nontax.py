"""WeChat's non-tax platform (微信非税缴费): what is owed, orders, refunds. Errors are HTTP 200 with ``errcode``, as the server API has them.

[UNCONF] what the pages leave open, and how it is here: an order of a notice is a new one each time, until one is paid (232, the number
that the platform's own receivers use for 缴款通知书已缴费); an unpaid order closes by itself after half an hour; a refund is on its way for a
second. Mode: 业务直连, the collecting department says what is owed and tells the treasury what was paid. What the treasury of this sandbox
tells of its register is known here too (``context.NOTICE_KNOWN``), so that ``queryfee`` answers as in 财政直连.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.wechat import nontax_shapes as shapes
from adapters.sandbox.wechat.mini import MiniDesk
from adapters.sandbox.wechat.nontax_notices import FeeReceiver, announce
from adapters.sandbox.wechat.social import SocialRefused, read_object
from adapters.sandbox.wechat.state import BEIJING, WeChat

CLOSE_SECONDS = 1800
SETTLE_SECONDS = 1
UNPAID, PAID, BACK, ON_ITS_WAY, CLOSED = 1, 3, 5, 6, 12
NOTICE_PAID = (232, "payment notice has been paid")
NOT_REFUNDABLE = (233, "order status does not allow refund")
REFUND_DIFFERS = (234, "refund_out_id was used with another amount")
NO_NOTICE = (231, "payment notice not found")


class NonTaxDesk:
    """Runs the operations under ``/nontax/``."""

    def __init__(self, state: WeChat, mini: MiniDesk, receivers: dict[str, FeeReceiver]) -> None:
        self._state = state
        self._mini = mini
        self._receivers = receivers

    def learn_notice(self, notice: dict[str, Any]) -> None:
        """What the treasury tells of one notice: its number, status, fee and whole content."""
        self._state.shelf.put("nontax_notice", notice["payment_notice_no"], notice)

    def query_fee(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /nontax/queryfee: what the treasury says of an unpaid notice."""
        told = self._read(request, fault, shapes.QUERY_FEE)
        known = self._state.shelf.get("nontax_notice", told["payment_notice_no"])
        if known is None or known["department_code"] != told["department_code"]:
            raise SocialRefused(*NO_NOTICE)
        if known["status"] != "unpaid":
            raise SocialRefused(*NOTICE_PAID)
        names = (
            "fee", "items", "payment_notice_no", "department_code", "department_name", "payment_notice_create_time",
            "payment_expire_date",
        )  # fmt: skip
        shown = {name: known[name] for name in names if known.get(name) is not None}
        return _ok() | shown | {"user_name": "", "payment_notice_type": 2, "region_code": told["region_code"]}

    def place_order(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /nontax/unifiedorder."""
        told = self._read(request, fault, shapes.ORDER)
        shapes.check_one_number(told)
        shapes.check_sum(told)
        self._check_parties(told)
        with self._state.shelf.change():
            self._check_notice(told)
            order = self._new_order(told)
            self._state.shelf.put("nontax_order", order["order_id"], order)
        return _ok() | {"order_id": order["order_id"]} | _show_page(told, order["order_id"])

    def get_order(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /nontax/getorder."""
        told = self._read(request, fault, shapes.GET_ORDER)
        return _ok() | show_order(self._find(told), self._state.clock.now())

    def list_orders(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /nontax/getorderlist: the orders of one notice, and the one that was paid."""
        told = self._read(request, fault, shapes.LIST_ORDERS)
        shapes.check_one_number(told)
        found = [one for one in self._state.shelf.all("nontax_order") if _is_of(one, told)]
        paid = next((one["order_id"] for one in found if one["trans_id"]), "")
        return _ok() | {"order_id_list": [one["order_id"] for one in found], "paid_order_id": paid}

    def refund(self, request: Request, fault: str) -> dict[str, Any]:
        """POST /nontax/refund: the whole, or a part under a number of its own; the same number with the same amount is the same refund."""
        told = self._read(request, fault, shapes.REFUND)
        if ("refund_fee" in told) != ("refund_out_id" in told):
            raise shapes.refuse_field("refund_fee", "and refund_out_id: both for a part")
        with self._state.shelf.change():
            order = self._find(told)
            amount, number = told.get("refund_fee", order["body"]["fee"]), told.get("refund_out_id", "")
            same = next((one for one in order["refunds"] if number and one["refund_out_id"] == number), None)
            if same is None:
                same = self._add_refund(order, amount, number, told["reason"])
            elif same["refund_fee"] != amount:
                raise SocialRefused(*REFUND_DIFFERS)
        return _ok() | {"refund_order_id": same["refund_order_id"]}

    def _add_refund(self, order: dict[str, Any], amount: int, number: str, reason: str) -> dict[str, Any]:
        left = order["body"]["fee"] - sum(one["refund_fee"] for one in order["refunds"])
        if not order["trans_id"] or amount > left:
            raise SocialRefused(*NOT_REFUNDABLE)
        settles = self._state.clock.now() + timedelta(seconds=SETTLE_SECONDS)
        one = {
            "refund_order_id": _make_number(), "refund_out_id": number, "refund_fee": amount, "refund_reason": reason,
            "settles_at": settles.isoformat(),
        }  # fmt: skip
        order["refunds"].append(one)
        self._state.shelf.put("nontax_order", order["order_id"], order)
        announce(self._state, self._receivers, show_order(order, settles), order["mch_id"], SETTLE_SECONDS)
        return one

    def _read(self, request: Request, fault: str, shape: Any) -> dict[str, Any]:
        app_id = self._mini.check_token(request, fault)
        told = read_object(request)
        shapes.check(told, shape)
        if told["appid"] != app_id:
            raise SocialRefused(40013, "invalid appid")
        return told

    def _find(self, told: dict[str, Any]) -> dict[str, Any]:
        order = self._state.shelf.get("nontax_order", told["order_id"])
        if order is None or order["body"]["appid"] != told["appid"]:
            raise shapes.refuse_field("order_id", "invalid")
        return order

    def _check_parties(self, told: dict[str, Any]) -> None:
        """The payer has opened this mini-program; the merchant number is the bank's, bound to the app."""
        if told.get("trade_type") != "MWEB" and "openid" not in told:
            raise shapes.refuse_field("openid", "missing")
        if told["scene"] != "miniprogram" and "return_url" not in told:
            raise shapes.refuse_field("return_url", "missing")
        user = self._state.find_user(str(told.get("openid")))
        if "openid" in told and (user is None or user["app_id"] != told["appid"]):
            raise SocialRefused(40003, "invalid openid")
        if not self._find_receivers(told):
            raise shapes.refuse_field("mch_id", "or bank_id not bound")

    def _find_receivers(self, told: dict[str, Any]) -> list[FeeReceiver]:
        return [
            one
            for one in self._receivers.values()
            if one.app_id == told["appid"]
            and told.get("mch_id", one.merchant_id) == one.merchant_id
            and told.get("bank_id", one.bank_id) == one.bank_id
        ]

    def _check_notice(self, told: dict[str, Any]) -> None:
        """What the treasury knows of the notice holds; one that it never told of is the department's word alone."""
        if any(one["trans_id"] for one in self._state.shelf.all("nontax_order") if _is_of(one, told)):
            raise SocialRefused(*NOTICE_PAID)
        known = self._state.shelf.get("nontax_notice", told.get("payment_notice_no", ""))
        if known is None:
            return
        if known["status"] != "unpaid":
            raise SocialRefused(*NOTICE_PAID)
        if known["department_code"] != told["department_code"] or known["fee"] != told["fee"]:
            raise shapes.refuse_field("fee", "or department_code differs from the treasury's record")

    def _new_order(self, told: dict[str, Any]) -> dict[str, Any]:
        now = self._state.clock.now()
        return {
            "order_id": _make_number(), "body": told, "mch_id": self._find_receivers(told)[0].merchant_id,
            "created_at": now.isoformat(), "closes_at": (now + timedelta(seconds=CLOSE_SECONDS)).isoformat(),
            "trans_id": "", "paid_at": None, "refunds": [],
        }  # fmt: skip


def pay_fee(state: WeChat, receivers: dict[str, FeeReceiver], order_id: str) -> str:
    """Take the money and announce it; the caller holds the lock. Gives ``ok`` or ``fail …``."""
    order = state.shelf.get("nontax_order", order_id)
    if order is None:
        return "fail 订单不存在"
    behaviour = state.behaviours.take("nontax_pay")
    if behaviour:
        return "fail cancel" if behaviour.name == "cancel" else "fail 银行卡余额不足"
    now = state.clock.now()
    if status_of(order, now) != UNPAID:
        return "fail 该订单已关闭" if not order["trans_id"] else "fail 该订单已支付"
    if any(one["trans_id"] for one in state.shelf.all("nontax_order") if _is_of(one, order["body"])):
        return "fail 缴款通知书已缴费"
    number = f"4200{secrets.randbelow(10**6):06d}{now.astimezone(BEIJING):%Y%m%d}{secrets.randbelow(10**10):010d}"
    order |= {"trans_id": number, "paid_at": now.isoformat()}
    state.shelf.put("nontax_order", order_id, order)
    announce(state, receivers, show_order(order, now), order["mch_id"], 0)
    return "ok"


def status_of(order: dict[str, Any], now: datetime) -> int:
    """订单总状态 at a moment. A refund of a part changes nothing until all is back."""
    if not order["trans_id"]:
        return CLOSED if datetime.fromisoformat(order["closes_at"]) <= now else UNPAID
    back = sum(one["refund_fee"] for one in order["refunds"])
    if back < order["body"]["fee"]:
        return PAID
    settled = all(datetime.fromisoformat(one["settles_at"]) <= now for one in order["refunds"])
    return BACK if settled else ON_ITS_WAY


def show_order(order: dict[str, Any], now: datetime) -> dict[str, Any]:
    """An order as getorder and a notice show it."""
    body, status = order["body"], status_of(order, now)
    names = (
        "appid", "openid", "desc", "fee", "payment_notice_no", "order_no", "department_code", "department_name",
        "payment_notice_type", "region_code", "items", "scene",
    )  # fmt: skip
    shown = {name: body[name] for name in names if name in body}
    shown |= {
        "order_id": order["order_id"], "create_time": _second(order["created_at"]), "fee_type": 1,
        "pay_finish_time": _second(order["paid_at"]), "trans_id": order["trans_id"], "status": status,
        "bank_id": body.get("bank_id", ""), "bank_name": "演示银行", "bank_account": body.get("bank_account", ""),
        "refund_finish_time": 0, "bill_type_code": "", "bill_no": "", "payment_info_source": 2, "notify_history": [],
    }  # fmt: skip
    parts = [_show_refund(one, now) for one in order["refunds"]]
    if status in (BACK, ON_ITS_WAY) and len(parts) == 1:
        whole = {name: parts[0][name] for name in ("refund_order_id", "refund_out_id", "refund_reason")}
        return shown | whole | {"refund_finish_time": parts[0]["refund_finish_time"]}
    return shown | ({"partial_refund_info": parts} if parts else {})


def _show_refund(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    done = datetime.fromisoformat(one["settles_at"]) <= now
    return {name: one[name] for name in ("refund_order_id", "refund_out_id", "refund_fee", "refund_reason")} | {
        "refund_status": BACK if done else ON_ITS_WAY,
        "refund_finish_time": _second(one["settles_at"]) if done else 0,
    }


def _show_page(told: dict[str, Any], order_id: str) -> dict[str, Any]:
    """What opens the payment page: a mini-program of WeChat's, or a web page."""
    if told["scene"] != "miniprogram":
        page = f"https://mp.weixin.qq.com/intp/nontax/pay?action=page&order_id={order_id}#wechat_redirect"
        return {"pay_url": page}
    return {
        "miniprogram": {
            "appid": "wx7ec43a6a6c80544d", "pagepath": "pages/nontax/pay", "query_string": f"order_id={order_id}",
            "business_type": "nontaxpay",
        }
    }  # fmt: skip


def _is_of(order: dict[str, Any], told: dict[str, Any]) -> bool:
    names = ("appid", "region_code", "department_code", "payment_notice_no", "order_no")
    return all(order["body"].get(name) == told.get(name) for name in names)


def _make_number() -> str:
    return f"AQCA{secrets.token_urlsafe(18)}"


def _second(moment: str | None) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) if moment else 0


def _ok() -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok"}
