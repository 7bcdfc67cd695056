"""What the supervision office is told: plans, alerts with their events, the sweeper's sign of life.

An alert is claimed by the unique key (agency, case, clock, rung) of its table: the insert is the claim. The inbox is read agency by
agency (or level by level) from an index that is sorted by id, and the parts are merged: so its first page costs the same however many
alerts there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    exists,
    func,
    insert,
    lateral,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from adapters.stores.cells import open_json, seal_json
from adapters.stores.keyring import Keyring
from adapters.stores.tables.alerts import alert_events, alert_sweeps, alerts, planned_alerts
from adapters.stores.tables.cases import desk_lines
from services.alert_record import Alert, AlertEvent, AlertState, PlannedAlert, Rung, SweepRun
from services.errors import VersionTaken

_PLAN = tuple(one.name for one in fields(PlannedAlert))
_MOVING = ("level_agency_id", "escalations", "escalate_at", "version", "handler", "asked_of", "asked_at")
_PLACE = (planned_alerts.c.due_at, planned_alerts.c.case_id, planned_alerts.c.clock, planned_alerts.c.rung)
_REPLAN = text("""
WITH new AS (
    SELECT * FROM unnest(
        CAST(:agency_id AS uuid[]), CAST(:lead_agency_id AS uuid[]), CAST(:clock AS text[]), CAST(:rung AS text[]),
        CAST(:due_at AS timestamptz[]), CAST(:service AS text[]), CAST(:case_no AS text[]), CAST(:staff_id AS uuid[])
    ) AS one (agency_id, lead_agency_id, clock, rung, due_at, service, case_no, staff_id)
), gone AS (
    DELETE FROM planned_alerts plan WHERE plan.case_id = :case_id AND plan.due_at > :now AND NOT EXISTS (
        SELECT 1 FROM new WHERE (new.agency_id, new.clock, new.rung) = (plan.agency_id, plan.clock, plan.rung))
)
INSERT INTO planned_alerts (agency_id, lead_agency_id, case_id, clock, rung, due_at, service, case_no, staff_id)
    SELECT agency_id, lead_agency_id, :case_id, clock, rung, due_at, service, case_no, staff_id FROM new
    WHERE NOT EXISTS (
        SELECT 1 FROM alerts told WHERE told.agency_id = new.agency_id AND told.case_id = :case_id
            AND told.clock = new.clock AND told.rung = new.rung)
ON CONFLICT (agency_id, case_id, clock, rung) DO UPDATE
    SET lead_agency_id = excluded.lead_agency_id, due_at = excluded.due_at, service = excluded.service,
        case_no = excluded.case_no, staff_id = excluded.staff_id
    WHERE planned_alerts.due_at > :now
""")
"""A plan that is due already stays as it was; so does, by its key, what was told."""
_TELL = text("""
WITH told AS (
    INSERT INTO alerts (
        agency_id, alert_id, case_id, clock, rung, lead_agency_id, due_at, service, case_no, staff_id, sent_at, state,
        level_agency_id, escalations, escalate_at, version, handler, asked_of, asked_at)
    VALUES (
        :agency_id, :alert_id, :case_id, :clock, :rung, :lead_agency_id, :due_at, :service, :case_no, :staff_id, :sent_at,
        :state, :level_agency_id, :escalations, :escalate_at, :version, :handler, :asked_of, :asked_at)
    ON CONFLICT (agency_id, case_id, clock, rung) DO NOTHING RETURNING agency_id, alert_id
), gone AS (
    DELETE FROM planned_alerts
    WHERE agency_id = :agency_id AND case_id = :case_id AND clock = :clock AND rung = :rung
), noted AS (
    INSERT INTO alert_events (agency_id, alert_id, version, name, state, at, staff_id, data_cipher)
    SELECT agency_id, alert_id, :event_version, :event_name, :event_state, :event_at, :event_staff_id, :data_cipher
    FROM told
)
SELECT count(*) FROM told
""")


class SqlAlertStore:
    """``alert_record.AlertStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def replan(self, case_id: UUID, planned: Sequence[PlannedAlert], now: datetime) -> None:
        """See the port: one statement."""
        rows: dict[str, Any] = {name: [getattr(one, name) for one in planned] for name in _PLAN if name != "case_id"}
        rows["rung"] = [str(one.rung) for one in planned]
        self._connection.execute(_REPLAN, {**rows, "case_id": case_id, "now": now})

    def hold(self, case_id: UUID) -> None:
        """See the port: every event writes the case's line, and waits for this."""
        line = desk_lines.c
        own = (line.case_id == case_id, line.agency_id == line.lead_agency_id, not_(line.closed))
        self._connection.execute(select(line.case_id).where(*own).with_for_update())

    def list_due(
        self,
        until: datetime,
        limit: int,
        after: tuple[datetime, UUID, str, str] | None = None,
        *,
        hold: bool = False,
    ) -> list[PlannedAlert]:
        """See the port. Held rows may hold one that was told: telling drops it."""
        due = select(planned_alerts).where(planned_alerts.c.due_at <= until)
        if after is not None:
            types = [column.type for column in _PLACE]
            place = [literal(value, kind) for value, kind in zip(after, types, strict=True)]
            due = due.where(tuple_(*_PLACE) > tuple_(*place))
        due = due.order_by(*_PLACE).limit(limit)
        due = due.with_for_update(skip_locked=True) if hold else due.where(not_(_was_told()))
        return [_read_plan(row) for row in self._connection.execute(due)]

    def tell(self, alert: Alert, event: AlertEvent) -> bool:
        """See the port: one statement, in which the insert is the claim."""
        told = {
            **{name: getattr(alert.planned, name) for name in _PLAN}, "rung": str(alert.planned.rung),
            **{name: getattr(alert, name) for name in _MOVING}, "state": str(alert.state),
            "alert_id": alert.alert_id, "sent_at": alert.sent_at,
            "event_version": event.version, "event_name": event.name, "event_state": str(event.state),
            "event_at": event.at, "event_staff_id": event.staff_id, "data_cipher": self._seal(event),
        }  # fmt: skip
        return bool(self._connection.execute(_TELL, told).scalar())

    def load(self, alert_id: UUID) -> tuple[Alert, list[AlertEvent]] | None:
        row = self._connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).first()
        if row is None:
            return None
        cells = alert_events.c
        events = select(alert_events).where(cells.agency_id == row.agency_id, cells.alert_id == alert_id)
        return _read(row), [self._open(one) for one in self._connection.execute(events.order_by(cells.version))]

    def append(self, alert: Alert, event: AlertEvent) -> None:
        """See the port. The alert's row is moved first, so that two who append wait for each other in one order."""
        cells, agency_id = alerts.c, alert.planned.agency_id
        if alert.version != event.version:
            raise VersionTaken
        here = (cells.agency_id == agency_id, cells.alert_id == alert.alert_id, cells.version == event.version - 1)
        moved = {**{name: getattr(alert, name) for name in _MOVING}, "state": str(alert.state)}
        if self._connection.execute(update(alerts).where(*here).values(moved).returning(cells.version)).first() is None:
            raise VersionTaken
        self._connection.execute(
            insert(alert_events).values(
                agency_id=agency_id, alert_id=event.alert_id, version=event.version, name=event.name,
                state=str(event.state), at=event.at, staff_id=event.staff_id, data_cipher=self._seal(event),
            )
        )  # fmt: skip

    def list_inbox(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[AlertState] = (AlertState.OPEN,),
        levels: Sequence[UUID] | None = None,
        rungs: Sequence[Rung] = (),
        service: str | None = None,
        staff_id: UUID | None = None,
        limit: int = 50,
        before: UUID | None = None,
    ) -> list[Alert]:
        """See the port: a page of each part, merged. A part is what one index gives in order."""
        cells = alerts.c
        axes: dict[str, Select[Any]] = {"state": _unnest([str(state) for state in states], Text())}
        chosen: list[ColumnElement[bool]] = [] if before is None else [cells.alert_id < before]
        chosen += [] if service is None else [cells.service == service]
        by_rung = [str(rung) for rung in rungs]
        if staff_id is not None:
            chosen += [cells.staff_id == staff_id, cells.agency_id.in_(agencies)]
            chosen += [] if levels is None else [cells.level_agency_id.in_(levels)]
        elif levels is not None and service is None:
            axes["level_agency_id"] = _unnest(levels, Uuid())
            by_rung = by_rung or [str(rung) for rung in Rung]
            chosen.append(cells.agency_id.in_(agencies))
        else:
            axes["agency_id"] = _unnest(agencies, Uuid())
            chosen += [] if levels is None else [cells.level_agency_id.in_(levels)]
        if by_rung:
            axes["rung"] = _unnest(by_rung, Text())
        return [_read(row) for row in self._connection.execute(_merge(axes, chosen, limit))]

    def list_of_case(self, case_id: UUID) -> list[Alert]:
        return self._list(select(alerts).where(alerts.c.case_id == case_id).order_by(alerts.c.alert_id))

    def list_answered(self, shown: Sequence[Alert]) -> set[UUID]:
        cells = alert_events.c
        places = [(one.planned.agency_id, one.alert_id, one.version) for one in shown]
        if not places:
            return set()
        latest = tuple_(cells.agency_id, cells.alert_id, cells.version).in_(places)
        found = self._connection.execute(select(cells.alert_id).where(latest, cells.name == "answered"))
        return set(found.scalars())

    def list_asked(self, agencies: Sequence[UUID], staff_id: UUID, limit: int) -> list[Alert]:
        cells = alerts.c
        theirs = or_(cells.asked_of.is_(None), cells.asked_of == staff_id)
        asked = select(alerts).where(cells.agency_id.in_(agencies), cells.asked_at.is_not(None), theirs)
        return self._list(asked.order_by(cells.asked_at, cells.alert_id).limit(limit))

    def list_to_escalate(self, until: datetime, limit: int, *, hold: bool = False) -> list[Alert]:
        cells = alerts.c
        due = select(alerts).where(cells.state == literal("open", literal_execute=True), cells.escalate_at <= until)
        due = due.order_by(cells.escalate_at, cells.alert_id).limit(limit)
        return self._list(due.with_for_update(skip_locked=True) if hold else due)

    def note_sweep(self, run: SweepRun) -> None:
        """See the port: one row, which never goes back."""
        row = insert_or_update(alert_sweeps).values(
            only_one=True, ran_at=run.ran_at, swept_until=run.swept_until, told=run.told, escalated=run.escalated
        )
        moved = {name: row.excluded[name] for name in ("ran_at", "swept_until", "told", "escalated")}
        later = row.excluded.swept_until >= alert_sweeps.c.swept_until
        self._connection.execute(row.on_conflict_do_update(index_elements=["only_one"], set_=moved, where=later))

    def last_sweep(self) -> SweepRun | None:
        row = self._connection.execute(select(alert_sweeps)).first()
        return None if row is None else SweepRun(row.ran_at, row.swept_until, row.told, row.escalated)

    def _list(self, chosen: Select[Any]) -> list[Alert]:
        return [_read(row) for row in self._connection.execute(chosen)]

    def _seal(self, event: AlertEvent) -> bytes:
        return seal_json(self._keyring, _place_of(event.alert_id, event.version), dict(event.data))

    def _open(self, row: Row[Any]) -> AlertEvent:
        data = open_json(self._keyring, _place_of(row.alert_id, row.version), row.data_cipher)
        return AlertEvent(row.alert_id, row.version, row.name, AlertState(row.state), row.at, row.staff_id, data)


def _unnest(values: Sequence[Any], kind: Any) -> Select[Any]:
    return select(func.unnest(cast(literal(list(values), ARRAY(kind)), ARRAY(kind))).label("one"))


def _merge(axes: dict[str, Select[Any]], chosen: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The newest of every combination of the axes' values, each from its own part of an index; then the newest of all."""
    parts = {name: axis.subquery(f"of_{name}") for name, axis in axes.items()}
    here = [alerts.c[name] == part.c.one for name, part in parts.items()]
    newest = select(alerts).where(*here, *chosen).order_by(alerts.c.alert_id.desc()).limit(limit)
    page = lateral(newest).alias("page")
    first, *others = parts.values()
    crossed: Any = first
    for other in others:
        crossed = crossed.join(other, true())
    merged = select(page).select_from(crossed.join(page, true()))
    return merged.order_by(page.c.alert_id.desc()).limit(limit)


def _was_told() -> ColumnElement[bool]:
    told, plan = alerts.c, planned_alerts.c
    same = (told[name] == plan[name] for name in ("agency_id", "case_id", "clock", "rung"))
    return exists(select(told.alert_id).where(and_(*same)))


def _read_plan(row: Row[Any]) -> PlannedAlert:
    return PlannedAlert(**{**{name: getattr(row, name) for name in _PLAN}, "rung": Rung(row.rung)})


def _read(row: Row[Any]) -> Alert:
    moving = {name: getattr(row, name) for name in _MOVING}
    return Alert(row.alert_id, _read_plan(row), row.sent_at, AlertState(row.state), **moving)


def _place_of(alert_id: UUID, version: int) -> tuple[str, str, str]:
    return "alert_events", "data_cipher", f"{alert_id}:{version}"
