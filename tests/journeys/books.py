"""Three books that must agree: the government's, the platform's, the company's. Each is asked by itself.

Money taken means exactly one write-off to the fen, or exactly the whole of it back. Nothing taken means neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.launch.loopback import send
from tests.journeys.city import City

_PAYMENTS = """
SELECT p.payment_id::text AS payment_id, p.order_no, p.sequence_no, p.platform, p.amount_fen,
    (SELECT e.state FROM payment_events e WHERE e.payment_id = p.payment_id ORDER BY e.version DESC LIMIT 1) AS state,
    (SELECT e.data ->> 'platform_order' FROM payment_events e
        WHERE e.payment_id = p.payment_id AND e.name = 'order_placed' AND e.data ? 'client_parameters') AS fee_order
FROM payments p
"""


@dataclass(frozen=True, slots=True)
class Account:
    """One payment in the three books. ``written_off`` holds the amounts of its write-offs at the company."""

    payment_id: str
    state: str
    amount_fen: int
    taken_fen: int
    refunds: tuple[int, ...]
    written_off: tuple[int, ...]

    @property
    def fault(self) -> str:
        """What does not hold; empty if the books agree."""
        wrong = ""
        if self.taken_fen == 0:
            wrong = "" if not self.refunds and not self.written_off else "nothing was taken, yet something was booked"
            if self.state not in ("closed", "refused"):
                wrong = wrong or "unpaid and not at its end"
        elif self.written_off:
            right = self.written_off == (self.taken_fen,) and not self.refunds and self.state == "written_off"
            wrong = "" if right else "a write-off that is not the only one, or not alone"
        elif self.refunds != (self.taken_fen,) or self.state != "refunded":
            wrong = "money taken, and neither written off nor given back"
        return f"{wrong}: {self}" if wrong else ""


def read_accounts(city: City, payment_ids: Sequence[str] | None = None) -> list[Account]:
    """These payments (default: all) in the three books."""
    booked: dict[str, list[int]] = {}
    for entry in list_write_offs(city):
        booked.setdefault(entry["sequence_no"], []).append(entry["amount_fen"])
    for entry in list_receipts(city):
        booked.setdefault(entry["serial_no"], []).append(entry["amount_fen"])
    rows = [row for row in city.read(_PAYMENTS) if payment_ids is None or row["payment_id"] in payment_ids]
    return [_read_account(city, row, booked) for row in rows]


def _read_account(city: City, row: dict[str, Any], booked: dict[str, list[int]]) -> Account:
    fee = row["platform"] == "wechat" and row["fee_order"]
    taken, refunds = read_fee(city, fee) if fee else read_order(city, row["platform"], row["order_no"])
    written = tuple(booked.get(row["sequence_no"], ()))
    return Account(row["payment_id"], row["state"], row["amount_fen"], taken, refunds, written)


def read_order(city: City, platform: str, order_no: str) -> tuple[int, tuple[int, ...]]:
    """What the platform took for an order, and the refunds that reached the payer, in fen."""
    reply = send("GET", f"{city.url(platform)}/_sandbox/orders/{order_no}")
    if reply.status == 404:
        return 0, ()
    order = reply.json()
    if platform == "alipay":
        taken = order["amount_fen"] if "paid_at" in order else 0
        return taken, tuple(refund["amount_fen"] for refund in order["refunds"].values())
    taken = order["transaction"]["amount"]["total"] if "transaction_id" in order["transaction"] else 0
    return taken, tuple(one["amount"]["refund"] for one in order["refunds"] if one["status"] == "SUCCESS")


def read_fee(city: City, number: str) -> tuple[int, tuple[int, ...]]:
    """The same of a government fee's order, by WeChat's own number."""
    orders = send("GET", f"{city.url('wechat')}/_sandbox/nontax/orders").json()
    order = next(one for one in orders if one["order_id"] == number)
    parts = [one["refund_fee"] for one in order.get("partial_refund_info", ()) if one["refund_status"] == 5]
    returned = (order["fee"],) if order["status"] == 5 and not parts else tuple(parts)
    return (order["fee"] if order["trans_id"] else 0), returned


def list_write_offs(city: City) -> list[dict[str, Any]]:
    """What the companies' books say that was asked for by somebody's sequence number; an office without such a book has none."""
    replies = [send("GET", f"{city.url(name)}/_sandbox/write-offs") for name in city.offices]
    entries = [entry for reply in replies if reply.status == 200 for entry in reply.json()]
    return [entry for entry in entries if "sequence_no" in entry]


def list_receipts(city: City) -> list[dict[str, Any]]:
    """The treasury's write-offs, without those that a bank's window asked for."""
    receipts = send("GET", f"{city.url('treasury')}/_sandbox/write-offs").json()
    return [entry for entry in receipts if entry["channel"] != "bank"]


def require_balance(city: City, *payment_ids: str) -> None:
    """The books agree on these payments."""
    accounts = read_accounts(city, payment_ids)
    assert len(accounts) == len(payment_ids)
    faults = [account.fault for account in accounts if account.fault]
    assert not faults, faults


def list_company_strangers(city: City) -> list[str]:
    """Write-offs in the companies' books that no payment of ours asked for."""
    known = {row["sequence_no"] for row in city.read(_PAYMENTS)}
    at_treasury = [entry["receipt_no"] for entry in list_receipts(city) if entry["serial_no"] not in known]
    return at_treasury + [entry["reference"] for entry in list_write_offs(city) if entry["sequence_no"] not in known]
