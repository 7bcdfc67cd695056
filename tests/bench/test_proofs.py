"""The figure of proofs on a small tree: what is measured are true proofs out of tiles in PostgreSQL."""

from __future__ import annotations

from adapters.stores.connection import open_engine
from services.merkle import Frontier, grow
from services.tiles import fill_tiles
from tests.bench.proofs import CHUNK, NAME, StoredTree, build_tree, make_hashes, make_tiles, measure_trees
from tests.databases import Database


def test_tiles_are_those_of_the_whole_tree() -> None:
    """Built chunk by chunk, each tile once and in its last width."""
    size = CHUNK + 300
    hashes = make_hashes(1, 0, CHUNK) + make_hashes(1, CHUNK, CHUNK)[:300]
    frontier, rows = grow(Frontier(), hashes)
    made = list(make_tiles(size, 1))
    assert {tile: data for tile, data, _ in made} == fill_tiles(0, rows, {})
    assert len(made) == len(fill_tiles(0, rows, {}))
    assert made[-1][2] == frontier.root


def test_the_figure_is_a_ratio_of_proofs_that_hold(database: Database) -> None:
    """Two trees are asked in turns, and every so many proofs one is checked against the root."""
    engine = open_engine(database.urls["public"], 1)
    tree = StoredTree(600, build_tree(database.owner_url, 600, 0, lambda _: None), 0, engine)
    assert build_tree(database.owner_url, 600, 0, lambda _: None) == tree.root
    figure = measure_trees({"small": tree, "large": tree}, lambda _: None, 2, 5)
    engine.dispose()
    assert (figure.name, figure.better, figure.target) == (NAME, "lower", 2.0)
    assert figure.ratio > 0
    assert figure.details["megabytes more"] < 50
