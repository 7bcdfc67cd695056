"""The words of the till: states, methods, and the sentence for each refusal. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.console.frame import SHANGHAI
from gateway.console.words import FAULTS, RULES, Words
from services.cash_till import Method, TillState
from services.errors import BackEndError, GuitaiError, Refusal

HANDLED = (Refusal, BackEndError)
"""Errors that a page answers by itself, with what was typed still in it."""
TILL_STATES: Mapping[TillState, Words] = {
    TillState.OPEN: ("收款中", "open"),
    TillState.COUNTED: ("有差额，待负责人签认", "a difference waits for a head"),
    TillState.CLOSED: ("已结账", "closed"),
}
METHODS: Mapping[str, Words] = {Method.CASH: ("现金", "cash"), Method.CARD: ("刷卡", "card")}
TILL_EVENTS: Mapping[str, Words] = {
    "till_opened": ("开箱", "opened"),
    "money_taken": ("收款", "taken"),
    "money_returned": ("退款", "given back"),
    "till_counted": ("清点", "counted"),
    "difference_explained": ("说明差额", "difference explained"),
    "count_sent_back": ("退回重点", "sent back"),
    "till_closed": ("结账", "closed"),
}
PAYMENT_SAYS: Mapping[str, Words] = {
    "intended": ("账单已锁定，请收款。", "The bill is held: take the money."),
    "closed": ("未收款，账单已放开。", "No money was taken; the bill is free again."),
    "paid": ("已收款，正在通知收款单位销账。", "Taken; the payee is being told."),
    "writing_off": ("已收款，收款单位正在销账。", "Taken; the payee is writing it off."),
    "write_off_unknown": ("已收款，正在核实是否销账。", "Taken; whether it is written off is being asked."),
    "written_off": ("已收款，已销账。", "Taken and written off."),
    "refund_due": ("未能销账，应当在窗口退款。", "Not written off: the money is to be given back here."),
    "refunded": ("已在窗口退款，账单已放开。", "Given back; the bill is free again."),
}
SENTENCES: Mapping[str, Words] = {
    "no_till": ("您还没有开箱；请先点清备用金并开箱。", "You have no open till: count a float and open one."),
    "till_is_open": ("您已有一个未结账的钱箱。", "You have an open till already."),
    "till_of_earlier_day": (
        "上一日的钱箱尚未结账；请先清点结账，再开新箱。",
        "The till of an earlier day is not closed: count it first.",
    ),
    "till_counted": ("钱箱已清点，不再收付；有差额的，须由负责人签认。", "The till is counted and takes nothing more."),
    "till_closed": ("钱箱已结账，不能再改。", "The till is closed and never changes."),
    "till_moved": ("清点期间有新的收付；请核对后重新清点。", "Money came or went meanwhile: count again."),
    "not_counted": ("钱箱尚未清点。", "The till is not counted yet."),
    "not_explained": ("经办人尚未说明差额的原因。", "The clerk has not explained the difference yet."),
    "not_ones_own_till": ("不能签认本人（或被代理人）的钱箱。", "Nobody countersigns their own till."),
    "books_disagree": (
        "账簿与付款记录不一致，属系统故障；请勿结账，立即联系信息化岗位。",
        "The books disagree with the payments. This is our fault: tell IT at once.",
    ),
    "too_much": ("金额过大，请核对张数。", "Too much: check the pieces."),
    "another_clerk": ("该账单由另一位经办人锁定。", "Another clerk holds this bill."),
    "taken_already": ("该账单已经收款，请勿再收。", "The money was taken already: do not take it again."),
    "hold_over": (
        "锁定已过期，未入账。请重新查询并锁定；不能锁定的，请将款项当面退还。",
        "The hold is over and nothing was booked. Hold the bill again, or give the money back.",
    ),
    "card_slip_used": ("该签购单已用于另一笔收款。", "This card slip stands for another payment."),
    "order_cannot_be_closed": (
        "该订单不能在此关闭：可能已付款，或由窗口锁定。",
        "This order cannot be closed here.",
    ),
    "too_little": ("收到的现金少于应收金额。", "Less cash than the amount."),
    "not_an_amount": ("请按元填写金额，如 86.40。", "Enter an amount in yuan, such as 86.40."),
    "not_a_terminal": ("请按签购单填写终端号（4 至 15 位数字或大写字母）。", "The terminal's number, as on the slip."),
    "not_a_reference": (
        "请按签购单填写参考号（6 至 20 位数字或大写字母）。",
        "The reference number, as on the slip.",
    ),
    "not_a_household_no": ("户号格式不正确。", "This is no household number of the service."),
    "not_a_receipt_no": ("请输入收据上的 28 位编号。", "The 28 digits on the receipt."),
    "required": ("请先确认收款人已签字。", "The receiver signs first."),
    "not_due": ("该笔款项当前不应退还。", "This money is not due back."),
    "given_back_already": ("该笔款项已由他人退还。", "A colleague gave it back already."),
    "not_enough_cash": ("钱箱现金不足；请由另一窗口退还。", "Not enough cash in the till."),
    "not_taken_here": ("该笔缴费没有在窗口收到款项。", "No money was taken here."),
    "written_off": (
        "已经销账，款项已归收款单位；请缴费人向收款单位申请退费。",
        "It is written off: the payee gives it back, not the window.",
    ),
    "asked_already": ("已提出退款，等待负责人审批或核实。", "It was asked for already."),
    "nothing_asked": ("没有待审批的退款。", "Nothing waits for an answer."),
    "not_ones_own_act": (
        "收款人和提出人不能审批，须由另一位负责人办理。",
        "Whoever took it or asked does not approve it.",
    ),
    "step": ("金额须为规定的整数倍。", "The amount is not in the steps of the service."),
    "minimum": ("金额低于下限。", "Below the least amount."),
    "maximum": ("金额高于上限。", "Above the greatest amount."),
}
"""By the code in a refusal's detail."""
BY_CODE: Mapping[str, Words] = {
    "nothing_owed": ("该账单已经缴清，请勿收款。", "Nothing is owed on this bill: take no money."),
    "bill_changed": ("账单金额已变更，请重新查询。", "The bill has changed: look it up again."),
    "bill_has_open_order": ("有人正在缴这张账单，请勿收款。", "This bill is being paid: take no money."),
    "household_not_found": ("收款单位查无此户号。", "The payee does not know this number."),
    "service_unknown": ("该服务不在窗口办理。", "This service is not offered at the window."),
    "service_off": ("该服务暂停或正在批处理。", "The service is off at the moment."),
    "not_permitted": ("您的角色不能办理此项。", "Your roles do not allow this."),
    "not_found": ("没有这笔缴费，或不在您的办理范围。", "No such payment within your reach."),
    "too_many_requests": ("查询过于频繁，请稍候。", "Too many look-ups; wait a little."),
}
NO_ANSWER: Words = ("收款单位系统没有答复，没有收款；请稍后再试。", "The payee did not answer; nothing was taken.")


def say_no(refused: GuitaiError) -> Words:
    """Why it was not done, in two languages."""
    if isinstance(refused, BackEndError):
        return NO_ANSWER
    own = BY_CODE.get(refused.code)
    if own is not None:
        return own
    for code in (refused.detail or {}).values():
        found = SENTENCES.get(str(code)) or RULES.get(str(code)) or FAULTS.get(str(code))
        if found:
            return found
    return ("当前情况不允许此操作。", "It cannot be done now.")


def write_yuan(fen: object) -> str:
    """An amount as people read it: ``¥1,286.40``; a negative one with its sign."""
    amount = int(str(fen))
    sign = "-" if amount < 0 else ""
    return f"{sign}¥{abs(amount) // 100:,}.{abs(amount) % 100:02d}"


def write_piece(fen: int) -> str:
    """What a note or coin is called."""
    if fen >= 100:
        return f"{fen // 100} 元"
    return f"{fen // 10} 角" if fen >= 10 else f"{fen} 分"


def write_moment(text: object) -> str:
    """A moment out of an event's data, in Shanghai."""
    return datetime.fromisoformat(str(text)).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
