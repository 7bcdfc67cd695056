"""``python -m gateway store``: migrations, roles, accounts."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults

home_option = click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine, if GUITAI_DATABASE_URL is not set.",
)  # fmt: skip


@click.group()
def store() -> None:
    """Migrations, roles and accounts of the government store. GUITAI_DATABASE_URL names its owner."""


@store.command()
@home_option
@tell_faults
def migrate(home: Path) -> None:
    """Bring the tables to this release; running it twice changes nothing."""
    from adapters.stores.provision import migrate as migrate_store

    migrate_store(find_database(home))
    click.echo("migrated")


@store.command()
@home_option
@click.option(
    "--secrets-dir", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="Folder in which the generated passwords are kept (0600); they are made once.",
)  # fmt: skip
@tell_faults
def provision(home: Path, secrets_dir: Path) -> None:
    """Create one database user per role (public, console, worker, sequencer, migration) with its grants."""
    from adapters.stores.provision import provision_roles

    for role in provision_roles(find_database(home), secrets_dir):
        click.echo(role)


@store.command(name="import")
@home_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@tell_faults
def import_(home: Path, file: Path) -> None:
    """Import agencies, apps, merchants and back ends from an accounts document (YAML); repeating it changes nothing."""
    import yaml

    from adapters.stores.directory import import_accounts

    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise click.ClickException(f"{file} is not YAML in UTF-8{place}; see docs/accounts.md") from error
    import_accounts(find_database(home), document)
    click.echo("imported")
