"""From a mapping file's bytes to a ``ServiceMapping``, or to every fault that it has, each with its line and path.

Three passes: the YAML (``config/strict_yaml.py``), the shape (``config/mapping_schema.py``), and the sense: names that must
exist in the vocabulary, expressions that must compile and find what they ask for, a budget for every platform of the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.mapping_schema import (
    MAPPING,
    PLATFORMS,
    REQUIRED_OF_KIND,
)
from config.shapes import Mismatch, Shape, check_shape
from config.strict_yaml import Document, Fault, nearest_name, read_document
from services.back_end_reader import read_back_end
from services.exposure import Budget, Direction
from services.mapping import Input, Room, ServiceMapping, Texts
from services.model import Assurance, Language, PlatformName

SECRET_FORM = re.compile(r"-----BEGIN|\b[A-Fa-f0-9]{32,}\b|\b[A-Za-z0-9+/]{40,}={0,2}(?![A-Za-z0-9+/=])")
"""What a secret in clear looks like: a PEM block, 32 or more hexadecimal digits, 40 or more characters of base64."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of the exposure ledger, with what a citizen reads for them."""

    fields: Mapping[str, Texts]
    purposes: Mapping[str, Texts]
    personal: frozenset[str]
    directions: Mapping[str, Texts]
    outcomes: Mapping[str, Texts]


def read_shaped(file: str, content: bytes, shape: Shape) -> Document:
    """Parse a file and compare it with a shape: the faults of both stand in the document."""
    document = read_document(file, content)
    if document.faults:
        return document
    found = check_shape(shape, document.value)
    faults = tuple(document.fault(*_in_words(mismatch)) for mismatch in found)
    return Document(document.file, document.value, document.lines, faults)


def read_mapping(
    file: str, content: bytes, vocabulary: Vocabulary, *, name: str | None = None
) -> tuple[ServiceMapping | None, list[Fault]]:
    """Read one mapping; ``name`` is the id that the file's name promises. Either a mapping or faults, never both."""
    document = read_shaped(file, content, MAPPING)
    faults = [*document.faults]
    if isinstance(document.value, dict):
        faults.extend(document.fault(*_in_words(found)) for found in _find_misfits(document.value, vocabulary, name))
    if not faults:
        back_end, mismatches = read_back_end(document.value["back_end"], document.value["kind"])
        faults.extend(document.fault(*_in_words(found)) for found in mismatches)
        if back_end is not None and not faults:
            return _build_mapping(document.value, back_end), []
    return None, sorted(faults, key=lambda fault: fault.line)


def _in_words(mismatch: Mismatch) -> tuple[str, str, str, str]:
    return mismatch.path, mismatch.found, mismatch.expected, mismatch.nearest


def _find_misfits(value: Mapping[str, Any], vocabulary: Vocabulary, name: str | None) -> Iterator[Mismatch]:
    """What a shape cannot say. Looks only at what has its shape, so that every fault is told once."""
    if name is not None and isinstance(value.get("id"), str) and value["id"] != name:
        yield Mismatch("id", "another id than the file's name", name)
    kind = value.get("kind")
    if isinstance(kind, str):
        for key in REQUIRED_OF_KIND.get(kind, ()):
            if key not in value:
                yield Mismatch(key, "nothing", f"this key (kind {kind})")
    yield from find_unknown_fields(value.get("exposure"), vocabulary)
    yield from _find_channels_without_budget(value)
    purposes = value.get("purposes")
    if isinstance(purposes, dict):
        yield from find_unknown_words("purposes", purposes, vocabulary.purposes, "a purpose")
    yield from _find_inputs(value.get("inputs"), vocabulary)
    yield from _find_limits(value.get("limits"), value.get("effort"))
    yield from _find_secrets(value, "")


def find_unknown_fields(exposure: Any, vocabulary: Vocabulary, path: str = "exposure") -> Iterator[Mismatch]:
    """Field names of an exposure block that the vocabulary does not hold."""
    if not isinstance(exposure, dict):
        return
    for platform, budget in exposure.items():
        for direction, fields in budget.items() if isinstance(budget, dict) else ():
            for index, field in enumerate(fields if isinstance(fields, list) else ()):
                place = f"{path}.{platform}.{direction}[{index}]"
                if isinstance(field, str):
                    yield from find_unknown_words("", {field: place}, vocabulary.fields, "a field", place)


def find_unknown_words(
    path: str, words: Mapping[str, Any], known: Mapping[str, Any], what: str, place: str = ""
) -> Iterator[Mismatch]:
    """Words that do not stand in the vocabulary."""
    for word in words:
        if word not in known:
            expected = f"{what} of config/vocabulary.yaml"
            yield Mismatch(place or f"{path}.{word}", "an unknown name", expected, nearest_name(word, known))


def _find_channels_without_budget(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    channels, exposure = value.get("channels"), value.get("exposure")
    if not isinstance(channels, list) or not isinstance(exposure, dict):
        return
    for platform in PLATFORMS:
        if platform in channels and platform not in exposure:
            yield Mismatch(f"exposure.{platform}", "nothing", "a budget for this channel")
        if platform in exposure and platform not in channels:
            yield Mismatch(f"exposure.{platform}", "a budget", "no budget for a platform that is not a channel")


def _find_inputs(inputs: Any, vocabulary: Vocabulary) -> Iterator[Mismatch]:
    for name, entry in inputs.items() if isinstance(inputs, dict) else ():
        if name not in vocabulary.fields:
            near = nearest_name(name, vocabulary.fields)
            yield Mismatch(f"inputs.{name}", "an unknown name", "a field of config/vocabulary.yaml", near)
        pattern = entry.get("pattern") if isinstance(entry, dict) else None
        if not isinstance(pattern, str):
            continue
        try:
            compiled = re.compile(pattern)
        except re.error:
            yield Mismatch(f"inputs.{name}.pattern", "a text that does not compile", "a regular expression")
            continue
        example = entry.get("example")
        if isinstance(example, str) and not compiled.fullmatch(example):
            yield Mismatch(f"inputs.{name}.example", "an example of another form", "one that fits the pattern")


def _find_limits(limits: Any, effort: Any) -> Iterator[Mismatch]:
    if isinstance(limits, dict):
        statutory, promised = limits.get("statutory_days"), limits.get("promised_days")
        if isinstance(statutory, int) and isinstance(promised, int) and promised > statutory:
            yield Mismatch("limits.promised_days", "more days than the law allows", "at most the statutory limit")
    if isinstance(effort, dict) and effort.get("trips") and not effort.get("legal_ground"):
        yield Mismatch("effort.legal_ground", "nothing", "the law that asks for the trips")


def _find_secrets(value: Any, path: str) -> Iterator[Mismatch]:
    """A secret in clear; only its place is told."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _find_secrets(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find_secrets(item, f"{path}[{index}]")
    elif isinstance(value, str) and SECRET_FORM.search(value):
        yield Mismatch(path, "what looks like a secret", "the name of a secret; its value is bound per environment")


def _build_mapping(value: Mapping[str, Any], back_end: Any) -> ServiceMapping:
    return ServiceMapping(
        id=value["id"],
        version=value["version"],
        kind=value["kind"],
        title=read_texts(value["title"]),
        agency=value["agency"],
        legal_basis=value["legal_basis"],
        assurance=Assurance.from_label(value["assurance"]),
        channels=tuple(value["channels"]),
        owner=value["owner"],
        back_end=back_end,
        exposure=read_exposure(value["exposure"]),
        effort=value["effort"],
        summary=read_texts(value.get("summary", {})),
        payee=value.get("payee", ""),
        payee_name=read_texts(value.get("payee_name", {})),
        order_description=read_texts(value.get("order_description", {})),
        purposes={code: read_texts(texts) for code, texts in value.get("purposes", {}).items()},
        inputs={name: _read_input(name, entry) for name, entry in value.get("inputs", {}).items()},
        limits=value.get("limits", {}),
        raw=value,
    )


def read_room(name: str, value: Mapping[str, Any], vocabulary: Vocabulary) -> Room:
    """A room of ``config/desk.yaml`` that has its shape."""
    purposes = {code: vocabulary.purposes[code] for code in value.get("purposes", ())}
    exposure, title = read_exposure(value["exposure"]), read_texts(value["title"])
    return Room(name, value["version"], value["legal_basis"], exposure, purposes, title)


def read_exposure(value: Mapping[str, Mapping[str, list[str]]]) -> dict[PlatformName, Budget]:
    """The budgets of an exposure block that has its shape."""
    return {
        PlatformName(platform): {Direction(direction): frozenset(fields) for direction, fields in budget.items()}
        for platform, budget in value.items()
    }


def read_texts(value: Mapping[str, str]) -> dict[Language, str]:
    """A sentence in every language."""
    return {Language(language): text for language, text in value.items() if language in tuple(Language)}


def _read_input(name: str, entry: Mapping[str, Any]) -> Input:
    return Input(
        name=name,
        type=entry["type"],
        label=read_texts(entry["label"]),
        pattern=re.compile(entry["pattern"]) if "pattern" in entry else None,
        help=read_texts(entry.get("help", {})),
        example=entry.get("example", ""),
        prefilled_from=entry.get("prefilled_from", ""),
    )
