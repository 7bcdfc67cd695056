"""The ledger, on its own connections and commits: a record is durable before the bytes that it speaks of can leave.

Waiting appends share commits by leader and follower: a request that finds one of the connections free commits at once; those
that arrive meanwhile are the next batch, written by one statement. Whatever fails is ``ExposureUnavailable``.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter

from adapters.clock import business_date
from adapters.ids import make_id
from adapters.stores.group_commit import GroupCommit
from adapters.stores.ledger_writer import Entry, LedgerConnection, Publication
from services.errors import ExposureUnavailable
from services.exposure import Disclosure, Exposure, Outcome, Trail
from services.leaves import (
    Leaf,
    digest_manifest,
    make_attribution_leaf,
    make_leaf,
    make_outcome_leaf,
    make_publication_leaf,
    make_statistics_leaf,
    name_statistics,
)
from services.ports import Clock

WAIT_SECONDS = 2.0
APPENDS_FAILED = Counter("guitai_exposure_appends_failed_total", "Appends that the ledger did not take.")


Note = Callable[[Sequence[tuple[Leaf, UUID | None]]], None]
"""Told, after the commit and by the thread that asked for it, which leaves are durable and of which record each speaks."""


def _tell_nobody(_rows: Sequence[tuple[Leaf, UUID | None]]) -> None:
    """Who writes leaves that nobody waits for."""


class SqlExposureLog:
    """``ports.ExposureLog``. Thread-safe; connections are made when first needed and replaced after a failure."""

    def __init__(self, url: str, clock: Clock, pool_size: int = 2, note: Note = _tell_nobody) -> None:
        self._clock = clock
        self._note_durable = note
        writers = [LedgerConnection(url) for _ in range(pool_size)]
        self._writers = writers
        self._group: GroupCommit[Entry] = GroupCommit(writers, WAIT_SECONDS)

    def append(self, exposures: Sequence[Exposure]) -> list[UUID]:
        """See the port. All of them or none."""
        entry = Entry()
        ids = [_add_exposure(entry, exposure, self._clock.now()) for exposure in exposures]
        if ids:
            self._submit(entry)
        for record_id, exposure in zip(ids, exposures, strict=True):
            _note(exposure.disclosure, record_id)
        return ids

    def _submit(self, entry: Entry) -> None:
        try:
            self._group.submit(entry)
        except ExposureUnavailable:
            APPENDS_FAILED.inc()
            raise
        if entry.publication is None:
            self._note_durable([(leaf, of) for leaf, of, _ in entry.rows])

    def append_outcome(
        self, record_id: UUID, agency_id: UUID, outcome: Outcome, status: int | None, received: Exposure | None
    ) -> None:
        """See the port."""
        entry, at = Entry(), self._clock.now()
        leaf = make_outcome_leaf(make_id(at), record_id, agency_id, at, outcome, status, nonce=os.urandom(32))
        entry.add(leaf, of=record_id)
        received_id = _add_exposure(entry, received, at) if received is not None else None
        self._submit(entry)
        if received is not None and received_id is not None:
            _note(received.disclosure, received_id)

    def attribute(self, trail: Trail, chain: UUID) -> None:
        """See the port. One leaf for each agency, platform and request; a record that names its actor needs none."""
        entry, at = Entry(), self._clock.now()
        groups: dict[tuple[UUID, str, str], list[UUID]] = {}
        for told, record_id in trail.left:
            if told.actor is None:
                groups.setdefault((told.agency_id, str(told.platform), told.request_id), []).append(record_id)
        for (agency_id, platform, request_id), records in groups.items():
            nonce = os.urandom(32)
            entry.add(
                make_attribution_leaf(make_id(at), agency_id, at, platform, request_id, chain, records, nonce=nonce)
            )
        if groups:
            self._submit(entry)
        trail.left.clear()

    def publish(self, agency_id: UUID, release: str, manifest: Mapping[str, str]) -> None:
        """See the port. Two processes that publish the same at once make one leaf."""
        at = self._clock.now()
        leaf = make_publication_leaf(make_id(at), agency_id, at, release, manifest, nonce=os.urandom(32))
        entry = Entry(publication=Publication(agency_id, release, digest_manifest(manifest), leaf.record_id))
        entry.add(leaf)
        self._submit(entry)

    def append_statistics(self, agency_id: UUID, month: str, digest: str) -> UUID:
        """See ``month_record.StatisticsLedger``. Two processes that close the same month at once make one leaf."""
        at = self._clock.now()
        leaf = make_statistics_leaf(make_id(at), agency_id, at, month, digest, nonce=os.urandom(32))
        claim = Publication(agency_id, name_statistics(month), bytes.fromhex(digest), leaf.record_id)
        entry = Entry(publication=claim)
        entry.add(leaf)
        self._submit(entry)
        if entry.standing_id is None:
            raise ExposureUnavailable("the ledger does not say where the statistics stand")
        return entry.standing_id

    def ping(self) -> None:
        """Raises ``ExposureUnavailable`` if the ledger could not commit now."""
        self._group.submit(Entry())

    def close(self) -> None:
        """Close the connections."""
        for writer in self._writers:
            writer.close()


def _add_exposure(entry: Entry, exposure: Exposure, at: datetime) -> UUID:
    record_id, salt = make_id(at), secrets.token_bytes(32)
    leaf = make_leaf(record_id, at, business_date(at), exposure, nonce=os.urandom(32), salt=salt)
    entry.add(leaf, salt=salt)
    return record_id


def _note(told: Disclosure, record_id: UUID) -> None:
    if told.trail is not None:
        told.trail.left.append((told, record_id))
