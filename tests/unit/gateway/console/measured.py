"""An office with closed months: two levels, four services, people who work fast, like the others, or on too little; a ledger that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.month_record import Account, ClosedMonth, Figures, StatisticsLeaf
from services.months import Month, list_months
from services.staffing import Role
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT, Office
from tests.unit.services.test_month_comparison import hold

LAST = Month(2026, 10)
CARD, CERTIFICATE = "elder-card", "company-certificate"


class Measured(Office):
    """Months till October 2026; Ann is the fastest of the left office, Cid has few cases, Eve works at the branch below."""

    def __init__(self, months: int = 24) -> None:
        super().__init__()
        self.ann, self.ben, self.cid = (self.hire(LEFT, Role.CLERK) for _ in range(3))
        self.eve = self.hire(CHILD, Role.CLERK)
        self.other = self.hire(RIGHT, Role.CLERK)
        self.head, self.top = self.hire(LEFT, Role.HEAD), self.hire(ROOT, Role.SUPERVISOR)
        for clerk, name in zip((self.ann, self.ben, self.cid, self.eve), ("安雅", "贝宁", "希德", "伊芙"), strict=True):
            self.rename(clerk.staff_id, name)
        self.licensed = self.licence.id
        first = Month(LAST.year - (months - 1) // 12, LAST.number)
        for _ in range((months - 1) % 12):
            first = first.preceding
        for number, month in enumerate(list_months(first, LAST) if months else []):
            self.close(month, self.count(number))

    def rename(self, staff_id: UUID, name: str) -> None:
        """A name that a page shows."""
        members = self.store.books.members
        members[staff_id] = replace(members[staff_id], name=name)

    def count(self, number: int) -> dict[Account, dict[str, int]]:
        """The figures of the month with this number: a little different each time, Ann fast, late cases with Ben now and then."""
        ann = [3, 4, 4, 5] * 6 + [4] * (number % 3)
        ben = [8, 9, 10, 11] * 7 + [7] * (number % 5)
        late = 1 + number % 2
        return {
            (LEFT, self.licensed, self.ann.staff_id): close_cases(ann, 0),
            (LEFT, self.licensed, self.ben.staff_id): {
                **close_cases(ben, late), "refused": 2, "granted": len(ben) - 2, "complaints_against": 1,
            },
            (LEFT, self.licensed, self.cid.staff_id): close_cases([4, 5, 6], 0),
            (LEFT, self.licensed, None): {
                "received": 62 + number % 7, "corrected": 9, "ended_before": 1, "complaints": 1, "delivered": 50,
                "ratings_5": 20, "ratings_4": 11, "ratings_3": 2, "ratings_1": 2,
            },
            (LEFT, CARD, self.ann.staff_id): close_cases([1, 2] * 15, 0),
            (LEFT, CERTIFICATE, self.ben.staff_id): close_cases([6, 7 + number % 4] * 8, 0),
            (CHILD, self.licensed, self.eve.staff_id): {**close_cases([15] * 22, 12), "received": 25},
            (RIGHT, CARD, self.other.staff_id): {**close_cases([777], 1), "received": 31_337},
        }  # fmt: skip

    def close(self, month: Month, figures: Figures, digest: str = "") -> ClosedMonth:
        """Keep a month and append its leaf."""
        record = UUID(int=month.year * 100 + month.number)
        digest = digest or f"{month.year * 100 + month.number:064x}"
        closed = ClosedMonth(ROOT, str(month), digest, record, {"CN": 3}, {self.licensed: (1,)}, month.ends_at)
        self.append_leaf(month, record, digest)
        with self.store.begin(self.cases.everybody) as tx:
            assert tx.months.close(closed, figures)
        return closed

    def append_leaf(self, month: Month, record: UUID, digest: str) -> None:
        """The ledger says it."""
        self.store.tables.counter.leaves.append((str(month), StatisticsLeaf(record, digest, month.ends_at)))


def close_cases(days: Sequence[int], late: int) -> dict[str, int]:
    """Cases that somebody held for so many days each and closed, with a promise of ten days and a statutory limit of twenty."""
    count = len(days)
    return {
        **hold(list(days)), "accepted": count, "accepted_with_gap": 2, "corrections": 4, "closed": count, "granted": count,
        "working_days": sum(days), "squared_days": sum(day * day for day in days), "promised_days": 10 * count,
        "statutory_days": 20 * count, "suspended_days": 5, "suspensions": 1, "late": late,
    }  # fmt: skip
