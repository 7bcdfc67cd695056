"""The watchman's diary: one small JSON file beside it, replaced in one step, and a lock so that there is one watchman per diary."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

import structlog

from services.errors import ConfigurationFault
from services.watch_diary import Page, read_page, write_page

_log = structlog.get_logger(room="watchman")


class FileDiary:
    """Implements ``watch_diary.Diary``. Raises ``ConfigurationFault`` if another watchman has the file, or its folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = _take(path)

    def read(self) -> Page:
        """What was written last; an empty page if there is none. An unusable file counts as none: better one letter twice than none."""
        try:
            return read_page(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return Page()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            _log.warning("the watchman's diary is unusable and is begun anew")
            return Page()

    def write(self, page: Page) -> None:
        """Raises ``OSError``; then the former page stays."""
        draft = self._path.with_name(f".{self._path.name}.draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(write_page(page), file, ensure_ascii=False, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def close(self) -> None:
        """Let another watchman have it."""
        self._lock.close()


def _take(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("a", encoding="utf-8")
    except OSError:
        raise ConfigurationFault("the watchman's diary cannot be written: see GUITAI_WATCH_DIARY") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationFault("another watchman has this diary") from None
    return lock
