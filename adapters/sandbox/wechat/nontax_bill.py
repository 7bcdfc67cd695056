"""The daily bill of the non-tax platform (下载缴费对帐单): CSV, a grave accent before each value, with the columns that fees add.

Source: developers.weixin.qq.com/doc/service/api/nontaxpay/api_nontaxdownloadbill. Ready from six in the morning of the next day; amounts in
yuan, the fee with five decimals; the last two lines are the totals.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.routing import answer_json
from adapters.sandbox.wechat import nontax_shapes as shapes
from adapters.sandbox.wechat.mini import MiniDesk
from adapters.sandbox.wechat.social import SocialRefused, read_object
from adapters.sandbox.wechat.state import BEIJING, WeChat

HEADER = (
    "交易时间,公众账号ID,商户号,子商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,"
    "微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,手续费,费率,行政区划代码,缴费通知书编号(或平台订单号),"
    "执收单位编码,通知书类型,银行ID"
)
TOTALS = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额"
READY_HOUR = 6
NO_BILL = (237, "No Bill Exist")


class BillDesk:
    """Serves ``POST /nontax/downloadbill``."""

    def __init__(self, state: WeChat, mini: MiniDesk) -> None:
        self._state = state
        self._mini = mini

    def download(self, request: Request) -> Response:
        """The file itself, or an errcode as JSON."""
        try:
            content = self._write(self._read(request))
        except SocialRefused as refused:
            return answer_json(refused.to_body())
        return Response(content, content_type="text/plain; charset=utf-8")

    def _read(self, request: Request) -> dict[str, Any]:
        app_id = self._mini.check_token(request, "")
        told = read_object(request)
        shapes.check(told, shapes.BILL)
        if told["appid"] != app_id:
            raise SocialRefused(40013, "invalid appid")
        return told

    def _write(self, told: dict[str, Any]) -> str:
        day = datetime.strptime(told["bill_date"], "%Y%m%d").replace(tzinfo=BEIJING)
        if self._state.clock.now() < day + timedelta(days=1, hours=READY_HOUR):
            raise SocialRefused(*NO_BILL)
        orders = [
            one
            for one in self._state.shelf.all("nontax_order")
            if one["mch_id"] == told["mch_id"] and one["body"]["appid"] == told["appid"] and one["trans_id"]
        ]
        wanted = told.get("bill_type", "ALL")
        paid = [one for one in orders if wanted != "REFUND" and _on(one["paid_at"], day)]
        back = [
            (one, part)
            for one in orders
            for part in one["refunds"]
            if wanted != "SUCCESS" and _on(part["settles_at"], day)
        ]
        if not paid and not back:
            raise SocialRefused(*NO_BILL)
        rows = [_row(one, None) for one in paid] + [_row(one, part) for one, part in back]
        taken = sum(one["body"]["fee"] for one in paid)
        returned = sum(part["refund_fee"] for _, part in back)
        totals = [str(len(rows)), _yuan(taken), _yuan(returned), "0.00", "0.00000"]
        return "\r\n".join([HEADER, *rows, TOTALS, _line(totals)]) + "\r\n"


def _row(order: dict[str, Any], part: dict[str, Any] | None) -> str:
    body = order["body"]
    at = datetime.fromisoformat(part["settles_at"] if part else order["paid_at"]).astimezone(BEIJING)
    refund = (
        [part["refund_order_id"], part["refund_out_id"], _yuan(part["refund_fee"]), "0.00", "ORIGINAL", "SUCCESS"]
        if part
        else ["0", "0", "0.00", "0.00", "", ""]
    )
    number = body.get("payment_notice_no") or body["order_no"]
    return _line(
        [
            f"{at:%Y-%m-%d %H:%M:%S}", body["appid"], order["mch_id"], "0", order["trans_id"], order["order_id"],
            body.get("openid", ""), "JSAPI", "REFUND" if part else "SUCCESS", "OTHERS", "CNY",
            "0.00" if part else _yuan(body["fee"]), "0.00", *refund, body["desc"], "0.00000", "0.00%",
            body["region_code"], number, body["department_code"], str(body.get("payment_notice_type", "")),
            body.get("bank_id", ""),
        ]
    )  # fmt: skip


def _line(values: list[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _on(moment: str | None, day: datetime) -> bool:
    return moment is not None and datetime.fromisoformat(moment).astimezone(BEIJING).date() == day.date()


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
