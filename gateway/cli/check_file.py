"""``python -m gateway exposure check-file FILE``: a citizen's file, judged with published keys alone. Nothing runs, nothing is configured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from adapters.ed25519 import verify_ed25519
from services.exposure_file import MAX_BYTES, FileRefused
from services.exposure_file_check import FileFault, FileReport, check_file
from services.exposure_file_words import say_fault, say_report
from services.model import Language
from services.promises import Promise, open_promise, read_header
from services.signed_note import NoteKey, NoteRefused, read_key

LOG_KEY, WITNESS_KEY, PROMISE_KEY = "ledger-key.pub", "witness-key.pub", "promise-key.pub"
"""Where a run on this machine has its public keys."""
MAX_PROMISES = 10_000


@click.command("check-file")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--log-key", default=None, help="The published key of the log, name+hash+base64.")
@click.option(
    "--witness-key", "witness_keys", multiple=True, help="The published key of a witness; more than once for several."
)
@click.option("--promise-key", default=None, help="The published key of promises, if promises are handed in.")
@click.option(
    "--promise", "promises", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with a promise that was kept: a signed note, or values of the header Guitai-Promise, one a line.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON object on standard output.")
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path("var"), show_default=True,
    help="Home of a run on this machine whose public keys are taken where none are given.",
)  # fmt: skip
def check(
    file: Path, log_key: str | None, witness_keys: tuple[str, ...], promise_key: str | None, promises: tuple[Path, ...],
    home: Path, *, as_json: bool,
) -> None:  # fmt: skip
    """Whether a citizen's FILE holds: nothing missing, nothing changed. Status 1 and the place of each fault if it does not."""
    log, own = (_read_key(log_key), None) if log_key else (_read_key_file(home / LOG_KEY), home)
    if log is None:
        raise click.ClickException("give the published key of the log with --log-key")
    witnesses = [_read_key(one) for one in witness_keys]
    if not witnesses and own is not None and (found := _read_key_file(own / WITNESS_KEY)):
        witnesses = [found]
    kept = _read_promises(promises, promise_key, own)
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    try:
        report = check_file(data, log, witnesses, kept, verify_ed25519)
    except FileRefused as refused:
        _refuse(str(refused), as_json=as_json)
    except NoteRefused as refused:
        raise click.ClickException(f"the keys: {refused}") from None
    click.echo(json.dumps(describe(report), ensure_ascii=False) if as_json else "\n".join(write_lines(report)))
    if report.faults:
        raise click.exceptions.Exit(1)


def write_lines(report: FileReport) -> list[str]:
    """What people read: a line in Chinese, a line in English below it."""
    if not report.faults:
        return [line for zh, en in say_report(report) for line in (f"✓ {zh}", f"  {en}")]
    told = [f"文件不属实，有 {len(report.faults)} 处问题：", f"The file does not hold: {len(report.faults)} faults"]
    for fault in report.faults:
        told += [f"✗ {say_fault(fault, Language.ZH_CN)}", f"  {say_fault(fault, Language.EN)}"]
    return told


def describe(report: FileReport) -> dict[str, Any]:
    """What machines read."""
    seen = report.witnessed
    return {
        "holds": not report.faults,
        "faults": [_describe_fault(fault) for fault in report.faults],
        "origin": report.file.origin,
        "size": report.checkpoint.size if report.checkpoint else None,
        "witnessed_at": datetime.fromtimestamp(seen, UTC).isoformat() if seen is not None else None,
        "chains": {str(one.chain): one.length for one in report.file.chains},
        "records": dict(Counter(str(body.get("platform")) for body in report.records)),
        "restores": len(report.restores),
        "promises": [str(state) for state in report.promises],
    }


def _describe_fault(fault: FileFault) -> dict[str, Any]:
    return {
        "code": str(fault.code), "chain": fault.chain, "number": fault.number, "index": fault.index,
        "detail": fault.detail, "zh-CN": say_fault(fault, Language.ZH_CN), "en": say_fault(fault, Language.EN),
    }  # fmt: skip


def _refuse(why: str, *, as_json: bool) -> None:
    fault = {
        "code": "no_file",
        "detail": why,
        "zh-CN": f"这不是可核验的文件：{why}",
        "en": f"this is no file that can be checked: {why}",
    }
    if as_json:
        click.echo(json.dumps({"holds": False, "faults": [fault]}, ensure_ascii=False))
    else:
        click.echo(f"✗ {fault['zh-CN']}\n  {fault['en']}")
    raise click.exceptions.Exit(1)


def _read_key(line: str) -> NoteKey:
    try:
        return read_key(line.strip())
    except NoteRefused as refused:
        raise click.ClickException(f"a published key: {refused}") from None


def _read_key_file(file: Path) -> NoteKey | None:
    return _read_key(file.read_text("utf-8")) if file.exists() else None


def _read_promises(files: Sequence[Path], key_line: str | None, home: Path | None) -> list[Promise]:
    """Every promise in these files; raises ``ClickException`` for one that is none, or not signed by this key."""
    if not files:
        return []
    key = _read_key(key_line) if key_line else _read_key_file(home / PROMISE_KEY) if home is not None else None
    if key is None:
        raise click.ClickException("give the published key of promises with --promise-key")
    found = []
    for file in files:
        try:
            found += [open_promise(note, key, verify_ed25519) for note in _split_notes(file.read_bytes())]
        except NoteRefused as refused:
            raise click.ClickException(f"{file}: {refused}") from None
    if len(found) > MAX_PROMISES:
        raise click.ClickException(f"at most {MAX_PROMISES} promises at once")
    return found


def _split_notes(data: bytes) -> list[bytes]:
    """A file is one signed note, or the values of headers, one a line."""
    if data.startswith(b"guitai "):
        return [data]
    return [read_header(line) for line in data.decode("ascii", "replace").split()]
