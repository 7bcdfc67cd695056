"""Slips for tests: presses with keys in a folder, texts taken apart and put together again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest

from adapters.slip_keys import KeyFolder, SlipKey, add_key
from adapters.slips import CwtSlips, seal_octets
from services.case_errors import SlipRefused
from services.case_ports import Slip
from services.slips import KIND_CLAIM, PRIVATE_CLAIM

NOW = datetime(2026, 2, 10, 1, 0, tzinfo=UTC)
WEB_URL = "https://counter.example.gov.cn"
KINDS = ("case_receipt", "certificate", "collection_code", "voucher", "payment_receipt")


def make_slip(**changes: Any) -> Slip:
    """A certificate's slip of NOW that ends in a year."""
    claims = {"number": "YYZZ11", "service": "trial", "case_no": "11", "issued_on": "2026-02-10"}
    return replace(Slip("ab" * 12, "certificate", claims, NOW, NOW + timedelta(days=365)), **changes)


def make_press(folder: Path, algorithm: str = "EdDSA", kinds: tuple[str, ...] = KINDS) -> tuple[CwtSlips, SlipKey]:
    """A press with one key."""
    key = add_key(folder, kinds, NOW - timedelta(days=1), algorithm)
    return CwtSlips(KeyFolder(folder), WEB_URL), key


def unwrap(text: str) -> bytes:
    """The octets of a slip's text."""
    written = text.rpartition("/")[2]
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


def wrap(octets: bytes) -> str:
    """The text of these octets."""
    return f"{WEB_URL}/v/{base64.urlsafe_b64encode(octets).rstrip(b'=').decode()}"


def refuse(press: CwtSlips, text: str, now: datetime = NOW) -> str:
    """Why a text is refused."""
    with pytest.raises(SlipRefused) as refused:
        press.read(text, now)
    return refused.value.reason


def forge(folder: Path, key: SlipKey, claims: Mapping[object, object]) -> str:
    """A slip with claims that ``sign`` would not write, under our own key."""
    pem = (folder / f"{key.key_id}.pem").read_bytes()
    return wrap(seal_octets(cbor2.dumps(claims, canonical=True), key, pem))


GOOD: Mapping[object, object] = {
    1: "x", 6: int(NOW.timestamp()), 7: bytes(12), PRIVATE_CLAIM: {KIND_CLAIM: 3, 2: "YYZZ"},
}  # fmt: skip
