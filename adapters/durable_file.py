"""One small JSON file that a process keeps beside it: replaced in one durable step, and a lock so that it has one keeper."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from services.errors import ConfigurationFault


def replace_document(path: Path, document: Any) -> None:
    """Write it (mode 0600); file and folder are on the disk when this returns. Raises ``OSError``; then the former one stays."""
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def take_file(path: Path, unwritable: str, taken: str) -> IO[str]:
    """The lock beside it, held until it is closed; its folder is made. Raises ``ConfigurationFault`` with one of these sentences."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("a", encoding="utf-8")
    except OSError:
        raise ConfigurationFault(unwritable) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationFault(taken) from None
    return lock
