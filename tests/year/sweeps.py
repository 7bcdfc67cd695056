"""The sweeper of the simulated year, on the shared clock."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import func, select

from adapters.clock import SharedClock
from adapters.ids import make_id
from adapters.stores.keyring import Keyring
from adapters.stores.tables.alerts import planned_alerts
from adapters.stores.transaction import SqlStore
from services.alert_record import Alert, AlertEvent, AlertState
from services.calendar_record import Calendar
from tests.year.place import Place, list_agencies

BATCH = 200


class Sweeps:
    """The worker's sweeps on the store, one after the other."""

    def __init__(self, place: Place) -> None:
        self._clock = SharedClock(place.clock)
        ring = Keyring.load(place.ring)
        self._store = SqlStore(place.urls["worker"], ring, self._clock, 2)
        self._owner = SqlStore(place.owner_url, ring, self._clock, 1)
        self._agencies = tuple(list_agencies().values())

    def put_in_force(self, calendar: Calendar, at: datetime) -> None:
        """A calendar comes into force."""
        with self._owner.begin(self._agencies) as tx:
            tx.calendars.add(calendar, "simulated notice", at)

    def sweep(self, at: datetime) -> int:
        """One sweep with the shared clock standing at this moment; gives how many alerts were told."""
        self._clock.stop_at(at)
        told = 0
        while True:
            with self._store.begin(self._agencies) as tx:
                due = tx.alerts.list_due(at, BATCH, hold=True)
                for plan in due:
                    alert = Alert(make_id(at), plan, at, AlertState.OPEN, plan.agency_id, 0, None, 1)
                    told += tx.alerts.tell(alert, AlertEvent(alert.alert_id, 1, "told", AlertState.OPEN, at))
            if len(due) < BATCH:
                return told

    def count_planned(self) -> int:
        """How many plans are left."""
        with self._owner.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(planned_alerts)).scalar_one())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()
        self._owner.close()
