"""Whether a mapping's exposure budgets fit: known words only, a budget for every platform of its channels, and room for all that its
own form and results show there. What is outside the budget would be refused at a citizen's first request; it is refused here instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.mapping_schema import PLATFORMS
from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.consent_rules import find_consent_faults
from services.counter_words import list_case_words
from services.mapping import Input, Output
from services.service_words import ENTERED, PURPOSES, SHOWN, is_typed, list_words
from services.vocabulary import Vocabulary


def find_exposure_faults(
    value: Mapping[str, Any], vocabulary: Vocabulary, inputs: Mapping[str, Input], outputs: Mapping[str, Output]
) -> Iterator[Mismatch]:
    """Everything that is wrong with ``exposure``, ``words`` and ``purposes`` of a mapping that has its shape."""
    words = value.get("words", {})
    for name in words:
        if name in vocabulary.fields:
            yield Mismatch(f"words.{name}", "a word that the vocabulary has already", "a name of its own, or that word")
    yield from find_unknown_fields(value["exposure"], {**vocabulary.fields, **words})
    yield from _find_channels_without_budget(value)
    yield from _find_purposes(value, vocabulary)
    yield from find_consent_faults(value)
    for platform, budget in value["exposure"].items():
        yield from _find_outside(f"exposure.{platform}", value["kind"], budget, inputs, outputs)
        yield from _find_outside_of_case(f"exposure.{platform}", value, budget)


def _find_outside_of_case(path: str, value: Mapping[str, Any], budget: Mapping[str, list[str]]) -> Iterator[Mismatch]:
    """What this very case shows, asks for or tells by message, and does not have in a platform's budget."""
    if value["kind"] != "case" or "counter" not in value:
        return
    for direction, word, why in list_case_words(value["counter"]):
        if word not in budget[direction]:
            yield Mismatch(f"{path}.{direction}", f"no {word}", f"this field: {why}")


def find_unknown_fields(
    exposure: Mapping[str, Any], known: Mapping[str, Any], path: str = "exposure"
) -> Iterator[Mismatch]:
    """Field names of an exposure block that has its shape, which neither the vocabulary nor the mapping's own words hold."""
    for platform, budget in exposure.items():
        for direction, fields in budget.items():
            for index, field in enumerate(fields):
                if field not in known:
                    place = f"{path}.{platform}.{direction}[{index}]"
                    yield name_unknown(place, field, known, "a field of config/vocabulary.yaml")


def name_unknown(place: str, word: str, known: Mapping[str, Any], expected: str) -> Mismatch:
    """The fault of a word that is not known, with the nearest one that is."""
    return Mismatch(place, "an unknown name", expected, nearest_name(word, known))


def _find_channels_without_budget(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    channels, exposure = value["channels"], value["exposure"]
    for platform in PLATFORMS:
        if platform in channels and platform not in exposure:
            yield Mismatch(f"exposure.{platform}", "nothing", "a budget for this channel")
        if platform in exposure and platform not in channels:
            yield Mismatch(f"exposure.{platform}", "a budget", "no budget for a platform that is not a channel")


def _find_purposes(value: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Mismatch]:
    purposes = value.get("purposes", {})
    for code in purposes:
        if code not in vocabulary.purposes:
            yield name_unknown(f"purposes.{code}", code, vocabulary.purposes, "a purpose of config/vocabulary.yaml")
    for code in sorted(PURPOSES[value["kind"]] - purposes.keys()):
        yield Mismatch(f"purposes.{code}", "nothing", f"this purpose (kind {value['kind']})")


def _find_outside(
    path: str,
    kind: str,
    budget: Mapping[str, list[str]],
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Output],
) -> Iterator[Mismatch]:
    """What this service shows or asks for by its kind, its inputs and its outputs, and does not have in a platform's budget."""
    reasons = {
        "shown_in_client": {
            **dict.fromkeys(sorted(SHOWN[kind]), f"a service of kind {kind} shows it"),
            **dict.fromkeys(sorted(list_words(outputs)), "an output shows it"),
            **{name: "an input shows it prefilled" for name, asked in inputs.items() if asked.prefilled_from},
            **{name: "a draft shows it again" for name, asked in inputs.items() if kind == "case" and is_typed(asked)},
        },
        "entered_in_client": {
            **dict.fromkeys(sorted(ENTERED[kind]), f"a service of kind {kind} asks for it"),
            **{name: "an input asks for it" for name, asked in inputs.items() if is_typed(asked)},
        },
    }
    for direction, needed in reasons.items():
        for name, why in needed.items():
            if name not in budget[direction]:
                yield Mismatch(f"{path}.{direction}", f"no {name}", f"this field: {why}")
