"""``python -m gateway watchman``: the dead-man switch, a process of its own (docs/watching.md).

It knows little and may do little: its database role reads the sweeper's sign of life and how far calendars reach, it has no keyring, no
Redis, no queue and no secrets but its database address and the mail server's password.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.faults import tell_faults

if TYPE_CHECKING:
    from services.watchman import Watchman

NEEDED = (
    "environment", "database_url", "clock_file", "smtp_url", "smtp_password", "smtp_authorities", "mail_from",
    "watch_mail", "watch_diary", "watch_seconds", "sweep_late_minutes", "calendar_days", "witness_key", "log_level",
)  # fmt: skip
"""The settings that this process reads, and no other."""


@click.command()
@click.option(
    "--once", is_flag=True, help="Look once, print what is wrong, tell nobody; status 1 if anything is wrong."
)
@tell_faults
def watchman(*, once: bool) -> None:
    """Watch the sweeper of alerts, the calendar and the ledger's log, and write to the supervision office when they fail."""
    from config.settings import read_settings
    from gateway.logging import configure_logging

    settings = SimpleNamespace(**read_settings(os.environ, *NEEDED))
    configure_logging(settings.log_level)
    if once:
        _look_once(settings)
        return
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _number, _frame: stop.set())
    watch(_open(settings), stop, settings.watch_seconds)


def watch(watchman: Watchman, stop: threading.Event, seconds: float) -> None:
    """Look every so many seconds until ``stop`` is set. An accident of our own is told to the log and looked past."""
    from gateway.logging import describe_exception, get_logger

    log = get_logger("watchman")
    log.info("the watchman looks")
    while not stop.is_set():
        began = time.monotonic()
        try:
            watchman.look()
        except Exception as error:  # noqa: BLE001 - a watchman that gives up is worse than any error
            log.warning("the watchman stumbled", **describe_exception(error))
        stop.wait(max(0.05, seconds - (time.monotonic() - began)))


def _open(settings: Any) -> Watchman:
    """The watchman of these settings. Raises ``ConfigurationFault`` if it could tell nobody."""
    from adapters.clock import make_clock
    from adapters.mail import open_mail
    from adapters.stores.lookout import SqlLookout
    from adapters.watch_diary import FileDiary
    from gateway.logging import get_logger
    from services.errors import ConfigurationFault
    from services.watchman import Watchman

    mail = open_mail(settings)
    if mail is None:
        raise ConfigurationFault("a watchman without mail tells nobody: set GUITAI_SMTP_URL and GUITAI_MAIL_FROM")
    log = get_logger("watchman")
    return Watchman(
        SqlLookout(settings.database_url, _name_witness(settings)),
        mail,
        FileDiary(settings.watch_diary),
        make_clock(settings.clock_file, settings.environment),
        _read_terms(settings),
        settings.watch_mail or (),
        report=lambda what, which: log.warning("the watchman reports", state=what, subject=which),
    )


def _name_witness(settings: Any) -> str | None:
    from services.errors import ConfigurationFault
    from services.signed_note import NoteRefused, read_key

    try:
        return read_key(settings.witness_key).name if settings.witness_key else None
    except NoteRefused as fault:
        raise ConfigurationFault(f"GUITAI_WITNESS_KEY: {fault}") from None


def _read_terms(settings: Any) -> Any:
    from services.watch import WatchTerms

    return WatchTerms(timedelta(minutes=settings.sweep_late_minutes), settings.calendar_days)


def _look_once(settings: Any) -> None:
    from adapters.clock import make_clock
    from adapters.stores.lookout import SqlLookout
    from services.watch import find_troubles
    from services.watch_words import say_trouble

    clock = make_clock(settings.clock_file, settings.environment)
    troubles = find_troubles(
        SqlLookout(settings.database_url, _name_witness(settings)).look(), _read_terms(settings), clock.now()
    )
    for trouble in troubles:
        click.echo(" / ".join(say_trouble(trouble)))
    if troubles:
        raise click.exceptions.Exit(1)
    click.echo("the sweeper sweeps, the calendar reaches far enough, and the ledger's records have their places")
