"""The one address of the v2 gateway: verify, act, answer with a signature over the exact bytes of the value."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.alipay.amounts import read_amount, write_amount
from adapters.sandbox.alipay.envelope import (
    name_node,
    read_parameters,
    succeed,
    verify_call,
    write_answer,
    write_node,
    write_text,
)
from adapters.sandbox.alipay.identity import exchange_code, send_message
from adapters.sandbox.alipay.model import Call, GatewayRefused, PlatformKey
from adapters.sandbox.alipay.refunds import query_refund, refund_trade
from adapters.sandbox.alipay.signatures import sign_bytes, stranger_key
from adapters.sandbox.alipay.state import Alipay
from adapters.sandbox.alipay.trades import close_trade, create_trade, find_trade, key_of, query_trade, refuse
from adapters.sandbox.behaviour import Behaviour, run_with

METHODS: Mapping[str, str] = {
    "alipay.system.oauth.token": "token",
    "alipay.open.app.mini.templatemessage.send": "message",
    "alipay.trade.create": "order",
    "alipay.trade.query": "query",
    "alipay.trade.close": "close",
    "alipay.trade.refund": "refund",
    "alipay.trade.fastpay.refund.query": "query_refund",
    "alipay.open.app.alipaycert.download": "certificate",
}
"""Methods of the platform, each with the operation under which its behaviours are arranged."""

_UNKNOWN_SERIAL = "0123456789abcdef0123456789abcdef"


class Gateway:
    """``/gateway.do``."""

    def __init__(self, state: Alipay) -> None:
        self._state = state

    def answer(self, request: Request) -> Response:
        """Answer one request. Raises ``ConnectionResetError`` where a behaviour leaves it without an answer."""
        parameters: dict[str, str] = {}
        charset = "utf-8"
        try:
            parameters, charset = read_parameters(request)
            call = verify_call(self._state.accounts, parameters, charset, METHODS, self._state.clock.now())
        except GatewayRefused as refusal:
            certificates = "app_cert_sn" in parameters
            node = name_node(parameters.get("method", "")) if parameters.get("method") in METHODS else "error_response"
            return self._refuse(refusal, node, certificates, charset, None)
        operation = METHODS[call.method]
        behaviour = self._choose(operation, call)
        return run_with(behaviour, lambda: self._act(call, operation, behaviour))

    def _choose(self, operation: str, call: Call) -> Behaviour | None:
        """The arranged behaviour, or the magic one of the order that the call is about."""
        key, amount = "", read_amount(call.content.get("total_amount"))
        if operation in {"query", "close", "refund"}:
            try:
                trade = find_trade(self._state, call)
            except GatewayRefused:
                amount = None
            else:
                key, amount = key_of(trade["app_id"], trade["out_trade_no"]), trade["amount_fen"]
        elif operation == "order":
            key = key_of(call.app.app_id, str(call.content.get("out_trade_no")))
        return self._state.choose(operation, key, amount)

    def _act(self, call: Call, operation: str, behaviour: Behaviour | None) -> Response:
        name = behaviour.name if behaviour is not None else ""
        node = name_node(call.method)
        try:
            _refuse_first(name)
            fields = self._run(call, operation, name)
        except GatewayRefused as refusal:
            return self._refuse(refusal, node, call.certificates, call.charset, name)
        if name == "wrong_amount":
            fields["total_amount"] = write_amount((read_amount(fields["total_amount"]) or 0) + 1)
        value = write_node(fields if operation == "token" else succeed(fields))
        return self._write(node, value, call.certificates, call.charset, name)

    def _run(self, call: Call, operation: str, name: str) -> dict[str, Any]:
        acts: Mapping[str, Callable[[], dict[str, Any]]] = {
            "token": lambda: exchange_code(self._state, call, name),
            "message": lambda: send_message(self._state, call, name),
            "order": lambda: create_trade(self._state, call),
            "query": lambda: query_trade(self._state, call, name),
            "close": lambda: close_trade(self._state, call),
            "refund": lambda: refund_trade(self._state, call, name),
            "query_refund": lambda: query_refund(self._state, call),
            "certificate": lambda: self._download_certificate(call),
        }
        return acts[operation]()

    def _download_certificate(self, call: Call) -> dict[str, Any]:
        key = self._state.accounts.find_certificate(call.content.get("alipay_cert_sn"))
        if key is None:
            raise refuse("CERT_NOT_EXIST", "证书不存在")
        return {"alipay_cert_content": base64.b64encode(key.certificate_pem.encode()).decode()}

    def _refuse(
        self, refusal: GatewayRefused, node: str, certificates: bool, charset: str, name: str | None
    ) -> Response:
        place = "error_response" if refusal.error_node else node
        value = write_node(refusal.fields)
        if refusal.signed:
            return self._write(place, value, certificates, charset, name or "")
        if certificates and refusal.error_node:
            key = self._state.accounts.key_for(certificates)
            return write_answer(place, value, key, charset, sign="")
        return write_answer(place, value, None, charset)

    def _write(self, node: str, value: str, certificates: bool, charset: str, name: str) -> Response:
        """Sign as the mode and the behaviour demand."""
        key = self._state.accounts.key_for(certificates, following=name == "next_serial")
        if name == "unsigned":
            return write_answer(node, value, None, charset)
        if name == "empty_sign":
            return write_answer(node, value, key, charset, sign="")
        if name == "forged_signature":
            sign = sign_bytes(stranger_key(), write_text(value, charset))
            return write_answer(node, value, key, charset, sign=sign)
        if name == "unknown_serial":
            return write_answer(node, value, PlatformKey(stranger_key(), _UNKNOWN_SERIAL), charset)
        return write_answer(node, value, key, charset, sign_first=name == "sign_first")


def _refuse_first(name: str) -> None:
    """Behaviours that refuse before anything happens."""
    if name == "busy":
        raise GatewayRefused("20000", "isp.unknow-error", "系统繁忙")
    if name == "system_error":
        raise refuse("ACQ.SYSTEM_ERROR", "接口返回错误")
    if name == "declined":
        raise refuse("ACQ.RISK_MERCHANT_IP_NOT_EXIST", "当前交易未传入IP信息")
    if name == "buyer_restricted":
        raise refuse("ACQ.BUYER_ENABLE_STATUS_FORBID", "买家状态非法")
    if name == "trade_not_exist":
        raise refuse("ACQ.TRADE_NOT_EXIST", "交易不存在")
