"""Applications as appended events. Who applies, what they entered and what an event tells are encrypted cells.

All events of an application lie in the partition of the month in which it was made, so the key (agency, application, version)
holds over all months. The console's role cannot read the link to the ledger's chain; there ``ERASED`` stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    lateral,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.exc import IntegrityError

from adapters.stores.cells import open_id, open_json, seal_id, seal_json
from adapters.stores.connection import is_taken
from adapters.stores.keyring import Keyring
from adapters.stores.merging import merge_newest
from adapters.stores.payments import ERASED
from adapters.stores.tables.applications import application_events, applications
from services.application_record import Application, ApplicationEvent, ApplicationLine, ApplicationRow, ApplicationState
from services.errors import VersionTaken
from services.model import PlatformName

_PLAIN = (
    "agency_id", "application_id", "service", "mapping_version", "person_id", "login_id", "app", "application_no",
    "created_at", "business_on",
)  # fmt: skip


class SqlApplicationStore:
    """``application_record.ApplicationStore`` within one transaction. ``chains``: this role may read the link to the chain."""

    def __init__(self, connection: Connection, keyring: Keyring, *, chains: bool = True) -> None:
        self._connection = connection
        self._keyring = keyring
        self._chains = chains

    def open(self, application: Application, event: ApplicationEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``: the id or the number exists."""
        row_id, ring = application.application_id, self._keyring
        row = insert(applications).values(
            platform=str(application.platform),
            applicant_cipher=seal_json(ring, _place("applicant_cipher", row_id), dict(application.applicant)),
            inputs_cipher=seal_json(ring, _place("inputs_cipher", row_id), dict(application.inputs)),
            chain_cipher=seal_id(ring, _place("chain_cipher", row_id), application.chain_id),
            **{name: getattr(application, name) for name in _PLAIN},
        )
        self._insert(row)
        self.append(application.agency_id, event)

    def append(self, agency_id: UUID, event: ApplicationEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``. ``ValueError`` for a gap."""
        before = application_events.alias("before")
        follows = exists().where(
            before.c.agency_id == agency_id,
            before.c.application_id == event.application_id,
            before.c.version == event.version - 1,
        )
        cells = {
            "agency_id": agency_id, "application_id": event.application_id, "version": event.version,
            "name": event.name, "state": str(event.state), "at": event.at,
            "data_cipher": seal_json(self._keyring, _place_of(event.application_id, event.version), dict(event.data)),
        }  # fmt: skip
        values = [literal(value, application_events.c[name].type).label(name) for name, value in cells.items()]
        source = select(*values) if event.version == 1 else select(*values).where(follows)
        row = insert(application_events).from_select(list(cells), source).returning(application_events.c.version)
        if self._insert(row).first() is None:
            raise ValueError("versions of an application have no gap")

    def load(self, application_id: UUID) -> ApplicationRow | None:
        found = self._read_all(self._select().where(applications.c.application_id == application_id))
        return found[0] if found else None

    def find_by_number(self, agency_id: UUID, application_no: str) -> ApplicationRow | None:
        cells = applications.c
        mine = and_(cells.agency_id == agency_id, cells.application_no == application_no)
        found = self._read_all(self._select().where(mine))
        return found[0] if found else None

    def list_of_persons(
        self, person_ids: Sequence[UUID], limit: int, before: UUID | None, platform: PlatformName | None = None
    ) -> list[ApplicationRow]:
        chosen: ColumnElement[bool] = applications.c.person_id.in_(person_ids)
        if platform is not None:
            chosen = and_(chosen, applications.c.platform == str(platform))
        return self._read_all(self._page(self._select().where(chosen), limit, before))

    def list_of_agencies(
        self, limit: int, before: UUID | None, service: str | None = None, states: Sequence[ApplicationState] = ()
    ) -> list[ApplicationLine]:
        """See the port: nothing is decrypted."""
        cells, events = applications.c, application_events.c
        mine = and_(events.agency_id == cells.agency_id, events.application_id == cells.application_id)
        last = lateral(select(events.state).where(mine).order_by(events.version.desc()).limit(1)).alias("last")
        chosen = select(
            cells.application_id, cells.agency_id, cells.service, cells.application_no, cells.created_at, last.c.state
        ).select_from(applications.join(last, true()))
        if before is not None:
            chosen = chosen.where(cells.application_id < before)
        if service is not None:
            chosen = chosen.where(cells.service == service)
        if states:
            chosen = chosen.where(last.c.state.in_([str(state) for state in states]))
        rows = self._connection.execute(merge_newest(chosen, cells.agency_id, ["application_id"], limit))
        return [ApplicationLine(*row)._replace(state=ApplicationState(row.state)) for row in rows]

    def list_versions(
        self, service: str, states: Sequence[ApplicationState], since: datetime
    ) -> dict[int, datetime | None]:
        """See the port: nothing is decrypted."""
        cells, events = applications.c, application_events.c
        mine = and_(events.agency_id == cells.agency_id, events.application_id == cells.application_id)
        newest = select(events.state, events.at).where(mine).order_by(events.version.desc()).limit(1)
        last = lateral(newest).alias("last")
        chosen = last.c.state.in_([str(state) for state in states])
        rows = (
            select(cells.mapping_version, func.max(case((chosen, cells.created_at))))
            .join(last, true())
            .where(cells.service == service, or_(chosen, last.c.at >= since))
            .group_by(cells.mapping_version)
        )
        return {row[0]: row[1] for row in self._connection.execute(rows)}

    def _select(self) -> Select[Any]:
        """Every column that this role may read."""
        return select(*(column for column in applications.c if self._chains or column.name != "chain_cipher"))

    def _page(self, chosen: Select[Any], limit: int, before: UUID | None) -> Select[Any]:
        if before is not None:
            chosen = chosen.where(applications.c.application_id < before)
        return chosen.order_by(applications.c.application_id.desc()).limit(limit)

    def _insert(self, row: Any) -> Any:
        try:
            return self._connection.execute(row)
        except IntegrityError as error:
            if is_taken(error):
                raise VersionTaken from None
            raise

    def _read_all(self, chosen: Select[Any]) -> list[ApplicationRow]:
        """Whole files in two statements, in the order of the first."""
        rows = list(self._connection.execute(chosen))
        found: dict[UUID, list[ApplicationEvent]] = {row.application_id: [] for row in rows}
        cells = application_events.c
        mine: ColumnElement[bool] = and_(
            cells.agency_id.in_({row.agency_id for row in rows}), cells.application_id.in_(found)
        )
        if rows:
            for event in self._connection.execute(select(application_events).where(mine).order_by(cells.version)):
                found[event.application_id].append(self._read_event(event))
        return [(self._read(row), found[row.application_id]) for row in rows]

    def _read(self, row: Row[Any]) -> Application:
        row_id, ring = row.application_id, self._keyring
        chain = row.chain_cipher if self._chains else None
        return Application(
            platform=PlatformName(row.platform),
            applicant=open_json(ring, _place("applicant_cipher", row_id), row.applicant_cipher),
            inputs=open_json(ring, _place("inputs_cipher", row_id), row.inputs_cipher),
            chain_id=ERASED if chain is None else open_id(ring, _place("chain_cipher", row_id), chain),
            **{name: getattr(row, name) for name in _PLAIN},
        )

    def _read_event(self, row: Row[Any]) -> ApplicationEvent:
        data = open_json(self._keyring, _place_of(row.application_id, row.version), row.data_cipher)
        state = ApplicationState(row.state)
        return ApplicationEvent(row.application_id, row.version, row.name, state, row.at, data)


def _place(column: str, row_id: UUID) -> tuple[str, str, UUID]:
    return "applications", column, row_id


def _place_of(application_id: UUID, version: int) -> tuple[str, str, str]:
    return "application_events", "data_cipher", f"{application_id}:{version}"
