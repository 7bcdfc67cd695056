"""Staff, roles and acts in the government store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.connection import StoreFault
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from services.console_ports import ConsoleTransaction
from services.errors import Conflict, NotFound
from services.staffing import Role, StaffMember
from tests.contract.mapping_samples import make_act, make_member, make_role
from tests.contract.samples import ACCOUNTS, NOW
from tests.databases import Database
from tests.fakes import FakeClock

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[SqlConsoleStore]:
    """The console's store at the moment of the samples."""
    create_keyring(tmp_path / "ring")
    import_accounts(database.owner_url, ACCOUNTS)
    made = SqlConsoleStore(database.urls["console"], Keyring.load(tmp_path / "ring"), FakeClock(NOW))
    yield made
    made.close()


@pytest.fixture
def agencies(store: SqlConsoleStore) -> dict[str, UUID]:
    """Slug → id."""
    return {slug: agency_id for agency_id, slug in store.agency_tree().slugs.items()}


@pytest.fixture
def member(store: SqlConsoleStore, agencies: dict[str, UUID]) -> StaffMember:
    """Somebody of the gas office."""
    made = make_member(agencies["gas"])
    with store.begin([agencies["gas"]]) as tx:
        tx.staff.add(made, None)
    return made


def list_events(database: Database, staff_id: UUID) -> list[tuple[str, UUID | None, UUID]]:
    """Name, by whom, and agency of what happened to somebody, oldest first."""
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT name, by, agency_id FROM staff_events WHERE staff_id = %s ORDER BY event_id"
        return owner.execute(query, [staff_id]).fetchall()


CHANGES: dict[str, Callable[[ConsoleTransaction, StaffMember, UUID], object]] = {
    "suspended": lambda tx, member, by: tx.staff.suspend(member.staff_id, by, LATER),
    "subject_bound": lambda tx, member, by: tx.staff.bind_subject(member.staff_id, f"sub-{uuid4()}", by, LATER),
    "password_set": lambda tx, member, by: tx.staff.set_password(member.staff_id, "$argon2id$x", by, LATER),
    "one_time_secret_set": lambda tx, member, by: tx.staff.set_one_time_secret(member.staff_id, "BASE32", by, LATER),
    "role_granted": lambda tx, member, by: tx.staff.grant(make_role(member, Role.IT), by),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_leaves_an_event(
    database: Database, store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember, name: str
) -> None:
    """Whose it was, by whom, in the same transaction as the change."""
    by = uuid4()
    with store.begin([agencies["gas"]]) as tx:
        CHANGES[name](tx, member, by)
    told = list_events(database, member.staff_id)
    assert told == [("added", None, agencies["gas"]), (name, by, agencies["gas"])]


def test_a_person_is_found_by_login_and_by_subject(
    store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """Both are unique over all agencies, also those that a transaction does not see."""
    by = uuid4()
    with store.begin([agencies["gas"]]) as tx:
        tx.staff.bind_subject(member.staff_id, "sub-1", by, LATER)
        found = tx.staff.find_by_login(member.login)
        assert found == tx.staff.load(member.staff_id) == tx.staff.find_by_subject("sub-1")
        assert found is not None
        assert found.subject == "sub-1"
        assert tx.staff.find_by_login("nobody") is None
        assert found in tx.staff.list_members()
    other = make_member(agencies["water"])
    for taken in (make_member(agencies["water"], login=member.login), make_member(agencies["water"], subject="sub-1")):
        with pytest.raises(Conflict), store.begin([agencies["water"]]) as tx:
            tx.staff.add(taken, by)
    with store.begin([agencies["water"]]) as tx:
        tx.staff.add(other, by)
    with pytest.raises(Conflict), store.begin([agencies["water"]]) as tx:
        tx.staff.bind_subject(other.staff_id, "sub-1", by, LATER)


def test_people_of_another_agency_do_not_exist(
    store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """Whoever acts for another agency neither sees nor changes them."""
    with store.begin([agencies["water"]]) as tx:
        assert tx.staff.load(member.staff_id) is None
        assert tx.staff.find_by_login(member.login) is None
        with pytest.raises(NotFound):
            tx.staff.suspend(member.staff_id, uuid4(), LATER)
        with pytest.raises(NotFound):
            tx.staff.read_credentials(member.staff_id)
        assert not tx.staff.use_code(member.staff_id, 1)
    with pytest.raises(StoreFault), store.begin([agencies["water"]]) as tx:
        tx.staff.add(make_member(agencies["gas"]), None)


def test_moving_needs_both_agencies(
    database: Database, store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """Whoever acts for the old agency alone cannot push somebody into another; the event stays in the old one."""
    by = uuid4()
    with pytest.raises(StoreFault), store.begin([agencies["gas"]]) as tx:
        tx.staff.move(member.staff_id, agencies["water"], by, LATER)
    with store.begin([agencies["gas"], agencies["water"]]) as tx:
        tx.staff.set_password(member.staff_id, "hash", by, LATER)
        tx.staff.move(member.staff_id, agencies["water"], by, LATER)
        with pytest.raises(Conflict):
            tx.staff.move(member.staff_id, agencies["water"], by, LATER)
    with store.begin([agencies["water"]]) as tx:
        moved = tx.staff.load(member.staff_id)
        assert moved is not None
        assert moved.agency_id == agencies["water"]
        assert tx.staff.read_credentials(member.staff_id) == ("hash", None)
    assert [event[2] for event in list_events(database, member.staff_id)] == [agencies["gas"]] * 3


def test_suspending_and_restoring_are_told_apart(
    store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """Who is suspended already, or is not, is told so."""
    by = uuid4()
    with store.begin([agencies["gas"]]) as tx:
        with pytest.raises(Conflict):
            tx.staff.restore(member.staff_id, by, LATER)
        tx.staff.suspend(member.staff_id, by, LATER)
        with pytest.raises(Conflict):
            tx.staff.suspend(member.staff_id, by, LATER)
        found = tx.staff.load(member.staff_id)
        assert found is not None
        assert found.suspended_at == LATER
        tx.staff.restore(member.staff_id, by, LATER)
        assert tx.staff.load(member.staff_id) == member


def test_credentials_lie_encrypted(
    database: Database, store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """Whoever reads the database learns neither the hash of a password nor the secret of the codes."""
    with store.begin([agencies["gas"]]) as tx:
        assert tx.staff.read_credentials(member.staff_id) == (None, None)
        tx.staff.set_password(member.staff_id, "$argon2id$canary", None, LATER)
        tx.staff.set_one_time_secret(member.staff_id, "JBSWY3DPEHPK3PXP", None, LATER)
        assert tx.staff.read_credentials(member.staff_id) == ("$argon2id$canary", "JBSWY3DPEHPK3PXP")
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(
            "SELECT password_cipher, one_time_cipher FROM staff WHERE staff_id = %s", [member.staff_id]
        ).fetchone()
    assert row is not None
    assert b"canary" not in row[0]
    assert b"JBSW" not in row[1]


def test_a_code_is_used_once(store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember) -> None:
    """A step counts once, and none before it counts any more; a new secret begins anew."""
    with store.begin([agencies["gas"]]) as tx:
        assert tx.staff.use_code(member.staff_id, 100)
        assert not tx.staff.use_code(member.staff_id, 100)
        assert not tx.staff.use_code(member.staff_id, 99)
        assert tx.staff.use_code(member.staff_id, 101)
        tx.staff.set_one_time_secret(member.staff_id, "NEW", None, LATER)
        assert tx.staff.use_code(member.staff_id, 50)


def test_roles_end_by_themselves_or_by_an_act(
    database: Database, store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """Listed are those in force or to come; a deputy's ends with its time, another when it is revoked."""
    by, other = uuid4(), make_member(agencies["gas"])
    plain = make_role(member, Role.IT)
    ended = make_role(member, Role.CLERK, since=NOW - timedelta(days=2), until=NOW - timedelta(days=1))
    deputy = make_role(member, Role.HEAD, since=LATER, until=LATER + timedelta(days=1), deputising_for=other.staff_id)
    with store.begin([agencies["gas"]]) as tx:
        tx.staff.add(other, by)
        for held in (plain, ended, deputy):
            tx.staff.grant(held, by)
        assert tx.staff.list_roles(member.staff_id) == [plain, deputy]
        assert tx.staff.list_roles(other.staff_id) == []
        assert plain in tx.staff.list_roles()
        assert plain in tx.staff.holders(Role.IT)
        assert deputy not in tx.staff.holders(Role.IT)
        tx.staff.revoke(plain.grant_id, by, NOW)
        assert tx.staff.list_roles(member.staff_id) == [deputy]
        with pytest.raises(Conflict):
            tx.staff.revoke(plain.grant_id, by, NOW)
        with pytest.raises(NotFound):
            tx.staff.revoke(uuid4(), by, NOW)
        with pytest.raises(NotFound):
            tx.staff.grant(make_role(make_member(agencies["gas"]), Role.IT), by)
    assert [event[0] for event in list_events(database, member.staff_id)][-1] == "role_revoked"


def test_a_role_is_given_only_in_an_agency_of_the_transaction(
    store: SqlConsoleStore, agencies: dict[str, UUID], member: StaffMember
) -> None:
    """An administrator of the gas office cannot make anybody IT of the water company."""
    with pytest.raises(StoreFault), store.begin([agencies["gas"]]) as tx:
        tx.staff.grant(make_role(member, Role.IT, agency_id=agencies["water"]), uuid4())


def test_acts_are_listed_newest_first_within_the_agencies(store: SqlConsoleStore, agencies: dict[str, UUID]) -> None:
    """By person, by subject, by kind, in pages; another agency's are not there."""
    staff_id, subject = uuid4(), str(uuid4())
    acts = [
        make_act(agencies["gas"], NOW + timedelta(seconds=step), staff_id=staff_id, subject_id=subject)
        for step in range(4)
    ]
    foreign = make_act(agencies["water"], staff_id=staff_id, act="person.search", reason="")
    with store.begin([agencies["gas"], agencies["water"]]) as tx:
        for act in [*acts, foreign]:
            tx.acts.append(act)
    with store.begin([agencies["gas"]]) as tx:
        assert tx.acts.list_acts(3, None, staff_id=staff_id) == [acts[3], acts[2], acts[1]]
        assert tx.acts.list_acts(3, acts[1].act_id, subject_id=subject) == [acts[0]]
        assert tx.acts.list_acts(9, None, staff_id=staff_id, act="person.search") == []
    with store.begin([agencies["gas"], agencies["water"]]) as tx:
        assert tx.acts.list_acts(9, None, staff_id=staff_id, act="person.search") == [foreign]


@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("role", ["public", "console", "worker", "sequencer"])
@pytest.mark.parametrize("table", ["acts", "staff_events"])
def test_acts_are_append_only(database: Database, role: str, table: str, statement: str) -> None:
    """No role of ours changes or removes what somebody did."""
    with psycopg.connect(database.urls[role]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table).encode())


def test_what_somebody_wrote_as_a_reason_lies_encrypted(
    database: Database, store: SqlConsoleStore, agencies: dict[str, UUID]
) -> None:
    """People write names into reasons."""
    act = make_act(agencies["gas"], reason="欧阳金丝雀来电")
    with store.begin([agencies["gas"]]) as tx:
        tx.acts.append(act)
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute("SELECT * FROM acts WHERE act_id = %s", [act.act_id]).fetchone()
    assert row is not None
    assert "欧阳金丝雀".encode() not in b"".join(cell for cell in row if isinstance(cell, bytes))
    assert "欧阳金丝雀" not in str(row)
