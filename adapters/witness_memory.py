"""The witness's memory: one JSON file on its own machine, replaced in one durable step, and a lock so that it has one witness.

Unlike a diary it is never begun anew by itself: a witness that has forgotten would cosign a fork. ``begin_memory`` makes an empty one once.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

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
        _write(self._path, memory)

    def close(self) -> None:
        """Let another process have it."""
        self._lock.close()


def begin_memory(path: Path, key: NoteKey) -> None:
    """An empty memory for this key. Raises ``ConfigurationFault`` if there is one already, or another witness is at it."""
    lock = _take(path)
    try:
        if path.exists():
            raise ConfigurationFault("the witness has a memory already")
        _write(path, Memory(str(key)))
    finally:
        lock.close()


def _write(path: Path, memory: Memory) -> None:
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(_write_memory(memory), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("a", encoding="utf-8")
    except OSError:
        raise ConfigurationFault("the witness's memory cannot be written: see GUITAI_WITNESS_STATE") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationFault("another witness has this memory") from None
    return lock


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
