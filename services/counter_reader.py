"""What a mapping of kind ``case`` says of the counter, built from a block ``counter`` that has its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.counter_terms import (
    CertificateTerms,
    Correction,
    CounterTerms,
    Material,
    Receiving,
    SpecialProcedure,
    Step,
)
from services.form_reader import read_texts

EXTENSION_DAYS = 10
"""Administrative Licensing Law art. 42(1): ten working days more, once, by approval of the head."""
COMPLETENESS_DAYS = 5
"""Art. 32(1)(4)."""
CORRECTION_DAYS = 15
"""No law sets it: how long an applicant has to correct where a mapping does not say."""
DELIVERY_DAYS = 10
"""Art. 44."""


def read_counter(value: Mapping[str, Any]) -> CounterTerms | None:
    """The terms of a mapping that has its shape and no fault; None unless it is a case."""
    if value["kind"] != "case":
        return None
    given, limits = value["counter"], value["limits"]
    return CounterTerms(
        applicants=tuple(given["applicants"]),
        mandates=tuple(given.get("mandates", ())),
        materials={name: _read_material(name, entry) for name, entry in given["materials"].items()},
        decided_by=given.get("decided_by", "clerk"),
        accepted_by=given.get("accepted_by", "clerk"),
        two_hands=given.get("two_hands", False),
        steps=tuple(_read_step(entry) for entry in value["steps"]),
        statutory_days=limits["statutory_days"],
        promised_days=limits["promised_days"],
        extension_days=given.get("extension_days", EXTENSION_DAYS),
        completeness_days=given.get("completeness_days", COMPLETENESS_DAYS),
        correction_days=given.get("correction_days", CORRECTION_DAYS),
        delivery_days=given.get("delivery_days", DELIVERY_DAYS),
        gap_days=given.get("gap_days"),
        special={entry["code"]: _read_special(entry) for entry in given.get("special", ())},
        certificate=_read_certificate(given["certificate"]),
        delivery=tuple(given["delivery"]),
        receiving=Receiving(**given.get("receiving", {})),
        appeal=read_texts(given["appeal"]),
        region=given.get("region", "CN"),
        rights_by=given.get("rights_by", ""),
    )


def _read_material(name: str, entry: Mapping[str, Any]) -> Material:
    plain = ("level", "optional", "secondary", "maximum_files", "maximum_megabytes", "legal_ground")
    given: dict[str, Any] = {key: entry[key] for key in plain if key in entry}
    if "accepts" in entry:
        given["accepts"] = tuple(entry["accepts"])
    return Material(
        name=name,
        title=read_texts(entry["title"]),
        **given,
        standard=read_texts(entry.get("standard", {})),
        corrections=tuple(Correction(one["code"], read_texts(one["text"])) for one in entry.get("corrections", ())),
        register=read_texts(entry.get("register", {})),
    )


def _read_special(entry: Mapping[str, Any]) -> SpecialProcedure:
    return SpecialProcedure(entry["code"], read_texts(entry["title"]), entry["legal_ground"], entry["days"])


def _read_step(entry: Mapping[str, Any]) -> Step:
    more = {key: entry[key] for key in ("limit_days", "hands_over_to", "agency", "together") if key in entry}
    return Step(name=read_texts(entry["name"]), role=entry["role"], **more)


def _read_certificate(entry: Mapping[str, Any]) -> CertificateTerms:
    return CertificateTerms(
        title=read_texts(entry["title"]),
        text=read_texts(entry["text"]),
        lines={name: read_texts(label) for name, label in entry["lines"].items()},
        prefix=entry["prefix"],
        valid_months=entry.get("valid_months"),
    )
