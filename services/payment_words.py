"""The fixed sentence for each state of a payment: what happened, what comes next, and nothing that names anybody."""

from __future__ import annotations

from services.model import Language, PaymentState

_ZH, _EN = Language.ZH_CN, Language.EN

STATE_WORDS: dict[PaymentState, dict[Language, str]] = {
    PaymentState.INTENDED: {
        _ZH: "正在向支付平台下单，请稍候。",
        _EN: "The order is being placed; please wait.",
    },
    PaymentState.AWAITING_PAYMENT: {
        _ZH: "等待付款。如已付款，结果稍后自动更新，无需重复付款。",
        _EN: "Waiting for your payment. If you have paid, the result will appear by itself; do not pay again.",
    },
    PaymentState.REFUSED: {
        _ZH: "支付平台未接受订单，未扣款。",
        _EN: "The platform did not accept the order; no money was taken.",
    },
    PaymentState.CLOSING: {
        _ZH: "正在取消订单。如已付款，将继续办理或原路退回。",
        _EN: "The order is being cancelled. If you have paid, it will be completed or refunded.",
    },
    PaymentState.CLOSED: {
        _ZH: "订单已关闭，未扣款，可重新缴费。",
        _EN: "The order is closed and no money was taken; you can pay again.",
    },
    PaymentState.PAID: {
        _ZH: "已收到付款，正在通知收款单位销账。",
        _EN: "Your payment has arrived; the payee is being told.",
    },
    PaymentState.WRITING_OFF: {
        _ZH: "已收到付款，收款单位正在销账，请勿重复缴费。",
        _EN: "Your payment has arrived; the payee is writing the bill off. Do not pay again.",
    },
    PaymentState.WRITE_OFF_UNKNOWN: {
        _ZH: "已收到付款，正在向收款单位核实销账结果，请勿重复缴费。未能销账的将自动退款。",
        _EN: "Your payment has arrived; we are asking the payee for the result. Do not pay again. If it fails, you are refunded.",
    },
    PaymentState.WRITTEN_OFF: {
        _ZH: "缴费成功，账单已销账。",
        _EN: "Paid: the bill is written off.",
    },
    PaymentState.REFUND_DUE: {
        _ZH: "款项将自动原路退回，无需申请。",
        _EN: "Your money goes back to you by itself; you need not ask.",
    },
    PaymentState.REFUNDING: {
        _ZH: "退款处理中，款项将原路退回，无需申请。",
        _EN: "The refund is under way; your money goes back the way it came.",
    },
    PaymentState.REFUND_ABNORMAL: {
        _ZH: "退款暂未成功，工作人员已获知，系统将继续办理，无需申请。",
        _EN: "The refund has not succeeded yet. Our staff know, and it is being tried again; you need not ask.",
    },
    PaymentState.REFUNDED: {
        _ZH: "已退款，款项原路退回。",
        _EN: "Refunded the way it was paid.",
    },
}

REASON_WORDS: dict[str, dict[Language, str]] = {
    "already_paid": {_ZH: "该账单已通过其他途径缴清。", _EN: "The bill had already been paid elsewhere."},
    "amount_mismatch": {_ZH: "付款期间账单金额已变更。", _EN: "The amount of the bill changed meanwhile."},
    "nothing_owed": {_ZH: "该户号当前无欠费。", _EN: "Nothing is owed on this bill any more."},
    "past_period": {_ZH: "该账单已过缴费期。", _EN: "The time for paying this bill is over."},
    "no_such_household": {_ZH: "收款单位查无此户号。", _EN: "The payee no longer knows this household number."},
    "no_answer": {_ZH: "收款单位长时间未能销账。", _EN: "The payee could not write the bill off in time."},
    "paid_in_vain": {_ZH: "付款到达时订单已关闭。", _EN: "The order was closed when your payment arrived."},
    "wrong_amount_paid": {_ZH: "实付金额与账单不符。", _EN: "The amount that was paid is not that of the bill."},
    "return_approved": {_ZH: "经批准在窗口退回。", _EN: "Approved to be given back at the window."},
    "refunded_outside": {_ZH: "该笔付款已在平台退回。", _EN: "The payment was given back at the platform."},
}

GOING_BACK = frozenset(
    {PaymentState.REFUND_DUE, PaymentState.REFUNDING, PaymentState.REFUND_ABNORMAL, PaymentState.REFUNDED}
)


def say_state(state: PaymentState, reason: str | None, language: Language) -> str:
    """The sentence for a state; when money goes back, why comes first."""
    sentence = STATE_WORDS[state][language]
    if state in GOING_BACK and reason in REASON_WORDS:
        why = REASON_WORDS[reason][language]
        return why + sentence if language is _ZH else f"{why} {sentence}"
    return sentence
