"""The wire of the gas company."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

from adapters.sandbox.utilities.gas import create_gas
from adapters.sandbox.utilities.seeds import make_household, make_meter
from tests.alipay_merchant import StillClock
from tests.unit.adapters.sandbox.companies import KEY, arrange, post, read


@pytest.fixture
def gas(tmp_path: Path) -> Client:
    return Client(create_gas(tmp_path, StillClock(), "k"))


def gas_order(gas: Client, serial: str = "S1", **changes: str) -> dict[str, str]:
    bill = read(gas.get("/api/customers/10086001/bills?status=unpaid", headers=KEY))["bills"][0]
    return {
        "serialNo": serial, "customerNo": "10086001", "billNo": bill["billNo"], "amountYuan": bill["amountYuan"],
        "paidAt": "2026-11-24T16:00:00+08:00", "channel": "wechat",
    } | changes  # fmt: skip


def test_asks_for_its_key(gas: Client) -> None:
    """Without the right key there is no answer about a customer."""
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "k"}, {"Authorization": "Bearer "}):
        assert gas.get("/api/customers/10086001", headers=headers).status_code == 401
        assert gas.post("/api/write-offs", headers=headers).status_code == 401


def test_answers_hold_canaries(gas: Client) -> None:
    """Customer and bill come with personal data that no service needs."""
    entry = make_household("10086001", "", "")
    customer = read(gas.get("/api/customers/10086001", headers=KEY))
    assert (customer["idCardNo"], customer["mobile"], customer["contractNo"]) == (
        entry.identity_canary, entry.mobile_canary, entry.contract_canary,
    )  # fmt: skip
    bill = read(gas.get("/api/customers/10086001/bills", headers=KEY))["bills"][0]
    assert bill["meterNo"] == make_meter("10086001")
    assert (bill["month"], bill["amountYuan"], bill["dueDate"]) == ("2026-10", "86.40", "2026-12-10")


def test_writes_off_once_and_can_be_asked(gas: Client) -> None:
    """The same serial gives the same bytes; the write-off is found by it; the bill is no longer owed."""
    order = gas_order(gas)
    first = post(gas, "/api/write-offs", order)
    assert (first.status_code, read(first)["result"]) == (200, "OK")
    assert post(gas, "/api/write-offs", order).data == first.data
    assert gas.get("/api/write-offs/S1", headers=KEY).data == first.data
    assert read(gas.get("/api/customers/10086001/bills?status=unpaid", headers=KEY))["bills"] == []
    assert read(post(gas, "/api/write-offs", order | {"serialNo": "S2"})) == {"code": "ALREADY_PAID"}
    assert read(post(gas, "/api/write-offs", order | {"amountYuan": "1.00"})) == {"code": "SERIAL_REUSED"}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amountYuan": "86.41"}, 409, "AMOUNT_MISMATCH"),
        ({"billNo": "RQ0"}, 409, "NOTHING_OWED"),
        ({"customerNo": "0"}, 404, "NO_SUCH_CUSTOMER"),
        ({"amountYuan": "86.400"}, 400, "BAD_REQUEST"),
        ({"amountYuan": "8640e-2"}, 400, "BAD_REQUEST"),
        ({"amountYuan": "0.00"}, 400, "BAD_REQUEST"),
        ({"paidAt": "2026-11-24 16:00"}, 400, "BAD_REQUEST"),
        ({"serialNo": "a b"}, 400, "BAD_REQUEST"),
        ({"more": "x"}, 400, "BAD_REQUEST"),
        ({"customerNo": "\ud800"}, 400, "BAD_REQUEST"),
        ({"channel": ""}, 400, "BAD_REQUEST"),
    ],
)
def test_refuses_a_wrong_write_off(gas: Client, changes: dict[str, str], status: int, code: str) -> None:
    """Each wrong field has its answer and books nothing."""
    response = post(gas, "/api/write-offs", gas_order(gas, **changes))
    assert (response.status_code, read(response)["code"]) == (status, code)
    assert read(gas.get("/_sandbox/write-offs")) == []


def test_a_number_instead_of_text_is_refused(gas: Client) -> None:
    """Money in a JSON number is not acceptable."""
    response = post(gas, "/api/write-offs", gas_order(gas) | {"amountYuan": 86.4})
    assert read(response) == {"code": "BAD_REQUEST", "field": "amountYuan"}


@pytest.mark.parametrize(("behaviour", "booked"), [("timeout", 0), ("timeout_after_commit", 1)])
def test_silence_before_and_after_the_effect(gas: Client, behaviour: str, booked: int) -> None:
    """Both kinds of silence look the same; only one has booked."""
    order = gas_order(gas)
    arrange(gas, "write_off", behaviour)
    with pytest.raises(ConnectionResetError):
        post(gas, "/api/write-offs", order)
    assert len(read(gas.get("/_sandbox/write-offs"))) == booked
    assert gas.get("/api/write-offs/S1", headers=KEY).status_code == (200 if booked else 404)


def test_says_its_own_faults(gas: Client) -> None:
    """The batch window and a system error have codes and no effect."""
    for behaviour, status, code in (("batch_window", 503, "BATCH_WINDOW"), ("server_error", 500, "SYSTEM")):
        arrange(gas, "write_off", behaviour)
        response = post(gas, "/api/write-offs", gas_order(gas))
        assert (response.status_code, read(response)) == (status, {"code": code})
    assert read(gas.get("/_sandbox/write-offs")) == []


def test_the_bill_changes_under_the_payer(gas: Client) -> None:
    """A bill changed, or paid at the hall, between order and write-off refuses it."""
    order = gas_order(gas)
    arrange(gas, "write_off", "amount_changed")
    assert read(post(gas, "/api/write-offs", order)) == {"code": "AMOUNT_MISMATCH"}
    arrange(gas, "write_off", "paid_at_hall")
    assert read(post(gas, "/api/write-offs", order | {"amountYuan": "87.40"})) == {"code": "ALREADY_PAID"}


def test_spoils_its_bytes(gas: Client) -> None:
    """Truncated, in another charset, HTML, a redirect, or endless: on order."""
    target = "/api/customers/10086001"
    whole = gas.get(target, headers=KEY).data
    arrange(gas, "customer", "truncated")
    assert gas.get(target, headers=KEY).data == whole[: len(whole) // 2]
    arrange(gas, "customer", "wrong_charset")
    assert gas.get(target, headers=KEY).data == whole.decode().encode("gbk")
    arrange(gas, "customer", "cut_off")
    cut = gas.get(target, headers=KEY)
    assert (cut.headers["Content-Length"], len(cut.data)) == (str(len(whole)), len(whole) // 2)
    arrange(gas, "customer", "html")
    assert gas.get(target, headers=KEY).mimetype == "text/html"
    arrange(gas, "customer", "redirect")
    assert gas.get(target, headers=KEY).status_code == 302


def test_magic_households_misbehave_without_control(gas: Client) -> None:
    """A number ending in 9002 books and stays silent once; the same serial is answered the second time."""
    bill = read(gas.get("/api/customers/10089002/bills?status=unpaid", headers=KEY))["bills"][0]
    order = gas_order(gas, customerNo="10089002", billNo=bill["billNo"], amountYuan=bill["amountYuan"])
    with pytest.raises(ConnectionResetError):
        post(gas, "/api/write-offs", order)
    assert read(post(gas, "/api/write-offs", order))["result"] == "OK"
    assert len(read(gas.get("/_sandbox/write-offs"))) == 1


def test_control_enters_households_and_bills(gas: Client) -> None:
    """A tester enters a household and a bill, changes it, and has it paid at the hall, once."""
    household = {"household_no": "77", "name": "丙", "address": "三号"}
    assert post(gas, "/_sandbox/households", household).status_code == 201
    made = post(gas, "/_sandbox/bills", {"household_no": "77", "period": "2026-09", "amount_fen": 1234})
    bill_no = read(made)["bill_no"]
    assert post(gas, f"/_sandbox/bills/{bill_no}/amount", {"amount_fen": 1300}).status_code == 200
    assert read(gas.get("/api/customers/77/bills", headers=KEY))["bills"][0]["amountYuan"] == "13.00"
    assert post(gas, f"/_sandbox/bills/{bill_no}/pay-at-hall", {}).status_code == 200
    assert post(gas, f"/_sandbox/bills/{bill_no}/pay-at-hall", {}).status_code == 409
    for wrong in (
        {},
        {"household_no": "77", "period": "2026-13", "amount_fen": 1},
        {"household_no": "77", "period": "2026-09", "amount_fen": -1},
    ):
        assert post(gas, "/_sandbox/bills", wrong).status_code == 400


def test_seeds_go_in_once(gas: Client, tmp_path: Path) -> None:
    """A second start keeps what was paid and adds no bill."""
    post(gas, "/api/write-offs", gas_order(gas))
    again = Client(create_gas(tmp_path, StillClock(), "k"))
    assert read(again.get("/api/customers/10086001/bills?status=unpaid", headers=KEY))["bills"] == []
