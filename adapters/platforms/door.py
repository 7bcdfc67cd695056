"""The only way out to a platform's servers. The five locks: docs/decisions/0040.

What ``Door.send`` does, in this order, for each attempt by itself:

1. refuses inside an open database transaction (house rule 7);
2. reads the field names from the exact bytes, by the operation's wire table, and refuses whatever was not declared or is
   outside the service's budget: target, headers, body, and JSON that hides inside a text;
3. asks the HTTP client whether these bytes would travel unchanged to an allowed origin;
4. asks, for a purpose that rests on consent, whether the person agreed and has not withdrawn it;
5. appends the record, which commits before anything leaves. If it cannot commit, nothing is sent;
6. asks the same again, so that a withdrawal which was committed before the record stops the call: its outcome is ``refused``;
7. sends exactly these bytes, once;
8. appends what became of them: ``sent`` with the answer's status (and, in the same commit, what the platform told us),
   ``refused`` if no byte left, ``unknown`` otherwise.

**If step 8 fails, the answer still counts.** The record of step 5 stands and says what the platform may have seen; without
an outcome it reads as unknown, which is never less than the truth. Dropping the answer instead would hide from us a paid
order or a refund that the platform has made: money lost to save a line of a log. The failure is logged with the record's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from prometheus_client import Counter

from adapters.boundary import refuse_inside_transaction
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable, PreparedCall
from services.consent_record import ConsentGate, NobodyAgreed
from services.errors import (
    ExposureUnavailable,
    ExposureUndeclared,
    GuitaiError,
    PlatformOutcomeUnknown,
    PlatformUnreachable,
)
from services.exposure import (
    TRANSPORT_HEADERS,
    Direction,
    Disclosure,
    Exposure,
    Located,
    Outcome,
    WireTable,
    locate_body,
    locate_request,
    reply_content,
    request_content,
    require_declared,
)
from services.model import PlatformName
from services.ports import ExposureLog

CALLS = Counter("guitai_platform_calls_total", "Calls at the door, each attempt.", ["platform", "operation", "outcome"])
OUTCOMES_LOST = Counter(
    "guitai_exposure_outcomes_lost_total", "Outcomes that the ledger did not take.", ["platform", "operation"]
)
logger = structlog.get_logger("guitai.door")


@dataclass(frozen=True, slots=True)
class PlatformRequest:
    """One request, ready to leave: ``origin`` is scheme, host and port; ``target`` is path and query as they travel."""

    platform: PlatformName
    operation: str
    method: str
    origin: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    table: WireTable
    reply_table: WireTable


@dataclass(frozen=True, slots=True)
class PlatformReply:
    """A complete answer: status, lower-case headers, raw body. Nothing in it has been verified yet."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Door:
    """Records, then sends. The HTTP client's purpose is the platform's name. Without ``consents`` nothing leaves that rests on one."""

    def __init__(self, http: HttpClient, log: ExposureLog, consents: ConsentGate | None = None) -> None:
        self._http = http
        self._log = log
        self._consents: ConsentGate = consents or NobodyAgreed()

    def send(self, request: PlatformRequest, disclosure: Disclosure) -> PlatformReply:
        """Let one request out and bring its answer back, whatever its status.

        Raises ``ExposureUndeclared``, ``ExposureOverBudget``, ``ExposureUnavailable``, ``ConsentMissing``, ``ConfigurationFault`` (nothing left),
        ``PlatformUnreachable`` (nothing left), ``PlatformOutcomeUnknown`` (no complete answer).
        """
        refuse_inside_transaction()
        require_declared(request.operation, disclosure, Direction.SENT_TO_SERVER, _derive(request, disclosure))
        call = self._http.prepare(
            str(request.platform), request.method, request.origin + request.target, request.headers, request.body
        )
        content = request_content(request.method, request.target, request.body)
        exposure = Exposure(Direction.SENT_TO_SERVER, disclosure, content, operation=request.operation)
        self._consents.require(disclosure)
        record_id = self._log.append([exposure])[0]
        try:
            self._consents.require(disclosure)
        except GuitaiError:
            self._end(record_id, request, disclosure, Outcome.REFUSED)
            raise
        return self._transmit(call, request, disclosure, record_id)

    def _transmit(
        self, call: PreparedCall, request: PlatformRequest, disclosure: Disclosure, record_id: UUID
    ) -> PlatformReply:
        try:
            reply = self._http.transmit(call)
        except HttpUnreachable:
            self._end(record_id, request, disclosure, Outcome.REFUSED)
            raise PlatformUnreachable(f"{request.operation}: the platform was not reached") from None
        except HttpUnknown:
            self._end(record_id, request, disclosure, Outcome.UNKNOWN)
            raise PlatformOutcomeUnknown(f"{request.operation}: no complete answer") from None
        answer = _describe_answer(request, disclosure, reply)
        self._end(record_id, request, disclosure, Outcome.SENT, reply.status, answer)
        return PlatformReply(reply.status, reply.headers, reply.body)

    def _end(
        self,
        record_id: UUID,
        request: PlatformRequest,
        disclosure: Disclosure,
        outcome: Outcome,
        status: int | None = None,
        received: Exposure | None = None,
    ) -> None:
        """Append the outcome; a ledger that cannot take it is no reason to lose the answer (see the module's docstring)."""
        CALLS.labels(request.platform, request.operation, outcome).inc()
        try:
            self._log.append_outcome(record_id, disclosure.agency_id, outcome, status, received)
        except ExposureUnavailable:
            OUTCOMES_LOST.labels(request.platform, request.operation).inc()
            logger.error("exposure_outcome_lost", record_id=str(record_id), outcome=str(outcome))  # noqa: TRY400 - a trace may hold values


def derive_fields(request: PlatformRequest) -> frozenset[str]:
    """The field names that the bytes of a request amount to. Raises ``ExposureUndeclared`` with the place."""
    added = sorted(TRANSPORT_HEADERS & {name.lower() for name in request.headers})
    if added:
        raise ExposureUndeclared(f"{request.operation}: {added} belong to the HTTP client")
    return request.table.read(locate_request(request.target, request.headers, request.body))


def _derive(request: PlatformRequest, disclosure: Disclosure) -> frozenset[str]:
    if disclosure.platform is not request.platform:
        raise ExposureUndeclared(f"{request.operation}: the disclosure names another platform")
    return derive_fields(request)


def _describe_answer(request: PlatformRequest, disclosure: Disclosure, reply: HttpReply) -> Exposure:
    """What the platform told us, read leniently: its bytes are not ours to refuse."""
    return Exposure(
        Direction.RECEIVED_FROM_PLATFORM,
        disclosure.declaring(request.reply_table.read_leniently(_locate_answer(reply))),
        reply_content(reply.status, reply.body),
        status=reply.status,
        operation=request.operation,
    )


def _locate_answer(reply: HttpReply) -> list[Located]:
    """Both platforms answer in JSON, whatever media type they write above it; anything else is one unlisted value."""
    try:
        return locate_body("application/json", reply.body)
    except ExposureUndeclared:
        return [Located("body:", "")]
