"""A hand-written store of mappings, and a fake console that has one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.console_ports import ConsoleTransaction
from services.errors import Conflict, VersionTaken
from services.mapping_record import PUTS_IN_FORCE, MappingAct, MappingEvent, MappingInForce, MappingVersion
from services.publication_state import read_sentence
from services.staffing import AgencyTree
from tests.fake_console import FakeConsoleStore
from tests.fakes import FakeClock


@dataclass
class MappingBooks:
    """All that is kept of mappings."""

    owners: dict[str, UUID] = field(default_factory=dict)
    versions: dict[tuple[str, int], MappingVersion] = field(default_factory=dict)
    events: dict[str, list[MappingEvent]] = field(default_factory=dict)

    def snapshot(self) -> dict[str, Any]:
        """The books as they are; rows are immutable, so copying what holds them is enough."""
        events = {service: list(told) for service, told in self.events.items()}
        return {"owners": copy.copy(self.owners), "versions": copy.copy(self.versions), "events": events}


class FakeMappings:
    """Implements ``mapping_record.MappingStore``."""

    def __init__(self, books: MappingBooks, scope: frozenset[UUID]) -> None:
        self.books, self.scope = books, scope

    def add_version(self, version: MappingVersion) -> None:
        if self.books.owners.setdefault(version.service, version.agency_id) != version.agency_id:
            raise Conflict
        known = self.books.versions.setdefault((version.service, version.version), version)
        if known.digest != version.digest:
            raise VersionTaken

    def load_version(self, service: str, version: int) -> MappingVersion | None:
        found = self.books.versions.get((service, version))
        return found if found and found.agency_id in self.scope else None

    def list_versions(self, service: str) -> list[MappingVersion]:
        found = [
            one for (name, _), one in self.books.versions.items() if name == service and one.agency_id in self.scope
        ]
        return sorted(found, key=lambda one: one.version, reverse=True)

    def append(self, event: MappingEvent) -> None:
        events = self.books.events.setdefault(event.service, [])
        if event.number <= len(events):
            raise VersionTaken
        if event.number != len(events) + 1:
            raise ValueError("a gap")
        events.append(event)

    def list_events(self, service: str) -> list[MappingEvent]:
        return [event for event in self.books.events.get(service, []) if event.agency_id in self.scope]

    def list_all_events(self) -> list[MappingEvent]:
        return [event for service in sorted(self.books.events) for event in self.list_events(service)]

    def list_in_force(self) -> list[MappingInForce]:
        found = []
        for service in sorted(self.books.events):
            events = self.list_events(service)
            served = [event for event in events if event.act in PUTS_IN_FORCE]
            switched = [event for event in events if event.act in {MappingAct.SWITCHED_OFF, MappingAct.SWITCHED_ON}]
            off = read_sentence(switched[-1]) if switched else {}
            if served:
                version = self.books.versions[service, served[-1].version]
                found.append(MappingInForce(version.agency_id, service, version.version, version.digest, off))
        return found


class FakeMappingConsole(FakeConsoleStore):
    """The fake console's store with mappings in it."""

    def __init__(self, tree: AgencyTree, clock: FakeClock) -> None:
        super().__init__(tree, clock)
        self.kept = MappingBooks()

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[ConsoleTransaction]:
        """One transaction."""
        before = self.kept.snapshot()
        with super().begin(agencies) as tx:
            tx.mappings = FakeMappings(self.kept, frozenset(agencies))
            try:
                yield tx
            except BaseException:
                self.kept.__dict__.update(before)
                raise
