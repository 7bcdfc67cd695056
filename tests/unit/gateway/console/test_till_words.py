"""The till's words: a sentence for every rule by which money at the window is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.console.till_words import METHODS, SENTENCES, TILL_STATES
from services.cash_till import Method, TillState

ROOT = Path(__file__).parents[4]
RAISED = re.compile(
    r'refuse\("([a-z_]+)"(?: if [^\n]* else "([a-z_]+)")?|"rule": "([a-z_]+)"|return "([a-z_]+)" if [^\n]* else "([a-z_]+)"'
)


def list_raised() -> set[str]:
    """Codes that stand in the source as a rule."""
    texts = (
        (ROOT / "services" / f"window_{name}.py").read_text("utf-8")
        for name in ("money", "payments", "returns", "tills")
    )
    return {code for text in texts for found in RAISED.findall(text) for code in found if code}


def test_every_refusal_has_its_sentence() -> None:
    """Whoever stands at the till is told why, by every rule that the code names."""
    raised = list_raised()
    assert {"till_is_open", "till_closed", "not_counted", "books_disagree", "written_off"} <= raised
    assert raised <= set(SENTENCES)


@pytest.mark.parametrize("rule", sorted(SENTENCES))
def test_a_sentence_is_said_in_two_languages(rule: str) -> None:
    """Chinese ends with its own full stop, English with its own."""
    chinese, english = SENTENCES[rule]
    assert chinese.endswith("。")
    assert english.endswith(".")


def test_every_state_and_method_has_its_word() -> None:
    """No code is shown for a state of a till or a way of paying."""
    assert set(TILL_STATES) == set(TillState)
    assert set(METHODS) == set(Method)
