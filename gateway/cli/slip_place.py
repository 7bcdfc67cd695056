"""What the commands about slips open: the folder of keys, a clock, and the register of revoked slips."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.clock_desk import open_clock
from gateway.cli.database import find_database
from services.errors import ConfigurationFault

if TYPE_CHECKING:
    from adapters.slip_keys import SlipKey
    from services.case_ports import CaseHouse
    from services.ports import Clock, Directory

folder_option = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="The folder of keys; else GUITAI_SLIP_KEYS, else that of --home.",
)  # fmt: skip


def find_folder(folder: Path | None, home: Path) -> Path:
    """The folder that a command means."""
    named = os.environ.get("GUITAI_SLIP_KEYS")
    return folder or (Path(named) if named else home / "slips")


def find_clock(home: Path) -> Clock:
    """The shared clock of the run in ``home``, else the machine's."""
    return open_clock(home)


def read_keys(keys_file: Path | None, folder: Path | None, home: Path) -> Mapping[str, SlipKey]:
    """The published keys in a file, else those of the folder. Raises ``ConfigurationFault``."""
    from adapters.slip_keys import KEYS_FILE, parse_keys

    path = keys_file or find_folder(folder, home) / KEYS_FILE
    try:
        return parse_keys(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationFault(f"{path}: not a list of slip keys") from error


@contextmanager
def open_register(home: Path, keyring: Path | None) -> Iterator[tuple[CaseHouse, Directory, Clock]]:
    """The owner's store with its register of revoked slips. Raises ``SettingsFault``, ``ConfigurationFault``."""
    from adapters.stores.directory import SqlDirectory
    from adapters.stores.keyring import Keyring
    from adapters.stores.transaction import SqlStore

    clock = open_clock(home)
    store = SqlStore(find_database(home), Keyring.load(keyring or home / "keyring.json"), clock, 1)
    try:
        yield store, SqlDirectory(store.engine, clock), clock
    finally:
        store.close()
