"""The pages of statistics as files: the same figures as tables, with the month's digest and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Response

from gateway.console.desk import current_console
from gateway.console.frame import SHANGHAI, name_agency
from gateway.console.statistics_choice import Choice
from gateway.console.statistics_words import (
    AGAINST,
    EXPORTED,
    FIGURE_WORDS,
    PEOPLE_COLUMNS,
    RECOUNT,
    STANDINGS,
    SUPPRESSED,
)
from gateway.console.words import Words
from gateway.sheets import CSV, XLSX, Cell, Sheet, attach_file, write_tables
from services.model import Language
from services.month_comparison import Comparison
from services.month_honours import RULE, Honour
from services.month_record import ClosedMonth, Figures
from services.months import Month
from services.statistics_tables import SHARES, Line, sum_all, sum_places, sum_services

FORMATS: Mapping[str, str] = {"csv": CSV, "xlsx": XLSX}
PEOPLE_HEADS: tuple[Words, ...] = (
    ("人员", "person"), ("经手件数", "cases held"), ("每件在手工作日", "mean days held"), ("区间下限", "interval from"),
    ("区间上限", "interval to"), ("他人平均", "others' mean"), ("比较", "standing"),
)  # fmt: skip


def write_month(choice: Choice, kind: str, sums: Mapping[str, Figures], months: Sequence[Month]) -> Response:
    """A month: each service at each agency; in a workbook also the sums by service, and the course of the months."""
    figures = sums.get(choice.month.month, {})
    places = sum_places(figures, choice.agencies)
    agency_heads = ("机构 agency", "机构名称 name", "事项 service", "事项名称 title")
    by_place = [
        [
            choice.slugs.get(line.agency_id or choice.place.agency_id, ""),
            *name_service(line, with_agency=True),
            *list_cells(line),
        ]
        for line in places
    ]
    by_service = [
        [*name_service(line), *list_cells(line)] for line in sum_services(figures, choice.agencies)
    ]  # fmt: skip
    course = [[str(month), *list_cells(sum_all(sums.get(str(month), {}), choice.agencies))] for month in months]
    sheets = [
        make_sheet("机构与事项 Agencies", agency_heads, by_place),
        make_sheet("事项合计 Services", ("事项 service", "事项名称 title"), by_service),
        make_sheet("历月 Months", ("月份 month",), course),
    ]
    return write_file(choice, kind, ("月度统计", "statistics"), sheets, list_seals([choice.month]))


def write_people(
    choice: Choice, kind: str, compared: Comparison, months: Sequence[Month], names: Mapping[UUID, str]
) -> Response:
    """People of one service at one agency, with intervals and what can be said."""
    rows: list[list[Cell]] = []
    for one in compared.lines:
        line = Line(None, None, one.figures)
        rows.append([
            names.get(one.manager, "—"), one.sample.count, one.mean, one.low, one.high,
            one.others, " ".join(STANDINGS[one.standing]),
            *list_cells(line, PEOPLE_COLUMNS),
        ])  # fmt: skip
    heads = tuple(" ".join(words) for words in PEOPLE_HEADS)
    title = name_title(compared.service)
    used = [one for one in choice.closed if one.month in {str(month) for month in months}]
    notes: list[tuple[str, Cell]] = [
        ("事项 service", f"{title} {compared.service}"),
        ("月份 months", f"{months[0]} – {months[-1]}"),
        ("全体平均在手工作日 everybody's mean", compared.mean),
        ("比较 standing", "95% 区间：二十个办得一样的人里，平均有一人仅凭偶然显得不同。 Of twenty alike one differs by chance."),
        *list_seals(used),
    ]  # fmt: skip
    sheets = [make_sheet("人员 People", heads, rows, PEOPLE_COLUMNS)]
    return write_file(choice, kind, (f"人员比较-{title}", f"people-{compared.service}"), sheets, notes)


def write_honours(
    choice: Choice, kind: str, honour: Honour, names: Mapping[UUID, str], shown: Collection[UUID]
) -> Response:
    """Who was named, who was looked at and what stood against them, with the rule. ``shown``: those whose figures the reader's page has."""
    rows: list[list[Cell]] = [
        [
            names.get(one.manager, "—"), "是 yes" if one.manager in honour.named else "否 no",
            *((one.held_cases, one.pace) if one.manager in shown else (None, None)),
            "；".join(AGAINST[why][0] for why in one.against), "; ".join(AGAINST[why][1] for why in one.against),
        ]
        for one in honour.candidates
    ]  # fmt: skip
    heads = (
        "人员 person",
        "当选 named",
        "经手件数 cases held",
        "用时比 share of others' time",
        "未当选原因",
        "why not",
    )
    notes: list[tuple[str, Cell]] = [
        *((f"条件 {number} condition", " ".join(words)) for number, words in enumerate(RULE.values(), 1)),
        *list_seals([choice.month]),
    ]
    sheets = [Sheet("每月之星 Honours", heads, rows, frozenset({3}))]
    return write_file(choice, kind, ("每月之星", "honours"), sheets, notes)


def make_sheet(
    name: str, heads: tuple[str, ...], rows: Sequence[Sequence[Cell]], codes: tuple[str, ...] = EXPORTED
) -> Sheet:
    """A sheet whose last columns are figures by their codes."""
    shares = frozenset(len(heads) + place for place, code in enumerate(codes) if code in SHARES)
    return Sheet(name, (*heads, *(" ".join(FIGURE_WORDS[code]) for code in codes)), rows, shares)


def list_cells(line: Line, codes: tuple[str, ...] = EXPORTED) -> list[Cell]:
    """The figures of a line in the order of columns."""
    return [line.read(code) for code in codes]


def name_service(line: Line, *, with_agency: bool = False) -> list[Cell]:
    """The cells that say whose line it is."""
    named: list[Cell] = [line.service, name_title(line.service or "")]
    return [name_agency(line.agency_id), *named] if with_agency and line.agency_id else named


def name_title(service: str) -> str:
    """What citizens read for a service."""
    return current_console().catalogue.title(service, Language.ZH_CN)


def list_seals(closed: Sequence[ClosedMonth]) -> list[tuple[str, Cell]]:
    """For each month its digest, the ledger's record of it, and how to compute it again."""
    notes: list[tuple[str, Cell]] = []
    for one in closed:
        notes += [
            (f"{one.month} SHA-256", one.digest),
            (f"{one.month} 账本记录 ledger record", str(one.record_id)),
            (f"{one.month} 结账时间 closed at", write_moment(one.closed_at)),
            (f"{one.month} 重新计算 recompute", RECOUNT.format(month=one.month)),
        ]
    return notes


def write_file(choice: Choice, kind: str, title: Words, sheets: Sequence[Sheet], notes: list[tuple[str, Cell]]) -> Response:  # fmt: skip
    """The answer: title and month and agency in its name."""
    media_type, agency = FORMATS[kind], name_agency(choice.place.agency_id)
    scope = "仅本级 alone" if choice.only else "含下级 with those below"
    told: list[tuple[str, Cell]] = [
        ("统计 statistics", " ".join(title)),
        ("月份 month", choice.month.month),
        ("机构 agency", f"{agency} {choice.place.slug}（{scope}）"),
        *notes,
        ("不显示的内容 suppressed", " ".join(SUPPRESSED)),
        ("导出时间 taken out at", write_moment(current_console().clock.now())),
    ]
    body = write_tables(media_type, " ".join(title), sheets, told)
    name = "-".join((title[0], choice.month.month, agency))
    return attach_file(body, media_type, name, "-".join((title[1], choice.month.month, choice.place.slug)))


def write_moment(at: datetime) -> str:
    """A moment in China with its offset (ISO 8601)."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
