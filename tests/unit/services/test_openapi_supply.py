"""Rules of services/openapi_supply.py: an OpenAPI document supplies the shape of a reply, and checks one that a mapping states."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.expression_reader import ExpressionReader
from services.openapi_supply import OpenApiSupply, find_document_faults, parse_openapi
from services.operation_reader import Connection
from services.reply_shape import ReplyNode

BILL = {
    "type": "object",
    "required": ["no"],
    "properties": {
        "no": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/bills/{number}": {
            "get": {
                "responses": {
                    "404": {"description": "none"},
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}},
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Part": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "size": {}}},
            "Answer": {
                "allOf": [
                    {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
                    {
                        "type": "object",
                        "required": ["bills"],
                        "properties": {"bills": {"type": "array", "items": BILL}},
                    },
                ]
            },
        }
    },
}
CONNECTION = Connection("back_end", {"name": "b", "connector": "rest", "openapi": "openapi/b.json"})


def supply(call: dict[str, Any], document: Any = None) -> tuple[ReplyNode | None, list[str]]:
    reader = ExpressionReader({"back_end": ""})
    content = json.dumps(DOCUMENT if document is None else document).encode()
    node = OpenApiSupply({"openapi/b.json": content}, reader)("op", call, CONNECTION)
    return node, [f"{found.path}: {found.found} {found.nearest}".strip() for found in reader.mismatches]


def test_a_reply_is_supplied() -> None:
    """The places of the first success, through references, lists and parts, optional where the schema does not ask for them."""
    node, faults = supply({"method": "GET", "path": "/bills/{household_no}?state=open"})
    assert faults == []
    assert node is not None
    assert set(node.children) == {"id", "bills"}
    bills = node.children["bills"]
    assert bills.many
    assert not bills.children["no"].optional
    assert bills.children["parts"].children["size"].optional


def test_a_reply_is_checked() -> None:
    """A place that the document does not have is told with the nearest that it has."""
    _, faults = supply({"method": "GET", "path": "/bills/{x}", "reply": ["id", "bills[].nr", "bills[].parts[].name?"]})
    assert faults == ["op.reply[1]: a place that is not in it bills[].no"]


@pytest.mark.parametrize("call", [{"method": "POST", "path": "/bills/{x}"}, {"method": "GET", "path": "/bill/{x}"}])
def test_an_operation_that_is_not_in_it(call: dict[str, Any]) -> None:
    """A method or path that the document does not have is a fault of the mapping."""
    node, faults = supply(call)
    assert node is None
    assert "an operation that is not in it" in faults[0]


def test_documents_that_are_none() -> None:
    """A file that is not there, or that is no OpenAPI 3 document, is told once with its place."""
    there = {"openapi/b.json": b"openapi: 2.0.0\npaths: {}\n", "openapi/a.json": b"{}"}
    assert [fault.found for fault in find_document_faults([CONNECTION], there)] == ["a file of another kind"]
    missing = list(find_document_faults([CONNECTION], {"openapi/bb.json": b""}))
    assert [(fault.path, fault.nearest) for fault in missing] == [("back_end.openapi", "openapi/bb.json")]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$ref", "properties", "items", "allOf", "type", "200", "content", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(ANY_JSON)
def test_any_document(value: Any) -> None:
    """Whatever a document holds, it is read or refused, never an exception; references that go in circles end."""
    supply({"method": "GET", "path": "/x"}, value)
    schemas = {
        "openapi": "3.0.3",
        "paths": {"/x": {"get": {"responses": {"200": {"content": {"application/json": {"schema": value}}}}}}},
    }
    supply({"method": "GET", "path": "/x"}, schemas)


def test_a_schema_in_circles() -> None:
    """A schema that holds itself ends somewhere."""
    loop = {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Loop"}, "a": {}}}
    document = json.loads(json.dumps(DOCUMENT))
    document["components"]["schemas"] |= {"Loop": loop, "Answer": {"$ref": "#/components/schemas/Loop"}}
    node, _ = supply({"method": "GET", "path": "/bills/{x}"}, document)
    assert node is not None


@pytest.mark.parametrize("content", [b"", b"[]", b"openapi: 3.0.0", b"{" * 9000, b"a: &a [*a]", b"\xff"])
def test_what_is_no_document(content: bytes) -> None:
    """Anything else is none."""
    assert parse_openapi(content) is None
