"""A back end behind a mapping, whatever it speaks: translate, send, read, translate back, and say honestly what is known.

The parts: ``chain.py`` runs the calls of an operation, ``http_line.py`` and ``sql/line.py`` are the ways to a back end, the wires in
``rest/``, ``soap/`` and ``xml/`` know bytes, ``authentication.py`` and ``tokens.py`` show who we are, ``breaker.py`` leaves alone who does
not answer, ``factory.py`` puts it together.

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
from uuid import uuid4

import structlog
from prometheus_client import Counter

from adapters.backends.chain import Chain, Connection
from adapters.backends.observation import Observer
from adapters.backends.wire import Facts
from adapters.boundary import refuse_inside_transaction
from services.counter_shapes import shape_mapping
from services.errors import BackEndError, BackEndRefused, ConfigurationFault
from services.mapping import Call, Operation, ServiceMapping
from services.model import JsonValue
from services.ports import Clock
from services.translation import UNWRITABLE, build_request

CALLS = Counter("guitai_back_end_calls_total", "Calls of back ends.", ["back_end", "operation", "result"])
OUR_REFUSALS = frozenset({"not_permitted", "system", UNWRITABLE})
"""Noes that are about the way between us and the back end, not about the citizen's business: an operator reads of them."""
_log = structlog.get_logger(room="back_ends")


class ConnectedBackEnd:
    """Implements ``ports.BackEnd`` for one mapping: its own back end and further ones, each at its address."""

    def __init__(
        self,
        mapping: ServiceMapping,
        connections: Mapping[str, Connection],
        clock: Clock,
        observer: Observer | None = None,
    ) -> None:
        self._mapping = mapping
        self._operations = mapping.back_end.operations
        self._connections = connections
        self._clock = clock
        self._observer = observer

    def observed_by(self, observer: Observer) -> ConnectedBackEnd:
        """The same back end, that tells ``observer`` of each of its calls; see ``observation.py``."""
        return ConnectedBackEnd(self._mapping, self._connections, self._clock, observer)

    def close(self) -> None:
        """Let go of what the ways to the back ends hold; calls in progress end as they would."""
        for connection in self._connections.values():
            connection.line.close()

    def knock(self, seconds: float) -> dict[str, str]:
        """Which of the mapping's back ends answer at all: name → "" or what is wrong (``Line.knock``). Nothing is asked of them."""
        refuse_inside_transaction()
        return {name: connection.line.knock(seconds) for name, connection in self._connections.items()}

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        """Run one mapped operation and give its mapped result. Raises the four errors above; never inside a transaction."""
        refuse_inside_transaction()
        result = "failed"
        facts = Facts(request_id, "", purpose, case_no)
        chain = Chain(self._operations[operation], self._connections, values, facts, self._clock, self._observer)
        try:
            answer = chain.run()
            result = "answered"
        except BackEndError as error:
            result = error.code.removeprefix("back_end_")
            self._note(operation, request_id, result, error)
            raise
        finally:
            CALLS.labels(self._mapping.back_end.name, operation, result).inc()
        return answer

    def _note(self, operation: str, request_id: str, result: str, error: BackEndError) -> None:
        """Tell the operator the place of a failure: its message names back end, call and rule, and nothing of what was said."""
        if isinstance(error, BackEndRefused) and error.reason not in OUR_REFUSALS:
            return
        _log.warning(
            "back_end_failed", service=self._mapping.id, dependency=self._mapping.back_end.name, operation=operation,
            result=result, fault=str(error), request_id=request_id,
        )  # fmt: skip

    def require_usable(self) -> None:
        """Ask every document about every call, and write every first request once with example values, sending nothing.

        A call that its WSDL or OpenAPI document does not know, a missing option or secret show at start. Raises ``ConfigurationFault``.
        """
        mapping = self._mapping
        shapes = shape_mapping(mapping)
        for name, operation in self._operations.items():
            for call in operation.calls:
                self._connections[call.back_end].line.require_usable(call)
            self._rehearse(operation, operation.calls[0], shapes[name].takes)

    def _rehearse(self, operation: Operation, call: Call, values: Mapping[str, JsonValue]) -> None:
        connection = self._connections[call.back_end]
        facts = Facts(str(uuid4()), str(uuid4()))
        page = call.pages.first if call.pages is not None else None
        try:
            request = build_request(
                operation, call, values, call_id=facts.call_id, now=self._clock.now(), options=connection.options,
                page=page,
            )  # fmt: skip
            connection.line.rehearse(call, request, facts)
        except BackEndRefused:
            message = (
                f"back end {call.back_end}: {operation.name} cannot be written; an option of its address is missing"
            )
            raise ConfigurationFault(message) from None
