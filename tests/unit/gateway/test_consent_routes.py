"""Consents over the citizen API, and the guard: what rests on consent is shown only while the person agrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.consent_record import ConsentMatter
from services.consents import list_offers
from services.exposure import Direction, Exposure
from services.mapping import ConsentTerms
from services.model import PlatformName
from services.purpose_texts import write_text
from tests.unit.gateway.fakes_edge import CATALOGUE, City, build_city

W, A = PlatformName.WECHAT, PlatformName.ALIPAY
OFFERED = next(one for one in list_offers(CATALOGUE) if one.platform == W)
PLACE = f"/v1/consents/{OFFERED.service}/{OFFERED.purpose}"
SERVICE, PURPOSE, PAGE = "gas-bill", "see_service", "/v1/services/gas-bill"
"""Of the tests of the guard: the description of a service, as if it rested on consent."""


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.fixture
def asking(city: City, monkeypatch: pytest.MonkeyPatch) -> City:
    """The city, with a page that rests on consent."""
    service = CATALOGUE.services[SERVICE]
    budget = service.exposure[W]
    texts = {
        platform: write_text(
            ConsentMatter(SERVICE, PURPOSE, platform), service.title, service.title, {}, "law", budget, {},
            CATALOGUE.vocabulary, basis="consent",
        )
        for platform in (W, A)
    }  # fmt: skip
    terms = ConsentTerms(True, "law of consent", budget, texts)
    monkeypatch.setitem(CATALOGUE.services, SERVICE, replace(service, consents={PURPOSE: terms}))
    return city


def read(city: City, token: str, service: str = OFFERED.service) -> dict[str, Any]:
    """What the app shows of one of them."""
    answer = city.send("GET", "/v1/consents", token=token)
    assert answer.status == 200, answer.body
    (found,) = [one for one in answer.json["consents"] if one["service"] == service]
    return dict(found)


def give(city: City, token: str, place: str = PLACE, **changes: Any) -> Any:
    """Agree to what is shown."""
    shown = read(city, token, place.split("/")[3])
    return city.send("POST", place, {"version": shown["version"], "after": shown["number"]} | changes, token=token)


def test_seen_given_withdrawn(city: City) -> None:
    """The text in the caller's language with all that the law asks for; each act counts at once and stands in the history."""
    token = city.log_in()
    shown = read(city, token)
    assert (shown["in_force"], shown["state"], shown["history"], shown["offered"]) == (False, None, [], True)
    assert "95017" in shown["recipient"]
    assert all(shown[name] for name in ("title", "name", "because", "legal_basis", "kept", "seen"))
    given = give(city, token)
    assert (given.status, given.json) == (200, {"state": "given", "in_force": True, "number": 1})
    assert read(city, token)["in_force"]
    ended = city.send("DELETE", PLACE, token=token)
    assert (ended.status, ended.json) == (200, {"state": "withdrawn", "in_force": False, "number": 2})
    assert [one["name"] for one in read(city, token)["history"]] == ["given", "withdrawn"]
    assert {one.disclosure.service for one in city.shown()} == {"sign-in", "consents"}
    english = city.send("GET", "/v1/consents", token=token, headers={"Accept-Language": "en"})
    assert english.status == 200


def test_each_platform_and_each_person_has_their_own(city: City) -> None:
    """What was agreed to inside WeChat is not shown inside Alipay, holds there for nothing, and is nobody else's."""
    wang, li, elsewhere = city.log_in(), city.log_in(user="li"), city.log_in(A, "wang")
    assert give(city, wang).status == 200
    assert not read(city, li)["in_force"]
    assert not read(city, elsewhere)["in_force"]
    assert b"wechat" not in city.send("GET", "/v1/consents", token=elsewhere).body
    assert city.send("DELETE", PLACE, token=li).json["state"] == "refused"
    assert read(city, wang)["in_force"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"version": "0" * 64}, 409),
        ({"after": 7}, 409),
        ({"version": "x"}, 422),
        ({"after": -1}, 422),
        ({"after": "0"}, 422),
        ({"after": None}, 422),
        ({"person_id": "1"}, 422),
    ],
)
def test_forged_and_stale_requests_agree_to_nothing(city: City, change: dict[str, Any], status: int) -> None:
    """Another text, another page, another form: refused, and nothing is written."""
    token = city.log_in()
    assert give(city, token, **change).status == status
    assert not read(city, token)["history"]


def test_a_replayed_yes_does_not_undo_a_no(city: City) -> None:
    """The same request again is the same consent; after a withdrawal it is a conflict."""
    token = city.log_in()
    body = {"version": read(city, token)["version"], "after": 0}
    answers = [city.send("POST", PLACE, body, token=token).status for _ in range(2)]
    city.send("DELETE", PLACE, token=token)
    assert (answers, city.send("POST", PLACE, body, token=token).status) == ([200, 200], 409)
    assert not read(city, token)["in_force"]


def test_nobody_without_a_session(city: City) -> None:
    """And nothing for a purpose that asks for no consent."""
    assert city.send("GET", "/v1/consents").status == 401
    assert city.send("DELETE", PLACE).status == 401
    token = city.log_in()
    assert city.send("DELETE", "/v1/consents/gas-bill/pay_bill", token=token).status == 404
    body = {"version": "0" * 64, "after": 0}
    assert city.send("POST", "/v1/consents/gas-bill/pay_bill", body, token=token).status == 404


def of_page(city: City) -> list[Exposure]:
    """What was recorded as shown of the page that rests on consent."""
    return [one for one in city.shown() if (one.disclosure.service, one.disclosure.purpose) == (SERVICE, PURPOSE)]


def test_the_guard_shows_it_only_with_consent(asking: City) -> None:
    """Before and after: a fixed sentence in the caller's language, nothing of the page; other pages go on; with consent the page, under its law."""
    token, place = asking.log_in(), f"/v1/consents/{SERVICE}/{PURPOSE}"
    refused = asking.send("GET", PAGE, token=token)
    assert (refused.status, refused.json["code"]) == (403, "consent_missing")
    assert "撤回同意" in refused.json["message"]
    english = asking.send("GET", PAGE, token=token, headers={"Accept-Language": "en"})
    assert "consent" in english.json["message"]
    assert of_page(asking) == []
    assert asking.send("GET", "/v1/services/water-bill", token=token).status == 200
    assert give(asking, token, place).status == 200
    assert asking.send("GET", PAGE, token=token).status == 200
    (shown,) = of_page(asking)
    assert shown.disclosure.legal_basis == "law of consent"
    asking.send("DELETE", place, token=token)
    assert asking.send("GET", PAGE, token=token).status == 403
    assert len(of_page(asking)) == 1


def test_a_withdrawal_while_the_page_is_made_wins(asking: City) -> None:
    """Between the first question and the record, or between the record and the bytes: the fixed sentence leaves, not the page."""
    token, place = asking.log_in(), f"/v1/consents/{SERVICE}/{PURPOSE}"
    gate: Any = asking.desk.recorder.consents
    for asked_before in (1, 2):
        assert give(asking, token, place).status == 200
        withdrawing = Withdrawing(gate, asked_before, lambda: asking.send("DELETE", place, token=token))
        object.__setattr__(asking.desk.recorder, "consents", withdrawing)
        answer = asking.send("GET", PAGE, token=token)
        assert (answer.status, answer.json["code"]) == (403, "consent_missing")
        object.__setattr__(asking.desk.recorder, "consents", gate)
    assert len(of_page(asking)) == 1
    assert Direction.SHOWN_IN_CLIENT in {one.direction for one in of_page(asking)}


class Withdrawing:
    """A gate before whose question number ``at`` (of the purpose) somebody withdraws."""

    def __init__(self, gate: Any, at: int, withdraw: Callable[[], Any]) -> None:
        self.gate, self.at, self.withdraw = gate, at, withdraw

    def require(self, disclosure: Any) -> None:
        if disclosure.consent:
            self.at -= 1
            if self.at == -1:
                self.withdraw()
        self.gate.require(disclosure)
