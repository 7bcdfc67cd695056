"""The process in which uploaded bytes are opened: it reads them from standard input, writes two lines, and ends.

Its limits are the kernel's, set by itself before it reads a byte: address space, processor time, no file written, no core left. Whatever
a decoder does wrong ends here. Started by ``adapters/file_judge.py`` without our environment and without our modules on its path.
"""

from __future__ import annotations

import json
import resource
import sys

from adapters.judging.verdict import MAXIMUM_BYTES, BytesRefusedError, Verdict

ADDRESS_SPACE = 768 * 1024 * 1024
CPU_SECONDS = 6
OPEN_FILES = 16
READY = "ready"
"""Whoever ends without a verdict after this word was ended by the file."""


def main() -> int:
    """Judge standard input. First line ``READY``; second ``{"media_type", "pages", "kept_bytes"}`` or ``{"refused": rule}``."""
    from adapters.judging.judgement import judge_bytes  # noqa: PLC0415 - the decoders are loaded before the limits bind

    limit_resources()
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    content = sys.stdin.buffer.read(MAXIMUM_BYTES + 1)
    try:
        told = describe(judge_bytes(content))
    except BytesRefusedError as refused:
        told = {"refused": refused.rule}
    except (MemoryError, RecursionError):
        told = {"refused": "bomb"}
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()
    return 0


def describe(verdict: Verdict) -> dict[str, object]:
    """A verdict as the line says it."""
    return {"media_type": verdict.media_type, "pages": verdict.pages, "kept_bytes": verdict.kept_bytes}


def limit_resources() -> None:
    """Bind this process, for ever. What a system does not know (macOS: address space) is left out; time is limited everywhere."""
    wanted = [
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ]
    for kind, most in wanted:
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise
