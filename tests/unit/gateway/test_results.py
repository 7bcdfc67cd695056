"""Results that an office pushes: verified before anything is read, answered in published words, shown masked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.small_services import make_application
from tests.unit.gateway.small_city import RECORD, SmallCity, build_small_city

CANARY = "canary-6222021234567890123"


@pytest.fixture
def city() -> SmallCity:
    return build_small_city()


def test_a_pushed_result_is_shown_masked(city: SmallCity) -> None:
    """Verified, taken in, acknowledged with the mapping's own word; outputs count as what the mapping says."""
    token = city.log_in()
    made = city.apply(token).json
    rich = {**RECORD, "owner_account": CANARY, "visits": [{"visited_at": "2026-01-01T08:00:00+08:00", "vet": CANARY}]}
    told = {"application_no": made["application_no"], "reference": "R-1", "state": "granted", "outputs": rich}
    answer = city.push(told | {"reviewer": CANARY})
    assert (answer.status, answer.body) == (200, b"RECEIVED")
    assert city.city.log.publications[-1][2]["result/pet-licence/accepted"]
    followed = city.send("GET", f"/v1/applications/{made['application_id']}", token=token)
    assert followed.json["state"] == "granted"
    assert followed.json["outputs"] == {
        "licence_no": "****0017", "fee": 1050, "valid_until": None,
        "visits": [{"visited_at": "2026-01-01T00:00:00Z", "remark": None}],
    }  # fmt: skip
    assert {"licence", "visits"} <= city.city.shown()[-1].disclosure.fields
    assert CANARY.encode() not in b"".join(one.content for one in city.city.shown())


@pytest.mark.parametrize(("path", "told", "headers", "status", "body"), [
    ("/v1/results/demo-city/pet-licence", {}, {"X-Signature": "0" * 64}, 400, b"refused"),
    ("/v1/results/demo-city/pet-licence", {"application_no": "1" * 28, "reference": "R", "state": "granted"}, {}, 400, b"refused"),
    ("/v1/results/demo-city/pet-licence?x=1", {}, {}, 400, b"refused"),
])  # fmt: skip
def test_a_pushed_result_that_is_not_believed(
    city: SmallCity, path: str, told: Any, headers: dict[str, str], status: int, body: bytes
) -> None:
    """One fixed answer, whatever was wrong; nothing is recorded for anybody."""
    answer = city.push(told, path, headers=headers)
    assert (answer.status, answer.body) == (status, body)
    assert city.city.log.records == []


@pytest.mark.parametrize("path", [
    "/v1/results/demo-city/pet-record", "/v1/results/demo-gas-office/pet-licence", "/v1/results/nobody/pet-licence",
    "/v1/results/demo-city/nobody",
])  # fmt: skip
def test_only_a_service_whose_results_are_pushed_has_an_address(city: SmallCity, path: str) -> None:
    """Of its own agency; anything else is the fixed 404."""
    assert city.push({}, path).status == 404


def test_a_result_is_not_taken_while_the_store_is_away(city: SmallCity) -> None:
    """503: the office pushes it again."""
    made = city.apply(city.log_in()).json
    city.city.store.down = True
    told = {"application_no": made["application_no"], "reference": "R-1", "state": "granted"}
    assert city.push(told).status == 503
    city.city.store.down = False
    assert city.push(told).status == 200


def test_a_result_s_session_is_none_of_its_business(city: SmallCity) -> None:
    """A header with somebody's token changes nothing about a pushed result."""
    token = city.log_in()
    before = len(city.city.log.records)
    assert city.push({}, token=token, headers={"X-Signature": "bad"}).status == 400
    assert len(city.city.log.records) == before


def test_a_result_is_heard_after_a_newer_version_asks_for_results_itself(city: SmallCity) -> None:
    """What began under a version with pushed results is granted, and acknowledged in that version's word; later the address is gone."""
    token = city.log_in()
    made = city.apply(token).json
    city.versions["pet-licence", 1] = city.services["pet-licence"]
    city.services["pet-licence"] = make_application(late="polled", version=2)
    told = {"application_no": made["application_no"], "reference": "R-1", "state": "granted"}
    assert city.push(told, headers={"X-Signature": "0" * 64}).body == b"refused"
    for _ in range(2):
        answer = city.push(told)
        assert (answer.status, answer.body) == (200, b"RECEIVED")
    assert city.send("GET", f"/v1/applications/{made['application_id']}", token=token).json["state"] == "granted"
    city.city.clock.advance(8 * 86_400)
    assert city.push(told).status == 404
