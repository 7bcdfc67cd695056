"""The fixed sentences of a case, for citizens: what state it is in and what comes next, and what happened. Nobody of the staff is named.

``{…}`` is filled in by ``services/case_timeline.py``. An event without a sentence is the office's own business (who has it in hand,
attempts to reach somebody, questions to a register) and is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.case_record import CaseState as S
from services.model import Language

_ZH, _EN = Language.ZH_CN, Language.EN
Pair = tuple[str, str]
"""Chinese first."""

STATE_WORDS: Mapping[S, Pair] = {
    S.RECEIVED: (
        "已收到申请材料，受理单位正在核对材料是否齐全。",
        "The office has your documents and is checking whether they are complete.",
    ),
    S.CORRECTION_ASKED: (
        "材料需要补正，请按告知一次补齐。",
        "Something must be corrected; please bring everything that the notice names.",
    ),
    S.ACCEPTED: ("已受理，正在审查。", "Accepted; under examination."),
    S.SPECIAL_PROCEDURE: (
        "正在进行特别程序，所需时间不计入办理时限。",
        "A special procedure is under way; its time does not count towards the limit.",
    ),
    S.GRANTED: ("已作出准予决定，正在制发证照。", "Granted; the certificate is being made."),
    S.ISSUED: (
        "证照已制发，请按所选方式领取。",
        "The certificate is ready; please collect it in the way that you chose.",
    ),
    S.POSTED: ("证照已寄出。", "The certificate is on its way by post."),
    S.DELIVERED: ("已送达，办结。", "Delivered; the case is closed."),
    S.NOT_ACCEPTED: (
        "不予受理。如有异议，可依法申请行政复议或者提起行政诉讼。",
        "Not accepted. You may ask for administrative reconsideration or go to court as the law provides.",
    ),
    S.REFUSED: (
        "已作出不予许可的决定。如有异议，可依法申请行政复议或者提起行政诉讼。",
        "Refused. You may ask for administrative reconsideration or go to court as the law provides.",
    ),
    S.WITHDRAWN: ("申请已撤回，办件终止。", "The application was withdrawn; the case is closed."),
    S.TERMINATED: ("办理已终止。", "The procedure was terminated; the case is closed."),
}
"""A refusal names the way to appeal (行政许可法 art. 38(2)); so does a refusal to accept."""

EVENT_WORDS: Mapping[str, Pair] = {
    "case_received": ("受理单位收到申请材料。", "The office received the documents."),
    "material_fetched": (
        "已从{register}取得“{material}”，无需您提交。",
        "The office took “{material}” from {register}; you need not bring it.",
    ),
    "material_not_found": ("在{register}未查到“{material}”。", "“{material}” was not found in {register}."),
    "material_checked": ("受理单位已核对“{material}”，符合要求。", "The office checked “{material}”: in order."),
    "material_faulty": ("受理单位已核对“{material}”，不符合要求。", "The office checked “{material}”: not in order."),
    "fixed_on_the_spot": ("您当场更正了：{names}。", "You put right on the spot: {names}."),
    "correction_asked": (
        "受理单位一次性告知补正内容：{names}。请在{until_on}前补正。",
        "The office asks for these corrections, all at once: {names}. Please make them by {until_on}.",
    ),
    "corrected": ("受理单位收到补正材料：{names}。", "The office received the corrections: {names}."),
    "accepted": ("申请已受理，受理日期为{on}。", "Accepted as of {on}."),
    "accepted_with_gap": (
        "容缺受理，受理日期为{on}。请在{until_on}前补交：{names}。",
        "Accepted with a gap as of {on}. Please bring by {until_on}: {names}.",
    ),
    "deemed_accepted": (
        "受理单位未在法定期限内告知补正，依法自收到材料之日{on}起视为受理。",
        "The office said nothing within the legal term: the application counts as accepted from {on}, the day of receipt.",
    ),
    "gap_supplied": ("受理单位收到补交材料：{names}。", "The office received what was missing: {names}."),
    "not_accepted": ("受理单位决定不予受理。", "The office did not accept the application."),
    "step_finished": ("已完成环节：{step}。", "This step is finished: {step}."),
    "special_began": (
        "开始特别程序：{procedure}，预计至{until_on}，不计入办理时限。",
        "A special procedure began: {procedure}, expected till {until_on}; its time does not count.",
    ),
    "special_ended": ("特别程序结束，继续计算办理时限。", "The special procedure ended; the limit runs on."),
    "extension_granted": (
        "经负责人批准，办理时限延长{days}个工作日。",
        "The limit was extended by {days} working days, approved by the head of the office.",
    ),
    "granted": ("受理单位于{on}作出准予决定。", "The office granted the application on {on}."),
    "refused": ("受理单位于{on}作出不予许可的决定。", "The office refused the application on {on}."),
    "withdrawn": ("申请已撤回。", "The application was withdrawn."),
    "terminated": ("受理单位终止办理。", "The office terminated the procedure."),
    "recorded": ("结果已载入受理单位的登记簿。", "The result is entered in the office's register."),
    "certificate_issued": ("证照已制发。", "The certificate was issued."),
    "handed_over": ("证照已在窗口领取。", "The certificate was handed over at the window."),
    "collected_online": ("电子证照已领取。", "The electronic certificate was collected."),
    "posted": ("证照已寄出，承运单位：{carrier}，单号：{number}。", "Posted with {carrier}, number {number}."),
    "delivery_failed": ("邮寄未能送达，证照已退回。", "The post could not deliver it; the certificate came back."),
    "delivery_proven": ("证照已于{on}送达。", "Delivered on {on}."),
    "document_made": ("已出具文书。", "A document was made out."),
    "certificate_revoked": ("证照已被撤销或者注销。", "The certificate was revoked."),
    "clock_recomputed": (
        "国务院公布放假安排后，办理时限已重新计算。",
        "The deadline was counted anew after the State Council's notice on holidays.",
    ),
}


def say_state(state: S, language: Language) -> str:
    """The sentence for a state."""
    return _pick(STATE_WORDS[state], language)


def say_event(words: str, values: Mapping[str, str], language: Language) -> str | None:
    """The sentence of these words (a key of EVENT_WORDS), or None for what is not shown."""
    found = EVENT_WORDS.get(words)
    return _pick(found, language).format_map(values) if found else None


def write_day(on: date, language: Language) -> str:
    """A day as people read it: 2026年11月9日, 2026-11-09."""
    return f"{on.year}年{on.month}月{on.day}日" if language is _ZH else on.isoformat()


def join_names(names: list[str], language: Language) -> str:
    """Several names in one sentence."""
    return ("、" if language is _ZH else ", ").join(names)


def _pick(pair: Pair, language: Language) -> str:
    return pair[0] if language is _ZH else pair[1]
