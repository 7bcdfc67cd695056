"""What somebody types under a session that has ended is recorded for them; under one that nobody knows there is nobody to name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.model import PlatformName
from tests.unit.gateway.fakes_edge import City, build_city

BODY = {"real_name": "王小明", "identity_number": "110101199003070011"}


@pytest.fixture
def city() -> City:
    return build_city()


def expire(city: City, _token: str) -> None:
    city.clock.advance(720 * 60)


def cut_off(city: City, _token: str) -> None:
    login = next(iter(city.store.tables.logins.values()))
    with city.store.begin(city.desk.directory.all_agencies()) as tx:
        tx.persons.revoke_login(login.login_id, city.clock.now())


@pytest.mark.parametrize("end", [expire, cut_off])
def test_a_body_under_an_ended_session_is_recorded_for_its_person(city: City, end: Callable[[City, str], None]) -> None:
    """The session is still known, so the app, the platform and the person are: the answer stays the published 401."""
    token = city.log_in(PlatformName.ALIPAY)
    actor = city.shown()[-1].disclosure.actor
    end(city, token)
    before = len(city.shown())
    answer = city.send("POST", "/v1/identity/real-name", BODY, token=token)
    assert (answer.status, answer.json["code"], answer.json["request_id"]) == (401, "session_expired", None)
    entered = city.entered()[-1]
    assert entered.disclosure.fields == {"real_name", "identity_number"}
    assert (entered.disclosure.platform, entered.disclosure.account) == (PlatformName.ALIPAY, "alipay-main")
    assert entered.disclosure.actor == actor
    assert actor is not None
    assert entered.content.startswith(b"POST /v1/identity/real-name\n{")
    assert len(city.shown()) == before


def test_an_unknown_address_under_an_ended_session_is_recorded_too(city: City) -> None:
    """What no schema names is unlisted; nothing typed, nothing recorded."""
    token = city.log_in()
    expire(city, token)
    before = len(city.log.records)
    assert city.send("GET", "/v1/account", token=token).status == 401
    assert len(city.log.records) == before
    assert city.send("POST", "/v1/nowhere", BODY, token=token).status == 404
    assert city.entered()[-1].disclosure.fields == {"unlisted"}


def test_nothing_is_answered_about_it_while_the_ledger_is_down(city: City) -> None:
    """As for any other entry: the fixed 503."""
    token = city.log_in()
    expire(city, token)
    city.log.down = True
    answer = city.send("POST", "/v1/identity/real-name", BODY, token=token)
    assert (answer.status, answer.json["code"], answer.json["request_id"]) == (503, "exposure_unavailable", None)


@pytest.mark.parametrize("ended", [False, True])
def test_what_comes_with_options_is_recorded(city: City, ended: bool) -> None:
    """A mini-program may send any method: the answer is the fixed one, what was typed stands in the ledger."""
    token = city.log_in()
    if ended:
        expire(city, token)
    shown = len(city.shown())
    answer = city.send("OPTIONS", "/v1/identity/real-name", BODY, token=token)
    assert (answer.status, answer.body, answer.headers["allow"]) == (204, b"", "GET, HEAD, POST, DELETE, OPTIONS")
    assert city.entered()[-1].content.startswith(b"OPTIONS /v1/identity/real-name\n{")
    assert len(city.shown()) == shown
    before = len(city.log.records)
    assert city.send("OPTIONS", "/v1/identity/real-name", token=token).status == 204
    assert len(city.log.records) == before


@pytest.mark.parametrize("change", [{"token": "x" * 43}, {"token": None}, {"down": True}])
def test_where_nobody_can_be_named_nothing_is_recorded(city: City, change: dict[str, Any]) -> None:
    """An unknown token, none at all, or a cache that does not answer: docs/exposure.md says so."""
    token = city.log_in()
    city.sessions.down = change.get("down", False)
    before = len(city.log.records)
    for method in ("POST", "OPTIONS"):
        answer = city.send(method, "/v1/identity/real-name", BODY, token=change.get("token", token))
        assert answer.status in (401, 503, 204)
        assert answer.status == 204 or answer.json["request_id"] is None
    assert len(city.log.records) == before
