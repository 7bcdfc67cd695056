"""What a mapping's own texts tell of a service: whether they were reviewed in time, are there in both languages, lead to living pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from services.census_record import Finding, Question
from services.mapping import Output, ServiceMapping
from services.model import JsonValue, Language

LINK = re.compile(r"https?://[!#-&(-;=?-\[\]_a-z~]+")
"""An address in a text: it ends at white space, at a quote, at the first sign that is not ASCII."""
NOT_FOR_CITIZENS = frozenset({"back_end", "further_back_ends", "late", "demo", "exposure"})
"""Parts of a mapping whose texts nobody is shown: a namespace in them is no link."""
NOTHING_FOR_DAYS = 365
"""Published information whose newest date is older than this is not current."""
DATED = frozenset({"date", "moment", "month"})
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_TAIL = ".,;:!?)]"


def find_old_texts(mapping: ServiceMapping, today: date) -> Iterator[Finding]:
    """``review_on`` is missing or has passed (docs/mappings.md: the day by which the owner has looked through the texts again)."""
    text = mapping.raw.get("review_on")
    if text is None:
        yield Finding(Question.CURRENT, "no_review_date")
    elif date.fromisoformat(str(text)) < today:
        yield Finding(Question.CURRENT, "review_passed", str(text))


def find_untranslated(mapping: ServiceMapping) -> Iterator[Finding]:
    """Every text for citizens that is missing in a language, or stands there in the other one."""
    for path, texts in list_texts(mapping.raw):
        chinese, english = str(texts.get(Language.ZH_CN) or ""), str(texts.get(Language.EN) or "")
        if not chinese.strip() or not english.strip():
            yield Finding(Question.FAULTLESS, "translation_missing", path)
        elif _CHINESE.search(english) or (english == chinese and len(english) > 1 and english.isalpha()):
            yield Finding(Question.FAULTLESS, "not_translated", path)


def list_texts(raw: JsonValue, path: str = "") -> Iterator[tuple[str, Mapping[str, JsonValue]]]:
    """Path and languages of every text in two languages that a citizen may be shown."""
    if isinstance(raw, Mapping):
        if raw and set(raw) <= {str(one) for one in Language}:
            yield path, raw
            return
        for key, value in raw.items():
            if path or key not in NOT_FOR_CITIZENS:
                yield from list_texts(value, f"{path}.{key}" if path else str(key))
    elif isinstance(raw, Sequence) and not isinstance(raw, str):
        for index, value in enumerate(raw):
            yield from list_texts(value, f"{path}[{index}]")


def list_links(mapping: ServiceMapping) -> Mapping[str, str]:
    """Every address in the mapping's texts for citizens, with the path of the first text that names it."""
    found: dict[str, str] = {}
    for path, text in _list_all_texts(mapping.raw):
        for link in read_links(text):
            found.setdefault(link, path)
    return found


def read_links(text: str) -> Iterator[str]:
    """The addresses in one text, without the punctuation that follows them."""
    for match in LINK.finditer(text):
        link = match.group().rstrip(_TAIL)
        if link.partition("://")[2].partition("/")[0]:
            yield link


def _list_all_texts(raw: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(raw, str):
        yield path, raw
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            if path or key not in NOT_FOR_CITIZENS:
                yield from _list_all_texts(value, f"{path}.{key}" if path else str(key))
    elif isinstance(raw, Sequence):
        for index, value in enumerate(raw):
            yield from _list_all_texts(value, f"{path}[{index}]")


def find_undated(mapping: ServiceMapping, outputs: Mapping[str, JsonValue], today: date) -> Iterator[Finding]:
    """Of published information: rows without their date, and nothing new for a year. ``outputs`` as ``outputs.read_outputs`` gives them."""
    for name, output in mapping.outputs.items():
        rows = outputs.get(name)
        if output.type != "list" or not isinstance(rows, list) or not rows:
            continue
        dates = [_read_days(output, row) for row in rows if isinstance(row, Mapping)]
        if any(not days for days in dates):
            yield Finding(Question.CURRENT, "undated", name)
            continue
        newest = max(max(days) for days in dates)
        if newest < (today - timedelta(days=NOTHING_FOR_DAYS)).isoformat():
            yield Finding(Question.CURRENT, "nothing_recent", name)


def _read_days(output: Output, row: Mapping[str, JsonValue]) -> list[str]:
    return [str(row[name])[:10] for name, column in output.of.items() if column.type in DATED and row.get(name)]


def list_links_of_rows(outputs: Mapping[str, JsonValue]) -> Mapping[str, str]:
    """Every address in what an office publishes, with its place."""
    found: dict[str, str] = {}
    for path, text in _list_all_texts(outputs, "outputs"):
        for link in read_links(text):
            found.setdefault(link, path)
    return found
