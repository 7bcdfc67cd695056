"""The two stores that growth is measured on: 100,000 and 10 million cases, made once by COPY under ``var/bench/``.

``make bench-data`` builds what is missing and goes on where it was stopped: every chunk is one transaction with its own mark. Indexes
other than the keys are made when all rows are in. Loopback only (a Unix socket), two processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import create_engine

from adapters.embedded import start_postgres
from adapters.stores.connection import driver_url
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.migrations.versions.v0025_scale import COUNT_PAYMENTS
from adapters.stores.partitions import add_months
from adapters.stores.provision import migrate, provision_roles
from gateway.launch.places import ROOT
from tests.bench.case_rows import CHUNK, COLUMNS, FIRST, NOW, STAFF, Scene, make_rows
from tests.bench.history_rows import MONTH_COLUMNS, Row, make_months
from tests.case_samples import LICENSING
from tests.contract.samples import ACCOUNTS

SIZES = {"small": 100_000, "large": 10_000_000}
HOME = ROOT / "var" / "bench"
SETTINGS = {
    "shared_buffers": "2GB",
    "max_wal_size": "1GB",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_parallel_maintenance_workers": "1",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "12GB",
}
BYTES_A_CASE = 2_900
MARKS: LiteralString = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.chunks (chunk integer PRIMARY KEY);
CREATE TABLE IF NOT EXISTS bench.indexes (name text PRIMARY KEY, definition text NOT NULL);
CREATE TABLE IF NOT EXISTS bench.finished (at timestamptz NOT NULL);
"""
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Grown:
    """A store of ``cases`` cases: its owner's address, one address per role, and the ring that its cells are sealed with."""

    name: str
    cases: int
    owner_url: str
    urls: dict[str, str]
    ring: Path


@contextmanager
def open_data(
    names: Sequence[str], sizes: dict[str, int], home: Path, report: Report, chunk: int = CHUNK
) -> Iterator[dict[str, Grown]]:
    """The stores of these names, built first where they are missing, on a server that ends with the block."""
    home.mkdir(parents=True, exist_ok=True)
    server = start_postgres(home / "postgres", settings=SETTINGS)
    try:
        yield {name: _open_store(name, sizes[name], server.owner_url, home, report, chunk) for name in names}
    finally:
        server.stop()


def _open_store(name: str, cases: int, server_url: str, home: Path, report: Report, chunk: int) -> Grown:
    owner_url = make_database(server_url, f"grown_{name}")
    ring = home / "keyring.json"
    if not ring.exists():
        create_keyring(ring)
    migrate(owner_url)
    import_accounts(owner_url, ACCOUNTS)
    urls = provision_roles(owner_url, home / "secrets")
    grown = Grown(name, cases, owner_url, urls, ring)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(MARKS)
        if connection.execute("SELECT 1 FROM bench.finished").fetchone() is None:
            _require_room(home, cases, report)
            _build(grown, connection, report, chunk)
    return grown


def make_database(server_url: str, name: str) -> str:
    """The database of this name on a server, made if it is missing; the owner's address of it."""
    with psycopg.connect(_rename(server_url, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
            )
    return _rename(server_url, name)


def _rename(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _require_room(home: Path, cases: int, report: Report) -> None:
    free, needed = shutil.disk_usage(home).free, cases * BYTES_A_CASE
    report(f"{cases:,} cases need about {needed / 1e9:.1f} GB; {free / 1e9:.0f} GB are free")
    if free < needed * 1.2:
        raise SystemExit("not enough room on this disk")


def _build(grown: Grown, connection: psycopg.Connection[Any], report: Report, chunk: int) -> None:
    began = time.monotonic()
    engine = create_engine(driver_url(grown.owner_url))
    monthly = [name for (name,) in connection.execute("SELECT name FROM monthly_tables")]
    with engine.begin() as months:
        add_months(months, NOW + timedelta(days=30), behind=62, ahead=0, tables=monthly)
    engine.dispose()
    _put_indexes_away(connection)
    agencies = dict(connection.execute("SELECT slug, agency_id FROM agencies").fetchall())
    _put_people_in(connection, agencies["gas"])
    chunks = -(-grown.cases // chunk)
    done = {number for (number,) in connection.execute("SELECT chunk FROM bench.chunks")}
    waiting = [number for number in range(chunks) if number not in done]
    jobs = [
        (grown.owner_url, grown.ring, (agencies["gas"], agencies["water"]), grown.cases, chunk, number) for number in waiting
    ]  # fmt: skip
    with ProcessPoolExecutor(2, initializer=_end_with_parent) as pool:
        for count, _ in enumerate(pool.map(load_chunk, jobs), 1):
            left = (time.monotonic() - began) / count * (len(waiting) - count)
            report(f"{grown.name}: {len(done) + count} of {chunks} parts, {left / 60:.1f} min left")
    _bring_indexes_back(connection, grown.name, report)
    _close_months(connection, grown, agencies)
    size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    report(f"{grown.name}: built in {(time.monotonic() - began) / 60:.1f} min, {(size or (0,))[0] / 1e9:.2f} GB")


def _put_indexes_away(connection: psycopg.Connection[Any]) -> None:
    """Drop every index that keeps nothing unique, and remember how it was made; those of partitions go with their parents'."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO bench.indexes SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
            " WHERE t.relname = ANY (%s) AND NOT i.indisunique ON CONFLICT DO NOTHING",
            [list(COLUMNS)],
        )
        for (name,) in connection.execute("SELECT name FROM bench.indexes").fetchall():
            connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.Identifier(name)))


def _bring_indexes_back(connection: psycopg.Connection[Any], store: str, report: Report) -> None:
    """Make them all. PostgreSQL writes ``ON ONLY`` for a table in parts, which makes none of the parts' own and is not valid."""
    known = connection.execute("SELECT name, definition FROM bench.indexes ORDER BY name").fetchall()
    for name, definition in known:
        if connection.execute("SELECT to_regclass(%s)", [name]).fetchone() == (None,):
            report(f"{store}: index {name}")
            connection.execute(definition.replace(" ON ONLY ", " ON ", 1))
    report(f"{store}: statistics for the planner")
    connection.execute("VACUUM (ANALYZE)")


def _end_with_parent() -> None:
    """A process of the pool ends when whoever started it was killed; its transaction is undone, and the next build makes the chunk again."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: (wait([sentinel]), os._exit(1)), daemon=True).start()


def load_chunk(job: tuple[str, Path, tuple[UUID, UUID], int, int, int]) -> int:
    """Write one chunk in one transaction. Foreign keys and triggers are left out: nothing here comes from outside."""
    owner_url, ring, offices, cases, size, chunk = job
    rows = make_rows(Scene(*offices, cases, Keyring.load(ring)), chunk, size)
    with psycopg.connect(owner_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        _copy(connection, COLUMNS, rows)
        connection.execute("INSERT INTO bench.chunks VALUES (%s)", [chunk])
    return chunk


def _copy(
    connection: psycopg.Connection[Any], columns: Mapping[str, Sequence[str]], rows: Mapping[str, Sequence[Row]]
) -> None:
    for table, found in rows.items():
        names = sql.SQL(", ").join(sql.Identifier(name) for name in columns[table])
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in found:
                copy.write_row(row)


def _put_people_in(connection: psycopg.Connection[Any], agency_id: UUID) -> None:
    """The case managers, once."""
    for number, staff_id in enumerate(STAFF):
        cells = (agency_id, staff_id, f"clerk-{number:02d}", f"经办{number:02d}", FIRST)
        connection.execute(
            "INSERT INTO staff (agency_id, staff_id, login, name, created_at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            cells,
        )


def _close_months(connection: psycopg.Connection[Any], grown: Grown, agencies: Mapping[str, UUID]) -> None:
    """Months that are over, as if they had been closed when they ended; in one transaction with the mark that all is built."""
    rows: dict[str, list[Row]] = {table: [] for table in MONTH_COLUMNS}
    for table, row in make_months(grown.cases, agencies["gas"], agencies["city"], LICENSING, STAFF, FIRST, NOW):
        rows[table].append(row)
    with connection.transaction():
        _copy(connection, MONTH_COLUMNS, rows)
        connection.execute("TRUNCATE payment_sums")
        connection.execute(COUNT_PAYMENTS)
        connection.execute("INSERT INTO bench.finished VALUES (clock_timestamp())")


def measure_disk(home: Path) -> int:
    """Bytes that the files under a folder take on the disk, logs of the server too."""
    return sum(one.lstat().st_blocks * 512 for one in home.rglob("*") if not one.is_symlink())


def print_line(line: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Build the stores that are named, all of them by default."""
    asked = argparse.ArgumentParser(description="Build the stores that growth is measured on.")
    asked.add_argument("--only", choices=sorted(SIZES), action="append")
    chosen = asked.parse_args().only or list(SIZES)
    began = time.monotonic()
    with open_data(chosen, SIZES, HOME, print_line):
        pass
    taken = (time.monotonic() - began) / 60
    print_line(f"all data sets are there after {taken:.1f} min: {measure_disk(HOME) / 1e9:.1f} GB under {HOME}")


if __name__ == "__main__":
    main()
