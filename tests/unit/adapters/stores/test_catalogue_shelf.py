"""The live catalogue: new versions within two seconds, the last snapshot while the store is away, the former version if one is faulty."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event
from structlog.testing import capture_logs

from adapters.stores import catalogue_shelf
from adapters.stores.catalogue_shelf import LiveCatalogueShelf
from services.errors import StoreUnavailable
from services.mapping_record import MappingAct
from services.model import Language
from tests.contract.mapping_samples import make_mapping_event, make_version
from tests.contract.offices import SPARE, VOCABULARY, Offices, name_service, open_sql_offices, write_file
from tests.databases import Database

SENTENCE = {Language.ZH_CN: "维护", Language.EN: "Under repair"}


class Watch:
    """A monotonic clock that stands still."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def offices(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    """Under the console's role."""
    with open_sql_offices(database, tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def shelf(database: Database, offices: Offices, watch: Watch) -> Iterator[LiveCatalogueShelf]:
    """As the public app has it, with a clock of the test's."""
    made = LiveCatalogueShelf(database.urls["public"], VOCABULARY, watch)
    yield made
    made.close()


def publish(offices: Offices, service: str, version: int) -> None:
    offices.desk.publish_file(write_file(service, version), {}, reason="test")


@contextmanager
def closed(database: Database) -> Iterator[None]:
    """The database lets nobody in, and throws out who is in."""
    name = psycopg.conninfo.conninfo_to_dict(database.owner_url)["dbname"]
    other = database.owner_url.replace(f"/{name}", "/postgres")
    with psycopg.connect(other, autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(str(name))))


@pytest.mark.parametrize("role", ["public", "worker", "console"])
def test_every_process_reads_the_catalogue(database: Database, offices: Offices, role: str) -> None:
    """Public app, worker and console see the services of all agencies, each under its own role."""
    name = name_service()
    offices.publish_first(name)
    shelf = LiveCatalogueShelf(database.urls[role], VOCABULARY)
    assert (shelf.services[name].version, shelf.services[name].agency) == (1, "gas")
    assert name in dict(shelf.services.items())
    assert name not in shelf.switched_off
    shelf.close()


def test_all_processes_serve_a_new_version_within_two_seconds(database: Database, offices: Offices) -> None:
    """Without a restart, also those that nobody had asked for a while, by whichever of their threads comes first."""
    name = name_service()
    offices.publish_first(name)
    shelves = [LiveCatalogueShelf(database.urls[role], VOCABULARY) for role in ("public", "worker", "console")]
    assert {shelf.services[name].version for shelf in shelves} == {1}
    publish(offices, name, 2)
    time.sleep(1.6)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda shelf=shelf: found.append(shelf.services[name].version))
        for shelf in shelves
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    for shelf in shelves:
        shelf.close()
    assert found == [2] * 12


def test_the_store_is_asked_at_most_once_a_second(
    database: Database, offices: Offices, shelf: LiveCatalogueShelf, watch: Watch
) -> None:
    """One counter; what has not changed is not read again, and each version is parsed once."""
    name = name_service()
    offices.publish_first(name)
    statements: list[str] = []
    event.listen(shelf._engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert shelf.services[name].version == 1
    first = shelf.services[name]
    read = len(statements)
    for _ in range(50):
        assert shelf.services[name] is first
    assert len(statements) == read
    watch.at += 1.0
    assert shelf.services[name] is first
    assert len(statements) == read + 1
    publish(offices, name, 2)
    watch.at += 0.9
    assert shelf.services[name] is first
    watch.at += 0.1
    assert shelf.services[name].version == 2
    assert shelf.history(name, 1) is first


def test_what_is_switched_off_is_live(offices: Offices, shelf: LiveCatalogueShelf, watch: Watch) -> None:
    """The sentence comes and goes; the version stays."""
    name = name_service()
    offices.publish_first(name)
    assert name not in shelf.switched_off
    offices.desk.switch_off(None, name, SENTENCE, reason="test")
    watch.at += 1
    assert shelf.switched_off[name] == SENTENCE
    assert SENTENCE in list(shelf.switched_off.values())
    assert shelf.services[name].version == 1
    offices.desk.switch_on(None, name)
    watch.at += 1
    assert name not in shelf.switched_off


def test_a_former_version_is_still_found(database: Database, offices: Offices) -> None:
    """By a process that started long after it was in force; one that never was is not there."""
    name = name_service()
    offices.publish_first(name)
    publish(offices, name, 2)
    offices.desk.propose(None, write_file(name, 3), {})
    shelf = LiveCatalogueShelf(database.urls["worker"], VOCABULARY)
    found = shelf.history(name, 1)
    assert found is not None
    assert (found.id, found.version, shelf.services[name].version) == (name, 1, 2)
    assert shelf.history(name, 4) is None
    assert {mapping.version for mapping in shelf.list_known() if mapping.id == name} == {1, 2}
    shelf.close()


def test_the_last_snapshot_serves_while_the_store_is_away(
    database: Database, offices: Offices, shelf: LiveCatalogueShelf, watch: Watch
) -> None:
    """It is said once, with what was wrong, and again when the store is back; then what was published meanwhile is served."""
    name = name_service()
    offices.publish_first(name)
    assert shelf.services[name].version == 1
    publish(offices, name, 2)
    with closed(database), capture_logs() as logs:
        for _ in range(3):
            watch.at += 1
            assert shelf.services[name].version == 1
        with pytest.raises(StoreUnavailable):
            shelf.history(name, 2)
        unread = LiveCatalogueShelf(database.urls["public"], VOCABULARY)
        with pytest.raises(StoreUnavailable):
            unread.look()
        unread.close()
    told = [(line["event"], line["error"]) for line in logs]
    assert told == [("the catalogue cannot be read; what was served goes on", "StoreUnavailable")]
    watch.at += 1
    with capture_logs() as logs:
        assert shelf.services[name].version == 2
    assert "the catalogue can be read again" in [line["event"] for line in logs]


def test_a_version_that_cannot_be_read_leaves_the_former_in_force(
    database: Database, offices: Offices, shelf: LiveCatalogueShelf, watch: Watch
) -> None:
    """The log names place and rule; the former version and every other service go on, also in a process that starts then."""
    name, other = name_service(), name_service()
    offices.publish_first(name)
    offices.publish_first(other)
    assert shelf.services[name].version == 1
    broken = make_version(offices.agency("gas"), 2, write_file(name, 2).replace(b"kind: bill", b"kind: bil"), name)
    with offices.store.begin([offices.agency("gas")]) as tx:
        tx.mappings.add_version(broken)
        tx.mappings.append(make_mapping_event(offices.agency("gas"), 2, MappingAct.PUBLISHED, 2, name))
    publish(offices, other, 2)
    watch.at += 1
    with capture_logs() as logs:
        assert (shelf.services[name].version, shelf.services[other].version) == (1, 2)
    told = [line for line in logs if line.get("service") == name]
    assert re.match(rf"{name}\.yaml:[0-9]+: kind: ", told[0]["fault"])
    assert (told[1]["in_force"], told[1]["version"]) == (2, 1)
    fresh = LiveCatalogueShelf(database.urls["public"], VOCABULARY)
    assert (fresh.services[name].version, fresh.services[other].version) == (1, 2)
    fresh.close()
    publish(offices, name, 3)
    watch.at += 1
    assert shelf.services[name].version == 3


def test_a_service_without_any_readable_version_is_not_served(
    offices: Offices, shelf: LiveCatalogueShelf, watch: Watch
) -> None:
    """And keeps no other from being served."""
    name, other = name_service(), name_service()
    offices.publish_first(other)
    with offices.store.begin([offices.agency("gas")]) as tx:
        tx.mappings.add_version(make_version(offices.agency("gas"), 1, b"id: [", name))
        tx.mappings.append(make_mapping_event(offices.agency("gas"), 1, MappingAct.IMPORTED, 1, name))
    with capture_logs() as logs:
        assert name not in shelf.services
    assert "no version of a service can be served" in [line["event"] for line in logs]
    assert other in shelf.services


@pytest.mark.parametrize("change", ["content", "document", "agency", "version"])
def test_what_was_changed_behind_our_back_is_not_served(database: Database, offices: Offices, change: str) -> None:
    """Whoever writes into the tables as their owner changes a hash, an agency or a number: the former version goes on."""
    name = name_service()
    gas, content = offices.agency("gas"), write_file(name, 2)
    if change == "agency":
        content = write_file(name, 2, agency="water")
    if change == "version":
        content = write_file(name, 7)
    offices.publish_first(name)
    with offices.store.begin([gas]) as tx:
        tx.mappings.add_version(make_version(gas, 2, content, name, {"a.wsdl": b"<x/>"}))
        tx.mappings.append(make_mapping_event(gas, 2, MappingAct.PUBLISHED, 2, name))
    with psycopg.connect(database.owner_url) as owner:
        if change == "content":
            wider = write_file(name, 2, wider=True)
            owner.execute("UPDATE mapping_versions SET content = %s WHERE (service, version) = (%s, 2)", [wider, name])
        if change == "document":
            owner.execute("UPDATE mapping_documents SET content = 'y' WHERE service = %s", [name])
    shelf = LiveCatalogueShelf(database.urls["public"], VOCABULARY)
    with capture_logs() as logs:
        assert shelf.services[name].version == 1
    assert any(line.get("service") == name and "fault" in line for line in logs)
    assert SPARE not in str(shelf.services[name].exposure)
    shelf.close()


def test_a_slow_store_keeps_one_request_waiting_and_no_other(
    offices: Offices, shelf: LiveCatalogueShelf, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one thread asks, the others serve what is known, if it is not too old; and wait only so long if it is."""
    name = name_service()
    offices.publish_first(name)
    known = shelf.look()
    asking, go_on = threading.Event(), threading.Event()

    def ask_slowly(connection: object) -> int:
        asking.set()
        go_on.wait(20)
        return known.version

    monkeypatch.setattr(catalogue_shelf, "read_catalogue_version", ask_slowly)
    monkeypatch.setattr(catalogue_shelf, "PATIENCE_SECONDS", 0.2)
    watch.at += 1
    thread = threading.Thread(target=shelf.look)
    thread.start()
    assert asking.wait(10)
    assert shelf.look() is known
    watch.at += 100
    started = time.monotonic()
    assert shelf.look() is known
    assert 0.15 < time.monotonic() - started < 5
    go_on.set()
    thread.join(10)


def test_whoever_holds_it_sees_one_moment(offices: Offices, shelf: LiveCatalogueShelf, watch: Watch) -> None:
    """A request that is under way while something is published sees none of it; another thread, and the next request, do."""
    name = name_service()
    offices.publish_first(name)
    with shelf.hold():
        publish(offices, name, 2)
        offices.desk.switch_off(None, name, SENTENCE, reason="test")
        watch.at += 5
        assert (shelf.services[name].version, name in shelf.switched_off) == (1, False)
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(shelf.services[name].version))
        thread.start()
        thread.join(10)
        assert found == [2]
        with shelf.hold():
            assert shelf.services[name].version == 1
    assert (shelf.services[name].version, name in shelf.switched_off) == (2, True)
