"""``python -m gateway exposure``: check the ledger from outside."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults


@click.group()
def exposure() -> None:
    """The ledger of what platforms saw."""


@exposure.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine, if GUITAI_DATABASE_URL is not set.",
)  # fmt: skip
@tell_faults
def verify(home: Path) -> None:
    """Recompute the whole ledger from its rows up. Status 1 and the place of each fault, the first one first, if it does not hold."""
    from adapters.stores.exposure_verify import verify as verify_ledger

    report = verify_ledger(find_database(home), lambda count: click.echo(f"{count} records", err=True))
    for fault in report.faults:
        click.echo(str(fault))
    if report.fault_count > len(report.faults):
        click.echo(f"… and {report.fault_count - len(report.faults)} further faults")
    click.echo(f"{report.records} records, {report.fault_count} faults")
    if report.fault_count:
        raise click.exceptions.Exit(1)


@exposure.command("check-proofs")
def check_proofs() -> None:
    """Judge proofs from standard input, one JSON object a line: true or false for each, in order. Needs nothing that runs."""
    from gateway.cli.proof_stream import judge_lines

    judge_lines(sys.stdin.buffer, sys.stdout.buffer)
