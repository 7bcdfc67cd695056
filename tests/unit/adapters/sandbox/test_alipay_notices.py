"""Notices of the emulated Alipay over real sockets: signed forms on the published schedule, ended by success alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from Cryptodome.Cipher import AES
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from adapters.sandbox.alipay.notices import SCHEDULE_SECONDS
from tests.alipay_merchant import NoticeDesk
from tests.unit.adapters.sandbox.alipay_desk import AlipayDesk


@pytest.fixture
def inbox(desk: AlipayDesk) -> Iterator[NoticeDesk]:
    """Where notices arrive; the emulator sends from now on."""
    desk.notices.start()
    running = NoticeDesk()
    yield running
    running.stop()


def verify(desk: AlipayDesk, notice: dict[str, str]) -> None:
    """Verify without sign and sign_type, empty values left out."""
    signed = {name: value for name, value in notice.items() if name not in {"sign", "sign_type"} and value}
    message = "&".join(f"{name}={signed[name]}" for name in sorted(signed)).encode()
    public = desk.merchants["gas-alipay"].public
    public.verify(base64.b64decode(notice["sign"]), message, padding.PKCS1v15(), SHA256())


def test_tells_the_merchant_once_if_it_says_success(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """A paid trade gives one signed form with the order, the amount and the seller; success ends it."""
    made = desk.paid(notify_url=inbox.url)
    notice = inbox.wait_for(1)[0]
    verify(desk, notice)
    assert (notice["trade_no"], notice["total_amount"]) == (made["trade_no"], "86.40")
    assert notice["trade_status"] == "TRADE_SUCCESS"
    assert notice["seller_id"] == desk.merchants["gas-alipay"].entry["seller_id"]
    desk.clock.advance(100_000)
    assert inbox.stays_at(1)


@pytest.mark.parametrize(
    "say",
    [
        (200, b"SUCCESS"),
        (200, b"success\n"),
        (200, b"\xef\xbb\xbfsuccess"),
        (201, b"success"),
        (500, b""),
        (302, b"success"),
    ],
)
def test_anything_but_the_seven_bytes_is_a_failure(desk: AlipayDesk, inbox: NoticeDesk, say: tuple[int, bytes]) -> None:
    """Only HTTP 200 with exactly success acknowledges; otherwise the same notice comes again, freshly dated."""
    inbox.say = say
    desk.paid(notify_url=inbox.url)
    first = inbox.wait_for(1)[0]
    wait_until_scheduled(desk, 1)
    desk.clock.advance(240)
    again = inbox.wait_for(2)[1]
    verify(desk, again)
    assert again["notify_id"] == first["notify_id"]
    assert (first["notify_time"], again["notify_time"]) == ("2026-11-24 16:00:00", "2026-11-24 16:04:00")


def test_follows_the_published_schedule_to_its_end(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h: eight sends, not a moment early, then silence."""
    assert SCHEDULE_SECONDS == (240, 600, 600, 3600, 7200, 21600, 54000)
    inbox.say = (500, b"")
    desk.paid(notify_url=inbox.url)
    inbox.wait_for(1)
    for sent, seconds in enumerate(SCHEDULE_SECONDS, start=1):
        wait_until_scheduled(desk, sent)
        desk.clock.advance(seconds - 1)
        assert inbox.stays_at(sent, 0.15)
        desk.clock.advance(1)
        inbox.wait_for(sent + 1)
    wait_until_scheduled(desk, 8)
    assert desk.client.get("/_sandbox/notices").get_json() == [
        {"attempt": 8, "state": "given_up", "last_status": 500} | {
            name: one[name] for one in desk.notices.list_notices("alipay") for name in ("notice_id", "url", "due_at")
        }
    ]  # fmt: skip


def wait_until_scheduled(desk: AlipayDesk, attempts: int) -> None:
    """The scheduler books an attempt after its answer: wait for that, not for time."""
    for _ in range(500):
        if all(one["attempt"] >= attempts for one in desk.notices.list_notices("alipay")):
            return
        desk.notices._wake.wait(0.01)
    raise AssertionError("the attempt was not booked")


def test_partial_refunds_tell_the_pay_address(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """A partial refund keeps TRADE_SUCCESS and names itself; the last one closes the trade."""
    desk.paid(notify_url=inbox.url)
    desk.ask("alipay.trade.refund", out_trade_no="P000001", refund_amount="6.40", out_request_no="R1")
    desk.ask("alipay.trade.refund", out_trade_no="P000001", refund_amount="80.00", out_request_no="R2")
    notices = {notice.get("out_biz_no", ""): notice for notice in inbox.wait_for(3)}
    for notice in notices.values():
        verify(desk, notice)
    assert (notices["R1"]["trade_status"], notices["R1"]["refund_fee"]) == ("TRADE_SUCCESS", "6.40")
    assert (notices["R2"]["trade_status"], notices["R2"]["refund_fee"]) == ("TRADE_CLOSED", "86.40")


@pytest.mark.parametrize("action", ["forge", "empty_sign", "unsigned"])
def test_forged_notices_do_not_verify(desk: AlipayDesk, inbox: NoticeDesk, action: str) -> None:
    """On order the platform's address is used by somebody who has not its key."""
    desk.paid(notify_url=inbox.url)
    inbox.wait_for(1)
    desk.tell("/_sandbox/control/notices", {"order_no": "P000001", "action": action})
    notice = inbox.wait_for(2)[1]
    if action != "forge":
        assert notice.get("sign", "") == ""
    else:
        with pytest.raises(InvalidSignature):
            verify(desk, notice)


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("wrong_amount", "total_amount"),
        ("wrong_app", "app_id"),
        ("wrong_seller", "seller_id"),
        ("wrong_order", "out_trade_no"),
    ],
)
def test_wrong_notices_carry_a_good_signature(desk: AlipayDesk, inbox: NoticeDesk, action: str, field: str) -> None:
    """Another amount, app, seller or order under a signature that verifies: the merchant must compare."""
    desk.paid(notify_url=inbox.url)
    right = inbox.wait_for(1)[0]
    desk.tell("/_sandbox/control/notices", {"order_no": "P000001", "action": action})
    wrong = inbox.wait_for(2)[1]
    verify(desk, wrong)
    assert wrong[field] != right[field]


def test_duplicate_late_and_missing_notices(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """Twice under one id, ten minutes late, or never: on order."""
    desk.arrange("notice", "duplicate_notice")
    desk.paid("P000001", notify_url=inbox.url)
    twice = inbox.wait_for(2)
    assert twice[0]["notify_id"] == twice[1]["notify_id"]
    desk.arrange("notice", "no_notice")
    desk.paid("P000002", notify_url=inbox.url)
    desk.arrange("notice", "late_notice")
    desk.paid("P000003", notify_url=inbox.url)
    assert inbox.stays_at(2)
    desk.clock.advance(600)
    assert inbox.wait_for(3)[2]["out_trade_no"] == "P000003"


def test_an_empty_value_can_be_part_of_the_signature(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """One of the platform's own libraries signs empty values too: the emulator can do as it does."""
    desk.paid(notify_url=inbox.url)
    inbox.wait_for(1)
    desk.tell("/_sandbox/control/notices", {"order_no": "P000001", "action": "empty_value"})
    notice = inbox.wait_for(2)[1]
    assert notice["body"] == ""
    with pytest.raises(InvalidSignature):
        verify(desk, notice)


def test_a_spoiled_signature_is_sound_at_the_next_attempt(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """What was refused as forged comes again after four minutes, and then it is the platform's."""
    inbox.say = (400, b"fail")
    desk.arrange("notice", "forged_signature")
    desk.paid(notify_url=inbox.url)
    with pytest.raises(InvalidSignature):
        verify(desk, inbox.wait_for(1)[0])
    wait_until_scheduled(desk, 1)
    desk.clock.advance(240)
    verify(desk, inbox.wait_for(2)[1])


def test_control_says_what_the_merchant_answered(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """A chosen notice is sent at once, with chosen fields, to a chosen address; the merchant's answer comes back."""
    desk.paid(notify_url="http://127.0.0.1:9/nobody")
    inbox.say = (400, b"no")
    told = {"order_no": "P000001", "action": "resend", "url": inbox.url, "fields": {"trade_status": "TRADE_FINISHED"}}
    assert desk.tell("/_sandbox/control/notices", told | {"notice_id": "again"}) == {"status": 400, "body": "no"}
    notice = inbox.wait_for(1)[0]
    verify(desk, notice)
    assert (notice["notify_id"], notice["trade_status"]) == ("again", "TRADE_FINISHED")
    desk.tell("/_sandbox/control/notices", told | {"mode": "certificate"})
    with pytest.raises(InvalidSignature):
        verify(desk, inbox.wait_for(2)[1])
    desk.tell("/_sandbox/control/notices", {"action": "resend", "order_no": "NONE"}, status=404)
    desk.tell("/_sandbox/control/notices", {"action": "shout", "order_no": "P000001"}, status=400)


def test_a_notice_of_closing_can_follow(desk: AlipayDesk, inbox: NoticeDesk) -> None:
    """An order closed on the platform's side tells the merchant TRADE_CLOSED."""
    desk.create(notify_url=inbox.url)
    desk.tell("/_sandbox/control/notices", {"order_no": "P000001", "action": "close"})
    assert inbox.wait_for(1)[0]["trade_status"] == "TRADE_CLOSED"


@pytest.mark.parametrize("behaviour", ["", "refused", "unsigned", "forged_signature"])
def test_the_phone_number_is_signed_with_its_quotes(desk: AlipayDesk, behaviour: str) -> None:
    """my.getPhoneNumber: AES with a zero IV, signed over the quoted cipher; a refusal is a bare object."""
    if behaviour:
        desk.arrange("phone_answer", behaviour)
    told = {"app_id": desk.app_id, "user": "wang", "phone": "13800138001"}
    answer = json.loads(desk.tell("/_sandbox/phone/phone-answer", told)["response"])
    merchant = desk.merchants["alipay-main"]
    if behaviour == "refused":
        assert answer["response"]["code"] == "40003"
        return
    key = base64.b64decode(Path(merchant.entry["aes_key_file"]).read_text())
    plain = AES.new(key, AES.MODE_CBC, bytes(16)).decrypt(base64.b64decode(answer["response"]))
    assert json.loads(plain[: -plain[-1]])["mobile"] == "13800138001"
    message = f'"{answer["response"]}"'.encode()
    if behaviour == "unsigned":
        assert "sign" not in answer
    elif behaviour == "forged_signature":
        with pytest.raises(InvalidSignature):
            merchant.public.verify(base64.b64decode(answer["sign"]), message, padding.PKCS1v15(), SHA256())
    else:
        merchant.public.verify(base64.b64decode(answer["sign"]), message, padding.PKCS1v15(), SHA256())
