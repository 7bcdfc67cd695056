"""``python -m gateway exposure``: check the ledger from outside."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gateway.cli.check_file import check as check_file
from gateway.cli.exposure_sums import check_sums
from gateway.cli.exposure_verify import verify
from gateway.cli.faults import tell_faults
from gateway.cli.restores import check_note, declare_restore, sign_restore, submit_restore


@click.group()
def exposure() -> None:
    """The ledger of what platforms saw."""


exposure.add_command(check_sums)
for _one in (declare_restore, sign_restore, submit_restore, check_note):
    exposure.add_command(_one)
exposure.add_command(verify)


@exposure.command("new-key")
@click.argument("origin")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(["log", "promise", "person", "witness"]), default="log", show_default=True,
    help="Whose key: a witness's public half is one for cosignatures, the others are plain.",
)  # fmt: skip
@tell_faults
def new_key(origin: str, file: Path, kind: str) -> None:
    """Make the key of a log with this ORIGIN (or of a person or witness with this name), write it to a new FILE (0600), print its public half."""
    import secrets

    from adapters.ed25519 import read_signer, write_signer
    from services.signed_note import COSIGNATURE, ED25519

    line = write_signer(origin, secrets.token_bytes(32))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(line + "\n")
    click.echo(str(read_signer(line, COSIGNATURE if kind == "witness" else ED25519).key))


@exposure.command("check-proofs")
def check_proofs() -> None:
    """Judge proofs from standard input, one JSON object a line: true or false for each, in order. Needs nothing that runs."""
    from gateway.cli.proof_stream import judge_lines

    judge_lines(sys.stdin.buffer, sys.stdout.buffer)


exposure.add_command(check_file)
