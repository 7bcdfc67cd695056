"""Demo accounts: one member of the staff for each role where the counter is run, a small office below it, so that two can decide, and
whoever looks on from the level above.

Their passwords are random per home and lie in ``run/demo-accounts.json`` (0600), each with its login, role and agency. The one-time
code comes from ``python -m gateway staff code LOGIN``. Made again only where the store or the file has lost them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from adapters.clock import SharedClock
from adapters.ids import make_id
from adapters.passwords import Argon2Hasher, TimedCodes, make_one_time_password
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.keyring import Keyring
from gateway.launch.places import write_json
from gateway.launch.stack import Stack
from services.console_ports import ConsoleTransaction, PasswordHasher
from services.staffing import AgencyTree, Role, RoleHeld, StaffMember

BRANCH = (
    ("it1", Role.IT), ("it2", Role.IT), ("clerk", Role.CLERK), ("head", Role.HEAD), ("privacy", Role.PRIVACY),
    ("supervisor", Role.SUPERVISOR),
)  # fmt: skip
LEVELS: Mapping[str, str] = {"main": "演示", "branch": "区", "above": "上级"}
ABOVE = (Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR)
NAMES: Mapping[Role, str] = {
    Role.IT: "信息化", Role.CLERK: "经办", Role.HEAD: "负责人", Role.SUPERVISOR: "督查", Role.FINANCE: "财务",
    Role.PRIVACY: "个人信息保护", Role.AUDITOR: "审计", Role.OPERATOR: "运维", Role.ADMINISTRATOR: "管理员",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One line of the file. ``staff_id`` tells whether the store still has the very person."""

    login: str
    password: str
    role: str
    agency: str
    staff_id: str


def demo_accounts_file(stack: Stack) -> Path:
    """Where the passwords of this home's demo accounts lie."""
    return stack.places.path("run", "demo-accounts.json")


def make_demo_accounts(stack: Stack) -> list[DemoAccount]:
    """All demo accounts, made where they are missing; told by the file. Running it twice changes nothing."""
    file, clock = demo_accounts_file(stack), SharedClock(stack.clock_file)
    before = {account.login: account for account in read_demo_accounts(file)}
    store = SqlConsoleStore(stack.owner_url, Keyring.load(stack.keyring_file), clock)
    try:
        tree = store.agency_tree()
        with store.begin(tuple(tree.parents)) as tx:
            maker = _Maker(tx, tree, clock, Argon2Hasher())
            accounts = [maker.settle(cast, before.get(cast.login)) for cast in list_cast(tree)]
    finally:
        store.close()
    write_json(file, {"accounts": [asdict(account) for account in accounts]})
    return accounts


def read_demo_accounts(file: Path) -> list[DemoAccount]:
    """The accounts of a home's file; none if there is no such file."""
    try:
        return [DemoAccount(**entry) for entry in json.loads(file.read_text("utf-8"))["accounts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


@dataclass(frozen=True, slots=True)
class Cast:
    """Somebody that the demo needs."""

    login: str
    role: Role
    agency_id: UUID


def list_cast(tree: AgencyTree) -> Iterator[Cast]:
    """Each role once where the counter is run; in the first agency below it an office of six; above it supervision, audit, administration."""
    root = next(agency for agency, parent in tree.parents.items() if parent is None)
    main = find_main(tree, root)
    for role in Role:
        yield Cast(f"main.{role.value}", role, main)
    yield Cast("main.it2", Role.IT, main)
    for branch in list_children(tree, main)[:1]:
        for name, role in BRANCH:
            yield Cast(f"branch.{name}", role, branch)
    for role in ABOVE if main != root else ():
        yield Cast(f"above.{role.value}", role, root)


def find_main(tree: AgencyTree, root: UUID) -> UUID:
    """The agency that runs the counter: the highest one with more than one agency below it."""
    main = root
    while len(below := list_children(tree, main)) == 1:
        main = below[0]
    return main


def list_children(tree: AgencyTree, agency: UUID) -> list[UUID]:
    """The agencies right below one, by their slugs."""
    return sorted((one for one in tree.parents if tree.parents[one] == agency), key=lambda one: tree.slugs[one])


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes what is missing, within one transaction, as the operator (no rule of the organisation is touched by these)."""

    tx: ConsoleTransaction
    tree: AgencyTree
    clock: SharedClock
    hasher: PasswordHasher

    def settle(self, cast: Cast, before: DemoAccount | None) -> DemoAccount:
        member = self.tx.staff.find_by_login(cast.login)
        password = before.password if before else make_one_time_password()
        if member is None:
            member = self._add(cast)
        if before is None or before.staff_id != str(member.staff_id):
            self._let_in(member, password)
        return DemoAccount(cast.login, password, cast.role.value, self.tree.slugs[cast.agency_id], str(member.staff_id))

    def _add(self, cast: Cast) -> StaffMember:
        now = self.clock.now()
        member = StaffMember(
            make_id(now), cast.agency_id, cast.login, f"{LEVELS[cast.login.split('.')[0]]}·{NAMES[cast.role]}", now
        )
        self.tx.staff.add(member, None)
        self.tx.staff.grant(RoleHeld(make_id(now), member.staff_id, cast.agency_id, cast.role, now), None)
        return member

    def _let_in(self, member: StaffMember, password: str) -> None:
        now = self.clock.now()
        self.tx.staff.set_password(member.staff_id, self.hasher.hash(password), None, now)
        self.tx.staff.set_one_time_secret(member.staff_id, TimedCodes().make_secret(), None, now)
