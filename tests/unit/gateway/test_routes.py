"""Rules that hold for every route of the public app, found by walking all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from openapi_spec_validator import validate

from gateway.app import GUARDED, OPEN
from gateway.auth import RECEIVING, allow_anonymous, require_session
from gateway.exposing import spoken_of
from gateway.routes.payments import PAYMENTS_A_MINUTE
from gateway.schemas.tables import names_of
from services.bills import QUERIES_A_MINUTE
from services.doors import PLATFORMS
from services.exposure import Direction
from services.mapping import ServiceMapping
from tests.unit.gateway.fakes_edge import CATALOGUE, City, build_city

CITY_OF_ROUTES = build_city()
APP: Flask = CITY_OF_ROUTES.guard.application  # type: ignore[assignment]
ROOMS_OF = {
    "sign_in": ["sign-in"], "prove_phone": ["sign-in"], "prove_identity": ["account"], "manage_account": ["account"],
    "browse_services": ["catalogue"], "view_exposure": ["exposure-view"], "manage_mandates": ["mandates"],
    "rate": ["ratings"], "see_readings": ["readings"],
}  # fmt: skip


def list_routes() -> Iterator[tuple[str, str, Any]]:
    """Method, rule and view of every route."""
    for rule in APP.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, APP.view_functions[rule.endpoint]


ROUTES = list(list_routes())
SESSION_ROUTES = [route for route in ROUTES if not spoken_of(route[2]).open]  # type: ignore[union-attr]


def fill(rule: str) -> str:
    """An address of a rule, with numbers that belong to nobody."""
    return re.sub(r"<string[^>]*:service>", "gas-bill", re.sub(r"<uuid:[^>]+>", str(uuid4()), rule))


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.mark.parametrize(("method", "rule", "view"), ROUTES)
def test_every_route_says_what_it_is(method: str, rule: str, view: Any) -> None:
    """A route without a word about itself does not exist."""
    spoken = spoken_of(view)
    assert spoken is not None
    assert spoken.purpose in CATALOGUE.vocabulary.purposes or spoken.purpose in RECEIVING
    assert spoken.open or spoken.teller is not None


def test_every_blueprint_has_exactly_one_rule() -> None:
    """Default deny: a blueprint is registered with a rule; only log-in, notices and documents do without a session."""
    for blueprint in GUARDED:
        assert blueprint.before_request_funcs[None] == [require_session]
    for blueprint in OPEN:
        assert blueprint.before_request_funcs[None] == [allow_anonymous]
    opened = {(method, rule) for method, rule, view in ROUTES if spoken_of(view).open}  # type: ignore[union-attr]
    assert opened == {
        ("POST", "/v1/sessions"), ("POST", "/v1/notices/<string(maxlength=64):account>"), ("GET", "/openapi.json"),
        ("POST", "/v1/results/<string(maxlength=64):agency>/<string(maxlength=64):service>"),
        ("GET", "/docs"), ("GET", "/docs/en"), ("GET", "/v1/offers/<string(maxlength=20):platform>"),
    }  # fmt: skip


@pytest.mark.parametrize(("method", "rule", "view"), SESSION_ROUTES)
def test_no_route_answers_without_a_session(city: City, method: str, rule: str, view: Any) -> None:
    """Without a session every route of the API gives the same fixed 401."""
    answer = city.send(method, fill(rule))
    assert (answer.status, answer.json["code"]) == (401, "not_signed_in")
    assert city.log.records == []


@pytest.mark.parametrize(("method", "rule", "view"), SESSION_ROUTES)
def test_every_answer_to_a_session_is_recorded(city: City, method: str, rule: str, view: Any) -> None:
    """Whatever a route answers to somebody with a session, the ledger has those bytes."""
    token = city.log_in()
    before = len(city.shown())
    answer = city.send(method, fill(rule), token=token)
    assert answer.status != 500
    assert {one.content for one in city.shown()[before:]} == {answer.body}
    assert {one.status for one in city.shown()[before:]} == {answer.status}


@pytest.mark.parametrize(("method", "rule", "view"), SESSION_ROUTES)
def test_unknown_query_fields_are_refused_everywhere(city: City, method: str, rule: str, view: Any) -> None:
    """An unknown query field is an error on every route, and what was typed is recorded as unlisted."""
    token = city.log_in()
    answer = city.send(method, f"{fill(rule)}?surprise=1", token=token)
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert "surprise" not in answer.body.decode()
    assert "unlisted" in city.entered()[-1].disclosure.fields


@pytest.mark.parametrize(("method", "rule", "view"), SESSION_ROUTES)
def test_unknown_body_fields_are_refused_everywhere(city: City, method: str, rule: str, view: Any) -> None:
    """An unknown body field is an error on every route, also where no body is asked for; its name is not repeated."""
    token = city.log_in()
    answer = city.send(method, fill(rule), {"surprise": "王小明"}, token=token)
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert "surprise" not in answer.body.decode()
    assert "unlisted" in city.entered()[-1].disclosure.fields


@pytest.mark.parametrize(("method", "rule", "view"), SESSION_ROUTES)
def test_a_path_with_more_in_it_is_not_found(city: City, method: str, rule: str, view: Any) -> None:
    """Unknown path parts, matrix parameters and doubled slashes lead nowhere, and nowhere redirects."""
    token = city.log_in()
    for odd in (f"{fill(rule)}/", f"{fill(rule)};a=1", "/" + fill(rule), f"{fill(rule)}/extra"):
        answer = city.send(method, odd, token=token)
        assert answer.status in (404, 405), odd
        assert "location" not in answer.headers


def test_schema_names_stand_in_the_vocabulary() -> None:
    """Every field of every schema counts as a name that a citizen can read."""
    for _, _, view in ROUTES:
        spoken = spoken_of(view)
        for schema in (spoken.asks, spoken.asks_query, spoken.shows):  # type: ignore[union-attr]
            if schema is not None:
                assert names_of(schema) <= set(CATALOGUE.vocabulary.fields), schema


@pytest.mark.parametrize(("method", "rule", "view"), ROUTES)
def test_schemas_fit_the_budgets(method: str, rule: str, view: Any) -> None:
    """What a route may show and ask stands in the budget of each service or room that it is for, on both platforms."""
    spoken = spoken_of(view)
    assert spoken is not None
    rooms = [CATALOGUE.room(name).exposure for name in ROOMS_OF.get(spoken.purpose, [])]
    if rooms:
        for exposure in rooms:
            require_budget(exposure, spoken.shows, (spoken.asks, spoken.asks_query))
        return
    for service in CATALOGUE.services.values():
        if spoken.purpose in service.purposes:
            shows = spoken.shows_of(service) if spoken.shows_of else spoken.shows
            asks = spoken.asks_of(service) if spoken.asks_of else spoken.asks
            query = spoken.asks_query_of(service) if spoken.asks_query_of else None
            require_budget(service.exposure, shows, (asks, query), service)


def require_budget(exposure: Any, shows: Any, asks: tuple[Any, ...], service: ServiceMapping | None = None) -> None:
    """On both platforms. A member that is null for a service of this kind (no payee, nothing chosen) is not shown by it."""
    absent = {"payee"} if service is not None and service.kind != "bill" else set()
    if service is not None and service.payment.amount == "chosen":
        absent |= {"bill_period", "bill_items", "bill_amount", "bill_due"}
    if service is not None and service.payment.model != "non-tax":
        absent |= {"notice_no", "fee_items", "department", "region"}
    for platform in PLATFORMS:
        budget = exposure[platform]
        if shows:
            assert names_of(shows) - absent <= budget[Direction.SHOWN_IN_CLIENT], service
        for schema in asks:
            if schema:
                assert names_of(schema) <= budget[Direction.ENTERED_IN_CLIENT], service


def test_the_openapi_document_is_valid_and_complete(city: City) -> None:
    """OpenAPI 3.1, valid, with every route of the API in it."""
    document = city.send("GET", "/openapi.json").json
    validate(document)
    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), re.sub(r"\{[^}]+\}", "{}", path))
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    routed = {(m, re.sub(r"<[^>]+>", "{}", rule)) for m, rule, _ in ROUTES if rule.startswith("/v1")}
    assert described == routed


def test_every_operation_documents_its_error_body(city: City) -> None:
    """flask-smorest's own error body appears nowhere."""
    document = city.send("GET", "/openapi.json").json
    assert set(document["components"]["schemas"]["ErrorReply"]["properties"]) == {
        "code", "message", "detail", "request_id",
    }  # fmt: skip
    assert "Error" not in document["components"]["schemas"]


@pytest.mark.parametrize("path", ["/docs", "/docs/en"])
def test_the_documentation_page_needs_nothing_else(city: City, path: str) -> None:
    """No script, nothing fetched, every operation and error code on it."""
    page = city.send("GET", path).body.decode()
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"https?:", page)
    for _, rule, _ in ROUTES:
        if rule.startswith("/v1"):
            assert re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule) in page
    assert "bill_has_open_order" in page


@pytest.mark.parametrize("path", ["/docs", "/docs/en"])
def test_a_client_can_be_written_from_the_page(city: City, path: str) -> None:
    """The words that a field may hold, the form of the key, where the till's parameters go, the limits in force."""
    page = city.send("GET", path).body.decode()
    for word in (*PLATFORMS, "awaiting_payment", "written_off", "real-name"):
        assert f"<code>{word}</code>" in page
    rows = re.findall(r"client_parameters</code>.*?</tr>", page)
    assert "wx.requestPayment" in rows[0]
    assert "my.tradePay" in rows[0]
    assert re.search(r"Idempotency-Key</code> \(header\) .*8 (至|to) 128", page)
    numbers = (
        f"{QUERIES_A_MINUTE} 次、下单 {PAYMENTS_A_MINUTE} 次",
        f"{QUERIES_A_MINUTE} bill queries and {PAYMENTS_A_MINUTE} orders",
    )
    assert any(sentence in page for sentence in numbers)


def test_the_english_page_speaks_english(city: City) -> None:
    """No note of a field is left in Chinese; the language link is the one exception in the body."""
    page = city.send("GET", "/docs/en").body.decode()
    assert set(re.findall(r"[\u4e00-\u9fff]+", page.split("<body>")[1])) == {"中文"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/v1/account", "GET, HEAD, OPTIONS"), ("TRACE", "/v1/households", "GET, HEAD, OPTIONS, POST")],
)
@pytest.mark.parametrize("signed", [True, False])
def test_a_refused_method_says_which_are_offered(
    city: City, method: str, path: str, allowed: str, signed: bool
) -> None:
    """405 comes with Allow (RFC 9110, section 15.5.6), with a session and without."""
    answer = city.send(method, path, token=city.log_in() if signed else None)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
