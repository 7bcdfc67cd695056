"""Which language a request asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.words import choose_language
from services.model import Language

ZH, EN = Language.ZH_CN, Language.EN


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", ZH), ("en", EN), ("EN-us", EN), ("zh-TW", ZH), ("fr", ZH), ("fr, en;q=0.3", EN), ("en;q=0.5, zh;q=0.9", ZH),
        ("en;q=0", ZH), ("*", ZH), ("zh, en", ZH), ("en, zh", EN), ("en;q=x", ZH), ("en" * 500, ZH),
    ],
)  # fmt: skip
def test_chinese_unless_english_ranks_higher(accept: str, language: Language) -> None:
    """Chinese is the default; a language that we do not have is passed over."""
    assert choose_language(accept) is language


@given(st.text(max_size=300))
def test_any_header_chooses_a_language(accept: str) -> None:
    """No header breaks a request."""
    assert choose_language(accept) in set(Language)
