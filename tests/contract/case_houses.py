"""The three roles' ways to the stores of cases: on each PostgreSQL, and the fake of the unit tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.case_ports import CaseHouse, CaseTransaction
from services.case_record import Case, CaseEvent, CaseState, DeskLine
from tests.case_samples import MORNING, make_case, make_case_event, make_line
from tests.contract.samples import ACCOUNTS
from tests.databases import Database
from tests.fake_cases import FakeCaseHouse
from tests.fakes import FakeClock


class AccidentError(Exception):
    """What comes between a use case and its commit."""


@dataclass(frozen=True)
class Houses:
    """What citizens', clerks' and the worker's process have, and the agencies: ``gas`` and ``water`` below ``city``."""

    public: CaseHouse
    console: CaseHouse
    worker: CaseHouse
    city: UUID
    gas: UUID
    water: UUID
    reads_chains: bool
    """Whether the console's role reads what it must not: only the fake's, which knows no roles."""

    @property
    def all(self) -> tuple[UUID, ...]:
        """Every agency."""
        return self.city, self.gas, self.water

    def role(self, name: str) -> CaseHouse:
        """One of the three."""
        return {"public": self.public, "console": self.console, "worker": self.worker}[name]

    def attempt(self, house: CaseHouse, act: Callable[[CaseTransaction], object]) -> None:
        """Do something in a transaction that then fails."""

        def fail(tx: CaseTransaction) -> None:
            act(tx)
            raise AccidentError

        with pytest.raises(AccidentError), house.begin(self.all) as tx:
            fail(tx)

    def open_case(self, agency_id: UUID | None = None, *lines: DeskLine, **changes: Any) -> tuple[Case, CaseEvent]:
        """A case that was handed in: by default at ``gas``, with one line."""
        case = make_case(agency_id or self.gas, **changes)
        event = make_case_event(case)
        with self.public.begin(self.all) as tx:
            tx.cases.open(case, event, lines or [make_line(case, event)])
        return case, event

    def move(self, case: Case, version: int, state: CaseState, **changes: object) -> CaseEvent:
        """One more event, and the line that it leads to."""
        event = make_case_event(case, version, f"step_{version}", state, at=MORNING)
        with self.worker.begin(self.all) as tx:
            tx.cases.append(case.agency_id, event, [make_line(case, event, **changes)])
        return event


@contextmanager
def open_sql_houses(database: Database, folder: Path, ring: Keyring | None = None) -> Iterator[Houses]:
    """On PostgreSQL, each under its role. ``ring``: instead of a new keyring in ``folder``."""
    if ring is None:
        create_keyring(folder / "ring.json")
        ring = Keyring.load(folder / "ring.json")
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
    clock = FakeClock(MORNING)
    with ExitStack() as stack:
        public = stack.enter_context(closing(SqlStore(database.urls["public"], ring, clock, 8)))
        worker = stack.enter_context(closing(SqlStore(database.urls["worker"], ring, clock, 4)))
        console = stack.enter_context(closing(SqlConsoleStore(database.urls["console"], ring, clock)))
        yield Houses(public, console, worker, ids["city"], ids["gas"], ids["water"], reads_chains=False)


def make_fake_houses() -> Houses:
    """On the fake: one house for all."""
    house = FakeCaseHouse()
    return Houses(house, house, house, uuid4(), uuid4(), uuid4(), reads_chains=True)
