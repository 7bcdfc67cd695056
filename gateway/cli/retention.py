"""``python -m gateway retention``: what is over its time, and taking it away. The worker does the same once a day."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.clock import keyring_option
from gateway.cli.clock_desk import open_clock
from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.retention_rules import RetentionRules, RetentionStore


@click.group()
def retention() -> None:
    """What is kept, how long, and what is over its time: docs/rights.md."""


@retention.command("plan")
@home_option
@keyring_option
@tell_faults
def plan(home: Path, keyring: Path | None) -> None:
    """What is due now, class by class; changes nothing. What a legal hold keeps is not counted."""
    from services.retention_rules import plan_retention

    with _open(home, keyring) as (store, rules, now):
        for due in plan_retention(store, rules, now):
            note = "  (a legal hold is in force)" if due.held else ""
            click.echo(f"{due.name}\t{due.rows}\tbefore {due.until:%Y-%m-%d}{note}")


@retention.command("run")
@home_option
@keyring_option
@tell_faults
def run(home: Path, keyring: Path | None) -> None:
    """Take away what is due, in batches; it may be stopped and run again."""
    from services.retention_rules import end_retention

    with _open(home, keyring) as (store, rules, now):
        for name, count in end_retention(store, rules, now).items():
            click.echo(f"{name}\t{count}")


@contextmanager
def _open(home: Path, keyring: Path | None) -> Iterator[tuple[RetentionStore, RetentionRules, datetime]]:
    from adapters.mapping_files import load_retention
    from adapters.stores.connection import open_engine
    from adapters.stores.keyring import Keyring
    from adapters.stores.retention_classes import SqlRetention

    engine = open_engine(find_database(home))
    try:
        keys = Keyring.load(keyring or home / "keyring.json")
        yield SqlRetention(engine, keys), load_retention(), open_clock(home).now()
    finally:
        engine.dispose()
