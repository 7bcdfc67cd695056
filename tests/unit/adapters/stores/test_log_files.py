"""The published files of the log over a socket, read by a client of its own: nothing but bytes, the naive definitions and the published keys."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from adapters.stores.connection import open_engine
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.log_files import SqlLogFiles
from adapters.stores.sequencer import SqlSequencer
from services.checkpoint import open_checkpoint
from services.cosignature import cosign_text
from services.signed_note import COSIGNATURE, read_note
from tests import naive_trees
from tests.chromium import serve
from tests.contract.test_ledger import make_exposure
from tests.databases import Database
from tests.fakes import FakeClock
from tests.ledger_tables import EMPTY_LEDGER
from tests.sequencer_process import LOG
from tests.web_door import WebDoor

ON_ONE_POSTGRES = True
WITNESS = Ed25519Signer("supervision.example/witness", b"\x09" * 32, COSIGNATURE)
FIRST, SECOND = 520, 300
"""Records: two full tiles of the lowest level and a partial one, and then one more full one."""


@dataclass
class Monitor:
    """Whoever watches the log: it knows an address and two keys."""

    url: str

    def get(self, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request, without any help."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        connection.request("GET", path)
        reply = connection.getresponse()
        found = reply.status, reply.headers, reply.read()
        connection.close()
        return found

    def checkpoint(self) -> tuple[int, bytes]:
        """Size and root, signed by the log and by its witness."""
        status, headers, note = self.get("/ledger/checkpoint")
        assert (status, headers["Content-Type"], headers["Access-Control-Allow-Origin"]) == (
            200, "text/plain; charset=utf-8", "*",
        )  # fmt: skip
        opened = open_checkpoint(note, LOG.key, verify_ed25519, [WITNESS.key])
        assert list(opened.witnessed) == [WITNESS.key]
        return opened.checkpoint.size, opened.checkpoint.root

    def hashes(self, size: int, level: int = 0) -> list[bytes]:
        """All hashes of a level of tiles for a tree of this size; which tiles these are is computed from the specification."""
        count = size >> 8 * level
        data = b""
        for number in range((count + 255) // 256):
            width = min(256, count - 256 * number)
            path = f"/ledger/tile/{level}/{number:03d}" + (f".p/{width}" if width < 256 else "")
            status, headers, tile = self.get(path)
            assert (status, headers["Content-Type"], len(tile)) == (200, "application/octet-stream", 32 * width), path
            assert ("immutable" in headers["Cache-Control"]) == (width == 256)
            data += tile
        return [data[at : at + 32] for at in range(0, len(data), 32)]


def head_of(hashes: Sequence[bytes]) -> bytes:
    """MTH of the RFC over leaf hashes."""
    if len(hashes) == 1:
        return hashes[0]
    k = naive_trees.largest_power_below(len(hashes))
    return naive_trees.digest(b"\x01", head_of(hashes[:k]), head_of(hashes[k:]))


def path_to(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH of the RFC over leaf hashes."""
    if len(hashes) == 1:
        return []
    k = naive_trees.largest_power_below(len(hashes))
    if m < k:
        return [*path_to(m, hashes[:k]), head_of(hashes[k:])]
    return [*path_to(m - k, hashes[k:]), head_of(hashes[:k])]


def path_from(m: int, hashes: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of the RFC over leaf hashes."""
    if m == len(hashes):
        return [] if whole else [head_of(hashes)]
    k = naive_trees.largest_power_below(len(hashes))
    if m <= k:
        return [*path_from(m, hashes[:k], whole=whole), head_of(hashes[k:])]
    return [*path_from(m - k, hashes[k:], whole=False), head_of(hashes[:k])]


@dataclass
class Published:
    """A log that is published by a web door, and whoever watches it."""

    database: Database
    agency: UUID
    log: SqlExposureLog
    monitor: Monitor
    door: WebDoor
    engine: Engine

    def append(self, count: int) -> None:
        """So many records, with their places."""
        self.log.append([make_exposure(self.agency, uuid4()) for _ in range(count)])
        sequencer = SqlSequencer(self.database.urls["sequencer"], FakeClock(), LOG)
        assert sequencer.run() == count
        sequencer.close()

    def cosign(self) -> int:
        """What the witness does with the newest checkpoint; its size."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as owner:
            row = owner.execute("SELECT size, note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1").fetchone()
            assert row is not None
            line = str(cosign_text(read_note(bytes(row[1])).text, 1_795_600_000, WITNESS)).rstrip("\n")
            owner.execute(
                "INSERT INTO ledger_cosignatures VALUES (%s, %s, %s, %s)",
                (row[0], WITNESS.key.name, line, FakeClock().now()),
            )
        return int(row[0])


@pytest.fixture(scope="module")
def published(database: Database) -> Iterator[Published]:
    """A log of which the first records are cosigned and the next are not."""
    log, door, engine = (
        SqlExposureLog(database.urls["public"], FakeClock()),
        WebDoor(),
        open_engine(database.urls["public"]),
    )
    agency = uuid4()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", [agency])
    files = SqlLogFiles(engine, WITNESS.key.name)
    door.pages.extensions["guitai-web"] = replace(door.web, log_files=files, log_keys=(LOG.key, WITNESS.key))
    with serve(door.app) as url:
        yield Published(database, agency, log, Monitor(url), door, engine)
    log.close()
    engine.dispose()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(EMPTY_LEDGER)
        owner.execute("DELETE FROM agencies")


def test_a_stranger_verifies_the_log_from_its_files(published: Published) -> None:
    """Before the first cosignature nothing; then root, levels, inclusion; never past what is cosigned; then consistency of both; a lost tile is a 404."""
    monitor = published.monitor
    published.append(FIRST)
    assert monitor.get("/ledger/checkpoint")[0] == 404
    assert monitor.get("/ledger/tile/0/000")[0] == 404
    assert "还没有公布任何检查点" in monitor.get("/ledger")[2].decode()

    cosigned = published.cosign()
    size, root = monitor.checkpoint()
    hashes = monitor.hashes(size)
    assert (size, head_of(hashes)) == (cosigned, root)
    assert monitor.hashes(size, 1) == [head_of(hashes[at : at + 256]) for at in (0, 256)]
    assert all(
        naive_trees.root_of_inclusion(m, size, hashes[m], path_to(m, hashes)) == root for m in (0, 255, size - 1)
    )

    published.append(SECOND)
    assert monitor.checkpoint() == (size, root)
    rest = size - 512
    for beyond in (f"0/002.p/{rest + 1}", "0/002.p/255", "0/002", "1/000.p/3", "1/000", "2/000.p/1"):
        assert monitor.get(f"/ledger/tile/{beyond}")[0] == 404, beyond
    assert len(monitor.get(f"/ledger/tile/0/002.p/{rest}")[2]) == 32 * rest

    assert published.cosign() > size
    newer, new_root = monitor.checkpoint()
    after = monitor.hashes(newer)
    assert (after[:size], head_of(after)) == (hashes, new_root)
    proof = path_from(size, after)
    assert naive_trees.roots_of_consistency(size, newer, proof, root) == (root, new_root)
    page = monitor.get("/ledger")[2].decode()
    assert all(
        told in page for told in (f"{newer:,}", base64.b64encode(new_root).decode(), str(LOG.key), str(WITNESS.key))
    )

    with psycopg.connect(published.database.owner_url, autocommit=True) as owner:
        owner.execute("DELETE FROM ledger_tiles WHERE level = 0 AND number = 1")
    assert [monitor.get(f"/ledger/tile/0/{number:03d}")[0] for number in (0, 1)] == [200, 404]
