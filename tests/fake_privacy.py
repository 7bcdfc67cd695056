"""A hand-written store of the privacy officer's room: sums in a list, sheets in a dict, limited to the agencies of the transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from services.privacy_record import (
    Breach,
    BreachAsked,
    BreachFound,
    By,
    Counted,
    FieldSum,
    Holder,
    OrderOwner,
    Span,
    SumFilter,
)


@dataclass(frozen=True)
class SumRow:
    """Records of one day that are alike; ``fields`` are those that each of them holds."""

    agency_id: UUID
    on: date
    count: int
    fields: tuple[str, ...]
    platform: str = "wechat"
    account: str = "wechat-main"
    service: str = "gas-bill"
    version: int = 1
    purpose: str = "see_bills"
    direction: str = "shown_in_client"


@dataclass
class Shelf:
    """All that the fake keeps."""

    rows: list[SumRow] = field(default_factory=list)
    counted: Counted = field(default_factory=lambda: Counted(0, None))
    breaches: dict[UUID, Breach] = field(default_factory=dict)
    holders: dict[UUID, list[Holder]] = field(default_factory=dict)
    orders: dict[str, OrderOwner] = field(default_factory=dict)

    def find(self, sheet_id: UUID, at: datetime, holders: Sequence[Holder], **numbers: int) -> None:
        """As the worker does."""
        told = {
            "records": 0,
            "unattributed": 0,
            "people": len(holders),
            "households": 0,
            "numbers": 0,
            "erased": 0,
        } | numbers
        fields = Counter(name for one in holders for name in one.fields)
        found = BreachFound(at=at, **told, fields=dict(fields))
        self.breaches[sheet_id] = replace(self.breaches[sheet_id], found=found)
        self.holders[sheet_id] = list(holders)


class FakePrivacy:
    """Implements ``privacy_record.PrivacyStore``."""

    def __init__(self, shelf: Shelf, scope: frozenset[UUID]) -> None:
        self.shelf, self.scope = shelf, scope

    def _seen(self, wanted: SumFilter, span: Span) -> list[SumRow]:
        since = wanted.since.replace(day=1) if span is Span.MONTH else wanted.since
        names = ("platform", "service", "purpose", "direction", "account")
        return [
            row
            for row in self.shelf.rows
            if row.agency_id in self.scope
            and since <= row.on <= wanted.until
            and all(getattr(wanted, name) in ("", getattr(row, name)) for name in names)
            and (not wanted.field or wanted.field in row.fields)
        ]

    def read_counted(self) -> Counted:
        return self.shelf.counted

    def read_course(self, wanted: SumFilter, span: Span) -> list[tuple[date, str, int]]:
        found: Counter[tuple[date, str]] = Counter()
        for row in self._seen(wanted, span):
            found[row.on.replace(day=1) if span is Span.MONTH else row.on, row.platform] += row.count
        return sorted((on, platform, count) for (on, platform), count in found.items())

    def read_groups(self, wanted: SumFilter, span: Span, by: By) -> list[tuple[str, str, int]]:
        found: Counter[tuple[str, str]] = Counter()
        for row in self._seen(wanted, span):
            fields = [one for one in row.fields if wanted.field in ("", one)]
            keys = fields if by is By.FIELD else [str(getattr(row, by.value))]
            for key in keys:
                found[key, row.platform] += row.count
        return [(key, platform, count) for (key, platform), count in found.most_common()]

    def read_fields(self, wanted: SumFilter, span: Span) -> list[FieldSum]:
        found: Counter[tuple[str, int, str, str, str]] = Counter()
        for row in self._seen(wanted, span):
            for name in ("", *row.fields):
                found[row.service, row.version, row.platform, row.direction, name] += row.count
        return [FieldSum(*cells, count) for cells, count in sorted(found.items())]

    def list_accounts(self) -> list[tuple[str, str]]:
        return sorted({(row.platform, row.account) for row in self.shelf.rows if row.agency_id in self.scope})

    def list_joined(self, person_id: UUID) -> list[UUID]:
        return [person_id]

    def find_order(self, order_no: str) -> OrderOwner | None:
        order = self.shelf.orders.get(order_no)
        return order if order is not None and order.agency_id in self.scope else None

    def ask_breach(self, asked: BreachAsked) -> None:
        assert asked.agency_id in self.scope, "row-level security"
        self.shelf.breaches[asked.sheet_id] = Breach(asked)

    def list_breaches(self, limit: int) -> list[Breach]:
        mine = [one for one in self.shelf.breaches.values() if one.asked.agency_id in self.scope]
        return sorted(mine, key=lambda one: one.asked.sheet_id, reverse=True)[:limit]

    def load_breach(self, sheet_id: UUID) -> Breach | None:
        return next((one for one in self.list_breaches(10_000) if one.asked.sheet_id == sheet_id), None)

    def list_holders(self, sheet_id: UUID, after: int, limit: int) -> Sequence[Holder]:
        if self.load_breach(sheet_id) is None:
            return []
        return [one for one in self.shelf.holders.get(sheet_id, []) if one.number > after][:limit]
