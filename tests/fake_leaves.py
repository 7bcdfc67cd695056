"""A fake ledger that makes real leaves and tells of them as the real one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from services.exposure import Exposure, Outcome, Trail
from services.leaves import Leaf, make_attribution_leaf, make_leaf, make_outcome_leaf
from tests.fakes import FakeExposureLog

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


class LeafLog(FakeExposureLog):
    """``FakeExposureLog`` with its leaves; ``note`` is told after each append."""

    def __init__(self, note: Callable[[Sequence[tuple[Leaf, UUID | None]]], None] = lambda _rows: None) -> None:
        super().__init__()
        self.note = note
        self.leaves: list[Leaf] = []

    def append(self, exposures: Sequence[Exposure]) -> list[UUID]:
        ids = super().append(exposures)
        self._tell([(_make(record_id, one), None) for record_id, one in zip(ids, exposures, strict=True)])
        return ids

    def append_outcome(
        self, record_id: UUID, agency_id: UUID, outcome: Outcome, status: int | None, received: Exposure | None
    ) -> None:
        super().append_outcome(record_id, agency_id, outcome, status, received)
        rows: list[tuple[Leaf, UUID | None]] = [
            (make_outcome_leaf(uuid4(), record_id, agency_id, AT, outcome, status, nonce=uuid4().bytes * 2), record_id)
        ]
        if received is not None:
            trail = received.disclosure.trail
            rows.append((_make(trail.left[-1][1] if trail else uuid4(), received), None))
        self._tell(rows)

    def attribute(self, trail: Trail, chain: UUID) -> None:
        left = [(told, record_id) for told, record_id in trail.left if told.actor is None]
        super().attribute(trail, chain)
        if left:
            told, records = left[0][0], [record_id for _, record_id in left]
            leaf = make_attribution_leaf(
                uuid4(),
                told.agency_id,
                AT,
                str(told.platform),
                told.request_id,
                chain,
                records,
                nonce=uuid4().bytes * 2,
            )
            self._tell([(leaf, None)])

    def _tell(self, rows: list[tuple[Leaf, UUID | None]]) -> None:
        self.leaves += [leaf for leaf, _ in rows]
        self.note(rows)


def _make(record_id: UUID, exposure: Exposure) -> Leaf:
    nonce, salt = uuid4().bytes * 2, uuid4().bytes * 2
    return make_leaf(record_id, AT, date(2026, 11, 25), exposure, nonce=nonce, salt=salt)
