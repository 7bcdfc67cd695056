"""Rules of services/exposure_label.py: what the platforms will see, in words, before it is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.catalogue import read_mappings, read_vocabulary
from services.exposure import Direction
from services.exposure_label import UNASKED, UNMASKED, Widening, expose_exchange, label_exposure, widens
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
    personal = {seen.name for fields in labels[0].fields.values() for seen in fields if seen.personal}
    assert {"household_income", "hardship"} <= personal
    assert "service_info" not in personal


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


def mask_output(mapping: ServiceMapping, name: str, mask: str) -> ServiceMapping:
    """The same service with another mask on one output."""
    return replace(mapping, outputs={**mapping.outputs, name: replace(mapping.outputs[name], mask=mask)})


def find_masked() -> tuple[ServiceMapping, str]:
    """A service with an output that is not shown whole."""
    return next((one, name) for one in SERVICES.values() for name, output in one.outputs.items() if output.mask)


def test_what_is_shown_with_less_of_a_mask_is_more() -> None:
    """The budget's field is the same, what stands in it is not: that was approved as masked. Adding a mask lets out nothing."""
    mapping, name = find_masked()
    word, mask = mapping.outputs[name].word, mapping.outputs[name].mask
    expected = tuple(sorted(Widening(str(platform), UNMASKED, word) for platform in mapping.exposure))
    assert widens(mapping, mask_output(mapping, name, "")) == expected
    assert widens(mapping, mask_output(mapping, name, "name" if mask != "name" else "phone")) == expected
    assert widens(mask_output(mapping, name, ""), mapping) == ()
    assert str(expected[0]) == f"exposure.{min(mapping.exposure)}.unmasked.{word}"


def test_a_second_output_of_the_same_word_without_its_mask_is_more() -> None:
    """Also inside a list, under whatever name."""
    mapping, name = find_masked()
    clear = replace(mapping.outputs[name], name="another", mask="", word=mapping.outputs[name].word)
    listed = replace(clear, name="rows", type="list", word="rows", of={"another": clear})
    for output in (clear, listed):
        wider = replace(mapping, outputs={**mapping.outputs, output.name: output})
        assert Widening("wechat", UNMASKED, clear.word) in widens(mapping, wider)


def test_a_prefilled_input_that_may_be_edited_is_shown_whole() -> None:
    """What is filled in by the counter is masked; what may be corrected stands in the form in clear."""
    mapping, asked = next(
        (one, asked)
        for one in SERVICES.values()
        for asked in one.inputs.values()
        if asked.prefilled_from and not asked.editable and asked.type == "text"
    )
    budget = {
        platform: {**fields, Direction.ENTERED_IN_CLIENT: fields[Direction.ENTERED_IN_CLIENT] | {asked.name}}
        for platform, fields in mapping.exposure.items()
    }
    before = replace(mapping, exposure=budget)
    after = replace(before, inputs={**mapping.inputs, asked.name: replace(asked, editable=True)})
    assert Widening("wechat", UNMASKED, asked.name) in widens(before, after)
    assert widens(after, before) == ()


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


def test_to_ask_no_more_for_consent_is_more() -> None:
    """A purpose that was seen with consent only and is now seen without is approved like a field more; to begin to ask lets out nothing."""
    asking = next(one for one in SERVICES.values() if one.consents)
    silent = replace(asking, consents={})
    expected = {Widening(str(one), UNASKED, code) for one in asking.exposure for code in asking.consents}
    assert set(widens(asking, silent)) == expected
    assert widens(silent, asking) == ()
    gone = {code: texts for code, texts in asking.purposes.items() if code not in asking.consents}
    assert widens(asking, replace(silent, purposes=gone)) == ()
