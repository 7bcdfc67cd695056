"""The sandbox's page names all that the emulated Alipay and the companies can be told to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.sandbox.alipay import state
from adapters.sandbox.alipay.control import ACTIONS
from adapters.sandbox.alipay.gateway import METHODS
from adapters.sandbox.utilities import faults

PAGE = Path(__file__).parents[4] / "docs" / "sandbox.md"
ALIPAY, COMPANIES = "## Alipay", "## The gas company"


@pytest.fixture(scope="module")
def alipay() -> str:
    """The part about Alipay."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(ALIPAY) : text.index(COMPANIES)]


@pytest.fixture(scope="module")
def companies() -> str:
    """The part about the companies."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(COMPANIES) :]


def test_every_method_operation_and_behaviour_of_alipay_is_named(alipay: str) -> None:
    """A method, an operation, a behaviour or an action without a line on the page is a fault."""
    words = set(METHODS) | set(METHODS.values()) | set(state.OPERATIONS) | set(ACTIONS)
    words |= {name for names in state.OPERATIONS.values() for name in names}
    assert {word for word in words if f"`{word}`" not in alipay} == set()


def test_every_magic_amount_is_named_with_its_behaviour(alipay: str) -> None:
    """Each amount stands in the row of its operation, with its behaviour."""
    for fen, (operation, behaviour) in state.MAGIC_AMOUNTS.items():
        amount = f"{fen // 100}.{fen % 100:02d}"
        row = next(line for line in alipay.splitlines() if line.startswith("|") and amount in line)
        assert f"`{operation}`:" in row
        assert f"`{behaviour.name}`" in row


def test_every_behaviour_and_magic_household_of_the_companies_is_named(companies: str) -> None:
    """The same for the utilities."""
    names = set(faults.OPERATIONS) | {name for known in faults.OPERATIONS.values() for name in known}
    names |= {behaviour for _, behaviour, _ in faults.MAGIC_HOUSEHOLDS.values()}
    assert {name for name in names if f"`{name}`" not in companies} == set()
    assert {suffix for suffix in faults.MAGIC_HOUSEHOLDS if suffix not in companies} == set()
