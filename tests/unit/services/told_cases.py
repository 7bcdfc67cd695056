"""Cases told event by event, in March 2026, along the graph: what tests of clocks begin with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.case_file import CaseFile
from services.case_graph import find_edge
from services.case_record import Hand
from tests.case_samples import make_case, make_case_event


def at(on: date, hour: int = 2) -> datetime:
    """A moment of this day: 10:00 in Beijing."""
    return datetime(on.year, on.month, on.day, hour, tzinfo=UTC)


def day(number: int, month: int = 3) -> date:
    return date(2026, month, number)


def begin(on: date = date(2026, 3, 2), agency_id: UUID | None = None, **cells: Any) -> CaseFile:
    """A case that was received on this day."""
    case = make_case(agency_id or uuid4(), at(on), received_on=on, business_on=on, **cells)
    return CaseFile(case, (make_case_event(case, at=at(on)),))


def add(file: CaseFile, name: str, when: date, /, *, hour: int = 2, **data: Any) -> CaseFile:
    """One more event, in the state that the graph says."""
    edge = find_edge(file.state, name)
    assert edge is not None, f"{name} from {file.state}"
    event = make_case_event(
        file.case,
        file.version + 1,
        name,
        edge.after,
        edge.hands[0],
        at(when, hour),
        uuid4() if edge.hands[0] is Hand.CLERK else None,
        **data,
    )
    return CaseFile(file.case, (*file.events, event))


def accept(on: date = date(2026, 3, 6)) -> CaseFile:
    return add(begin(), "accepted", on, on=on.isoformat())


def suspend(file: CaseFile, first: date, last: date, code: str = "inspection") -> CaseFile:
    """A special procedure that was told to last until ``last``."""
    return add(file, "special_began", first, code=code, on=first.isoformat(), until_on=last.isoformat(), days=10)
