"""The way back at the window: cash out of the till, or the card by the terminal, against a signature, once.

Where the write-off failed for good the money is due without anybody asking. Before that a clerk may ask for it, and a head, another
person, approves: if the company was never asked it is due at once, else only when the company says that it has no write-off. What the
company has written off is the company's: it is given back by nobody here.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.cash_till import Method, TillFile
from services.errors import InputRefused, NotFound
from services.model import Language, PaymentState
from services.payment_events import PaymentFile, Step
from services.payment_replies import find_refund_reason
from services.reading_record import household_read
from services.receipts import Receipt
from services.staff_rules import read_reason, refuse
from services.staffing import Actor
from services.till import business_day
from services.window_money import AGAIN, BOTH, Taking, describe_move, load_payment, read_taking
from services.window_payments import PaymentRoom
from services.window_ports import WindowTransaction
from services.window_tills import CLERK, HEAD, append_event, list_selves, require_taking

ASKABLE = frozenset({PaymentState.PAID, PaymentState.WRITING_OFF, PaymentState.WRITE_OFF_UNKNOWN})
PAGE = 50


@dataclass(frozen=True, slots=True)
class Handing:
    """How money is given back. ``signed``: the receiver has signed the paper that stays here. Card: what the terminal printed of the reversal."""

    signed: bool
    terminal: str = ""
    reference: str = ""


class ReturnRoom(PaymentRoom):
    """Everything of ``PaymentRoom``, and the way back."""

    __slots__ = ()

    def ask_return(self, actor: Actor, payment_id: UUID, reason: str) -> PaymentFile:
        """A clerk asks for the money of somebody who stands there. Raises ``NotFound``, ``NotPermitted``, ``InputRefused``, ``Conflict``
        (``written_off``, ``not_taken_here``, ``asked_already``).
        """
        told = read_reason(reason)

        def work(tx: WindowTransaction) -> PaymentFile:
            file = load_payment(tx, actor, payment_id)
            actor.require(CLERK, file.payment.agency_id)
            require_askable(file)
            if find_open_ask(file) is not None or is_approved(file):
                raise refuse("asked_already")
            file = self.write(tx, actor, file, Step("return_asked"))
            self.note(tx, actor, "window.ask_return", file.payment.agency_id, str(payment_id), reason=told)
            return file

        return self.attempt(actor, work)

    def answer_return(self, actor: Actor, payment_id: UUID, reason: str, *, approve: bool) -> PaymentFile:
        """A head says yes or no; never whoever asked or took the money. Raises ``NotFound``, ``NotPermitted``, ``InputRefused``,
        ``Conflict`` (``nothing_asked``, ``not_ones_own_act``, ``written_off``).
        """
        told = read_reason(reason)

        def work(tx: WindowTransaction) -> PaymentFile:
            file = load_payment(tx, actor, payment_id)
            actor.require(HEAD, file.payment.agency_id)
            require_askable(file)
            asked = find_open_ask(file)
            if asked is None:
                raise refuse("nothing_asked")
            if {asked, str(file.money.data["staff_id"]) if file.money else ""} & {
                str(one) for one in list_selves(actor)
            }:
                raise refuse("not_ones_own_act")
            at_company = approve and file.state is not PaymentState.PAID
            now = ("write_off_payment",) if at_company else ()
            file = self.write(tx, actor, file, Step("return_approved" if approve else "return_denied", now=now))
            act = "window.approve_return" if approve else "window.deny_return"
            self.note(tx, actor, act, file.payment.agency_id, str(payment_id), reason=told)
            return file

        return self.attempt(actor, work)

    def give_back(self, actor: Actor, payment_id: UUID, handing: Handing) -> PaymentFile:
        """Give back what is due, out of the clerk's own till, the way it was paid; sent twice it is given once.

        Raises ``NotFound``, ``NotPermitted``, ``InputRefused`` (signed, terminal, reference), ``Conflict`` (``not_due``,
        ``given_back_already``, ``not_enough_cash``, ``card_slip_used``, ``no_till``, ``till_of_earlier_day``, ``till_counted``).
        """
        if not handing.signed:
            raise InputRefused(detail={"signed": "required"})
        now = self.till.clock.now()

        def work(tx: WindowTransaction) -> PaymentFile:
            file = load_payment(tx, actor, payment_id)
            actor.require(CLERK, file.payment.agency_id)
            given = file.last("returned_at_window")
            if given is not None:
                if given.data["staff_id"] != str(actor.member.staff_id):
                    raise refuse("given_back_already")
                self.note(tx, actor, "window.give_back", file.payment.agency_id, str(payment_id), detail=AGAIN)
                return file
            if file.state is not PaymentState.REFUND_DUE:
                raise refuse("not_due")
            return self._give(tx, actor, file, require_taking(tx, actor, business_day(now)), handing)

        return self.attempt(actor, work)

    def _give(
        self, tx: WindowTransaction, actor: Actor, file: PaymentFile, drawer: TillFile, handing: Handing
    ) -> PaymentFile:
        payment, now, money = file.payment, self.till.clock.now(), file.money
        method = Method(str(money.data["method"]) if money else Method.CASH)
        taking = Taking(method, 0, handing.terminal, handing.reference)
        told = read_taking(taking, file.taken_fen)
        told.pop("tendered_fen", None)
        if method is Method.CASH and drawer.books.expected_cash_fen < file.taken_fen:
            raise refuse("not_enough_cash")
        self.claim_slip(tx, taking, payment.payment_id, "return|")
        data = {**told, "amount_fen": file.taken_fen, "till_id": str(drawer.till.till_id), "signed": True}
        file = self.write(tx, actor, file, Step("returned_at_window", data))
        move = drawer.follow("money_returned", now, actor.member.staff_id, describe_move(payment, told))
        append_event(tx, drawer, move)
        detail = {"till_id": data["till_id"], "method": told["method"], "amount_fen": payment.amount_fen}
        self.note(tx, actor, "window.give_back", payment.agency_id, str(payment.payment_id), detail=detail)
        return file

    def list_returns(self, actor: Actor) -> list[PaymentFile]:
        """What waits: money to be given back, and asks that wait for a head."""
        agencies = actor.reach_as(*BOTH)
        with self.house.begin(agencies) as tx:
            found = tx.payments.load_many(tx.payments.list_returns(PAGE))
        files = [PaymentFile(payment, tuple(events)) for payment, events in found]
        return sorted(
            (file for file in files if file.state is PaymentState.REFUND_DUE or find_open_ask(file) is not None),
            key=lambda file: file.payment.payment_id,
        )

    def find_receipt(self, actor: Actor, receipt_no: str) -> PaymentFile:
        """The payment whose paper somebody brings back; noted. Raises ``NotFound``, ``InputRefused``."""
        number = receipt_no.strip()
        if not (number.isascii() and number.isdigit() and len(number) == 28):
            raise InputRefused(detail={"receipt_no": "not_a_receipt_no"})
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = tx.payments.find_by_receipt(number)
            if found is None:
                raise NotFound
            file = load_payment(tx, actor, found)
            read = (household_read(file.payment.service, file.payment.household_no),)
            self.note(tx, actor, "window.find_receipt", file.payment.agency_id, str(found), read=read)
            return file

    def print_receipt(self, actor: Actor, payment_id: UUID, language: Language = Language.ZH_CN) -> WindowReceipt:
        """What is printed for whoever paid; noted. Raises ``NotFound``, ``Conflict`` (``not_taken_here``)."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            file = load_payment(tx, actor, payment_id)
            actor.require(BOTH, file.payment.agency_id)
            if file.money is None:
                raise refuse("not_taken_here")
            self.note(
                tx, actor, "window.print_receipt", file.payment.agency_id, str(payment_id),
                detail={"state": str(file.state)},
                read=(household_read(file.payment.service, file.payment.household_no),),
            )  # fmt: skip
        mapping = self.till.catalogue.service_at(file.payment.service, file.payment.mapping_version)
        payee = mapping.payee_name.get(language, file.payment.payee)
        written = file.last("write_off_accepted", "write_off_found")
        receipt = None
        if written is not None:
            receipt = Receipt(
                file.payment, file.payment.sequence_no, "", file.payment.household_no, file.payment.bill_period,
                file.payment.items, file.payment.amount_fen, payee, str(written.data["reference"]), file.payment.created_at,
                file.money.at, written.at, mapping.payment.after.get(language),
            )  # fmt: skip
        return WindowReceipt(file, mapping.title.get(language, mapping.id), payee, receipt, find_refund_reason(file))


@dataclass(frozen=True, slots=True)
class WindowReceipt:
    """What the paper says. ``receipt`` is None while the bill is not written off: then the paper is provisional."""

    file: PaymentFile
    title: str
    payee: str
    receipt: Receipt | None
    reason: str | None


def require_askable(file: PaymentFile) -> None:
    """Raise ``Conflict`` where the money cannot be asked back: never taken, due anyway, or the company's already."""
    if file.state is PaymentState.WRITTEN_OFF:
        raise refuse("written_off")
    if file.money is None or file.state not in ASKABLE:
        raise refuse("not_taken_here")


def find_open_ask(file: PaymentFile) -> str | None:
    """Who asked for the money back without having been answered: a staff id."""
    last = file.last("return_asked", "return_denied", "return_approved")
    return str(last.data["staff_id"]) if last and last.name == "return_asked" and file.state in ASKABLE else None


def is_approved(file: PaymentFile) -> bool:
    """Whether a head has said yes."""
    return file.last("return_approved") is not None
