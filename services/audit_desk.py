"""The auditor's room: replay any case, draw random samples, list looks that stand out, see every change of roles.

An auditor reads and changes nothing. Each look is an Act of its own, in the transaction that reads, and a replay is told to the citizen as
any other look (``services/reading_notes.py``). Nobody replays a matter of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.application_files import list_topmost
from services.audit_record import CopiedReason, LookKind, SampledCase, StaffChange
from services.audit_replay import Replay, replay_case
from services.calendar_record import Calendar
from services.case_clocks import calendar_of, terms_of
from services.case_errors import OwnMatter
from services.case_events import load_case, mapping_of
from services.case_record import CaseState
from services.clock import DAY
from services.counter_bench import CounterRoom, CounterTransaction, is_own_matter
from services.counter_permits import list_hands
from services.errors import InputRefused, NotFound
from services.model import JsonValue, Language
from services.reading_record import Reading, case_read
from services.staff_rules import read_reason
from services.staffing import Actor, Role

AUDITORS = (Role.AUDITOR,)
PAGE = 50
LOOK_BACK_DAYS = 92
"""How far lists of looks go back: what is older is found by whom or what it concerns, in the book of acts."""
COPIED_LEAST, COPIED_DAYS = 5, 31
"""So many people's material in so many days under the same words stand out."""
MOST_DRAWN = 100
OPENINGS = ("case.open", "case.read_file", "application.read")
FOR_SUPERVISION = ("alert.open_case", "pattern.open_case")
"""Opened from an alert or a pattern that is about the case: not without a case in hand, and yet a reason can be copied."""
SEARCHES = (
    "person.search", "case.search", "mandate.look_up", "person.exposures", "window.find_bills", "window.find_receipt",
    "privacy.look",
)  # fmt: skip
_SEED = re.compile(r"[0-9A-Za-z-]{1,40}")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


LISTS: Mapping[str, tuple[str, ...]] = {
    LookKind.WITHOUT_CASE: (*OPENINGS, *SEARCHES[:4]),
    LookKind.ELSEWHERE: (*OPENINGS, "case.search"),
    LookKind.BARE: SEARCHES,
}
"""Looks that stand out: by which acts, for each kind. ``copied`` is a list of its own: ``AuditRoom.list_copied``."""


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """What is drawn: ``month`` as YYYY-MM by the day of receipt; ``seed`` empty: one is made. ``state`` is the outcome, "" for any."""

    month: str
    size: int
    seed: str = ""
    service: str = ""
    state: str = ""
    agency_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn, and with which seed: the same order with this seed draws the same cases as long as none is added.

    ``chosen``: somebody gave the seed. Such a draw shows again what was drawn before; it is no sample by chance, and its Act says so.
    """

    order: SampleOrder
    cases: tuple[SampledCase, ...]
    chosen: bool = False


class AuditRoom(CounterRoom):
    """All raise ``NotPermitted``, ``StoreUnavailable``."""

    __slots__ = ()

    def find_case(self, actor: Actor, case_no: str) -> UUID:
        """The case of a number, within reach. Raises ``NotFound``."""
        agencies = reach(actor)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = tx.cases.find_by_number(case_no.strip())
            if found is None or not self._reaches(tx, agencies, found[0].case_id, found[0].agency_id):
                raise NotFound
            self._note(tx, actor, agencies, "audit.find", {"case_no": found[0].case_no})
        return found[0].case_id

    def replay(self, actor: Actor, case_id: UUID, reason: str) -> Replay:
        """Everything of one case step by step, for a reason; the citizen is told. Raises ``NotFound``, ``InputRefused``, ``OwnMatter``."""
        told, agencies = read_reason(reason), reach(actor)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            file = load_case(tx, case_id)
            if not self._reaches(tx, agencies, case_id, file.case.agency_id):
                raise NotFound
            if is_own_matter(tx, file.case, _list_selves(actor)):
                raise OwnMatter(detail={"rule": "own_matter"})
            mapping = mapping_of(self.desk, file)
            region, known = terms_of(mapping).region, dict[datetime, Calendar]()
            for event in file.events:
                known[event.at] = find_calendar_at(tx, region, event.at)
            detail: dict[str, JsonValue] = {"version": file.version, "case_no": file.case.case_no}
            self.append_act(
                tx, actor, "audit.replay", file.case.agency_id, case_id, told, detail, read=(case_read(case_id),)
            )
        return replay_case(file, mapping, known.__getitem__, Language.ZH_CN)

    def draw(self, actor: Actor, order: SampleOrder) -> Sample:
        """Cases drawn at random, without anything personal. Raises ``InputRefused`` (month, size, seed, state), ``NotPermitted``."""
        since, until = read_month(order.month)
        agencies = actor.narrow_reach(order.agency_id, *AUDITORS)
        seed = _read_seed(order.seed) or self.desk.random(8).hex()
        if not 1 <= order.size <= MOST_DRAWN:
            raise InputRefused(detail={"size": "out_of_range"})
        if order.state and order.state not in set(CaseState):
            raise InputRefused(detail={"state": "not_a_choice"})
        made = SampleOrder(order.month, order.size, seed, order.service, order.state, order.agency_id)
        states = (order.state,) if order.state else ()
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            drawn = tx.audit.draw_cases(
                agencies, since, until, seed, order.size, service=order.service or None, states=states
            )
            detail: dict[str, JsonValue] = {
                "month": made.month, "seed": seed, "size": made.size, "service": made.service, "state": made.state,
                "drawn": len(drawn), "chosen": bool(order.seed.strip()),
            }  # fmt: skip
            self._note(tx, actor, agencies, "audit.sample", detail)
        return Sample(made, tuple(drawn), bool(order.seed.strip()))

    def list_looks(
        self, actor: Actor, which: str, before: UUID | None = None, staff_id: UUID | None = None
    ) -> list[Reading]:
        """A page of one of ``LISTS``, newest first. Raises ``InputRefused`` for no such list."""
        if which not in LISTS:
            raise InputRefused(detail={"list": "not_a_choice"})
        agencies = reach(actor)
        since = self.desk.clock.now() - timedelta(days=LOOK_BACK_DAYS)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = tx.audit.list_looks(
                agencies, since, PAGE, before, acts=LISTS[which], kind=LookKind(which), staff_id=staff_id,
            )  # fmt: skip
            self._note(tx, actor, agencies, "audit.list", {"list": which})
        return found

    def list_copied(self, actor: Actor) -> list[CopiedReason]:
        """Who gave the same reason for the material of many, the most first."""
        agencies, since = reach(actor), self.desk.clock.now() - timedelta(days=COPIED_DAYS)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = tx.audit.list_copied(agencies, since, (*OPENINGS, *FOR_SUPERVISION, *SEARCHES), COPIED_LEAST, PAGE)
            self._note(tx, actor, agencies, "audit.list", {"list": "copied"})
        return found

    def list_changes(self, actor: Actor, before: UUID | None = None) -> list[StaffChange]:
        """Every change of staff and roles, newest first, whoever made it."""
        agencies = reach(actor)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = tx.audit.list_staff_changes(agencies, PAGE, before)
            self._note(tx, actor, agencies, "audit.list", {"list": "roles"})
        return found

    def _reaches(self, tx: CounterTransaction, agencies: Sequence[UUID], case_id: UUID, lead: UUID) -> bool:
        desks = {lead, *(line.agency_id for line in tx.cases.load_lines(case_id))}
        return bool(desks & set(agencies))

    def _note(
        self, tx: CounterTransaction, actor: Actor, agencies: Sequence[UUID], act: str, detail: Mapping[str, JsonValue]
    ) -> None:
        for agency_id in list_topmost(actor, agencies):
            self.append_act(tx, actor, act, agency_id, "", "", detail, kind="audit")


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency that the actor audits. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*AUDITORS)


def read_month(text: str) -> tuple[date, date]:
    """The first and the last day of a month as YYYY-MM. Raises ``InputRefused``."""
    if not _MONTH.fullmatch(text):
        raise InputRefused(detail={"month": "not_a_month"})
    first = date.fromisoformat(f"{text}-01")
    return first, (first + 31 * DAY).replace(day=1) - DAY


def _read_seed(text: str) -> str:
    seed = text.strip()
    if seed and not _SEED.fullmatch(seed):
        raise InputRefused(detail={"seed": "form"})
    return seed


def _list_selves(actor: Actor) -> frozenset[UUID]:
    return frozenset().union(*(list_hands(actor, AUDITORS, held.agency_id) for held in actor.roles)) | {
        actor.member.staff_id
    }


def find_calendar_at(tx: CounterTransaction, region: str, at: datetime) -> Calendar:
    """The version of a region's calendar that was in force at a moment; the oldest, where all are younger."""
    calendar = calendar_of(tx, region)
    while calendar.version > 1:
        made_at = tx.calendars.made_at(calendar.region, calendar.version)
        before = tx.calendars.load(calendar.region, calendar.version - 1)
        if made_at is None or made_at <= at or before is None:
            break
        calendar = before
    return calendar
