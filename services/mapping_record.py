"""Mappings in the government store: versions that never change, events that say which one is served, and the port to both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.model import JsonValue, Language


class MappingAct(StrEnum):
    """What happens to a service's mapping. The first three put a version in force."""

    IMPORTED = "imported"
    PUBLISHED = "published"
    ROLLED_BACK = "rolled_back"
    PROPOSED = "proposed"
    PRIVACY_APPROVED = "privacy_approved"
    REFUSED = "refused"
    SWITCHED_OFF = "switched_off"
    SWITCHED_ON = "switched_on"
    REVIEWED = "reviewed"


PUTS_IN_FORCE = frozenset({MappingAct.IMPORTED, MappingAct.PUBLISHED, MappingAct.ROLLED_BACK})


@dataclass(frozen=True, slots=True)
class MappingVersion:
    """One version of one service's mapping: the file as it is, and the files that it refers to. Never edited."""

    agency_id: UUID
    service: str
    version: int
    content: bytes
    documents: Mapping[str, bytes]
    digest: str
    made_at: datetime
    made_by: UUID | None


@dataclass(frozen=True, slots=True)
class MappingEvent:
    """One appended event: (service, number) is unique. ``by`` is None for the command line of the operator."""

    agency_id: UUID
    service: str
    number: int
    act: MappingAct
    version: int
    at: datetime
    by: UUID | None
    reason: str = ""
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingInForce:
    """What is served of one service: the version, and the sentence to citizens while it is switched off."""

    agency_id: UUID
    service: str
    version: int
    digest: str
    off: Mapping[Language, str] = field(default_factory=dict)


class MappingStore(Protocol):
    """Versions and events, in a transaction limited to the agencies with which it was begun."""

    def add_version(self, version: MappingVersion) -> None:
        """Raises ``VersionTaken`` if (service, version) exists with other content; the same content again changes nothing."""

    def load_version(self, service: str, version: int) -> MappingVersion | None: ...
    def list_versions(self, service: str) -> list[MappingVersion]:
        """Newest first."""
        ...

    def append(self, event: MappingEvent) -> None:
        """Raises ``VersionTaken`` if (service, number) exists. What is served follows in the same commit."""

    def list_events(self, service: str) -> list[MappingEvent]:
        """Oldest first."""
        ...

    def list_all_events(self) -> list[MappingEvent]:
        """Every service's events within the transaction's agencies: by service, oldest first."""
        ...

    def list_in_force(self) -> list[MappingInForce]: ...


def digest_mapping(content: bytes, documents: Mapping[str, bytes]) -> str:
    """SHA-256, in lower-case hex, over the file and the files that it refers to, each with its length and name."""
    digest = hashlib.sha256()
    parts: Sequence[tuple[str, bytes]] = [("", content), *sorted(documents.items())]
    for name, body in parts:
        digest.update(f"{len(name.encode())}:{name}:{len(body)}:".encode())
        digest.update(body)
    return digest.hexdigest()
