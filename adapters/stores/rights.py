"""Requests of citizens about their own data, and legal holds, within one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_optional_json, seal_json
from adapters.stores.keyring import Keyring
from adapters.stores.tables.persons import persons
from adapters.stores.tables.rights import legal_holds, rights_events, rights_open, rights_requests
from services.errors import Conflict, NotFound
from services.model import JsonValue
from services.rights_record import ENDS, HoldKind, LegalHold, RequestKind, RightsEvent, RightsName, RightsRequest


class SqlRightsStore:
    """``rights_record.RightsStore``."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def open(self, request: RightsRequest) -> RightsRequest:
        """See the port. Whoever is second waits for the first one's commit, and is given the first one's request."""
        agency_id, person_id = self._find_account(request.person_id)
        under_way = self._find_open(person_id, request.kind)
        if under_way is not None:
            return under_way
        mine = {"agency_id": agency_id, "request_id": request.request_id}
        claim = insert_or_leave(rights_open).values(**mine, person_id=person_id, kind=str(request.kind))
        taken = self._connection.execute(claim.on_conflict_do_nothing().returning(rights_open.c.request_id)).first()
        if taken is None:  # somebody was quicker, and has committed by now
            first = self._find_open(person_id, request.kind)
            if first is None:
                raise Conflict
            return first
        self._connection.execute(
            insert(rights_requests).values(
                **mine, person_id=person_id, kind=str(request.kind), channel=request.channel, asked_at=request.asked_at,
                due_on=request.due_on,
                detail_cipher=seal_json(self._keyring, _place(request.request_id), dict(request.detail)),
            )
        )  # fmt: skip
        opened = replace(request, agency_id=agency_id, person_id=person_id)
        asked = RightsEvent(1, RightsName.ASKED, request.asked_at)
        self._append(opened, asked)
        return replace(opened, events=(asked,))

    def append(self, request: RightsRequest, event: RightsEvent) -> None:
        """See the port."""
        self._append(request, event)
        if event.name in ENDS:
            mine = rights_open.c
            gone = delete(rights_open).where(mine.agency_id == request.agency_id, mine.request_id == request.request_id)
            self._connection.execute(gone)

    def _append(self, request: RightsRequest, event: RightsEvent) -> None:
        place = _place_of(request.request_id, event.version)
        insert_once(
            self._connection,
            insert(rights_events).values(
                agency_id=request.agency_id, request_id=request.request_id, version=event.version, name=str(event.name),
                at=event.at, staff_id=event.staff_id,
                data_cipher=seal_json(self._keyring, place, dict(event.data)) if event.data else None,
            ),
        )  # fmt: skip

    def load(self, request_id: UUID) -> RightsRequest | None:
        """See the port."""
        query = select(rights_requests).where(rights_requests.c.request_id == request_id)
        return next(iter(self._read_all(self._connection.execute(query).all())), None)

    def list_of(self, person_id: UUID, limit: int) -> list[RightsRequest]:
        """See the port."""
        cells = rights_requests.c
        joined = select(persons.c.person_id).where(
            (persons.c.person_id == person_id) | (persons.c.joined_into == person_id)
        )
        query = select(rights_requests).where(cells.person_id.in_(joined)).order_by(cells.request_id.desc())
        return self._read_all(self._connection.execute(query.limit(limit)).all())

    def list_open(self, limit: int) -> list[RightsRequest]:
        """See the port."""
        cells = rights_requests.c
        query = _select_open().order_by(cells.due_on, cells.request_id)
        return self._read_all(self._connection.execute(query.limit(limit)).all())

    def list_closings(self, limit: int, after: UUID | None) -> list[RightsRequest]:
        """Accounts that are to be closed, in the order of their ids, beyond ``after``."""
        cells = rights_requests.c
        query = _select_open().where(cells.kind == str(RequestKind.CLOSING)).order_by(cells.request_id)
        if after is not None:
            query = query.where(cells.request_id > after)
        return self._read_all(self._connection.execute(query.limit(limit)).all())

    def place_hold(self, hold: LegalHold) -> None:
        """See the port."""
        words: dict[str, JsonValue] = dict(hold.words)
        self._connection.execute(
            insert(legal_holds).values(
                agency_id=hold.agency_id, hold_id=hold.hold_id, kind=str(hold.kind), service=hold.service,
                person_ids=list(hold.person_ids),
                words_cipher=seal_json(self._keyring, ("legal_holds", "words_cipher", hold.hold_id), words),
                until_at=hold.until_at, placed_by=hold.placed_by, placed_at=hold.placed_at,
            )
        )  # fmt: skip

    def lift_hold(self, hold_id: UUID, by: UUID, at: datetime, reason: str) -> bool:
        """See the port. The database refuses whoever placed it, too."""
        cells = legal_holds.c
        mine = (cells.hold_id == hold_id) & cells.lifted_at.is_(None) & (cells.placed_by != by)
        cell = seal_json(self._keyring, ("legal_holds", "lifted_cipher", hold_id), {"reason": reason})
        change = update(legal_holds).where(mine).values(lifted_by=by, lifted_at=at, lifted_cipher=cell)
        return self._connection.execute(change).rowcount == 1

    def load_hold(self, hold_id: UUID) -> LegalHold | None:
        """See the port."""
        row = self._connection.execute(select(legal_holds).where(legal_holds.c.hold_id == hold_id)).first()
        return None if row is None else self._read_hold(row)

    def list_holds(self, limit: int) -> list[LegalHold]:
        """See the port."""
        cells = legal_holds.c
        query = select(legal_holds).order_by(cells.lifted_at.is_not(None), cells.until_at.desc(), cells.hold_id)
        return [self._read_hold(row) for row in self._connection.execute(query.limit(limit))]

    def _find_account(self, person_id: UUID) -> tuple[UUID, UUID]:
        """Agency and id of the account that this one is by now."""
        query = select(persons.c.agency_id, persons.c.person_id, persons.c.joined_into)
        row = self._connection.execute(query.where(persons.c.person_id == person_id)).first()
        if row is not None and row.joined_into is not None:
            row = self._connection.execute(query.where(persons.c.person_id == row.joined_into)).first()
        if row is None:
            raise NotFound
        return row.agency_id, row.person_id

    def _find_open(self, person_id: UUID, kind: RequestKind) -> RightsRequest | None:
        mine = rights_open.c
        query = select(mine.request_id).where(mine.person_id == person_id, mine.kind == str(kind))
        found = self._connection.execute(query).scalar()
        return None if found is None else self.load(found)

    def _read_all(self, rows: Sequence[Row[Any]]) -> list[RightsRequest]:
        cells = rights_events.c
        query = (
            select(rights_events).where(cells.request_id.in_([row.request_id for row in rows])).order_by(cells.version)
        )
        events: dict[UUID, list[RightsEvent]] = {}
        for row in self._connection.execute(query) if rows else ():
            data = self._open(_place_of(row.request_id, row.version), row.data_cipher)
            events.setdefault(row.request_id, []).append(
                RightsEvent(row.version, RightsName(row.name), row.at, row.staff_id, data)
            )
        return [
            RightsRequest(
                row.request_id, row.agency_id, row.person_id, RequestKind(row.kind), row.channel, row.asked_at, row.due_on,
                self._open(_place(row.request_id), row.detail_cipher), tuple(events.get(row.request_id, ())),
            )
            for row in rows
        ]  # fmt: skip

    def _open(self, place: tuple[str, str, object], cell: bytes | None) -> Mapping[str, JsonValue]:
        """Words whose time is over are none."""
        found = open_optional_json(self._keyring, place, cell)
        return found if isinstance(found, dict) else {}

    def _read_hold(self, row: Row[Any]) -> LegalHold:
        words = self._open(("legal_holds", "words_cipher", row.hold_id), row.words_cipher)
        lifted = self._open(("legal_holds", "lifted_cipher", row.hold_id), row.lifted_cipher)
        return LegalHold(
            row.hold_id, row.agency_id, HoldKind(row.kind), row.service, tuple(row.person_ids),
            {name: str(value) for name, value in words.items()}, row.until_at, row.placed_by, row.placed_at,
            row.lifted_by, row.lifted_at, str(lifted.get("reason", "")),
        )  # fmt: skip


def _select_open() -> Select[Any]:
    mine, cells = rights_open.c, rights_requests.c
    on = (mine.agency_id == cells.agency_id) & (mine.request_id == cells.request_id)
    return select(rights_requests).join(rights_open, on)


def _place(request_id: UUID) -> tuple[str, str, UUID]:
    return "rights_requests", "detail_cipher", request_id


def _place_of(request_id: UUID, version: int) -> tuple[str, str, str]:
    return "rights_events", "data_cipher", f"{request_id}:{version}"
