"""Patterns of slowness on PostgreSQL. Appended only; what people wrote is encrypted, bound to its pattern and version.

Applicants are told apart within the database: what comes out is which cases belong together, never by whom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, lateral, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from adapters.stores.appending import insert_once
from adapters.stores.cases import NUMBER
from adapters.stores.cells import open_json, seal_json
from adapters.stores.keyring import Keyring
from adapters.stores.tables.cases import case_events, cases
from adapters.stores.tables.slowness import slowness_events, slowness_evidence, slowness_patterns, slowness_runs
from services.case_file import DECIDING
from services.slowness_record import (
    Evidence,
    Finding,
    Kind,
    Pattern,
    PatternEvent,
    PatternRun,
    PatternState,
    Share,
    read_course,
    write_course,
)

PIECE = 500
_SHARES = ("own", "others", "beside")
_NUMBERS = ("colleagues", "low", "high", "others_low", "others_high", "chance", "first_month")


class SqlSlownessStore:
    """``slowness_record.SlownessStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def walk_regulars(self, since: datetime, until: datetime, least: int) -> Iterator[tuple[UUID, ...]]:
        """See the port. Who has no number in the case is nobody's regular."""
        event, case = case_events.c, cases.c
        same = and_(case.agency_id == event.agency_id, case.case_id == event.case_id)
        nobody = self._keyring.lookup_hashes(NUMBER, "")
        found = (
            select(func.array_agg(aggregate_order_by(case.case_id, case.case_id)).label("ids"))
            .select_from(case_events.join(cases, same))
            .where(event.at >= since, event.at < until, event.name.in_(DECIDING), case.number_hash.not_in(nobody))
            .group_by(case.agency_id, case.service, case.number_hash)
            .having(func.count() >= least)
        )
        with closing(self._connection.execute(found.execution_options(yield_per=PIECE))) as rows:
            for row in rows:
                yield tuple(row.ids)

    def keep(self, run: PatternRun, patterns: Sequence[Pattern]) -> bool:
        """See the port. Who computes at the same time waits for this transaction and is told no."""
        row = insert_or_not(slowness_runs).values(
            agency_id=run.agency_id, month=run.month, rule=run.rule, tests=run.tests, shown=run.shown, at=run.at
        )
        taken = row.on_conflict_do_nothing().returning(slowness_runs.c.month)
        if self._connection.execute(taken).first() is None:
            return False
        for pattern in patterns:
            self._keep(pattern)
        return True

    def _keep(self, pattern: Pattern) -> None:
        one, agency_id, pattern_id = pattern.finding, pattern.finding.agency_id, pattern.pattern_id
        self._connection.execute(
            insert(slowness_patterns).values(
                agency_id=agency_id, pattern_id=pattern_id, month=one.month, service=one.service,
                manager_id=one.manager_id, kind=str(one.kind), number=one.number, rule=pattern.rule,
                terms=dict(pattern.terms), tests=pattern.tests, figures=_write_figures(one), shown_at=pattern.shown_at,
            )
        )  # fmt: skip
        rows = [
            {
                "agency_id": agency_id, "pattern_id": pattern_id, "case_id": case.case_id, "case_no": case.case_no,
                "place": place, "course": write_course(case.course), "numbers": dict(case.numbers),
            }
            for place, case in enumerate(one.evidence, 1)
        ]  # fmt: skip
        if rows:
            self._connection.execute(insert(slowness_evidence), rows)
        self.append(agency_id, PatternEvent(pattern_id, 1, "shown", PatternState.SHOWN, pattern.shown_at))

    def load_run(self, month: str) -> PatternRun | None:
        row = self._connection.execute(select(slowness_runs).where(slowness_runs.c.month == month)).first()
        return _read_run(row) if row is not None else None

    def list_runs(self, limit: int) -> list[PatternRun]:
        rows = select(slowness_runs).order_by(slowness_runs.c.month.desc()).limit(limit)
        return [_read_run(row) for row in self._connection.execute(rows)]

    def load(self, pattern_id: UUID) -> tuple[Pattern, list[PatternEvent]] | None:
        row = self._connection.execute(_select_patterns(slowness_patterns.c.pattern_id == pattern_id)).first()
        if row is None:
            return None
        pattern, cells = _read_pattern(row), slowness_evidence.c
        kept = select(slowness_evidence).where(cells.agency_id == row.agency_id, cells.pattern_id == pattern_id)
        evidence = tuple(
            Evidence(one.case_id, one.case_no, read_course(one.course), one.numbers)
            for one in self._connection.execute(kept.order_by(cells.place))
        )
        event = slowness_events.c
        told = select(slowness_events).where(event.agency_id == row.agency_id, event.pattern_id == pattern_id)
        events = [self._open(one) for one in self._connection.execute(told.order_by(event.version))]
        return replace(pattern, finding=replace(pattern.finding, evidence=evidence)), events

    def list_of(
        self,
        agencies: Sequence[UUID],
        *,
        states: Sequence[PatternState],
        manager_id: UUID | None = None,
        limit: int = 50,
        before: UUID | None = None,
    ) -> list[Pattern]:
        cells = slowness_patterns.c
        chosen: list[ColumnElement[bool]] = [cells.agency_id.in_(agencies)]
        chosen += [] if manager_id is None else [cells.manager_id == manager_id]
        chosen += [] if before is None else [cells.pattern_id < before]
        rows = _select_patterns(*chosen, states=states).order_by(cells.pattern_id.desc()).limit(limit)
        return [_read_pattern(row) for row in self._connection.execute(rows)]

    def append(self, agency_id: UUID, event: PatternEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        data = seal_json(self._keyring, _place_of(event.pattern_id, event.version), dict(event.data))
        row = insert(slowness_events).values(
            agency_id=agency_id, pattern_id=event.pattern_id, version=event.version, name=event.name,
            state=str(event.state), at=event.at, staff_id=event.staff_id, data_cipher=data,
        )  # fmt: skip
        insert_once(self._connection, row)

    def _open(self, row: Row[Any]) -> PatternEvent:
        data = open_json(self._keyring, _place_of(row.pattern_id, row.version), row.data_cipher)
        return PatternEvent(row.pattern_id, row.version, row.name, PatternState(row.state), row.at, row.staff_id, data)


def _select_patterns(*chosen: ColumnElement[bool], states: Sequence[PatternState] = tuple(PatternState)) -> Select[Any]:
    """Patterns with the state and the version of their latest event."""
    event, pattern = slowness_events.c, slowness_patterns.c
    mine = and_(event.agency_id == pattern.agency_id, event.pattern_id == pattern.pattern_id)
    latest = lateral(select(event.state, event.version).where(mine).order_by(event.version.desc()).limit(1))
    found = select(slowness_patterns, latest.c.state, latest.c.version).select_from(
        slowness_patterns.join(latest, true())
    )
    return found.where(*chosen, latest.c.state.in_([str(state) for state in states]))


def _write_figures(one: Finding) -> dict[str, Any]:
    shares = {name: [getattr(one, name).hits, getattr(one, name).of] for name in _SHARES}
    return {**shares, **{name: getattr(one, name) for name in _NUMBERS}}


def _read_pattern(row: Row[Any]) -> Pattern:
    figures: dict[str, Any] = row.figures
    told: dict[str, Any] = {name: Share(*figures[name]) for name in _SHARES}
    told |= {name: figures[name] for name in _NUMBERS}
    finding = Finding(
        agency_id=row.agency_id, service=row.service, manager_id=row.manager_id, kind=Kind(row.kind), number=row.number,
        month=row.month, evidence=(), **told,
    )  # fmt: skip
    state = PatternState(row.state)
    return Pattern(row.pattern_id, finding, row.rule, row.terms, row.tests, row.shown_at, state, row.version)


def _read_run(row: Row[Any]) -> PatternRun:
    return PatternRun(row.agency_id, row.month, row.rule, row.tests, row.shown, row.at)


def _place_of(pattern_id: UUID, version: int) -> tuple[str, str, str]:
    return "slowness_events", "data_cipher", f"{pattern_id}:{version}"
