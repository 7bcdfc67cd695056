"""``exposure check-proofs`` as its own process without anything around it: a line in, a word out, whatever the line is."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.proof_stream import judge_lines
from services.proof_lines import MAX_LINE

ROOT = Path(__file__).resolve().parents[4]
ONE = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
OTHER = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
BOTH = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
TRUE = json.dumps(
    {"kind": "inclusion", "leaf_index": 1, "tree_size": 2, "leaf_hash": OTHER, "root_hash": BOTH, "proof": [ONE]}
).encode()
GROWN = json.dumps(
    {"kind": "consistency", "old_size": 1, "new_size": 2, "old_root": ONE, "new_root": BOTH, "proof": [OTHER]}
).encode()


def judge(data: bytes) -> list[bool]:
    """The answers to this input."""
    answers = io.BytesIO()
    judge_lines(io.BytesIO(data), answers)
    lines = answers.getvalue().decode().splitlines()
    assert set(lines) <= {"true", "false"}
    return [line == "true" for line in lines]


def change(**members: object) -> bytes:
    """The true inclusion proof with other members."""
    return json.dumps({**json.loads(TRUE), **members}).encode()


def write_raw(name: str, text: str) -> bytes:
    """The true inclusion proof with a member written exactly so."""
    return change(**{name: "@"}).replace(b'"@"', text.encode())


def test_the_command_answers_line_by_line_with_an_empty_environment(tmp_path: Path) -> None:
    """No settings, no store, no keys and no home: answers in order, nothing else on standard output, status 0."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "exposure", "check-proofs"],
        input=b"\n".join([TRUE, b"", GROWN, b"{}", b"\xff\xfe", TRUE]),
        cwd=ROOT, env={"HOME": str(tmp_path)}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"true\nfalse\ntrue\nfalse\nfalse\ntrue\n"


def test_an_answer_is_there_before_the_next_line_is_sent() -> None:
    """Whoever waits for each answer is not kept waiting."""
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "exposure", "check-proofs"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    ) as command:  # fmt: skip
        assert command.stdin is not None
        assert command.stdout is not None
        for line, answer in ((TRUE, b"true\n"), (b"[]", b"false\n"), (GROWN, b"true\n")):
            command.stdin.write(line + b"\n")
            command.stdin.flush()
            assert command.stdout.readline() == answer
        command.stdin.close()
        assert command.wait(30) == 0


@pytest.mark.parametrize(
    "line",
    [
        TRUE, GROWN, TRUE + b"\r", b"  " + TRUE + b"\t", change(comment="more", nested=[{}]), change(leaf_hash=OTHER.upper()),
        json.dumps({"kind": "consistency", "old_size": 2, "new_size": 2, "old_root": BOTH, "new_root": BOTH, "proof": []}).encode(),
    ],
)  # fmt: skip
def test_what_holds_is_true(line: bytes) -> None:
    """A proof that holds is true however it is spaced, with capital digits and with members that nobody asked for."""
    assert judge(line) == [True]


NUMBERS = ("2.0", "2e0", "20e-1", '"2"', "true", "null", "[2]", "-2", "-0", "NaN", "Infinity", "18446744073709551616", "1" + "0" * 400,
           "-1" + "0" * 400, "1" + "0" * 5000, "9" * 100_000, "02", "0x2", "2 2", "+2", "２")  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS, ids=[one[:12] for one in NUMBERS])
@pytest.mark.parametrize("name", ["leaf_index", "tree_size"])
def test_a_number_that_is_none_or_out_of_range_is_false(name: str, number: str) -> None:
    """Only integers count, of any length, and none outside of the tree; Python's own limit of 4,300 digits is no error."""
    assert judge(write_raw(name, number)) == [False]


@pytest.mark.parametrize("name", ["old_size", "new_size"])
@pytest.mark.parametrize("number", ["-1", "true", "2.0", "1" + "0" * 5000])
def test_a_size_of_a_consistency_proof_is_an_integer_in_range(name: str, number: str) -> None:
    """The same for the other kind."""
    line = json.dumps({**json.loads(GROWN), name: "@"}).replace('"@"', number)
    assert judge(line.encode()) == [False]


@pytest.mark.parametrize(
    "value",
    ["", ONE[:-1], ONE[:-2], ONE + "00", "0x" + ONE[2:], " " + ONE, ONE + "\n", ONE[:-1] + "g", "６" + ONE[1:], None, 7, [ONE], {}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("name", ["leaf_hash", "root_hash", "proof"])
def test_a_hash_is_sixty_four_hexadecimal_digits(name: str, value: object) -> None:
    """Another length, other characters, spaces and no string at all are false, in each place."""
    assert judge(change(**{name: [value] if name == "proof" else value})) == [False]


@pytest.mark.parametrize(
    "proof", [None, {}, "", ONE, [], [ONE, ONE], [[ONE]], [ONE] * 66, [ONE] * 10_000, 1, [OTHER]], ids=lambda one: str(one)[:9]
)  # fmt: skip
def test_a_proof_has_exactly_the_hashes_that_it_needs(proof: object) -> None:
    """One too few, one too many, thousands and no list are false."""
    assert judge(change(proof=proof)) == [False]


@pytest.mark.parametrize("kind", ["", "Inclusion", "exclusion", None, 1, ["inclusion"], {}, "inclusion "])
def test_an_unknown_kind_is_false(kind: object) -> None:
    """Only the two kinds."""
    assert judge(change(kind=kind)) == [False]


@pytest.mark.parametrize("name", [*json.loads(TRUE), "*"])
def test_a_missing_member_is_false(name: str) -> None:
    """Each member is needed."""
    asked = json.loads(TRUE)
    assert judge(json.dumps({key: value for key, value in asked.items() if name not in {key, "*"}}).encode()) == [False]


@pytest.mark.parametrize(
    "line",
    [
        b"\n", b"   \n", b"\r\n", b"null", b"true", b"0", b'"x"', b"[]", b"[" + TRUE + b"]", TRUE + TRUE, TRUE[:-1], b"\x00", b"\xff" + TRUE,
        TRUE.replace(b"kind", b"k\xc3\x28nd"), TRUE.decode().encode("utf-16"), TRUE.decode().encode("utf-32"), b"{" * 100_000, b"[" * 900_000,
        b'{"a":' * 100_000, TRUE[:-1] + b', "kind": "inclusion"}', TRUE[:-1] + b', "x": 1, "x": 1}', TRUE[:-1] + b', "x": NaN}',
        TRUE[:-1] + b', "x": "\t"}', TRUE + b"//", b"'" + TRUE + b"'",
    ],
    ids=range(25),
)  # fmt: skip
def test_what_is_no_proof_in_json_is_false(line: bytes) -> None:
    """No JSON, no object, no UTF-8, members named twice, nesting without end: false, and the next line is judged as ever."""
    assert judge(line.rstrip(b"\n") + b"\n" + TRUE) == [False, True]


def test_each_line_has_its_answer_and_a_last_line_needs_no_end() -> None:
    """Empty lines count, the end of the input ends a line, and an input without a byte has no line."""
    assert judge(b"") == []
    assert judge(b"\n") == [False]
    assert judge(TRUE + b"\n\n" + TRUE) == [True, False, True]
    assert judge(TRUE + b"\r\n" + TRUE + b"\r\n") == [True, True]


def test_a_byte_order_mark_is_passed_over_at_the_beginning_only() -> None:
    """RFC 8259 section 8.1 lets a reader ignore it; anywhere else it is no JSON."""
    mark = b"\xef\xbb\xbf"
    assert judge(mark + TRUE + b"\n" + mark + TRUE) == [True, False]


def test_a_line_of_any_length_costs_no_more_memory_than_the_longest_proof() -> None:
    """A line that is too long is false even if it would be true, and is read in pieces."""

    class Endless(io.RawIOBase):
        """64 MiB of spaces, then a true line."""

        def __init__(self) -> None:
            self.left, self.asked = 64, 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            view = memoryview(buffer)
            self.asked = max(self.asked, len(view))
            if self.left < 0:
                return 0
            data = b" " * len(view) if self.left else TRUE[: len(view)]
            self.left -= 1
            view[: len(data)] = data
            return len(data)

    source, answers = Endless(), io.BytesIO()
    judge_lines(io.BufferedReader(source, 1 << 20), answers)
    assert answers.getvalue() == b"false\n"
    assert source.asked <= MAX_LINE
    assert judge(b" " * (MAX_LINE - len(TRUE)) + TRUE) == [True]
    assert judge(b" " * (MAX_LINE + 1 - len(TRUE)) + TRUE + b"\n" + TRUE) == [False, True]
