"""openapi.json says what travels beside the bodies: headers, refusals that ask to wait, what a platform is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.publication import ACKNOWLEDGED, NOT_ACKNOWLEDGED
from services.doors import PLATFORMS
from tests.unit.gateway.fakes_edge import City, build_city

CITY = build_city()
DOCUMENT: Any = CITY.send("GET", "/openapi.json").json
NOTICES = DOCUMENT["paths"]["/v1/notices/{account}"]["post"]
INBOUND = (NOTICES, DOCUMENT["paths"]["/v1/results/{agency}/{service}"]["post"])


def resolve(part: dict[str, Any]) -> Any:
    """A part behind its reference."""
    if "$ref" not in part:
        return part
    kind, name = part["$ref"].split("/")[-2:]
    return DOCUMENT["components"][kind][name]


def list_operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method} {path}", operation


@pytest.mark.parametrize(("name", "operation"), list(list_operations()))
def test_every_operation_declares_its_headers(name: str, operation: dict[str, Any]) -> None:
    """A request may bring its number and its language; every reply has the number; 429 and 503 say when to try again."""
    asked = {resolve(one)["name"] for one in operation["parameters"]}
    assert {"X-Request-Id"} | ({"Accept-Language"} if operation not in INBOUND else set()) <= asked
    answers = {status: resolve(answer)["headers"] for status, answer in operation["responses"].items()}
    assert all("X-Request-Id" in headers for headers in answers.values())
    waiting = {status for status, headers in answers.items() if "Retry-After" in headers}
    assert waiting == ({"429", "503"} if operation not in INBOUND else {"503"})
    assert "default" in answers


def test_the_notice_route_says_what_each_platform_is_answered() -> None:
    """Exactly the published bodies, by media type."""
    for statuses, bodies in ((["200"], ACKNOWLEDGED), (["400", "401", "503"], NOT_ACKNOWLEDGED)):
        for status in statuses:
            content = NOTICES["responses"][status]["content"]
            for kind, body in bodies.values():
                schema = content[kind]["schema"]
                told = schema.get("anyOf", [schema])[0]["const"]
                assert told == (body.decode() if kind.startswith("text/") else json.loads(body))
            assert set(content) == {bodies[platform][0] for platform in PLATFORMS}


def test_no_schema_is_there_that_nobody_uses() -> None:
    """A schema without a reference describes nothing that we send."""
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(DOCUMENT)))
    assert set(DOCUMENT["components"]["schemas"]) == used


@pytest.mark.parametrize("part", ["sessions", "log"])
def test_what_is_not_available_says_when_to_try_again(part: str) -> None:
    """A 503 carries Retry-After, whoever gives it: a route that asked for a session, or the guard."""
    city: City = build_city()
    token = city.log_in()
    getattr(city, part).down = True
    answer = city.send("GET", "/v1/account", token=token)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
