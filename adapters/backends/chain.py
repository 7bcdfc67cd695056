"""One operation from its first call to its last: paging, time, a second try where it is harmless, and what a failure means.

In a write only the last call changes something. Whatever goes wrong before it, nothing has happened: doubt there is
``BackEndUnreachable``, which is safe to repeat. Only the last call can leave an unknown outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from adapters.backends.breaker import Breaker
from adapters.backends.observation import ObservedCall, Observer
from adapters.backends.wire import Facts, Line, Reply
from services.chaining import conclude_operation, find_next_page, first_page, join_pages
from services.errors import BackEndError, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.mapping import BackEndSpec, Call, Operation
from services.model import JsonValue
from services.ports import Clock
from services.translation import Request, build_request, is_success, read_reply

TOTAL_SECONDS = 60.0
"""No call of an operation begins later than this after its first, however many calls and pages there are."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One back end that an operation may call: how it is spoken to, the way to it, its breaker, the options of its address."""

    spec: BackEndSpec
    line: Line
    breaker: Breaker
    options: Mapping[str, str]


@dataclass(slots=True)
class Chain:
    """One run of one operation. ``values`` are what the caller gives, ``results`` those of the calls so far, by name."""

    operation: Operation
    connections: Mapping[str, Connection]
    values: Mapping[str, JsonValue]
    facts: Facts
    clock: Clock
    observer: Observer | None = None
    monotonic: Callable[[], float] = time.monotonic
    results: dict[str, JsonValue] = field(default_factory=dict)
    _ends_at: float = 0.0

    def run(self) -> JsonValue:
        """The mapped result. Raises the errors of a back end."""
        self._ends_at = self.monotonic() + TOTAL_SECONDS
        for call in self.operation.calls[:-1]:
            self.results[call.name] = self._ask_before(call)
        last = self.operation.calls[-1]
        self.results[last.name] = self._ask(last)
        return conclude_operation(self.operation, self.values, self.results)

    def _ask_before(self, call: Call) -> JsonValue:
        """A call before the last one."""
        try:
            return self._ask(call)
        except BackEndOutcomeUnknown as doubt:
            if not self.operation.writes:
                raise
            raise BackEndUnreachable(f"{doubt} (nothing was changed yet)") from None
        except BackEndRefused as refused:
            if not self.operation.writes or refused.reason != "system":
                raise
            raise BackEndUnreachable(f"{call.back_end}, {call.name}: out of order (nothing was changed yet)") from None

    def _ask(self, call: Call) -> JsonValue:
        """All pages of a call, joined."""
        if call.pages is None:
            return self._exchange(call, None)[1]
        page, results = first_page(call.pages), []
        while page is not None:
            reply, result = self._exchange(call, page)
            results.append(result)
            if not is_success(self.connections[call.back_end].spec, reply):
                break  # a result in place of an error: there is nothing, and nothing after it
            page = find_next_page(call, page, len(results), reply)
        return join_pages(call, results)

    def _exchange(self, call: Call, page: JsonValue) -> tuple[Reply, JsonValue]:
        """One exchange; a read that cannot have arrived is tried a second time."""
        try:
            return self._exchange_once(call, page)
        except BackEndUnreachable:
            if call.writes or self.monotonic() >= self._ends_at:
                raise
        return self._exchange_once(call, page)

    def _exchange_once(self, call: Call, page: JsonValue) -> tuple[Reply, JsonValue]:
        seconds = self._seconds_left(call)
        connection = self.connections[call.back_end]
        facts = Facts(self.facts.request_id, str(uuid4()), self.facts.purpose, self.facts.case_no)
        request = build_request(
            self.operation, call, self.values, call_id=facts.call_id, now=self.clock.now(), options=connection.options,
            results=self.results, page=page,
        )  # fmt: skip
        sight = _Sight(self.operation, call, connection, request, self.observer, self.monotonic)
        try:
            with connection.breaker.guard():
                sight.reply = connection.line.exchange(call, request, facts, seconds)
                sight.result = read_reply(connection.spec, call, request, sight.reply)
        except BackEndError as error:
            sight.tell(_name_error(error))
            raise
        sight.tell("")
        return sight.reply, sight.result

    def _seconds_left(self, call: Call) -> float:
        """A write always gets its whole time, for a cut one would only make doubt. Raises ``BackEndUnreachable`` at the end of all time."""
        left = self._ends_at - self.monotonic()
        if left <= 0:
            raise BackEndUnreachable(f"{call.back_end}, {call.name}: the operation took too long to begin it")
        return call.timeout_seconds if call.writes else min(call.timeout_seconds, left)


@dataclass(slots=True)
class _Sight:
    """What an observer is told of one exchange."""

    operation: Operation
    call: Call
    connection: Connection
    request: Request
    observer: Observer | None
    monotonic: Callable[[], float]
    reply: Reply = field(default_factory=dict)
    result: JsonValue = None
    started: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.monotonic()

    def tell(self, error: str) -> None:
        if self.observer is None:
            return
        method, target = self.connection.line.describe(self.call, self.request)
        self.observer(
            ObservedCall(
                operation=self.operation.name,
                call=self.call.name,
                back_end=self.call.back_end,
                connector=self.connection.spec.connector,
                writes=self.call.writes,
                method=method,
                target=target,
                request=self.request.document,
                reply=dict(self.reply) or None,
                result=self.result,
                error=error,
                seconds=self.monotonic() - self.started,
            )
        )


def _name_error(error: BackEndError) -> str:
    return f"{error.code}: {error}" if str(error) != error.code else error.code
