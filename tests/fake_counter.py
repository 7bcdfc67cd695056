"""A counter in memory for applications, look-ups and information: one office, one citizen on two platforms, a worker."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.application_events import ApplicationFile, load_file
from services.application_record import ApplicationState
from services.applications import submit
from services.catalogue import Catalogue
from services.information import InformationShelf
from services.late_results import fetch_results, poll_application
from services.mapping import ServiceMapping, Texts
from services.model import Assurance, Caller, JsonValue, Language, PlatformApp, PlatformName, PlatformUser
from services.submissions import settle_application
from services.till import Till
from tests.fake_applications import FakeOffice
from tests.fake_faults import Faults
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeDirectory, FakeKeyedHash, load_catalogue
from tests.small_services import make_application, make_information, make_lookup

W, A = PlatformName.WECHAT, PlatformName.ALIPAY
FORM: dict[str, JsonValue] = {
    "pet_name": "旺财", "pet_kind": "DOG", "born_on": "2020-02-29", "price": "1234.5", "legs": 4, "vaccinated": True,
}  # fmt: skip
KNOWN = {"address": "示范市东城区一路1号", "income": "50000.00"}
JOBS: dict[str, Callable[[Till, UUID, UUID, str], Any]] = {
    "submit_application": settle_application,
    "settle_application": settle_application,
    "poll_application": poll_application,
    "fetch_results": fetch_results,
}


def say(reason: str, language: Language) -> str:
    """Stands for ``Wording.say_refusal``."""
    return f"{reason} ({language})"


class Counter:
    """Everything wired together on fakes; ``late`` is how results of the application arrive."""

    def __init__(self, late: str = "") -> None:
        self.clock, self.faults = FakeClock(), Faults()
        self.store = FakeStore(self.faults)
        self.office = FakeOffice(known=dict(KNOWN), faults=self.faults)
        self.mapping = make_application(late=late)
        services = {one.id: one for one in (self.mapping, make_lookup(), make_information())}
        self.switched_off: dict[str, Texts] = {}
        self.versions: dict[tuple[str, int], ServiceMapping] = {}
        shipped = load_catalogue()
        self.catalogue = Catalogue(
            services, shipped.rooms, shipped.vocabulary, self.switched_off, lambda *at: self.versions.get(at)
        )
        agencies = {"demo-city": uuid4()}
        apps = [PlatformApp(agencies["demo-city"], f"{name}-main", name, f"app-{name}", "http://x") for name in (W, A)]
        self.directory = FakeDirectory(agencies, apps)
        dice = random.Random(7)  # noqa: S311 - the same numbers in every run
        self.till = Till(
            store=self.store, platforms={}, back_end_of=lambda _: self.office, catalogue=self.catalogue,
            directory=self.directory, clock=self.clock, new_id=lambda: make_id(self.clock.now()), random=dice.randbytes,
            keyed_hash=FakeKeyedHash(), public_url="https://counter.example",
        )  # fmt: skip
        self.shelf = InformationShelf()
        self.wang = self.add_citizen("wang", "110101199003070011")

    def add_citizen(self, name: str, number: str | None) -> Caller:
        """Somebody with a proven name, on the first platform; without a number somebody with a phone only."""
        now, everywhere = self.clock.now(), self.directory.all_agencies()
        with self.store.begin(everywhere) as tx:
            person = tx.persons.open_person(everywhere[0], now)
            tx.persons.record_phone(person.person_id, "13800138001", now)
            if number:
                tx.persons.record_identity(person.person_id, "王小明", number, now)
            login, _ = tx.persons.add_login(person, W, "wechat-main", PlatformUser(name), now)
        level = Assurance.REAL_NAME if number else Assurance.PHONE
        return Caller(
            session_id=uuid4(), person_id=person.person_id, chain_id=person.chain_id, login_id=login.login_id,
            app=self.directory.apps[0], assurance=level, agencies=everywhere, language=Language.ZH_CN, request_id=str(uuid4()),
        )  # fmt: skip

    def on(self, platform: PlatformName) -> Caller:
        """The citizen in another app."""
        return replace(self.wang, app=next(app for app in self.directory.apps if app.platform is platform))

    def apply(self, key: str = "key-00001", caller: Caller | None = None, **changed: JsonValue) -> bytes:
        """Submit the form, with some values changed."""
        form = {name: value for name, value in (FORM | changed).items() if value is not None}
        return submit(self.till, caller or self.wang, self.mapping, form, key, say)

    @property
    def file(self) -> ApplicationFile:
        """The only application."""
        (own,) = self.store.tables.applications
        with self.store.begin(self.directory.all_agencies()) as tx:
            return load_file(tx, own)

    @property
    def state(self) -> ApplicationState:
        return self.file.state

    def names(self) -> list[str]:
        """The events of the only application."""
        return [event.name for event in self.file.events]

    def run_jobs(self) -> None:
        """What is queued and what is due; a job that dies stays."""
        due = self.store.tables.due
        for entry in [entry for entry, at in due.items() if at <= self.clock.now()]:
            del due[entry]
            self.store.tables.queue.append(entry)
        while self.store.tables.queue:
            job = self.store.tables.queue[0]
            JOBS[job[0]](self.till, job[1], job[2], str(uuid4()))
            self.store.tables.queue.remove(job)

    def wait(self, seconds: float) -> None:
        """Let time pass and the worker work."""
        self.clock.advance(seconds)
        self.run_jobs()

    def wait_until_quiet(self, limit: int = 300) -> None:
        """Let time pass from one due moment to the next until nothing is planned any more."""
        self.run_jobs()
        while self.store.tables.due:
            limit -= 1
            assert limit, "work never ends"
            self.wait(max(0.0, (min(self.store.tables.due.values()) - self.clock.now()).total_seconds()))
