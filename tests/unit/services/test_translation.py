"""Rules of services/translation.py: what is asked, what is believed, and what stays in doubt."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalogue import Catalogue
from services.chaining import conclude_operation
from services.errors import BackEndError, BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused
from services.mapping import BackEndSpec
from services.mapping_reader import read_mapping
from services.translation import Request, build_request, read_reply

CONFIG = Path(__file__).parents[3] / "config"
CATALOGUE = Catalogue.load(CONFIG / "mappings", CONFIG / "desk.yaml", CONFIG / "vocabulary.yaml")
GAS, WATER = CATALOGUE.service("gas-bill").back_end, CATALOGUE.service("water-bill").back_end
NOW = datetime(2026, 11, 30, 16, 0, 1, tzinfo=UTC)
OPTIONS = {"institution_id": "GUITAI01", "company_id": "W001"}
PAYMENT: dict[str, Any] = {
    "sequence_no": "s" * 32,
    "household_no": "10086001",
    "bill_no": "B1",
    "amount_fen": 8640,
    "paid_at": NOW,
    "channel": "wechat",
    "business_on": date(2026, 12, 1),
}
BILL: dict[str, Any] = {
    "billNo": "B1", "month": "2026-10", "amountYuan": "86.40", "dueDate": "2026-12-10", "meterNo": "canary",
    "lines": [{"name": "第一档", "volume": "30", "unitPrice": "2.88", "yuan": "86.40"}],
}  # fmt: skip
BILLS: dict[str, Any] = {"customerNo": "10086001", "bills": [BILL]}
RECEIPT = {"result": "OK", "receiptNo": "RQ1", "serialNo": "s" * 32, "amountYuan": "86.40"}


def build(spec: BackEndSpec, operation: str, **values: Any) -> Request:
    given = {name: value for name, value in PAYMENT.items() if name in spec.operations[operation].takes} | values
    planned = spec.operations[operation]
    return build_request(planned, planned.calls[0], given, call_id="c-1", now=NOW, options=OPTIONS)


def answer(spec: BackEndSpec, operation: str, status: int, body: Any) -> Any:
    planned = spec.operations[operation]
    call = planned.calls[0]
    result = read_reply(spec, call, build(spec, operation), {"status": status, "body": body})
    return conclude_operation(planned, PAYMENT, {call.name: result})


def test_requests() -> None:
    """Values become the company's own words, money its own unit, moments China Standard Time."""
    assert build(GAS, "write_off").document == {
        "serialNo": "s" * 32, "customerNo": "10086001", "billNo": "B1", "amountYuan": "86.40", "channel": "wechat",
        "paidAt": "2026-12-01T00:00:01+08:00",
    }  # fmt: skip
    written = build(WATER, "write_off").document
    assert written is not None
    assert list(written)[:7] == ["Version", "InstId", "TranCode", "TranDate", "TranSeq", "BillKey", "CompanyId"]
    assert (written["TranDate"], written["PayDate"], written["TranSeq"]) == ("20261201", "20261201000001", "s" * 32)
    assert build(GAS, "list_bills").path == "/api/customers/10086001/bills?status=unpaid"


@given(st.text(min_size=1, max_size=35))
def test_a_number_stays_inside_its_place(number: str) -> None:
    """No household number can change the address that is asked: it is encoded whole, or refused."""
    try:
        path = build(GAS, "find_household", household_no=number).path
    except BackEndRefused:
        return
    rest = path.removeprefix("/api/customers/")
    assert not set(rest) & set("/?#& ")
    assert rest.isascii()
    assert rest not in {"", ".", ".."}


@pytest.mark.parametrize("number", ["", ".", "..", "\ud800", 5])
def test_unwritable_numbers(number: Any) -> None:
    """A dot segment, nothing, or what is no text is refused before anything is sent."""
    with pytest.raises(BackEndRefused, match="unwritable_value"):
        build(GAS, "find_household", household_no=number)


def test_fault_of_the_caller() -> None:
    """A value that an operation takes and nobody gave is a fault of ours, told by name."""
    operation = GAS.operations["find_household"]
    with pytest.raises(ValueError, match="also takes household_no"):
        build_request(operation, operation.calls[0], {}, call_id="c", now=NOW, options={})
    with pytest.raises(ValueError, match="a text, a whole number"):
        build(GAS, "write_off", amount_fen=86.4)


def test_missing_option() -> None:
    """A request that would hold nothing where something belongs is not sent."""
    operation = WATER.operations["find_household"]
    with pytest.raises(BackEndRefused, match="unwritable_value"):
        build_request(operation, operation.calls[0], {"household_no": "1"}, call_id="c", now=NOW, options={})


def test_bills() -> None:
    """A reply becomes the result of the kind: whole fen, ISO dates, and nothing that was not asked for."""
    result = answer(GAS, "list_bills", 200, BILLS)
    assert result == {
        "bills": [
            {
                "bill_no": "B1", "period": "2026-10", "amount_fen": 8640, "due_on": "2026-12-10",
                "items": [{"label": "第一档", "amount_fen": 8640, "quantity": "30", "unit_price": "2.88"}],
            }
        ]
    }  # fmt: skip
    assert "canary" not in str(result)


def test_nothing_owed_is_an_empty_list() -> None:
    """Where the mapping gives a result in place of an error, the result is given."""
    assert answer(GAS, "list_bills", 409, {"code": "NOTHING_OWED"}) == {"bills": []}


@pytest.mark.parametrize(
    "change",
    [
        {"amountYuan": 86.4}, {"amountYuan": Decimal("86.40")}, {"amountYuan": "86.405"}, {"amountYuan": "-86.40"},
        {"amountYuan": "-0.01"}, {"amountYuan": None}, {"month": "2026-13"}, {"month": "202610"}, {"billNo": "B 1"},
        {"billNo": ""}, {"billNo": 7}, {"dueDate": "10.12.2026"}, {"lines": [{"name": "x"}]}, {"surprise": 1},
        {"lines": {}}, {"lines": [{"name": "\x00", "yuan": "1.00"}]},
    ],
)  # fmt: skip
def test_garbled_bills(change: dict[str, Any]) -> None:
    """A bill that is not exactly as agreed is not shown: no amount in such an answer is believed."""
    with pytest.raises(BackEndGarbled):
        answer(GAS, "list_bills", 200, BILLS | {"bills": [BILL | change]})


def test_a_bill_of_nothing_does_not_garble_the_others() -> None:
    """A bill of 0 fen has its shape: who shows bills leaves it out."""
    nothing = BILL | {"billNo": "B2", "amountYuan": "0.00"}
    result = answer(GAS, "list_bills", 200, BILLS | {"bills": [BILL, nothing]})
    assert [bill["amount_fen"] for bill in result["bills"]] == [8640, 0]


def test_write_off_accepted() -> None:
    """A write-off is accepted by an answer that repeats our number and our amount."""
    assert answer(GAS, "write_off", 200, RECEIPT) == {"reference": "RQ1"}
    assert answer(GAS, "find_write_off", 200, RECEIPT) == {"reference": "RQ1", "amount_fen": 8640}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, RECEIPT | {"serialNo": "t" * 32}),
        (200, RECEIPT | {"amountYuan": "86.41"}),
        (200, RECEIPT | {"amountYuan": "86.4"} | {"result": "PENDING"}),
        (200, {"result": "OK"}),
        (200, RECEIPT | {"more": 1}),
        (200, RECEIPT | {"receiptNo": None}),
        (200, None),
        (200, []),
        (200, "OK"),
        (201, RECEIPT),
        (204, None),
        (302, {}),
        (409, {"code": "WHAT"}),
        (409, {"code": None}),
        (409, {"code": ["ALREADY_PAID"]}),
        (409, {}),
        (502, {"message": "bad gateway"}),
        (500, {"code": "SYSTEM"}),
        (409, {"code": "SERIAL_REUSED"}),
    ],
)
def test_doubt_about_a_write(status: int, body: Any) -> None:
    """Whatever leaves open whether a write happened is an unknown outcome, never a refusal and never a success."""
    with pytest.raises(BackEndOutcomeUnknown):
        answer(GAS, "write_off", status, body)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ALREADY_PAID", "already_paid"), ("AMOUNT_MISMATCH", "amount_mismatch"), ("NOTHING_OWED", "nothing_owed"),
        ("NO_SUCH_CUSTOMER", "no_such_household"), ("BATCH_WINDOW", "batch_window"),
    ],
)  # fmt: skip
def test_refusals(code: str, reason: str) -> None:
    """A company's code becomes the error name of the mapping."""
    with pytest.raises(BackEndRefused) as caught:
        answer(GAS, "write_off", 409, {"code": code})
    assert caught.value.reason == reason


def test_system_error_of_a_read() -> None:
    """A system error is an ordinary no for a question: nothing can have happened."""
    with pytest.raises(BackEndRefused) as caught:
        answer(GAS, "list_bills", 500, {"code": "SYSTEM"})
    assert caught.value.reason == "system"


def test_own_meaning_of_an_operation() -> None:
    """One code can mean another thing for another operation."""
    body = {"RespCode": "DEF0001", "TranSeq": "c-1"}
    for operation, reason in (("find_household", "no_such_household"), ("find_write_off", "no_such_write_off")):
        with pytest.raises(BackEndRefused) as caught:
            answer(WATER, operation, 200, body)
        assert caught.value.reason == reason


@pytest.mark.parametrize("sequence", ["c-2", None, "", 5, ["c-1"]])
def test_refusal_for_somebody_else(sequence: Any) -> None:
    """A refusal that does not repeat the number of our request is not believed."""
    with pytest.raises(BackEndGarbled):
        answer(WATER, "find_write_off", 200, {"RespCode": "DEF0001", "TranSeq": sequence})


def test_cut_list() -> None:
    """A list shorter than the company says it is is not shown as if it were whole."""
    head = {"RespCode": "AAAAAAA", "TranSeq": "c-1"}
    bill = {"BillNo": "B", "BillMonth": "202610", "PayAmount": "1.00", "Items": {"Item": []}}
    whole = answer(WATER, "list_bills", 200, head | {"TotalNum": "1", "Bills": {"Bill": [bill]}})
    assert whole["bills"][0]["period"] == "2026-10"
    assert whole["bills"][0]["due_on"] is None
    with pytest.raises(BackEndGarbled):
        answer(WATER, "list_bills", 200, head | {"TotalNum": "2", "Bills": {"Bill": [bill]}})


def test_errors_hold_no_values() -> None:
    """A fault names back end, operation and place; nothing of a reply or a request is in it."""
    poison = {"王小明": "110101199003070011"}
    for body in (BILLS | {"bills": [BILL | poison]}, BILLS | poison, poison, BILLS | {"customerNo": "王小明"}):
        with pytest.raises(BackEndGarbled) as caught:
            answer(GAS, "list_bills", 200, body)
        assert "gas-company, list_bills" in str(caught.value)
        assert "王小明" not in str(caught.value)
        assert "110101199003070011" not in str(caught.value)
        assert caught.value.__cause__ is None


SCALARS = st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20)
ANSWERS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@given(st.integers(100, 599), ANSWERS, st.sampled_from(sorted(GAS.operations)))
def test_any_answer(status: int, body: Any, operation: str) -> None:
    """Whatever a back end answers, the caller gets a result of the agreed shape or an error of a back end."""
    with pytest.raises(BackEndError):
        answer(GAS, operation, status, body)


def test_other_unit() -> None:
    """The same company stating fen is read in fen: the unit is the mapping's, not a habit of the code."""
    text = (CONFIG / "mappings" / "gas-bill.yaml").read_text(encoding="utf-8").replace("unit: yuan", "unit: fen")
    mapping, faults = read_mapping("m", text.encode(), CATALOGUE.vocabulary)
    assert mapping is not None, faults
    spec = mapping.back_end
    assert (build(spec, "write_off").document or {})["amountYuan"] == 8640
    assert answer(spec, "find_write_off", 200, RECEIPT | {"amountYuan": 8640})["amount_fen"] == 8640
    with pytest.raises(BackEndGarbled):
        answer(spec, "find_write_off", 200, RECEIPT)
