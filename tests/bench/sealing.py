"""``exposure_seal``: leaves a second hashed into tree, chains and map in memory, against the bare SHA-256 calls that this takes.

Batches of 1,000 leaves on a tree of a million and a map of 100,000 chains. A person is drawn for every four leaves (what was entered, sent,
received and shown: one visit), in one visit of five a second person is concerned, and each leaf is also linked into one of eight
connections' chains. The harder case, another person for each leaf, is told beside it. The floor hashes as many inputs of the same lengths
and does nothing else. What a store would do is left out and told beside it: reading heads of chains and paths of the map (here out of dictionaries), listing the new nodes.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from statistics import median

from services.chains import ChainHead, link_leaves
from services.map_updates import MapNode, read_paths, set_entries, update_map
from services.merkle import Frontier, grow, hash_leaves
from services.sparse_map import EMPTY_MAP, hash_values
from tests.bench.report import Figure, compare_rounds

NAME = "exposure_seal"
BATCH = 1_000
CHAINS = 100_000
CONNECTIONS = 8
VISIT = 4
TREE = 1_000_000
LEAF_SIZES = (620, 1_080)
"""Bytes of a canonical leaf of an exposure, with few fields and with many."""
ROUNDS = 21
_HEAD, _LINK, _VALUE, _LEAF, _NODE, _TREE_NODE = 1, 119, 60, 83, 83, 65
"""Bytes of each input: a leaf's prefix, a link, a value, an entry and a node of the map, a node of the tree."""


@dataclass
class Ledger:
    """The state in memory between batches."""

    frontier: Frontier
    heads: dict[bytes, ChainHead]
    root: bytes = EMPTY_MAP
    nodes: dict[bytes, bytes] = field(default_factory=dict)
    """As a table has them: a byte that says whether it is a leaf, and both halves."""

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        rows = [(one, self.nodes[one]) for one in hashes]
        return {one: MapNode(row[1:33], row[33:], row[0] == 1) for one, row in rows}

    def keep_nodes(self, nodes: Iterable[tuple[bytes, MapNode]]) -> None:
        """What a batch made."""
        self.nodes.update((one, bytes([is_leaf]) + left + right) for one, (left, right, is_leaf) in nodes)


@dataclass(frozen=True)
class Round:
    """Seconds of the processor for one batch, and for the same batch's bare hashing: others on the machine are left out."""

    sealed: float
    bare: float
    read: float
    listed: float
    hashes: int


def measure(say: Callable[[str], None], chains: int = CHAINS, rounds: int = ROUNDS) -> Figure:
    """The figure; ``chains`` and ``rounds`` smaller for a try."""
    say(f"{NAME}: a map of {chains:,} chains is being built")
    chance = random.Random(20261125)  # noqa: S311
    ledger, names = open_ledger(chains)
    gc.collect()
    gc.freeze()  # a process with a store does not hold the whole map: its collector would not walk through it either
    try:
        found = [seal_batch(ledger, *draw_batch(names, chance)) for _ in range(rounds)]
        strangers = [seal_batch(ledger, *draw_batch(names, chance, 1)) for _ in range(rounds)]
    finally:
        gc.unfreeze()
    ratio, spread = compare_rounds([BATCH / one.sealed for one in found], [BATCH / one.bare for one in found])
    with_store = median(one.bare / (one.sealed + one.read + one.listed) for one in found)
    return Figure(
        NAME, "leaves a second", "higher", median(BATCH / one.sealed for one in found), median(BATCH / one.bare for one in found),
        ratio, spread, 0.5,
        {
            "hashes a leaf": median(one.hashes / BATCH for one in found),
            "reading heads and paths of the map, ms a batch": 1_000 * median(one.read for one in found),
            "listing new nodes of the map, ms a batch": 1_000 * median(one.listed for one in found),
            "ratio with both": with_store,
            "ratio if each leaf is another person's": median(one.bare / one.sealed for one in strangers),
        },
    )  # fmt: skip


def open_ledger(chains: int) -> tuple[Ledger, list[bytes]]:
    """A ledger with as many chains, and their names; connections first."""
    names = [os.urandom(32) for _ in range(chains)]
    frontier = Frontier(TREE, tuple(os.urandom(32) for _ in range(TREE.bit_count())))
    ledger = Ledger(frontier, {name: ChainHead(10, name) for name in names})
    for at in range(0, chains, 10_000):
        keep(ledger, hash_values({name: ledger.heads[name] for name in names[at : at + 10_000]}))
    return ledger, names


def keep(ledger: Ledger, entries: Mapping[bytes, bytes]) -> None:
    """Entries set and kept."""
    change = update_map(ledger.root, entries, ledger)
    ledger.keep_nodes(change.list_nodes())
    ledger.root = change.root


def draw_batch(
    names: Sequence[bytes], chance: random.Random, visit: int = VISIT
) -> tuple[list[bytes], list[list[bytes]]]:
    """Leaves and their chains; ``visit``: for how many leaves the same people are concerned."""
    leaves = [os.urandom(chance.randint(*LEAF_SIZES)) for _ in range(BATCH)]
    chains: list[list[bytes]] = []
    for place in range(0, BATCH, visit):
        people = chance.sample(range(CONNECTIONS, len(names)), 1 if place // visit % 5 else 2)
        row = [names[one] for one in (chance.randrange(CONNECTIONS), *people)]
        chains += [row] * visit
    return leaves, chains


def seal_batch(ledger: Ledger, leaves: Sequence[bytes], chains: Sequence[Sequence[bytes]]) -> Round:
    """One batch sealed and kept, and its hashing alone."""
    asked = time.process_time()
    touched = {name for names in chains for name in names}
    heads = {name: ChainHead(*ledger.heads[name]) for name in touched}  # as new as if they came from a store
    paths = read_paths(ledger.root, touched, ledger)
    read = time.process_time()
    hashes = hash_leaves(leaves)
    frontier, rows = grow(ledger.frontier, hashes)
    links, ends = link_leaves(hashes, chains, heads)
    change = set_entries(paths, hash_values(ends))
    sealed = time.process_time()
    nodes = list(change.list_nodes())
    listed = time.process_time()
    ledger.frontier, ledger.root = frontier, change.root
    ledger.heads.update(ends)
    ledger.keep_nodes(nodes)
    sizes = [
        *(_HEAD + len(leaf) for leaf in leaves), *[_TREE_NODE] * sum(len(row) for level, row in rows.items() if level),
        *[_LINK] * len(links), *[_VALUE] * len(ends), *[_LEAF] * len(ends), *[_NODE] * (len(nodes) - len(ends)),
    ]  # fmt: skip
    return Round(sealed - read, hash_bare(sizes), read - asked, listed - sealed, len(sizes))


def hash_bare(sizes: Sequence[int]) -> float:
    """Seconds of as many bare calls with inputs of these lengths."""
    inputs = [os.urandom(size) for size in sizes]
    began = time.process_time()
    for one in inputs:
        sha256(one).digest()
    return time.process_time() - began
