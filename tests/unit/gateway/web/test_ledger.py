"""The log's files and their page without a session: one form of each path, bounded looks, nothing about anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.ed25519 import Ed25519Signer
from services.checkpoint import Checkpoint, sign_checkpoint
from services.errors import NotFound
from services.log_files import PublishedLog, find_tile, is_published
from services.tiles import Tile
from tests.web_door import Browser, WebDoor

LOG = Ed25519Signer("ledger.example", b"\x01" * 32)
SIZE = 70_000


class FakeFiles:
    """A published log of 70,000 leaves, all of them the same."""

    def read_checkpoint(self) -> PublishedLog:
        root = b"r" * 32
        note = sign_checkpoint(Checkpoint(LOG.key.name, SIZE, root), LOG)
        return PublishedLog(note, SIZE, root, datetime(2026, 11, 25, 8, 0, tzinfo=UTC))

    def read_tile(self, tile: Tile) -> bytes:
        if not is_published(tile, SIZE):
            raise NotFound
        return b"h" * 32 * tile.width


PATHS = {
    "0/000": 8192, "0/272": 8192, "0/273.p/112": 32 * 112, "0/273.p/1": 32, "1/000": 8192, "1/001.p/17": 32 * 17,
    "2/000.p/1": 32,
}  # fmt: skip
NO_PATHS = (
    "0/x001/x000/000", "0/273.p/113", "0/273", "3/000.p/1", "entries/000", "entries/273.p/112", "0/000.p/256",
    "0/000.p/0", "0/x000/000", "0/0", "0/000/", "00/000", "-1/000", "8/000", "63/000", "0//000", "0/000.p/1/",
    "0/\uff130", "0/..%2f000", "0", "x" * 3000, "0/" + "x999/" * 6 + "999", "0/" + "x999/" * 7 + "999",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Browser:
    """Somebody without a session."""
    return open_door().open_browser()


def open_door() -> WebDoor:
    """A door that publishes."""
    door = WebDoor()
    door.pages.extensions["guitai-web"] = replace(door.web, log_files=FakeFiles(), log_keys=(LOG.key,))
    return door


def test_a_tile_has_one_path(browser: Browser) -> None:
    """Exactly the paths of C2SP tlog-tiles and no further than the published size; entry bundles are not there."""
    assert {path: len(browser.get(f"/ledger/tile/{path}").data) for path in PATHS} == PATHS
    assert [path for path in NO_PATHS if browser.get(f"/ledger/tile/{path}").status_code != 404] == []


def test_only_a_full_tile_is_kept_for_ever(browser: Browser) -> None:
    """A partial one and the checkpoint are asked for again."""
    kept = [
        browser.get(f"/ledger/{path}").headers["Cache-Control"]
        for path in ("tile/0/000", "tile/0/273.p/112", "checkpoint")
    ]
    assert kept == ["public, max-age=31536000, immutable", "public, max-age=60", "no-cache"]


def test_the_page_says_what_is_published(browser: Browser) -> None:
    """Size, moment, keys, that no witness is set, and the command that verifies; in both languages, without a session."""
    shown = browser.get("/ledger").text
    told = (
        "70,000",
        "2026-11-25 16:00",
        str(LOG.key),
        "exposure check-file",
        "未设监督联署",
        "no witness is set",
        "Guitai-Promise",
    )
    assert [one for one in told if one not in shown] == []
    assert browser.get("/ledger/keys").text == f"{LOG.key}\n"
    assert browser.get("/").status_code == 303


def test_nothing_published_is_said(browser: Browser) -> None:
    """A door without a log has the page, and no files."""
    bare = WebDoor().open_browser()
    assert [bare.get(f"/ledger{path}").status_code for path in ("", "/checkpoint", "/tile/0/000", "/keys")] == [
        200,
        404,
        404,
        200,
    ]


def test_looks_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address may look so often: a look asks the store."""
    monkeypatch.setattr("gateway.web.ledger.LOOKS_OF_ADDRESS", 2)
    monkeypatch.setattr("gateway.web.ledger.TILES_OF_ADDRESS", 1)
    browser = open_door().open_browser()
    paths = ("", "/checkpoint", "/keys", "/tile/0/000", "/tile/1/000")
    assert [browser.get(f"/ledger{path}").status_code for path in paths] == [200, 200, 429, 200, 429]


def test_bundles_and_high_levels_are_no_tiles() -> None:
    """What the format knows and this log has not is refused before the store is asked."""
    assert find_tile("tile/7/000") == Tile(7, 0)
    for path in ("tile/entries/000", "tile/8/000", "checkpoint", "tile/0/000.p/256"):
        with pytest.raises(NotFound):
            find_tile(path)
