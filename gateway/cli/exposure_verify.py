"""``python -m gateway exposure verify``: the whole ledger from its rows up, resumable, with progress."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.database import DATABASE_NAMES, find_database
from gateway.cli.faults import tell_faults

if TYPE_CHECKING:
    from adapters.stores.exposure_verify import Progress, VerifyReport
    from services.signed_note import NoteKey


@click.command()
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine, if GUITAI_DATABASE_URL is not set.",
)  # fmt: skip
@click.option(
    "--log-key", default=None,
    help="The public key of the log, name+hash+base64; without it a run's own, and without that signatures are not judged.",
)  # fmt: skip
@click.option(
    "--witness-key", "witness_keys", multiple=True,
    help="The public key of a witness, for each; without one a run's own, and without that its lines are not judged.",
)  # fmt: skip
@click.option(
    "--keyring", type=click.Path(path_type=Path, dir_okay=False),
    help="The keys of the installation; without them a run's own, and without those links to people are not looked over.",
)  # fmt: skip
@click.option(
    "--state", type=click.Path(path_type=Path, dir_okay=False),
    help="A file (0600) from which a check that was killed goes on, and that remembers the last checkpoint.",
)  # fmt: skip
@tell_faults
def verify(
    home: Path, log_key: str | None, witness_keys: tuple[str, ...], keyring: Path | None, state: Path | None
) -> None:
    """Recompute the whole ledger from its rows up. Status 1 and the place of each fault, the first one first, if it does not hold."""
    from adapters.stores.exposure_verify import Checking
    from adapters.stores.exposure_verify import verify as verify_ledger
    from adapters.stores.keyring import Keyring
    from gateway.launch.ledger import PUBLIC_KEY

    log = _find_keys(home, PUBLIC_KEY, () if log_key is None else (log_key,), "log")
    keys = keyring or _find_own(home, "keyring.json")
    checking = Checking(
        log[0] if log else None, _find_keys(home, "witness-key.pub", witness_keys, "witness"),
        Keyring.load(keys) if keys is not None else None, state,
    )  # fmt: skip
    report = verify_ledger(find_database(home), _Teller(), checking=checking)
    for fault in report.faults:
        click.echo(str(fault))
    if report.fault_count > len(report.faults):
        click.echo(f"… and {report.fault_count - len(report.faults)} further faults")
    _tell_unseen(report, log_is_known=bool(log))
    click.echo(f"{report.records} records, {report.fault_count} faults")
    if report.fault_count:
        raise click.exceptions.Exit(1)


class _Teller:
    """Says on standard error how far a check is, and how fast."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._first = 0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._begun is None:
            self._begun, self._first = now, progress.done
        spent, done = now - self._begun, progress.done - self._first
        rate = f", {done / spent:.0f} a second" if spent > 0 and done else ""
        part = 100 * progress.done // progress.total if progress.total else 100
        click.echo(f"{progress.done} of {progress.total} leaves, {part} %{rate}", err=True)


def _tell_unseen(report: VerifyReport, *, log_is_known: bool) -> None:
    """What was not judged, so that no fault found is not taken for more than it is."""
    if not log_is_known:
        click.echo("not judged: signatures of the log (--log-key)", err=True)
    if report.unjudged:
        click.echo(f"not judged: {report.unjudged} lines of witnesses (--witness-key)", err=True)
    if not report.people_seen:
        click.echo("not looked over: links between people and chains (--keyring, and a tree that holds)", err=True)
    if report.undecided:
        click.echo(f"undecided: {report.undecided} chains from before the upgrade have no link to anybody", err=True)


def _find_keys(home: Path, file: str, given: tuple[str, ...], whose: str) -> list[NoteKey]:
    """The keys that were given, or that of the run if it is the run's ledger that is checked."""
    from services.signed_note import NoteRefused, read_key

    own = _find_own(home, file)
    lines = given or ((own.read_text("ascii"),) if own is not None else ())
    try:
        return [read_key(line.strip()) for line in lines]
    except NoteRefused as refused:
        raise click.ClickException(f"the key of the {whose}: {refused}") from None


def _find_own(home: Path, file: str) -> Path | None:
    """A file of the run, if it is the run's ledger that is checked."""
    path = home / file
    return path if path.exists() and not any(name in os.environ for name in DATABASE_NAMES) else None
