"""Where a simulated year lies: its folder, its own PostgreSQL with the government store in it, its keys, agencies, staff and first calendar."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from adapters.embedded import start_postgres
from adapters.stores.connection import driver_url
from adapters.stores.keyring import create_keyring
from adapters.stores.partitions import add_months
from adapters.stores.provision import migrate, provision_roles
from tests.year.calendars import FIRST_DAY, moment_on
from tests.year.city import ACCOUNTS, NAMES, Person, make_staff

MONTHS = 20
"""Months of partitions from the first of the year on: till the last case is delivered and longer."""
SERVER = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB",
    "checkpoint_timeout": "1h", "shared_buffers": "512MB", "wal_level": "minimal", "max_wal_senders": "0",
}  # fmt: skip
"""A simulation that the machine takes down is started again: nothing waits for the disk."""


@dataclass(frozen=True)
class Place:
    """A migrated store, with an address for the owner and one for each role."""

    folder: Path
    owner_url: str
    urls: Mapping[str, str]

    @property
    def ring(self) -> Path:
        """The keys."""
        return self.folder / "store" / "ring.json"

    @property
    def clock(self) -> Path:
        """The shared clock's file."""
        return self.folder / "store" / "clock.json"


def list_agencies() -> dict[str, UUID]:
    """Slug and id of every agency, the parents first."""
    return {str(entry["slug"]): uuid5(NAMES, str(entry["slug"])) for entry in ACCOUNTS["agencies"]}


@contextmanager
def open_place(folder: Path) -> Iterator[Place]:
    """A new store under ``folder/store``, whatever was there before; its server stops at the end. Raises ``RuntimeError`` if it is in use."""
    store = folder / "store"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "year.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"{folder}: a year is being simulated there already") from None
        with _start(folder, store) as place:
            yield place


@contextmanager
def _start(folder: Path, store: Path) -> Iterator[Place]:
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(parents=True)
    server = start_postgres(store, settings=SERVER)
    try:
        migrate(server.owner_url)
        place = Place(folder, server.owner_url, provision_roles(server.owner_url, store / "secrets"))
        create_keyring(place.ring)
        furnish(server.owner_url)
        yield place
    finally:
        server.stop()


def furnish(owner_url: str) -> None:
    """The months, the agencies and the staff of the year."""
    engine = create_engine(driver_url(owner_url), poolclass=NullPool)
    with engine.begin() as connection:
        add_months(connection, moment_on(FIRST_DAY, 12 * 3600), behind=1, ahead=MONTHS, tables=("case_events",))
    with psycopg.connect(owner_url) as owner:
        agencies = list_agencies()
        for entry in ACCOUNTS["agencies"]:
            row = agencies[entry["slug"]], agencies.get(entry["parent"] or ""), entry["slug"], Jsonb(entry["name"])
            owner.execute("INSERT INTO agencies (agency_id, parent_id, slug, name) VALUES (%s, %s, %s, %s)", row)
        for person in make_staff():
            _seat(owner, person, agencies[person.agency], moment_on(FIRST_DAY, 0))


def _seat(owner: psycopg.Connection[tuple[object, ...]], person: Person, agency_id: UUID, at: datetime) -> None:
    row = agency_id, person.staff_id, person.login, person.login, at
    owner.execute("INSERT INTO staff (agency_id, staff_id, login, name, created_at) VALUES (%s, %s, %s, %s, %s)", row)
    held = agency_id, uuid5(NAMES, f"{person.login}:role"), person.staff_id, person.role, at
    owner.execute(
        "INSERT INTO staff_roles (agency_id, grant_id, staff_id, role, since_at) VALUES (%s, %s, %s, %s, %s)", held
    )
