"""Every refusal of the counter has its sentence in two languages, and the documentation names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.counter_permits import PERMITS
from services.counter_sentences import SENTENCES, say_rule
from services.model import Language

ROOT = Path(__file__).resolve().parents[3]
COUNTER = (ROOT / "docs" / "counter.md").read_text("utf-8")
RAISED = re.compile(
    r'(?:refuse_now\(\s*|"rule": |rule = |return )"([a-z_]+)"|require_other_hands\(\s*"([a-z_]+)"| else "([a-z_]+)"$',
    re.MULTILINE,
)
OF_MONEY = {"window_money.py", "window_payments.py", "window_returns.py", "window_tills.py"}
"""Their rules are told by the till's own pages (``gateway/console/till_words.py``)."""
SOURCES = [
    *ROOT.glob("services/counter_*.py"),
    *(path for path in ROOT.glob("services/window_*.py") if path.name not in OF_MONEY),
    ROOT / "services" / "case_limits.py",
]


def list_raised() -> set[str]:
    """Codes that stand in the source as a rule."""
    found = (match for path in SOURCES for match in RAISED.findall(path.read_text("utf-8")))
    return {code for codes in found for code in codes if code}


def test_every_rule_has_its_sentence() -> None:
    """What a clerk is refused, they are told why."""
    others = {"applicant", "agent", "red", "orange", "green", "grey", "phone", "number", "post", "clerk", "form"}
    assert {rule for rule in list_raised() - others if "_" in rule} <= set(SENTENCES)


@pytest.mark.parametrize("rule", sorted(SENTENCES))
def test_a_sentence_is_said_in_two_languages_and_documented(rule: str) -> None:
    """Chinese ends with its own full stop, English with its own."""
    assert say_rule(rule).endswith(("。", "）。"))
    assert say_rule(rule, Language.EN).endswith(".")
    assert f"`{rule}`" in COUNTER


def test_an_unknown_rule_says_nothing() -> None:
    """The state alone says why."""
    assert say_rule("") == ""


@pytest.mark.parametrize("name", sorted(PERMITS))
def test_every_act_is_documented(name: str) -> None:
    """By its method and by its code in the book of acts."""
    assert f"`{name}`" in COUNTER
    assert f"`{PERMITS[name].act}`" in COUNTER
