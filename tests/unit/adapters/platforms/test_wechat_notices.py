"""Rules of WeChat Pay's notices: verified before they are read, addressed to this account, and never the cause of a call."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.wechat import WeChatPlatform
from services.errors import NoticeRefused
from services.model import MerchantAccount, MerchantMode, Notice, RefundState, TradeState
from tests.fakes import FakeTokens
from tests.unit.adapters.platforms.desk import (
    NOW,
    ORDER_NO,
    REFUND_NO,
    Desk,
    seal,
    wechat_headers,
    wechat_merchant,
)
from tests.unit.adapters.platforms.wechat_answers import trade

DIRECT = wechat_merchant()
PARTNER = wechat_merchant(MerchantMode.PARTNER)


def envelope(plain: Any, event: str = "TRANSACTION.SUCCESS", **changes: Any) -> bytes:
    made = {
        "id": "EV-2018022511223320873",
        "create_time": "2026-11-24T17:30:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": "支付成功",
        "resource": {"original_type": "transaction", **seal(plain)},
    }
    return json.dumps({**made, **changes}, ensure_ascii=False).encode()


def refund_plain(**changes: Any) -> dict[str, Any]:
    made = {
        "mchid": "1600000001", "transaction_id": "42", "out_trade_no": ORDER_NO, "refund_id": "50", "out_refund_no": REFUND_NO,
        "refund_status": "SUCCESS", "success_time": "2026-11-24T17:30:00+08:00", "user_received_account": "招商银行信用卡0403",
        "amount": {"total": 8640, "refund": 8640, "payer_total": 8640, "payer_refund": 8640},
    }  # fmt: skip
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def read(
    platform: WeChatPlatform, body: bytes, merchant: MerchantAccount = DIRECT, headers: dict[str, str] | None = None
) -> tuple[Notice, frozenset[str]]:
    return platform.read_notice(merchant, headers or wechat_headers(body), body, NOW)


def refuse(
    platform: WeChatPlatform, body: bytes, merchant: MerchantAccount = DIRECT, headers: dict[str, str] | None = None
) -> str:
    with pytest.raises(NoticeRefused) as caught:
        read(platform, body, merchant, headers)
    return caught.value.reason


def test_a_payment_notice_is_evidence(platform: WeChatPlatform) -> None:
    """A verified notice gives id, order, state, amount and the field names that the platform told us."""
    notice, names = read(platform, envelope(trade()))
    assert (notice.notice_id, notice.account, notice.kind) == ("EV-2018022511223320873", "gas-wechat", "trade")
    assert notice.trade is not None
    assert (notice.trade.order_no, notice.trade.state, notice.trade.amount_fen) == (ORDER_NO, TradeState.PAID, 8640)
    assert {"amount", "platform_user", "transaction_number", "protocol"} <= names
    assert "unlisted" not in names


def test_what_the_platform_adds_is_noticed(platform: WeChatPlatform) -> None:
    """A field that we do not know counts as unlisted; it does not make a notice wrong."""
    _, names = read(platform, envelope(trade(mood="good")))
    assert "unlisted" in names


@pytest.mark.parametrize(
    ("event", "status", "state"),
    [
        ("REFUND.SUCCESS", "SUCCESS", RefundState.REFUNDED),
        ("REFUND.ABNORMAL", "ABNORMAL", RefundState.ABNORMAL),
        ("REFUND.CLOSED", "CLOSED", RefundState.CLOSED),
    ],
)
def test_a_refund_notice_uses_refund_status(
    platform: WeChatPlatform, event: str, status: str, state: RefundState
) -> None:
    """In notices the state stands under ``refund_status``; ``status`` is not looked at."""
    notice, _ = read(platform, envelope(refund_plain(refund_status=status, status="SUCCESS"), event))
    assert notice.refund is not None
    assert (notice.refund.refund_no, notice.refund.state, notice.refund.amount_fen) == (REFUND_NO, state, 8640)
    assert refuse(platform, envelope(refund_plain(refund_status=None, status=status), event)) == "unreadable"


def test_a_partner_notice_names_provider_and_sub_merchant(platform: WeChatPlatform) -> None:
    """A notice for a sub-merchant carries ``sp_`` and ``sub_`` names, and another account refuses it."""
    numbers = {"appid": None, "mchid": None, "sp_appid": "wx8888888888888888", "sp_mchid": "1600000001"}
    body = envelope(trade(**numbers, sub_mchid="1900000109"))
    assert read(platform, body, PARTNER)[0].trade is not None
    assert refuse(platform, body, DIRECT) == "wrong_appid"
    assert refuse(platform, envelope(trade()), PARTNER) == "wrong_sp_appid"
    assert refuse(platform, envelope(trade(**numbers, sub_mchid="1900000110")), PARTNER) == "wrong_sub_mchid"
    refund = envelope(refund_plain(mchid=None, sp_mchid="1600000001", sub_mchid="1900000110"), "REFUND.SUCCESS")
    assert refuse(platform, refund, PARTNER) == "wrong_sub_mchid"


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (trade(appid="wx9"), "wrong_appid"),
        (trade(mchid="1600000002"), "wrong_mchid"),
        (trade(mchid=None), "wrong_mchid"),
        (trade(amount={"total": "8640"}), "unreadable"),
        (trade(amount={"total": 86.40}), "unreadable"),
        (trade(amount=None), "unreadable"),
        (trade(amount={"total": 8640, "currency": "USD"}), "unreadable"),
        (trade(trade_state="NOTPAY"), "unreadable"),
        ([1], "unreadable"),
        (b"not json", "unreadable"),
        (b"[" * 50_000, "unreadable"),
    ],
)
def test_a_signed_notice_about_something_else_is_refused(platform: WeChatPlatform, plain: Any, reason: str) -> None:
    """The signature proves who speaks, not that it is about us: app, merchant, unit and state are checked too."""
    assert refuse(platform, envelope(plain)) == reason


def test_a_forged_notice_is_refused(platform: WeChatPlatform) -> None:
    """Another key, one changed byte, or a signature over other bytes."""
    body = envelope(trade())
    assert refuse(platform, body, headers=wechat_headers(body, signer="merchant")) == "forged"
    assert refuse(platform, body + b" ", headers=wechat_headers(body)) == "forged"
    assert refuse(platform, body, headers={**wechat_headers(body), "Wechatpay-Nonce": "other"}) == "forged"


def test_a_replayed_notice_is_refused(platform: WeChatPlatform) -> None:
    """A perfect copy is stale after 300 s."""
    body = envelope(trade())
    for seconds in (-301, -300, 300):
        assert refuse(platform, body, headers=wechat_headers(body, at=NOW + timedelta(seconds=seconds))) == "stale"


def test_an_unsigned_notice_is_refused(platform: WeChatPlatform) -> None:
    """Without any one of the four headers, or with one of them twice."""
    body = envelope(trade())
    headers = wechat_headers(body)
    for name in headers:
        assert (
            refuse(platform, body, headers={key: value for key, value in headers.items() if key != name})
            == "signature_missing"
        )
        assert refuse(platform, body, headers={**headers, name: f"{headers[name]},{headers[name]}"}) == "header_twice"


def test_a_probe_is_refused_as_a_probe(platform: WeChatPlatform) -> None:
    """WeChat's deliberate bad signature must be answered with an error, counted, and not alerted."""
    body = envelope(trade())
    headers = {**wechat_headers(body), "Wechatpay-Signature": "WECHATPAY/SIGNTEST/YQ=="}
    with pytest.raises(NoticeRefused) as caught:
        read(platform, body, headers=headers)
    assert caught.value.probe


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"event_type": "TRANSACTION.FAIL"}, "unknown_event"),
        ({"event_type": None}, "unreadable"),
        ({"id": None}, "unreadable"),
        ({"id": "x" * 65}, "unreadable"),
        ({"resource": None}, "unreadable"),
        ({"resource": {"algorithm": "none", "ciphertext": "e30="}}, "unreadable"),
        ({"event_type": "REFUND.SUCCESS"}, "unreadable"),
    ],
)
def test_a_strange_envelope_is_refused(platform: WeChatPlatform, changes: dict[str, Any], reason: str) -> None:
    """A verified envelope of another shape or kind is refused, never half read."""
    assert refuse(platform, envelope(trade(), **changes)) == reason


@given(st.binary(max_size=80))
def test_any_signed_body_is_read_or_refused(body: bytes) -> None:
    """Whatever bytes arrive, even signed ones, nothing but ``NoticeRefused`` is raised."""
    platform = WeChatPlatform(Desk().context, FakeTokens())
    with pytest.raises(NoticeRefused):
        platform.read_notice(DIRECT, wechat_headers(body), body, NOW)


def test_a_notice_for_one_account_is_refused_at_another(platform: WeChatPlatform, desk: Desk) -> None:
    """The key of one merchant does not open what was sealed for another."""
    desk.secrets.values["other-api-v3-key"] = b"F" * 32
    other = MerchantAccount(
        **{name: getattr(DIRECT, name) for name in DIRECT.__slots__}
        | {"account": "other", "secrets": {**DIRECT.secrets, "api_v3_key": "other-api-v3-key"}}
    )
    assert refuse(platform, envelope(trade()), other) == "unreadable"
