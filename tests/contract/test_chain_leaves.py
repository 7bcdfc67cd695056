"""Leaves of joins and closings: they are in the ledger with what they tell of, or neither is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import create_engine, text

from adapters.stores.chain_leaves import append_closing
from adapters.stores.connection import scoped
from adapters.stores.exposure_verify import verify
from services.merkle import hash_leaf
from tests.contract.samples import NOW, Bench, make_person
from tests.contract.stores import open_sql_bench
from tests.databases import Database
from tests.ledger_tables import EMPTY_LEDGER


@pytest.fixture(scope="module")
def town(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The store of persons under the public role."""
    with open_sql_bench(database, tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture(autouse=True)
def empty(database: Database) -> Iterator[None]:
    """Each test begins with an empty ledger; what it left verifies."""
    read(database, EMPTY_LEDGER)
    yield
    assert verify(database.owner_url, lambda _: None).faults == []


def read(database: Database, statement: str) -> list[Any]:
    """As the owner."""
    with psycopg.connect(database.owner_url) as owner:
        done = owner.execute(statement.encode())
        return done.fetchall() if done.description else []


def list_joins(database: Database) -> list[tuple[UUID, UUID]]:
    """What the joins of the ledger say, in their order; all of them wait for a place."""
    rows = read(database, "SELECT leaf FROM exposure_records JOIN exposure_pending USING (agency_id, record_id)"
                " WHERE kind = 'join' ORDER BY record_id")  # fmt: skip
    leaves = [json.loads(leaf) for (leaf,) in rows]
    return [(UUID(leaf["chain"]), UUID(leaf["into"])) for leaf in leaves]


def own_chain(town: Bench, person_id: UUID) -> UUID:
    """The chain of an account itself."""
    with town.store.begin(town.all) as tx:
        return tx.persons.load(person_id).chain_id


def test_proven_number_joins_its_chain_to_the_accounts(town: Bench, database: Database) -> None:
    """One leaf with the event, in both chains; proving it again writes none; typed before or not."""
    number = f"1101011990{uuid4().int % 10**8:08d}"
    with town.store.begin(town.all) as tx:
        typed = tx.persons.find_chain(town.city, number, NOW)
    person_id, _ = make_person(town)
    for _ in range(2):
        with town.store.begin(town.all) as tx:
            tx.persons.record_identity(person_id, "王小明", number, NOW)
    own = own_chain(town, person_id)
    assert list_joins(database) == [(typed, own)]
    assert {chain for (chain,) in read(database, "SELECT chain_id FROM exposure_persons")} == {typed, own}


def test_joined_accounts_have_a_leaf_in_both_chains(town: Bench, database: Database) -> None:
    """The chain of the account that ends goes into the other's; joining again writes nothing."""
    one, other = make_person(town)[0], make_person(town)[0]
    for _ in range(2):
        with town.store.begin(town.all) as tx:
            tx.persons.join(one, other, NOW)
    assert list_joins(database) == [(own_chain(town, one), own_chain(town, other))]


def test_leaf_goes_with_its_event(town: Bench, database: Database) -> None:
    """A transaction that is rolled back leaves no leaf, no index and nothing that waits."""
    one, other = make_person(town)[0], make_person(town)[0]

    def fail() -> None:
        with town.store.begin(town.all) as tx:
            tx.persons.join(one, other, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    for table in ("exposure_records", "exposure_persons", "exposure_pending"):
        assert read(database, f"SELECT * FROM {table}") == []  # noqa: S608 - a test


def test_erased_link_has_nothing_to_join(town: Bench, database: Database) -> None:
    """An account whose link was erased has no chain any more: its join is an event without a leaf."""
    one, other = make_person(town)[0], make_person(town)[0]
    read(database, "DELETE FROM chain_links")
    with town.store.begin(town.all) as tx:
        tx.persons.join(one, other, NOW)
    assert list_joins(database) == []


@pytest.mark.parametrize("role", ["public", "console", "worker"])
def test_each_role_that_closes_a_chain_may_write_its_leaf(town: Bench, database: Database, role: str) -> None:
    """The closing stands in its chain, under every role of ours that has a business transaction."""
    engine, chain = create_engine(database.urls[role].replace("postgresql://", "postgresql+psycopg://")), uuid4()
    with scoped(engine, [town.city]) as connection:
        append_closing(connection, town.city, chain, NOW)
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert read(database, "SELECT chain_id FROM exposure_persons") == [(chain,)]
    ((leaf,),) = read(database, "SELECT leaf FROM exposure_records")
    assert json.loads(leaf)["kind"] == "closing"


def test_join_of_a_chain_with_itself_is_a_fault(town: Bench, database: Database) -> None:
    """A forged leaf that joins nothing is named."""
    one, other = make_person(town)[0], make_person(town)[0]
    with town.store.begin(town.all) as tx:
        tx.persons.join(one, other, NOW)
    ((leaf,),) = read(database, "SELECT leaf FROM exposure_records")
    body = json.loads(leaf)
    forged = leaf.replace(body["chain"].encode(), body["into"].encode())
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE exposure_records SET leaf = %s, leaf_hash = %s", [forged, hash_leaf(forged)])
        owner.execute("DELETE FROM exposure_persons WHERE chain_id = %s", [body["chain"]])
    (fault,) = verify(database.owner_url, lambda _: None).faults
    assert "two chains" in str(fault)
    read(database, EMPTY_LEDGER)
