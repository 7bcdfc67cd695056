"""Forms that could not be sent: found by filling them in as the mapping says, judged by the edge's own validators."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.form_judge import judge_body
from services.census_forms import fill_in, find_form_faults, list_stories
from services.doors import PLATFORMS
from services.exposure import Direction
from services.mapping import ServiceMapping
from services.model import PlatformName
from tests.unit.gateway.fakes_edge import CATALOGUE

TODAY, WECHAT = date(2026, 11, 24), PlatformName.WECHAT
GAS, POWER, LICENCE = (CATALOGUE.services[name] for name in ("gas-bill", "power-topup", "labour-dispatch"))


def find(mapping: ServiceMapping, platform: PlatformName = WECHAT) -> list[tuple[str, str]]:
    """Code and place of everything that is found."""
    return [(one.code, one.place) for one in find_form_faults(mapping, platform, TODAY, judge_body)]


def with_input(mapping: ServiceMapping, name: str, **changed: Any) -> ServiceMapping:
    """One input otherwise."""
    return replace(mapping, inputs={**mapping.inputs, name: replace(mapping.inputs[name], **changed)})


def with_stories(mapping: ServiceMapping, *stories: Mapping[str, Any]) -> ServiceMapping:
    """Other stories."""
    return replace(mapping, raw={**mapping.raw, "demo": {"stories": list(stories)}})


@pytest.mark.parametrize("service", sorted(CATALOGUE.services))
def test_every_shipped_form_can_be_sent(service: str) -> None:
    """On each platform on which it is offered."""
    mapping = CATALOGUE.services[service]
    assert [find(mapping, platform) for platform in PLATFORMS if mapping.is_on(platform)] in ([[]], [[], []])


def test_a_pattern_that_refuses_its_own_story() -> None:
    """What the screen would refuse is found at its input, with the rule."""
    mapping = with_input(GAS, "household_no", pattern=re.compile("[a-z]+"))
    assert ("form_refused", "inputs.household_no: form") in find(mapping)


def test_the_edge_refuses_what_the_mapping_allows() -> None:
    """A household number that the mapping lets through and the API's own schema does not."""
    mapping = with_stories(
        with_input(GAS, "household_no", pattern=None, example=""),
        {"person": "wang", "inputs": {"household_no": "10.086"}},
    )
    assert [code for code, _ in find(mapping)] == ["form_refused"]


def test_an_input_that_this_platform_may_not_see() -> None:
    """The door would stop everybody who types it: found on that platform, not on the other."""
    budget = {**GAS.exposure[WECHAT], Direction.ENTERED_IN_CLIENT: frozenset({"service_choice"})}
    mapping = replace(GAS, exposure={**GAS.exposure, WECHAT: budget})
    assert find(mapping) == [("form_over_budget", "inputs.household_no")]
    assert find(mapping, PlatformName.ALIPAY) == []


def test_a_chosen_amount_outside_its_limits() -> None:
    """A story that pays what nobody may pay."""
    story = {"person": "wang", "inputs": {}, "amount_fen": POWER.payment.maximum_fen + POWER.payment.step_fen}
    assert ("form_refused", "amount_fen") in find(with_stories(POWER, story))


def test_a_choice_without_the_storys_word() -> None:
    """A word that the form does not offer."""
    jobs = CATALOGUE.services["local-notices"]
    story = {"person": "li", "inputs": {"notice_kind": "gossip"}}
    assert find(with_stories(jobs, story)) == [("form_refused", "inputs.notice_kind: choice")]


@pytest.mark.parametrize("changed", [{"accepts": ("text/html",)}, {"maximum_files": 0}, {"maximum_megabytes": 0}])
def test_a_needed_document_that_nobody_can_upload(changed: Mapping[str, Any]) -> None:
    """Of a type that the counter takes none of, or no file at all."""
    counter = LICENCE.counter
    assert counter is not None
    material = replace(counter.materials["dispatch_rules"], **changed)
    spoiled = replace(counter, materials={**counter.materials, "dispatch_rules": material})
    assert find(replace(LICENCE, counter=spoiled)) == [("material_untakable", "materials.dispatch_rules")]


def test_a_service_without_stories_is_filled_in_by_its_examples() -> None:
    """Then a form whose example has the wrong form is found too, each fault once."""
    bare = replace(LICENCE, raw={**LICENCE.raw, "demo": {}})
    assert len(list_stories(bare, WECHAT, TODAY)) == 1
    assert find(bare) == []
    sent = fill_in(bare, list_stories(bare, WECHAT, TODAY)[0])
    assert sent == {"workplace": LICENCE.inputs["workplace"].example, "staff_count": 5}
    assert find(with_input(bare, "staff_count", minimum=6)) == [("form_refused", "inputs.staff_count: minimum")]


def test_nothing_prefilled_is_sent() -> None:
    """What the government fills in by itself is not in what a client would send."""
    for mapping in CATALOGUE.services.values():
        sent = fill_in(mapping, list_stories(mapping, WECHAT, TODAY)[0])
        assert not [name for name in sent if mapping.inputs[name].prefilled_from and not mapping.inputs[name].editable]
