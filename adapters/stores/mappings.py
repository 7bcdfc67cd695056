"""Versions of mappings, which never change, and the events that say which is served.

What is in force is not kept beside the events: it is the last of them that put a version in force, and the last that switched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, and_, exists, insert, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.exc import IntegrityError

from adapters.stores.connection import is_taken
from adapters.stores.tables.catalogue import (
    catalogue_version,
    mapped_services,
    mapping_documents,
    mapping_events,
    mapping_versions,
)
from services.errors import Conflict, VersionTaken
from services.mapping_record import (
    PUTS_IN_FORCE,
    MappingAct,
    MappingEvent,
    MappingInForce,
    MappingVersion,
    digest_mapping,
)
from services.model import Language

_SCOPE_TO_ALL = text("SELECT set_config('guitai.agencies', string_agg(agency_id::text, ','), true) FROM agencies")
SWITCHES = (MappingAct.SWITCHED_OFF, MappingAct.SWITCHED_ON)


class SqlMappingStore:
    """``mapping_record.MappingStore`` within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_version(self, version: MappingVersion) -> None:
        """See the port. Raises also ``Conflict`` if the service is another agency's, ``ValueError`` for a digest of other bytes."""
        if version.digest != digest_mapping(version.content, version.documents):
            raise ValueError("the digest is not that of the content")
        self._claim_service(version.agency_id, version.service)
        cells = {name: getattr(version, name) for name in mapping_versions.c.keys()}  # noqa: SIM118 - no mapping
        row = insert_or_not(mapping_versions).values(**cells).on_conflict_do_nothing()
        if self._connection.execute(row.returning(mapping_versions.c.version)).first() is None:
            self._require_same(version)
            return
        for path, content in sorted(version.documents.items()):
            place = {"agency_id": version.agency_id, "service": version.service, "version": version.version}
            self._connection.execute(insert(mapping_documents).values(path=path, content=content, **place))

    def _claim_service(self, agency_id: UUID, service: str) -> None:
        """An id belongs to the agency that first had it; the unique key sees also agencies that this transaction does not."""
        row = insert_or_not(mapped_services).values(agency_id=agency_id, service=service)
        self._connection.execute(row.on_conflict_do_nothing())
        mine = select(mapped_services.c.service).where(
            mapped_services.c.agency_id == agency_id, mapped_services.c.service == service
        )
        if self._connection.execute(mine).first() is None:
            raise Conflict("this service belongs to another agency")

    def _require_same(self, version: MappingVersion) -> None:
        known = select(mapping_versions.c.digest).where(
            mapping_versions.c.agency_id == version.agency_id,
            mapping_versions.c.service == version.service,
            mapping_versions.c.version == version.version,
        )
        if self._connection.execute(known).scalar() != version.digest:
            raise VersionTaken("this version exists with other content: give the file a higher one")

    def load_version(self, service: str, version: int) -> MappingVersion | None:
        found = load_versions(self._connection, [(service, version)])
        return found[0] if found else None

    def list_versions(self, service: str) -> list[MappingVersion]:
        rows = select(mapping_versions).where(mapping_versions.c.service == service)
        return _with_documents(self._connection, rows.order_by(mapping_versions.c.version.desc()))

    def append(self, event: MappingEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``. ``ValueError`` for a gap."""
        before = mapping_events.alias("before")
        follows = exists().where(
            before.c.agency_id == event.agency_id,
            before.c.service == event.service,
            before.c.number == event.number - 1,
        )
        cells = {name: getattr(event, name) for name in mapping_events.c.keys()}  # noqa: SIM118 - no mapping
        cells |= {"act": str(event.act), "data": dict(event.data)}
        values = [literal(value, mapping_events.c[name].type).label(name) for name, value in cells.items()]
        source = select(*values) if event.number == 1 else select(*values).where(follows)
        row = insert(mapping_events).from_select(list(cells), source).returning(mapping_events.c.number)
        try:
            written = self._connection.execute(row).first()
        except IntegrityError as error:
            if is_taken(error):
                raise VersionTaken("somebody else changed this service first") from None
            raise
        if written is None:
            raise ValueError("the numbers of a service's events have no gap")
        self._connection.execute(update(catalogue_version).values(version=catalogue_version.c.version + 1))

    def list_events(self, service: str) -> list[MappingEvent]:
        rows = select(mapping_events).where(mapping_events.c.service == service).order_by(mapping_events.c.number)
        return [_read_event(row) for row in self._connection.execute(rows)]

    def list_all_events(self) -> list[MappingEvent]:
        rows = select(mapping_events).order_by(mapping_events.c.service, mapping_events.c.number)
        return [_read_event(row) for row in self._connection.execute(rows)]

    def list_in_force(self) -> list[MappingInForce]:
        return list_in_force(self._connection)


def read_catalogue_version(connection: Connection) -> int:
    """The counter that grows with every event: what has not changed need not be read again."""
    return int(connection.execute(select(catalogue_version.c.version)).scalar() or 0)


def list_in_force(connection: Connection) -> list[MappingInForce]:
    """What is served, by service: one statement, so that it is one moment of the catalogue."""
    served, switched = _last_of(PUTS_IN_FORCE, "served"), _last_of(SWITCHES, "switched")
    same = and_(mapping_versions.c.agency_id == served.c.agency_id, mapping_versions.c.service == served.c.service)
    query = (
        select(served.c.agency_id, served.c.service, served.c.version, mapping_versions.c.digest, switched.c.act, switched.c.data)
        .join(mapping_versions, and_(same, mapping_versions.c.version == served.c.version))
        .outerjoin(switched, and_(switched.c.agency_id == served.c.agency_id, switched.c.service == served.c.service))
        .order_by(served.c.service)
    )  # fmt: skip
    return [_read_in_force(row) for row in connection.execute(query)]


def list_former_versions(connection: Connection, service: str) -> list[int]:
    """Every version that was in force, the last one first, each once."""
    cells = mapping_events.c
    in_force = select(cells.version, cells.number).where(
        cells.service == service, cells.act.in_(sorted(str(act) for act in PUTS_IN_FORCE))
    )
    rows = connection.execute(in_force.order_by(cells.number.desc()))
    return list(dict.fromkeys(row.version for row in rows))


def scope_to_all(connection: Connection) -> None:
    """Let this transaction see the rows of all agencies: a process serves the whole catalogue."""
    connection.execute(_SCOPE_TO_ALL)


def load_versions(connection: Connection, wanted: Sequence[tuple[str, int]]) -> list[MappingVersion]:
    """Versions with their documents, by service and number; what does not exist is left out. Two statements, however many."""
    if not wanted:
        return []
    key = tuple_(mapping_versions.c.service, mapping_versions.c.version)
    return _with_documents(connection, select(mapping_versions).where(key.in_(wanted)))


def _with_documents(connection: Connection, versions: Select[Any]) -> list[MappingVersion]:
    rows = list(connection.execute(versions))
    key = tuple_(mapping_documents.c.service, mapping_documents.c.version)
    documents: dict[tuple[str, int], dict[str, bytes]] = {(row.service, row.version): {} for row in rows}
    if rows:
        for row in connection.execute(select(mapping_documents).where(key.in_(list(documents)))):
            documents[row.service, row.version][row.path] = row.content
    return [MappingVersion(documents=documents[row.service, row.version], **row._mapping) for row in rows]  # noqa: SLF001 - its public name


def _last_of(acts: Iterable[MappingAct], name: str) -> Any:
    """The last event of these kinds, of every service."""
    cells = mapping_events.c
    return (
        select(mapping_events)
        .ext(distinct_on(cells.agency_id, cells.service))
        .where(cells.act.in_(sorted(str(act) for act in acts)))
        .order_by(cells.agency_id, cells.service, cells.number.desc())
        .subquery(name)
    )


def _read_event(row: Row[Any]) -> MappingEvent:
    return MappingEvent(
        row.agency_id, row.service, row.number, MappingAct(row.act), row.version, row.at, row.by, row.reason, row.data
    )


def _read_in_force(row: Any) -> MappingInForce:
    off = row.data["sentence"] if row.act == MappingAct.SWITCHED_OFF else {}
    sentence = {Language(language): str(text) for language, text in off.items()}
    return MappingInForce(row.agency_id, row.service, row.version, row.digest, sentence)
