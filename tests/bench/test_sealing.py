"""The figure of sealing on a ledger of a few hundred chains: what is hashed is counted, and the ledger goes on."""

from __future__ import annotations

import random

from services.merkle import compute_root, hash_leaves
from services.sparse_map import hash_values
from tests import naive_trees
from tests.bench import sealing
from tests.bench.sealing import BATCH, NAME, draw_batch, measure, open_ledger, seal_batch


def test_a_batch_is_sealed_as_the_definitions_say() -> None:
    """What the measured code leaves behind is the true map and tree, so that nothing is measured that was not done."""
    ledger, names = open_ledger(200)
    leaves, chains = draw_batch(names, random.Random(1))  # noqa: S311
    before = ledger.frontier
    found = seal_batch(ledger, leaves, chains)
    assert ledger.frontier.size == before.size + BATCH
    assert ledger.root == naive_trees.map_root(hash_values(ledger.heads))
    assert sum(head.length - 10 for head in ledger.heads.values()) == sum(map(len, chains))
    assert found.hashes > 4 * BATCH
    assert compute_root(hash_leaves(leaves)) == naive_trees.tree_head(leaves)


def test_the_figure_tells_what_is_left_out() -> None:
    """Reads and writes beside the ratio, and the harder case."""
    said: list[str] = []
    figure = measure(said.append, 300, 3)
    assert (figure.name, figure.better, figure.target) == (NAME, "higher", 0.5)
    assert said
    assert figure.ratio > 0
    assert "reading heads and paths of the map, ms a batch" in figure.details
    assert figure.details["hashes a leaf"] > 4
    assert sealing.VISIT == 4
