"""For anybody: the published checkpoint and hash tiles of the exposure ledger's log, its keys, and a page that says what they are."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from gateway.web.desk import current_web
from gateway.web.frame import show_page
from gateway.web.gate import page
from services.cosignature import read_time
from services.errors import NotFound
from services.log_files import PublishedLog, find_tile
from services.signed_note import COSIGNATURE, NoteKey, read_note
from services.tiles import WIDTH

LEDGER = ("披露账本", "The exposure ledger")
LOOKS_OF_ADDRESS = 600
"""In ten minutes: a checkpoint is a look into the store."""
TILES_OF_ADDRESS = 6_000
"""The same for tiles: whoever reads the whole of a log of ten million records needs 40,000."""
NEVER = 253_402_300_800
"""The year 10,000: no moment of ours."""
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"
blueprint = Blueprint("ledger", __name__)


@page(blueprint, "/ledger", title=LEDGER, public=True)
def show_ledger() -> Response:
    """What is published, how large it is, and how anybody holds us to it."""
    _spend("web-ledger", LOOKS_OF_ADDRESS)
    published, keys = current_web().log_files.read_checkpoint(), current_web().log_keys
    return show_page(
        "ledger.html", title=LEDGER, published=published, keys=[str(key) for key in keys],
        root=base64.b64encode(published.root).decode() if published else "",
        witnessed=list_witnessed(published, keys) if published else [],
    )  # fmt: skip


@page(blueprint, "/ledger/checkpoint", title=LEDGER, public=True)
def show_checkpoint() -> Response:
    """The signed note, as it is."""
    _spend("web-ledger", LOOKS_OF_ADDRESS)
    published = current_web().log_files.read_checkpoint()
    if published is None:
        raise NotFound
    return _serve(published.note, "text/plain; charset=utf-8", "no-cache")


@page(blueprint, "/ledger/keys", title=LEDGER, public=True)
def show_log_keys() -> Response:
    """The verifier keys of log, promises and witness, one a line."""
    _spend("web-ledger", LOOKS_OF_ADDRESS)
    lines = "".join(f"{key}\n" for key in current_web().log_keys)
    return _serve(lines.encode(), "text/plain; charset=utf-8", "no-cache")


@page(blueprint, "/ledger/tile/<path:rest>", title=LEDGER, public=True)
def show_tile(rest: str) -> Response:
    """Hashes, 32 bytes each, of one tile. A full one never changes."""
    tile = find_tile(f"tile/{rest}")
    _spend("web-tiles", TILES_OF_ADDRESS)
    hashes = current_web().log_files.read_tile(tile)
    return _serve(hashes, "application/octet-stream", FOR_EVER if tile.width == WIDTH else FOR_A_MINUTE)


def list_witnessed(published: PublishedLog, keys: tuple[NoteKey, ...]) -> list[tuple[str, datetime]]:
    """Which of the published witnesses has signed, and when it says that it did. What is told here is verified by whoever reads the note."""
    known = {(key.name, key.key_id) for key in keys if key.kind == COSIGNATURE}
    lines = [one for one in read_note(published.note).signatures if (one.name, one.key_id) in known]
    times = [(one.name, read_time(one.signature)) for one in lines]
    return [(name, datetime.fromtimestamp(seconds, UTC)) for name, seconds in times if seconds < NEVER]


def _spend(what: str, most: int) -> None:
    current_web().citizen.limiter.spend(what, request.remote_addr or "", most, 600)


def _serve(content: bytes, kind: str, kept: str) -> Response:
    """A file of the log, which any page and program may read."""
    headers = {
        "Cache-Control": kept,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(content, content_type=kind, headers=headers)
