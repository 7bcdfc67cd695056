"""What is offered on a platform, for anybody, without a session: a published body that changes with the catalogue alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.schemas.offers import OffersReply
from services.doors import PLATFORMS
from services.errors import ExposureUnavailable
from services.model import Language, PlatformName
from tests.unit.gateway.fakes_edge import City, build_city


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_everything_on_a_platform_without_signing_in(city: City, platform: PlatformName) -> None:
    """Each service with its form in the reader's language, held against the schema; nothing of it is recorded as shown."""
    for language, title in ((Language.ZH_CN, "燃气缴费"), (Language.EN, "Gas bill")):
        answer = city.send("GET", f"/v1/offers/{platform}", headers={"Accept-Language": language})
        assert answer.status == 200
        assert OffersReply().validate(answer.json) == {}
        told = {one["service"]: one for one in answer.json["services"]}
        assert set(told) == {one.id for one in city.desk.catalogue.services_on(platform)}
        assert told["gas-bill"]["title"] == title
        assert [one["name"] for one in told["gas-bill"]["inputs"]] == ["household_no"]
    assert city.log.records == []


def test_the_body_stands_in_the_manifest_before_it_leaves(city: City) -> None:
    """The ledger has the longer manifest; asked again, the same bytes leave and nothing is published anew."""
    first = city.send("GET", "/v1/offers/wechat")
    manifest = city.desk.recorder.publication.manifest()
    assert "offers/wechat/zh-CN" in manifest
    assert city.send("GET", "/v1/offers/wechat").body == first.body
    assert city.desk.recorder.publication.manifest() == manifest
    assert city.desk.recorder.publication.holds(first.body)


def test_a_paused_service_says_so(city: City) -> None:
    """The sentence of staff stands in the next answer, whose digest is another."""
    before = city.send("GET", "/v1/offers/wechat")
    paused = {"gas-bill": {Language.ZH_CN: "检修中。", Language.EN: "Under repair."}}
    desk = replace(city.desk, catalogue=replace(city.desk.catalogue, switched_off=paused))
    city.guard.application.extensions["guitai"] = desk  # type: ignore[attr-defined]  # the Flask app
    after = city.send("GET", "/v1/offers/wechat")
    told = {one["service"]: one["off"] for one in after.json["services"]}
    assert told["gas-bill"] == "检修中。"
    assert before.body != after.body


@pytest.mark.parametrize("path", ["/v1/offers/web", "/v1/offers/window", "/v1/offers/nobody", "/v1/offers/WECHAT"])
def test_there_are_offers_of_platforms_alone(city: City, path: str) -> None:
    """An own door, or no door at all, is not found."""
    assert city.send("GET", path).status == 404


def test_nothing_is_asked_of_it(city: City) -> None:
    """A query or a body is refused: whoever asks cannot change what is published."""
    assert city.send("GET", "/v1/offers/wechat?language=en").status == 422
    assert city.send("GET", "/v1/offers/wechat", {"x": 1}).status == 422


def test_somebody_with_a_session_may_read_it_too(city: City) -> None:
    """It is recorded then, as every published body that a person reads."""
    token = city.log_in()
    before = len(city.shown())
    answer = city.send("GET", "/v1/offers/wechat", token=token)
    assert answer.status == 200
    assert [one.content for one in city.shown()[before:]] == [answer.body]
    assert city.shown()[-1].disclosure.fields == frozenset({"service_info"})


def test_a_ledger_that_is_away_lets_nothing_out(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is not in the manifest yet does not leave while the manifest cannot be written."""

    def refuse(*_: object) -> None:
        raise ExposureUnavailable

    monkeypatch.setattr(city.desk.recorder.publication, "_announce", refuse)
    assert city.send("GET", "/v1/offers/wechat").status == 503
