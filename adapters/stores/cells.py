"""Encrypted cells: text and JSON in and out of ciphertexts, each bound to its table, column and row."""

from __future__ import annotations

import json
from uuid import UUID

from adapters.stores.keyring import Keyring
from services.case_stores import NO_CHAIN
from services.model import JsonValue


def seal_text(keyring: Keyring, place: tuple[str, str, object], text: str) -> bytes:
    """Encrypt a text for ``place``: table, column, row id."""
    return keyring.encrypt(*place, text.encode())


def open_text(keyring: Keyring, place: tuple[str, str, object], cell: bytes) -> str:
    """Decrypt a text. Raises ``CiphertextRefused``."""
    return keyring.decrypt(*place, cell).decode()


def open_optional(keyring: Keyring, place: tuple[str, str, object], cell: bytes | None) -> str | None:
    """The same for a cell that may be empty."""
    return None if cell is None else open_text(keyring, place, cell)


def seal_json(keyring: Keyring, place: tuple[str, str, object], value: JsonValue) -> bytes:
    """Encrypt a JSON value."""
    return keyring.encrypt(*place, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def open_json(keyring: Keyring, place: tuple[str, str, object], cell: bytes) -> JsonValue:
    """Decrypt a JSON value. Raises ``CiphertextRefused``."""
    return json.loads(keyring.decrypt(*place, cell))


def seal_id(keyring: Keyring, place: tuple[str, str, object], identifier: UUID) -> bytes:
    """Encrypt an id."""
    return keyring.encrypt(*place, identifier.bytes)


def open_id(keyring: Keyring, place: tuple[str, str, object], cell: bytes) -> UUID:
    """Decrypt an id. Raises ``CiphertextRefused``."""
    return UUID(bytes=keyring.decrypt(*place, cell))


def open_optional_json(keyring: Keyring, place: tuple[str, str, object], cell: bytes | None) -> JsonValue:
    """The same for a cell that may be empty."""
    return None if cell is None else open_json(keyring, place, cell)


def seal_link(keyring: Keyring, place: tuple[str, str, object], chain_id: UUID) -> bytes | None:
    """Encrypt the link to a ledger's chain; nothing for ``NO_CHAIN``."""
    return None if chain_id == NO_CHAIN else seal_id(keyring, place, chain_id)


def open_link(keyring: Keyring, place: tuple[str, str, object], cell: bytes | None) -> UUID:
    """Decrypt it; ``NO_CHAIN`` where there is none, or none that this role may read."""
    return NO_CHAIN if cell is None else open_id(keyring, place, cell)
