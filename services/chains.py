"""Chains over the ledger's leaves, one for each person and one for each connection to a platform: what makes a missing record visible.

A link is a hash over the chain's name, its number in the chain, the link before and the leaf. Numbers begin at 1; the link before the
first is 32 zero bytes. How long a chain is and what its last link is stands in the map of each checkpoint (``services/sparse_map.py``),
so that neither the last record nor all of them can be left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from services.merkle import HASH_SIZE

MAX_COUNT = (1 << 64) - 1
START = bytes(HASH_SIZE)
"""What stands before the first link."""
_NAME = b"guitai chain v1\x00"
_LINK = b"guitai link v1\x00"


class ChainHead(NamedTuple):
    """How many links a chain has, and the last one. A chain without links ends where it starts."""

    length: int = 0
    head: bytes = START


EMPTY = ChainHead()


@dataclass(frozen=True, slots=True)
class Link:
    """A record's place in a chain: its number (from 1), the link before it, and the hash of its leaf."""

    number: int
    previous: bytes
    leaf_hash: bytes


PlacedLink = tuple[int, bytes, int, bytes]
"""A link that a batch made: of the how-manieth leaf (from 0), in which chain, its number and the link before it."""


class ChainFaultKind(StrEnum):
    """In which way records do not make up a chain."""

    FIRST_MISSING = "first_missing"
    MISSING = "missing"
    LAST_MISSING = "last_missing"
    REPEATED = "repeated"
    OUT_OF_ORDER = "out_of_order"
    NOT_OF_CHAIN = "not_of_chain"
    PREVIOUS_DIFFERS = "previous_differs"
    HEAD_DIFFERS = "head_differs"


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first fault of a chain and at which number it is.

    ``previous_differs`` at n: record n says another link before it than the records up to n - 1 make, so one of these is not what was
    linked. ``head_differs`` at n: all that is said fits, and the last record, n, is not what was linked.
    """

    kind: ChainFaultKind
    number: int

    def __str__(self) -> str:
        return f"{self.kind} at {self.number}"


def name_person(chain: UUID) -> bytes:
    """The 32 bytes under which the chain with this random id stands in links and map."""
    return sha256(_NAME + b"person\x00" + chain.bytes).digest()


def name_connection(agency_id: UUID, platform: str, account: str) -> bytes:
    """The 32 bytes for a connection: what one agency's app or merchant account on a platform let the platform see."""
    if "\x00" in platform:
        raise ValueError("a platform's name has no zero byte")
    return sha256(_NAME + b"connection\x00" + agency_id.bytes + platform.encode() + b"\x00" + account.encode()).digest()


def hash_link(chain: bytes, number: int, previous: bytes, leaf_hash: bytes) -> bytes:
    """The link of a record: SHA-256 over domain, name, number (8 bytes), link before and leaf hash (32 bytes each)."""
    return sha256(_LINK + chain + number.to_bytes(8, "big") + previous + leaf_hash).digest()


def append_leaf(chain: bytes, head: ChainHead, leaf_hash: bytes) -> ChainHead:
    """The chain with one record more; raises ``ValueError`` for a hash that is not 32 bytes."""
    if len(chain) != HASH_SIZE or len(leaf_hash) != HASH_SIZE or len(head.head) != HASH_SIZE:
        raise ValueError("a link is made of hashes of 32 bytes")
    number = head.length + 1
    return ChainHead(number, hash_link(chain, number, head.head, leaf_hash))


def link_leaves(
    leaf_hashes: Sequence[bytes], chains: Sequence[Sequence[bytes]], heads: Mapping[bytes, ChainHead]
) -> tuple[list[PlacedLink], dict[bytes, ChainHead]]:
    """The links of a batch, in order, and how each chain that it touched ends then. One hash for each link.

    ``chains``: for each leaf the names of its chains, each once; ``heads``: how these ended before, without an entry for a new one. Raises
    ``ValueError`` for what is not 32 bytes.
    """
    if not {HASH_SIZE}.issuperset(map(len, itertools.chain(leaf_hashes, *chains))):
        raise ValueError("a link is made of hashes of 32 bytes")
    links: list[PlacedLink] = []
    ends: dict[bytes, tuple[int, bytes]] = {}
    for place, (leaf, names) in enumerate(zip(leaf_hashes, chains, strict=True)):
        for name in names:
            length, before = ends.get(name) or heads.get(name, EMPTY)
            length += 1
            links.append((place, name, length, before))
            ends[name] = length, sha256(b"".join((_LINK, name, length.to_bytes(8, "big"), before, leaf))).digest()
    return links, dict(zip(ends, map(ChainHead._make, ends.values()), strict=True))


def check_chain(chain: bytes, links: Sequence[Link], head: ChainHead) -> ChainFault | None:
    """The first fault of a whole chain, in the order of its numbers, against how it ends; None if it is complete.

    ``head`` is what a checkpoint's map says; of a chain that is not in the map it is ``EMPTY``. Costs one hash a record.
    """
    before = START
    for number, link in enumerate(links, 1):
        if link.number != number or number > head.length:
            return _name_gap(links, number, head.length)
        if link.previous != before:
            return ChainFault(ChainFaultKind.PREVIOUS_DIFFERS, number)
        if len(link.leaf_hash) != HASH_SIZE:
            return ChainFault(ChainFaultKind.NOT_OF_CHAIN, number)
        before = hash_link(chain, number, before, link.leaf_hash)
    if len(links) < head.length:
        return ChainFault(ChainFaultKind.LAST_MISSING if links else ChainFaultKind.FIRST_MISSING, len(links) + 1)
    return None if before == head.head else ChainFault(ChainFaultKind.HEAD_DIFFERS, head.length)


def _name_gap(links: Sequence[Link], number: int, count: int) -> ChainFault:
    """What it is that the record at this place has another number."""
    found = links[number - 1].number
    if not 1 <= found <= count:
        return ChainFault(ChainFaultKind.NOT_OF_CHAIN, found)
    if found < number:
        return ChainFault(ChainFaultKind.REPEATED, found)
    if any(link.number == number for link in links[number:]):
        return ChainFault(ChainFaultKind.OUT_OF_ORDER, found)
    return ChainFault(ChainFaultKind.FIRST_MISSING if number == 1 else ChainFaultKind.MISSING, number)
