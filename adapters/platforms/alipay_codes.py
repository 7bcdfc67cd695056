"""Alipay's codes and what each means for us: literal tables, and an unknown code fails closed (platform-wire.md §1C)."""

from __future__ import annotations

from adapters.platforms.meaning import Meaning
from services.errors import PlatformAccountBlocked, PlatformRefused

SUCCESS = "10000"

CODES: dict[str, Meaning] = {
    "10003": Meaning.UNKNOWN,
    "20000": Meaning.UNKNOWN,
    "20001": Meaning.REFUSED,
    "40001": Meaning.REFUSED,
    "40002": Meaning.REFUSED,
    "40003": Meaning.REFUSED,
    "40004": Meaning.REFUSED,
    "40005": Meaning.LATER,
    "40006": Meaning.REFUSED,
}
"""Gateway codes; any other is unknown."""

SUB_CODES: dict[str, Meaning] = {
    "ACQ.TRADE_NOT_EXIST": Meaning.ABSENT,
    "ACQ.TRADE_HAS_SUCCESS": Meaning.PAID,
    "ACQ.TRADE_HAS_CLOSE": Meaning.CLOSED,
    "ACQ.TRADE_STATUS_ERROR": Meaning.CLOSED,
    "ACQ.REASON_TRADE_STATUS_INVALID": Meaning.CLOSED,
    "ACQ.SYSTEM_ERROR": Meaning.UNKNOWN,
    "aop.ACQ.SYSTEM_ERROR": Meaning.UNKNOWN,
    "isp.unknow-error": Meaning.UNKNOWN,
    "isp.unknown-error": Meaning.UNKNOWN,
    "aop.unknow-error": Meaning.UNKNOWN,
    "aop.unknown-error": Meaning.UNKNOWN,
    "isv.app-call-limited": Meaning.LATER,
    "isv.code-invalid": Meaning.REFUSED,
    "ACQ.CONTEXT_INCONSISTENT": Meaning.REFUSED,
    "ACQ.INVALID_PARAMETER": Meaning.REFUSED,
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": Meaning.REFUSED,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": Meaning.REFUSED,
    "ACQ.TRADE_HAS_FINISHED": Meaning.REFUSED,
    "ACQ.TRADE_BUYER_NOT_MATCH": Meaning.REFUSED,
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": Meaning.REFUSED,
    "ACQ.DISCORDANT_REPEAT_REQUEST": Meaning.REFUSED,
}
"""Business codes; they say more than the gateway code above them. ``TRADE_STATUS_ERROR``: it is not in a state for this, ask."""

PAYER_CODES = frozenset({
    "ACQ.BUYER_ENABLE_STATUS_FORBID", "ACQ.ERROR_BALANCE_PAYMENT_DISABLE", "ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT",
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", "ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", "ACQ.PAYMENT_REQUEST_HAS_RISK",
})  # fmt: skip
"""Refusals that are about the payer's account with Alipay, not about the trade (names of Alipay's common codes of trades)."""

LOGIN_CODE_REFUSED = frozenset({"isv.code-invalid", "isv.code-is-used", "isv.invalid-auth-code"})


def refuse_trade(code: str) -> PlatformRefused:
    """The refusal of a trade."""
    return PlatformAccountBlocked(code) if code in PAYER_CODES else PlatformRefused(code)


def judge_error(code: str, sub_code: str) -> Meaning:
    """What an error means. An unknown business code under 40004 is a refusal; an unknown gateway code may have happened."""
    return SUB_CODES.get(sub_code) or CODES.get(code, Meaning.UNKNOWN)
