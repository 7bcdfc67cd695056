"""The witness's memory: one JSON file on its own machine, replaced in one durable step, and a lock so that it has one witness.

Unlike a diary it is never begun anew by itself: a witness that has forgotten would cosign a fork. ``begin_memory`` makes an empty one once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from adapters.durable_file import replace_document, take_file
from services.errors import ConfigurationFault
from services.signed_note import NoteKey, decode_base64, encode_base64
from services.witnessing import Evidence, LogMemory, Memory, Misdeed

_FORMAT = 1
LOST = "the witness's memory cannot be read: see docs/witness.md, and do not begin a new one under the same key"


class FileMemory:
    """Implements ``witness.MemoryStore``. Raises ``ConfigurationFault`` if there is no memory, or another witness has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = _take(path)
        try:
            self.read()
        except ConfigurationFault:
            self.close()
            raise

    def read(self) -> Memory:
        """What was written last; raises ``ConfigurationFault`` for a file that is missing or is no memory."""
        try:
            return _read_memory(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            raise ConfigurationFault("the witness has no memory: begin one with `witness --begin`, once") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ConfigurationFault(LOST) from None

    def write(self, memory: Memory) -> None:
        """See the port: file and folder are on the disk when it returns."""
        replace_document(self._path, _write_memory(memory))

    def close(self) -> None:
        """Let another process have it."""
        self._lock.close()


def begin_memory(path: Path, key: NoteKey) -> None:
    """An empty memory for this key. Raises ``ConfigurationFault`` if there is one already, or another witness is at it."""
    lock = _take(path)
    try:
        if path.exists():
            raise ConfigurationFault("the witness has a memory already")
        replace_document(path, _write_memory(Memory(str(key))))
    finally:
        lock.close()


def _take(path: Path) -> IO[str]:
    unwritable = "the witness's memory cannot be written: see GUITAI_WITNESS_STATE"
    return take_file(path, unwritable, "another witness has this memory")


def _write_memory(memory: Memory) -> dict[str, Any]:
    logs = {origin: _write_log(log) for origin, log in memory.logs.items()}
    return {"format": _FORMAT, "key": memory.key, "moment": memory.moment, "logs": logs}


def _write_log(log: LogMemory) -> dict[str, Any]:
    return {
        "size": log.size, "root": encode_base64(log.root), "note": log.note.decode(), "at": log.at,
        "restores": [one.decode() for one in log.restores],
        "evidence": [
            {
                "misdeed": str(one.misdeed), "at": one.at, "cosigned": one.cosigned.decode(), "shown": one.shown.decode(),
                "proof": [encode_base64(step) for step in one.proof],
            }
            for one in log.evidence
        ],
    }  # fmt: skip


def _read_memory(document: Mapping[str, Any]) -> Memory:
    if document["format"] != _FORMAT:
        raise ValueError("a memory of another format")
    return Memory(
        str(document["key"]),
        _read_integer(document["moment"]),
        {str(origin): _read_log(log) for origin, log in document["logs"].items()},
    )


def _read_log(log: Mapping[str, Any]) -> LogMemory:
    root = decode_base64(log["root"])
    if len(root) != 32:
        raise ValueError("a root has 32 bytes")
    evidence = tuple(
        Evidence(
            Misdeed(one["misdeed"]), _read_integer(one["at"]), one["cosigned"].encode(), one["shown"].encode(),
            tuple(map(decode_base64, one["proof"])),
        )
        for one in log["evidence"]
    )  # fmt: skip
    size, at = _read_integer(log["size"]), _read_integer(log["at"])
    return LogMemory(size, root, log["note"].encode(), at, tuple(one.encode() for one in log["restores"]), evidence)


def _read_integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a number")
    return value
