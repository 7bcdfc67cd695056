"""Rules of adapters/backends/rest/openapi.py: what the document does not know is neither sent nor believed."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.rest.openapi import OpenApiDocument
from adapters.backends.rest.wire import RestWire
from adapters.backends.wire import Facts, ReplyUnreadable, RequestUnwritable
from adapters.http import HttpReply
from services.errors import ConfigurationFault
from services.expressions import compile_expression
from services.mapping import Authentication, BackEndSpec, Call
from services.model import JsonValue
from services.reply_shape import plant_reply
from services.translation import Request
from tests.unit.adapters.backends.fake_line import reply

PETS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets/{petId}": {
            "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "parameters": [
                    {"name": "view", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/limit"},
                ],
                "responses": {
                    "200": {"$ref": "#/components/responses/Pet"},
                    "4XX": {"description": "no", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
                },
            },
        },
        "/pets": {
            "post": {
                "requestBody": {"required": True, "content": {"application/json; charset=utf-8": {"schema": {"$ref": "#/components/schemas/NewPet"}}}},
                "responses": {
                    "201": {"$ref": "#/components/responses/Pet"},
                    "204": {"description": "nothing"},
                    "default": {"description": "no", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
                },
            }
        },
        "/a~b/c": {"get": {"responses": {"200": {"$ref": "#/components/responses/Pet"}}}},
    },
    "components": {
        "parameters": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}},
        "responses": {"Pet": {"description": "a pet", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}},
        "schemas": {
            "NewPet": {
                "type": "object", "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 10}, "tag": {"type": "string"}},
            },
            "Pet": {
                "allOf": [
                    {"$ref": "#/components/schemas/NewPet"},
                    {
                        "type": "object", "required": ["id"],
                        "properties": {
                            "id": {"type": "integer"},
                            "born": {"type": "string", "format": "date"},
                            "weight": {"type": "number", "multipleOf": 0.1},
                            "friends": {"type": "array", "maxItems": 2, "items": {"$ref": "#/components/schemas/Pet"}},
                            "notes": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                    },
                ]
            },
            "Error": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
        },
    },
}  # fmt: skip
FACTS = Facts("r", "c")


def edit(**change: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(PETS)), **change}


def read(document: dict[str, Any]) -> OpenApiDocument:
    return OpenApiDocument("pets.json", json.dumps(document).encode())


DOCUMENTS = {version: read(edit(openapi=version)) for version in ("3.0.3", "3.1.0")}
GET = Call(
    name="get", back_end="b", writes=False, timeout_seconds=1, reply=plant_reply(["x"]), response=compile_expression("body", ""),
    method="GET", path="/pets/{pet_no}?view=all",
)  # fmt: skip
POST = replace(GET, method="POST", path="/pets", request=compile_expression("@", ""))


@pytest.fixture(params=sorted(DOCUMENTS))
def wire(request: pytest.FixtureRequest) -> RestWire:
    nothing = compile_expression("`null`", "")
    spec = BackEndSpec("b", "rest", "", "UTF-8", Authentication("none"), nothing, nothing, (), {})
    return RestWire(spec, DOCUMENTS[request.param])


def answer(wire: RestWire, body: JsonValue, status: int = 200, call: Call = GET) -> JsonValue:
    return wire.read(call, HttpReply(status, {}, json.dumps(body).encode()), FACTS)["body"]


def test_calls_that_the_document_knows(wire: RestWire) -> None:
    """By method and by path, whatever the braces are named; a tilde and a slash in a path are found."""
    for call in (GET, POST, replace(GET, path="/a~b/c"), replace(GET, path="/pets/{x}?view=all&limit=5")):
        wire.require_known(call)


@pytest.mark.parametrize(
    "call",
    [
        replace(GET, path="/pets/{pet_no}"),
        replace(GET, path="/pets/{pet_no}?view=all&other=1"),
        replace(GET, path="/pet/{pet_no}?view=all"),
        replace(GET, path="/pets/{pet_no}/x?view=all"),
        replace(GET, method="PUT"),
        replace(POST, request=None),
        replace(GET, request=compile_expression("@", "")),
    ],
)
def test_calls_that_the_document_does_not_know_stop_the_start(wire: RestWire, call: Call) -> None:
    """Another path, method or query, a body too many or too few."""
    with pytest.raises(ConfigurationFault, match=r"pets\.json"):
        wire.require_known(call)


def test_a_request_that_fits(wire: RestWire) -> None:
    """It is written as ever."""
    written = wire.write(POST, Request("/pets", {"name": "Rex"}, {}), FACTS)
    assert written.body == b'{"name":"Rex"}'


@pytest.mark.parametrize(
    "document",
    [{}, {"name": ""}, {"name": "x" * 11}, {"name": 7}, {"name": "Rex", "extra": 1}, {"name": "Rex", "tag": []}],
)
def test_a_request_that_does_not_fit_is_not_written(wire: RestWire, document: dict[str, JsonValue]) -> None:
    """Missing, too long, of another type, or unknown."""
    with pytest.raises(RequestUnwritable):
        wire.write(POST, Request("/pets", document, {}), FACTS)


@pytest.mark.parametrize(
    "body",
    [
        {"id": 1, "name": "Rex"},
        {"id": 1, "name": "Rex", "friends": [{"id": 2, "name": "Max", "friends": []}]},
        {"id": 1, "name": "Rex", "born": "2026-12-01", "notes": {"any": "thing"}},
    ],
)
def test_replies_that_fit(wire: RestWire, body: JsonValue) -> None:
    """Also through references and inside lists."""
    assert answer(wire, body) == body


@pytest.mark.parametrize(
    "body",
    [
        {}, None, [], "Rex", {"id": 1}, {"id": "1", "name": "Rex"}, {"id": 1, "name": "Rex", "born": "yesterday"},
        {"id": 1, "name": "Rex", "owner": "CANARY"}, {"id": 1, "name": "Rex", "friends": [{"id": 2, "name": "Max", "owner": "CANARY"}]},
        {"id": 1, "name": "Rex", "friends": [{"id": 2, "name": "Max"}] * 3}, {"id": 1, "name": "Rex", "notes": {"any": 7}},
        {"id": 1, "name": "Rex", "notes": {"any": {"deep": "CANARY"}}}, {"id": 1.5, "name": "Rex"}, {"id": 1, "name": "Rex", "weight": 0.15},
    ],
)  # fmt: skip
def test_replies_that_do_not_fit(wire: RestWire, body: JsonValue) -> None:
    """Missing, of another type or form, too many, or unknown at any depth: and not a word of it is repeated."""
    with pytest.raises(ReplyUnreadable) as caught:
        answer(wire, body)
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("file", ["pets.json", "pets.yaml"])
def test_fractions_are_exact(file: str) -> None:
    """A remainder is taken of decimals, in JSON and in YAML: 0.3 is three times 0.1."""
    document = OpenApiDocument(file, json.dumps(PETS).encode())
    document.require_reply(GET, 200, {"id": 1, "name": "Rex", "weight": Decimal("0.3")})
    with pytest.raises(ReplyUnreadable):
        document.require_reply(GET, 200, {"id": 1, "name": "Rex", "weight": Decimal("0.35")})


def test_the_status_has_its_own_schema(wire: RestWire) -> None:
    """Exactly, by its hundred, or by default; one that stands nowhere is no answer, and neither is a body where there is none."""
    assert answer(wire, {"code": "NO"}, 404) == {"code": "NO"}
    assert answer(wire, {"code": "NO"}, 500, POST) == {"code": "NO"}
    assert answer(wire, {"id": 1, "name": "Rex"}, 201, POST)
    for status, call, body in [
        (500, GET, {"code": "NO"}),
        (201, GET, {"id": 1, "name": "R"}),
        (204, POST, {"id": 1, "name": "R"}),
    ]:
        with pytest.raises(ReplyUnreadable):
            answer(wire, body, status, call)


@pytest.mark.parametrize(
    "document",
    [
        edit(openapi="2.0"), edit(openapi="3.2.0"), edit(openapi=3.1), {"swagger": "2.0", "paths": {}}, edit(paths=[]), [],
        edit(paths={"/x": {"$ref": "https://evil.test/x"}}), edit(paths={"/x": {"get": {"responses": {"200": {"$ref": "other.json#/x"}}}}}),
        edit(components={"schemas": {"A": {"$ref": "file:///etc/passwd"}}}), edit(components={"schemas": {"A": {"$ref": 7}}}),
    ],
    ids=str,
)  # fmt: skip
def test_a_document_that_cannot_be_used(document: Any) -> None:
    """Another version, no paths, a reference to anywhere else."""
    with pytest.raises(ConfigurationFault):
        read(document)


@pytest.mark.parametrize("file", ["pets.json", "pets.yaml"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"{", b'{"openapi": "3.1.0", "openapi": "3.1.0", "paths": {}}', b"a: &a [*a]", b"- 1"]
)
def test_a_file_that_is_none(file: str, content: bytes) -> None:
    """Neither JSON nor YAML, a key twice, a loop."""
    with pytest.raises(ConfigurationFault):
        OpenApiDocument(file, content)


def test_references_that_lead_nowhere_or_round_and_round() -> None:
    """Named at the start, never followed for ever."""
    paths = {"/x": {"get": {"responses": {"200": {"$ref": "#/components/responses/A"}}}}}
    loop = {"responses": {"A": {"$ref": "#/components/responses/B"}, "B": {"$ref": "#/components/responses/A"}}}
    nothing: dict[str, Any] = {"responses": {}}
    for components in (nothing, loop):
        with pytest.raises((ConfigurationFault, ReplyUnreadable)):
            read(edit(paths=paths, components=components)).require_reply(replace(GET, path="/x"), 200, {})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["id", "name", "friends", "notes", "weight", "other"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json(body: JsonValue) -> None:
    """It fits both versions of the document, or neither."""
    judged = set()
    for document in DOCUMENTS.values():
        try:
            document.require_reply(GET, 200, body)
            judged.add("fits")
        except ReplyUnreadable:
            judged.add("does not")
    assert len(judged) == 1


def test_lines_are_read_where_the_format_says_so() -> None:
    """In a reply of status 200; an error is JSON as ever, and HTML is neither."""
    nothing = compile_expression("`null`", "")
    wire = RestWire(BackEndSpec("b", "rest", "", "GBK", Authentication("none"), nothing, nothing, (), {}))
    call = replace(GET, format="pipe", columns=("no", "name"))
    assert wire.write(call, Request("/f", None, {}), FACTS).accept == "text/plain"
    assert wire.read(call, reply("1|王\n".encode("gbk")), FACTS)["body"] == {"rows": [{"no": "1", "name": "王"}]}
    assert wire.read(call, reply(b'{"code":"NO_FILE"}', 404), FACTS)["body"] == {"code": "NO_FILE"}
    for body, status in [(b"<html>", 200), (b"<html>", 503), (b"", 404)]:
        with pytest.raises(ReplyUnreadable):
            wire.read(call, reply(body, status), FACTS)
