"""What an applicant sees of a case: its number, how far it is, what they may do now, its deadlines and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.case_access import ApplicantDesk, find_standing, load_own_case
from services.case_clocks import calendar_of, deadlines_of, terms_of
from services.case_events import mapping_of
from services.case_file import CaseFile
from services.case_graph import find_edge
from services.case_limits import clocks_of
from services.case_notices import NoticeLine, list_lines
from services.case_record import Case, CaseState, Hand
from services.case_supply import Wanted, list_wanted
from services.case_timeline import TimelineEntry, tell_timeline
from services.case_words import say_state
from services.clock import Clock, DayLine, Deadline, compute, explain
from services.counter_terms import CounterTerms
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue, Language, Page
from services.notice_reading import read_own_case
from services.outputs import mask_outputs
from services.ports import Transaction
from services.till import business_day

PAGE_SIZE = 20
MOST_MATTERS = 100
"""Cases that are found by the caller's own number, or that of whom they act for: on the first page only."""
ACTS: Mapping[str, str] = {
    "corrected": "correct",
    "gap_supplied": "supply_gap",
    "fixed_on_the_spot": "fix",
    "withdrawn": "withdraw",
    "collected_online": "collect_online",
}
"""What an applicant may do, by its event."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list. ``message`` is the fixed sentence for its state, ``due`` the nearest deadline, if a clock runs."""

    case: Case
    state: CaseState
    message: str
    updated_at: datetime
    due: Deadline | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document of the case (voucher, letter, certificate). ``revoked``: it says something that no longer holds."""

    version: int
    kind: str
    number: str
    file_id: UUID
    at: datetime
    revoked: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case in view of its applicant. ``acts``: what they may do now; ``wanted``: what they may bring; ``outputs`` are masked."""

    file: CaseFile
    mapping: ServiceMapping
    state: CaseState
    message: str
    today: date
    deadlines: tuple[Deadline, ...]
    timeline: tuple[TimelineEntry, ...]
    acts: tuple[str, ...]
    wanted: Wanted
    documents: tuple[DocumentLine, ...]
    outputs: Mapping[str, JsonValue] | None
    notices: tuple[NoticeLine, ...] = ()
    """What was told, each once, with when and how it was delivered."""

    @property
    def case(self) -> Case:
        return self.file.case


@dataclass(frozen=True, slots=True)
class ExplainedDeadline:
    """A deadline with each day from its start: which count, which do not, why and by which notice or law."""

    deadline: Deadline
    clock: Clock
    days: tuple[DayLine, ...]


def list_cases(
    door: ApplicantDesk, caller: Caller, before: UUID | None = None, limit: int = PAGE_SIZE
) -> Page[CaseLine]:
    """Cases of the caller and of everybody for whom they hold a mandate in force, newest first.

    ``next_cursor`` is the last id that was looked at, if there may be more: a page may be shorter than ``limit`` before the end.
    """
    with door.till.store.begin(caller.agencies) as tx:
        standing = find_standing(door.desk, tx, caller)
        rows = tx.cases.list_of_persons(sorted(standing.persons), standing.organisations, limit, before)
        numbers = [number for number in (standing.number, *standing.principals) if number]
        theirs = tx.cases.list_of_numbers(numbers, MOST_MATTERS) if numbers else []
        cursor = rows[-1][0].case_id if len(rows) == limit else None
        files = {case.case_id: CaseFile(case, tuple(events)) for case, events in rows}
        for case, events in theirs:
            if (before is None or case.case_id < before) and (cursor is None or case.case_id > cursor):
                files.setdefault(case.case_id, CaseFile(case, tuple(events)))
        mine = sorted((file for file in files.values() if standing.may_see(file.case)), key=_age, reverse=True)
        lines = [_list_one(door, tx, file, caller.language) for file in mine]
    return Page(lines, str(cursor) if cursor else None)


def _age(file: CaseFile) -> UUID:
    return file.case.case_id


def _list_one(door: ApplicantDesk, tx: Transaction, file: CaseFile, language: Language) -> CaseLine:
    due = min(deadlines_of(door.desk, tx, file, mapping_of(door.desk, file)), key=lambda one: one.due_on, default=None)
    return CaseLine(file.case, file.state, say_state(file.state, language), file.updated_at, due)


def view_case(door: ApplicantDesk, caller: Caller, case_id: UUID) -> CaseView:
    """One case of the caller's, or of whom they act for; its notices are read by that (``notice_reading``). Raises ``NotFound``."""
    file = read_own_case(door, caller, case_id)
    mapping = mapping_of(door.desk, file)
    with door.till.store.begin(caller.agencies) as tx:
        deadlines = deadlines_of(door.desk, tx, file, mapping)
    terms, language = terms_of(mapping), caller.language
    return CaseView(
        file=file,
        mapping=mapping,
        state=file.state,
        message=say_state(file.state, language),
        today=business_day(door.desk.clock.now()),
        deadlines=deadlines,
        timeline=tell_timeline(file, mapping, terms, language),
        acts=list_acts(file, terms),
        wanted=list_wanted(file, mapping, terms),
        documents=list_documents(file),
        outputs=_show_outputs(file, mapping),
        notices=list_lines(file),
    )


def list_acts(file: CaseFile, terms: CounterTerms) -> tuple[str, ...]:
    """What the applicant may do now, as the state of the case allows it. A late correction is told when it is tried."""
    allowed = []
    for event, act in ACTS.items():
        edge = find_edge(file.state, event)
        if edge is None or Hand.APPLICANT not in edge.hands:
            continue
        if (event == "gap_supplied" and file.gap is None) or (
            event == "collected_online" and file.case.delivery != "electronic"
        ):
            continue
        if event == "fixed_on_the_spot" and not terms.materials and not file.case.inputs:
            continue
        allowed.append(act)
    return tuple(allowed)


def list_documents(file: CaseFile) -> tuple[DocumentLine, ...]:
    """The documents that the house made, oldest first."""
    revoked = file.last("certificate_revoked") is not None
    return tuple(
        DocumentLine(
            event.version, str(event.data.get("kind") or "certificate"), str(event.data.get("number") or ""),
            UUID(str(event.data["file_id"])), event.at, revoked and event.name == "certificate_issued",
        )
        for event in file.all_of("document_made", "certificate_issued")
    )  # fmt: skip


def _show_outputs(file: CaseFile, mapping: ServiceMapping) -> dict[str, JsonValue] | None:
    recorded = file.last("recorded")
    outputs = recorded.data.get("outputs") if recorded else None
    return mask_outputs(mapping.outputs, outputs) if isinstance(outputs, Mapping) else None


def explain_deadlines(door: ApplicantDesk, caller: Caller, case_id: UUID) -> tuple[ExplainedDeadline, ...]:
    """The deadlines that run now, day by day. Raises ``NotFound``."""
    with door.till.store.begin(caller.agencies) as tx:
        file = load_own_case(door.desk, tx, caller, case_id)
        terms = terms_of(mapping_of(door.desk, file))
        calendar = calendar_of(tx, terms.region)
    today = business_day(door.desk.clock.now())
    return tuple(
        ExplainedDeadline(compute(clock, calendar), clock, explain(clock, calendar, today))
        for clock in clocks_of(file, terms, calendar)
    )
