"""The exposure budgets of the shipped applications, look-ups and information: nothing to spare, nothing to add."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from tests.fakes import ROOT
from tests.unit.adapters.sandbox.offices.street import OFFICE_OF, read_own

PLATFORMS = ("wechat", "alipay")


def read_file(service: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "config" / "mappings" / f"{service}.yaml").read_text())
    return read


def cases() -> list[tuple[str, str, str, str]]:
    return [
        (service, platform, direction, field)
        for service in OFFICE_OF
        for platform in PLATFORMS
        for direction, fields in read_file(service)["exposure"][platform].items()
        for field in fields
    ]


@pytest.mark.parametrize(("service", "platform", "direction", "field"), cases())
def test_a_field_less_is_refused(service: str, platform: str, direction: str, field: str) -> None:
    """Every field of every budget is needed: without it the mapping is refused, at that place."""
    value = copy.deepcopy(read_file(service))
    budget = {name: list(fields) for name, fields in value["exposure"][platform].items()}
    budget[direction].remove(field)
    value["exposure"] = {**value["exposure"], platform: budget}
    mapping, faults = read_own(service, yaml.safe_dump(value, allow_unicode=True).encode())
    assert mapping is None
    assert {(fault.path, fault.found) for fault in faults} == {(f"exposure.{platform}.{direction}", f"no {field}")}


@pytest.mark.parametrize("service", sorted(OFFICE_OF))
def test_nothing_goes_to_a_platform_by_itself(service: str) -> None:
    """None of these services sends anything to a platform's server or takes anything from it."""
    for budget in read_file(service)["exposure"].values():
        assert budget["sent_to_server"] == budget["received_from_platform"] == []


@pytest.mark.parametrize("service", sorted(OFFICE_OF))
def test_own_words_are_used(service: str) -> None:
    """A mapping brings no word that stands in none of its budgets."""
    value = read_file(service)
    used = {field for budget in value["exposure"].values() for fields in budget.values() for field in fields}
    assert set(value.get("words", {})) <= used


@pytest.mark.parametrize("service", sorted(OFFICE_OF))
def test_the_story_of_each_platform(service: str) -> None:
    """There is one story a platform, of different people, with what they must be shown."""
    stories = read_file(service)["demo"]["stories"]
    assert [(story["person"], story["channels"]) for story in stories] == [("wang", ["wechat"]), ("li", ["alipay"])]
    assert all(story["expect"] for story in stories)
