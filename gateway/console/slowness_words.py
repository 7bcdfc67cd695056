"""Words of the two rooms of patterns. They show and never judge: "shown", "can have good reasons". Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.counter_refusals import say_refusal
from gateway.console.words import Words
from services.errors import GuitaiError
from services.slowness_record import Finding, Kind, Pattern, PatternState

KINDS: Mapping[Kind, Words] = {
    Kind.STOPPED: ("临近期限时中止计时", "the clock stopped just before the limit"),
    Kind.IDLE: ("较长时间无动静，随后集中办结", "long idle, then all at once"),
    Kind.PIECES: ("同一件多次要求补正", "corrections asked in pieces"),
    Kind.FAVOURED: ("同一申请人的件大多当即办结", "one applicant nearly always at once"),
}
COUNTED: Mapping[Kind, Words] = {
    Kind.STOPPED: (
        "计入：承诺或法定期限只剩一成（至少一日）以内时，开始了特别程序的件。",
        "Counted: a special procedure began with a tenth of a limit left, or a day.",
    ),
    Kind.IDLE: (
        "计入：受理后由本人承办、承诺期限三分之二以上没有任何动静，其后两个工作日内完成环节并办结的件，或者环节早已全部完成、搁置后才决定的件。",
        (
            "Counted: two thirds of the promised limit without anything in this one hand, then a step and the end within two working days,"
            " or only the end, all steps having been finished before."
        ),
    ),
    Kind.PIECES: (
        "计入：同一人对同一件发出两次以上补正告知的件。",
        "Counted: the same hand asked for corrections more than once.",
    ),
    Kind.FAVOURED: (
        "计入：在承诺期限两成（至少一日）以内作出决定的件；只与本人承办的其他申请人的件相比。",
        "Counted: decided within a fifth of the promised limit; held against the same person's cases of all other applicants.",
    ),
}
REASONS: Mapping[Kind, Words] = {
    Kind.STOPPED: (
        "可以有正当理由：分到的多是需要核查或听证的件；材料晚到；专家或检测机构的档期。",
        "It can have good reasons: such cases are given to this person; a late document; when experts are free.",
    ),
    Kind.IDLE: (
        "可以有正当理由：在等外部意见或现场核查；先办纸件，事后一并录入；请假、轮岗、工作量大。",
        "It can have good reasons: waiting for others; work on paper that is entered later; absence, rotation, too much work.",
    ),
    Kind.PIECES: (
        "可以有正当理由：申请人每次只补一部分；补来的材料带出新问题；事项规则中途变化。",
        "It can have good reasons: only a part was brought; what was brought raised a new question; rules changed.",
    ),
    Kind.FAVOURED: (
        "可以有正当理由：该申请人材料一贯齐全；都是简单的同类件；约定批量办理。",
        "It can have good reasons: always complete; simple matters of one kind; an agreed batch.",
    ),
}
STATES: Mapping[PatternState, Words] = {
    PatternState.SHOWN: ("待本人说明", "no answer yet"),
    PatternState.ANSWERED: ("本人已说明", "answered"),
    PatternState.CLOSED: ("已结", "closed"),
}
EVENTS: Mapping[str, Words] = {
    "shown": ("同时向本人和督查显示", "shown to the person and to supervision at once"),
    "looked": ("查看", "looked"),
    "answered": ("本人说明", "answered"),
    "noted": ("督查备注", "noted"),
    "closed": ("督查办结", "closed"),
}
OUTCOMES: Mapping[str, Words] = {
    "explained": ("有正当理由", "good reasons"),
    "circumstances": ("工作量、请假、其他部门等客观情况", "workload, absence, another office"),
    "chance": ("未发现情况", "nothing in it"),
    "talked": ("已沟通，今后改进", "talked over"),
    "elsewhere": ("转入有专门规则的程序", "handed to a procedure with rules of its own"),
}
NUMBERS: Mapping[str, Words] = {
    "days_left": ("剩余日数", "days left"),
    "stopped_days": ("中止天数", "days stopped"),
    "notices": ("补正告知次数", "notices"),
    "new_things": ("后来新提的材料", "new things later"),
    "idle_days": ("无动静工作日", "idle days"),
    "rest_days": ("其后工作日", "days after"),
    "promised_days": ("承诺工作日", "promised days"),
    "days": ("用时工作日", "days used"),
}
TERMS: Mapping[str, Words] = {
    "near_percent": ("“临近期限”：剩余占期限的百分比", "percent of a limit that is 'just before'"),
    "idle_percent": ("“无动静”：占承诺期限的百分比", "percent of the promise without anything"),
    "rest_days": ("其后办结的工作日上限", "working days for the rest"),
    "fast_percent": ("“当即”：占承诺期限的百分比", "percent of the promise that is 'at once'"),
    "minimum": ("本人与同事各至少件数", "least cases on either side"),
    "colleagues": ("至少与几名同事相比", "least colleagues"),
    "beside_one": (
        "除件数最多的一名同事外，其余同事至少件数",
        "least cases of colleagues without the one who has most",
    ),
    "least": ("至少几件为据", "least cases as evidence"),
    "times": ("区间下限至少为对照的倍数", "lower end at least so many times the others"),
    "alpha_percent": (
        "全月误显概率上限（百分比），再除以比较次数",
        "percent for the whole month, divided by all comparisons",
    ),
    "regular": ("同一申请人至少件数", "least cases of one applicant"),
    "always_percent": ("其中“当即”至少百分比", "least percent at once"),
    "beside": ("同一申请人在同事处达到几件即一并比较", "cases with colleagues from which they are compared too"),
}
ACTS: Mapping[str, Words] = {
    "pattern.look": ("查看规律提示", "looked at a pattern"),
    "pattern.answer": ("说明规律提示", "answered a pattern"),
    "pattern.note": ("规律提示备注", "noted on a pattern"),
    "pattern.close": ("办结规律提示", "closed a pattern"),
    "pattern.open_case": ("督查查阅办件", "read a case for supervision"),
}
DONE: Mapping[str, Words] = {
    "answer": (
        "说明已保存，凡能看到这项提示的人都会同时看到。",
        "Kept: whoever sees the pattern sees your answer beside it.",
    ),
    "note": ("备注已保存，本人也会看到。", "Kept: the person sees it too."),
    "close": ("已办结；本人仍可补充说明，届时会重新打开。", "Closed; a further answer opens it again."),
}
RULES: Mapping[str, Words] = {
    "answer_first": (
        "本人还没有说明，显示也不满 15 天；请等本人说明后再办结。",
        "The person has not answered and fifteen days have not passed.",
    ),
    "own_pattern": ("这项提示与您本人有关，应当由他人办理。", "It is about yourself: somebody else deals with it."),
    "pattern_closed": ("已经办结。", "It is closed already."),
    "case_moved": ("有人刚刚写了新的内容，请先看过再提交。", "Somebody wrote meanwhile: read it first."),
    "required": ("请填写内容。", "Write something."),
    "choice": ("请选择结果。", "Choose what came of it."),
    "too_long": ("内容不超过 500 字。", "At most 500 characters."),
}


def say_no(error: GuitaiError) -> tuple[Words, tuple[str, ...]]:
    """The sentence of a refusal, and a line for each thing that is wrong."""
    codes = [*(str(value) for value in (error.detail or {}).values()), error.code]
    found = next((RULES[code] for code in codes if code in RULES), None)
    return (found, ()) if found is not None else say_refusal(error)


def say_numbers(one: Finding) -> Words:
    """How much is shown beside what, in a sentence without a judgement."""
    expected = f"{one.expected:.1f}"
    if one.kind is Kind.FAVOURED:
        return (
            (
                f"申请人 {one.number} 的 {one.own.of} 件中 {one.own.hits} 件当即办结；本人承办的其他申请人 {one.others.of} 件中"
                f" {one.others.hits} 件如此，按此比例约为 {expected} 件。"
            ),
            (
                f"{one.own.hits} of {one.own.of} cases of applicant {one.number}; {one.others.hits} of {one.others.of} of all others:"
                f" about {expected} would be expected."
            ),
        )
    return (
        (
            f"经办人 {one.own.of} 件中 {one.own.hits} 件；同事（{one.colleagues} 人）{one.others.of} 件中 {one.others.hits} 件，"
            f"按同事的比例约为 {expected} 件。"
        ),
        (
            f"{one.own.hits} of {one.own.of} cases; {one.others.hits} of {one.others.of} with {one.colleagues} colleagues:"
            f" about {expected} would be expected."
        ),
    )


def say_chance(pattern: Pattern) -> Words:
    """What the chance means, and of how many comparisons it is one."""
    chinese, english = _say_odds(float(pattern.finding.chance))
    return (
        (
            f"如果办理方式并无不同，仅凭偶然出现这么多的概率{chinese}；当月共做 {pattern.tests} 次比较，门槛已按次数收紧。"
            "数字说明不是偶然，不说明原因。"
        ),
        f"By chance alone: {english}; {pattern.tests} comparisons were made that month. It says that it is no accident, not why.",
    )


def _say_odds(chance: float) -> Words:
    if chance < 1e-6:
        return "不到百万分之一", "less than once in a million"
    return f"约为 {round(1 / chance)} 分之一", f"about once in {round(1 / chance)}"


def say_span(one: Finding) -> str:
    """The month, or the months that were taken together because one was not enough."""
    return one.month if one.first_month == one.month else f"{one.first_month} 至 {one.month}"
