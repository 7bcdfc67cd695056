"""``python -m gateway mapping``: check, scaffold, compare and try mapping files. None of them needs a running service but ``try``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from config.mapping_schema import KINDS, SERVICE_ID
from gateway.cli.faults import tell_faults
from gateway.cli.publishing import COMMANDS as PUBLISHING
from gateway.cli.publishing import keyring_option
from gateway.cli.store import home_option

FILE = click.Path(path_type=Path)


@click.group()
def mapping() -> None:
    """Services as files: check them, begin a new one, compare versions, try them against a back end."""


@mapping.command()
@click.argument("files", nargs=-1, type=FILE)
@tell_faults
def check(files: tuple[Path, ...]) -> None:
    """Check mapping FILES, or all in config/mappings if none is named. Status 1 and one line per fault if anything is wrong."""
    from gateway.cli.mapping_check import check_files

    faults, count = check_files(list(files))
    for fault in faults:
        click.echo(str(fault))
    if faults:
        sys.exit(1)
    click.echo(f"{count} checked, no fault")


@mapping.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--entries", is_flag=True, help="Every click, field, screen and trip with the reason for it.")
@tell_faults
def effort(files: tuple[Path, ...], *, entries: bool) -> None:
    """Print what mapping FILES, or all in config/mappings, take a citizen beside what they promise, and which stand out of their kind."""
    from gateway.cli.mapping_effort import describe_files

    for line in describe_files(list(files), entries=entries):
        click.echo(line)


@mapping.command()
@click.argument("service")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What citizens do with it.")
@click.option("--out", type=FILE, help="Write it to this file, which must not exist, instead of standard output.")
@tell_faults
def new(service: str, kind: str, out: Path | None) -> None:
    """Print a commented scaffold for a new SERVICE; it passes `check` as it is, and every line to change says so."""
    import re

    from gateway.workshop import write_scaffold

    if not re.fullmatch(SERVICE_ID.pattern, service) or len(service) > SERVICE_ID.max_length:
        raise click.ClickException(f"an id is {SERVICE_ID.rule}, for example my-service")
    text = write_scaffold(kind, service)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    click.echo(str(out))


@mapping.command()
@home_option
@keyring_option
@click.argument("file", type=FILE)
@click.argument("other", type=FILE, required=False)
@tell_faults
def diff(home: Path, keyring: Path | None, file: Path, other: Path | None) -> None:
    """Compare FILE with OTHER, or with the version of its service that is in force: line by line, by meaning, by what platforms see.

    Status 0 if nothing differs, 1 if something does.
    """
    from gateway.cli.mapping_compare import compare_files

    lines, same = compare_files(file, other, home, keyring)
    for line in lines:
        click.echo(line)
    sys.exit(0 if same else 1)


@mapping.command(name="try")
@click.argument("file", type=FILE)
@click.option(
    "--input", "entries", multiple=True, metavar="NAME=VALUE", help="What the citizen enters; once per input."
)
@click.option(
    "--story", type=click.IntRange(1), help="Enter what this story of the demo enters; --input says more or otherwise."
)
@click.option(
    "--applicant",
    multiple=True,
    metavar="NAME=VALUE",
    help="Who asks: name, identity_number, phone, of a case organisation and credit_code too; else an example.",
)
@click.option("--operation", default="", help="Only this operation; without it those with which the kind begins.")
@click.option(
    "--write", is_flag=True, help="Also what changes something, at the mapping's test_back_end and nowhere else."
)
@click.option("--amount-fen", type=click.IntRange(1), help="With --write: the amount, where no bill states one.")
@click.option(
    "--home", type=FILE, default=Path("var"), show_default=True, help="Home of a run, for addresses and secrets."
)
@click.option("--accounts", type=FILE, help="An accounts document, instead of that of a run.")
@click.option("--secrets-dir", type=FILE, help="The folder of its secrets.")
@tell_faults
def try_(
    file: Path,
    entries: tuple[str, ...],
    story: int | None,
    applicant: tuple[str, ...],
    operation: str,
    write: bool,
    amount_fen: int | None,
    home: Path,
    accounts: Path | None,
    secrets_dir: Path | None,
) -> None:
    """Call the back end of FILE and show requests, replies, results and the exact exposure per platform. Reads only, unless --write."""
    from gateway.cli.mapping_trial import Where, read_applicant, read_entries, read_party, read_story, run_trial
    from services.mapping_trial import Wishes

    entered = {**(read_story(file, story) if story else {}), **read_entries(entries)}
    wishes = Wishes(entered, read_applicant(applicant, read_party(file, story)), operation, write, amount_fen)
    for line in run_trial(file, wishes, Where(home, accounts, secrets_dir)):
        click.echo(line)


for command in PUBLISHING:
    mapping.add_command(command)
