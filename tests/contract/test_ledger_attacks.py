"""Whoever may do anything in the database changes something, and ``exposure verify`` names where."""
# ruff: noqa: S608 - statements of a test, made of its own constants

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.stores import tree_pages
from adapters.stores.replay_state import ReplayState
from services.errors import ConfigurationFault
from tests.attacked_ledger import NUMBER, AttackedLedger, name
from tests.contract.stores import open_sql_bench
from tests.contract.test_ledger import make_exposure
from tests.databases import Database

ON_ONE_POSTGRES = True
"""No statement here is one to one PostgreSQL and another to the other."""


@pytest.fixture(scope="module")
def made(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttackedLedger]:
    """One ledger for all attacks, kept aside."""
    folder = tmp_path_factory.mktemp("keys")
    with open_sql_bench(database, folder) as bench:
        one = AttackedLedger(database, bench, folder / "keyring.json")
        one.keep("whole")
        yield one
        one.close()


@pytest.fixture
def ledger(made: AttackedLedger) -> Iterator[AttackedLedger]:
    """As it was."""
    yield made
    made.put_back("whole")


HER_RECORDS = "(SELECT record_id FROM exposure_persons WHERE chain_id = '{her_chain}')"
LAST = "(SELECT max(index) FROM ledger_sequence)"
LAST_RECORD = f"(SELECT record_id FROM ledger_sequence WHERE index = {LAST})"
_FORGET = "; ".join(
    f"DELETE FROM {table} WHERE record_id IN {{which}}" for table in ("exposure_records", "exposure_salts")
)


def forget(which: str) -> str:
    """Statements that delete records with their salts, links and, last, their index."""
    places = f"(SELECT index FROM ledger_sequence WHERE record_id IN {which})"
    return (
        f"{_FORGET.format(which=which)}; DELETE FROM ledger_links WHERE index IN {places};"
        f" DELETE FROM exposure_persons WHERE record_id IN {which}"
    )


ATTACKS: dict[str, tuple[str, str]] = {
    "a record is deleted": ("DELETE FROM exposure_records WHERE record_id = '{sent}'", "index {place}: the record is missing (link"),
    "a record is edited": (
        "UPDATE exposure_records SET leaf = replace(encode(leaf, 'escape'), 'amount', 'anount')::bytea WHERE record_id = '{sent}'",
        "index {place}: the record has another hash"),
    "a record is edited with hash and place": (
        ("UPDATE exposure_records SET leaf = '{{}}', leaf_hash = sha256('\\x007b7d') WHERE record_id = '{sent}';"
         " UPDATE ledger_sequence SET leaf_hash = sha256('\\x007b7d') WHERE record_id = '{sent}'"),
        "the root is not that of the sequence; index {place}"),
    "two records change places": (
        ("UPDATE ledger_sequence SET index = index + 100 WHERE index IN (0, 1);"
         " UPDATE ledger_sequence SET index = 101 - index WHERE index > 99"), "the root is not that of the sequence; index 0"),
    "a record is inserted into the sequence": (
        "INSERT INTO ledger_sequence SELECT {last}, agency_id, gen_random_uuid(), leaf_hash, sequenced_at FROM ledger_sequence WHERE index = 0",
        "index {last}: the record is missing"),
    "a record is inserted without a place": (
        ("INSERT INTO exposure_records SELECT agency_id, '00000000-0000-0000-0000-000000000001', at, kind, platform, direction, service,"
         " of_id, leaf, leaf_hash FROM exposure_records WHERE record_id = '{sent}'"), "column id differs"),
    "a salt is swapped": ("UPDATE exposure_salts SET salt = sha256('x') WHERE record_id = '{sent}'", "{sent}: the salt is not"),
    "a salt is deleted": ("DELETE FROM exposure_salts WHERE record_id = '{sent}'", "{sent}: the salt is missing"),
    "a checkpoint is deleted": ("DELETE FROM ledger_checkpoints WHERE size = {last}", "checkpoint {last} is missing"),
    "a checkpoint is edited": ("UPDATE ledger_checkpoints SET root = sha256('x') WHERE size = {last}", "checkpoint {last}: the root"),
    "a checkpoint is another's": ("UPDATE ledger_checkpoints SET note = convert_to(replace(convert_from(note, 'UTF8'), E'\\n\\n', E'1\\n\\n'), 'UTF8') WHERE size = {last}",
                                  "checkpoint {last}: the note is none"),
    "a checkpoint between batches": (
        "INSERT INTO ledger_checkpoints SELECT 2, root, note, at FROM ledger_checkpoints WHERE size = {last}", "checkpoint 2: the root"),
    "a cosignature is forged": ("UPDATE ledger_cosignatures SET line = replace(line, 'A', 'B')", "ledger_cosignatures: checkpoint {last}"),
    "a cosignature is another's": ("UPDATE ledger_cosignatures SET size = 0", "ledger_cosignatures: checkpoint 0"),
    "a link is deleted": ("DELETE FROM ledger_links WHERE chain = '\\x{her_name}' AND number = 2", "link 2 of chain {her_name}: the link is missing"),
    "a link is edited": ("UPDATE ledger_links SET previous = sha256('x') WHERE chain = '\\x{her_name}' AND number = 2",
                         "link 2 of chain {her_name}: another link stands before it"),
    "a link is inserted": ("INSERT INTO ledger_links SELECT chain, 99, 0, previous FROM ledger_links WHERE chain = '\\x{other_name}' AND number = 1",
                           "link 99 of chain {other_name}: no leaf has this link: it is said to be index 0"),
    "a link beyond the tree": ("INSERT INTO ledger_links SELECT chain, 99, 900, previous FROM ledger_links WHERE chain = '\\x{her_name}' AND number = 1",
                               "link 99 of chain {her_name}: it is said to be index 900"),
    "links change places": (
        ("UPDATE ledger_links SET number = number + 100 WHERE chain = '\\x{her_name}' AND number IN (1, 2);"
         " UPDATE ledger_links SET number = 103 - number WHERE chain = '\\x{her_name}' AND number > 99"),
        "link 1 of chain {her_name}: stands as number 2"),
    "a node of the map is deleted": ("DELETE FROM ledger_map_nodes WHERE left_half = '\\x{her_name}' AND replaced_at IS NULL", "the node is missing"),
    "a node of the map is edited": ("UPDATE ledger_map_nodes SET right_half = sha256('x') WHERE left_half = '\\x{her_name}' AND replaced_at IS NULL",
                                    "the node is not what its hash says"),
    "a node is given up": ("UPDATE ledger_map_nodes SET replaced_at = {last} - 1 WHERE left_half = '\\x{her_name}' AND replaced_at IS NULL",
                           "of the newest map is said to be replaced"),
    "an old node is taken up": ("UPDATE ledger_map_nodes SET replaced_at = NULL WHERE replaced_at IS NOT NULL", "the node is in no map"),
    "a map leaf is deleted": ("DELETE FROM ledger_own_leaves WHERE index = 3", "index 3 is missing"),
    "a map leaf is edited": ("UPDATE ledger_own_leaves SET leaf = leaf || '\\x20'::bytea WHERE index = 3", "index 3: the leaf has another hash"),
    "a map leaf with its hash": ("UPDATE ledger_own_leaves SET leaf = '{{}}', leaf_hash = sha256('\\x007b7d') WHERE index = 3", "index 3: the leaf is no map"),
    "how far chains reach": ("UPDATE ledger_linked SET size = 3", "index 3: the chains reach to 3 only"),
    "the root of the newest map": ("UPDATE ledger_linked SET root = sha256('x')", "ledger_linked: the root"),
    "her last record": (f"DELETE FROM exposure_records WHERE record_id = {LAST_RECORD}", "the record is missing (link"),
    "her last record, index and links too": (forget(LAST_RECORD), "the record is missing"),
    "her last record with its place": (
        f"{forget(LAST_RECORD)}; DELETE FROM ledger_sequence WHERE index = {LAST}", "is missing"),
    "all her records": (f"DELETE FROM exposure_records WHERE record_id IN {HER_RECORDS}", "index 0: the record is missing (link"),
    "all her records with all rows": (forget(HER_RECORDS), "index 0: the record is missing"),
    "the citizen": ("DELETE FROM persons WHERE person_id = '{she}'; DELETE FROM chain_links", "chain {her_name}: no link leads to it"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_found_and_its_place_named(ledger: AttackedLedger, attack: str) -> None:
    """What a superuser deletes, edits, reorders or inserts: the first fault says where it is."""
    said = {
        "sent": ledger.sent, "place": ledger.sent_at, "last": ledger.last, "she": ledger.she, "her_chain": ledger.her_chain,
        "her_name": name(ledger.her_chain), "other_name": name(ledger.others_chain),
    }  # fmt: skip
    statement, what = (text.format(**said) for text in ATTACKS[attack])
    ledger.execute(statement)
    found = ledger.list_faults()
    assert found, attack
    assert what in found[0], found[:5]


def test_sound_ledger_has_no_fault(ledger: AttackedLedger) -> None:
    """Nothing is said of what nobody touched, and everything was looked over."""
    report = ledger.verify()
    assert ([str(one) for one in report.faults], report.people_seen, report.unjudged, report.undecided) == (
        [],
        True,
        0,
        0,
    )
    assert not ledger.verify(keys=False).people_seen


def _forge(ledger: AttackedLedger) -> str:
    """Records for her under a chain that leads to nobody."""
    chain = uuid4()
    ledger.place(chain)
    return f"chain {name(chain)}: no link leads to it"


def _replace(ledger: AttackedLedger) -> str:
    """Her link leads to another chain from now on."""
    ledger.place(ledger.relink())
    return f"chain {name(ledger.her_chain)}: no link leads to it"


def _number(ledger: AttackedLedger) -> str:
    """Her number's link leads to a second chain that no leaf joins."""
    chain = ledger.relink(NUMBER)
    ledger.place(chain)
    return f"a further chain of this person, {name(chain)}"


def _share(ledger: AttackedLedger) -> str:
    """Her account is said to be the other person's: a cell does not open elsewhere."""
    ledger.execute("UPDATE chain_links SET chain_cipher = (SELECT chain_cipher FROM chain_links LIMIT 1)")
    return "does not open"


def _unlink(ledger: AttackedLedger) -> str:
    """Her link is deleted, and no leaf says so."""
    ledger.unlink()
    return f"chain {name(ledger.her_chain)}: no link leads to it"


@pytest.mark.parametrize("attack", [_forge, _replace, _number, _share, _unlink])
def test_second_chain_or_one_taken_away_is_found(
    ledger: AttackedLedger, attack: Callable[[AttackedLedger], str]
) -> None:
    """With the keys even the links between people and chains are held against the leaves."""
    what = attack(ledger)
    found = ledger.list_faults()
    assert any(what in one for one in found), (what, found)


def test_clock_that_is_set_back_is_no_fault_and_changes_no_place(ledger: AttackedLedger) -> None:
    """Records and map leaves of an earlier moment stand where they came."""
    ledger.clock.advance(-86400)
    ledger.place(ledger.her_chain)
    assert ledger.list_faults() == []
    ledger.clock.advance(86400)


def _die(ledger: AttackedLedger, state: Path, where: str, after: int) -> None:
    """A check that is killed at the so-many-th call of a write of its state."""
    child = os.fork()
    if child == 0:
        left, write = [after], getattr(ReplayState, where)

        def stop(self: ReplayState, *values: object) -> object:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return write(self, *values)

        setattr(ReplayState, where, stop)
        ledger.verify(state)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def test_check_that_was_killed_goes_on(ledger: AttackedLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any write: what was found before and what is found after make the report of one that was not killed."""
    monkeypatch.setattr(tree_pages, "STEP", 3)
    ledger.execute(
        "DELETE FROM exposure_salts WHERE record_id IN (SELECT record_id FROM ledger_sequence WHERE index IN (0, 12))"
    )
    ledger.execute("DELETE FROM ledger_links WHERE index = 9")
    whole, state = ledger.verify(), tmp_path / "state"
    assert whole.fault_count > 3
    for where, after in (
        ("save", 1),
        ("save", 3),
        ("write_heads", 2),
        ("change_nodes", 1),
        ("add_faults", 2),
        ("end", 1),
    ):
        _die(ledger, state, where, after)
    assert state.stat().st_mode & 0o777 == 0o600
    report = ledger.verify(state)
    assert (report.faults, report.records) == (whole.faults, whole.records)
    assert ledger.verify(state).faults == whole.faults


def test_state_knows_a_store_that_was_put_back_or_forked(ledger: AttackedLedger, tmp_path: Path) -> None:
    """Yesterday's backup is sound in itself; whoever kept the state of a check sees that it is not what was there."""
    state = tmp_path / "state"
    ledger.place(ledger.her_chain)
    assert ledger.verify(state).faults == []
    ledger.put_back("whole")
    assert ledger.list_faults() == []
    for records in ([], [ledger.her_chain], [ledger.her_chain, ledger.others_chain]):
        ledger.place(*records)
        with pytest.raises(ConfigurationFault, match="put back to an earlier state, or is a fork"):
            ledger.verify(state)


def test_state_of_something_else_is_refused(ledger: AttackedLedger, tmp_path: Path) -> None:
    """Of another ledger, of a check that runs, of another kind, or one that others may read."""
    state = tmp_path / "state"
    ledger.verify(state)
    running = ReplayState(state)
    with pytest.raises(ConfigurationFault, match="in use"):
        ledger.verify(state)
    running.position.first, running.position.checked = bytes(32), -1
    running.save()
    running.close()
    with pytest.raises(ConfigurationFault, match="of another ledger"):
        ledger.verify(state)
    state.chmod(0o644)
    with pytest.raises(ConfigurationFault, match="0600"):
        ledger.verify(state)
    other = tmp_path / "other"
    other.write_bytes(b"x" * 5000)
    other.chmod(0o600)
    with pytest.raises(ConfigurationFault, match="is none"):
        ledger.verify(other)


def test_records_of_nobody_known_are_told_apart_from_those_of_before(ledger: AttackedLedger) -> None:
    """A record without persons is in no person's chain; nothing is said of it."""
    ledger.log.append([make_exposure(ledger.bench.city)])
    ledger.sequencer.run()
    assert ledger.list_faults() == []
