"""How values stand on paper: days, moments, money, choices; and the sentence of a certificate with its names filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from services.case_file import CaseFile
from services.mapping import ServiceMapping
from services.model import JsonValue, Language
from services.slips import shanghai_day

_ZH, _EN = Language.ZH_CN, Language.EN
_NAME = re.compile(r"\{([a-z][a-z0-9_.]*)\}")
NOTHING = "—"


def say_day(on: date) -> str:
    """2026年2月10日."""
    return f"{on.year}年{on.month}月{on.day}日"


def say_day_en(on: date) -> str:
    """10 February 2026."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def say_moment(at: datetime) -> str:
    """2026年2月10日9时05分, Beijing time."""
    local = at.astimezone(UTC) + timedelta(hours=8)
    return f"{say_day(shanghai_day(at))}{local.hour}时{local.minute:02d}分"


def say_money(amount_fen: int) -> str:
    """人民币1,234.56元."""
    return f"人民币{amount_fen // 100:,}.{amount_fen % 100:02d}元"


def add_months(on: date, months: int) -> date:
    """The day before the same day so many months later: the last day of a term that begins on ``on`` (民法典 art. 202)."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(on.day, last)) - timedelta(days=1 if on.day <= last else 0)


def list_values(file: CaseFile, mapping: ServiceMapping) -> Mapping[str, str]:
    """Every name that a certificate may speak of: ``applicant.name``, ``applicant.number``, ``case_no``, inputs, results."""
    applicant, recorded = file.case.applicant, file.last("recorded")
    given = recorded.data.get("outputs") if recorded else None
    outputs = given if isinstance(given, Mapping) else {}
    values = {
        "applicant.name": str(applicant.get("name", NOTHING)),
        "applicant.number": str(applicant.get("credit_code") or applicant.get("identity_number") or NOTHING),
        "case_no": file.case.case_no,
    }
    for name, entered in mapping.inputs.items():
        choices = {code: texts.get(_ZH, code) for code, texts in entered.choices.items()}
        values[name] = say_value(entered.type, file.inputs.get(name), choices)
    for name, output in mapping.outputs.items():
        if name in outputs or name not in values:
            values[name] = say_value(output.type, outputs.get(name), {})
    return values


def say_value(kind: str, value: JsonValue, choices: Mapping[str, str]) -> str:
    """One value as it stands on paper; what is not there is a dash."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    if kind == "money" and isinstance(value, int):
        return say_money(value)
    if isinstance(value, str) and value in choices:
        return choices[value]
    teller = _TELLERS.get(kind)
    try:
        return teller(str(value)) if teller else str(value)
    except ValueError:
        return str(value)


_TELLERS: Mapping[str, Callable[[str], str]] = {
    "date": lambda text: say_day(date.fromisoformat(text)),
    "moment": lambda text: say_moment(datetime.fromisoformat(text)),
}


def fill_in(sentence: str, values: Mapping[str, str]) -> str:
    """The sentence with its ``{name}``s; a name that is not there becomes a dash."""
    return _NAME.sub(lambda found: values.get(found[1], NOTHING), sentence)
