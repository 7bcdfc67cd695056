"""Notices that machines could not deliver: letters to print and telephone calls to make, till a clerk proves that one of them succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.case_clocks import calendar_of, terms_of
from services.case_events import Move, load_case, mapping_of
from services.case_file import CaseFile
from services.case_notices import (
    BY_HAND,
    CLOSED,
    DELIVERED,
    EVENT,
    FAILED,
    LETTER,
    OPEN,
    Attempt,
    Notice,
    NoticeLine,
    list_lines,
)
from services.case_record import NoticeAttempt
from services.case_telling import tell_attempt
from services.clock import count_on
from services.counter_bench import Bench, CounterRoom, CounterTransaction
from services.counter_notices import read_words
from services.counter_permits import refuse_now
from services.counter_queue import count_days_left, reach_desks
from services.errors import InputRefused
from services.model import JsonValue
from services.staffing import Actor
from services.till import business_day

TASK_DAYS = 2
"""Working days in which a letter goes out or a call is made, after the day on which the task came."""
TASKS = 200


@dataclass(frozen=True, slots=True)
class NoticeTask:
    """A notice that waits for a clerk. Nothing personal: name, address and telephone stand in the case.

    ``document``: the letter that tells it, if the house has made one. ``days_left``: working days till ``due_on``, below 0 how many late.
    """

    case_id: UUID
    agency_id: UUID
    service: str
    case_no: str
    notice: str
    kind: str
    attempt: int
    since: datetime
    due_on: date
    days_left: int
    document: UUID | None

    @property
    def overdue(self) -> bool:
        return self.days_left < 0


@dataclass(frozen=True, slots=True)
class NoticeProof:
    """What a clerk did about a notice. ``rung``: letter, telephone, or window (told in person). ``words``: what proves it, or why it failed.

    A letter's proof names its number and who signed for it; a call's whom the clerk spoke to and how they knew that it is this person.
    """

    notice: str
    rung: str
    succeeded: bool
    words: str
    on: date


class NoticeRoom(CounterRoom):
    """Tasks of telling, and their proofs."""

    __slots__ = ()

    def list_notice_tasks(self, actor: Actor) -> list[NoticeTask]:
        """The tasks of the desks that the actor reaches: the overdue first, then by due day. Raises ``NotPermitted``."""
        agencies = reach_desks(actor)
        with self.house.begin(agencies) as tx:
            found = [self._describe(tx, row) for row in tx.notices.list_tasks(agencies, TASKS)]
        tasks = [task for task in found if task is not None]
        return sorted(tasks, key=lambda task: (not task.overdue, task.due_on, task.since, task.case_id))

    def _describe(self, tx: CounterTransaction, row: NoticeAttempt) -> NoticeTask | None:
        file = load_case(tx, row.case_id)
        line = next((one for one in list_lines(file) if one.notice.key == row.notice), None)
        if line is None or line.delivery is not None:  # read meanwhile: the house takes the task away
            return None
        calendar, today = (
            calendar_of(tx, terms_of(mapping_of(self.desk, file)).region),
            business_day(self.desk.clock.now()),
        )
        due_on = count_on(business_day(row.at), TASK_DAYS, calendar)
        return NoticeTask(
            row.case_id, row.agency_id, file.case.service, file.case.case_no, row.notice, line.notice.kind, row.attempt,
            row.at, due_on, count_days_left(due_on, today, calendar), find_document(file, line.notice),
        )  # fmt: skip

    def record_notice(self, actor: Actor, case_id: UUID, seen_version: int, told: NoticeProof) -> CaseFile:
        """Prove that a notice was delivered by letter, by telephone or in person, or that this failed: then a new task is opened.

        Also before a task is open: whoever stands at the window is told there. Raises ``InputRefused`` (notice, rung, words, on),
        ``NotAllowedNow`` (``told_already``), and what every act of the counter raises.
        """
        words = read_words("words", told.words, 4)
        if told.rung not in BY_HAND:
            raise InputRefused(detail={"rung": "unknown"})

        def work(bench: Bench) -> list[Move]:
            line = _find_line(bench.file, told.notice)
            if not business_day(line.notice.at) <= told.on <= bench.today:
                raise InputRefused(detail={"on": "out_of_range"})
            proof: dict[str, JsonValue] = {"words": words, "on": told.on.isoformat()}
            outcome = DELIVERED if told.succeeded else FAILED
            rows = [_make_row(bench, line.notice, told.rung, _number(line, told.rung), outcome, proof)]
            waiting = _find_open(line)
            if waiting is not None and told.succeeded and told.rung != LETTER:
                rows.append(_make_row(bench, line.notice, LETTER, waiting.number, CLOSED, {}))
            return [_write(bench, row) for row in rows]

        return self.act(actor, "record_notice", case_id, seen_version, work, detail={"rung": told.rung})


def find_document(file: CaseFile, notice: Notice) -> UUID | None:
    """The letter of the event that a notice tells of."""
    made = (event for event in file.all_of("document_made") if event.data.get("of") == notice.version)
    found = next(made, None)
    return UUID(str(found.data["file_id"])) if found is not None else None


def _find_line(file: CaseFile, key: str) -> NoticeLine:
    line = next((one for one in list_lines(file) if one.notice.key == key and one.notice.legal), None)
    if line is None:
        raise InputRefused(detail={"notice": "unknown"})
    if line.delivery is not None:
        raise refuse_now("told_already")
    return line


def _find_open(line: NoticeLine) -> Attempt | None:
    return next((one for one in line.attempts if one.rung == LETTER and one.outcome == OPEN), None)


def _number(line: NoticeLine, rung: str) -> int:
    """The open letter's own, else the next one of this rung."""
    waiting = _find_open(line)
    if rung == LETTER and waiting is not None:
        return waiting.number
    return max((one.number for one in line.attempts if one.rung == rung), default=0) + 1


def _make_row(
    bench: Bench, notice: Notice, rung: str, number: int, outcome: str, proof: dict[str, JsonValue]
) -> NoticeAttempt:
    case = bench.file.case
    return NoticeAttempt(case.case_id, case.agency_id, notice.key, rung, number, outcome, bench.now, proof)


def _write(bench: Bench, row: NoticeAttempt) -> Move:
    """Row and event; whoever wrote the same first has told it. Raises ``NotAllowedNow``."""
    if not bench.tx.notices.add(row):
        raise refuse_now("told_already")
    return bench.make(EVENT, tell_attempt(row))
