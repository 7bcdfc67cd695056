"""``python -m gateway keys``: the keyring of this installation."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.faults import tell_faults


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
