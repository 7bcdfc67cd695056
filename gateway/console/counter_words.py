"""The counter's words on the console's pages: states, colours with words, events as the staff reads them, acts. Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.words import Words
from services.case_record import CaseState, Hand
from services.counter_materials import Standing
from services.model import PlatformName

STATES: Mapping[CaseState, Words] = {
    CaseState.RECEIVED: ("已收件，待受理", "received"),
    CaseState.CORRECTION_ASKED: ("待申请人补正", "correction asked"),
    CaseState.ACCEPTED: ("已受理，审查中", "accepted"),
    CaseState.SPECIAL_PROCEDURE: ("特别程序中", "special procedure"),
    CaseState.GRANTED: ("准予，制证中", "granted"),
    CaseState.ISSUED: ("已制证，待送达", "issued"),
    CaseState.POSTED: ("邮寄途中", "on its way"),
    CaseState.DELIVERED: ("已送达", "delivered"),
    CaseState.NOT_ACCEPTED: ("不予受理", "not accepted"),
    CaseState.REFUSED: ("不予许可", "refused"),
    CaseState.WITHDRAWN: ("已撤件", "withdrawn"),
    CaseState.TERMINATED: ("已终止", "terminated"),
}
WAITS: Mapping[str, Words] = {
    "clerk": ("经办", "clerk"),
    "head": ("负责人", "head"),
    "applicant": ("申请人", "applicant"),
    "house": ("系统", "system"),
    "nobody": ("—", "nobody"),
}
"""For whom a case waits."""
STANDINGS: Mapping[Standing, Words] = {
    Standing.FINE: ("符合", "in order"),
    Standing.LEFT_OUT: ("未提交（非必需）", "left out"),
    Standing.ABSENT: ("缺", "absent"),
    Standing.UNCHECKED: ("待核对", "to be checked"),
    Standing.WRONG: ("不符合", "not in order"),
    Standing.ORIGINAL_UNSEEN: ("原件未核", "original not seen"),
}
CHANNELS: Mapping[PlatformName, Words] = {
    PlatformName.WECHAT: ("微信", "WeChat"),
    PlatformName.ALIPAY: ("支付宝", "Alipay"),
    PlatformName.WEB: ("政府网站", "web"),
    PlatformName.WINDOW: ("窗口", "window"),
}
DELIVERY: Mapping[str, Words] = {
    "window": ("窗口领取", "at the window"),
    "post": ("邮寄", "by post"),
    "electronic": ("电子证照", "electronic"),
}
ACTING_AS: Mapping[str, Words] = {
    "legal_representative": ("法定代表人", "legal representative"),
    "agent": ("代理人", "agent"),
    "guardian": ("监护人", "guardian"),
    "family": ("子女", "child of age"),
}
HANDS: Mapping[Hand, Words] = {
    Hand.APPLICANT: ("申请人", "applicant"),
    Hand.CLERK: ("经办", "clerk"),
    Hand.HEAD: ("负责人", "head"),
    Hand.BACK_END: ("部门系统（规则）", "back end"),
    Hand.CLOCK: ("期限届满", "time"),
    Hand.HOUSE: ("系统", "system"),
}
EVENTS: Mapping[str, Words] = {
    "case_received": ("收件", "received"),
    "material_fetched": ("向登记机关调取材料", "asked a register"),
    "material_checked": ("核对材料", "checked a material"),
    "correction_asked": ("一次性告知补正", "asked for corrections"),
    "corrected": ("收到补正材料", "corrected"),
    "fixed_on_the_spot": ("当场更正", "put right on the spot"),
    "accepted": ("受理", "accepted"),
    "accepted_with_gap": ("容缺受理", "accepted with a gap"),
    "deemed_accepted": ("逾期未告知，视为受理", "counts as accepted"),
    "not_accepted": ("不予受理", "not accepted"),
    "gap_supplied": ("收到容缺材料", "gap supplied"),
    "step_finished": ("完成审查环节", "finished a step"),
    "special_began": ("开始特别程序", "special procedure began"),
    "special_ended": ("特别程序结束", "special procedure ended"),
    "extension_asked": ("申请延期", "asked for an extension"),
    "extension_granted": ("批准延期", "extension granted"),
    "extension_denied": ("不批准延期", "extension denied"),
    "granted": ("准予", "granted"),
    "refused": ("不予许可", "refused"),
    "withdrawn": ("申请人撤回", "withdrawn"),
    "terminated": ("终止办理", "terminated"),
    "recording_started": ("开始登记入册", "recording started"),
    "recording_delayed": ("登记簿未答复，稍后再试", "recording delayed"),
    "recorded": ("已登记入册", "recorded"),
    "decision_awaited": ("部门系统未答复，稍后再问", "decision awaited"),
    "certificate_issued": ("制发证照", "certificate issued"),
    "handed_over": ("窗口交付", "handed over"),
    "collected_online": ("在线领取", "collected online"),
    "posted": ("邮寄", "posted"),
    "delivery_proven": ("确认送达", "delivery proven"),
    "delivery_failed": ("邮寄退回", "came back"),
    "document_made": ("出具文书", "document made"),
    "notice_told": ("告知申请人", "told the applicant"),
    "receipt_printed": ("打印回执", "receipt printed"),
    "claimed": ("领取办件", "claimed"),
    "released": ("放回队列", "released"),
    "reassigned": ("转办", "reassigned"),
    "clock_recomputed": ("期限重新计算", "deadline recomputed"),
    "certificate_revoked": ("撤销证照", "certificate revoked"),
    "rated": ("评价", "rated"),
    "complained": ("投诉", "complained"),
}
DONE: Mapping[str, Words] = {
    "claim": ("已领取。", "Claimed."),
    "release": ("已放回队列。", "Released."),
    "reassign": ("已转办，期限不变。", "Reassigned; no clock stops."),
    "check_materials": ("核对结果已记录。", "The checks are noted."),
    "ask_corrections": ("补正告知已作出。", "The notice is made."),
    "accept": ("已受理，开始计算办理期限。", "Accepted; the limit runs."),
    "accept_with_gap": ("已容缺受理。", "Accepted with a gap."),
    "refuse_acceptance": ("已决定不予受理。", "Not accepted."),
    "begin_special": ("特别程序已开始，期限暂停计算。", "The special procedure began; the limit stands."),
    "end_special": ("特别程序已结束，期限继续计算。", "The special procedure ended; the limit runs on."),
    "ask_extension": ("延期申请已提交负责人。", "The head is asked."),
    "answer_extension": ("已答复延期申请。", "Answered."),
    "finish_step": ("该环节已完成。", "The step is finished."),
    "decide": ("决定已作出。", "Decided."),
    "terminate": ("办理已终止。", "Terminated."),
    "revoke_certificate": ("证照已撤销，其二维码不再有效。", "Revoked; its code no longer holds."),
    "hand_over": ("已交付，办结。", "Handed over; closed."),
    "post": ("邮寄已登记。", "The posting is noted."),
    "prove_delivery": ("送达已确认，办结。", "Delivery is proven; closed."),
    "fail_delivery": ("退回已登记，证照在窗口待领。", "It came back and lies at the window."),
    "bring_corrections": ("补正材料已收下。", "The corrections are taken in."),
    "bring_gap": ("容缺材料已收下。", "What was missing is taken in."),
    "fix_on_the_spot": ("当场更正已记录。", "Put right on the spot."),
    "withdraw": ("已按申请人意愿撤件。", "Withdrawn."),
    "scan": ("文件已存入。", "The file is kept."),
    "remove_scan": ("文件已移除。", "The file is removed."),
}
ACTS: Mapping[str, Words] = {
    "case.open": ("查阅办件", "opened a case"),
    "case.claim": ("领取办件", "claimed a case"),
    "case.release": ("放回办件", "released a case"),
    "case.reassign": ("转办", "reassigned a case"),
    "case.check_materials": ("核对材料", "checked materials"),
    "case.ask_corrections": ("告知补正", "asked for corrections"),
    "case.accept": ("受理", "accepted a case"),
    "case.accept_with_gap": ("容缺受理", "accepted with a gap"),
    "case.refuse_acceptance": ("不予受理", "refused acceptance"),
    "case.begin_special": ("开始特别程序", "began a special procedure"),
    "case.end_special": ("结束特别程序", "ended a special procedure"),
    "case.ask_extension": ("申请延期", "asked for an extension"),
    "case.answer_extension": ("答复延期", "answered an extension"),
    "case.finish_step": ("完成环节", "finished a step"),
    "case.decide": ("作出决定", "decided a case"),
    "case.terminate": ("终止办理", "terminated a case"),
    "case.revoke_certificate": ("撤销证照", "revoked a certificate"),
    "case.hand_over": ("交付证照", "handed over"),
    "case.post": ("邮寄证照", "posted"),
    "case.prove_delivery": ("确认送达", "proved delivery"),
    "case.fail_delivery": ("登记退回", "noted a failed delivery"),
    "case.bring_corrections": ("窗口收补正", "took in corrections"),
    "case.bring_gap": ("窗口收容缺材料", "took in what was missing"),
    "case.fix_on_the_spot": ("当场更正", "put right on the spot"),
    "case.withdraw": ("窗口撤件", "withdrew a case"),
    "case.print_receipt": ("打印回执", "printed a receipt"),
    "case.open_walk_in": ("窗口收件", "opened a case at the window"),
    "case.search": ("查找办件", "searched for cases"),
    "case.read_file": ("查看文件", "read a file"),
    "case.scan": ("扫描存件", "scanned a file"),
    "case.remove_scan": ("移除扫描件", "removed a scan"),
    "case.record_notice": ("登记告知结果", "noted how a notice was told"),
    "mandate.record": ("登记委托", "recorded a mandate"),
    "mandate.revoke": ("终止委托", "revoked a mandate"),
    "mandate.look_up": ("查询委托", "looked up mandates"),
    "consent.look_up": ("查看同意", "looked up consents"),
    "consent.give": ("登记同意", "recorded a consent"),
    "consent.withdraw": ("登记撤回同意", "recorded a withdrawn consent"),
    "person.exposures": ("打印平台所见", "printed what platforms know"),
    "person.verify_at_window": ("窗口核验身份", "verified at the window"),
    "staff.set_identity": ("登记回避身份", "set an identity for own matters"),
}


def say_time_left(days_left: int | None, provisional: bool = False) -> Words:
    """The time left in words: a colour alone says nothing to who cannot see it."""
    if days_left is None:
        return ("不计时", "no clock")
    sign = ("（暂定）", " (provisional)") if provisional else ("", "")
    if days_left < 0:
        return (f"已超期 {-days_left} 日{sign[0]}", f"{-days_left} d late{sign[1]}")
    if days_left == 0:
        return (f"今天到期{sign[0]}", f"due today{sign[1]}")
    return (f"剩 {days_left} 日{sign[0]}", f"{days_left} d left{sign[1]}")


def list_words() -> dict[str, object]:
    """What every template of the counter may say."""
    return {
        "case_states": STATES, "waits_for": WAITS, "standing_words": STANDINGS, "channel_words": CHANNELS,
        "delivery_words": DELIVERY, "acting_as": ACTING_AS, "say_time_left": say_time_left,
    }  # fmt: skip
