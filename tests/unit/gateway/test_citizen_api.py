"""The citizen API from the outside: logging in, limits, other people's things, the same key twice, both platforms."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.exposure import Direction
from services.model import PlatformName
from services.payments import list_payments
from tests.fake_store import FakePayments
from tests.unit.gateway.fakes_edge import WANG, City, FakeBill, build_city
from tests.unit.gateway.test_notices import open_payment


@pytest.fixture
def city() -> City:
    return build_city()


def sign_in(city: City, **changed: Any) -> Any:
    body = {"platform": "wechat", "app_id": "wx1", "code": "code-wang"} | changed
    return city.send("POST", "/v1/sessions", {key: value for key, value in body.items() if value is not None})


def test_a_log_in_is_recorded_for_the_person(city: City) -> None:
    """The token is shown inside the app, so the reply is recorded, for the person who now has a session."""
    answer = sign_in(city)
    shown = city.shown()[-1]
    assert shown.content == answer.body
    assert shown.disclosure.actor is not None
    assert "session_token" in shown.disclosure.fields
    assert city.entered()[0].disclosure.fields == {"app_id", "login_code", "service_choice"}


def test_a_used_code_gets_a_fixed_body(city: City) -> None:
    """Somebody without a session is told nothing of their own; the reply is published, not recorded."""
    answer = sign_in(city, code="used")
    assert (answer.status, answer.json["code"], answer.json["request_id"]) == (401, "login_code_refused", None)
    assert city.shown() == []


@pytest.mark.parametrize(
    ("changed", "path", "rule"),
    [
        ({"code": None}, "code", "required"),
        ({"code": ""}, "code", "form"),
        ({"code": 7}, "code", "form"),
        ({"app_id": "wx-nobody"}, "app_id", "unknown_app"),
        ({"app_id": None}, "app_id", "required"),
        ({"platform": "qq"}, "platform", "form"),
        ({"extra": 1}, "body", "unknown_field"),
    ],
)
def test_a_refused_field_at_log_in_is_named_and_recorded(
    city: City, changed: dict[str, Any], path: str, rule: str
) -> None:
    """The one reply without a session that has a detail: it is recorded for the app in which it is shown."""
    answer = sign_in(city, **changed)
    assert answer.status == 422
    assert answer.json["detail"]["fields"] == [{"path": path, "rule": rule}]
    assert city.shown()[-1].content == answer.body
    assert city.shown()[-1].disclosure.actor is None


def test_refusals_at_log_in_cannot_fill_the_ledger(city: City) -> None:
    """Beyond a limit a refused field is answered with the fixed 429 and nothing more is recorded."""
    for _ in range(120):
        city.limiter.spend("sign-in-refused", "all", 120, 60)
    before = len(city.log.records)
    answer = sign_in(city, platform="qq")
    assert (answer.status, answer.json["request_id"]) == (429, None)
    assert len(city.log.records) == before


def test_a_platform_that_is_down_is_told_as_that(city: City) -> None:
    """Log-in with the platform unreachable is a 503 that may be tried again."""
    city.platforms[PlatformName.WECHAT].script.plan("identify", "unreachable")
    assert sign_in(city).json["code"] == "platform_unreachable"


@pytest.mark.parametrize("down", ["store", "sessions"])
def test_without_store_or_cache_nobody_gets_in(city: City, down: str) -> None:
    """Either of them down: a fixed 503, not a session."""
    token = city.log_in()
    getattr(city, down).down = True
    assert sign_in(city).status == 503
    answer = city.send("GET", "/v1/account", token=token)
    assert (answer.status, answer.json["request_id"]) == (503, None)


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer short", "Bearer " + "x" * 200, "x" * 43])
def test_an_authorization_of_another_form_is_no_session(city: City, header: str) -> None:
    """Only a bearer token of our form is looked up."""
    assert city.send("GET", "/v1/account", headers={"Authorization": header}).status == 401


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b"{", "json"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"x"', "object"),
        (b'{"evidence":"a","evidence":"b"}', "json"),
        (b'{"evidence":NaN}', "json"),
        (b"[" * 3000, "json"),
        (b'{"evidence":"\xff"}', "json"),
    ],
)
def test_a_body_that_is_not_one_json_object_is_refused(city: City, raw: bytes, rule: str) -> None:
    """Broken JSON, other shapes, keys that stand twice and endless nesting are all the caller's fault, and recorded."""
    token = city.log_in()
    answer = city.send("POST", "/v1/identity/phone", raw=raw, token=token)
    assert answer.status == 422
    assert answer.json["detail"]["fields"] == [{"path": "body", "rule": rule}]
    assert city.entered()[-1].disclosure.purpose == "prove_phone"


def test_a_body_of_another_media_type_is_refused(city: City) -> None:
    """A form is not JSON, whatever is in it."""
    token = city.log_in()
    answer = city.send(
        "POST", "/v1/identity/phone", raw=b'{"evidence":"1"}', token=token, environ={"CONTENT_TYPE": "text/plain"}
    )  # fmt: skip
    assert answer.json["detail"]["fields"] == [{"path": "body", "rule": "media_type"}]


def test_a_query_name_that_stands_twice_is_refused(city: City) -> None:
    """Two cursors are no cursor."""
    token = city.log_in()
    answer = city.send("GET", f"/v1/exposure?cursor={uuid4()}&cursor={uuid4()}", token=token)
    assert answer.status == 422


UNASKED_BODY = [
    ("GET", "/v1/account"), ("GET", "/v1/services"), ("GET", "/v1/services/gas-bill"), ("GET", "/v1/households"),
    ("GET", "/v1/payments"), ("GET", "/v1/exposure"), ("GET", "/v1/sessions"), ("DELETE", "/v1/sessions/current"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), UNASKED_BODY)
@pytest.mark.parametrize("raw", [b"{}", b'{"x":1}', b" "])
def test_a_body_that_nobody_asks_for_is_refused(city: City, method: str, path: str, raw: bytes) -> None:
    """A route without a schema for the body takes none, not even an empty object; what came is recorded, and nothing was done."""
    token = city.log_in()
    answer = city.send(method, path, raw=raw, token=token)
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert answer.json["detail"]["fields"] == [{"path": "body", "rule": "unknown_field"}]
    assert city.send("GET", "/v1/account", token=token).status == 200


@pytest.mark.parametrize(
    ("method", "path"), [one for one in UNASKED_BODY if one[1] not in ("/v1/payments", "/v1/exposure")]
)
@pytest.mark.parametrize("query", ["x=1", "x", "=", "cursor=1"])
def test_a_query_that_nobody_asks_for_is_refused(city: City, method: str, path: str, query: str) -> None:
    """A route without a schema for the query takes none, and nothing was done."""
    token = city.log_in()
    answer = city.send(method, f"{path}?{query}", token=token)
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert answer.json["detail"]["fields"] == [{"path": "query", "rule": "unknown_field"}]
    assert city.send("GET", "/v1/account", token=token).status == 200


@pytest.mark.parametrize("part", ["", "/receipt", "/cancel"])
def test_a_request_reads_its_payment_once(city: City, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """The file that says whose the payment is is the one that is shown; only a change decides on a fresh one."""
    token, payment_id = open_payment(city)
    read: list[UUID] = []
    load = FakePayments.load

    def count(self: FakePayments, one: UUID) -> Any:
        read.append(one)
        return load(self, one)

    monkeypatch.setattr(FakePayments, "load", count)
    city.send("POST" if part == "/cancel" else "GET", f"/v1/payments/{payment_id}{part}", token=token)
    assert (len(read) == 1) is (part != "/cancel")
    assert set(read) == {UUID(payment_id)}


@pytest.mark.parametrize("amount", ["8640", 86.4, True, -1, 10**12, None, {"a": 1}])
def test_an_amount_is_whole_fen(city: City, amount: Any) -> None:
    """Texts, fractions and booleans are not amounts."""
    token = city.log_in()
    body = {"household_id": str(uuid4()), "bill_ref": "x" * 32, "amount_fen": amount}
    answer = city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": "key-00001"})
    assert answer.status in (404, 422)
    assert city.platforms[PlatformName.WECHAT].orders == {}


@pytest.mark.parametrize(
    ("evidence", "fields"),
    [
        ('{"response":"abc","sign":"def"}', {"phone_code"}),
        ({"response": "abc"}, {"unlisted"}),
        ("王小明", {"phone_code", "unlisted"}),
    ],
)
def test_a_text_that_is_json_is_one_value(city: City, evidence: Any, fields: set[str]) -> None:
    """What my.getPhoneNumber gives is one piece of evidence; an object in its place, or other words, are unlisted."""
    token = city.log_in(PlatformName.ALIPAY)
    city.send("POST", "/v1/identity/phone", {"evidence": evidence}, token=token)
    assert city.entered()[-1].disclosure.fields == fields


def test_a_typed_name_is_recorded_whatever_became_of_it(city: City) -> None:
    """A wrong name and number was seen by the platform all the same."""
    token = city.log_in()
    answer = city.send(
        "POST", "/v1/identity/real-name", {"real_name": "王小明", "identity_number": WANG}, token=token
    )  # fmt: skip
    assert answer.json["code"] == "identity_not_proven"
    assert city.entered()[-1].disclosure.fields == {"real_name", "identity_number"}


def test_typing_anothers_number_concerns_them(city: City) -> None:
    """Whoever is known by a number that somebody types stands in the record."""
    first = city.log_in()
    city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=first)
    body = {"real_name": "王小明", "identity_number": WANG}
    assert city.send("POST", "/v1/identity/real-name", body, token=first).status == 200
    owner = city.shown()[-1].disclosure.actor
    other = city.log_in(PlatformName.ALIPAY, "li")
    city.send("POST", "/v1/identity/real-name", body, token=other)
    assert owner in city.entered()[-1].disclosure.concerned
    assert city.entered()[-1].disclosure.actor != owner


def test_a_household_search_concerns_its_holder(city: City) -> None:
    """The holder of a household has a chain id of their own in both records of a search."""
    city.back_ends["gas-bill"].households["10086001"] = ("王小明", "北京市朝阳区1号")
    token = city.log_in()
    city.send("POST", "/v1/identity/phone", {"evidence": "1380013800" + "1"}, token=token)
    body = {"service": "gas-bill", "household_no": "10086001"}
    assert city.send("POST", "/v1/households/lookup", body, token=token).status == 200
    entered, shown = city.entered()[-1].disclosure, city.shown()[-1].disclosure
    assert entered.concerned == shown.concerned
    assert len(entered.concerned) == 2
    assert entered.service == "gas-bill"


def test_a_refused_search_is_recorded_for_its_service(city: City) -> None:
    """A number that was typed in vain was typed for a service: its purpose and law stand in the records, not the account's."""
    body = {"service": "gas-bill", "household_no": "10086001"}
    answer = city.send("POST", "/v1/households/lookup", body, token=city.log_in())
    assert answer.json["code"] == "assurance_too_low"
    for record in (city.entered()[-1], city.shown()[-1]):
        told = record.disclosure
        assert (told.service, told.purpose) == ("gas-bill", "look_up_household")
        assert told.concerned == (told.actor,)
    assert "household_no" in city.entered()[-1].disclosure.fields


def test_the_same_key_gives_the_same_bytes(city: City) -> None:
    """A repeated payment request is the first one; with another body it is refused."""
    token, payment_id = open_payment(city)
    household_id = city.send("GET", "/v1/households", token=token).json["households"][0]["household_id"]
    ref = city.send("GET", f"/v1/households/{household_id}/bills", token=token).json["bills"][0]["bill_ref"]
    body = {"household_id": household_id, "bill_ref": ref, "amount_fen": 8640}
    first, again = (
        city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": "key-00001"}) for _ in "ab"
    )
    assert first.body == again.body
    assert first.json["payment_id"] == payment_id
    other = city.send(
        "POST", "/v1/payments", {**body, "amount_fen": 1}, token=token, headers={"Idempotency-Key": "key-00001"}
    )  # fmt: skip
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["short", "with a space", "k" * 129, "号码号码号码号码"])
def test_a_key_of_another_form_is_refused(city: City, key: str) -> None:
    """The Idempotency-Key is what the documentation says: 8 to 128 visible characters; a refused one is named."""
    token, _ = open_payment(city)
    household_id = city.send("GET", "/v1/households", token=token).json["households"][0]["household_id"]
    body = {"household_id": household_id, "bill_ref": "x" * 32, "amount_fen": 8640}
    answer = city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": key})
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert answer.json["detail"]["fields"] == [{"path": "Idempotency-Key", "rule": "form"}]


def test_a_repeat_of_an_answered_payment_costs_nothing(city: City) -> None:
    """However often a phone with a bad line repeats a request, the other payments of the minute remain; a new one still counts."""
    token, _ = open_payment(city)
    household_id = city.send("GET", "/v1/households", token=token).json["households"][0]["household_id"]
    ref = city.send("GET", f"/v1/households/{household_id}/bills", token=token).json["bills"][0]["bill_ref"]
    body = {"household_id": household_id, "bill_ref": ref, "amount_fen": 8640}
    headers = {"Idempotency-Key": "key-00001"}
    answers = [city.send("POST", "/v1/payments", body, token=token, headers=headers) for _ in range(8)]
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    fresh = [
        city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": f"key-2000{n}"}).status
        for n in range(5)
    ]
    assert fresh == [409, 409, 409, 409, 429]
    assert city.send("POST", "/v1/payments", {**body, "amount_fen": 1}, token=token, headers=headers).status == 429
    assert city.send("POST", "/v1/payments", body, token=token, headers=headers).status == 201


def test_payments_are_limited_to_five_a_minute(city: City) -> None:
    """The sixth waits, and is told for how long."""
    token, _ = open_payment(city)
    household_id = city.send("GET", "/v1/households", token=token).json["households"][0]["household_id"]
    body = {"household_id": household_id, "bill_ref": "x" * 32, "amount_fen": 8640}
    answers = [
        city.send("POST", "/v1/payments", body, token=token, headers={"Idempotency-Key": f"key-1000{n}"})
        for n in range(5)
    ]
    assert [answer.status for answer in answers[:4]] == [409] * 4
    assert answers[-1].status == 429
    assert answers[-1].headers["retry-after"] == "60"


@pytest.mark.parametrize("part", ["", "/receipt", "/cancel"])
def test_another_citizens_payment_does_not_exist(city: City, part: str) -> None:
    """The answer for another's payment is the answer for none."""
    _, payment_id = open_payment(city)
    thief = city.log_in(user="li")
    method = "POST" if part == "/cancel" else "GET"
    mine = city.send(method, f"/v1/payments/{payment_id}{part}", token=thief)
    none = city.send(method, f"/v1/payments/{uuid4()}{part}", token=thief)
    assert (mine.status, none.status) == (404, 404)
    assert {**mine.json, "request_id": 0} == {**none.json, "request_id": 0}


def test_a_payment_of_the_other_platform_is_not_shown_here(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside WeChat nobody learns that the person also pays through Alipay, not even by a page that ends too early."""
    monkeypatch.setattr("gateway.routes.payments.list_payments", partial(list_payments, limit=1))
    token, payment_id = open_payment(city, PlatformName.ALIPAY)
    wechat = city.log_in(user="wang")
    body = {"real_name": "王小明", "identity_number": WANG}
    for one in (token, wechat):
        city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=one)
        assert city.send("POST", "/v1/identity/real-name", body, token=one).status == 200
    assert city.send("GET", "/v1/payments", token=token).json["payments"] != []
    assert city.send("GET", "/v1/payments", token=wechat).json == {"payments": [], "next_cursor": None}
    assert city.send("GET", f"/v1/payments/{payment_id}", token=wechat).status == 404


def test_a_list_is_recorded_for_each_service(city: City) -> None:
    """Households of two services in one list are two records, each with its own holder and office."""
    for service, number in (("gas-bill", "10086001"), ("water-bill", "20086001")):
        city.back_ends[service].households[number] = ("王小明", "北京市朝阳区1号")
    token = city.log_in()
    city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token)
    city.send("POST", "/v1/identity/real-name", {"real_name": "王小明", "identity_number": WANG}, token=token)
    for service, number in (("gas-bill", "10086001"), ("water-bill", "20086001")):
        body = {"service": service, "household_no": number}
        assert city.send("POST", "/v1/households", body, token=token).status == 201
    before = len(city.shown())
    city.send("GET", "/v1/households", token=token)
    made = city.shown()[before:]
    assert {one.disclosure.service for one in made} == {"gas-bill", "water-bill"}
    assert len({one.disclosure.agency_id for one in made}) == 2


def test_no_record_holds_a_value(city: City) -> None:
    """In what is said of a record (not in the bytes, which are digested) there is no personal value."""
    open_payment(city)
    told = repr([(one.disclosure, one.operation, one.headers) for _, one in city.log.records])
    for value in ("13800138001", "王小明", "10086001", "朝阳区"):
        assert value not in told
    assert any(one.direction is Direction.ENTERED_IN_CLIENT for _, one in city.log.records)


def test_a_bill_label_of_the_company_passes_and_a_foreign_field_does_not(city: City) -> None:
    """Labels are the company's words; they are bounded, and a control character in one stops the reply."""
    token, _ = open_payment(city)
    household_id = city.send("GET", "/v1/households", token=token).json["households"][0]["household_id"]
    gas = city.back_ends["gas-bill"]
    gas.bills["G-2"] = FakeBill("10086001", 100, period="2026-10\n13800138001")
    answer = city.send("GET", f"/v1/households/{household_id}/bills", token=token)
    assert answer.status == 500
    assert b"13800138001" not in json.dumps(answer.json).encode()
