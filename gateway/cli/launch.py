"""``python -m gateway run`` and ``demo``: everything on this machine."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from config.settings import read_database_url
from gateway.cli.database import DATABASE_NAMES
from gateway.cli.faults import tell_faults

if TYPE_CHECKING:
    from gateway.launch.stack import Choices


class Stopped(BaseException):
    """SIGTERM or SIGINT arrived. Not an ``Exception``: nothing on the way may take it for a fault of its own."""


def stop_on_signals() -> threading.Event:
    """Turn the first SIGINT or SIGTERM into ``Stopped`` in the main thread; further ones are ignored while things end."""
    told = threading.Event()

    def stop(_signum: int, _frame: FrameType | None) -> None:
        if not told.is_set():
            told.set()
            raise Stopped

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)
    return told


postgres_option = click.option(
    "--postgres", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with the initdb and postgres to run instead of the wheel's.",
)  # fmt: skip


def choose_postgres(binaries: Path | None) -> Choices:
    """The PostgreSQL whose owner's address is in the environment, else an embedded one."""
    from gateway.launch.stack import Choices

    given = any(name in os.environ for name in DATABASE_NAMES)
    return Choices(read_database_url(os.environ) if given else None, binaries)


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

    told = stop_on_signals()
    try:
        run_and_serve(home, told.is_set, choose_postgres(postgres))
    except Stopped:
        click.echo("stopped; the data is kept", err=True)


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
    from gateway.demo.run import JOURNEYS, run_demo

    stop_on_signals()
    try:
        held = run_demo(home, JOURNEYS if journey == "all" else (journey,), choose_postgres(postgres))
    except Stopped:
        raise click.exceptions.Exit(130) from None
    click.echo("every step held" if held else "NOT every step held")
    if not held:
        raise click.exceptions.Exit(1)
