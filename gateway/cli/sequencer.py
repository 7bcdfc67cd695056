"""``python -m gateway sequencer``: gives the ledger's records their places in the tree, a process of its own (docs/exposure.md).

Its database role reads the ledger's records and appends to the tree. It has no keyring, no Redis, no queue; its one secret beside the
database address is the key with which it signs checkpoints.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.faults import tell_faults

if TYPE_CHECKING:
    from adapters.stores.sequencer import SqlSequencer

NEEDED = ("environment", "database_url", "clock_file", "ledger_key", "checkpoint_seconds", "log_level")
"""The settings that this process reads, and no other."""


@click.command()
@click.option("--once", is_flag=True, help="Give places to what waits now, print how many, and end.")
@tell_faults
def sequencer(*, once: bool) -> None:
    """Give records of the ledger their places in the tree and sign a checkpoint over them, every few seconds."""
    from config.settings import read_settings
    from gateway.logging import configure_logging

    settings = SimpleNamespace(**read_settings(os.environ, *NEEDED))
    configure_logging(settings.log_level)
    opened = _open(settings)
    if once:
        try:
            placed = opened.run()
        finally:
            opened.close()
        click.echo("another sequencer is at it" if placed is None else f"{placed} records have their places")
        return
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _number, _frame: stop.set())
    keep_placing(opened, stop, settings.checkpoint_seconds)


def keep_placing(sequencer: SqlSequencer, stop: threading.Event, seconds: float) -> None:
    """Give places every so many seconds until ``stop`` is set. Whatever goes wrong is told to the log; what waits goes on waiting."""
    from gateway.logging import describe_exception, get_logger

    log = get_logger("sequencer")
    log.info("the sequencer gives places")
    while not stop.is_set():
        began = time.monotonic()
        try:
            placed = sequencer.run()
            if placed:
                log.info("records have their places", count=placed)
        except Exception as error:  # noqa: BLE001 - the next look may find the store or the tree mended
            log.warning("the sequencer could give no places", **describe_exception(error))
        stop.wait(max(0.05, seconds - (time.monotonic() - began)))
    sequencer.close()


def _open(settings: Any) -> SqlSequencer:
    """The sequencer of these settings. Raises ``ConfigurationFault`` without a key to sign with."""
    from adapters.clock import make_clock
    from adapters.ed25519 import read_signer
    from adapters.stores.sequencer import SqlSequencer
    from services.errors import ConfigurationFault

    if settings.ledger_key is None:
        raise ConfigurationFault("the sequencer signs checkpoints: set GUITAI_LEDGER_KEY_FILE")
    clock = make_clock(settings.clock_file, settings.environment)
    return SqlSequencer(settings.database_url, clock, read_signer(settings.ledger_key))
