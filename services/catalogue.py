"""All services and rooms of this counter, with the words for what a platform sees: read once at start, all faults at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from config.mapping_schema import DESK, VOCABULARY
from config.strict_yaml import Fault
from services.errors import ConfigurationFault, ServiceOff, ServiceUnknown
from services.exposure_rules import find_unknown_fields
from services.form_reader import read_texts
from services.mapping import Room, ServiceMapping, Texts
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping, read_room, read_shaped
from services.model import Language, PlatformName
from services.vocabulary import Vocabulary

ID_LINE = re.compile(rb"^id:[ \t]*[\"']?([a-z0-9-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Services by id, rooms by name, and the vocabulary that their budgets are written in.

    ``services`` and ``switched_off`` (service → the sentence to citizens) may be live. ``history`` gives an earlier version of a
    service, for what began with it. Within ``hold()`` whoever looks sees one moment of what is live: one request, one job.
    """

    services: Mapping[str, ServiceMapping]
    rooms: Mapping[str, Room]
    vocabulary: Vocabulary
    switched_off: Mapping[str, Texts] = field(default_factory=dict)
    history: Callable[[str, int], ServiceMapping | None] | None = None
    hold: Callable[[], AbstractContextManager[object]] = nullcontext

    @classmethod
    def load(cls, folder: Path, desk: Path, vocabulary: Path) -> Catalogue:
        """Read every ``*.yaml`` of a folder, the desk and the vocabulary. Raises ``ConfigurationFault`` with all faults."""
        words, faults = read_vocabulary(vocabulary)
        if words is None:
            raise ConfigurationFault(_list_faults(faults))
        rooms, faults = read_desk(desk, words)
        services, more = read_mappings(sorted(folder.glob("*.yaml")), words)
        if faults or more:
            raise ConfigurationFault(_list_faults([*faults, *more]))
        return cls(services, rooms, words)

    @classmethod
    def load_around(cls, desk: Path, vocabulary: Vocabulary, services: Mapping[str, ServiceMapping]) -> Catalogue:
        """The rooms of a desk around services that come from elsewhere. Raises ``ConfigurationFault`` with all faults."""
        rooms, faults = read_desk(desk, vocabulary)
        if faults:
            raise ConfigurationFault(_list_faults(faults))
        return cls(services, rooms, vocabulary)

    def service(self, service: str) -> ServiceMapping:
        """The service with this id. Raises ``ServiceUnknown``."""
        if service not in self.services:
            raise ServiceUnknown("no service with this id")
        return self.services[service]

    def service_at(self, service: str, version: int) -> ServiceMapping:
        """The version of a service with which something began. Raises ``ServiceUnknown`` if it is nowhere to be found."""
        present = self.services.get(service)
        if present is not None and present.version == version:
            return present
        earlier = self.history(service, version) if self.history else None
        if earlier is None:
            raise ServiceUnknown("no such version of a service")
        return earlier

    def off(self, service: str) -> Texts | None:
        """The sentence to citizens if new business of this service is switched off, else None."""
        return self.switched_off.get(service)

    def require_open(self, service: str) -> None:
        """Raise ``ServiceOff`` with the sentence in its ``detail`` if the service is switched off."""
        sentence = self.off(service)
        if sentence is not None:
            raise ServiceOff(detail={"sentence": sentence})

    def services_on(self, platform: PlatformName) -> tuple[ServiceMapping, ...]:
        """Services offered inside a platform's app, in the order of their ids."""
        return tuple(service for _, service in sorted(self.services.items()) if service.is_on(platform))

    def room(self, room: str) -> Room:
        """A room of the desk; asking for one that does not exist is a fault of ours (``KeyError``)."""
        return self.rooms[room]

    def label(self, field: str, language: Language) -> str:
        """What a citizen reads for a field name, also one of a mapping's own; the name itself if it is no longer used."""
        texts = self.vocabulary.fields.get(field) or self._own_word(field)
        return texts.get(language, field)

    def _own_word(self, field: str) -> Texts:
        """A word that mappings bring along: that of the first service, in the order of ids, which has it."""
        found = (service.words[field] for _, service in sorted(self.services.items()) if field in service.words)
        return next(found, {})

    def purpose(self, code: str, language: Language, service: str | None = None) -> str:
        """What a citizen reads for a purpose, in the words of the service if it has its own."""
        known = self.services.get(service or "")
        own = known.purposes.get(code, {}) if known else {}
        return own.get(language) or self.vocabulary.purposes.get(code, {}).get(language, code)

    def title(self, name: str, language: Language) -> str:
        """What a citizen reads for a service or a room of the desk; the name itself if it is no longer there."""
        known = self.services.get(name) or self.rooms.get(name)
        return known.title.get(language, name) if known else name

    def direction(self, code: str, language: Language) -> str:
        """What a citizen reads for one of the four directions."""
        return self.vocabulary.directions.get(code, {}).get(language, code)

    def outcome(self, code: str, language: Language) -> str:
        """What a citizen reads for what became of bytes that were meant for a platform's server."""
        return self.vocabulary.outcomes.get(code, {}).get(language, code)


def read_vocabulary(path: Path) -> tuple[Vocabulary | None, list[Fault]]:
    """The words of the ledger, or what is wrong with the file."""
    document = read_shaped(str(path), path.read_bytes(), VOCABULARY)
    if document.faults:
        return None, list(document.faults)
    words = {
        section: {name: read_texts(entry) for name, entry in document.value[section].items()}
        for section in ("fields", "purposes", "directions", "outcomes")
    }
    personal = frozenset(name for name, entry in document.value["fields"].items() if entry.get("personal"))
    recipients = {name: read_texts(entry) for name, entry in document.value.get("recipients", {}).items()}
    return Vocabulary(**words, personal=personal, recipients=recipients), []


def read_desk(path: Path, vocabulary: Vocabulary) -> tuple[dict[str, Room], list[Fault]]:
    """The rooms of the desk, or what is wrong with the file."""
    document = read_shaped(str(path), path.read_bytes(), DESK)
    faults = list(document.faults)
    for name, room in document.value.get("rooms", {}).items() if not faults else ():
        found = list(find_unknown_fields(room["exposure"], vocabulary.fields, f"rooms.{name}.exposure"))
        for index, code in enumerate(room.get("purposes", ())):
            if code not in vocabulary.purposes:
                place = f"rooms.{name}.purposes[{index}]"
                faults.append(document.fault(place, "an unknown name", "a purpose of config/vocabulary.yaml"))
        faults.extend(document.fault(item.path, item.found, item.expected, item.nearest) for item in found)
    if faults:
        return {}, faults
    return {name: read_room(name, room, vocabulary) for name, room in document.value["rooms"].items()}, []


def read_mappings(
    paths: Iterable[Path], vocabulary: Vocabulary, documents: Mapping[str, bytes] | None = None
) -> tuple[dict[str, ServiceMapping], list[Fault]]:
    """Mappings by id, or every fault of every file; an id that two files claim is a fault of the second.

    ``documents`` are the files that they may refer to; without them, those below the folder of each file.
    """
    services: dict[str, ServiceMapping] = {}
    faults: list[Fault] = []
    claimed: set[str] = set()
    for path in paths:
        content = path.read_bytes()
        known = FolderDocuments(path.parent) if documents is None else documents
        service, found = read_mapping(str(path), content, vocabulary, name=path.stem, documents=known)
        faults.extend(found)
        for name, line in _find_id(content):
            if name in claimed:
                faults.append(Fault(str(path), line, "id", "an id that another file has", "an id of its own"))
            claimed.add(name)
        if service is not None:
            services[service.id] = service
    return services, faults


def _find_id(content: bytes) -> Iterator[tuple[str, int]]:
    """The id that a file claims, whatever else is wrong with it, and its line."""
    for found in ID_LINE.finditer(content):
        yield found.group(1).decode(), content.count(b"\n", 0, found.start()) + 1
        return


def _list_faults(faults: Iterable[Fault]) -> str:
    return "\n".join(str(fault) for fault in faults)
