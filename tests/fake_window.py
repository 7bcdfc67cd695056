"""The console's store for money at the window, in memory, over the same tables as the citizens' store; and a hall with clerks in it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID, uuid4

from services.alert_record import AlertStore
from services.cash_till import PIECES_FEN, CashTill, Method, TillEvent, TillFile, TillState
from services.console_ports import StaffStore
from services.errors import VersionTaken
from services.mapping import ServiceMapping
from services.model import Payment, PaymentEvent, PaymentState, PlatformName
from services.payment_events import PaymentFile
from services.reading_record import ReadingStore
from services.staffing import Act, Actor, AgencyTree, Role, RoleHeld, StaffMember
from services.window_money import Taking
from services.window_payments import Wanted
from services.window_ports import WindowTransaction
from services.window_record import OrderHead
from services.window_returns import ReturnRoom
from services.window_tills import TillRoom
from tests.fake_city import CATALOGUE, GAS_NO, City
from tests.fake_console import Books, FakeActs
from tests.fake_store import FakeStore, FakeTransaction
from tests.fakes import FakeLimiter


@dataclass
class Drawers:
    """Tills and their events."""

    tills: dict[UUID, CashTill] = field(default_factory=dict)
    events: dict[UUID, list[TillEvent]] = field(default_factory=dict)

    @contextmanager
    def keep_or_undo(self) -> Iterator[None]:
        """As they were, if anything goes wrong."""
        before = copy.deepcopy(self)
        try:
            yield
        except BaseException:
            self.tills, self.events = before.tills, before.events
            raise


class FakeTills:
    """Implements ``cash_till.TillStore``."""

    def __init__(self, drawers: Drawers, scope: frozenset[UUID]) -> None:
        self.drawers, self.scope = drawers, scope

    def open(self, till: CashTill, event: TillEvent) -> None:
        assert till.agency_id in self.scope, "row-level security"
        taken = any(
            one.till_id == till.till_id or (one.staff_id, one.number) == (till.staff_id, till.number)
            for one in self.drawers.tills.values()
        )
        if taken:
            raise VersionTaken
        self.drawers.tills[till.till_id] = till
        self.append(till.agency_id, event)

    def append(self, agency_id: UUID, event: TillEvent) -> None:
        assert agency_id in self.scope, "row-level security"
        events = self.drawers.events.setdefault(event.till_id, [])
        if any(one.version == event.version for one in events):
            raise VersionTaken
        assert not events or events[-1].state is not TillState.CLOSED, "the database refuses it"
        assert event.version == len(events) + 1, "the database refuses it"
        events.append(event)

    def load(self, till_id: UUID) -> TillFile | None:
        till = self.drawers.tills.get(till_id)
        return self._file(till) if till is not None and till.agency_id in self.scope else None

    def latest_of(self, staff_id: UUID) -> TillFile | None:
        own = [one for one in self.drawers.tills.values() if one.staff_id == staff_id and one.agency_id in self.scope]
        return self._file(max(own, key=lambda one: one.number)) if own else None

    def list_recent(self, agencies: Sequence[UUID], limit: int, before: UUID | None = None) -> list[TillFile]:
        found = [one for one in self.drawers.tills.values() if one.agency_id in self.scope & set(agencies)]
        found = [one for one in found if before is None or one.till_id < before]
        return [self._file(one) for one in sorted(found, key=lambda one: one.till_id, reverse=True)[:limit]]

    def list_counted(self, agencies: Sequence[UUID], limit: int) -> list[TillFile]:
        return [one for one in self.list_recent(agencies, limit)[::-1] if one.state is TillState.COUNTED]

    def _file(self, till: CashTill) -> TillFile:
        return TillFile(till, tuple(self.drawers.events[till.till_id]))


class FakeWindowPayments:
    """Implements ``window_record.WindowPayments``: refuses what the database refuses to the console's role."""

    def __init__(self, tx: FakeTransaction, store: FakeStore, scope: frozenset[UUID]) -> None:
        self.payments, self.tables, self.scope = tx.payments, store.tables, scope

    def open(self, payment: Payment, event: PaymentEvent) -> None:
        assert payment.platform is PlatformName.WINDOW, "the database refuses it"
        self.payments.open(payment, event)

    def append(self, agency_id: UUID, event: PaymentEvent) -> None:
        own = self.tables.payments[event.payment_id].platform is PlatformName.WINDOW
        assert own or event.name == "cancel_requested", "the database refuses it"
        assert event.state is not PaymentState.WRITTEN_OFF, "the database refuses it"
        self.payments.append(agency_id, event)

    def load(self, payment_id: UUID) -> tuple[Payment, list[PaymentEvent]] | None:
        found = self.payments.load(payment_id)
        return found if found is not None and found[0].platform is PlatformName.WINDOW else None

    def load_many(self, payment_ids: Sequence[UUID]) -> list[tuple[Payment, list[PaymentEvent]]]:
        return [found for one in payment_ids if (found := self.load(one)) is not None]

    def find_by_receipt(self, sequence_no: str) -> UUID | None:
        own = (row for row in self.tables.payments.values() if row.platform is PlatformName.WINDOW)
        return next((row.payment_id for row in own if row.sequence_no == sequence_no), None)

    def find_head(self, payment_id: UUID) -> OrderHead | None:
        found = self.payments.load(payment_id)
        if found is None:
            return None
        payment, events = found
        last = events[-1]
        return OrderHead(payment.agency_id, payment_id, payment.platform, payment.created_at, last.state, last.version)

    def list_returns(self, limit: int) -> list[UUID]:
        ended = {PaymentState.REFUNDED, PaymentState.WRITTEN_OFF}
        return sorted(
            one
            for one, events in self.tables.events.items()
            if self.tables.payments[one].platform is PlatformName.WINDOW
            and self.tables.payments[one].agency_id in self.scope
            and any(event.state is PaymentState.REFUND_DUE or event.name == "return_asked" for event in events)
            and not any(event.state in ended for event in events)
        )[:limit]


@dataclass
class FakeWindowTransaction:
    """Implements ``window_ports.WindowTransaction``."""

    payments: FakeWindowPayments
    tills: FakeTills
    acts: FakeActs
    claims: Any
    jobs: Any
    staff: StaffStore
    readings: ReadingStore
    alerts: AlertStore


class FakeWindowHouse:
    """Implements ``window_ports.WindowHouse`` over the citizens' fake store: one transaction for all of it, or nothing."""

    def __init__(self, store: FakeStore) -> None:
        self.store, self.drawers, self.books = store, Drawers(), Books()

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[WindowTransaction]:
        scope = frozenset(agencies)
        with self.store._lock:
            tables = self.store.tables
            before, acts = copy.deepcopy(self.drawers), list(self.books.acts)
            try:
                with self.store.begin(agencies) as tx:
                    payments = FakeWindowPayments(tx, self.store, scope)
                    acts_of = FakeActs(self.books, scope, down=False)
                    yield FakeWindowTransaction(
                        payments,
                        FakeTills(self.drawers, scope),
                        acts_of,
                        tx.claims,
                        tx.jobs,
                        cast("StaffStore", None),
                        tx.readings,
                        tx.alerts,
                    )
            except BaseException:
                if self.store.tables is not tables:  # rolled back; killed after the commit, everything stays
                    self.drawers, self.books.acts = before, acts
                raise


@dataclass(frozen=True)
class _Offered:
    """The catalogue, with its bill services offered at the window as well."""

    catalogue: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalogue, name)

    def service(self, service: str) -> ServiceMapping:
        return _at_window(self.catalogue.service(service))

    def service_at(self, service: str, version: int) -> ServiceMapping:
        return _at_window(self.catalogue.service_at(service, version))


def _at_window(mapping: ServiceMapping) -> ServiceMapping:
    channels = tuple(dict.fromkeys((*mapping.channels, "window")))
    return replace(mapping, channels=channels)


class Hall:
    """A city with a hall: clerks and a head at tills, the company behind them, citizens with their telephones outside."""

    def __init__(self) -> None:
        self.city = City()
        self.city.add_bill()
        self.house = FakeWindowHouse(self.city.store)
        self.city.till = replace(self.city.till, catalogue=cast("Any", _Offered(CATALOGUE)))
        self.money = ReturnRoom(self.city.till, self.house, FakeLimiter(self.city.clock))
        self.tills = TillRoom(self.house, self.city.clock, self.city.till.new_id)
        ids = {
            slug: self.city.directory.agency_id(slug) for slug in ("demo-city", "demo-gas-office", "demo-water-office")
        }
        self.ids = ids
        self.tree = AgencyTree(
            {one: None if slug == "demo-city" else ids["demo-city"] for slug, one in ids.items()},
            {one: slug for slug, one in ids.items()},
        )
        self.li, self.zhao = self.hire(Role.CLERK), self.hire(Role.CLERK)
        self.head = self.hire(Role.HEAD)

    def hire(self, *roles: Role, agency: str = "demo-gas-office") -> Actor:
        """Somebody of the staff with roles in one agency."""
        now, place = self.city.clock.now(), self.ids[agency]
        member = StaffMember(uuid4(), place, f"m{uuid4().hex[:8]}", "职员", now)
        held = tuple(RoleHeld(uuid4(), member.staff_id, place, role, now) for role in roles)
        return Actor(member, held, self.tree, "request-9")

    def open_till(self, actor: Actor | None = None, float_fen: int = 20_000) -> TillFile:
        """A till with a float in it."""
        return self.tills.open_till(actor or self.li, self.city.till.new_id(), make_pieces(float_fen))

    def wanted(self, bill_no: str = "G-1", amount_fen: int = 8640) -> Wanted:
        """The gas bill as the page shows it."""
        return Wanted("gas-bill", GAS_NO, bill_no, amount_fen)

    def hold(self, actor: Actor | None = None, payment_id: UUID | None = None, **bill: Any) -> PaymentFile:
        """The bill held for whoever stands there."""
        return self.money.hold_bill(actor or self.li, payment_id or self.city.till.new_id(), self.wanted(**bill))

    def take(self, file: PaymentFile, actor: Actor | None = None, taking: Taking | None = None) -> PaymentFile:
        """The money taken."""
        return self.money.take_money(actor or self.li, file.payment.payment_id, taking or CASH)

    def file(self, file: PaymentFile) -> PaymentFile:
        """As it is now."""
        return self.city.file(file.payment.payment_id)

    def own(self, actor: Actor | None = None) -> TillFile:
        """The clerk's till as it is now."""
        found = self.tills.find_own(actor or self.li)
        assert found is not None
        return found

    def acts(self) -> list[Act]:
        """The book of acts."""
        return self.house.books.acts


def make_pieces(amount_fen: int) -> dict[int, int]:
    """An amount in as few notes and coins as can be."""
    pieces = {}
    for fen in PIECES_FEN:
        pieces[fen], amount_fen = divmod(amount_fen, fen)
    return pieces


CASH = Taking(Method.CASH)
CARD = Taking(Method.CARD, terminal="10002001", reference="123456789012")
