"""Demo accounts: each role, and an office in which two can decide; made once, kept with their home, for its owner alone."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from adapters.clock import SharedClock
from adapters.passwords import Argon2Hasher
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from gateway.launch.places import Places
from gateway.launch.stack import Stack
from gateway.launch.staff import demo_accounts_file, list_cast, make_demo_accounts, read_demo_accounts
from services.staff_rules import CASE_ROLES
from services.staffing import AgencyTree, Role
from tests.contract.samples import ACCOUNTS
from tests.databases import Database


@pytest.fixture
def stack(database: Database, tmp_path: Path) -> Stack:
    """A home with keys and a store with agencies; nothing runs."""
    made = Stack(Places(tmp_path), lambda _line: None, None, None)  # type: ignore[arg-type] # no process is started
    made.owner_url = database.owner_url
    create_keyring(made.keyring_file)
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE staff, staff_roles, staff_events, acts CASCADE")
    return made


def test_every_role_and_an_office_that_can_decide(stack: Stack) -> None:
    """Each role at the root; two of IT, a clerk, a head, a privacy officer and a supervisor below it; nobody holds what excludes the other."""
    accounts = make_demo_accounts(stack)
    root = [account.role for account in accounts if account.agency == "city"]
    office = sorted(account.role for account in accounts if account.agency == "gas")
    assert set(root) == {role.value for role in Role}
    assert office == ["clerk", "head", "it", "it", "privacy", "supervisor"]
    assert (
        len({account.login for account in accounts}) == len({account.password for account in accounts}) == len(accounts)
    )
    assert not any(Role(account.role) in CASE_ROLES and account.role == "administrator" for account in accounts)


def test_the_passwords_are_the_store_s_and_the_owner_s_alone(stack: Stack) -> None:
    """What the file says opens the account; nobody else may read the file."""
    account = make_demo_accounts(stack)[0]
    file = demo_accounts_file(stack)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_demo_accounts(file)[0] == account
    store = SqlConsoleStore(stack.owner_url, Keyring.load(stack.keyring_file), SharedClock(stack.clock_file))
    with store.begin(tuple(store.agency_tree().parents)) as tx:
        member = tx.staff.find_by_login(account.login)
        assert member
        hashed, secret = tx.staff.read_credentials(member.staff_id)
    store.close()
    assert secret
    assert Argon2Hasher().verify(hashed, account.password)


def test_making_them_again_changes_nothing_and_mends_what_is_lost(stack: Stack) -> None:
    """A second run keeps them; a lost file gives new passwords to the same people; a lost store gets the file's people again."""
    first = make_demo_accounts(stack)
    assert make_demo_accounts(stack) == first
    demo_accounts_file(stack).unlink()
    second = make_demo_accounts(stack)
    assert [account.staff_id for account in second] == [account.staff_id for account in first]
    assert all(one.password != other.password for one, other in zip(first, second, strict=True))
    with psycopg.connect(stack.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE staff, staff_roles, staff_events, acts CASCADE")
    third = make_demo_accounts(stack)
    assert [account.password for account in third] == [account.password for account in second]
    assert json.loads(demo_accounts_file(stack).read_text("utf-8"))["accounts"][0]["staff_id"] == third[0].staff_id


def test_a_level_above_looks_on() -> None:
    """Where one agency stands above the one that runs the counter, it has supervision of its own, and the roles stay where the work is."""
    province, city, district, office = (UUID(int=number) for number in range(1, 5))
    tree = AgencyTree(
        {province: None, city: province, district: city, office: city},
        {province: "p", city: "c", district: "d", office: "o"},
    )
    cast = list(list_cast(tree))
    assert {one.agency_id for one in cast if one.login.startswith("main.")} == {city}
    assert {one.agency_id for one in cast if one.login.startswith("branch.")} == {district}
    supervisors = {one.agency_id for one in cast if one.role is Role.SUPERVISOR}
    assert supervisors == {province, city, district}
    assert [one.role for one in cast if one.agency_id == province] == [
        Role.SUPERVISOR,
        Role.AUDITOR,
        Role.ADMINISTRATOR,
    ]
