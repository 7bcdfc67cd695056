"""A small city in memory: two platforms, a gas and a water company, citizens, and a worker that runs what is due."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.doors import PLATFORMS
from services.mapping import ServiceMapping
from services.model import (
    Assurance,
    Caller,
    Household,
    Language,
    MerchantAccount,
    MerchantMode,
    Notice,
    PaymentState,
    PlatformApp,
    PlatformName,
    PlatformUser,
)
from services.notices import accept_notice
from services.orders import confirm_payment, expire_order
from services.payment_events import PaymentFile
from services.payment_replies import PaymentReply
from services.payments import pay_bill
from services.ports import Store
from services.references import refer_to_bill, refer_to_household
from services.refunds import refund_payment
from services.till import Till
from services.write_offs import write_off_payment
from tests.fake_back_end import FakeBackEnd, FakeBill
from tests.fake_faults import Faults
from tests.fake_platform import FakePlatform
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeDirectory, FakeKeyedHash, load_catalogue

AGENCIES = ("demo-city", "demo-gas-office", "demo-water-office")
W, A = PlatformName.WECHAT, PlatformName.ALIPAY
GAS_NO, WATER_NO = "10086001", "20086001"
JOBS: dict[str, Callable[[Till, UUID, UUID, str], PaymentState]] = {
    "confirm_payment": confirm_payment,
    "expire_order": expire_order,
    "write_off_payment": write_off_payment,
    "refund_payment": refund_payment,
}
CATALOGUE = load_catalogue()


@dataclass
class Citizen:
    """A person with a log-in on each platform and a household bound."""

    person_id: UUID
    callers: dict[PlatformName, Caller]
    household: Household


class City:
    """Everything wired together on fakes. One clock, one source of accidents.

    ``place``: another store for the till, with the ids of its agencies; then only what does not look into tables works.
    """

    def __init__(self, place: tuple[Store, dict[str, UUID]] | None = None) -> None:
        self.clock, self.faults = FakeClock(), Faults()
        self.store = FakeStore(self.faults)
        self.platforms = {name: FakePlatform(name, self.clock.now, self.faults) for name in PLATFORMS}
        self.companies = {
            "gas-bill": FakeBackEnd({GAS_NO: ("王小明", "示范市东城区一路1号")}, faults=self.faults),
            "water-bill": FakeBackEnd({WATER_NO: ("李秀英", "示范市西城区二路2号")}, faults=self.faults),
        }
        self.directory = make_directory(place[1] if place else {slug: uuid4() for slug in AGENCIES})
        self.running: tuple[str, UUID, UUID] | None = None
        self._dice = random.Random(7)  # noqa: S311 - the same numbers in every run
        self.till = Till(
            store=place[0] if place else self.store,
            platforms=self.platforms,
            back_end_of=self._back_end_of,
            catalogue=CATALOGUE,
            directory=self.directory,
            clock=self.clock,
            new_id=lambda: make_id(self.clock.now()),
            random=secrets.token_bytes if place else self._dice.randbytes,
            keyed_hash=FakeKeyedHash(),
            public_url="https://counter.example",
        )

    def _back_end_of(self, mapping: ServiceMapping) -> FakeBackEnd:
        return self.companies[mapping.id]

    @property
    def gas(self) -> FakeBackEnd:
        """The gas company."""
        return self.companies["gas-bill"]

    def add_bill(self, bill_no: str = "G-1", amount_fen: int = 8640, service: str = "gas-bill") -> str:
        """The company sends a bill."""
        number = GAS_NO if service == "gas-bill" else WATER_NO
        self.companies[service].bills[bill_no] = FakeBill(number, amount_fen)
        return bill_no

    def add_citizen(self, name: str = "wang", service: str = "gas-bill") -> Citizen:
        """Somebody with both apps who has bound the household."""
        now, everywhere = self.clock.now(), self.directory.all_agencies()
        number = GAS_NO if service == "gas-bill" else WATER_NO
        with self.till.store.begin(everywhere) as tx:
            person = tx.persons.open_person(self.directory.root_agency(), now)
            tx.persons.record_phone(person.person_id, "13800138001", now)
            agency = self.directory.agency_id(CATALOGUE.service(service).agency)
            held = self.companies[service].households[number]
            household = tx.households.bind(agency, service, number, *held, person.person_id, now)
            logins = {
                app.platform: tx.persons.add_login(
                    person, app.platform, app.app, PlatformUser(f"{name}-{app.app}"), now
                )[0]
                for app in self.directory.apps
            }
        callers = {
            app.platform: Caller(
                session_id=uuid4(),
                person_id=person.person_id,
                chain_id=person.chain_id,
                login_id=logins[app.platform].login_id,
                app=app,
                assurance=Assurance.PHONE,
                agencies=everywhere,
                language=Language.ZH_CN,
                request_id=str(uuid4()),
            )
            for app in self.directory.apps
        }
        return Citizen(person.person_id, callers, household)

    def bill_ref(self, citizen: Citizen, bill_no: str, platform: PlatformName = W) -> str:
        """The reference that this citizen's screen shows for a bill."""
        return refer_to_bill(self.till.keyed_hash, self.household_ref(citizen, platform), bill_no)

    def household_ref(self, citizen: Citizen, platform: PlatformName = W) -> UUID:
        """What this citizen's household is called in one platform's app."""
        return refer_to_household(self.till.keyed_hash, citizen.callers[platform], citizen.household)

    def pay(
        self,
        citizen: Citizen,
        platform: PlatformName = W,
        *,
        bill_no: str = "G-1",
        amount_fen: int = 8640,
        key: str = "k1",
    ) -> PaymentReply:
        """The citizen asks to pay."""
        ref = self.bill_ref(citizen, bill_no, platform)
        return pay_bill(
            self.till, citizen.callers[platform], self.household_ref(citizen, platform), ref, amount_fen, key
        )

    def file(self, payment_id: UUID) -> PaymentFile:
        """A payment's file."""
        return PaymentFile(self.store.tables.payments[payment_id], tuple(self.store.tables.events[payment_id]))

    def pay_and_confirm(self, citizen: Citizen, *, amount_fen: int | None = None) -> UUID:
        """An order through WeChat that was paid on the phone; its notice waits."""
        payment_id = self.pay(citizen).payment_id
        self.platforms[W].pay(self.order_no(payment_id), amount_fen=amount_fen)
        return payment_id

    def names(self, payment_id: UUID) -> list[str]:
        """The names of a payment's events."""
        return [event.name for event in self.file(payment_id).events]

    def books(self, payment_id: UUID) -> tuple[int, int, int]:
        """Taken and given back by the platform, written off by the gas company; in fen."""
        payment = self.file(payment_id).payment
        order = self.platforms[payment.platform].orders[payment.order_no]
        written = self.gas.write_offs.get(payment.sequence_no)
        return order.taken_fen, order.returned_fen, written[2] if written else 0

    def state(self, payment_id: UUID) -> PaymentState:
        """A payment's state."""
        return self.file(payment_id).state

    def order_no(self, payment_id: UUID) -> str:
        """The number that the platform has for a payment."""
        return self.store.tables.payments[payment_id].order_no

    def deliver(self, platform: PlatformName = W) -> list[PaymentState]:
        """Deliver every notice that waits."""
        notices, self.platforms[platform].outbox[:] = list(self.platforms[platform].outbox), []
        return [self.hear(notice) for notice in notices]

    def hear(self, notice: Notice) -> PaymentState:
        """One notice arrives."""
        return accept_notice(self.till, notice)

    def sweep(self) -> None:
        """What is due by the clock becomes a job."""
        due = self.store.tables.due
        for entry in [entry for entry, at in due.items() if at <= self.clock.now()]:
            del due[entry]
            if entry not in self.store.tables.queue:
                self.store.tables.queue.append(entry)

    def run_job(self, place: int = 0) -> PaymentState:
        """Run one job; it leaves the queue only when it ended, so that a killed one runs again."""
        job = self.running = self.store.tables.queue.pop(place)
        ended = False
        try:
            state = JOBS[job[0]](self.till, job[1], job[2], str(uuid4()))
            ended = True
        finally:
            if not ended and job not in self.store.tables.queue:
                self.store.tables.queue.append(job)
        return state

    def run_again(self) -> None:
        """Another worker takes the running job for a dead one's and runs it too."""
        if self.running is not None:
            JOBS[self.running[0]](self.till, self.running[1], self.running[2], str(uuid4()))

    def run_jobs(self, limit: int = 500) -> None:
        """Run what stands in the queue and what is due, until nothing is."""
        self.sweep()
        while self.store.tables.queue:
            limit -= 1
            assert limit, "jobs do not come to rest"
            self.run_job()
            self.sweep()

    def wait(self, seconds: float) -> None:
        """Let time pass and the worker work."""
        self.clock.advance(seconds)
        self.run_jobs()

    def wait_until_quiet(self, limit: int = 400) -> None:
        """Let time pass from one due moment to the next until nothing is planned any more."""
        self.run_jobs()
        while self.store.tables.due:
            limit -= 1
            assert limit, "work never ends"
            next_at: datetime = min(self.store.tables.due.values())
            self.wait(max(0.0, (next_at - self.clock.now()).total_seconds()))


def make_directory(agencies: dict[str, UUID]) -> FakeDirectory:
    """Two agencies below a city, two apps, four merchant accounts; no money is pooled."""
    apps = [
        PlatformApp(agencies["demo-city"], f"{name}-main", name, f"app-{name}", "http://127.0.0.1:1")
        for name in PLATFORMS
    ]
    merchants = [
        MerchantAccount(
            agency_id=agencies[f"demo-{kind}-office"],
            account=f"{kind}-{app.platform}",
            platform=app.platform,
            app_id=app.app_id,
            merchant_id=f"m-{kind}-{app.platform}",
            mode=MerchantMode.DIRECT,
            pay_url="http://127.0.0.1:1",
            payee=f"{kind}-company",
        )
        for kind in ("gas", "water")
        for app in apps
    ]
    return FakeDirectory(agencies, apps, merchants)
