"""Signing in at the web door, by its pages and by its API."""

from __future__ import annotations

import json

import pytest

from services.errors import BackEndUnreachable
from services.model import PlatformName, RegisterEntry
from tests.fake_applicants import WANG
from tests.web_door import LI, NAMES, OTHER_PHONE, PHONE, WebDoor, find_token


@pytest.fixture
def door() -> WebDoor:
    """A door nobody came through yet."""
    return WebDoor()


def test_code_then_name_then_in(door: WebDoor) -> None:
    """Telephone, code, name and number open the account that has this identity number already."""
    browser = door.open_browser()
    reply = browser.sign_in()
    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert browser.get("/").status_code == 200
    login = next(row for row in door.counter.house.tables.logins.values() if row.platform is PlatformName.WEB)
    assert login.person_id == door.counter.wang.person_id
    assert (("tell_new_login", door.counter.wang.login_id)) in {
        (task, subject) for task, _, subject in door.counter.house.tables.queue
    }


def test_the_second_time_the_code_is_enough(door: WebDoor) -> None:
    """Whom the register still knows by this telephone types six places of their number, not all of it and no name."""
    door.enter()
    browser = door.open_browser()
    browser.post("/sign-in", phone=PHONE)
    assert browser.post("/sign-in/code", code=door.last_code, last_six=WANG[-6:]).status_code == 303
    assert browser.get("/").status_code == 200


def test_a_number_given_out_again_opens_nothing(door: WebDoor) -> None:
    """Once the register names another telephone, the code alone opens no account; the new holder gets their own."""
    door.enter()
    door.register.entries[WANG] = RegisterEntry(NAMES[WANG], OTHER_PHONE)
    door.register.entries[LI] = RegisterEntry(NAMES[LI], PHONE)
    browser = door.open_browser()
    browser.post("/sign-in", phone=PHONE)
    reply = browser.post("/sign-in/code", code=door.last_code, last_six=WANG[-6:])
    assert reply.status_code == 200
    assert "identity_number" in reply.text
    form = {"token": find_token(reply.text), "code": door.last_code, "real_name": NAMES[LI], "identity_number": LI}
    assert browser.client.post("/sign-in/name", data=form).status_code == 303
    people = {row.person_id for row in door.counter.house.tables.logins.values() if row.platform is PlatformName.WEB}
    assert len(people) == 2


def test_a_family_with_one_telephone(door: WebDoor) -> None:
    """Each has an account of their own, and the code alone opens nobody's."""
    door.register.entries[LI] = RegisterEntry(NAMES[LI], PHONE)
    first, second = door.enter(WANG), door.enter(LI)
    assert "明" in first.get("/").text
    assert "丽" in second.get("/").text
    again = door.open_browser()
    again.post("/sign-in", phone=PHONE)
    assert "identity_number" in again.post("/sign-in/code", code=door.last_code).text
    assert again.post("/sign-in/code", code=door.last_code, last_six=LI[-6:]).status_code == 303
    assert "丽" in again.get("/").text


@pytest.mark.parametrize("phone", [PHONE, "13700000000"], ids=["known", "unknown"])
def test_nobody_learns_who_is_known(door: WebDoor, phone: str) -> None:
    """The answer to a telephone number is the same bytes, known or not; so is the form for the code."""
    door.enter()
    browser = door.open_browser()
    reply = browser.post("/sign-in", phone=phone)
    page = browser.get("/sign-in/code")
    wrong = browser.post("/sign-in/code", code="000000" if door.last_code != "000000" else "111111")
    assert (reply.status_code, reply.data, wrong.status_code) == (303, b"", 403)
    assert phone not in page.text
    assert "不正确或已失效" in wrong.text


def test_five_tries_and_no_more(door: WebDoor) -> None:
    """After five tries the right code opens nothing."""
    browser = door.open_browser()
    browser.post("/sign-in", phone=PHONE)
    right = door.last_code
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert browser.post("/sign-in/code", code=wrong).status_code == 403
    assert browser.post("/sign-in/code", code=right).status_code == 403


def test_a_code_is_good_for_five_minutes(door: WebDoor) -> None:
    """At the end of the fifth minute it is over."""
    browser = door.open_browser()
    browser.post("/sign-in", phone=PHONE)
    door.counter.clock.advance(300)
    assert browser.post("/sign-in/code", code=door.last_code).status_code == 403


def test_a_code_is_good_once(door: WebDoor) -> None:
    """Whoever saw it used cannot use it again."""
    door.enter()
    thief = door.open_browser()
    thief.post("/sign-in", phone=PHONE)
    challenge = thief.client.get_cookie("guitai_web_code")
    assert challenge is not None
    code = door.last_code
    assert thief.post("/sign-in/code", code=code, last_six=WANG[-6:]).status_code == 303
    second = door.open_browser()
    second.get("/sign-in")
    second.client.set_cookie("guitai_web_code", challenge.value)
    token = find_token(second.get("/sign-in").text)
    assert second.client.post("/sign-in/code", data={"token": token, "code": code}).status_code == 403


def test_a_code_belongs_to_the_browser_that_asked(door: WebDoor) -> None:
    """The right code in another browser is worth nothing."""
    browser, other = door.open_browser(), door.open_browser()
    browser.post("/sign-in", phone=PHONE)
    code = door.last_code
    other.post("/sign-in", phone="13700000001")
    assert other.post("/sign-in/code", code=code).status_code == 403 or code == door.last_code


@pytest.mark.parametrize(
    ("name", "number"), [("李四", WANG), (NAMES[WANG], LI), (NAMES[LI], LI)], ids=["name", "number", "somebody-else"]
)
def test_what_was_wrong_stays_unsaid(door: WebDoor, name: str, number: str) -> None:
    """A wrong name, a wrong number and somebody else's telephone get one answer."""
    browser = door.open_browser()
    browser.post("/sign-in", phone=PHONE)
    reply = browser.post("/sign-in/code", code=door.last_code)
    form = {"token": find_token(reply.text), "code": door.last_code, "real_name": name, "identity_number": number}
    refused = browser.client.post("/sign-in/name", data=form)
    assert refused.status_code == 403
    assert "身份核验未通过" in refused.text
    assert number not in refused.text


@pytest.mark.parametrize("phone", ["", "1380013800", "23800138001", "+4915112345678", "12800138001", "138'or'1=1"])
def test_only_mobile_numbers_of_the_mainland(door: WebDoor, phone: str) -> None:
    """A text message goes nowhere else: no premium line, no foreign country."""
    assert door.open_browser().post("/sign-in", phone=phone).status_code == 422
    assert door.messages.sent == []


def test_codes_are_rationed(door: WebDoor) -> None:
    """Five codes an hour for a telephone, whoever asks."""
    for _ in range(5):
        assert door.open_browser().post("/sign-in", phone=PHONE).status_code == 303
    refused = door.open_browser().post("/sign-in", phone=f"+86 {PHONE}")
    assert refused.status_code == 429
    assert len(door.messages.sent) == 5


def test_a_provider_that_is_away(door: WebDoor) -> None:
    """Whoever waits for a code that cannot come is told so."""
    door.messages.fault = BackEndUnreachable("down")
    assert door.open_browser().post("/sign-in", phone=PHONE).status_code == 503


def test_who_cut_a_log_in_off_keeps_it_cut_off(door: WebDoor) -> None:
    """Neither the code alone nor name and number get past it."""
    door.enter()
    tables = door.counter.house.tables
    login = next(row for row in tables.logins.values() if row.platform is PlatformName.WEB)
    with door.counter.house.begin(door.counter.directory.all_agencies()) as tx:
        tx.persons.revoke_login(login.login_id, door.counter.clock.now())
    assert door.open_browser().sign_in().status_code == 403
    assert len([row for row in tables.logins.values() if row.platform is PlatformName.WEB]) == 1


def test_a_session_is_new_each_time(door: WebDoor) -> None:
    """A cookie that somebody planted before is not the session after."""
    browser = door.open_browser()
    browser.client.set_cookie("guitai_web", "A" * 43)
    browser.client.set_cookie("guitai_web_visit", "B" * 64)
    browser.sign_in()
    session = browser.client.get_cookie("guitai_web")
    assert session is not None
    assert session.value != "A" * 43
    assert browser.client.get_cookie("guitai_web_visit") is None


def test_cookies_are_locked() -> None:
    """HttpOnly, SameSite=Strict, for the whole host; in production Secure and with the host's prefix."""
    door = WebDoor(secure=True)
    reply = door.open_browser().get("/sign-in")
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-guitai_web_visit=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/"))
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "following",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/x?y=1", "/%0d%0aSet-Cookie:a=b", "javascript:1", "/sign-out",
     "/../x"],
)  # fmt: skip
def test_no_way_out_of_the_house(door: WebDoor, following: str) -> None:
    """Signing in leads to a page of ours or home."""
    browser = door.open_browser()
    reply = browser.post("/sign-in", phone=PHONE, next=following)
    assert reply.headers["Location"] == "/sign-in/code"
    name = browser.post("/sign-in/code", code=door.last_code, next=following)
    form = {
        "token": find_token(name.text), "code": door.last_code, "real_name": NAMES[WANG], "identity_number": WANG,
        "next": following,
    }  # fmt: skip
    assert browser.client.post("/sign-in/name", data=form).headers["Location"] == "/"


def test_back_to_the_page_that_was_asked_for(door: WebDoor) -> None:
    """Whoever followed a link comes out there after signing in."""
    turned = door.open_browser().get("/mandates")
    assert (turned.status_code, turned.headers["Location"]) == (303, "/sign-in?next=/mandates")


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
def test_a_form_without_its_token(door: WebDoor, token: str) -> None:
    """Another page cannot send our forms."""
    browser = door.enter()
    assert browser.client.post("/sign-out", data={"token": token}).status_code == 403
    assert browser.get("/").status_code == 200


def test_a_form_from_elsewhere(door: WebDoor) -> None:
    """A browser that says that a form comes from another site is believed."""
    browser = door.enter()
    assert browser.post("/sign-out", "/", {"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_signing_out_ends_every_copy(door: WebDoor) -> None:
    """A copy of the cookie opens nothing afterwards."""
    browser = door.enter()
    cookie = browser.client.get_cookie("guitai_web")
    assert cookie is not None
    assert browser.post("/sign-out", "/").status_code == 303
    browser.client.set_cookie("guitai_web", cookie.value)
    assert browser.get("/").status_code == 303


def test_a_link_from_another_site_steps_in_first(door: WebDoor) -> None:
    """No Strict cookie comes along with such a link: the same address is asked for once more, from here."""
    browser = door.enter()
    browser.client.delete_cookie("guitai_web")
    reply = browser.get("/mandates", **{"Sec-Fetch-Site": "cross-site"})
    assert (reply.status_code, 'url=/mandates"' in reply.text) == (200, True)


# The API


def call(door: WebDoor, method: str, path: str, body: object = None, token: str = "") -> tuple[int, dict[str, object]]:
    """One request of a program."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    reply = door.open_browser().client.open(path, method=method, json=body, headers=headers)
    return reply.status_code, json.loads(reply.data) if reply.data else {}


def test_the_api_lets_in_the_same_way(door: WebDoor) -> None:
    """Code, then name and number under the same code; the token opens the API."""
    status, sent = call(door, "POST", "/v1/codes", {"phone": PHONE})
    assert status == 201
    proof = {"challenge": sent["challenge"], "code": door.last_code}
    status, told = call(door, "POST", "/v1/sessions", proof)
    assert (status, told["code"], told["detail"]) == (403, "assurance_too_low", {"required": "real-name"})
    status, told = call(door, "POST", "/v1/sessions", {**proof, "real_name": NAMES[WANG], "identity_number": WANG})
    assert (status, told["assurance"]) == (201, "real-name")
    status, account = call(door, "GET", "/v1/account", token=str(told["token"]))
    assert (status, account["real_name_masked"]) == (200, "**明")


def test_no_route_without_a_session(door: WebDoor) -> None:
    """Everything but the two routes of signing in asks for one; a cookie is none."""
    browser = door.enter()
    assert browser.client.get("/v1/account").status_code == 401
    assert call(door, "GET", "/v1/account", token="x" * 43)[0] == 401


def test_a_platforms_session_is_worth_nothing_here(door: WebDoor) -> None:
    """Else a mini-program could show what no ledger has recorded."""
    browser = door.enter()
    cookie = browser.client.get_cookie("guitai_web")
    assert cookie is not None
    held = door.sessions.saved[cookie.value]
    door.sessions.saved["w" * 43] = type(held)(
        held.session_id, held.person_id, held.login_id, held.app, PlatformName.WECHAT, held.assurance, held.created_at,
        held.expires_at,
    )  # fmt: skip
    assert call(door, "GET", "/v1/account", token="w" * 43)[0] == 401
    browser.client.set_cookie("guitai_web", "w" * 43)
    assert browser.get("/").status_code == 303


def test_the_phone_is_proven_by_signing_in(door: WebDoor) -> None:
    """No platform's evidence is asked for here: there is none to give."""
    browser = door.enter()
    cookie = browser.client.get_cookie("guitai_web")
    assert cookie is not None
    assert call(door, "POST", "/v1/identity/phone", {"evidence": "x"}, cookie.value)[0] == 422


def test_nothing_is_kept_by_a_browser(door: WebDoor) -> None:
    """Pages are not stored, not framed, and hold no script."""
    reply = door.enter().get("/")
    assert reply.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert "<script" not in reply.text
    assert " style=" not in reply.text
