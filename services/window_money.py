"""What all who move money at the window stand on: one transaction with its act, how it was paid, who may see which payment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.attempts import decide_again
from services.cash_till import Method
from services.doors import is_own
from services.errors import BillHasOpenOrder, Conflict, InputRefused, NotFound, NothingOwed
from services.model import JsonValue, Payment, PaymentState
from services.payment_events import PaymentFile, Step, write_step
from services.ports import RateLimiter
from services.reading_notes import append_look
from services.reading_record import Subject
from services.staff_rules import refuse
from services.staffing import Act, Actor, Role
from services.till import Till
from services.window_ports import WindowHouse, WindowTransaction
from services.window_record import OrderHead
from services.window_tills import CLERK

BOTH = (Role.CLERK, Role.HEAD)
CLOSABLE = frozenset({PaymentState.INTENDED, PaymentState.AWAITING_PAYMENT})
AGAIN: Mapping[str, JsonValue] = {"again": True}
"""What an Act says of a page that was sent before: nothing was done a second time."""
MOST_CHANGE_FEN = 10_000_000
_TERMINAL = re.compile(r"[0-9A-Z]{4,15}")
_REFERENCE = re.compile(r"[0-9A-Z]{6,20}")


@dataclass(frozen=True, slots=True)
class Taking:
    """How it was paid: cash (``tendered_fen``: what was handed over) or card, with what the terminal printed on its slip."""

    method: Method
    tendered_fen: int = 0
    terminal: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class MoneyRoom:
    """What all who move money at the window stand on. ``till`` is the house's payment desk; ``house`` the console's store."""

    till: Till
    house: WindowHouse
    limiter: RateLimiter

    def till_of(self, actor: Actor) -> Till:
        return replace(self.till, request_id=actor.request_id or self.till.request_id)

    def attempt(self, actor: Actor, work: Callable[[WindowTransaction], PaymentFile]) -> PaymentFile:
        """One transaction; if somebody else wrote meanwhile, all of it again. Raises ``VersionTaken``."""

        def attempt() -> PaymentFile:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                return work(tx)

        return decide_again(attempt)

    def write(self, tx: WindowTransaction, actor: Actor, file: PaymentFile, step: Step) -> PaymentFile:
        """A step by this clerk, who stands in it."""
        told = {**step.data, "staff_id": str(actor.member.staff_id)}
        return write_step(self.till_of(actor), tx, file, replace(step, data=told))

    def note(
        self, tx: WindowTransaction, actor: Actor, act: str, agency_id: UUID, subject: str, *, reason: str = "",
        detail: Mapping[str, JsonValue] | None = None, read: Sequence[Subject] = (),
    ) -> None:  # fmt: skip
        """One line of the book of acts: codes, ids and amounts. ``read``: whose bills or payments are looked at, so that they are told."""
        now, by = self.till.clock.now(), actor.member.staff_id
        made = Act(self.till.new_id(), agency_id, now, by, act, "payment", subject, reason, dict(detail or {}))
        append_look(tx, actor, made, read, self.till.new_id)

    def claim_slip(self, tx: WindowTransaction, taking: Taking, payment_id: UUID, what: str = "") -> None:
        """One slip of the card terminal stands for one payment. Raises ``Conflict`` (``card_slip_used``)."""
        if taking.method is not Method.CARD:
            return
        key, root = f"{what}{taking.terminal}|{taking.reference}", self.till.directory.root_agency()
        if tx.claims.take(root, "window_card", key, payment_id, self.till.clock.now()) != payment_id:
            raise refuse("card_slip_used")


def read_taking(taking: Taking, amount_fen: int) -> dict[str, JsonValue]:
    """What an event keeps of how it was paid. Raises ``InputRefused`` by place."""
    if taking.method is Method.CASH:
        tendered = taking.tendered_fen or amount_fen
        if tendered < amount_fen:
            raise InputRefused(detail={"tendered": "too_little"})
        if tendered > amount_fen + MOST_CHANGE_FEN:
            raise InputRefused(detail={"tendered": "not_an_amount"})
        return {"method": str(Method.CASH), "tendered_fen": tendered}
    if not _TERMINAL.fullmatch(taking.terminal):
        raise InputRefused(detail={"terminal": "not_a_terminal"})
    if not _REFERENCE.fullmatch(taking.reference):
        raise InputRefused(detail={"reference": "not_a_reference"})
    return {"method": str(Method.CARD), "terminal": taking.terminal, "reference": taking.reference}


def describe_move(payment: Payment, told: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What the till keeps of money that came or went."""
    return {
        **told, "payment_id": str(payment.payment_id), "service": payment.service, "payee": payment.payee,
        "amount_fen": payment.amount_fen, "receipt_no": payment.sequence_no,
    }  # fmt: skip


def require_holder(actor: Actor, file: PaymentFile) -> PaymentFile:
    """The file, if this clerk held the bill. Raises ``Conflict`` (``another_clerk``)."""
    if file.events[0].data.get("staff_id") != str(actor.member.staff_id):
        raise refuse("another_clerk")
    return file


def require_same(file: PaymentFile, told: Mapping[str, JsonValue]) -> None:
    """Raise ``Conflict`` (``taken_already``) unless the money was taken in this very way: then the page was sent twice."""
    money = file.money
    if money is None or any(money.data.get(name) != value for name, value in told.items()):
        raise refuse("taken_already")


def load_payment(tx: WindowTransaction, actor: Actor, payment_id: UUID) -> PaymentFile:
    """A payment of the window. Raises ``NotFound``, also for one of an agency where the actor is neither clerk nor head."""
    found = tx.payments.load(payment_id)
    if found is None or not actor.holds_any(BOTH, found[0].agency_id):
        raise NotFound
    return PaymentFile(found[0], tuple(found[1]))


def find_head(tx: WindowTransaction, actor: Actor, payment_id: UUID) -> OrderHead:
    """How far any payment of an agency is where the actor is a clerk. Raises ``NotFound``."""
    head = tx.payments.find_head(payment_id)
    if head is None or not actor.holds_any(CLERK, head.agency_id):
        raise NotFound
    return head


def explain_holder(head: OrderHead | None) -> Conflict:
    """Who has the bill: paid already, or being paid, where and since when; never by whom."""
    if head is not None and head.state is PaymentState.WRITTEN_OFF:
        return NothingOwed()
    if head is None:
        return BillHasOpenOrder()
    closable = head.state in CLOSABLE and not is_own(head.platform)
    return BillHasOpenOrder(
        detail={
            "platform": str(head.platform),
            "state": str(head.state),
            "payment_id": str(head.payment_id),
            "since": head.created_at.isoformat(),
            "closable": closable,
        }
    )
