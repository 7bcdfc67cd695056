"""What the marshmallow schemas do not know of the OpenAPI document: who must sign in, headers, errors, what platforms are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from gateway.exposing import spoken_of
from gateway.promising import FORM, HEADER
from gateway.publication import ACKNOWLEDGED, NOT_ACKNOWLEDGED, RESULT_REFUSED, TEXT
from gateway.schemas.fields import UUID_FORM
from services.model import Language, PlatformName

METHODS = ("get", "post", "put", "patch", "delete")
PLATFORM_WORDS = {PlatformName.WECHAT: "微信 · WeChat", PlatformName.ALIPAY: "支付宝 · Alipay"}
HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {
        "description": "本次请求的编号，求助时请提供 · the number of this request, for asking for help",
        "required": True,
        "schema": {"type": "string", "format": "uuid", "pattern": f"^{UUID_FORM}$"},
    },
    "Retry-After": {
        "description": "几秒后再试 · seconds until it is worth trying again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    HEADER: {
        "description": "对会话的答复带有的签名承诺：本次请求的哪些记录已写入披露账本，请原样保存 · in a reply to a session: signed by us, which records of this request "
        "stand in the exposure ledger; keep it as it is",
        "required": False,
        "schema": {"type": "string", "pattern": f"^{FORM.pattern}$"},
    },
}
PARAMETERS: Mapping[str, Any] = {
    "RequestId": {
        "in": "header",
        "name": "X-Request-Id",
        "description": "自带的请求编号，小写 UUID；其他形式不予采用 · a number of your own, a lower-case UUID; any other is not used",
        "required": False,
        "schema": {"type": "string"},
    },
    "Language": {
        "in": "header",
        "name": "Accept-Language",
        "description": "答复的语言（RFC 9110 第 12.5.4 节），默认中文 · language of the reply, Chinese by default",
        "required": False,
        "schema": {"type": "string", "default": Language.ZH_CN.value, "examples": [str(one) for one in Language]},
    },
}
ERRORS: Mapping[str, tuple[str, bool]] = {
    "DEFAULT_ERROR": ("出错：错误码、说明和请求编号 · an error: its code, words and the number of the request", False),
    "UNPROCESSABLE_ENTITY": (
        "填写的内容不符合要求：字段和规则 · something that was sent has another form: field and rule",
        False,
    ),
    "TOO_MANY_REQUESTS": ("操作过于频繁 · too many requests", True),
    "UNAVAILABLE": ("暂时不可用 · not available for the moment", True),
}
"""The error replies by name: what they mean, and whether they say when to try again."""
EVERYWHERE = {"429": "TOO_MANY_REQUESTS", "503": "UNAVAILABLE", "default": "DEFAULT_ERROR"}
NOTICE_REFUSALS = {
    "400": "通知未通过校验 · the notice did not pass its checks",
    "401": "探测通知（SIGNTEST） · a probe (SIGNTEST)",
    "503": "暂时无法受理，请平台重发 · cannot be taken in now; the platform sends it again",
}


def finish_specification(specification: dict[str, Any], app: Flask) -> dict[str, Any]:
    """Add all of it to the document that flask-smorest made from the schemas."""
    components = specification.setdefault("components", {})
    components.setdefault("securitySchemes", {})["session"] = {
        "type": "http", "scheme": "bearer", "description": "POST /v1/sessions 返回的 token",
    }  # fmt: skip
    schemas = components.setdefault("schemas", {})
    schemas.pop("PaginationMetadata", None)  # flask-smorest's own; our pages have next_cursor
    schemas.setdefault("ErrorReply", {"type": "object"})
    components["headers"], components["parameters"] = dict(HEADERS), dict(PARAMETERS)
    components["responses"] = {name: describe_error(*words) for name, words in ERRORS.items()}
    rules = {(method, _openapi_path(rule.rule)): app.view_functions[rule.endpoint]
             for rule in app.url_map.iter_rules() for method in rule.methods or ()}  # fmt: skip
    for path, item in specification["paths"].items():
        for method in METHODS:
            if method in item:
                spoken = spoken_of(rules.get((method.upper(), path)))
                finish_operation(
                    item[method], open_route=spoken is None or spoken.open, purpose=spoken.purpose if spoken else ""
                )
    specification["info"]["description"] = "政府柜台在微信和支付宝小程序内的接口。金额单位为分（整数），时间为 UTC。"
    return specification


def finish_operation(operation: dict[str, Any], *, open_route: bool, purpose: str) -> None:
    """Session, purpose, headers and errors of one operation. A platform that sends a notice is answered in its own words."""
    if not open_route:
        operation["security"] = [{"session": []}]
    operation["x-purpose"] = purpose
    operation.setdefault("parameters", []).append(_refer("parameters", "RequestId"))
    answers = operation["responses"]
    if purpose in INBOUND:
        answers |= INBOUND[purpose]()
        answers["default"] = _refer("responses", "DEFAULT_ERROR")
        return
    operation["parameters"].append(_refer("parameters", "Language"))
    answers |= {status: _refer("responses", name) for status, name in EVERYWHERE.items()}
    for answer in answers.values():
        if "$ref" not in answer:
            answer.setdefault("headers", {}).update(_refer_headers(waits=False) | _refer_promise())


def describe_receipts() -> dict[str, Any]:
    """What a back end reads that pushed a result: the mapping's own acknowledgement, or the one refusal."""
    refused = {TEXT: {"schema": {"type": "string", "const": RESULT_REFUSED.decode()}}}
    taken = {
        TEXT: {
            "schema": {
                "type": "string",
                "description": "mapping 中 late.acknowledge 的文字 · late.acknowledge of the mapping",
            }
        }
    }
    return {
        status: {"description": words, "headers": _refer_headers(waits=status == "503"), "content": content}
        for status, words, content in (
            ("200", "已收到 · received", taken),
            ("400", "推送未通过校验 · the message did not pass its checks", refused),
            ("503", "暂时无法受理，请重发 · cannot be taken in now; send it again", refused),
        )
    }


def describe_error(words: str, waits: bool) -> dict[str, Any]:
    """One error reply; ``waits``: it says in a header when to try again."""
    return {
        "description": words,
        "headers": _refer_headers(waits=waits) | _refer_promise(),
        "content": {"application/json": {"schema": _refer("schemas", "ErrorReply")}},
    }


def describe_acknowledgements() -> dict[str, Any]:
    """What a platform reads: "received", or one of the refusals after which it sends the notice again."""
    found = {"200": ("已收到 · received", ACKNOWLEDGED, False)}
    found |= {status: (words, NOT_ACKNOWLEDGED, True) for status, words in NOTICE_REFUSALS.items()}
    return {
        status: {
            "description": words,
            "headers": _refer_headers(waits=status == "503"),
            "content": _describe_bodies(bodies, or_error=or_error),
        }
        for status, (words, bodies, or_error) in found.items()
    }


def _describe_bodies(bodies: Mapping[PlatformName, tuple[str, bytes]], *, or_error: bool) -> dict[str, Any]:
    """The exact text of each platform; in JSON a refusal may also be one of our own errors (a request that never arrived whole)."""
    content: dict[str, Any] = {}
    for platform, (kind, body) in bodies.items():
        schema: dict[str, Any] = {"description": PLATFORM_WORDS[platform]}
        if kind == TEXT:
            schema |= {"type": "string", "const": body.decode()}
        else:
            schema |= {"type": "object", "const": json.loads(body)}
            schema = {"anyOf": [schema, _refer("schemas", "ErrorReply")]} if or_error else schema
        content[kind] = {"schema": schema}
    return content


INBOUND: Mapping[str, Callable[[], dict[str, Any]]] = {
    "receive_notice": describe_acknowledgements,
    "receive_result": describe_receipts,
}
"""Routes for platforms and back ends, each answered in its caller's own words."""


def _refer_headers(*, waits: bool) -> dict[str, Any]:
    names = ("X-Request-Id", "Retry-After") if waits else ("X-Request-Id",)
    return {name: _refer("headers", name) for name in names}


def _refer_promise() -> dict[str, Any]:
    return {HEADER: _refer("headers", HEADER)}


def _refer(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _openapi_path(rule: str) -> str:
    parts = []
    for part in rule.split("/"):
        inner = part[1:-1].rsplit(":", 1)[-1] if part.startswith("<") else None
        parts.append(f"{{{inner}}}" if inner else part)
    return "/".join(parts)
