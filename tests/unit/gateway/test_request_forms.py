"""A request of another form is told which part of it is meant, in the words of the documentation."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from gateway.metrics import write_metrics
from gateway.schemas.fields import MOMENT_FORM
from tests.unit.gateway.fakes_edge import Answer, City, build_city
from tests.unit.gateway.test_notices import open_payment


@pytest.fixture
def city() -> City:
    return build_city()


def faults_of(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 422, answer.body
    return [(one["path"], one["rule"]) for one in answer.json["detail"]["fields"]]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b'{"platform": "wechat", "app_id": "wx1", "code": "x"', ("body", "json")),
        (b'{"platform": "wechat", "platform": "wechat"}', ("body", "json")),
        (b"not JSON at all", ("body", "json")),
        (b'["wechat"]', ("body", "object")),
        (b"{}", ("platform", "required")),
        (b"", ("platform", "required")),
        (b'{"platform": "wechat"}', ("app_id", "required")),
        (b'{"platform": 7}', ("platform", "form")),
    ],
)
def test_a_body_at_log_in_that_is_no_object_is_named_as_that(city: City, raw: bytes, fault: tuple[str, str]) -> None:
    """Whoever sends no JSON is not told of the platform; the refusal is recorded all the same."""
    assert faults_of(city.send("POST", "/v1/sessions", raw=raw)) == [fault]
    assert city.shown()[-1].status == 422


@pytest.mark.parametrize(("key", "rule"), [(None, "required"), ("short", "form")])
def test_the_idempotency_key_is_asked_for_before_the_household(city: City, key: str | None, rule: str) -> None:
    """A missing header is named as it is written, whether or not the household exists; what was typed is recorded."""
    token = city.log_in()
    body = {"household_id": str(uuid4()), "bill_ref": "x" * 32, "amount_fen": 8640}
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = city.send("POST", "/v1/payments", body, token=token, headers=headers)
    assert faults_of(answer) == [("Idempotency-Key", rule)]
    assert city.entered()[-1].disclosure.fields == {"amount", "reference"}
    with_key = city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": "key-00001"})
    assert with_key.status == 404


def list_moments(value: Any) -> list[str]:
    if isinstance(value, dict):
        named = [text for name, text in value.items() if name == "at" or name.endswith("_at")]
        return [text for text in named if text] + [text for item in value.values() for text in list_moments(item)]
    return [text for item in value for text in list_moments(item)] if isinstance(value, list) else []


def test_every_moment_has_one_form(city: City) -> None:
    """To the second with Z, also in the reply that is kept under an Idempotency-Key, and the repeat has the same bytes."""
    city.clock.advance(0.123456)
    token, payment_id = open_payment(city)
    household_id = city.send("GET", "/v1/households", token=token).json["households"][0]["household_id"]
    bills = city.send("GET", f"/v1/households/{household_id}/bills", token=token).json["bills"]
    body = {"household_id": household_id, "bill_ref": bills[0]["bill_ref"], "amount_fen": 8640}
    first, again = (
        city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": "key-00001"}) for _ in "ab"
    )
    assert first.body == again.body
    told = [first.json, city.send("GET", f"/v1/payments/{payment_id}", token=token).json]
    told += [city.send("GET", path, token=token).json for path in ("/v1/payments", "/v1/sessions")]
    moments = [text for reply in told for text in list_moments(reply)]
    assert len(moments) > 4
    assert all(re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", text) and re.fullmatch(MOMENT_FORM, text) for text in moments)
    assert first.json["expires_at"] == told[1]["expires_at"]


@pytest.mark.parametrize(
    ("method", "digested"),
    [("PROPFIND", "PROPFIND"), ("brew", "brew"), ("X" * 20, "X" * 20), ("X" * 21, "OTHER"), ("GE T", "OTHER")],
)
def test_an_unknown_method_is_digested_as_it_came(city: City, method: str, digested: str) -> None:
    """The record can be compared with the bytes; what is no token has no name of its own, and no counter either way."""
    token = city.log_in()
    assert city.send(method, "/v1/account", {"a": 1}, token=token).status in (404, 405)
    assert city.entered()[-1].content == f'{digested} /v1/account\n{{"a": 1}}'.encode()
    assert b'method="OTHER"' in write_metrics()
    assert f'method="{method}"'.encode() not in write_metrics()
