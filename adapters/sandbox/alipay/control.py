"""What a tester arranges at the emulated Alipay. JSON under ``/_sandbox/``, never evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.alipay.identity import make_login_code
from adapters.sandbox.alipay.notices import TradeNoticeDress, make_content
from adapters.sandbox.alipay.payment import pay_trade
from adapters.sandbox.alipay.refunds import book_refund
from adapters.sandbox.alipay.state import NAME, NOTICE_FAULTS, Alipay, person_id_of
from adapters.sandbox.alipay.trades import CLOSED, PAID, UNPAID, Trade, load_trade, save_trade
from adapters.sandbox.behaviour import arrange_from_request
from adapters.sandbox.notices import post_notice
from adapters.sandbox.routing import Router, answer_json, read_control

_SCHEDULED = frozenset({"no_notice", "duplicate_notice", "late_notice"})
ACTIONS = (NOTICE_FAULTS - _SCHEDULED) | {"resend", "forge", "close"}
_OPTIONS = frozenset({"order_no", "refund_no", "fields", "mode", "url", "notice_id"})


class Control:
    """The endpoints of a tester."""

    def __init__(self, state: Alipay, dress: TradeNoticeDress) -> None:
        self._state = state
        self._dress = dress

    def add_to(self, router: Router) -> None:
        """Register the endpoints."""
        router.add("POST", "/_sandbox/control/behaviour", self.arrange)
        router.add("POST", "/_sandbox/control/notices", self.send_notice)
        router.add("GET", "/_sandbox/notices", self.list_notices)
        router.add("POST", "/_sandbox/control/pay", self.pay)
        router.add("POST", "/_sandbox/control/refund", self.refund)
        router.add("POST", "/_sandbox/control/identity", self.choose_identity)
        router.add("POST", "/_sandbox/control/people", self.introduce)
        router.add("POST", "/_sandbox/control/certificate", self.rotate_certificate)
        router.add("GET", "/_sandbox/orders/<order_no>", self.show_order)

    def arrange(self, request: Request) -> Response:
        """Queue a behaviour."""
        status, content = arrange_from_request(self._state.behaviours, request)
        return answer_json(content, status)

    def send_notice(self, request: Request) -> Response:
        """Send one chosen notice of an order (or of one of its refunds) now and wait for the receiver: ``{status, body}``.

        ``close`` closes an unpaid order first. ``fields`` replace those that are signed, ``mode`` (key or certificate)
        chooses the key, ``url`` the address, ``notice_id`` repeats one.
        """
        given = read_control(request, {"action"}, _OPTIONS) or {}
        action, refund_no = given.get("action"), given.get("refund_no")
        if action not in ACTIONS:
            return answer_json(
                {"error": f"expected order_no or refund_no, and action: {', '.join(sorted(ACTIONS))}"}, 400
            )
        with self._state.shelf.change():
            trade = self._find(given.get("order_no"), refund_no)
            if trade is None or (refund_no is not None and refund_no not in trade["refunds"]):
                return answer_json({"error": "no such order"}, 404)
            if action == "close" and trade["status"] == UNPAID:
                trade["status"], trade["closed_at"] = CLOSED, self._state.clock.now().isoformat()
                save_trade(self._state, trade)
        spoil = {"resend": "", "close": "", "forge": "forged_signature"}.get(action, action)
        content = make_content(trade, refund_no, spoil)
        content["fields"] |= given.get("fields") or {}
        content["fields"]["notify_id"] = given.get("notice_id") or content["fields"]["notify_id"]
        if "mode" in given:
            content["certificates"] = given["mode"] == "certificate"
        answer = post_notice(str(given.get("url") or trade["notify_url"]), self._dress.dress(content, 0))
        return answer_json({"status": answer.status, "body": answer.body.decode("utf-8", "replace")})

    def list_notices(self, _request: Request) -> Response:
        """All notices with their state: waiting, acknowledged or given_up."""
        names = ("notice_id", "url", "attempt", "due_at", "state", "last_status")
        notices = self._state.notices.list_notices(NAME)
        return answer_json([{name: one.get(name) for name in names} for one in notices])

    def pay(self, request: Request) -> Response:
        """Pay an order as its buyer would, without a phone."""
        given = read_control(request, {"order_no"})
        trade = self._find(str(given["order_no"]), None) if given is not None else None
        if trade is None:
            return answer_json({"error": "no such order"}, 404)
        return answer_json({"resultCode": pay_trade(self._state, trade["trade_no"], None)})

    def refund(self, request: Request) -> Response:
        """The merchant gives money back at the platform's own desk, under a number of the desk's; our server is not told."""
        given = read_control(request, {"order_no", "amount_fen"})
        with self._state.shelf.change():
            trade = self._find(str(given["order_no"]), None) if given is not None else None
            if given is None or trade is None or trade["status"] != PAID:
                return answer_json({"error": "no such paid order"}, 404)
            left_fen = trade["amount_fen"] - sum(one["amount_fen"] for one in trade["refunds"].values())
            amount_fen = given["amount_fen"]
            if type(amount_fen) is not int or not 1 <= amount_fen <= left_fen:
                return answer_json({"error": "expected amount_fen, at most what is left"}, 400)
            book_refund(trade, f"desk{len(trade['refunds'])}", amount_fen, self._state.clock.now())
            save_trade(self._state, trade)
        return answer_json({"left_fen": left_fen - amount_fen})

    def choose_identity(self, request: Request) -> Response:
        """Switch an application between the open_id and the user_id model, until the sandbox stops."""
        given = read_control(request, {"app_id", "identity"}) or {}
        app = self._state.accounts.find(str(given.get("app_id")))
        if app is None or given["identity"] not in {"open_id", "user_id"}:
            return answer_json({"error": "expected app_id (known) and identity: open_id or user_id"}, 400)
        self._state.accounts.replace(replace(app, identity=given["identity"]))
        return answer_json({"identity": given["identity"]})

    def rotate_certificate(self, request: Request) -> Response:
        """Put the platform's other certificate into force, until the sandbox stops: answers and notices are signed with it."""
        if read_control(request, set()) is None:
            return answer_json({"error": "expected an empty object"}, 400)
        return answer_json({"alipay_cert_sn": self._state.accounts.rotate().serial})

    def introduce(self, request: Request) -> Response:
        """Let an application know a person without a log-in, for SDK users: gives the id to use as a buyer."""
        given = read_control(request, {"app_id", "user"}) or {}
        app = self._state.accounts.find(str(given.get("app_id")))
        if app is None:
            return answer_json({"error": "expected app_id (known) and user"}, 400)
        make_login_code(self._state, app, str(given["user"]))
        return answer_json({app.identity: person_id_of(app, str(given["user"]))})

    def show_order(self, _request: Request, order_no: str) -> Response:
        """One order as the platform has it."""
        trade = self._find(order_no, None)
        return answer_json({"error": "no such order"}, 404) if trade is None else answer_json(trade)

    def _find(self, order_no: Any, refund_no: Any) -> Trade | None:
        for trade in self._state.shelf.all("trade"):
            if trade["out_trade_no"] == order_no or (order_no is None and refund_no in trade["refunds"]):
                return load_trade(self._state, trade["app_id"], trade["out_trade_no"], self._state.clock.now())
        return None
