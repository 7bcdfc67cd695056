"""One call to a back end, whatever it speaks: translate, send, read, translate back, and say honestly what is known.

A wire (``rest.py``, ``xml.py``) turns a request into bytes and reply bytes into plain values; it knows nothing of services.
How to add one: ``docs/mappings.md``.

=================================  =======================================================================================
what happened                      what the caller gets
=================================  =======================================================================================
no byte left                       ``BackEndUnreachable``
bytes left, no complete answer     ``BackEndOutcomeUnknown``
an answer not as agreed            ``BackEndGarbled``, which is an unknown outcome
the back end says no               ``BackEndRefused`` with the mapping's error name
=================================  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from prometheus_client import Counter

from adapters.backends.authentication import Authenticator, make_authenticator
from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from services.chaining import conclude_operation
from services.mapping import BackEndSpec, Call, Operation, ServiceMapping
from services.model import BackEndAddress, JsonValue
from services.ports import Clock, Secrets
from services.result_shapes import shape_operations
from services.translation import Request, build_request, read_reply

CALLS = Counter("guitai_back_end_calls_total", "Calls of back ends.", ["back_end", "operation", "result"])

PURPOSE = "back_end"
"""The purpose under which the HTTP client's allow-list knows back ends: ``back_end:<name>``."""


class ReplyUnreadable(Exception):
    """The bytes of a reply are not what this wire speaks; the message names the rule that they break."""


class RequestUnwritable(Exception):
    """A value cannot be written on this wire."""


@dataclass(frozen=True, slots=True)
class Written:
    """A request as bytes: the target after the back end's address, and the body with its media type."""

    method: str
    target: str
    body: bytes
    content_type: str


class Wire(Protocol):
    """What one connector speaks."""

    def write(self, spec: BackEndSpec, call: Call, request: Request) -> Written:
        """Raises ``RequestUnwritable``."""
        ...

    def read(self, spec: BackEndSpec, call: Call, reply: HttpReply) -> JsonValue:
        """Plain values without floats. Raises ``ReplyUnreadable``."""
        ...


class ConnectedBackEnd:
    """Implements ``ports.BackEnd`` for one mapping at one address."""

    def __init__(
        self, spec: BackEndSpec, address: BackEndAddress, http: HttpClient, secrets: Secrets, clock: Clock, wire: Wire
    ) -> None:
        self._spec = spec
        self._address = address
        self._http = http
        self._clock = clock
        self._wire = wire
        self._authenticate: Authenticator = make_authenticator(spec.authentication, address, secrets)

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        """Run one mapped operation and give its mapped result. Raises the four errors above; never inside a transaction."""
        refuse_inside_transaction()
        result = "failed"
        try:
            answer = self._call(operation, values, request_id)
            result = "answered"
        except BackEndError as error:
            result = error.code.removeprefix("back_end_")
            raise
        finally:
            CALLS.labels(self._spec.name, operation, result).inc()
        return answer

    def _call(self, operation: str, values: Mapping[str, JsonValue], request_id: str) -> JsonValue:
        planned = self._spec.operations[operation]
        results: dict[str, JsonValue] = {}
        for call in planned.calls:
            results[call.name] = self._exchange(planned, call, values, results, request_id)
        return conclude_operation(planned, values, results)

    def _exchange(
        self,
        planned: Operation,
        call: Call,
        values: Mapping[str, JsonValue],
        results: Mapping[str, JsonValue],
        request_id: str,
    ) -> JsonValue:
        request = build_request(
            planned,
            call,
            values,
            call_id=str(uuid4()),
            now=self._clock.now(),
            options=self._address.options,
            results=results,
        )
        reply = self._send(call, self._write(call, request), request_id)
        try:
            body = self._wire.read(self._spec, call, reply)
        except ReplyUnreadable as fault:
            raise BackEndGarbled(f"{self._spec.name}, {planned.name}: {fault}") from None
        return read_reply(self._spec, call, request, {"status": reply.status, "body": body})

    def require_usable(self, mapping: ServiceMapping) -> None:
        """Write every first request once with example values, sending nothing: a missing option or secret shows at start.

        Raises ``ConfigurationFault``.
        """
        shapes = shape_operations(mapping.kind, mapping.inputs, mapping.outputs, mapping.payment, mapping.assurance)
        for name, operation in self._spec.operations.items():
            options = self._address.options
            first = operation.calls[0]
            try:
                request = build_request(
                    operation, first, shapes[name].takes, call_id=str(uuid4()), now=self._clock.now(), options=options
                )
                self._write(first, request)
            except BackEndRefused:
                message = (
                    f"back end {self._address.name}: {name} cannot be written; an option of its address is missing"
                )
                raise ConfigurationFault(message) from None

    def _write(self, call: Call, request: Request) -> Written:
        try:
            return self._wire.write(self._spec, call, request)
        except RequestUnwritable:
            raise BackEndRefused("unwritable_value") from None

    def _send(self, call: Call, written: Written, request_id: str) -> HttpReply:
        headers = {"X-Request-Id": request_id, "Accept": written.content_type.split(";")[0]}
        if written.body:
            headers["Content-Type"] = written.content_type
        headers |= self._authenticate(written.body)
        url = self._address.url.rstrip("/") + written.target
        place = f"{self._spec.name}, {call.name}"
        try:
            return self._http.send(
                f"{PURPOSE}:{self._spec.name}", written.method, url, headers, written.body, call.timeout_seconds
            )
        except HttpUnreachable:
            raise BackEndUnreachable(f"{place}: no connection") from None
        except HttpUnknown:
            raise BackEndOutcomeUnknown(f"{place}: no complete answer") from None
