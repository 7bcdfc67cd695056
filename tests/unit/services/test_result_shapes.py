"""Rules of services/result_shapes.py: what an operation takes and gives, with the mapping's own inputs and outputs put in."""

from __future__ import annotations

from typing import Any

import pytest

from config.shapes import check_shape
from services.mapping import Input, Late, Output, PaymentTerms
from services.model import Assurance
from services.result_shapes import (
    example_input,
    list_money_operations,
    need_operations,
    shape_operations,
    shape_outputs,
    shape_prefilled,
)


def make_output(name: str, kind: str, **more: Any) -> Output:
    return Output(name, kind, {}, name, **more)


def fits(outputs: dict[str, Output], value: Any) -> bool:
    return not list(check_shape(shape_outputs(outputs), value))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "x", "二\n三"], [None, 1, "\x00", "x" * 4001]),
        ("money", [0, -5, 8640], [86.4, "86.40", True, None]),
        ("date", ["2026-12-01"], ["2026-13-01", "20261201", 1, None]),
        ("month", ["2026-12"], ["2026-13", "202612", None]),
        (
            "moment",
            ["2026-12-01T08:00:00+08:00", "2026-12-01T00:00:00.5Z"],
            ["2026-12-01T08:00:00", "2026-12-01", None],
        ),
        ("whole", [0, -1], [1.0, "1", True]),
        ("flag", [True, False], [1, "true", None]),
        ("list", [[], [{"a": "x"}, {"a": "x"}]], [{}, [{"b": "x"}], [{"a": "x", "b": "y"}], [{"a": None}], [[]] * 2]),
    ],
)
def test_types(kind: str, good: list[Any], bad: list[Any]) -> None:
    """Each type takes what it says and nothing that only looks like it."""
    of = {"a": make_output("a", "text")} if kind == "list" else {}
    outputs = {"one": make_output("one", kind, of=of)}
    assert all(fits(outputs, {"one": value}) for value in good)
    assert not any(fits(outputs, {"one": value}) for value in bad)


def test_what_may_be_absent() -> None:
    """An optional output may be null or left out; any other, and any more than was declared, may not."""
    outputs = {"one": make_output("one", "text"), "two": make_output("two", "whole", optional=True)}
    assert all(fits(outputs, value) for value in ({"one": "x"}, {"one": "x", "two": None}, {"one": "x", "two": 1}))
    assert not any(fits(outputs, value) for value in ({}, {"two": 1}, {"one": "x", "three": 1}, None))


def test_prefilled_values_are_texts() -> None:
    """A back end may leave out what it does not have, and gives nothing that no input takes."""
    shape = shape_prefilled({"a": Input("a", "text", {}, prefilled_from="back_end.x"), "b": Input("b", "text", {})})
    assert not list(check_shape(shape, {"x": "1"}))
    assert not list(check_shape(shape, {"x": None}))
    assert not list(check_shape(shape, {}))
    assert list(check_shape(shape, {"x": 1}))
    assert list(check_shape(shape, {"b": "1"}))


@pytest.mark.parametrize(
    ("asked", "example"),
    [
        (Input("a", "text", {}), "示例"),
        (Input("a", "text", {}, example="x"), "x"),
        (Input("a", "money", {}, example="12.50"), 1250),
        (Input("a", "money", {}, minimum=300), 300),
        (Input("a", "whole", {}, example="7"), 7),
        (Input("a", "whole", {}, example="seven"), 100),
        (Input("a", "flag", {}), True),
        (Input("a", "choice", {}, choices={"B": {}, "A": {}}), "B"),
        (Input("a", "choice", {}, choices={"B": {}, "A": {}}, example="A"), "A"),
    ],
)
def test_examples(asked: Input, example: Any) -> None:
    """An example is what the mapping would get: money in fen, numbers and flags as such."""
    assert example_input(asked) == example


def test_takes() -> None:
    """The applicant as far as the level proves it; optional inputs are left out where a citizen may."""
    inputs = {"a": Input("a", "text", {}), "b": Input("b", "text", {}, optional=True)}
    shapes = shape_operations("application", inputs, {}, PaymentTerms(), Assurance.PHONE, optional_too=False)
    assert shapes["submit"].takes["inputs"] == {"a": "示例"}
    assert set(shapes["submit"].takes["applicant"]) == {"phone"}  # type: ignore[arg-type] # a table
    assert shape_operations("lookup", {}, {}, PaymentTerms(), Assurance.WINDOW)["look_up"].takes["applicant"]


def test_needed_operations() -> None:
    """What a mapping must have follows from its kind, its terms of payment, its inputs, and how results come."""
    prefilled = {"a": Input("a", "text", {}, prefilled_from="back_end.x")}
    assert set(need_operations("bill", {}, PaymentTerms(), None)) == {
        "find_household",
        "list_bills",
        "write_off",
        "find_write_off",
    }
    assert "list_bills" not in need_operations("bill", {}, PaymentTerms(amount="chosen"), None)
    assert need_operations("lookup", {}, PaymentTerms(), None) == ("look_up",)
    assert need_operations("lookup", prefilled, PaymentTerms(), None) == ("look_up", "prefill")
    for arrives, operation in (("polled", "find_result"), ("file", "list_results")):
        assert operation in need_operations("application", {}, PaymentTerms(), Late(arrives))
    assert need_operations("application", {}, PaymentTerms(), Late("pushed")) == ("submit", "find_submission")


def test_bills_of_the_non_tax_model() -> None:
    """Such a bill carries the treasury's notice; another may not."""
    bill = {"bill_no": "1", "period": "2026-10", "amount_fen": 1, "due_on": None, "items": []}
    item = {"no": 1, "item_id": "a", "item_name": "罚款", "fee_fen": 1, "overdue_fen": 0, "penalty_fen": 0}
    notice = {"payment_notice_no": "1", "created_on": "2026-10-01", "expires_on": None, "items": [item]}
    for model, value in (("order", bill), ("non-tax", {**bill, "notice": notice})):
        gives = shape_operations("bill", {}, {}, PaymentTerms(model=model), Assurance.PHONE)["list_bills"].gives
        assert not list(check_shape(gives, {"bills": [value]}))
        other = {**bill, "notice": notice} if model == "order" else bill
        assert list(check_shape(gives, {"bills": [other]}))


def test_where_money_is() -> None:
    """Operations in whose values or result money stands, so that a unit must be stated; lists are looked into."""
    money = {"a": make_output("a", "list", of={"b": make_output("b", "money")})}
    assert "look_up" in list_money_operations("lookup", {}, money)
    assert "submit" in list_money_operations("application", {"a": Input("a", "money", {})}, {})
    assert list_money_operations("information", {}, {"a": make_output("a", "whole")}) == frozenset()
