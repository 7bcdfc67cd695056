"""Why the counter refuses an act, as a clerk reads it: one sentence for each ``rule`` in a refusal's detail. Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from services.model import Language

SENTENCES: Mapping[str, tuple[str, str]] = {
    "certificate_revoked": ("证照已被撤销，不能再交付。", "The certificate was revoked and is not delivered any more."),
    "claimed_by_another": ("该办件已由他人认领。", "Somebody else has the case in hand."),
    "counts_as_accepted": (
        "五个工作日内未告知，自收到申请材料之日起即为受理（《行政许可法》第三十二条）。",
        "Nothing was told within five working days: the case counts as accepted from the day of receipt (AL art. 32).",
    ),
    "decided_by_rule": ("该事项由系统依规则决定，窗口人员不能决定。", "This service is decided by a rule of a back end, not by a clerk."),
    "extended_already": ("办理期限已延长过一次，不能再延长。", "The limit was extended already; it is extended once."),
    "extension_asked_already": ("延期申请正等待负责人答复。", "An extension has been asked for and waits for the head."),
    "in_these_hands_already": ("该办件已在此人手中。", "The case is in these hands already."),
    "limit_passed": ("法定期限已过，不能再延长或中止计时。", "The statutory limit has passed: it is neither extended nor stopped any more."),
    "matter_of_the_colleague": ("该办件涉及接办人本人，应当回避。", "It is the colleague's own matter: they must not handle it."),
    "no_extension_asked": ("没有待答复的延期申请。", "No extension waits for an answer."),
    "no_gap": ("没有待补齐的容缺材料。", "Nothing that an acceptance left out is waited for."),
    "no_gap_here": ("该事项不适用容缺受理。", "This service knows no acceptance with a gap."),
    "no_such_step": ("没有此审查环节。", "There is no such step."),
    "not_by_post": ("申请人未选择邮寄。", "The applicant did not choose delivery by post."),
    "not_claimed": ("请先认领该办件。", "Claim the case first."),
    "not_its_turn": ("前一环节尚未完成。", "The step before it is not finished."),
    "not_secondary": ("容缺受理只限于次要材料。", "Only secondary materials may be left out."),
    "not_the_recipient": ("来人不是申请人，也不是其受托人。", "Whoever is there is neither the applicant nor acts for them."),
    "nothing_missing": ("所列材料并不缺少。", "What is named is not missing."),
    "nothing_to_extend": ("尚未受理，没有可延长的期限。", "There is no limit to extend before acceptance."),
    "open_first": ("您查看之后办件有变动，请重新打开。", "Open the case first: somebody else has changed it, or you have not seen it."),
    "opened_already": ("该办件已经收件。", "The case was opened already."),
    "own_extension": ("不能批准本人（或被代理人）提出的延期。", "Nobody approves an extension that they, or whom they stand in for, asked for."),
    "own_matter": ("该办件涉及您本人，应当回避。", "It is your own matter: you must not handle it."),
    "promise_unsigned": ("缺少已签署的承诺书。", "There is no signed promise."),
    "revoked_already": ("该证照已被撤销。", "The certificate was revoked already."),
    "told_already": ("该通知已送达。", "The notice was delivered already."),
    "several_accounts": ("该手机号对应多个账户，请本人在线实名认证。", "Several accounts have this telephone: prove the name online."),
    "step_finished": ("该环节已经完成。", "The step is finished already."),
    "steps_open": ("尚有审查环节未完成，不能作出决定。", "Steps are open: nothing is decided before they are finished."),
    "suspension_overlaps": ("与另一特别程序的时间重叠。", "It shares days with another special procedure."),
    "term_runs": ("补正期限尚未届满。", "The applicant may still correct."),
    "told_once": (
        "应当一次性告知：首次告知时已能发现的问题不得再次要求补正（《行政许可法》第三十二条）。",
        "All corrections are told once: what the first notice could have told cannot be asked for again (AL art. 32).",
    ),
    "too_long": ("超过可延长的天数。", "It is longer than the service allows."),
    "two_hands": ("受理人与决定人不得为同一人。", "Whoever accepted does not decide."),
    "unknown_ground": ("该事项没有此特别程序。", "The service names no such special procedure."),
    "until_too_late": ("补齐期限超过承诺办结时限或容缺期限。", "The day is beyond the promised limit or the days that a gap may last."),
    "before_acceptance": ("特别程序不能早于受理。", "A special procedure does not begin before acceptance."),
    "ends_before_it_begins": ("结束日期早于开始日期。", "It ends before it begins."),
}  # fmt: skip


def say_rule(rule: str, language: Language = Language.ZH_CN) -> str:
    """The sentence of a rule; empty for one that has none (the state alone says why)."""
    chinese, english = SENTENCES.get(rule, ("", ""))
    return english if language is Language.EN else chinese
