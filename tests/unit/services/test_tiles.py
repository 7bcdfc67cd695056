"""Tiles: the layout and the examples of C2SP tlog-tiles, written in batches, read for proofs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.merkle import (
    Frontier,
    check_consistency,
    check_inclusion,
    compute_root,
    grow,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    read_frontier,
)
from services.tiles import (
    Bundle,
    Tile,
    TileNodes,
    fill_tiles,
    hash_row,
    list_changed,
    list_partial,
    list_tiles,
    name_bundle,
    name_tile,
    place_node,
    read_path,
)
from tests.published_vectors import read_vectors

GO = read_vectors("notes_go")
LEAVES = [hash_leaf(str(number).encode()) for number in range(70_000)]


class TileFolder:
    """Tiles by level and number, the longest that was written; notes what was asked for."""

    def __init__(self) -> None:
        self.size, self.frontier = 0, Frontier()
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.reads: list[Sequence[Tile]] = []

    def read_tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        self.reads.append(tiles)
        return [self.tiles[tile.level, tile.number] for tile in tiles]

    def add(self, count: int) -> dict[Tile, bytes]:
        """Further leaves, and which tiles were written for them."""
        partial = {tile.level: self.tiles[tile.level, tile.number] for tile in list_partial(self.size)}
        frontier, rows = grow(self.frontier, LEAVES[self.size : self.size + count])
        written = fill_tiles(self.size, rows, partial)
        self.tiles.update({(tile.level, tile.number): data for tile, data in written.items()})
        self.frontier, self.size = frontier, frontier.size
        return written


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() -> None:
    """273 full tiles of leaves and one of 112, one full and one of 17 above, one of 1 on top; a tree of 256 has two tiles."""
    counted: dict[tuple[int, int], int] = {}
    for tile in list_tiles(70_000):
        counted[tile.level, tile.width] = counted.get((tile.level, tile.width), 0) + 1
    assert counted == {(0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}
    assert list_tiles(256) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list_tiles(0) == []
    assert list_partial(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]


def test_tiles_are_written_in_batches_and_hold_the_whole_tree() -> None:
    """Batches of any size write exactly the tiles that changed; from tiles alone come the root and proofs of every size."""
    folder = TileFolder()
    for batch in (1, 254, 1, 1, 0, 255, 256, 257, 1000, 64_000, 3000, 975):
        before = folder.size
        written = folder.add(batch)
        assert list(written) == list_changed(before, folder.size)
        assert all(len(data) == 32 * tile.width for tile, data in written.items())
    assert folder.size == 70_000
    assert {(tile.level, tile.number) for tile in list_tiles(70_000)} == set(folder.tiles)
    nodes = TileNodes(folder, 70_000)
    for size in (1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000):
        root = compute_root(LEAVES[:size])
        assert read_frontier(size, nodes).root == root
        for index in (0, size // 3, size - 1):
            assert check_inclusion(index, size, LEAVES[index], prove_inclusion(index, size, nodes), root)
        assert check_consistency(size, 70_000, root, folder.frontier.root, prove_consistency(size, 70_000, nodes))


def test_a_proof_reads_each_tile_once_and_all_in_one_call() -> None:
    """Three levels of tiles at 70,000 leaves, and the ragged right edge: no more than two tiles a level."""
    folder = TileFolder()
    folder.add(70_000)
    folder.reads.clear()
    prove_inclusion(30_000, 70_000, TileNodes(folder, 70_000))
    assert len(folder.reads) == 1
    assert len(folder.reads[0]) == len(set(folder.reads[0])) <= 6
    with pytest.raises(LookupError):
        prove_inclusion(0, 70_001, TileNodes(TileFolder(), 70_001))


@settings(max_examples=50)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_any_batches_make_the_same_tiles(batches: list[int]) -> None:
    """A tile depends on the leaves alone; a partial one is the beginning of the full one."""
    folder, whole = TileFolder(), TileFolder()
    for batch in batches:
        folder.add(batch)
    whole.add(folder.size)
    assert folder.tiles == whole.tiles
    assert [Tile(*place, len(data) // 32) for place, data in sorted(folder.tiles.items())] == list_tiles(folder.size)


def test_a_partial_tile_that_is_longer_than_its_size_is_cut_and_a_shorter_one_refused() -> None:
    """What was written for a checkpoint that never came to be does no harm; a lost hash does not pass."""
    folder = TileFolder()
    folder.add(300)
    _, rows = grow(Frontier(), LEAVES[:10])
    frontier, _ = grow(Frontier(), LEAVES[:256])
    _, more = grow(frontier, LEAVES[256:260])
    assert fill_tiles(0, rows, {0: b"z" * 320})[Tile(0, 0, 10)] == b"".join(LEAVES[:10])
    assert fill_tiles(256, more, {1: bytes(32)})[Tile(0, 1, 4)] == b"".join(LEAVES[256:260])
    _, further = grow(folder.frontier, LEAVES[300:301])
    for lost in ({}, {0: folder.tiles[0, 1][:-1]}, {0: folder.tiles[0, 1][:-32]}):
        with pytest.raises(ValueError, match="partial tile of level 0"):
            fill_tiles(300, further, lost)


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(32 * 3), bytes(32 * 4 + 1), bytes(32 * 257)])
def test_a_tile_of_another_length_is_not_read(data: bytes) -> None:
    """Fewer hashes than its width, a broken one, or more than a tile has."""
    folder = TileFolder()
    folder.add(4)
    folder.tiles[0, 0] = data
    with pytest.raises(LookupError, match="tile/0/000"):
        prove_inclusion(0, 4, TileNodes(folder, 4))


@given(st.integers(0, 63), st.integers(0, 10**6), st.integers(1, 1 << 64))
@example(0, 0, 1)
@example(16, 1, 1 << 17)
def test_a_node_lies_in_one_tile(level: int, index: int, size: int) -> None:
    """Within its width, as many hashes as its height asks, over the right leaves; what the tree has not is refused."""
    if (index + 1) << level > size:
        with pytest.raises(ValueError, match="no such node"):
            place_node((level, index), size)
        return
    tile, start, end = place_node((level, index), size)
    assert 0 <= start < end <= tile.width <= 256
    assert end - start == 1 << (level - 8 * tile.level)
    assert (tile.number * 256 + start) << (8 * tile.level) == index << level
    assert tile.width == min(256, (size >> 8 * tile.level) - 256 * tile.number)


def test_a_node_that_is_none_is_refused() -> None:
    """Negative places too."""
    for node in ((-1, 0), (0, -1), (0, 5), (3, 0)):
        with pytest.raises(ValueError, match="no such node"):
            place_node(node, 5)
    assert hash_row(b"".join(LEAVES[:4]), 2, 3) == LEAVES[2]


@pytest.mark.parametrize(("path", "number"), GO["paths"])
def test_published_numbers_have_their_published_paths(path: str, number: int) -> None:
    """The tests of Go's tlog; the example of C2SP is x001/x234/067."""
    assert name_tile(Tile(5, number)) == f"tile/5/{path}"
    assert read_path(f"tile/5/{path}.p/2") == Tile(5, number, 2)
    assert name_bundle(Bundle(1_234_067, 8)) == "tile/entries/x001/x234/067.p/8"


@given(st.integers(0, 63), st.integers(0, (1 << 56) - 1), st.integers(1, 256))
def test_a_path_is_read_as_it_was_named(level: int, number: int, width: int) -> None:
    """Tiles and bundles, full and partial."""
    assert read_path(name_tile(Tile(level, number, width))) == Tile(level, number, width)
    assert read_path(name_bundle(Bundle(number, width))) == Bundle(number, width)


@pytest.mark.parametrize(
    "path",
    [
        *GO["bad_paths"], "", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/x001/x002",
        "tile/0/001/002", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p/-1", "/tile/0/000", "tile/0/000/",
        "tile/0/000\n", "tile/0/０００", "tile/data/000", "tile/entries/x000/000", "tile/0/../000", "tile/0/" + "x999/" * 6 + "999", "tile/0/" + "x001/" * 7 + "000",
        "checkpoint", "tile/0/000.P/1",
    ],
)  # fmt: skip
def test_what_is_no_path_in_its_one_form_is_none(path: str) -> None:
    """Other digits, zeroes in front, numbers beyond any tree, ways up."""
    assert read_path(path) is None
