"""What a mapping may say of a government fee, and where: the real mapping, spoiled in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.strict_yaml import read_document
from services.service_rules import FEE_WORDS, find_fee_faults
from services.terms_reader import read_payment

FILES = Path(__file__).resolve().parents[3] / "config" / "mappings"


def read(name: str) -> dict[str, Any]:
    """A mapping's own file as plain values."""
    file = FILES / f"{name}.yaml"
    value: dict[str, Any] = read_document(file.name, file.read_bytes()).value
    return value


def find_faults(value: dict[str, Any]) -> list[str]:
    return [fault.path for fault in find_fee_faults(value, read_payment(value))]


def test_the_fines_are_in_order() -> None:
    """The mapping that is served has no fault."""
    assert find_faults(read("vehicle-fines")) == []


@pytest.mark.parametrize("word", FEE_WORDS)
def test_no_other_service_sends_a_word_of_a_fee(word: str) -> None:
    """An ordinary bill with such a word in its budget is refused, at its place, on both platforms."""
    for platform in ("wechat", "alipay"):
        value = read("gas-bill")
        sent = [*value["exposure"][platform]["sent_to_server"], word]
        value["exposure"] = {**value["exposure"], platform: {**value["exposure"][platform], "sent_to_server": sent}}
        assert find_faults(value) == [f"exposure.{platform}.sent_to_server[{len(sent) - 1}]"]


@pytest.mark.parametrize("word", FEE_WORDS)
def test_on_alipay_a_fee_is_an_ordinary_order(word: str) -> None:
    """The words of a fee stand in WeChat's budget alone."""
    value = read("vehicle-fines")
    sent = value["exposure"]["alipay"]["sent_to_server"]
    sent.insert(0, word)
    assert find_faults(value) == ["exposure.alipay.sent_to_server[0]"]


@pytest.mark.parametrize("word", [*FEE_WORDS, "platform_order"])
def test_what_the_order_says_must_be_allowed(word: str) -> None:
    """A budget with which no order could leave is found before the first citizen pays."""
    value = read("vehicle-fines")
    value["exposure"]["wechat"]["sent_to_server"].remove(word)
    assert find_faults(value) == ["exposure.wechat.sent_to_server"]


def drop(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda value: value["payment"]["non_tax"].pop(name)


@pytest.mark.parametrize("name", ["legal_basis", "region_code"])
def test_the_law_and_the_region_are_named(name: str) -> None:
    """A fee's order needs the region, and its own legal basis stands in every record."""
    value = read("vehicle-fines")
    drop(name)(value)
    assert find_faults(value) == [f"payment.non_tax.{name}"]
