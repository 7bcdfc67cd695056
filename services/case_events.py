"""A case as a file of events, and the one way to add to it: load, decide, append with the next version, or start again.

The lines on the desks are computed from the whole file at every event and written in the same transaction, and so are the jobs that an
event causes. No call to the outside happens here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.attempts import decide_again
from services.case_alerts import replan_alerts
from services.case_clocks import make_lines, next_watch
from services.case_desk import CaseDesk
from services.case_file import CaseFile
from services.case_graph import follow
from services.case_ports import CaseTransaction
from services.case_record import CaseEvent, Hand
from services.errors import NotFound
from services.mapping import ServiceMapping
from services.model import JsonValue

TELLING = "notice_told"
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Move:
    """What a use case wants: one event by one hand, with its data; ``staff_id`` where one of the staff makes it."""

    event: str
    hand: Hand
    data: Mapping[str, JsonValue]
    staff_id: UUID | None = None


def load_case(tx: CaseTransaction, case_id: UUID) -> CaseFile:
    """The case's file; raises ``NotFound``."""
    found = tx.cases.load(case_id)
    if found is None:
        raise NotFound
    return CaseFile(found[0], tuple(found[1]))


def mapping_of(desk: CaseDesk, file: CaseFile) -> ServiceMapping:
    """The version of the service with which the case began."""
    return desk.catalogue.service_at(file.case.service, file.case.mapping_version)


def change_case(desk: CaseDesk, agencies: Sequence[UUID], change: Callable[[CaseTransaction], F]) -> F:
    """Load, decide and write in one transaction; on ``VersionTaken`` all of it again, at most ATTEMPTS times."""

    def attempt() -> F:
        with desk.house.begin(agencies) as tx:
            return change(tx)

    return decide_again(attempt)


def write_move(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, move: Move) -> CaseFile:
    """Write one event, the desks' lines, the jobs it causes and what will be told of it into an open transaction.

    Raises ``EdgeUnknown``, ``VersionTaken``.
    """
    case, now = file.case, desk.clock.now()
    event = CaseEvent(
        case.case_id, file.version + 1, move.event, follow(file.state, move.event, move.hand), move.hand, now,
        move.staff_id, {**move.data, **desk.name_cause()},
    )  # fmt: skip
    after = CaseFile(case, (*file.events, event))
    mapping = mapping_of(desk, file)
    tx.cases.append(case.agency_id, event, make_lines(desk, tx, after, mapping))
    schedule_work(desk, tx, after, mapping)
    replan_alerts(desk, tx, after, mapping, now)
    return after


def schedule_work(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> None:
    """The house looks at the case at once (``work_on_case``, ``tell_case``), and again when a clock runs out (``watch_case``).

    That somebody was told changes nothing on which the house could work: a register that is silent is not asked earlier for it.
    """
    case = file.case
    if file.events[-1].name != TELLING:
        tx.jobs.enqueue("work_on_case", case.agency_id, case.case_id)
    tx.jobs.enqueue("tell_case", case.agency_id, case.case_id)
    due_at = next_watch(desk, tx, file, mapping)
    if due_at is not None:
        tx.jobs.schedule("watch_case", case.agency_id, case.case_id, due_at)
