"""What is told of a purpose, as one text with a version: sentence, law, fields, recipient, how long, and whether it rests on consent.

PIPL article 17 says what must be told, article 23 what more if another handler receives it. The version is the SHA-256 of the canonical
text (RFC 8785): whoever agreed to a version agreed to exactly these words. A mapping's own version is no part of it, so that a change elsewhere
in the mapping asks nobody again; every change of the text is material.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import rfc8785

from services.consent_record import ConsentMatter, PurposeText
from services.exposure import Budget, Direction
from services.form_reader import read_texts
from services.mapping import ConsentTerms, Room, ServiceMapping, Texts
from services.model import JsonValue, Language, PlatformName
from services.vocabulary import Vocabulary

CONSENT, DUTY = "consent", "duty"
FORMAT = "guitai purpose text v1"
KEPT: Texts = {
    Language.ZH_CN: "平台保存多久由平台的规则决定；本系统关于平台所见的记录至少保存三年，其中没有内容。",
    Language.EN: "How long the platform keeps it is by the platform's rules; our record that it was seen is kept three years or more and holds no content.",
}
"""What is told of a purpose that says nothing of its own about it."""


def read_consents(value: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, ConsentTerms]:
    """The purposes of a mapping that rest on consent, each with its text for every platform."""
    labels = {**vocabulary.fields, **{name: read_texts(entry) for name, entry in value.get("words", {}).items()}}
    found = {}
    for code, purpose in value.get("purposes", {}).items():
        if purpose.get("consent") == "required":
            found[code] = _read_terms(value, code, purpose, labels, vocabulary)
    return found


def _read_terms(
    value: Mapping[str, Any], code: str, purpose: Mapping[str, Any], labels: Mapping[str, Texts], vocabulary: Vocabulary
) -> ConsentTerms:
    budget = {Direction(one): frozenset(names) for one, names in purpose.get("fields", {}).items()}
    texts = {
        PlatformName(platform): write_text(
            ConsentMatter(value["id"], code, platform), value["title"], purpose, purpose.get("because", {}),
            purpose.get("legal_basis", ""), budget, labels, vocabulary, basis=CONSENT, kept=purpose.get("kept", {}),
            separate=purpose.get("separate", False),
        )
        for platform in value["exposure"]
    }  # fmt: skip
    return ConsentTerms(purpose.get("separate", False), purpose.get("legal_basis", ""), budget, texts)


def write_text(
    matter: ConsentMatter, title: Mapping[Any, str], name: Mapping[Any, str], because: Mapping[Any, str], law: str,
    budget: Budget, labels: Mapping[str, Texts], vocabulary: Vocabulary, *, basis: str, kept: Mapping[Any, str] = KEPT,
    separate: bool = False,
) -> PurposeText:  # fmt: skip
    """The text of one purpose for one platform, with its version."""
    told: dict[str, JsonValue] = {
        "format": FORMAT, "service": matter.service, "purpose": matter.purpose, "platform": matter.platform,
        "title": _say(title), "name": _say(name), "because": _say(because or name), "legal_basis": law,
        "fields": {str(one): _say_fields(names, labels) for one, names in budget.items() if names},
        "recipient": _say(vocabulary.recipients.get(matter.platform, {})), "kept": _say(kept), "basis": basis,
        "separate": separate,
    }  # fmt: skip
    content = rfc8785.dumps(told)
    return PurposeText(matter, hashlib.sha256(content).hexdigest(), content.decode())


def _say(texts: Mapping[Any, str]) -> dict[str, JsonValue]:
    return {str(language): texts[language] for language in Language if language in texts}


def _say_fields(names: frozenset[str], labels: Mapping[str, Texts]) -> dict[str, JsonValue]:
    return {name: _say(labels.get(name, {})) for name in sorted(names)}


def list_texts(
    services: Mapping[str, ServiceMapping], rooms: Mapping[str, Room], vocabulary: Vocabulary
) -> Iterator[PurposeText]:
    """Every text in force: of each purpose of each service on each platform, and of each room of the desk."""
    for service in services.values():
        labels = {**vocabulary.fields, **service.words}
        for platform, budget in service.exposure.items():
            for code, name in service.purposes.items():
                terms, matter = service.consents.get(code), ConsentMatter(service.id, code, str(platform))
                yield (
                    terms.texts[platform]
                    if terms
                    else write_text(
                        matter, service.title, name, {}, service.legal_basis, budget, labels, vocabulary, basis=DUTY
                    )
                )
    for room in rooms.values():
        for platform, budget in room.exposure.items():
            for code, name in (room.purposes or {room.id: room.title}).items():
                matter = ConsentMatter(room.id, code, str(platform))
                yield write_text(
                    matter, room.title, name, {}, room.legal_basis, budget, vocabulary.fields, vocabulary, basis=DUTY
                )
