"""The exchange format: files of a folder against the catalogue in the store. Import, export, drift.

The store is the truth after the first import. Pure: whoever calls reads and writes the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.console_ports import ConsoleStore
from services.errors import ConfigurationFault, Conflict
from services.mapping_record import MappingAct, MappingVersion
from services.publishing import Draft, PublishingDesk

APART = "apart"
"""Folder of an export for services that refer to other bytes under a path that another service has already."""


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file: how faults call it, its bytes, and the files that it may refer to."""

    place: str
    content: bytes
    documents: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file: ``act`` None and no fault if it is known already."""

    place: str
    act: MappingAct | None = None
    fault: str = ""


def import_files(desk: PublishingDesk, files: Iterable[MappingFile], *, reason: str = "") -> list[Imported]:
    """Each file by itself: a faulty one keeps no other from being imported. Raises ``StoreUnavailable``."""
    return [_import_one(desk, file, reason) for file in files]


def publish_files(desk: PublishingDesk, files: Iterable[MappingFile], *, reason: str) -> list[Imported]:
    """The operator's way, file by file: what is new is put in force at once."""
    return [_publish_one(desk, file, reason) for file in files]


def _import_one(desk: PublishingDesk, file: MappingFile, reason: str) -> Imported:
    try:
        return Imported(file.place, desk.import_file(file.content, file.documents, reason=reason, file=file.place))
    except ConfigurationFault as fault:
        return Imported(file.place, fault=str(fault))
    except Conflict as fault:
        return Imported(file.place, fault=f"{file.place}:1: {fault}")


def _publish_one(desk: PublishingDesk, file: MappingFile, reason: str) -> Imported:
    try:
        event = desk.publish_file(file.content, file.documents, reason=reason, file=file.place)
    except ConfigurationFault as fault:
        return Imported(file.place, fault=str(fault))
    except Conflict as fault:
        return Imported(file.place, fault=f"{file.place}:1: {fault}")
    return Imported(file.place, event.act if event else None)


def list_served(store: ConsoleStore) -> list[MappingVersion]:
    """Every version that is in force, as it was published, in the order of services. Raises ``StoreUnavailable``."""
    with store.begin(tuple(store.agency_tree().parents)) as tx:
        rows = sorted(tx.mappings.list_in_force(), key=lambda row: row.service)
        found = [tx.mappings.load_version(row.service, row.version) for row in rows]
    return [version for version in found if version is not None]


def lay_out(versions: Iterable[MappingVersion]) -> dict[str, bytes]:
    """The files of an export, by path: ``ID.yaml`` with what it refers to beside it, byte for byte.

    Two services may refer to different bytes under one path, since each is published by itself: the later one, in the order of ids,
    then lies with all its files in ``apart/ID/``. So does one that refers to a file which would be taken for a mapping.
    """
    laid: dict[str, bytes] = {}
    for version in versions:
        files = {f"{version.service}.yaml": version.content, **version.documents}
        clashes = any(laid.get(path, body) != body for path, body in files.items())
        clashes = clashes or any(path.endswith(".yaml") and "/" not in path for path in version.documents)
        root = f"{APART}/{version.service}/" if clashes else ""
        laid.update({root + path: body for path, body in files.items()})
    return laid


def list_drift(desk: PublishingDesk, files: Sequence[MappingFile]) -> list[str]:
    """One line for each difference between a folder's files and what is in force; none if they are the same."""
    served = {version.service: version for version in list_served(desk.store)}
    lines, seen = [], set[str]()
    for file in files:
        try:
            draft = desk.read_draft(file.content, file.documents, file.place)
        except ConfigurationFault as fault:
            lines.append(str(fault))
            continue
        seen.add(draft.mapping.id)
        lines.extend(_compare(file.place, draft, served.get(draft.mapping.id)))
    gone = sorted(served.keys() - seen - {_name(file.place) for file in files})
    return [
        *lines,
        *(f"{service}: version {served[service].version} is in force, and there is no file" for service in gone),
    ]


def _compare(place: str, draft: Draft, served: MappingVersion | None) -> Iterator[str]:
    version = draft.mapping.version
    if served is None:
        yield f"{place}: version {version} is in the file, and nothing of this service is in force"
    elif served.version != version:
        yield f"{place}: version {version} is in the file, version {served.version} is in force"
    elif served.content != draft.content:
        yield f"{place}: version {version} has another content than the version in force"
    elif served.digest != draft.digest:
        yield f"{place}: a file that version {version} refers to has another content than when it was published"


def _name(place: str) -> str:
    return place.rpartition("/")[2].removesuffix(".yaml")
