"""Rules of Alipay's notices: verified over the decoded form, addressed to this app and this seller, not too old."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.alipay import AlipayPlatform
from services.errors import NoticeRefused
from services.model import MerchantAccount, Notice, RefundState, TradeState
from tests.unit.adapters.platforms.desk import NOW, ORDER_NO, REFUND_NO, Desk, alipay_merchant, sign

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
KEY, CERTIFIED = alipay_merchant(), alipay_merchant("certificate")


def fields(**changes: str | None) -> dict[str, str]:
    made = {
        "notify_time": "2026-11-24 17:30:00", "notify_type": "trade_status_sync", "notify_id": "2026112400222173000000001",
        "app_id": "2021000000000001", "auth_app_id": "2021000000000001", "charset": "utf-8", "version": "1.0",
        "trade_no": "2026112422001481070000000001", "out_trade_no": ORDER_NO, "buyer_id": "2088102169481075",
        "buyer_logon_id": "138****8001", "seller_id": "2088000000000001", "trade_status": "TRADE_SUCCESS",
        "total_amount": "86.40", "receipt_amount": "86.40", "gmt_create": "2026-11-24 17:29:00",
        "gmt_payment": "2026-11-24 17:30:00", "subject": "公共服务缴费 a+b&c=d",
        "fund_bill_list": '[{"amount":"86.40","fundChannel":"ALIPAYACCOUNT"}]',
    }  # fmt: skip
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def encode(form: dict[str, str], *, signer: str = "alipay", skip_empty: bool = False) -> bytes:
    """The body as Alipay sends it: signed over sorted, decoded pairs without ``sign`` and ``sign_type``."""
    pairs = sorted((name, value) for name, value in form.items() if value or not skip_empty)
    text = "&".join(f"{name}={value}" for name, value in pairs)
    return urlencode({**form, "sign_type": "RSA2", "sign": sign(signer, text.encode())}).encode()


def read(platform: AlipayPlatform, body: bytes, merchant: MerchantAccount = KEY) -> tuple[Notice, frozenset[str]]:
    return platform.read_notice(merchant, FORM, body, NOW)


def refuse(
    platform: AlipayPlatform, body: bytes, merchant: MerchantAccount = KEY, headers: dict[str, str] | None = None
) -> str:
    with pytest.raises(NoticeRefused) as caught:
        platform.read_notice(merchant, FORM if headers is None else headers, body, NOW)
    return caught.value.reason


def test_a_payment_notice_is_evidence(alipay: AlipayPlatform) -> None:
    """A verified notice gives id, order, state, amount and the field names that the platform told us."""
    notice, names = read(alipay, encode(fields()))
    assert (notice.notice_id, notice.account, notice.kind) == ("2026112400222173000000001", "water-alipay", "trade")
    assert notice.trade is not None
    assert (notice.trade.state, notice.trade.amount_fen, notice.trade.order_no) == (TradeState.PAID, 8640, ORDER_NO)
    assert {"platform_account", "funding", "amount", "protocol"} <= names
    assert "unlisted" not in names
    assert "unlisted" in read(alipay, encode(fields(new_field="x")))[1]


def test_a_notice_in_certificate_mode_is_verified_by_the_certificate(alipay: AlipayPlatform) -> None:
    """The key in the configured certificate counts, and the bare key does not."""
    assert read(alipay, encode(fields(), signer="alipay-certified"), CERTIFIED)[0].trade is not None
    assert refuse(alipay, encode(fields()), CERTIFIED) == "forged"


@pytest.mark.parametrize("skip_empty", [True, False])
def test_empty_values_may_or_may_not_be_signed(alipay: AlipayPlatform, skip_empty: bool) -> None:
    """The vendor's own SDKs differ, so both readings verify."""
    body = encode(fields(body="", passback_params=""), skip_empty=skip_empty)
    assert read(alipay, body)[0].trade is not None


def test_an_unsigned_or_forged_notice_is_refused(alipay: AlipayPlatform) -> None:
    """Missing, empty, foreign or downgraded signatures, and one changed value."""
    good = encode(fields())
    assert refuse(alipay, urlencode(fields()).encode()) == "signature_missing"
    assert refuse(alipay, urlencode({**fields(), "sign": "", "sign_type": "RSA2"}).encode()) == "signature_missing"
    assert refuse(alipay, good.replace(b"sign_type=RSA2", b"sign_type=RSA")) == "signature_missing"
    assert refuse(alipay, encode(fields(), signer="merchant")) == "forged"
    assert refuse(alipay, good.replace(b"86.40", b"86.41", 1)) == "forged"
    assert refuse(alipay, good + b"&added=1") == "forged"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"app_id": "2021000000000002"}, "wrong_app_id"),
        ({"app_id": None}, "wrong_app_id"),
        ({"seller_id": "2088000000000002"}, "wrong_seller_id"),
        ({"seller_id": None}, "wrong_seller_id"),
        ({"notify_type": "servicemarket_order_notify"}, "unknown_event"),
        ({"notify_type": None}, "unknown_event"),
        ({"charset": "GBK"}, "another_charset"),
        ({"total_amount": "8640.0.0"}, "unreadable"),
        ({"total_amount": "86.400"}, "unreadable"),
        ({"total_amount": None}, "unreadable"),
        ({"trade_status": "NEW"}, "unreadable"),
        ({"notify_id": None}, "unreadable"),
        ({"notify_id": "x" * 129}, "unreadable"),
        ({"notify_time": None}, "unreadable"),
        ({"notify_time": "yesterday"}, "unreadable"),
        ({"refund_fee": "86.40"}, "unreadable"),
    ],
)
def test_a_signed_notice_about_something_else_is_refused(
    alipay: AlipayPlatform, changes: dict[str, str | None], reason: str
) -> None:
    """The signature proves who speaks: app, seller, kind, amount and state are checked too."""
    assert refuse(alipay, encode(fields(**changes))) == reason


@pytest.mark.parametrize(
    ("age", "fresh"), [(0, True), (25 * 3600, True), (26 * 3600 + 1, False), (-240, True), (-301, False)]
)
def test_a_notice_may_be_as_old_as_its_last_repetition(alipay: AlipayPlatform, age: int, fresh: bool) -> None:
    """Repetitions come for 25 hours; older or future notices are stale."""
    sent_at = NOW - timedelta(seconds=age) + timedelta(hours=8)
    body = encode(fields(notify_time=f"{sent_at:%Y-%m-%d %H:%M:%S}"))
    if fresh:
        assert read(alipay, body)[0].trade is not None
    else:
        assert refuse(alipay, body) == "stale"


def test_a_refund_notice_names_the_refund(alipay: AlipayPlatform) -> None:
    """In full: closed, with our number and the whole amount. In part: still a success, and the amount stays open."""
    common = {"gmt_refund": "2026-11-24 17:35:00.123", "out_biz_no": REFUND_NO}
    whole, _ = read(alipay, encode(fields(trade_status="TRADE_CLOSED", refund_fee="86.40", **common)))
    assert whole.refund is not None
    assert whole.trade is None
    assert (whole.refund.refund_no, whole.refund.state, whole.refund.amount_fen) == (
        REFUND_NO,
        RefundState.REFUNDED,
        8640,
    )
    part, _ = read(alipay, encode(fields(refund_fee="10.00", **common)))
    assert part.refund is not None
    assert (part.kind, part.refund.amount_fen) == ("refund", None)


def test_a_refund_without_a_number_tells_of_the_trade(alipay: AlipayPlatform) -> None:
    """Refunded in full at Alipay's own desk: the trade is refunded."""
    notice, _ = read(alipay, encode(fields(trade_status="TRADE_CLOSED", refund_fee="86.40")))
    assert notice.trade is not None
    assert notice.trade.state is TradeState.REFUNDED


def test_a_closed_notice_of_an_unpaid_trade_is_closed(alipay: AlipayPlatform) -> None:
    """Without a payment time ``TRADE_CLOSED`` means that nobody paid."""
    notice, _ = read(alipay, encode(fields(trade_status="TRADE_CLOSED", gmt_payment=None)))
    assert notice.trade is not None
    assert notice.trade.state is TradeState.CLOSED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "signature_missing"), (b"a", "not_a_form"), (b"a=1&a=2", "field_twice"), (b"a=%ff", "not_a_form"),
        ("a=王".encode(), "not_a_form"), (b"&".join(b"a%d=1" % n for n in range(200)), "not_a_form"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_is_refused(alipay: AlipayPlatform, body: bytes, reason: str) -> None:
    """Doubled names, bytes outside ASCII, broken escapes and floods of fields are refused before any key is used."""
    assert refuse(alipay, body) == reason


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "application/json"}, {"Content-Type": "x", "content-type": FORM["Content-Type"]}]
)
def test_another_media_type_is_refused(alipay: AlipayPlatform, headers: dict[str, str]) -> None:
    """A notice is a form, said once."""
    assert refuse(alipay, encode(fields()), headers=headers) == "not_a_form"


@given(
    st.binary(max_size=80)
    | st.dictionaries(st.text(max_size=8), st.text(max_size=8)).map(lambda made: urlencode(made).encode())
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """Whatever bytes arrive, nothing but ``NoticeRefused`` is raised."""
    with pytest.raises(NoticeRefused):
        AlipayPlatform(Desk().context).read_notice(KEY, FORM, body, NOW)


@given(st.dictionaries(st.sampled_from(sorted(fields())), st.text(max_size=20)))
def test_any_signed_form_is_read_or_refused(changes: dict[str, str]) -> None:
    """Even with Alipay's signature, a form of other values is read or refused, never anything else."""
    try:
        notice, _ = AlipayPlatform(Desk().context).read_notice(KEY, FORM, encode(fields(**changes)), NOW)
    except NoticeRefused:
        return
    assert notice.account == "water-alipay"
