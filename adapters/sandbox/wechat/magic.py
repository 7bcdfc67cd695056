"""Magic amounts: behaviours for whoever has no access to the control endpoints. The order's amount in fen chooses.

Each magic behaviour shows itself once per order and operation, so that a second attempt meets the ordinary platform.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.routing import read_json
from adapters.sandbox.wechat.merchants import Merchant
from adapters.sandbox.wechat.state import WeChat

MAGIC_AMOUNTS: dict[int, tuple[str, Behaviour]] = {
    99001: ("pay", Behaviour("declined")),
    99002: ("order", Behaviour("timeout_after_commit", 10)),
    99003: ("order", Behaviour("server_error")),
    99004: ("order", Behaviour("forged_signature")),
    99005: ("order", Behaviour("unknown_serial")),
    99006: ("order", Behaviour("unsigned")),
    99007: ("order", Behaviour("slow", 4)),
    99008: ("order", Behaviour("timeout", 10)),
    99011: ("notice", Behaviour("duplicate_notice")),
    99012: ("notice", Behaviour("late_notice")),
    99013: ("notice", Behaviour("no_notice")),
    99014: ("notice", Behaviour("wrong_amount")),
    99015: ("notice", Behaviour("forged_signature")),
    99016: ("notice", Behaviour("unknown_serial")),
    99017: ("notice", Behaviour("probe")),
    99021: ("refund", Behaviour("refund_abnormal")),
    99022: ("refund", Behaviour("refund_closed")),
    99023: ("refund", Behaviour("timeout_after_commit", 10)),
    99024: ("refund", Behaviour("not_enough")),
    99031: ("query", Behaviour("server_error")),
    99032: ("query", Behaviour("probe")),
    99033: ("close", Behaviour("timeout_after_commit", 10)),
}


def choose_magic(
    state: WeChat, operation: str, merchant: Merchant, request: Request, parts: dict[str, str]
) -> Behaviour | None:
    """The magic behaviour of a payment API request, if its order has a magic amount and has not shown it yet."""
    body = _read_leniently(request)
    order_no = parts.get("out_trade_no") or body.get("out_trade_no")
    if not isinstance(order_no, str):
        return None
    order = state.shelf.get("order", f"{merchant.merchant_id}|{order_no}")
    amount = body.get("amount") if order is None else order["body"]["amount"]
    total = amount.get("total") if isinstance(amount, dict) else None
    return take_magic(state, operation, f"{merchant.merchant_id}|{order_no}", total)


def take_magic(state: WeChat, operation: str, order_key: str, total: object) -> Behaviour | None:
    """The behaviour that ``total`` chooses for ``operation``, once per order."""
    if not isinstance(total, int) or MAGIC_AMOUNTS.get(total, ("",))[0] != operation:
        return None
    used = f"{operation}|{order_key}"
    with state.shelf.change():
        if state.shelf.get("magic", used) is not None:
            return None
        state.shelf.put("magic", used, {})
    return MAGIC_AMOUNTS[total][1]


def _read_leniently(request: Request) -> dict[str, Any]:
    try:
        body = read_json(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
