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
    from collections.abc import Callable

    from adapters.stores.sequencer import SqlSequencer
    from services.cosigning import Standing

NEEDED = (
    "environment", "database_url", "clock_file", "ledger_key", "checkpoint_seconds", "witness_url", "witness_key", "log_level",
)  # fmt: skip
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
    publish, close = _open_cosigning(settings)
    if once:
        try:
            placed = opened.run()
            publish()
        finally:
            opened.close()
            close()
        click.echo("another sequencer is at it" if placed is None else f"{placed} records have their places")
        return
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _number, _frame: stop.set())
    keep_placing(opened, stop, settings.checkpoint_seconds, publish)
    close()


def keep_placing(
    sequencer: SqlSequencer, stop: threading.Event, seconds: float, publish: Callable[[], object] = lambda: None
) -> None:
    """Give places every so many seconds until ``stop`` is set. Whatever goes wrong is told to the log; what waits goes on waiting.

    ``publish`` is called after the batches, outside any transaction: it asks the witness.
    """
    from gateway.logging import describe_exception, get_logger
    from services.sequencing import TreeBroken

    log = get_logger("sequencer")
    log.info("the sequencer gives places")
    while not stop.is_set():
        began = time.monotonic()
        try:
            placed = sequencer.run()
            if placed:
                log.info("records have their places", count=placed)
        except TreeBroken as broken:
            log.error("what is stored of the tree does not agree with itself: nothing is signed", reason=str(broken))  # noqa: TRY400 - the sentence
        except Exception as error:  # noqa: BLE001 - the next look may find the store or the tree mended
            log.warning("the sequencer could give no places", **describe_exception(error))
        try:
            publish()
        except Exception as error:  # noqa: BLE001 - the sequence goes on without a cosignature
            log.warning("the witness could not be asked", **describe_exception(error))
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


def _open_cosigning(settings: Any) -> tuple[Callable[[], object], Callable[[], None]]:
    """What asks the witness of these settings, if there is one, and what ends it. Raises ``ConfigurationFault`` for a key of another form."""
    from adapters.clock import make_clock
    from adapters.ed25519 import read_signer, verify_ed25519
    from adapters.stores.cosignatures import SqlHeads
    from adapters.witness_line import HttpWitness
    from services.cosigning import Cosigning
    from services.errors import ConfigurationFault
    from services.signed_note import COSIGNATURE, NoteRefused, read_key

    if settings.witness_url is None:
        return lambda: None, lambda: None
    try:
        witness = read_key(settings.witness_key)
    except NoteRefused as refused:
        raise ConfigurationFault(f"GUITAI_WITNESS_KEY: {refused}") from None
    if witness.kind != COSIGNATURE:
        raise ConfigurationFault("GUITAI_WITNESS_KEY: a witness has a key for cosignatures")
    clock = make_clock(settings.clock_file, settings.environment)
    heads = SqlHeads(settings.database_url, clock, witness.name)
    log_key = read_signer(settings.ledger_key).key
    line = HttpWitness(settings.witness_url)
    cosigning = Cosigning(heads, line.ask, log_key, witness, verify_ed25519, _tell_standing)

    def close() -> None:
        heads.close()
        line.close()

    return cosigning.run, close


def _tell_standing(standing: Standing) -> None:
    """Once for each change: a fork loudly, for people to look at."""
    from gateway.logging import get_logger
    from services.cosigning import Standing

    log = get_logger("sequencer")
    if standing is Standing.COSIGNED:
        log.info("the witness cosigns", state=str(standing))
    elif standing is Standing.FORKED:
        log.error("the witness knows another tree: nothing is published until this is explained", state=str(standing))
    else:
        log.warning("the witness does not cosign: nothing new is published", state=str(standing))
