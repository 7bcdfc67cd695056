"""Back ends out of an accounts document, without a database: for a person at the command line who tries a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import yaml

from services.errors import ConfigurationFault
from services.model import BackEndAddress


class AccountsDirectory:
    """Agencies and addresses, as ``gateway/bindings.py`` needs them; apps and merchants are nobody's here. Shape: ``docs/accounts.md``."""

    def __init__(self, file: Path) -> None:
        document = _read_document(file)
        self._parents = {entry["slug"]: entry.get("parent") for entry in document.get("agencies", [])}
        self._slugs = {_make_id(slug): slug for slug in self._parents}
        self._entries: dict[tuple[str, str], Mapping[str, Any]] = {
            (entry["agency"], entry["name"]): entry for entry in document.get("back_ends", [])
        }

    def agency_id(self, slug: str) -> UUID:
        """An id of this process alone. Raises ``ConfigurationFault`` for an agency that the document does not have."""
        if slug not in self._parents:
            raise ConfigurationFault(f"the accounts document has no agency {slug}")
        return _make_id(slug)

    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress:
        """The one of this agency, else of the nearest above it. Raises ``ConfigurationFault``."""
        slug: str | None = self._slugs[agency_id]
        while slug is not None:
            entry = self._entries.get((slug, name))
            if entry is not None:
                secrets, options = dict(entry.get("secrets") or {}), dict(entry.get("options") or {})
                return BackEndAddress(agency_id, name, entry["url"], secrets, options)
            slug = self._parents.get(slug)
        raise ConfigurationFault(f"the accounts document binds no back end {name}")

    def list_urls(self, name: str) -> frozenset[str]:
        """Every address that the document binds to a back end's name: the allow-list of one purpose."""
        return frozenset(entry["url"] for (_, bound), entry in self._entries.items() if bound == name)


def _make_id(slug: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"agency:{slug}")


def _read_document(file: Path) -> dict[str, Any]:
    """Raises ``ConfigurationFault`` for what is no accounts document, ``OSError``."""
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
        entries = [*document["agencies"], *document["back_ends"]]
        usable = all(isinstance(entry, dict) for entry in entries)
        usable = usable and all({"agency", "name", "url"} <= entry.keys() for entry in document["back_ends"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        usable = False
    if not usable:
        raise ConfigurationFault(f"{file} is no accounts document; see docs/accounts.md")
    return dict(document)
