"""What the platforms will see of a service, as a label that people can read before it is published; and what a new version adds to it.

The label is the mapping's exposure budget in words: the door refuses everything outside it (``docs/exposure.md``). What a platform
observes by itself (taps, times, place, screen) is beside it, whatever a mapping says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.counter_words import list_case_words
from services.exposure import Direction
from services.mapping import Output, ServiceMapping, Texts
from services.model import JsonValue, PlatformName
from services.service_words import ACCOUNT, ENTERED, MASKS_OF_ACCOUNT, SHOWN, is_typed
from services.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class SeenField:
    """One field that a platform may see: its name, what people read for it, and whether it is about a person."""

    name: str
    label: Texts
    personal: bool


@dataclass(frozen=True, slots=True)
class PlatformLabel:
    """All that one platform may see of a service, by direction, and the law by which it may."""

    platform: PlatformName
    legal_basis: str
    fields: Mapping[Direction, tuple[SeenField, ...]]


UNMASKED = "unmasked"
"""In place of a direction: a field that was shown masked, and now with another mask or none."""
UNASKED = "unasked"
"""In place of a direction: a purpose for which consent was asked, and now is not."""
HIDDEN = "hidden"
"""The mask of a text without one that the counter fills in."""


@dataclass(frozen=True, slots=True, order=True)
class Widening:
    """Something that a new version lets a platform see and the old one did not. ``field`` is empty for a whole new channel."""

    channel: str
    direction: str = ""
    field: str = ""

    def __str__(self) -> str:
        """The place in the file: ``exposure.wechat.shown_in_client.phone``, ``channels.alipay``."""
        return f"exposure.{self.channel}.{self.direction}.{self.field}" if self.field else f"channels.{self.channel}"


def label_exposure(mapping: ServiceMapping, vocabulary: Vocabulary) -> tuple[PlatformLabel, ...]:
    """The label of a mapping: one part per platform that has a budget, personal fields first in each direction."""
    return tuple(
        PlatformLabel(
            platform,
            mapping.legal_basis,
            {direction: name_fields(mapping, vocabulary, budget.get(direction, ())) for direction in Direction},
        )
        for platform, budget in sorted(mapping.exposure.items())
    )


def name_fields(mapping: ServiceMapping, vocabulary: Vocabulary, names: Iterable[str]) -> tuple[SeenField, ...]:
    """Fields in words, those of the mapping's own included; personal ones first, then by name."""
    seen = [
        SeenField(
            name,
            vocabulary.fields.get(name) or mapping.words.get(name, {}),
            name in vocabulary.personal or name in mapping.personal,
        )
        for name in names
    ]
    return tuple(sorted(seen, key=lambda one: (not one.personal, one.name)))


def widens(old: ServiceMapping | None, new: ServiceMapping) -> tuple[Widening, ...]:
    """Every (platform, direction, field) and every channel that ``new`` has and ``old`` has not; without ``old``, all of them."""
    return tuple(sorted(_find_widenings(old, new)))


def _find_widenings(old: ServiceMapping | None, new: ServiceMapping) -> Iterator[Widening]:
    for channel in new.channels:
        if old is None or channel not in old.channels:
            yield Widening(channel)
    for platform, budget in new.exposure.items():
        before = old.exposure.get(platform, {}) if old is not None else {}
        for direction, fields in budget.items():
            for field in fields - before.get(direction, frozenset()):
                yield Widening(str(platform), str(direction), field)
        if platform in (old.exposure if old is not None else {}):
            yield from (Widening(str(platform), UNMASKED, word) for word in _find_unmasked(old, new))
            yield from (Widening(str(platform), UNASKED, code) for code in _find_unasked(old, new))


def _find_unasked(old: ServiceMapping | None, new: ServiceMapping) -> Iterator[str]:
    """Purposes that ``old`` has only with consent, and ``new`` without."""
    asked = old.consents if old is not None else {}
    return (code for code in asked if code in new.purposes and code not in new.consents)


def _find_unmasked(old: ServiceMapping | None, new: ServiceMapping) -> Iterator[str]:
    """Words that ``old`` shows by masks only, and ``new`` by another one or in clear."""
    before, after = ({}, {}) if old is None else (_list_masks(old), _list_masks(new))
    for word, masks in after.items():
        known = before.get(word, frozenset())
        if known and "" not in known and masks - known:
            yield word


def _list_masks(mapping: ServiceMapping) -> dict[str, frozenset[str]]:
    """By which masks each word of a form or result is shown; the empty one is in clear."""
    found: dict[str, frozenset[str]] = {}
    for word, mask in (*_list_masks_of_inputs(mapping), *_list_masks_of_outputs(mapping.outputs)):
        found[word] = found.get(word, frozenset()) | {mask}
    return found


def _list_masks_of_inputs(mapping: ServiceMapping) -> Iterator[tuple[str, str]]:
    for name, asked in mapping.inputs.items():
        if asked.prefilled_from:
            mask = asked.mask or MASKS_OF_ACCOUNT.get(asked.prefilled_from.removeprefix(ACCOUNT), "")
            masked = not asked.editable and (mask or asked.type == "text")
            yield name, (mask or HIDDEN) if masked else ""


def _list_masks_of_outputs(outputs: Mapping[str, Output]) -> Iterator[tuple[str, str]]:
    for output in outputs.values():
        yield output.word, output.mask
        yield from _list_masks_of_outputs(output.of)


SHOWN_OF_BILLS: Mapping[str, frozenset[str]] = {
    "find_household": frozenset({"household_no_masked", "holder_name_masked", "address_masked", "reference"}),
    "list_bills": frozenset({"bill_period", "bill_amount", "bill_items", "bill_due", "notice_no", "fee_items"}),
}
"""What the counter's own pages show of these operations' results, as far as the budget has it."""


def expose_exchange(
    mapping: ServiceMapping, platform: PlatformName, entered: Iterable[str], results: Mapping[str, JsonValue]
) -> dict[Direction, frozenset[str]]:
    """What exactly this platform would see if one citizen entered these inputs and were shown these results, by operation.

    Orders and messages are not part of it: what a platform's server gets for them is in the label.
    """
    typed = {name for name in entered if name in mapping.inputs and is_typed(mapping.inputs[name])}
    prefilled = {name for name, asked in mapping.inputs.items() if asked.prefilled_from}
    budget = mapping.exposure.get(platform, {})
    shown = SHOWN[mapping.kind] | prefilled
    for operation, result in results.items():
        of_bills = SHOWN_OF_BILLS.get(operation, frozenset()) & budget.get(Direction.SHOWN_IN_CLIENT, frozenset())
        given = result.get("outputs") if mapping.kind == "case" and isinstance(result, Mapping) else result
        shown |= of_bills | _list_words_of(mapping.outputs, given)
    asked_for = ENTERED[mapping.kind] & budget.get(Direction.ENTERED_IN_CLIENT, frozenset())
    for direction, word, _ in list_case_words(mapping.raw["counter"]) if mapping.counter is not None else ():
        shown |= {word} if direction == Direction.SHOWN_IN_CLIENT else set()
        asked_for |= {word} if direction == Direction.ENTERED_IN_CLIENT else set()
    return {Direction.SHOWN_IN_CLIENT: frozenset(shown), Direction.ENTERED_IN_CLIENT: asked_for | typed}


def _list_words_of(outputs: Mapping[str, Output], result: JsonValue) -> frozenset[str]:
    """The words of those outputs that a result holds; the columns of a list if it has a row that holds them."""
    found: set[str] = set()
    for name, output in outputs.items():
        value = result.get(name) if isinstance(result, Mapping) else None
        if value is None:
            continue
        found.add(output.word)
        for row in value if isinstance(value, list) else ():
            found |= _list_words_of(output.of, row)
    return frozenset(found)
