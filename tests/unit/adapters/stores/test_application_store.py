"""Applications in the government store: appended events, encrypted cells, and what staff may read of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from adapters.clock import SystemClock
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.keyring import Keyring
from adapters.stores.payments import ERASED
from services.application_record import ApplicationState
from services.console_ports import PersonKey
from services.errors import VersionTaken
from services.model import PlatformName
from tests.contract.mapping_samples import make_application, make_application_event
from tests.contract.samples import NOW, Bench, make_event, make_payment, make_person
from tests.contract.stores import open_sql_bench
from tests.databases import Database

S = ApplicationState


@pytest.fixture
def real(database: Database, tmp_path: Path) -> Iterator[Bench]:
    """The business store under the public role."""
    with open_sql_bench(database, tmp_path) as made:
        yield made


@pytest.fixture
def console(database: Database, real: Bench, tmp_path: Path) -> Iterator[SqlConsoleStore]:
    """The console's store with the same keys."""
    made = SqlConsoleStore(database.urls["console"], Keyring.load(tmp_path / "keyring.json"), SystemClock())
    yield made
    made.close()


def test_an_application_is_kept_with_its_events(real: Bench) -> None:
    """What went in comes out, found by id, by number, by person."""
    application = make_application(real.gas)
    events = [
        make_application_event(application, 1),
        make_application_event(application, 2, S.SUBMITTING),
        make_application_event(application, 3, S.GRANTED, outputs={"name": "欧阳金丝雀"}),
    ]
    with real.store.begin(real.all) as tx:
        tx.applications.open(application, events[0])
        for event in events[1:]:
            tx.applications.append(real.gas, event)
    with real.store.begin(real.all) as tx:
        row = (application, events)
        assert tx.applications.load(application.application_id) == row
        assert tx.applications.find_by_number(real.gas, application.application_no) == row
        assert tx.applications.find_by_number(real.water, application.application_no) is None
        assert tx.applications.list_of_persons([application.person_id], 9, None) == [row]
        assert tx.applications.list_of_persons([application.person_id], 9, None, PlatformName.ALIPAY) == []
        assert tx.applications.list_of_persons([application.person_id], 9, application.application_id) == []
        assert tx.applications.load(uuid4()) is None
    with real.store.begin([real.water]) as tx:
        assert tx.applications.load(application.application_id) is None


def test_versions_are_taken_once_and_have_no_gap(real: Bench) -> None:
    """Id, number and (application, version) are unique; a skipped version is a fault of ours."""
    application = make_application(real.gas)
    with real.store.begin(real.all) as tx:
        tx.applications.open(application, make_application_event(application, 1))
    for twin in (application, replace(application, application_id=uuid4())):
        with pytest.raises(VersionTaken), real.store.begin(real.all) as tx:
            tx.applications.open(twin, make_application_event(twin, 1))
    with pytest.raises(VersionTaken), real.store.begin(real.all) as tx:
        tx.applications.append(real.gas, make_application_event(application, 1))
    with pytest.raises(ValueError, match="gap"), real.store.begin(real.all) as tx:
        tx.applications.append(real.gas, make_application_event(application, 3))


def test_nothing_personal_of_an_application_lies_in_clear(database: Database, real: Bench) -> None:
    """Applicant, inputs, results and the link to the chain are ciphertexts bound to their rows."""
    application = make_application(real.gas)
    with real.store.begin(real.all) as tx:
        tx.applications.open(application, make_application_event(application, 1, note="欧阳金丝雀"))
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("SELECT * FROM applications").fetchall()
        rows += owner.execute("SELECT * FROM application_events").fetchall()
    seen = "\n".join(
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for row in rows for cell in row
    )
    assert application.application_no in seen
    for canary in ("欧阳金丝雀", "110101199003077777", "13812345678", "幸福路九十九号", str(application.chain_id)):
        assert canary not in seen


def test_staff_lists_hold_nothing_personal_and_follow_the_last_state(real: Bench, console: SqlConsoleStore) -> None:
    """By service and by state, newest first, in pages, within the agencies of the transaction."""
    made = [
        make_application(real.gas, at=NOW + timedelta(minutes=step), service="list-me" if step < 3 else "other-one")
        for step in range(4)
    ]
    with real.store.begin(real.all) as tx:
        for application in made:
            tx.applications.open(application, make_application_event(application, 1))
        tx.applications.append(real.gas, make_application_event(made[1], 2, S.ACCEPTED))
    with console.begin([real.gas]) as tx:
        rows = tx.applications.list_of_agencies(2, None, "list-me")
        assert [row[0] for row in rows] == [made[2].application_id, made[1].application_id]
        expected = (
            made[1].application_id, real.gas, "list-me", made[1].application_no, made[1].created_at, S.ACCEPTED,
        )  # fmt: skip
        assert rows[1] == expected
        assert [row[0] for row in tx.applications.list_of_agencies(9, made[1].application_id, "list-me")] == [
            made[0].application_id
        ]
        assert tx.applications.list_of_agencies(9, None, "list-me", [S.ACCEPTED, S.GRANTED]) == [expected]
    with console.begin([real.water]) as tx:
        assert tx.applications.list_of_agencies(9, None) == []


def test_versions_of_a_service_that_are_in_use(real: Bench) -> None:
    """Those of open applications with the newest of them, those lately decided; of one's agencies only."""

    def make(version: int, minutes: int, last: S) -> None:
        at = NOW + timedelta(minutes=minutes)
        application = replace(make_application(real.gas, at=at, service="in-use"), mapping_version=version)
        with real.store.begin(real.all) as tx:
            tx.applications.open(application, make_application_event(application, 1))
            tx.applications.append(real.gas, replace(make_application_event(application, 2, last), at=at))

    for version, minutes, last in (
        (1, 0, S.GRANTED), (2, 1, S.GRANTED), (3, 2, S.ACCEPTED), (3, 3, S.PENDING), (3, 4, S.REFUSED), (4, 0, S.ACCEPTED),
    ):  # fmt: skip
        make(version, minutes, last)
    since, wanted = NOW + timedelta(minutes=1), [S.ACCEPTED, S.PENDING]
    with real.store.begin([real.gas]) as tx:
        assert tx.applications.list_versions("in-use", wanted, since) == {
            2: None, 3: NOW + timedelta(minutes=3), 4: NOW,
        }  # fmt: skip
        assert tx.applications.list_versions("other", wanted, since) == {}
    with real.store.begin([real.water]) as tx:
        assert tx.applications.list_versions("in-use", wanted, since) == {}


def test_staff_read_an_application_without_the_link_to_the_ledger(
    database: Database, real: Bench, console: SqlConsoleStore
) -> None:
    """The console sees who applied for what, never whose the ledger's records are; and it writes nothing."""
    application = make_application(real.gas)
    with real.store.begin(real.all) as tx:
        tx.applications.open(application, make_application_event(application, 1))
    with console.begin([real.gas]) as tx:
        found = tx.applications.load(application.application_id)
    assert found is not None
    assert found[0] == replace(application, chain_id=ERASED)
    for statement in (
        "SELECT chain_cipher FROM applications",
        "UPDATE applications SET service = service",
        "DELETE FROM applications",
        "INSERT INTO application_events SELECT * FROM application_events",
    ):
        with (
            psycopg.connect(database.urls["console"]) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())


@pytest.mark.parametrize("role", ["public", "console", "worker"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET name = name", "DELETE FROM {}", "TRUNCATE {}"])
def test_events_of_applications_are_append_only(database: Database, role: str, statement: str) -> None:
    """No role of ours changes or removes what happened to an application."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format("application_events").encode())


def test_staff_find_a_person_by_number_and_learn_ids_alone(
    database: Database, real: Bench, console: SqlConsoleStore
) -> None:
    """By identity number or phone, joined accounts included; payments of own agencies only; no cell of a person."""
    (first, _), (second, _), (other, _) = make_person(real), make_person(real), make_person(real)
    payment, foreign = make_payment(real, second), make_payment(real, second, agency_id=real.water)
    with real.store.begin(real.all) as tx:
        tx.persons.record_phone(first, "13800138001", NOW)
        tx.persons.record_identity(first, "王小明", "110101199003070011", NOW)
        tx.persons.record_phone(second, "13800138002", NOW)
        tx.persons.record_phone(other, "13800138002", NOW)
        for one in (payment, foreign):
            tx.payments.open(one, make_event(one, 1))
        tx.persons.join(second, first, NOW)
    with console.begin(real.all) as tx:
        assert tx.people.find_persons(PersonKey.IDENTITY_NUMBER, "110101199003070011") == sorted([first, second])
        assert tx.people.find_persons(PersonKey.PHONE, "13800138001") == sorted([first, second])
        assert tx.people.find_persons(PersonKey.PHONE, "13800138002") == [other]
        assert tx.people.find_persons(PersonKey.PHONE, "110101199003070011") == []
    with console.begin([real.gas]) as tx:
        (found,) = tx.people.list_payments([first, second], 9)
    assert (found.payment_id, found.amount_fen, found.state) == (payment.payment_id, payment.amount_fen, "intended")
    for statement in (
        "SELECT phone_cipher FROM persons",
        "SELECT real_name_cipher FROM persons",
        "SELECT identity_cipher FROM persons",
        "SELECT * FROM persons",
    ):
        with (
            psycopg.connect(database.urls["console"]) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())
