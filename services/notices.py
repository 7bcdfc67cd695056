"""A platform's notice, after the adapter verified it: evidence about one order or one refund of ours.

It is claimed by its id in the transaction that takes it into the file, so that a duplicate changes nothing and is
acknowledged. What is not ours, or came to another account's address, is refused.
"""

from __future__ import annotations

from uuid import UUID

from services.errors import NoticeRefused
from services.model import Notice, Payment, PaymentEvent, PaymentState
from services.orders import MONEY, PLATFORM_ORDER, judge_trade
from services.payment_events import PaymentFile, Step, order_claim, write_step
from services.payment_graph import ENDED_UNPAID, OPEN
from services.ports import Transaction
from services.refunds import UNDER_WAY, judge_refund
from services.till import Till, change_file


def accept_notice(till: Till, notice: Notice) -> PaymentState:
    """Take a verified notice into its payment's file; returns the state after it. Everything returned is acknowledged.

    Raises ``NoticeRefused`` (unknown_account, unknown_order, wrong_account, empty_notice, amount_missing, unknown_refund),
    ``StoreUnavailable``, ``VersionTaken``: those are answered with an error, and the platform sends it again.
    """
    merchant = till.directory.merchant_named(notice.account)
    if merchant is None or merchant.platform is not notice.platform:
        raise NoticeRefused("unknown_account")
    agency_id = merchant.agency_id
    return change_file(till, agency_id, lambda tx: _take_in(till, tx, agency_id, notice))


def _take_in(till: Till, tx: Transaction, agency_id: UUID, notice: Notice) -> PaymentState:
    receipt = till.new_id()
    claim = f"{notice.platform}|{notice.account}|{notice.notice_id}"
    first = tx.claims.take(agency_id, "notice", claim, receipt, till.clock.now()) == receipt
    file = _find_file(tx, agency_id, notice)
    step = _judge(till, file, notice)
    return write_step(till, tx, file, step).state if first and step else file.state


def find_payment(tx: Transaction, agency_id: UUID, notice: Notice) -> tuple[Payment, list[PaymentEvent]] | None:
    """The payment that a verified notice is about, by our number or by the platform's, whichever it names."""
    evidence = notice.trade or notice.refund
    if evidence is not None:
        return tx.payments.find_by_order(evidence.order_no)
    if notice.platform_order is None:
        return None
    owner = tx.claims.find(agency_id, PLATFORM_ORDER, order_claim(notice.account, notice.platform_order))
    return tx.payments.load(owner) if owner else None


def _find_file(tx: Transaction, agency_id: UUID, notice: Notice) -> PaymentFile:
    if not (notice.trade or notice.refund or notice.platform_order):
        raise NoticeRefused("empty_notice")
    found = find_payment(tx, agency_id, notice)
    if found is None:
        raise NoticeRefused("unknown_order")
    file = PaymentFile(found[0], tuple(found[1]))
    if (file.payment.platform, file.payment.account) != (notice.platform, notice.account):
        raise NoticeRefused("wrong_account")
    return file


def _judge(till: Till, file: PaymentFile, notice: Notice) -> Step | None:
    if notice.platform_order is not None:
        return _ask_at_once(file)
    if notice.trade is not None:
        if notice.trade.state in MONEY and notice.trade.amount_fen is None:
            raise NoticeRefused("amount_missing")
        return judge_trade(file, notice.trade, "notice", till.clock.now())
    if notice.refund is None or notice.refund.refund_no != file.payment.refund_no:
        raise NoticeRefused("unknown_refund")
    return judge_refund(till, file, notice.refund) if file.state in UNDER_WAY else None


def _ask_at_once(file: PaymentFile) -> Step | None:
    """A notice that only names an order: the platform's answer to a question decides, not the notice."""
    if file.state in OPEN | ENDED_UNPAID:
        return Step(now=("confirm_payment",))
    return Step(now=("refund_payment",)) if file.state in UNDER_WAY else None
