"""From a mapping file's bytes to a ``ServiceMapping``, or to every fault that it has, each with its line and path.

Three passes: the YAML (``config/strict_yaml.py``), the shape (``config/mapping_schema.py``), and the sense: names that must
exist in the vocabulary, expressions that must compile and find what they ask for, a budget for every platform of the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.mapping_schema import MAPPING
from config.shapes import Mismatch, Shape, check_shape
from config.strict_yaml import KEY_TWICE, Document, Fault, read_document
from services.back_end_reader import Asked, BackEnds, list_connections, list_units, read_back_ends
from services.counter_reader import read_counter
from services.counter_rules import find_counter_faults, find_operation_faults, find_step_faults
from services.counter_shapes import list_case_money, need_case_operations, shape_case_operations
from services.effort_rules import find_effort_faults
from services.exposure import Budget, Direction
from services.exposure_rules import find_exposure_faults
from services.expression_reader import ExpressionReader
from services.form_reader import read_inputs, read_outputs, read_texts, read_words
from services.form_rules import find_form_faults
from services.mapping import Input, Late, Output, PaymentTerms, Room, ServiceMapping
from services.mapping_files import gather_documents
from services.model import Assurance, PlatformName
from services.openapi_supply import OpenApiSupply, find_document_faults
from services.purpose_texts import read_consents
from services.result_shapes import list_money_operations, need_operations, shape_operations
from services.secret_rules import EXPECTED, FOUND, find_secret_comments, find_secrets
from services.service_rules import (
    find_fee_faults,
    find_kind_faults,
    find_promise_faults,
    find_story_faults,
    find_term_faults,
)
from services.terms_reader import read_late, read_payment
from services.vocabulary import Vocabulary

__all__ = ["Vocabulary", "list_documents", "read_mapping", "read_room", "read_shaped"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "exposure": ("kind", "channels", "exposure", "purposes", "words", "inputs", "outputs", "counter"),
    "form": ("kind", "assurance", "inputs", "outputs", "words"),
    "terms": ("kind", "payment", "late"),
    "fees": ("kind", "payment", "exposure"),
    "stories": ("kind", "channels", "inputs", "payment", "demo", "counter", "purposes"),
    "steps": ("kind", "agency", "steps"),
    "counter": ("kind", "channels", "assurance", "inputs", "outputs", "limits", "counter"),
    "effort": ("kind", "channels", "assurance", "inputs", "payment", "limits", "steps", "counter", "effort"),
    "operations": ("kind", "outputs", "counter", "back_end"),
    "back_ends": (
        "kind",
        "assurance",
        "back_end",
        "further_back_ends",
        "inputs",
        "outputs",
        "payment",
        "late",
        "counter",
    ),
}
"""Each group of checks looks only at parts that have their shape, so that every fault is told once."""


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
    kept: bool = False,
) -> tuple[ServiceMapping | None, list[Fault]]:
    """Read one mapping. Either a mapping or faults, never both; never raises for what stands in a file.

    ``name`` is the id that the file's name promises; ``documents`` are the files that it may refer to, by their path below
    ``config/mappings`` (None: not known, so nothing is asked of them). ``kept``: a version that was published already; that it promises
    less effort than it takes shuts no service (``services/effort_rules.py``).
    """
    document = read_shaped(file, content, MAPPING)
    faults = [*document.faults]
    parts = None
    if isinstance(document.value, dict):
        reading = _Reading(document.value, _list_faulty(document), vocabulary, documents, kept)
        faults.extend(document.fault(*_in_words(found)) for found in reading.find_faults(name))
        faults.extend(Fault(file, line, "(comment)", FOUND, EXPECTED) for line in find_secret_comments(content))
        parts = reading.parts
    if faults or parts is None or parts.back_ends is None:
        return None, sorted(faults, key=lambda fault: fault.line)
    return _build_mapping(document.value, parts, documents or {}, vocabulary), []


def _in_words(mismatch: Mismatch) -> tuple[str, str, str, str]:
    return mismatch.path, mismatch.found, mismatch.expected, mismatch.nearest


def _list_faulty(document: Document) -> frozenset[str]:
    """Top-level keys that have a fault of form, or are missing."""
    return frozenset(re.split(r"[.\[]", fault.path, maxsplit=1)[0] for fault in document.faults)


@dataclass(slots=True)
class _Parts:
    """What stands in a mapping beside plain values."""

    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    payment: PaymentTerms
    late: Late | None = None
    back_ends: BackEnds | None = None


@dataclass(slots=True)
class _Reading:
    """One mapping while it is read: which parts have their shape, and what was made of them."""

    value: Mapping[str, Any]
    faulty: frozenset[str]
    vocabulary: Vocabulary
    documents: Mapping[str, bytes] | None
    kept: bool = False
    parts: _Parts | None = None

    def find_faults(self, name: str | None) -> Iterator[Mismatch]:
        """What a shape cannot say, group by group."""
        value = self.value
        if name is not None and isinstance(value.get("id"), str) and value["id"] != name:
            yield Mismatch("id", "another id than the file's name", name)
        yield from find_secrets(value)
        yield from find_promise_faults({key: item for key, item in value.items() if key not in self.faulty})
        if "kind" in self.faulty:
            return
        yield from find_kind_faults(value)
        yield from self._find_group_faults()

    def _find_group_faults(self) -> Iterator[Mismatch]:
        value, known = self.value, self.vocabulary.fields
        parts = _Parts(
            read_inputs(value) if "inputs" not in self.faulty else {},
            read_outputs(value) if "outputs" not in self.faulty else {},
            read_payment(value) if "payment" not in self.faulty else PaymentTerms(),
        )
        if self._has_shape("exposure"):
            yield from find_exposure_faults(value, self.vocabulary, parts.inputs, parts.outputs)
        if self._has_shape("form"):
            yield from find_form_faults(value, {**known, **value.get("words", {})}, parts.inputs)
        if self._has_shape("terms"):
            yield from find_term_faults(value, parts.payment)
        if self._has_shape("fees"):
            yield from find_fee_faults(value, parts.payment)
        if self._has_shape("stories"):
            yield from find_story_faults(value, parts.inputs, parts.payment)
        yield from self._find_faults_of_case(parts)
        if self._has_shape("effort") and not self.kept and not self._lacks_counter():
            yield from find_effort_faults(value, parts.inputs, parts.payment)
        if self._has_shape("back_ends"):
            yield from self._read_back_ends(parts)
            self.parts = parts

    def _find_faults_of_case(self, parts: _Parts) -> Iterator[Mismatch]:
        if self._has_shape("steps"):
            yield from find_step_faults(self.value)
        if self._has_shape("counter"):
            yield from find_counter_faults(self.value, parts.inputs, parts.outputs)
        if self._has_shape("operations"):
            yield from find_operation_faults(self.value)

    def _read_back_ends(self, parts: _Parts) -> Iterator[Mismatch]:
        value, kind = self.value, self.value["kind"]
        reader = ExpressionReader(list_units(value))
        parts.late = read_late(value, reader)
        asked = self._ask_case(parts) if kind == "case" else self._ask_kind(parts)
        supply = OpenApiSupply(self.documents, reader) if self.documents is not None else None
        parts.back_ends = read_back_ends(value, asked, reader, supply)
        yield from reader.mismatches
        if self.documents is not None:
            yield from find_document_faults(list_connections(value), self.documents)

    def _ask_kind(self, parts: _Parts) -> Asked:
        kind, assurance = self.value["kind"], Assurance.from_label(self.value["assurance"])
        shapes = [
            shape_operations(kind, parts.inputs, parts.outputs, parts.payment, assurance, optional_too=optional_too)
            for optional_too in (True, False)
        ]
        needed = need_operations(kind, parts.inputs, parts.payment, parts.late)
        return Asked(kind, shapes, needed, list_money_operations(kind, parts.inputs, parts.outputs))

    def _ask_case(self, parts: _Parts) -> Asked:
        counter, written = self.value.get("counter", {}), self.value["back_end"]["operations"]
        shapes = [shape_case_operations(counter, parts.inputs, parts.outputs, full=full) for full in (True, False)]
        needed = need_case_operations(counter, parts.inputs, written)
        return Asked("case", shapes, needed, list_case_money(parts.inputs, parts.outputs))

    def _lacks_counter(self) -> bool:
        """Whether a case has no counter, limits or steps to count by; that is told as a fault of its kind."""
        needed = ("counter", "limits", "steps") if self.value["kind"] == "case" else ()
        limits = self.value.get("limits", {})
        return any(key not in self.value for key in needed) or (
            bool(needed) and not {"statutory_days", "promised_days"} <= set(limits)
        )

    def _has_shape(self, group: str) -> bool:
        return self.faulty.isdisjoint(GROUPS[group])


def _build_mapping(
    value: Mapping[str, Any], parts: _Parts, documents: Mapping[str, bytes], vocabulary: Vocabulary
) -> ServiceMapping:
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
        documents=gather_documents(list_documents(value), documents),
        raw=value,
        counter=read_counter(value),
        consents=read_consents(value, vocabulary),
    )


def list_documents(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a mapping names, by their path below ``config/mappings``; a WSDL may import others (``services/mapping_files.py``)."""
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
