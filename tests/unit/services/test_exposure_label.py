"""Rules of services/exposure_label.py: what the platforms will see, in words, before it is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.catalogue import read_mappings, read_vocabulary
from services.exposure import Direction
from services.exposure_label import Widening, expose_exchange, label_exposure, widens
from services.mapping import ServiceMapping
from services.model import JsonValue, Language, PlatformName
from services.vocabulary import Vocabulary

CONFIG = Path(__file__).parents[3] / "config"


def load() -> tuple[dict[str, ServiceMapping], Vocabulary]:
    vocabulary, faults = read_vocabulary(CONFIG / "vocabulary.yaml")
    assert vocabulary is not None, faults
    services, found = read_mappings(sorted((CONFIG / "mappings").glob("*.yaml")), vocabulary)
    assert found == []
    return services, vocabulary


SERVICES, VOCABULARY = load()


def test_the_label_is_the_budget_in_words() -> None:
    """Every field of the budget and no other, each with words in every language, personal ones first, under the mapping's law."""
    for mapping in SERVICES.values():
        for label in label_exposure(mapping, VOCABULARY):
            assert label.legal_basis == mapping.legal_basis
            for direction, fields in label.fields.items():
                assert {seen.name for seen in fields} == mapping.exposure[label.platform][direction]
                assert all(seen.label.get(language) for seen in fields for language in Language)
                assert [seen.personal for seen in fields] == sorted((seen.personal for seen in fields), reverse=True)


def test_personal_fields_are_named() -> None:
    """Fields about a person are marked, those of the mapping's own words too."""
    labels = label_exposure(SERVICES["social-benefits"], VOCABULARY)
    assert {"household_income", "hardship"} <= set(labels[0].list_personal())
    assert "service_info" not in labels[0].list_personal()


def test_nothing_is_wider_than_itself() -> None:
    """A version with the same budget widens nothing; taking fields away does not either."""
    for mapping in SERVICES.values():
        assert widens(mapping, replace(mapping, version=99)) == ()
        assert widens(mapping, replace(mapping, exposure={}, channels=())) == ()


def test_each_new_field_and_channel_is_told() -> None:
    """A field in one direction on one platform, and a channel, each by its place."""
    gas = SERVICES["gas-bill"]
    budget = gas.exposure[PlatformName.ALIPAY]
    more = {**budget, Direction.SHOWN_IN_CLIENT: budget[Direction.SHOWN_IN_CLIENT] | {"phone"}}
    wider = replace(gas, channels=(*gas.channels, "web"), exposure={**gas.exposure, PlatformName.ALIPAY: more})
    assert widens(gas, wider) == (Widening("alipay", "shown_in_client", "phone"), Widening("web"))
    assert [str(one) for one in widens(gas, wider)] == ["exposure.alipay.shown_in_client.phone", "channels.web"]


def test_of_a_new_service_everything_is_more() -> None:
    """Without a version before, every field of every budget is told."""
    jobs = SERVICES["local-jobs"]
    count = sum(len(fields) for budget in jobs.exposure.values() for fields in budget.values())
    assert len(widens(None, jobs)) == count + len(jobs.channels)


def test_the_exchange_is_inside_the_budget() -> None:
    """What one trial shows and asks for is never more than the budget, for no service."""
    results: dict[str, JsonValue] = {"find_household": {}, "list_bills": {"bills": []}}
    for mapping in SERVICES.values():
        for platform, budget in mapping.exposure.items():
            seen = expose_exchange(mapping, platform, tuple(mapping.inputs), results)
            assert all(names <= budget[direction] for direction, names in seen.items())


def test_only_what_a_result_holds_is_shown() -> None:
    """An output that the result leaves out, or a list without rows, shows no word of its own."""
    jobs = SERVICES["local-jobs"]
    empty = expose_exchange(jobs, PlatformName.WECHAT, (), {})
    full = expose_exchange(jobs, PlatformName.WECHAT, ("job_category",), {"fetch": {"vacancy_count": 0, "jobs": []}})
    assert full[Direction.SHOWN_IN_CLIENT] - empty[Direction.SHOWN_IN_CLIENT] == {"vacancies"}
    assert full[Direction.ENTERED_IN_CLIENT] - empty[Direction.ENTERED_IN_CLIENT] == {"job_category"}


def test_a_bill_shows_what_was_found() -> None:
    """The account's holder is shown after looking it up, amounts only after asking for bills."""
    gas = SERVICES["gas-bill"]
    found = expose_exchange(gas, PlatformName.WECHAT, ("household_no",), {"find_household": {}})[
        Direction.SHOWN_IN_CLIENT
    ]
    assert "holder_name_masked" in found
    assert "bill_amount" not in found
