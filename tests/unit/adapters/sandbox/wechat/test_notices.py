"""Notices: encrypted, signed anew for each attempt, repeated on the published schedule, spoiled only when arranged."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.sandbox.wechat.pay_notices import SCHEDULE
from tests.peers.wechat_merchant import NoticeDesk, PlainMerchant, StillClock, control, wait_until

PUBLISHED = "15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h"


def pay(merchant: PlainMerchant, number: str, desk: NoticeDesk, total: int = 8640) -> None:
    merchant.order(number, total, desk.url)
    assert merchant.pay_directly(number) == "requestPayment:ok"


def arrange(merchant: PlainMerchant, behaviour: str, operation: str = "notice") -> None:
    control(merchant.url, "/_sandbox/control/behaviour", {"operation": operation, "behaviour": behaviour})


def state_of(merchant: PlainMerchant, number: str) -> dict[str, object]:
    """The last notice about an order, as the emulator keeps it."""
    mine = [
        one for one in control(merchant.url, "/_sandbox/notices") if one["content"]["plain"]["out_trade_no"] == number
    ]
    found: dict[str, object] = mine[-1]
    return found


def await_attempts(merchant: PlainMerchant, number: str, count: int) -> None:
    """Wait until the emulator has noted the outcome of ``count`` attempts."""
    wait_until(lambda: state_of(merchant, number)["attempt"] == count)


def test_a_payment_notice_verifies_and_decrypts(merchant: PlainMerchant, number: str, desk: NoticeDesk) -> None:
    """The envelope is encrypt-resource; the plaintext is what a query shows; 204 ends it."""
    pay(merchant, number, desk)
    notice = desk.wait_for(1)[0]
    assert merchant.is_signed(notice.headers, notice.body)
    envelope = json.loads(notice.body)
    assert (envelope["event_type"], envelope["resource_type"]) == ("TRANSACTION.SUCCESS", "encrypt-resource")
    assert len(envelope["resource"]["nonce"]) == 12
    assert merchant.decrypt(notice.body) == merchant.query(number).json
    wait_until(lambda: state_of(merchant, number)["state"] == "acknowledged")


def test_the_schedule_is_the_published_one() -> None:
    """15 retries at the published distances."""
    units = {"s": 1, "m": 60, "h": 3600}
    assert tuple(int(step[:-1]) * units[step[-1]] for step in PUBLISHED.split("/")) == SCHEDULE


def test_a_refused_notice_comes_again_on_the_clock(
    merchant: PlainMerchant, number: str, desk: NoticeDesk, clock: StillClock
) -> None:
    """After a 500 the next attempt waits for the clock: same id, new nonce, then no more after an acknowledgement."""
    desk.say = 500
    pay(merchant, number, desk)
    desk.wait_for(1)
    for count, seconds in enumerate(SCHEDULE[:4], 2):
        await_attempts(merchant, number, count - 1)
        clock.advance(seconds - 1)
        time.sleep(0.15)
        assert len(desk.received) == count - 1
        clock.advance(1)
        desk.wait_for(count)
    bodies = [json.loads(one.body) for one in desk.received]
    assert len({body["id"] for body in bodies}) == 1
    assert len({body["resource"]["nonce"] for body in bodies}) == len(bodies)
    desk.say = 200
    wait_until(lambda: state_of(merchant, number)["attempt"] == 5)
    clock.advance(SCHEDULE[4])
    desk.wait_for(6)
    wait_until(lambda: state_of(merchant, number)["state"] == "acknowledged")


def test_the_platform_gives_up_after_fifteen_retries(
    direct: PlainMerchant, number: str, desk: NoticeDesk, clock: StillClock
) -> None:
    """Sixteen sends in all; then only a query tells."""
    desk.say = 404
    pay(direct, number, desk)
    for count, seconds in enumerate(SCHEDULE, 1):
        await_attempts(direct, number, count)
        clock.advance(seconds)
    wait_until(lambda: state_of(direct, number)["state"] == "given_up")
    assert len(desk.received) == 16


def test_a_merchant_that_is_not_there_delays_nobody(
    direct: PlainMerchant, number: str, desk: NoticeDesk, another: object
) -> None:
    """A notice to a closed port fails by itself; another merchant's notice arrives."""
    direct.order(number, 100, "http://127.0.0.1:9/n")
    direct.pay_directly(number)
    pay(direct, f"{number}B", desk)
    assert direct.decrypt(desk.wait_for(1)[0].body)["out_trade_no"] == f"{number}B"


@pytest.mark.parametrize(
    "fault", ["forged_signature", "unknown_serial", "not_hex_serial", "unsigned", "stale_signature", "probe"]
)
def test_one_spoiled_attempt_then_a_sound_one(
    merchant: PlainMerchant, number: str, desk: NoticeDesk, clock: StillClock, fault: str
) -> None:
    """An arranged signature fault spoils the first attempt; a merchant that refuses it gets a sound one 15 seconds later."""
    desk.say = 401
    arrange(merchant, fault)
    pay(merchant, number, desk)
    first = desk.wait_for(1)[0]
    headers = {name.lower(): value for name, value in first.headers.items()}
    if fault == "unsigned":
        assert not [name for name in headers if name.startswith("wechatpay-")]
    elif fault in {"unknown_serial", "not_hex_serial"}:
        assert headers["wechatpay-serial"] not in {merchant.facts["public_key_id"], merchant.facts["serial_no"]}
    elif fault == "stale_signature":
        assert clock.now().timestamp() - int(headers["wechatpay-timestamp"]) >= 300
    else:
        assert not merchant.is_signed(first.headers, first.body)
        assert headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/") == (fault == "probe")
    wait_until(lambda: state_of(merchant, number)["attempt"] == 1)
    desk.say = 200
    clock.advance(15)
    second = desk.wait_for(2)[1]
    assert merchant.is_signed(second.headers, second.body)


def test_duplicate_late_lost_and_wrong_notices(
    merchant: PlainMerchant, number: str, desk: NoticeDesk, clock: StillClock
) -> None:
    """Duplicate: twice with one id. Late: after ten minutes. Lost: never. Wrong amount: one fen less."""
    arrange(merchant, "duplicate_notice")
    pay(merchant, f"{number}D", desk)
    assert len({json.loads(one.body)["id"] for one in desk.wait_for(2)}) == 1
    arrange(merchant, "no_notice")
    pay(merchant, f"{number}N", desk)
    arrange(merchant, "late_notice")
    pay(merchant, f"{number}L", desk)
    time.sleep(0.15)
    assert len(desk.received) == 2
    clock.advance(600)
    assert merchant.decrypt(desk.wait_for(3)[2].body)["out_trade_no"] == f"{number}L"
    arrange(merchant, "wrong_amount")
    pay(merchant, f"{number}W", desk)
    assert merchant.decrypt(desk.wait_for(4)[3].body)["amount"]["total"] == 8639
    assert merchant.query(f"{number}W").json["amount"]["total"] == 8640


@pytest.mark.parametrize(("total", "count"), [(99011, 2), (99013, 0), (99014, 1)])
def test_magic_amounts_choose_the_notice(
    merchant: PlainMerchant, number: str, desk: NoticeDesk, total: int, count: int
) -> None:
    """Whoever has no control access chooses by the amount of the order."""
    pay(merchant, number, desk, total)
    received = desk.wait_for(count)
    time.sleep(0.1)
    assert len(desk.received) == count
    if total == 99014:
        assert merchant.decrypt(received[0].body)["amount"]["total"] == 99013


def test_the_next_certificate_signs_when_arranged(direct: PlainMerchant, number: str, desk: NoticeDesk) -> None:
    """During a rotation the other valid certificate signs: keep all, look up by serial."""
    arrange(direct, "next_serial")
    pay(direct, number, desk)
    notice = desk.wait_for(1)[0]
    following = direct.home / "credentials" / "wechat" / "platform_next.pem"
    assert not direct.is_signed(notice.headers, notice.body)
    assert direct.is_signed(notice.headers, notice.body, following)


def test_control_sends_chosen_notices(
    direct: PlainMerchant, partner: PlainMerchant, number: str, desk: NoticeDesk
) -> None:
    """resend, forge, changed fields, another merchant's keys and a fixed id: sent at once, the answer comes back."""
    pay(direct, number, desk)
    desk.wait_for(1)
    desk.say = 401

    def send(**told: object) -> dict[str, object]:
        answer: dict[str, object] = control(direct.url, "/_sandbox/control/notices", {"order_no": number, **told})
        return answer

    assert send(action="resend") == {"status": 401, "body": ""}
    send(action="forge")
    send(action="resend", plain={"appid": "wx0000000000000000"}, notice_id="one")
    send(action="resend", account="gas-wechat")
    resent, forged, changed, foreign = desk.wait_for(5)[1:]
    assert direct.is_signed(resent.headers, resent.body)
    assert not direct.is_signed(forged.headers, forged.body)
    assert (direct.decrypt(changed.body)["appid"], json.loads(changed.body)["id"]) == ("wx0000000000000000", "one")
    assert partner.is_signed(foreign.headers, foreign.body)
    assert partner.decrypt(foreign.body)["out_trade_no"] == number
    assert "error" in send(action="unknown")
    assert "error" in control(direct.url, "/_sandbox/control/notices", {"order_no": "NONE", "action": "resend"})


def test_certificates_come_encrypted(direct: PlainMerchant, partner: PlainMerchant, tmp_path: Path) -> None:
    """Two valid certificates in certificate mode; none in public-key mode (404)."""
    answer = direct.call("GET", "/v3/certificates")
    for entry, name in zip(answer.json["data"], ("platform_current", "platform_next"), strict=True):
        assert entry["encrypt_certificate"]["associated_data"] == "certificate"
        pem = (direct.home / "credentials" / "wechat" / f"{name}.pem").read_text()
        resource = {"resource": entry["encrypt_certificate"]}
        assert _decrypt_text(direct, resource) == pem
    assert partner.call("GET", "/v3/certificates").status == 404


def _decrypt_text(merchant: PlainMerchant, envelope: dict[str, dict[str, str]]) -> str:

    part = envelope["resource"]
    sealed = base64.b64decode(part["ciphertext"])
    cipher = AESGCM(merchant.facts["api_v3_key"].encode())
    return cipher.decrypt(part["nonce"].encode(), sealed, part["associated_data"].encode()).decode()
