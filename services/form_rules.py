"""Whether a mapping's inputs and outputs make sense: known words, forms that can be filled in, and nothing asked again that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.shapes import Mismatch
from services.exposure_rules import name_unknown
from services.form_reader import compile_pattern
from services.input_values import ValueRefusedError, read_value
from services.mapping import Input
from services.model import Assurance
from services.pattern_rules import find_slowness

KNOWN_TO_THE_ACCOUNT = ("real_name", "identity_number", "phone")
"""Fields that a proven account has: asking for them again is a fault of the service, not of the citizen."""
PREFILLED_BY_KIND = ("application", "case", "lookup")
OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "pattern": ("text", "digits"),
    "choices": ("choice",),
    "minimum": ("text", "digits", "money", "whole"),
    "maximum": ("text", "digits", "money", "whole"),
}
"""Keys of an input that belong to some types only. ``minimum`` and ``maximum`` of a text count its characters."""
EXPECTED = "a field of config/vocabulary.yaml or of `words`"


def find_form_faults(
    value: Mapping[str, Any], known: Mapping[str, Any], inputs: Mapping[str, Input]
) -> Iterator[Mismatch]:
    """Everything that is wrong with ``inputs`` and ``outputs`` of a mapping that has its shape; ``known`` are all words it may use."""
    for name, entry in value.get("inputs", {}).items():
        path = f"inputs.{name}"
        if name not in known:
            yield name_unknown(path, name, known, EXPECTED)
        yield from _find_key_faults(path, entry)
        yield from _find_source_faults(path, name, entry, value)
        yield from _find_example_faults(path, entry, inputs[name])
    if value["kind"] == "bill" and "household_no" not in value.get("inputs", {"household_no": None}):
        yield Mismatch("inputs.household_no", "nothing", "the payer's account at the payee (kind bill)")
    yield from _find_output_faults("outputs", value.get("outputs", {}), known)


def _find_key_faults(path: str, entry: Mapping[str, Any]) -> Iterator[Mismatch]:
    for key, types in OF_TYPE.items():
        if key in entry and entry["type"] not in types:
            yield Mismatch(
                f"{path}.{key}", "this key", f"no such key (type {entry['type']}: it belongs to {', '.join(types)})"
            )
    if entry["type"] == "choice" and "choices" not in entry:
        yield Mismatch(f"{path}.choices", "nothing", "this key (type choice)")
    values = [choice["value"] for choice in entry.get("choices", ())]
    if len(set(values)) != len(values):
        yield Mismatch(f"{path}.choices", "a value twice", "each value once")
    if entry.get("minimum", 0) > entry.get("maximum", entry.get("minimum", 0)):
        yield Mismatch(f"{path}.maximum", "less than the minimum", "at least the minimum")
    if "pattern" in entry:
        slowness = find_slowness(entry["pattern"])
        if slowness:
            yield Mismatch(f"{path}.pattern", slowness, "a pattern that ends soon, whatever is entered")
        elif compile_pattern(entry["pattern"]) is None:
            yield Mismatch(f"{path}.pattern", "a text that does not compile", "a regular expression")


def _find_source_faults(path: str, name: str, entry: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Where the value comes from: the account, the back end, or the citizen, who is not asked for what the others have."""
    source = entry.get("prefilled_from")
    if source is None:
        if name in KNOWN_TO_THE_ACCOUNT:
            expected = f"account.{name}: this asks again for what the account has"
            yield Mismatch(f"{path}.prefilled_from", "nothing", expected)
        for key in ("editable", "mask"):
            if key in entry:
                yield Mismatch(f"{path}.{key}", "this key", "no such key without `prefilled_from`")
        return
    level = Assurance.from_label(value["assurance"])
    needed = Assurance.PHONE if source == "account.phone" else Assurance.REAL_NAME
    if source.startswith("account.") and level < needed:
        yield Mismatch(
            f"{path}.prefilled_from", "what is not proven at this `assurance`", f"assurance {needed.label} or better"
        )
    if source.startswith("back_end.") and value["kind"] not in PREFILLED_BY_KIND:
        yield Mismatch(
            f"{path}.prefilled_from", "a back end", f"no prefilled value (kind {value['kind']} has no `prefill`)"
        )


def _find_example_faults(path: str, entry: Mapping[str, Any], asked: Input) -> Iterator[Mismatch]:
    if "example" not in entry or ("pattern" in entry and asked.pattern is None):
        return
    try:
        read_value(asked, entry["example"], as_text=True)
    except ValueRefusedError:
        yield Mismatch(f"{path}.example", "an example of another form", "one that fits the pattern and the type")


def _find_output_faults(path: str, outputs: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Mismatch]:
    for name, entry in outputs.items():
        place = f"{path}.{name}"
        word = entry.get("field", name)
        if word not in known:
            yield name_unknown(f"{place}.field" if "field" in entry else place, word, known, EXPECTED)
        if "mask" in entry and entry["type"] != "text":
            yield Mismatch(f"{place}.mask", "this key", f"no such key (type {entry['type']}: it belongs to text)")
        if (entry["type"] == "list") != ("of" in entry):
            found, expected = ("nothing", "this key") if entry["type"] == "list" else ("this key", "no such key")
            yield Mismatch(f"{place}.of", found, f"{expected} (type {entry['type']})")
        yield from _find_output_faults(f"{place}.of", entry.get("of", {}), known)
