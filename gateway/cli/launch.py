"""``python -m gateway run`` and ``demo``: everything on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import read_database_url
from gateway.cli.database import DATABASE_NAMES
from gateway.cli.faults import tell_faults
from gateway.launch.interruption import INTERRUPTION, Stopped

if TYPE_CHECKING:
    from gateway.launch.stack import Choices


postgres_option = click.option(
    "--postgres", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with the initdb and postgres to run instead of the wheel's.",
)  # fmt: skip


def choose_postgres(binaries: Path | None) -> Choices:
    """The PostgreSQL whose owner's address is in the environment, else an embedded one."""
    from gateway.launch.stack import Choices

    given = any(name in os.environ for name in DATABASE_NAMES)
    return Choices(read_database_url(os.environ) if given else None, binaries)


@contextmanager
def until_stopped(status: int) -> Iterator[None]:
    """Run until the end or until told to stop; then exit with ``status``, everything having been stopped on the way up.

    What is written from here on, by us and by every process that we start, is for the owner alone.
    """
    INTERRUPTION.listen()
    os.umask(0o077)
    try:
        yield
    except (Exception, Stopped):
        if not INTERRUPTION.told:
            raise
        click.echo("stopped; the data is kept", err=True)
        raise click.exceptions.Exit(status) from None


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=Path("var"), show_default=True,
    help="Folder for the data, keys and logs of this run; kept for the next one.",
)  # fmt: skip
@postgres_option
@tell_faults
def run(home: Path, postgres: Path | None) -> None:
    """Start everything, pay a gas bill through WeChat and a water bill through Alipay, then keep serving."""
    from gateway.demo.run import run_and_serve

    with until_stopped(status=0):
        run_and_serve(home, choose_postgres(postgres))


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True,
    help="Folder for report.json and the evidence; the run's own data below it is made anew each time.",
)  # fmt: skip
@click.option(
    "--journey", type=click.Choice(["all", "bills"]), default="all", show_default=True, help="Which journeys."
)
@postgres_option
@tell_faults
def demo(home: Path, journey: str, postgres: Path | None) -> None:
    """Run the journeys once and check them from outside; status 0 only if every step held."""
    from gateway.demo.run import run_demo

    with until_stopped(status=130):
        held = run_demo(home, journey, choose_postgres(postgres))
    click.echo("every step held" if held else "NOT every step held")
    if not held:
        raise click.exceptions.Exit(1)
