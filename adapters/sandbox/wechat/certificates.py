"""GET /v3/certificates: the platform's certificates, encrypted under the merchant's APIv3 key; several hold at once."""

from __future__ import annotations

from typing import Any

from adapters.sandbox.keys import VALID_FROM, VALID_UNTIL
from adapters.sandbox.wechat.answers import PayRefused
from adapters.sandbox.wechat.desk import Call
from adapters.sandbox.wechat.signing import encrypt_resource
from adapters.sandbox.wechat.state import WeChat, beijing


def list_certificates(state: WeChat, call: Call) -> dict[str, Any]:
    """Current and next certificate; a merchant in public-key mode has none (WxJava #3412)."""
    if call.merchant.verification == "public_key":
        raise PayRefused(
            404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。", 268435466
        )
    return {
        "data": [
            {
                "serial_no": one.serial,
                "effective_time": beijing(VALID_FROM),
                "expire_time": beijing(VALID_UNTIL),
                "encrypt_certificate": encrypt_resource(call.merchant.api_v3_key, one.pem.encode(), "certificate"),
            }
            for one in (state.keys.current, state.keys.following)
        ]
    }
