"""Rating and complaining over the citizen API, with what a platform saw of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from gateway.routes.ratings import SAID_AN_HOUR
from services.model import PaymentState
from tests.case_city import ALIPAY, LI, WEB, CaseCity
from tests.contract.samples import Bench, make_event, make_payment


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


def rate(city: CaseCity, token: str, case_id: str, **changes: Any) -> Any:
    """A bad rating of a case."""
    body = {"about": "case", "subject": case_id, "level": 1, "tags": ["slow"], "words": "等了很久", **changes}
    return city.send("POST", "/v1/ratings", body, token=token)


def complain(city: CaseCity, token: str, subject: str, **changes: Any) -> Any:
    """A complaint about a case."""
    body = {"about": "case", "subject": subject, "words": "材料收了两次", "contact": "13800000001", **changes}
    return city.send("POST", "/v1/complaints", body, token=token)


def test_a_case_is_rated_and_followed_up(city: CaseCity) -> None:
    """The rating comes back with its follow-up; the second is refused; the platform is known to have seen both, under the service's budget."""
    token = city.enter()
    case_id = city.open(token)
    answer = rate(city, token, case_id)
    assert answer.status == 201, answer.body
    assert (answer.json["rated"], answer.json["level"]) == (True, 1)
    (follow_up,) = answer.json["complaints"]
    assert (follow_up["kind"], follow_up["state"], follow_up["overdue"], follow_up["answer"]) == (
        "bad_rating",
        "open",
        False,
        None,
    )
    assert city.entered.disclosure.fields == {"reference", "rating_level", "rating_words"}
    assert city.shown.disclosure.fields == {"reference", "rating_level", "complaint_words"}
    assert city.entered.disclosure.service == city.counter.mapping.id
    again = rate(city, token, case_id, level=5)
    assert (again.status, again.json["code"]) == (409, "already_rated")
    assert city.send("GET", f"/v1/ratings/{case_id}", token=token).json == answer.json


def test_a_complaint_is_filed_and_seen(city: CaseCity) -> None:
    """It stands with its day; while it is open another is refused; nothing of the contact comes back."""
    token = city.enter()
    case_id = city.open(token)
    answer = complain(city, token, case_id)
    assert answer.status == 201, answer.body
    (filed,) = answer.json["complaints"]
    assert (filed["kind"], filed["words"], filed["message"]) == ("complaint", "材料收了两次", "已收到，待办理")
    assert b"13800000001" not in answer.body
    assert city.entered.disclosure.fields == {"reference", "complaint_words"}
    again = complain(city, token, case_id)
    assert (again.status, again.json["code"]) == (409, "complaint_open")


def test_another_persons_matter_looks_like_none(city: CaseCity) -> None:
    """The answers about somebody else's case are those about no case, by every route and on every door."""
    case_id = city.open(city.enter())
    for token in (city.enter(LI), city.enter(LI, ALIPAY), city.enter(LI, WEB)):
        for subject in (case_id, str(uuid4())):
            answers = [rate(city, token, subject), complain(city, token, subject)]
            answers.append(city.send("GET", f"/v1/ratings/{subject}", token=token))
            assert {(one.status, one.json["code"]) for one in answers} == {(404, "not_found")}


def test_the_other_platform_does_not_see_it(city: CaseCity) -> None:
    """A case of one platform is rated there or at the government's own door, not on the other platform."""
    case_id = city.open(city.enter())
    assert rate(city, city.enter(platform=ALIPAY), case_id).status == 404
    before = len(city.log.records)
    assert rate(city, city.enter(platform=WEB), case_id).status == 201
    assert len(city.log.records) == before


def test_a_payment_is_rated_under_the_rooms_budget(city: CaseCity) -> None:
    """What a platform sees of the rating of a payment is recorded for payer and holder, in the room of ratings."""
    token = city.enter()
    (person,) = city.house.tables.persons.values()
    bench = Bench(city.house, city.counter.agency, city.counter.agency, city.counter.agency)
    payment = make_payment(bench, person.person_id, city.clock.now())
    with city.house.begin((city.counter.agency,)) as tx:
        tx.payments.open(payment, make_event(payment, 1, PaymentState.WRITTEN_OFF))
    answer = rate(city, token, str(payment.payment_id), about="payment", level=4)
    assert (answer.status, answer.json["about"], answer.json["complaints"]) == (201, "payment", [])
    assert city.entered.disclosure.service == "ratings"
    assert set(city.shown.disclosure.concerned) == {person.chain_id, payment.payer_chain_id, payment.holder_chain_id}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"level": 0}, "level"), ({"level": 6}, "level"), ({"level": True}, "level"), ({"level": "5"}, "level"),
        ({"level": 2.5}, "level"), ({"level": None}, "level"), ({"tags": ["nice"]}, "tags"), ({"words": "字" * 501}, "words"),
        ({"words": "a\nb"}, "words"), ({"about": "visit:2026-11-02"}, "about"), ({"subject": "1"}, "subject"),
        ({"staff_id": "1"}, "body"),
    ],
)  # fmt: skip
def test_what_is_no_rating_is_named(city: CaseCity, changes: dict[str, Any], place: str) -> None:
    """Every other form is refused by its place, and nothing is kept."""
    token = city.enter()
    answer = rate(city, token, city.open(token), **changes)
    assert answer.status == 422, answer.body
    assert {one["path"] for one in answer.json["detail"]["fields"]} == {place}
    assert city.house.tables.counter.ratings == {}


def test_saying_much_is_limited(city: CaseCity) -> None:
    """Ratings and complaints have one limit per person."""
    token = city.enter()
    case_id = city.open(token)
    statuses = {rate(city, token, case_id).status for _ in range(SAID_AN_HOUR)}
    assert statuses == {201, 409}
    assert complain(city, token, case_id).status == 429
