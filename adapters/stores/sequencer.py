"""The sequencer's hand on the store: waiting records get their places, in one transaction with links, map, tiles, checkpoint and sign of life.

A batch is records, then what the log itself has to say (declared restores), then the map over all of it as the last leaf. What was placed before
there were chains is linked first, batch by batch. Two sequencers at once: the second does not get the lock and does nothing; were there no
lock, the primary keys would refuse one of them whole. SIGKILL anywhere leaves what the last commit left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, LiteralString, NamedTuple, TypeVar

import psycopg

from adapters.stores import chain_store, place_store
from adapters.stores.chain_store import MapState, StoredMap
from adapters.stores.connection import without_values
from adapters.stores.lone_connection import LoneConnection
from adapters.stores.place_store import LastOwn, OwnLeaf, Placed, read_one
from adapters.stores.restores import list_unplaced
from adapters.stores.tile_store import StoredTiles
from services.checkpoint import Checkpoint, sign_checkpoint
from services.log_leaves import MAP_KIND, RESTORE_KIND, MapLeaf, make_map_leaf, read_map_leaf
from services.merkle import EMPTY_ROOT, hash_leaf
from services.ports import Clock
from services.sequencing import Linked, TreeBroken, link_batch, require_leaf, take_step
from services.signed_note import NoteSigner

BATCH = 1000
"""Records that get their places in one transaction."""
PRUNED = 1000
"""So many nodes of old maps a look deletes at most, and twice as many as it has replaced."""
LOCK = 0x677473
WRITES = ("sequence", "own", "links", "nodes", "replaced", "linked", "tiles", "checkpoint", "pending", "beat")
"""The writes of a batch in their order."""
_ALONE: LiteralString = "SELECT pg_try_advisory_xact_lock(%s)"
_SCOPE: LiteralString = """
SELECT set_config('guitai.agencies', coalesce((SELECT string_agg(agency_id::text, ',') FROM agencies), ''), true),
    set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)
"""
"""Every read of a batch is by keys; tables that are mostly empty when they are looked at (``exposure_pending``) mislead the planner."""
T = TypeVar("T")


class Batch(NamedTuple):
    """What one transaction did: records placed, nodes of the map replaced, and whether there is more to do at once."""

    placed: int
    replaced: int
    again: bool


def _go_on(_where: str) -> None:
    """Between two writes nothing happens; a test stands still here."""


class SqlSequencer:
    """Gives places under the role ``sequencer``. Used by one thread."""

    def __init__(
        self, url: str, clock: Clock, signer: NoteSigner, batch: int = BATCH, between: Callable[[str], None] = _go_on,
        restores: Callable[[psycopg.Connection[Any]], Sequence[bytes]] = list_unplaced,
    ) -> None:  # fmt: skip
        """``between`` is told after each write which one it was: ``WRITES``. ``restores`` lists leaves of the log itself that have no place yet."""
        self._clock, self._signer, self._batch, self._between = clock, signer, batch, between
        self._restores = restores
        self._store = LoneConnection(url, "guitai-sequencer", "the ledger refused a place")

    def run(self) -> int | None:
        """Place all that waits, batch by batch; how many records, or None if another sequencer is at it.

        Raises ``StoreUnavailable``, ``TreeBroken`` if what is stored does not agree with itself, ``StoreFault`` for a missing right.
        """
        placed = 0
        while True:
            done = self._begin(self._do_batch)
            if done is None:
                return None
            placed += done.placed
            self._begin(partial(chain_store.prune_map, now=self._clock.now(), most=PRUNED + 2 * done.replaced))
            if not done.again:
                return placed

    def close(self) -> None:
        """Close the connection."""
        self._store.close()

    def _begin(self, act: Callable[[psycopg.Connection[Any]], T]) -> T | None:
        """Do something in one transaction, alone; None if another sequencer is at it."""

        def act_alone(connection: psycopg.Connection[Any]) -> T | None:
            if not read_one(connection, _ALONE, LOCK)[0]:
                return None
            connection.execute(_SCOPE)
            try:
                return act(connection)
            except psycopg.errors.UniqueViolation as error:
                what = (
                    f"{error.diag.table_name} has already what was about to be written ({error.diag.constraint_name})"
                )
                raise TreeBroken(what) from without_values(error)

        return self._store.run(act_alone)

    def _do_batch(self, connection: psycopg.Connection[Any]) -> Batch:
        before, linked = self._read_head(connection), chain_store.read_linked(connection)
        if self._is_behind(connection, before, linked):
            return self._catch_up(connection, before, linked)
        waiting = place_store.read_waiting(connection, self._batch)
        own = [OwnLeaf(RESTORE_KIND, leaf) for leaf in self._restores(connection)]
        size, replaced = before.size, 0
        if waiting or own:
            size, replaced = self._write_batch(connection, before, linked, waiting, own)
        place_store.write_beat(connection, self._clock.now(), size)
        self._between("beat")
        return Batch(len(waiting), replaced, len(waiting) == self._batch)

    def _read_head(self, connection: psycopg.Connection[Any]) -> Checkpoint:
        """The newest checkpoint, as this log signed it; the empty tree gets its own first."""
        origin, row = self._signer.key.name, place_store.read_head(connection)
        found = Checkpoint(origin, 0, EMPTY_ROOT) if row is None else Checkpoint(origin, row.size, row.root)
        note = sign_checkpoint(found, self._signer)
        if row is None:
            place_store.write_checkpoint(connection, found, note, self._clock.now())
        elif row.note != note:
            raise TreeBroken(f"the checkpoint at {found.size} is not what this log signed")
        return found

    def _is_behind(self, connection: psycopg.Connection[Any], before: Checkpoint, linked: MapState) -> bool:
        """Whether leaves are there that were placed before there were chains. From the first map leaf on none is."""
        last = place_store.read_last_own(connection)
        if last is not None:
            require_leaf(before, before.size - 1, last.leaf_hash, StoredTiles(connection))
            if (last.index, _read_map(last)) != (before.size - 1, MapLeaf(before.size - 1, linked.root)):
                raise TreeBroken(f"the tree of {before.size} leaves does not end with the map that is stored")
        if linked.size > before.size or (linked.size < before.size and last is not None):
            raise TreeBroken(f"chains reach to {linked.size} and the tree to {before.size}")
        return linked.size < before.size

    def _catch_up(self, connection: psycopg.Connection[Any], before: Checkpoint, linked: MapState) -> Batch:
        """Link some of the leaves that were placed before there were chains; the first map leaf will cover all of them."""
        end = min(linked.size + self._batch, before.size)
        records = place_store.read_placed(connection, linked.size, end)
        links = self._link(connection, linked, records)
        self._write_chains(connection, links, linked.size, MapState(end, links.change.root), None)
        return Batch(0, 0, again=True)

    def _link(self, connection: psycopg.Connection[Any], linked: MapState, records: Sequence[Placed]) -> Linked:
        chains = chain_store.find_chains(connection, records)
        heads = chain_store.read_heads(connection, {name for names in chains for name in names})
        return link_batch([one.leaf_hash for one in records], chains, heads, linked.root, StoredMap(connection))

    def _write_batch(
        self, connection: psycopg.Connection[Any], before: Checkpoint, linked: MapState, waiting: Sequence[Placed],
        own: Sequence[OwnLeaf],
    ) -> tuple[int, int]:  # fmt: skip
        """All rows of one batch; the size of the tree then, and how many nodes of the map were replaced."""
        at, last = self._clock.now(), before.size + len(waiting) + len(own)
        links = self._link(connection, linked, waiting)
        own = [*own, OwnLeaf(MAP_KIND, make_map_leaf(last, links.change.root, at))]
        hashes = [record.leaf_hash for record in waiting] + [hash_leaf(leaf.data) for leaf in own]
        step = take_step(before, hashes, StoredTiles(connection), self._signer)
        place_store.place_records(connection, before.size, at, waiting)
        self._between("sequence")
        place_store.place_own(connection, before.size + len(waiting), own)
        self._between("own")
        self._write_chains(connection, links, before.size, MapState(last + 1, links.change.root), last)
        place_store.write_tiles(connection, step)
        self._between("tiles")
        place_store.write_checkpoint(connection, step.checkpoint, step.note, at)
        self._between("checkpoint")
        place_store.end_waiting(connection, waiting)
        self._between("pending")
        return step.checkpoint.size, len(links.replaced)

    def _write_chains(
        self, connection: psycopg.Connection[Any], links: Linked, first: int, after: MapState, map_leaf: int | None
    ) -> None:
        chain_store.write_links(connection, first, links.links)
        self._between("links")
        chain_store.write_nodes(connection, links.change.list_nodes())
        self._between("nodes")
        chain_store.mark_replaced(connection, links.replaced, map_leaf)
        self._between("replaced")
        chain_store.write_linked(connection, after)
        self._between("linked")


def _read_map(last: LastOwn) -> MapLeaf | None:
    """What the last leaf of the log says of the map; None if it is none, or not what its hash says."""
    if last.kind != MAP_KIND or hash_leaf(last.leaf) != last.leaf_hash:
        return None
    try:
        return read_map_leaf(last.leaf)
    except ValueError:
        return None
