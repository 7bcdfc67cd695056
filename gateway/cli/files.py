"""``python -m gateway files``: whether every file is there and whole; removing what no row names."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option

if TYPE_CHECKING:
    from adapters.stores.file_shelf import Shelf
    from adapters.stores.keyring import Keyring
    from adapters.stores.transaction import SqlStore

keyring_option = click.option(
    "--keyring", type=click.Path(path_type=Path, dir_okay=False), help="The keys of the installation; else those of --home."
)  # fmt: skip


@click.group()
def files() -> None:
    """Uploaded files and documents: docs/files.md. GUITAI_FILES says where they lie, else the folder `files` of --home."""


@files.command()
@home_option
@keyring_option
@tell_faults
def check(home: Path, keyring: Path | None) -> None:
    """Read every file that the index names, open it and hold it against its digest. Exit status 1 if one is missing or altered."""
    from adapters.stores.file_store import SealedFileStore, find_missing

    ring, bad = _load_ring(home, keyring), 0
    kept = SealedFileStore(find_shelf(home, ring_file(home, keyring)), ring)
    with closing(_open_store(home, ring)) as store:
        indexed = list(store.list_contents())
    for agency_id, digest, what in find_missing(kept, indexed):
        click.echo(f"{what} {agency_id} {digest}")
        bad += 1
    if bad:
        raise click.ClickException(f"files that do not come back as they were put: {bad}")
    click.echo("whole")


@files.command()
@home_option
@keyring_option
@click.option(
    "--days", type=click.IntRange(1, 365), default=7, show_default=True, help="Only what lies there for longer, by the shelf's own clock."
)  # fmt: skip
@tell_faults
def sweep(home: Path, keyring: Path | None, days: int) -> None:
    """Remove files that no row of the index names (thrown-away drafts, uploads that were cut off). Prints how many."""
    from adapters.clock import SystemClock
    from adapters.stores.file_store import sweep_files

    ring, until = _load_ring(home, keyring), SystemClock().now() - timedelta(days=days)
    shelf = find_shelf(home, ring_file(home, keyring))
    with closing(_open_store(home, ring)) as store:
        click.echo(str(sweep_files(shelf, ring, store.list_contents(), until)))


def find_shelf(home: Path, ring: Path) -> Shelf:
    """The shelf of ``GUITAI_FILES``, with secrets of ``GUITAI_SECRETS_DIR``; else the folder beside this ring.

    Raises ``SettingsFault`` for an address that is none.
    """
    from adapters.secrets import FileSecrets
    from adapters.stores.shelves import open_shelf
    from config.file_place import read_file_place
    from config.settings import SettingsFault

    told = os.environ.get("GUITAI_FILES", "")
    try:
        place = read_file_place(told) if told else None
    except ValueError as error:
        raise SettingsFault(f"GUITAI_FILES {error}") from None
    secrets = os.environ.get("GUITAI_SECRETS_DIR") or home / "secrets"
    return open_shelf(place, ring, FileSecrets(Path(secrets)))


def ring_file(home: Path, keyring: Path | None) -> Path:
    """The keyring that is meant: the option's, the environment's, that of the home."""
    return keyring or Path(os.environ.get("GUITAI_KEYRING_FILE") or home / "keyring.json")


def _load_ring(home: Path, keyring: Path | None) -> Keyring:
    from adapters.stores.keyring import Keyring

    return Keyring.load(ring_file(home, keyring))


def _open_store(home: Path, ring: Keyring) -> SqlStore:
    from adapters.clock import SystemClock
    from adapters.stores.transaction import SqlStore

    return SqlStore(find_database(home), ring, SystemClock(), 1)
