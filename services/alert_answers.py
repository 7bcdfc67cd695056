"""The case manager's side of supervision: what the supervision office asks, the alerts of a case that one works on, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.alert_record import Alert, AlertEvent, AlertState
from services.attempts import decide_again
from services.case_errors import NotAllowedNow
from services.counter_bench import CounterRoom, CounterTransaction
from services.counter_permits import BOTH
from services.errors import NotFound
from services.rating_rules import read_words
from services.staffing import Actor
from services.supervision_rules import Asked, list_asked

PAGE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one alert; ``mine``: by name, else of whoever works at the agency. ``asked`` are all its questions so far."""

    alert: Alert
    asked: tuple[Asked, ...]
    mine: bool

    @property
    def open(self) -> Asked:
        """The one that waits for an answer."""
        return self.asked[-1]


class AnswerDesk(CounterRoom):
    """What clerks and heads do with alerts: they read what is asked of them, and answer."""

    __slots__ = ()

    def list_questions(self, actor: Actor) -> list[Question]:
        """What waits for the actor's answer, the longest asked first; another's questions are not among them. Raises ``NotPermitted``."""
        agencies = actor.reach_as(*BOTH)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            found = tx.alerts.list_asked(agencies, actor.member.staff_id, PAGE)
            return self._tell(actor, tx, found)

    def list_of_case(self, actor: Actor, case_id: UUID) -> tuple[list[Alert], list[Question]]:
        """The alerts of a case at desks that the actor reaches that are not closed, and what is asked of the actor about it."""
        me = actor.member.staff_id
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            every = [one for one in tx.alerts.list_of_case(case_id) if actor.holds_any(BOTH, one.planned.agency_id)]
            waiting = [one for one in every if one.asked_at is not None and one.asked_of in (None, me)]
            return [one for one in every if one.state is not AlertState.CLOSED], self._tell(actor, tx, waiting)

    def answer(self, actor: Actor, alert_id: UUID, text: str) -> Alert:
        """Answer what is asked. Raises ``NotFound`` for what is asked of another, ``NotAllowedNow`` where nothing waits, ``InputRefused``."""
        told = read_words(text, "text", needed=True)

        def write() -> Alert:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                alert = self._find_asked(actor, tx, alert_id)
                after = replace(alert, version=alert.version + 1, asked_of=None, asked_at=None)
                me = actor.member.staff_id
                event = AlertEvent(
                    alert_id, after.version, "answered", after.state, self.desk.clock.now(), me, {"text": told}
                )
                tx.alerts.append(after, event)
                noted = {"version": after.version, "case_no": alert.planned.case_no}
                self.append_act(tx, actor, "alert.answer", alert.planned.agency_id, alert_id, "", noted, kind="alert")
            return after

        return decide_again(write)

    def _find_asked(self, actor: Actor, tx: CounterTransaction, alert_id: UUID) -> Alert:
        row = tx.alerts.load(alert_id)
        if row is None or not actor.holds_any(BOTH, row[0].planned.agency_id):
            raise NotFound
        alert = row[0]
        if alert.asked_at is None:
            raise NotAllowedNow(detail={"state": str(alert.state), "asked": "answer", "rule": "nothing_asked"})
        if alert.asked_of not in (None, actor.member.staff_id):
            raise NotFound
        return alert

    def _tell(self, actor: Actor, tx: CounterTransaction, alerts: Sequence[Alert]) -> list[Question]:
        rows = [(one, tx.alerts.load(one.alert_id)) for one in alerts]
        return [
            Question(one, list_asked(row[1]), one.asked_of == actor.member.staff_id)
            for one, row in rows
            if row is not None
        ]
