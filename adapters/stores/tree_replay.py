"""Doing once more what the sequencer did, leaf by leaf in the order of indices: tree, tiles, checkpoints, links of chains, maps.

What is computed so far lies in ``replay_state``, so that memory does not grow and a check that was killed goes on. After the first break of the
tree nothing further is computed on it, after the first break of the map nothing on that: whatever follows would be wrong too. A record that
is missing or changed keeps the links that are stored for it, provisionally: the map over them, which is in the tree, tells whether they are
the ones; so one fault does not make thousands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from adapters.stores.chain_store import find_chains
from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.place_store import Placed
from adapters.stores.replay_state import ChainEnd, ReplayState
from adapters.stores.tile_store import StoredTiles
from adapters.stores.tree_heads import NoteJudge
from adapters.stores.tree_pages import PlacedLeaf, TreePages
from services.chains import ChainHead, hash_link, name_person
from services.errors import ConfigurationFault
from services.log_leaves import MAP_KIND, RESTORE_KIND, MapLeaf, read_map_leaf, read_restore_leaf
from services.membership import list_persons
from services.merkle import HASH_SIZE, grow
from services.sequencing import TreeBroken, link_batch
from services.tiles import WIDTH, Tile, fill_tiles, name_tile

Found = list[tuple[int, LedgerFault]]
"""Faults with the index at which they are."""


class TreeReplay:
    """The walk. ``check_leaves`` takes the pages in their order, ``finish`` says what is wrong at the end."""

    def __init__(self, connection: psycopg.Connection[Any], state: ReplayState, judge: NoteJudge, linked: int) -> None:
        """``linked``: so many leaves are said to be in chains."""
        self._connection, self._state, self._judge, self._linked = connection, state, judge, linked
        self._pages, self._hashes = TreePages(connection), list[bytes]()
        self._partial = state.read_partial()

    def begin(self) -> Iterator[LedgerFault]:
        """What is wrong with the checkpoint of the empty tree, if the walk is at its beginning."""
        at = self._state.position
        for head in self._pages.read_checkpoints(at.checked, 0):
            found = Found()
            self._check_head(head, None, found)
            at.checked, at.root = head.size, at.frontier.root
            yield from (fault for _, fault in found)

    def check_leaves(self, leaves: Sequence[PlacedLeaf]) -> Found:
        """The faults of a page in the order of indices; the position is behind it then."""
        at, found = self._state.position, Found()
        first, end = at.size, leaves[-1].index + 1
        links = self._pages.read_links(first, end - 1)
        chains = self._find_chains(leaves, links)
        whole = self._find_whole(leaves, links, found)
        held = self._check_tree(whole, found)
        self._check_links([leaf for leaf in whole if leaf.index < held], chains, links, found)
        at.size = end
        return sorted(found, key=lambda one: one[0])

    def finish(self) -> Iterator[LedgerFault]:
        """What is wrong with the end of the tree: its last checkpoint, its partial tiles, what is stored beyond it."""
        at = self._state.position
        size = at.size
        if not at.tree_holds:
            return
        for head in self._pages.read_checkpoints(max(at.checked, size), (1 << 63) - 1):
            yield _tree_fault("ledger_checkpoints", f"checkpoint {head.size}: the sequence ends at {size}")
        if size > max(at.checked, 0):
            yield _tree_fault("ledger_checkpoints", f"checkpoint {size} is missing: the sequence ends there")
        for link in self._pages.read_links_beyond(size):
            yield _link_fault(bytes(link.chain), link.number, f"it is said to be index {link.index}, beyond the tree")
        for level, data in sorted(self._partial.items()):
            if data:
                yield from self._compare({Tile(level, *divmod(size >> (8 * level), WIDTH)): data})
        for tile in self._pages.read_tiles_beyond(size):
            yield _tree_fault("ledger_tiles", f"{name_tile(tile)} is beyond the sequence")

    def _find_whole(self, leaves: Sequence[PlacedLeaf], links: Mapping[tuple[int, bytes], Any], found: Found) -> list[PlacedLeaf]:  # fmt: skip
        """The leaves up to the first break of the sequence; each leaf is held against its record."""
        at, whole = self._state.position, list[PlacedLeaf]()
        for leaf in leaves:
            expected = at.size + len(whole)
            if at.tree_holds and leaf.index != expected:
                at.tree_holds = False
                where = min(leaf.index, expected)
                what = f"index {expected} is missing" if leaf.index > expected else f"index {leaf.index} stands twice"
                found.append((where, _tree_fault("ledger_sequence", what + _name_links(links, where))))
            if at.tree_holds:
                whole.append(leaf)
                at.map_leaf = leaf.index if leaf.kind == MAP_KIND and at.map_leaf is None else at.map_leaf
            if not leaf.is_whole:
                found.append((leaf.index, _name_change(leaf, links)))
            elif leaf.kind is not None and not _has_kind(leaf):
                found.append((leaf.index, _leaf_fault(leaf, f"index {leaf.index}: the leaf is no {leaf.kind}")))
            elif leaf.kind == RESTORE_KIND and not self._judge.trusts(read_restore_leaf(leaf.leaf or b"")):
                what = f"index {leaf.index}: the restore is not cosigned by the witness"
                found.append((leaf.index, _leaf_fault(leaf, what)))
        return whole

    def _find_chains(self, leaves: Sequence[PlacedLeaf], links: Mapping[tuple[int, bytes], Any]) -> dict[int, list[bytes]]:  # fmt: skip
        """The chains of each leaf; of one that is not whole, or speaks of a record that is not, those that are stored."""
        records = [leaf for leaf in leaves if leaf.kind is None and leaf.index < self._linked]
        placed = [
            Placed(one.agency_id, one.record_id, one.leaf_hash, one.leaf if one.is_whole else None) for one in records
        ]
        found = dict(zip((leaf.index for leaf in records), find_chains(self._connection, placed), strict=True))
        for leaf in records:
            if not found[leaf.index] and (not leaf.is_whole or leaf.body.get("kind") == "outcome"):
                found[leaf.index] = [chain for index, chain in links if index == leaf.index]
        return found

    def _check_links(
        self, leaves: Sequence[PlacedLeaf], chains: Mapping[int, list[bytes]], links: dict[tuple[int, bytes], tuple[int, bytes]],
        found: Found,
    ) -> None:  # fmt: skip
        """Link the page's leaves, hold the links against the stored ones, and each map leaf against the map so far."""
        at, run = self._state.position, list[PlacedLeaf]()
        for leaf in leaves:
            if leaf.kind is None:
                run.append(leaf)
            elif leaf.kind == MAP_KIND:
                self._link(run, chains, links, found)
                run = []
                self._check_map(leaf, found)
        self._link(run, chains, links, found)
        if at.tree_holds:
            for (index, chain), (number, _) in sorted(links.items()):
                found.append(
                    (index, _link_fault(chain, number, f"no leaf has this link: it is said to be index {index}"))
                )

    def _link(
        self, run: Sequence[PlacedLeaf], chains: Mapping[int, list[bytes]], stored: dict[tuple[int, bytes], tuple[int, bytes]],
        found: Found,
    ) -> None:  # fmt: skip
        run = [leaf for leaf in run if chains.get(leaf.index)]
        if not run:
            return
        names, persons = [chains[leaf.index] for leaf in run], self._note_persons(run)
        heads = self._state.read_heads({name for one in names for name in one})
        try:
            made = link_batch(
                [leaf.leaf_hash for leaf in run], names, heads, self._state.position.map_root, self._state
            )
        except TreeBroken:
            raise ConfigurationFault(
                "the state of the check does not agree with itself: begin with a new one"
            ) from None
        ends: dict[bytes, ChainEnd] = {}
        for place, name, number, previous in made.links:
            index, leaf_hash = run[place].index, run[place].leaf_hash
            head = ChainHead(number, hash_link(name, number, previous, leaf_hash))
            ends[name] = ChainEnd(head, ends[name].first if name in ends else index, index, name in persons)
            has = stored.pop((index, name), None)
            if has is None:
                found.append((index, _link_fault(name, number, f"the link is missing (index {index})")))
            elif has != (number, previous):
                what = f"stands as number {has[0]}" if has[0] != number else "another link stands before it"
                found.append((index, _link_fault(name, number, f"{what} (index {index})")))
        self._state.write_heads(ends)
        self._state.change_nodes(made.change.list_nodes(), made.replaced)
        self._state.position.map_root = made.change.root

    def _note_persons(self, run: Sequence[PlacedLeaf]) -> set[bytes]:
        """Names of chains of persons in these leaves; joins and closings are kept for the check over the links to people."""
        found: set[bytes] = set()
        for leaf in run:
            names = [name_person(chain) for chain in list_persons(leaf.body)]
            found.update(names)
            if leaf.body.get("kind") == "join" and len(names) == 2:
                self._state.add_join(names[0], names[1], leaf.index)
            elif leaf.body.get("kind") == "closing" and names:
                self._state.add_closing(names[0], leaf.index)
        return found

    def _check_map(self, leaf: PlacedLeaf, found: Found) -> None:
        at = self._state.position
        said = _read_map(leaf)
        if not at.map_holds or said is None:
            return
        what = ""
        if said.size != leaf.index:
            what = f"the map leaf says size {said.size}"
        elif leaf.index >= self._linked:
            what = f"the chains reach to {self._linked} only"
        elif said.root != at.map_root:
            what = "the map is not that of the chains up to here"
        if what:
            at.map_holds = False
            found.append((leaf.index, _leaf_fault(leaf, f"index {leaf.index}: {what}")))

    def _check_tree(self, leaves: Sequence[PlacedLeaf], found: Found) -> int:
        """Take the page's leaves into the tree, checkpoint by checkpoint; up to which index they are those of the tree."""
        at, first = self._state.position, self._state.position.size
        taken = 0
        for head in self._pages.read_checkpoints(at.checked, first + len(leaves)):
            if head.size < first:
                what = f"checkpoint {head.size}: it was not there when the leaves under it were read"
                found.append((first, _tree_fault("ledger_checkpoints", what)))
                continue
            self._grow(leaves[taken : head.size - first], found)
            taken = max(taken, int(head.size) - first)
            if at.frontier.size != head.size:
                return first + taken
            broken = self._check_head(head, leaves[taken - 1] if taken else None, found)
            if broken is not None:
                return broken
            at.checked, at.root = head.size, at.frontier.root
        self._grow(leaves[taken:], found)
        return first + len(leaves)

    def _check_head(self, head: Any, last: PlacedLeaf | None, found: Found) -> int | None:
        """Judge a checkpoint; if its root is not that of the leaves, the first index at which they may be others."""
        at, where = self._state.position, f"checkpoint {head.size}"
        difference: int | None = None
        if bytes(head.root) != at.frontier.root:
            at.tree_holds = False
            difference = self._find_difference(head.size)
            what = f"{where}: the root is not that of the sequence"
            if difference is not None:
                what += f"; index {difference} is the first that differs from the tiles"
            difference = max(at.checked, 0) if difference is None else difference
            found.append((difference, _tree_fault("ledger_checkpoints", what)))
        if at.map_leaf is not None and head.size > at.map_leaf and (last is None or last.kind != MAP_KIND):
            found.append(
                (head.size - 1, _tree_fault("ledger_checkpoints", f"{where}: the last leaf under it is no map"))
            )
        found += [(head.size - 1, fault) for fault in self._judge.judge(head, at)]
        return difference

    def _find_difference(self, size: int) -> int | None:
        """Since the last checkpoint that holds: at which index the stored tiles have another hash than the sequence, if they have."""
        start, tiles = max(self._state.position.checked, 0), StoredTiles(self._connection)
        while start < size:
            end = min(size, start - start % WIDTH + WIDTH)
            tile = Tile(0, start // WIDTH, end - start // WIDTH * WIDTH)
            try:
                (data,) = tiles.read_tiles([tile])
            except LookupError:
                return None
            for leaf in self._pages.read_leaves(start):
                place = (leaf.index - tile.number * WIDTH) * HASH_SIZE
                if leaf.index < end and data[place : place + HASH_SIZE] != leaf.leaf_hash:
                    return leaf.index
            start = end
        return None

    def _grow(self, leaves: Sequence[PlacedLeaf], found: Found) -> None:
        """Take leaves into the tree and hold the tiles that became full against the stored ones."""
        at = self._state.position
        if not leaves:
            return
        size = at.frontier.size
        at.frontier, grown = grow(at.frontier, [leaf.leaf_hash for leaf in leaves])
        changed = fill_tiles(size, grown, self._partial)
        widths = {tile.level: (tile.width, data) for tile, data in sorted(changed.items())}
        last = {level: data if width < WIDTH else b"" for level, (width, data) in widths.items()}
        self._partial |= last
        self._state.write_partial(last)
        full = {tile: data for tile, data in changed.items() if tile.width == WIDTH}
        found += [(size, fault) for fault in self._compare(full)]

    def _compare(self, tiles: Mapping[Tile, bytes]) -> Iterator[LedgerFault]:
        store = StoredTiles(self._connection)
        for tile, data in sorted(tiles.items()):
            try:
                holds = store.read_tiles([tile]) == [data]
            except LookupError:
                holds = False
            if not holds:
                what = f"{name_tile(tile)} is missing or is not what the sequence gives"
                yield _tree_fault("ledger_tiles", what)


def _has_kind(leaf: PlacedLeaf) -> bool:
    """Whether a leaf of the log itself is what its row says."""
    try:
        if leaf.kind == RESTORE_KIND:
            read_restore_leaf(leaf.leaf or b"")
    except ValueError:
        return False
    return leaf.kind == RESTORE_KIND or _read_map(leaf) is not None


def _read_map(leaf: PlacedLeaf) -> MapLeaf | None:
    try:
        return read_map_leaf(leaf.leaf or b"") if leaf.is_whole else None
    except ValueError:
        return None


def _name_change(leaf: PlacedLeaf, links: Mapping[tuple[int, bytes], Any]) -> LedgerFault:
    """What it is that a place has another leaf than was placed there, and in which chains it stood."""
    name = "record" if leaf.kind is None else "leaf"
    what = f"the {name} is missing" if leaf.leaf is None else f"the {name} has another hash"
    return _leaf_fault(leaf, f"index {leaf.index}: {what}{_name_links(links, leaf.index)}")


def _name_links(links: Mapping[tuple[int, bytes], Any], index: int) -> str:
    told = [f"link {number} of chain {chain.hex()}" for (at, chain), (number, _) in links.items() if at == index]
    return f" ({', '.join(told)})" if told else ""


def _leaf_fault(leaf: PlacedLeaf, what: str) -> LedgerFault:
    return LedgerFault(leaf.table, leaf.agency_id, leaf.record_id, what)


def _link_fault(chain: bytes, number: int, what: str) -> LedgerFault:
    return _tree_fault("ledger_links", f"link {number} of chain {chain.hex()}: {what}")


def _tree_fault(place: str, what: str) -> LedgerFault:
    return LedgerFault(place, None, None, what)
