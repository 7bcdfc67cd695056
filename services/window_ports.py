"""What money at the window needs from the console's store: payments that were taken there, tills, claims, jobs, acts.

The console's role reads whole payments of the window alone; of a platform's it learns which state it is in, and may ask to close it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from services.alert_record import AlertStore
from services.cash_till import TillStore
from services.console_ports import ActStore, StaffStore
from services.ports import ClaimStore, JobQueue
from services.reading_record import ReadingStore
from services.window_record import WindowPayments


class WindowTransaction(Protocol):
    """A transaction of the console's role that moves money at the window."""

    @property
    def staff(self) -> StaffStore: ...
    @property
    def acts(self) -> ActStore: ...
    @property
    def readings(self) -> ReadingStore: ...
    @property
    def payments(self) -> WindowPayments: ...
    @property
    def tills(self) -> TillStore: ...
    @property
    def claims(self) -> ClaimStore: ...
    @property
    def jobs(self) -> JobQueue: ...
    @property
    def alerts(self) -> AlertStore: ...


class WindowHouse(Protocol):
    """The console's store. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[WindowTransaction]: ...
