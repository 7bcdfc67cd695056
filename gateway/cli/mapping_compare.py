"""``mapping diff``: two files, or a file and the version of its service that is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from config.strict_yaml import read_document
from services.errors import ConfigurationFault
from services.exposure_label import widens
from services.mapping import ServiceMapping
from services.mapping_diff import diff_mappings
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping


@dataclass(frozen=True, slots=True)
class Side:
    """One of two files: what it is called, its bytes, and the mapping if it has no fault."""

    name: str
    content: bytes
    mapping: ServiceMapping | None


def compare_files(file: Path, other: Path | None, home: Path, keyring: Path | None = None) -> tuple[list[str], bool]:
    """The lines to print, and whether nothing differs. With ``other``, ``file`` is the old side; without it, what is in force is.

    Raises ``ConfigurationFault`` if nothing of the service is in force, ``SettingsFault`` if there is no store, ``OSError``.
    """
    here = read_side(file)
    old, new = (here, read_side(other)) if other is not None else (read_in_force(here, home, keyring), here)
    found = diff_mappings(old.content, new.content, old.name, new.name)
    lines = [*found.lines, *_head("meaning", [str(change) for change in found.changes])]
    faulty = [f"? {side.name} has faults: see mapping check" for side in (old, new) if side.mapping is None]
    lines += _head("what platforms will see more cannot be told", faulty)
    if old.mapping is not None and new.mapping is not None:
        more = [f"! {widening}" for widening in widens(old.mapping, new.mapping)]
        lines += _head("platforms will see more: a privacy officer has to approve", more)
    return lines, not found.lines


def _head(words: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"=== {words}"
        yield from lines


def read_side(file: Path) -> Side:
    """A file as one side. Raises ``OSError``."""
    content = file.read_bytes()
    mapping, _ = read_mapping(str(file), content, load_vocabulary(), documents=FolderDocuments(MAPPINGS_FOLDER))
    return Side(str(file), content, mapping)


def read_in_force(side: Side, home: Path, keyring: Path | None) -> Side:
    """What is in force of the service that a file describes. Raises ``ConfigurationFault``, ``SettingsFault``, ``StoreUnavailable``."""
    from gateway.cli.publishing import open_desk
    from services.catalogue_files import list_served

    value = read_document(side.name, side.content).value
    service = value.get("id") if isinstance(value, dict) else None
    with open_desk(home, keyring) as desk:
        served = {version.service: version for version in list_served(desk.store)}
    version = served.get(str(service))
    if version is None:
        raise ConfigurationFault(f"{side.name}: nothing of this service is in force")
    name = f"{version.service} version {version.version} in force"
    mapping, _ = read_mapping(name, version.content, load_vocabulary(), documents=version.documents, kept=True)
    return Side(name, version.content, mapping)
