"""A small router for emulators: method and path template to a handler, JSON in and out for control endpoints."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Handler = Callable[..., Response]
"""Called with the request and the parts of the path by name."""

_log = logging.getLogger("guitai.sandbox")


class Router:
    """Dispatches on the decoded path; what it does not know goes to ``otherwise`` or becomes a 404."""

    def __init__(self, otherwise: WSGIApplication | None = None) -> None:
        self._map = Map(strict_slashes=False, merge_slashes=False, redirect_defaults=False)
        self._handlers: dict[str, Handler] = {}
        self._otherwise = otherwise

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Register one handler, for example ``add("GET", "/v3/pay/<path:no>", show)``."""
        endpoint = f"{method} {template}"
        self._map.add(Rule(template, methods=[method], endpoint=endpoint))
        self._handlers[endpoint] = handler

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            endpoint, parts = self._map.bind_to_environ(environ).match()
        except HTTPException as missed:
            if self._otherwise:
                return self._otherwise(environ, start_response)
            return missed.get_response(environ)(environ, start_response)
        try:
            response = self._handlers[endpoint](request, **parts)
        except ConnectionError:
            raise
        except Exception as fault:  # noqa: BLE001 - the last place before the server: it would print values
            _log.error("%s failed: %s at %s", endpoint, type(fault).__name__, _place_of(fault))
            response = answer_json({"error": "the sandbox failed"}, 500)
        return response(environ, start_response)


def _place_of(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"


def answer_json(value: object, status: int = 200) -> Response:
    """A JSON answer in UTF-8, Chinese unescaped."""
    return Response(
        json.dumps(value, ensure_ascii=False), status=status, content_type="application/json; charset=utf-8"
    )


def read_control(request: Request, required: set[str], optional: frozenset[str] = frozenset()) -> dict[str, Any] | None:
    """The JSON object of a phone or control request, or None if its keys are not the expected ones."""
    try:
        told = read_json(request.get_data()) if request.is_json else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not required <= set(told) <= required | optional:
        return None
    return told


def read_json(raw: bytes, pairs: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None = None) -> Any:
    """JSON that can also be written again: no NaN, no half characters. Raises ``ValueError`` or ``RecursionError``."""
    value = json.loads(raw.decode("utf-8"), object_pairs_hook=pairs, parse_constant=_refuse_constant)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _refuse_constant(_name: str) -> float:
    raise ValueError("not a number of JSON")
