"""Rules of services/reply_shape.py: what a reply may hold."""

from __future__ import annotations

from typing import Any

import pytest

from services.reply_shape import MAX_LISTED, ReplyUnacceptable, plant_reply, require_reply

TREE = plant_reply(["no", "note?", "bills[].no", "bills[].due?", "bills[].lines[].yuan", "more.a?", "tags[]?"])
GOOD: dict[str, Any] = {"no": "1", "bills": [{"no": "b", "lines": [{"yuan": "1.00"}]}]}


@pytest.mark.parametrize(
    "change", [{}, {"note": "x"}, {"note": None}, {"bills": []}, {"more": {}}, {"more": {"a": 1}}, {"tags": ["a"]}]
)
def test_declared_replies(change: dict[str, Any]) -> None:
    """Optional places may be absent or null, lists may be empty, a table is optional if all in it is."""
    require_reply(TREE, GOOD | change)


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        ({"no": "1"}, "body.bills is missing"),
        (GOOD | {"no": None}, "body.no is missing"),
        (GOOD | {"王小明": 1}, "body holds an unknown field"),
        (GOOD | {"bills": {"no": "b"}}, "body.bills is not a list"),
        (GOOD | {"bills": [1]}, r"body.bills\[\] is not a table"),
        (GOOD | {"bills": [{"no": ["b"], "lines": []}]}, r"body.bills\[\].no is not one value"),
        (GOOD | {"bills": [{"no": "b", "lines": [{}]}]}, r"lines\[\].yuan is missing"),
        (GOOD | {"tags": [{"a": 1}]}, r"body.tags\[\] is not one value"),
        (GOOD | {"bills": [{}] * (MAX_LISTED + 1)}, "is longer than"),
        ([], "body is not a table"),
        (None, "body is not a table"),
        ("x", "body is not a table"),
    ],
)
def test_other_replies(reply: Any, place: str) -> None:
    """An unknown, missing or misplaced field is refused by its declared place; nothing of the reply is repeated."""
    with pytest.raises(ReplyUnacceptable, match=place):
        require_reply(TREE, reply)


@pytest.mark.parametrize("paths", [["a", "a"], ["a", "a.b"], ["a.b", "a"], ["a[].b", "a.c"], ["a[]", "a"]])
def test_contradictions(paths: list[str]) -> None:
    """One place is declared once, and in one way."""
    with pytest.raises(ValueError, match="one place"):
        plant_reply(paths)
