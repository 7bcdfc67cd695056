"""What a look is called: fixed words for each act that reads a citizen's material, Chinese first. Pure.

Inside a platform's app these words are all that is said of why: what staff wrote as their reason may name people and matters, and is
shown at the government's own doors alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.mapping import Texts
from services.model import Language
from services.reading_record import About

ZH, EN = Language.ZH_CN, Language.EN


def _say(zh: str, en: str) -> Texts:
    return {ZH: zh, EN: en}


LOOKS: Mapping[str, Texts] = {
    "case.open": _say("打开办件查看", "opened the case"),
    "case.read_file": _say("查看材料文件", "read a file of it"),
    "case.search": _say("查找办件", "looked for cases"),
    "case.scan": _say("在窗口扫描材料", "scanned papers at the window"),
    "case.print_receipt": _say("打印回执", "printed the receipt"),
    "application.read": _say("查看申请", "read the application"),
    "person.search": _say("按号码查找个人", "looked for a person by number"),
    "person.verify_at_window": _say("在窗口核验实名", "verified the identity at the window"),
    "person.exposures": _say("在窗口打印平台所见", "printed at the window what platforms saw"),
    "consent.look_up": _say("在窗口查看同意", "looked up consents at the window"),
    "consent.give": _say("在窗口登记同意", "recorded a consent at the window"),
    "consent.withdraw": _say("在窗口登记撤回同意", "recorded a withdrawn consent at the window"),
    "mandate.look_up": _say("查询授权", "looked up mandates"),
    "window.find_bills": _say("在窗口查询账单", "looked up bills at the window"),
    "window.find_receipt": _say("按收据号查找缴费", "looked up a payment by its receipt"),
    "window.print_receipt": _say("打印收据", "printed the receipt of a payment"),
    "audit.replay": _say("审计复核", "reviewed it for audit"),
    "privacy.look": _say("个人信息保护负责人查看平台所见", "the privacy officer looked at what platforms saw"),
    "privacy.notify": _say("因个人信息安全事件列入通知名单", "listed for notification of a breach"),
}
KINDS: Mapping[str, Texts] = {
    "case": _say("办理", "worked on the case"),
    "complaint": _say("处理投诉或回访", "handled a complaint or follow-up"),
    "supervision": _say("监督检查", "supervised how it is handled"),
    "alert": _say("监督检查", "supervised how it is handled"),
    "pattern": _say("监督检查", "supervised how it is handled"),
    "audit": _say("审计", "audited"),
    "privacy": _say("个人信息保护", "worked on the protection of personal information"),
}
"""By the first word of an act that has none of its own above."""
OTHER = _say("查阅", "looked at it")
SUBJECTS: Mapping[About, Texts] = {
    About.CASE: _say("办件", "a case"),
    About.APPLICATION: _say("申请", "an application"),
    About.PERSON: _say("本人的账户", "your account"),
    About.NUMBER: _say("本人的身份证号码", "your identity number"),
    About.HOUSEHOLD: _say("绑定的缴费户号", "an account number that you have bound"),
}


def say_look(act: str, language: Language) -> str:
    """What an act of the staff is called to the citizen whom it concerns."""
    return (LOOKS.get(act) or KINDS.get(act.split(".", 1)[0]) or OTHER)[language]
