"""A console with an organisation: root, two sibling agencies, a child of the first; people with every role; browsers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from adapters.ids import make_id
from adapters.mapping_files import MAPPINGS_FOLDER
from adapters.passwords import TimedCodes
from gateway.app import create_console_app
from gateway.console.desk import ConsoleDesk, CounterRooms
from gateway.console.witness import WitnessedStore
from gateway.routes.health import RollCall
from gateway.workshop import Workshop
from services.act_book import ActBook
from services.application_files import ApplicationFiles
from services.application_record import Application, ApplicationEvent, ApplicationState
from services.console_ports import PaymentSummary, PersonKey
from services.counter_desk import CounterDesk
from services.errors import StoreUnavailable
from services.mapping_desk import MappingDesk
from services.mapping_record import MappingAct, MappingEvent, MappingVersion, digest_mapping
from services.model import JsonValue, PlatformName
from services.notice_desk import NoticeRoom
from services.publishing import PublishingDesk
from services.staff_desk import StaffDesk
from services.staff_sign_in import SignInDesk
from services.staffing import AgencyTree, Role, RoleHeld, StaffMember
from services.till import Till
from services.uploads import UploadDesk
from services.window_consents import ConsentRoom
from services.window_desk import WindowDesk
from services.window_mandates import MandateRoom
from services.window_people import WindowPeople
from services.window_returns import ReturnRoom
from services.window_tills import TillRoom
from tests.case_samples import STEPS, make_case_mapping
from tests.fake_case_console import Cases, FakeCaseConsole, PlainJudge
from tests.fake_city import City
from tests.fake_console import FakeHasher, FakeProvider, FakeStaffSessions
from tests.fake_trials import FakeTrials
from tests.fakes import FakeClock, FakeExposureReader, FakeKeyedHash, FakeLimiter
from tests.unit.gateway.fakes_edge import CATALOGUE

ROOT, LEFT, RIGHT, CHILD = (UUID(int=number) for number in (1, 2, 3, 4))
TREE = AgencyTree(
    {ROOT: None, LEFT: ROOT, RIGHT: ROOT, CHILD: LEFT},
    {ROOT: "city", LEFT: "left-office", RIGHT: "right-office", CHILD: "left-branch"},
    {ROOT: {"zh-CN": "市中心", "en": "City"}, LEFT: {"zh-CN": "左局", "en": "Left"}, RIGHT: {"zh-CN": "右局"}},
)
PASSWORD = "correct horse battery"
NUMBER, PHONE = "110101199003070011", "13800138001"
CODES = TimedCodes()


SAMPLE = (MAPPINGS_FOLDER / "gas-bill.yaml").read_text("utf-8")


def write_mapping(service: str, agency: str, version: int = 1, changed: Mapping[str, str] | None = None) -> bytes:
    """A mapping without a fault, with some texts changed."""
    text = SAMPLE.replace("id: gas-bill", f"id: {service}", 1).replace("version: 1\n", f"version: {version}\n", 1)
    text = text.replace("agency: demo-gas-office", f"agency: {agency}", 1)
    for old, new in (changed or {}).items():
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


class Counts:
    """Implements ``ports.OverviewReader``."""

    down = False

    def count_payments(self, since: datetime) -> list[tuple[str, str, int, int]]:
        if self.down:
            raise StoreUnavailable
        return [("gas-bill", "written_off", 12, 123456), ("<b>", "refund_abnormal", 1, 5)]

    def count_exposures(self, since: datetime) -> list[tuple[str, str, str, int]]:
        return [("wechat", "sent_to_server", "platform_user", 7)]


class Broken:
    """A dependency that does not answer."""

    name = "redis"

    def ping(self) -> None:
        raise OSError("secret address")


class Compiled(BytecodeCache):
    """Templates compiled once for all offices of a test run."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


class Office:
    """The console and all its books."""

    def __init__(self, *, secure: bool = False, local: bool = True, provider: bool = False) -> None:
        self.clock = FakeClock()
        self.store = FakeCaseConsole(TREE, self.clock)
        self.trials, self.unbound = FakeTrials(), dict[str, str]()
        self.sessions, self.hasher, self.counts = FakeStaffSessions(self.clock), FakeHasher(), Counts()
        self.limiter = FakeLimiter(self.clock)
        self.tokens = 0
        watched = WitnessedStore(self.store)
        self.sign_in = SignInDesk(
            watched, self.sessions, self.hasher, CODES, self.limiter, FakeKeyedHash(), self.clock, self.new_id, self.new_token,
            os.urandom, FakeProvider() if provider else None, local,
        )  # fmt: skip
        self.staff = StaffDesk(
            watched, self.sessions, self.hasher, self.clock, self.new_id, lambda: "ABCD-EFGH-JKMN-PQRS"
        )
        self.files = ApplicationFiles(watched, self.clock, self.new_id)
        self.licence = make_case_mapping(agency=TREE.slugs[LEFT], steps=STEPS)
        self.cases = Cases(self.store, self.licence, LEFT)
        self.reader, self.judge = FakeExposureReader(), PlainJudge()
        self.catalogue = replace(CATALOGUE, services={**CATALOGUE.services, self.licence.id: self.licence})
        self.till = self.furnish_till()
        rooms = self.furnish_counter(watched)
        self.app = create_console_app(
            ConsoleDesk(
                watched,
                self.sign_in,
                self.staff,
                self.files,
                ActBook(watched, self.clock, self.new_id),
                MappingDesk(watched, CATALOGUE.vocabulary, self.clock, self.new_id),
                PublishingDesk(watched, CATALOGUE.vocabulary, self.clock, self.new_id),
                Workshop(CATALOGUE.vocabulary, self.trials, self.clock.now),
                lambda: self.unbound,
                lambda _agencies: self.counts,
                self.catalogue,
                RollCall([Broken()]),
                self.clock,
                self.new_id,
                os.urandom,
                "0.1.0",
                secure,
                rooms,
            )
        )

        self.app.jinja_env.bytecode_cache = Compiled()

    def furnish_counter(self, watched: WitnessedStore) -> CounterRooms:
        """The counter and the window, with one service of kind ``case``."""
        catalogue = replace(self.catalogue, services={self.licence.id: self.licence})
        desk = replace(self.cases.desk, house=watched, catalogue=catalogue, new_id=self.new_id)
        return CounterRooms(
            CounterDesk(desk, watched), WindowDesk(desk, watched), MandateRoom(desk, watched),
            WindowPeople(desk, watched, self.reader, catalogue), ConsentRoom(desk, watched), UploadDesk(desk, self.judge, self.limiter), NoticeRoom(desk, watched),
            ReturnRoom(self.till, watched, self.limiter), TillRoom(watched, self.clock, self.new_id),
        )  # fmt: skip

    def furnish_till(self) -> Till:
        """The house's payment desk with the gas company behind it, whose bills are paid at the window of ``LEFT``."""
        city = City()
        self.gas, self.faults = city.gas, city.faults
        city.add_bill()
        gas = replace(self.catalogue.service("gas-bill"), agency=TREE.slugs[LEFT])
        self.catalogue = replace(self.catalogue, services={**self.catalogue.services, gas.id: gas})
        return replace(
            city.till, store=self.store.counter, catalogue=self.catalogue, directory=self.cases.directory, clock=self.clock,
            new_id=self.new_id, back_end_of=lambda _: self.gas,
        )  # fmt: skip

    def new_id(self) -> UUID:
        return make_id(self.clock.now())

    def new_token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens}-{uuid4().hex}"

    def hire(self, agency: UUID, *roles: Role, at: UUID | None = None, login: str = "") -> StaffMember:
        """A member with these roles, a password and an authenticator."""
        books = self.store.books
        login = login or f"member.{len(books.members)}"
        member = StaffMember(uuid4(), agency, login, f"人员{len(books.members)}", datetime(2026, 1, 1, tzinfo=UTC))
        books.members[member.staff_id] = member
        books.passwords[member.staff_id] = self.hasher.hash(PASSWORD)
        books.secrets[member.staff_id] = CODES.make_secret()
        for role in roles:
            self.give(member, role, at or agency)
        return member

    def give(self, member: StaffMember, role: Role, agency: UUID) -> RoleHeld:
        """A role, as if somebody had granted it."""
        held = RoleHeld(uuid4(), member.staff_id, agency, role, datetime(2026, 1, 1, tzinfo=UTC))
        self.store.books.roles[held.grant_id] = held
        return held

    def code_of(self, member: StaffMember) -> str:
        return CODES.code_at(self.store.books.secrets[member.staff_id], self.clock.now())

    def browser(self) -> Browser:
        return Browser(self)

    def enter(self, member: StaffMember) -> Browser:
        """A browser in which somebody has signed in."""
        browser = self.browser()
        reply = browser.sign_in(member.login, PASSWORD, self.code_of(member))
        assert (reply.status_code, reply.headers.get("Location")) == (303, "/"), reply.get_data(as_text=True)
        return browser

    def file_application(self, agency: UUID, person: UUID, number: str) -> Application:
        """An application of a person at an agency."""
        made = Application(
            self.new_id(), agency, "gas-bill", 1, person, uuid4(), uuid4(), PlatformName.WECHAT, "wechat-main", number,
            {"name": "王小明", "identity_number": NUMBER}, {"address": "secret street"}, self.clock.now(),
            self.clock.now().date(),
        )  # fmt: skip
        event = ApplicationEvent(made.application_id, 1, "opened", ApplicationState.ACCEPTED, self.clock.now())
        self.store.books.applications[made.application_id] = (made, [event])
        return made

    def keep_mapping(
        self, agency: UUID, service: str, version: int = 1, *, act: MappingAct = MappingAct.IMPORTED, by: UUID | None = None,
        changed: Mapping[str, str] | None = None, data: Mapping[str, JsonValue] | None = None,
    ) -> MappingVersion:  # fmt: skip
        """A version of a service, and the event that brought it."""
        text = write_mapping(service, TREE.slugs[agency], version, changed).decode()
        return self.keep_text(agency, service, version, text, act=act, by=by, data=data)

    def keep_text(
        self, agency: UUID, service: str, version: int, text: str, *, act: MappingAct = MappingAct.IMPORTED,
        by: UUID | None = None, data: Mapping[str, JsonValue] | None = None,
    ) -> MappingVersion:  # fmt: skip
        """The same with the text of a whole mapping."""
        content, books, now = text.encode(), self.store.kept, self.clock.now()
        kept = MappingVersion(agency, service, version, content, {}, digest_mapping(content, {}), now, by)
        books.owners[service] = agency
        books.versions[service, version] = kept
        events = books.events.setdefault(service, [])
        events.append(MappingEvent(agency, service, len(events) + 1, act, version, now, by, "", data or {}))
        return kept

    def steps_of(self, service: str) -> list[str]:
        """What happened to a service's mapping."""
        return [str(event.act) for event in self.store.kept.events.get(service, [])]

    def pay(self, agency: UUID, person: UUID, order_no: str) -> None:
        """A payment of a person at an agency."""
        made = PaymentSummary(agency, uuid4(), "gas-bill", order_no, 12345, self.clock.now(), "written_off")
        self.store.books.payments.append((person, made))

    def know(self, person: UUID) -> None:
        """Somebody has this number and this phone."""
        self.store.books.persons = {(PersonKey.IDENTITY_NUMBER, NUMBER): [person], (PersonKey.PHONE, PHONE): [person]}

    @property
    def acts(self) -> list[str]:
        return [act.act for act in self.store.books.acts]


class Browser:
    """A browser that fills in forms as a person would: with the token of the page that it sees."""

    def __init__(self, office: Office) -> None:
        self.client: FlaskClient = office.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def token(self, path: str = "/account") -> str:
        found = re.search(r'name="token" value="([0-9a-f]*)"', self.client.get(path).get_data(as_text=True))
        return found.group(1) if found else ""

    def post(self, path: str, data: Mapping[str, str] | None = None, *, page: str = "/account") -> TestResponse:
        return self.client.post(path, data={"token": self.token(page), **(data or {})})

    def sign_in(self, login: str, password: str, code: str) -> TestResponse:
        return self.post("/sign-in", {"login": login, "password": password, "code": code}, page="/sign-in")
