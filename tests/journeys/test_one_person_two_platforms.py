"""One person in both apps: joined by the real name, told of the new log-in, able to cut it off; each app sees its own part."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.demo.apart import find_ids, find_shared
from gateway.demo.phone import Phone
from gateway.errors import write_error
from gateway.launch.loopback import send
from services.model import Language
from tests.journeys.books import require_balance
from tests.journeys.city import City, await_truth
from tests.journeys.errands import bind_bill, enter_household, enter_person, issue_bill, pick_up_phone, sign_in

OTHER = {"wechat": "alipay", "alipay": "wechat"}


def read_messages(phone: Phone) -> list[Any]:
    """The messages that the platform delivered to this phone."""
    query = urlencode({"app_id": phone.app_id, "user": phone.person.user})
    found: list[Any] = send("GET", f"{phone.sandbox_url}/_sandbox/phone/messages?{query}").json()
    return found


def read_exposure(phone: Phone) -> list[dict[str, Any]]:
    """The whole exposure view of this phone's app, page by page, newest first."""
    records: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = phone.call("GET", "/exposure" + (f"?cursor={cursor}" if cursor else ""))
        assert page["platform"] == phone.platform
        records += page["records"]
        cursor = page["next_cursor"]
        if cursor is None:
            return records


@pytest.mark.parametrize("first", ["wechat", "alipay"])
def test_the_person_is_told_and_can_cut_the_new_login_off(city: City, first: str) -> None:
    """A message on the old log-in, a line in the account; cut off, the new one's sessions die at once, and it cannot log in."""
    person = enter_person(city)
    old = sign_in(city, first, person, real_name=True)
    assert read_messages(old) == []
    new = sign_in(city, OTHER[first], person, real_name=True)
    await_truth(lambda: read_messages(old), 15, "nobody was told")
    told = str(read_messages(old))
    assert len(read_messages(old)) == 1
    assert "您的账户有新的登录" in told
    assert person.real_name not in told
    assert {"wechat": "支付宝", "alipay": "微信"}[first] not in told
    assert read_messages(new) == []
    logins = old.call("GET", "/sessions")["logins"]
    assert sorted(login["this_platform"] for login in logins) == [False, True]
    assert set(logins[0]) == {"login_id", "this_platform", "created_at", "current", "active"}
    strange = next(login["login_id"] for login in logins if not login["this_platform"])
    assert new.send("GET", "/account").status == 200
    old.call("DELETE", f"/logins/{strange}", status=204)
    reply = new.send("GET", "/account")
    assert (reply.status, reply.body) in [
        (401, write_error(code, Language.ZH_CN)) for code in ("session_expired", "not_signed_in")
    ]
    code = new.ask_platform("login", {"app_id": new.app_id, "user": person.user})["code"]
    refused = send("POST", f"{city.public}/v1/sessions", {"platform": new.platform, "app_id": new.app_id, "code": code})
    assert (refused.status, refused.body) == (403, write_error("login_cut_off", Language.ZH_CN))
    assert old.send("GET", "/account").status == 200
    assert old.send("DELETE", f"/logins/{logins[0]['login_id']}").status in (204, 409)


def test_the_last_login_stays(city: City) -> None:
    """Nobody can lock themselves out."""
    phone = sign_in(city, "wechat")
    login = phone.call("GET", "/sessions")["logins"][0]["login_id"]
    reply = phone.send("DELETE", f"/logins/{login}")
    assert (reply.status, reply.json()["code"]) == (409, "last_login")


def test_each_app_shows_its_own_part_of_the_exposure(city: City) -> None:
    """WeChat's view never holds a record of Alipay's, before and after the two log-ins are one person, nor the other way round."""
    person = enter_person(city)
    wechat, alipay = sign_in(city, "wechat", person), sign_in(city, "alipay", person)
    gas, water = enter_household(city, "gas"), enter_household(city, "water")
    errand = bind_bill(city, wechat, "gas", gas, issue_bill(city, "gas", gas))
    errand.order_and_pay()
    errand.await_state("written_off")
    proof = {"real_name": person.real_name, "identity_number": person.identity_number}
    alipay.call("POST", "/identity/real-name", proof)
    other = bind_bill(city, alipay, "water", water, issue_bill(city, "water", water))
    other.order_and_pay()
    other.await_state("written_off")
    wechat.call("POST", "/identity/real-name", proof)
    for phone, own, foreign in ((wechat, "gas-bill", "water-bill"), (alipay, "water-bill", "gas-bill")):
        services = {record["service"] for record in read_exposure(phone)}
        assert own in services
        assert foreign not in services
    before = read_exposure(wechat)
    alipay.call("GET", "/households")
    alipay.call("GET", f"/households/{other.household_id}/bills")
    after = read_exposure(wechat)
    new = after[: len(after) - len(before)]
    assert {record["service"] for record in new} <= {"exposure-view"}
    assert {record["direction"] for record in read_exposure(wechat)} == {
        "sent_to_server", "received_from_platform", "shown_in_client", "entered_in_client",
    }  # fmt: skip
    require_balance(city, errand.payment_id, other.payment_id)


def test_a_payment_does_not_exist_in_the_other_app(city: City) -> None:
    """Though the two log-ins are one person, Alipay does not learn what was paid in WeChat."""
    person = enter_person(city)
    wechat = sign_in(city, "wechat", person, real_name=True)
    household = enter_household(city, "gas")
    errand = bind_bill(city, wechat, "gas", household, issue_bill(city, "gas", household))
    errand.order_and_pay()
    errand.await_state("written_off")
    alipay = sign_in(city, "alipay", person, real_name=True)
    for path in ("", "/receipt"):
        assert alipay.send("GET", f"/payments/{errand.payment_id}{path}").status == 404
    assert alipay.send("POST", f"/payments/{errand.payment_id}/cancel").status == 404
    assert alipay.call("GET", "/payments")["payments"] == []
    assert [one["payment_id"] for one in wechat.call("GET", "/payments")["payments"]] == [errand.payment_id]
    require_balance(city, errand.payment_id)


def test_a_stranger_with_the_right_numbers_does_not_get_in(city: City) -> None:
    """Name and number of somebody else, without their phone, prove nothing; the answer does not say what was wrong."""
    victim, thief = enter_person(city), pick_up_phone(city, "alipay")
    thief.log_in()
    thief.call("POST", "/identity/phone", {"evidence": thief.make_phone_evidence()})
    right = {"real_name": victim.real_name, "identity_number": victim.identity_number}
    wrong = {"real_name": "王不对", "identity_number": victim.identity_number}
    replies = [thief.send("POST", "/identity/real-name", body) for body in (right, wrong)]
    assert {(reply.status, reply.json()["code"]) for reply in replies} == {(403, "identity_not_proven")}
    told = [{**reply.json(), "request_id": None} for reply in replies]
    assert told[0] == told[1]
    for _ in range(3):
        thief.send("POST", "/identity/real-name", right)
    assert thief.send("POST", "/identity/real-name", right).json()["code"] == "too_many_requests"


def gather(city: City, phone: Phone, since: int) -> bytes:
    """All bytes that one platform's server and app received."""
    servers = [one for one in city.received(since) if one["platform"] == phone.platform]
    sent = [one["target"].encode() + b"\n" + base64.b64decode(one["body"]) for one in servers]
    return b"\n".join([*sent, *phone.received])


def test_two_platforms_cannot_join_what_they_know_of_one_person(city: City) -> None:
    """The same household, bills, log-ins, lists and errors through both: no id, token or number stands on both sides, and no chain on any."""
    city.await_quiet()
    since, person, household = len(city.received()), enter_person(city), enter_household(city, "gas")
    phones = [sign_in(city, platform, person, real_name=True) for platform in ("wechat", "alipay")]
    for phone in phones:
        errand = bind_bill(city, phone, "gas", household, issue_bill(city, "gas", household))
        errand.order_and_pay()
        errand.await_state("written_off")
        for path in ("/exposure?group_by=purpose", "/account", "/sessions", "/households", "/payments", "/consents",
                     "/services", "/payments/01a20ec8-f56e-734f-940f-97b5b802eec7", "/nothing"):  # fmt: skip
            phone.send("GET", path)
    for phone in phones:
        for path in ("/exposure", "/sessions", "/households", "/payments"):
            phone.send("GET", path)
    city.await_quiet()
    wechat, alipay = (gather(city, phone, since) for phone in phones)
    public = [send("GET", f"{city.public}{path}").body for path in ("/openapi.json", "/v1/services")]
    typed = [person.identity_number.encode(), person.phone.encode(), household.encode()]
    shared = find_shared(wechat, alipay, [*public, *typed])
    assert not shared, sorted(shared)
    leaves = [
        json.loads(row["leaf"]) for row in city.read("SELECT convert_from(leaf, 'UTF8') AS leaf FROM exposure_records")
    ]
    ids = {str(leaf[name]) for leaf in leaves for name in ("id", "actor", "chain", "into") if leaf.get(name)}
    ids |= {str(one) for leaf in leaves for one in leaf.get("concerned") or ()}
    assert find_ids(wechat + alipay, ids) == set()
