"""Rules of WeChat's platform certificates: when they are fetched, when they are believed, who learns of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import responses
from cryptography.hazmat.primitives import serialization

from adapters.platforms.wechat import WeChatPlatform
from services.errors import ExposureUnavailable, NoticeRefused, PlatformGarbled
from services.exposure import Exposure
from services.model import PlatformName, TradeState
from tests.fakes import FakeTokens
from tests.unit.adapters.platforms.desk import (
    NOW,
    ORDER_NO,
    PUBLIC_KEY_ID,
    WECHAT_URL,
    Desk,
    certificate,
    explain,
    seal,
    wechat_headers,
    wechat_merchant,
)
from tests.unit.adapters.platforms.wechat_answers import QUERY_URL, answer, trade

TOLD = explain(PlatformName.WECHAT)
WATER = wechat_merchant(verification="certificates")
URL = f"{WECHAT_URL}/v3/certificates"
OLD, NEW = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1, 0x0C57F09EFDC096DE15EBE81A47057A7232F1B8E2
OLD_NAME, NEW_NAME = f"{OLD:040X}", f"{NEW:040X}"
SIGNED: dict[str, Any] = {"signer": "platform", "serial": OLD_NAME}


def entry(name: str, serial: int, **changes: Any) -> dict[str, Any]:
    made = certificate(name, serial, **changes)
    pem = made.public_bytes(serialization.Encoding.PEM)
    return {
        "serial_no": f"{serial:040X}",
        "effective_time": "2026-11-01T00:00:00+08:00",
        "expire_time": "2031-11-01T00:00:00+08:00",
        "encrypt_certificate": seal(pem, "certificate"),
    }


def offer(mocked: responses.RequestsMock, *entries: dict[str, Any], **signed: Any) -> None:
    """WeChat's answer to the question for its certificates."""
    answer(mocked, "GET", URL, {"data": list(entries)}, **{**SIGNED, **signed})


def both() -> list[dict[str, Any]]:
    return [entry("platform", OLD), entry("platform-next", NEW)]


def count(mocked: responses.RequestsMock, url: str) -> int:
    return sum(1 for call in mocked.calls if str(call.request.url).startswith(url))


def test_certificates_are_fetched_once_and_all_kept(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """The first answer under an unknown serial fetches the list; later answers under any of its serials do not."""
    offer(wechat, *both())
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    answer(wechat, "GET", QUERY_URL, trade(), signer="platform-next", serial=NEW_NAME)
    for _ in range(2):
        assert platform.query_order(WATER, ORDER_NO, TOLD).state is TradeState.PAID
    assert count(wechat, URL) == 1
    assert desk.log.records[1][1].operation == "wechat.pay.certificates"
    assert "Wechatpay-Serial" not in wechat.calls[0].request.headers


@pytest.mark.parametrize("name", [OLD_NAME, OLD_NAME.lower(), "000" + OLD_NAME])
def test_a_serial_is_a_text_and_not_a_number(
    platform: WeChatPlatform, wechat: responses.RequestsMock, name: str
) -> None:
    """Case and leading zeros do not matter."""
    offer(wechat, *both(), serial=name)
    answer(wechat, "GET", QUERY_URL, trade(), signer="platform", serial=name)
    assert platform.query_order(WATER, ORDER_NO, TOLD).state is TradeState.PAID


def test_unknown_serials_do_not_cause_a_storm(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """Answer after answer under made-up serials fetches certificates at most once a minute."""
    offer(wechat, *both())
    for number in range(5):
        answer(wechat, "GET", QUERY_URL, trade(), signer="merchant", serial=f"ABC{number}")
    for _ in range(5):
        with pytest.raises(PlatformGarbled):
            platform.query_order(WATER, ORDER_NO, TOLD)
    assert count(wechat, URL) == 1
    desk.clock.advance(61)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)
    assert count(wechat, URL) == 2


def test_a_ledger_that_fails_at_the_certificates_leaves_the_answer_in_doubt(
    desk: Desk, platform: WeChatPlatform, wechat: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order's own answer came: if its key cannot be fetched, that answer is unknown, not a call that never left."""
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    append = desk.log.append

    def append_one_kind(exposures: Sequence[Exposure]) -> list[UUID]:
        if exposures[0].operation == "wechat.pay.certificates":
            raise ExposureUnavailable
        return append(exposures)

    monkeypatch.setattr(desk.log, "append", append_one_kind)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)
    assert count(wechat, URL) == 0


def test_a_list_that_none_of_it_signed_is_not_believed(
    platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """The list must be signed by a certificate that opens with our key."""
    offer(wechat, *both(), signer="merchant")
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)


def test_a_list_under_another_key_is_not_believed(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """Certificates that do not open with the merchant's APIv3 key are nobody's."""
    spoiled = entry("platform", OLD)
    spoiled["encrypt_certificate"]["nonce"] = "ba9876543210"
    offer(wechat, spoiled)
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)


def test_a_certificate_under_another_name_is_not_believed(
    platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """The serial beside a certificate must be its own."""
    offer(wechat, {**entry("platform", OLD), "serial_no": NEW_NAME}, serial=NEW_NAME)
    answer(wechat, "GET", QUERY_URL, trade(), signer="platform", serial=NEW_NAME)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)


def test_an_expired_certificate_is_not_believed(platform: WeChatPlatform, wechat: responses.RequestsMock) -> None:
    """Outside its own dates a certificate verifies nothing."""
    past = {"start": NOW - timedelta(days=40), "days": 30}
    offer(wechat, entry("platform", OLD, **past))
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)


def test_a_certificate_that_expires_while_we_run_is_believed_no_longer(
    platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """A process that learned a certificate asks for its dates each time, not once."""
    offer(wechat, entry("platform", OLD, days=3))
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    platform.query_order(WATER, ORDER_NO, TOLD)
    body = notice_body()
    for later, believed in ((timedelta(days=1), True), (timedelta(days=2), False)):
        now = NOW + later
        headers = wechat_headers(body, **SIGNED, at=now)
        if believed:
            assert platform.read_notice(WATER, headers, body, now)[0].trade is not None
        else:
            with pytest.raises(NoticeRefused, match="unknown_serial"):
                platform.read_notice(WATER, headers, body, now)


@pytest.mark.parametrize("status", [404, 500])
def test_a_platform_without_certificates_is_no_reason_to_believe(
    platform: WeChatPlatform, wechat: responses.RequestsMock, status: int
) -> None:
    """New merchants have none (404): the answer that asked for them stays unverified."""
    answer(wechat, "GET", URL, {"code": "RESOURCE_NOT_EXISTS"}, status, **SIGNED)
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    with pytest.raises(PlatformGarbled):
        platform.query_order(WATER, ORDER_NO, TOLD)


def test_another_process_learns_from_the_cache_what_it_cannot_forge(
    desk: Desk, platform: WeChatPlatform, tokens: FakeTokens, wechat: responses.RequestsMock
) -> None:
    """The cache holds the encrypted list: a second process reads notices without a call, a changed list teaches nothing."""
    offer(wechat, *both())
    answer(wechat, "GET", QUERY_URL, trade(), **SIGNED)
    platform.query_order(WATER, ORDER_NO, TOLD)
    body = notice_body()
    headers = wechat_headers(body, **SIGNED)
    notice, _ = WeChatPlatform(desk.context, tokens).read_notice(WATER, headers, body, NOW)
    assert notice.trade is not None
    spoiled = FakeTokens()
    stored = json.loads(tokens.values["wechat-certificates:gas-wechat"])
    stored["data"] = [{**row, "encrypt_certificate": seal(b"forged", "other")} for row in stored["data"]]
    spoiled.values["wechat-certificates:gas-wechat"] = json.dumps(stored)
    with pytest.raises(NoticeRefused, match="unknown_serial"):
        WeChatPlatform(desk.context, spoiled).read_notice(WATER, headers, body, NOW)


def notice_body() -> bytes:
    return json.dumps({
        "id": "EV-1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource", "resource": seal(trade()),
    }).encode()  # fmt: skip


@pytest.mark.parametrize("serial", [OLD_NAME, "ABCDEF", PUBLIC_KEY_ID, "not-hex"])
def test_a_notice_never_causes_a_call(platform: WeChatPlatform, wechat: responses.RequestsMock, serial: str) -> None:
    """Whatever serial an inbound notice names, nothing is fetched because of it."""
    body = notice_body()
    with pytest.raises(NoticeRefused):
        platform.read_notice(WATER, wechat_headers(body, signer="platform", serial=serial), body, NOW)
    assert len(wechat.calls) == 0


def test_while_it_migrates_both_kinds_of_serial_are_known(
    platform: WeChatPlatform, wechat: responses.RequestsMock
) -> None:
    """An account with certificates that also has the public key believes answers under either."""
    made = wechat_merchant(verification="certificates")
    migrating = type(made)(
        **{name: getattr(made, name) for name in made.__slots__}
        | {
            "secrets": {**made.secrets, "platform_public_key": "wechat-public-key"},
            "options": {**made.options, "public_key_id": PUBLIC_KEY_ID},
        }
    )
    answer(wechat, "GET", QUERY_URL, trade())
    assert platform.query_order(migrating, ORDER_NO, TOLD).state is TradeState.PAID
