"""Answers and notices with every field that the vendors document: each value has a name in the ledger."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.platforms import alipay_wire, wechat_wire
from services.exposure import WireTable, locate_body

_GOODS = {"goods_id": "M1006", "quantity": 1, "unit_price": 100, "discount_amount": 1, "goods_remark": "备注"}
_COUPON = {
    "coupon_id": "109519", "name": "单品惠-6", "scope": "GLOBAL", "type": "CASH", "amount": 100, "stock_id": "931386",
    "wechatpay_contribute": 0, "merchant_contribute": 0, "other_contribute": 0, "currency": "CNY", "goods_detail": [_GOODS],
}  # fmt: skip
_TRADE = {
    "transaction_id": "1217752501201407033233368018", "trade_state": "SUCCESS", "trade_state_desc": "支付成功",
    "bank_type": "CMC", "success_time": "2018-06-08T10:34:56+08:00", "trade_type": "JSAPI", "attach": "自定义数据",
    "out_trade_no": "1217752501201407033233368018", "scene_info": {"device_id": "013467007045764"},
    "amount": {"payer_total": 100, "total": 100, "currency": "CNY", "payer_currency": "CNY"},
    "promotion_detail": [_COUPON],
}  # fmt: skip
DIRECT = _TRADE | {"appid": "wx1", "mchid": "1230000109", "payer": {"openid": "o1"}}
PARTNER = _TRADE | {
    "sp_appid": "wx1", "sp_mchid": "1", "sub_appid": "wx2", "sub_mchid": "2",
    "payer": {"sp_openid": "o1", "sub_openid": "o2"},
}  # fmt: skip
_RETURNED = {
    "merchant_goods_id": "1217752501201407033233368018", "wechatpay_goods_id": "1001", "goods_name": "iPhone6s 16G",
    "unit_price": 528800, "refund_amount": 528800, "refund_quantity": 1,
}  # fmt: skip
REFUND = {
    "refund_id": "5", "out_refund_no": "1", "transaction_id": "2", "out_trade_no": "3", "channel": "ORIGINAL",
    "user_received_account": "招商银行信用卡0403", "success_time": "2020-12-01T16:18:12+08:00", "status": "SUCCESS",
    "create_time": "2020-12-01T16:18:12+08:00", "funds_account": "UNSETTLED",
    "amount": {
        "total": 100, "refund": 100, "from": [{"account": "AVAILABLE", "amount": 444}], "payer_total": 90, "refund_fee": 100,
        "payer_refund": 90, "settlement_refund": 100, "settlement_total": 100, "discount_refund": 10, "currency": "CNY",
        "advance": 0,
    },
    "promotion_detail": [
        {
            "promotion_id": "109519", "scope": "GLOBAL", "type": "COUPON", "amount": 5, "refund_amount": 100,
            "goods_detail": [_RETURNED],
        }
    ],
}  # fmt: skip
_FUND = {
    "fund_channel": "BANKCARD", "bank_code": "CEB", "amount": "10", "real_amount": "11.21", "fund_type": "DEBIT_CARD",
}  # fmt: skip
QUERY = {
    "code": "10000", "msg": "Success", "trade_no": "1", "out_trade_no": "2", "buyer_logon_id": "159****5620",
    "trade_status": "TRADE_SUCCESS", "total_amount": "88.88", "receipt_amount": "15.25", "buyer_pay_amount": "8.88",
    "point_amount": "10", "invoice_amount": "12.11", "send_pay_date": "2014-11-27 15:45:57", "fund_bill_list": [_FUND],
    "buyer_user_id": "2088101117955611", "buyer_user_type": "PRIVATE", "subject": "公共服务缴费", "body": "公共服务缴费",
    "discount_amount": "88.88", "mdiscount_amount": "88.88",
}  # fmt: skip
NOTICE = {
    "notify_time": "2026-11-24 18:00:00", "notify_type": "trade_status_sync", "notify_id": "1", "app_id": "2",
    "auth_app_id": "2", "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "sign": "x", "trade_no": "3",
    "out_trade_no": "4", "out_biz_no": "5", "buyer_id": "6", "buyer_open_id": "6", "buyer_logon_id": "1**", "seller_id": "7",
    "trade_status": "TRADE_SUCCESS", "total_amount": "1.00", "receipt_amount": "1.00", "invoice_amount": "1.00",
    "buyer_pay_amount": "1.00", "point_amount": "0.00", "refund_fee": "1.00", "gmt_create": "2026-11-24 18:00:00",
    "gmt_payment": "2026-11-24 18:00:00", "gmt_refund": "2026-11-24 18:00:00.000", "gmt_close": "2026-11-24 18:00:00",
    "fund_bill_list": '[{"amount":"1.00","fundChannel":"ALIPAYACCOUNT"}]', "passback_params": "x", "subject": "x", "body": "x",
}  # fmt: skip


def name_fields(table: WireTable, content: Any) -> frozenset[str]:
    return table.read_leniently(locate_body("application/json", json.dumps(content).encode()))


@pytest.mark.parametrize(
    ("table", "content"),
    [
        (wechat_wire.QUERY_REPLY, DIRECT),
        (wechat_wire.QUERY_REPLY, PARTNER),
        (wechat_wire.PLAIN_NOTICE, DIRECT),
        (wechat_wire.PLAIN_NOTICE, PARTNER),
        (wechat_wire.REFUNDS_REPLY, REFUND),
        (wechat_wire.PLAIN_NOTICE, REFUND | {"refund_status": "SUCCESS", "mchid": "1900000100"}),
        (alipay_wire.REPLIES["alipay.trade.query"], {"alipay_trade_query_response": QUERY, "sign": "x"}),
    ],
)
def test_every_documented_field_has_a_name(table: WireTable, content: Any) -> None:
    """The vendor's own examples with all optional fields hold nothing unlisted; what nobody documents still is."""
    assert "unlisted" not in name_fields(table, content)
    assert "unlisted" in name_fields(table, content | {"mood": "good"})


def test_every_documented_field_of_an_alipay_notice_has_a_name() -> None:
    """The same for the form that Alipay sends."""

    def name_form(fields: dict[str, str]) -> frozenset[str]:
        located = locate_body("application/x-www-form-urlencoded", urlencode(fields).encode())
        return alipay_wire.NOTICE_TABLE.read_leniently(located)

    assert "unlisted" not in name_form(NOTICE)
    assert "unlisted" in name_form(NOTICE | {"mood": "good"})
