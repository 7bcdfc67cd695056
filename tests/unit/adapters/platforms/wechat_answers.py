"""Answers of WeChat Pay for the tests: signed, about our order and our refund."""

from __future__ import annotations

import json
from typing import Any

import responses

from tests.unit.adapters.platforms.desk import ORDER_NO, REFUND_NO, WECHAT_URL, wechat_headers

QUERY_URL = f"{WECHAT_URL}/v3/pay/transactions/out-trade-no/{ORDER_NO}"


def answer(
    mocked: responses.RequestsMock, method: str, url: str, content: Any, status: int = 200, **signed: Any
) -> None:
    """A signed answer of WeChat Pay."""
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    mocked.add(method, url, body=body, status=status, headers=wechat_headers(body, **signed))


def trade(**changes: Any) -> dict[str, Any]:
    made = {
        "appid": "wx8888888888888888", "mchid": "1600000001", "out_trade_no": ORDER_NO, "trade_state": "SUCCESS",
        "transaction_id": "4200001234202611241234567890", "success_time": "2026-11-24T17:31:00+08:00",
        "amount": {"total": 8640, "payer_total": 8640, "currency": "CNY", "payer_currency": "CNY"},
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    }  # fmt: skip
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def refund(**changes: Any) -> dict[str, Any]:
    made = {
        "refund_id": "50000000382019052709732678859", "out_refund_no": REFUND_NO, "out_trade_no": ORDER_NO,
        "transaction_id": "42", "status": "SUCCESS", "amount": {"total": 8640, "refund": 8640, "currency": "CNY"},
    }  # fmt: skip
    return {**made, **changes}
