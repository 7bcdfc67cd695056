"""What Alipay's servers may be told, value by value: one table for each operation (platform-wire.md §1C)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.platforms.wire import (
    BASE64,
    BEIJING_SECONDS,
    CODE,
    PAGE,
    RANDOM_NUMBER,
    YUAN,
    exactly,
    make_reply_table,
    make_table,
    one_of,
    tell_words,
)
from services.exposure import WireTable

USER_ID = r"2088[0-9]{12}"
OPEN_ID = r"[A-Za-z0-9_-]{20,128}"
CONTENT_TYPE = "application/x-www-form-urlencoded;charset=utf-8"
ONE_SERIAL = r"[0-9a-f]{32}"
SERIAL = rf"{ONE_SERIAL}(?:_{ONE_SERIAL})*"
USER_ROWS = {"user_id": USER_ID, "open_id": OPEN_ID}

Rows = Mapping[str, tuple[str, str]]


def _call_rows(method: str, app_id: str, path: str) -> Rows:
    return {
        "path": ("protocol", exactly(path)),
        "header:user-agent": ("protocol", "guitai"),
        "header:accept": ("protocol", "application/json"),
        "header:content-type": ("protocol", exactly(CONTENT_TYPE)),
        "query:app_id": ("app_id", exactly(app_id)),
        "query:method": ("protocol", exactly(method)),
        "query:format": ("protocol", "JSON"),
        "query:charset": ("protocol", "utf-8"),
        "query:sign_type": ("protocol", "RSA2"),
        "query:timestamp": ("protocol", BEIJING_SECONDS),
        "query:version": ("protocol", r"1\.0"),
        "query:app_cert_sn": ("protocol", SERIAL),
        "query:alipay_root_cert_sn": ("protocol", SERIAL),
        "query:sign": ("protocol", BASE64),
    }


def _content(rows: Rows) -> Rows:
    return {f"form:biz_content.{name}": row for name, row in rows.items()}


def token_table(app_id: str, path: str) -> WireTable:
    """``alipay.system.oauth.token``: its parameters stand beside the system's, without ``biz_content``."""
    return make_table(
        "alipay.system.oauth.token",
        {
            **_call_rows("alipay.system.oauth.token", app_id, path),
            "form:grant_type": ("protocol", "authorization_code"),
            "form:code": ("login_code", CODE),
        },
    )


def create_table(app_id: str, path: str, seller_id: str, notify_url: str, phrases: Collection[str]) -> WireTable:
    """``alipay.trade.create`` for a mini-program."""
    content: Rows = {
        "out_trade_no": ("order_number", RANDOM_NUMBER),
        "total_amount": ("amount", YUAN),
        "subject": ("order_description", one_of(phrases)),
        "product_code": ("protocol", "JSAPI_PAY"),
        "op_app_id": ("app_id", exactly(app_id)),
        "seller_id": ("merchant_id", exactly(seller_id)),
        "time_expire": ("order_expiry", BEIJING_SECONDS),
        "buyer_id": ("platform_user", USER_ID),
        "buyer_open_id": ("platform_user", OPEN_ID),
    }
    call = _call_rows("alipay.trade.create", app_id, path)
    notify: Rows = {"query:notify_url": ("notify_address", exactly(notify_url))}
    return make_table("alipay.trade.create", {**call, **notify, **_content(content)})


def order_table(method: str, app_id: str, path: str) -> WireTable:
    """``alipay.trade.query`` and ``alipay.trade.close``: our order number alone."""
    content: Rows = {"out_trade_no": ("order_number", RANDOM_NUMBER)}
    return make_table(method, {**_call_rows(method, app_id, path), **_content(content)})


def refund_table(method: str, app_id: str, path: str) -> WireTable:
    """``alipay.trade.refund`` and ``alipay.trade.fastpay.refund.query``."""
    content: Rows = {
        "out_trade_no": ("order_number", RANDOM_NUMBER),
        "out_request_no": ("refund_number", RANDOM_NUMBER),
        "refund_amount": ("amount", YUAN),
    }
    return make_table(method, {**_call_rows(method, app_id, path), **_content(content)})


def certificate_table(app_id: str, path: str) -> WireTable:
    """``alipay.open.app.alipaycert.download``: the serial of the certificate that signed an answer."""
    method = "alipay.open.app.alipaycert.download"
    content: Rows = {"alipay_cert_sn": ("protocol", ONE_SERIAL)}
    return make_table(method, {**_call_rows(method, app_id, path), **_content(content)})


def message_table(
    app_id: str, path: str, template_id: str, words: Mapping[str, str], phrases: Collection[str]
) -> WireTable:
    """``alipay.open.app.mini.templatemessage.send``; ``data`` is JSON inside a text and is entered."""
    content: Rows = {
        "to_user_id": ("platform_user", USER_ID),
        "to_open_id": ("platform_user", OPEN_ID),
        "user_template_id": ("message_template", exactly(template_id)),
        "page": ("message_page", PAGE),
        **{f"data.{key}.value": told for key, told in tell_words(words, phrases).items()},
    }
    method = "alipay.open.app.mini.templatemessage.send"
    return make_table(method, {**_call_rows(method, app_id, path), **_content(content)})


_ENVELOPE = {"body:sign": "protocol", "body:alipay_cert_sn": "protocol"}
_OUTCOME = ("code", "msg", "sub_code", "sub_msg")
_TRADE = {
    "trade_no": "transaction_number",
    "out_trade_no": "order_number",
    "trade_status": "trade_state",
    "total_amount": "amount",
    "receipt_amount": "amount",
    "invoice_amount": "amount",
    "buyer_pay_amount": "amount",
    "point_amount": "amount",
    "send_pay_date": "trade_time",
    "buyer_user_id": "platform_user",
    "buyer_open_id": "platform_user",
    "open_id": "platform_user",
    "buyer_logon_id": "platform_account",
    "buyer_user_type": "platform_account",
    "subject": "order_description",
    "body": "order_description",
    "discount_amount": "amount",
    "mdiscount_amount": "amount",
    "fund_bill_list": "funding",
    "fund_bill_list[].amount": "funding",
    "fund_bill_list[].real_amount": "funding",
    "fund_bill_list[].fund_channel": "funding",
    "fund_bill_list[].fund_type": "funding",
    "fund_bill_list[].bank_code": "funding",
}
_REFUND = {
    **_TRADE,
    "fund_change": "refund_state",
    "refund_status": "refund_state",
    "refund_fee": "amount",
    "refund_amount": "amount",
    "out_request_no": "refund_number",
    "gmt_refund_pay": "trade_time",
    "send_back_fee": "amount",
    "refund_detail_item_list": "funding",
    "refund_detail_item_list[].amount": "funding",
    "refund_detail_item_list[].real_amount": "funding",
    "refund_detail_item_list[].fund_channel": "funding",
    "refund_detail_item_list[].fund_type": "funding",
    "refund_detail_item_list[].bank_code": "funding",
}


def _reply(method: str, rows: Mapping[str, str]) -> WireTable:
    nodes = (f"{method.replace('.', '_')}_response", "error_response")
    outcome = {f"body:{node}.{name}": "protocol" for node in nodes for name in _OUTCOME}
    return make_reply_table(
        method, {**_ENVELOPE, **outcome, **{f"body:{nodes[0]}.{name}": field for name, field in rows.items()}}
    )


REPLIES: dict[str, WireTable] = {
    method: _reply(method, rows)
    for method, rows in {
        "alipay.system.oauth.token": {
            "user_id": "platform_user",
            "open_id": "platform_user",
            "union_id": "platform_user",
            "alipay_user_id": "platform_user",
            "access_token": "app_credential",
            "refresh_token": "app_credential",
            "auth_start": "protocol",
            "expires_in": "protocol",
            "re_expires_in": "protocol",
        },
        "alipay.trade.create": {"trade_no": "platform_order", "out_trade_no": "order_number"},
        "alipay.trade.query": _TRADE,
        "alipay.trade.close": {"trade_no": "transaction_number", "out_trade_no": "order_number"},
        "alipay.trade.refund": _REFUND,
        "alipay.trade.fastpay.refund.query": _REFUND,
        "alipay.open.app.mini.templatemessage.send": {},
        "alipay.open.app.alipaycert.download": {"alipay_cert_content": "protocol"},
    }.items()
}

NOTICE_TABLE = make_reply_table(
    "alipay.notice",
    {
        **dict.fromkeys(
            (
                "form:notify_time", "form:notify_type", "form:notify_id", "form:charset", "form:version",
                "form:sign_type", "form:sign", "form:alipay_cert_sn",
            ),
            "protocol",
        ),
        "form:app_id": "app_id",
        "form:auth_app_id": "app_id",
        "form:seller_id": "merchant_id",
        "form:seller_email": "merchant_id",
        "form:trade_no": "transaction_number",
        "form:out_trade_no": "order_number",
        "form:out_biz_no": "refund_number",
        "form:buyer_id": "platform_user",
        "form:buyer_open_id": "platform_user",
        "form:buyer_logon_id": "platform_account",
        "form:trade_status": "trade_state",
        "form:total_amount": "amount",
        "form:receipt_amount": "amount",
        "form:invoice_amount": "amount",
        "form:buyer_pay_amount": "amount",
        "form:point_amount": "amount",
        "form:refund_fee": "amount",
        "form:gmt_create": "trade_time",
        "form:gmt_payment": "trade_time",
        "form:gmt_refund": "trade_time",
        "form:gmt_close": "trade_time",
        "form:subject": "order_description",
        "form:body": "order_description",
        "form:passback_params": "protocol",
        "form:fund_bill_list[].amount": "funding",
        "form:fund_bill_list[].fundChannel": "funding",
    },
)  # fmt: skip
