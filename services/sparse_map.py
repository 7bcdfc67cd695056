"""The verifiable map from a chain's name to how it ends: a sparse Merkle tree of depth 256 that is never built out.

A subtree without an entry is one fixed hash, a subtree with one entry is that entry's leaf, at whatever depth; all others are a node over
two halves. So the root depends on the entries alone and not on their order, and a path is about as long as the logarithm of their number. A
leaf holds its whole key, therefore a path proves what is there as well as what is not: docs/decisions/0185 has the argument. How entries
are set and where nodes are kept: ``services/map_updates.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.chains import MAX_COUNT, ChainHead
from services.merkle import HASH_SIZE

DEPTH = 256
EMPTY_MAP = sha256(b"guitai map empty v1\x00").digest()
"""The hash of a subtree without entries: also the root of the empty map."""
VALUE_PREFIX = b"guitai map value v1\x00"
LEAF_PREFIX = b"guitai map leaf v1\x00"
NODE_PREFIX = b"guitai map node v1\x00"


@dataclass(frozen=True, slots=True)
class MapProof:
    """What stands beside the path of a key, from the root down; and at its end another key's leaf, if that is why ours is not there."""

    siblings: tuple[bytes, ...]
    other: tuple[bytes, bytes] | None = None


def hash_value(head: ChainHead) -> bytes:
    """The value of an entry: SHA-256 over domain, length (8 bytes) and head. Another's proof shows this and not the length."""
    if not 0 <= head.length <= MAX_COUNT or len(head.head) != HASH_SIZE:
        raise ValueError("a chain ends with a length in 64 bits and a head of 32 bytes")
    return sha256(VALUE_PREFIX + head.length.to_bytes(8, "big") + head.head).digest()


def hash_values(heads: Mapping[bytes, ChainHead]) -> dict[bytes, bytes]:
    """The values of many entries, by key."""
    if any(len(head) != HASH_SIZE for _, head in heads.values()):
        raise ValueError("a chain ends with a length in 64 bits and a head of 32 bytes")
    return {
        key: sha256(VALUE_PREFIX + length.to_bytes(8, "big") + head).digest() for key, (length, head) in heads.items()
    }


def hash_entry(key: bytes, value: bytes) -> bytes:
    """The hash of a subtree with one entry."""
    return sha256(LEAF_PREFIX + key + value).digest()


def check_present(root: bytes, key: bytes, value: bytes, proof: MapProof) -> bool:
    """Whether the proof shows that the map with this root has exactly this value under this key. Never raises."""
    if proof.other is not None or not _has_form(key, proof) or len(value) != HASH_SIZE:
        return False
    return _climb(spell_key(key), hash_entry(key, value), proof.siblings) == root


def check_absent(root: bytes, key: bytes, proof: MapProof) -> bool:
    """Whether the proof shows that the map with this root has nothing under this key. Never raises."""
    if not _has_form(key, proof):
        return False
    bits, at = spell_key(key), EMPTY_MAP
    if proof.other is not None:
        other, value = proof.other
        if len(other) != HASH_SIZE or len(value) != HASH_SIZE or other == key:
            return False
        if spell_key(other)[: len(proof.siblings)] != bits[: len(proof.siblings)]:
            return False
        at = hash_entry(other, value)
    return _climb(bits, at, proof.siblings) == root


def write_proof(proof: MapProof) -> bytes:
    """The bytes of a proof: how many steps (2 bytes), a bit for each that is not empty, those, and the other leaf if there is one."""
    steps = len(proof.siblings)
    shown = int(
        "".join("0" if one == EMPTY_MAP else "1" for one in proof.siblings).ljust(-steps % 8 + steps, "0") or "0", 2
    )
    return b"".join(
        (
            steps.to_bytes(2, "big"),
            shown.to_bytes((steps + 7) // 8, "big"),
            *(one for one in proof.siblings if one != EMPTY_MAP),
            *(proof.other or ()),
        )
    )


def read_proof(data: bytes) -> MapProof:
    """A proof from its bytes; raises ``ValueError`` for any that ``write_proof`` would not write."""
    steps = int.from_bytes(data[:2], "big")
    at = 2 + (steps + 7) // 8
    shown = f"{int.from_bytes(data[2:at], 'big'):0{8 * (at - 2)}b}"[:steps] if steps else ""
    hashes = [data[place : place + HASH_SIZE] for place in range(at, len(data), HASH_SIZE)]
    count = shown.count("1")
    if len(hashes) not in {count, count + 2} or any(len(one) != HASH_SIZE for one in hashes):
        raise ValueError("a proof has a hash for each step that is not empty, and another leaf or none")
    given = iter(hashes)
    siblings = tuple(next(given) if one == "1" else EMPTY_MAP for one in shown)
    proof = MapProof(siblings, (hashes[count], hashes[count + 1]) if len(hashes) > count else None)
    if write_proof(proof) != data or steps > DEPTH:
        raise ValueError("a proof is written in one form")
    return proof


def spell_key(key: bytes) -> str:
    """The 256 bits of a key as zeroes and ones: the way from the root."""
    return f"{int.from_bytes(key, 'big'):0256b}"


def _has_form(key: bytes, proof: MapProof) -> bool:
    """Lengths, and that the last step is not beside an empty half: such a node would not be there."""
    return (
        len(key) == HASH_SIZE
        and len(proof.siblings) <= DEPTH
        and all(len(one) == HASH_SIZE for one in proof.siblings)
        and (not proof.siblings or proof.siblings[-1] != EMPTY_MAP)
    )


def _climb(bits: str, at: bytes, siblings: Sequence[bytes]) -> bytes:
    """The root over a subtree at the end of this path."""
    for depth in range(len(siblings) - 1, -1, -1):
        beside = siblings[depth]
        at = sha256(NODE_PREFIX + (beside + at if bits[depth] == "1" else at + beside)).digest()
    return at
