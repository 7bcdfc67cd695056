"""Looks of the staff at citizens' material, and the delays of telling them. Appended only; reader, reason and order are encrypted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select

from adapters.stores.appending import insert_once
from adapters.stores.cells import open_json, seal_json
from adapters.stores.keyring import Keyring
from adapters.stores.merging import merge_newest
from adapters.stores.tables.readings import case_readings, reading_delay_events, reading_delays
from services.reading_record import About, Delay, DelayEvent, DelayFile, DelayState, Reading, Subject

KEY, REASON = "reading_key", "reading_reason"
"""Purposes of the look-up hashes."""
_PLAIN = ("reading_id", "agency_id", "at", "staff_id", "reader_agency_id", "act", "delay_id")


class SqlReadingStore:
    """``reading_record.ReadingStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, readings: Sequence[Reading]) -> None:
        """See the port."""
        if readings:
            self._connection.execute(insert(case_readings), [self._seal(one) for one in readings])

    def _seal(self, one: Reading) -> dict[str, object]:
        ring, letters = self._keyring, reduce_reason(one.reason)
        told = {**one.reader, "reason": one.reason}
        return {name: getattr(one, name) for name in _PLAIN} | {
            "about": str(one.subject.about),
            "subject_id": one.subject.subject_id,
            "key_hash": ring.lookup_hash(KEY, one.subject.key) if one.subject.key else None,
            "reason_hash": ring.lookup_hash(REASON, letters) if letters else None,
            "told_cipher": seal_json(ring, _place(one.reading_id), told),
        }

    def list_of(
        self, subjects: Sequence[UUID], keys: Sequence[str], limit: int, before: UUID | None = None
    ) -> list[Reading]:
        """See the port: keys under every look-up key. Each way goes through its own index."""
        cells = case_readings.c
        hashes = [digest for key in keys for digest in self._keyring.lookup_hashes(KEY, key)]
        later = [cells.reading_id < before] if before is not None else []
        found: dict[UUID, Row[Any]] = {}
        for way in (cells.subject_id.in_(subjects), cells.key_hash.in_(hashes)):
            rows = select(case_readings).where(way, *later).order_by(cells.reading_id.desc()).limit(limit)
            found |= {row.reading_id: row for row in self._connection.execute(rows)}
        newest = sorted(found.values(), key=lambda row: row.reading_id, reverse=True)
        return [read_reading(self._keyring, row) for row in newest[:limit]]

    def ask_delay(self, delay: Delay, event: DelayEvent) -> None:
        """See the port. Raises ``VersionTaken`` if the id is there."""
        order = {"authority": delay.authority, "document_no": delay.document_no}
        row = insert(reading_delays).values(
            agency_id=delay.agency_id, delay_id=delay.delay_id, case_id=delay.case_id, case_no=delay.case_no,
            reader_id=delay.reader_id, ground=delay.ground, until_at=delay.until, asked_by=delay.asked_by,
            asked_at=delay.asked_at,
            order_cipher=seal_json(self._keyring, ("reading_delays", "order_cipher", delay.delay_id), order),
        )  # fmt: skip
        insert_once(self._connection, row)
        self.append_delay(delay.agency_id, event)

    def append_delay(self, agency_id: UUID, event: DelayEvent) -> None:
        """See the port; the transaction is lost after ``VersionTaken``."""
        data = seal_json(self._keyring, _place_of(event.delay_id, event.version), dict(event.data))
        row = insert(reading_delay_events).values(
            agency_id=agency_id, delay_id=event.delay_id, version=event.version, state=str(event.state), at=event.at,
            staff_id=event.staff_id, data_cipher=data,
        )  # fmt: skip
        insert_once(self._connection, row)

    def load_delays(self, delay_ids: Sequence[UUID]) -> list[DelayFile]:
        return self._files(reading_delays.c.delay_id.in_(delay_ids)) if delay_ids else []

    def delays_of_case(self, case_id: UUID) -> list[DelayFile]:
        return self._files(reading_delays.c.case_id == case_id)

    def list_delays(self, agencies: Sequence[UUID], limit: int, before: UUID | None = None) -> list[DelayFile]:
        cells = reading_delays.c
        later = [cells.delay_id < before] if before is not None else []
        newest = select(reading_delays).where(*later)
        return self._read_files(merge_newest(newest, cells.agency_id, ["delay_id"], limit, agencies))

    def delays_between(self, agencies: Sequence[UUID], since: datetime, until: datetime) -> list[DelayFile]:
        cells = reading_delays.c
        return self._files(cells.agency_id.in_(agencies), cells.asked_at < until, cells.until_at >= since)

    def _files(self, *chosen: ColumnElement[bool]) -> list[DelayFile]:
        return self._read_files(select(reading_delays).where(*chosen).order_by(reading_delays.c.delay_id.desc()))

    def _read_files(self, newest: Select[Any]) -> list[DelayFile]:
        """Whole files in two statements, in the order of the first."""
        rows = list(self._connection.execute(newest))
        found: dict[UUID, list[DelayEvent]] = {row.delay_id: [] for row in rows}
        if rows:
            cells = reading_delay_events.c
            events = select(reading_delay_events).where(cells.delay_id.in_(found)).order_by(cells.version)
            for event in self._connection.execute(events):
                found[event.delay_id].append(self._read_event(event))
        return [DelayFile(self._read_delay(row), tuple(found[row.delay_id])) for row in rows]

    def _read_delay(self, row: Row[Any]) -> Delay:
        order = open_json(self._keyring, ("reading_delays", "order_cipher", row.delay_id), row.order_cipher)
        return Delay(
            row.delay_id, row.agency_id, row.case_id, row.case_no, row.reader_id, row.ground, order["authority"],
            order["document_no"], row.until_at, row.asked_by, row.asked_at,
        )  # fmt: skip

    def _read_event(self, row: Row[Any]) -> DelayEvent:
        data = open_json(self._keyring, _place_of(row.delay_id, row.version), row.data_cipher)
        return DelayEvent(row.delay_id, row.version, DelayState(row.state), row.at, row.staff_id, data)


def read_reading(keyring: Keyring, row: Row[Any]) -> Reading:
    """A row as it is told; of a key only the kind is left."""
    told = open_json(keyring, _place(row.reading_id), row.told_cipher)
    reason = told.pop("reason")
    return Reading(
        row.reading_id, row.agency_id, row.at, row.staff_id, row.reader_agency_id, row.act,
        Subject(About(row.about), row.subject_id), told, reason, row.delay_id,
    )  # fmt: skip


def reduce_reason(reason: str) -> str:
    """The letters of a reason alone, folded: two that differ in digits, blanks or punctuation are one that was copied."""
    plain = unicodedata.normalize("NFKC", reason).casefold()
    return "".join(_letters(plain))


def _letters(text: str) -> Iterable[str]:
    return (one for one in text if unicodedata.category(one)[0] == "L")


def _place(reading_id: UUID) -> tuple[str, str, UUID]:
    return "case_readings", "told_cipher", reading_id


def _place_of(delay_id: UUID, version: int) -> tuple[str, str, str]:
    return "reading_delay_events", "data_cipher", f"{delay_id}:{version}"
