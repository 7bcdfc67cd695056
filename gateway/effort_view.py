"""The effort label in words: for the citizen API in the reader's language, for pages in both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.effort import AGAIN, Effort, EffortLine, Sort, When, label_at, label_service
from services.effort_rules import Standing, compare_neighbours, list_doors_alike
from services.effort_words import REASONS
from services.mapping import ServiceMapping
from services.model import Language

Words = tuple[str, str]
SORTS: Mapping[Sort, Words] = {
    Sort.CLICK: ("点击", "clicks"), Sort.FIELD: ("填写", "fields"), Sort.SCREEN: ("页面", "screens"), Sort.TRIP: ("跑腿", "trips"),
}  # fmt: skip
ORDER = (Sort.CLICK, Sort.FIELD, Sort.TRIP, Sort.SCREEN)
TIMES: Mapping[When, Words] = {
    When.FIRST: ("首次", "the first time"), When.EACH: ("每次", "each time"), When.AFTER: ("结果", "for the result"),
    When.KNOWN: ("身份（不计入）", "who you are (not counted)"),
}  # fmt: skip
DOORS: Mapping[str, Words] = {
    "wechat": ("微信", "WeChat"), "alipay": ("支付宝", "Alipay"), "web": ("政务网页", "web"), "window": ("服务窗口", "window"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineShown:
    """One entry in both languages."""

    sort: Words
    when: Words
    count: int
    what: Words
    why: Words
    ground: str


@dataclass(frozen=True, slots=True)
class LabelShown:
    """The label of doors that take the same. ``figures``: number and word, the first time; ``again``: clicks and fields from then on."""

    doors: Words
    figures: tuple[tuple[int, Words], ...]
    again: tuple[int, int]
    known: tuple[int, int]
    first_differs: bool
    click_once: bool
    lines: tuple[LineShown, ...]


def draw_labels(mapping: ServiceMapping) -> tuple[LabelShown, ...]:
    """Every label of a service, those of doors alike as one."""
    return tuple(_draw(doors, effort) for doors, effort in list_doors_alike(label_service(mapping)))


def _draw(doors: Iterable[str], effort: Effort) -> LabelShown:
    named = [DOORS[door] for door in doors]
    again, known = _pair(effort, AGAIN), _pair(effort, [When.KNOWN])
    return LabelShown(
        ("、".join(one[0] for one in named), ", ".join(one[1] for one in named)),
        tuple((effort.count(sort), SORTS[sort]) for sort in ORDER),
        again, known, again != (effort.clicks, effort.fields), effort.is_click_once,
        tuple(_show(line) for line in effort.lines),
    )  # fmt: skip


def _pair(effort: Effort, when: Iterable[When]) -> tuple[int, int]:
    wanted = frozenset(when)
    return effort.count(Sort.CLICK, wanted), effort.count(Sort.FIELD, wanted)


def _show(line: EffortLine) -> LineShown:
    what, why = line.what, REASONS[line.code]
    chinese, english = Language.ZH_CN, Language.EN
    return LineShown(
        SORTS[line.sort], TIMES[line.when], line.count, (what[chinese], what[english]), (why[chinese], why[english]),
        line.ground,
    )  # fmt: skip


def find_standing(mapping: ServiceMapping, services: Iterable[ServiceMapping]) -> Standing | None:
    """A version among the other services of its kind; None where it has no door but the window."""
    others = [one for one in services if one.id != mapping.id]
    return compare_neighbours([*others, mapping]).get(mapping.id)


def describe_label(
    mapping: ServiceMapping, door: str, services: Iterable[ServiceMapping], language: Language
) -> dict[str, Any]:
    """The label at one door, as ``GET /v1/services/{id}`` gives it."""
    effort, standing = label_at(mapping, door), find_standing(mapping, services)
    again, known = _pair(effort, AGAIN), _pair(effort, [When.KNOWN])
    return {
        "clicks": effort.clicks,
        "typed": effort.fields,
        "screens": effort.screens,
        "trips": effort.trips,
        "again": {"clicks": again[0], "typed": again[1]},
        "known": {"clicks": known[0], "typed": known[1]},
        "click_once": effort.is_click_once,
        "stands_out": standing is not None and standing.stands_out,
        "lines": [_describe_line(line, language) for line in effort.lines],
    }


def _describe_line(line: EffortLine, language: Language) -> dict[str, Any]:
    return {
        "sort": line.sort.value,
        "when": line.when.value,
        "count": line.count,
        "what": line.what[language],
        "why": REASONS[line.code][language],
        "legal_ground": line.ground or None,
    }
