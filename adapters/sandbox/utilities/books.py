"""A utility company's own books: households, bills and write-offs in one SQLite file of its own.

Every write runs under ``BEGIN IMMEDIATE``: writers of all threads and processes queue, so that one serial number books once
and one bill is paid once, however many ask at the same moment. The file survives a restart.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.sandbox.utilities.model import (
    BillEntry,
    BillLine,
    BooksRefused,
    HouseholdEntry,
    RefusedBecause,
    WriteOffEntry,
    WriteOffOrder,
)

_TABLES = """
CREATE TABLE IF NOT EXISTS households (
  household_no TEXT PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL,
  identity_canary TEXT NOT NULL, mobile_canary TEXT NOT NULL, contract_canary TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bills (
  bill_no TEXT PRIMARY KEY, household_no TEXT NOT NULL REFERENCES households, period TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0), due_on TEXT NOT NULL, meter_canary TEXT NOT NULL,
  paid_by TEXT CHECK (paid_by IN ('channel', 'hall'))) STRICT;
CREATE TABLE IF NOT EXISTS bill_lines (
  bill_no TEXT NOT NULL REFERENCES bills, position INTEGER NOT NULL, label TEXT NOT NULL, amount_fen INTEGER NOT NULL,
  quantity TEXT NOT NULL, unit_price TEXT NOT NULL, PRIMARY KEY (bill_no, position)) STRICT;
CREATE TABLE IF NOT EXISTS write_offs (
  reference TEXT PRIMARY KEY, sequence_no TEXT NOT NULL UNIQUE, household_no TEXT NOT NULL,
  bill_no TEXT NOT NULL UNIQUE REFERENCES bills, amount_fen INTEGER NOT NULL, paid_at TEXT NOT NULL,
  channel TEXT NOT NULL, booked_at TEXT NOT NULL) STRICT;
"""
_WAIT_SECONDS = 20.0


class Books:
    """The books of one company, kept in ``path``; ``prefix`` begins its references and bill numbers."""

    def __init__(self, path: Path, prefix: str) -> None:
        self._path = path
        self._prefix = prefix
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.row_factory = sqlite3.Row
        return connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    def is_empty(self) -> bool:
        """Whether no household was ever entered: seeds go in once only."""
        with self._read() as connection:
            return connection.execute("SELECT 1 FROM households LIMIT 1").fetchone() is None

    def enter_household(self, household: HouseholdEntry) -> None:
        """Add a household, or change its name and address."""
        with self._write() as connection:
            connection.execute(
                "INSERT INTO households VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (household_no) DO UPDATE SET name = excluded.name, address = excluded.address",
                (
                    household.household_no,
                    household.name,
                    household.address,
                    household.identity_canary,
                    household.mobile_canary,
                    household.contract_canary,
                ),
            )

    def find_household(self, household_no: str) -> HouseholdEntry:
        """The household. Raises ``BooksRefused`` (no_such_household)."""
        with self._read() as connection:
            return _load_household(connection, household_no)

    def enter_bill(
        self, household_no: str, period: str, amount_fen: int, due_on: str, meter: str, lines: Sequence[BillLine]
    ) -> str:
        """Add an unpaid bill and give its number. Raises ``BooksRefused`` (no_such_household)."""
        with self._write() as connection:
            _load_household(connection, household_no)
            count = int(
                connection.execute("SELECT count(*) FROM bills WHERE household_no = ?", (household_no,)).fetchone()[0]
            )
            bill_no = f"{self._prefix}{period}{household_no}{count + 1:03d}"
            connection.execute(
                "INSERT INTO bills VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (bill_no, household_no, period, amount_fen, due_on, meter),
            )
            connection.executemany(
                "INSERT INTO bill_lines VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (bill_no, n, line.label, line.amount_fen, line.quantity, line.unit_price)
                    for n, line in enumerate(lines)
                ],
            )
            return bill_no

    def list_bills(self, household_no: str, *, unpaid_only: bool) -> list[BillEntry]:
        """Bills of a household, oldest first. Raises ``BooksRefused`` (no_such_household)."""
        with self._read() as connection:
            _load_household(connection, household_no)
            rows = connection.execute(
                "SELECT * FROM bills WHERE household_no = ? AND (paid_by IS NULL OR NOT ?) ORDER BY period, bill_no",
                (household_no, unpaid_only),
            ).fetchall()
            return [_read_bill(connection, row) for row in rows]

    def find_bill(self, bill_no: str) -> BillEntry:
        """One bill. Raises ``BooksRefused`` (nothing_owed) if there is none."""
        with self._read() as connection:
            return _read_bill(connection, _load_bill(connection, bill_no))

    def pay_at_hall(self, bill_no: str) -> None:
        """The customer paid at the company's hall. Raises ``BooksRefused`` (nothing_owed, already_paid)."""
        with self._write() as connection:
            if _load_bill(connection, bill_no)["paid_by"] is not None:
                raise BooksRefused(RefusedBecause.ALREADY_PAID)
            connection.execute("UPDATE bills SET paid_by = 'hall' WHERE bill_no = ?", (bill_no,))

    def change_amount(self, bill_no: str, amount_fen: int) -> None:
        """The company corrects an unpaid bill; the difference becomes a line. Raises ``BooksRefused`` likewise."""
        with self._write() as connection:
            bill = _load_bill(connection, bill_no)
            if bill["paid_by"] is not None:
                raise BooksRefused(RefusedBecause.ALREADY_PAID)
            connection.execute("UPDATE bills SET amount_fen = ? WHERE bill_no = ?", (amount_fen, bill_no))
            connection.execute(
                "INSERT INTO bill_lines SELECT ?, coalesce(max(position), -1) + 1, '更正', ?, '', ''"
                " FROM bill_lines WHERE bill_no = ?",
                (bill_no, amount_fen - bill["amount_fen"], bill_no),
            )

    def write_off(self, order: WriteOffOrder, booked_at: str) -> WriteOffEntry:
        """Book a payment once per serial number and once per bill; a repeated serial gives the first entry.

        ``booked_at`` is ISO 8601 with offset. Raises ``BooksRefused``: serial_reused (same serial, other content),
        no_such_household, nothing_owed, already_paid, amount_mismatch.
        """
        with self._write() as connection:
            known = connection.execute(
                "SELECT * FROM write_offs WHERE sequence_no = ?", (order.sequence_no,)
            ).fetchone()
            if known is not None:
                return _repeat_write_off(WriteOffEntry(**dict(known)), order)
            _check_order(connection, order)
            count = int(connection.execute("SELECT count(*) FROM write_offs").fetchone()[0])
            reference = f"{self._prefix}{booked_at[:10].replace('-', '')}{count + 1:08d}"
            entry = WriteOffEntry(
                reference=reference,
                sequence_no=order.sequence_no,
                household_no=order.household_no,
                bill_no=order.bill_no,
                amount_fen=order.amount_fen,
                paid_at=order.paid_at,
                channel=order.channel,
                booked_at=booked_at,
            )
            _insert_write_off(connection, entry)
            return entry

    def find_write_off(self, sequence_no: str) -> WriteOffEntry:
        """The entry of a serial number. Raises ``BooksRefused`` (no_such_write_off)."""
        with self._read() as connection:
            row = connection.execute("SELECT * FROM write_offs WHERE sequence_no = ?", (sequence_no,)).fetchone()
        if row is None:
            raise BooksRefused(RefusedBecause.NO_SUCH_WRITE_OFF)
        return WriteOffEntry(**dict(row))

    def list_canaries(self) -> list[str]:
        """Every canary of every household and bill."""
        columns = ("identity_canary", "mobile_canary", "contract_canary")
        with self._read() as connection:
            rows = connection.execute(
                "SELECT identity_canary, mobile_canary, contract_canary FROM households"
            ).fetchall()
            meters = connection.execute("SELECT DISTINCT meter_canary FROM bills").fetchall()
        return [row[column] for row in rows for column in columns] + [row[0] for row in meters]

    def list_write_offs(self) -> list[WriteOffEntry]:
        """Every write-off, in the order of booking."""
        with self._read() as connection:
            rows = connection.execute("SELECT * FROM write_offs ORDER BY rowid").fetchall()
        return [WriteOffEntry(**dict(row)) for row in rows]


def _load_household(connection: sqlite3.Connection, household_no: str) -> HouseholdEntry:
    row = connection.execute("SELECT * FROM households WHERE household_no = ?", (household_no,)).fetchone()
    if row is None:
        raise BooksRefused(RefusedBecause.NO_SUCH_HOUSEHOLD)
    return HouseholdEntry(**dict(row))


def _load_bill(connection: sqlite3.Connection, bill_no: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM bills WHERE bill_no = ?", (bill_no,)).fetchone()
    if row is None:
        raise BooksRefused(RefusedBecause.NOTHING_OWED)
    return row


def _read_bill(connection: sqlite3.Connection, row: sqlite3.Row) -> BillEntry:
    lines = connection.execute(
        "SELECT label, amount_fen, quantity, unit_price FROM bill_lines WHERE bill_no = ? ORDER BY position",
        (row["bill_no"],),
    ).fetchall()
    return BillEntry(**dict(row), lines=tuple(BillLine(**dict(line)) for line in lines))


def _check_order(connection: sqlite3.Connection, order: WriteOffOrder) -> None:
    """Refuse what cannot be booked: the bill must be this household's, unpaid, and of exactly this amount."""
    _load_household(connection, order.household_no)
    bill = _load_bill(connection, order.bill_no)
    if bill["household_no"] != order.household_no:
        raise BooksRefused(RefusedBecause.NOTHING_OWED)
    if bill["paid_by"] is not None:
        raise BooksRefused(RefusedBecause.ALREADY_PAID)
    if bill["amount_fen"] != order.amount_fen:
        raise BooksRefused(RefusedBecause.AMOUNT_MISMATCH)


def _repeat_write_off(entry: WriteOffEntry, order: WriteOffOrder) -> WriteOffEntry:
    """The same serial number with the same content is the same write-off."""
    same = (entry.household_no, entry.bill_no, entry.amount_fen) == (
        order.household_no,
        order.bill_no,
        order.amount_fen,
    )
    if not same:
        raise BooksRefused(RefusedBecause.SERIAL_REUSED)
    return entry


def _insert_write_off(connection: sqlite3.Connection, entry: WriteOffEntry) -> None:
    connection.execute("UPDATE bills SET paid_by = 'channel' WHERE bill_no = ?", (entry.bill_no,))
    connection.execute(
        "INSERT INTO write_offs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.reference,
            entry.sequence_no,
            entry.household_no,
            entry.bill_no,
            entry.amount_fen,
            entry.paid_at,
            entry.channel,
            entry.booked_at,
        ),
    )
