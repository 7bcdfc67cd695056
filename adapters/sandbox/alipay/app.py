"""The emulated Alipay open platform, v2 gateway: build it from a sandbox context."""

from __future__ import annotations

from adapters.sandbox.alipay.accounts import Accounts
from adapters.sandbox.alipay.control import Control
from adapters.sandbox.alipay.gateway import Gateway
from adapters.sandbox.alipay.notices import TradeNoticeDress
from adapters.sandbox.alipay.phone import Phone
from adapters.sandbox.alipay.state import NAME, OPERATIONS, Alipay
from adapters.sandbox.behaviour import Behaviours
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.routing import Router


def build(context: SandboxContext) -> Router:
    """The emulator as a WSGI application; it remembers under ``home/alipay.sqlite3``."""
    accounts = Accounts(context.home / "credentials" / "alipay", context.credentials["alipay"])
    shelf = context.open_shelf(NAME)
    state = Alipay(context.clock, shelf, Behaviours(OPERATIONS), accounts, context.notices)
    dress = TradeNoticeDress(accounts, context.clock)
    context.notices.register(NAME, dress)
    router = Router()
    gateway = Gateway(state)
    for method in ("GET", "POST"):
        router.add(method, "/gateway.do", gateway.answer)
    Phone(state).add_to(router)
    Control(state, dress).add_to(router)
    return router
