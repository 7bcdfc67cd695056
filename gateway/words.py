"""Which language a request asks for, and the fixed sentences of the counter, read once per process."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import config
from services.model import Language
from services.wording import Wording

_PART = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{1,3})?))?\s*")


@cache
def load_wording() -> Wording:
    """The sentences of ``config/locales``."""
    return Wording.load(Path(str(config.__file__)).parent / "locales")


def choose_language(accept: str) -> Language:
    """The language that ``Accept-Language`` prefers (RFC 9110, section 12.5.4): Chinese unless English ranks higher."""
    best, rank = Language.ZH_CN, 0.0
    for part in accept[:200].split(","):
        found = _PART.fullmatch(part)
        if not found:
            continue
        weight = float(found.group(2) or 1)
        language = read_tag(found.group(1))
        if language is not None and weight > rank:
            best, rank = language, weight
    return best


def read_tag(tag: str) -> Language | None:
    """The language of ours that a tag (RFC 4647, basic filtering) means: any Chinese, any English, or none."""
    primary = tag.lower().split("-", 1)[0]
    return {"zh": Language.ZH_CN, "*": Language.ZH_CN, "en": Language.EN}.get(primary)
