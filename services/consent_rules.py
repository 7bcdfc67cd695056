"""Whether the legal basis of a mapping's purposes and the consent that they ask for fit each other. PIPL articles 13, 14, 16, 23, 29."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from config.mapping_schema import DIRECTIONS
from config.shapes import Mismatch
from services.doors import OWN_DOORS

ON_CONSENT = re.compile("个人信息保护法[^；;]*第十三条(第一款)?第一项")
"""The law that says: because the person agreed."""
WITHOUT_CONSENT = re.compile("第十三条(第一款)?第[二三四五六七]项")
"""The laws that say: whether or not the person agrees."""
SEPARATELY = re.compile("个人信息保护法[^；;]*第(二十三|二十九)条")
"""Provision to another handler, sensitive personal information: a consent for this alone."""
WITH_CONSENT = ("legal_basis", "because", "kept", "fields")
"""What the text of such a purpose needs beside its name."""


def find_consent_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Everything that is wrong with consents in a mapping whose ``purposes`` and ``exposure`` have their shape."""
    if ON_CONSENT.search(str(value.get("legal_basis", ""))):
        yield Mismatch("legal_basis", "a law that rests on consent", "that law at a purpose with consent: required")
    for code, purpose in value.get("purposes", {}).items():
        place = f"purposes.{code}"
        if purpose.get("consent") != "required":
            for key in ("separate", *WITH_CONSENT):
                if key in purpose:
                    yield Mismatch(f"{place}.{key}", "this key", "consent: required beside it")
            continue
        yield from _find_missing(place, purpose)
        yield from _find_law_faults(place, purpose)
        yield from _find_field_faults(place, purpose, value["exposure"])
        if value["kind"] != "information" and not set(OWN_DOORS) & set(value["channels"]):
            yield Mismatch(
                f"{place}.consent", "no way without a platform", "web or window among channels (PIPL art. 16)"
            )


def _find_missing(place: str, purpose: Mapping[str, Any]) -> Iterator[Mismatch]:
    for key in WITH_CONSENT:
        if key not in purpose:
            yield Mismatch(f"{place}.{key}", "nothing", "this key (consent: required)")


def _find_law_faults(place: str, purpose: Mapping[str, Any]) -> Iterator[Mismatch]:
    law = purpose.get("legal_basis")
    if law is None:
        return
    if not ON_CONSENT.search(law):
        yield Mismatch(f"{place}.legal_basis", "no law that rests on consent", "个人信息保护法第十三条第一款第一项")
    if WITHOUT_CONSENT.search(law):
        yield Mismatch(
            f"{place}.legal_basis", "a duty or contract", "no consent where the law needs none (PIPL art. 13)"
        )
    separate, named = purpose.get("separate") is True, SEPARATELY.search(law) is not None
    if named and not separate:
        yield Mismatch(f"{place}.separate", "nothing", "separate: true (PIPL art. 23, 29)")
    if separate and not named:
        yield Mismatch(
            f"{place}.legal_basis", "no law for a separate consent", "个人信息保护法第二十三条 or 第二十九条"
        )


def _find_field_faults(
    place: str, purpose: Mapping[str, Any], exposure: Mapping[str, Mapping[str, list[str]]]
) -> Iterator[Mismatch]:
    """A field that the text names and a platform's budget does not have would never be seen: the text would say too much."""
    fields: Mapping[str, list[str]] = purpose.get("fields", {})
    if "fields" in purpose and not any(fields.values()):
        yield Mismatch(f"{place}.fields", "no field", "what may be seen for this purpose")
    for direction in DIRECTIONS:
        for index, name in enumerate(fields.get(direction, [])):
            lacking = [platform for platform, budget in exposure.items() if name not in budget[direction]]
            if lacking:
                where = f"{place}.fields.{direction}[{index}]"
                yield Mismatch(where, "a field outside a budget", f"one of exposure.{lacking[0]}.{direction}")
