"""The emulated treasury over real sockets: what is open, one write-off for a serial number, what it refuses, how it misbehaves."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.context import NOTICE_ISSUED, NOTICE_SETTLED
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.peers.wechat_merchant import Answer, StillClock, ask, control

ITEM = {"item_id": "103050101", "item_name": "道路交通违法罚款", "fee_fen": 20000}
_numbers = itertools.count(1)


class Collector:
    """Asks the treasury with its key."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox, self.url = sandbox, sandbox.addresses["treasury"]
        self.key = sandbox.credentials["treasury"]["api_key"]

    def call(self, method: str, path: str, told: Any = None, key: str | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        return ask(self.url, method, path, b"" if told is None else json.dumps(told).encode(), headers)

    def issue(self, **changes: Any) -> str:
        told = {"department_code": "104001", "department_name": "演示执收单位", "items": [ITEM], **changes}
        return str(control(self.url, "/_sandbox/notices", told)["notice_no"])

    def list_open(self, *numbers: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("POST", "/api/notices/query", {"noticeNos": numbers}).json["notices"]
        return found

    def settle(self, number: str, serial: str, **changes: Any) -> Answer:
        told = {
            "serialNo": serial, "noticeNo": number, "amountFen": 20000, "channel": "wechat",
            "paidAt": "2026-11-24T16:00:00+08:00", **changes,
        }  # fmt: skip
        return self.call("POST", "/api/receipts", told)

    def arrange(self, operation: str, behaviour: str) -> None:
        told = {"operation": operation, "behaviour": behaviour}
        assert "waiting" in control(self.url, "/_sandbox/control/behaviour", told)


@pytest.fixture(scope="module")
def still() -> StillClock:
    return StillClock()


@pytest.fixture(scope="module")
def sandbox(still: StillClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    home: Path = tmp_path_factory.mktemp("treasury")
    running = start_sandbox(home, only={"treasury"}, clock=still)
    yield running
    running.stop()


@pytest.fixture
def treasury(sandbox: RunningSandbox) -> Collector:
    return Collector(sandbox)


@pytest.fixture
def serial() -> str:
    return f"20261124{next(_numbers):020d}"


def test_an_open_notice_is_written_off_once(treasury: Collector, serial: str) -> None:
    """Open with its items; after the write-off it is open no more; the same serial number gives the same receipt."""
    number = treasury.issue()
    (shown,) = treasury.list_open(number)
    assert (shown["noticeNo"], shown["amountFen"], shown["items"][0]["feeFen"]) == (number, 20000, 20000)
    first, again = treasury.settle(number, serial), treasury.settle(number, serial)
    assert (first.status, first.json) == (200, again.json)
    assert first.json["result"] == "OK"
    assert treasury.call("GET", f"/api/receipts/{serial}").json == first.json
    assert treasury.list_open(number) == []
    status = treasury.call("GET", f"/api/notices/{number}").json
    assert (status["status"], status["receiptNo"]) == ("paid", first.json["receiptNo"])
    assert [one["serial_no"] for one in control(treasury.url, "/_sandbox/write-offs")][-1] == serial


def test_what_is_refused(treasury: Collector, serial: str) -> None:
    """Another amount, a paid notice, one that nobody issued or that was withdrawn, a serial number used for another, none at all."""
    number, other = treasury.issue(), treasury.issue()
    assert treasury.settle(number, serial, amountFen=19999).json == {"code": "AMOUNT_MISMATCH"}
    assert treasury.settle("NONE-1", serial).json == {"code": "NO_SUCH_NOTICE"}
    assert treasury.settle(number, serial).status == 200
    assert treasury.settle(number, serial + "x").json == {"code": "ALREADY_PAID"}
    assert treasury.settle(other, serial).json == {"code": "SERIAL_REUSED"}
    control(treasury.url, f"/_sandbox/notices/{other}/void", {})
    assert treasury.settle(other, serial + "y").json == {"code": "NO_SUCH_NOTICE"}
    assert treasury.list_open(other) == []
    assert treasury.call("GET", "/api/receipts/none").json == {"code": "NO_SUCH_RECEIPT"}


def test_after_its_last_day_a_notice_is_not_open(treasury: Collector, serial: str, still: StillClock) -> None:
    """What was paid in time is written off all the same; what was paid later is not."""
    number, late = treasury.issue(expires_on="2026-11-25"), treasury.issue(expires_on="2026-11-25")
    assert len(treasury.list_open(number, late)) == 2
    still.advance(2 * 86400)
    assert treasury.list_open(number, late) == []
    assert treasury.settle(number, serial, paidAt="2026-11-25T23:59:59+08:00").status == 200
    refused = treasury.settle(late, serial + "x", paidAt="2026-11-26T00:00:00+08:00")
    assert refused.json == {"code": "NOTICE_EXPIRED"}


WRONG: list[Any] = [
    {"serialNo": ""}, {"serialNo": "a b"}, {"amountFen": "20000"}, {"amountFen": 0}, {"amountFen": True},
    {"paidAt": "2026-11-24T16:00:00"}, {"paidAt": "soon"}, {"channel": "elsewhere"}, {"more": 1}, {"noticeNo": None},
]  # fmt: skip


@pytest.mark.parametrize("changes", WRONG)
def test_a_write_off_that_does_not_fit(treasury: Collector, serial: str, changes: dict[str, Any]) -> None:
    """Exactly the agreed fields, each in its form; nothing is written."""
    number = treasury.issue()
    answer = treasury.settle(number, serial, **changes)
    assert (answer.status, answer.json) == (400, {"code": "BAD_REQUEST"})
    assert len(treasury.list_open(number)) == 1


def test_only_who_has_the_key(treasury: Collector, serial: str) -> None:
    """Every operation asks for the key first."""
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/api/notices/query", {"noticeNos": []}), ("GET", "/api/notices/1", None), ("POST", "/api/receipts", {}),
        ("GET", f"/api/receipts/{serial}", None),
    ]  # fmt: skip
    for method, path, told in asked:
        answer = treasury.call(method, path, told, key="other")
        assert (answer.status, answer.json) == (401, {"code": "UNAUTHORIZED"})


def test_paid_at_a_bank_a_moment_before(treasury: Collector, serial: str) -> None:
    """Arranged: the bank's write-off comes first, ours is refused; or the amount has grown."""
    number = treasury.issue()
    treasury.arrange("write_off", "paid_at_bank")
    assert treasury.settle(number, serial).json == {"code": "ALREADY_PAID"}
    other = treasury.issue()
    treasury.arrange("write_off", "surcharge_added")
    assert treasury.settle(other, serial).json == {"code": "AMOUNT_MISMATCH"}
    assert treasury.list_open(other)[0]["items"][0]["overdueFen"] == 1000


@pytest.mark.parametrize("behaviour", ["batch_window", "already_paid", "server_error", "timeout"])
def test_an_arranged_refusal_has_no_effect(treasury: Collector, serial: str, behaviour: str) -> None:
    """The notice stays open."""
    number = treasury.issue()
    treasury.arrange("write_off", behaviour)
    assert treasury.settle(number, serial).status != 200
    assert len(treasury.list_open(number)) == 1


def test_a_silent_write_off_has_its_effect(treasury: Collector, serial: str) -> None:
    """Silence after the commit: asked for by its number, the receipt is there."""
    number = treasury.issue()
    treasury.arrange("write_off", "timeout_after_commit")
    assert treasury.settle(number, serial).status == 0
    assert treasury.call("GET", f"/api/receipts/{serial}").json["noticeNo"] == number


def test_departments_issue_and_hear(sandbox: RunningSandbox, treasury: Collector, serial: str) -> None:
    """What is issued on the line is open here, however often it is told; what is settled is told back with its receipt."""
    heard: list[Any] = []
    context = sandbox._context
    context.listen(NOTICE_SETTLED, heard.append)
    items = [{"no": 1, **ITEM, "overdue_fen": 0, "penalty_fen": 0}]
    notice = {
        "notice_no": "LINE-1", "department_code": "104001", "department_name": "演示执收单位", "payer": "王小明",
        "identity_number": "110101199003070011", "created_on": "2026-11-20", "expires_on": None, "items": items,
    }  # fmt: skip
    for _ in range(2):
        context.tell(NOTICE_ISSUED, notice)
    assert [one["noticeNo"] for one in treasury.list_open("LINE-1", "LINE-1")] == ["LINE-1"]
    receipt = treasury.settle("LINE-1", serial).json["receiptNo"]
    context.tell(NOTICE_ISSUED, notice)
    assert treasury.list_open("LINE-1") == []
    assert [(one["notice_no"], one["receipt_no"]) for one in heard] == [("LINE-1", receipt)]


def test_canaries_are_those_that_are_served(treasury: Collector) -> None:
    """The payer in an answer is a canary, and the list has it; the real payer is in no answer."""
    number = treasury.issue()
    (shown,) = treasury.list_open(number)
    canaries = control(treasury.url, "/_sandbox/canaries")
    assert {shown["payerName"], shown["payerIdNo"]} <= set(canaries)
    assert shown["payerIdNo"].startswith("990000")


def test_the_register_outlives_the_process(still: StillClock, tmp_path: Path) -> None:
    """A second run knows the notices and receipts of the first."""
    first = start_sandbox(tmp_path, only={"treasury"}, clock=still)
    number = Collector(first).issue()
    Collector(first).settle(number, "S1")
    first.stop()
    second = start_sandbox(tmp_path, only={"treasury"}, clock=still)
    try:
        assert Collector(second).call("GET", "/api/receipts/S1").json["noticeNo"] == number
    finally:
        second.stop()
