"""The words of the pages of statistics: every figure by its name and what it counts, standings, acts, sentences. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from gateway.console.words import Words
from services.month_comparison import MINIMUM, Standing
from services.month_honours import Against
from services.rating_words import LEVEL_WORDS
from services.statistics_exports import EXPORT, EXPORT_HONOURS, EXPORT_PEOPLE
from services.statistics_tables import SHARES, Line, Value

FIGURE_WORDS: Mapping[str, Words] = {
    "received": ("收件", "received"),
    "all_accepted": ("受理", "accepted"),
    "accepted": ("直接受理", "accepted outright"),
    "accepted_with_gap": ("容缺受理", "with a gap"),
    "deemed_accepted": ("视为受理", "by silence"),
    "not_accepted": ("不予受理", "not accepted"),
    "corrections": ("要求补正", "asked to correct"),
    "corrected": ("已补正", "corrected"),
    "ended_before": ("受理前结束", "ended before"),
    "closed": ("办结", "closed"),
    "granted": ("准予", "granted"),
    "refused": ("不予许可", "refused"),
    "withdrawn": ("撤回", "withdrawn"),
    "terminated": ("终止", "ended"),
    "mean_days": ("平均用时", "mean days"),
    "mean_promised": ("承诺", "promised"),
    "mean_statutory": ("法定", "statutory"),
    "used": ("占承诺", "of promised"),
    "used_statutory": ("占法定", "of statutory"),
    "late": ("超承诺", "late"),
    "late_share": ("超承诺比例", "share late"),
    "passed": ("超法定", "past law"),
    "passed_share": ("超法定比例", "share past it"),
    "suspensions": ("中止计时", "clock stopped"),
    "suspended_days": ("中止工作日", "days stopped"),
    "extensions": ("延长", "extended"),
    "delivered": ("送达", "delivered"),
    "rated": ("评价", "ratings"),
    **{f"ratings_{level}": words for level, words in LEVEL_WORDS.items()},
    "ratings_struck": ("申诉成立", "struck"),
    "good_share": ("满意率", "share not bad"),
    "complaints": ("投诉", "complaints"),
    "complaints_against": ("涉及人次", "against people"),
    "complaints_dismissed": ("不成立人次", "dismissed"),
    "working_days": ("用时合计", "days in all"),
    "promised_days": ("承诺合计", "promised in all"),
    "statutory_days": ("法定合计", "statutory in all"),
    "held_cases": ("经手件数", "cases held"),
    "held_days": ("经手工作日", "days held"),
}
GROUPS: tuple[tuple[str, Words, tuple[str, ...]], ...] = (
    (
        "time", ("用时与期限", "Time and limits"),
        ("closed", "mean_days", "mean_promised", "used", "mean_statutory", "late", "late_share", "passed"),
    ),
    (
        "intake", ("收件与受理", "Received and accepted"),
        ("received", "all_accepted", "accepted_with_gap", "deemed_accepted", "not_accepted", "corrections", "corrected", "ended_before"),
    ),
    (
        "outcome", ("结果与送达", "Outcomes and delivery"),
        ("granted", "refused", "withdrawn", "terminated", "suspensions", "suspended_days", "extensions", "delivered"),
    ),
    (
        "voices", ("评价与投诉", "Ratings and complaints"),
        ("rated", "ratings_5", "ratings_4", "ratings_3", "ratings_2", "ratings_1", "ratings_struck", "good_share", "complaints"),
    ),
)  # fmt: skip
"""The tables of the page, each of so few columns that they are read at once."""
EXPORTED = (
    *dict.fromkeys(code for _, _, codes in GROUPS for code in codes),
    "used_statutory", "passed_share", "working_days", "promised_days", "statutory_days",
)  # fmt: skip
"""The columns of a file."""
PEOPLE_COLUMNS = (
    "closed", "late", "late_share", "refused", "corrections", "extensions", "good_share", "rated", "complaints_against",
    "complaints_dismissed",
)  # fmt: skip
NOTES: Mapping[str, Words] = {
    "time": (
        "用时按办结的件计，自受理次日起至办结日的工作日，不含中止；“承诺”“法定”为同一批件的平均期限。",
        "Of the cases closed in the month: working days from acceptance to the decision, without those that did not count.",
    ),
    "intake": (
        "本月发生的次数；与办结的件不是同一批。",
        "What happened in this month; not the same cases as those closed.",
    ),
    "outcome": (
        "中止和延长按发生的月份计，中止工作日按办结的件计。",
        "Stops and extensions by the month in which they came; days stopped of the cases closed.",
    ),
    "voices": (
        "评价每满五份才计入，计入第五份所在的月份；满意率为三星及以上。投诉按收到的月份计。",
        "Ratings in whole fives only, in the month of the fifth; three stars and more are not bad. Complaints when filed.",
    ),
}
STANDINGS: Mapping[Standing, Words] = {
    Standing.FASTER: ("少于他人", "less than others"),
    Standing.AS_OTHERS: ("看不出差别", "no difference seen"),
    Standing.SLOWER: ("多于他人", "more than others"),
    Standing.TOO_FEW: ("件数不够，不作比较", "too few to say"),
}
AGAINST: Mapping[Against, Words] = {
    Against.TOO_FEW: (f"经手办结不足 {MINIMUM} 件", f"fewer than {MINIMUM} cases held"),
    Against.NOBODY_BESIDE: ("同一事项没有足够的他人办件可比", "nobody to compare with"),
    Against.LATE: ("有超过承诺期限办结的件", "closed a case late"),
    Against.COMPLAINTS: ("有未被认定不成立的投诉", "a complaint that stands"),
    Against.BAD_RATINGS: ("差评率高于他人", "bad ratings more often"),
    Against.REFUSES_MORE: ("不予许可的比例高于他人", "refuses more often"),
    Against.CORRECTS_MORE: ("要求补正的比例高于他人", "asks for corrections more often"),
    Against.NOT_FASTER: ("不能确定用时少于他人", "not for certain faster"),
    Against.NOT_FIRST: ("符合全部条件，但有人用时比更小", "meets all, somebody else was faster"),
}
ACTS: Mapping[str, Words] = {
    EXPORT: ("导出月度统计", "took out a month's statistics"),
    EXPORT_PEOPLE: ("导出人员比较", "took out figures of people"),
    EXPORT_HONOURS: ("导出每月之星", "took out the month's honours"),
}
SUPPRESSED: Words = (
    "评价每满五份才计入；本人及他人各不足 20 件时不作人员比较；不含任何办事人的信息。",
    "Ratings stand in whole fives only; fewer than 20 cases on either side are not compared; nothing of an applicant is in it.",
)
RECOUNT = "python -m gateway stats month {month} --json | sha256sum"
CHECK = "python -m gateway stats check {month}"


def say_value(code: str, value: Value) -> str:
    """A figure as a page shows it: shares in percent, means with one digit, "—" where there is nothing to divide by."""
    if value is None:
        return "—"
    if code in SHARES:
        return f"{_round(Fraction(value) * 100)}%"
    return f"{value:,}" if isinstance(value, int) else _round(value)


def say_month(line: Line) -> Words:
    """The month in one sentence."""
    told = {code: say_value(code, line.read(code)) for code in FIGURE_WORDS}
    if not line.read("closed"):
        return (
            f"收件 {told['received']} 件，受理 {told['all_accepted']} 件；没有办结的件。",
            f"{told['received']} received, {told['all_accepted']} accepted; none closed.",
        )
    return (
        (
            f"收件 {told['received']} 件，受理 {told['all_accepted']} 件，办结 {told['closed']} 件；平均 {told['mean_days']} 个工作日，"
            f"为承诺期限的 {told['used']}。超过承诺期限 {told['late']} 件（{told['late_share']}），超过法定期限 {told['passed']} 件。"
            f"评价 {told['rated']} 份，满意率 {told['good_share']}；投诉 {told['complaints']} 件。"
        ),
        (
            f"{told['received']} received, {told['all_accepted']} accepted, {told['closed']} closed in {told['mean_days']} working days on average,"
            f" {told['used']} of what was promised; {told['late']} late, {told['passed']} past the law's limit."
            f" {told['rated']} ratings, {told['good_share']} not bad; {told['complaints']} complaints."
        ),
    )


def say_change(code: str, now: Value, before: Value) -> Words:
    """How a figure stands beside that of the month before."""
    if before is None or now is None:
        return ("上月没有可比的数", "nothing to compare with")
    difference = Fraction(now) - Fraction(before)
    if code in SHARES:
        number, unit = _round(abs(difference) * 100), " 个百分点"
    else:
        number, unit = (f"{abs(int(difference)):,}" if isinstance(now, int) else _round(abs(difference))), ""
    if number in ("0", "0.0"):
        return ("与上月持平", "as the month before")
    sign, word = ("多", "more") if difference > 0 else ("少", "less")
    points = " points" if unit else ""
    return f"比上月{sign} {number}{unit}", f"{number}{points} {word} than the month before"


def _round(value: Fraction) -> str:
    return str((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.1"), ROUND_HALF_UP))
