"""An office of which patterns are shown: two clerks, supervision beside, above and elsewhere; the evidence are real cases of the office."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.case_clocks import calendar_of, terms_of
from services.case_file import CaseFile
from services.months import Month, month_of
from services.slowness_record import Finding, Kind, Pattern, PatternRun, Share
from services.slowness_rules import RULE, Sign, make_evidence
from services.slowness_tally import list_thresholds
from services.staffing import Role, StaffMember
from services.till import business_day
from tests.unit.gateway.console.office import LEFT, RIGHT, ROOT, Browser
from tests.unit.gateway.console.supervised import Watched

ANSWER = "三件均在等待消防部门的现场核查"


class Patterned(Watched):
    """The watched office, with a pattern of its first clerk."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere = self.hire(RIGHT, Role.SUPERVISOR, login="right.watch")
        self.stopped = [self.stop_clock(days) for days in (6, 8, 7)]
        self.pattern = self.show(self.clerk, Kind.STOPPED, self.stopped)

    def stop_clock(self, days: int) -> CaseFile:
        """A case whose clock the clerk stopped some days after it was accepted."""
        file = self.accept(self.clerk)
        self.wait(days)
        today = business_day(self.clock.now())
        until = today + timedelta(days=4)
        told: dict[str, Any] = {
            "code": "inspection",
            "legal_ground": "《行政许可法》第四十五条",
            "days": 4,
            "reason": "需要核查",
        }
        file = self.move(file, "special_began", self.clerk, on=today.isoformat(), until_on=until.isoformat(), **told)
        self.wait(4)
        file = self.move(file, "special_ended", self.clerk, on=until.isoformat(), result="完成")
        self.wait(1)
        return self.move(file, "granted", self.clerk, on=business_day(self.clock.now()).isoformat())

    def make(self, member: StaffMember, kind: Kind, files: Sequence[CaseFile], number: int = 0) -> Pattern:
        """A pattern as the rules would give it."""
        month, terms = self.month, terms_of(self.licence)
        with self.store.begin(self.cases.everybody) as tx:
            calendar = calendar_of(tx, terms.region)
        sign = Sign(kind, member.staff_id, True, {"days_left": 1, "stopped_days": 4})
        evidence = tuple(make_evidence(file, sign, terms, calendar, month) for file in files)
        finding = Finding(
            LEFT, self.licence.id, member.staff_id, kind, number, str(month), str(month), Share(17, 34), Share(1, 276), 9,
            Share(0, 6) if kind is Kind.FAVOURED else Share(), 324, 676, 0, 21, "9.8e-18", evidence,
        )  # fmt: skip
        return Pattern(self.new_id(), finding, RULE, list_thresholds(), 416, self.clock.now())

    def show(self, member: StaffMember, kind: Kind, files: Sequence[CaseFile], number: int = 0) -> UUID:
        """The rules ran for a month and gave this one pattern."""
        made = self.make(member, kind, files, number)
        run = PatternRun(
            ROOT, f"{len(self.store.tables.counter.pattern_runs) + 2020}-01", RULE, 416, 1, self.clock.now()
        )
        with self.store.begin(self.cases.everybody) as tx:
            assert tx.slowness.keep(run, [made])
        return made.pattern_id

    @property
    def month(self) -> Month:
        """The month of now."""
        return month_of(self.clock.now())

    def note(self, browser: Browser, name: str, pattern_id: UUID | None = None, **fields: str) -> Any:
        """A form of the supervision office's page, as that page now is."""
        address = f"/supervision/patterns/{pattern_id or self.pattern}"
        seen = re.search(r'name="seen_version" value="([0-9]+)"', browser.get(address).get_data(as_text=True))
        return browser.post(f"{address}/{name}", {"seen_version": seen.group(1) if seen else "1", **fields})

    def steps(self, pattern_id: UUID | None = None) -> list[str]:
        """What happened to a pattern."""
        return [event.name for event in self.store.tables.counter.pattern_events[pattern_id or self.pattern]]
