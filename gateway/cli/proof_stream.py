"""Lines of any length, one judgement for each, in the memory of one line."""

from __future__ import annotations

from typing import BinaryIO

from services.proof_lines import MAX_LINE, judge_line

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def judge_lines(lines: BinaryIO, answers: BinaryIO) -> None:
    """Write ``true`` or ``false`` for each line as soon as it is there, until the input ends.

    A line ends with LF, the last one also with the input. An empty line is a line, and no JSON: false. Of a line that is longer than
    any proof the rest is read and forgotten. A byte order mark is passed over where the input begins (RFC 8259 section 8.1 allows it).
    """
    line = lines.readline(MAX_LINE + 1).removeprefix(_BYTE_ORDER_MARK)
    while line:
        if not line.endswith(b"\n"):
            _skip_rest(lines)
        answers.write(b"true\n" if judge_line(line) else b"false\n")
        answers.flush()
        line = lines.readline(MAX_LINE + 1)


def _skip_rest(lines: BinaryIO) -> None:
    while (more := lines.readline(MAX_LINE)) and not more.endswith(b"\n"):
        pass
