"""The witness's memory: durable before an answer leaves, for one witness, never begun anew by itself."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ed25519 import verify_ed25519
from adapters.witness_memory import FileMemory, begin_memory
from services.errors import ConfigurationFault
from services.restores import Restore
from services.witness import Witness
from services.witness_protocol import Answer, Verdict
from tests.fakes import FakeClock
from tests.paper_log import HAN, LEI, LOG, PEOPLE, WITNESS, PaperLog, cosigned_note, sign_restore


def open_witness(memory: FileMemory) -> Witness:
    """With its memory as it is on the disk."""
    return Witness(WITNESS, [LOG.key], PEOPLE, memory, FakeClock(), verify_ed25519, lambda _what, _origin: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a memory that was just begun."""
    begin_memory(tmp_path / "office" / "memory.json", WITNESS.key)
    return tmp_path / "office" / "memory.json"


def test_what_was_written_is_read_again(path: Path) -> None:
    """Trees, notes, restores and evidence, for the owner alone."""
    store, log = FileMemory(path), PaperLog([b"%d" % number for number in range(5)])
    witness = open_witness(store)
    kept = cosigned_note(log, witness.add_checkpoint(log.request(0, 3)), 3)
    witness.add_checkpoint(log.request(3))
    witness.add_checkpoint(PaperLog([*log.entries[:4], b"other", b"and more"]).request(5))
    now, was, gone = int(FakeClock().now().timestamp()), log.head(3), log.head()
    restore = Restore(LOG.key.name, 3, was.root, 5, gone.root, now, now, now, "磁盘损坏")
    assert witness.add_restore(sign_restore(restore, kept, LEI, HAN)).verdict is Verdict.COSIGNED
    before = store.read()
    assert (before.logs[LOG.key.name].size, len(before.logs[LOG.key.name].evidence)) == (3, 1)
    store.write(replace(before, moment=before.moment + 1))
    store.close()
    again = FileMemory(path)
    assert again.read() == replace(before, moment=before.moment + 1)
    again.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_memory_has_one_witness_and_is_never_begun_twice(path: Path) -> None:
    """Two witnesses with one memory could each cosign another branch; an empty one would cosign any."""
    store = FileMemory(path)
    for again in (lambda: FileMemory(path), lambda: begin_memory(path, WITNESS.key)):
        with pytest.raises(ConfigurationFault, match="another witness"):
            again()
    store.close()
    with pytest.raises(ConfigurationFault, match="already"):
        begin_memory(path, WITNESS.key)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{}", b"[]", b'{"format": 2}', b"\xff", b'{"format": 1, "key": "x", "moment": -1, "logs": {}}'],
)
def test_lost_or_damaged_memory_stops_the_witness(path: Path, content: bytes | None) -> None:
    """It says so and ends; it does not begin to forget."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigurationFault):
        FileMemory(path)


def test_sigkill_between_memory_and_answer_is_safe(path: Path, tmp_path: Path) -> None:
    """What was remembered is there, a half-written draft beside it changes nothing, and asking again gives the cosignature."""
    marker = tmp_path / "marker"
    process = subprocess.Popen([sys.executable, "-m", "tests.witness_process", str(path), str(marker)])
    try:
        deadline = time.monotonic() + 30
        while not marker.exists() and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    path.with_name(f".{path.name}.draft").write_bytes(b'{"format": 1, "key"')
    store, log = FileMemory(path), PaperLog([b"1", b"2", b"3"])
    witness = open_witness(store)
    assert witness.add_checkpoint(log.request(0)) == Answer(Verdict.CONFLICT, size=3)
    assert witness.add_checkpoint(log.request(3)).verdict is Verdict.COSIGNED
    assert witness.add_checkpoint(PaperLog([b"1", b"2", b"other"]).request(3)).verdict is Verdict.CONFLICT
    store.close()


def test_of_branches_that_ask_at_once_one_is_cosigned(path: Path) -> None:
    """Eight branches from one size in eight threads: one gets its line, the others a conflict."""
    store = FileMemory(path)
    witness, trunk = open_witness(store), [b"%d" % number for number in range(3)]
    witness.add_checkpoint(PaperLog(trunk).request(0))
    bodies = [PaperLog([*trunk, b"branch %d" % number]).request(3) for number in range(8)]
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda one=body: answers.append(witness.add_checkpoint(one))) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(one.verdict for one in answers) == [Verdict.CONFLICT] * 7 + [Verdict.COSIGNED]
    store.close()
