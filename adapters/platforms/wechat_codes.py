"""WeChat's codes and what each means for us: literal tables, and an unknown code fails closed.

Sources: platform-wire.md §1A and §1B (wechatpay-skills 排障手册, API error pages). Names of mini-program codes come from
``wechatpy.constants.WeChatErrorCode``.
"""

from __future__ import annotations

from wechatpy.constants import WeChatErrorCode

from adapters.platforms.meaning import Meaning
from services.errors import (
    LoginCodeRefused,
    PlatformAccountBlocked,
    PlatformError,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)

PAY_CODES: dict[str, Meaning] = {
    "ORDERPAID": Meaning.PAID,
    "ORDER_PAID": Meaning.PAID,
    "ORDER_CLOSED": Meaning.CLOSED,
    "ORDERCLOSED": Meaning.CLOSED,
    "TRADE_ERROR": Meaning.REFUSED,
    "ORDER_NOT_EXIST": Meaning.ABSENT,
    "ORDERNOTEXIST": Meaning.ABSENT,
    "RESOURCE_NOT_EXISTS": Meaning.ABSENT,
    "FREQUENCY_LIMITED": Meaning.LATER,
    "FREQUENCY_LIMIT": Meaning.LATER,
    "RATELIMIT_EXCEEDED": Meaning.LATER,
    "SYSTEM_ERROR": Meaning.UNKNOWN,
    "SYSTEMERROR": Meaning.UNKNOWN,
    "BANKERROR": Meaning.UNKNOWN,
    "BANK_ERROR": Meaning.UNKNOWN,
    "PARAM_ERROR": Meaning.REFUSED,
    "INVALID_REQUEST": Meaning.REFUSED,
    "APPID_MCHID_NOT_MATCH": Meaning.REFUSED,
    "MCH_NOT_EXISTS": Meaning.REFUSED,
    "SIGN_ERROR": Meaning.REFUSED,
    "NO_AUTH": Meaning.REFUSED,
    "OUT_TRADE_NO_USED": Meaning.REFUSED,
    "RULE_LIMIT": Meaning.REFUSED,
    "RULELIMIT": Meaning.REFUSED,
    "NOT_ENOUGH": Meaning.REFUSED,
    "USER_ACCOUNT_ABNORMAL": Meaning.REFUSED,
    "ACCOUNT_ERROR": Meaning.REFUSED,
    "OPENID_MISMATCH": Meaning.REFUSED,
}

PAYER_CODES = frozenset({"USER_ACCOUNT_ABNORMAL", "ACCOUNT_ERROR"})
"""Refusals that are about the payer's account with WeChat, not about the order."""

NUMERIC_CODES: dict[str, Meaning] = {
    "268449538": Meaning.PAID,
    "268498689": Meaning.PAID,
    "268447914": Meaning.CLOSED,
    "268498688": Meaning.REFUSED,
}
"""The number after the last hyphen of ``Request-ID`` tells apart what ``INVALID_REQUEST`` lumps together."""

RETURNED_WORDS = "订单已全额退款"
"""How WeChat words that an order was refunded in full, told apart by no code of its own ([UNCONF] in v3). Other words: refused."""

TOKEN_INVALID = frozenset({40001, 40014, 42001})

APP_CODES: dict[int, type[PlatformError | LoginCodeRefused]] = {
    -1: PlatformOutcomeUnknown,
    40029: LoginCodeRefused,
    40163: LoginCodeRefused,
    41008: LoginCodeRefused,
    40226: PlatformAccountBlocked,
    45009: PlatformUnreachable,
    45011: PlatformUnreachable,
    40001: PlatformRefused,
    40014: PlatformRefused,
    42001: PlatformRefused,
    40013: PlatformRefused,
    40037: PlatformRefused,
    40125: PlatformRefused,
    41002: PlatformRefused,
    41004: PlatformRefused,
    43101: PlatformRefused,
    47003: PlatformRefused,
}
"""Mini-program codes; any other is refused. 45009 and 45011 are limits: nothing happened, the same again later."""


def judge_pay_error(status: int, code: str, request_id: str, words: str = "") -> Meaning:
    """What an error answer of WeChat Pay means; a code that we do not know fails closed by its status."""
    if code == "INVALID_REQUEST" and words == RETURNED_WORDS:
        return Meaning.RETURNED
    numeric = NUMERIC_CODES.get(request_id.rpartition("-")[2])
    known = PAY_CODES.get(code)
    if numeric is not None and known in (None, Meaning.REFUSED):
        return numeric
    if known is not None:
        return known
    if status == 429:
        return Meaning.LATER
    return Meaning.REFUSED if 400 <= status < 500 else Meaning.UNKNOWN


def refuse_order(code: str) -> PlatformRefused:
    """The refusal of an order."""
    return PlatformAccountBlocked(code) if code in PAYER_CODES else PlatformRefused(code)


def make_app_error(operation: str, errcode: int) -> Exception:
    """The error for a mini-program ``errcode``; the reason is WeChat's number, with wechatpy's name for it where it has one."""
    kind = APP_CODES.get(errcode, PlatformRefused)
    if issubclass(kind, PlatformRefused):
        return kind(name_app_code(errcode))
    return kind(f"{operation}: {name_app_code(errcode)}")


def name_app_code(errcode: int) -> str:
    """``40029 INVALID_OAUTH_CODE``, or the number alone."""
    try:
        return f"{errcode} {WeChatErrorCode(errcode).name}"
    except ValueError:
        return str(errcode)
