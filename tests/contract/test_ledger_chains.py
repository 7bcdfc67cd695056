"""Chains and map over the ledger: what the sequencer links is what the definitions say, whatever dies, is forged or set back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.ids import make_id
from adapters.stores import place_store
from adapters.stores.chain_leaves import append_closing, append_join
from adapters.stores.chain_store import StoredMap
from adapters.stores.connection import open_engine, scoped
from adapters.stores.sequencer import WRITES, SqlSequencer
from adapters.stores.tile_store import StoredTiles
from services.checkpoint import Checkpoint
from services.exposure import Direction, Outcome, Trail
from services.map_updates import prove_entry
from services.merkle import hash_leaf
from services.sequencing import TreeBroken, take_step
from services.sparse_map import check_absent, check_present
from tests import naive_trees
from tests.contract.test_ledger import make_exposure
from tests.contract.test_ledger_tree import Tree
from tests.databases import Database
from tests.ledger_tables import EMPTY_LEDGER
from tests.sequencer_process import LOG

ON_ONE_POSTGRES = True
"""Nothing here is in one PostgreSQL and not in the other; ``test_ledger_tree.py`` runs on both."""


class Chained(Tree):
    """A ledger whose chains are computed once more from their definitions."""

    def write(self, kind: str, leaf: bytes, leaf_hash: bytes | None = None, of: UUID | None = None) -> None:
        """A record with any bytes, as somebody with the writer's rights can insert it."""
        record_id = make_id(self.clock.now())
        self.execute(
            "INSERT INTO exposure_records VALUES (%s, %s, %s, %s, '', '', '', %s, %s, %s)",
            self.agency, record_id, self.clock.now(), kind, of, leaf, leaf_hash or hash_leaf(leaf),
        )  # fmt: skip
        self.execute("INSERT INTO exposure_pending VALUES (%s, %s)", self.agency, record_id)

    def join(self, chain: UUID, into: UUID) -> None:
        """A join and a closing, as the store of persons writes them."""
        engine = open_engine(self.database.urls["public"], 1)
        with scoped(engine, [self.agency]) as connection:
            append_join(connection, self.agency, chain, into, self.clock.now())
            append_closing(connection, self.agency, into, self.clock.now())
        engine.dispose()

    def list_leaves(self) -> list[tuple[bytes, dict[str, Any]]]:
        """Every leaf of the tree in its order, with what it says (nothing, if it is not what its hash says)."""
        rows = self.execute(
            "SELECT s.leaf_hash, r.leaf, s.index FROM ledger_sequence s JOIN exposure_records r USING (agency_id, record_id)"
            " UNION ALL SELECT leaf_hash, leaf, index FROM ledger_own_leaves ORDER BY index"
        )
        assert [row[2] for row in rows] == list(range(len(rows)))
        return [(row[0], read_object(row[1]) if hash_leaf(row[1]) == row[0] else {}) for row in rows]

    def check_chains(self) -> dict[bytes, bytes]:
        """Links, every map leaf and what is kept beside them are what the definitions say; the entries of the newest map."""
        leaves = self.list_leaves()
        by_id = {leaf.get("id"): leaf for _, leaf in leaves}
        chains: dict[bytes, list[bytes]] = {}
        links, sizes, root = [], [], naive_trees.map_root({})
        for index, (leaf_hash, leaf) in enumerate(leaves):
            if leaf.get("kind") == "map":
                root = naive_trees.map_root(spell_entries(chains))
                assert (leaf["size"], leaf["root"]) == (index, root.hex())
                sizes.append(index + 1)
            for name in spell_chains(leaf, by_id):
                before = naive_trees.chain_head(name, chains.setdefault(name, []))
                chains[name].append(leaf_hash)
                links.append((name, len(chains[name]), index, before))
        assert self.execute("SELECT * FROM ledger_links ORDER BY index, chain") == sorted(
            links, key=lambda link: (link[2], link[0])
        )
        assert self.execute("SELECT size, root FROM ledger_linked") == [(len(leaves), root)]
        assert {size for (size,) in self.execute("SELECT size FROM ledger_checkpoints")} >= set(sizes)
        return spell_entries(chains)


def read_object(data: bytes) -> dict[str, Any]:
    """A leaf's object."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def spell_chains(leaf: Mapping[str, Any], by_id: Mapping[Any, Mapping[str, Any]]) -> list[bytes]:
    """The chains of a leaf by the table in docs/proofs.md."""
    told = by_id.get(leaf.get("of"), {}) if leaf.get("kind") == "outcome" else leaf
    concerned = told.get("concerned")
    persons = [
        told.get("actor"),
        *(concerned if isinstance(concerned, list) else []),
        told.get("chain"),
        told.get("into"),
    ]
    names = [
        naive_trees.digest(b"guitai chain v1\0person\0", UUID(one).bytes)
        for one in dict.fromkeys(persons)
        if isinstance(one, str)
    ]
    if told.get("kind") != "exposure" or "agency" not in told:
        return names
    connection = b"\0".join((UUID(told["agency"]).bytes + told["platform"].encode(), told["account"].encode()))
    return [naive_trees.digest(b"guitai chain v1\0connection\0", connection), *names]


def spell_entries(chains: Mapping[bytes, Sequence[bytes]]) -> dict[bytes, bytes]:
    """The entries of the map over these chains."""
    return {
        name: naive_trees.digest(
            b"guitai map value v1\0", len(leaves).to_bytes(8, "big"), naive_trees.chain_head(name, leaves)
        )
        for name, leaves in chains.items()
    }


@pytest.fixture
def tree(database: Database) -> Iterator[Chained]:
    """The module's database with a ledger of six records, none of which has its place yet."""
    made = Chained(database)
    yield made
    made.log.close()
    made.sequencer.close()
    made.execute(EMPTY_LEDGER)
    made.execute("DELETE FROM agencies")


def test_chains_and_map_are_those_of_the_definitions(tree: Chained) -> None:
    """Every kind of leaf, in batches that cut anywhere: an outcome is linked as its record is, also in a later batch."""
    people = [uuid4() for _ in range(3)]
    for number in range(4):
        trail, request_id = Trail(), str(uuid4())
        (sent,) = tree.log.append([make_exposure(tree.agency, *people[number % 3 :])])
        tree.log.append([make_exposure(tree.agency, direction=Direction.ENTERED_IN_CLIENT, trail=trail, request_id=request_id)])  # fmt: skip
        tree.sequencer.run()
        tree.log.append_outcome(sent, tree.agency, Outcome.SENT, 200, make_exposure(tree.agency, people[0]))
        tree.log.attribute(trail, people[number % 3])
        tree.join(people[number % 3], uuid4())
    small = tree.make_sequencer(4)
    small.run()
    small.close()
    assert len(tree.check_chains()) == 11
    assert tree.check() == []


def test_forged_leaf_never_stops_the_sequencer(tree: Chained) -> None:
    """What cannot be read, names nobody or is not what its hash says has its place and no chain; all others are linked."""
    deep = b'{"kind":' + b"[" * 5000 + b"]" * 5000 + b"}"
    for leaf in (b"", b"\xff\x00", b"[]", b"{}", deep, b'{"kind":"exposure","actor":7,"concerned":{"a":1}}'):
        tree.write("exposure", leaf)
    tree.write("attribution", json.dumps({"kind": "attribution", "chain": str(uuid4())}).encode(), bytes(32))
    for of in ("x", str(tree.sent).upper(), str(uuid4()), None):
        tree.write("outcome", json.dumps({"kind": "outcome", "of": of}).encode(), of=uuid4())
    tree.append(1)
    assert tree.sequencer.run() == 18
    assert tree.check_chains()


def test_two_sequencers_at_once_make_one_map(tree: Chained) -> None:
    """Three run against each other while records come: links without gap or double, every map leaf the right one."""
    made = [tree.make_sequencer(5) for _ in range(3)]

    def work(one: SqlSequencer) -> None:
        for _ in range(6):
            one.run()

    threads = [threading.Thread(target=work, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    for _ in range(4):
        tree.append(9)
        tree.log.append_outcome(tree.log.append([make_exposure(tree.agency)])[0], tree.agency, Outcome.SENT, 200, None)
    for thread in threads:
        thread.join(60)
    tree.sequencer.run()
    for one in made:
        one.close()
    tree.check_chains()
    assert tree.count("ledger_sequence") == 6 + 4 * 11


def test_clock_that_is_set_back_changes_no_chain(tree: Chained) -> None:
    """Links follow places; a map leaf that is older than the one before is the map over more leaves all the same."""
    for step in (0, -86400, 7200, -7200):
        tree.clock.advance(step)
        tree.append(2)
        tree.sequencer.run()
    tree.check_chains()
    assert tree.check() == []


@pytest.fixture
def started(tree: Chained, tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A sequencer for each write of a batch, started at once and waiting for its turn."""
    command = [sys.executable, "-m", "tests.sequencer_process", tree.database.urls["sequencer"]]
    made = {write: subprocess.Popen([*command, str(tmp_path / write), write]) for write in WRITES}
    yield made
    for process in made.values():
        process.kill()
        process.wait(10)


def wait_for(marker: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the process stands still."""
    deadline = time.monotonic() + 60
    while not marker.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_sequencer_leaves_a_whole_tree(
    tree: Chained, tmp_path: Path, started: dict[str, subprocess.Popen[bytes]]
) -> None:
    """SIGKILL after each write of a batch: tree and chains are what the last commit left, and the next one goes on from there."""
    tree.sequencer.run()
    for write, process in started.items():
        tree.append(20)
        before = tree.execute("SELECT max(size) FROM ledger_checkpoints")
        (tmp_path / f"{write}.go").touch()
        wait_for(tmp_path / write, process)
        assert tree.sequencer.run() is None
        process.kill()
        process.wait(10)
        assert tree.execute("SELECT max(size) FROM ledger_checkpoints") == before
        deadline = time.monotonic() + 10
        while tree.sequencer.run() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    tree.check_chains()
    assert (tree.check(), tree.count("ledger_sequence")) == ([], 6 + 20 * len(WRITES))


def test_declared_restore_stands_before_the_map(tree: Chained) -> None:
    """It counts like any leaf and is in no chain; a batch may have nothing else; without it nothing new makes no checkpoint."""
    waiting = [b'{"kind":"restore"}']

    def list_waiting(_connection: object) -> list[bytes]:
        return [waiting.pop()] if waiting else []

    speaking = SqlSequencer(tree.database.urls["sequencer"], tree.clock, LOG, restores=list_waiting)
    assert speaking.run() == 6
    waiting.append(b'{"kind":"restore","v":2}')
    assert (speaking.run(), speaking.run()) == (0, 0)
    speaking.close()
    own = tree.execute("SELECT index, kind FROM ledger_own_leaves ORDER BY index")
    assert own == [(6, "restore"), (7, "map"), (8, "restore"), (9, "map")]
    assert tree.execute("SELECT size FROM ledger_checkpoints ORDER BY size") == [(0,), (8,), (10,)]
    tree.check_chains()
    assert [one for one in tree.check() if "restore" not in one.what] == []


def place_as_before(tree: Chained) -> None:
    """What the release before chains did with all that waits."""
    with psycopg.connect(tree.database.owner_url) as connection:
        head = place_store.read_head(connection)
        before = Checkpoint(LOG.key.name, head.size, head.root) if head else Checkpoint(LOG.key.name, 0, naive_trees.digest())  # fmt: skip
        waiting = place_store.read_waiting(connection, 1000)
        step = take_step(before, [one.leaf_hash for one in waiting], StoredTiles(connection), LOG)
        place_store.place_records(connection, before.size, tree.clock.now(), waiting)
        place_store.write_tiles(connection, step)
        place_store.write_checkpoint(connection, step.checkpoint, step.note, tree.clock.now())
        place_store.end_waiting(connection, waiting)


def test_leaves_from_before_the_upgrade_are_linked_first(tree: Chained) -> None:
    """In batches and without a checkpoint; the first map leaf comes with the next record and covers all of them."""
    place_as_before(tree)
    tree.append(20)
    place_as_before(tree)
    small = tree.make_sequencer(7)
    assert small.run() == 0
    assert tree.execute("SELECT size FROM ledger_linked") == [(26,)]
    assert (tree.count("ledger_checkpoints"), tree.count("ledger_own_leaves")) == (2, 0)
    tree.append(2)
    assert small.run() == 2
    small.close()
    tree.check_chains()
    nodes = tree.count("ledger_map_nodes WHERE replaced_at IS NULL")
    assert nodes <= 2 * len(tree.check_chains()) + 20
    assert tree.check() == []


def list_unproven(tree: Chained, size: int, names: Iterable[bytes]) -> list[bytes]:
    """The names that cannot be proven to be, or not to be, in the map under the checkpoint of this size."""
    ((leaf,),) = tree.execute("SELECT leaf FROM ledger_own_leaves WHERE index = %s", size - 1)
    root, found = bytes.fromhex(json.loads(leaf)["root"]), []
    with psycopg.connect(tree.database.urls["public"]) as connection:
        for name in [*names, bytes(32)]:
            try:
                said, proof = prove_entry(root, name, StoredMap(connection))
            except LookupError:
                found.append(name)
                continue
            assert check_absent(root, name, proof) if said is None else check_present(root, name, said, proof)
    return found


def test_old_maps_go_and_what_is_published_stays(tree: Chained) -> None:
    """Kept are an hour, and what the newest cosigned checkpoint needs, however old it is; everything else goes step by step."""
    sizes = []
    for _ in range(4):
        tree.append(30)
        tree.sequencer.run()
        sizes.append(tree.execute("SELECT max(size) FROM ledger_checkpoints")[0][0])
        tree.clock.advance(1000)
    entries = tree.check_chains()
    cosign = "INSERT INTO ledger_cosignatures VALUES (%s, 'witness', '-', %s)"
    tree.execute(cosign, sizes[1], tree.clock.now())
    assert [list_unproven(tree, size, entries) for size in sizes] == [[]] * 4
    tree.clock.advance(2500)
    tree.sequencer.run()
    assert list_unproven(tree, sizes[0], entries)
    assert [list_unproven(tree, size, entries) for size in sizes[1:]] == [[]] * 3
    tree.clock.advance(86400)
    tree.sequencer.run()
    assert [list_unproven(tree, size, entries) for size in sizes[1:]] == [[]] * 3
    tree.execute("DELETE FROM ledger_cosignatures")
    tree.sequencer.run()
    assert list_unproven(tree, sizes[2], entries)
    assert list_unproven(tree, sizes[3], entries) == []
    assert tree.count("ledger_map_nodes WHERE replaced_at IS NOT NULL") == 0


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM ledger_linked",
        "UPDATE ledger_linked SET size = size - 1",
        "UPDATE ledger_linked SET root = sha256('x')",
        "DELETE FROM ledger_own_leaves",
        "UPDATE ledger_own_leaves SET leaf = 'x', leaf_hash = sha256('\\x0078')",
        "UPDATE ledger_own_leaves SET kind = 'restore'",
        "DELETE FROM ledger_map_nodes",
        "UPDATE ledger_map_nodes SET right_half = left_half",
        "DELETE FROM ledger_links",
        "DELETE FROM ledger_links WHERE number = 30",
        "UPDATE ledger_links SET previous = sha256('x') WHERE number = 30",
        "UPDATE ledger_links SET index = 0 WHERE number = 30",
        "INSERT INTO ledger_links SELECT chain, number + 50, 900, previous FROM ledger_links WHERE number = 30",
        "UPDATE ledger_checkpoints SET note = 'x' WHERE size = 37",
    ],
)
def test_nothing_is_linked_to_what_was_changed(tree: Chained, damage: str) -> None:
    """A chain, a map or its leaf that somebody changed is not signed: the sequencer stops and what waits goes on waiting."""
    person = uuid4()
    tree.log.append([make_exposure(tree.agency, person) for _ in range(30)])
    tree.sequencer.run()
    assert tree.count("ledger_links WHERE number = 30") == 2
    tree.log.append([make_exposure(tree.agency, person)])
    tree.execute(damage)
    with pytest.raises(TreeBroken):
        tree.sequencer.run()
    assert (tree.count("exposure_pending"), tree.count("ledger_checkpoints")) == (1, 2)
