"""The live catalogue: what is published in the store is served by every process within two seconds, without a restart.

A process asks one counter, at most once a second, while it is used. Only what is new is read and parsed, each version once. The
store may go away: the last snapshot goes on being served. A version that cannot be read is logged with its place, and the one that
was in force before it goes on serving; nothing of a service is dropped because another's version is faulty.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, Engine, select

from adapters.stores.connection import open_engine, reporting_unavailability
from adapters.stores.mappings import (
    list_former_versions,
    list_in_force,
    load_versions,
    read_catalogue_version,
    scope_to_all,
)
from adapters.stores.tables.directory import agencies
from services.live_catalogue import LiveMapping, Snapshot
from services.mapping import ServiceMapping, Texts
from services.mapping_reader import read_mapping
from services.mapping_record import MappingInForce, MappingVersion, digest_mapping
from services.vocabulary import Vocabulary

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 1.0
"""How long whoever finds the snapshot old waits for another thread that is asking already."""

LOADS = Counter("guitai_catalogue_loads_total", "Looks into the catalogue's store by what became of them.", ["result"])
FAULTS = Counter(
    "guitai_catalogue_faults_total", "Published versions that could not be served, by service.", ["service"]
)
_log = structlog.get_logger("catalogue")


class LiveCatalogueShelf:
    """What ``services.catalogue.Catalogue`` takes: ``services``, ``switched_off``, ``history``. Connections of its own.

    The first look may raise ``StoreUnavailable``; later ones serve the last snapshot. ``monotonic`` is for tests alone.
    """

    def __init__(
        self, where: str | Engine, vocabulary: Vocabulary, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = open_engine(where, 2)
        self._vocabulary = vocabulary
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._held: ContextVar[Snapshot | None] = ContextVar("guitai_catalogue", default=None)
        self._asked_at = 0.0
        self._away = False
        self._parsed: dict[tuple[str, int], ServiceMapping | None] = {}
        self.services: Mapping[str, ServiceMapping] = LiveMapping(lambda: self.look().services)
        self.switched_off: Mapping[str, Texts] = LiveMapping(lambda: self.look().switched_off)

    def look(self) -> Snapshot:
        """The present snapshot, at most about a second old while the store answers."""
        held = self._held.get()
        if held is not None:
            return held
        known = self._snapshot
        if known is not None and (not self._is_old(POLL_SECONDS) or not self._take_turn()):
            return self._snapshot or known
        if known is None:
            self._lock.acquire()
        try:
            if self._snapshot is None or self._is_old(POLL_SECONDS):
                self._snapshot = self._ask(self._snapshot)
            return self._snapshot
        finally:
            self._lock.release()

    def _take_turn(self) -> bool:
        """Whether this thread asks the store now: not while another one does, for which it waits only if the snapshot is too old."""
        if self._is_old(1.5 * POLL_SECONDS) and not self._away:
            return self._lock.acquire(timeout=PATIENCE_SECONDS)
        return self._lock.acquire(blocking=False)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Within it this thread sees the catalogue as it is now: what a request reads, does and records is of one moment."""
        token = self._held.set(self.look())
        try:
            yield
        finally:
            self._held.reset(token)

    def history(self, service: str, version: int) -> ServiceMapping | None:
        """A version that was ever kept, whether in force or not; None if there is none. Raises ``StoreUnavailable``."""
        if (service, version) not in self._parsed:
            with reporting_unavailability(), self._engine.begin() as connection:
                scope_to_all(connection)
                self._parse(connection, load_versions(connection, [(service, version)]))
        return self._parsed.get((service, version))

    def list_known(self) -> tuple[ServiceMapping, ...]:
        """Every version that this process has read: those in force, and former ones that something still refers to."""
        self.look()
        return tuple(mapping for mapping in list(self._parsed.values()) if mapping is not None)

    def close(self) -> None:
        """Give the connection back to the operating system."""
        self._engine.dispose()

    def _is_old(self, seconds: float) -> bool:
        return self._monotonic() - self._asked_at >= seconds

    def _ask(self, known: Snapshot | None) -> Snapshot:
        try:
            snapshot = self._load(known)
        except Exception as error:
            LOADS.labels("failed").inc()
            if known is None:
                raise
            if not self._away:
                self._away = True
                why = type(error).__name__
                _log.warning("the catalogue cannot be read; what was served goes on", version=known.version, error=why)
            return known
        finally:
            self._asked_at = self._monotonic()
        if self._away:
            self._away = False
            _log.info("the catalogue can be read again", version=snapshot.version)
        return snapshot

    def _load(self, known: Snapshot | None) -> Snapshot:
        """The counter first: what is appended while the rest is read makes it differ, so that the next look reads again."""
        with reporting_unavailability(), self._engine.begin() as connection:
            version = read_catalogue_version(connection)
            if known is not None and known.version == version:
                return known
            scope_to_all(connection)
            rows = list_in_force(connection)
            new = [(row.service, row.version) for row in rows if (row.service, row.version) not in self._parsed]
            self._parse(connection, load_versions(connection, new))
            served = {row.service: self._choose(connection, row) for row in rows}
        LOADS.labels("changed").inc()
        _log.info("the catalogue has changed", version=version, count=len(rows))
        off = {row.service: row.off for row in rows if row.off}
        return Snapshot(version, {name: one for name, one in served.items() if one is not None}, off)

    def _choose(self, connection: Connection, row: MappingInForce) -> ServiceMapping | None:
        """The version in force, or the newest one before it that can be read: every process comes to the same."""
        mapping = self._parsed.get((row.service, row.version))
        if mapping is not None:
            return mapping
        for version in list_former_versions(connection, row.service):
            if (row.service, version) not in self._parsed:
                self._parse(connection, load_versions(connection, [(row.service, version)]))
            mapping = self._parsed.get((row.service, version))
            if mapping is not None:
                _log.error("a former version is served", service=row.service, in_force=row.version, version=version)
                return mapping
        _log.error("no version of a service can be served", service=row.service, in_force=row.version)
        return None

    def _parse(self, connection: Connection, versions: Sequence[MappingVersion]) -> None:
        if not versions:
            return
        slugs = {row.agency_id: row.slug for row in connection.execute(select(agencies.c.agency_id, agencies.c.slug))}
        for version in versions:
            mapping, faults = read_kept(version, self._vocabulary, slugs[version.agency_id])
            self._parsed[version.service, version.version] = mapping
            for fault in faults:
                FAULTS.labels(version.service).inc()
                _log.error(
                    "a kept version cannot be served", service=version.service, version=version.version, fault=fault
                )


def read_kept(version: MappingVersion, vocabulary: Vocabulary, slug: str) -> tuple[ServiceMapping | None, list[str]]:
    """A version as it was published, or what is wrong with it, by place. ``slug`` is the agency under which it is kept."""
    place = f"{version.service}.yaml"
    if digest_mapping(version.content, version.documents) != version.digest:
        return None, [f"{place}:1: its content has another hash than the one under which it was published"]
    mapping, faults = read_mapping(
        place, version.content, vocabulary, name=version.service, documents=version.documents, kept=True
    )
    if mapping is None:
        return None, [str(fault) for fault in faults]
    if (mapping.version, mapping.agency) != (version.version, slug):
        return None, [f"{place}:1: its version or agency is not the one under which it is kept"]
    return mapping, []
