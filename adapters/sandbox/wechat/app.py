"""The simulated WeChat as one WSGI application: server API, payment API, phones and control. Routes only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.sandbox.context import SandboxContext
from adapters.sandbox.routing import Router
from adapters.sandbox.wechat import certificates, orders, refunds
from adapters.sandbox.wechat.control import Control
from adapters.sandbox.wechat.desk import PayDesk
from adapters.sandbox.wechat.mini import MiniDesk
from adapters.sandbox.wechat.pay_notices import WeChatNoticeDress
from adapters.sandbox.wechat.phone import Phones
from adapters.sandbox.wechat.state import NAME, WeChat, open_state

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def build(context: SandboxContext) -> WSGIApplication:
    """The emulator; its memory is ``wechat.sqlite3`` under the sandbox's home."""
    state = open_state(context)
    context.notices.register(NAME, WeChatNoticeDress(state))
    router = Router()
    _add_server_api(router, state)
    _add_payment_api(router, state)
    _add_phone_and_control(router, state)
    return router


def _add_server_api(router: Router, state: WeChat) -> None:
    desk = MiniDesk(state)
    router.add("GET", "/sns/jscode2session", desk.handler("code2session", desk.code_to_session))
    router.add("POST", "/cgi-bin/stable_token", desk.handler("stable_token", desk.stable_token))
    router.add("GET", "/cgi-bin/token", desk.handler("token", desk.legacy_token))
    router.add("POST", "/wxa/business/getuserphonenumber", desk.handler("phone_number", desk.phone_number))
    router.add("POST", "/cgi-bin/message/subscribe/send", desk.handler("subscribe_send", desk.subscribe_send))


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


def _add_phone_and_control(router: Router, state: WeChat) -> None:
    phones, control = Phones(state), Control(state)
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
