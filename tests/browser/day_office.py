"""A counter for one whole day: the real console over a socket, PostgreSQL, sealed files, signed slips, and forty cases on its desk.

What citizens and the house would have done before is written by the public and the worker's role; what the clerk did on days before goes through the
counter's own use cases.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from PIL import Image, ImageDraw

from adapters.calendar_seed import seed_calendar
from adapters.ids import make_id
from adapters.passwords import TimedCodes
from adapters.slip_keys import USES, KeyFolder, add_key
from adapters.slips import CwtSlips
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.file_store import SealedFileStore
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.shelves import open_shelf
from adapters.stores.transaction import SqlStore
from gateway.app import create_console_app
from gateway.console.desk import ConsoleDesk, CounterRooms
from gateway.console.witness import WitnessedStore
from services.act_book import ActBook
from services.case_desk import CaseDesk
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import UNNUMBERED, open_case
from services.case_ports import Registers
from services.case_record import Hand, StoredFile
from services.case_supply import gather_files
from services.counter_desk import CounterDesk
from services.counter_reception import MaterialCheck
from services.model import JsonValue, Language, PlatformName, RegisterEntry
from services.notice_desk import NoticeRoom
from services.slip_desk import show_collection_code
from services.staff_desk import StaffDesk
from services.staff_sign_in import SignInDesk
from services.staffing import Actor, Role, RoleHeld, StaffMember
from services.till import business_day
from services.uploads import UploadDesk
from services.window_desk import WindowDesk
from services.window_mandates import MandateRoom
from services.window_people import WindowPeople
from tests.case_samples import make_case, make_case_mapping
from tests.contract.samples import ACCOUNTS
from tests.counter_office import CONFIRMED, FINE, REASON, STEPS, TOWN
from tests.databases import Database
from tests.fake_case_console import PlainJudge
from tests.fake_cases import make_case_desk
from tests.fake_families import FakeBusinessRegister, FakeFamilyRegister, FakePeopleRegister, FakeTownRegisters
from tests.fakes import FakeClock, FakeDirectory, FakeKeyedHash, FakeLimiter
from tests.unit.gateway.console.office import PASSWORD, Office

TODAY = datetime(2026, 11, 11, 1, 0, tzinfo=UTC)
"""09:00 on a Wednesday in Beijing."""
NAMES = ("王秀英", "李建国", "张桂兰", "刘志强", "陈淑珍", "杨德福", "赵玉梅", "黄小军", "周慧敏", "吴大成")
CODES = TimedCodes()


@dataclass
class DayOffice:
    """The office of ``gas``, which this story calls the market supervision office, with one joint step of ``water``."""

    database: Database
    home: Path

    def __post_init__(self) -> None:
        self.clock, ring = FakeClock(TODAY), self.home / "keyring.json"
        if not ring.exists():
            create_keyring(ring)
        import_accounts(self.database.owner_url, ACCOUNTS)
        self.keys = Keyring.load(ring)
        self.store = SqlConsoleStore(self.database.urls["console"], self.keys, self.clock, 4)
        self.worker = SqlStore(self.database.urls["worker"], self.keys, self.clock)
        self.public = SqlStore(self.database.urls["public"], self.keys, self.clock)
        with self._open_as_owner() as owner, owner.begin(()) as tx:
            seed_calendar(tx.calendars, TODAY)
        self.tree = self.store.agency_tree()
        self.ids = {slug: agency for agency, slug in self.tree.slugs.items()}
        self.office_id = self.ids["gas"]
        steps = (STEPS[0], replace(STEPS[2], agency="water", together=""), STEPS[3])
        title = {Language.ZH_CN: "食品经营许可", Language.EN: "Food business licence"}
        channels = ("wechat", "alipay", "web", "window")
        self.mapping = replace(make_case_mapping(agency="gas", steps=steps), title=title, channels=channels)
        self.desk = self._make_desk()
        self.counter = CounterDesk(replace(self.desk, house=cast("Any", self.store)), self.store)
        self.clerk, self.head = self.hire("li.clerk", "李经办", Role.CLERK), self.hire("wang.head", "王负责", Role.HEAD)
        self.tax = self.hire("zhang.tax", "张核查", Role.CLERK, agency=self.ids["water"])
        self.numbers = 0

    def _open_as_owner(self) -> Any:
        """Calendars are the owner's to put in."""
        return closing(SqlStore(self.database.owner_url, self.keys, self.clock))

    def _make_desk(self) -> CaseDesk:
        slips = self.home / "slips"
        if not slips.exists():
            slips.mkdir()
            add_key(slips, sorted(USES), TODAY - timedelta(days=30))
        directory = FakeDirectory({"demo-city": self.ids["city"], "gas": self.office_id, "water": self.ids["water"]})
        self.book = FakeTownRegisters({number: RegisterEntry(name, None) for number, name in TOWN.items()})
        registers = Registers(
            FakeBusinessRegister(self.book), FakeFamilyRegister(self.book), FakePeopleRegister(self.book)
        )
        press = CwtSlips(KeyFolder(slips), "https://counter.example.gov.cn")
        made = make_case_desk(self.mapping, house=cast("Any", self.worker), clock=self.clock, directory=directory)
        files = SealedFileStore(open_shelf(None, self.home / "keyring.json", cast("Any", None)), self.keys)
        return replace(made, registers=registers, files=files, slips=press)

    @property
    def everybody(self) -> tuple[UUID, ...]:
        return tuple(self.tree.parents)

    def hire(self, login: str, name: str, *roles: Role, agency: UUID | None = None) -> Actor:
        """A member with a password and an authenticator."""
        where = agency or self.office_id
        member = StaffMember(uuid4(), where, login, name, TODAY - timedelta(days=90))
        held = tuple(RoleHeld(uuid4(), member.staff_id, where, role, TODAY - timedelta(days=90)) for role in roles)
        with self.store.begin(self.everybody) as tx:
            tx.staff.add(member, None)
            tx.staff.set_password(member.staff_id, f"hash of {PASSWORD}", None, self.clock.now())
            tx.staff.set_one_time_secret(member.staff_id, CODES.make_secret(), None, self.clock.now())
            for one in held:
                tx.staff.grant(one, None)
        return Actor(member, held, self.tree, "request-9")

    def code_of(self, actor: Actor) -> str:
        """What the member's authenticator shows now."""
        with self.store.begin(self.everybody) as tx:
            secret = tx.staff.read_credentials(actor.member.staff_id)[1]
        return CODES.code_at(secret or "", self.clock.now())

    def make_app(self) -> Any:
        """The console as a process serves it; sessions lie in memory."""
        plain, watched = Office(), WitnessedStore(self.store)
        desk: ConsoleDesk = plain.app.extensions["guitai-console"]
        cases = replace(self.desk, house=cast("Any", watched), new_id=lambda: make_id(self.clock.now()))
        limiter, catalogue = FakeLimiter(self.clock), self.desk.catalogue
        rooms = replace(
            desk.rooms, counter=CounterDesk(cases, watched), window=WindowDesk(cases, watched),
            mandates=MandateRoom(cases, watched), people=WindowPeople(cases, watched, plain.reader, catalogue),
            uploads=UploadDesk(cases, PlainJudge(), limiter), notices=NoticeRoom(cases, watched),
        )  # fmt: skip
        assert isinstance(rooms, CounterRooms)
        sign_in = SignInDesk(
            watched, plain.sessions, plain.hasher, CODES, limiter, FakeKeyedHash(), self.clock, plain.new_id,
            plain.new_token, os.urandom, None, local=True,
        )  # fmt: skip
        plain.sessions.clock = self.clock
        staff = StaffDesk(
            watched, plain.sessions, plain.hasher, self.clock, plain.new_id, lambda: "ABCD-EFGH-JKMN-PQRS"
        )
        known = replace(desk.catalogue, services={**desk.catalogue.services, self.mapping.id: self.mapping})
        changed: dict[str, Any] = {
            "store": watched, "sign_in": sign_in, "staff": staff, "acts": ActBook(watched, self.clock, plain.new_id),
            "clock": self.clock, "rooms": rooms, "catalogue": known,
        }  # fmt: skip
        return create_console_app(replace(desk, **changed))

    # what citizens and the house did before

    def receive(self, days_ago: int = 2, *, delivery: str = "window", later: bool = False) -> CaseFile:
        """A case that somebody handed in some days ago, with two pictures; ``later``: one was left for later."""
        self.clock.at = TODAY - timedelta(days=days_ago)
        now, self.numbers = self.clock.now(), self.numbers + 1
        name = NAMES[self.numbers % len(NAMES)]
        applicant = {
            "kind": "person", "name": name, "identity_number": "110101196001010011", "phone": f"138000{self.numbers:05d}",
        }  # fmt: skip
        case = make_case(
            self.office_id, now, case_no=UNNUMBERED, received_on=business_day(now), business_on=business_day(now),
            applicant=applicant, delivery=delivery, person_id=None, login_id=None, opened_by=None,
            inputs={"company_name": f"{name}食品店"}, channel=(PlatformName.WECHAT, PlatformName.ALIPAY, PlatformName.WEB)[self.numbers % 3],
            chain_id=UUID(int=0), principal_chain_id=UUID(int=0),
        )  # fmt: skip
        brought = ("floor_plan",) if later else ("proof_of_premises", "floor_plan")
        stored = [self._put_picture(case.case_id, material) for material in brought]
        with self.public.begin(self.everybody) as tx:
            for one in stored:
                tx.files.add(one)
            materials = gather_files(stored, brought)
            data: dict[str, JsonValue] = {"materials": materials, "promises": ["promise"]}
            file = open_case(self.desk, tx, case, Move("case_received", Hand.APPLICANT, data))
        file = self.write(file, "material_fetched", Hand.HOUSE, CONFIRMED)
        self.clock.at = TODAY
        return file

    def _put_picture(self, case_id: UUID, material: str) -> StoredFile:
        """The bytes lie in the store; the row comes with the case."""
        content = draw_paper(material, self.numbers)
        digest = self.desk.files.put(self.office_id, content)
        title = {"proof_of_premises": "房屋租赁合同.png", "floor_plan": "经营场所平面图.png"}[material]
        return StoredFile(
            make_id(self.clock.now()), self.office_id, case_id, material, digest, "image/png", len(content), title,
            self.clock.now(), "applicant",
        )  # fmt: skip

    def write(self, file: CaseFile, event: str, hand: Hand, data: dict[str, Any]) -> CaseFile:
        """An event of the house."""
        with self.worker.begin(self.everybody) as tx:
            return write_move(self.desk, tx, load_case(tx, file.case.case_id), Move(event, hand, data))

    def load(self, case_no: str) -> CaseFile:
        """A case as it is now."""
        with self.store.begin(self.everybody) as tx:
            row = tx.cases.find_by_number(case_no)
        assert row is not None, case_no
        return CaseFile(row[0], tuple(row[1]))

    # what the clerk did before

    def accept(self, days_ago: int = 4, **changes: Any) -> CaseFile:
        """A case that the clerk accepted and has in hand."""
        file = self.receive(days_ago, **changes)
        case_id = file.case.case_id
        self.clock.at = TODAY - timedelta(days=days_ago, hours=-1)
        seen = self.counter.open_case(self.clerk, case_id, REASON).file.version
        seen = self.counter.claim(self.clerk, case_id, seen).version
        file = self.counter.accept(self.clerk, case_id, seen, (*FINE, MaterialCheck("business_licence")))
        self.clock.at = TODAY
        return file

    def examine(self, **changes: Any) -> CaseFile:
        """A case that waits for the head's decision."""
        file = self.accept(**changes)
        case_id = file.case.case_id
        file = self.counter.finish_step(self.clerk, case_id, file.version, 0, "符合条件")
        seen = self.counter.open_case(self.tax, case_id, REASON).file.version
        file = self.counter.finish_step(self.tax, case_id, seen, 1, "无欠税")
        if file.claimed_by == self.clerk.member.staff_id:
            file = self.counter.release(self.clerk, case_id, file.version)
        return file

    def issue(self, **changes: Any) -> CaseFile:
        """A case whose certificate exists."""
        file = self.examine(**changes)
        case_id = file.case.case_id
        seen = self.counter.open_case(self.head, case_id, REASON).file.version
        seen = self.counter.claim(self.head, case_id, seen).version
        file = self.counter.decide(self.head, case_id, seen, "granted")
        self.write(file, "recorded", Hand.HOUSE, {"reference": "R1", "outputs": {}})
        data = {
            "number": f"SYXK{self.numbers}",
            "file_id": str(uuid4()),
            "digest": "0",
            "slip_id": "0" * 24,
            "on": "2026-11-10",
        }
        return self.write(file, "certificate_issued", Hand.HOUSE, data)

    def make_code(self, file: CaseFile) -> str:
        """What the applicant's telephone shows at the window."""
        return show_collection_code(self.desk, file).slip

    def close(self) -> None:
        """Let go of the database."""
        for one in (self.store, self.worker, self.public):
            one.close()


def draw_paper(material: str, number: int) -> bytes:
    """A picture of a paper: lines of a contract, rooms of a plan."""
    picture = Image.new("RGB", (620, 800), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((30, 30, 590, 770), outline="#445", width=3)
    if material == "floor_plan":
        for box in ((60, 100, 360, 420), (360, 100, 560, 260), (360, 260, 560, 420), (60, 420, 560, 700)):
            pen.rectangle(box, outline="#223", width=5)
    else:
        for line in range(18):
            pen.line(
                (70, 130 + line * 34, 550 - (line * 37 + number * 13) % 160, 130 + line * 34), fill="#556", width=7
            )
        pen.ellipse((400, 600, 520, 720), outline="#b22", width=6)
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()


@contextmanager
def open_day_office(database: Database, home: Path) -> Iterator[DayOffice]:
    """An office over a fresh copy of the database."""
    office = DayOffice(database, home)
    try:
        yield office
    finally:
        office.close()
