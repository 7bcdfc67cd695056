"""What the product writes has the moment at which it is written: so nothing of ours ever appears in a month that was closed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLACES = {"CaseEvent": 5, "ComplaintEvent": 4, "Rating": 11}
"""Where the moment stands among what each is made of."""
NOW = {"now", "bench.now", "desk.clock.now()", "self.desk.clock.now()"}
RECEIVED = "case.received_at"


def list_calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a name in services and gateway, with its file."""
    for path in sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "gateway").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield path.name, node


@pytest.mark.parametrize("name", sorted(PLACES))
def test_an_event_has_the_moment_of_its_transaction(name: str) -> None:
    """Whoever makes an event, a rating or an event of a complaint asks the clock, and no one anything else."""
    moments = {ast.unparse(call.args[PLACES[name]]) for _, call in list_calls(name)}
    assert moments
    assert moments <= NOW | {RECEIVED}


def test_a_case_was_received_now() -> None:
    """The moment of a case's first event is that of its receipt, which is the clock's."""
    received = [
        ast.unparse(word.value) for _, call in list_calls("Case") for word in call.keywords if word.arg == "received_at"
    ]
    assert received
    assert set(received) <= NOW


def test_a_complaint_was_filed_now() -> None:
    """So is the moment at which a complaint was filed."""
    filed = [
        ast.unparse(word.value)
        for _, call in list_calls("Complaint")
        for word in call.keywords
        if word.arg == "filed_at"
    ]
    assert filed
    assert set(filed) <= NOW
