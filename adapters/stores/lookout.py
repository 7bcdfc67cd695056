"""What the watchman, ``/ready`` and the supervision room ask the store: the sweeper's last sign of life, and how far calendars reach."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, text

from adapters.stores.connection import open_engine, scoped
from services.alert_record import SweepRun
from services.watch import Sighting

_SWEEP = text("SELECT ran_at, swept_until, told, escalated FROM alert_sweeps")
_CALENDARS = text(
    "SELECT DISTINCT ON (region) region, published_until FROM calendar_versions ORDER BY region, version DESC"
)
_PROVISIONAL = text("SELECT guitai_has_provisional()")
_MAILBOXES = text("""
    SELECT DISTINCT box.address, agency.parent_id IS NULL AS of_root
    FROM supervision_mailboxes box JOIN agencies agency USING (agency_id) ORDER BY box.address
""")


class SqlLookout:
    """``watch.Lookout`` on an engine of any role that may ask: watch, public, console."""

    def __init__(self, where: str | Engine) -> None:
        self._engine = open_engine(where, 1)

    def look(self) -> Sighting:
        with scoped(self._engine, ()) as connection:
            return look_at(connection)

    def list_mailboxes(self) -> tuple[str, ...]:
        with scoped(self._engine, ()) as connection:
            rows = connection.execute(_MAILBOXES).all()
        return tuple(row.address for row in rows if row.of_root) or tuple(dict.fromkeys(row.address for row in rows))

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()


def look_at(connection: Connection) -> Sighting:
    """The sighting of one transaction."""
    row: Any = connection.execute(_SWEEP).first()
    run = None if row is None else SweepRun(row.ran_at, row.swept_until, row.told, row.escalated)
    calendars: dict[str, date] = {one.region: one.published_until for one in connection.execute(_CALENDARS)}
    return Sighting(run, calendars, bool(connection.execute(_PROVISIONAL).scalar()))
