"""Ratings, and complaints as appended events. Words are encrypted cells; the console's role cannot read who rated."""

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
    exists,
    func,
    insert,
    lateral,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_json, open_text, seal_json, seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.merging import merge_newest
from adapters.stores.rating_sums import SqlRatingSums
from adapters.stores.tables.counter import complaint_events, complaints, complaints_against, ratings
from services.case_record import Complaint, ComplaintEvent, ComplaintState, Rating
from services.model import PlatformName

_RATED = ("rating_id", "agency_id", "about", "subject", "service", "level", "person_id", "staff_id", "rated_at")
_FILED = (
    "complaint_id", "agency_id", "kind", "about", "subject", "service", "case_no", "person_id", "rating_id", "filed_at",
    "due_on",
)  # fmt: skip


class SqlRatingStore(SqlRatingSums):
    """``case_stores.RatingStore`` within one transaction. ``persons``: this role may read who rated."""

    def __init__(self, connection: Connection, keyring: Keyring, *, persons: bool = True) -> None:
        self._connection = connection
        self._keyring = keyring
        self._persons = persons

    def rate(self, rating: Rating) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        plain = {name: getattr(rating, name) for name in _RATED}
        words = seal_text(self._keyring, ("ratings", "words_cipher", rating.rating_id), rating.words)
        row = insert(ratings).values(
            channel=str(rating.channel), tags=list(rating.tags), words_cipher=words, **plain
        )  # fmt: skip
        insert_once(self._connection, row)

    def find_rating(self, about: str, subject: UUID) -> Rating | None:
        rows = self._rated(ratings.c.about == about, ratings.c.subject == subject).limit(1)
        return next((self._read_rating(row) for row in self._connection.execute(rows)), None)

    def list_ratings(self, agencies: Sequence[UUID], since: datetime, limit: int) -> list[Rating]:
        """See the port: newest first."""
        page = self._select_rated().where(ratings.c.rated_at >= since)
        rows = merge_newest(page, ratings.c.agency_id, ["rated_at", "rating_id"], limit, agencies)
        return [self._read_rating(row) for row in self._connection.execute(rows)]

    def list_levels(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[Rating]:
        """See the port: no cell is opened for it."""
        plain = [ratings.c[name] for name in _RATED if name != "person_id"]
        rows = select(*plain, ratings.c.channel, ratings.c.tags).where(
            ratings.c.agency_id.in_(agencies), ratings.c.rated_at >= since, ratings.c.rated_at < until
        )
        return [
            Rating(
                **{name: getattr(row, name) for name in _RATED if name != "person_id"}, person_id=None, words="",
                channel=PlatformName(row.channel), tags=tuple(row.tags),
            )
            for row in self._connection.execute(rows.order_by(ratings.c.rated_at, ratings.c.rating_id))
        ]  # fmt: skip

    def file_complaint(self, complaint: Complaint, event: ComplaintEvent) -> None:
        """See the port. Raises ``VersionTaken`` if the id is there; the transaction is lost then."""
        plain = {name: getattr(complaint, name) for name in _FILED}
        words = seal_text(self._keyring, ("complaints", "words_cipher", complaint.complaint_id), complaint.words)
        row = insert(complaints).values(
            channel=str(complaint.channel),
            against=[str(one) for one in complaint.against],
            words_cipher=words,
            state=str(event.state),
            **plain,
        )
        insert_once(self._connection, row)
        self.append(complaint.agency_id, event)

    def append(self, agency_id: UUID, event: ComplaintEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``. ``ValueError`` for a gap."""
        before = complaint_events.alias("before")
        follows = exists().where(
            before.c.agency_id == agency_id,
            before.c.complaint_id == event.complaint_id,
            before.c.version == event.version - 1,
        )
        place = _place_of(event.complaint_id, event.version)
        cells = {
            "agency_id": agency_id, "complaint_id": event.complaint_id, "version": event.version, "name": event.name,
            "state": str(event.state), "at": event.at, "staff_id": event.staff_id,
            "data_cipher": seal_json(self._keyring, place, dict(event.data)),
        }  # fmt: skip
        values = [literal(value, complaint_events.c[name].type).label(name) for name, value in cells.items()]
        source = select(*values) if event.version == 1 else select(*values).where(follows)
        row = insert(complaint_events).from_select(list(cells), source).returning(complaint_events.c.version)
        if insert_once(self._connection, row).first() is None:
            raise ValueError("versions of a complaint have no gap")

    def load(self, complaint_id: UUID) -> tuple[Complaint, list[ComplaintEvent]] | None:
        found = self._files(complaints.c.complaint_id == complaint_id)
        return found[0] if found else None

    def list_complaints(
        self, agencies: Sequence[UUID], states: Sequence[str], limit: int
    ) -> list[tuple[Complaint, ComplaintEvent]]:
        """See the port: each desk's nearest in each state by its own part of the index, merged."""
        wanted = [str(state) for state in states or ComplaintState]
        desks = select(
            func.unnest(literal(list(agencies), ARRAY(complaints.c.agency_id.type))).label("agency_id")
        ).subquery("desk")
        chosen = select(func.unnest(literal(wanted, ARRAY(complaints.c.state.type))).label("state")).subquery("chosen")
        mine = and_(complaints.c.agency_id == desks.c.agency_id, complaints.c.state == chosen.c.state)
        page = select(complaints).where(mine).order_by(complaints.c.due_on, complaints.c.complaint_id).limit(limit)
        part = lateral(page).alias("part")
        events = complaint_events.c
        of_it = and_(events.agency_id == part.c.agency_id, events.complaint_id == part.c.complaint_id)
        last = lateral(select(complaint_events).where(of_it).order_by(events.version.desc()).limit(1)).alias("last")
        told = [column.label(f"last_{column.name}") for column in last.c]
        joined = desks.join(chosen, true()).join(part, true()).join(last, true())
        rows = select(part, *told).select_from(joined).order_by(part.c.due_on, part.c.complaint_id).limit(limit)
        return [(self._read_complaint(row), self._read_event(row, "last_")) for row in self._connection.execute(rows)]

    def list_against(self, staff_id: UUID, limit: int) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        """See the port."""
        of_them = complaints_against.c
        newest = select(of_them.complaint_id).where(of_them.staff_id == staff_id).order_by(of_them.complaint_id.desc())
        return self._files(complaints.c.complaint_id.in_(newest.limit(limit)))

    def list_of_subject(self, subject: UUID) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        return self._files(complaints.c.subject == subject)

    def _rated(self, *chosen: ColumnElement[bool]) -> Select[Any]:
        return self._select_rated().where(*chosen).order_by(ratings.c.rated_at.desc(), ratings.c.rating_id.desc())

    def _select_rated(self) -> Select[Any]:
        return select(*(column for column in ratings.c if self._persons or column.name != "person_id"))

    def _read_rating(self, row: Row[Any]) -> Rating:
        words = open_text(self._keyring, ("ratings", "words_cipher", row.rating_id), row.words_cipher)
        plain = {name: getattr(row, name) for name in _RATED if self._persons or name != "person_id"}
        return Rating(
            **{"person_id": None, **plain}, channel=PlatformName(row.channel), tags=tuple(row.tags), words=words
        )  # fmt: skip

    def _files(self, chosen: ColumnElement[bool]) -> list[tuple[Complaint, list[ComplaintEvent]]]:
        """Whole files in two statements, oldest first."""
        rows = list(self._connection.execute(select(complaints).where(chosen).order_by(complaints.c.complaint_id)))
        found: dict[UUID, list[ComplaintEvent]] = {row.complaint_id: [] for row in rows}
        events = select(complaint_events).where(complaint_events.c.complaint_id.in_(found))
        if rows:
            for event in self._connection.execute(events.order_by(complaint_events.c.version)):
                found[event.complaint_id].append(self._read_event(event, ""))
        return [(self._read_complaint(row), found[row.complaint_id]) for row in rows]

    def _read_complaint(self, row: Row[Any]) -> Complaint:
        words = open_text(self._keyring, ("complaints", "words_cipher", row.complaint_id), row.words_cipher)
        return Complaint(
            channel=PlatformName(row.channel),
            against=tuple(UUID(one) for one in row.against),
            words=words,
            **{name: getattr(row, name) for name in _FILED},
        )

    def _read_event(self, row: Row[Any], prefix: str) -> ComplaintEvent:
        cell = {column.name: getattr(row, f"{prefix}{column.name}") for column in complaint_events.c}
        data = open_json(self._keyring, _place_of(cell["complaint_id"], cell["version"]), cell["data_cipher"])
        return ComplaintEvent(
            cell["complaint_id"], cell["version"], cell["name"], ComplaintState(cell["state"]), cell["at"],
            cell["staff_id"], data,
        )  # fmt: skip


def _place_of(complaint_id: UUID, version: int) -> tuple[str, str, str]:
    return "complaint_events", "data_cipher", f"{complaint_id}:{version}"
