"""Rule 7 of the house: no call outside while a transaction is open.

The store marks the span of a transaction; the door and the connectors refuse to send inside one. A call outside may take
seconds, hold row locks meanwhile, and leave an effect that the rollback cannot take back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_open_transactions: ContextVar[int] = ContextVar("guitai_open_transactions", default=0)


@contextmanager
def transaction_scope() -> Iterator[None]:
    """Mark the span of one database transaction of the business store."""
    token = _open_transactions.set(_open_transactions.get() + 1)
    try:
        yield
    finally:
        _open_transactions.reset(token)


def refuse_inside_transaction() -> None:
    """Raise ``RuntimeError`` if a transaction is open: a fault in our code, never the caller's."""
    if _open_transactions.get():
        raise RuntimeError("a call to the outside while a transaction is open: commit the intent first")
