"""Delays of telling a citizen who read their case: asked for by one, granted by another, ended by themselves, counted.

A delay covers looks of one reader at one case from the moment it is granted: nothing that could be seen before disappears. It cannot be
prolonged; whoever needs more asks again, for looks to come, till all delays of the case have their common end (decision 0180). ``services/delay_rules.py`` has the grounds and the longest time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.case_errors import NotAllowedNow, OwnMatter
from services.clock import end_of_day
from services.counter_bench import CounterRoom, CounterTransaction
from services.counter_permits import list_hands
from services.delay_rules import DelayCount, count_files, may_follow, read_ground, read_line, require_end
from services.errors import InputRefused, NotFound
from services.model import JsonValue
from services.reading_record import Delay, DelayEvent, DelayFile, DelayState, ReadingStore
from services.staff_rules import read_reason, tidy_login
from services.staffing import Actor, Role

ASKERS = (Role.AUDITOR, Role.SUPERVISOR)
ANSWERERS = (Role.PRIVACY,)
"""The privacy officer answers: whoever wants to be silent does not judge whether they may."""
ALL = (*ASKERS, *ANSWERERS)
PAGE = 50
TWO_PEOPLE = "delay_takes_two"
SERIES_OVER = "delay_series_over"


@dataclass(frozen=True, slots=True)
class DelayAsked:
    """What somebody asks. ``until`` is the last day on which it holds."""

    case_no: str
    reader_login: str
    ground: str
    authority: str
    document_no: str
    until: date


class DelayRoom(CounterRoom):
    """All raise ``NotPermitted``, ``StoreUnavailable``."""

    __slots__ = ()

    def list_files(self, actor: Actor, before: UUID | None = None) -> list[DelayFile]:
        """A page, newest first."""
        agencies = _reach(actor)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return tx.readings.list_delays(agencies, PAGE, before)

    def ask(self, actor: Actor, asked: DelayAsked, reason: str) -> DelayFile:
        """Raises ``NotFound`` for no such case or reader, ``InputRefused`` by place (ground, authority, document_no, until, reason)."""
        told, now = read_reason(reason), self.desk.clock.now()
        ground, until = read_ground(asked.ground), require_end(end_of_day(asked.until), now)
        authority = read_line("authority", asked.authority)
        document_no = read_line("document_no", asked.document_no)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found, reader = (
                tx.cases.find_by_number(asked.case_no.strip()),
                tx.staff.find_by_login(tidy_login(asked.reader_login)),
            )
            if found is None or not actor.holds_any(ASKERS, found[0].agency_id):
                raise NotFound
            if reader is None:
                raise InputRefused(detail={"reader": "unknown"})
            case, me = found[0], actor.member.staff_id
            if not may_follow(tx.readings.delays_of_case(case.case_id), now, until):
                raise InputRefused(detail={"until": SERIES_OVER})
            delay = Delay(
                self.desk.new_id(), case.agency_id, case.case_id, case.case_no, reader.staff_id, ground, authority,
                document_no, until, me, now,
            )  # fmt: skip
            event = DelayEvent(delay.delay_id, 1, DelayState.ASKED, now, me, {"reason": told})
            tx.readings.ask_delay(delay, event)
            self._note(tx, actor, "delay.ask", delay, told)
        return DelayFile(delay, (event,))

    def answer(self, actor: Actor, delay_id: UUID, reason: str, *, grant: bool) -> DelayFile:
        """Grant or deny, by another person than who asked and whose looks it would hold back, deputies included.

        Raises ``NotFound``, ``OwnMatter``, ``NotAllowedNow`` (``delay_answered``, ``delay_over``, ``delay_series_over``), ``InputRefused``.
        """
        told = read_reason(reason)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            file = self._find(tx, actor, delay_id, ANSWERERS)
            if list_hands(actor, ANSWERERS, file.delay.agency_id) & {file.delay.asked_by, file.delay.reader_id}:
                raise OwnMatter(detail={"rule": TWO_PEOPLE})
            if file.state is not DelayState.ASKED:
                raise NotAllowedNow(detail={"rule": "delay_answered"})
            if grant and file.delay.until <= self.desk.clock.now():
                raise NotAllowedNow(detail={"rule": "delay_over"})
            known, until = tx.readings.delays_of_case(file.delay.case_id), file.delay.until
            if grant and not may_follow(known, self.desk.clock.now(), until):
                raise NotAllowedNow(detail={"rule": SERIES_OVER})
            state, act = (DelayState.GRANTED, "delay.grant") if grant else (DelayState.DENIED, "delay.deny")
            return self._append(tx, actor, file, state, act, told)

    def lift(self, actor: Actor, delay_id: UUID, reason: str) -> DelayFile:
        """End a delay before its day: everything is told at once. Raises ``NotFound``, ``NotAllowedNow`` (``delay_not_in_force``)."""
        told = read_reason(reason)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            file = self._find(tx, actor, delay_id, ALL)
            if not file.holds_back(self.desk.clock.now()):
                raise NotAllowedNow(detail={"rule": "delay_not_in_force"})
            return self._append(tx, actor, file, DelayState.LIFTED, "delay.lift", told)

    def _find(self, tx: CounterTransaction, actor: Actor, delay_id: UUID, roles: tuple[Role, ...]) -> DelayFile:
        found = tx.readings.load_delays([delay_id])
        if not found or not actor.holds_any(ALL, found[0].delay.agency_id):
            raise NotFound
        actor.require(roles, found[0].delay.agency_id)
        return found[0]

    def _append(
        self, tx: CounterTransaction, actor: Actor, file: DelayFile, state: DelayState, act: str, reason: str
    ) -> DelayFile:
        now, me = self.desk.clock.now(), actor.member.staff_id
        event = DelayEvent(file.delay.delay_id, file.version + 1, state, now, me, {"reason": reason})
        tx.readings.append_delay(file.delay.agency_id, event)
        self._note(tx, actor, act, file.delay, reason)
        return DelayFile(file.delay, (*file.events, event))

    def _note(self, tx: CounterTransaction, actor: Actor, act: str, delay: Delay, reason: str) -> None:
        detail: dict[str, JsonValue] = {
            "case_no": delay.case_no,
            "ground": delay.ground,
            "until": delay.until.isoformat(),
        }
        self.append_act(tx, actor, act, delay.agency_id, delay.delay_id, reason, detail, kind="delay")


def _reach(actor: Actor) -> tuple[UUID, ...]:
    return actor.reach_as(*ALL)


def count_delays(
    readings: ReadingStore, agencies: Sequence[UUID], since: datetime, until: datetime
) -> Mapping[UUID, DelayCount]:
    """How many delays each agency's cases saw from ``since`` till before ``until``: for the published statistics of a month.

    ``readings`` is ``tx.readings`` of any role's transaction. An agency without any is left out.
    """
    return count_files(readings.delays_between(agencies, since, until), since, until)
