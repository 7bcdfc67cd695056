"""The mini-program server API: one-shot codes, tokens, phone numbers, subscribe messages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from adapters.sandbox.serving import RunningSandbox
from tests.peers.wechat_merchant import Answer, StillClock, ask, control


class Program:
    """A plain client of the server API."""

    def __init__(self, running: RunningSandbox) -> None:
        self.url = running.addresses["wechat"]
        self.facts = running.credentials["wechat"]["apps"][0]
        self.app_id = self.facts["app_id"]

    def session(self, code: str, **changed: str) -> Answer:
        told = {"appid": self.app_id, "secret": self.facts["app_secret"], "js_code": code}
        told |= {"grant_type": "authorization_code"} | changed
        return ask(self.url, "GET", f"/sns/jscode2session?{urlencode({k: v for k, v in told.items() if v})}")

    def code(self, user: str) -> str:
        return str(control(self.url, "/_sandbox/phone/login", {"app_id": self.app_id, "user": user})["code"])

    def token(self, **more: object) -> dict[str, Any]:
        told = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.facts["app_secret"], **more}
        answer: dict[str, Any] = ask(self.url, "POST", "/cgi-bin/stable_token", json.dumps(told).encode()).json
        return answer

    def legacy(self) -> str:
        told = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.facts["app_secret"]}
        return str(ask(self.url, "GET", f"/cgi-bin/token?{urlencode(told)}").json["access_token"])

    def phone(self, token: str, code: str) -> dict[str, Any]:
        target = f"/wxa/business/getuserphonenumber?access_token={token}"
        answer: dict[str, Any] = ask(self.url, "POST", target, json.dumps({"code": code}).encode()).json
        return answer

    def accepts(self, token: str) -> bool:
        """Whether a token holds: with it, only the code is wrong."""
        return int(self.phone(token, "no such code")["errcode"]) == 40029

    def send(self, token: str, **changed: object) -> int:
        told = {
            "touser": control(self.url, f"/_sandbox/phone/openid?user=li&app_id={self.app_id}")["openid"],
            "template_id": self.facts["templates"]["new_login"],
            "data": {"thing1": {"value": "新的登录"}, "time2": {"value": "2026年11月24日 16:00"}},
        } | changed
        target = f"/cgi-bin/message/subscribe/send?access_token={token}"
        return int(ask(self.url, "POST", target, json.dumps(told).encode()).json["errcode"])


@pytest.fixture
def program(running: RunningSandbox, clock: StillClock) -> Program:
    clock.advance(8000)
    return Program(running)


def test_a_code_serves_once(program: Program) -> None:
    """Success has openid and session_key and no errcode, as text/plain; the second use is refused."""
    code = program.code("wang")
    answer = program.session(code)
    assert set(answer.json) == {"openid", "session_key"}
    assert answer.headers["content-type"].startswith("text/plain")
    again = program.session(code)
    assert (again.status, again.json["errcode"]) == (200, 40163)


def test_an_openid_belongs_to_app_and_user(program: Program) -> None:
    """The same user has the same openid at each log-in; another user has another."""
    first, second = (program.session(program.code("wang")).json["openid"] for _ in range(2))
    assert first == second
    assert program.session(program.code("li")).json["openid"] != first
    assert len(first) == 28


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"appid": ""}, 41002),
        ({"js_code": ""}, 41008),
        ({"js_code": "unknown"}, 40029),
        ({"js_code": "SANDBOX_EXPIRED_CODE"}, 40029),
        ({"js_code": "SANDBOX_BLOCKED_USER"}, 40226),
        ({"js_code": "SANDBOX_BUSY"}, -1),
        ({"grant_type": "client_credential"}, 40002),
    ],
)
def test_errors_of_code2session(program: Program, changed: dict[str, str], number: int) -> None:
    """Errors are HTTP 200 with errcode and a rid in the message."""
    answer = program.session(program.code("wang"), **changed)
    assert (answer.status, answer.json["errcode"]) == (200, number)
    assert "rid: " in answer.json["errmsg"]


def test_a_code_is_too_old_after_five_minutes(program: Program, clock: StillClock) -> None:
    """299 seconds are in time, 300 are not; nor is the code of a user called expired-…."""
    young, old = program.code("wang"), program.code("wang")
    clock.advance(299)
    assert "openid" in program.session(young).json
    clock.advance(1)
    assert program.session(old).json["errcode"] == 40029
    assert program.session(program.code("expired-wang")).json["errcode"] == 40029


def test_a_user_logs_in_100_times_a_minute_at_most(program: Program, clock: StillClock) -> None:
    """The 101st session of one user within a minute is 45011."""
    clock.advance(60 - clock.now().timestamp() % 60)
    answers = [program.session(program.code("busy")).json.get("errcode") for _ in range(101)]
    assert answers == [None] * 100 + [45011]


def test_the_stable_token_is_the_same_until_its_last_five_minutes(program: Program, clock: StillClock) -> None:
    """Asked again it is the same; in the last five minutes a new one comes and both hold; then the old one ends."""
    first = program.token()
    assert first["expires_in"] == 7200
    assert len(first["access_token"]) == 512
    clock.advance(6800)
    assert program.token() == {"access_token": first["access_token"], "expires_in": 400}
    clock.advance(100)
    second = program.token()
    assert (second["access_token"] == first["access_token"], second["expires_in"]) == (False, 7200)
    assert program.accepts(first["access_token"])
    assert program.accepts(second["access_token"])
    clock.advance(300)
    assert program.phone(first["access_token"], "x")["errcode"] == 42001
    assert program.accepts(second["access_token"])


def test_a_forced_refresh_ends_the_old_token_and_has_limits(program: Program, clock: StillClock) -> None:
    """Within 30 seconds of the last it changes nothing; at most 20 a day."""
    clock.advance(86400)
    first = program.token()["access_token"]
    second = program.token(force_refresh=True)["access_token"]
    assert second != first
    assert program.phone(first, "x")["errcode"] == 40001
    assert program.token(force_refresh=True)["access_token"] == second
    for _ in range(19):
        clock.advance(31)
        second = program.token(force_refresh=True)["access_token"]
    clock.advance(31)
    assert program.token(force_refresh=True)["errcode"] == 45009
    assert program.accepts(second)


def test_the_legacy_token_is_new_each_time(program: Program, clock: StillClock) -> None:
    """Each call ends the one before after a short grace, and touches no stable token."""
    stable = program.token()["access_token"]
    first, second = program.legacy(), program.legacy()
    assert first != second
    assert program.accepts(first)
    clock.advance(300)
    assert program.phone(first, "x")["errcode"] == 42001
    assert program.accepts(second)
    assert program.accepts(stable)


def test_a_token_is_needed(program: Program) -> None:
    """No token is 41001, a made-up one 40001."""
    assert program.phone("", "x")["errcode"] == 41001
    assert program.phone("made-up", "x")["errcode"] == 40001


def test_an_arranged_expiry_ends_the_token(program: Program) -> None:
    """expired_token answers 42001 and the token stays dead: whoever refreshes once goes on."""
    token = program.token()["access_token"]
    control(program.url, "/_sandbox/control/behaviour", {"operation": "phone_number", "behaviour": "expired_token"})
    assert program.phone(token, "x")["errcode"] == 42001
    assert program.phone(token, "x")["errcode"] == 42001
    assert program.accepts(program.token()["access_token"])


def test_a_phone_code_gives_the_number_once(program: Program) -> None:
    """phone_info with a watermark of this app; the code is used up."""
    told = {"app_id": program.app_id, "user": "wang", "phone": "13800138001"}
    code, token = control(program.url, "/_sandbox/phone/phone-code", told)["code"], program.token()["access_token"]
    info = program.phone(token, code)["phone_info"]
    assert (info["purePhoneNumber"], info["countryCode"]) == ("13800138001", "86")
    assert info["watermark"]["appid"] == program.app_id
    assert program.phone(token, code)["errcode"] == 40163


def test_a_log_in_code_is_no_phone_code(program: Program) -> None:
    """The two kinds of codes do not stand in for each other."""
    assert program.phone(program.token()["access_token"], program.code("wang"))["errcode"] == 40029


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({}, 0),
        ({"touser": "o" * 28}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"data": {}}, 47003),
        ({"data": {"thing1": "flat"}}, 47003),
        ({"data": {"thing1": {"value": "字" * 21}}}, 47003),
        ({"data": {"phrase1": {"value": "latin"}}}, 47003),
        ({"data": {"whatever1": {"value": "x"}}}, 47003),
        ({"miniprogram_state": "beta"}, 47003),
    ],
)
def test_rules_of_subscribe_messages(program: Program, changed: dict[str, object], number: int) -> None:
    """Known user, known template, and values of the form that their names say."""
    assert program.send(program.token()["access_token"], **changed) == number


def test_a_message_reaches_the_phone_unless_refused(program: Program) -> None:
    """The phone shows what arrived; a user who refused gets nothing: 43101."""
    token, template = program.token()["access_token"], program.facts["templates"]["new_login"]
    box = f"/_sandbox/phone/messages?app_id={program.app_id}&user=li"
    before = len(control(program.url, box))
    assert program.send(token) == 0
    assert control(program.url, box)[-1]["data"]["thing1"] == "新的登录"
    told = {"app_id": program.app_id, "user": "li", "template_id": template}
    control(program.url, "/_sandbox/phone/subscription", {**told, "accept": False})
    assert program.send(token) == 43101
    control(program.url, "/_sandbox/phone/subscription", {**told, "accept": True})
    assert len(control(program.url, box)) == before + 1
