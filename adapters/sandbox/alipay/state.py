"""Everything that one simulated Alipay holds together: what it knows, remembers and was told to do wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.sandbox.alipay.accounts import Accounts
from adapters.sandbox.alipay.model import Application
from adapters.sandbox.behaviour import Behaviour, Behaviours
from adapters.sandbox.notices import NoticeScheduler
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

NAME = "alipay"

ANSWER_FAULTS = frozenset(
    {
        "unsigned",
        "empty_sign",
        "forged_signature",
        "unknown_serial",
        "next_serial",
        "sign_first",
        "busy",
        "system_error",
    }
)
NOTICE_FAULTS = frozenset(
    {
        "duplicate_notice", "late_notice", "no_notice", "wrong_amount", "wrong_app", "wrong_seller", "wrong_order",
        "forged_signature", "unsigned", "empty_sign", "stale", "empty_value",
    }
)  # fmt: skip
OPERATIONS: Mapping[str, frozenset[str]] = {
    "token": ANSWER_FAULTS | {"expired_code", "used_code"},
    "message": ANSWER_FAULTS | {"user_refused"},
    "order": ANSWER_FAULTS | {"declined", "buyer_restricted"},
    "query": ANSWER_FAULTS | {"wrong_amount", "trade_not_exist", "with_subject"},
    "close": ANSWER_FAULTS,
    "refund": ANSWER_FAULTS | {"refund_pending", "refund_declined", "not_enough"},
    "query_refund": ANSWER_FAULTS,
    "certificate": ANSWER_FAULTS,
    "pay": frozenset({"declined", "cancel", "network", "processing", "unknown"}),
    "phone_answer": frozenset({"refused", "unsigned", "forged_signature", "expired_code"}),
    "notice": NOTICE_FAULTS,
}
"""Operations with the behaviours of their own, beside the general ones."""

# An order's amount in fen: the operation and the behaviour that it meets there, once. The numbers are WeChat's.
MAGIC_AMOUNTS: Mapping[int, tuple[str, Behaviour]] = {
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
    99021: ("refund", Behaviour("refund_pending")),
    99022: ("refund", Behaviour("refund_declined")),
    99023: ("refund", Behaviour("timeout_after_commit", 10)),
    99024: ("refund", Behaviour("not_enough")),
    99031: ("query", Behaviour("server_error")),
    99032: ("query", Behaviour("trade_not_exist")),
    99033: ("close", Behaviour("timeout_after_commit", 10)),
}


@dataclass(frozen=True)
class Alipay:
    """The emulator's state; every change goes through ``shelf.change()``."""

    clock: Clock
    shelf: Shelf
    behaviours: Behaviours
    accounts: Accounts
    notices: NoticeScheduler

    def choose(self, operation: str, key: str = "", amount_fen: object = None) -> Behaviour | None:
        """The next arranged behaviour, or the magic one of an order ``key`` with this amount, once."""
        queued = self.behaviours.take(operation)
        if queued is not None or not isinstance(amount_fen, int):
            return queued
        meant, behaviour = MAGIC_AMOUNTS.get(amount_fen, ("", None))
        if meant != operation:
            return None
        with self.shelf.change():
            if self.shelf.get("magic", f"{operation}|{key}") is not None:
                return None
            self.shelf.put("magic", f"{operation}|{key}", {})
        return behaviour

    def next_number(self, kind: str, moment: datetime) -> str:
        """A number of the platform: the Beijing date and a counter, 28 digits. Only inside ``shelf.change()``."""
        count = int((self.shelf.get("counter", kind) or {"value": 0})["value"]) + 1
        self.shelf.put("counter", kind, {"value": count})
        return f"{moment:%Y%m%d}2200{count:016d}"


def user_id_of(app_id: str, user: str) -> str:
    """The 16 digits (2088...) of a simulated person in one application."""
    digest = int.from_bytes(hashlib.sha256(f"user_id|{app_id}|{user}".encode()).digest()[:8], "big")
    return f"2088{digest % 10**12:012d}"


def open_id_of(app_id: str, user: str) -> str:
    """The open_id of a simulated person: 47 characters, one per application."""
    digest = hashlib.sha512(f"open_id|{app_id}|{user}".encode()).hexdigest()
    return f"0{digest[:46]}"


def person_id_of(app: Application, user: str) -> str:
    """The id by which this application knows a person, in the model that it has."""
    return open_id_of(app.app_id, user) if app.identity == "open_id" else user_id_of(app.app_id, user)


def mask_account(user: str) -> str:
    """The account name as the platform shows it to merchants."""
    return f"{hashlib.sha256(user.encode()).hexdigest()[:3]}***@sandbox.example"
