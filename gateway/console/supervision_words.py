"""Words of the supervision room: rungs, states, what happened, what was found, why something is refused. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from gateway.console.counter_refusals import say_refusal
from gateway.console.words import Words
from services.alert_facts import FEE_OF_PAYMENT, FEE_OUTSIDE, NO_REASON
from services.alert_record import Alert, AlertState, Rung
from services.clock import SHANGHAI_OFFSET, ClockKind
from services.clock_words import CLOCKS
from services.errors import GuitaiError
from services.mapping import ServiceMapping
from services.model import Language
from services.supervision_rules import Hands

BEIJING = timezone(SHANGHAI_OFFSET)
RUNGS: Mapping[Rung, Words] = {
    Rung.PASSED: ("超法定时限", "past the law"),
    Rung.RED: ("红色预警", "red"),
    Rung.LATE: ("环节超时", "late"),
    Rung.FACT: ("办理不规范", "irregular"),
    Rung.ORANGE: ("橙色预警", "orange"),
}
SIGNS: Mapping[Rung, str] = {Rung.PASSED: "▲▲", Rung.RED: "▲", Rung.LATE: "◆", Rung.FACT: "!", Rung.ORANGE: "●"}
"""A shape beside each colour: never colour alone."""
STATES: Mapping[AlertState, Words] = {
    AlertState.OPEN: ("待签收", "not acknowledged"),
    AlertState.ACKNOWLEDGED: ("督办中", "in hand"),
    AlertState.CLOSED: ("已办结", "closed"),
}
VIEW_WORDS: Mapping[str, Words] = {
    "desk": ("本级待办", "My desk"),
    "below": ("本级及下级", "All levels below"),
    "closed": ("已办结", "Closed"),
}
HANDS_OF: Mapping[Hands, Words] = {
    Hands.NOBODY: ("待签收", "nobody has it in hand"),
    Hands.ANSWERED: ("承办人已答复，待您处理", "answered: yours to go on with"),
    Hands.MINE: ("由我督办", "in my hands"),
    Hands.OTHERS: ("由他人督办", "in other hands"),
}
"""The headings of the inbox."""
WEEKDAYS = "一二三四五六日"
EVENTS: Mapping[str, Words] = {
    "told": ("发出预警", "told"),
    "acknowledged": ("签收", "acknowledged"),
    "noted": ("备注", "noted"),
    "contacted": ("询问承办人", "asked the case manager"),
    "answered": ("承办人答复", "answered"),
    "delegated": ("转交", "given to a colleague"),
    "escalated": ("逾期未签收，升级", "went up a level"),
    "closed": ("办结督办", "closed"),
    "reopened": ("重新督办", "taken up again"),
}
CAUSES: Mapping[str, Words] = {
    "idle": ("无正当理由未办理", "nobody worked on it"),
    "workload": ("业务量大、人手不足", "too much work"),
    "waiting": ("等待其他部门", "waiting for another office"),
    "system": ("系统或登记机关故障", "a system failed"),
    "applicant": ("等待申请人", "waiting for the applicant"),
    "justified": ("有正当理由", "good reasons"),
    "mistaken": ("预警有误", "the alert is mistaken"),
}
FACTS: Mapping[str, Words] = {
    NO_REASON: ("未说明理由", "no reason given"),
    FEE_OUTSIDE: ("目录外收费", "a fee outside the catalogue"),
    FEE_OF_PAYMENT: ("缴费：目录外收费", "a payment for a fee outside the catalogue"),
}
ACTS: Mapping[str, Words] = {
    "alert.acknowledge": ("签收预警", "acknowledged an alert"),
    "alert.note": ("预警备注", "noted on an alert"),
    "alert.contact": ("询问承办人", "asked a case manager"),
    "alert.delegate": ("转交预警", "gave an alert to a colleague"),
    "alert.close": ("办结督办", "closed an alert"),
    "alert.reopen": ("重新督办", "took an alert up again"),
    "alert.open_case": ("督查查阅办件", "read a case for supervision"),
    "alert.answer": ("答复督查", "answered supervision"),
}
DONE: Mapping[str, Words] = {
    "acknowledge": ("已签收，由您督办；不再逐级上报。", "It is in your hands and does not go up any more."),
    "note": ("备注已保存。", "The note is kept."),
    "contact": ("询问已送达承办人的柜台。", "The question lies at the case manager's counter."),
    "delegate": (
        "已转交；同事签收前，仍按原时限逐级上报。",
        "It was given to your colleague, and goes up in time unless they acknowledge it.",
    ),
    "close": ("督办已办结。", "It is closed."),
    "reopen": ("已重新督办。", "It is taken up again."),
    "answer": ("答复已送交督查。", "Your answer is with the supervision office."),
}
RULES: Mapping[str, Words] = {
    "went_up": (
        "该预警已升级到上级督查，本级只能添加备注。",
        "It lies on the desk of the level above: your level may only note.",
    ),
    "acknowledge_first": ("请先签收，再询问或办结。", "Acknowledge it first."),
    "with_a_colleague": (
        "该预警由同事督办；如需接手，请先签收。",
        "A colleague has it in hand; acknowledge it to take over.",
    ),
    "own_work": ("您办理过该件，应当回避；可转交同事。", "You worked on this case yourself: give it to a colleague."),
    "alert_open": ("该预警尚未签收。", "It is not acknowledged yet."),
    "alert_acknowledged": ("该预警已由您督办，不必再次签收。", "You have it in hand already."),
    "alert_closed": ("该预警已办结；如需继续，请先重新督办。", "It is closed; take it up again first."),
    "nothing_asked": ("该询问已有答复。", "It has been answered already."),
    "not_a_clerk_here": ("此人不承办该件，请从列表中选择。", "This person does not handle the case."),
    "not_a_supervisor_here": (
        "此人不是本级督查人员，或办理过该件。",
        "No supervisor of this level, or with a part in the case.",
    ),
    "none_or_too_many": ("请选择一项以上，且不超过 50 项。", "Choose at least one and at most fifty."),
    "case_moved": ("有人刚刚处理过，请看最新记录后再提交。", "Somebody acted on it meanwhile: look again."),
    "required": ("请填写内容。", "Write something."),
    "choice": ("请选择查明的原因。", "Choose what was found."),
    "too_long": ("内容不超过 500 字。", "At most 500 characters."),
}


def say_no(error: GuitaiError) -> tuple[Words, tuple[str, ...]]:
    """The sentence of a refusal, and a line for each thing that is wrong."""
    codes = [*(str(value) for value in (error.detail or {}).values()), error.code]
    found = next((RULES[code] for code in codes if code in RULES), None)
    return (found, ()) if found is not None else say_refusal(error)


def say_clock(key: str, mapping: ServiceMapping | None) -> Words:
    """What a clock of an alert is called: ``step:0`` by the step's title, ``completeness:2`` as the second time, a fact by its code."""
    name, _, number = key.partition(":")
    if name in FACTS:
        return FACTS[name]
    if name not in set(ClockKind):
        return key, key
    texts = CLOCKS[ClockKind(name)]
    words = (texts[Language.ZH_CN], texts[Language.EN])
    if name == ClockKind.STEP:
        steps = mapping.counter.steps if mapping is not None and mapping.counter is not None else ()
        step = steps[int(number)].name if number.isdecimal() and int(number) < len(steps) else {}
        chinese, english = step.get(Language.ZH_CN, number), step.get(Language.EN, number)
        return f"{words[0]}：{chinese}", f"{words[1]}: {english}"
    return (f"{words[0]}（第 {number} 次）", f"{words[1]} ({number})") if number else words


def say_ago(at: datetime, now: datetime) -> Words:
    """How long ago, or in how long: minutes, hours, days; rounded down."""
    span = abs(now - at)
    if span < timedelta(minutes=1):
        return ("刚刚", "just now") if at <= now else ("马上", "at once")
    count, chinese, english = _measure(span)
    if at > now:
        return f"{count} {chinese}后", f"in {count} {english}"
    return f"{count} {chinese}前", f"{count} {english} ago"


def _measure(span: timedelta) -> tuple[int, str, str]:
    seconds = int(span.total_seconds())
    for size, chinese, english in ((86400, "天", "d"), (3600, "小时", "h")):
        if seconds >= size:
            return seconds // size, chinese, english
    return seconds // 60, "分钟", "min"


def say_day(at: datetime) -> str:
    """A day in China in words: 11月23日 星期一."""
    on = at.astimezone(BEIJING)
    return f"{on.month}月{on.day}日 星期{WEEKDAYS[on.weekday()]}"


def say_until(at: datetime, now: datetime) -> str:
    """A moment ahead by the day that people say: 今天 13:00, 明天 09:00, else 11月27日 星期五 13:00."""
    days = (at.astimezone(BEIJING).date() - now.astimezone(BEIJING).date()).days
    day = {0: "今天", 1: "明天"}.get(days) or say_day(at)
    return f"{day} {at.astimezone(BEIJING):%H:%M}"


def say_lateness(alert: Alert) -> Words | None:
    """That it was told later than it was due (an outage of the sweeper), if by more than an hour."""
    gap = alert.sent_at - alert.planned.due_at
    if gap < timedelta(hours=1):
        return None
    count, chinese, english = _measure(gap)
    return f"补发：迟 {count} {chinese}", f"told {count} {english} late"
