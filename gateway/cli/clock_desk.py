"""What ``python -m gateway clock`` opens: the calendar alone, or a desk over the owner's store that reads and recomputes cases."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

import click

from config.settings import SettingsFault, read_settings
from gateway.cli.database import find_database
from gateway.cli.staff import is_demo
from services.errors import ConfigurationFault, StoreUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from services.calendar_record import Calendar
    from services.case_desk import CaseDesk
    from services.case_ports import Slip
    from services.model import JsonValue
    from services.ports import Clock

SlugOf = Callable[[UUID], str]


class NoFiles:
    """Stands for the store of files and for slips: clocks need neither."""

    def put(self, agency_id: UUID, content: bytes) -> NoReturn:
        """See ``FileStore``."""
        _refuse()

    def get(self, agency_id: UUID, digest: str) -> NoReturn:
        """See ``FileStore``."""
        _refuse()

    def sign(self, slip: Slip) -> NoReturn:
        """See ``SlipPress``."""
        _refuse()

    def read(self, text: str, now: datetime) -> NoReturn:
        """See ``SlipPress``."""
        _refuse()

    def public_keys(self) -> JsonValue:
        """See ``SlipPress``."""
        _refuse()


def _refuse() -> NoReturn:
    raise ConfigurationFault("the clock commands open no files, sign nothing and ask no back end")


def _find_no_back_end(_mapping: object) -> NoReturn:
    _refuse()


def find_calendar(home: Path, region: str) -> Calendar:
    """The store's calendar in force; else the shipped one, which is said on standard error. Raises ``click.ClickException``."""
    from adapters.calendar_seed import REGION, load_shipped_calendar

    found, why = _read_calendar(home, region)
    if found is not None:
        return found
    if region != REGION:
        raise click.ClickException(f"{why}, and no calendar of {region} is shipped: only that of {REGION}")
    shipped = load_shipped_calendar()
    click.echo(f"{why}: using the shipped calendar, published until {shipped.published_until}", err=True)
    return shipped


def _read_calendar(home: Path, region: str) -> tuple[Calendar | None, str]:
    """The store's calendar, or why there is none."""
    try:
        url = find_database(home)
    except SettingsFault:
        return None, "no store is known here"
    from adapters.stores.calendars import SqlCalendarStore
    from adapters.stores.connection import StoreFault, open_engine, scoped

    engine = open_engine(url, 1)
    try:
        with scoped(engine, ()) as connection:
            return SqlCalendarStore(connection).current(region), "the store has no calendar"
    except (StoreUnavailable, StoreFault) as fault:
        return None, str(fault)
    finally:
        engine.dispose()


@contextmanager
def open_case_desk(home: Path, keyring: Path | None) -> Iterator[tuple[CaseDesk, SlugOf]]:
    """A desk on the owner's database, for reading cases and setting their clocks anew, and how agencies are called. Raises ``SettingsFault``, ``ConfigurationFault``."""
    from adapters.ids import make_id
    from adapters.mapping_files import load_vocabulary
    from adapters.stores.catalogue_shelf import LiveCatalogueShelf
    from adapters.stores.directory import SqlDirectory
    from adapters.stores.keyring import Keyring
    from adapters.stores.transaction import SqlStore
    from gateway.logging import configure_logging
    from services.case_desk import CaseDesk
    from services.catalogue import Catalogue

    configure_logging("warning")
    clock, url = open_clock(home), find_database(home)
    keys = Keyring.load(keyring or home / "keyring.json")
    store, shelf = SqlStore(url, keys, clock, 2), LiveCatalogueShelf(url, load_vocabulary())
    directory = SqlDirectory(store.engine, clock)
    try:
        desk = CaseDesk(
            house=store,
            catalogue=Catalogue(shelf.services, {}, load_vocabulary(), history=shelf.history, hold=shelf.hold),
            directory=directory,
            clock=clock,
            new_id=lambda: make_id(clock.now()),
            random=secrets.token_bytes,
            keyed_hash=keys,
            files=NoFiles(),
            slips=NoFiles(),
            back_end_of=_find_no_back_end,
            web_url="",
            orange_percent=read_orange_percent(),
        )
        yield desk, directory.slug_of
    finally:
        shelf.close()
        store.close()


def read_orange_percent() -> int:
    """The share for orange of the processes, if this command is run in their environment. Raises ``SettingsFault``."""
    own = {name: text for name, text in os.environ.items() if name == "GUITAI_ORANGE_PERCENT"}
    found: int = read_settings(own, "orange_percent")["orange_percent"]
    return found


def open_clock(home: Path) -> Clock:
    """The shared clock of the run in ``home``, else the machine's."""
    from adapters.clock import SharedClock, SystemClock

    clock_file = home / "run" / "clock.json"
    return SharedClock(clock_file) if is_demo(home) and clock_file.exists() else SystemClock()
