"""Rules of services/chaining.py: a list that is cut is never shown as if it were whole."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shapes import Listing, Record, Whole
from services.chaining import MAX_JOINED, conclude_operation, find_next_page, first_page, join_pages
from services.errors import BackEndGarbled
from services.expressions import compile_expression
from services.mapping import Call, Operation, Pages
from services.reply_shape import ReplyNode

NUMBERED = Pages("rows", compile_expression("body.page < body.of", ""))
NAMED = Pages("rows", compile_expression("body.next != null", ""), compile_expression("body.next", ""), limit=3)


def make_call(pages: Pages | None, name: str = "ask") -> Call:
    response = compile_expression("{rows: body.rows}", "")
    return Call(name, "office", writes=False, timeout_seconds=1, reply=ReplyNode(), response=response, pages=pages)


def reply(**body: Any) -> dict[str, Any]:
    return {"status": 200, "body": body}


def test_numbered_pages() -> None:
    """Pages are counted on from the first until the reply says that no more follow."""
    call = make_call(NUMBERED)
    assert first_page(NUMBERED) == 1
    assert find_next_page(call, 1, 1, reply(page=1, of=3)) == 2
    assert find_next_page(call, 3, 3, reply(page=3, of=3)) is None


def test_named_pages() -> None:
    """A page may be what the reply before it names; the first has its number all the same."""
    call = make_call(NAMED)
    assert find_next_page(call, 1, 1, reply(next="c-7")) == "c-7"
    assert find_next_page(call, "c-7", 2, reply(next=None)) is None


@pytest.mark.parametrize(
    ("pages", "page", "count", "body"),
    [
        (NUMBERED, 1, 1, {}),
        (NUMBERED, 1, 1, {"page": "1", "of": 3}),
        (NUMBERED, 20, 20, {"page": 20, "of": 21}),
        (NAMED, "c-7", 1, {"next": "c-7"}),
        (NAMED, 1, 1, {"next": ""}),
        (NAMED, 1, 1, {"next": ["c"]}),
        (NAMED, 1, 1, {"next": True}),
        (NAMED, "a", 3, {"next": "b"}),
    ],
)
def test_pages_that_do_not_end(pages: Pages, page: Any, count: int, body: dict[str, Any]) -> None:
    """A reply that does not say plainly how it goes on, names itself again, or goes on after the limit is no answer."""
    with pytest.raises(BackEndGarbled):
        find_next_page(make_call(pages), page, count, reply(**body))


def test_a_call_without_pages_has_one() -> None:
    """Nothing follows where nothing was agreed."""
    assert find_next_page(make_call(None), None, 1, reply(page=1, of=9)) is None
    assert join_pages(make_call(None), [{"rows": [1]}]) == {"rows": [1]}


@given(st.lists(st.lists(st.integers(), max_size=5), min_size=1, max_size=6))
def test_joined(pages: list[list[int]]) -> None:
    """All items of all pages in their order, everything else as the first page says it."""
    results = [{"rows": rows, "total": number} for number, rows in enumerate(pages)]
    assert join_pages(make_call(NUMBERED), results) == {"rows": functools.reduce(operator.iadd, pages, []), "total": 0}


@pytest.mark.parametrize("page", [None, {}, {"rows": None}, {"rows": {}}, [], {"rows": [0] * MAX_JOINED}])
def test_a_page_without_its_list(page: Any) -> None:
    """A page that does not hold the list, or one too long, makes the whole of it no answer."""
    with pytest.raises(BackEndGarbled):
        join_pages(make_call(NUMBERED), [{"rows": [1]}, page])


def make_operation(response: str | None) -> Operation:
    calls = (make_call(None, "first"), make_call(None, "second"))
    compiled = compile_expression(response, "") if response else None
    gives = Record({"rows": Listing(Whole(), 0, 9)})
    return Operation("ask", writes=False, calls=calls, response=compiled, takes=frozenset({"no"}), gives=gives)


def test_a_result_of_all_calls() -> None:
    """The result is made of those of all calls and of the given values; without an expression it is that of the last call."""
    results = {"first": {"rows": [1]}, "second": {"rows": [2]}}
    assert conclude_operation(make_operation(None), {"no": 7}, results) == {"rows": [2]}
    joined = make_operation("{rows: [results.first.rows[0], results.second.rows[0], no]}")
    assert conclude_operation(joined, {"no": 7}, results) == {"rows": [1, 2, 7]}


@pytest.mark.parametrize("response", ["{rows: results.first}", "{other: `1`}", "`null`", "{rows: length(no)}"])
def test_a_result_of_another_shape(response: str) -> None:
    """What does not have the shape that was agreed is not used, and nothing of it is told."""
    with pytest.raises(BackEndGarbled) as caught:
        conclude_operation(make_operation(response), {"no": 7}, {"first": "王小明", "second": None})
    assert "王小明" not in str(caught.value)
