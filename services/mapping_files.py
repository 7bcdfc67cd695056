"""The files that mappings refer to (WSDL with its schemas, OpenAPI): found below ``config/mappings``, read when they are asked for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.back_end_schema import REFERENCE_FILE

MAX_DOCUMENT_BYTES = 2_000_000
MAX_DOCUMENTS = 40
"""Files that one mapping may bring along, those included that its WSDL imports."""
LOCATION = re.compile(rb"""(?:schemaLocation|location)\s*=\s*["']([^"']+\.(?:xsd|wsdl))["']""")
IMPORTING = (".wsdl", ".xsd")


class FolderDocuments(Mapping[str, bytes]):
    """Files of the kinds that a mapping may refer to, by their path below some folders; the first folder that has one gives it.

    Nothing outside the folders can be named, and nothing longer than ``MAX_DOCUMENT_BYTES`` is read.
    """

    def __init__(self, *roots: Path) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._read: dict[str, bytes] = {}
        self._found: dict[str, Path | None] = {}

    def __getitem__(self, path: str) -> bytes:
        if path not in self._read:
            place = self._place(path)
            if place is None:
                raise KeyError(path)
            self._read[path] = place.read_bytes()
        return self._read[path]

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (path in self._read or self._place(path) is not None)

    def __iter__(self) -> Iterator[str]:
        found = (file.relative_to(root).as_posix() for root in self._roots for file in sorted(root.rglob("*")))
        return iter(path for path in dict.fromkeys(found) if self._place(path) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _place(self, path: str) -> Path | None:
        if path not in self._found:
            self._found[path] = self._look_for(path)
        return self._found[path]

    def _look_for(self, path: str) -> Path | None:
        if not re.fullmatch(REFERENCE_FILE.pattern, path):
            return None
        for root in self._roots:
            place = (root / path).resolve()
            if place.is_relative_to(root) and place.is_file() and place.stat().st_size <= MAX_DOCUMENT_BYTES:
                return place
        return None


class LayeredDocuments(Mapping[str, bytes]):
    """Several sources of such files; the first that has a path gives it."""

    def __init__(self, *layers: Mapping[str, bytes]) -> None:
        self._layers = layers

    def __getitem__(self, path: str) -> bytes:
        for layer in self._layers:
            if path in layer:
                return layer[path]
        raise KeyError(path)

    def __contains__(self, path: object) -> bool:
        return any(path in layer for layer in self._layers)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(path for layer in self._layers for path in layer))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def gather_documents(named: tuple[str, ...], documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The named files that exist, and those that they import, by their paths; never more than ``MAX_DOCUMENTS``."""
    found: dict[str, bytes] = {}
    waiting = list(named)
    while waiting and len(found) < MAX_DOCUMENTS:
        path = waiting.pop(0)
        if path not in found and path in documents:
            found[path] = documents[path]
            waiting.extend(list_imports(path, found[path]))
    return found


def list_imports(path: str, content: bytes) -> list[str]:
    """What a WSDL or schema imports by a relative location, as paths below the folder; addresses elsewhere are nobody's files."""
    if not path.endswith(IMPORTING):
        return []
    locations = (found.decode("utf-8", "replace") for found in LOCATION.findall(content))
    return [
        posixpath.normpath(posixpath.join(posixpath.dirname(path), location))
        for location in locations
        if "://" not in location
    ]
