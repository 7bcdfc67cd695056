"""Consents and the texts of purposes. Events are appended only; of a person who is erased they are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from adapters.stores.appending import insert_once
from adapters.stores.tables.consents import consent_events, purpose_texts
from adapters.stores.tables.persons import persons
from services.consent_record import ConsentEvent, ConsentMatter, ConsentName, KeptText, PurposeText
from services.errors import NotFound

_MATTER = (consent_events.c.service, consent_events.c.purpose, consent_events.c.platform)


class SqlConsentStore:
    """``consent_record.ConsentStore`` within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, person_id: UUID) -> tuple[UUID, UUID]:
        """See the port: the same lock as whoever joins accounts takes. The console's role reads no more of a person than this."""
        cells = persons.c
        query = select(cells.agency_id, cells.person_id, cells.joined_into).with_for_update(key_share=True)
        while True:
            row = self._connection.execute(query.where(cells.person_id == person_id)).first()
            if row is None:
                raise NotFound
            if row.joined_into is None:
                return row.agency_id, row.person_id
            person_id = row.joined_into

    def list_of(self, person_id: UUID, matter: ConsentMatter | None = None) -> list[ConsentEvent]:
        """See the port: one index for one matter."""
        query = select(consent_events).where(consent_events.c.person_id.in_(self._list_joined(person_id)))
        if matter is not None:
            query = query.where(*_is_about(matter))
        rows = self._connection.execute(query.order_by(consent_events.c.number, consent_events.c.event_id))
        return [_read_event(row) for row in rows]

    def append(self, event: ConsentEvent) -> None:
        """See the port."""
        insert_once(
            self._connection,
            insert(consent_events).values(
                agency_id=event.agency_id, event_id=event.event_id, person_id=event.person_id, service=event.matter.service,
                purpose=event.matter.purpose, platform=event.matter.platform, number=event.number, name=str(event.name),
                version=event.version, channel=event.channel, at=event.at, by_staff_id=event.by,
            ),
        )  # fmt: skip

    def keep(self, texts: Sequence[PurposeText], at: datetime) -> None:
        """See the port."""
        known = select(purpose_texts.c.version).where(purpose_texts.c.version.in_([one.version for one in texts]))
        kept = set(self._connection.execute(known).scalars()) if texts else set()
        rows = [
            {"version": one.version, "service": one.matter.service, "purpose": one.matter.purpose,
             "platform": one.matter.platform, "content": one.text, "since": at}
            for one in sorted(texts, key=lambda one: one.version)
            if one.version not in kept
        ]  # fmt: skip
        if rows:
            self._connection.execute(insert_or_leave(purpose_texts).on_conflict_do_nothing(), rows)

    def find_texts(self, versions: Sequence[str]) -> list[KeptText]:
        """See the port."""
        query = select(purpose_texts).where(purpose_texts.c.version.in_(versions))
        return [
            KeptText(PurposeText(ConsentMatter(row.service, row.purpose, row.platform), row.version, row.content), row.since)
            for row in (self._connection.execute(query) if versions else ())
        ]  # fmt: skip

    def list_outdated(self, current: Sequence[PurposeText], limit: int) -> list[ConsentEvent]:
        """See the port. Accounts that were joined into another are left out: their consents are looked at with the other's."""
        if not current:
            return []
        cells = consent_events.c
        newest = (
            select(
                consent_events, func.max(cells.number).over(partition_by=(cells.person_id, *_MATTER)).label("newest")
            )
            .where(tuple_(*_MATTER).in_([_key(one.matter) for one in current]))
            .subquery()
        )
        old = or_(*(and_(*_is_about(one.matter, newest.c), newest.c.version != one.version) for one in current))
        query = (
            select(newest)
            .join(persons, persons.c.person_id == newest.c.person_id)
            .where(newest.c.number == newest.c.newest, newest.c.name == str(ConsentName.GIVEN), old)
            .where(persons.c.joined_into.is_(None))
            .order_by(newest.c.person_id)
            .limit(limit)
        )
        return [_read_event(row) for row in self._connection.execute(query)]

    def erase(self, person_id: UUID) -> int:
        """See the port."""
        mine = consent_events.c.person_id.in_(self._list_joined(person_id))
        return self._connection.execute(delete(consent_events).where(mine)).rowcount

    def _list_joined(self, person_id: UUID) -> list[UUID]:
        """The account that this one is by now, with all that were joined into it."""
        cells = persons.c
        query = select(cells.joined_into).where(cells.person_id == person_id)
        into = self._connection.execute(query).scalar() or person_id
        joined = select(cells.person_id).where(cells.joined_into == into)
        return [into, *self._connection.execute(joined).scalars()]


def _key(matter: ConsentMatter) -> tuple[str, str, str]:
    return matter.service, matter.purpose, matter.platform


def _is_about(matter: ConsentMatter, cells: Any = consent_events.c) -> list[ColumnElement[bool]]:
    return [cells.service == matter.service, cells.purpose == matter.purpose, cells.platform == matter.platform]


def _read_event(row: Row[Any]) -> ConsentEvent:
    matter = ConsentMatter(row.service, row.purpose, row.platform)
    return ConsentEvent(
        row.event_id, row.agency_id, row.person_id, matter, row.number, ConsentName(row.name), row.version, row.channel,
        row.at, row.by_staff_id,
    )  # fmt: skip
