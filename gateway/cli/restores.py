"""``python -m gateway exposure …-restore`` and ``check-note``: a restore from a backup is declared by two people, cosigned and shown.

The act is described in docs/witness.md. The file that goes from hand to hand is the request to the witness itself: statement and kept note.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults

if TYPE_CHECKING:
    from services.checkpoint import OpenedCheckpoint
    from services.restores import Restore
    from services.signed_note import NoteKey

GRACE_SECONDS = 60
"""So long after the newest cosignature a record of the lost tree may have been appended, if nothing else is said: the merge delay."""

BACKUP_DAYS = 35
"""So long a backup may hold salts that were destroyed since (docs/witness.md)."""

home_option = click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine: its store, public keys and witness, where nothing else is given.",
)  # fmt: skip
log_option = click.option("--log-key", default=None, help="The public key of the log, name+hash+base64.")
witness_option = click.option("--witness-key", default=None, help="The public key of the witness, name+hash+base64.")
url_option = click.option("--witness-url", default=None, help="Where the witness answers.")
key_option = click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the private key of whoever signs (made by exposure new-key --kind person).",
)  # fmt: skip


@click.command("declare-restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@key_option
@click.option("--reason", required=True, help="Why, in one line that citizens read; nothing personal.")
@click.option(
    "--until", default=None,
    help="When the lost store ended, as 2026-11-02T10:00:00+08:00; else a minute after the newest cosignature.",
)  # fmt: skip
@url_option
@log_option
@witness_option
@home_option
@tell_faults
def declare_restore(
    file: Path, key_file: Path, reason: str, until: str | None, witness_url: str | None, log_key: str | None,
    witness_key: str | None, home: Path,
) -> None:  # fmt: skip
    """Write and sign, into a new FILE, what was lost by a restore: from the witness's memory and the restored store."""
    from adapters.stores.published_checkpoint import read_published
    from gateway.cli.clock_desk import open_clock
    from services.witness_protocol import format_restore_request

    log, witness = find_keys(home, log_key, witness_key)
    lost_note = _ask(_find_url(home, witness_url), "GET", f"/checkpoint/{quote(log.name)}")
    kept_note = _read_store(home, lambda connection: read_published(connection, witness.name))
    if kept_note is None:
        raise click.ClickException("the store has no checkpoint that the witness has cosigned")
    lost, kept = _open(lost_note, log, witness), _open(kept_note.note, log, witness)
    restore = _describe_loss(kept, lost, witness, reason, until, int(open_clock(home).now().timestamp()))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as opened:
        opened.write(format_restore_request(_sign(restore, key_file), kept_note.note))
    _show(restore)


@click.command("sign-restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@key_option
@click.option("--yes", is_flag=True, help="Sign without being asked.")
@tell_faults
def sign_restore(file: Path, key_file: Path, *, yes: bool) -> None:
    """Show what the restore in FILE says, and add the second person's signature to it."""
    from services.checkpoint import add_signatures
    from services.restores import read_restore
    from services.signed_note import NoteRefused, read_note
    from services.witness_protocol import format_restore_request, read_restore_request

    try:
        statement, kept = read_restore_request(file.read_bytes())
        restore = read_restore(read_note(statement).text)
    except NoteRefused as refused:
        raise click.ClickException(f"{file}: {refused}") from None
    _show(restore)
    if not yes and not click.confirm("签名？ / Sign?"):
        raise click.exceptions.Exit(1)
    signed = add_signatures(statement, read_note(_sign(restore, key_file)).signatures)
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(format_restore_request(signed, kept))
    draft.replace(file)


@click.command("submit-restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@url_option
@log_option
@witness_option
@home_option
@tell_faults
def submit_restore(
    file: Path, witness_url: str | None, log_key: str | None, witness_key: str | None, home: Path
) -> None:
    """Hand the declared restore in FILE to the witness, and keep what it cosigned for the ledger. Safe to repeat."""
    from adapters.ed25519 import verify_ed25519
    from adapters.stores.restores import keep_restore
    from gateway.cli.clock_desk import open_clock
    from services.restores import open_restore
    from services.signed_note import NoteRefused, read_note
    from services.witness_protocol import read_restore_request

    log, witness = find_keys(home, log_key, witness_key)
    body = file.read_bytes()
    cosigned = _ask(_find_url(home, witness_url), "POST", "/add-restore", body)
    asked = read_note(read_restore_request(body)[0]).text
    try:
        opened = open_restore(cosigned, [witness], verify_ed25519)
    except NoteRefused as refused:
        raise click.ClickException(f"the witness answered falsely: {refused}") from None
    if read_note(cosigned).text != asked or opened.restore.origin != log.name:
        raise click.ClickException("the witness answered falsely: it cosigned another restore")
    at = open_clock(home).now()
    _read_store(home, lambda connection: keep_restore(connection, cosigned, at))
    click.echo(
        "监督机构已共签；序列器将把它写入账本 / cosigned by the supervision office; the sequencer places it in the ledger"
    )


@click.command("check-note")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@log_option
@witness_option
@home_option
@tell_faults
def check_note(file: Path, log_key: str | None, witness_key: str | None, home: Path) -> None:
    """Whether the store's tree begins with the one in a checkpoint that somebody kept (FILE). Status 1 if not and no declared restore says why."""
    from adapters.stores.kept_note import find_explanation, find_note_fault

    log, witness = find_keys(home, log_key, witness_key)
    kept = _open(file.read_bytes(), log, witness)
    fault = _read_store(home, lambda connection: find_note_fault(connection, kept))
    if fault is None:
        click.echo(f"the stored tree begins with the {kept.checkpoint.size} leaves of this checkpoint")
        return
    restore = _read_store(home, lambda connection: find_explanation(connection, kept, [witness]))
    if restore is None:
        raise click.ClickException(fault)
    click.echo(f"given up by the restore at index {restore.index}: {fault}")
    _show(restore.restore)


def find_keys(home: Path, log_key: str | None, witness_key: str | None) -> tuple[NoteKey, NoteKey]:
    """The public keys of log and witness: given, of the environment, or the run's own."""
    from gateway.launch.ledger import PUBLIC_KEY
    from gateway.launch.witness import PUBLIC_KEY as WITNESS_PUBLIC_KEY

    return (
        _find_key(log_key, "GUITAI_LEDGER_PUBLIC_KEY", home / PUBLIC_KEY, "--log-key"),
        _find_key(witness_key, "GUITAI_WITNESS_KEY", home / WITNESS_PUBLIC_KEY, "--witness-key"),
    )


def _find_key(given: str | None, variable: str, file: Path, option: str) -> NoteKey:
    from services.signed_note import NoteRefused, read_key

    line = given or os.environ.get(variable) or (file.read_text("ascii").strip() if file.exists() else "")
    try:
        return read_key(line.strip())
    except NoteRefused as refused:
        raise click.ClickException(f"{option}: {refused}") from None


def _find_url(home: Path, given: str | None) -> str:
    file = home / "witness" / "url"
    found = given or os.environ.get("GUITAI_WITNESS_URL") or (file.read_text("ascii").strip() if file.exists() else "")
    if not found:
        raise click.ClickException("give the address of the witness with --witness-url")
    return found


def _ask(url: str, method: str, path: str, body: bytes = b"") -> bytes:
    from adapters.witness_line import HttpWitness
    from services.cosigning import WitnessSilent

    line = HttpWitness(url, seconds=10.0)
    try:
        reply = line.send(method, path, body)
    except WitnessSilent:
        raise click.ClickException("the witness does not answer") from None
    finally:
        line.close()
    if reply.status != 200:
        words = {
            403: "it is not declared by two people whom the witness knows, at least one of them of the supervision office",
            404: "it does not know this log, or has not cosigned it yet",
            409: "it is not lawful: what is lost is not what it remembers, or what is kept is not what it cosigned before",
        }
        raise click.ClickException(
            f"the witness refuses ({reply.status}): {words.get(reply.status, 'it does not understand this')}"
        )
    return reply.body


def _open(note: bytes, log: NoteKey, witness: NoteKey) -> OpenedCheckpoint:
    from adapters.ed25519 import verify_ed25519
    from services.checkpoint import open_checkpoint
    from services.signed_note import NoteRefused

    try:
        opened = open_checkpoint(note, log, verify_ed25519, [witness])
    except NoteRefused as refused:
        raise click.ClickException(f"a checkpoint: {refused}") from None
    if witness not in opened.witnessed:
        raise click.ClickException("the checkpoint is not cosigned by this witness")
    return opened


def _describe_loss(
    kept: OpenedCheckpoint, lost: OpenedCheckpoint, witness: NoteKey, reason: str, until: str | None, now: int
) -> Restore:
    from services.restores import Restore, format_restore
    from services.signed_note import NoteRefused

    was, gone = kept.checkpoint, lost.checkpoint
    if was.size >= gone.size:
        raise click.ClickException("nothing was lost: the store's tree is as large as the witness remembers")
    newest = lost.witnessed[witness]
    end = min(now, newest + GRACE_SECONDS) if until is None else _read_moment(until)
    found = Restore(was.origin, was.size, was.root, gone.size, gone.root, kept.witnessed[witness], end, now, reason)
    try:
        format_restore(found)
    except NoteRefused as refused:
        raise click.ClickException(str(refused)) from None
    return found


def _read_moment(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.ClickException("--until: a moment as 2026-11-02T10:00:00+08:00") from None
    if at.tzinfo is None:
        raise click.ClickException("--until: a moment with its time zone, as 2026-11-02T10:00:00+08:00")
    return int(at.timestamp())


def _sign(restore: Restore, key_file: Path) -> bytes:
    from adapters.ed25519 import read_signer
    from services.restores import format_restore
    from services.signed_note import Note, format_note, sign_text

    text = format_restore(restore)
    return format_note(Note(text, (sign_text(text, read_signer(key_file.read_text("ascii"))),)))


def _show(restore: Restore) -> None:
    since, until = (datetime.fromtimestamp(at, UTC).isoformat() for at in (restore.since, restore.until))
    click.echo(f"账本 / log: {restore.origin}")
    click.echo(f"恢复到 / put back to: {restore.kept_size}")
    click.echo(f"丢失 / lost: {restore.kept_size} … {restore.lost_size} ({since} … {until})")
    click.echo(f"原因 / reason: {restore.reason}")
    days = (restore.declared_at - restore.since) // 86_400
    if days > BACKUP_DAYS:
        click.echo(
            f"注意：备份已超过 {BACKUP_DAYS} 天 / note: kept for {days} days, longer than a backup may be", err=True
        )


R = TypeVar("R")


def _read_store(home: Path, act: Callable[[Any], R]) -> R:
    """In one transaction under the user of the environment, or the owner of the run."""
    import psycopg

    from adapters.stores.connection import SERVER_OPTIONS

    with psycopg.connect(find_database(home), options=SERVER_OPTIONS, connect_timeout=5) as connection:
        return act(connection)
