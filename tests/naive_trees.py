"""Trees, proofs, map and chains once more, straight from their definitions and as slowly as these read: the second opinion.

Shares no code with ``services``: nothing of it is imported here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence


def digest(*parts: bytes) -> bytes:
    """SHA-256 over all parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def largest_power_below(count: int) -> int:
    """RFC 9162 section 2.1.1: k < n <= 2k."""
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def tree_head(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n]) of the RFC, over the entries themselves."""
    if not entries:
        return digest()
    if len(entries) == 1:
        return digest(b"\x00", entries[0])
    k = largest_power_below(len(entries))
    return digest(b"\x01", tree_head(entries[:k]), tree_head(entries[k:]))


def inclusion_path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of the RFC."""
    if len(entries) == 1:
        return []
    k = largest_power_below(len(entries))
    if m < k:
        return [*inclusion_path(m, entries[:k]), tree_head(entries[k:])]
    return [*inclusion_path(m - k, entries[k:]), tree_head(entries[:k])]


def consistency_path(m: int, entries: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of the RFC."""
    n = len(entries)
    if m == n:
        return [] if whole else [tree_head(entries)]
    k = largest_power_below(n)
    if m <= k:
        return [*consistency_path(m, entries[:k], whole), tree_head(entries[k:])]
    return [*consistency_path(m - k, entries[k:], False), tree_head(entries[:k])]


def root_of_inclusion(m: int, n: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to, by undoing PATH; None if it has another length."""
    if n == 1:
        return None if path else leaf
    if not path:
        return None
    k = largest_power_below(n)
    *inner, last = path
    below = root_of_inclusion(m if m < k else m - k, k if m < k else n - k, leaf, inner)
    if below is None:
        return None
    return digest(b"\x01", below, last) if m < k else digest(b"\x01", last, below)


def roots_of_consistency(
    m: int, n: int, path: Sequence[bytes], old_root: bytes, whole: bool = True
) -> tuple[bytes, bytes] | None:
    """Both roots that a path leads to, by undoing SUBPROOF; None if it has another length."""
    if m == n:
        if whole:
            return None if path else (old_root, old_root)
        return (path[0], path[0]) if len(path) == 1 else None
    if not path:
        return None
    k = largest_power_below(n)
    *inner, last = path
    if m <= k:
        found = roots_of_consistency(m, k, inner, old_root, whole)
        return None if found is None else (found[0], digest(b"\x01", found[1], last))
    found = roots_of_consistency(m - k, n - k, inner, old_root, False)
    return None if found is None else (digest(b"\x01", last, found[0]), digest(b"\x01", last, found[1]))


def map_root(entries: Mapping[bytes, bytes], depth: int = 0) -> bytes:
    """The map's root: nothing, one entry, or two halves by the bit at this depth."""
    if not entries:
        return digest(b"guitai map empty v1\x00")
    if len(entries) == 1:
        ((key, value),) = entries.items()
        return digest(b"guitai map leaf v1\x00", key, value)
    halves: list[dict[bytes, bytes]] = [{}, {}]
    for key, value in entries.items():
        halves[key[depth // 8] >> (7 - depth % 8) & 1][key] = value
    return digest(b"guitai map node v1\x00", map_root(halves[0], depth + 1), map_root(halves[1], depth + 1))


def chain_head(name: bytes, leaf_hashes: Sequence[bytes]) -> bytes:
    """The last link of a chain."""
    head = b"\x00" * 32
    for number, leaf in enumerate(leaf_hashes, 1):
        head = digest(b"guitai link v1\x00", name, number.to_bytes(8, "big"), head, leaf)
    return head
