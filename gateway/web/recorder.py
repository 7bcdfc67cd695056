"""What the guard asks at the government's own door: no platform sees what passes here, so nothing is written into the ledger.

A reply is held against its schema all the same: what a route does not say of itself does not leave here either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.arrival import Arrival
from gateway.errors import ReplyRefused
from gateway.recording import Recorder, Reply
from services.errors import ExposureUndeclared
from services.exposure import Exposure, Outcome, Trail


@dataclass(frozen=True, slots=True)
class OwnRecorder(Recorder):
    """``Recorder`` of a door through which no platform looks."""

    def record_entered(self, arrival: Arrival) -> None:
        """Nobody saw it but us."""

    def require_consents(self, arrival: Arrival) -> None:
        """Consents are about platforms."""

    def record_shown(self, arrival: Arrival, reply: Reply) -> None:
        """Hold the reply against its schema. Raises ``ReplyRefused``, ``ExposureUndeclared``."""
        if not arrival.told:
            raise ReplyRefused(f"{arrival.route}: says nothing of its reply")
        self.derive_shown(arrival, reply)


class NoLedger:
    """``ports.ExposureLog`` of what passes an own door: there is nothing to write. What goes to a platform has the real one."""

    def append(self, exposures: Sequence[Exposure]) -> list[UUID]:
        raise ExposureUndeclared(f"{len(exposures)} exposures at an own door")

    def append_outcome(
        self, record_id: UUID, agency_id: UUID, outcome: Outcome, status: int | None, received: Exposure | None
    ) -> None:
        del agency_id, outcome, status, received
        raise ExposureUndeclared(f"an outcome at an own door: {record_id}")

    def attribute(self, trail: Trail, chain: UUID) -> None:
        """Nothing was recorded, so nobody's records wait for a name."""

    def publish(self, agency_id: UUID, release: str, manifest: Mapping[str, str]) -> None:
        """What is published here is published by nobody's platform."""
