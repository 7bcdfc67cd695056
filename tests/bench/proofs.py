"""``exposure_proof``: the slowest of a hundred inclusion proofs out of a tree of 10 million leaves against one out of 10,000.

Proofs are made as a citizen's file has them made: nodes out of tiles in PostgreSQL, read by the public role, one statement for a proof. The
trees are true ones over random leaf hashes, built by COPY under ``var/bench/proofs`` within a minute or two (less than a gigabyte) and kept there.
Both trees are asked in turns, so that whatever else the machine does slows both. Each proof is checked, outside of what is measured.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import psycopg
from sqlalchemy import Engine

from adapters.embedded import start_postgres
from adapters.stores.connection import open_engine, scoped
from adapters.stores.provision import migrate, provision_roles
from adapters.stores.published_checkpoint import read_published
from adapters.stores.tile_store import StoredTiles
from services.checkpoint import Checkpoint, format_checkpoint
from services.merkle import EMPTY_ROOT, HASH_SIZE, Frontier, check_inclusion, grow, prove_inclusion
from services.tiles import WIDTH, Tile, TileNodes, fill_tiles
from tests.bench.data import HOME, SETTINGS, make_database
from tests.bench.report import Figure, compare_rounds

NAME, TARGET = "exposure_proof", 2.0
SIZES = {"small": 10_000, "large": 10_000_000}
CHUNK = WIDTH * WIDTH
ROUNDS, PROOFS = 15, 500
"""Proofs out of each tree in a round."""


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A tree in a database of its own, and the public role's way to it."""

    size: int
    root: bytes
    seed: int
    engine: Engine

    def spell_leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        start = index - index % CHUNK
        return make_hashes(self.seed, start, CHUNK)[index - start]


def measure(say: Callable[[str], None], home: Path = HOME, rounds: int = ROUNDS, proofs: int = PROOFS) -> Figure:
    """The figure; builds what is missing of the trees first."""
    with open_trees(SIZES, home, say) as trees:
        return measure_trees(trees, say, rounds, proofs)


def measure_trees(trees: dict[str, StoredTree], say: Callable[[str], None], rounds: int, proofs: int) -> Figure:
    """The figure of two trees that are there."""
    chance = random.Random(20261125)  # noqa: S311 - which leaves are asked for
    small, large = trees["small"], trees["large"]
    for tree in (small, large):
        ask_tree(tree, chance.randrange(tree.size), check=True)
    floor, ours, whole, memory = [], [], [], _peak_megabytes()
    for number in range(rounds):
        taken = [
            [ask_tree(tree, chance.randrange(tree.size), check=step % 100 == 0) for tree in (small, large)]
            for step in range(proofs)
        ]
        floor.append(_slowest_of_100([one[0] for one, _ in taken]))
        ours.append(_slowest_of_100([other[0] for _, other in taken]))
        whole.append(_slowest_of_100([other[1] for _, other in taken]) / _slowest_of_100([one[1] for one, _ in taken]))
        say(f"{NAME}: round {number + 1} of {rounds}, {1_000 * floor[-1]:.2f} and {1_000 * ours[-1]:.2f} ms")
    ratio, spread = compare_rounds(ours, floor)
    details = {
        "ms a proof, large": 1_000 * median(ours),
        "ms a proof, small": 1_000 * median(floor),
        "ratio with transaction and published checkpoint": median(whole),
        "megabytes more": _peak_megabytes() - memory,
    }
    return Figure(NAME, "seconds a proof", "lower", median(ours), median(floor), ratio, spread, TARGET, details)


def ask_tree(tree: StoredTree, index: int, *, check: bool = False) -> tuple[float, float]:
    """Seconds of a proof alone, and with all that a request does for it."""
    began = time.perf_counter()
    with scoped(tree.engine, []) as connection:
        driver = connection.connection.driver_connection
        if driver is None or read_published(driver, None) is None:
            raise SystemExit("the tree has no checkpoint")
        asked = time.perf_counter()
        proof = prove_inclusion(index, tree.size, TileNodes(StoredTiles(driver), tree.size))
        answered = time.perf_counter()
    ended = time.perf_counter()
    if check and not check_inclusion(index, tree.size, tree.spell_leaf(index), proof, tree.root):
        raise SystemExit(f"the proof of leaf {index} does not hold")
    return answered - asked, ended - began


@contextmanager
def open_trees(sizes: dict[str, int], home: Path, say: Callable[[str], None]) -> Iterator[dict[str, StoredTree]]:
    """The trees of these sizes on a server that ends with the block."""
    folder = home / "proofs"
    folder.mkdir(parents=True, exist_ok=True)
    server = start_postgres(folder / "postgres", settings=SETTINGS)
    trees: dict[str, StoredTree] = {}
    try:
        for seed, (name, size) in enumerate(sizes.items()):
            owner_url = make_database(server.owner_url, f"tree_{size}")
            migrate(owner_url)
            engine = open_engine(provision_roles(owner_url, folder / "secrets")["public"], 1)
            trees[name] = StoredTree(size, build_tree(owner_url, size, seed, say), seed, engine)
        yield trees
    finally:
        for tree in trees.values():
            tree.engine.dispose()
        server.stop()


def build_tree(owner_url: str, size: int, seed: int, say: Callable[[str], None]) -> bytes:
    """Write tiles and checkpoint of a tree in one transaction, unless they are there; its root."""
    with psycopg.connect(owner_url) as owner:
        found = owner.execute("SELECT root FROM ledger_checkpoints WHERE size = %s", [size]).fetchone()
        if found is not None:
            return bytes(found[0])
        say(f"{NAME}: a tree of {size:,} leaves is being built")
        with owner.cursor().copy("COPY ledger_tiles (level, number, width, hashes) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int2", "int8", "int2", "bytea"])
            root = EMPTY_ROOT
            for tile, data, so_far in make_tiles(size, seed):
                copy.write_row((tile.level, tile.number, tile.width, data))
                root = so_far
        note = format_checkpoint(Checkpoint("bench.example", size, root)).encode()
        owner.execute("INSERT INTO ledger_checkpoints VALUES (%s, %s, %s, '2026-11-25Z')", [size, root, note])
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE ledger_tiles")
    return root


def make_tiles(size: int, seed: int) -> Iterator[tuple[Tile, bytes, bytes]]:
    """The tiles of a tree, each once and as wide as it is in the end, with the root so far."""
    frontier, partial = Frontier(), dict[int, bytes]()
    for start in range(0, size, CHUNK):
        hashes = make_hashes(seed, start, CHUNK)[: size - start]
        before = frontier.size
        frontier, rows = grow(frontier, hashes)
        changed = fill_tiles(before, rows, partial)
        partial |= {tile.level: data for tile, data in changed.items() if tile.width < WIDTH}
        yield from ((tile, data, frontier.root) for tile, data in changed.items() if tile.width == WIDTH)
    for level, data in partial.items():
        count = size >> (8 * level)
        if count % WIDTH:
            yield Tile(level, *divmod(count, WIDTH)), data[: count % WIDTH * HASH_SIZE], frontier.root


def make_hashes(seed: int, start: int, count: int) -> list[bytes]:
    """Leaf hashes of a chunk, the same each time."""
    data = random.Random(f"{seed} {start}").randbytes(count * HASH_SIZE)  # noqa: S311 - no secret
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def _slowest_of_100(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100)[98]


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
