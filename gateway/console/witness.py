"""Notes which acts and readings a request has really committed, so that a route can be held to them (``registry.room``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from gateway.console.given import GIVES, Watched, WatchedReadings, note_told
from gateway.console.registry import COMMITTED
from services.console_ports import ActStore, ConsoleStore, ConsoleTransaction
from services.staffing import Act, AgencyTree


@dataclass(frozen=True, slots=True)
class WitnessedActs:
    """``console_ports.ActStore`` that remembers what was appended."""

    acts: ActStore
    appended: list[str] = field(default_factory=list)

    def append(self, act: Act) -> None:
        self.acts.append(act)
        self.appended.append(act.act)

    def list_acts(
        self, limit: int, before: UUID | None, *, staff_id: UUID | None = None, subject_id: str | None = None,
        act: str | None = None,
    ) -> list[Act]:  # fmt: skip
        return self.acts.list_acts(limit, before, staff_id=staff_id, subject_id=subject_id, act=act)


class WitnessedTransaction:
    """``console_ports.ConsoleTransaction``: the same, with its book of acts, its readings and whatever gives material watched."""

    def __init__(self, tx: ConsoleTransaction, acts: WitnessedActs, told: list[UUID]) -> None:
        self._tx = tx
        self.acts = acts
        self.readings = WatchedReadings(tx.readings, told)

    def __getattr__(self, name: str) -> Any:
        """Every other store of it."""
        store = getattr(self._tx, name)
        return Watched(store, GIVES[name]) if name in GIVES else store


@dataclass(frozen=True, slots=True)
class WitnessedStore:
    """``console_ports.ConsoleStore``: an act counts as committed once its transaction has ended well."""

    store: ConsoleStore

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[ConsoleTransaction]:
        """The same transaction, watched."""
        with self.store.begin(agencies) as tx:
            watched, told = WitnessedActs(tx.acts), list[UUID]()
            yield cast("ConsoleTransaction", WitnessedTransaction(tx, watched, told))
        COMMITTED.get([]).extend(watched.appended)
        note_told(told)

    def agency_tree(self) -> AgencyTree:
        """The agencies."""
        return self.store.agency_tree()
