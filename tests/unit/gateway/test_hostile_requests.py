"""Requests that are made to break the reading of requests: each is recorded, answered in words, and costs little."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from gateway import recording
from services.exposure import Direction
from services.identity import ATTEMPTS_AN_HOUR
from tests.fake_store import FakePersons
from tests.unit.gateway.fakes_edge import WANG, City, build_city

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


def test_who_has_no_attempt_left_causes_no_look_up(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit an identity number is not even looked for: the time of the answer does not tell whether it is known."""
    token = city.log_in()
    body = {"real_name": "王小明", "identity_number": WANG}
    answers = [city.send("POST", "/v1/identity/real-name", body, token=token).status for _ in range(ATTEMPTS_AN_HOUR)]
    assert answers == [403] * ATTEMPTS_AN_HOUR
    looked_for: list[str] = []
    monkeypatch.setattr(FakePersons, "find_by_identity", lambda _, number: looked_for.append(number))
    before = len(city.entered())
    assert city.send("POST", "/v1/identity/real-name", body, token=token).status == 429
    assert (looked_for, len(city.entered())) == ([], before + 1)


def test_a_number_that_cannot_be_one_costs_one_attempt(city: City) -> None:
    """An attempt is spent once, also by a number that fails its check."""
    token = city.log_in()
    body = {"real_name": "王小明", "identity_number": WANG[:-1] + "2"}
    answers = [city.send("POST", "/v1/identity/real-name", body, token=token).status for _ in range(6)]
    assert answers == [422] * ATTEMPTS_AN_HOUR + [429]


def test_a_body_without_a_length_is_read_in_http_2(city: City) -> None:
    """HTTP/2 needs no Content-Length (RFC 9113, section 8.1): what comes without one was entered all the same."""
    token = city.log_in()
    before = len(city.entered())
    answer = city.send(
        "POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token,
        environ={"SERVER_PROTOCOL": "HTTP/2", "CONTENT_LENGTH": ""},
    )  # fmt: skip
    assert answer.status == 200
    assert len(city.entered()) == before + 1
