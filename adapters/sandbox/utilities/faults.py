"""How a company misbehaves beside what every emulator knows: in its books just before a write-off, in its words, in its bytes.

A timeout without effect never touches the books; a timeout after the commit has booked and stays silent. Both look the
same to who asks, which is the point.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from werkzeug.wrappers import Request, Response

from adapters.sandbox import office_faults
from adapters.sandbox.behaviour import Behaviour, Behaviours
from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.model import BooksRefused

REFUSALS = frozenset({"batch_window"})
_WIRE = office_faults.WIRE | REFUSALS
_BOOKS = frozenset({"amount_changed", "paid_at_hall"})

OPERATIONS: Mapping[str, frozenset[str]] = {
    "customer": _WIRE,
    "bills": _WIRE,
    "write_off": _WIRE | _BOOKS,
    "find_write_off": _WIRE,
}
"""Operations of a utility company with the behaviours of its own."""

MAGIC_HOUSEHOLDS: Mapping[str, tuple[str, str, bool]] = {
    "9001": ("write_off", "timeout", True),
    "9002": ("write_off", "timeout_after_commit", True),
    "9003": ("write_off", "server_error", False),
    "9004": ("write_off", "batch_window", True),
    "9005": ("write_off", "paid_at_hall", False),
    "9006": ("write_off", "amount_changed", True),
    "9007": ("write_off", "html", False),
    "9008": ("bills", "truncated", False),
}
"""Last four digits of a household number: (operation, behaviour, whether it is met only once per serial number)."""


class Chooser:
    """Chooses what a call meets: the queue of behaviours first, then the magic value of the household's number."""

    def __init__(self, behaviours: Behaviours) -> None:
        self._behaviours = behaviours
        self._met: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def choose(self, operation: str, household_no: str = "", sequence_no: str = "") -> Behaviour | None:
        """The behaviour for this call, or None for the ordinary one."""
        queued = self._behaviours.take(operation)
        if queued is not None:
            return queued
        magic = MAGIC_HOUSEHOLDS.get(household_no[-4:])
        if magic is None or magic[0] != operation:
            return None
        _, name, once = magic
        with self._lock:
            if once and (household_no, sequence_no) in self._met:
                return None
            self._met.add((household_no, sequence_no))
        return Behaviour(name)


def disturb_books(behaviour: Behaviour | None, books: Books, bill_no: str) -> None:
    """Let the bill change or be paid at the hall just before the write-off arrives, if that is the behaviour."""
    try:
        if behaviour is not None and behaviour.name == "paid_at_hall":
            books.pay_at_hall(bill_no)
        elif behaviour is not None and behaviour.name == "amount_changed":
            books.change_amount(bill_no, books.find_bill(bill_no).amount_fen + 100)
    except BooksRefused:
        return


def respond(
    behaviour: Behaviour | None, request: Request, act: Callable[[], Response], say: Callable[[str], Response]
) -> Response:
    """Run ``act`` as the behaviour demands; ``say`` gives the company's own words for ``batch_window`` and ``server_error``.

    Raises ``ConnectionResetError`` where there is no answer.
    """
    return office_faults.respond(behaviour, request, act, say, REFUSALS)
