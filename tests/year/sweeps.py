"""The worker's sweeper in the simulated year, on the shared clock; beside it the calendar's notices and the supervision offices."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import datetime
from types import TracebackType
from typing import Self

import psycopg
from sqlalchemy import func, select

from adapters.clock import SharedClock
from adapters.ids import make_id
from adapters.stores.directory import SqlDirectory
from adapters.stores.keyring import Keyring
from adapters.stores.tables.alerts import planned_alerts
from adapters.stores.transaction import SqlStore
from services.alert_sweep import SweepDesk, sweep_alerts
from services.calendar_record import Calendar
from tests.year.city import ACCOUNTS
from tests.year.place import Place, list_agencies
from tests.year.supervisors import acknowledge, seat_supervisors


class Sweeps:
    """The sweeper under the worker's role, and what else happens on the store while the offices work."""

    def __init__(self, place: Place) -> None:
        self._stack = ExitStack()
        self._clock, self._ring = SharedClock(place.clock), Keyring.load(place.ring)
        self._agencies, self._supervisors = list_agencies(), seat_supervisors()
        worker = SqlStore(place.urls["worker"], self._ring, self._clock, 2)
        self._owner = SqlStore(place.owner_url, self._ring, self._clock, 1)
        for store in (worker, self._owner):
            self._stack.enter_context(closing(store))
        self._desks = self._stack.enter_context(psycopg.connect(place.owner_url, autocommit=True))
        above = {entry["slug"]: entry["parent"] for entry in ACCOUNTS["agencies"]}
        parents = {self._agencies[slug]: self._agencies.get(parent or "") for slug, parent in above.items()}
        directory = SqlDirectory(worker.engine, self._clock)
        self._desk = SweepDesk(worker, directory, self._clock, lambda: make_id(self._clock.now()), parents.__getitem__)

    def put_in_force(self, calendar: Calendar, at: datetime) -> None:
        """A calendar comes into force."""
        with self._owner.begin(tuple(self._agencies.values())) as tx:
            tx.calendars.add(calendar, "simulated notice", at)

    def sweep(self, at: datetime) -> int:
        """One sweep with the shared clock standing at this moment; gives how many alerts were told."""
        self._clock.stop_at(at)
        return sweep_alerts(self._desk).told

    def acknowledge(self, at: datetime) -> int:
        """The supervision offices go through what is open; gives how much they acknowledged."""
        return acknowledge(self._desks, self._ring, self._supervisors, at)

    def count_planned(self) -> int:
        """How many plans are left."""
        with self._owner.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(planned_alerts)).scalar_one())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
