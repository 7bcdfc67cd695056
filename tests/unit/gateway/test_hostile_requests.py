"""Requests that are made to break the reading of requests: each is recorded, answered in words, and costs little."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from gateway import recording
from services.exposure import Direction
from tests.unit.gateway.fakes_edge import City, build_city

BIG = 262_144
ITEMS = b"0," * 40_000 + b"0]"


@pytest.fixture
def city() -> City:
    return build_city(max_body_bytes=BIG)


@pytest.mark.parametrize(
    "body",
    [b'{"' + b"k" * 100_000 + b'":[' + ITEMS + b"}", b"[" * 900 + ITEMS + b"]" * 899],
    ids=["long-name", "deep"],
)
def test_a_body_does_not_grow_in_memory(city: City, body: bytes) -> None:
    """However deep a body is and however long its names, reading it takes no more than a small multiple of its size."""
    token = city.log_in()
    tracemalloc.start()
    try:
        answer = city.send("POST", "/v1/households", token=token, raw=body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status == 422
    assert peak < 64 * len(body)
    assert city.entered()[-1].disclosure.fields == {"unlisted"}


def test_a_query_that_nests_without_end_is_recorded(city: City) -> None:
    """A query that no parser can follow to its end was entered all the same: it is recorded, then refused."""
    token = city.log_in()
    before = len(city.entered())
    answer = city.send("GET", "/v1/payments?cursor=" + "[" * 3000, token=token)
    assert answer.status == 422
    assert len(city.entered()) == before + 1


def test_a_number_with_thousands_of_digits_is_recorded_and_refused(city: City) -> None:
    """Digits beyond what Python reads are the caller's fault, not ours, and were entered."""
    token = city.log_in()
    before = len(city.entered())
    body = b'{"service":"gas-bill","household_no":' + b"9" * 5000 + b"}"
    answer = city.send("POST", "/v1/households", token=token, raw=body)
    assert (answer.status, answer.json["detail"]["fields"]) == (422, [{"path": "body", "rule": "json"}])
    assert len(city.entered()) == before + 1


@pytest.mark.parametrize("fault", [RecursionError, MemoryError, UnicodeError])
def test_a_fault_while_recording_is_recorded_too(
    city: City, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], Exception]
) -> None:
    """If reading a reply fails in an unforeseen way, the fixed 500 that leaves in its place has a record of its own."""
    token = city.log_in()
    found = recording.derive_shown

    def fail_once(*arguments: object) -> frozenset[str]:
        monkeypatch.setattr(recording, "derive_shown", found)
        raise fault()

    monkeypatch.setattr(recording, "derive_shown", fail_once)
    answer = city.send("GET", "/v1/account", token=token)
    assert answer.status == 500
    assert city.records(Direction.SHOWN_IN_CLIENT)[-1].content == answer.body
