"""Consents in memory: the rules of the store by naive loops over lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.consent_record import ConsentEvent, ConsentMatter, ConsentName, KeptText, PurposeText
from services.errors import NotFound, VersionTaken


@dataclass
class ConsentBooks:
    """What the fake keeps."""

    events: list[ConsentEvent] = field(default_factory=list)
    texts: dict[str, KeptText] = field(default_factory=dict)

    def snapshot(self) -> ConsentBooks:
        return ConsentBooks(list(self.events), dict(self.texts))


class FakeConsents:
    """Implements ``consent_record.ConsentStore``. ``persons`` and ``joined`` are those of the store around it."""

    def __init__(
        self, books: ConsentBooks, persons: Callable[[], Mapping[UUID, Any]], joined: Callable[[], Mapping[UUID, UUID]]
    ) -> None:
        self.books, self._persons, self._joined = books, persons, joined

    def hold(self, person_id: UUID) -> tuple[UUID, UUID]:
        into = self._joined().get(person_id, person_id)
        if into not in self._persons():
            raise NotFound
        return self._persons()[into].agency_id, into

    def list_of(self, person_id: UUID, matter: ConsentMatter | None = None) -> list[ConsentEvent]:
        group = self._group(person_id)
        found = [one for one in self.books.events if one.person_id in group and matter in (None, one.matter)]
        return sorted(found, key=lambda one: (one.number, one.event_id))

    def append(self, event: ConsentEvent) -> None:
        key = event.person_id, event.matter, event.number
        if any((one.person_id, one.matter, one.number) == key for one in self.books.events):
            raise VersionTaken
        self.books.events.append(event)

    def keep(self, texts: Sequence[PurposeText], at: datetime) -> None:
        for one in texts:
            self.books.texts.setdefault(one.version, KeptText(one, at))

    def find_texts(self, versions: Sequence[str]) -> list[KeptText]:
        return [kept for version, kept in self.books.texts.items() if version in versions]

    def list_outdated(self, current: Sequence[PurposeText], limit: int) -> list[ConsentEvent]:
        now = {one.matter: one.version for one in current}
        newest: dict[tuple[UUID, ConsentMatter], ConsentEvent] = {}
        for one in sorted(self.books.events, key=lambda one: one.number):
            newest[one.person_id, one.matter] = one
        found = [
            one
            for one in newest.values()
            if one.name is ConsentName.GIVEN and one.matter in now and one.version != now[one.matter]
            and one.person_id not in self._joined()
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.person_id)[:limit]

    def erase(self, person_id: UUID) -> int:
        group, before = self._group(person_id), len(self.books.events)
        self.books.events[:] = [one for one in self.books.events if one.person_id not in group]
        return before - len(self.books.events)

    def _group(self, person_id: UUID) -> set[UUID]:
        into = self._joined().get(person_id, person_id)
        return {into} | {one for one, other in self._joined().items() if other == into}
