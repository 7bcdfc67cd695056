"""What happened in a month, and months that were closed, in memory; and a ledger of their digests."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from services.case_record import CaseRow, Complaint, ComplaintEvent, Rating
from services.case_stores import NO_CHAIN
from services.complaints import BAD_RATING, COMPLAINT
from services.errors import ExposureUnavailable
from services.month_record import Account, ClosedMonth, Figures, Seals, StatisticsLeaf
from services.ports import Clock
from tests.fake_case_tables import CaseRows, CaseTables


class FakeMonths(CaseRows):
    """Implements ``month_record.MonthStore``. The rows of a case come without anybody in them, as those of PostgreSQL do."""

    def walk_cases(self, since: datetime, until: datetime) -> Iterator[CaseRow]:
        for case in list(self.tables.cases.values()):
            events = self.tables.events[case.case_id]
            if case.agency_id in self.agencies and any(since <= event.at < until for event in events):
                bare = replace(
                    case, person_id=None, login_id=None, chain_id=NO_CHAIN, principal_chain_id=NO_CHAIN,
                    organisation_id=None, mandate_id=None, applicant={}, agent=None, inputs={},
                )  # fmt: skip
                yield bare, list(events)

    def walk_ratings(self, since: datetime, until: datetime) -> Iterator[Rating]:
        for rating in sorted(
            self.tables.ratings.values(), key=lambda one: (one.agency_id, one.rated_at, one.rating_id)
        ):
            if rating.agency_id in self.agencies and since <= rating.rated_at < until:
                yield replace(rating, tags=(), words="", person_id=None)

    def walk_struck(self, since: datetime, until: datetime) -> Iterator[Rating]:
        for complaint in self._list_dismissed(since, until, BAD_RATING):
            if complaint.rating_id is not None:
                yield replace(self.tables.ratings[complaint.rating_id], tags=(), words="", person_id=None)

    def walk_complaints(self, since: datetime, until: datetime) -> Iterator[Complaint]:
        for complaint in self.tables.complaints.values():
            mine = complaint.agency_id in self.agencies and complaint.kind == COMPLAINT
            if mine and since <= complaint.filed_at < until:
                yield replace(complaint, words="", person_id=None)

    def walk_dismissed(self, since: datetime, until: datetime) -> Iterator[Complaint]:
        for complaint in self._list_dismissed(since, until, COMPLAINT):
            yield replace(complaint, words="", person_id=None)

    def walk_complaint_events(self, since: datetime, until: datetime) -> Iterator[tuple[Complaint, ComplaintEvent]]:
        for complaint in self.tables.complaints.values():
            for event in self.tables.complaint_events[complaint.complaint_id]:
                if complaint.agency_id in self.agencies and since <= event.at < until:
                    yield replace(complaint, words="", person_id=None), replace(event, data={})

    def seal(self, digest: bytes, like: bytes = b"") -> bytes:
        return b"fake" + hmac.new(b"the key of the fake house", digest, hashlib.sha256).digest()

    def _list_dismissed(self, since: datetime, until: datetime, kind: str) -> list[Complaint]:
        ended = {
            complaint_id
            for complaint_id, events in self.tables.complaint_events.items()
            if any(event.name == "dismissed" and since <= event.at < until for event in events)
        }
        rows = (self.tables.complaints[one] for one in ended)
        return [one for one in rows if one.kind == kind and one.agency_id in self.agencies]

    def find_first(self) -> datetime | None:
        received = [one.received_at for one in self.tables.cases.values() if one.agency_id in self.agencies]
        return min(received, default=None)

    def close(self, closed: ClosedMonth, figures: Figures, seals: Seals | None = None) -> bool:
        self.require(closed.agency_id)
        if closed.month in self.tables.months:
            return False
        for agency_id, _, _ in figures:
            self.require(agency_id)
        kept = {account: dict(numbers) for account, numbers in figures.items() if any(numbers.values())}
        self.tables.months[closed.month] = (closed, kept)
        self.tables.month_seals[closed.month] = dict(seals or {})
        return True

    def load(self, month: str) -> ClosedMonth | None:
        found = self.tables.months.get(month)
        return found[0] if found else None

    def list_closed(self, limit: int, before: str | None = None) -> list[ClosedMonth]:
        known = sorted((month for month in self.tables.months if before is None or month < before), reverse=True)
        return [self.tables.months[month][0] for month in known[:limit]]

    def load_figures(self, agencies: Sequence[UUID], months: Sequence[str]) -> Mapping[str, Figures]:
        found: dict[str, Figures] = {}
        for month in months:
            kept = self.tables.months.get(month)
            mine = (
                {one: kept[1][one] for one in kept[1] if one[0] in agencies and one[0] in self.agencies} if kept else {}
            )
            if mine:
                found[month] = mine
        return found

    def load_sums(self, agencies: Sequence[UUID], months: Sequence[str]) -> Mapping[str, Figures]:
        found: dict[str, dict[Account, Counter[str]]] = {}
        for month, figures in self.load_figures(agencies, months).items():
            for (agency_id, service, _), numbers in figures.items():
                sums = found.setdefault(month, {}).setdefault((agency_id, service, None), Counter())
                sums.update(numbers)
        return found

    def load_seals(self, month: str) -> Seals:
        kept = self.tables.month_seals.get(month, {})
        return {place: seal for place, seal in kept.items() if place.agency_id in self.agencies}

    def list_leaves(self, month: str) -> list[StatisticsLeaf]:
        return [leaf for of, leaf in self.tables.leaves if of == month]


@dataclass
class FakeStatisticsLedger:
    """Implements ``month_record.StatisticsLedger`` beside a house's tables: what it took stays, whatever becomes of a transaction."""

    clock: Clock
    appended: list[tuple[str, StatisticsLeaf]] = field(default_factory=list)
    down: bool = False

    def join(self, tables: CaseTables) -> FakeStatisticsLedger:
        """Let the store of months read this ledger."""
        tables.leaves = self.appended
        return self

    def append_statistics(self, agency_id: UUID, month: str, digest: str) -> UUID:
        if self.down:
            raise ExposureUnavailable
        for of, leaf in self.appended:
            if (of, leaf.digest) == (month, digest):
                return leaf.record_id
        leaf = StatisticsLeaf(uuid4(), digest, self.clock.now())
        self.appended.append((month, leaf))
        return leaf.record_id
