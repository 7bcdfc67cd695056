"""The counter of WeChat Pay v3: who is calling, what was arranged, the operation, the signed answer. In that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.behaviour import run_with
from adapters.sandbox.evidence import raw_target
from adapters.sandbox.routing import read_json
from adapters.sandbox.wechat.answers import PayRefused, make_answer, refuse_parameter
from adapters.sandbox.wechat.magic import choose_magic
from adapters.sandbox.wechat.merchants import Merchant
from adapters.sandbox.wechat.signing import (
    check_request,
    parse_authorization,
    refuse_merchant,
    signature_headers,
)
from adapters.sandbox.wechat.state import WeChat


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request: ``body`` is the parsed JSON (None for GET), ``parts`` come from the path."""

    merchant: Merchant
    request: Request
    body: Any
    parts: dict[str, str]
    fault: str

    @property
    def partner(self) -> bool:
        """Whether the path is one of partner mode."""
        return self.request.path.startswith("/v3/pay/partner/")


Operation = Callable[[WeChat, Call], dict[str, Any] | None]
"""Gives the JSON answer, or None for 204. Raises ``PayRefused``."""


class PayDesk:
    """Runs the operations of the payment API."""

    def __init__(self, state: WeChat) -> None:
        self._state = state

    def handler(self, name: str, operation: Operation) -> Callable[..., Response]:
        """A route handler for one operation."""

        def handle(request: Request, **parts: str) -> Response:
            return self._serve(name, operation, request, parts)

        return handle

    def _serve(self, name: str, operation: Operation, request: Request, parts: dict[str, str]) -> Response:
        try:
            merchant = self._authenticate(request)
        except PayRefused as refused:
            return refused.to_response()
        behaviour = self._state.behaviours.take(name) or choose_magic(self._state, name, merchant, request, parts)
        fault = behaviour.name if behaviour else ""
        response = run_with(behaviour, lambda: self._act(operation, merchant, request, parts, fault), _fail)
        if fault not in {"html", "redirect"}:
            self._sign(merchant, request, response, fault)
        return response

    def _authenticate(self, request: Request) -> Merchant:
        told = parse_authorization(request.headers.get("Authorization"))
        merchant = self._state.merchants.get(told.mchid)
        if merchant is None:
            raise refuse_merchant()
        check_request(
            told, merchant, self._state.clock.now(), request.method, raw_target(request.environ), request.get_data()
        )
        return merchant

    def _act(
        self, operation: Operation, merchant: Merchant, request: Request, parts: dict[str, str], fault: str
    ) -> Response:
        try:
            _check_headers(request)
            _check_frequency(fault)
            call = Call(merchant, request, _parse_body(request), parts, fault)
            with self._state.shelf.change():
                answer = operation(self._state, call)
        except PayRefused as refused:
            return refused.to_response()
        return make_answer(answer, 204 if answer is None else 200)

    def _sign(self, merchant: Merchant, request: Request, response: Response, fault: str) -> None:
        serial, key = self._state.signer_for(merchant, request.headers.get("Wechatpay-Serial"), fault)
        headers = signature_headers(serial, key, self._state.clock.now(), response.get_data(), fault)
        response.headers.extend(headers)


def _check_headers(request: Request) -> None:
    accept = request.headers.get("Accept", "")
    if not any(kind in accept for kind in ("application/json", "*/*", "application/*")):
        raise refuse_parameter("Accept", "Http头缺少Accept或其值不含application/json", location="header")
    if not request.headers.get("User-Agent"):
        raise refuse_parameter("User-Agent", "Http头缺少User-Agent", location="header")
    if request.method == "POST" and request.mimetype != "application/json":
        raise refuse_parameter("Content-Type", "Http头Content-Type应为application/json", location="header")


def _check_frequency(fault: str) -> None:
    if fault == "frequency_limited":
        raise PayRefused(429, "FREQUENCY_LIMITED", "频率超限", 268435463)
    if fault == "account_abnormal":
        raise PayRefused(403, "USER_ACCOUNT_ABNORMAL", "用户账号异常，无法付款", 268435465)


def _parse_body(request: Request) -> Any:
    if request.method == "GET":
        return None
    try:
        return read_json(request.get_data(), _refuse_doubles)
    except (ValueError, RecursionError):
        raise refuse_parameter("/", "请求体不是有效的JSON") from None


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise refuse_parameter("/", "参数重复")
    return dict(pairs)


def _fail() -> Response:
    return PayRefused(500, "SYSTEM_ERROR", "系统异常，请稍后重试", 268435462).to_response()
