"""The company's books: each payment is written off (销账) once, or its money goes back.

``sequence_no`` was made before any call and is the same in every attempt; the company treats it as one write-off. The intent
is committed before the call. Whoever finds a write-off that may have been made asks for it first. A refund follows only when
the company has said no, or *absent*, and no attempt of ours can still be on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.errors import BackEndError, BackEndRefused, BackEndUnreachable
from services.model import JsonValue, Payment, PaymentState, WriteOff, WriteOffState
from services.payment_events import PaymentFile, Step, change_payment
from services.payment_graph import AT_COMPANY
from services.till import Till, grow_delay

DEFINITE = frozenset({"already_paid", "amount_mismatch", "nothing_owed", "past_period", "no_such_household"})
"""The company's refusals that trying again cannot change. Others (batch_window, system, not_permitted) pass."""

RETRY_SECONDS = (30, 3600)
SETTLE_SECONDS = 300
"""How long a request of ours without an answer may still be on its way to the company (our own time-out is a few seconds)."""

ATTEMPT_EVENTS = frozenset({"write_off_started", "write_off_repeated"})


@dataclass(frozen=True, slots=True)
class _Desk:
    """One payment at one company, during one job."""

    till: Till
    payment: Payment
    request_id: str

    def call(self, operation: str, values: dict[str, JsonValue]) -> JsonValue:
        back_end = self.till.back_end_of(
            self.till.catalogue.service_at(self.payment.service, self.payment.mapping_version)
        )
        return back_end.call(operation, values, self.request_id, purpose="pay_bill")

    def record(self, decide: Callable[[PaymentFile], Step | None]) -> PaymentFile:
        def at_company(file: PaymentFile) -> Step | None:
            return decide(file) if file.state in AT_COMPANY else None

        return change_payment(self.till, self.payment.agency_id, self.payment.payment_id, at_company)


def write_off_payment(till: Till, agency_id: UUID, payment_id: UUID, request_id: str) -> PaymentState:
    """Job: have the company write the bill off, or find out that it has, or give the money back. Safe to run again at any time."""
    fresh = False

    def start(file: PaymentFile) -> Step | None:
        nonlocal fresh
        fresh = file.state is PaymentState.PAID
        return _attempt(till, "write_off_started") if fresh else None

    file = change_payment(till, agency_id, payment_id, start)
    if file.state not in AT_COMPANY:
        return file.state
    desk = _Desk(till, file.payment, request_id)
    if not fresh:
        file, again = _clear_up(desk, file)
        if not again:
            return file.state
    return _send(desk, file).state


def _clear_up(desk: _Desk, file: PaymentFile) -> tuple[PaymentFile, bool]:
    """Ask before anything is repeated: the file, and whether the write-off is to be sent again."""
    answer = find_write_off(desk)
    if answer.state is not WriteOffState.ABSENT:
        return _record_answer(desk, answer), False
    file = desk.record(lambda file: _repeat_or_give_up(desk.till, file))
    return file, file.events[-1].name == "write_off_repeated"


def _repeat_or_give_up(till: Till, file: PaymentFile) -> Step:
    now, asked_back = till.clock.now(), wants_back(file)
    if now < _give_up_at(till, file) and not asked_back:
        return _attempt(till, "write_off_repeated")
    settled_at = _attempts(file)[-1] + timedelta(seconds=SETTLE_SECONDS)
    if now < settled_at:
        return Step(later={"write_off_payment": settled_at})
    return Step("write_off_abandoned", {"reason": "return_approved" if asked_back else "no_answer"})


def wants_back(file: PaymentFile) -> bool:
    """Whether a head has approved that the money is given back at the window, unless the company has it."""
    return file.last("return_approved") is not None


def _attempt(till: Till, event: str) -> Step:
    """The intent to send, with a look at it later even if the job that sends it is lost."""
    return Step(event, later={"write_off_payment": till.clock.now() + timedelta(seconds=SETTLE_SECONDS)})


def _send(desk: _Desk, file: PaymentFile) -> PaymentFile:
    if desk.till.clock.now() - file.events[-1].at > timedelta(seconds=SETTLE_SECONDS / 2):
        return file  # this worker was held up: others may count the attempt as settled, so it is not made any more
    try:
        reference = read_reference(desk.call("write_off", _describe(file)))
    except BackEndRefused as refused:
        definite = refused.reason in DEFINITE
        return _refuse(desk, refused.reason) if definite else _delay(desk, "write_off_delayed", refused.reason)
    except BackEndError as error:
        nothing_left = isinstance(error, BackEndUnreachable)
        return _delay(desk, "write_off_delayed" if nothing_left else "write_off_doubtful", error.code)
    if reference is None:
        return _delay(desk, "write_off_doubtful", "back_end_garbled")
    return desk.record(lambda _: Step("write_off_accepted", {"reference": reference}))


def _describe(file: PaymentFile) -> dict[str, JsonValue]:
    payment, money = file.payment, file.money
    return {
        "sequence_no": payment.sequence_no,
        "household_no": payment.household_no,
        "bill_no": payment.bill_no,
        "amount_fen": payment.amount_fen,
        "paid_at": money.data["paid_at"] if money else payment.created_at.isoformat(),
        "channel": str(payment.platform),
        "business_on": payment.business_on.isoformat(),
    }


def find_write_off(desk: _Desk) -> WriteOff:
    """Ask the company for our write-off: ACCEPTED, ABSENT, or REFUSED with the reason why there is no usable answer."""
    payment = desk.payment
    values = {
        "sequence_no": payment.sequence_no,
        "household_no": payment.household_no,
        "business_on": payment.business_on.isoformat(),
    }
    try:
        answer = desk.call("find_write_off", values)
    except BackEndRefused as refused:
        absent = refused.reason == "no_such_write_off"
        return WriteOff(WriteOffState.ABSENT if absent else WriteOffState.REFUSED, reason=refused.reason)
    except BackEndError as error:
        return WriteOff(WriteOffState.REFUSED, reason=error.code)
    reference = read_reference(answer)
    if reference is None:
        return WriteOff(WriteOffState.REFUSED, reason="back_end_garbled")
    if answer.get("amount_fen") != payment.amount_fen:
        return WriteOff(WriteOffState.REFUSED, reference, "amount_differs")
    return WriteOff(WriteOffState.ACCEPTED, reference, amount_fen=payment.amount_fen)


def read_reference(answer: JsonValue) -> str | None:
    """The company's own serial number in a mapped result, if it is one."""
    reference = answer.get("reference") if isinstance(answer, dict) else None
    return reference if isinstance(reference, str) and reference else None


def _record_answer(desk: _Desk, answer: WriteOff) -> PaymentFile:
    if answer.state is WriteOffState.ACCEPTED:
        return desk.record(lambda _: Step("write_off_found", {"reference": answer.reference}))
    return _delay(desk, "write_off_doubtful", answer.reason or "")


def _refuse(desk: _Desk, reason: str) -> PaymentFile:
    """A definite no. It may be the answer to an attempt that followed one of ours that did arrive: ask, then refund."""
    answer = find_write_off(desk)
    if answer.state is not WriteOffState.ABSENT:
        return _record_answer(desk, answer)

    def decide(file: PaymentFile) -> Step | None:
        since = desk.till.clock.now() - timedelta(seconds=SETTLE_SECONDS)
        if sum(at > since for at in _attempts(file)) > 1:
            return _wait(desk.till, file, "write_off_doubtful", reason, least=SETTLE_SECONDS)
        if file.state is PaymentState.WRITING_OFF:
            return Step("write_off_refused", {"reason": reason})
        return _wait(desk.till, file, "write_off_doubtful", reason, least=SETTLE_SECONDS)

    return desk.record(decide)


def _delay(desk: _Desk, event: str, reason: str) -> PaymentFile:
    def decide(file: PaymentFile) -> Step | None:
        doubt = file.state is PaymentState.WRITE_OFF_UNKNOWN
        return _wait(desk.till, file, "write_off_doubtful" if doubt else event, reason, least=RETRY_SECONDS[0])

    return desk.record(decide)


def _wait(till: Till, file: PaymentFile, event: str, reason: str, *, least: float) -> Step:
    paid_at = file.money.at if file.money else file.payment.created_at
    due_at = grow_delay(paid_at, till.clock.now(), least=least, most=RETRY_SECONDS[1])
    return Step(event, {"reason": reason}, later={"write_off_payment": due_at})


def _give_up_at(till: Till, file: PaymentFile) -> datetime:
    paid_at = file.money.at if file.money else file.payment.created_at
    return paid_at + timedelta(hours=till.write_off_hours)


def _attempts(file: PaymentFile) -> list[datetime]:
    """When the write-off was, or may have been, sent."""
    return [event.at for event in file.events if event.name in ATTEMPT_EVENTS]
