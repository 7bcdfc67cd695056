"""Words of the census for staff and for everybody, and its charts: questions, indicators, people turned away. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone

from gateway.charts import Chart, Line, draw_lines
from services.census_record import Ground, Indicator, IndicatorKind, Occasion, Question
from services.input_values import write_yuan
from services.model import PlatformName
from services.scorecards import RunPoint

Words = tuple[str, str]
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
QUESTIONS: Mapping[Question, Words] = {
    Question.REACHABLE: ("可达", "reachable"),
    Question.CURRENT: ("时新", "current"),
    Question.FAULTLESS: ("无误", "faultless"),
}
INDICATORS: Mapping[IndicatorKind, Words] = {
    IndicatorKind.PEOPLE: ("专职人员", "people working on it"),
    IndicatorKind.FUNDS: ("年度经费", "funds of the year"),
    IndicatorKind.OFFICE: ("专门机构", "an office for it"),
}
OCCASIONS: Mapping[Occasion, Words] = {
    Occasion.SIGN_IN: ("登录", "at the sign-in"),
    Occasion.PAYMENT: ("付款", "at the payment"),
}
GROUNDS: Mapping[Ground, Words] = {
    Ground.ACCOUNT: ("平台账号受限", "the account is restricted"),
    Ground.REFUSED: ("平台未受理", "the platform refused"),
}
PLATFORMS: Mapping[PlatformName, Words] = {
    PlatformName.WECHAT: ("微信", "WeChat"),
    PlatformName.ALIPAY: ("支付宝", "Alipay"),
}
COURSE: Words = ("每次普查的达标率（%）", "Share that holds at each run, percent")


def write_indicator(entry: Indicator) -> Words:
    """A figure with its unit."""
    if entry.kind is IndicatorKind.FUNDS:
        return f"{write_yuan(entry.value)} 元", f"{write_yuan(entry.value)} yuan"
    if entry.kind is IndicatorKind.OFFICE:
        return ("有", "yes") if entry.value else ("没有", "no")
    return f"{entry.value} 人", f"{entry.value} people"


def draw_course(name: str, points: Sequence[RunPoint]) -> Chart:
    """A line for each question over the runs."""
    labels = [f"{point.at.astimezone(SHANGHAI):%m-%d %H:%M}" for point in points]
    lines = [Line(QUESTIONS[one], tuple(point.card.share(one) for point in points)) for one in Question]
    return draw_lines(name, COURSE, labels, lines, unit="%", head=("普查时间", "run"))
