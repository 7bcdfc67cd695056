"""What the census found, indicators, people turned away: plain rows, for nothing in them is personal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.stores.appending import insert_once
from adapters.stores.tables.census import census_lines, organisational_indicators, turned_away
from services.census_record import (
    CensusAnswers,
    CensusLine,
    Finding,
    Ground,
    Indicator,
    IndicatorKind,
    Occasion,
    Question,
    TurnedAway,
)
from services.model import PlatformName

_KEYS = ("agency_id", "run_id", "service", "version", "at")


class SqlCensusStore:
    """``census_record.CensusStore`` within one transaction. ``names``: this role may read who entered an indicator."""

    def __init__(self, connection: Connection, *, names: bool = False) -> None:
        self._connection = connection
        self._names = names

    def record_run(self, lines: Sequence[CensusLine]) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        rows = [
            {name: getattr(line, name) for name in _KEYS}
            | {str(question): line.holds(question) for question in Question}
            | {"platform": str(line.platform), "findings": [_write_finding(one) for one in line.findings]}
            for line in lines
        ]
        if rows:
            insert_once(self._connection, insert(census_lines).values(rows))

    def list_runs(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[tuple[UUID, datetime]]:
        cells = census_lines.c
        rows = select(cells.run_id, func.min(cells.at)).where(cells.agency_id.in_(agencies), cells.at >= since)
        newest = rows.group_by(cells.run_id).order_by(func.min(cells.at).desc(), cells.run_id.desc()).limit(limit)
        return [(row[0], row[1]) for row in self._connection.execute(newest)]

    def list_lines(self, agencies: Sequence[UUID], run_id: UUID) -> list[CensusLine]:
        cells = census_lines.c
        rows = select(census_lines).where(cells.agency_id.in_(agencies), cells.run_id == run_id)
        ordered = rows.order_by(cells.service, cells.platform.desc(), cells.agency_id)
        return [
            CensusLine(
                **_read_keys(row), findings=tuple(_read_finding(one) for one in row.findings),
            )
            for row in self._connection.execute(ordered)
        ]  # fmt: skip

    def list_answers(self, agencies: Sequence[UUID], runs: Sequence[UUID]) -> list[CensusAnswers]:
        cells = census_lines.c
        known = [column for column in cells if column.name != "findings"]
        rows = select(*known).where(cells.agency_id.in_(agencies), cells.run_id.in_(runs))
        ordered = rows.order_by(cells.at, cells.run_id, cells.service, cells.platform.desc(), cells.agency_id)
        return [
            CensusAnswers(**_read_keys(row), holds={question: getattr(row, str(question)) for question in Question})
            for row in self._connection.execute(ordered)
        ]

    def enter_indicator(self, entry: Indicator) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        names = [column.name for column in organisational_indicators.c if column.name != "kind"]
        cells = {name: getattr(entry, name) for name in names}
        insert_once(self._connection, insert(organisational_indicators).values(kind=str(entry.kind), **cells))

    def list_indicators(self, agencies: Sequence[UUID]) -> list[Indicator]:
        cells = organisational_indicators.c
        known = [column for column in cells if self._names or column.name != "entered_by"]
        rows = select(*known).where(cells.agency_id.in_(agencies)).order_by(cells.entered_at, cells.entry_id)
        found = [dict(row) for row in self._connection.execute(rows).mappings()]
        return [Indicator(**{"entered_by": None, **row, "kind": IndicatorKind(row["kind"])}) for row in found]

    def count_turned_away(
        self, agency_id: UUID, day: date, platform: PlatformName, occasion: Occasion, ground: Ground
    ) -> None:
        """See the port. The row's lock is held till the end of the transaction, which does nothing else."""
        key = {
            "agency_id": agency_id, "day": day, "platform": str(platform), "occasion": str(occasion), "ground": str(ground),
        }  # fmt: skip
        row = upsert(turned_away).values(**key, count=1)
        more = row.on_conflict_do_update(index_elements=list(key), set_={"count": turned_away.c.count + 1})
        self._connection.execute(more)

    def list_turned_away(self, agencies: Sequence[UUID], first: date, last: date) -> list[TurnedAway]:
        cells = turned_away.c
        rows = select(turned_away).where(cells.agency_id.in_(agencies), cells.day >= first, cells.day <= last)
        ordered = rows.order_by(cells.day, cells.platform, cells.occasion, cells.ground, cells.agency_id)
        return [
            TurnedAway(
                row["agency_id"], row["day"], PlatformName(row["platform"]), Occasion(row["occasion"]), Ground(row["ground"]),
                row["count"],
            )
            for row in self._connection.execute(ordered).mappings()
        ]  # fmt: skip


def _read_keys(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _KEYS} | {"platform": PlatformName(row.platform)}


def _write_finding(finding: Finding) -> dict[str, str]:
    return {"question": str(finding.question), "code": finding.code, "place": finding.place}


def _read_finding(cell: dict[str, str]) -> Finding:
    return Finding(Question(cell["question"]), cell["code"], cell["place"])
