"""Words of the privacy officer's room: what is counted, what became of a budget, why one person is looked at, what a breach asks for. Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.words import Words
from services.errors import GuitaiError
from services.privacy_looks import ARTICLES, Ground, LookKey
from services.privacy_record import By, HolderKind
from services.privacy_rules import Use

PLATFORMS: Mapping[str, Words] = {"wechat": ("微信", "WeChat"), "alipay": ("支付宝", "Alipay")}
RECIPIENTS: Mapping[str, Words] = {
    "wechat": (
        "微信（深圳市腾讯计算机系统有限公司；支付：财付通支付科技有限公司），以合同主体为准",
        "WeChat (Tencent; payments: Tenpay)",
    ),
    "alipay": ("支付宝（中国）网络技术有限公司，以合同主体为准", "Alipay (China) Network Technology"),
}
BY: Mapping[By, Words] = {
    By.SERVICE: ("事项", "service"),
    By.FIELD: ("字段", "field"),
    By.PURPOSE: ("目的", "purpose"),
    By.DIRECTION: ("方向", "direction"),
    By.ACCOUNT: ("平台账号", "platform account"),
    By.AGENCY: ("机构", "agency"),
}
STEPS: Mapping[str, Words] = {"day": ("按日", "by day"), "week": ("按周", "by week"), "month": ("按月", "by month")}
USES: Mapping[Use, Words] = {
    Use.USED: ("在范围内", "within the budget"),
    Use.UNUSED: ("从未使用", "never used"),
    Use.BROUGHT: ("范围外，由对方填写或附加，已拒绝", "outside, typed or added by the other side, refused"),
    Use.BEYOND: ("超出范围", "beyond the budget"),
    Use.UNKNOWN: ("该版本已不在，无从核对", "this version is not kept"),
}
GROUNDS: Mapping[Ground, Words] = {
    Ground.COPY: ("本人要求查阅、复制", "the person asks to see or copy"),
    Ground.CORRECT: ("本人要求更正、补充", "the person asks for a correction"),
    Ground.ERASE: ("本人要求删除", "the person asks for deletion"),
    Ground.COMPLAINT: ("处理投诉、举报", "a complaint"),
    Ground.BREACH: ("处置个人信息安全事件", "a breach is handled"),
    Ground.SUPERVISE: ("负责人履行监督职责", "the officer supervises processing"),
}
KEYS: Mapping[LookKey, Words] = {
    LookKey.IDENTITY_NUMBER: ("公民身份号码", "identity number"),
    LookKey.CASE_NO: ("办件编号", "case number"),
    LookKey.ORDER_NO: ("缴费订单号", "order number"),
}
HOLDERS: Mapping[HolderKind, Words] = {
    HolderKind.PERSON: ("个人账户", "person"),
    HolderKind.HOUSEHOLD: ("户主（缴费户号）", "account holder at a payee"),
}
PERSONS: tuple[Words, ...] = (
    ("登录小程序的人", "people who log in"),
    ("缴费户号的户主，包括从未登录的", "holders of an account at a payee, also those who never logged in"),
    ("他人填写其身份证号码的人", "people whose identity number somebody else typed"),
)
ACTS: Mapping[str, Words] = {
    "privacy.export": ("导出平台所见统计", "took out the counts of what platforms saw"),
    "privacy.export_report": ("导出处理记录报告", "took out a record of processing"),
    "privacy.sign_report": ("签署处理记录报告", "signed a record of processing"),
    "privacy.look": ("查看某人被平台所见", "looked at what platforms saw of a person"),
    "privacy.breach": ("建立事件影响表", "asked who a breach affects"),
    "privacy.notify": ("读取通知名单", "read the list for notification"),
}
RULES: Mapping[str, Words] = {
    "own_matter": ("本人的事项由他人查看。", "Somebody else looks at what is one's own."),
    "report_not_over": (
        "报告期尚未结束或尚未统计完毕，结束一小时后可签署。",
        "Its time is not over or not counted yet: it is signed an hour after its end.",
    ),
    "report_changed": (
        "报告内容在您阅读之后有变化，请重新阅读后签署。",
        "The report reads otherwise by now: read it again before you sign.",
    ),
}
PLACES: Mapping[str, Words] = {
    "reason": ("理由须写4至500字。", "The reason has 4 to 500 characters."),
    "value": ("号码或编号的形式不对。", "The number does not have the right form."),
    "ground": ("请选择法律依据。", "Choose the ground."),
    "key": ("请选择查找方式。", "Choose by what to look."),
    "since": ("起始日期写作 2026-11-01。", "A day is written 2026-11-01."),
    "until": (
        "截止不早于起始；按日至多92天，按周371天，按月60个月；事件至多400天，且不晚于现在。",
        "The end follows the beginning: 92 days by day, 371 by week, 60 months; a breach at most 400 days, not in the future.",
    ),
    "step": ("请选择按日、周或月。", "Choose day, week or month."),
    "account": ("请从列表中选择平台账号。", "Choose an account from the list."),
}
UNFIT: Words = ("没有办成，请检查所填内容。", "It was not done; check what you entered.")
DEADLINES: tuple[Words, ...] = (
    ("立即采取补救措施：在平台后台收回账号、更换密钥，暂停有关服务。",
     "At once: take the account back, change its keys, switch the services off."),
    ("立即通知履行个人信息保护职责的部门和受影响的个人（个人信息保护法第五十七条）：泄露的种类、原因、可能造成的危害，已采取的措施，个人可以怎样减轻危害，联系方式。",
     "At once tell the authority and the persons (PIPL 57): which kinds, why, what harm may come, what was done, what they can do, whom to reach."),
    ("能够有效避免危害的，可以不通知个人；主管部门认为可能造成危害的，有权要求通知。",
     "Where harm is effectively avoided persons need not be told, unless the authority requires it."),
    ("较大以上的网络安全事件另须报告：关键信息基础设施最迟一小时，中央和国家机关最迟两小时，其他单位最迟四小时（国家网络安全事件报告管理办法，以现行文本为准）。",
     "A larger security incident is also reported: critical infrastructure within one hour, central organs two, others four (see the text in force)."),
    ("事件的经过、影响和处置须有记录（个人信息保护法第五十六条、第五十七条），保存不少于三年。",
     "What happened and what was done is kept on record for three years at least."),
)  # fmt: skip
ARCHIVE: Words = (
    "账号在平台的后台里可能还看得到更早的订单和消息：如不能排除，请把起始时间提前到账号启用之日再建一张表。",
    "The account's archive at the platform may show older orders and messages: if that cannot be ruled out, make another sheet from its first day on.",
)
NOT_KNOWN: Words = (
    "平台自行观察到的（点击、时间、地点、屏幕）不在账本里，本系统无法知道。",
    "What a platform observes by itself (taps, times, place, screen) is in no record and cannot be known here.",
)


def say_no(refused: GuitaiError) -> Words:
    """The sentence of a refusal: by its rule, else by the first place that is wrong."""
    detail = refused.detail or {}
    rule = detail.get("rule")
    if isinstance(rule, str) and rule in RULES:
        return RULES[rule]
    return next((PLACES[name] for name in detail if name in PLACES), UNFIT)


def say_ground(ground: Ground) -> str:
    """A ground with its article, for a list to choose from."""
    return f"{GROUNDS[ground][0]}（{ARTICLES[ground]}） {GROUNDS[ground][1]}"
