"""``python -m gateway witness``: the supervision office's cosigner, a process of its own (docs/witness.md)."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import click

from gateway.cli.faults import tell_faults


@click.command()
@click.option("--begin", is_flag=True, help="Make the empty memory of a witness with a new key, once, and end.")
@tell_faults
def witness(*, begin: bool) -> None:
    """Cosign checkpoints of the logs whose keys it has, and refuse a fork. Settings and memory: docs/witness.md."""
    from adapters.ed25519 import read_signer
    from adapters.witness_memory import begin_memory
    from config.settings import read_settings
    from gateway.logging import configure_logging
    from gateway.witness import NEEDED, open_witness
    from services.errors import ConfigurationFault
    from services.signed_note import COSIGNATURE

    settings = SimpleNamespace(**read_settings(os.environ, *NEEDED))
    configure_logging(settings.log_level)
    if begin:
        if settings.witness_signing_key is None:
            raise ConfigurationFault("a witness has a key: set GUITAI_WITNESS_SIGNING_KEY_FILE")
        begin_memory(settings.witness_state, read_signer(settings.witness_signing_key, COSIGNATURE).key)
        click.echo(f"an empty memory: {settings.witness_state}")
        return
    _, release = open_witness(settings)  # what is wrong is said here, in one sentence
    release()
    arguments = [
        "-m", "granian", "--interface", "wsgi", "gateway.witness:application", "--host", settings.witness_host,
        "--port", str(settings.witness_port), "--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own interpreter, fixed arguments
