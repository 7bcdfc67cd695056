"""What happened in a span of time, read piece by piece, and months that were closed. ``month_record.MonthStore`` on PostgreSQL.

A walk is a cursor on the server: its first rows come at once and no statement lasts long, however much happened. Cells of people stay
closed; only what an event tells is opened, because days and grounds of law stand in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Subquery, Table, and_, func, insert, lateral, select, true
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from adapters.ids import moment_of
from adapters.stores.cells import open_json
from adapters.stores.keyring import KEY_ID_BYTES, CiphertextRefused, Keyring
from adapters.stores.tables.cases import case_events, cases
from adapters.stores.tables.counter import complaint_events, complaints, ratings
from adapters.stores.tables.directory import agencies
from adapters.stores.tables.ledger import exposure_publications, exposure_records
from adapters.stores.tables.months import closed_months, month_figures, month_seals
from services.case_record import (
    Case,
    CaseEvent,
    CaseRow,
    CaseState,
    Complaint,
    ComplaintEvent,
    ComplaintState,
    Hand,
    Rating,
)
from services.case_stores import NO_CHAIN
from services.complaints import BAD_RATING, COMPLAINT
from services.leaves import name_statistics, read_leaf
from services.model import PlatformName
from services.month_record import (
    FIGURES_ALONE,
    UNREADABLE,
    Account,
    ClosedMonth,
    Figures,
    Happening,
    Place,
    Seal,
    Seals,
    StatisticsLeaf,
)

PIECE = 500
_SEALED = "month"
_PLAIN = (
    "agency_id", "case_id", "service", "mapping_version", "case_no", "app", "opened_by", "delivery", "received_at",
    "received_on", "business_on",
)  # fmt: skip
_RATED = ("rating_id", "agency_id", "about", "subject", "service", "level", "staff_id", "rated_at")
_FILED = (
    "complaint_id",
    "agency_id",
    "kind",
    "about",
    "subject",
    "service",
    "case_no",
    "rating_id",
    "filed_at",
    "due_on",
)


class SqlMonthStore:
    """``month_record.MonthStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def walk_cases(self, since: datetime, until: datetime) -> Iterator[CaseRow]:
        """See the port: the latest event of each case in the span names it, so that it comes once."""
        event, other = case_events.alias("event"), case_events.alias("other")
        latest = select(func.max(other.c.version)).where(
            other.c.agency_id == event.c.agency_id, other.c.case_id == event.c.case_id,
            other.c.at >= since, other.c.at < until,
        )  # fmt: skip
        found = select(event.c.agency_id, event.c.case_id).where(
            event.c.at >= since, event.c.at < until, event.c.version == latest.scalar_subquery()
        )
        with closing(self._connection.execute(found.execution_options(yield_per=PIECE))) as rows:
            for piece in rows.partitions(PIECE):
                yield from self._read_cases({row.agency_id for row in piece}, {row.case_id for row in piece})

    def _read_cases(self, owners: set[UUID], ids: set[UUID]) -> Iterator[CaseRow]:
        plain = [cases.c[name] for name in (*_PLAIN, "channel")]
        rows = select(*plain).where(cases.c.agency_id.in_(owners), cases.c.case_id.in_(ids))
        events: dict[UUID, list[CaseEvent]] = {one: [] for one in ids}
        cells = case_events.c
        told = select(case_events).where(cells.agency_id.in_(owners), cells.case_id.in_(ids)).order_by(cells.version)
        for row in self._connection.execute(told):
            events[row.case_id].append(self._read_event(row))
        for row in self._connection.execute(rows):
            yield _read_case(row), events[row.case_id]

    def _read_event(self, row: Row[Any]) -> CaseEvent:
        place = ("case_events", "data_cipher", f"{row.case_id}:{row.version}")
        try:
            data, state = open_json(self._keyring, place, row.data_cipher), CaseState(row.state)
            return CaseEvent(row.case_id, row.version, row.name, state, Hand(row.hand), row.at, row.staff_id, data)
        except (CiphertextRefused, ValueError):
            told = (row.case_id, row.version, row.name, CaseState.RECEIVED, Hand.HOUSE, row.at, row.staff_id)
            return CaseEvent(*told, {UNREADABLE: True})

    def walk_ratings(self, since: datetime, until: datetime) -> Iterator[Rating]:
        given = and_(ratings.c.rated_at >= since, ratings.c.rated_at < until)
        order = (ratings.c.agency_id, ratings.c.rated_at, ratings.c.rating_id)
        return self._walk_ratings(_select_ratings().where(given).order_by(*order))

    def walk_struck(self, since: datetime, until: datetime) -> Iterator[Rating]:
        struck = _select_dismissed(since, until)
        about = and_(complaints.c.agency_id == struck.c.agency_id, complaints.c.complaint_id == struck.c.complaint_id)
        of = and_(ratings.c.agency_id == complaints.c.agency_id, ratings.c.rating_id == complaints.c.rating_id)
        found = _select_ratings().join(complaints, of).join(struck, about).where(complaints.c.kind == BAD_RATING)
        return self._walk_ratings(found)

    def _walk_ratings(self, chosen: Select[Any]) -> Iterator[Rating]:
        with closing(self._connection.execute(chosen.execution_options(yield_per=PIECE))) as rows:
            for row in rows:
                cells = {name: getattr(row, name) for name in _RATED}
                yield Rating(**cells, channel=PlatformName(row.channel), tags=(), words="", person_id=None)

    def walk_complaints(self, since: datetime, until: datetime) -> Iterator[Complaint]:
        filed = and_(complaints.c.filed_at >= since, complaints.c.filed_at < until)
        return self._walk_complaints(_select_complaints().where(filed))

    def walk_dismissed(self, since: datetime, until: datetime) -> Iterator[Complaint]:
        dismissed = _select_dismissed(since, until)
        same = and_(
            complaints.c.agency_id == dismissed.c.agency_id, complaints.c.complaint_id == dismissed.c.complaint_id
        )
        return self._walk_complaints(_select_complaints().join(dismissed, same))

    def _walk_complaints(self, chosen: Select[Any]) -> Iterator[Complaint]:
        only = chosen.where(complaints.c.kind == COMPLAINT).execution_options(yield_per=PIECE)
        with closing(self._connection.execute(only)) as rows:
            for row in rows:
                yield _read_complaint(row)

    def walk_complaint_events(self, since: datetime, until: datetime) -> Iterator[tuple[Complaint, ComplaintEvent]]:
        event = complaint_events.c
        same = and_(event.agency_id == complaints.c.agency_id, event.complaint_id == complaints.c.complaint_id)
        told = (event.version, event.name, event.state, event.at, event.staff_id)
        chosen = _select_complaints().add_columns(*told).join(complaint_events, same)
        found = chosen.where(event.at >= since, event.at < until).execution_options(yield_per=PIECE)
        with closing(self._connection.execute(found)) as rows:
            for row in rows:
                known = (row.complaint_id, row.version, row.name)
                yield _read_complaint(row), ComplaintEvent(*known, ComplaintState(row.state), row.at, row.staff_id)

    def seal(self, digest: bytes, like: bytes = b"") -> bytes:
        """See the port: HMAC-SHA256 under a look-up key, with the key's id before it (36 bytes)."""
        current, *older = self._keyring.lookup_hashes(_SEALED, digest.hex())
        return next((mark for mark in older if mark[:KEY_ID_BYTES] == like[:KEY_ID_BYTES]), current)

    def find_first(self) -> datetime | None:
        """See the port: the case with the smallest id of each agency. An id is as old as the case's draft."""
        of_agency = select(cases.c.case_id).where(cases.c.agency_id == agencies.c.agency_id)
        oldest = lateral(of_agency.order_by(cases.c.case_id).limit(1))
        ids = self._connection.execute(select(oldest.c.case_id).select_from(agencies.join(oldest, true()))).scalars()
        return min((moment_of(one) for one in ids), default=None)

    def close(self, closed: ClosedMonth, figures: Figures, seals: Seals | None = None) -> bool:
        """See the port. Who closes at the same time waits for this transaction and is told no."""
        row = insert_or_not(closed_months).values(
            agency_id=closed.agency_id, month=closed.month, digest=closed.digest, record_id=closed.record_id,
            calendars=dict(closed.calendars), closed_at=closed.closed_at, form=closed.form,
            mappings={service: list(versions) for service, versions in closed.mappings.items()},
        )  # fmt: skip
        taken = row.on_conflict_do_nothing().returning(closed_months.c.month)
        if self._connection.execute(taken).first() is None:
            return False
        lines = [
            {"agency_id": agency, "month": closed.month, "service": service, "manager_id": manager, "figures": dict(numbers)}
            for (agency, service, manager), numbers in figures.items()
            if any(numbers.values())
        ]  # fmt: skip
        self._insert(month_figures, lines)
        self._insert(month_seals, [_write_seal(closed.month, *one) for one in (seals or {}).items()])
        return True

    def _insert(self, table: Table, lines: Sequence[Mapping[str, object]]) -> None:
        for start in range(0, len(lines), PIECE):
            self._connection.execute(insert(table), lines[start : start + PIECE])

    def load(self, month: str) -> ClosedMonth | None:
        row = self._connection.execute(select(closed_months).where(closed_months.c.month == month)).first()
        return _read_closed(row) if row is not None else None

    def list_closed(self, limit: int, before: str | None = None) -> list[ClosedMonth]:
        rows = select(closed_months).order_by(closed_months.c.month.desc()).limit(limit)
        if before is not None:
            rows = rows.where(closed_months.c.month < before)
        return [_read_closed(row) for row in self._connection.execute(rows)]

    def load_figures(self, agencies: Sequence[UUID], months: Sequence[str]) -> Mapping[str, Figures]:
        cells = month_figures.c
        rows = select(month_figures).where(cells.agency_id.in_(agencies), cells.month.in_(months))
        found: dict[str, dict[Account, Mapping[str, int]]] = {}
        for row in self._connection.execute(rows):
            found.setdefault(row.month, {})[row.agency_id, row.service, row.manager_id] = row.figures
        return found

    def load_sums(self, agencies: Sequence[UUID], months: Sequence[str]) -> Mapping[str, Figures]:
        """See the port: the column of names is not read, which the citizens' role must not."""
        cells = month_figures.c
        rows = select(cells.agency_id, cells.month, cells.service, cells.figures)
        found: dict[str, dict[Account, Counter[str]]] = {}
        for row in self._connection.execute(rows.where(cells.agency_id.in_(agencies), cells.month.in_(months))):
            account = (row.agency_id, row.service, None)
            found.setdefault(row.month, {}).setdefault(account, Counter()).update(row.figures)
        return found

    def load_seals(self, month: str) -> Seals:
        rows = select(month_seals).where(month_seals.c.month == month)
        return {
            Place(row.agency_id, row.service, row.happened_on, Happening(row.kind)): Seal(row.leaves, bytes(row.mark))
            for row in self._connection.execute(rows)
        }

    def list_leaves(self, month: str) -> list[StatisticsLeaf]:
        claim, record = exposure_publications.c, exposure_records.c
        same = and_(record.agency_id == claim.agency_id, record.record_id == claim.record_id)
        rows = select(record.record_id, record.at, record.leaf).join(exposure_publications, same)
        chosen = rows.where(claim.release == name_statistics(month), record.kind == "statistics")
        return [
            StatisticsLeaf(row.record_id, str(read_leaf(bytes(row.leaf)).get("digest")), row.at)
            for row in self._connection.execute(chosen.order_by(record.record_id))
        ]


def _select_dismissed(since: datetime, until: datetime) -> Subquery:
    """Complaints and follow-ups that were dismissed in the span."""
    cells = complaint_events.c
    ended = and_(cells.name == str(ComplaintState.DISMISSED), cells.at >= since, cells.at < until)
    return select(cells.agency_id, cells.complaint_id).where(ended).distinct().subquery()


def _select_ratings() -> Select[Any]:
    return select(*(ratings.c[name] for name in (*_RATED, "channel")))


def _select_complaints() -> Select[Any]:
    return select(*(complaints.c[name] for name in (*_FILED, "channel", "against")))


def _read_case(row: Row[Any]) -> Case:
    """The case without anybody in it."""
    return Case(
        **{name: getattr(row, name) for name in _PLAIN}, channel=PlatformName(row.channel), person_id=None, login_id=None,
        chain_id=NO_CHAIN, principal_chain_id=NO_CHAIN, organisation_id=None, mandate_id=None, applicant={}, agent=None,
        inputs={},
    )  # fmt: skip


def _read_complaint(row: Row[Any]) -> Complaint:
    """The complaint without words and without who complained."""
    cells = {name: getattr(row, name) for name in _FILED}
    against = tuple(UUID(one) for one in row.against)
    return Complaint(**cells, channel=PlatformName(row.channel), against=against, words="", person_id=None)


def _write_seal(month: str, place: Place, seal: Seal) -> dict[str, object]:
    return {
        "agency_id": place.agency_id, "month": month, "service": place.service, "happened_on": place.on, "kind": str(place.kind),
        "leaves": seal.count, "mark": seal.mark,
    }  # fmt: skip


def _read_closed(row: Row[Any]) -> ClosedMonth:
    mappings = {service: tuple(versions) for service, versions in sorted(row.mappings.items())}
    return ClosedMonth(
        row.agency_id, row.month, row.digest, row.record_id, dict(sorted(row.calendars.items())), mappings, row.closed_at,
        row.form or FIGURES_ALONE,
    )  # fmt: skip
