"""Versions of mappings never change; what is served follows from the events, in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.clock import SystemClock
from adapters.ids import make_id
from adapters.stores.connection import StoreFault
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.mappings import read_catalogue_version
from services.errors import Conflict, VersionTaken
from services.mapping_record import MappingAct, MappingInForce
from services.model import Language
from tests.contract.mapping_samples import make_mapping_event, make_version
from tests.contract.samples import ACCOUNTS
from tests.databases import Database


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[SqlConsoleStore]:
    """The console's store, with the agencies of the samples."""
    create_keyring(tmp_path / "ring")
    import_accounts(database.owner_url, ACCOUNTS)
    made = SqlConsoleStore(database.urls["console"], Keyring.load(tmp_path / "ring"), SystemClock())
    yield made
    made.close()


@pytest.fixture
def agencies(store: SqlConsoleStore) -> dict[str, UUID]:
    """Slug → id."""
    return {slug: agency_id for agency_id, slug in store.agency_tree().slugs.items()}


def name_service() -> str:
    return f"paper-{uuid4().hex[:8]}"


def test_the_tree_is_the_directory_s(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """The agencies with the one above each."""
    tree = store.agency_tree()
    assert tree.parents[agencies["city"]] is None
    assert set(tree.below(agencies["city"])) == set(tree.parents)
    assert tree.below(agencies["gas"]) == (agencies["gas"],)


def test_a_version_is_kept_byte_for_byte(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """File and documents come back as they went in; the same again changes nothing, other content is refused."""
    name, mine = name_service(), [agencies["gas"]]
    version = make_version(agencies["gas"], 1, b"\xff\x00\r\n", name, {"a/b.wsdl": b"<x/>", "a/c.xsd": b""})
    with store.begin(mine) as tx:
        tx.mappings.add_version(version)
        tx.mappings.add_version(replace(version, made_by=uuid4()))
        tx.mappings.add_version(make_version(agencies["gas"], 2, b"two", name))
    with store.begin(mine) as tx:
        assert tx.mappings.load_version(name, 1) == version
        assert [found.version for found in tx.mappings.list_versions(name)] == [2, 1]
        assert tx.mappings.load_version(name, 3) is None
    for other in (
        make_version(agencies["gas"], 1, b"other", name),
        make_version(agencies["gas"], 1, version.content, name, {"a/b.wsdl": b"<x/>", "a/c.xsd": b"x"}),
    ):
        with pytest.raises(VersionTaken), store.begin(mine) as tx:
            tx.mappings.add_version(other)


def test_a_wrong_digest_is_a_fault_of_ours(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """Nothing is kept under a hash that is not its own."""
    wrong = replace(make_version(agencies["gas"], 1, b"x", name_service()), digest="0" * 64)
    with pytest.raises(ValueError, match="digest"), store.begin([agencies["gas"]]) as tx:
        tx.mappings.add_version(wrong)


def test_a_service_belongs_to_one_agency_for_ever(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """Another agency can take neither its id nor its next version, though it does not see it."""
    name = name_service()
    with store.begin([agencies["gas"]]) as tx:
        tx.mappings.add_version(make_version(agencies["gas"], 1, service=name))
    with pytest.raises(Conflict), store.begin([agencies["water"]]) as tx:
        tx.mappings.add_version(make_version(agencies["water"], 2, service=name))
    with store.begin([agencies["water"]]) as tx:
        assert tx.mappings.load_version(name, 1) is None
        assert tx.mappings.list_versions(name) == []
    with pytest.raises(StoreFault), store.begin([agencies["water"]]) as tx:
        tx.mappings.add_version(make_version(agencies["gas"], 2, service=name))


def test_what_is_served_follows_from_the_events(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """The last event that put a version in force, and the last switch; a proposal alone serves nothing."""
    name, gas = name_service(), agencies["gas"]
    first, second = make_version(gas, 1, b"one", name), make_version(gas, 2, b"two", name)
    sentence = {"zh-CN": "暂停服务", "en": "Closed for now"}
    steps: list[tuple[MappingAct, int, Mapping[str, Any], MappingInForce | None]] = [
        (MappingAct.PROPOSED, 1, {}, None),
        (MappingAct.PUBLISHED, 1, {}, MappingInForce(gas, name, 1, first.digest)),
        (MappingAct.PROPOSED, 2, {}, MappingInForce(gas, name, 1, first.digest)),
        (MappingAct.SWITCHED_OFF, 1, {"sentence": sentence}, MappingInForce(
            gas, name, 1, first.digest, {Language.ZH_CN: "暂停服务", Language.EN: "Closed for now"}
        )),
        (MappingAct.PUBLISHED, 2, {}, MappingInForce(
            gas, name, 2, second.digest, {Language.ZH_CN: "暂停服务", Language.EN: "Closed for now"}
        )),
        (MappingAct.SWITCHED_ON, 2, {}, MappingInForce(gas, name, 2, second.digest)),
        (MappingAct.ROLLED_BACK, 1, {}, MappingInForce(gas, name, 1, first.digest)),
        (MappingAct.REVIEWED, 1, {}, MappingInForce(gas, name, 1, first.digest)),
    ]  # fmt: skip
    with store.begin([gas]) as tx:
        tx.mappings.add_version(first)
        tx.mappings.add_version(second)
    for number, (act, version, data, expected) in enumerate(steps, 1):
        with store.begin([gas]) as tx:
            tx.mappings.append(make_mapping_event(gas, number, act, version, name, **data))
        with store.begin([gas]) as tx:
            found = {row.service: row for row in tx.mappings.list_in_force()}
        assert found.get(name) == expected, act
    with store.begin([gas]) as tx:
        assert [event.act for event in tx.mappings.list_events(name)] == [step[0] for step in steps]


def test_a_number_is_taken_once_and_has_no_gap(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """The second of two that write the same number learns it; a skipped number is a fault of ours."""
    name, gas = name_service(), agencies["gas"]
    with store.begin([gas]) as tx:
        tx.mappings.add_version(make_version(gas, 1, service=name))
        tx.mappings.append(make_mapping_event(gas, 1, MappingAct.IMPORTED, 1, name))
    with pytest.raises(VersionTaken), store.begin([gas]) as tx:
        tx.mappings.append(make_mapping_event(gas, 1, MappingAct.PUBLISHED, 1, name))
    with pytest.raises(ValueError, match="gap"), store.begin([gas]) as tx:
        tx.mappings.append(make_mapping_event(gas, 3, MappingAct.PUBLISHED, 1, name))


def test_an_event_of_a_version_that_does_not_exist_is_refused(
    store: SqlConsoleStore, agencies: dict[str, UUID]
) -> None:
    """Nothing can be put in force that is not kept."""
    name, gas = name_service(), agencies["gas"]
    with store.begin([gas]) as tx:
        tx.mappings.add_version(make_version(gas, 1, service=name))
    with pytest.raises(StoreFault), store.begin([gas]) as tx:
        tx.mappings.append(make_mapping_event(gas, 1, MappingAct.PUBLISHED, 9, name))


def test_the_counter_grows_with_every_event_in_the_same_commit(
    store: SqlConsoleStore, agencies: dict[str, UUID]
) -> None:
    """A process that polls it misses nothing, and sees nothing that was rolled back."""
    name, gas = name_service(), agencies["gas"]

    def read() -> int:
        with store.engine.connect() as connection:
            return read_catalogue_version(connection)

    before = read()
    with store.begin([gas]) as tx:
        tx.mappings.add_version(make_version(gas, 1, service=name))
        tx.mappings.append(make_mapping_event(gas, 1, MappingAct.PROPOSED, 1, name))
        assert read() == before
    assert read() == before + 1
    with pytest.raises(VersionTaken), store.begin([gas]) as tx:
        tx.mappings.append(make_mapping_event(gas, 1, MappingAct.PROPOSED, 1, name))
    assert read() == before + 1


@pytest.mark.parametrize("role", ["public", "console", "worker"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET service = service", "DELETE FROM {}", "TRUNCATE {}"],
)
@pytest.mark.parametrize("table", ["mapped_services", "mapping_versions", "mapping_documents", "mapping_events"])
def test_nobody_edits_what_was_published(database: Database, role: str, table: str, statement: str) -> None:
    """Neither a version nor an event can be changed or removed by any role."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table).encode())


def test_a_version_knows_who_made_it(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """Who made a version is kept with it, for the rule that somebody else publishes it."""
    name, by = name_service(), make_id(SystemClock().now())
    with store.begin([agencies["gas"]]) as tx:
        tx.mappings.add_version(make_version(agencies["gas"], 1, service=name, by=by))
        found = tx.mappings.load_version(name, 1)
    assert found is not None
    assert found.made_by == by
