"""What an emulator is given when it is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.sandbox.notices import NoticeScheduler
from adapters.sandbox.shelf import Shelf
from services.ports import Clock


@dataclass(frozen=True)
class SandboxContext:
    """``home`` is the sandbox's folder; ``credentials`` is what stands in ``credentials.json`` (shape: portal.py).

    ``addresses`` maps the names of all emulators of this process to their base addresses (``http://127.0.0.1:<port>``).
    ``registries_url`` is the owner's address of the SQL server of the offices that have their data there, or empty.
    """

    home: Path
    clock: Clock
    credentials: dict[str, Any]
    notices: NoticeScheduler
    addresses: dict[str, str]
    registries_url: str = ""
    shelves: list[Shelf] = field(default_factory=list)

    def open_shelf(self, name: str) -> Shelf:
        """A shelf in ``home/<name>.sqlite3`` that is closed when the sandbox stops."""
        shelf = Shelf(self.home / f"{name}.sqlite3")
        self.shelves.append(shelf)
        return shelf
