"""Rules of Alipay's signatures, certificate serials and amounts, compared with python-alipay-sdk where it can."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import parse_qsl

import pytest
from alipay import AliPay, DCAliPay
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.alipay_evidence import read_moment, read_yuan, write_yuan
from adapters.platforms.alipay_signing import (
    RequestBuilder,
    certificate_serial,
    join_parameters,
    read_aes_key,
    root_serial,
)
from adapters.platforms.keys import verify_text
from services.errors import PlatformGarbled
from tests.unit.adapters.platforms.desk import NOW, certificate, certificate_pem, key, private_pem, public_pem

CONTENT = {"out_trade_no": "0a" * 16, "total_amount": "86.40", "subject": "公共服务缴费 & a=b+c"}
# A root of the kind that cryptography cannot parse: an SM2 certificate stands in Alipay's own root file.
NOT_RSA = b"-----BEGIN CERTIFICATE-----\nMIIBszCCAVegAwIBAgIIaeL+wBcKxnswDAYIKoEcz1UBg3UFADAuMQswCQYDVQQG\n-----END CERTIFICATE-----\n"


def test_a_request_is_what_the_sdk_would_send() -> None:
    """Same parameters, same order, same signature as python-alipay-sdk with its own key handling; only split in two."""
    query, body = RequestBuilder("2021", key("merchant")).build(
        "alipay.trade.create", CONTENT, NOW, {"notify_url": "https://x/n"}
    )
    sdk = AliPay("2021", None, private_pem("merchant").decode(), public_pem("alipay").decode())
    data = sdk.build_body(
        "alipay.trade.create", dict(CONTENT), notify_url="https://x/n", format="JSON", timestamp="2026-11-24 17:30:00"
    )
    assert sorted([*parse_qsl(query), *parse_qsl(body.decode())]) == sorted(parse_qsl(sdk.sign_data(data)))
    assert [name for name, _ in parse_qsl(body.decode())] == ["biz_content"]


def test_the_signature_covers_every_parameter() -> None:
    """Sorted ``k=v`` joined by ``&``, not encoded, without ``sign``; system parameters and content alike."""
    query, body = RequestBuilder("2021", key("merchant")).build("alipay.trade.query", {"out_trade_no": "1"}, NOW, {})
    pairs = dict([*parse_qsl(query), *parse_qsl(body.decode())])
    signature = pairs.pop("sign")
    text = "&".join(f"{name}={value}" for name, value in sorted(pairs.items()))
    assert verify_text(key("merchant").public_key(), text.encode(), signature)
    assert json.loads(pairs["biz_content"]) == {"out_trade_no": "1"}
    assert pairs["timestamp"] == "2026-11-24 17:30:00"


def test_the_log_in_call_has_no_biz_content() -> None:
    """``alipay.system.oauth.token`` takes its parameters at the top level."""
    content = {"grant_type": "authorization_code", "code": "abc"}
    query, body = RequestBuilder("2021", key("merchant")).build("alipay.system.oauth.token", content, NOW, {})
    assert dict(parse_qsl(body.decode())) == content
    assert "biz_content" not in query


def test_certificate_serials_are_those_of_the_sdk() -> None:
    """MD5 of issuer and decimal serial, as python-alipay-sdk computes it (with calls that pyOpenSSL has given up)."""
    with pytest.warns(DeprecationWarning, match="get_issuer|get_signature|deprecated"):
        theirs = DCAliPay.get_cert_sn(certificate_pem("merchant", 4343))
    assert certificate_serial(certificate("merchant", 4343)) == theirs


def test_a_root_file_with_an_unreadable_certificate_has_a_serial() -> None:
    """Certificates are split and read one by one; one that cannot be read is skipped."""
    roots = [certificate_pem("root", 1), NOT_RSA, certificate_pem("merchant", 2)]
    expected = "_".join(
        certificate_serial(certificate(name, serial)) for name, serial in (("root", 1), ("merchant", 2))
    )
    assert root_serial(b"\n".join(roots)) == expected


def test_serials_keep_leading_zeros() -> None:
    """A serial always has 32 hex digits."""
    assert all(len(certificate_serial(certificate("root", serial))) == 32 for serial in range(1, 60))


def test_what_a_notice_signs() -> None:
    """``sign`` and ``sign_type`` are left out; empty values are in one variant and out of the other; order is by name."""
    form = {"b": "2", "a": "1", "empty": "", "sign": "s", "sign_type": "RSA2"}
    assert join_parameters(form, keep_empty=True) == b"a=1&b=2&empty="
    assert join_parameters(form, keep_empty=False) == b"a=1&b=2"


@given(st.integers(0, 10**11))
def test_fen_become_yuan_and_back_exactly(amount_fen: int) -> None:
    """No amount changes by a fen on its way through a yuan text."""
    text = write_yuan(amount_fen)
    assert read_yuan("test", {"x": text}, "x") == amount_fen
    assert text == f"{amount_fen / 100:.2f}" or amount_fen > 10**10


@pytest.mark.parametrize(
    "text",
    ["", "1.234", "-1.00", "+1", "1,00", "1e2", "01.00", "１.00", ".5", "1.", " 1", "1 ", "NaN", 86.4, 86, None, True],
)
def test_an_amount_of_another_form_is_garbled(text: object) -> None:
    """A JSON number, a third decimal, a sign or a foreign digit is never rounded into money."""
    with pytest.raises(PlatformGarbled):
        read_yuan("test", {"x": text}, "x")


def test_a_negative_amount_is_never_written() -> None:
    """A negative number of fen is a fault of ours."""
    with pytest.raises(ValueError, match="negative"):
        write_yuan(-1)


def test_times_are_beijing_times() -> None:
    """Texts without a zone are read as China's time, with or without milliseconds."""
    for text in ("2026-11-24 17:30:00", "2026-11-24 17:30:00.123"):
        assert read_moment("test", {"x": text}, "x") == datetime.fromisoformat("2026-11-24T17:30:00+08:00")
    for text in ("", "2026-11-24", "24.11.2026 17:30:00", "2026-13-01 00:00:00"):
        with pytest.raises(PlatformGarbled):
            read_moment("test", {"x": text}, "x")


def test_an_aes_key_has_sixteen_bytes() -> None:
    """Any other length is refused when it is loaded."""
    for wrong in (b"", b"YWJj", b"not base64!"):
        with pytest.raises(ValueError):
            read_aes_key(wrong)
