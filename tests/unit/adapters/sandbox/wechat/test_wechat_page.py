"""docs/sandbox.md tells everything that the emulated WeChat can do, and nothing that it cannot."""

from __future__ import annotations

import re
from pathlib import Path

from adapters.sandbox.behaviour import GENERAL
from adapters.sandbox.wechat.control import NOTICE_ACTIONS
from adapters.sandbox.wechat.magic import MAGIC_AMOUNTS
from adapters.sandbox.wechat.mini import _MAGIC_CODES
from adapters.sandbox.wechat.pay_notices import SCHEDULE
from adapters.sandbox.wechat.state import OPERATIONS

PAGE = (Path(__file__).resolve().parents[5] / "docs" / "sandbox.md").read_text("utf-8")
WECHAT = PAGE.partition("\n## WeChat\n")[2].partition("\n## ")[0]


def test_magic_amounts_are_the_documented_ones() -> None:
    """Each row: amount, operation, behaviour."""
    rows = re.findall(r"^\| (\d{5}) \| (\w+) \| `(\w+)` \|$", WECHAT, re.MULTILINE)
    told = {int(amount): (operation, name) for amount, operation, name in rows}
    assert told == {amount: (operation, one.name) for amount, (operation, one) in MAGIC_AMOUNTS.items()}


def test_operations_and_behaviours_are_documented() -> None:
    """Every operation, general behaviour, own behaviour, action and magic code stands on the page."""
    own = {name for names in OPERATIONS.values() for name in names}
    words = set(OPERATIONS) | own | set(_MAGIC_CODES) | (NOTICE_ACTIONS - {"forge", "resend"})
    assert [word for word in sorted(words) if f"`{word}`" not in WECHAT] == []
    assert [word for word in sorted(GENERAL) if f"| `{word}` |" not in PAGE] == []


def test_magic_behaviours_exist() -> None:
    """A magic amount chooses what could be arranged by control as well."""
    for operation, behaviour in MAGIC_AMOUNTS.values():
        assert behaviour.name in OPERATIONS[operation] | GENERAL


def test_the_schedule_is_documented() -> None:
    """The retries stand on the page as the platform publishes them."""
    units = {"s": 1, "m": 60, "h": 3600}
    (steps,) = re.findall(r"\n  (15s [0-9smh ]+) of the clock", WECHAT)
    assert tuple(int(step[:-1]) * units[step[-1]] for step in steps.split()) == SCHEDULE
