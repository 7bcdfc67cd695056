"""The error form of api.weixin.qq.com: HTTP 200, a number and an English message with a request id (rid) at its end."""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.routing import read_json


class SocialRefused(Exception):
    """One refusal of the server API."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(str(number))
        self.number = number
        self.message = message

    def to_body(self) -> dict[str, Any]:
        """The answer's body."""
        rid = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return {"errcode": self.number, "errmsg": f"{self.message}, rid: {rid}"}


def read_object(request: Request) -> dict[str, Any]:
    """The JSON object of a request, whatever its content type says. Raises ``SocialRefused`` (47001)."""
    try:
        told = read_json(request.get_data())
    except (ValueError, RecursionError):
        raise SocialRefused(47001, "data format error") from None
    if not isinstance(told, dict):
        raise SocialRefused(47001, "data format error")
    return told
