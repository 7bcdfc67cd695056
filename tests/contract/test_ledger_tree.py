"""The sequence over the ledger: every record gets one place, whatever dies or is set back, and no change of it stays unseen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from adapters.stores.exposure_verify import verify
from adapters.stores.ledger_checks import LedgerFault
from adapters.stores.ledger_writer import Entry, LedgerConnection
from adapters.stores.sequencer import SqlSequencer
from services.checkpoint import open_checkpoint
from services.leaves import Leaf
from services.sequencing import TreeBroken
from tests.contract.test_ledger import make_exposure
from tests.contract.test_ledger_verify import Ledger
from tests.databases import Database
from tests.ledger_tables import EMPTY_LEDGER
from tests.sequencer_process import LOG


class Tree(Ledger):
    """A ledger with a sequencer."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.sequencer = self.make_sequencer()

    def make_sequencer(self, batch: int = 1000) -> SqlSequencer:
        """Another process's, as it were."""
        return SqlSequencer(self.database.urls["sequencer"], self.clock, LOG, batch)

    def append(self, count: int) -> None:
        """So many further records."""
        self.log.append([make_exposure(self.agency, uuid4()) for _ in range(count)])

    def check(self) -> list[LedgerFault]:
        """The faults, signatures judged."""
        return verify(self.database.owner_url, lambda _: None, LOG.key).faults

    def count(self, table: str) -> int:
        """Rows of a table."""
        ((found,),) = self.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
        return int(found)


@pytest.fixture
def tree(database: Database) -> Iterator[Tree]:
    """The module's database with a ledger of six records, none of which has its place yet."""
    made = Tree(database)
    yield made
    made.log.close()
    made.sequencer.close()
    made.execute(EMPTY_LEDGER)
    made.execute("DELETE FROM agencies")


def test_each_record_gets_one_place_and_a_signed_checkpoint(tree: Tree) -> None:
    """All that waits is placed in the order of ids, nothing waits any more, and the newest note is the log's."""
    assert (tree.check(), tree.count("exposure_pending")) == ([], 6)
    assert tree.sequencer.run() == 6
    assert tree.count("exposure_pending") == 0
    placed = tree.execute("SELECT record_id FROM ledger_sequence ORDER BY index")
    assert placed == tree.execute("SELECT record_id FROM exposure_records ORDER BY record_id")
    notes = tree.execute("SELECT note FROM ledger_checkpoints ORDER BY size")
    opened = [open_checkpoint(bytes(note), LOG.key, verify_ed25519).checkpoint.size for (note,) in notes]
    assert opened == [0, 7]
    assert tree.check() == []


def test_nothing_new_makes_no_checkpoint_but_a_sign_of_life(tree: Tree) -> None:
    """A second checkpoint of the same size would say nothing; when the sequencer last looked stands elsewhere."""
    tree.sequencer.run()
    tree.clock.advance(30)
    assert tree.sequencer.run() == 0
    assert tree.count("ledger_checkpoints") == 2
    assert tree.execute("SELECT ran_at, size FROM ledger_beats") == [(tree.clock.now(), 7)]


def test_tiles_become_full_over_batches_and_restarts(tree: Tree) -> None:
    """Batches of any size, each by a sequencer that knows nothing of the one before, make the tree of the whole."""
    for batch, more in ((3, 0), (70, 260), (100, 300), (1000, 20)):
        tree.append(more)
        another = tree.make_sequencer(batch)
        another.run()
        another.close()
        assert tree.check() == []
    widths = tree.execute("SELECT level, number, width FROM ledger_tiles ORDER BY level, number")
    assert widths == [(0, 0, 256), (0, 1, 256), (0, 2, 84), (1, 0, 2)]


def test_repeated_statement_does_not_have_a_placed_record_wait_again(tree: Tree) -> None:
    """A connection that broke after its commit writes the same rows again: what was placed meanwhile stays placed once."""
    leaf = tree.execute("SELECT * FROM exposure_records WHERE record_id = %s", tree.sent)[0]
    tree.sequencer.run()
    entry = Entry()
    at, kind, platform, direction, service = leaf[2:7]
    entry.add(Leaf(leaf[1], leaf[0], at, kind, platform, direction, service, (), bytes(leaf[8])))
    connection = LedgerConnection(tree.database.urls["public"])
    connection.write([entry])
    connection.close()
    assert (tree.count("exposure_pending"), tree.check()) == (0, [])


def test_two_sequencers_at_once_leave_no_gap_and_no_double(tree: Tree) -> None:
    """Four run against each other while records come: one at a time places, and every record has one place."""
    made = [tree.make_sequencer(5) for _ in range(4)]
    failures: list[Exception] = []

    def work(one: SqlSequencer) -> None:
        try:
            for _ in range(15):
                one.run()
        except (RuntimeError, TreeBroken) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    for _ in range(10):
        tree.append(9)
    for thread in threads:
        thread.join(60)
    tree.sequencer.run()
    for one in made:
        one.close()
    assert (failures, tree.check(), tree.count("ledger_sequence")) == ([], [], 96)


def test_keys_refuse_a_second_one_without_the_lock(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the lock not there, the loser writes nothing at all and says so, and the winner's tree stands whole."""
    monkeypatch.setattr("adapters.stores.sequencer._ALONE", "SELECT %s::bigint IS NOT NULL")
    other, found = tree.make_sequencer(), list[Exception]()

    def run() -> None:
        try:
            other.run()
        except TreeBroken as error:
            found.append(error)

    def overtake(where: str) -> None:
        if where == "checkpoint":
            thread.start()
            time.sleep(0.5)

    thread = threading.Thread(target=run)
    slow = SqlSequencer(tree.database.urls["sequencer"], tree.clock, LOG, between=overtake)
    assert slow.run() == 6
    thread.join(30)
    assert ["already" in str(one) for one in found] == [True]
    assert (tree.count("ledger_sequence"), tree.check()) == (6, [])
    slow.close()
    other.close()


def test_clock_that_is_set_back_changes_no_place(tree: Tree) -> None:
    """A record whose id is older than those with places comes after them: places follow arrival, ids only within a batch."""
    tree.sequencer.run()
    tree.clock.advance(-86400)
    tree.append(3)
    assert tree.sequencer.run() == 3
    first, last = (
        tree.execute(f"SELECT record_id FROM ledger_sequence ORDER BY index {way} LIMIT 1")  # noqa: S608 - a test
        for way in ("", "DESC")
    )
    assert first > last
    assert tree.check() == []


def test_record_that_waits_longer_than_the_merge_delay_is_named(tree: Tree) -> None:
    """A sequencer that looked a minute and more after a record came, and passed it over, did not keep its word."""
    tree.execute("CREATE TABLE aside AS SELECT * FROM exposure_pending WHERE record_id = %s", tree.sent)
    tree.execute("DELETE FROM exposure_pending WHERE record_id = %s", tree.sent)
    tree.clock.advance(61)
    tree.sequencer.run()
    assert [(one.record_id, "neither has a place" in one.what) for one in tree.check()] == [(tree.sent, True)]
    tree.execute("INSERT INTO exposure_pending SELECT * FROM aside")
    tree.execute("DROP TABLE aside")
    assert [(one.record_id, "waited longer" in one.what) for one in tree.check()] == [(tree.sent, True)]
    tree.sequencer.run()
    assert tree.check() == []


_SHORTEN = "UPDATE ledger_tiles SET width = width - 1, hashes = substr(hashes, 1, (width - 1) * 32) WHERE"
_UNTIE = "ALTER TABLE ledger_tiles DISABLE TRIGGER tiles_get_longer;"


@pytest.mark.parametrize(
    ("damage", "place", "what"),
    [
        ("DELETE FROM exposure_records WHERE kind = 'outcome'", "ledger_sequence", "the record is missing"),
        (("DELETE FROM exposure_records; DELETE FROM exposure_persons; DELETE FROM exposure_salts;"
         " DELETE FROM exposure_publications"), "ledger_sequence", "index 0: the record is missing"),
        ("UPDATE exposure_records SET leaf_hash = sha256(leaf_hash) WHERE kind = 'outcome'", "ledger_sequence", "another hash"),
        ("DELETE FROM ledger_sequence WHERE index = 3", "ledger_sequence", "index 3 is missing"),
        ("DELETE FROM ledger_sequence WHERE index = 300", "ledger_sequence", "index 300 is missing"),
        ("UPDATE ledger_sequence SET leaf_hash = sha256('x') WHERE index = 3", "ledger_checkpoints", "checkpoint 7: the root"),
        ("UPDATE ledger_sequence SET leaf_hash = sha256('x') WHERE index = 8", "ledger_checkpoints", "checkpoint 302: the root"),
        ("UPDATE ledger_sequence SET index = 1000 - index WHERE index IN (0, 300)", "ledger_sequence", "index 0 is missing"),
        (("INSERT INTO ledger_sequence SELECT 302, agency_id, gen_random_uuid(), leaf_hash, sequenced_at FROM ledger_sequence"
         " WHERE index = 0"), "ledger_checkpoints", "checkpoint 303 is missing"),
        ("DELETE FROM ledger_tiles WHERE level = 0 AND number = 0", "ledger_tiles", "tile/0/000 is missing"),
        ("DELETE FROM ledger_tiles WHERE level = 1", "ledger_tiles", "tile/1/000.p/1 is missing"),
        ("ALTER TABLE ledger_tiles DISABLE TRIGGER tiles_get_longer; UPDATE ledger_tiles SET hashes = sha256('x') || substr(hashes, 33) WHERE level = 0 AND number = 0",
         "ledger_tiles", "tile/0/000 is missing or is not"),
        (_UNTIE + _SHORTEN + " number = 1", "ledger_tiles", "tile/0/001.p/46"),
        ("UPDATE ledger_tiles SET width = width + 1, hashes = hashes || sha256('x') WHERE number = 1", "ledger_tiles",
         "tile/0/001.p/47 is beyond"),
        ("INSERT INTO ledger_tiles VALUES (2, 0, 1, sha256('x'))", "ledger_tiles", "tile/2/000.p/1 is beyond"),
        ("DELETE FROM ledger_checkpoints WHERE size = 302", "ledger_checkpoints", "checkpoint 302 is missing"),
        ("UPDATE ledger_checkpoints SET root = sha256('x') WHERE size = 7", "ledger_checkpoints", "checkpoint 7: the root"),
        ("UPDATE ledger_checkpoints SET note = 'x' WHERE size = 7", "ledger_checkpoints", "checkpoint 7: the note is none"),
        ("UPDATE ledger_checkpoints c SET note = o.note FROM ledger_checkpoints o WHERE c.size = 7 AND o.size = 302",
         "ledger_checkpoints", "checkpoint 7: the note says another"),
        ("INSERT INTO ledger_checkpoints SELECT 303, root, note, at FROM ledger_checkpoints WHERE size = 302",
         "ledger_checkpoints", "checkpoint 303: the sequence ends at 302"),
        ("INSERT INTO exposure_pending SELECT agency_id, record_id FROM ledger_sequence WHERE index = 0", "exposure_pending",
         "waits and has its place"),
        ("INSERT INTO exposure_pending SELECT agency_id, gen_random_uuid() FROM agencies", "exposure_pending", "is missing"),
    ],
)  # fmt: skip
def test_each_change_of_the_tree_is_found_and_its_place_named(tree: Tree, damage: str, place: str, what: str) -> None:
    """A superuser deletes, edits, reorders or inserts a record, a place, a tile, a checkpoint: index, tile or checkpoint is named."""
    tree.sequencer.run()
    tree.append(294)
    tree.sequencer.run()
    assert tree.check() == []
    tree.execute(damage)
    tree.execute("ALTER TABLE ledger_tiles ENABLE TRIGGER tiles_get_longer")
    found = tree.check()
    assert [one for one in found if one.place == place and what in one.what], found


def test_two_records_that_changed_places_are_found(tree: Tree) -> None:
    """Reordered with hashes and all, the sequence no longer gives the roots that were signed."""
    tree.sequencer.run()
    tree.execute("UPDATE ledger_sequence SET index = index + 100 WHERE index < 2")
    tree.execute("UPDATE ledger_sequence SET index = 101 - index WHERE index >= 100")
    assert [str(one) for one in tree.check()] == [
        "ledger_checkpoints: checkpoint 7: the root is not that of the sequence; index 0 is the first that differs from the tiles"
    ]


def test_checkpoint_of_another_key_is_found(tree: Tree) -> None:
    """Whoever makes the whole tree anew after a deletion cannot sign it."""
    forger = SqlSequencer(tree.database.urls["sequencer"], tree.clock, Ed25519Signer("ledger.example", bytes(32)))
    forger.run()
    forger.close()
    assert {one.what for one in tree.check()} == {
        f"checkpoint {size}: the note is none, or not signed by the log" for size in (0, 7)
    }


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM ledger_tiles",
        "DELETE FROM ledger_checkpoints WHERE size = 7",
        "DELETE FROM ledger_sequence WHERE index = 5",
        "UPDATE ledger_checkpoints SET root = sha256('x') WHERE size = 7",
    ],
)
def test_nothing_is_built_on_a_broken_tree(tree: Tree, damage: str) -> None:
    """The sequencer does not sign what follows a change: it stops and what waits goes on waiting."""
    tree.sequencer.run()
    tree.append(1)
    tree.execute(damage)
    with pytest.raises(TreeBroken):
        tree.sequencer.run()
    assert tree.count("exposure_pending") == 1


def test_full_or_longer_tile_is_not_rewritten_by_the_sequencers_role(tree: Tree) -> None:
    """Its right to lengthen a tile is no right to change or shorten one."""
    tree.append(260)
    tree.sequencer.run()
    for change in (
        "hashes = hashes",
        "width = 255, hashes = substr(hashes, 1, 8160)",
        "hashes = sha256('x') || substr(hashes, 33)",
    ):
        with (
            psycopg.connect(tree.database.urls["sequencer"]) as connection,
            pytest.raises(psycopg.errors.IntegrityConstraintViolation),
        ):
            connection.execute(f"UPDATE ledger_tiles SET {change} WHERE level = 0".encode())  # noqa: S608 - a test
