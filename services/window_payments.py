"""Bills at the window: a clerk finds one, holds it, takes cash or card into the open till; the worker writes it off as any other payment.

The bill is held before any money changes hands, by the same claim as an order on a platform: while somebody pays it on the phone it
cannot be taken here, and the other way round. What was taken is committed before the company hears of it. No platform sees anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from services.attempts import decide_again
from services.bills import ask_for_bills, explain_refusal
from services.cash_till import TillFile
from services.doors import is_own
from services.errors import (
    BackEndGarbled,
    BackEndRefused,
    BillChanged,
    InputRefused,
    NothingOwed,
    ServiceUnknown,
)
from services.mapping import PaymentTerms, ServiceMapping
from services.masking import mask_address, mask_household_no, mask_name
from services.model import Bill, JsonValue, Language, Payment, PaymentEvent, PaymentState, PlatformName
from services.payment_events import PaymentFile, Step, bill_claim
from services.payment_graph import START, follow
from services.payment_opening import choose_amount, name_fee
from services.reading_record import household_read
from services.staff_rules import read_reason, refuse
from services.staffing import Actor
from services.till import business_day, make_sequence_no, name_cause
from services.window_money import (
    AGAIN,
    CLOSABLE,
    MoneyRoom,
    Taking,
    describe_move,
    explain_holder,
    find_head,
    load_payment,
    read_taking,
    require_holder,
    require_same,
)
from services.window_ports import WindowTransaction
from services.window_record import OrderHead
from services.window_tills import CLERK, append_event, require_taking

LOOK_UPS_AN_HOUR = 300
"""Per clerk: a queue at the window is longer than a citizen's own list, and no company's customers are walked through."""
NOBODY = UUID(int=0)
"""Who pays at the window is nobody's account: no person, no log-in, no chain in the ledger."""
WINDOW = str(PlatformName.WINDOW)


@dataclass(frozen=True, slots=True)
class WindowBills:
    """What a household owes, as a clerk sees it: names masked, the company's own bill numbers. ``chosen``: the payer chooses an amount."""

    mapping: ServiceMapping
    household_no: str
    household_no_masked: str
    holder_name_masked: str
    address_masked: str
    bills: tuple[Bill, ...]
    chosen: PaymentTerms | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bill that is to be paid, as the clerk's page showed it. ``bill_no`` is empty where the payer chooses the amount."""

    service: str
    household_no: str
    bill_no: str
    amount_fen: int


class PaymentRoom(MoneyRoom):
    """Finds bills, holds them, takes the money."""

    __slots__ = ()

    def list_services(self, actor: Actor) -> list[ServiceMapping]:
        """Bill services that are offered at the window and whose agency the clerk's role reaches."""
        reached = {actor.tree.slugs[agency] for agency in actor.agencies_as(*CLERK)}
        offered = self.till.catalogue.services_on(PlatformName.WINDOW)
        return [one for one in offered if one.kind == "bill" and one.agency in reached]

    def find_service(self, actor: Actor, service: str) -> tuple[ServiceMapping, UUID]:
        """The bill service and its agency. Raises ``ServiceUnknown``, ``NotPermitted``, ``ServiceOff``."""
        mapping = self.till.catalogue.service(service)
        if mapping.kind != "bill" or not mapping.is_on(PlatformName.WINDOW):
            raise ServiceUnknown
        agency_id = self.till.directory.agency_id(mapping.agency)
        actor.require(CLERK, agency_id)
        self.till.catalogue.require_open(service)
        return mapping, agency_id

    def find_bills(self, actor: Actor, service: str, household_no: str) -> WindowBills:
        """Ask the company whose household it is and what is owed; noted before it is shown.

        Raises ``ServiceUnknown``, ``NotPermitted``, ``InputRefused``, ``TooManyRequests``, ``HouseholdNotFound`` and a back end's errors.
        """
        mapping, agency_id = self.find_service(actor, service)
        number = read_household_no(mapping, household_no)
        self.limiter.spend("window-look-up", str(actor.member.staff_id), LOOK_UPS_AN_HOUR, 3600)
        name, address = self._ask_holder(mapping, number, actor.request_id)
        chosen = mapping.payment.amount == "chosen"
        bills = () if chosen else self._ask_bills(mapping, number, actor.request_id)
        with self.house.begin((agency_id,)) as tx:
            detail: dict[str, JsonValue] = {"service": service, "found": len(bills)}
            read = (household_read(service, number),)
            self.note(tx, actor, "window.find_bills", agency_id, "", detail=detail, read=read)
        return WindowBills(
            mapping, number, mask_household_no(number), mask_name(name), mask_address(address), bills,
            mapping.payment if chosen else None,
        )  # fmt: skip

    def _ask_holder(self, mapping: ServiceMapping, number: str, request_id: str) -> tuple[str, str]:
        back_end = self.till.back_end_of(mapping)
        try:
            found = back_end.call("find_household", {"household_no": number}, request_id, purpose="look_up_household")
        except BackEndRefused as refused:
            raise explain_refusal(refused) from refused
        name, address = (found.get("holder_name"), found.get("address")) if isinstance(found, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(address, str):
            raise BackEndGarbled("find_household: name or address is missing")
        return name, address

    def _ask_bills(self, mapping: ServiceMapping, number: str, request_id: str) -> tuple[Bill, ...]:
        back_end, model = self.till.back_end_of(mapping), mapping.payment.model
        return ask_for_bills(back_end, number, request_id, model=model)

    def hold_bill(self, actor: Actor, payment_id: UUID, wanted: Wanted) -> PaymentFile:
        """Hold a bill for whoever stands at the window, before any money changes hands; the same page sent twice holds it once.

        Raises ``Conflict`` (``no_till``, ``till_of_earlier_day``, ``till_counted``), ``NothingOwed``, ``BillChanged``,
        ``BillHasOpenOrder`` with {platform, state, payment_id, since} of the order that has it, and what ``find_bills`` raises.
        """
        mapping, agency_id = self.find_service(actor, wanted.service)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            known = self._find_held(tx, actor, payment_id)
            if known is not None:
                return known
            require_taking(tx, actor, business_day(self.till.clock.now()))
        bill = self._find_wanted(actor, mapping, wanted)
        payment = self._draw_up(payment_id, agency_id, mapping, wanted, bill)
        return self.attempt(actor, lambda tx: self._hold(tx, actor, payment))

    def _find_held(self, tx: WindowTransaction, actor: Actor, payment_id: UUID) -> PaymentFile | None:
        """What this page held before, if it was sent before; noted as such. Raises ``Conflict`` (``another_clerk``)."""
        known = tx.payments.load(payment_id)
        if known is None:
            return None
        file = require_holder(actor, PaymentFile(known[0], tuple(known[1])))
        self.note(tx, actor, "window.hold_bill", file.payment.agency_id, str(payment_id), detail=AGAIN)
        return file

    def _find_wanted(self, actor: Actor, mapping: ServiceMapping, wanted: Wanted) -> Bill:
        number = read_household_no(mapping, wanted.household_no)
        if mapping.payment.amount == "chosen":
            return choose_amount(mapping, wanted.bill_no or None, wanted.amount_fen)
        for bill in self._ask_bills(mapping, number, actor.request_id):
            if bill.bill_no == wanted.bill_no:
                if bill.amount_fen <= 0:
                    raise NothingOwed
                if bill.amount_fen != wanted.amount_fen:
                    raise BillChanged(detail={"amount_fen": bill.amount_fen})
                return bill
        raise NothingOwed

    def _draw_up(
        self, payment_id: UUID, agency_id: UUID, mapping: ServiceMapping, wanted: Wanted, bill: Bill
    ) -> Payment:
        till, now = self.till, self.till.clock.now()
        sequence_no = make_sequence_no(till, business_day(now))
        return Payment(
            payment_id, agency_id, mapping.id, mapping.version, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY,
            wanted.household_no.strip(), bill.bill_no or f"topup-{sequence_no}", bill.period, bill.amount_fen,
            PlatformName.WINDOW, WINDOW, WINDOW, mapping.payee, till.random(16).hex(), sequence_no, till.random(16).hex(),
            mapping.order_description[Language.ZH_CN], now, now + timedelta(minutes=till.order_minutes),
            business_day(now), bill.items, name_fee(mapping, bill),
        )  # fmt: skip

    def _hold(self, tx: WindowTransaction, actor: Actor, payment: Payment) -> PaymentFile:
        own, agency_id, at = payment.payment_id, payment.agency_id, payment.created_at
        known = self._find_held(tx, actor, own)
        if known is not None:
            return known
        require_taking(tx, actor, business_day(at))
        data = {"staff_id": str(actor.member.staff_id), **name_cause(self.till_of(actor))}
        event = PaymentEvent(own, 1, START, PaymentState.INTENDED, at, data)
        tx.payments.open(payment, event)
        holder = tx.claims.take(agency_id, "open_order", bill_claim(payment), own, at)
        if holder != own:
            raise explain_holder(tx.payments.find_head(holder))
        tx.jobs.schedule("expire_order", agency_id, own, payment.expires_at)
        detail = {"service": payment.service, "amount_fen": payment.amount_fen}
        self.note(tx, actor, "window.hold_bill", agency_id, str(own), detail=detail)
        return PaymentFile(payment, (event,))

    def let_go(self, actor: Actor, payment_id: UUID) -> PaymentFile:
        """Give up a bill that was held: nobody paid. Raises ``NotFound``, ``Conflict`` (``another_clerk``, ``taken_already``)."""

        def work(tx: WindowTransaction) -> PaymentFile:
            file = require_holder(actor, load_payment(tx, actor, payment_id))
            if file.state is PaymentState.CLOSED:
                self.note(tx, actor, "window.let_go", file.payment.agency_id, str(payment_id), detail=AGAIN)
                return file
            if file.state is not PaymentState.INTENDED:
                raise refuse("taken_already")
            file = self.write(tx, actor, file, Step("order_closed", {"source": WINDOW}))
            self.note(tx, actor, "window.let_go", file.payment.agency_id, str(payment_id))
            return file

        return self.attempt(actor, work)

    def take_money(self, actor: Actor, payment_id: UUID, taking: Taking) -> PaymentFile:
        """Take the money of a held bill into the clerk's till: committed, and only then the company is told.

        Sent twice it is taken once. Raises ``NotFound``, ``InputRefused`` (tendered, terminal, reference), ``Conflict`` (``another_clerk``,
        ``hold_over``, ``taken_already``, ``card_slip_used``, ``no_till``, ``till_of_earlier_day``, ``till_counted``).
        """
        now = self.till.clock.now()

        def work(tx: WindowTransaction) -> PaymentFile:
            file = require_holder(actor, load_payment(tx, actor, payment_id))
            told = read_taking(taking, file.payment.amount_fen)
            if file.money is not None:
                require_same(file, told)
                self.note(tx, actor, "window.take_money", file.payment.agency_id, str(payment_id), detail=AGAIN)
                return file
            if file.state is not PaymentState.INTENDED or now >= file.payment.expires_at:
                raise refuse("hold_over")
            drawer = require_taking(tx, actor, business_day(now))
            self.claim_slip(tx, taking, payment_id)
            return self._take(tx, actor, file, drawer, told)

        return self.attempt(actor, work)

    def _take(
        self, tx: WindowTransaction, actor: Actor, file: PaymentFile, drawer: TillFile, told: dict[str, JsonValue]
    ) -> PaymentFile:
        payment, now = file.payment, self.till.clock.now()
        money = {
            **told, "amount_fen": payment.amount_fen, "paid_at": now.isoformat(), "source": WINDOW,
            "till_id": str(drawer.till.till_id),
        }  # fmt: skip
        file = self.write(tx, actor, file, Step("taken_at_window", money))
        append_event(tx, drawer, drawer.follow("money_taken", now, actor.member.staff_id, describe_move(payment, told)))
        detail = {"till_id": money["till_id"], "method": told["method"], "amount_fen": payment.amount_fen}
        self.note(tx, actor, "window.take_money", payment.agency_id, str(payment.payment_id), detail=detail)
        return file

    def ask_to_close(self, actor: Actor, payment_id: UUID, reason: str) -> OrderHead:
        """Ask a platform to close somebody's unpaid order, so that the bill can be paid here; the worker does it, and finds out first.

        Gives how far it is: *closing*, later *closed* (the bill is free) or *paid* (it was paid there after all).
        Raises ``NotFound``, ``InputRefused``, ``Conflict`` (``order_cannot_be_closed``).
        """
        told = read_reason(reason)

        def attempt() -> OrderHead:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                return self._close(tx, actor, payment_id, told)

        return decide_again(attempt)

    def _close(self, tx: WindowTransaction, actor: Actor, payment_id: UUID, reason: str) -> OrderHead:
        head = find_head(tx, actor, payment_id)
        if is_own(head.platform):
            raise refuse("order_cannot_be_closed")
        if head.state is PaymentState.CLOSING:
            self.note(tx, actor, "window.ask_to_close", head.agency_id, str(payment_id), reason=reason, detail=AGAIN)
            return head
        if head.state not in CLOSABLE:
            raise refuse("order_cannot_be_closed")
        state = follow(head.state, "cancel_requested")
        data = {"staff_id": str(actor.member.staff_id), "source": WINDOW, **name_cause(self.till_of(actor))}
        now = self.till.clock.now()
        event = PaymentEvent(payment_id, head.version + 1, "cancel_requested", state, now, data)
        tx.payments.append(head.agency_id, event)
        tx.jobs.enqueue("expire_order", head.agency_id, payment_id)
        self.note(tx, actor, "window.ask_to_close", head.agency_id, str(payment_id), reason=reason)
        return replace(head, state=state, version=event.version)

    def follow_order(self, actor: Actor, payment_id: UUID) -> OrderHead:
        """How far an order is that was asked to be closed. Raises ``NotFound``."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return find_head(tx, actor, payment_id)

    def show(self, actor: Actor, payment_id: UUID) -> PaymentFile:
        """A payment of the window within the reach of the clerk. Raises ``NotFound``."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return load_payment(tx, actor, payment_id)


def read_household_no(mapping: ServiceMapping, text: str) -> str:
    """The number in its one form. Raises ``InputRefused``."""
    number, asked = text.strip(), mapping.inputs.get("household_no")
    if not number or len(number) > 100 or (asked is not None and not asked.accepts(number)):
        raise InputRefused(detail={"household_no": "not_a_household_no"})
    return number
