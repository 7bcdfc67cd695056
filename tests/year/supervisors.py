"""The supervision offices of the simulated year: at noon of each working day somebody acknowledges most of what lies on a desk.

What they leave goes up a level by the sweeper's own rule. Written many at a time, as ``SqlAlertStore.append`` writes one.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from adapters.stores.cells import seal_json
from adapters.stores.keyring import Keyring
from services.alert_record import AlertState
from tests.year.calendars import day_of
from tests.year.city import make_staff
from tests.year.place import list_agencies
from tests.year.rows import copy_rows

MOST = 80
"""Of a hundred open alerts, so many are acknowledged on a day."""
EVENT = ("agency_id", "alert_id", "version", "name", "state", "at", "staff_id", "data_cipher")
OPEN = "SELECT agency_id, alert_id, version, level_agency_id, case_no, clock, rung FROM alerts WHERE state = 'open'"
ACKNOWLEDGE = """
UPDATE alerts SET state = 'acknowledged', escalate_at = NULL, version = alerts.version + 1, handler = taken.staff_id
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS taken (agency_id, alert_id, staff_id)
WHERE alerts.agency_id = taken.agency_id AND alerts.alert_id = taken.alert_id
"""


def seat_supervisors() -> dict[UUID, UUID]:
    """Agency and its supervisor."""
    agencies = list_agencies()
    return {agencies[one.agency]: one.staff_id for one in make_staff() if one.role == "supervisor"}


def acknowledge(
    connection: psycopg.Connection[Any], ring: Keyring, supervisors: Mapping[UUID, UUID], at: datetime
) -> int:
    """Acknowledge most of what is open; gives how much. Which ones depends on the case and the day alone."""
    taken, events = [], []
    with connection.transaction():
        for agency_id, alert_id, version, level, *what in connection.execute(OPEN).fetchall():
            if zlib.crc32(f"{what}{day_of(at)}".encode()) % 100 < MOST:
                cell = seal_json(ring, ("alert_events", "data_cipher", f"{alert_id}:{version + 1}"), {})
                state, staff_id = str(AlertState.ACKNOWLEDGED), supervisors[level]
                events.append((agency_id, alert_id, version + 1, "acknowledged", state, at, staff_id, cell))
                taken.append((agency_id, alert_id, staff_id))
        connection.execute(ACKNOWLEDGE, list(map(list, zip(*taken, strict=True))) or [[], [], []])
        copy_rows(connection, "alert_events", EVENT, events)
    return len(taken)
