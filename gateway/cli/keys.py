"""``python -m gateway keys``: the keyring of this installation."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults

file_argument = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group()
def keys() -> None:
    """The keys that encrypt personal fields and make look-up hashes."""


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@tell_faults
def create(file: Path) -> None:
    """Write a new keyring (0600). Refuses to replace one: without its keys the store cannot be read."""
    if file.exists():
        raise click.ClickException(f"{file} exists; a keyring is never replaced")
    from adapters.stores.keyring import create_keyring

    create_keyring(file)
    click.echo(str(file))


@keys.command()
@file_argument
@click.option(
    "--standby", is_flag=True, help="It only decrypts until `keys promote`: for several processes that go on serving."
)
@tell_faults
def add(file: Path, standby: bool) -> None:
    """Add a key to the ring (replaced as a whole, 0600); from now on it is the one that encrypts. Prints its id. Restart the processes."""
    from adapters.stores.keyring import add_key

    click.echo(add_key(file, standby=standby))


@keys.command()
@file_argument
@tell_faults
def promote(file: Path) -> None:
    """Let the key that was added last be the one that encrypts. Prints its id. Restart the processes."""
    from adapters.stores.keyring import promote_key

    click.echo(promote_key(file))


@keys.command()
@file_argument
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine, if GUITAI_DATABASE_URL is not set.",
)  # fmt: skip
@click.option("--batch", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Rows per transaction.")
@tell_faults
def rotate(file: Path, home: Path, batch: int) -> None:
    """Encrypt again, under the current key, every cell and every file's key that is not: while serving, and again after a stop.

    Prints how many rows and files. Where the files lie is told by GUITAI_FILES, else beside the keyring.
    """
    from adapters.stores.file_store import rewrap_files
    from adapters.stores.keyring import CiphertextRefused, Keyring
    from adapters.stores.rotation import rotate_cells
    from gateway.cli.files import find_shelf

    keyring = Keyring.load(file)
    try:
        done = rotate_cells(find_database(home), keyring, lambda count: click.echo(f"{count} rows", err=True), batch)
        shelf = find_shelf(home, file)
        done += rewrap_files(shelf, keyring, lambda count: click.echo(f"{count} files", err=True))
    except CiphertextRefused as error:
        raise click.ClickException(f"{error}; is this the ring of this database?") from error
    click.echo(str(done))
