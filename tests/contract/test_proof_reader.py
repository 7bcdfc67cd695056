"""A citizen's file out of PostgreSQL, under both roles that may make one; what a superuser does to the rows makes it fail, or makes none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.ed25519 import verify_ed25519
from adapters.stores.proof_reader import SqlProofReader
from services.chains import name_person
from services.checkpoint import Checkpoint, sign_checkpoint
from services.exposure_file import write_file
from services.exposure_file_check import FileReport, check_file
from services.exposure_file_maker import ProofUnavailable
from services.leaves import read_leaf
from services.merkle import Frontier, grow, hash_leaf
from services.tiles import fill_tiles
from tests.databases import Database
from tests.ledger_tables import EMPTY_LEDGER
from tests.small_log import AGENCY, SmallLog

ON_ONE_POSTGRES = True
HER, OTHER = uuid4(), uuid4()


@pytest.fixture(scope="module")
def log() -> SmallLog:
    """Her records, attributed ones too, and another's, in three batches."""
    log = SmallLog()
    typed = log.make_record(None)
    log.place(typed, log.make_record(OTHER))
    log.place(log.make_attribution(HER, typed), log.make_record(HER, platform="alipay"))
    log.place(log.make_record(HER), log.make_record(OTHER))
    return log


@pytest.fixture
def owner(database: Database, log: SmallLog) -> Iterator[psycopg.Connection[Any]]:
    """The rows of the log in the database, and its owner."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(EMPTY_LEDGER.encode())
        store_rows(owner, log)
        yield owner
        owner.execute(EMPTY_LEDGER.encode())


def store_rows(owner: psycopg.Connection[Any], log: SmallLog) -> None:
    """What the sequencer would have written."""
    for index, data in enumerate(log.leaves):
        leaf, digest = read_leaf(data), hash_leaf(data)
        if leaf["kind"] == "map":
            owner.execute("INSERT INTO ledger_own_leaves VALUES (%s, 'map', %s, %s)", (index, data, digest))
            continue
        owner.execute(
            "INSERT INTO exposure_records (agency_id, record_id, at, kind, platform, direction, service, leaf, leaf_hash)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (AGENCY, leaf["id"], leaf["at"], leaf["kind"], leaf["platform"], leaf.get("direction", ""),
             leaf.get("service", ""), data, digest),
        )  # fmt: skip
        owner.execute(
            "INSERT INTO ledger_sequence VALUES (%s, %s, %s, %s, %s)", (index, AGENCY, leaf["id"], digest, log.now)
        )
    for name, rows in log.links.items():
        for number, index, previous in rows:
            owner.execute("INSERT INTO ledger_links VALUES (%s, %s, %s, %s)", (name, number, index, previous))
    for digest, node in log.nodes.items():
        owner.execute("INSERT INTO ledger_map_nodes VALUES (%s, %s, %s, %s)", (digest, *node))
    frontier, complete = grow(Frontier(), [hash_leaf(data) for data in log.leaves])
    for tile, data in fill_tiles(0, complete, {}).items():
        owner.execute("INSERT INTO ledger_tiles VALUES (%s, %s, %s, %s)", (*tile, data))
    note = sign_checkpoint(Checkpoint(log.log.key.name, frontier.size, frontier.root), log.log)
    owner.execute(
        "INSERT INTO ledger_checkpoints VALUES (%s, %s, %s, %s)", (frontier.size, frontier.root, note, log.now)
    )
    line = log.publish().note.decode().splitlines()[-1]
    owner.execute(
        "INSERT INTO ledger_cosignatures VALUES (%s, %s, %s, %s)", (frontier.size, log.witness.key.name, line, log.now)
    )


def judge(database: Database, log: SmallLog, chains: Sequence[UUID], role: str = "public") -> FileReport:
    """A file that is made under a role, judged."""
    reader = SqlProofReader(database.urls[role], lambda: [AGENCY], log.witness.key.name, console=role == "console")
    with closing(reader):
        data = write_file(reader.make_file(chains, log.now))
    return check_file(data, log.log.key, [log.witness.key], [], verify_ed25519)


@pytest.mark.parametrize("role", ["public", "console"])
def test_a_file_is_made_and_holds(database: Database, log: SmallLog, owner: Any, role: str) -> None:
    """Of a person, of one who has no record, and of both platforms at once."""
    del owner
    report = judge(database, log, [HER, uuid4()], role)
    assert report.faults == ()
    assert sorted(str(body["platform"]) for body in report.records) == ["alipay", "wechat", "wechat"]


NAME = name_person(HER)
EDIT = (
    "UPDATE exposure_records SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'bill_amount', 'bill_month'), 'UTF8')"
    " WHERE platform = 'alipay'"
)


ATTACKS = [
    ("DELETE FROM ledger_links WHERE chain = %(name)s AND number = 3", "map_proof_refused"),
    ("DELETE FROM ledger_links WHERE chain = %(name)s", "map_proof_refused"),
    ("DELETE FROM ledger_links WHERE chain = %(name)s AND number = 2", "missing"),
    (EDIT, "not_in_tree"),
    ("UPDATE ledger_links SET previous = sha256('x') WHERE chain = %(name)s AND number = 3", "map_proof_refused"),
    ("DELETE FROM exposure_records WHERE platform = 'alipay'", "leaf_missing"),
    ("DELETE FROM ledger_map_nodes", None),
    ("DELETE FROM ledger_cosignatures", None),
    ("DELETE FROM ledger_tiles", None),
]


def test_what_a_superuser_does_to_the_rows_is_not_hidden(
    database: Database, log: SmallLog, owner: psycopg.Connection[Any]
) -> None:
    """A changed row is a named fault in her own file; rows that do not fit each other make no file at all."""
    owner.execute("SET session_replication_role = replica")
    for statement, fault in ATTACKS:
        owner.execute(EMPTY_LEDGER.encode())
        store_rows(owner, log)
        owner.execute(statement.encode(), {"name": NAME} if "%(name)s" in statement else None)
        if fault is None:
            with pytest.raises(ProofUnavailable):
                judge(database, log, [HER])
        else:
            assert fault in {str(one.code) for one in judge(database, log, [HER]).faults}, statement


def test_the_window_lists_no_chain_that_it_does_not_know(database: Database, owner: Any) -> None:
    """The console's role reads no link but by the name of its chain."""
    del owner
    with psycopg.connect(database.urls["console"]) as console, pytest.raises(psycopg.errors.InsufficientPrivilege):
        console.execute("SELECT * FROM ledger_links")
