"""The emulated non-tax platform over real sockets, asked by a client that shares no code with it."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.peers.nontax_receiver import ITEMS, FeeDepartment, FeeDesk, fee_desk
from tests.peers.wechat_merchant import StillClock, ask, control

ACCOUNT_FIELDS = ("appid", "openid", "fee", "payment_notice_no", "department_code", "region_code", "items")


@pytest.fixture(scope="module")
def still() -> StillClock:
    return StillClock()


@pytest.fixture(scope="module")
def city(still: StillClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    home: Path = tmp_path_factory.mktemp("fees")
    sandbox = start_sandbox(home, only={"wechat", "treasury"}, clock=still)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def department(city: RunningSandbox) -> FeeDepartment:
    return FeeDepartment(city)


@pytest.fixture
def fees(department: FeeDepartment) -> Iterator[FeeDesk]:
    with fee_desk() as desk:
        department.agree(desk.url)
        yield desk


_numbers = itertools.count(1)


@pytest.fixture
def notice_no() -> str:
    return f"34000026{next(_numbers):012d}"


def test_a_fee_is_ordered_paid_and_announced(
    department: FeeDepartment, fees: FeeDesk, notice_no: str, still: StillClock
) -> None:
    """An order gives a number and a page, the page takes the money, and the notice says what getorder says."""
    placed = department.place(notice_no)
    assert (placed["errcode"], placed["errmsg"]) == (0, "ok")
    assert department.query(placed["order_id"])["status"] == 1
    assert department.pay(placed) == "requestPayment:ok"
    shown = department.query(placed["order_id"])
    assert (shown["status"], shown["fee"], shown["fee_type"]) == (3, 20600, 1)
    assert shown["pay_finish_time"] == int(still.at.timestamp())
    told = department.open_notice(fees.wait_for(1)[0])
    assert {name: told[name] for name in ACCOUNT_FIELDS} == {name: shown[name] for name in ACCOUNT_FIELDS}
    assert (told["order_id"], told["status"], told["trans_id"]) == (placed["order_id"], 3, shown["trans_id"])
    assert fees.targets[0].startswith("/v1/notices/treasury-wechat?wxnontaxstr=")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"payment_notice_no": None}, "payment_notice_no"),
    ({"order_no": "A1"}, "payment_notice_no"),
    ({"fee": 20601}, "fee"),
    ({"fee": "20600"}, "fee"),
    ({"fee": True}, "fee"),
    ({"items": []}, "items"),
    ({"items": [{**ITEMS[0], "no": 1}, {**ITEMS[1], "no": 1}]}, "items"),
    ({"items": [{**ITEMS[0], "fee": 20600, "more": 1}]}, "items"),
    ({"items": [{**ITEMS[0], "fee": 20600, "overdue": 20601}]}, "items"),
    ({"region_code": "1101"}, "region_code"),
    ({"payment_expire_date": "20261301"}, "payment_expire_date"),
    ({"payment_expire_date": "2026-12-10"}, "payment_expire_date"),
    ({"payment_notice_create_time": "1795449600"}, "payment_notice_create_time"),
    ({"department_name": None}, "department_name"),
    ({"ip": "somewhere"}, "ip"),
    ({"scene": "elsewhere"}, "scene"),
    ({"scene": "biz"}, "return_url"),
    ({"openid": None}, "openid"),
    ({"mch_id": "1600000000"}, "mch_id"),
    ({"bank_id": "bank_other"}, "mch_id"),
    ({"notify_url": "https://counter.example/v1/notices/x"}, "notify_url"),
]


@pytest.mark.parametrize(("changes", "place"), WRONG, ids=[f"{place}-{i}" for i, (_, place) in enumerate(WRONG)])
def test_a_body_that_does_not_fit_is_refused_by_its_place(
    department: FeeDepartment, notice_no: str, changes: dict[str, Any], place: str
) -> None:
    """47003 names the field; nothing is ordered."""
    refused = department.place(notice_no, **changes)
    assert refused["errcode"] == 47003
    assert refused["errmsg"].startswith(f"argument invalid! {place} ")
    assert "order_id" not in refused


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/nontax/unifiedorder", b"[]"),
        ("/nontax/getorder", b"{"),
        ("/nontax/refund", b"\xff"),
        ("/nontax/queryfee", b""),
    ],
)
def test_what_is_no_object_is_refused(department: FeeDepartment, path: str, told: bytes) -> None:
    """47001 for a body that is no JSON object."""
    answer = ask(department.url, "POST", f"{path}?access_token={department.token}", told)
    assert (answer.status, answer.json["errcode"]) == (200, 47001)


@pytest.mark.parametrize("path", ["unifiedorder", "getorder", "getorderlist", "refund", "queryfee", "downloadbill"])
def test_every_call_needs_the_token(department: FeeDepartment, path: str) -> None:
    """Without a token 41001, with another 40001, whatever the body."""
    assert department.call(f"/nontax/{path}", {}, token=None).json["errcode"] == 41001
    assert department.call(f"/nontax/{path}", {}, token="97_other").json["errcode"] == 40001


def test_a_strange_payer_and_another_app_are_refused(department: FeeDepartment, notice_no: str) -> None:
    """40003 for an openid that this mini-program has never seen, 40013 for an appid that the token does not stand for."""
    assert department.place(notice_no, openid="o" + "x" * 27)["errcode"] == 40003
    assert department.place(notice_no, appid="wx0000000000000000")["errcode"] == 40013


def test_a_notice_is_paid_once(department: FeeDepartment, notice_no: str) -> None:
    """Of two orders of one notice one is paid; the other cannot be, and a third cannot be made."""
    first, second = department.place(notice_no), department.place(notice_no)
    assert first["order_id"] != second["order_id"]
    assert department.pay(second) == "requestPayment:ok"
    assert department.pay(first).startswith("requestPayment:fail")
    assert department.place(notice_no)["errcode"] == 232
    where = {"appid": department.app["app_id"], "department_code": "104001", "region_code": "110101"}
    listed = department.call("/nontax/getorderlist", {**where, "payment_notice_no": notice_no}).json
    assert (listed["order_id_list"], listed["paid_order_id"]) == (
        [first["order_id"], second["order_id"]],
        second["order_id"],
    )


def test_an_unpaid_order_closes_by_itself(department: FeeDepartment, notice_no: str, still: StillClock) -> None:
    """After half an hour of the clock the status is 12, and the page takes no money."""
    placed = department.place(notice_no)
    still.advance(1799)
    assert department.query(placed["order_id"])["status"] == 1
    still.advance(1)
    assert department.query(placed["order_id"])["status"] == 12
    assert department.pay(placed) == "requestPayment:fail 该订单已关闭"


def test_only_the_payer_pays(city: RunningSandbox, department: FeeDepartment, notice_no: str) -> None:
    """Another person's phone, a cancelled payment and a made-up number take no money."""
    placed = department.place(notice_no)
    assert FeeDepartment(city, user="other").pay(placed) == "requestPayment:fail 下单账号与支付账号不一致"
    assert department.pay(placed, cancel=True) == "requestPayment:fail cancel"
    strange = {"miniprogram": placed["miniprogram"] | {"query_string": "order_id=AQCA0000"}}
    assert department.pay(strange) == "requestPayment:fail 订单不存在"
    assert department.query(placed["order_id"])["status"] == 1


def test_a_refund_is_made_once_under_its_number(
    department: FeeDepartment, fees: FeeDesk, notice_no: str, still: StillClock
) -> None:
    """The same number gives the same refund; on its way first, back after a second; a notice says so; nothing is left to give back."""
    placed = department.place(notice_no)
    department.pay(placed)
    first = department.refund(placed["order_id"], refund_fee=20600, refund_out_id="R1" + notice_no)
    again = department.refund(placed["order_id"], refund_fee=20600, refund_out_id="R1" + notice_no)
    assert (first["errcode"], first) == (0, again)
    assert department.query(placed["order_id"])["status"] == 6
    still.advance(1)
    shown = department.query(placed["order_id"])
    assert (shown["status"], shown["refund_out_id"]) == (5, "R1" + notice_no)
    assert department.open_notice(fees.wait_for(2)[1])["status"] == 5
    assert department.refund(placed["order_id"])["errcode"] == 233
    differs = department.refund(placed["order_id"], refund_fee=1, refund_out_id="R1" + notice_no)
    assert differs["errcode"] == 234


def test_a_part_leaves_the_order_paid(department: FeeDepartment, notice_no: str, still: StillClock) -> None:
    """A part stands in partial_refund_info and the status stays 3 until all is back."""
    placed = department.place(notice_no)
    department.pay(placed)
    department.refund(placed["order_id"], refund_fee=600, refund_out_id="P1" + notice_no)
    still.advance(1)
    shown = department.query(placed["order_id"])
    assert (shown["status"], [one["refund_fee"] for one in shown["partial_refund_info"]]) == (3, [600])
    assert department.refund(placed["order_id"], refund_fee=20001, refund_out_id="P2" + notice_no)["errcode"] == 233
    assert department.refund(placed["order_id"], refund_fee=600)["errcode"] == 47003


def test_an_unpaid_order_is_not_given_back(department: FeeDepartment, notice_no: str) -> None:
    """There is no money to give back."""
    assert department.refund(department.place(notice_no)["order_id"])["errcode"] == 233


def issue(city: RunningSandbox, **changes: Any) -> str:
    """A notice in the treasury's register."""
    told = {
        "department_code": "104001", "department_name": "演示执收单位",
        "items": [{"item_id": "103050101", "item_name": "罚款", "fee_fen": 20000}], **changes,
    }  # fmt: skip
    return str(control(city.addresses["treasury"], "/_sandbox/notices", told)["notice_no"])


def test_what_the_treasury_told_is_known(city: RunningSandbox, department: FeeDepartment) -> None:
    """The platform shows the treasury's notice; an order of another amount is refused, and of one that was paid at a bank."""
    number = issue(city)
    asked = {
        "appid": department.app["app_id"], "service_id": 1, "payment_notice_no": number, "department_code": "104001",
        "region_code": "110101",
    }  # fmt: skip
    known = department.call("/nontax/queryfee", asked).json
    assert (known["errcode"], known["fee"], [one["item_name"] for one in known["items"]]) == (0, 20000, ["罚款"])
    assert department.place(number)["errcode"] == 47003
    items = [{**ITEMS[0], "fee": 20000}]
    assert department.place(number, fee=20000, items=items)["errcode"] == 0
    control(city.addresses["treasury"], f"/_sandbox/notices/{number}/pay-at-bank", {})
    assert department.place(number, fee=20000, items=items)["errcode"] == 232
    assert department.call("/nontax/queryfee", asked).json["errcode"] == 232
    assert department.call("/nontax/queryfee", {**asked, "department_code": "9"}).json["errcode"] == 231


FAULTY = ["unsigned", "forged_signature", "stale_signature", "garbled_data", "other_app", "probe"]


@pytest.mark.parametrize("behaviour", FAULTY)
def test_a_spoiled_notice_cannot_be_opened(
    department: FeeDepartment, fees: FeeDesk, notice_no: str, behaviour: str
) -> None:
    """Each arranged fault spoils the notice as its name says, and only once."""
    control(department.url, "/_sandbox/control/behaviour", {"operation": "nontax_notice", "behaviour": behaviour})
    placed = department.place(notice_no)
    department.pay(placed)
    received = fees.wait_for(1)[0]
    headers = {name.lower(): value for name, value in received.headers.items()}
    signature = headers.get("wechat-nontax-signature", "")
    if behaviour == "probe":
        assert signature.startswith("WECHATPAY/SIGNTEST/")
    elif behaviour == "other_app":
        assert department.open_notice(received)["appid"] != department.app["app_id"]
    elif behaviour == "stale_signature":
        department.open_notice(received)
    else:
        with pytest.raises((AssertionError, KeyError, ValueError, InvalidTag)):
            department.open_notice(received)
    again = {"order_id": placed["order_id"], "action": "resend"}
    assert control(department.url, "/_sandbox/control/nontax/notices", again)["status"] == 200
    assert department.open_notice(fees.wait_for(2)[1])["order_id"] == placed["order_id"]


def last_notice(department: FeeDepartment) -> dict[str, Any]:
    found: dict[str, Any] = control(department.url, "/_sandbox/nontax/notices")[-1]
    return found


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.02)


def test_a_notice_that_is_not_taken_in_comes_again(
    department: FeeDepartment, fees: FeeDesk, notice_no: str, still: StillClock
) -> None:
    """Anything but errcode 0 is sent again on the schedule, signed anew; errcode 0 ends it."""
    fees.say = b'{"errcode": 299, "errmsg": "fail"}'
    department.pay(department.place(notice_no))
    fees.wait_for(1)
    wait_until(lambda: last_notice(department)["attempt"] == 1)
    fees.say = b'{"code":"SUCCESS","errcode":0,"errmsg":"ok"}'
    still.advance(15)
    first, second = fees.wait_for(2)
    assert department.open_notice(first) == department.open_notice(second)
    assert first.headers["Wechat-Nontax-Nonce"] != second.headers["Wechat-Nontax-Nonce"]
    wait_until(lambda: last_notice(department)["state"] == "acknowledged")


def test_the_bill_of_a_day(city: RunningSandbox, department: FeeDepartment, notice_no: str, still: StillClock) -> None:
    """From six in the morning: header, a grave accent before each value, the columns of fees, totals at the end."""
    placed = department.place(notice_no)
    department.pay(placed)
    day = f"{still.at:%Y%m%d}"
    told = {"appid": department.app["app_id"], "mch_id": department.facts["merchant_id"], "bill_date": day}
    assert department.call("/nontax/downloadbill", told).json["errcode"] == 237
    still.advance(86400)
    header, *rows, _, totals = (
        FeeDepartment(city).call("/nontax/downloadbill", told).body.decode().strip().split("\r\n")
    )
    row = dict(zip(header.split(","), next(one for one in rows if notice_no in one).split(","), strict=True))
    assert row["缴费通知书编号(或平台订单号)"] == f"`{notice_no}"
    assert (row["行政区划代码"], row["执收单位编码"], row["总金额"]) == ("`110101", "`104001", "`206.00")
    assert all(value.startswith("`") for one in rows for value in one.split(","))
    assert int(totals.split(",")[0].lstrip("`")) == len(rows)


@pytest.mark.parametrize(
    ("operation", "path"), [("nontax_order", "/nontax/unifiedorder"), ("nontax_query", "/nontax/getorder")]
)
def test_arranged_faults(department: FeeDepartment, notice_no: str, operation: str, path: str) -> None:
    """A busy platform, an expired token and a broken proxy, as for every call of the server API."""

    def arrange(name: str) -> None:
        control(department.url, "/_sandbox/control/behaviour", {"operation": operation, "behaviour": name})

    arrange("busy")
    assert department.call(path, department.describe(notice_no)).json["errcode"] == -1
    arrange("html")
    assert department.call(path, department.describe(notice_no)).body.startswith(b"<html>")
    arrange("expired_token")
    assert department.call(path, department.describe(notice_no)).json["errcode"] == 42001


def test_every_byte_is_kept(city: RunningSandbox, department: FeeDepartment, notice_no: str) -> None:
    """The evidence holds the order as it was received."""
    department.place(notice_no)
    lines = [json.loads(line) for line in (city.home / "received.jsonl").read_text().splitlines()]
    last = [one for one in lines if one["target"].startswith("/nontax/unifiedorder?")][-1]
    assert json.loads(base64.b64decode(last["body"])) == department.describe(notice_no)
