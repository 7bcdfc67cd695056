"""What clerk and head do with a case at the console, step by step, and the independent count by which its deadlines are judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from gateway.demo.applicant import Applicant, Case, find_deadline
from gateway.demo.clerk import Clerk
from gateway.demo.journey import Journey, require
from gateway.demo.pages import Page, Value
from gateway.demo.signing_in import sign_in
from gateway.demo.stage import Stage
from gateway.demo.workdays import count_on, next_working
from services.counter_terms import CounterTerms

CASE_SECONDS = 60.0
"""How long the worker may take for what the demo waits for."""
OK, WRONG = "ok", "wrong"
CHECK, ITEM = "check.", "item."


@dataclass
class Matter:
    """One case as it is played: who applies, who examines, who decides, and what the demo itself reckons of its days."""

    journey: Journey
    stage: Stage
    applicant: Applicant
    terms: CounterTerms
    clerk: Clerk
    head: Clerk
    received_on: date = date.min
    accepted_on: date = date.min
    left_out: list[tuple[date, date]] = field(default_factory=list)

    @property
    def case_id(self) -> str:
        """Under which id it stands everywhere."""
        return self.applicant.case_id

    def come_back(self) -> None:
        """Days later: signed in anew, if the session is over."""
        play = self.applicant.play
        sign_in(self.journey, play.phone, play.service.assurance, self.stage.clock.now())

    def reckon(self, budget: int) -> date:
        """The demo's own count of a limit that runs from acceptance."""
        return count_on(self.accepted_on, budget, self.left_out)

    def check_limits(self, case: Case) -> list[str]:
        """Both deadlines as the demo counts them. Raises ``StepFailed`` for another day."""
        lines = []
        for clock, budget in (("statutory", self.terms.statutory_days), ("promised", self.terms.promised_days)):
            shown, counted = find_deadline(case, clock), self.reckon(budget)
            require(shown == counted, f"the {clock} limit is {shown}, counted by hand it is {counted}")
            lines.append(f"{clock}: {budget} working days from {self.accepted_on} end on {shown}, as counted by hand")
        return lines

    def await_case(self, holds: Callable[[Case], bool], wanted: str) -> Case:
        """Look again until the worker has done it. Raises ``StepFailed`` after ``CASE_SECONDS``."""
        deadline = time.monotonic() + CASE_SECONDS
        case = self.applicant.view()
        while not holds(case):
            require(time.monotonic() < deadline, f"{wanted} did not come; the case is {case['state']}")
            time.sleep(0.15)
            case = self.applicant.view()
        return case


def await_registers(matter: Matter, since: datetime) -> None:
    """What organs issued is fetched, not asked for: each with its checks, register and moment, which is not before ``since``."""
    begun = since.replace(microsecond=0)  # a moment of the API has whole seconds
    with matter.journey.step("the registers give what organs have issued") as told:

        def is_there(case: Case) -> bool:
            fetched = [one for one in case["materials"] if one["level"] == "A"]
            moments = [datetime.fromisoformat(check["at"]) for one in fetched for check in one["checks"]]
            return all(one["standing"] == "fine" for one in fetched) and all(at >= begun for at in moments)

        case = matter.await_case(is_there, "what the registers have")
        for one in case["materials"]:
            for check in one["checks"] if one["level"] == "A" else ():
                require(check["ok"] and check["at"] is not None, f"{one['title']}: {check['what']} does not hold")
                told.append(f"{one['title']}: {check['what']} ({check['register']})")


def judge(page: Page, act: str, fine: list[str], wrong: Mapping[str, str] | None = None) -> dict[str, Value]:
    """What a clerk ticks in the form of an act: these materials in order, those wrong for a ready-made reason (its code)."""
    form, faults = page.find_form(act), wrong or {}
    entered: dict[str, Value] = {f"{CHECK}{name}": OK for name in fine if f"{CHECK}{name}" in form.fields}
    for name, code in faults.items():
        entered |= {f"{CHECK}{name}": WRONG, f"{ITEM}{name}": [code]}
    return entered


def ask_correction(matter: Matter, material: str, code: str) -> None:
    """One notice with everything that is to be put right."""
    with matter.journey.step("the clerk asks once for all corrections") as told:
        clerk, case_id = matter.clerk, matter.case_id
        require(clerk.find_case(matter.applicant.case_no) == case_id, "the search finds another case")
        fine = [name for name in matter.applicant.uploaded if name != material]
        clerk.work(case_id, "ask-corrections", lambda page: judge(page, "/ask-corrections", fine, {material: code}))
        told.append(f"{material}: {code}")


def accept(matter: Matter, missing: list[str]) -> None:
    """Accept: with a dated voucher, and with a gap if something secondary is still to come."""
    with matter.journey.step("the clerk accepts" + (" with a gap" if missing else "")) as told:
        fine = [name for name in matter.applicant.uploaded if name not in missing]
        matter.accepted_on = matter.stage.today
        if not missing:
            matter.clerk.work(matter.case_id, "accept", lambda page: judge(page, "/accept", fine))
            return
        promise = next(name for name, one in matter.terms.materials.items() if one.level == "D")
        until = next_working(matter.stage.today)
        gap: dict[str, Value] = {"missing": missing, "until_on": until.isoformat(), "gap_promise": promise}
        matter.clerk.work(matter.case_id, "accept-with-gap", lambda page: judge(page, "/accept-with-gap", fine) | gap)
        told.append(f"{', '.join(missing)} till {until}")


def check_supplied(matter: Matter, materials: list[str]) -> None:
    """What came afterwards is looked at."""
    with matter.journey.step("the clerk checks what came afterwards"):
        act = "check-materials"
        matter.clerk.work(matter.case_id, act, lambda page: judge(page, f"/{act}", materials))


def begin_special(matter: Matter, code: str) -> date:
    """A special procedure begins, told in writing; the day till which it is told to last."""
    special, today = matter.terms.special[code], matter.stage.today
    with matter.journey.step("a special procedure begins") as told:
        entered = {"code": code, "why": "申请材料所述情况需要专门核实"}
        matter.clerk.work(matter.case_id, "begin-special", lambda _: entered)
        until = count_on(today, special.days)
        matter.left_out.append((today, until))
        told.append(f"{code}: {special.days} working days, till {until}")
    return until


def end_special(matter: Matter) -> None:
    """It ends, earlier than was told: the days that were not needed count again."""
    with matter.journey.step("the special procedure ends"):
        matter.clerk.work(matter.case_id, "end-special", lambda _: {"result": "已核实，符合要求"})
        begins, _ = matter.left_out.pop()
        matter.left_out.append((begins, matter.stage.today))


def fill_alike(entered: Mapping[str, Value], _page: Page) -> Mapping[str, Value]:
    """What is entered whatever the page shows."""
    return entered


def finish_steps(matter: Matter) -> None:
    """Every step but the deciding one, each by whose turn it is; another agency does its step, and takes nothing in hand."""
    for index, step in enumerate(matter.terms.steps[:-1]):
        who = matter.head if step.role == "head" else matter.clerk
        entered = {"step": str(index), "opinion": "经审查，符合规定"}
        with matter.journey.step(f"step {index + 1} is finished" + (f" by {step.agency}" if step.agency else "")):
            who.work(matter.case_id, "finish-step", partial(fill_alike, entered), claim=not step.agency)


def decide(matter: Matter, outcome: str = "granted") -> None:
    """The decision, by another hand than the one that accepted."""
    entered = {
        "outcome": outcome,
        "reasons": "申请材料齐全，符合法定条件",
        "legal_ground": "行政许可法第三十八条第一款",
    }
    with matter.journey.step("the head decides" if matter.terms.two_hands else "the clerk decides"):
        who = matter.head if matter.terms.two_hands else matter.clerk
        who.work(matter.case_id, "decide", lambda _: entered)
