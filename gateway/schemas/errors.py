"""The body of an error, for the documentation; ``gateway/errors.py`` writes it."""

from __future__ import annotations

from marshmallow import Schema, fields


class ErrorReply(Schema):
    """What went wrong: a stable code, a sentence for people, sometimes a detail, and the number of the request."""

    code = fields.String(metadata={"description": "稳定的错误码", "x-exposure": "error"})
    message = fields.String(metadata={"description": "给人看的话", "x-exposure": "error"})
    detail = fields.Dict(allow_none=True, metadata={"description": "哪个字段、需要哪个等级、何时再试；没有则为 null"})
    request_id = fields.UUID(
        allow_none=True, metadata={"description": "请求编号；未登录时为 null，编号在 X-Request-Id 头中"}
    )
