"""The words of the auditor's room: lists, signs, changes of staff, acts, refusals. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.words import Words
from services.delay_rules import LONGEST_DAYS
from services.errors import GuitaiError
from services.reading_record import DelayState

ACTS: Mapping[str, Words] = {
    "audit.find": ("审计：按编号找办件", "audit: found a case by number"),
    "audit.replay": ("审计：回放办件", "audit: replayed a case"),
    "audit.sample": ("审计：随机抽样", "audit: drew a sample"),
    "audit.list": ("审计：查看清单", "audit: read a list"),
    "delay.ask": ("申请延迟告知", "asked to tell later"),
    "delay.grant": ("批准延迟告知", "granted to tell later"),
    "delay.deny": ("不批准延迟告知", "denied to tell later"),
    "delay.lift": ("提前解除延迟告知", "ended a delay"),
}
LISTS: Mapping[str, Words] = {
    "without_case": ("未经手而查阅", "Looks without a case in hand"),
    "elsewhere": ("查阅外单位办件", "Looks far from one's own desk"),
    "bare": ("无理由的查找", "Searches without a reason"),
    "copied": ("雷同的理由", "Copied reasons"),
}
EXPLAINED: Mapping[str, Words] = {
    "without_case": (
        "查阅人没有对该办件办过任何一步，也不是现在的承办人；按号码查找个人一并列出。列出不等于违规。",
        "The reader made no step of the case and does not have it in hand; searches for people are listed too. It is no verdict.",
    ),
    "elsewhere": (
        "查阅人所在单位既不主办该办件，也没有其中的环节。列出不等于违规。",
        "The reader's own agency neither leads the case nor has a step in it. It is no verdict.",
    ),
    "bare": ("没有写理由的查找。列出不等于违规。", "Searches for which no reason was written. It is no verdict."),
    "copied": (
        "同一人在近31天内，以相同文字（不计数字、标点）查阅了5个以上对象。系统预填的理由已注明。列出不等于违规。",
        "The same words (digits and punctuation aside) for five or more subjects in 31 days. Reasons that the page fills in are marked. It is no verdict.",
    ),
}
SIGNS: Mapping[str, Words] = {
    "files": ("有文件", "files"),
    "vouched": ("已承诺", "vouched"),
    "original_seen": ("已验原件", "original seen"),
    "fetched": ("已调取", "fetched"),
    "not_found": ("登记机关无记录", "not found"),
    "checked": ("核对通过", "checked"),
    "faulty": ("核对未通过", "faulty"),
}
CHANGES: Mapping[str, Words] = {
    "added": ("新增人员", "added"),
    "moved": ("调动", "moved"),
    "suspended": ("停用", "suspended"),
    "restored": ("恢复", "restored"),
    "subject_bound": ("绑定统一身份", "OpenID bound"),
    "password_set": ("设置密码", "password set"),
    "one_time_secret_set": ("设置验证器", "authenticator set"),
    "identity_set": ("登记身份证号", "identity recorded"),
    "role_granted": ("授予角色", "role granted"),
    "role_revoked": ("收回角色", "role revoked"),
}
DELAYS: Mapping[DelayState, Words] = {
    DelayState.ASKED: ("待批准", "waits for an answer"),
    DelayState.GRANTED: ("已批准", "granted"),
    DelayState.DENIED: ("不批准", "denied"),
    DelayState.LIFTED: ("已提前解除", "ended early"),
}
RULES: Mapping[str, Words] = {
    "delay_takes_two": (
        "须由申请人、被延迟告知的查阅人以外的人答复。",
        "Somebody else than who asked, and than the reader, answers.",
    ),
    "delay_answered": ("已经答复。", "It is answered already."),
    "delay_over": ("期限已过。", "Its end has passed."),
    "delay_series_over": (
        "同一办件的延迟告知自首次批准起合计不超过一年；期满后须公开满一年方可再次申请。",
        "All delays of one case end within a year of the first; a new one may follow after a year without any.",
    ),
    "delay_not_in_force": ("不在延迟期内。", "It is not in force."),
    "own_matter": ("本人的事项由他人审计。", "Somebody else audits a matter of one's own."),
}
PLACES: Mapping[str, Words] = {
    "reason": ("理由须写4至500字。", "The reason has 4 to 500 characters."),
    "month": ("月份写作 2026-11。", "A month is written 2026-11."),
    "size": ("抽取1至100件。", "1 to 100 cases are drawn."),
    "seed": ("种子为1至40个字母、数字或连字符。", "A seed is 1 to 40 letters, digits or hyphens."),
    "state": ("请从列表中选择结果。", "Choose an outcome from the list."),
    "ground": ("请选择法律依据。", "Choose the ground."),
    "authority": ("请写明要求延迟的机关（2至100字）。", "Name the authority (2 to 100 characters)."),
    "document_no": ("请写明文书编号（2至100字）。", "Give the number of its order (2 to 100 characters)."),
    "until": (f"截止日须在今天之后、{LONGEST_DAYS}天之内。", f"The end lies ahead, within {LONGEST_DAYS} days."),
    "reader": ("没有这个登录名。", "Nobody has this login."),
    "list": ("没有这个清单。", "There is no such list."),
}
UNFIT: Words = ("没有办成，请检查所填内容。", "It was not done; check what you entered.")


def say_no(refused: GuitaiError) -> Words:
    """The sentence of a refusal: by its rule, else by the first place that is wrong."""
    detail = refused.detail or {}
    rule = detail.get("rule")
    if isinstance(rule, str) and rule in RULES:
        return RULES[rule]
    return next((PLACES[name] for name in detail if name in PLACES), UNFIT)
