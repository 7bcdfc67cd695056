"""The demo's judge must be able to say no."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.stores.exposure_export import ExportedRecord
from gateway.demo.evidence import compare_evidence, read_received, write_ledger
from services.exposure import commit, request_content


def make_request(body: bytes = b"{}", target: str = "/v3/pay?a=1", platform: str = "wechat") -> dict[str, Any]:
    """A line of received.jsonl."""
    return {"platform": platform, "method": "POST", "target": target, "body": base64.b64encode(body).decode()}


def make_record(
    number: int, body: bytes = b"{}", target: str = "/v3/pay?a=1", *, platform: str = "wechat", erased: bool = False
) -> ExportedRecord:
    """The record that the door would have made of this request."""
    salt = bytes([number]) * 32
    leaf = {
        "direction": "sent_to_server", "platform": platform, "service": "gas-bill", "fields": ["amount"],
        "operation": "place_order", "digest": commit(salt, request_content("POST", target, body)),
    }  # fmt: skip
    return ExportedRecord(UUID(int=number), leaf, None if erased else salt)


def test_equal_sides_have_no_fault() -> None:
    """Each request has its record, in any order, two equal requests two records."""
    requests = [make_request(), make_request(b"x"), make_request()]
    assert compare_evidence(requests, [make_record(1, b"x"), make_record(2), make_record(3)]) == []


@pytest.mark.parametrize(
    ("requests", "records", "words"),
    [
        ([make_request()], [], "unrecorded"),
        ([], [make_record(1)], "has no request"),
        ([make_request(), make_request()], [make_record(1)], "unrecorded"),
        ([make_request(b"{} ")], [make_record(1)], "unrecorded"),
        ([make_request(target="/v3/pay?a=2")], [make_record(1)], "unrecorded"),
        ([make_request(platform="alipay")], [make_record(1)], "unrecorded"),
        ([make_request()], [make_record(1, erased=True)], "unrecorded"),
    ],
)
def test_a_difference_is_a_fault(requests: list[dict[str, Any]], records: list[ExportedRecord], words: str) -> None:
    """One byte, one request or one record more or less, another platform, an erased salt."""
    assert any(words in fault for fault in compare_evidence(requests, records))


def test_a_fault_shows_no_value() -> None:
    """The query of a target may hold a token: only the path is told."""
    assert "secret" not in "".join(compare_evidence([make_request(target="/token?secret=1")], []))


def test_the_ledger_file_has_the_agreed_form(tmp_path: Path) -> None:
    """direction, platform, service, fields, digest, salt; lower-case hex."""
    write_ledger(tmp_path / "ledger.jsonl", [make_record(171)])
    (line,) = read_received(tmp_path / "ledger.jsonl")
    assert list(line) == ["direction", "platform", "service", "fields", "digest", "salt"]
    assert line["salt"] == "ab" * 32
    assert json.dumps(line)
