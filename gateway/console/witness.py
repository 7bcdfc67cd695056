"""Notes which acts a request has really committed, so that a route can be held to what it declares (``registry.room``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

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
    """``console_ports.ConsoleTransaction``: the same transaction but for its book of acts."""

    def __init__(self, tx: ConsoleTransaction, acts: WitnessedActs) -> None:
        self._tx = tx
        self.acts = acts

    def __getattr__(self, name: str) -> Any:
        """Every other store of it."""
        return getattr(self._tx, name)


@dataclass(frozen=True, slots=True)
class WitnessedStore:
    """``console_ports.ConsoleStore``: an act counts as committed once its transaction has ended well."""

    store: ConsoleStore

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[ConsoleTransaction]:
        """The same transaction, watched."""
        with self.store.begin(agencies) as tx:
            watched = WitnessedActs(tx.acts)
            yield cast("ConsoleTransaction", WitnessedTransaction(tx, watched))
        COMMITTED.get([]).extend(watched.appended)

    def agency_tree(self) -> AgencyTree:
        """The agencies."""
        return self.store.agency_tree()
