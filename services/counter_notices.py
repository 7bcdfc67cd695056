"""What a clerk writes into a notice, a refusal or a decision, read into one form: nothing empty, nothing endless. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.case_file import CaseFile
from services.counter_materials import list_supplied_since
from services.counter_permits import refuse_now
from services.counter_terms import CounterTerms
from services.errors import InputRefused
from services.mapping import ServiceMapping
from services.model import JsonValue, Language
from services.staff_rules import read_remark

MAXIMUM_ITEMS = 50
MAXIMUM_REASONS = 20
OTHER = "other"
"""The code of a correction in the clerk's own words."""
_CARRIER_NUMBER = re.compile(r"[A-Za-z0-9-]{5,40}")


@dataclass(frozen=True, slots=True)
class CorrectionItem:
    """One thing to put right. ``about``: a material or an input; ``code``: a ready-made reason of the mapping, whose words ``words`` may replace."""

    about: str
    code: str = OTHER
    words: str = ""


def read_corrections(mapping: ServiceMapping, terms: CounterTerms, items: Sequence[CorrectionItem]) -> list[JsonValue]:
    """The items of a notice as the event keeps them. Raises ``InputRefused`` with the place and the rule."""
    if not 1 <= len(items) <= MAXIMUM_ITEMS:
        raise InputRefused(detail={"items": "none_or_too_many"})
    told: list[JsonValue] = []
    seen: set[tuple[str, str, str]] = set()
    for index, item in enumerate(items):
        if item.about not in terms.materials and item.about not in mapping.inputs:
            raise InputRefused(detail={f"items[{index}].about": "unknown"})
        words = read_remark(item.words) or _ready_words(terms, item, index)
        if (item.about, item.code, words) not in seen:
            seen.add((item.about, item.code, words))
            told.append({"about": item.about, "code": item.code, "words": words})
    return told


def _ready_words(terms: CounterTerms, item: CorrectionItem, index: int) -> str:
    material = terms.materials.get(item.about)
    for ready in material.corrections if material else ():
        if ready.code == item.code:
            return ready.text[Language.ZH_CN]
    raise InputRefused(detail={f"items[{index}].words": "missing"})


def require_told_once(file: CaseFile, items: Sequence[JsonValue]) -> None:
    """Raise ``NotAllowedNow`` (``told_once``, with what) for anything that an earlier notice could have told: AL art. 32(1)(4).

    After a correction only what the notice named may be told again, and what came in since: nobody could have seen it before.
    """
    notices = file.all_of("correction_asked")
    if not notices:
        return
    named = {str(item["about"]) for item in notices[-1].data["items"]}
    late = sorted({str(item["about"]) for item in items} - named - list_supplied_since(file, notices[-1].version))
    if late:
        raise refuse_now("told_once", about=late)


def read_words(name: str, words: str, least: int = 1) -> str:
    """A text that must be there, on one line, at most 500 characters. Raises ``InputRefused`` for ``name``."""
    text = read_remark(words)
    if len(text) < least:
        raise InputRefused(detail={name: "missing"})
    return text


def read_reasons(reasons: Sequence[str]) -> list[JsonValue]:
    """Reasons of a decision, empty ones left out. Raises ``InputRefused``."""
    told = [text for text in map(read_remark, reasons) if text]
    if len(told) > MAXIMUM_REASONS:
        raise InputRefused(detail={"reasons": "too_many"})
    return list(told)


def read_carrier_number(number: str) -> str:
    """A carrier's own number for a consignment: 5 to 40 letters, digits and hyphens. Raises ``InputRefused``."""
    text = number.strip()
    if not _CARRIER_NUMBER.fullmatch(text):
        raise InputRefused(detail={"number": "form"})
    return text
