"""The order at the platform: made once under a random number, asked about, closed. What the platform says is evidence.

A call that gave no answer is *unknown*: the same number is repeated or asked about, and there is never a second order.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.census_record import Occasion
from services.doors import is_own
from services.errors import PlatformAccountBlocked, PlatformError, PlatformGarbled, PlatformRefused
from services.model import Order, Payment, PaymentState, PlacedOrder, PlatformApp, TradeState, TradeStatus
from services.payment_events import PaymentFile, Step, change_payment, load_file, order_claim
from services.payment_graph import ENDED_UNPAID, OPEN
from services.platform_port import NonTaxPlace
from services.till import Till, explain_payment, find_merchant, grow_delay
from services.turned_away import count_turned_away

CLOSE_SECONDS = (15, 1800)
"""Bounds of the growing wait while the platform does not answer whether an order is closed."""

ABSENT_AGAIN_SECONDS = 3600
"""When an order that ended because the platform did not have it is asked about once more, counted from the later of its expiry and now.

Alipay may make a trade only when the payer opens its till ([UNCONF]): a payment in that moment whose notice is lost would never be found.
"""

LAST_QUESTION = timedelta(days=1)
PLATFORM_ORDER = "platform_order"
"""The kind of claim by which a notice that names only the platform's number of an order finds its payment."""

AWAITING = frozenset({PaymentState.INTENDED, PaymentState.AWAITING_PAYMENT})
MONEY = frozenset({TradeState.PAID, TradeState.REFUNDED})
"""Answers that say that money was taken."""


def place_order(till: Till, app: PlatformApp, payment: Payment, user_id: str, request_id: str) -> PlacedOrder:
    """Make or repeat the platform's order: a random number, generic words, an amount; never name, address or household."""
    merchant = find_merchant(till, payment)
    order = Order(
        order_no=payment.order_no,
        description=payment.description,
        amount_fen=payment.amount_fen,
        user_id=user_id,
        expires_at=payment.expires_at,
        notify_url=f"{till.public_url.rstrip('/')}/v1/notices/{merchant.account}",
        created_at=payment.created_at,
        non_tax=payment.non_tax,
    )
    told = explain_payment(till, payment, "pay_bill", request_id)
    return till.platforms[payment.platform].place_order(app, merchant, order, told)


def record_placed(till: Till, payment: Payment, placed: PlacedOrder) -> PaymentFile:
    """Record that the platform has the order; a file that went on meanwhile stays as it is."""

    def decide(file: PaymentFile) -> Step | None:
        if file.state is not PaymentState.INTENDED:
            return None
        if payment.non_tax is None:
            return Step("order_placed", {"platform_order": placed.platform_order})
        return Step(
            "order_placed",
            {"platform_order": placed.platform_order, "client_parameters": dict(placed.client_parameters)},
            claims={PLATFORM_ORDER: order_claim(payment.account, placed.platform_order)},
        )

    return change_payment(till, payment.agency_id, payment.payment_id, decide)


def find_placed(file: PaymentFile) -> PlacedOrder | None:
    """The order of the non-tax model that this payment has. A platform knows such an order by its own number alone, so it is made
    once: whoever asks again gets what was given then, and an order of which we never heard can be opened by nobody.
    """
    placed = file.last("order_placed")
    if file.payment.non_tax is None or placed is None:
        return None
    return PlacedOrder(placed.data["platform_order"], placed.data["client_parameters"])


def find_place(till: Till, payment: Payment) -> NonTaxPlace | None:
    """Where an order of the non-tax model is found at its platform; None for a payment of any other kind."""
    if payment.non_tax is None:
        return None
    placed = find_placed(read_file(till, payment.agency_id, payment.payment_id))
    app = till.directory.app_named(payment.app)
    return NonTaxPlace(payment.non_tax, app, placed.platform_order if placed else None)


def record_refused(till: Till, payment: Payment, refused: PlatformRefused, request_id: str) -> PaymentFile:
    """A refusal ends the order only if the platform does not have it: an earlier attempt may have arrived, even been paid."""
    trade = ask_platform(till, payment, "pay_bill", request_id)
    if trade.state is not TradeState.ABSENT:
        return record_trade(till, payment, trade, "query")

    mine = False

    def decide(file: PaymentFile) -> Step | None:
        nonlocal mine
        mine = file.state is PaymentState.INTENDED
        told = {"reason": refused.reason, "of_account": isinstance(refused, PlatformAccountBlocked)}
        return Step("order_refused", told, later=_plan_last_question(till, payment)) if mine else None

    file = change_payment(till, payment.agency_id, payment.payment_id, decide)
    if mine:
        count_turned_away(till.store, till.clock, payment.agency_id, payment.platform, Occasion.PAYMENT, refused)
    return file


def explain_refusal(file: PaymentFile) -> PlatformRefused | None:
    """The refusal that ended an order, as the platform gave it."""
    refused = file.last("order_refused")
    if refused is None:
        return None
    kind = PlatformAccountBlocked if refused.data.get("of_account") else PlatformRefused
    return kind(str(refused.data["reason"]))


def ask_platform(till: Till, payment: Payment, purpose: str, request_id: str) -> TradeStatus:
    """What the platform says of the order. Raises the errors of a platform; an answer about another order is garbled."""
    told = explain_payment(till, payment, purpose, request_id)
    trade = till.platforms[payment.platform].query_order(
        find_merchant(till, payment), payment.order_no, told, find_place(till, payment)
    )
    return require_own(payment, trade)


def require_own(payment: Payment, trade: TradeStatus) -> TradeStatus:
    """Raises ``PlatformGarbled`` for an answer about another order, or about money without an amount."""
    if trade.order_no != payment.order_no:
        raise PlatformGarbled("the answer is about another order")
    if trade.state in MONEY and trade.amount_fen is None:
        raise PlatformGarbled("money without an amount")
    return trade


def record_trade(till: Till, payment: Payment, trade: TradeStatus, source: str) -> PaymentFile:
    """Take evidence into the file. ``source``: notice or query. Late, repeated and reordered evidence changes nothing."""
    return change_payment(
        till, payment.agency_id, payment.payment_id, lambda file: judge_trade(file, trade, source, till.clock.now())
    )


def judge_trade(file: PaymentFile, trade: TradeStatus, source: str, now: datetime) -> Step | None:
    """What evidence about an order amounts to, given the file. Pure."""
    if file.state not in OPEN | ENDED_UNPAID:
        return None
    if trade.state is TradeState.CLOSED and file.state in OPEN:
        return Step("order_closed", {"source": source})
    if trade.state in MONEY and trade.amount_fen is not None:
        return _judge_money(file, trade, source, now)
    return None


def _judge_money(file: PaymentFile, trade: TradeStatus, source: str, now: datetime) -> Step:
    data = describe_money(trade, source, now)
    differs = trade.amount_fen != file.payment.amount_fen
    if differs and source == "notice":
        return Step("amount_disputed", data, now=("confirm_payment",))
    if trade.state is TradeState.REFUNDED:
        return Step("refunded_outside", data)
    if differs:
        return Step("wrong_amount_paid", data)
    return Step("paid_in_vain" if file.state in ENDED_UNPAID else "payment_confirmed", data)


def describe_money(trade: TradeStatus, source: str, now: datetime) -> dict[str, object]:
    """What an event keeps of money that arrived. Without the platform's own time, our time of learning it stands."""
    return {
        "amount_fen": trade.amount_fen,
        "transaction_id": trade.transaction_id,
        "paid_at": (trade.paid_at or now).isoformat(),
        "source": source,
    }


def confirm_payment(till: Till, agency_id: UUID, payment_id: UUID, request_id: str) -> PaymentState:
    """Job: the notice is late, or names another amount: ask the platform, at growing intervals until the order expires."""
    file = read_file(till, agency_id, payment_id)
    if file.state not in OPEN | ENDED_UNPAID or is_own(file.payment.platform):
        return file.state  # no platform knows of what is held at the window
    try:
        trade = ask_platform(till, file.payment, "follow_payment", request_id)
    except PlatformError:
        return ask_again_later(till, file, unanswered=True).state
    if trade.state is TradeState.UNPAID and file.state in ENDED_UNPAID:
        withdraw_order(till, file, request_id)  # the platform made the order after we ended it
        return read_file(till, agency_id, payment_id).state
    file = record_trade(till, file.payment, trade, "query")
    return ask_again_later(till, file).state if file.state in AWAITING else file.state


def ask_again_later(till: Till, file: PaymentFile, *, unanswered: bool = False) -> PaymentFile:
    """Plan the next question; after the expiry, ``expire_order`` asks, except about money that is in dispute.

    The last question about an order that ended as absent is repeated while the platform does not answer, for at most a day.
    """

    def decide(file: PaymentFile) -> Step | None:
        now = till.clock.now()
        due_at = grow_delay(file.payment.created_at, now, least=till.confirm_after_seconds, most=1800)
        dispute = file.events[-1].name == "amount_disputed"
        if unanswered and _ended_absent(file) and now < file.entered_at() + LAST_QUESTION:
            return Step(later={"confirm_payment": now + timedelta(seconds=ABSENT_AGAIN_SECONDS)})
        if (file.state in AWAITING and due_at < file.payment.expires_at) or (
            dispute and file.state in ENDED_UNPAID | OPEN
        ):
            return Step(later={"confirm_payment": due_at})
        return None

    return change_payment(till, file.payment.agency_id, file.payment.payment_id, decide)


def _ended_absent(file: PaymentFile) -> bool:
    ended = file.events[-1]
    return ended.name == "order_refused" or (ended.name == "order_closed" and ended.data.get("source") == "absent")


def expire_order(till: Till, agency_id: UUID, payment_id: UUID, request_id: str) -> PaymentState:
    """Job: close the order at the platform when its time is over or the citizen cancelled; if it was paid, it is paid.

    A bill that was held at the window and not paid there is let go.
    """

    def decide(file: PaymentFile) -> Step | None:
        if file.state not in AWAITING:
            return None
        if till.clock.now() < file.payment.expires_at:
            return Step(later={"expire_order": file.payment.expires_at})
        if is_own(file.payment.platform):
            return Step("order_closed", {"source": str(file.payment.platform)})
        return Step("expiry_reached")

    file = change_payment(till, agency_id, payment_id, decide)
    return settle_closing(till, file, "cancel_payment", request_id).state


def settle_closing(till: Till, file: PaymentFile, purpose: str, request_id: str) -> PaymentFile:
    """Ask, close, ask: until the platform says that the order is closed, absent or paid. Without an answer: later."""
    if file.state is not PaymentState.CLOSING:
        return file
    try:
        trade = _close_at_platform(till, file.payment, purpose, request_id)
    except PlatformError:
        return _close_later(till, file)
    if trade.state is TradeState.UNPAID:
        return _close_later(till, file)
    if trade.state is TradeState.ABSENT:
        return _close_absent(till, file)
    return record_trade(till, file.payment, trade, "query")


def _close_absent(till: Till, file: PaymentFile) -> PaymentFile:
    """The platform does not have the order: closed, and asked about once more after nobody can open its till any longer."""

    def decide(file: PaymentFile) -> Step | None:
        if file.state is not PaymentState.CLOSING:
            return None
        return Step("order_closed", {"source": "absent"}, later=_plan_last_question(till, file.payment))

    return change_payment(till, file.payment.agency_id, file.payment.payment_id, decide)


def _plan_last_question(till: Till, payment: Payment) -> dict[str, datetime]:
    """One ``confirm_payment``; the job plans another only if that question gets no answer, for a day."""
    last = max(till.clock.now(), payment.expires_at)
    return {"confirm_payment": last + timedelta(seconds=ABSENT_AGAIN_SECONDS)}


def withdraw_order(till: Till, file: PaymentFile, request_id: str) -> None:
    """The payment ended while its order was being placed: close that order too, if the platform listens.

    Nobody has its parameters, and the platform's own expiry closes it; should it be paid all the same, it is refunded.
    """
    try:
        trade = _close_at_platform(till, file.payment, "cancel_payment", request_id)
    except PlatformError:
        return
    record_trade(till, file.payment, trade, "query")


def _close_at_platform(till: Till, payment: Payment, purpose: str, request_id: str) -> TradeStatus:
    trade = ask_platform(till, payment, purpose, request_id)
    if trade.state not in (TradeState.UNPAID, TradeState.ABSENT):
        return trade
    told = explain_payment(till, payment, purpose, request_id)
    closed = till.platforms[payment.platform].close_order(
        find_merchant(till, payment), payment.order_no, told, find_place(till, payment)
    )
    if closed.state in (TradeState.CLOSED, TradeState.ABSENT):
        return closed
    return ask_platform(till, payment, purpose, request_id)


def _close_later(till: Till, file: PaymentFile) -> PaymentFile:
    def decide(file: PaymentFile) -> Step | None:
        if file.state is not PaymentState.CLOSING:
            return None
        least, most = CLOSE_SECONDS
        return Step(later={"expire_order": grow_delay(file.entered_at(), till.clock.now(), least=least, most=most)})

    return change_payment(till, file.payment.agency_id, file.payment.payment_id, decide)


def plan_order(till: Till, payment: Payment) -> dict[str, datetime]:
    """The questions that are planned the moment an order is intended: they also find it if we stop before hearing of it."""
    return {
        "confirm_payment": till.clock.now() + timedelta(seconds=till.confirm_after_seconds),
        "expire_order": payment.expires_at,
    }


def read_file(till: Till, agency_id: UUID, payment_id: UUID) -> PaymentFile:
    """The file as it is now, in a transaction of its own. Raises ``NotFound``."""
    with till.store.begin((agency_id,)) as tx:
        return load_file(tx, payment_id)
