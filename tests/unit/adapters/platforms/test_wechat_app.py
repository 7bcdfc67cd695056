"""Rules of WeChat's mini-program calls: log-in code, token, phone number, message."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from wechatpy.constants import WeChatErrorCode

from adapters.platforms.wechat import WeChatPlatform
from adapters.platforms.wechat_codes import APP_CODES, TOKEN_INVALID, name_app_code
from services.errors import (
    ConfigurationFault,
    ExposureOverBudget,
    ExposureUndeclared,
    LoginCodeRefused,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)
from services.model import PlatformName
from tests.fakes import FakeTokens
from tests.unit.adapters.platforms.desk import APP_URL, EVERYTHING, OPENID, Desk, explain, wechat_app

TOLD = explain(PlatformName.WECHAT)
SESSION_URL = f"{APP_URL}/sns/jscode2session"
TOKEN_URL = f"{APP_URL}/cgi-bin/stable_token"
PHONE_URL = f"{APP_URL}/wxa/business/getuserphonenumber"
MESSAGE_URL = f"{APP_URL}/cgi-bin/message/subscribe/send"
WORDS = {"thing1": "您的账户有新的登录", "time2": "2026-11-24 17:30"}


def phone(**changes: Any) -> dict[str, Any]:
    made = {
        "phoneNumber": "13800138001", "purePhoneNumber": "13800138001", "countryCode": "86",
        "watermark": {"timestamp": 1732440000, "appid": "wx8888888888888888"},
    }  # fmt: skip
    return {"errcode": 0, "errmsg": "ok", "phone_info": {**made, **changes}}


def send(platform: WeChatPlatform, words: dict[str, str] | None = None, page: str = "pages/logins/index") -> None:
    platform.send_message(wechat_app(), OPENID, "template_new_login", words or WORDS, page, TOLD)


def test_a_success_without_errcode_is_a_success(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """WeChat's real success has no errcode, its documentation's sample has zero: both are accepted."""
    for extra in ({}, {"errcode": 0}):
        wechat.get(SESSION_URL, json={"openid": OPENID, "session_key": "k", "unionid": "u", **extra})
        found = platform.identify(wechat_app(), "0a1Bc", TOLD)
        assert (found.user_id, found.union_id) == (OPENID, "u")


@pytest.mark.parametrize("union", [7, True, ["u"], {"u": 1}, 0, False, []])
def test_a_union_id_is_a_text_or_absent(platform: WeChatPlatform, wechat: responses.RequestsMock, union: Any) -> None:
    """An answer of another form is garbled, not an accident of ours; an empty text is none."""
    wechat.get(SESSION_URL, json={"openid": OPENID, "session_key": "k", "unionid": union})
    with pytest.raises((PlatformGarbled, ExposureUndeclared)):
        platform.identify(wechat_app(), "0a1Bc", TOLD)


@pytest.mark.parametrize("union", [None, ""])
def test_no_union_id_is_no_fault(platform: WeChatPlatform, wechat: responses.RequestsMock, union: str | None) -> None:
    """Only apps of one open-platform account have it."""
    wechat.get(SESSION_URL, json={"openid": OPENID, "session_key": "k", "unionid": union})
    assert platform.identify(wechat_app(), "0a1Bc", TOLD).union_id is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"errcode": 40029, "errmsg": "invalid code, hints: [ req_id: x ]"}, LoginCodeRefused),
        ({"errcode": 40163}, LoginCodeRefused),
        ({"errcode": 40226}, PlatformRefused),
        ({"errcode": -1}, PlatformOutcomeUnknown),
        ({"errcode": 45011}, PlatformUnreachable),
        ({"errcode": 99999}, PlatformRefused),
        ({"errcode": "0"}, PlatformGarbled),
        ({"errcode": None}, PlatformGarbled),
        ({}, PlatformGarbled),
        ({"openid": ""}, PlatformGarbled),
        ({"openid": 7}, PlatformGarbled),
        ({"openid": "short"}, PlatformGarbled),
        ([], PlatformGarbled),
    ],
)
def test_what_an_errcode_means(
    platform: WeChatPlatform, wechat: responses.RequestsMock, answer: Any, error: type[Exception]
) -> None:
    """Known codes by the table; any other is a refusal; a shape that is not agreed is garbled."""
    wechat.get(SESSION_URL, json=answer)
    with pytest.raises(error):
        platform.identify(wechat_app(), "0a1Bc", TOLD)


def test_a_server_error_is_unknown(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """The code may have been used up."""
    wechat.get(SESSION_URL, body="<html>", status=502)
    with pytest.raises(PlatformOutcomeUnknown):
        platform.identify(wechat_app(), "0a1Bc", TOLD)


@pytest.mark.parametrize("code", ["", "王", "a b", "a&secret=1", "x" * 129, "a\n"])
def test_a_code_of_another_form_never_leaves(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock, code: str
) -> None:
    """What a client sends as a code and cannot be one is refused as a code, without a call."""
    with pytest.raises(LoginCodeRefused):
        platform.identify(wechat_app(), code, TOLD)
    with pytest.raises(LoginCodeRefused):
        platform.read_phone(wechat_app(), code, TOLD)
    assert desk.log.records == []


def test_one_token_serves_all_calls(
    desk: Desk, platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock
) -> None:
    """The token is fetched once, in normal mode, under the reason of exchanging keys, and shared through the cache."""
    wechat.post(TOKEN_URL, json={"access_token": "T" * 100, "expires_in": 7200})
    wechat.post(PHONE_URL, json=phone())
    for _ in range(2):
        platform.read_phone(wechat_app(), "code", TOLD)
    assert [call.request.path_url.split("?")[0] for call in wechat.calls] == [
        "/cgi-bin/stable_token", "/wxa/business/getuserphonenumber", "/wxa/business/getuserphonenumber",
    ]  # fmt: skip
    asked = json.loads(wechat.calls[0].request.body or b"")
    assert "force_refresh" not in asked
    assert list(tokens.values.values()) == ["T" * 100]


@pytest.mark.parametrize("code", sorted(TOKEN_INVALID))
def test_an_invalid_token_is_replaced_once(
    platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock, code: int
) -> None:
    """Drop it, fetch one, ask once more."""
    tokens.save("wechat-token:wx8888888888888888", "O" * 100, 60)
    wechat.post(PHONE_URL, json={"errcode": code})
    wechat.post(TOKEN_URL, json={"access_token": "N" * 100, "expires_in": 7200})
    wechat.post(PHONE_URL, json=phone())
    assert platform.read_phone(wechat_app(), "code", TOLD) == "13800138001"
    assert len(wechat.calls) == 3


def test_an_invalid_token_is_replaced_only_once(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """If the new token is invalid too, that is a refusal and not a loop."""
    wechat.post(TOKEN_URL, json={"access_token": "N" * 100, "expires_in": 7200})
    wechat.post(PHONE_URL, json={"errcode": 40001})
    with pytest.raises(PlatformRefused):
        platform.read_phone(wechat_app(), "code", TOLD)
    assert len(wechat.calls) == 4


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "T"},
        {"access_token": "T" * 20, "expires_in": 0},
        {"expires_in": 7200},
        {"access_token": "T&x=1" * 9, "expires_in": 1},
    ],
)
def test_a_token_of_another_form_is_garbled(
    platform: WeChatPlatform, wechat: responses.RequestsMock, answer: Any
) -> None:
    """A token without a time, or with signs that no token has, is not used."""
    wechat.post(TOKEN_URL, json=answer)
    with pytest.raises(PlatformGarbled):
        platform.read_phone(wechat_app(), "code", TOLD)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "13800138001"),
        ({"countryCode": 86}, "13800138001"),
        ({"countryCode": 852, "purePhoneNumber": "91234567"}, "+85291234567"),
    ],
)
def test_a_country_code_is_a_text_or_a_number(
    platform: WeChatPlatform, wechat: responses.RequestsMock, changes: dict[str, Any], expected: str
) -> None:
    """WeChat's documentation and its answers differ; both are read."""
    wechat.post(TOKEN_URL, json={"access_token": "T" * 100, "expires_in": 7200})
    wechat.post(PHONE_URL, json=phone(**changes))
    assert platform.read_phone(wechat_app(), "code", TOLD) == expected


@pytest.mark.parametrize(
    "changes",
    [{"watermark": {"appid": "wx9"}}, {"watermark": None}, {"purePhoneNumber": "138 0013"}, {"countryCode": None}],
)
def test_a_phone_number_for_another_app_is_garbled(
    platform: WeChatPlatform, wechat: responses.RequestsMock, changes: dict[str, Any]
) -> None:
    """The watermark names the app for which WeChat verified the number."""
    wechat.post(TOKEN_URL, json={"access_token": "T" * 100, "expires_in": 7200})
    wechat.post(PHONE_URL, json=phone(**changes))
    with pytest.raises(PlatformGarbled):
        platform.read_phone(wechat_app(), "code", TOLD)


def test_a_message_is_two_things_from_a_closed_list(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """A fixed phrase and a time, to one user, under the app's template."""
    wechat.post(TOKEN_URL, json={"access_token": "T" * 100, "expires_in": 7200})
    wechat.post(MESSAGE_URL, json={"errcode": 0, "errmsg": "ok"})
    send(platform)
    assert json.loads(wechat.calls[1].request.body or b"") == {
        "touser": OPENID,
        "template_id": "TEMPLATE-0123456789",
        "page": "pages/logins/index",
        "data": {"thing1": {"value": WORDS["thing1"]}, "time2": {"value": WORDS["time2"]}},
    }


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ({"thing1": "王小明有新的登录"}, "pages/logins/index"),
        ({"thing1": "13800138001"}, "pages/logins/index"),
        ({"name.first": WORDS["thing1"]}, "pages/logins/index"),
        (WORDS, "pages/logins/index?name=1"),
        (WORDS, "pages/13800138001"),
        (WORDS, ""),
    ],
)
def test_a_message_with_anything_else_does_not_leave(
    platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock, words: dict[str, str], page: str
) -> None:
    """A name, a number or a parameter in words or page stops the message at the door."""
    tokens.save("wechat-token:wx8888888888888888", "T" * 100, 60)
    with pytest.raises(ExposureUndeclared):
        send(platform, words, page)


CASE_WORDS = {"thing1": WORDS["thing1"], "character_string2": "*0032", "time3": WORDS["time2"]}


def test_the_end_of_a_case_number_leaves_under_its_own_name(
    platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock
) -> None:
    """Where the budget has it, and nowhere else."""
    tokens.save("wechat-token:wx8888888888888888", "T" * 100, 60)
    wechat.post(MESSAGE_URL, json={"errcode": 0, "errmsg": "ok"})
    told = explain(PlatformName.WECHAT, EVERYTHING | {"case_no_tail"})
    platform.send_message(wechat_app(), OPENID, "template_new_login", CASE_WORDS, "pages/cases/index", told)
    assert json.loads(wechat.calls[0].request.body or b"")["data"]["character_string2"] == {"value": "*0032"}
    with pytest.raises(ExposureOverBudget):
        send(platform, CASE_WORDS)


@pytest.mark.parametrize("tail", ["0032", "*00321", "*032", "*王小明儿", "*003２", "**003", "*00a2"])
def test_what_is_no_end_of_a_case_number_does_not_leave(
    platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock, tail: str
) -> None:
    """One form: a star and four capital letters or digits."""
    tokens.save("wechat-token:wx8888888888888888", "T" * 100, 60)
    told = explain(PlatformName.WECHAT, EVERYTHING | {"case_no_tail"})
    words = {**CASE_WORDS, "character_string2": tail}
    with pytest.raises(ExposureUndeclared):
        platform.send_message(wechat_app(), OPENID, "template_new_login", words, "pages/cases/index", told)


def test_a_template_that_is_not_configured_is_a_fault_of_ours(platform: WeChatPlatform) -> None:
    """The name of a template must be an option of the app."""
    with pytest.raises(ConfigurationFault):
        platform.send_message(wechat_app(), OPENID, "template_unknown", WORDS, "pages/logins/index", TOLD)


def test_a_user_who_refuses_messages_is_a_refusal(
    platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock
) -> None:
    """43101 is an answer, kept with its number."""
    tokens.save("wechat-token:wx8888888888888888", "T" * 100, 60)
    wechat.post(MESSAGE_URL, json={"errcode": 43101, "errmsg": "user refuse to accept the msg"})
    with pytest.raises(PlatformRefused) as caught:
        send(platform)
    assert caught.value.reason.startswith("43101")


def test_codes_are_named_as_wechatpy_names_them() -> None:
    """The names come from wechatpy's table where it has them; a code that it lacks stays a number."""
    assert name_app_code(40029) == f"40029 {WeChatErrorCode.INVALID_OAUTH_CODE.name}"
    assert name_app_code(99999) == "99999"
    assert set(TOKEN_INVALID) <= set(APP_CODES)
