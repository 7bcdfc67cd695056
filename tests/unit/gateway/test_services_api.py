"""Services that nobody has seen before at the citizen API: what is shown, recorded, refused; nothing outside the outputs leaves."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from gateway.routes.applications import APPLICATIONS_A_MINUTE
from gateway.routes.catalogue import FORMS_A_MINUTE
from gateway.routes.lookups import LOOK_UPS_A_MINUTE
from gateway.schemas.services import application_schema, form_schema, request_schema
from gateway.schemas.tables import names_of
from gateway.service_tellers import NUMBERS_AN_HOUR
from services.exposure import Direction
from services.model import Language, PlatformName
from tests.small_services import make_application
from tests.unit.gateway.small_city import FORM, NEWS, RECORD, SmallCity, build_small_city

OFF = {Language.ZH_CN: "系统升级，十二月一日恢复。", Language.EN: "Upgrade; back on 1 December."}
CANARY = "canary-6222021234567890123"


@pytest.fixture
def city() -> SmallCity:
    return build_small_city()


def shown(city: SmallCity) -> frozenset[str]:
    """The names that the last reply was recorded with."""
    return city.city.shown()[-1].disclosure.fields


def test_a_form_has_everything_to_be_shown(city: SmallCity) -> None:
    """Inputs, what is known masked, outputs, effort, and the request that comes next; recorded under the service's own budget."""
    answer = city.send("GET", "/v1/services/pet-licence", token=city.log_in())
    form = answer.json
    assert answer.status == 200
    assert form["assurance"] == {"needed": "real-name", "yours": "real-name", "enough": True}
    assert form["prefilled"] == {"owner_name": "**明", "address_known": "示范市****", "income": "50000.00"}
    assert [one["name"] for one in form["inputs"]] == list(city.services["pet-licence"].inputs)
    fixed = {one["name"]: one["editable"] for one in form["inputs"]}
    assert [name for name, editable in fixed.items() if not editable] == ["owner_name", "address_known"]
    assert form["inputs"][1]["choices"][0] == {"value": "DOG", "label": "犬"}
    assert form["next"] == {"method": "POST", "path": "/v1/services/pet-licence/applications"}
    assert form["outputs"][3]["columns"][0]["name"] == "visited_at"
    assert (form["fees"][0]["amount_fen"], form["limits"]["promised_days"], form["steps"][0]["role"]) == (
        500,
        15,
        "clerk",
    )
    told = city.city.shown()[-1].disclosure
    assert (told.service, told.mapping_version, told.purpose) == ("pet-licence", 1, "see_service")
    assert told.fields == {"service_info", "form_info", "assurance", "owner_name", "address_known", "income"}
    assert "王小明" not in answer.body.decode()


def test_a_form_for_somebody_not_known_well_enough(city: SmallCity) -> None:
    """Nothing prefilled, and the proof that is missing comes next."""
    form = city.send("GET", "/v1/services/pet-licence", token=city.log_in(real=False)).json
    assert (form["prefilled"], form["assurance"]["enough"]) == ({}, False)
    assert form["next"] == {"method": "POST", "path": "/v1/identity/phone"}
    assert shown(city) == {"service_info", "form_info", "assurance"}


def test_a_form_in_english(city: SmallCity) -> None:
    """Labels by Accept-Language."""
    form = city.send("GET", "/v1/services/pet-licence", token=city.log_in(), headers={"Accept-Language": "en"}).json
    assert (form["title"], form["inputs"][1]["choices"][1]["label"]) == ("A trial", "Cat")


def test_a_form_that_cannot_be_prefilled_says_so(city: SmallCity) -> None:
    """An office that is away or garbled: a plain sentence and a code."""
    token = city.log_in()
    city.office.script.plan("prefill", "unreachable", "garbled")
    assert city.send("GET", "/v1/services/pet-licence", token=token).json["code"] == "back_end_unreachable"
    assert city.send("GET", "/v1/services/pet-licence", token=token).json["code"] == "back_end_garbled"


def test_an_application_is_made_and_followed(city: SmallCity) -> None:
    """201 with the state; the same key the same bytes; each thing typed and shown stands in the ledger under its own name."""
    token = city.log_in()
    answer = city.apply(token)
    assert answer.status == 201
    assert answer.json["state"] == "accepted"
    entered = city.city.entered()[-1].disclosure
    assert entered.fields == {"pet_name", "pet_kind", "born_on", "price", "legs", "vaccinated"}
    assert (entered.purpose, entered.mapping_version) == ("submit_application", 1)
    assert shown(city) == {"reference", "application_no", "service_info", "application_state"}
    assert city.apply(token).body == answer.body
    followed = city.send("GET", f"/v1/applications/{answer.json['application_id']}", token=token)
    assert (followed.status, followed.json["outputs"], followed.json["title"]) == (200, None, "试办事项")
    told = city.city.shown()[-1].disclosure
    assert (told.purpose, str(told.subject)) == ("follow_application", answer.json["application_id"])
    listed = city.send("GET", "/v1/applications", token=token).json
    assert [one["application_no"] for one in listed["applications"]] == [answer.json["application_no"]]
    assert city.city.shown()[-1].disclosure.service == "pet-licence"


def test_an_empty_list_belongs_to_the_account(city: SmallCity) -> None:
    """Whoever has no application is shown a number of nothing."""
    assert city.send("GET", "/v1/applications", token=city.log_in()).json == {"applications": [], "next_cursor": None}
    assert city.city.shown()[-1].disclosure.service == "account"


def test_a_look_up_shows_what_it_declares_and_nothing_else(city: SmallCity) -> None:
    """Canaries planted beside the outputs, at every depth, reach no byte; the moment is told."""
    city.office.answer = {
        **RECORD,
        "id_card": CANARY,
        "visits": [{"visited_at": "2026-01-01T00:00:00Z", "doctor": CANARY}],
    }
    answer = city.send("POST", "/v1/services/pet-record/lookups", {"inputs": {"pet_kind": "DOG"}}, token=city.log_in())
    assert answer.json["outputs"]["licence_no"] == "****0017"
    assert answer.json["current_at"] == "2026-11-02T02:00:00Z"
    assert shown(city) == {"service_info", "current_at", "licence", "visits"}
    assert CANARY not in answer.body.decode()
    assert city.city.entered()[-1].disclosure.fields == {"pet_kind"}


@pytest.mark.parametrize(("behaviour", "status", "code"), [
    ("no_such_record", 409, "back_end_refused"), ("garbled", 502, "back_end_garbled"), ("timeout", 504, "back_end_outcome_unknown"),
    ("unreachable", 503, "back_end_unreachable"), ("system", 503, "back_end_unreachable"),
])  # fmt: skip
def test_an_office_that_does_not_answer_is_told_in_fixed_words(
    city: SmallCity, behaviour: str, status: int, code: str
) -> None:
    """Nothing of what it said reaches the citizen."""
    city.office.script.plan("look_up", behaviour)
    answer = city.send("POST", "/v1/services/pet-record/lookups", {"inputs": {"pet_kind": "DOG"}}, token=city.log_in())
    assert (answer.status, answer.json["code"]) == (status, code)
    assert shown(city) == {"error"}


def test_information_is_shown_with_its_time(city: SmallCity) -> None:
    """A session is needed though no proof is; filters are recorded under their names; a second reader costs no question."""
    city.office.answer = NEWS
    token = city.log_in(real=False)
    answer = city.send("GET", "/v1/services/pet-news/information?pet_kind=DOG&legs=4", token=token)
    assert answer.json["outputs"]["visits"][0]["remark"] == "第一条"
    assert city.city.entered()[-1].disclosure.fields == {"pet_kind", "legs"}
    city.city.clock.advance(60)
    other = city.send("GET", "/v1/services/pet-news/information?legs=4&pet_kind=DOG", token=city.log_in(user="li"))
    assert other.json["current_at"] == answer.json["current_at"] == "2026-11-02T02:00:00Z"
    assert city.office.count("fetch") == 1
    assert city.send("GET", "/v1/services/pet-news/information").status == 401


@pytest.mark.parametrize(("query", "fields"), [
    ("pet_kind=COW", [{"path": "pet_kind", "rule": "choice"}]), ("legs=x", [{"path": "legs", "rule": "type"}]),
    ("nobody=1", [{"path": "query", "rule": "unknown_field"}]), ("legs=1&legs=2", [{"path": "query", "rule": "twice"}]),
    ("legs=1&legs", [{"path": "query", "rule": "twice"}]),
])  # fmt: skip
def test_other_filters_are_refused(city: SmallCity, query: str, fields: Any) -> None:
    """By the name of the filter and its rule."""
    answer = city.send("GET", f"/v1/services/pet-news/information?{query}", token=city.log_in())
    assert (answer.status, answer.json["detail"]["fields"]) == (422, fields)
    assert city.office.calls == []


@pytest.mark.parametrize(("inputs", "path", "rule"), [
    ({"owner_name": "李秀英"}, "inputs.owner_name", "prefilled"),
    ({"pet_name": ["旺财"]}, "inputs.pet_name", "type"),
    ({"pet_name": {"a": 1}}, "inputs.pet_name", "type"),
    ({"pet_name": "旺" * 20_000}, "inputs.pet_name", "too_long"),
    ({"pet_name": "旺\u202e财"}, "inputs.pet_name", "characters"),
    ({"pet_name": "王\u0000"}, "inputs.pet_name", "characters"),
    ({"price": 12.5}, "inputs.price", "type"),
    ({"price": "12,5"}, "inputs.price", "form"),
    ({"legs": 10**30}, "inputs.legs", "maximum"),
    ({"__proto__": 1}, "inputs", "unknown_field"),
    ({"": 1}, "inputs", "unknown_field"),
    ({"pet.name": 1}, "inputs", "unknown_field"),
])  # fmt: skip
def test_attacks_on_a_form_are_refused_by_name(city: SmallCity, inputs: dict[str, Any], path: str, rule: str) -> None:
    """Recorded as typed, told by input and rule, never repeated; nothing reaches the office."""
    answer = city.apply(city.log_in(), form={**FORM, **inputs})
    assert answer.status == 422, answer.body
    assert {"path": path, "rule": rule} in answer.json["detail"]["fields"]
    assert city.office.count("submit") == 0
    assert city.city.store.tables.applications == {}
    assert city.city.entered()


@pytest.mark.parametrize(
    "body", [{}, {"inputs": None}, {"inputs": []}, {"inputs": "x"}, {"inputs": {}, "more": 1}, {"inputs": 7}]
)
def test_a_body_that_is_no_form_is_refused(city: SmallCity, body: Any) -> None:
    """One member, a table."""
    answer = city.send(
        "POST", "/v1/services/pet-licence/applications", body, token=city.log_in(), headers={"Idempotency-Key": "key-00001"}
    )  # fmt: skip
    assert (answer.status, answer.json["code"]) == (422, "input_refused")


def test_whoever_s_number_is_typed_is_concerned(city: SmallCity) -> None:
    """A keeper who never logged in has a chain in the record of the form; a number that cannot be is nobody's; beyond a limit no chain is asked for."""
    token, keeper = city.log_in(), "110101198505120029"
    city.apply(token, form={**FORM, "keeper_identity_number": keeper})
    entered = city.city.entered()[-1].disclosure
    assert "keeper_identity_number" in entered.fields
    actor, chain = entered.concerned
    assert actor == entered.actor
    assert city.city.shown()[-1].disclosure.concerned == (actor, chain)
    city.apply(token, "key-00002", form={**FORM, "keeper_identity_number": keeper[:-1] + "0"})
    assert city.city.entered()[-1].disclosure.concerned == (actor,)
    person = str(city.city.sessions.saved[token].person_id)
    for _ in range(NUMBERS_AN_HOUR):
        city.city.limiter.spend("typed-numbers", person, 10**6, 3600)
    answer = city.apply(token, "key-00003", form={**FORM, "keeper_identity_number": keeper})
    assert answer.status == 429
    refused = city.city.entered()[-1].disclosure
    assert (refused.service, refused.concerned) == ("pet-licence", (actor,))
    assert "keeper_identity_number" in refused.fields


def test_a_body_over_the_limit_is_refused(city: SmallCity) -> None:
    """Before it is read to its end."""
    raw = json.dumps({"inputs": {"pet_name": "x" * 70_000}}).encode()
    answer = city.send(
        "POST", "/v1/services/pet-licence/applications", raw=raw, token=city.log_in(), headers={"Idempotency-Key": "key-00001"}
    )  # fmt: skip
    assert answer.status == 413


def test_an_application_needs_its_key(city: SmallCity) -> None:
    """Refused before anything is looked up."""
    answer = city.send("POST", "/v1/services/pet-licence/applications", {"inputs": FORM}, token=city.log_in())
    assert answer.json["detail"]["fields"] == [{"path": "Idempotency-Key", "rule": "required"}]


def test_a_key_stands_for_one_form(city: SmallCity) -> None:
    """Another form under the same key is refused."""
    token = city.log_in()
    city.apply(token)
    assert city.apply(token, form={**FORM, "legs": 3}).json["code"] == "idempotency_key_reused"


def test_other_peoples_applications_are_not_found(city: SmallCity) -> None:
    """The same 404 as for one that does not exist; nobody else is named in the record."""
    made = city.apply(city.log_in()).json["application_id"]
    stranger = city.log_in(user="li")
    answers = [city.send("GET", f"/v1/applications/{one}", token=stranger) for one in (made, uuid4())]
    assert [answer.json["code"] for answer in answers] == ["not_found"] * 2
    assert len(city.city.shown()[-1].disclosure.concerned) == len(city.city.shown()[-2].disclosure.concerned)


def test_inside_another_app_the_application_does_not_exist(city: SmallCity) -> None:
    """One person, two platforms: each sees its part."""
    made = city.apply(city.log_in()).json["application_id"]
    other = city.log_in(PlatformName.ALIPAY)
    assert city.send("GET", f"/v1/applications/{made}", token=other).status == 404
    assert city.send("GET", "/v1/applications", token=other).json["applications"] == []


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/v1/services/pet-record/applications"), ("POST", "/v1/services/pet-licence/lookups"),
    ("POST", "/v1/services/nobody/applications"), ("POST", "/v1/services/pet-news/lookups"),
])  # fmt: skip
def test_a_service_of_another_kind_is_unknown(city: SmallCity, method: str, path: str) -> None:
    """What was typed is recorded all the same."""
    answer = city.send(
        method, path, {"inputs": {"pet_kind": "DOG"}}, token=city.log_in(), headers={"Idempotency-Key": "key-00001"}
    )
    assert (answer.status, answer.json["code"]) == (404, "service_unknown")
    assert "unlisted" in city.city.entered()[-1].disclosure.fields


@pytest.mark.parametrize("language", list(Language))
def test_a_service_that_is_switched_off_says_why(city: SmallCity, language: Language) -> None:
    """Its own sentence in the error and in the list; what is open goes on; a sentence of yesterday is no longer one."""
    token = city.log_in()
    made = city.apply(token).json["application_id"]
    accept = {"Accept-Language": str(language)}
    for service in city.services:
        city.switched_off[service] = OFF
    refused = [
        city.apply(token, "key-00002", headers=accept),
        city.send(
            "POST", "/v1/services/pet-record/lookups", {"inputs": {"pet_kind": "DOG"}}, token=token, headers=accept
        ),
        city.send("GET", "/v1/services/pet-news/information", token=token, headers=accept),
    ]
    for answer in refused:
        assert (answer.status, answer.json["code"], answer.json["message"]) == (503, "service_off", OFF[language])
        assert answer.headers["retry-after"]
    listed = city.send("GET", "/v1/services", token=token, headers=accept).json["services"]
    assert {one["off"] for one in listed} == {OFF[language]}
    form = city.send("GET", "/v1/services/pet-licence", token=token, headers=accept).json
    assert (form["off"], form["next"], form["prefilled"]) == (OFF[language], None, {})
    assert city.send("GET", f"/v1/applications/{made}", token=token).status == 200
    city.switched_off.clear()
    assert city.send("GET", "/v1/services/pet-licence", token=token).json["off"] is None


@pytest.mark.parametrize(("rule", "limit", "send"), [
    ("applications", APPLICATIONS_A_MINUTE, lambda city, token: city.apply(token, "key-99999")),
    ("lookups", LOOK_UPS_A_MINUTE, lambda city, token: city.send("POST", "/v1/services/pet-record/lookups", {"inputs": {"pet_kind": "DOG"}}, token=token)),
    ("forms", FORMS_A_MINUTE, lambda city, token: city.send("GET", "/v1/services/pet-licence", token=token)),
])  # fmt: skip
def test_limits_are_a_person_s(city: SmallCity, rule: str, limit: int, send: Any) -> None:
    """Beyond them a 429, recorded for the service; somebody else is not kept out."""
    token, other = city.log_in(), city.log_in(user="li")
    person = str(city.city.sessions.saved[token].person_id)
    person = f"{person}|pet-licence" if rule == "applications" else person
    for _ in range(limit):
        city.city.limiter.spend(rule, person, limit, 60)
    assert send(city, token).status == 429
    assert city.city.shown()[-1].disclosure.service != "account"
    assert send(city, other).status < 300


def test_the_repeat_of_an_answered_application_costs_nothing(city: SmallCity) -> None:
    """However often it is sent."""
    token = city.log_in()
    first = city.apply(token)
    assert {city.apply(token).body for _ in range(10)} == {first.body}


def test_an_unknown_outcome_is_a_state(city: SmallCity) -> None:
    """201, and the sentence asks not to submit again."""
    city.office.script.plan("submit", "timeout")
    answer = city.apply(city.log_in())
    assert (answer.status, answer.json["state"]) == (201, "submission_unknown")
    assert "请勿重复提交" in answer.json["message"]


def test_a_ledger_that_cannot_record_shows_nothing(city: SmallCity) -> None:
    """What was typed cannot be recorded: nothing is done with it."""
    token = city.log_in()
    city.city.log.down = True
    assert city.apply(token).json["code"] == "exposure_unavailable"
    assert city.office.calls == []


def test_an_older_application_is_recorded_under_its_own_version(city: SmallCity) -> None:
    """A newer version of the service shows nothing of it otherwise."""
    token = city.log_in()
    made = city.apply(token).json["application_id"]
    city.versions["pet-licence", 1] = city.services["pet-licence"]
    city.services["pet-licence"] = make_application(late="pushed", version=2)
    assert city.send("GET", f"/v1/applications/{made}", token=token).status == 200
    assert city.city.shown()[-1].disclosure.mapping_version == 1
    assert city.apply(token, "key-00002").status == 201
    assert city.city.entered()[-1].disclosure.mapping_version == 2
    assert city.send("GET", "/v1/applications", token=token).status == 200
    assert {one.disclosure.mapping_version for one in city.city.shown()[-2:]} == {1, 2}


def test_schemas_name_what_the_mapping_says() -> None:
    """The names of a form and of a result stand in the budget; those of a request are all that a person enters."""
    mapping = make_application()
    names = names_of(form_schema(mapping)) | names_of(application_schema(mapping))
    for budget in mapping.exposure.values():
        assert names - {"payee"} <= budget[Direction.SHOWN_IN_CLIENT]
        assert names_of(request_schema(mapping)) == budget[Direction.ENTERED_IN_CLIENT]
    assert form_schema(mapping) is form_schema(mapping)


def test_every_reply_stands_in_the_ledger_byte_by_byte(city: SmallCity) -> None:
    """Each reply of each route, with the names that its bytes amount to."""
    token = city.log_in()
    made = city.apply(token).json["application_id"]
    for path in ("/v1/services", "/v1/services/pet-licence", "/v1/applications", f"/v1/applications/{made}"):
        answer = city.send("GET", path, token=token)
        assert city.city.shown()[-1].content == answer.body, path
        assert answer.status == 200


def test_a_form_says_what_it_takes_with_each_reason(city: SmallCity) -> None:
    """The label is a count of its entries, of the caller's door and language; what is filled in stands there with nothing to do."""
    token = city.log_in()
    effort = city.send("GET", "/v1/services/pet-licence", token=token, headers={"Accept-Language": "en"}).json["effort"]
    label = effort["label"]
    assert (label["clicks"], label["typed"], label["screens"], label["trips"]) == (4, 3, 2, 0)
    assert label["again"] == {"clicks": 4, "typed": 3}
    assert label["known"] == {"clicks": 2, "typed": 2}
    assert (label["click_once"], label["stands_out"]) == (False, False)
    for sort, name in (("click", "clicks"), ("field", "typed")):
        assert label[name] == sum(
            one["count"] for one in label["lines"] if one["sort"] == sort and one["when"] != "known"
        )
    assert {
        "sort": "field",
        "when": "each",
        "count": 0,
        "what": "Owner",
        "why": "Known already: filled in for you",
        "legal_ground": None,
    } in label["lines"]
    assert (effort["clicks"], effort["trips"]) == (9, 0)
