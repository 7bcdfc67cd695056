"""The envelope of the v2 gateway: read and verify a request, write and sign an answer.

Checks come in the platform's order: what is missing (40001), what is not acceptable (40002), the signature last.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Request, Response

from adapters.sandbox.alipay.accounts import Accounts
from adapters.sandbox.alipay.model import MESSAGES, Application, Call, GatewayRefused, PlatformKey, read_moment
from adapters.sandbox.alipay.signatures import is_signed, join_parameters, sign_bytes, write_value

CHARSETS: Mapping[str, str] = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gbk", "gb2312": "gbk"}

STALE = timedelta(minutes=15)
"""How far a time stamp may be from the platform's clock. The platform publishes no figure [unconfirmed]."""

_REQUIRED = (
    ("app_id", "isv.missing-app-id", "缺少appId参数"),
    ("method", "isv.missing-method", "缺少方法名参数"),
    ("sign", "isv.missing-signature", "缺少签名参数"),
    ("sign_type", "isv.missing-signature-type", "缺少签名类型参数"),
    ("timestamp", "isv.missing-timestamp", "缺少时间戳参数"),
    ("version", "isv.missing-version", "缺少版本参数"),
    ("charset", "isv.missing-charset", "缺少字符集参数"),
)


def read_parameters(request: Request) -> tuple[dict[str, str], str]:
    """Parameters of query and form, decoded once with the charset that they name; gives (parameters, charset).

    Raises ``GatewayRefused``: unknown charset, bytes that are not in it, a name twice, a body that is no form.
    """
    query = request.query_string.decode("latin-1")
    body = request.get_data().decode("latin-1") if request.method == "POST" else ""
    if body and request.mimetype != "application/x-www-form-urlencoded":
        raise _invalid("isv.invalid-parameter", "请求体不是表单", signed=False)
    told = dict(_split(query, "latin-1") + _split(body, "latin-1")).get("charset", "utf-8").lower()
    charset = CHARSETS.get(told)
    if charset is None:
        raise _invalid("isv.invalid-charset", "字符集错误,目前支持UTF-8,GBK,GB2312", signed=False)
    try:
        pairs = _split(query, charset) + _split(body, charset)
    except UnicodeDecodeError:
        raise _invalid("isv.invalid-encoding", "编码与字符集不符", signed=False) from None
    if len(dict(pairs)) != len(pairs):
        raise _invalid("isv.invalid-parameter", "参数重复", signed=False)
    return dict(pairs), charset


def _split(text: str, charset: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=100)


def verify_call(
    accounts: Accounts, parameters: Mapping[str, str], charset: str, methods: Collection[str], now: datetime
) -> Call:
    """Check everything that the gateway checks before a product sees the call. Raises ``GatewayRefused``."""
    for name, sub_code, sub_msg in _REQUIRED:
        if not parameters.get(name):
            raise GatewayRefused("40001", sub_code, sub_msg, signed=False)
    app = accounts.find(parameters["app_id"])
    if app is None:
        raise _invalid("isv.invalid-app-id", "无效的AppID参数", signed=False)
    if parameters["method"] not in methods:
        raise _invalid("isv.invalid-method", "不存在的方法名", error_node=True)
    _check_forms(parameters, now)
    certificates = _check_signature(app, parameters, charset)
    return Call(
        app=app,
        method=parameters["method"],
        parameters=parameters,
        content=_read_content(parameters.get("biz_content", "")),
        charset=charset,
        certificates=certificates,
        now=now,
    )


def _check_forms(parameters: Mapping[str, str], now: datetime) -> None:
    if parameters["sign_type"] != "RSA2":
        raise _invalid("isv.invalid-signature-type", "无效的签名类型")
    if parameters["version"] != "1.0":
        raise _invalid("isv.invalid-parameter", "无效的版本")
    if parameters.get("format", "JSON").upper() != "JSON":
        raise _invalid("isv.invalid-format", "无效的数据格式")
    moment = read_moment(parameters["timestamp"])
    if moment is None or abs(moment - now) > STALE:
        raise _invalid("isv.invalid-timestamp", "非法的时间戳参数")


def _check_signature(app: Application, parameters: Mapping[str, str], charset: str) -> bool:
    """Verify in the mode that the request chooses; gives whether that is certificate mode."""
    key, certificates = app.public_key, "app_cert_sn" in parameters or "alipay_root_cert_sn" in parameters
    if certificates:
        if app.certificate_key is None or parameters.get("app_cert_sn") != app.certificate_serial:
            raise _invalid("isv.invalid-app-cert-sn", "应用公钥证书SN不匹配")
        if parameters.get("alipay_root_cert_sn") != app.root_serial:
            raise _invalid("isv.invalid-alipay-root-cert-sn", "支付宝根证书SN不匹配")
        key = app.certificate_key
    if not is_signed(key, join_parameters(parameters, without={"sign"}, charset=charset), parameters["sign"]):
        raise _invalid("isv.invalid-signature", "验签出错，请检查待签名字符串、密钥和字符集")
    return certificates


def _read_content(text: str) -> Mapping[str, Any]:
    """A JSON object of whole characters: JSON can carry half of one (a lone surrogate), which no charset can."""
    try:
        content = json.loads(text) if text else {}
        json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise _invalid("isv.invalid-parameter", "biz_content不是JSON对象")
    return content


def _invalid(sub_code: str, sub_msg: str, *, signed: bool = True, error_node: bool = False) -> GatewayRefused:
    return GatewayRefused("40002", sub_code, sub_msg, signed=signed, error_node=error_node)


def name_node(method: str) -> str:
    """``alipay.trade.query`` answers in ``alipay_trade_query_response``."""
    return method.replace(".", "_") + "_response"


def succeed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A product's answer with the gateway's success code."""
    return {"code": "10000", "msg": MESSAGES["10000"], **fields}


def write_answer(
    node: str, value: str, key: PlatformKey | None, charset: str, *, sign: str | None = None, sign_first: bool = False
) -> Response:
    """The answer with ``value`` (JSON text) standing in it byte for byte as it was signed.

    ``key`` None leaves the signature out; ``sign`` replaces it. In certificate mode the SN of the key's certificate comes
    before the signature.
    """
    parts = [f'"{node}":{value}']
    if key is not None and key.serial is not None:
        parts.append(f'"alipay_cert_sn":"{key.serial}"')
    if key is not None or sign is not None:
        signature = sign if sign is not None or key is None else sign_bytes(key.private, write_text(value, charset))
        parts.insert(0 if sign_first else len(parts), f'"sign":"{signature}"')
    body = "{" + ",".join(parts) + "}"
    return Response(write_text(body, charset), content_type=f"text/html;charset={charset}")


def write_node(fields: Mapping[str, Any]) -> str:
    """The JSON text of a node."""
    return write_value(fields)


def write_text(text: str, charset: str) -> bytes:
    """The bytes of an answer; what GBK does not have becomes a question mark, in what is signed too."""
    return text.encode(charset, "replace")
