"""``python -m gateway exposure``: check the ledger from outside."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.check_file import check as check_file
from gateway.cli.database import find_database
from gateway.cli.exposure_sums import check_sums
from gateway.cli.faults import tell_faults
from gateway.cli.restores import check_note, declare_restore, sign_restore, submit_restore

if TYPE_CHECKING:
    from services.signed_note import NoteKey


@click.group()
def exposure() -> None:
    """The ledger of what platforms saw."""


exposure.add_command(check_sums)
for _one in (declare_restore, sign_restore, submit_restore, check_note):
    exposure.add_command(_one)


@exposure.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine, if GUITAI_DATABASE_URL is not set.",
)  # fmt: skip
@click.option(
    "--log-key", default=None,
    help="The public key of the log, name+hash+base64; without it a run's own, and without that signatures are not judged.",
)  # fmt: skip
@tell_faults
def verify(home: Path, log_key: str | None) -> None:
    """Recompute the whole ledger from its rows up. Status 1 and the place of each fault, the first one first, if it does not hold."""
    from adapters.stores.exposure_verify import verify as verify_ledger

    key = _find_log_key(home, log_key)
    report = verify_ledger(find_database(home), lambda count: click.echo(f"{count} records", err=True), key)
    for fault in report.faults:
        click.echo(str(fault))
    if report.fault_count > len(report.faults):
        click.echo(f"… and {report.fault_count - len(report.faults)} further faults")
    click.echo(f"{report.records} records, {report.fault_count} faults")
    if report.fault_count:
        raise click.exceptions.Exit(1)


def _find_log_key(home: Path, given: str | None) -> NoteKey | None:
    """The key that was given, or that of the run if it is the run's ledger that is checked."""
    from gateway.launch.ledger import PUBLIC_KEY
    from services.signed_note import NoteRefused, read_key

    file = home / PUBLIC_KEY
    if given is None and ("GUITAI_DATABASE_URL" in os.environ or not file.exists()):
        return None
    try:
        return read_key((given or file.read_text("ascii")).strip())
    except NoteRefused as refused:
        raise click.ClickException(f"the key of the log: {refused}") from None


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
