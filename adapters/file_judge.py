"""Judges uploaded bytes in a process of its own, started anew for each file: what a decoder does wrong ends there.

A fresh interpreter rather than a fork or a pool: the public process has sixteen threads, a fork of it would copy locks in any state,
and a pool would carry one citizen's file on to the next. It costs about a quarter of a second (decision 0126). At most four run at
once in one process of ours; whoever comes later waits, and is told to come again if it takes long.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from adapters.judging.child import READY
from adapters.judging.verdict import MAXIMUM_BYTES
from services.case_errors import FileRefused
from services.case_ports import JudgedFile
from services.errors import StoreUnavailable

WALL_SECONDS = 15.0
AT_ONCE = 4
RULES = frozenset({"type", "size", "pages", "active", "encrypted", "damaged", "bomb"})
_ROOT = Path(__file__).resolve().parents[1]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from adapters.judging.child import main; sys.exit(main())"


class ProcessJudge:
    """Implements ``case_ports.FileJudge``. Safe to share between threads."""

    def __init__(self, command: Sequence[str] = (), wall_seconds: float = WALL_SECONDS, at_once: int = AT_ONCE) -> None:
        self._command = list(command) or [sys.executable, "-I", "-c", _PROGRAM, str(_ROOT)]
        self._wall_seconds = wall_seconds
        self.places = threading.BoundedSemaphore(at_once)

    def judge(self, content: bytes) -> JudgedFile:
        """What the bytes are. Raises ``FileRefused``; ``StoreUnavailable`` if nobody could look at them now."""
        if not content or len(content) > MAXIMUM_BYTES:
            raise refuse_file("size" if content else "damaged")
        if not self.places.acquire(timeout=self._wall_seconds):
            raise StoreUnavailable("too many files are being judged at this moment")
        try:
            return self._run(content)
        finally:
            self.places.release()

    def _run(self, content: bytes) -> JudgedFile:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter with fixed arguments
                self._command, input=content, capture_output=True, timeout=self._wall_seconds, env={}, check=False
            )
        except subprocess.TimeoutExpired:
            raise refuse_file("bomb") from None
        except OSError as error:
            raise StoreUnavailable(f"files cannot be judged: {error.strerror}") from None
        return _read_verdict(content, done.stdout)


def _read_verdict(content: bytes, said: bytes) -> JudgedFile:
    """A child that was stopped by its limits, or taken down by a decoder, has said enough: nobody else should open that file."""
    ready, _, line = said.decode("utf-8", "replace").partition("\n")
    if ready != READY:
        raise StoreUnavailable("files cannot be judged: the judge did not come up")
    try:
        told = json.loads(line)
    except ValueError:
        raise refuse_file("bomb") from None
    if "refused" in told:
        raise refuse_file(told["refused"] if told["refused"] in RULES else "damaged")
    return JudgedFile(str(told["media_type"]), int(told["pages"]), content[: int(told["kept_bytes"])])


def refuse_file(rule: str) -> FileRefused:
    """The refusal of a file by one rule."""
    return FileRefused(rule, detail={"rule": rule})
