"""``python -m gateway exposure check-sums``: whether what the privacy officer reads is what the ledger says."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults


@click.command("check-sums")
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine, if GUITAI_DATABASE_URL is not set.",
)  # fmt: skip
@tell_faults
def check_sums(home: Path) -> None:
    """Count the whole ledger once more. Status 1, and a line for each sum by days and months that is not what it says."""
    from adapters.stores.exposure_sums import compare_sums, read_summed

    url, faults = find_database(home), 0
    for line in compare_sums(url):
        faults += 1
        click.echo(line)
    click.echo(f"{read_summed(url)} leaves summed up, {faults} sums differ")
    if faults:
        raise click.exceptions.Exit(1)
