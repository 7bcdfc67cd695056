"""The simulated WeChat as one WSGI application: server API, payment API, phones and control. Routes only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.sandbox.context import NOTICE_KNOWN, SandboxContext
from adapters.sandbox.routing import Router
from adapters.sandbox.wechat import certificates, orders, refunds
from adapters.sandbox.wechat.control import Control
from adapters.sandbox.wechat.desk import PayDesk
from adapters.sandbox.wechat.mini import MiniDesk
from adapters.sandbox.wechat.nontax import NonTaxDesk
from adapters.sandbox.wechat.nontax_bill import BillDesk
from adapters.sandbox.wechat.nontax_control import FeeControl, FeePhone
from adapters.sandbox.wechat.nontax_notices import FEES, FeeNoticeDress, FeeReceiver, load_receivers
from adapters.sandbox.wechat.pay_notices import WeChatNoticeDress
from adapters.sandbox.wechat.phone import Phones
from adapters.sandbox.wechat.state import NAME, WeChat, open_state

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def build(context: SandboxContext) -> WSGIApplication:
    """The emulator; its memory is ``wechat.sqlite3`` under the sandbox's home."""
    state = open_state(context)
    context.notices.register(NAME, WeChatNoticeDress(state))
    receivers = load_receivers(context.credentials[NAME])
    context.notices.register(FEES, FeeNoticeDress(state, receivers))
    router = Router()
    mini = _add_server_api(router, state)
    _add_payment_api(router, state)
    _add_non_tax(router, state, mini, receivers)
    _add_phone_and_control(router, state, FeePhone(state, receivers))
    return router


def _add_non_tax(router: Router, state: WeChat, mini: MiniDesk, receivers: dict[str, FeeReceiver]) -> None:
    desk, control = NonTaxDesk(state, mini, receivers), FeeControl(state, receivers)
    state.context.listen(NOTICE_KNOWN, lambda told: desk.learn_notice(dict(told)))
    router.add("POST", "/nontax/queryfee", mini.handler("nontax_queryfee", desk.query_fee))
    router.add("POST", "/nontax/unifiedorder", mini.handler("nontax_order", desk.place_order))
    router.add("POST", "/nontax/getorder", mini.handler("nontax_query", desk.get_order))
    router.add("POST", "/nontax/getorderlist", mini.handler("nontax_list", desk.list_orders))
    router.add("POST", "/nontax/refund", mini.handler("nontax_refund", desk.refund))
    router.add("POST", "/nontax/downloadbill", BillDesk(state, mini).download)
    router.add("POST", "/_sandbox/control/nontax/receiver", control.receiver)
    router.add("POST", "/_sandbox/control/nontax/pay", control.pay)
    router.add("POST", "/_sandbox/control/nontax/close", control.close)
    router.add("POST", "/_sandbox/control/nontax/notices", control.notices)
    router.add("GET", "/_sandbox/nontax/orders", control.orders)
    router.add("GET", "/_sandbox/nontax/notices", control.list_notices)


def _add_server_api(router: Router, state: WeChat) -> MiniDesk:
    desk = MiniDesk(state)
    router.add("GET", "/sns/jscode2session", desk.handler("code2session", desk.code_to_session))
    router.add("POST", "/cgi-bin/stable_token", desk.handler("stable_token", desk.stable_token))
    router.add("GET", "/cgi-bin/token", desk.handler("token", desk.legacy_token))
    router.add("POST", "/wxa/business/getuserphonenumber", desk.handler("phone_number", desk.phone_number))
    router.add("POST", "/cgi-bin/message/subscribe/send", desk.handler("subscribe_send", desk.subscribe_send))
    return desk


def _add_payment_api(router: Router, state: WeChat) -> None:
    desk = PayDesk(state)
    for base in ("/v3/pay/transactions", "/v3/pay/partner/transactions"):
        router.add("POST", f"{base}/jsapi", desk.handler("order", orders.place_order))
        router.add("GET", f"{base}/out-trade-no/<out_trade_no>", desk.handler("query", orders.query_by_number))
        router.add("GET", f"{base}/id/<transaction_id>", desk.handler("query", orders.query_by_transaction))
        router.add("POST", f"{base}/out-trade-no/<out_trade_no>/close", desk.handler("close", orders.close_order))
    base = "/v3/refund/domestic/refunds"
    router.add("POST", base, desk.handler("refund", refunds.apply_refund))
    router.add("GET", f"{base}/<out_refund_no>", desk.handler("query_refund", refunds.query_refund))
    router.add(
        "POST",
        f"{base}/<refund_id>/apply-abnormal-refund",
        desk.handler("abnormal_refund", refunds.send_abnormal_refund),
    )
    router.add("GET", "/v3/certificates", desk.handler("certificates", certificates.list_certificates))


def _add_phone_and_control(router: Router, state: WeChat, fees: FeePhone) -> None:
    phones, control = Phones(state, fees.pay), Control(state)
    router.add("POST", "/_sandbox/phone/login", phones.login)
    router.add("GET", "/_sandbox/phone/openid", phones.openid)
    router.add("POST", "/_sandbox/phone/phone-code", phones.phone_code)
    router.add("POST", "/_sandbox/phone/pay", phones.pay)
    router.add("GET", "/_sandbox/phone/messages", phones.messages)
    router.add("POST", "/_sandbox/phone/subscription", phones.subscription)
    router.add("POST", "/_sandbox/control/behaviour", control.behaviour)
    router.add("POST", "/_sandbox/control/pay", control.pay)
    router.add("POST", "/_sandbox/control/refund", control.refund)
    router.add("POST", "/_sandbox/control/notices", control.notices)
    router.add("GET", "/_sandbox/notices", control.list_notices)
    router.add("GET", "/_sandbox/orders", control.orders)
    router.add("GET", "/_sandbox/orders/<order_no>", control.order)
