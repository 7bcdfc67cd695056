"""What the emulated gateway refuses before a product sees it, and how its answers are signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from Cryptodome.Cipher import AES
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.alipay.envelope import write_answer
from adapters.sandbox.alipay.model import PlatformKey
from adapters.sandbox.alipay.signatures import (
    certificate_sn,
    encrypt_answer,
    root_sn,
    split_certificates,
    stranger_key,
    write_value,
)
from tests.unit.adapters.sandbox.alipay_desk import AlipayDesk, change, parse

QUERY = "alipay.trade.query"
DOWNLOAD = "alipay.open.app.alipaycert.download"
TEXT = st.text(st.sampled_from('a}b{"\\/[],:水费 \u20ac\U0001f6b0\n'), max_size=30)


@given(st.dictionaries(TEXT, st.one_of(TEXT, st.lists(TEXT, max_size=3)), max_size=4), st.booleans())
def test_the_signature_covers_exactly_the_bytes_of_the_value(value: dict[str, Any], sign_first: bool) -> None:
    """Whatever stands in the value - braces, quotes, slashes, Chinese - a JSON scanner finds the bytes that were signed."""
    key = PlatformKey(stranger_key())
    raw = write_answer("x_response", write_value(value), key, "utf-8", sign_first=sign_first).get_data().decode()
    start = raw.index('"x_response":') + len('"x_response":')
    found, end = json.JSONDecoder().raw_decode(raw, start)
    signature = base64.b64decode(json.loads(raw)["sign"])
    stranger_key().public_key().verify(signature, raw[start:end].encode(), padding.PKCS1v15(), SHA256())
    assert found == value


def test_slashes_are_escaped_in_the_signed_bytes(desk: AlipayDesk) -> None:
    """A subject with a brace, a quote and a slash comes back signed over the escaped form."""
    subject = 'a}b/"水费"\\'
    desk.create(subject=subject)
    desk.arrange("query", "with_subject")
    merchant = desk.merchants["gas-alipay"]
    raw = merchant.post(merchant.sign(merchant.parameters(QUERY, {"out_trade_no": "P000001"})))
    assert b"a}b\\/" in raw
    assert merchant.verify(raw, "alipay_trade_query_response")["subject"] == subject
    with pytest.raises(InvalidSignature):
        merchant.verify(raw.replace(b"\\/", b"/"), "alipay_trade_query_response")


@pytest.mark.parametrize(
    ("name", "value", "code", "sub_code"),
    [
        ("app_id", None, "40001", "isv.missing-app-id"),
        ("method", None, "40001", "isv.missing-method"),
        ("sign", None, "40001", "isv.missing-signature"),
        ("sign", "", "40001", "isv.missing-signature"),
        ("sign_type", None, "40001", "isv.missing-signature-type"),
        ("timestamp", None, "40001", "isv.missing-timestamp"),
        ("version", None, "40001", "isv.missing-version"),
        ("app_id", "2021000000000000", "40002", "isv.invalid-app-id"),
        ("method", "alipay.trade.pay", "40002", "isv.invalid-method"),
        ("charset", "latin-1", "40002", "isv.invalid-charset"),
        ("sign_type", "RSA", "40002", "isv.invalid-signature-type"),
        ("format", "XML", "40002", "isv.invalid-format"),
        ("timestamp", "2026-11-24T16:00:00", "40002", "isv.invalid-timestamp"),
        ("timestamp", "2026-11-24 16:16:00", "40002", "isv.invalid-timestamp"),
        ("timestamp", "2026-11-24 15:44:00", "40002", "isv.invalid-timestamp"),
        ("timestamp", "2026-11-24 08:00:00", "40002", "isv.invalid-timestamp"),
        ("timestamp", "2026-11-24 16:00:01", "40002", "isv.invalid-signature"),
        ("biz_content", '{"out_trade_no":"OTHER"}', "40002", "isv.invalid-signature"),
        ("sign", "AAAA", "40002", "isv.invalid-signature"),
        ("sign", "not base64!", "40002", "isv.invalid-signature"),
        ("notify_url", "http://elsewhere.example/", "40002", "isv.invalid-signature"),
        ("app_cert_sn", "0" * 32, "40002", "isv.invalid-app-cert-sn"),
    ],
)
def test_refuses_a_request_that_is_not_as_it_was_signed(
    desk: AlipayDesk, name: str, value: str | None, code: str, sub_code: str
) -> None:
    """Every missing, changed or unacceptable common parameter has the platform's code."""
    merchant = desk.merchants["gas-alipay"]
    node = merchant.ask(QUERY, {"out_trade_no": "P000001"}, change(name, value))
    assert (node["code"], node["sub_code"]) == (code, sub_code)


def test_refuses_names_that_come_twice_and_bodies_that_are_no_form(desk: AlipayDesk) -> None:
    """Two values for one name, query and form together, JSON instead of a form: refused before the signature."""
    merchant = desk.merchants["gas-alipay"]
    form = urlencode(merchant.sign(merchant.parameters(QUERY, {"out_trade_no": "P000001"})))
    kind = "application/x-www-form-urlencoded"
    for target, body, mime in (
        ("/gateway.do", form + "&app_id=1", kind),
        ("/gateway.do?method=alipay.trade.close", form, kind),
        ("/gateway.do", form, "application/json"),
    ):
        answer = parse(desk.client.post(target, data=body, content_type=mime).get_data())
        node = answer.get("error_response") or answer["alipay_trade_query_response"]
        assert node["sub_code"] == "isv.invalid-parameter"
        assert "sign" not in answer


def test_answers_in_the_charset_of_the_request(desk: AlipayDesk) -> None:
    """A request in GBK is signed, read and answered in GBK; UTF-8 bytes under that name are refused."""
    merchant = desk.merchants["gas-alipay"]
    content = desk.order_content(subject="水费")
    parameters = merchant.sign(merchant.parameters("alipay.trade.create", content, charset="GBK"), "gbk")
    assert parse(merchant.post(parameters, "gbk"))["alipay_trade_create_response"]["code"] == "10000"
    query = merchant.sign(merchant.parameters(QUERY, {"out_trade_no": "P000001"}, charset="gbk"), "gbk")
    desk.arrange("query", "with_subject")
    raw = merchant.post(query, "gbk")
    assert "水费".encode("gbk") in raw
    wrong = merchant.sign(
        merchant.parameters("alipay.trade.create", content | {"subject": "水"}, charset="gbk"), "utf-8"
    )
    assert b"isv.invalid-" in merchant.post(wrong, "utf-8")


@pytest.mark.parametrize("content", ["[]", "{", "[" * 100_000, "null", '"x"', "\ufeff{}", '{"a":"\\ud800"}'])
def test_a_biz_content_that_is_no_object_is_refused(desk: AlipayDesk, content: str) -> None:
    """Correctly signed nonsense is isv.invalid-parameter, never a crash."""
    merchant = desk.merchants["gas-alipay"]
    node = merchant.ask(QUERY, None, biz_content=content)
    assert (node["code"], node["sub_code"]) == ("40002", "isv.invalid-parameter")


@given(TEXT)
def test_an_answer_in_gbk_is_signed_as_it_is_sent(text: str) -> None:
    """What GBK cannot say is replaced in the signed bytes too."""
    raw = write_answer("x_response", write_value({"a": text}), PlatformKey(stranger_key()), "gbk").get_data()
    value = raw[raw.index(b":") + 1 : raw.index(b',"sign":"')]
    signature = base64.b64decode(raw[raw.index(b'"sign":"') + 8 : -2])
    stranger_key().public_key().verify(signature, value, padding.PKCS1v15(), SHA256())


def test_errors_of_the_log_in_stand_unsigned_in_error_response(desk: AlipayDesk) -> None:
    """A used or unknown code is answered in error_response without a signature; an unknown app without one too."""
    merchant = desk.merchants["alipay-main"]
    parameters = merchant.sign(
        merchant.parameters("alipay.system.oauth.token", None, grant_type="authorization_code", code="x" * 32)
    )
    answer = parse(merchant.post(parameters))
    assert set(answer) == {"error_response"}
    assert answer["error_response"]["sub_code"] == "isv.code-invalid"


@pytest.mark.parametrize("behaviour", ["unsigned", "empty_sign", "forged_signature", "sign_first", "unknown_serial"])
def test_signs_wrongly_on_order(desk: AlipayDesk, behaviour: str) -> None:
    """Each signature behaviour gives an answer that a merchant must (or must not) refuse."""
    desk.create()
    desk.arrange("query", behaviour)
    merchant = desk.merchants["gas-alipay"]
    raw = merchant.post(merchant.sign(merchant.parameters(QUERY, {"out_trade_no": "P000001"})))
    if behaviour == "sign_first":
        assert raw.startswith(b'{"sign":')
        merchant.verify(raw, "alipay_trade_query_response")
    elif behaviour == "unsigned":
        assert "sign" not in parse(raw)
    elif behaviour == "empty_sign":
        assert parse(raw)["sign"] == ""
    else:
        with pytest.raises(InvalidSignature):
            merchant.verify(raw, "alipay_trade_query_response")


class TestCertificates:
    """Certificate mode."""

    def call(self, desk: AlipayDesk, **changes: str) -> dict[str, Any]:
        """Query in certificate mode with these SNs."""
        merchant = desk.merchants["water-alipay"]
        app = split_certificates(Path(merchant.entry["app_certificate_file"]).read_text())[0]
        root = Path(merchant.entry["root_certificate_file"]).read_text()
        serials = {"app_cert_sn": certificate_sn(app), "alipay_root_cert_sn": root_sn(root)} | changes
        raw = merchant.post(merchant.sign(merchant.parameters(QUERY, {"out_trade_no": "NONE"}, **serials)))
        answer = parse(raw)
        certificate = split_certificates(Path(merchant.entry["alipay_certificate_file"]).read_text())[0]
        public = certificate.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        assert answer["alipay_cert_sn"] == certificate_sn(certificate)
        value = raw[raw.index(b'_response":') + 11 : raw.index(b',"alipay_cert_sn"')]
        public.verify(base64.b64decode(answer["sign"]), value, padding.PKCS1v15(), SHA256())
        node = answer["alipay_trade_query_response"]
        assert isinstance(node, dict)
        return node

    def test_answers_name_the_certificate_that_signed(self, desk: AlipayDesk) -> None:
        """The SN in the answer is that of the certificate whose key signed the value."""
        assert self.call(desk)["sub_code"] == "ACQ.TRADE_NOT_EXIST"

    def test_the_next_certificate_signs_when_it_is_told_to(self, desk: AlipayDesk) -> None:
        """By a behaviour for one answer, by the control for all; the download gives the one that is asked for, and no stranger's."""
        desk.arrange("query", "next_serial")
        following = self.ask(desk)["alipay_cert_sn"]
        assert following != self.ask(desk)["alipay_cert_sn"]
        assert desk.tell("/_sandbox/control/certificate", {})["alipay_cert_sn"] == following
        assert self.ask(desk)["alipay_cert_sn"] == following
        merchant = desk.merchants["water-alipay"]
        asked = merchant.parameters(DOWNLOAD, {"alipay_cert_sn": following}, **self.serials(desk))
        answer = parse(merchant.post(merchant.sign(asked)))["alipay_open_app_alipaycert_download_response"]
        chain = split_certificates(base64.b64decode(answer["alipay_cert_content"]).decode())
        assert [certificate_sn(chain[0]), len(chain)] == [following, 2]
        chain[0].verify_directly_issued_by(chain[1])
        unknown = merchant.parameters(DOWNLOAD, {"alipay_cert_sn": "0" * 32}, **self.serials(desk))
        refused = parse(merchant.post(merchant.sign(unknown)))["alipay_open_app_alipaycert_download_response"]
        assert refused["sub_code"] == "CERT_NOT_EXIST"

    def serials(self, desk: AlipayDesk) -> dict[str, str]:
        """What a request in certificate mode names."""
        entry = desk.merchants["water-alipay"].entry
        app = split_certificates(Path(entry["app_certificate_file"]).read_text())[0]
        return {
            "app_cert_sn": certificate_sn(app),
            "alipay_root_cert_sn": root_sn(Path(entry["root_certificate_file"]).read_text()),
        }

    def ask(self, desk: AlipayDesk) -> dict[str, Any]:
        """The answer to a query in certificate mode."""
        merchant = desk.merchants["water-alipay"]
        asked = merchant.parameters(QUERY, {"out_trade_no": "NONE"}, **self.serials(desk))
        return parse(merchant.post(merchant.sign(asked)))

    def test_refuses_other_serials(self, desk: AlipayDesk) -> None:
        """The application's and the root's SN must both be right."""
        assert self.call(desk, app_cert_sn="0" * 32)["sub_code"] == "isv.invalid-app-cert-sn"
        assert self.call(desk, alipay_root_cert_sn="0" * 32)["sub_code"] == "isv.invalid-alipay-root-cert-sn"

    def test_a_root_file_with_an_unreadable_certificate_still_has_its_sn(self, desk: AlipayDesk) -> None:
        """Certificates that are not RSA, or cannot be read at all, do not count and do not hide the others."""
        pem = Path(desk.merchants["water-alipay"].entry["root_certificate_file"]).read_text()
        broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        assert [type(one.public_key()).__name__ for one in split_certificates(pem)] == ["RSAPublicKey", "ECPublicKey"]
        assert root_sn(pem) == certificate_sn(split_certificates(pem)[0])
        assert root_sn(broken + pem + broken) == root_sn(pem)
        assert root_sn(pem + "\n" + pem) == f"{root_sn(pem)}_{root_sn(pem)}"
        assert isinstance(split_certificates(broken + pem)[0], x509.Certificate)


def test_content_encryption_is_the_published_one() -> None:
    """AES-128-CBC with a zero IV and PKCS#7: an independent library decrypts it."""
    key = bytes(range(16))
    plain = AES.new(key, AES.MODE_CBC, bytes(16)).decrypt(base64.b64decode(encrypt_answer(key, b"13800138000")))
    assert plain == b"13800138000" + bytes([5]) * 5
