"""The government's own store of files: each sealed under a key of its own, found by a keyed digest, checked whenever it is read.

On the shelf lies ``magic (4) | wrapped data key (64) | nonce (12) | AES-256-GCM``. The data key is new for each file and wrapped by the
keyring's current key; the wrap is bound to the file's name, the content to agency and digest, so that neither can be moved. The name is
a keyed hash of agency and digest: whoever only sees the shelf learns neither what lies there nor whether a file that they know does.
To change the wrapping key, only the first 68 bytes are made anew (``rewrap_files``). NIST SP 800-38D.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.boundary import refuse_inside_transaction
from adapters.stores.file_shelf import Shelf
from adapters.stores.keyring import KEY_ID_BYTES, CiphertextRefused, Keyring
from services.errors import ConfigurationFault, NotFound, StoreUnavailable

MAGIC = b"GTF1"
_WRAP_BYTES = KEY_ID_BYTES + 12 + 32 + 16
_NONCE_BYTES = 12
_HEAD = len(MAGIC) + _WRAP_BYTES
_DIGEST = re.compile(r"[0-9a-f]{64}")
FEW = 100
"""So many files may always be swept at one time."""


class FileAltered(StoreUnavailable):
    """What lies there is not what was put there: somebody must look, and put it back from a copy."""

    retryable = False

    def __init__(self) -> None:
        super().__init__("files: what lies there is not what was put there")


class SealedFileStore:
    """Implements ``case_ports.FileStore`` on a shelf. Safe to share between threads."""

    def __init__(self, shelf: Shelf, keyring: Keyring) -> None:
        self._shelf = shelf
        self._keyring = keyring

    def put(self, agency_id: UUID, content: bytes) -> str:
        """Keep it and give its SHA-256. What lies there already in order is only written anew, so that no sweep takes it for old.

        Raises ``StoreUnavailable``. No transaction may be open: the index row follows when this has returned.
        """
        refuse_inside_transaction()
        digest = hashlib.sha256(content).hexdigest()
        name = name_file(self._keyring, agency_id, digest)[0]
        self._shelf.write(name, seal_file(self._keyring, name, _bind(agency_id, digest), content))
        return digest

    def get(self, agency_id: UUID, digest: str) -> bytes:
        """The content, opened and held against its digest. Raises ``NotFound``, ``StoreUnavailable`` for one that was altered."""
        refuse_inside_transaction()
        if not _DIGEST.fullmatch(digest):
            raise NotFound
        for name in name_file(self._keyring, agency_id, digest):
            sealed = self._shelf.read(name)
            if sealed is not None:
                return self._open(name, agency_id, digest, sealed)
        raise NotFound

    def _open(self, name: str, agency_id: UUID, digest: str, sealed: bytes) -> bytes:
        try:
            content = open_file(self._keyring, name, _bind(agency_id, digest), sealed)
        except CiphertextRefused:
            raise FileAltered from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise FileAltered
        return content


def name_file(keyring: Keyring, agency_id: UUID, digest: str) -> list[str]:
    """Under which names a file may lie, the current one first (72 hexadecimal digits: key id and HMAC)."""
    return [found.hex() for found in keyring.lookup_hashes("stored_file", f"{agency_id}|{digest}")]


def _bind(agency_id: UUID, digest: str) -> bytes:
    return f"stored_files|content|{agency_id}|{digest}".encode()


def seal_file(keyring: Keyring, name: str, bound: bytes, content: bytes) -> bytes:
    """The bytes that lie on the shelf."""
    key, nonce = os.urandom(32), os.urandom(_NONCE_BYTES)
    return MAGIC + _wrap(keyring, name, key) + nonce + AESGCM(key).encrypt(nonce, content, bound)


def open_file(keyring: Keyring, name: str, bound: bytes, sealed: bytes) -> bytes:
    """The content. Raises ``CiphertextRefused``."""
    key, body = _unwrap(keyring, name, sealed), sealed[_HEAD:]
    try:
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise CiphertextRefused("stored_files: not what was sealed here") from None


def _wrap(keyring: Keyring, name: str, key: bytes) -> bytes:
    return keyring.encrypt("stored_files", "data_key", name, key)


def _unwrap(keyring: Keyring, name: str, sealed: bytes) -> bytes:
    if not sealed.startswith(MAGIC) or len(sealed) < _HEAD + _NONCE_BYTES:
        raise CiphertextRefused("stored_files: no sealed file")
    return keyring.decrypt("stored_files", "data_key", name, sealed[len(MAGIC) : _HEAD])


def rewrap_files(shelf: Shelf, keyring: Keyring, progress: Callable[[int], None] = lambda _count: None) -> int:
    """Wrap the data key of every file anew that is not under the current key; how many were. The content stays as it is.

    Safe to stop and to run again, while serving. Raises ``CiphertextRefused`` for one that no key of the ring opens.
    """
    done = 0
    for kept in shelf.list_kept():
        sealed = shelf.read(kept.name)
        if sealed is None or sealed[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES] == keyring.current_key_id:
            continue
        key = _unwrap(keyring, kept.name, sealed)
        shelf.write(kept.name, MAGIC + _wrap(keyring, kept.name, key) + sealed[_HEAD:])
        done += 1
        progress(done)
    return done


def sweep_files(shelf: Shelf, keyring: Keyring, indexed: Iterable[tuple[UUID, str]], until: datetime) -> int:
    """Remove what no row of the index names and nobody put there since ``until``; how many were.

    ``indexed``: agency and digest of every row, read *before* the shelf is looked through. ``until`` leaves uploads that are under
    way the time to write their row, and what was put there anew meanwhile stays. Raises ``ConfigurationFault``, and removes nothing,
    if more than half of what lies there (and more than FEW) would go: then it is the index that is wrong, not the shelf.
    """
    wanted = {name for agency_id, digest in indexed for name in name_file(keyring, agency_id, digest)}
    shelf.drop_drafts(until)
    lying = list(shelf.list_kept())
    orphans = [kept.name for kept in lying if kept.name not in wanted and kept.put_at <= until]
    if len(orphans) > max(FEW, len(lying) // 2):
        raise ConfigurationFault("files: the index does not name half of what lies there; is it the right database?")
    return sum(shelf.remove_old(name, until) for name in orphans)


def find_missing(store: SealedFileStore, indexed: Iterable[tuple[UUID, str]]) -> Iterator[tuple[UUID, str, str]]:
    """Agency, digest and what is wrong (``missing``, ``altered``) of every file that the index names and that does not come back whole."""
    for agency_id, digest in indexed:
        try:
            store.get(agency_id, digest)
        except NotFound:
            yield agency_id, digest, "missing"
        except FileAltered:
            yield agency_id, digest, "altered"
