"""That figures of closed months were taken out is an act, written before the file is given: who, of which month and agency, in which form.

Figures of people name in the act everybody who stands in the file, by id, so that it can be told to them who took theirs out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.console_ports import ActStore
from services.model import JsonValue
from services.ports import Clock
from services.staffing import Act, Actor
from services.statistics_room import READERS

EXPORT, EXPORT_PEOPLE, EXPORT_HONOURS = "statistics.export", "statistics.export_people", "statistics.export_honours"


class ActWriter(Protocol):
    """The part of a console's transaction that writes into the book of acts."""

    @property
    def acts(self) -> ActStore: ...


class ActRooms(Protocol):
    """A store that begins such transactions. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[ActWriter]: ...


@dataclass(frozen=True, slots=True)
class StatisticsExports:
    """Writes the act of an export."""

    house: ActRooms
    clock: Clock
    new_id: Callable[[], UUID]

    def note(
        self, actor: Actor, act: str, agency_id: UUID, month: str, detail: Mapping[str, JsonValue], people: Collection[UUID] = ()
    ) -> None:  # fmt: skip
        """Write it. Raises ``NotPermitted`` for an agency that the actor does not reach, ``StoreUnavailable``: then nothing may be given."""
        actor.require(READERS, agency_id)
        told: dict[str, JsonValue] = dict(detail)
        if people:
            told["people"] = [str(one) for one in sorted(people)]
        made = Act(
            self.new_id(), agency_id, self.clock.now(), actor.member.staff_id, act, "statistics", month, "", told
        )  # fmt: skip
        with self.house.begin([agency_id]) as tx:
            tx.acts.append(made)
