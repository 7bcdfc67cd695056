"""Re-encrypting cells under the current key, in small batches, while the counter serves.

The order of a rotation: a new key on standby, a restart, ``promote_key``, a restart, then this (docs/store.md). Afterwards no cell
needs the old encryption key. Look-up hashes stay under the key with which they were written: what was hashed is not kept
everywhere (decision 0013).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Row,
    Table,
    and_,
    create_engine,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.pool import NullPool

from adapters.stores.connection import driver_url, reporting_unavailability
from adapters.stores.keyring import KEY_ID_BYTES, Keyring
from adapters.stores.tables.alerts import alert_events
from adapters.stores.tables.applications import application_events, applications
from adapters.stores.tables.cases import case_drafts, case_events, cases, stored_files
from adapters.stores.tables.counter import (
    complaint_events,
    complaints,
    mandates,
    notice_attempts,
    organisations,
    ratings,
    revoked_slips,
)
from adapters.stores.tables.payments import idempotency_keys, payments
from adapters.stores.tables.persons import chain_links, households, logins, persons
from adapters.stores.tables.readings import case_readings, reading_delay_events, reading_delays
from adapters.stores.tables.rights import legal_holds, rights_events, rights_requests
from adapters.stores.tables.slowness import slowness_events
from adapters.stores.tables.staff import acts, staff
from adapters.stores.tables.tills import cash_till_events

ROW_IDS: Mapping[Table, Callable[[Row[Any]], object]] = {
    persons: lambda row: row.person_id,
    logins: lambda row: row.login_id,
    households: lambda row: row.household_id,
    chain_links: lambda row: row.subject_hash.hex(),
    payments: lambda row: row.payment_id,
    idempotency_keys: lambda row: f"{row.person_id}:{row.key_hash.hex()}",
    applications: lambda row: row.application_id,
    application_events: lambda row: f"{row.application_id}:{row.version}",
    cases: lambda row: row.case_id,
    case_events: lambda row: f"{row.case_id}:{row.version}",
    case_drafts: lambda row: row.draft_id,
    stored_files: lambda row: row.file_id,
    organisations: lambda row: row.organisation_id,
    mandates: lambda row: row.mandate_id,
    ratings: lambda row: row.rating_id,
    complaints: lambda row: row.complaint_id,
    complaint_events: lambda row: f"{row.complaint_id}:{row.version}",
    notice_attempts: lambda row: f"{row.case_id}:{row.notice}:{row.rung}:{row.attempt}:{row.outcome}",
    revoked_slips: lambda row: row.slip_id,
    alert_events: lambda row: f"{row.alert_id}:{row.version}",
    cash_till_events: lambda row: f"{row.till_id}:{row.version}",
    case_readings: lambda row: row.reading_id,
    reading_delays: lambda row: row.delay_id,
    reading_delay_events: lambda row: f"{row.delay_id}:{row.version}",
    slowness_events: lambda row: f"{row.pattern_id}:{row.version}",
    rights_requests: lambda row: row.request_id,
    rights_events: lambda row: f"{row.request_id}:{row.version}",
    legal_holds: lambda row: row.hold_id,
    staff: lambda row: row.staff_id,
    acts: lambda row: row.act_id,
}
"""What stands for the row in a cell's associated data, for every table with cells."""


def rotate_cells(owner_url: str, keyring: Keyring, progress: Callable[[int], None], batch: int = 200) -> int:
    """Re-encrypt what is not under the current key; returns how many rows were. Safe to stop and to run again.

    Raises ``CiphertextRefused`` for a cell that does not decrypt in its place, ``StoreUnavailable``.
    """
    engine = create_engine(driver_url(owner_url), poolclass=NullPool, hide_parameters=True)
    done = 0
    for table in ROW_IDS:
        before = -1
        while before != done:
            before, done = done, _rotate_table(engine, keyring, table, batch, done, progress)
    return done


def _rotate_table(
    engine: Engine, keyring: Keyring, table: Table, batch: int, done: int, progress: Callable[[int], None]
) -> int:
    """Once through a table in the order of its key; a row that was written under the old key meanwhile is for the next time.

    Gives ``done`` and how many rows were added to it.
    """
    after = None
    while True:
        with reporting_unavailability(), engine.begin() as connection:
            rows = _rotate_batch(connection, keyring, table, batch, after)
        if not rows:
            return done
        done, after = done + len(rows), rows[-1]
        progress(done)


def list_cells(table: Table) -> list[str]:
    """The names of a table's encrypted columns."""
    return [column.name for column in table.c if column.name.endswith("_cipher")]


def _rotate_batch(
    connection: Connection, keyring: Keyring, table: Table, batch: int, after: Row[Any] | None
) -> Sequence[Row[Any]]:
    """Re-encrypt the next rows that need it; gives them as they were. Whoever changes one of them waits for this transaction."""
    key = list(table.primary_key.columns)
    chosen = select(table).where(or_(*(_is_old(table.c[name], keyring.current_key_id) for name in list_cells(table))))
    if after is not None:
        chosen = chosen.where(tuple_(*key) > tuple_(*(literal(getattr(after, cell.name), cell.type) for cell in key)))
    rows = connection.execute(chosen.order_by(*key).limit(batch).with_for_update(key_share=True)).all()
    for row in rows:
        same = and_(*(cell == getattr(row, cell.name) for cell in key))
        connection.execute(update(table).where(same).values(_seal_again(keyring, table, row)))
    return rows


def _is_old(column: ColumnElement[Any], current: bytes) -> ColumnElement[bool]:
    return func.substring(column, 1, KEY_ID_BYTES, type_=LargeBinary()) != current


def _seal_again(keyring: Keyring, table: Table, row: Row[Any]) -> dict[str, bytes]:
    cells = {}
    for name in list_cells(table):
        cell = getattr(row, name)
        if cell is not None and cell[:KEY_ID_BYTES] != keyring.current_key_id:
            place = (table.name, name, ROW_IDS[table](row))
            cells[name] = keyring.encrypt(*place, keyring.decrypt(*place, cell))
    return cells
