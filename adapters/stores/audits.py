"""What the auditor asks of the store: samples, looks that stand out, copied reasons, changes of roles. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Text,
    and_,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from adapters.ids import first_id_of
from adapters.stores.keyring import Keyring
from adapters.stores.merging import merge_newest, merge_parts, name_each
from adapters.stores.readings import read_reading
from adapters.stores.tables.cases import case_events, cases, desk_lines
from adapters.stores.tables.readings import case_readings, looks_to_audit
from adapters.stores.tables.staff import staff_events
from services.audit_record import CopiedReason, LookKind, SampledCase, StaffChange
from services.reading_record import Reading


class SqlAuditStore:
    """``audit_record.AuditStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def draw_cases(
        self, agencies: Sequence[UUID], since: date, until: date, seed: str, size: int, *, service: str | None = None,
        states: Sequence[str] = (),
    ) -> list[SampledCase]:  # fmt: skip
        """See the port. What is looked through is the span of days of these agencies, by its own index."""
        case, line = cases.c, desk_lines.c
        lot = func.sha256(
            func.convert_to(literal(f"{seed}:") + cast(case.case_id, Text()), "UTF8"), type_=LargeBinary()
        )
        chosen: list[ColumnElement[bool]] = [case.agency_id.in_(agencies), case.business_on.between(since, until)]
        if service is not None:
            chosen.append(case.service == service)
        own = and_(line.agency_id == case.agency_id, line.case_id == case.case_id)
        drawn = select(case.agency_id, case.case_id, lot.label("lot")).where(*chosen)
        if states:
            drawn = drawn.join(desk_lines, own).where(line.state.in_([str(state) for state in states]))
        lots = drawn.order_by(lot, case.case_id).limit(size).subquery()
        rows = (
            select(
                cases.c.case_id, cases.c.agency_id, cases.c.service, cases.c.case_no, line.state, cases.c.business_on
            )
            .join(lots, and_(lots.c.agency_id == case.agency_id, lots.c.case_id == case.case_id))
            .join(desk_lines, own)
            .order_by(lots.c.lot, case.case_id)
        )
        return [SampledCase(*row) for row in self._connection.execute(rows)]

    def list_looks(
        self, agencies: Sequence[UUID], since: datetime, limit: int, before: UUID | None, *, acts: Sequence[str],
        kind: LookKind | None = None, staff_id: UUID | None = None,
    ) -> list[Reading]:  # fmt: skip
        """See the port. Looks of a kind are chosen among those that triggers put aside for it, and then read by their ids."""
        source = case_readings if kind is None else looks_to_audit
        cells = source.c
        agency, act = name_each(agencies, cells.agency_id, "agency_id"), name_each(acts, cells.act, "act")
        chosen = [cells.agency_id == agency.c.agency_id, cells.act == act.c.act, cells.reading_id >= first_id_of(since)]
        if before is not None:
            chosen.append(cells.reading_id < before)
        if staff_id is not None:
            chosen.append(cells.staff_id == staff_id)
        if kind is not None:
            chosen += [cells.kind == str(kind), *_STILL[kind]]
        page = select(cells.agency_id, cells.reading_id).where(*chosen)
        rows = self._connection.execute(merge_parts(page, agency.join(act, true()), ["reading_id"], limit))
        ids = [row.reading_id for row in rows]
        found = self._load(agencies, ids) if ids else {}
        return [found[one] for one in ids]

    def list_copied(
        self, agencies: Sequence[UUID], since: datetime, acts: Sequence[str], least: int, limit: int
    ) -> list[CopiedReason]:
        cells = case_readings.c
        one_of = func.coalesce(func.encode(cells.key_hash, "hex"), cast(cells.subject_id, Text()))
        subjects = func.count(func.distinct(one_of))
        latest = func.array_agg(aggregate_order_by(cells.reading_id, cells.reading_id.desc()))[1]
        groups = (
            select(cells.staff_id, func.count().label("looks"), subjects.label("subjects"), latest.label("latest"))
            .where(
                cells.agency_id.in_(agencies), cells.reading_id >= first_id_of(since), cells.act.in_(acts),
                cells.reason_hash.is_not(None),
            )
            .group_by(cells.staff_id, cells.reason_hash)
            .having(subjects >= least)
            .order_by(subjects.desc(), cells.staff_id)
            .limit(limit)
        )  # fmt: skip
        found = list(self._connection.execute(groups))
        shown = self._load(agencies, [row.latest for row in found])
        return [CopiedReason(row.staff_id, row.looks, row.subjects, shown[row.latest]) for row in found]

    def _load(self, agencies: Sequence[UUID], ids: Sequence[UUID]) -> dict[UUID, Reading]:
        cells = case_readings.c
        chosen = select(case_readings).where(cells.agency_id.in_(agencies), cells.reading_id.in_(ids))
        rows: Any = self._connection.execute(chosen)
        return {row.reading_id: read_reading(self._keyring, row) for row in rows}

    def list_staff_changes(self, agencies: Sequence[UUID], limit: int, before: UUID | None) -> list[StaffChange]:
        cells = staff_events.c
        later = [cells.event_id < before] if before is not None else []
        rows = merge_newest(select(staff_events).where(*later), cells.agency_id, ["event_id"], limit, agencies)
        return [
            StaffChange(row.event_id, row.agency_id, row.staff_id, row.name, row.at, row.by, row.data)
            for row in self._connection.execute(rows)
        ]


def _is_none(*chosen: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is no such row, asked for each look by itself: as an anti-join, a plan may read whole tables for a page."""
    return select(literal(1)).where(*chosen).limit(1).scalar_subquery().is_(None)


def _list_conditions() -> Mapping[LookKind, tuple[ColumnElement[bool], ...]]:
    look, event, line = looks_to_audit.c, case_events.c, desk_lines.c
    no_event = _is_none(
        event.agency_id == look.agency_id, event.case_id == look.subject_id, event.staff_id == look.staff_id
    )
    not_in_hand = _is_none(
        line.agency_id == look.agency_id, line.case_id == look.subject_id, line.claimed_by == look.staff_id
    )
    no_desk = _is_none(line.agency_id == look.reader_agency_id, line.case_id == look.subject_id)
    return {LookKind.WITHOUT_CASE: (no_event, not_in_hand), LookKind.ELSEWHERE: (no_desk,), LookKind.BARE: ()}


_STILL = _list_conditions()
"""What must still hold of a look that was put aside when it was written."""
