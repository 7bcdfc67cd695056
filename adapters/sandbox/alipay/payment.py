"""A simulated person pays: the trade becomes paid once, and the platform tells the merchant."""

from __future__ import annotations

from adapters.sandbox.alipay.notices import notify_trade
from adapters.sandbox.alipay.state import Alipay, mask_account
from adapters.sandbox.alipay.trades import PAID, UNPAID, Trade, load_trade, save_trade

_FAILED = {"declined": "4000", "cancel": "6001", "network": "6002"}
_UNSURE = {"processing": "8000", "unknown": "6004"}


def pay_trade(state: Alipay, trade_no: str, user: str | None) -> str:
    """Pay as ``my.tradePay`` does and give its ``resultCode``: 9000 paid, 4000 failed, 6001 cancelled, 6002 network.

    8000 and 6004 leave the mini-program unsure although the money moved. ``user`` None pays for whoever may (control).
    """
    place = state.shelf.get("trade_no", trade_no)
    if place is None:
        return "4000"
    app_id, _, order_no = place["key"].partition("|")
    known = state.shelf.get("trade", place["key"])
    behaviour = state.choose("pay", place["key"], known["amount_fen"] if known else None)
    name = behaviour.name if behaviour is not None else ""
    if name in _FAILED:
        return _FAILED[name]
    with state.shelf.change():
        trade = load_trade(state, app_id, order_no, state.clock.now())
        if trade is None or trade["status"] != UNPAID or (user is not None and trade["user"] != user):
            return "4000"
        _mark_paid(state, trade)
    return _UNSURE.get(name, "9000")


def _mark_paid(state: Alipay, trade: Trade) -> None:
    trade["status"], trade["paid_at"] = PAID, state.clock.now().isoformat()
    trade["logon_id"] = mask_account(trade["user"])
    save_trade(state, trade)
    notify_trade(state, trade)
