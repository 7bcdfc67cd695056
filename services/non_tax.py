"""Government fees and fines (非税收入): the treasury's payment notice, its items, and what an order of this kind says of them.

A payment notice (缴款通知书) is issued by the department that collects (执收单位) and kept by the treasury (财政), whose record is
authoritative. WeChat's non-tax interface needs it in the order; it is the only exception to the minimal order, with a legal basis
of its own (政府非税收入管理办法, 财税〔2016〕33号). Money is whole fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class FeeItem:
    """One item of a notice (执收项目). ``fee_fen`` is what is paid for it: surcharge (滞纳金) and penalty (加罚) are in it."""

    no: int
    item_id: str
    item_name: str
    fee_fen: int
    overdue_fen: int = 0
    penalty_fen: int = 0


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """The treasury's payment notice: its number, its days in China, its items."""

    payment_notice_no: str
    created_on: date
    expires_on: date | None
    items: tuple[FeeItem, ...]

    @property
    def amount_fen(self) -> int:
        """The sum of its items."""
        return sum(item.fee_fen for item in self.items)


@dataclass(frozen=True, slots=True)
class NonTaxOrder:
    """What an order of the non-tax model says beside number and amount: the notice, and whose fee it is (执收单位, 行政区划)."""

    notice: PaymentNotice
    department_code: str
    department_name: str
    region_code: str


def read_notice(told: Mapping[str, Any]) -> PaymentNotice:
    """A notice as a back end's mapped result gives it. Raises ``KeyError``, ``TypeError``, ``ValueError`` for another shape."""
    expires_on = told["expires_on"]
    items = tuple(_read_item(item) for item in told["items"])
    if not items or len({item.no for item in items}) != len(items):
        raise ValueError("no items, or two with one number")
    return PaymentNotice(
        payment_notice_no=_text(told["payment_notice_no"]),
        created_on=_day(told["created_on"]),
        expires_on=None if expires_on is None else _day(expires_on),
        items=items,
    )


def write_non_tax(order: NonTaxOrder) -> dict[str, Any]:
    """The order as plain JSON, for the store. ``read_non_tax`` reads it again."""
    notice = order.notice
    return {
        "department_code": order.department_code,
        "department_name": order.department_name,
        "region_code": order.region_code,
        "payment_notice_no": notice.payment_notice_no,
        "created_on": notice.created_on.isoformat(),
        "expires_on": notice.expires_on.isoformat() if notice.expires_on else None,
        "items": [
            {
                "no": item.no, "item_id": item.item_id, "item_name": item.item_name, "fee_fen": item.fee_fen,
                "overdue_fen": item.overdue_fen, "penalty_fen": item.penalty_fen,
            }
            for item in notice.items
        ],
    }  # fmt: skip


def read_non_tax(told: Mapping[str, Any]) -> NonTaxOrder:
    """What ``write_non_tax`` wrote. Raises as ``read_notice``."""
    return NonTaxOrder(
        notice=read_notice(told),
        department_code=told["department_code"],
        department_name=told["department_name"],
        region_code=told["region_code"],
    )


def _read_item(told: Mapping[str, Any]) -> FeeItem:
    item = FeeItem(
        no=_fen(told["no"]),
        item_id=_text(told["item_id"]),
        item_name=_text(told["item_name"]),
        fee_fen=_fen(told["fee_fen"]),
        overdue_fen=_fen(told["overdue_fen"]),
        penalty_fen=_fen(told["penalty_fen"]),
    )
    if item.no < 1 or item.fee_fen < 1 or item.overdue_fen + item.penalty_fen > item.fee_fen:
        raise ValueError("an item's surcharge and penalty are part of its fee")
    return item


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    return value


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    return date.fromisoformat(_text(value))


def _fen(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not whole fen")
    return value
