"""``python -m gateway slip keys``: make, list, retire and publish the keys that sign slips."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.faults import tell_faults
from gateway.cli.slip_place import find_clock, find_folder, folder_option
from gateway.cli.store import home_option

if TYPE_CHECKING:
    from adapters.slip_keys import SlipKey


@click.group()
def keys() -> None:
    """The keys that sign slips. The newest of a kind signs; older ones go on vouching till their end."""


@keys.command()
@click.option(
    "--kind", "kinds", multiple=True, required=True, help="A kind of slip that it signs; more than once for several."
)
@click.option(
    "--algorithm", type=click.Choice(["EdDSA", "ES256"]), default="EdDSA", show_default=True, help="Ed25519 or P-256."
)
@click.option("--signs-days", type=click.IntRange(1, 3660), default=730, show_default=True, help="How long it signs.")
@click.option(
    "--verifies-days",
    type=click.IntRange(1, 36600),
    default=7300,
    show_default=True,
    help="How long what it signed is believed.",
)
@folder_option
@home_option
@tell_faults
def new(
    kinds: tuple[str, ...], algorithm: str, signs_days: int, verifies_days: int, folder: Path | None, home: Path
) -> None:
    """Make a key and publish its public half in ``keys.json``; its private half (0600) stays in the folder. Prints its id."""
    from adapters.slip_keys import USES, add_key

    unknown = sorted(set(kinds) - USES)
    if unknown:
        raise click.ClickException(f"{', '.join(unknown)}: no kind of slip; expected {', '.join(sorted(USES))}")
    made = add_key(find_folder(folder, home), kinds, find_clock(home).now(), algorithm, signs_days, verifies_days)
    click.echo(made.key_id)


@keys.command("list")
@folder_option
@home_option
@tell_faults
def list_(folder: Path | None, home: Path) -> None:
    """Every key: its id, algorithm, kinds, terms, and whether it signs now and its private half is here."""
    from adapters.slip_keys import KeyFolder

    place, now = find_folder(folder, home), find_clock(home).now()
    for key in KeyFolder(place).list_keys().values():
        signs = any(key.signs(kind, now) for kind in key.kinds)
        state = (
            "distrusted" if key.distrusted else "signs" if signs else "verifies" if now < key.verifies_until else "over"
        )
        here = "private half here" if (place / f"{key.key_id}.pem").exists() else "public only"
        click.echo(f"{key.key_id}  {key.algorithm}  {','.join(key.kinds)}  {_say_terms(key)}  {state}, {here}")


def _say_terms(key: SlipKey) -> str:
    return (
        f"signs {key.signs_from:%Y-%m-%d} to {key.signs_until:%Y-%m-%d}, verifies until {key.verifies_until:%Y-%m-%d}"
    )


@keys.command()
@click.argument("key_id")
@click.option(
    "--distrust", is_flag=True, help="Nothing that it signed is believed any more: its private half is known to others."
)
@folder_option
@home_option
@tell_faults
def retire(key_id: str, distrust: bool, folder: Path | None, home: Path) -> None:
    """Let a key sign no more, at once and without a restart. What it signed goes on verifying till its end."""
    from adapters.slip_keys import retire_key

    retired = retire_key(find_folder(folder, home), key_id, find_clock(home).now(), distrust=distrust)
    click.echo(f"{retired.key_id} {_say_terms(retired)}{', distrusted' if retired.distrusted else ''}")


@keys.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@folder_option
@home_option
@tell_faults
def publish(out: Path | None, folder: Path | None, home: Path) -> None:
    """The public halves as a JWK set (RFC 7517), for ``slip verify --keys`` and for anybody."""
    from adapters.slip_keys import KeyFolder, write_keys

    document = json.dumps(write_keys(KeyFolder(find_folder(folder, home)).list_keys()), indent=1)
    if out is None:
        click.echo(document)
    else:
        out.write_text(document + "\n", "utf-8")
