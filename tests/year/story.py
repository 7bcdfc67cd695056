"""The life of one case of the simulated year: what the applicant, its clerk, the head and the law make of it, event by event.

Everything happens on working days within office hours, in whole seconds, but what the clock itself does. A life keeps the rules of the
counter (``services/case_limits.py``): grounds never overlap, more time is given once and before the statutory limit.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.case_graph import follow
from services.case_record import Case, CaseEvent, CaseState, Hand
from services.model import JsonValue
from tests.year.arrivals import CLOSES, OPENS, Arrival, Staff
from tests.year.calendars import DAY, WorkingDays, moment_on
from tests.year.city import Person, Service

A, C, D, T, H = Hand.APPLICANT, Hand.CLERK, Hand.HEAD, Hand.CLOCK, Hand.HOUSE
GROUND = "测试法第一条"
DEEMED, REASSIGNED, LATE_DELIVERY, DENIED, SILENT = 0.025, 0.05, 0.035, 0.2, 0.03
"""Chances: that nobody says anything in five days, …, that a refusal gives no reason (an alert about a fact)."""
ENDINGS = {"granted": 0.87, "refused": 0.08, "withdrawn": 0.04, "terminated": 0.01}


@dataclass
class Diary:
    """The events of a case as they are written; ``day`` is the latest day, ``seconds`` how far it is."""

    case: Case
    dice: random.Random
    day: date
    seconds: int
    events: list[CaseEvent] = field(default_factory=list)

    def write(self, name: str, hand: Hand, staff_id: UUID | None = None, **data: JsonValue) -> None:
        """One more event, a little later on the same day or in the course of a new one."""
        if self.events:
            room = CLOSES - 1 - self.seconds
            self.seconds += self.dice.randint(1, max(1, min(2400, room // 2)))
        self.write_at(moment_on(self.day, self.seconds), name, hand, staff_id, **data)

    def write_at(self, at: datetime, name: str, hand: Hand, staff_id: UUID | None = None, **data: JsonValue) -> None:
        """One more event at this moment."""
        state = follow(self.events[-1].state, name, hand) if self.events else CaseState.RECEIVED
        version = len(self.events) + 1
        self.events.append(CaseEvent(self.case.case_id, version, name, state, hand, at, staff_id, data))

    def turn_to(self, day: date) -> None:
        """A later day begins, some time after the office opens."""
        if day > self.day:
            self.day, self.seconds = day, self.dice.randint(OPENS, OPENS + 5 * 3600)

    @property
    def today(self) -> str:
        """The day as events keep it."""
        return self.day.isoformat()


class Life:
    """Tells one case from its receipt to its delivery."""

    def __init__(
        self, arrival: Arrival, case: Case, service: Service, staff: Staff, days: WorkingDays, seed: int
    ) -> None:
        self.dice = random.Random(f"{seed}:{arrival.index}")  # noqa: S311 - a story, not a secret
        self.case, self.service, self.terms, self.staff, self.days = case, service, service.terms, staff, days
        self.clerk, self.habit = arrival.clerk, arrival.clerk.habit
        self.favoured = arrival.regular and self.habit.favours
        seconds = int((arrival.at - moment_on(arrival.day, 0)).total_seconds())
        self.diary = Diary(case, self.dice, arrival.day, seconds)
        self.claimed = self.ended = False
        self.accepted_on = arrival.day
        self.free_from: date | None = None
        self.excluded: list[tuple[date, date]] = []
        self.extended = False

    def tell(self) -> tuple[CaseEvent, ...]:
        """All events, in order."""
        self.diary.write("case_received", A)
        self._receive()
        self._examine()
        if self.diary.events[-1].state is CaseState.GRANTED:
            self._deliver()
        return tuple(self.diary.events)

    # before acceptance

    def _receive(self) -> None:
        corrections = 0
        while True:
            start = self.diary.day
            if self.dice.random() < DEEMED and not self.favoured:
                self._deem(start)
                return
            self._turn_by(0 if self.favoured else self.dice.randint(*self.habit.first_days))
            self._claim()
            chance = self.habit.correction if corrections == 0 else self.habit.again
            if corrections == 2 or self.favoured or self.dice.random() >= chance:
                break
            self._correct()
            corrections += 1
        self.accepted_on = self.diary.day
        self._write("accepted", on=self.diary.today)

    def _deem(self, start: date) -> None:
        """Nobody said anything in five days: within the first minute after them it counts as accepted from the receipt."""
        over = self.days.after(start, self.terms.completeness_days) + DAY
        self.accepted_on = start
        self.diary.write_at(moment_on(over, self.dice.randint(1, 59)), "deemed_accepted", T, on=start.isoformat())
        self.diary.turn_to(self.days.after(over, self.dice.randint(0, 1)))
        self._claim()

    def _correct(self) -> None:
        until = self.days.after(self.diary.day, self.terms.correction_days)
        self._write(
            "correction_asked", on=self.diary.today, until_on=until.isoformat(), items=[{"material": "floor_plan"}]
        )
        self._turn_by(self.dice.randint(1, 12))
        self.diary.write("corrected", A, on=self.diary.today)

    def _claim(self) -> None:
        if not self.claimed:
            self._write("claimed")
            self.claimed = True

    # the decision clock

    def _examine(self) -> None:
        ending = self.dice.choices(list(ENDINGS), list(ENDINGS.values()))[0]
        for count, _, act in self._plan(ending):
            self._turn_to_count(count)
            if not self.ended:
                act()

    def _plan(self, ending: str) -> list[tuple[int, int, Callable[[], None]]]:
        """What is done when exactly so many days of the decision clock are used, in order."""
        promised, used = self.terms.promised_days, self._count_used()
        target = max(used, self._choose_target(promised))
        plan: list[tuple[int, int, Callable[[], None]]] = []
        if self.dice.random() < self.habit.extension:
            at = max(used, self._choose_extension(promised))
            if at <= self.terms.statutory_days:
                plan.append((at, 1, self._extend))
                target = max(target, self.dice.randint(at, promised + self.terms.extension_days + 2))
        if self.dice.random() < self.habit.special and not self.favoured:
            at = max(used, self._choose_special(promised, target))
            plan.append((at, 2, self._suspend))
            target = max(target, at)
        if self.dice.random() < REASSIGNED:
            plan.append((self.dice.randint(used, target), 0, self._reassign))
        if ending in ("withdrawn", "terminated"):
            plan.append((self.dice.randint(used, target), 3, lambda: self._end(ending)))
        else:
            plan += self._plan_steps(used, target)
            plan.append((target, 5, lambda: self._end(ending)))
        return sorted(plan, key=lambda one: one[:2])

    def _choose_target(self, promised: int) -> int:
        if self.favoured:
            return self.dice.randint(0, 1)
        slowness = 1.9 if self.dice.random() < self.habit.forgets else 1.0
        return round(self.dice.uniform(*self.habit.share) * promised * slowness)

    def _choose_extension(self, promised: int) -> int:
        """Also on the day of orange itself, on the last day, and when the promise is broken but not the law."""
        orange = -(-3 * promised // 4)
        return self.dice.choice(
            (orange - 1, orange, promised - 1, promised, promised + 1, self.dice.randint(0, promised))
        )

    def _choose_special(self, promised: int, target: int) -> int:
        if self.habit.stops:
            return promised - self.dice.randint(0, 1)
        orange = -(-3 * promised // 4)
        return self.dice.choice((0, orange - 1, orange, promised, self.dice.randint(0, max(0, target))))

    def _plan_steps(self, used: int, target: int) -> list[tuple[int, int, Callable[[], None]]]:
        groups = self._group_steps()
        ends = [self._choose_step_end(used, target, number / len(groups)) for number in range(1, len(groups) + 1)]
        ends = [*sorted(ends[:-1]), target] if ends else []
        plan: list[tuple[int, int, Callable[[], None]]] = []
        begin = used
        for group, end in zip(groups, ends, strict=True):
            for index in group:
                at = end if index == group[-1] else self.dice.randint(begin, end)
                plan.append((at, 4, lambda index=index: self._finish(index)))  # type: ignore[misc]
            begin = end
        return plan

    def _choose_step_end(self, used: int, target: int, share: float) -> int:
        """Each part takes its time, more or less; who is idle does everything at last."""
        if self.habit.idle:
            return max(used, target - self.dice.randint(0, 1))
        return min(target, used + round((target - used) * share * self.dice.uniform(0.8, 1.15)))

    def _group_steps(self) -> list[list[int]]:
        groups: list[list[int]] = []
        for index, step in enumerate(self.terms.steps):
            if step.together and groups and self.terms.steps[groups[-1][0]].together == step.together:
                groups[-1].append(index)
            else:
                groups.append([index])
        return groups

    def _finish(self, index: int) -> None:
        if self.terms.steps[index].agency:
            other: Person = self.dice.choice(self.staff.clerks[self.terms.steps[index].agency])
            self.diary.write("step_finished", C, other.staff_id, step=index, opinion="同意", on=self.diary.today)
        else:
            self._write("step_finished", step=index, opinion="同意", on=self.diary.today)

    def _extend(self) -> None:
        """Asked by the clerk, answered by the head on the same day; never once the statutory limit is over."""
        head = self.staff.heads[self.case_agency]
        if self.extended or self._count_used() > self.terms.statutory_days:
            return
        days: int = self.dice.choice((self.terms.extension_days, max(1, self.terms.extension_days // 2)))
        self._write("extension_asked", days=days, reason="情况复杂", on=self.diary.today)
        data: dict[str, Any] = {"days": days, "asked_by": str(self.clerk.staff_id), "on": self.diary.today, "words": ""}
        granted = self.dice.random() >= DENIED
        name = "extension_granted" if granted else "extension_denied"
        self.diary.write(name, D, head.staff_id, reason="情况复杂", **data)
        self.extended = granted

    def _suspend(self) -> None:
        """One special procedure, now and then a second that begins when the first ends; sometimes the matter ends within."""
        if self._count_used() > self.terms.statutory_days:
            return
        for code in ("inspection", "hearing"):
            self._run_special(code)
            if self.ended or self.dice.random() >= 0.25:
                break
        if not self.ended and self.dice.random() < 0.15:
            self._extend()

    def _run_special(self, code: str) -> None:
        begun_on, lasts = self.diary.day, self.dice.randint(2, self.terms.special[code].days)
        until = self.days.after(begun_on, lasts)
        told: dict[str, Any] = {
            "code": code,
            "legal_ground": GROUND,
            "days": lasts,
            "reason": "需要",
            "on": self.diary.today,
        }
        self._write("special_began", **told, until_on=until.isoformat())
        how = self.dice.random()
        if how < 0.03:
            self._turn_by(self.dice.randint(0, lasts))
            self._end("withdrawn")
            return
        self.diary.turn_to(self._choose_end(how, begun_on, lasts, until))
        self._write("special_ended", on=self.diary.today, result="完成")
        self.excluded.append((begun_on, min(until, self.diary.day)))

    def _choose_end(self, how: float, begun_on: date, lasts: int, until: date) -> date:
        """Earlier than was told, on the day, or written down a little later."""
        if how < 0.4:
            return self.days.after(begun_on, self.dice.randint(1, lasts))
        return until if how < 0.8 else self.days.after(until, self.dice.randint(1, 2))

    def _reassign(self) -> None:
        other: Person = self.dice.choice(self.staff.clerks[self.case_agency])
        head = self.staff.heads[self.case_agency]
        if other is not self.clerk:
            data: dict[str, Any] = {"to": str(other.staff_id), "from": str(self.clerk.staff_id), "reason": "分工调整"}
            self.diary.write("reassigned", D, head.staff_id, **data)
            self.clerk = other

    def _end(self, ending: str) -> None:
        reasons: list[JsonValue] = ["不符合条件"] if ending == "refused" and self.dice.random() >= SILENT else []
        data: dict[str, Any] = {"on": self.diary.today, "by": "clerk", "reasons": reasons, "legal_ground": GROUND}
        if ending == "refused":
            data["appeal"] = {"zh-CN": "可以自收到本决定之日起六十日内申请行政复议。"}
        self._write(ending, **(data if ending in ("granted", "refused") else {"reason": "申请人撤回"}))
        self.ended = True

    # after the decision

    def _deliver(self) -> None:
        late = self.dice.random() < LATE_DELIVERY
        within = (
            self.dice.randint(self.terms.delivery_days, self.terms.delivery_days + 4)
            if late
            else self.dice.randint(0, 8)
        )
        decided_on, issued = self.diary.day, self.dice.randint(0, min(1, within))
        self._turn_by(issued)
        self.diary.write("certificate_issued", H, certificate_no=self.case.case_no, on=self.diary.today)
        if self.case.delivery == "post":
            self._post(decided_on, within)
            return
        self.diary.turn_to(self.days.after(decided_on, within))
        online = self.case.delivery == "electronic"
        self.diary.write(
            "collected_online" if online else "handed_over", A if online else C, None if online else self.clerk.staff_id
        )

    def _post(self, decided_on: date, within: int) -> None:
        self._write("posted", carrier="EMS")
        if self.dice.random() < 0.1:
            self._turn_by(1)
            self._write("delivery_failed", reason="无人签收")
            self._write("posted", carrier="EMS")
        self.diary.turn_to(max(self.diary.day, self.days.after(decided_on, within)))
        self._write("delivery_proven", proof="签收")

    # days

    @property
    def case_agency(self) -> str:
        """The slug of the agency whose case it is."""
        return self.service.agency

    def _write(self, name: str, **data: JsonValue) -> None:
        self.diary.write(name, C, self.clerk.staff_id, **data)

    def _turn_by(self, count: int) -> None:
        if count:
            self.diary.turn_to(self.days.after(self.diary.day, count))

    def _count_used(self) -> int:
        """Days of the decision clock that are used today."""
        days = self.days.between(self.accepted_on, self.diary.day)
        return sum(1 for on in days if not any(first < on <= last for first, last in self.excluded))

    def _turn_to_count(self, count: int) -> None:
        self._turn_by(max(0, count - self._count_used()))
