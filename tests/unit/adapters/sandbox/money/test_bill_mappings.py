"""Every bill mapping against its payee, by the counter's real connectors on real sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services.errors import BackEndOutcomeUnknown, BackEndRefused
from tests.unit.adapters.sandbox.offices.street import Street

SEEDED: Mapping[str, tuple[str, str, str]] = {
    "gas-bill": ("gas", "10086002", "李秀英"),
    "water-bill": ("water", "20086002", "王小明"),
    "heating-bill": ("heating", "40086002", "李秀英"),
    "tax-payment": ("tax-payment", "92110105MA01A00022", "演示市朝阳区秀英面馆"),
    "vehicle-fines": ("vehicles", "京AD10087", "李秀英"),
}
"""The emulator, a household of the seeds, and whose it is."""
PAID_AT = "2026-11-24T04:00:01+00:00"


def order(bill: Mapping[str, Any], household_no: str, sequence_no: str, **change: Any) -> dict[str, Any]:
    """What is given to a write-off."""
    return {
        "sequence_no": sequence_no,
        "household_no": household_no,
        "bill_no": bill["bill_no"],
        "amount_fen": bill["amount_fen"],
        "paid_at": PAID_AT,
        "channel": "wechat",
        "business_on": "2026-11-24",
    } | change


def asked(household_no: str, sequence_no: str) -> dict[str, Any]:
    """What is given to the question for a write-off."""
    return {"sequence_no": sequence_no, "household_no": household_no, "business_on": "2026-11-24"}


def issue(quarter: Street, service: str) -> tuple[Any, str, dict[str, Any]]:
    """A fresh bill of the seeded household: the back end, the household, the bill as the mapping shows it."""
    office, household_no, _ = SEEDED[service]
    issued = quarter.control(office, "bills", {"household_no": household_no})
    back_end = quarter.connect(service)
    bills = back_end.call("list_bills", {"household_no": household_no}, "r")["bills"]
    bill = next(one for one in bills if one["bill_no"] == issued["bill_no"])
    assert bill["amount_fen"] == issued["amount_fen"], "what the company says beside its wire"
    return back_end, household_no, bill


def refusal_of(back_end: Any, operation: str, values: Mapping[str, Any]) -> str:
    with pytest.raises(BackEndRefused) as refused:
        back_end.call(operation, values, "r")
    return str(refused.value.reason)


@pytest.mark.parametrize("service", sorted(SEEDED))
def test_who_holds_the_account(quarter: Street, service: str) -> None:
    """The holder's name and an address of the seeded account; nobody for another number."""
    _, household_no, name = SEEDED[service]
    found = quarter.connect(service).call("find_household", {"household_no": household_no}, "r")
    assert found.keys() == {"holder_name", "address"}
    assert found["holder_name"] == name
    assert "市" in found["address"]
    stranger = "京A00000" if service == "vehicle-fines" else "92110105MA01A00099"
    assert refusal_of(quarter.connect(service), "find_household", {"household_no": stranger}) == "no_such_household"


@pytest.mark.parametrize("service", sorted(SEEDED))
def test_items_make_the_amount(quarter: Street, service: str) -> None:
    """A bill has a month, a day by which it is due, and lines that add up to it."""
    _, _, bill = issue(quarter, service)
    assert sum(item["amount_fen"] for item in bill["items"]) == bill["amount_fen"] > 0
    assert len(bill["period"]) == 7
    assert len(bill["due_on"]) == 10
    assert all(item["label"] for item in bill["items"])


@pytest.mark.parametrize("service", sorted(SEEDED))
def test_paying_once(quarter: Street, service: str) -> None:
    """Written off, the same again, asked for: one reference; the bill is gone; another serial number finds it paid."""
    back_end, household_no, bill = issue(quarter, service)
    sequence_no = f"once{service.replace('-', '')}"
    first = back_end.call("write_off", order(bill, household_no, sequence_no), "r")
    assert back_end.call("write_off", order(bill, household_no, sequence_no), "r") == first
    found = back_end.call("find_write_off", asked(household_no, sequence_no), "r")
    assert found == first | {"amount_fen": bill["amount_fen"]}
    left = back_end.call("list_bills", {"household_no": household_no}, "r")["bills"]
    assert bill["bill_no"] not in [one["bill_no"] for one in left]
    assert refusal_of(back_end, "write_off", order(bill, household_no, f"{sequence_no}2")) == "already_paid"
    booked = quarter.control(SEEDED[service][0], "write-offs")
    assert [one["amount_fen"] for one in booked if one["bill_no"] == bill["bill_no"]] == [bill["amount_fen"]]


@pytest.mark.parametrize("service", sorted(SEEDED))
def test_what_cannot_be_written_off(quarter: Street, service: str) -> None:
    """Another amount, a bill that does not exist, a serial number of another payment, a write-off that never was."""
    back_end, household_no, bill = issue(quarter, service)
    sequence_no = f"not{service.replace('-', '')}"
    more = order(bill, household_no, f"{sequence_no}a", amount_fen=bill["amount_fen"] + 1)
    assert refusal_of(back_end, "write_off", more) == "amount_mismatch"
    absent = order(bill, household_no, f"{sequence_no}b", bill_no="9999999999")
    assert refusal_of(back_end, "write_off", absent) == "nothing_owed"
    assert refusal_of(back_end, "find_write_off", asked(household_no, f"{sequence_no}c")) == "no_such_write_off"
    back_end.call("write_off", order(bill, household_no, sequence_no), "r")
    _, _, other = issue(quarter, service)
    if service == "water-bill":  # it says DEF0003 for both
        assert refusal_of(back_end, "write_off", order(other, household_no, sequence_no)) == "already_paid"
        return
    with pytest.raises(BackEndOutcomeUnknown):
        back_end.call("write_off", order(other, household_no, sequence_no), "r")


@pytest.mark.parametrize("service", sorted(SEEDED))
def test_lost_after_the_commit(quarter: Street, service: str) -> None:
    """An answer that is lost leaves the outcome unknown, and the question for it finds the write-off."""
    office = "treasury" if service == "vehicle-fines" else SEEDED[service][0]
    operation = "pay" if service == "tax-payment" else "write_off"
    back_end, household_no, bill = issue(quarter, service)
    sequence_no = f"lost{service.replace('-', '')}"
    quarter.arrange(office, operation, "timeout_after_commit")
    with pytest.raises(BackEndOutcomeUnknown):
        back_end.call("write_off", order(bill, household_no, sequence_no), "r")
    found = back_end.call("find_write_off", asked(household_no, sequence_no), "r")
    assert found["amount_fen"] == bill["amount_fen"]


def test_a_meter_is_charged_once(quarter: Street) -> None:
    """A prepaid meter: its holder, money on it once for each serial number, limits, and the question for it."""
    back_end = quarter.connect("power-topup")
    assert back_end.call("find_household", {"household_no": "30086001"}, "r")["holder_name"] == "王小明"
    assert refusal_of(back_end, "find_household", {"household_no": "30080000"}) == "no_such_household"
    bill = {"bill_no": "topup-once", "amount_fen": 10_000}
    first = back_end.call("write_off", order(bill, "30086001", "once"), "r")
    assert back_end.call("write_off", order(bill, "30086001", "once"), "r") == first
    assert back_end.call("find_write_off", asked("30086001", "once"), "r") == first | {"amount_fen": 10_000}
    with pytest.raises(BackEndOutcomeUnknown):
        back_end.call("write_off", order(bill, "30086001", "once", amount_fen=20_000), "r")
    assert refusal_of(back_end, "write_off", order(bill, "30086001", "little", amount_fen=999)) == "amount_mismatch"
    assert refusal_of(back_end, "write_off", order(bill, "30080000", "nobody")) == "no_such_household"
    assert [one["sequence_no"] for one in quarter.control("power", "write-offs")] == ["once"]
