"""Whom a record concerns: who logs in, found out after the first records; whose number somebody types, known here or not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.errors import ExposureUnavailable
from services.model import PlatformName
from tests.fake_store import FakePersons
from tests.unit.gateway.fakes_edge import WANG, City, build_city
from tests.unit.gateway.test_citizen_api import sign_in


@pytest.fixture
def city() -> City:
    return build_city()


def test_the_records_of_a_log_in_are_attributed(city: City) -> None:
    """What was typed before anybody knew who it was is said to be the person's, in the same request, for the first log-in and later ones."""
    for _ in range(2):
        city.log_in()
        chain, named = city.log.attributions[-1]
        shown, (told, record_id) = city.shown()[-1], named[0]
        assert chain == shown.disclosure.actor
        assert told.request_id == shown.disclosure.request_id
        assert city.log.records[-2] == (record_id, city.entered()[-1])
    assert len(city.log.attributions) == 2


@pytest.mark.parametrize("changed", [{"code": "used"}, {"code": 7}, {"app_id": "wx-nobody"}, {"platform": "qq"}])
def test_a_log_in_that_fails_stays_nobodys(city: City, changed: dict[str, Any]) -> None:
    """Nobody knows who tried: the records stand, and are attributed to no one."""
    assert sign_in(city, **changed).status >= 400
    assert city.log.attributions == []
    assert city.entered()


def test_a_ledger_that_cannot_attribute_lets_nobody_in(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it cannot be said whose the records are there is no session."""
    monkeypatch.setattr(city.log, "attribute", raise_unavailable)
    answer = sign_in(city)
    assert (answer.status, answer.json["code"]) == (503, "exposure_unavailable")
    assert city.sessions.saved == {}


def raise_unavailable(*_: object) -> None:
    raise ExposureUnavailable


def test_whoevers_number_is_typed_has_a_chain_and_finds_it(city: City) -> None:
    """A stranger's number concerns them before they ever log in, in every record alike; when they prove it, these are theirs."""
    stranger = city.log_in(PlatformName.ALIPAY, "li")
    body = {"real_name": "王小明", "identity_number": WANG}
    city.send("POST", "/v1/identity/real-name", body, token=stranger)
    entered, shown = city.entered()[-1].disclosure, city.shown()[-1].disclosure
    assert entered.concerned == shown.concerned
    typer, chain = entered.concerned
    assert typer == entered.actor
    city.send("POST", "/v1/identity/real-name", {**body, "real_name": "李"}, token=stranger)
    assert city.entered()[-1].disclosure.concerned == (typer, chain)
    own = city.log_in()
    city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=own)
    assert city.send("POST", "/v1/identity/real-name", body, token=own).status == 200
    leaf = {
        "id": str(uuid4()), "at": "2026-11-02T02:00:00.000000Z", "direction": "entered_in_client", "service": "account",
        "purpose": "prove_identity", "legal_basis": "law", "fields": ["identity_number"], "outcome": None,
    }  # fmt: skip
    city.reader.leaves.append((chain, PlatformName.WECHAT, leaf))
    seen = city.send("GET", "/v1/exposure", token=own).json["records"]
    assert [record["fields"][0]["name"] for record in seen] == ["identity_number"]
    assert city.send("GET", "/v1/exposure", token=city.log_in(user="li")).json["records"] == []


@pytest.mark.parametrize("number", ["110101199003070012", "1101011990030700", "", 7, None, "11010119900231001X"])
def test_a_number_that_cannot_be_is_nobodys(city: City, number: Any) -> None:
    """A wrong checksum, form or date concerns nobody but who typed it, and leaves nothing in the store."""
    token = city.log_in()
    answer = city.send("POST", "/v1/identity/real-name", {"real_name": "王", "identity_number": number}, token=token)
    assert answer.status == 422
    told = city.entered()[-1].disclosure
    assert told.concerned == (told.actor,)
    assert city.store.tables.chains == {}


def test_a_number_typed_without_an_attempt_left_still_concerns_its_holder(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform saw it although it was refused; who is known by the number is not looked up any more."""
    token = city.log_in()
    body = {"real_name": "王小明", "identity_number": WANG}
    for _ in range(5):
        assert city.send("POST", "/v1/identity/real-name", body, token=token).status == 403
    chain = city.entered()[-1].disclosure.concerned[1]
    monkeypatch.setattr(FakePersons, "find_by_identity", lambda *_: pytest.fail("looked for an account"))
    answer = city.send("POST", "/v1/identity/real-name", body, token=token)
    assert (answer.status, answer.json["code"]) == (429, "too_many_requests")
    for one in (city.entered()[-1], city.shown()[-1]):
        assert one.disclosure.concerned == (one.disclosure.actor, chain)
