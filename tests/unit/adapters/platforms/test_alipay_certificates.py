"""Rules of Alipay's certificates: when one is fetched, when it is believed, who may cause a call."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import responses
from cryptography import x509
from structlog.testing import capture_logs

from adapters.platforms.alipay import AlipayPlatform
from adapters.platforms.alipay_signing import certificate_serial
from services.errors import NoticeRefused, PlatformGarbled
from services.exposure import Direction
from services.model import PlatformName, TradeState
from tests.unit.adapters.platforms.authority import (
    ALIPAY,
    MERCHANT,
    MIDDLE,
    ROOT,
    issue,
    make_middle,
    make_name,
    make_root,
    write_pem,
)
from tests.unit.adapters.platforms.desk import (
    ALIPAY_URL,
    NOW,
    ORDER_NO,
    Desk,
    alipay_body,
    alipay_merchant,
    explain,
    sign,
)
from tests.unit.adapters.platforms.test_alipay_notices import FORM, fields

URL = f"{ALIPAY_URL}/gateway.do"
QUERY, DOWNLOAD = "alipay.trade.query", "alipay.open.app.alipaycert.download"
TOLD, CERTIFIED = explain(PlatformName.ALIPAY), alipay_merchant("certificate")
HOLDER = make_name(f"{ALIPAY}-2088000000000001", ALIPAY)
OLD, NEW = issue(HOLDER, "first", 100), issue(HOLDER, "second", 101)
PAID = json.dumps({
    "code": "10000", "msg": "Success", "out_trade_no": ORDER_NO, "trade_no": "2026112422001481070000000001",
    "trade_status": "TRADE_SUCCESS", "total_amount": "86.40", "send_pay_date": "2026-11-24 17:31:00",
})  # fmt: skip


class Shop:
    """Alipay's gateway: queries are answered under ``current``, downloads with ``offered``; every method is counted."""

    def __init__(self, mocked: responses.RequestsMock) -> None:
        self.calls: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.current, self.signer, self.offered = NEW, "second", write_pem(NEW, make_middle())
        self.named: str | None = None
        self.download: str | None = None
        mocked.add_callback(responses.POST, URL, self._answer)

    def _answer(self, request: Any) -> tuple[int, dict[str, str], bytes]:
        method = dict(parse_qsl(urlsplit(request.url).query))["method"]
        self.calls.append(method)
        serial = certificate_serial(self.current) if self.named is None else self.named
        more = f',"alipay_cert_sn":"{serial}"'
        if method == QUERY:
            return 200, {}, alipay_body(QUERY, PAID, signer=self.signer, more=more)
        self.asked.append(json.loads(dict(parse_qsl(request.body.decode()))["biz_content"]))
        content = base64.b64encode(self.offered).decode()
        node = self.download or json.dumps({"code": "10000", "msg": "Success", "alipay_cert_content": content})
        return 200, {}, alipay_body(DOWNLOAD, node, signer=self.signer, more=more)


@pytest.fixture
def shop(wechat: responses.RequestsMock, desk: Desk) -> Shop:
    wechat.assert_all_requests_are_fired = False
    desk.secrets.values |= {"alipay-certificate": write_pem(OLD), "root-certificate": write_pem(make_root())}
    return Shop(wechat)


def ask(platform: AlipayPlatform) -> TradeState:
    return platform.query_order(CERTIFIED, ORDER_NO, TOLD).state


def test_a_new_certificate_is_fetched_and_the_held_answer_believed(alipay: AlipayPlatform, shop: Shop) -> None:
    """One download by its serial, and none for the next answer."""
    assert [ask(alipay), ask(alipay)] == [TradeState.PAID, TradeState.PAID]
    assert shop.calls == [QUERY, DOWNLOAD, QUERY]
    assert shop.asked == [{"alipay_cert_sn": certificate_serial(NEW)}]


def test_the_old_certificate_goes_on_being_believed(alipay: AlipayPlatform, shop: Shop) -> None:
    """While one replaces the other, both verify."""
    ask(alipay)
    shop.current, shop.signer = OLD, "first"
    assert ask(alipay) is TradeState.PAID
    assert shop.calls.count(DOWNLOAD) == 1


def test_the_download_goes_through_the_door(desk: Desk, alipay: AlipayPlatform, shop: Shop) -> None:
    """It has its own record, with the names of its bytes and the disclosure for keys."""
    ask(alipay)
    told = [record for _, record in desk.log.records if record.direction is Direction.SENT_TO_SERVER]
    assert [record.operation for record in told] == [QUERY, DOWNLOAD]
    assert told[1].disclosure.fields == {"app_id", "protocol"}
    received = desk.log.outcomes[1][3]
    assert received is not None
    assert received.disclosure.fields == {"protocol"}


def forge(kind: str) -> tuple[x509.Certificate, str, bytes]:
    """(the certificate that an answer names, who signs it, what the download gives): nothing of it may be believed."""
    stranger = issue(HOLDER, "stranger", 101, MIDDLE, "stranger")
    merchant = issue(make_name("2021-app", MERCHANT), "merchant", 102)
    past = issue(HOLDER, "second", 103, days=10)
    future = issue(HOLDER, "second", 104, start=NOW + timedelta(days=1))
    by_merchant = issue(HOLDER, "stranger", 105, merchant.subject, "merchant")
    alone = issue(HOLDER, "second", 106, HOLDER, "second")
    own_root = issue(ROOT, "stranger", 1, ROOT, "stranger", authority=True)
    own_middle = issue(MIDDLE, "stranger", 2, ROOT, "stranger", authority=True)
    return {
        "another serial": (NEW, "second", write_pem(OLD, make_middle())),
        "the true old one under the new serial": (NEW, "first", write_pem(OLD, make_middle())),
        "signed by a stranger in the authority's name": (stranger, "stranger", write_pem(stranger, make_middle())),
        "a whole chain of a stranger": (stranger, "stranger", write_pem(stranger, own_middle, own_root)),
        "a merchant's own certificate": (merchant, "merchant", write_pem(merchant, make_middle())),
        "issued by a merchant": (by_merchant, "stranger", write_pem(by_merchant, merchant, make_middle())),
        "expired": (past, "second", write_pem(past, make_middle())),
        "not valid yet": (future, "second", write_pem(future, make_middle())),
        "under an authority that expired": (NEW, "second", write_pem(NEW, make_middle(days=10))),
        "under what is no authority": (NEW, "second", write_pem(NEW, make_middle(authority=False))),
        "without what stands between": (NEW, "second", write_pem(NEW)),
        "self-signed": (alone, "second", write_pem(alone)),
        "nothing": (NEW, "second", b""),
        "no certificate": (NEW, "second", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    }[kind]


KINDS = (
    "another serial", "the true old one under the new serial", "signed by a stranger in the authority's name", "a whole chain of a stranger",
    "a merchant's own certificate", "issued by a merchant", "expired", "not valid yet", "under an authority that expired",
    "under what is no authority", "without what stands between", "self-signed", "nothing", "no certificate",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_is_not_proven_is_not_believed(alipay: AlipayPlatform, shop: Shop, kind: str) -> None:
    """Serial, holder, dates and every signature up to the account's own root."""
    shop.current, shop.signer, shop.offered = forge(kind)
    with pytest.raises(PlatformGarbled):
        ask(alipay)
    assert shop.calls == [QUERY, DOWNLOAD]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "nothing"])
def test_what_a_parser_says_is_not_logged(alipay: AlipayPlatform, shop: Shop, kind: str) -> None:
    """The log has a fixed word and a class; never a message of somebody else's parser, which may quote what it read."""
    shop.current, shop.signer, shop.offered = forge(kind)
    with capture_logs() as logs, pytest.raises(PlatformGarbled):
        ask(alipay)
    (entry,) = [one for one in logs if one["event"] == "certificate_not_proven"]
    words = {"another serial", "another holder", "no chain to the root", "unreadable"}
    assert entry["reason"] in words
    assert set(entry) <= {"event", "log_level", "account", "reason", "fault"}
    assert entry.get("fault", "ValueError").isidentifier()


def test_an_unreadable_certificate_is_named_by_class(
    alipay: AlipayPlatform, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the parser quotes stays out."""

    def quote(*_: object) -> None:
        raise ValueError("quoted: secret bytes")

    monkeypatch.setattr("adapters.platforms.alipay_exchange.AlipayCertificates.learn", quote)
    with capture_logs() as logs, pytest.raises(PlatformGarbled):
        ask(alipay)
    assert [one["reason"] for one in logs if one["event"] == "certificate_not_proven"] == ["unreadable"]
    assert "secret bytes" not in str(logs)


def test_a_root_that_expired_proves_nothing(desk: Desk, alipay: AlipayPlatform, shop: Shop) -> None:
    """The dates of the account's own root count as well."""
    desk.secrets.values["root-certificate"] = write_pem(make_root(days=10))
    with pytest.raises(PlatformGarbled):
        ask(alipay)


@pytest.mark.parametrize(
    "node",
    [
        '{"code":"40004","msg":"Business Failed","sub_code":"CERT_NOT_EXIST","sub_msg":"x"}',
        '{"code":"20000","msg":"x"}',
        '{"code":"10000","msg":"Success"}',
        '{"code":"10000","msg":"Success","alipay_cert_content":"not base64!"}',
        '{"code":"10000","msg":"Success","alipay_cert_content":7}',
        "[]",
    ],
)
def test_a_download_that_gives_nothing_leaves_the_answer_unbelieved(
    alipay: AlipayPlatform, shop: Shop, node: str
) -> None:
    """Refused, later, empty, unreadable: the answer at hand is garbled, which means ask again."""
    shop.download = node
    with pytest.raises(PlatformGarbled):
        ask(alipay)


def test_a_proven_certificate_does_not_save_a_forged_answer(alipay: AlipayPlatform, shop: Shop) -> None:
    """The serial of the true new certificate, the signature of somebody else."""
    shop.signer = "stranger"
    with pytest.raises(PlatformGarbled):
        ask(alipay)
    shop.signer = "second"
    assert ask(alipay) is TradeState.PAID


def test_a_learned_certificate_ends_with_its_dates(desk: Desk, alipay: AlipayPlatform, shop: Shop) -> None:
    """What was proven once is not believed for ever."""
    shop.current = issue(HOLDER, "second", 107, days=401)
    shop.offered = write_pem(shop.current, make_middle())
    assert ask(alipay) is TradeState.PAID
    desk.clock.advance(2 * 24 * 3600)
    with pytest.raises(PlatformGarbled):
        ask(alipay)


def test_it_is_asked_for_once_a_minute(desk: Desk, alipay: AlipayPlatform, shop: Shop) -> None:
    """However many answers come under serials that nobody knows."""
    shop.offered = b""
    for _ in range(3):
        with pytest.raises(PlatformGarbled):
            ask(alipay)
    assert shop.calls.count(DOWNLOAD) == 1
    desk.clock.advance(60)
    shop.offered = write_pem(NEW, make_middle())
    assert ask(alipay) is TradeState.PAID


@pytest.mark.parametrize("named", ["", "xyz", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "0" * 32 + "\\n"])
def test_a_malformed_serial_asks_nobody(alipay: AlipayPlatform, shop: Shop, named: str) -> None:
    """What cannot be a serial is not asked for."""
    shop.named = named
    with pytest.raises(PlatformGarbled):
        ask(alipay)
    assert shop.calls == [QUERY]


def test_in_key_mode_nothing_is_fetched(alipay: AlipayPlatform, shop: Shop) -> None:
    """The bare key counts, whatever certificate an answer names."""
    shop.signer = "alipay"
    assert alipay.query_order(alipay_merchant(), ORDER_NO, TOLD).state is TradeState.PAID
    assert shop.calls == [QUERY]


def test_a_ledger_that_is_away_stops_the_download(desk: Desk, alipay: AlipayPlatform, shop: Shop) -> None:
    """The download does not leave; the call that was made is unknown, not as if it had never left."""
    append = desk.log.append

    def append_first(exposures: Any) -> Any:
        desk.log.down = bool(desk.log.records)
        return append(exposures)

    desk.log.append = append_first  # type: ignore[method-assign]  # the second append fails
    with pytest.raises(PlatformGarbled):
        ask(alipay)
    assert shop.calls == [QUERY]


def notice(signer: str, serial: str | None = None) -> bytes:
    form = fields(alipay_cert_sn=serial)
    text = "&".join(f"{name}={value}" for name, value in sorted(form.items()))
    return urlencode({**form, "sign_type": "RSA2", "sign": sign(signer, text.encode())}).encode()


def refuse(platform: AlipayPlatform, body: bytes) -> str:
    with pytest.raises(NoticeRefused) as caught:
        platform.read_notice(CERTIFIED, FORM, body, NOW)
    return caught.value.reason


@pytest.mark.parametrize("serial", [certificate_serial(NEW), "0" * 32, "no serial", ""])
def test_a_notice_never_causes_a_call(alipay: AlipayPlatform, shop: Shop, serial: str) -> None:
    """Whatever certificate a notice names: an unknown one is refused, and nothing is fetched because of it."""
    assert refuse(alipay, notice("second", serial)) == "unknown_serial"
    assert refuse(alipay, notice("second")) == "forged"
    assert shop.calls == []


def test_a_notice_is_read_under_what_an_answer_taught(alipay: AlipayPlatform, shop: Shop) -> None:
    """After a rotation notices verify, with their certificate's serial and without; under another's serial they do not."""
    ask(alipay)
    for serial in (certificate_serial(NEW), None):
        assert alipay.read_notice(CERTIFIED, FORM, notice("second", serial), NOW)[0].trade is not None
    assert alipay.read_notice(CERTIFIED, FORM, notice("first"), NOW)[0].trade is not None
    assert refuse(alipay, notice("second", certificate_serial(OLD))) == "forged"
