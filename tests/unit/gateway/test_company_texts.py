"""What a mapping accepts from a company, the guard lets out: otherwise a citizen gets a 500 instead of a bill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.mapping_schema import BILL, MAPPING
from config.shapes import Text, check_shape
from gateway.recording import derive_shown
from gateway.schemas.catalogue import ServiceDetailReply
from gateway.schemas.households import BillReply
from gateway.schemas.tables import table_of


def make_bill(**changes: str) -> dict[str, Any]:
    """A bill as a mapping gives it, with one item."""
    item = {"label": "第一档用水", "amount_fen": 280, "quantity": "1", "unit_price": "2.80"} | changes
    return {"bill_no": "W1", "period": "2026-10", "amount_fen": 280, "due_on": "2026-12-10", "items": [item]}


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "12.5 立方米"},
        {"quantity": "12吨"},
        {"unit_price": "2.80元/吨"},
        {"quantity": "x" * 40, "unit_price": "x" * 40, "label": "x" * 100},
    ],
)
def test_a_line_with_units_is_shown(changes: dict[str, str]) -> None:
    """Companies write units beside quantities and prices; what passes the mapping's shape passes the reply's form."""
    bill = make_bill(**changes)
    assert list(check_shape(BILL, bill)) == []
    shown = {name: value for name, value in bill.items() if name != "bill_no"}
    body = json.dumps({"bill_ref": "A" * 32, **shown}, ensure_ascii=False).encode()
    assert "bill_items" in derive_shown(table_of(BillReply), body)


def test_the_longest_law_of_a_mapping_is_shown() -> None:
    """A legal basis as long as a mapping may have it fits into the reply."""
    law = MAPPING.required["legal_basis"]
    assert isinstance(law, Text)
    body = json.dumps({"legal_basis": "法" * law.max_length}, ensure_ascii=False).encode()
    assert derive_shown(table_of(ServiceDetailReply), body) == {"service_info"}
