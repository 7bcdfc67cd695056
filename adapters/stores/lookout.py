"""What the watchman, ``/ready`` and the supervision room ask the store: signs of life of sweeper and sequencer, what the ledger's log owes,
and how far calendars reach.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from adapters.stores.connection import open_engine, scoped
from services.alert_record import SweepRun
from services.watch import LedgerSighting, Sighting

_SWEEP = text("SELECT ran_at, swept_until, told, escalated FROM alert_sweeps")
_CALENDARS = text(
    "SELECT DISTINCT ON (region) region, published_until FROM calendar_versions ORDER BY region, version DESC"
)
_LOOKED = text(
    "SELECT ran_at, guitai_waiting_since() AS waiting_since FROM (SELECT) one LEFT JOIN ledger_beats ON true"
)
_UNCOSIGNED = text("""
    SELECT at FROM ledger_checkpoints
    WHERE size > (SELECT coalesce(max(size), -1) FROM ledger_cosignatures WHERE witness = :witness) ORDER BY size LIMIT 1
""")
_PROVISIONAL = text("SELECT guitai_has_provisional()")
_MAILBOXES = text("""
    SELECT DISTINCT box.address, agency.parent_id IS NULL AS of_root
    FROM supervision_mailboxes box JOIN agencies agency USING (agency_id) ORDER BY box.address
""")


class SqlLookout:
    """``watch.Lookout`` on an engine of any role that may ask: watch, public, console.

    ``witness``: the name of the key whose cosignatures are waited for; without one none are.
    """

    def __init__(self, where: str | Engine, witness: str | None = None) -> None:
        self._engine, self._witness = open_engine(where, 1), witness

    def look(self) -> Sighting:
        with scoped(self._engine, ()) as connection:
            return look_at(connection, self._witness)

    def list_mailboxes(self) -> tuple[str, ...]:
        with scoped(self._engine, ()) as connection:
            rows = connection.execute(_MAILBOXES).all()
        return tuple(row.address for row in rows if row.of_root) or tuple(dict.fromkeys(row.address for row in rows))

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()


def look_at(connection: Connection, witness: str | None = None) -> Sighting:
    """The sighting of one transaction."""
    row: Any = connection.execute(_SWEEP).first()
    run = None if row is None else SweepRun(row.ran_at, row.swept_until, row.told, row.escalated)
    calendars: dict[str, date] = {one.region: one.published_until for one in connection.execute(_CALENDARS)}
    provisional = bool(connection.execute(_PROVISIONAL).scalar())
    return Sighting(run, calendars, provisional, _look_at_ledger(connection, witness))


def _look_at_ledger(connection: Connection, witness: str | None) -> LedgerSighting:
    looked: Any = connection.execute(_LOOKED).one()
    uncosigned: datetime | None = None
    if witness is not None:
        uncosigned = connection.execute(_UNCOSIGNED, {"witness": witness}).scalar()
    return LedgerSighting(looked.ran_at, looked.waiting_since, uncosigned)
