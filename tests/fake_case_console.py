"""The fake console's store with cases in it: one transaction over the books of the staff and the tables of the counter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from services.audit_record import StaffChange
from services.case_desk import CaseDesk
from services.case_errors import FileRefused
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import UNNUMBERED, open_case
from services.case_ports import JudgedFile, Registers
from services.case_record import Hand
from services.console_ports import ConsoleTransaction
from services.mapping import ServiceMapping
from services.model import JsonValue, RegisterEntry
from services.staffing import AgencyTree
from services.till import business_day
from tests.case_samples import make_case
from tests.counter_office import APPLICANT, CONFIRMED, TOWN, FakeWindowAccounts
from tests.fake_case_books import make_calendar
from tests.fake_cases import FakeSlipPress, make_case_desk
from tests.fake_families import FakeBusinessRegister, FakeFamilyRegister, FakePeopleRegister, FakeTownRegisters
from tests.fake_mappings import FakeMappingConsole
from tests.fake_privacy import FakePrivacy, Shelf
from tests.fake_readings import FakeAudit
from tests.fake_store import FakeStore, Tables
from tests.fake_window import Drawers, FakeTills, FakeWindowPayments
from tests.fakes import FakeClock, FakeDirectory


class PlainJudge:
    """Implements ``case_ports.FileJudge`` by the first bytes alone."""

    def judge(self, content: bytes) -> JudgedFile:
        for start, kind in ((b"%PDF", "application/pdf"), (b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg")):
            if content.startswith(start):
                return JudgedFile(kind, 1, content)
        raise FileRefused(detail={"rule": "type"})


CASE_STORES = (
    "cases", "drafts", "files", "mandates", "ratings", "notices", "slips", "calendars", "claims", "jobs", "readings", "months",
    "alerts", "census", "slowness", "consents", "rights",
)  # fmt: skip


class FakeCaseConsole(FakeMappingConsole):
    """The console's store of a test, with everything that cases need."""

    def __init__(self, tree: AgencyTree, clock: FakeClock) -> None:
        super().__init__(tree, clock)
        self.counter, self.drawers, self.shelf = FakeStore(), Drawers(), Shelf()
        self.changes: list[StaffChange] = []
        calendar = make_calendar()
        self.tables.counter.calendars[calendar.region, calendar.version] = calendar

    @property
    def tables(self) -> Tables:
        """Cases and what belongs to them."""
        return self.counter.tables

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[ConsoleTransaction]:
        """One transaction: rolled back in both books."""
        with (
            self.drawers.keep_or_undo(),
            self.counter.begin(agencies) as cases,
            super().begin(agencies) as tx,
        ):
            loose: Any = tx
            scope = frozenset(agencies)
            loose.payments = FakeWindowPayments(cases, self.counter, scope)
            loose.tills = FakeTills(self.drawers, scope)
            loose.privacy = FakePrivacy(self.shelf, scope)
            for name in CASE_STORES:
                setattr(loose, name, getattr(cases, name))
            loose.accounts = FakeWindowAccounts(cast("Any", self))
            loose.audit = FakeAudit(self.counter.tables.counter, scope, self.changes)
            yield tx


class Cases:
    """Makes cases in such a console, as citizens and the house would."""

    def __init__(self, store: FakeCaseConsole, mapping: ServiceMapping, agency_id: UUID, **agencies: UUID) -> None:
        self.store, self.mapping, self.agency_id = store, mapping, agency_id
        self.slips = FakeSlipPress()
        slugs = {slug: one for one, slug in store.tree.slugs.items()}
        root = next(one for one, parent in store.tree.parents.items() if parent is None)
        self.directory = FakeDirectory({"demo-city": root, **slugs, **agencies})
        self.registers = FakeTownRegisters({number: RegisterEntry(name, None) for number, name in TOWN.items()})
        made = make_case_desk(
            mapping, house=cast("Any", store), clock=store.clock, directory=self.directory, slips=self.slips
        )
        business, family, people = (
            FakeBusinessRegister(self.registers),
            FakeFamilyRegister(self.registers),
            FakePeopleRegister(self.registers),
        )
        self.desk: CaseDesk = replace(made, registers=Registers(business, family, people))

    @property
    def everybody(self) -> tuple[UUID, ...]:
        """Every agency."""
        return tuple(self.store.tree.parents)

    def load(self, case_id: UUID) -> CaseFile:
        """The file as it is now."""
        with self.store.begin(self.everybody) as tx:
            return load_case(tx, case_id)

    def receive(
        self, *, brought: Sequence[str] = ("proof_of_premises", "floor_plan"), agency_id: UUID | None = None, **changes: Any
    ) -> CaseFile:  # fmt: skip
        """A case that an applicant handed in, its licence confirmed by the register."""
        now: datetime = self.store.clock.now()
        case = make_case(
            agency_id or self.agency_id, now, case_no=UNNUMBERED, service=self.mapping.id, received_on=business_day(now),
            **({"applicant": APPLICANT} | changes),
        )  # fmt: skip
        materials: dict[str, JsonValue] = {
            name: {
                "files": [
                    {"file_id": str(uuid4()), "title": f"{name}.png", "media_type": "image/png", "size_bytes": 100}
                ],
                "vouched": False,
            }
            for name in brought
        }
        with self.store.begin(self.everybody) as tx:
            data: dict[str, JsonValue] = {"materials": materials, "promises": ["promise"]}
            file = open_case(self.desk, tx, case, Move("case_received", Hand.APPLICANT, data))
        return self.write(file.case.case_id, "material_fetched", Hand.HOUSE, CONFIRMED)

    def write(self, case_id: UUID, event: str, hand: Hand, data: dict[str, Any] | None = None) -> CaseFile:
        """An event that somebody else than the staff makes."""
        with self.store.begin(self.everybody) as tx:
            return write_move(self.desk, tx, load_case(tx, case_id), Move(event, hand, data or {}))
