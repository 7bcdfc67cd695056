"""What a deadline says to people, in Chinese and English: each clock's name, each day's reason, each reason's source."""

from __future__ import annotations

from datetime import date

from services.calendar_record import Calendar
from services.clock import Clock, ClockKind, DayLine, Deadline, compute, explain
from services.counter_terms import Texts
from services.model import JsonValue, Language

ZH, EN = Language.ZH_CN, Language.EN

CLOCKS: dict[ClockKind, Texts] = {
    ClockKind.COMPLETENESS: {ZH: "受理审查期限", EN: "limit for saying what is missing"},
    ClockKind.CORRECTION: {ZH: "补正期限", EN: "limit for the correction"},
    ClockKind.STATUTORY: {ZH: "法定办结时限", EN: "statutory limit"},
    ClockKind.PROMISED: {ZH: "承诺办结时限", EN: "promised limit"},
    ClockKind.STEP: {ZH: "环节时限", EN: "limit of this step"},
    ClockKind.GAP: {ZH: "容缺补齐期限", EN: "limit for what is still to be brought"},
    ClockKind.SPECIAL: {ZH: "特别程序期限", EN: "time of the special procedure"},
    ClockKind.DELIVERY: {ZH: "送达期限", EN: "limit for the delivery"},
    ClockKind.COMPLAINT: {ZH: "投诉答复期限", EN: "limit for the answer to a complaint"},
}
"""What a clock is called."""

GROUNDS: dict[str, Texts] = {
    "hearing": {ZH: "听证", EN: "hearing"},
    "tender": {ZH: "招标", EN: "tender"},
    "auction": {ZH: "拍卖", EN: "auction"},
    "inspection": {ZH: "检验", EN: "inspection"},
    "testing": {ZH: "检测", EN: "testing"},
    "quarantine": {ZH: "检疫", EN: "quarantine"},
    "appraisal": {ZH: "鉴定", EN: "appraisal"},
    "expert-review": {ZH: "专家评审", EN: "expert review"},
}
"""Every legal ground on which days are excluded (Administrative Licensing Law art. 45), and no other."""

HOLIDAYS = {
    "元旦": "New Year", "春节": "Spring Festival", "清明": "Tomb-Sweeping Day", "清明节": "Tomb-Sweeping Day",
    "劳动节": "Labour Day", "端午": "Dragon Boat Festival", "端午节": "Dragon Boat Festival", "中秋": "Mid-Autumn Festival",
    "中秋节": "Mid-Autumn Festival", "国庆节": "National Day", "国庆节、中秋节": "National Day and Mid-Autumn Festival",
    "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日": "70th anniversary of the victory over Japan and fascism",
}  # fmt: skip
"""English names of holidays; one that is not here keeps its Chinese name."""

REASONS: dict[str, Texts] = {
    "start": {ZH: "起算之日，不计入", EN: "the day on which it begins is not counted"},
    "working_day": {ZH: "工作日", EN: "working day"},
    "make_up_day": {ZH: "调休上班（{name}）", EN: "make-up working day ({name})"},
    "presumed_working_day": {
        ZH: "按工作日推算（该年放假安排尚未公布）",
        EN: "presumed to be a working day (that year's holidays are not published yet)",
    },
    "weekend": {ZH: "周休息日", EN: "weekend"},
    "presumed_weekend": {
        ZH: "按周休息日推算（该年放假安排尚未公布）",
        EN: "presumed to be a weekend (that year's holidays are not published yet)",
    },
    "holiday": {ZH: "放假（{name}）", EN: "day off ({name})"},
    "suspended": {ZH: "{name}期间，不计入", EN: "not counted: {name}"},
}
"""Why a day counts or does not."""

SOURCES: dict[str, Texts] = {
    "civil_code_201": {ZH: "《民法典》第二百零一条", EN: "Civil Code art. 201"},
    "licensing_82": {ZH: "《行政许可法》第八十二条", EN: "Administrative Licensing Law art. 82"},
    "licensing_45": {ZH: "《行政许可法》第四十五条", EN: "Administrative Licensing Law art. 45"},
    "working_hours_7": {
        ZH: "《国务院关于职工工作时间的规定》第七条",
        EN: "State Council Provisions on Working Hours art. 7",
    },
}
"""The law behind a reason; where a notice of the State Council is the source, it is named as it is titled."""


def name_clock(deadline: Deadline) -> Texts:
    """What the clock of a deadline is called."""
    return CLOCKS[deadline.kind]


def say_reason(line: DayLine) -> Texts:
    """Why this day counts or does not."""
    names = _name(line)
    return {language: text.format(name=names[language]) for language, text in REASONS[line.reason].items()}


def say_source(line: DayLine) -> Texts:
    """By which law or notice."""
    if line.source in SOURCES:
        return SOURCES[line.source]
    return {ZH: line.source, EN: f"State Council notice on holidays: {line.source}"}


def say_provisional(deadline: Deadline) -> Texts:
    """The sentence beside a deadline that may still move; empty for one that does not."""
    if not deadline.provisional:
        return {}
    version = deadline.calendar_version
    return {
        ZH: f"暂定：期限跨入尚未公布放假安排的年份，按周一至周五推算（日历版本 {version}）；公布后重新计算并告知。",
        EN: (
            "Provisional: it reaches into a year whose holidays are not published yet; Monday to Friday is presumed"
            f" (calendar version {version}). It is computed again, and told, when they are."
        ),
    }


def say_days_left(deadline: Deadline, today: date) -> Texts:
    """How much time is left, in working days."""
    left = deadline.days_left(today)
    if left > 0:
        return {ZH: f"剩余 {left} 个工作日", EN: f"{left} working day{'s' * (left > 1)} left"}
    if left == 0:
        return {ZH: "今天是最后一天", EN: "today is the last day"} if today == deadline.due_on else _LAST
    return {ZH: f"已超期 {-left} 个工作日", EN: f"{-left} working day{'s' * (left < -1)} late"}


_LAST: Texts = {ZH: "不足 1 个工作日", EN: "less than one working day left"}


def tell_line(line: DayLine) -> dict[str, JsonValue]:
    """A day of an explained deadline as JSON: for the citizen API, the console and the command line alike."""
    reason, source = say_reason(line), say_source(line)
    return {
        "on": line.on.isoformat(),
        "counted": line.counted,
        "number": line.number,
        "reason": line.reason,
        "reason_zh": reason[ZH],
        "reason_en": reason[EN],
        "source_zh": source[ZH],
        "source_en": source[EN],
        "provisional": line.provisional,
        "when": line.when,
    }


def tell_clock(clock: Clock, calendar: Calendar, today: date) -> dict[str, JsonValue]:
    """A clock with its deadline, each day explained, as JSON."""
    deadline = compute(clock, calendar)
    names, left, provisional = name_clock(deadline), say_days_left(deadline, today), say_provisional(deadline)
    return {
        "clock": str(clock.kind),
        "step": clock.step,
        "name_zh": names[ZH],
        "name_en": names[EN],
        "start_on": clock.start_on.isoformat(),
        "due_on": deadline.due_on.isoformat(),
        "provisional": deadline.provisional,
        "provisional_zh": provisional.get(ZH, ""),
        "provisional_en": provisional.get(EN, ""),
        "calendar_version": deadline.calendar_version,
        "days_left": deadline.days_left(today),
        "days_left_zh": left[ZH],
        "days_left_en": left[EN],
        "days": [tell_line(line) for line in explain(clock, calendar, today)],
    }


def _name(line: DayLine) -> Texts:
    if line.reason == "suspended":
        return GROUNDS.get(line.name, {ZH: line.name, EN: line.name})
    return {ZH: line.name, EN: HOLIDAYS.get(line.name, line.name)}
