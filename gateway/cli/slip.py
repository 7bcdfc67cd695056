"""``python -m gateway slip``: verify slips without a network, revoke them, and keep the keys that sign them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gateway.cli.faults import tell_faults
from gateway.cli.slip_keys import keys
from gateway.cli.slip_place import find_clock, find_folder, folder_option, read_keys
from gateway.cli.store import home_option
from services.case_errors import SlipRefused

if TYPE_CHECKING:
    from services.case_ports import Slip

MAXIMUM_READ = 64 * 1024
REASONS = {
    "form": "this is no slip of ours, or it was damaged",
    "key": "the key that signed it is not published, not for this kind, or not good for this moment",
    "signature": "the signature does not hold: something was changed, or another key signed it",
    "expired": "it has expired",
    "not_yet": "it is not good yet",
    "revoked": "it was revoked",
}
"""Every reason of a refusal in one sentence."""


class Moment(click.ParamType[datetime]):
    """A moment as ``2026-03-16T10:00:00+08:00``."""

    name = "MOMENT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """See click. A moment without an offset is refused."""
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail(f"found {value!r}, expected a moment with its offset, as 2026-03-16T10:00:00+08:00", param, ctx)
        return at


@click.group()
def slip() -> None:
    """Receipts, certificates and codes as CWTs (docs/slips.md)."""


slip.add_command(keys)


@slip.command()
@click.argument("text")
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The published keys; else those of the folder.",
)
@click.option(
    "--revoked",
    "revoked_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list of revoked slips (slip revoked).",
)
@click.option("--at", type=Moment(), help="Judge as of this moment; else now.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@folder_option
@home_option
@tell_faults
def verify(
    text: str, keys_file: Path | None, revoked_file: Path | None, at: datetime | None, as_json: bool, folder: Path | None,
    home: Path,
) -> None:  # fmt: skip
    """Check a slip with the published keys alone; ``-`` reads it from standard input. Status 0: it holds; 1: it does not, and why."""
    from adapters.slip_revocations import read_revocations
    from adapters.slips import read_slip

    given = sys.stdin.read(MAXIMUM_READ) if text == "-" else text
    published, now = read_keys(keys_file, folder, home), at or find_clock(home).now()
    try:
        revoked = read_revocations(revoked_file.read_text("utf-8"), published, now) if revoked_file else frozenset()
    except (SlipRefused, UnicodeDecodeError) as refused:
        reason = refused.reason if isinstance(refused, SlipRefused) else "form"
        raise click.ClickException(f"the list of revoked slips is not usable: {reason}") from None
    try:
        found = read_slip(given, now, lambda: published)
    except SlipRefused as refused:
        _tell_refusal(refused.reason, as_json)
    if found.slip_id in revoked:
        _tell_refusal("revoked", as_json)
    _tell(found, as_json)


def _tell_refusal(reason: str, as_json: bool) -> NoReturn:
    click.echo(json.dumps({"valid": False, "reason": reason}) if as_json else f"refused ({reason}): {REASONS[reason]}")
    raise click.exceptions.Exit(1)


def _tell(found: Slip, as_json: bool) -> None:
    told: dict[str, object] = {
        "kind": str(found.kind),
        **{name: _readable(name, value) for name, value in found.claims.items()},
        "issued_at": found.issued_at.isoformat(),
        "expires_at": found.expires_at.isoformat() if found.expires_at else None,
        "slip_id": found.slip_id,
    }
    if as_json:
        click.echo(json.dumps({"valid": True, **told}))
        return
    click.echo("valid")
    for name, value in told.items():
        if value is not None:
            click.echo(f"{name}: {value}")


def _readable(name: str, value: object) -> object:
    return datetime.fromtimestamp(value, UTC).isoformat() if name.endswith("_at") and isinstance(value, int) else value


@slip.command()
@click.argument("slip_id")
@click.option("--agency", required=True, help="Whose slip it is: the agency's slug.")
@click.option("--reason", required=True, help="Why; kept encrypted.")
@click.option(
    "--keyring",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The keys of the installation; else those of --home.",
)
@home_option
@tell_faults
def revoke(slip_id: str, agency: str, reason: str, keyring: Path | None, home: Path) -> None:
    """Let a slip hold no longer, by its id (``slip verify`` shows it). A certificate is revoked at the counter, with its decision."""
    import re

    from gateway.cli.slip_place import open_register

    if not re.fullmatch(r"[0-9a-f]{24}", slip_id) or not reason.strip():
        raise click.ClickException("a slip's id is 24 hexadecimal digits, and a revocation has a reason")
    with open_register(home, keyring) as (store, directory, clock):
        agency_id = directory.agency_id(agency)
        with store.begin((agency_id,)) as tx:
            tx.slips.revoke(agency_id, slip_id, reason.strip(), clock.now())
    click.echo(slip_id)


@slip.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@click.option("--issuer", default="", help="Who says so: the host of the government's own pages.")
@click.option(
    "--keyring",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The keys of the installation; else those of --home.",
)
@folder_option
@home_option
@tell_faults
def revoked(out: Path | None, issuer: str, keyring: Path | None, folder: Path | None, home: Path) -> None:
    """The signed list of revoked slips, good for a week, for verifiers without a network."""
    from adapters.slip_keys import KeyFolder
    from adapters.slip_revocations import sign_revocations
    from gateway.cli.slip_place import open_register

    with open_register(home, keyring) as (store, directory, clock):
        with store.begin(directory.all_agencies()) as tx:
            ids = [slip_id for slip_id, _at in tx.slips.list_revoked()]
        line = sign_revocations(KeyFolder(find_folder(folder, home)), issuer, ids, clock.now())
    if out is None:
        click.echo(line)
    else:
        out.write_text(line + "\n", "utf-8")
        click.echo(f"{len(ids)} revoked slips in {out}", err=True)
