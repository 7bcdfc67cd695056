"""How WeChat Pay v3 says no: HTTP status, error code, Chinese message, and the numeric code at the end of Request-ID.

Statuses and messages follow pay.weixin.qq.com (error code tables) and the vendor's troubleshooting list; where the vendor
publishes no number, the class number 268435456 stands in.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from werkzeug.wrappers import Response

UNPUBLISHED = 268435456


class PayRefused(Exception):
    """One refusal of the API; carries everything that goes over the wire."""

    def __init__(
        self, status: int, code: str, message: str, number: int = UNPUBLISHED, detail: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.number = number
        self.detail = detail

    def to_response(self) -> Response:
        """The error body as the platform sends it."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.detail is not None:
            body["detail"] = self.detail
        return make_answer(body, self.status, self.number)


def make_answer(value: dict[str, Any] | None, status: int = 200, number: int = 0) -> Response:
    """A JSON answer (or none, for 204) with its Request-ID, not yet signed."""
    text = "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status=status)
    if value is None:
        response.headers.pop("Content-Type", None)
    else:
        response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Request-ID"] = f"08{secrets.token_hex(20).upper()}-{number}"
    response.headers["Cache-Control"] = "no-cache, must-revalidate"
    return response


def refuse_parameter(path: str, issue: str, value: object = None, location: str = "body") -> PayRefused:
    """PARAM_ERROR for one place of a request."""
    detail: dict[str, Any] = {"field": path, "issue": issue, "location": location}
    if isinstance(value, str | int | float | bool):
        detail["value"] = value
    return PayRefused(400, "PARAM_ERROR", f"参数错误：{path} {issue}", 268435458, detail)


def refuse_signature(message: str, detail: dict[str, Any] | None = None) -> PayRefused:
    """SIGN_ERROR: the Authorization header does not prove who is calling."""
    return PayRefused(401, "SIGN_ERROR", message, 268435461, detail)


def refuse_request(message: str, number: int = UNPUBLISHED) -> PayRefused:
    """INVALID_REQUEST: well formed, but against a rule."""
    return PayRefused(400, "INVALID_REQUEST", message, number)


ORDER_UNKNOWN = (404, "ORDER_NOT_EXIST", "订单不存在")
REENTRY_DIFFERS = ("请求重入时，参数与首次请求时不一致", 268498688)
ALREADY_PAID = ("该订单已支付", 268449538)
ORDER_OVER = (400, "ORDER_CLOSED", "该订单已关闭，请重新下单", 268447914)
