"""One proof on one line of JSON, judged: what ``exposure check-proofs`` answers. Nothing that stands on a line is an error.

True is only what RFC 9162 lets be true. A number is a JSON integer without fraction and exponent (3, not 3.0, not "3", not true);
a hash is 64 hexadecimal digits, small or capital. A member that is named twice makes the line false, a further member is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from services.merkle import MAX_PROOF, check_consistency, check_inclusion
from services.model import JsonValue

MAX_LINE = 1 << 20
"""Bytes of a line with its end. The longest proof that can be true has less than 5,000."""
_HEX = re.compile(r"[0-9A-Fa-f]{64}")
_DIGITS = 20
_BEYOND = 1 << 64


def judge_line(line: bytes) -> bool:
    """Whether the line (with or without its end) is a proof that holds. Any bytes may come."""
    if len(line) > MAX_LINE:
        return False
    try:
        asked = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=_read_object,
            parse_int=_read_integer,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        return False
    return isinstance(asked, dict) and judge_proof(asked)


def judge_proof(asked: Mapping[str, JsonValue]) -> bool:
    """Whether this object is a proof of a known kind that holds."""
    proof = _read_hashes(asked.get("proof"))
    if proof is None:
        return False
    if asked.get("kind") == "inclusion":
        sizes = _read_sizes(asked, "leaf_index", "tree_size")
        ends = _read_hashes([asked.get("leaf_hash"), asked.get("root_hash")])
        return sizes is not None and ends is not None and check_inclusion(*sizes, ends[0], proof, ends[1])
    if asked.get("kind") == "consistency":
        sizes = _read_sizes(asked, "old_size", "new_size")
        ends = _read_hashes([asked.get("old_root"), asked.get("new_root")])
        return sizes is not None and ends is not None and check_consistency(*sizes, ends[0], ends[1], proof)
    return False


def _read_sizes(asked: Mapping[str, JsonValue], first: str, second: str) -> tuple[int, int] | None:
    """Two integers; ``True`` is none, although it is one for Python."""
    one, other = asked.get(first), asked.get(second)
    return (one, other) if type(one) is int and type(other) is int else None


def _read_hashes(value: JsonValue) -> list[bytes] | None:
    """All of them, or None if one is no hash or there are more than a proof has."""
    if not isinstance(value, list) or len(value) > MAX_PROOF:
        return None
    hashes = [bytes.fromhex(one) for one in value if isinstance(one, str) and _HEX.fullmatch(one)]
    return hashes if len(hashes) == len(value) else None


def _read_integer(text: str) -> int:
    """An integer, and for one with more digits than any size has (Python refuses more than 4,300) one that is out of range too."""
    return int(text) if len(text) <= _DIGITS else _BEYOND


def _read_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is named twice")
    return found


def _refuse_constant(_word: str) -> NoReturn:
    raise ValueError("no JSON")
