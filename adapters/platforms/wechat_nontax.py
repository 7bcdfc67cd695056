"""Government fees by WeChat's non-tax interface (微信非税缴费): the order, the question, the refund.

Facts: developers.weixin.qq.com/doc/service/api/nontaxpay and Non_tax_pay/Guidelines; platform-wire.md §1D. It is part of the server API:
an access token shows who calls, answers are believed by TLS, ``errcode`` says no. Unlike an ordinary order

- it is known by WeChat's own number alone (``order_id``); ours has no place in it beside the notice's. So it is made once;
- there is no way to close it: WeChat does so by itself, after a time that it does not publish (status 12, [UNCONF] how long);
- the money goes to the bank's merchant number (``mch_id``), and what it opens in the client is WeChat's payment page as a mini-program
  (``miniprogram`` in the answer; [3P] wx.navigateToMiniProgram with ``appId`` and ``path``, or wx.openBusinessView with
  ``businessType`` and ``queryString``: the client gets what either needs);
- [UNCONF] whether a refund of the whole may carry ``refund_fee`` and ``refund_out_id`` (they are required for a part): we send both, so that
  it is the same refund when sent again, and read the answer either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.platforms import wechat_nontax_wire as wire
from adapters.platforms.context import PlatformContext, take_fen, take_optional_text, take_text, write_json
from adapters.platforms.wechat_app import WeChatApp
from adapters.platforms.wechat_codes import make_app_error
from adapters.platforms.wire import fits
from services.errors import ConfigurationFault, PlatformGarbled, PlatformRefused
from services.exposure import Disclosure
from services.model import (
    JsonValue,
    MerchantAccount,
    Order,
    PlacedOrder,
    PlatformApp,
    RefundState,
    RefundStatus,
    TradeState,
    TradeStatus,
)
from services.non_tax import NonTaxOrder
from services.platform_port import NonTaxPlace

ORDER, QUERY, REFUND = "wechat.nontax.order", "wechat.nontax.query", "wechat.nontax.refund"
DECLARED: dict[str, frozenset[str]] = {
    ORDER: frozenset({
        "app_id", "app_credential", "merchant_id", "protocol", "platform_user", "order_description", "amount",
        "notice_no", "fee_items", "department", "region",
    }),
    QUERY: frozenset({"app_id", "app_credential", "protocol", "platform_order"}),
    REFUND: frozenset({"app_id", "app_credential", "protocol", "platform_order", "refund_number", "amount"}),
}  # fmt: skip
"""What each operation is declared to show: written by hand, not computed from the wire tables, so that the two must agree."""

STATES: dict[int, TradeState] = {
    1: TradeState.UNPAID,
    3: TradeState.PAID,
    4: TradeState.PAID,
    5: TradeState.REFUNDED,
    6: TradeState.REFUNDED,
    12: TradeState.CLOSED,
}
"""``status`` of getorder: 1 unpaid, 3 and 4 paid, 5 given back, 6 on its way back, 12 closed unpaid. Another fails closed."""
_BACK, _ON_ITS_WAY = 5, 6
_PAGE = r"[A-Za-z0-9_/.\-]{1,200}"
_QUERY_STRING = r"[A-Za-z0-9_\-.=&%~+]{0,500}"


class WeChatNonTax:
    """Orders and refunds of government fees. ``app`` holds the one shared token."""

    def __init__(self, context: PlatformContext, app: WeChatApp) -> None:
        self._context = context
        self._app = app

    def place_order(
        self, app: PlatformApp, merchant: MerchantAccount, order: Order, non_tax: NonTaxOrder, disclosure: Disclosure
    ) -> PlacedOrder:
        """Make an order; another call makes another one. A notice that is paid already is a refusal with WeChat's code."""
        if app.app_id != merchant.app_id:
            raise ConfigurationFault(f"{merchant.account} is not bound to the app {app.app}")
        if order.amount_fen != non_tax.notice.amount_fen:
            raise PlatformRefused("AMOUNT_IS_NOT_THE_SUM")
        content = describe_order(merchant, order, non_tax)
        tables = (wire.order_table(merchant, non_tax, self._context.phrases()), wire.ORDER_REPLY)
        told = disclosure.declaring(DECLARED[ORDER], account=merchant.account)
        answer = self._app.ask_with_token(app, ORDER, "/nontax/unifiedorder", write_json(content), tables, told)
        _require_success(ORDER, answer)
        number = _take_order_id(ORDER, answer)
        return PlacedOrder(number, read_page(answer.get("miniprogram")))

    def query_order(
        self, merchant: MerchantAccount, order_no: str, place: NonTaxPlace, disclosure: Disclosure
    ) -> TradeStatus:
        """Ask by WeChat's number. While none is known, nobody was given what opens the order: ``ABSENT``, without asking."""
        if place.platform_order is None:
            return TradeStatus(order_no, TradeState.ABSENT)
        answer = self._ask(merchant, place, disclosure)
        return read_trade(order_no, answer)

    def close_order(self, order_no: str, place: NonTaxPlace) -> TradeStatus:
        """Nothing can be sent: the order stays unpaid until WeChat closes it, and whoever asks learns of that."""
        return TradeStatus(order_no, TradeState.UNPAID if place.platform_order else TradeState.ABSENT)

    def request_refund(
        self,
        merchant: MerchantAccount,
        refund: tuple[str, str],
        amount_fen: int,
        place: NonTaxPlace,
        disclosure: Disclosure,
    ) -> RefundStatus:
        """Give the whole back. ``refund`` is our order number and refund number. Refused: the order itself says what became of it."""
        content = {
            "appid": merchant.app_id,
            "order_id": _require_number(place),
            "reason": wire.REFUND_REASON,
            "refund_fee": amount_fen,
            "refund_out_id": refund[1],
        }
        told = disclosure.declaring(DECLARED[REFUND], account=merchant.account)
        tables = (wire.refund_table(merchant), wire.REFUND_REPLY)
        answer = self._app.ask_with_token(place.app, REFUND, "/nontax/refund", write_json(content), tables, told)
        try:
            _require_success(REFUND, answer)
        except PlatformRefused:
            status = self.query_refund(merchant, refund, place, disclosure)
            if status.state is RefundState.ABSENT:
                raise
            return status
        number = take_text(REFUND, answer, "refund_order_id")
        return RefundStatus(*refund, RefundState.PROCESSING, amount_fen, number)

    def query_refund(
        self, merchant: MerchantAccount, refund: tuple[str, str], place: NonTaxPlace, disclosure: Disclosure
    ) -> RefundStatus:
        """What the order says of our refund; ``OUTSIDE`` if all went back under another number, ``ABSENT`` if nothing did."""
        if place.platform_order is None:
            return RefundStatus(*refund, RefundState.ABSENT)
        return read_refund(refund, self._ask(merchant, place, disclosure))

    def _ask(self, merchant: MerchantAccount, place: NonTaxPlace, disclosure: Disclosure) -> Mapping[str, JsonValue]:
        content = {"appid": merchant.app_id, "order_id": _require_number(place)}
        told = disclosure.declaring(DECLARED[QUERY], account=merchant.account)
        tables = (wire.query_table(merchant), wire.QUERY_REPLY)
        answer = self._app.ask_with_token(place.app, QUERY, "/nontax/getorder", write_json(content), tables, told)
        _require_success(QUERY, answer)
        expected = {**content, "payment_notice_no": place.order.notice.payment_notice_no}
        if any(answer.get(name) != value for name, value in expected.items()):
            raise PlatformGarbled(f"{QUERY}: the answer is about another order")
        return answer


def describe_order(merchant: MerchantAccount, order: Order, non_tax: NonTaxOrder) -> dict[str, JsonValue]:
    """The body of an order: what the interface requires of the notice and its department; never ``user_name`` or an address."""
    notice = non_tax.notice
    content: dict[str, JsonValue] = {
        "appid": merchant.app_id,
        "mch_id": merchant.merchant_id,
        "openid": order.user_id,
        "desc": order.description,
        "fee": order.amount_fen,
        "ip": wire.terminal_address(merchant),
        "payment_notice_no": notice.payment_notice_no,
        "department_code": non_tax.department_code,
        "department_name": non_tax.department_name,
        "region_code": non_tax.region_code,
        "items": [
            {
                "no": item.no, "item_id": item.item_id, "item_name": item.item_name, "overdue": item.overdue_fen,
                "penalty": item.penalty_fen, "fee": item.fee_fen,
            }
            for item in notice.items
        ],
        "payment_notice_create_time": int(wire.second_of(notice.created_on)),
        "scene": wire.SCENE,
    }  # fmt: skip
    if notice.expires_on is not None:
        content["payment_expire_date"] = f"{notice.expires_on:%Y%m%d}"
    if "bank_id" in merchant.options:
        content["bank_id"] = merchant.options["bank_id"]
    if "service_id" in merchant.options:
        content["service_id"] = int(merchant.options["service_id"])
    return content


def read_page(told: JsonValue) -> dict[str, str]:
    """What opens WeChat's payment page in the client. Raises ``PlatformGarbled``."""
    page, query = take_text(ORDER, told, "pagepath"), take_optional_text(ORDER, told, "query_string") or ""
    if not fits(_PAGE, page) or not fits(_QUERY_STRING, query):
        raise PlatformGarbled(f"{ORDER}: a malformed page")
    found = {"appId": take_text(ORDER, told, "appid"), "path": f"{page}?{query}" if query else page}
    business = take_optional_text(ORDER, told, "business_type")
    return found | ({"businessType": business, "queryString": query} if business else {})


def read_trade(order_no: str, data: Mapping[str, JsonValue]) -> TradeStatus:
    """The state of an order. Raises ``PlatformGarbled`` for one that we do not know, or for another currency."""
    status = data.get("status")
    state = STATES.get(status) if isinstance(status, int) and not isinstance(status, bool) else None
    if state is None or data.get("fee_type", 1) != 1:
        raise PlatformGarbled(f"{QUERY}: an unknown state or currency")
    money = state in (TradeState.PAID, TradeState.REFUNDED)
    fee = take_fen(QUERY, data, "fee")
    return TradeStatus(
        order_no=order_no,
        state=state,
        amount_fen=fee,
        transaction_id=take_text(QUERY, data, "trans_id") if money else None,
        paid_at=_read_second(data, "pay_finish_time") if money else None,
        returned_fen=fee if status == _BACK else None,
    )


def read_refund(refund: tuple[str, str], data: Mapping[str, JsonValue]) -> RefundStatus:
    """What an order says of our refund: in ``partial_refund_info`` (one or a list, [UNCONF]) or of the whole order."""
    for part in _list_parts(data.get("partial_refund_info")):
        if part.get("refund_out_id") == refund[1]:
            return _judge_refund(refund, part.get("refund_status"), part, take_fen(QUERY, part, "refund_fee"))
    if data.get("status") not in (_BACK, _ON_ITS_WAY):
        return RefundStatus(*refund, RefundState.ABSENT)
    if data.get("refund_out_id") not in (None, "", refund[1]):
        return RefundStatus(*refund, RefundState.OUTSIDE)
    return _judge_refund(refund, data["status"], data, take_fen(QUERY, data, "fee"))


def _judge_refund(
    refund: tuple[str, str], status: JsonValue, data: Mapping[str, JsonValue], amount_fen: int
) -> RefundStatus:
    states = {_BACK: RefundState.REFUNDED, _ON_ITS_WAY: RefundState.PROCESSING}
    if not isinstance(status, int) or status not in states:
        raise PlatformGarbled(f"{QUERY}: an unknown state of a refund")
    number = take_optional_text(QUERY, data, "refund_order_id")
    return RefundStatus(*refund, states[status], amount_fen, number)


def _list_parts(told: JsonValue) -> list[Mapping[str, JsonValue]]:
    parts = told if isinstance(told, list) else [told]
    return [part for part in parts if isinstance(part, dict)]


def _read_second(data: Mapping[str, JsonValue], name: str) -> datetime:
    second = take_fen(QUERY, data, name)
    if not 0 < second < 10**11:
        raise PlatformGarbled(f"{QUERY}: no moment in {name}")
    return datetime.fromtimestamp(second, UTC)


def _take_order_id(operation: str, answer: Mapping[str, JsonValue]) -> str:
    number = take_text(operation, answer, "order_id")
    if not fits(wire.ORDER_ID, number):
        raise PlatformGarbled(f"{operation}: a malformed order_id")
    return number


def _require_number(place: NonTaxPlace) -> str:
    if place.platform_order is None:
        raise PlatformRefused("ORDER_NOT_PLACED")
    return place.platform_order


def _require_success(operation: str, answer: Mapping[str, JsonValue]) -> None:
    """``errcode`` zero, and there: [DOC] each of these answers carries it. Raises what another means."""
    errcode = answer.get("errcode")
    if not isinstance(errcode, int) or isinstance(errcode, bool):
        raise PlatformGarbled(f"{operation}: no errcode")
    if errcode:
        raise make_app_error(operation, errcode)
