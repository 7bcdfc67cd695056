"""Words of the rooms of complaints and ratings: events, acts, why something is refused. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.counter_refusals import say_refusal
from gateway.console.words import Words
from services.errors import GuitaiError

EVENTS: Mapping[str, Words] = {
    "filed": ("提出", "filed"),
    "assigned": ("指派", "given"),
    "taken": ("开始办理", "taken in hand"),
    "put_to_rated": ("向被评价人核实", "put to whom it is about"),
    "appealed": ("被评价人申诉", "appeal of the rated"),
    "answered": ("答复", "answered"),
    "dismissed": ("不予认定", "dismissed"),
}
GROUNDS: Mapping[str, Words] = {"mistaken": ("误评", "mistaken"), "malicious": ("恶意", "malicious")}
ACTS: Mapping[str, Words] = {
    "complaint.open": ("查阅投诉", "opened a complaint"),
    "complaint.assign": ("指派投诉", "gave a complaint"),
    "complaint.take": ("领办投诉", "took a complaint"),
    "complaint.put_to_rated": ("向被评价人核实", "put a complaint to the rated"),
    "complaint.answer": ("答复投诉", "answered a complaint"),
    "complaint.dismiss": ("不予认定", "dismissed a complaint"),
    "complaint.appeal": ("申诉", "appealed"),
    "complaint.file": ("窗口登记投诉", "wrote down a complaint"),
    "rating.take": ("窗口收评价", "took a rating at the window"),
}
DONE: Mapping[str, Words] = {
    "assign": ("已指派。", "Given."),
    "take": ("已领办。", "It is in your hands."),
    "put": ("已向被评价人核实，未透露评价人。", "It was put to whom it is about, without who said it."),
    "answer": ("已答复，投诉人可以看到答复。", "Answered; whoever complained sees it."),
    "dismiss": ("已作不予认定处理。", "Dismissed."),
    "appeal": ("申诉已提交，由他人审理。", "Your appeal is kept; somebody else decides on it."),
    "file": (
        "投诉已登记，五个工作日内由未经手的人员答复。",
        "It is filed; somebody without a part in it answers in five working days.",
    ),
}
RULES: Mapping[str, Words] = {
    "no_visit": ("今天没有该办件的窗口办理记录，不能评价。", "Nobody came for this case today."),
    "no_appeal": (
        "被评价人尚未申诉，不能认定为误评或恶意评价。",
        "Without an appeal of the rated nothing is dismissed.",
    ),
    "take_first": ("请先领办。", "Take it in hand first."),
    "not_a_handler_here": (
        "此人不能办理：没有角色，或经手过该办件。",
        "This person may not handle it: no role here, or a part in the case.",
    ),
    "already_rated": ("本次已评价过，谢谢。", "This has been rated already; thank you."),
    "complaint_open": ("该办件已有投诉在办理。", "An earlier complaint about it is being dealt with."),
    "case_moved": ("有人刚刚办理过，请重新查看。", "Somebody acted on it meanwhile: look again."),
    "case_in_other_hands": ("由他人办理中。", "Somebody else has it in hand."),
    "not_allowed_now": ("当前状态不允许此操作。", "It cannot be done now."),
}


def say_no(error: GuitaiError) -> tuple[Words, tuple[str, ...]]:
    """The sentence of a refusal, and a line for each thing that is wrong."""
    detail = error.detail or {}
    codes = [*(str(value) for value in detail.values()), error.code]
    found = next((RULES[code] for code in codes if code in RULES), None)
    return (found, ()) if found is not None else say_refusal(error)
