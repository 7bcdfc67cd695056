"""What an emulator is given when it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.sandbox.notices import NoticeScheduler
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

Listener = Callable[[Mapping[str, Any]], None]
NOTICE_ISSUED, NOTICE_SETTLED, NOTICE_KNOWN = "notice_issued", "notice_settled", "notice_known"
"""Lines between a department that collects and the treasury (财政). Issued: ``{notice_no, department_code, department_name, payer,
identity_number, created_on, expires_on, items: [{no, item_id, item_name, fee_fen, overdue_fen, penalty_fen}]}`` (days YYYY-MM-DD,
``fee_fen`` is all that is paid for the item), told again at each start. Settled: ``{notice_no, receipt_no, paid_at}``. Known: what the
treasury tells WeChat's non-tax platform of its register, in that platform's words, at each change and at each start."""


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
    closers: list[Callable[[], None]] = field(default_factory=list)
    lines: dict[str, list[Listener]] = field(default_factory=dict)

    def listen(self, line: str, listener: Listener) -> None:
        """Hear what other offices tell on a line. A telling office may be built later, and it may tell the same twice."""
        self.lines.setdefault(line, []).append(listener)

    def tell(self, line: str, message: Mapping[str, Any]) -> None:
        """Tell whoever listens, now and in this thread. Lines between real agencies are no part of what is emulated."""
        for listener in self.lines.get(line, ()):
            listener(message)

    def open_shelf(self, name: str) -> Shelf:
        """A shelf in ``home/<name>.sqlite3`` that is closed when the sandbox stops."""
        shelf = Shelf(self.home / f"{name}.sqlite3")
        self.shelves.append(shelf)
        return shelf
