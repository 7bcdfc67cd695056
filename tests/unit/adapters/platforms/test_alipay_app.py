"""Rules of Alipay's mini-program calls: log-in code, the phone number that the client brings, message."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import responses
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.alipay import AlipayPlatform
from services.errors import (
    ConfigurationFault,
    ExposureOverBudget,
    ExposureUndeclared,
    LoginCodeRefused,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
)
from services.model import PlatformName
from tests.unit.adapters.platforms.desk import (
    AES_KEY,
    ALIPAY_URL,
    EVERYTHING,
    Desk,
    alipay_app,
    alipay_body,
    explain,
    sign,
)

TOLD = explain(PlatformName.ALIPAY)
URL = f"{ALIPAY_URL}/gateway.do"
TOKEN, MESSAGE = "alipay.system.oauth.token", "alipay.open.app.mini.templatemessage.send"
OPEN_ID = "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5"
WORDS = {"keyword1": "您的账户有新的登录", "keyword2": "2026-11-24 17:30"}


def encrypt(plain: bytes, key: bytes = base64.b64decode(AES_KEY)) -> str:
    padder = padding.PKCS7(128).padder()
    maker = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    sealed = maker.update(padder.update(plain) + padder.finalize()) + maker.finalize()
    return base64.b64encode(sealed).decode()


def phone_answer(plain: Any = None, *, signer: str = "alipay", signed: str | None = None) -> str:
    """What ``my.getPhoneNumber`` gives the client: the signature covers the cipher text with its quotes."""
    cipher = encrypt(json.dumps(plain or {"code": "10000", "msg": "Success", "mobile": "13800138001"}).encode())
    signature = sign(signer, f'"{cipher}"'.encode() if signed is None else signed.encode())
    return json.dumps(
        {"response": cipher, "sign": signature, "sign_type": "RSA2", "encrypt_type": "AES", "charset": "UTF-8"}
    )


@pytest.mark.parametrize("union", ["7", "true", '["u"]', '{"u":1}', "0", "false", "[]"])
def test_a_union_id_is_a_text_or_absent(alipay: AlipayPlatform, wechat: responses.RequestsMock, union: str) -> None:
    """An answer of another form is garbled, not an accident of ours."""
    node = f'{{"open_id":"{OPEN_ID}","access_token":"t","expires_in":1,"union_id":{union}}}'
    wechat.post(URL, body=alipay_body(TOKEN, node))
    with pytest.raises((PlatformGarbled, ExposureUndeclared)):
        alipay.identify(alipay_app(), "abc", TOLD)


@pytest.mark.parametrize(("name", "value"), [("user_id", "2088102169481075"), ("open_id", OPEN_ID)])
def test_a_log_in_gives_a_user_id_or_an_open_id(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, name: str, value: str
) -> None:
    """Old and new apps are told apart by the field that the signed success carries; it has no code."""
    wechat.post(URL, body=alipay_body(TOKEN, json.dumps({name: value, "access_token": "t", "expires_in": 1})))
    assert alipay.identify(alipay_app(), "abc", TOLD).user_id == value
    body = wechat.calls[0].request.body
    assert isinstance(body, bytes)
    assert dict(parse_qsl(body.decode())) == {"grant_type": "authorization_code", "code": "abc"}


CODE_INVALID = '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.code-invalid","sub_msg":"x"}'


@pytest.mark.parametrize(
    "body", [f'{{"error_response":{CODE_INVALID},"sign":""}}', f'{{"error_response":{CODE_INVALID}}}']
)
def test_an_unsigned_refusal_of_a_code_is_believed(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, body: str
) -> None:
    """Alipay does not sign this error; all that it can do is to refuse."""
    wechat.post(URL, body=body)
    with pytest.raises(LoginCodeRefused):
        alipay.identify(alipay_app(), "abc", TOLD)


@pytest.mark.parametrize(
    "body",
    [
        '{"alipay_system_oauth_token_response":{"user_id":"2088102169481075"},"sign":""}',
        '{"alipay_system_oauth_token_response":{"user_id":"2088102169481075"}}',
        '{"error_response":{"user_id":"2088102169481075"}}',
    ],
)
def test_an_unsigned_log_in_is_not_believed(alipay: AlipayPlatform, wechat: responses.RequestsMock, body: str) -> None:
    """Without a signature nobody is logged in."""
    wechat.post(URL, body=body)
    with pytest.raises(PlatformGarbled):
        alipay.identify(alipay_app(), "abc", TOLD)


@pytest.mark.parametrize("text", ["{}", '{"user_id":""}', '{"user_id":7}', '{"user_id":"2088"}'])
def test_a_log_in_without_a_user_is_garbled(alipay: AlipayPlatform, wechat: responses.RequestsMock, text: str) -> None:
    """A signed success must name a user in one of the two forms."""
    wechat.post(URL, body=alipay_body(TOKEN, text))
    with pytest.raises(PlatformGarbled):
        alipay.identify(alipay_app(), "abc", TOLD)


def test_a_server_error_is_unknown(alipay: AlipayPlatform, wechat: responses.RequestsMock) -> None:
    """The code may have been used up."""
    wechat.post(URL, status=500)
    with pytest.raises(PlatformOutcomeUnknown):
        alipay.identify(alipay_app(), "abc", TOLD)


@pytest.mark.parametrize("code", ["", "王", "a&code=b", "x" * 129])
def test_a_code_of_another_form_never_leaves(desk: Desk, alipay: AlipayPlatform, code: str) -> None:
    """What cannot be a code is refused as one, without a call."""
    with responses.RequestsMock(), pytest.raises(LoginCodeRefused):
        alipay.identify(alipay_app(), code, TOLD)
    assert desk.log.records == []


def test_the_phone_number_is_verified_and_then_decrypted(alipay: AlipayPlatform) -> None:
    """RSA2 over the quoted cipher text, AES-128-CBC with a zero IV; nothing is sent."""
    with responses.RequestsMock():
        assert alipay.read_phone(alipay_app(), phone_answer(), TOLD) == "13800138001"
        assert alipay.read_phone(alipay_app(), phone_answer().replace("/", "\\/"), TOLD) == "13800138001"


def unverified() -> dict[str, str]:
    whole = json.loads(phone_answer())
    return {
        "another key": phone_answer(signer="merchant"),
        "signed without quotes": phone_answer(signed=whole["response"]),
        "empty sign": json.dumps({**whole, "sign": ""}),
        "no sign": json.dumps({name: value for name, value in whole.items() if name != "sign"}),
        "no response": json.dumps({"sign": whole["sign"]}),
        "another number": json.dumps({**whole, "response": encrypt(b'{"code":"10000","mobile":"13900139000"}')}),
        "two responses": phone_answer().replace("{", '{"response":"x",', 1),
        "not JSON": "13800138001",
        "a number": "1",
    }


@pytest.mark.parametrize("name", unverified())
def test_an_unverified_phone_number_is_not_believed(alipay: AlipayPlatform, name: str) -> None:
    """It comes through the client: only Alipay's signature over this very text makes it evidence."""
    with pytest.raises(PlatformGarbled):
        alipay.read_phone(alipay_app(), unverified()[name], TOLD)


def test_a_signed_answer_that_does_not_open_is_garbled(alipay: AlipayPlatform, desk: Desk) -> None:
    """Another AES key, a broken padding or another content is never a phone number."""
    answer = phone_answer()
    with pytest.raises(PlatformGarbled):
        alipay.read_phone(alipay_app(), phone_answer({"code": "10000", "mobile": "call me"}), TOLD)
    with pytest.raises(PlatformRefused):
        alipay.read_phone(alipay_app(), phone_answer({"code": "40003", "subCode": "isv.x"}), TOLD)
    desk.secrets.values["aes-key"] = base64.b64encode(b"z" * 16)
    with pytest.raises(PlatformGarbled):
        alipay.read_phone(alipay_app(), answer, TOLD)


def test_an_error_that_alipay_gave_the_client_is_a_refusal(alipay: AlipayPlatform) -> None:
    """A signed error object in place of the cipher text."""
    text = '{"code":"40001","msg":"x","subCode":"isv.missing-encrypt-key"}'
    answer = f'{{"response":{text},"sign":"{sign("alipay", text.encode())}"}}'
    with pytest.raises(PlatformRefused) as caught:
        alipay.read_phone(alipay_app(), answer, TOLD)
    assert caught.value.reason == "isv.missing-encrypt-key"


@given(st.text(max_size=60))
def test_any_text_as_evidence_is_garbled(text: str) -> None:
    """Whatever a client sends, nothing but ``PlatformGarbled`` is raised."""
    with pytest.raises(PlatformGarbled):
        AlipayPlatform(Desk().context).read_phone(alipay_app(), text, TOLD)


@pytest.mark.parametrize(("user", "name"), [("2088102169481075", "to_user_id"), (OPEN_ID, "to_open_id")])
def test_a_message_is_two_things_from_a_closed_list(
    alipay: AlipayPlatform, wechat: responses.RequestsMock, user: str, name: str
) -> None:
    """A fixed phrase and a time, JSON inside a text, to a user in either form."""
    wechat.post(URL, body=alipay_body(MESSAGE, '{"code":"10000","msg":"Success"}'))
    alipay.send_message(alipay_app(), user, "template_new_login", WORDS, "pages/logins/index", TOLD)
    body = wechat.calls[0].request.body
    assert isinstance(body, bytes)
    content = json.loads(dict(parse_qsl(body.decode()))["biz_content"])
    assert content[name] == user
    assert json.loads(content["data"]) == {key: {"value": word} for key, word in WORDS.items()}


def test_the_end_of_a_case_number_leaves_under_its_own_name(
    alipay: AlipayPlatform, wechat: responses.RequestsMock
) -> None:
    """Where the budget has it, and nowhere else."""
    wechat.post(URL, body=alipay_body(MESSAGE, '{"code":"10000","msg":"Success"}'))
    words = {"keyword1": WORDS["keyword1"], "keyword2": "*0032", "keyword3": WORDS["keyword2"]}
    told = explain(PlatformName.ALIPAY, EVERYTHING | {"case_no_tail"})
    alipay.send_message(alipay_app(), OPEN_ID, "template_new_login", words, "pages/cases/index", told)
    with pytest.raises(ExposureOverBudget):
        alipay.send_message(alipay_app(), OPEN_ID, "template_new_login", words, "pages/cases/index", TOLD)
    assert len(wechat.calls) == 1


@pytest.mark.parametrize(
    "words",
    [{"keyword1": "王小明"}, {"keyword1": '{"name":"x"}'}, {"keyword1": "13800138001"}, {"a.b": WORDS["keyword1"]}],
)
def test_a_name_hidden_in_nested_json_does_not_leave(desk: Desk, alipay: AlipayPlatform, words: dict[str, str]) -> None:
    """``data`` is a text that holds JSON: it is entered, and what was not declared is found there too."""
    with responses.RequestsMock(), pytest.raises(ExposureUndeclared):
        alipay.send_message(alipay_app(), OPEN_ID, "template_new_login", words, "pages/logins/index", TOLD)
    assert desk.log.records == []


def test_a_template_that_is_not_configured_is_a_fault_of_ours(alipay: AlipayPlatform) -> None:
    """The name of a template must be an option of the app."""
    with pytest.raises(ConfigurationFault):
        alipay.send_message(alipay_app(), OPEN_ID, "template_unknown", WORDS, "pages/logins/index", TOLD)
