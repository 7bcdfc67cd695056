"""The shapes of request bodies: every field by name, with its limits; what is not named is refused (PARAM_ERROR).

Lengths count bytes of UTF-8, as the platform's own messages do (字节数).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.sandbox.wechat.answers import refuse_parameter

RFC3339 = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"
ORDER_NUMBER = r"[0-9A-Za-z_\-|*]{6,32}"
REFUND_NUMBER = r"[0-9A-Za-z_\-|*@]{1,64}"


@dataclass(frozen=True, slots=True)
class Text:
    """A string of ``shortest`` to ``longest`` bytes, matching ``pattern`` as a whole."""

    longest: int
    required: bool = False
    shortest: int = 1
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer (never a float or a boolean) of at least ``least``."""

    least: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    required: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """An object with exactly these fields."""

    fields: Mapping[str, Shape]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """A list of objects."""

    of: Group
    required: bool = False


Shape = Text | Whole | Flag | Group | Many


def check_shape(shape: Shape, value: object, path: str = "") -> None:
    """Raise ``PayRefused`` (PARAM_ERROR, with the field's place) at the first thing that does not fit."""
    match shape:
        case Text():
            _check_text(shape, value, path)
        case Whole():
            _check_whole(shape, value, path)
        case Flag():
            if not isinstance(value, bool):
                raise refuse_parameter(path, "类型应为布尔值", value)
        case Group():
            _check_group(shape, value, path)
        case Many():
            if not isinstance(value, list):
                raise refuse_parameter(path, "类型应为数组")
            for index, one in enumerate(value):
                check_shape(shape.of, one, f"{path}/{index}")


def _check_whole(shape: Whole, value: object, path: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse_parameter(path, "类型应为整数", value)
    if value < shape.least:
        raise refuse_parameter(path, f"数值 {value}，小于最小值 {shape.least}", value)


def _check_text(shape: Text, value: object, path: str) -> None:
    if not isinstance(value, str):
        raise refuse_parameter(path, "类型应为字符串", value)
    length = len(value.encode("utf-8", "surrogatepass"))
    if length < shape.shortest:
        raise refuse_parameter(path, f"字符串规则校验失败，字节数 {length}，小于最小值 {shape.shortest}", length)
    if length > shape.longest:
        raise refuse_parameter(path, f"字符串规则校验失败，字节数 {length}，大于最大值 {shape.longest}", length)
    if shape.pattern and not re.fullmatch(shape.pattern, value):
        raise refuse_parameter(path, "字符串规则校验失败，格式不符合要求", value)


def _check_group(shape: Group, value: object, path: str) -> None:
    if not isinstance(value, dict):
        raise refuse_parameter(path or "/", "类型应为对象")
    for name, inner in shape.fields.items():
        if name in value:
            check_shape(inner, value[name], f"{path}/{name}")
        elif inner.required:
            raise refuse_parameter(f"{path}/{name}", "缺少必填参数")
    for name in value:
        if name not in shape.fields:
            raise refuse_parameter(f"{path}/{name}", "未定义的参数")


_DETAIL = Group(
    {
        "cost_price": Whole(),
        "invoice_id": Text(32),
        "goods_detail": Many(
            Group(
                {
                    "merchant_goods_id": Text(32, required=True),
                    "wechatpay_goods_id": Text(32),
                    "goods_name": Text(256),
                    "quantity": Whole(1, required=True),
                    "unit_price": Whole(required=True),
                }
            )
        ),
    }
)
_SCENE = Group(
    {
        "payer_client_ip": Text(45, required=True),
        "device_id": Text(32),
        "store_info": Group(
            {"id": Text(32, required=True), "name": Text(256), "area_code": Text(32), "address": Text(512)}
        ),
    }
)
_ORDER: dict[str, Shape] = {
    "description": Text(127, required=True),
    "out_trade_no": Text(32, required=True, pattern=ORDER_NUMBER),
    "time_expire": Text(64, pattern=RFC3339),
    "attach": Text(128),
    "notify_url": Text(255, required=True),
    "goods_tag": Text(32),
    "support_fapiao": Flag(),
    "amount": Group({"total": Whole(1, required=True), "currency": Text(16, pattern="CNY")}, required=True),
    "detail": _DETAIL,
    "scene_info": _SCENE,
    "settle_info": Group({"profit_sharing": Flag()}),
}
DIRECT_ORDER = Group(
    {"appid": Text(32, required=True), "mchid": Text(32, required=True)}
    | _ORDER
    | {"payer": Group({"openid": Text(128, required=True)}, required=True)}
)
PARTNER_ORDER = Group(
    {
        "sp_appid": Text(32, required=True),
        "sp_mchid": Text(32, required=True),
        "sub_appid": Text(32),
        "sub_mchid": Text(32, required=True),
    }
    | _ORDER
    | {"payer": Group({"sp_openid": Text(128), "sub_openid": Text(128)}, required=True)}
)
DIRECT_CLOSE = Group({"mchid": Text(32, required=True)})
PARTNER_CLOSE = Group({"sp_mchid": Text(32, required=True), "sub_mchid": Text(32, required=True)})
REFUND = Group(
    {
        "sub_mchid": Text(32),
        "transaction_id": Text(32),
        "out_trade_no": Text(32, pattern=ORDER_NUMBER),
        "out_refund_no": Text(64, required=True, pattern=REFUND_NUMBER),
        "reason": Text(80),
        "notify_url": Text(256),
        "funds_account": Text(32, pattern="AVAILABLE|UNSETTLED"),
        "amount": Group(
            {
                "refund": Whole(1, required=True),
                "total": Whole(1, required=True),
                "currency": Text(16, required=True, pattern="CNY"),
                "from": Many(Group({"account": Text(32, required=True), "amount": Whole(1, required=True)})),
            },
            required=True,
        ),
        "goods_detail": Many(
            Group(
                {
                    "merchant_goods_id": Text(32, required=True),
                    "wechatpay_goods_id": Text(32),
                    "goods_name": Text(256),
                    "unit_price": Whole(required=True),
                    "refund_amount": Whole(required=True),
                    "refund_quantity": Whole(1, required=True),
                }
            )
        ),
    }
)
ABNORMAL_REFUND = Group(
    {
        "sub_mchid": Text(32),
        "out_refund_no": Text(64, required=True, pattern=REFUND_NUMBER),
        "type": Text(32, required=True, pattern="USER_BANK_CARD|MERCHANT_BANK_CARD"),
        "bank_type": Text(16),
        "bank_account": Text(1024),
        "real_name": Text(1024),
    }
)
