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
from config.strict_yaml import KEY_TWICE, Document, Fault, nearest_name, read_document
from services.back_end_reader import Asked, BackEnds, list_connections, list_units, read_back_ends
from services.exposure import Budget, Direction
from services.expression_reader import ExpressionReader
from services.form_reader import read_inputs, read_outputs, read_texts, read_words
from services.mapping import Input, Late, Output, PaymentTerms, Room, ServiceMapping, Texts
from services.model import Assurance, PlatformName
from services.result_shapes import need_operations, shape_operations
from services.terms_reader import read_late, read_payment

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
    """Parse a file and compare it with a shape: the faults of both stand in the document.

    What is no plain YAML at all has no value; after a key that stands twice, the rest is still compared.
    """
    document = read_document(file, content)
    if any(fault.found != KEY_TWICE for fault in document.faults):
        return Document(document.file, None, document.lines, document.faults)
    found = check_shape(shape, document.value)
    faults = (*document.faults, *(document.fault(*_in_words(mismatch)) for mismatch in found))
    return Document(document.file, document.value, document.lines, faults)


def read_mapping(
    file: str,
    content: bytes,
    vocabulary: Vocabulary,
    *,
    name: str | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> tuple[ServiceMapping | None, list[Fault]]:
    """Read one mapping. Either a mapping or faults, never both; never raises for what stands in a file.

    ``name`` is the id that the file's name promises; ``documents`` are the files that it may refer to, by their path below
    ``config/mappings``.
    """
    document = read_shaped(file, content, MAPPING)
    faults = [*document.faults]
    if isinstance(document.value, dict):
        faults.extend(document.fault(*_in_words(found)) for found in _find_misfits(document.value, vocabulary, name))
    parts = _read_parts(document) if _is_sound(document, PARTS_OF_BACK_END) else None
    if parts is not None:
        faults.extend(document.fault(*_in_words(found)) for found in parts.mismatches)
    if faults or parts is None or parts.back_ends is None:
        return None, sorted(faults, key=lambda fault: fault.line)
    return _build_mapping(document.value, parts, documents or {}), []


PARTS_OF_BACK_END = ("kind", "assurance", "back_end", "further_back_ends", "inputs", "outputs", "payment", "late")
"""Keys that must have their shape before the back ends can be read."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stands in a mapping beside plain values."""

    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    payment: PaymentTerms
    late: Late | None
    back_ends: BackEnds | None
    mismatches: list[Mismatch]


def _is_sound(document: Document, keys: tuple[str, ...]) -> bool:
    """Whether none of these keys has a fault of form."""
    faulty = {re.split(r"[.\[]", fault.path, maxsplit=1)[0] for fault in document.faults}
    return isinstance(document.value, dict) and "" not in faulty and not faulty.intersection(keys)


def _read_parts(document: Document) -> _Parts:
    value = document.value
    reader = ExpressionReader(list_units(value))
    inputs, outputs, payment = read_inputs(value), read_outputs(value), read_payment(value)
    late = read_late(value, reader)
    assurance = Assurance.from_label(value["assurance"])
    shapes = [
        shape_operations(value["kind"], inputs, outputs, payment, assurance, optional_too=optional_too)
        for optional_too in (True, False)
    ]
    asked = Asked(value["kind"], shapes, need_operations(value["kind"], inputs, payment, late))
    back_ends = read_back_ends(value, asked, reader)
    return _Parts(inputs, outputs, payment, late, back_ends, reader.mismatches)


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


def _build_mapping(value: Mapping[str, Any], parts: _Parts, documents: Mapping[str, bytes]) -> ServiceMapping:
    words, personal = read_words(value)
    back_ends = parts.back_ends
    if back_ends is None:
        raise ValueError("a mapping without its back ends")
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
        back_end=back_ends.own,
        exposure=read_exposure(value["exposure"]),
        effort=value["effort"],
        summary=read_texts(value.get("summary", {})),
        payee=value.get("payee", ""),
        payee_name=read_texts(value.get("payee_name", {})),
        order_description=read_texts(value.get("order_description", {})),
        purposes={code: read_texts(texts) for code, texts in value.get("purposes", {}).items()},
        inputs=parts.inputs,
        limits=value.get("limits", {}),
        further_back_ends=back_ends.further,
        outputs=parts.outputs,
        payment=parts.payment,
        late=parts.late,
        cache_seconds=value.get("information", {}).get("cache_seconds", 0),
        words=words,
        personal=personal,
        fees=tuple(value.get("fees", ())),
        steps=tuple(value.get("steps", ())),
        documents={path: documents[path] for path in list_documents(value) if path in documents},
        raw=value,
    )


def list_documents(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a mapping refers to, by their path below ``config/mappings``."""
    named = [connection.value.get(key) for connection in list_connections(value) for key in ("openapi", "wsdl")]
    return tuple(sorted({path for path in named if isinstance(path, str)}))


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
