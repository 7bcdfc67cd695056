"""The treasury's (财政) register of payment notices (缴款通知书): authoritative for what is owed, for how much, and whether it is paid.

Departments that collect issue notices on the line ``NOTICE_ISSUED``; what is paid, wherever it was, is told on ``NOTICE_SETTLED``. A notice
is ``unpaid``, ``paid`` or ``void``; after its last day it can no longer be paid under its number (a new one bears the surcharge).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from adapters.sandbox.canaries import make_canary, make_identity_canary
from adapters.sandbox.context import NOTICE_ISSUED, NOTICE_KNOWN, NOTICE_SETTLED, SandboxContext
from adapters.sandbox.shelf import Shelf

BEIJING = timezone(timedelta(hours=8))
ITEM_NAMES = {
    "no": "no", "itemId": "item_id", "itemName": "item_name", "feeFen": "fee_fen", "overdueFen": "overdue_fen",
    "penaltyFen": "penalty_fen",
}  # fmt: skip


class TreasuryRefused(Exception):
    """One refusal; ``code`` is the treasury's own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Receipt:
    """A write-off asked for: under whose serial number, of which notice, how much, when it was paid and through which channel."""

    serial_no: str
    notice_no: str
    amount_fen: int
    paid_at: datetime
    channel: str


class Register:
    """Notices and receipts on a shelf of their own."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context
        self._shelf: Shelf = context.open_shelf("treasury")
        context.listen(NOTICE_ISSUED, self.issue)
        for notice in self._shelf.all("notice"):
            self._tell(notice)

    def issue(self, told: Mapping[str, Any]) -> None:
        """Enter a notice; one that is known stays as it is, however often it is issued."""
        notice_no = str(told["notice_no"])
        with self._shelf.change():
            if self._shelf.get("notice", notice_no) is not None:
                return
            notice = {**told, "status": "unpaid"}
            self._shelf.put("notice", notice_no, notice)
        self._tell(notice)

    def find(self, notice_no: str) -> dict[str, Any]:
        """Raises ``TreasuryRefused`` (NO_SUCH_NOTICE)."""
        notice = self._shelf.get("notice", notice_no)
        if notice is None:
            raise TreasuryRefused("NO_SUCH_NOTICE")
        return notice

    def list_open(self, numbers: list[str]) -> list[dict[str, Any]]:
        """Those of these notices that can be paid today, in the order of their numbers as asked."""
        found = [self._shelf.get("notice", number) for number in dict.fromkeys(numbers)]
        return [one for one in found if one is not None and one["status"] == "unpaid" and not self._is_over(one)]

    def settle(self, receipt: Receipt) -> dict[str, Any]:
        """Write a notice off, once for each serial number. Raises ``TreasuryRefused``."""
        with self._shelf.change():
            known = self._shelf.get("receipt", receipt.serial_no)
            if known is not None:
                if (known["notice_no"], known["amount_fen"]) != (receipt.notice_no, receipt.amount_fen):
                    raise TreasuryRefused("SERIAL_REUSED")
                return known
            notice = self.find(receipt.notice_no)
            self._check(notice, receipt)
            entry = {
                "receipt_no": make_receipt_no(receipt), "serial_no": receipt.serial_no, "notice_no": receipt.notice_no,
                "amount_fen": receipt.amount_fen, "paid_at": receipt.paid_at.isoformat(), "channel": receipt.channel,
            }  # fmt: skip
            notice |= {"status": "paid", "receipt_no": entry["receipt_no"]}
            self._shelf.put("receipt", receipt.serial_no, entry)
            self._shelf.put("notice", receipt.notice_no, notice)
        self._tell(notice)
        told = {name: entry[name] for name in ("notice_no", "receipt_no", "paid_at")}
        self._context.tell(NOTICE_SETTLED, told)
        return entry

    def find_receipt(self, serial_no: str) -> dict[str, Any]:
        """Raises ``TreasuryRefused`` (NO_SUCH_RECEIPT)."""
        entry = self._shelf.get("receipt", serial_no)
        if entry is None:
            raise TreasuryRefused("NO_SUCH_RECEIPT")
        return entry

    def list_receipts(self) -> list[dict[str, Any]]:
        """All write-offs, oldest first."""
        return self._shelf.all("receipt")

    def pay_at_bank(self, notice_no: str) -> dict[str, Any]:
        """Somebody pays at a bank's window. Raises ``TreasuryRefused``."""
        notice = self.find(notice_no)
        now = self._context.clock.now()
        return self.settle(Receipt(f"BANK{notice_no}", notice_no, amount_of(notice), now, "bank"))

    def make_void(self, notice_no: str) -> None:
        """The department withdraws a notice. Raises ``TreasuryRefused``."""
        self._change(notice_no, {"status": "void"})

    def add_surcharge(self, notice_no: str, fen: int) -> int:
        """The first item grows by a surcharge (滞纳金); gives the new amount. Raises ``TreasuryRefused``."""
        first, *others = self.find(notice_no)["items"]
        more = {"fee_fen": first["fee_fen"] + fen, "overdue_fen": first["overdue_fen"] + fen}
        return amount_of(self._change(notice_no, {"items": [first | more, *others]}))

    def list_canaries(self) -> list[str]:
        """Every value that is served and that no service may let out."""
        return [value for one in self._shelf.all("notice") for value in canaries_of(one["notice_no"]).values()]

    def _change(self, notice_no: str, changes: dict[str, Any]) -> dict[str, Any]:
        with self._shelf.change():
            notice = self.find(notice_no)
            if notice["status"] == "paid":
                raise TreasuryRefused("ALREADY_PAID")
            notice |= changes
            self._shelf.put("notice", notice_no, notice)
        self._tell(notice)
        return notice

    def _check(self, notice: Mapping[str, Any], receipt: Receipt) -> None:
        if notice["status"] == "paid":
            raise TreasuryRefused("ALREADY_PAID")
        if notice["status"] == "void":
            raise TreasuryRefused("NO_SUCH_NOTICE")
        if amount_of(notice) != receipt.amount_fen:
            raise TreasuryRefused("AMOUNT_MISMATCH")
        last = notice.get("expires_on")
        if last and receipt.paid_at.astimezone(BEIJING).date() > date.fromisoformat(last):
            raise TreasuryRefused("NOTICE_EXPIRED")

    def _is_over(self, notice: Mapping[str, Any]) -> bool:
        last = notice.get("expires_on") or ""
        return last != "" and self._context.clock.now().astimezone(BEIJING).date() > date.fromisoformat(last)

    def _tell(self, notice: Mapping[str, Any]) -> None:
        """What WeChat's non-tax platform is told, in its own words."""
        created = datetime.fromisoformat(notice["created_on"]).replace(tzinfo=BEIJING)
        items = [
            {
                "no": one["no"], "item_id": one["item_id"], "item_name": one["item_name"], "fee": one["fee_fen"],
                "overdue": one["overdue_fen"], "penalty": one["penalty_fen"],
            }
            for one in notice["items"]
        ]  # fmt: skip
        known = {
            "payment_notice_no": notice["notice_no"], "status": notice["status"], "fee": amount_of(notice), "items": items,
            "department_code": notice["department_code"], "department_name": notice["department_name"],
            "payment_notice_create_time": int(created.timestamp()),
            "payment_expire_date": (notice.get("expires_on") or "").replace("-", "") or None,
        }  # fmt: skip
        self._context.tell(NOTICE_KNOWN, known)


def amount_of(notice: Mapping[str, Any]) -> int:
    """What a notice is for, in fen: the sum of its items."""
    return sum(item["fee_fen"] for item in notice["items"])


def canaries_of(notice_no: str) -> dict[str, str]:
    """The payer as the register's answer shows them: more than any service needs."""
    return {"payerName": make_canary("缴款人", notice_no, 6), "payerIdNo": make_identity_canary(notice_no)}


def make_receipt_no(receipt: Receipt) -> str:
    """The number of the treasury's receipt (财政票据号): ten digits that follow from the write-off."""
    digest = hashlib.sha256(f"{receipt.serial_no}|{receipt.notice_no}".encode()).digest()
    return f"CZ{int.from_bytes(digest[:8], 'big') % 10**10:010d}"


def show_notice(notice: Mapping[str, Any]) -> dict[str, Any]:
    """A notice as the interface shows it."""
    shown = {
        "noticeNo": notice["notice_no"], "departmentCode": notice["department_code"], "createdOn": notice["created_on"],
        "amountFen": amount_of(notice), **canaries_of(notice["notice_no"]),
        "items": [{name: item[key] for name, key in ITEM_NAMES.items()} for item in notice["items"]],
    }  # fmt: skip
    return shown | ({"expiresOn": notice["expires_on"]} if notice.get("expires_on") else {})


def show_receipt(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A write-off as the interface shows it."""
    return {
        "result": "OK",
        "receiptNo": entry["receipt_no"],
        "serialNo": entry["serial_no"],
        "noticeNo": entry["notice_no"],
        "amountFen": entry["amount_fen"],
    }
