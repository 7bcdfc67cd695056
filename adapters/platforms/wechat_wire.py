"""What WeChat's servers may be told, value by value: one table for each operation (platform-wire.md §1A, §1B)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from adapters.platforms.wire import (
    BASE64,
    BEIJING_MOMENT,
    CODE,
    CREDENTIAL,
    FEN,
    NONCE,
    PAGE,
    RANDOM_NUMBER,
    SECONDS,
    exactly,
    make_reply_table,
    make_table,
    one_of,
    tell_words,
)
from services.exposure import WireTable
from services.model import MerchantAccount, MerchantMode, PlatformApp

OPENID = r"[A-Za-z0-9_-]{20,64}"
SCHEME = "WECHATPAY2-SHA256-RSA2048"

_ALWAYS = {"header:user-agent": ("protocol", "guitai"), "header:accept": ("protocol", "application/json")}
_JSON = {**_ALWAYS, "header:content-type": ("protocol", "application/json")}

ERROR_REPLY = {"body:errcode": "protocol", "body:errmsg": "protocol"}
_PROMOTION = dict.fromkeys(
    [
        "body:promotion_detail",
        *(
            f"body:promotion_detail[].{name}"
            for name in (
                "coupon_id", "promotion_id", "name", "scope", "type", "amount", "stock_id", "activity_id", "currency",
                "wechatpay_contribute", "merchant_contribute", "other_contribute", "refund_amount", "goods_detail",
            )
        ),
        *(
            f"body:promotion_detail[].goods_detail[].{name}"
            for name in (
                "goods_id", "merchant_goods_id", "wechatpay_goods_id", "goods_name", "goods_remark", "quantity",
                "refund_quantity", "unit_price", "discount_amount", "refund_amount",
            )
        ),
    ],
    "funding",
)  # fmt: skip
"""Coupons that the payer used: the platform's own business, told to us unasked (支付成功回调通知, 退款申请)."""
PAY_ERROR_REPLY = {
    "body:code": "protocol",
    "body:message": "protocol",
    "body:detail": "protocol",
    "body:detail.field": "protocol",
    "body:detail.issue": "protocol",
    "body:detail.location": "protocol",
}
TRADE_REPLY = {
    **_PROMOTION,
    "body:attach": "protocol",
    "body:scene_info.device_id": "protocol",
    "body:appid": "app_id",
    "body:sp_appid": "app_id",
    "body:sub_appid": "app_id",
    "body:mchid": "merchant_id",
    "body:sp_mchid": "merchant_id",
    "body:sub_mchid": "merchant_id",
    "body:out_trade_no": "order_number",
    "body:transaction_id": "transaction_number",
    "body:trade_type": "trade_state",
    "body:trade_state": "trade_state",
    "body:trade_state_desc": "trade_state",
    "body:success_time": "trade_time",
    "body:bank_type": "funding",
    "body:payer.openid": "platform_user",
    "body:payer.sp_openid": "platform_user",
    "body:payer.sub_openid": "platform_user",
    "body:amount.total": "amount",
    "body:amount.payer_total": "amount",
    "body:amount.currency": "amount",
    "body:amount.payer_currency": "amount",
}
REFUND_REPLY = {
    **_PROMOTION,
    "body:mchid": "merchant_id",
    "body:sp_mchid": "merchant_id",
    "body:sub_mchid": "merchant_id",
    "body:refund_id": "refund_number",
    "body:out_refund_no": "refund_number",
    "body:transaction_id": "transaction_number",
    "body:out_trade_no": "order_number",
    "body:channel": "funding",
    "body:user_received_account": "funding",
    "body:funds_account": "funding",
    "body:success_time": "trade_time",
    "body:create_time": "trade_time",
    "body:status": "refund_state",
    "body:refund_status": "refund_state",
    "body:amount.total": "amount",
    "body:amount.refund": "amount",
    "body:amount.payer_total": "amount",
    "body:amount.payer_refund": "amount",
    "body:amount.settlement_total": "amount",
    "body:amount.settlement_refund": "amount",
    "body:amount.discount_refund": "amount",
    "body:amount.refund_fee": "amount",
    "body:amount.advance": "amount",
    "body:amount.from": "funding",
    "body:amount.from[].account": "funding",
    "body:amount.from[].amount": "funding",
    "body:amount.currency": "amount",
}
NOTICE_ENVELOPE = {
    "body:id": "protocol",
    "body:create_time": "protocol",
    "body:resource_type": "protocol",
    "body:event_type": "trade_state",
    "body:summary": "trade_state",
    "body:resource.original_type": "protocol",
    "body:resource.algorithm": "protocol",
    "body:resource.ciphertext": "protocol",
    "body:resource.associated_data": "protocol",
    "body:resource.nonce": "protocol",
}


def session_table(app: PlatformApp) -> WireTable:
    """``GET /sns/jscode2session``."""
    return make_table(
        "wechat.code2session",
        {
            **_ALWAYS,
            "path": ("protocol", "/sns/jscode2session"),
            "query:appid": ("app_id", exactly(app.app_id)),
            "query:secret": ("app_credential", CREDENTIAL),
            "query:js_code": ("login_code", CODE),
            "query:grant_type": ("protocol", "authorization_code"),
        },
    )


def token_table(app: PlatformApp) -> WireTable:
    """``POST /cgi-bin/stable_token``."""
    return make_table(
        "wechat.stable_token",
        {
            **_JSON,
            "path": ("protocol", "/cgi-bin/stable_token"),
            "body:grant_type": ("protocol", "client_credential"),
            "body:appid": ("app_id", exactly(app.app_id)),
            "body:secret": ("app_credential", CREDENTIAL),
        },
    )


def phone_table() -> WireTable:
    """``POST /wxa/business/getuserphonenumber``."""
    return make_table(
        "wechat.getuserphonenumber",
        {
            **_JSON,
            "path": ("protocol", "/wxa/business/getuserphonenumber"),
            "query:access_token": ("app_credential", CREDENTIAL),
            "body:code": ("phone_code", CODE),
        },
    )


def message_table(template_id: str, words: Mapping[str, str], phrases: Collection[str]) -> WireTable:
    """``POST /cgi-bin/message/subscribe/send``: words from a closed list, a time, or the end of a case number."""
    return make_table(
        "wechat.subscribe_send",
        {
            **_JSON,
            "path": ("protocol", "/cgi-bin/message/subscribe/send"),
            "query:access_token": ("app_credential", CREDENTIAL),
            "body:touser": ("platform_user", OPENID),
            "body:template_id": ("message_template", exactly(template_id)),
            "body:page": ("message_page", PAGE),
            **{f"body:data.{key}.value": told for key, told in tell_words(words, phrases).items()},
        },
    )


def _pay_headers(merchant: MerchantAccount) -> Mapping[str, tuple[str, str]]:
    return {
        **_ALWAYS,
        "header:wechatpay-serial": ("protocol", exactly(merchant.options.get("public_key_id"))),
        "header:authorization": ("protocol", SCHEME),
        "header:authorization.mchid": ("merchant_id", exactly(merchant.merchant_id)),
        "header:authorization.nonce_str": ("protocol", NONCE),
        "header:authorization.timestamp": ("protocol", SECONDS),
        "header:authorization.serial_no": ("protocol", exactly(merchant.options.get("serial_no"))),
        "header:authorization.signature": ("protocol", BASE64),
    }


def _json_headers(merchant: MerchantAccount) -> Mapping[str, tuple[str, str]]:
    return {**_pay_headers(merchant), "header:content-type": ("protocol", "application/json")}


def merchant_rows(merchant: MerchantAccount, prefix: str) -> Mapping[str, tuple[str, str]]:
    """The merchant numbers of an account where a query or a body carries them."""
    if merchant.mode is MerchantMode.DIRECT:
        return {f"{prefix}mchid": ("merchant_id", exactly(merchant.merchant_id))}
    return {
        f"{prefix}sp_mchid": ("merchant_id", exactly(merchant.merchant_id)),
        f"{prefix}sub_mchid": ("merchant_id", exactly(merchant.sub_merchant_id)),
    }


def _order_root(merchant: MerchantAccount) -> str:
    return "/v3/pay/transactions" if merchant.mode is MerchantMode.DIRECT else "/v3/pay/partner/transactions"


def order_table(merchant: MerchantAccount, notify_url: str, phrases: Collection[str]) -> WireTable:
    """``POST /v3/pay[/partner]/transactions/jsapi``."""
    direct = merchant.mode is MerchantMode.DIRECT
    return make_table(
        "wechat.pay.order",
        {
            **_json_headers(merchant),
            **merchant_rows(merchant, "body:"),
            "path": ("protocol", f"{_order_root(merchant)}/jsapi"),
            "body:appid" if direct else "body:sp_appid": ("app_id", exactly(merchant.app_id)),
            "body:payer.openid" if direct else "body:payer.sp_openid": ("platform_user", OPENID),
            "body:description": ("order_description", one_of(phrases)),
            "body:out_trade_no": ("order_number", RANDOM_NUMBER),
            "body:time_expire": ("order_expiry", BEIJING_MOMENT),
            "body:notify_url": ("notify_address", exactly(notify_url)),
            "body:amount.total": ("amount", FEN),
            "body:amount.currency": ("protocol", "CNY"),
        },
    )


def query_table(merchant: MerchantAccount) -> WireTable:
    """``GET /v3/pay[/partner]/transactions/out-trade-no/{number}``."""
    return make_table(
        "wechat.pay.query",
        {
            **_pay_headers(merchant),
            **merchant_rows(merchant, "query:"),
            "path": ("order_number", f"{_order_root(merchant)}/out-trade-no/{RANDOM_NUMBER}"),
        },
    )


def close_table(merchant: MerchantAccount) -> WireTable:
    """``POST /v3/pay[/partner]/transactions/out-trade-no/{number}/close``."""
    return make_table(
        "wechat.pay.close",
        {
            **_json_headers(merchant),
            **merchant_rows(merchant, "body:"),
            "path": ("order_number", f"{_order_root(merchant)}/out-trade-no/{RANDOM_NUMBER}/close"),
        },
    )


def refund_table(merchant: MerchantAccount, notify_url: str) -> WireTable:
    """``POST /v3/refund/domestic/refunds``, in partner mode with ``sub_mchid``."""
    return make_table(
        "wechat.pay.refund",
        {
            **_json_headers(merchant),
            "path": ("protocol", "/v3/refund/domestic/refunds"),
            "body:sub_mchid": ("merchant_id", exactly(merchant.sub_merchant_id)),
            "body:out_trade_no": ("order_number", RANDOM_NUMBER),
            "body:out_refund_no": ("refund_number", RANDOM_NUMBER),
            "body:notify_url": ("notify_address", exactly(notify_url)),
            "body:amount.refund": ("amount", FEN),
            "body:amount.total": ("amount", FEN),
            "body:amount.currency": ("protocol", "CNY"),
        },
    )


def refund_query_table(merchant: MerchantAccount) -> WireTable:
    """``GET /v3/refund/domestic/refunds/{number}``, in partner mode with ``sub_mchid``."""
    return make_table(
        "wechat.pay.refund_query",
        {
            **_pay_headers(merchant),
            "path": ("refund_number", f"/v3/refund/domestic/refunds/{RANDOM_NUMBER}"),
            "query:sub_mchid": ("merchant_id", exactly(merchant.sub_merchant_id)),
        },
    )


def certificates_table(merchant: MerchantAccount) -> WireTable:
    """``GET /v3/certificates``."""
    return make_table("wechat.pay.certificates", {**_pay_headers(merchant), "path": ("protocol", "/v3/certificates")})


SESSION_REPLY = make_reply_table(
    "wechat.code2session",
    {
        **ERROR_REPLY,
        "body:openid": "platform_user",
        "body:unionid": "platform_user",
        "body:session_key": "app_credential",
    },
)
TOKEN_REPLY = make_reply_table(
    "wechat.stable_token", {**ERROR_REPLY, "body:access_token": "app_credential", "body:expires_in": "protocol"}
)
PHONE_REPLY = make_reply_table(
    "wechat.getuserphonenumber",
    {
        **ERROR_REPLY,
        "body:phone_info.phoneNumber": "phone",
        "body:phone_info.purePhoneNumber": "phone",
        "body:phone_info.countryCode": "phone",
        "body:phone_info.watermark.timestamp": "protocol",
        "body:phone_info.watermark.appid": "app_id",
    },
)
MESSAGE_REPLY = make_reply_table("wechat.subscribe_send", ERROR_REPLY)
ORDER_REPLY = make_reply_table("wechat.pay.order", {**PAY_ERROR_REPLY, "body:prepay_id": "platform_order"})
QUERY_REPLY = make_reply_table("wechat.pay.query", {**PAY_ERROR_REPLY, **TRADE_REPLY})
CLOSE_REPLY = make_reply_table("wechat.pay.close", PAY_ERROR_REPLY)
REFUNDS_REPLY = make_reply_table("wechat.pay.refund", {**PAY_ERROR_REPLY, **REFUND_REPLY})
CERTIFICATES_REPLY = make_reply_table(
    "wechat.pay.certificates",
    {
        **PAY_ERROR_REPLY,
        "body:data[].serial_no": "app_credential",
        "body:data[].effective_time": "protocol",
        "body:data[].expire_time": "protocol",
        "body:data[].encrypt_certificate.algorithm": "protocol",
        "body:data[].encrypt_certificate.nonce": "protocol",
        "body:data[].encrypt_certificate.associated_data": "protocol",
        "body:data[].encrypt_certificate.ciphertext": "app_credential",
    },
)
NOTICE_TABLE = make_reply_table("wechat.notice", NOTICE_ENVELOPE)
PLAIN_NOTICE = make_reply_table("wechat.notice.plain", {**TRADE_REPLY, **REFUND_REPLY})
