"""What belongs to somebody else does not exist; what was used is used; what nobody asked for is refused."""

from __future__ import annotations

import http.client
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from gateway.errors import write_error
from gateway.launch.loopback import Reply, send
from services.model import Language
from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import pick_up_phone, send_on_errand, sign_in


def forget_ids(reply: Reply) -> tuple[int, dict[str, Any]]:
    """A reply without its request id: what is left must not tell one case from another."""
    return reply.status, {**reply.json(), "request_id": None}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/payments/{}", "payment"),
        ("GET", "/payments/{}/receipt", "payment"),
        ("POST", "/payments/{}/cancel", "payment"),
        ("GET", "/households/{}/bills", "household"),
        ("DELETE", "/households/{}", "household"),
        ("DELETE", "/logins/{}", "login"),
        ("POST", "/logins/{}/restore", "login"),
    ],
)
def test_another_citizen_s_id_does_not_exist(city: City, method: str, path: str, kind: str) -> None:
    """The answer is the same, to the byte but for the request id, as for an id that nobody has."""
    owner = send_on_errand(city, "wechat", "gas")
    owner.order_and_pay()
    owner.await_state("written_off")
    login = owner.phone.call("GET", "/sessions")["logins"][0]["login_id"]
    theirs = {"payment": owner.payment_id, "household": owner.household_id, "login": login}[kind]
    for platform in ("wechat", "alipay"):
        stranger = sign_in(city, platform)
        found = stranger.send(method, path.format(theirs))
        none = stranger.send(method, path.format(uuid.uuid4()))
        assert found.status == 404
        assert forget_ids(found) == forget_ids(none)
        assert theirs.encode() not in found.body
    assert owner.view()["state"] == "written_off"


def test_another_citizen_s_household_cannot_be_paid(city: City) -> None:
    """A payment needs a household that the caller bound; another's id and reference together are worth nothing."""
    owner = send_on_errand(city, "wechat", "gas")
    stranger = sign_in(city, "wechat")
    reply = stranger.send("POST", "/payments", owner.body, key=stranger.make_key())
    none = stranger.send(
        "POST", "/payments", {**owner.body, "household_id": str(uuid.uuid4())}, key=stranger.make_key()
    )
    assert (reply.status, reply.json()["code"]) == (404, "not_found")
    assert forget_ids(reply) == forget_ids(none)
    other = send_on_errand(city, "wechat", "gas")
    mixed = other.phone.send("POST", "/payments", {**other.body, "bill_ref": owner.bill_ref}, key=other.key)
    assert (mixed.status, mixed.json()["code"]) == (409, "nothing_owed")


@pytest.mark.parametrize("platform", ["wechat", "alipay"])
def test_a_platform_s_code_opens_one_session(city: City, platform: str) -> None:
    """A log-in code that was used is refused in the fixed words, and so is one that never was."""
    phone = pick_up_phone(city, platform)
    code = phone.ask_platform("login", {"app_id": phone.app_id, "user": phone.person.user})["code"]
    body = {"platform": platform, "app_id": phone.app_id, "code": code}
    assert phone.send("POST", "/sessions", body).status == 201
    for wrong in (body, {**body, "code": "neverseen"}):
        again = phone.send("POST", "/sessions", wrong)
        assert (again.status, again.body) == (401, write_error("login_code_refused", Language.ZH_CN))


def test_what_nobody_asked_for_is_refused(city: City) -> None:
    """An unknown field in body, query or path, a key that stands twice, another media type: 422 or 404, without effect."""
    errand = send_on_errand(city, "wechat", "gas")
    phone, before = errand.phone, len(city.received())
    for method, path, body in [
        ("POST", "/payments", {**errand.body, "note": "x"}),
        ("POST", "/households/lookup", {"service": "gas-bill", "household_no": errand.household_no, "name": "x"}),
        ("POST", "/payments?fast=1", errand.body),
        ("GET", f"/households/{errand.household_id}/bills?status=all", None),
        ("GET", "/payments?cursor=x", None),
        ("GET", "/exposure?page=2", None),
        ("GET", "/exposure?cursor=1&cursor=2", None),
        ("POST", "/payments", {**errand.body, "amount_fen": str(errand.amount_fen)}),
        ("POST", "/payments", {**errand.body, "amount_fen": errand.amount_fen + 0.5}),
        ("POST", "/payments", {**errand.body, "amount_fen": True}),
        ("DELETE", f"/households/{errand.household_id}?really=1", None),
        ("DELETE", f"/households/{errand.household_id}", {"really": True}),
    ]:
        reply = phone.send(method, path, body, key=phone.make_key())
        assert (reply.status, reply.json()["code"]) == (422, "input_refused"), (method, path, reply.body)
    for path in (
        "/payments/not-a-uuid",
        f"/payments/{uuid.uuid4()}/unknown",
        f"/households/{errand.household_id}/bills/",
    ):
        assert phone.send("GET", path).status == 404, path
    assert phone.send("POST", "/payments", errand.body).json()["code"] == "input_refused"
    assert len(city.received()) == before
    assert errand.list_own() == []


def test_a_body_over_the_limit(city: City) -> None:
    """More than 256 KiB are not read to their end, with a session or without one."""
    phone = sign_in(city, "wechat")
    large = {"service": "gas-bill", "household_no": "7" * 300_000}
    assert phone.send("POST", "/households/lookup", large).json()["code"] == "request_too_large"
    reply = send("POST", f"{city.public}/v1/sessions", large)
    assert (reply.status, reply.body) == (413, write_error("request_too_large", Language.ZH_CN))
    assert phone.send("GET", "/account").status == 200


def test_a_body_that_contradicts_itself(city: City) -> None:
    """A key that stands twice, bytes that are no JSON, another media type: refused."""
    errand = send_on_errand(city, "alipay", "gas")
    twice = json.dumps(errand.body)[:-1] + ', "amount_fen": 1}'
    for content, media in [
        (twice, "application/json"),
        (json.dumps(errand.body)[:-1], "application/json"),
        (json.dumps(errand.body), "text/plain"),
        (json.dumps([errand.body]), "application/json"),
        ('{"amount_fen": NaN}', "application/json"),
    ]:
        status, told = send_raw(city, errand.phone._token or "", content.encode(), media)
        assert (status, told["code"]) == (422, "input_refused"), content
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


def send_raw(city: City, token: str, content: bytes, media: str) -> tuple[int, dict[str, Any]]:
    """``POST /payments`` with bytes of one's own."""
    parts = urlsplit(city.public)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=15)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media, "Idempotency-Key": str(uuid.uuid4())}
    try:
        connection.request("POST", "/v1/payments", content, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize(("platform", "utility"), [("wechat", "gas"), ("alipay", "water")])
def test_an_idempotency_key_belongs_to_one_request(city: City, platform: str, utility: str) -> None:
    """The same key with the same body gives the same bytes for ever, with another body 409."""
    errand = send_on_errand(city, platform, utility)
    first = errand.ask()
    errand.keep(first)
    other = errand.phone.send("POST", "/payments", {**errand.body, "amount_fen": errand.amount_fen + 1}, key=errand.key)
    assert (other.status, other.json()["code"]) == (409, "idempotency_key_reused")
    errand.pay()
    errand.await_state("written_off")
    assert errand.ask().body == first.body
    require_balance(city, errand.payment_id)


def test_a_key_of_somebody_else_is_free(city: City) -> None:
    """Two people who happen to use one key do not meet."""
    first, second = send_on_errand(city, "wechat", "gas"), send_on_errand(city, "wechat", "gas")
    second.key = first.key
    first.order_and_pay()
    second.order_and_pay()
    first.await_state("written_off")
    second.await_state("written_off")
    assert first.payment_id != second.payment_id
    require_balance(city, first.payment_id, second.payment_id)


@pytest.mark.parametrize("platform", ["wechat", "alipay"])
def test_one_key_at_the_same_moment_is_one_order(city: City, platform: str) -> None:
    """However many requests with one key arrive together, the platform gets one order number."""
    errand = send_on_errand(city, platform, "gas")
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: errand.ask(), range(4)))
    done = [reply for reply in replies if reply.status == 201]
    assert len({reply.body for reply in done}) == 1
    assert {reply.status for reply in replies} <= {201, 409, 503}
    errand.keep(done[0])
    assert len(errand.list_own()) == 1
    errand.pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)
