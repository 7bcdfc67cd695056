"""Rules of adapters/backends/rest/openapi_limits.py: no document, and no value held against one, takes a process for long."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from adapters.backends.rest.openapi import OpenApiDocument
from adapters.backends.wire import ReplyUnreadable
from services.errors import ConfigurationFault
from services.expression_reader import ExpressionReader
from services.expressions import compile_expression
from services.mapping import Call
from services.openapi_supply import OpenApiSupply
from services.operation_reader import Connection
from services.reply_shape import plant_reply

SLOW = r"^(\w+\s?)*$"


def write(schema: dict[str, Any], **schemas: Any) -> bytes:
    """A document with one operation, whose request and reply have this schema."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": content, "responses": {"200": content}}
    document = {"openapi": "3.1.0", "paths": {"/a": {"post": operation}}, "components": {"schemas": schemas}}
    return json.dumps(document).encode()


POST = Call("a", "b", False, 5, plant_reply(["x"]), compile_expression("body", ""), method="POST", path="/a")


def refer(name: str) -> dict[str, str]:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is inside is done in time."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"x": {"type": "string", "pattern": SLOW}}},
        {"type": "object", "patternProperties": {SLOW: {}}},
    ],
)
def test_a_pattern_that_could_take_for_ever_is_refused_with_its_document(schema: dict[str, Any]) -> None:
    """What a citizen types is held against it, so a careless pattern of an office would let anybody hold the process."""
    with pytest.raises(ConfigurationFault, match="pattern"):
        OpenApiDocument("a.json", write(schema))


def test_no_pattern_is_run_on_a_text_longer_than_it_was_judged_for() -> None:
    """A pattern that is quick on what people type is slow on a megabyte out of a reply."""
    document = OpenApiDocument(
        "a.json", write({"type": "object", "properties": {"x": {"type": "string", "pattern": "[a-z]+[a-z]+!"}}})
    )
    document.require_reply(POST, 200, {"x": "ab!"})
    with within(1), pytest.raises(ReplyUnreadable):
        document.require_reply(POST, 200, {"x": "a" * 900_000})


def test_a_long_list_is_not_compared_item_by_item() -> None:
    """``uniqueItems`` of tables takes time by the square of their number."""
    document = OpenApiDocument("a.json", write({"type": "array", "uniqueItems": True}))
    document.require_reply(POST, 200, [{}, 1])
    with pytest.raises(ReplyUnreadable):
        document.require_reply(POST, 200, [{}, {}])
    with within(1), pytest.raises(ReplyUnreadable):
        document.require_reply(POST, 200, [{"a": number} for number in range(60_000)])


@pytest.mark.parametrize("key", ["allOf", "anyOf", "oneOf"])
def test_schemas_that_multiply_are_refused(key: str) -> None:
    """Thirty schemas, each put together from the next one twice, are a thousand million."""
    schemas = {f"S{at}": {key: [refer(f"S{at + 1}")] * 2} for at in range(30)} | {"S30": {"type": "object"}}
    with within(1), pytest.raises(ConfigurationFault, match="multiply"):
        OpenApiDocument("a.json", write(refer("S0"), **schemas))


def test_a_schema_put_together_from_itself_is_refused() -> None:
    """A tree may refer to itself below a property; here nothing would ever be read."""
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": refer("Tree")}}}
    document = OpenApiDocument("a.json", write(refer("Tree"), Tree=tree))
    document.require_reply(POST, 200, {"children": [{"children": []}]})
    with pytest.raises(ConfigurationFault, match="itself"):
        OpenApiDocument("a.json", write(refer("Loop"), Loop={"allOf": [refer("Loop")] * 4}))


def test_the_check_lists_the_places_of_a_wide_tree_at_once() -> None:
    """Four children of its own kind, twelve levels deep, would be sixteen million places; the first five hundred are enough."""
    branches = {f"p{at}": refer("Node") for at in range(4)} | {"leaf": {"type": "string"}}
    loop = {"allOf": [refer("Loop")] * 4}
    for schema in ({"type": "object", "properties": branches}, loop):
        supply = OpenApiSupply(
            {"a.json": write(refer("Node"), Node=schema, Loop=loop)}, ExpressionReader({"back_end": ""})
        )
        connection = Connection("back_end", {"name": "b", "connector": "rest", "openapi": "a.json"})
        with within(1):
            supply("op", {"method": "POST", "path": "/a"}, connection)
