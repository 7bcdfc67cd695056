"""The demo's and the tests' own hands: arrange behaviours, pay without a phone, send chosen notices, look into orders."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import arrange_from_request
from adapters.sandbox.notices import post_notice
from adapters.sandbox.routing import answer_json, read_control
from adapters.sandbox.wechat.orders import show_transaction
from adapters.sandbox.wechat.pay_notices import WeChatNoticeDress, payment_content, refund_content, spoil_amount
from adapters.sandbox.wechat.phone import pay_order
from adapters.sandbox.wechat.refunds import refund_at_desk, show_refund
from adapters.sandbox.wechat.state import NAME, SIGNATURE_FAULTS, WeChat

NOTICE_ACTIONS = frozenset({"resend", "forge", "wrong_amount"}) | SIGNATURE_FAULTS
_OPTIONS = frozenset({"order_no", "refund_no", "url", "account", "plain", "notice_id"})


class Control:
    """Handlers under ``/_sandbox/control/`` and ``/_sandbox/orders``."""

    def __init__(self, state: WeChat) -> None:
        self._state = state
        self._dress = WeChatNoticeDress(state)

    def behaviour(self, request: Request) -> Response:
        """POST {operation, behaviour, times?, seconds?}."""
        status, answer = arrange_from_request(self._state.behaviours, request)
        return answer_json(answer, status)

    def pay(self, request: Request) -> Response:
        """POST {order_no}: pays an order without a phone and without its signature."""
        told = read_control(request, {"order_no"})
        with self._state.shelf.change():
            order = self._find(str(told["order_no"])) if told else None
            if order is None:
                return answer_json({"error": "no such order"}, 404)
            return answer_json({"result": f"requestPayment:{pay_order(self._state, order)}"})

    def refund(self, request: Request) -> Response:
        """POST {order_no, amount_fen}: the merchant gives money back at the platform's own desk; our server is not told."""
        told = read_control(request, {"order_no", "amount_fen"})
        with self._state.shelf.change():
            order = self._find(str(told["order_no"])) if told else None
            if not told or order is None or not order["transaction_id"]:
                return answer_json({"error": "no such paid order"}, 404)
            earlier = [one for key in order["refunds"] if (one := self._state.shelf.get("refund", key))]
            left_fen = order["total"] - sum(one["amount"] for one in earlier if one["final"] != "CLOSED")
            amount_fen = told["amount_fen"]
            if type(amount_fen) is not int or not 1 <= amount_fen <= left_fen:
                return answer_json({"error": "expected amount_fen, at most what is left"}, 400)
            refund_at_desk(self._state, order, amount_fen)
        return answer_json({"left_fen": left_fen - amount_fen})

    def notices(self, request: Request) -> Response:
        """POST {order_no | refund_no, action, url?, account?, plain?, notice_id?}: send one notice now.

        ``account`` signs and encrypts it for another merchant, ``url`` sends it to another address, ``plain`` replaces
        fields inside the encrypted part, ``notice_id`` repeats one. Answers {status, body} of the receiver.
        """
        told = read_control(request, {"action"}, _OPTIONS)
        if not told or not _is_notice_order(told):
            return answer_json({"error": f"expected an action of {sorted(NOTICE_ACTIONS)}"}, 400)
        prepared = self._prepare(told)
        if prepared is None:
            return answer_json({"error": "no such paid order, refund or account"}, 404)
        url, content = prepared
        answer = post_notice(told.get("url") or url, self._dress.dress(content, 0))
        return answer_json({"status": answer.status, "body": answer.body.decode("utf-8", "replace")})

    def list_notices(self, _: Request) -> Response:
        """GET: all notices and what became of them."""
        return answer_json(self._state.context.notices.list_notices(NAME))

    def order(self, _: Request, order_no: str) -> Response:
        """GET one order with its refunds, as the platform knows it."""
        order = self._find(order_no)
        if order is None:
            return answer_json({"error": "no such order"}, 404)
        now = self._state.clock.now()
        refunds = [show_refund(one, now) for key in order["refunds"] if (one := self._state.shelf.get("refund", key))]
        shown = {
            name: order[name] for name in ("mchid", "sub_mchid", "openid", "prepay_id", "created_at", "expires_at")
        }
        return answer_json(
            shown | {"transaction": show_transaction(order, now), "refunds": refunds, "request": order["body"]}
        )

    def orders(self, _: Request) -> Response:
        """GET all order numbers with state and amount."""
        now = self._state.clock.now()
        return answer_json(
            [
                {"order_no": one["out_trade_no"], "amount_fen": one["total"]}
                | {"state": show_transaction(one, now)["trade_state"]}
                for one in self._state.shelf.all("order")
            ]
        )

    def _find(self, order_no: str) -> dict[str, Any] | None:
        found = self._state.shelf.get("number", order_no)
        return self._state.shelf.get("order", found["order"]) if found else None

    def _prepare(self, told: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        made = (
            self._refund_notice(told["refund_no"])
            if "refund_no" in told
            else self._payment_notice(told.get("order_no"))
        )
        if made is None:
            return None
        url, content = made
        action = "forged_signature" if told["action"] == "forge" else told["action"]
        content["faults"] = [action] if action in SIGNATURE_FAULTS else []
        if action == "wrong_amount":
            spoil_amount(content)
        content["plain"] |= told.get("plain") or {}
        if "notice_id" in told:
            content["envelope"]["id"] = told["notice_id"]
        if "account" in told:
            found = [one.merchant_id for one in self._state.merchants.values() if one.account == told["account"]]
            if not found:
                return None
            content["mchid"] = found[0]
        return url, content

    def _payment_notice(self, order_no: object) -> tuple[str, dict[str, Any]] | None:
        order = self._find(str(order_no))
        if order is None or not order["transaction_id"]:
            return None
        return order["body"]["notify_url"], payment_content(self._state, order)

    def _refund_notice(self, refund_no: object) -> tuple[str, dict[str, Any]] | None:
        for refund in self._state.shelf.all("refund"):
            order = self._state.shelf.get("order", refund["order"])
            if refund["out_refund_no"] == refund_no and order:
                return refund["notify_url"] or order["body"]["notify_url"], refund_content(order, refund)
        return None


def _is_notice_order(told: dict[str, Any]) -> bool:
    """A known action, texts, and an object in ``plain``."""
    texts = all(isinstance(value, str) for name, value in told.items() if name != "plain")
    return texts and told["action"] in NOTICE_ACTIONS and isinstance(told.get("plain", {}), dict)
