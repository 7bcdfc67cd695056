"""What a mail of alerts says, in Chinese first and in English: how many, how urgent, which service, since when; no name and no number.

Of a case number the last four signs are told, as to a platform: enough to find it in the inbox, too little to look it up elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.alert_facts import FEE_OF_PAYMENT, FEE_OUTSIDE, NO_REASON
from services.alert_record import PlannedAlert, Rung
from services.case_telling import take_tail
from services.mail_port import Letter
from services.mail_record import AlertMail
from services.mapping import Texts
from services.model import Language
from services.watch_words import say_moment

MOST_SHOWN = 50
Pair = tuple[str, str]
RUNGS: dict[Rung, Pair] = {
    Rung.ORANGE: ("橙色预警", "Orange alert"),
    Rung.RED: ("红色预警", "Red alert"),
    Rung.PASSED: ("超法定时限", "Statutory limit passed"),
    Rung.LATE: ("环节超时", "Step late"),
    Rung.FACT: ("不规范办理", "Irregular handling"),
}
CLOCKS: dict[str, Pair] = {
    "promised": ("承诺办结时限", "promised limit"),
    "statutory": ("法定办结时限", "statutory limit"),
    "completeness": ("材料齐全性告知", "completeness notice"),
    "step": ("办理环节", "step"),
    "delivery": ("结果送达", "delivery"),
    NO_REASON: ("未说明理由", "no reason given"),
    FEE_OUTSIDE: ("目录外收费", "fee outside the catalogue"),
    FEE_OF_PAYMENT: ("缴费：目录外收费", "payment: a fee outside the catalogue"),
}
"""By what stands before the colon of an alert's clock."""
OTHER: Pair = ("其他事项", "other matter")
URGENT = (Rung.PASSED, Rung.RED, Rung.FACT, Rung.LATE, Rung.ORANGE)
"""In this order a mail counts them."""
ENDING: Pair = (
    "本邮件不含当事人信息，由系统自动发出，请勿回复。请登录监督工作台查看和处理。",
    "This mail names nobody and is sent automatically; please do not answer it. Please look at the supervision room.",
)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as a mail tells it. ``rise``: how often it had gone up; ``title``: of its service, by language."""

    planned: PlannedAlert
    rise: int
    title: Texts


def write_alert_letter(told: Sequence[Told], mail: AlertMail, console_url: str | None) -> Letter:
    """One letter of one alert or of many; the same text and name whenever it is written."""
    subject = _write_single(told[0]) if len(told) == 1 else _write_digest(told)
    parts = []
    for place in (0, 1):
        lines = [_write_line(one, place) for one in told[:MOST_SHOWN]]
        if len(told) > MOST_SHOWN:
            more = len(told) - MOST_SHOWN
            lines.append((f"……另有 {more} 条", f"… and {more} more")[place])
        parts.append("\n".join([*lines, "", ENDING[place]]))
    text = "\n\n".join([*parts, *([f"{console_url}/supervision"] if console_url else [])]) + "\n"
    return Letter(f"alerts.{mail.mail_id.hex}", mail.left_to, f"{subject[0]} / {subject[1]}", text, mail.made_at)


def _write_single(one: Told) -> Pair:
    rung, tail = RUNGS[one.planned.rung], take_tail(one.planned.case_no)
    up = ("【升级】", "escalated: ") if one.rise else ("", "")
    return (
        f"{up[0]}【{rung[0]}】{_title(one, 0)} 尾号 {tail}",
        f"{up[1]}{rung[1]}, {_title(one, 1)}, case ending in {tail}",
    )


def _write_digest(told: Sequence[Told]) -> Pair:
    counts = Counter(one.planned.rung for one in told)
    present = [rung for rung in URGENT if counts[rung]]
    chinese = "、".join(f"{RUNGS[rung][0]} {counts[rung]}" for rung in present)
    english = ", ".join(f"{RUNGS[rung][1].lower()} {counts[rung]}" for rung in present)
    return f"【督查预警】共 {len(told)} 条：{chinese}", f"{len(told)} alerts: {english}"


def _write_line(one: Told, place: int) -> str:
    planned = one.planned
    rung, clock = RUNGS[planned.rung][place], CLOCKS.get(planned.clock.partition(":")[0], OTHER)[place]
    at, tail, title = say_moment(planned.due_at), take_tail(planned.case_no), _title(one, place)
    if place == 0:
        up = f"（已升级 {one.rise} 次）" if one.rise else ""
        return f"· {rung}{up}：{title}，办件尾号 {tail}，{clock}，{at}（北京时间）"
    up = f" (escalated {one.rise} times)" if one.rise else ""
    return f"- {rung}{up}: {title}, case ending in {tail}, {clock}, {at} (Beijing time)"


def _title(one: Told, place: int) -> str:
    return one.title.get((Language.ZH_CN, Language.EN)[place]) or one.planned.service
