"""Everything that one simulated WeChat holds together: what it knows, remembers and was told to do wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from adapters.sandbox.behaviour import Behaviours
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.wechat.merchants import (
    Merchant,
    MiniProgram,
    PlatformKeys,
    load_merchants,
    load_platform_keys,
    load_programs,
)
from services.ports import Clock

BEIJING = timezone(timedelta(hours=8))
NAME = "wechat"

SIGNATURE_FAULTS = frozenset(
    {"unsigned", "forged_signature", "unknown_serial", "not_hex_serial", "stale_signature", "probe", "next_serial"}
)
_SOCIAL = frozenset({"busy"})
_TOKEN_USERS = frozenset({"busy", "expired_token", "rate_limited"})
OPERATIONS: dict[str, frozenset[str]] = {
    "order": SIGNATURE_FAULTS | {"frequency_limited", "account_abnormal"},
    "query": SIGNATURE_FAULTS | {"frequency_limited"},
    "close": SIGNATURE_FAULTS,
    "refund": SIGNATURE_FAULTS | {"refund_abnormal", "refund_closed", "not_enough", "frequency_limited"},
    "query_refund": SIGNATURE_FAULTS,
    "abnormal_refund": SIGNATURE_FAULTS,
    "certificates": SIGNATURE_FAULTS,
    "pay": frozenset({"declined", "cancel"}),
    "notice": SIGNATURE_FAULTS | {"duplicate_notice", "late_notice", "no_notice", "wrong_amount"},
    "code2session": _SOCIAL | {"expired_code", "used_code", "blocked_user", "rate_limited"},
    "stable_token": _SOCIAL,
    "token": _SOCIAL,
    "phone_number": _TOKEN_USERS | {"expired_code", "integer_country_code"},
    "subscribe_send": _TOKEN_USERS | {"user_refused"},
    "nontax_queryfee": _TOKEN_USERS,
    "nontax_order": _TOKEN_USERS,
    "nontax_query": _TOKEN_USERS,
    "nontax_list": _TOKEN_USERS,
    "nontax_refund": _TOKEN_USERS,
    "nontax_pay": frozenset({"declined", "cancel"}),
    "nontax_notice": frozenset({
        "unsigned", "forged_signature", "stale_signature", "probe", "garbled_data", "other_app", "duplicate_notice",
        "late_notice", "no_notice",
    }),
}  # fmt: skip


@dataclass(frozen=True)
class WeChat:
    """The emulator's state; every change goes through ``shelf.change()``."""

    context: SandboxContext
    clock: Clock
    shelf: Shelf
    behaviours: Behaviours
    programs: dict[str, MiniProgram]
    merchants: dict[str, Merchant]
    keys: PlatformKeys

    def signer_for(self, merchant: Merchant, wished: str | None = None, fault: str = "") -> tuple[str, RSAPrivateKey]:
        """Serial and key for an answer: the public key if the merchant verifies so or asks for it by its id."""
        own = merchant.public_key_id
        if own and (merchant.verification == "public_key" or wished == own):
            return own, self.keys.public_key_owner
        chosen = self.keys.following if fault == "next_serial" else self.keys.current
        return chosen.serial, chosen.key

    def find_user(self, openid: str) -> dict[str, Any] | None:
        """The user behind an openid, if that user ever opened one of our mini-programs."""
        return self.shelf.get("user", openid)


def open_state(context: SandboxContext) -> WeChat:
    """Load keys and memory from the sandbox's home."""
    credentials = context.credentials[NAME]
    return WeChat(
        context,
        context.clock,
        context.open_shelf(NAME),
        Behaviours(OPERATIONS),
        load_programs(credentials),
        load_merchants(credentials),
        load_platform_keys(context.home / "credentials" / NAME),
    )


def openid_of(app_id: str, user: str) -> str:
    """The number of one user in one mini-program: 28 characters, the same in every run."""
    digest = hmac.new(app_id.encode(), b"openid|" + user.encode(), hashlib.sha256).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


def remember_user(state: WeChat, app_id: str, user: str) -> str:
    """Note that a user opened a mini-program; gives the openid."""
    openid = openid_of(app_id, user)
    if state.find_user(openid) is None:
        state.shelf.put("user", openid, {"openid": openid, "app_id": app_id, "user": user})
    return openid


def beijing(moment: datetime) -> str:
    """RFC 3339 with +08:00 and whole seconds, as the platform writes times."""
    return moment.astimezone(BEIJING).replace(microsecond=0).isoformat()
