"""The watchman's diary: one small JSON file beside it, replaced in one step, and a lock so that there is one watchman per diary."""

from __future__ import annotations

import json
from pathlib import Path

import structlog

from adapters.durable_file import replace_document, take_file
from services.watch_diary import Page, read_page, write_page

_log = structlog.get_logger(room="watchman")


class FileDiary:
    """Implements ``watch_diary.Diary``. Raises ``ConfigurationFault`` if another watchman has the file, or its folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = take_file(
            path, "the watchman's diary cannot be written: see GUITAI_WATCH_DIARY", "another watchman has this diary"
        )

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
        replace_document(self._path, write_page(page))

    def close(self) -> None:
        """Let another watchman have it."""
        self._lock.close()
