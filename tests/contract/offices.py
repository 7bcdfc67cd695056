"""The people of a small city's offices, their store (real or fake), and mapping files for them to publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from adapters.ids import make_id
from adapters.mapping_files import load_vocabulary
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from services.console_ports import ConsoleStore
from services.mapping_record import MappingEvent
from services.publication_state import ServiceState, read_state
from services.publishing import PublishingDesk
from services.staffing import Actor, AgencyTree, Role, StaffMember
from tests.contract.mapping_samples import make_member, make_role
from tests.contract.samples import ACCOUNTS, NOW
from tests.databases import Database
from tests.fake_mappings import FakeMappingConsole
from tests.fakes import ROOT, FakeClock

SAMPLE = (ROOT / "config/mappings/gas-bill.yaml").read_text("utf-8")
VOCABULARY = load_vocabulary()
SPARE = next(name for name in sorted(VOCABULARY.fields) if name not in SAMPLE)
"""A field that the sample does not let any platform see."""
PEOPLE: Mapping[str, tuple[str, Role]] = {
    "li": ("gas", Role.IT), "wang": ("gas", Role.IT), "zhao": ("gas", Role.PRIVACY), "zhou": ("gas", Role.CLERK),
    "feng": ("gas", Role.ADMINISTRATOR), "chen": ("water", Role.IT), "qian": ("water", Role.PRIVACY),
    "sun": ("city", Role.IT), "wu": ("city", Role.PRIVACY),
}  # fmt: skip
"""Who is what where."""


def write_file(service: str, version: int, *, agency: str = "gas", wider: bool = False) -> bytes:
    """A faultless mapping of this id and version; ``wider`` lets one field more be shown, on both platforms."""
    text = SAMPLE.replace("id: gas-bill", f"id: {service}", 1).replace("version: 1\n", f"version: {version}\n", 1)
    text = text.replace("agency: demo-gas-office", f"agency: {agency}", 1)
    if wider:
        text = text.replace("    shown_in_client:\n", f"    shown_in_client:\n      - {SPARE}\n", 1)
    return text.encode()


def name_service() -> str:
    """An id that no other test has."""
    return f"gas-{uuid4().hex[:10]}"


@dataclass
class Offices:
    """A publishing desk and the people around it."""

    store: ConsoleStore
    desk: PublishingDesk
    clock: FakeClock
    tree: AgencyTree
    members: dict[str, StaffMember]

    def agency(self, slug: str) -> UUID:
        """Its id."""
        return next(agency_id for agency_id, known in self.tree.slugs.items() if known == slug)

    def actor(self, name: str) -> Actor:
        """Somebody with the roles that the store says they hold now."""
        member = self.members[name]
        with self.store.begin(tuple(self.tree.parents)) as tx:
            held = [one for one in tx.staff.list_roles(member.staff_id) if one.is_in_force(self.clock.now())]
        return Actor(member, tuple(held), self.tree, "request")

    def restore_staff(self) -> None:
        """Everybody is again what ``PEOPLE`` says, whatever a test made of them."""
        now = self.clock.now()
        with self.store.begin(tuple(self.tree.parents)) as tx:
            for held in tx.staff.list_roles():
                tx.staff.revoke(held.grant_id, None, now)
            for name, (_, role) in PEOPLE.items():
                present = tx.staff.load(self.members[name].staff_id)
                if present is not None and present.suspended_at is not None:
                    tx.staff.restore(present.staff_id, None, now)
                tx.staff.grant(make_role(self.members[name], role, now), None)

    def publish_first(self, service: str, *, version: int = 1) -> None:
        """A first version in force, with nobody's pen in it."""
        self.desk.import_file(write_file(service, version), {})


def _staff(store: ConsoleStore, clock: FakeClock) -> Offices:
    tree, members = store.agency_tree(), {}
    ids = {slug: agency_id for agency_id, slug in tree.slugs.items()}
    with store.begin(tuple(tree.parents)) as tx:
        for name, (slug, role) in PEOPLE.items():
            members[name] = make_member(ids[slug], login=f"{name}-{uuid4().hex[:8]}")
            tx.staff.add(members[name], None)
            tx.staff.grant(make_role(members[name], role), None)
    desk = PublishingDesk(store, VOCABULARY, clock, lambda: make_id(clock.now()))
    return Offices(store, desk, clock, tree, members)


@contextmanager
def open_sql_offices(database: Database, folder: Path) -> Iterator[Offices]:
    """On PostgreSQL, under the console's role."""
    if not (folder / "ring").exists():
        create_keyring(folder / "ring")
    import_accounts(database.owner_url, ACCOUNTS)
    clock = FakeClock(NOW)
    store = SqlConsoleStore(database.urls["console"], Keyring.load(folder / "ring"), clock)
    try:
        yield _staff(store, clock)
    finally:
        store.close()


def make_fake_offices() -> Offices:
    """On the fake."""
    city, gas, water, clock = uuid4(), uuid4(), uuid4(), FakeClock(NOW)
    tree = AgencyTree({city: None, gas: city, water: city}, {city: "city", gas: "gas", water: "water"})
    return _staff(FakeMappingConsole(tree, clock), clock)


def read_events(offices: Offices, service: str) -> tuple[list[MappingEvent], ServiceState]:
    """Events and state of a service."""
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        events = tx.mappings.list_events(service)
    return events, read_state(events)


def find_served(offices: Offices, service: str) -> int | None:
    """The version that the store says is served."""
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        return next((row.version for row in tx.mappings.list_in_force() if row.service == service), None)
