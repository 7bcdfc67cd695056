"""Three levels of government as they are on a Monday at 08:30: weeks were lived on the real store, and the sweeper told what fell due in them.

Every alert here is one of the real sweeper, planned by the events of its case; it went up by the real rule, and lay in the outage that is
told of. Nothing is put into the tables of alerts by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from adapters.calendar_seed import seed_calendar
from adapters.ids import make_id
from adapters.mail import SmtpMail
from adapters.passwords import TimedCodes
from adapters.sandbox.mail_server import MailServer
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import SqlDirectory, import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.lookout import SqlLookout
from adapters.stores.overview import SqlOverview
from adapters.stores.transaction import SqlStore
from config.mail_place import MailPlace
from gateway.app import create_console_app
from gateway.console.desk import ConsoleDesk, CounterRooms
from gateway.console.witness import WitnessedStore
from services.act_book import ActBook
from services.alert_mail import MailRoom, ask_mail, mail_alert
from services.alert_sweep import SweepDesk, sweep_alerts
from services.case_desk import CaseDesk
from services.case_events import Move, load_case, write_move
from services.case_file import CaseFile
from services.case_opening import UNNUMBERED, open_case
from services.case_record import Hand
from services.catalogue import Catalogue
from services.counter_desk import CounterDesk
from services.model import JsonValue, PlatformName
from services.notice_desk import NoticeRoom
from services.staff_desk import StaffDesk
from services.staff_sign_in import SignInDesk
from services.staffing import Actor, RoleHeld, StaffMember
from services.supervision_desk import SupervisionDesk
from services.till import business_day
from services.watch import WatchTerms, find_troubles
from services.window_desk import WindowDesk
from services.window_mandates import MandateRoom
from services.window_people import WindowPeople
from tests.browser.morning_town import PEOPLE, TITLES, TOWN, make_mappings
from tests.case_samples import make_case
from tests.databases import Database
from tests.fake_cases import make_case_desk
from tests.fakes import FakeClock, FakeDirectory, FakeKeyedHash, FakeLimiter
from tests.unit.gateway.console.office import PASSWORD, Office

MONDAY = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
"""08:30 in Beijing."""
SHANGHAI = timedelta(hours=8)
NAMES = ("王秀英", "李建国", "张桂兰", "刘志强", "陈淑珍", "杨德福", "赵玉梅", "黄小军", "周慧敏", "吴大成")
CODES = TimedCodes()


def at(day: int, hour: int = 10, minute: int = 0, month: int = 11) -> datetime:
    """A moment of the autumn of 2026, by the clock of Beijing."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - SHANGHAI


@dataclass
class MorningOffice:
    """The stores, the people, the sweeper, the mail; ``files``: the cases by a short name."""

    database: Database
    home: Path
    server: MailServer
    files: dict[str, CaseFile] = field(default_factory=dict)
    numbers: int = 0

    def __post_init__(self) -> None:
        self.clock, ring = FakeClock(at(1, month=9)), self.home / "keyring.json"
        create_keyring(ring)
        import_accounts(self.database.owner_url, TOWN)
        self.keys = Keyring.load(ring)
        self.store = SqlConsoleStore(self.database.urls["console"], self.keys, self.clock, 6)
        self.worker = SqlStore(self.database.urls["worker"], self.keys, self.clock)
        self.public = SqlStore(self.database.urls["public"], self.keys, self.clock)
        self.lookout = SqlLookout(self.database.urls["console"])
        with closing(SqlStore(self.database.owner_url, self.keys, self.clock)) as owner, owner.begin(()) as tx:
            seed_calendar(tx.calendars, self.clock.now())
        self.tree = self.store.agency_tree()
        self.ids = {slug: agency for agency, slug in self.tree.slugs.items()}
        self.mappings = make_mappings()
        self.desk = self._make_desk()
        self.staff = {login: self._hire(login) for login in PEOPLE}
        self.supervision = SupervisionDesk(replace(self.desk, house=cast("Any", self.store)), self.store)
        directory = SqlDirectory(self.worker.engine, self.clock)
        self.sweeper = SweepDesk(
            self.worker, directory, self.clock, self.new_id, self.tree.parents.__getitem__, also_tell=ask_mail
        )
        mail = SmtpMail(MailPlace("127.0.0.1", self.server.port, "plain"), "ducha-no-reply@city.example.gov.cn")
        self.mails = MailRoom(
            self.worker, directory, self.clock, self.new_id, lambda service: self.mappings[service].title, mail,
            "https://console.city.example.gov.cn",
        )  # fmt: skip

    def _make_desk(self) -> CaseDesk:
        made = make_case_desk(
            *self.mappings.values(), house=cast("Any", self.worker), clock=self.clock, directory=FakeDirectory(self.ids)
        )
        return replace(made, catalogue=Catalogue(self.mappings, {}, made.catalogue.vocabulary))

    @property
    def everybody(self) -> tuple[UUID, ...]:
        return tuple(self.tree.parents)

    def new_id(self) -> UUID:
        return make_id(self.clock.now())

    def _hire(self, login: str) -> Actor:
        """Somebody with a password and an authenticator."""
        name, slug, role = PEOPLE[login]
        member = StaffMember(uuid4(), self.ids[slug], f"{login}.{slug}", name, self.clock.now())
        held = RoleHeld(uuid4(), member.staff_id, self.ids[slug], role, self.clock.now())
        with self.store.begin(self.everybody) as tx:
            tx.staff.add(member, None)
            tx.staff.set_password(member.staff_id, f"hash of {PASSWORD}", None, self.clock.now())
            tx.staff.set_one_time_secret(member.staff_id, CODES.make_secret(), None, self.clock.now())
            tx.staff.grant(held, None)
        return Actor(member, (held,), self.tree, "request-9")

    def code_of(self, login: str) -> str:
        """What somebody's authenticator shows next: a step of time is good for one sign-in."""
        self.clock.advance(31)
        with self.store.begin(self.everybody) as tx:
            secret = tx.staff.read_credentials(self.staff[login].member.staff_id)[1]
        return CODES.code_at(secret or "", self.clock.now())

    def receive(self, name: str, service: str) -> CaseFile:
        """Somebody hands a case in, now."""
        now, self.numbers = self.clock.now(), self.numbers + 1
        who = NAMES[self.numbers % len(NAMES)]
        applicant = {
            "kind": "person", "name": who, "identity_number": "110101196001010011", "phone": f"138000{self.numbers:05d}",
        }  # fmt: skip
        case = make_case(
            self.ids[TITLES[service][2]], now, service=service, case_no=UNNUMBERED, received_on=business_day(now),
            business_on=business_day(now), applicant=applicant, person_id=None, login_id=None, opened_by=None,
            inputs={"company_name": f"{who}商行"}, channel=PlatformName.WECHAT, chain_id=UUID(int=0),
            principal_chain_id=UUID(int=0),
        )  # fmt: skip
        data: dict[str, JsonValue] = {"materials": {}, "promises": ["promise"]}
        with self.public.begin(self.everybody) as tx:
            self.files[name] = open_case(self.desk, tx, case, Move("case_received", Hand.APPLICANT, data))
        return self.files[name]

    def move(self, name: str, event: str, login: str, **data: Any) -> CaseFile:
        """Something that one of the staff does with a case, now."""
        with self.store.begin(self.everybody) as tx:
            known = load_case(cast("Any", tx), self.files[name].case.case_id)
            move = Move(event, Hand.CLERK, data, self.staff[login].member.staff_id)
            self.files[name] = write_move(self.desk, cast("Any", tx), known, move)
        return self.files[name]

    def accept(self, name: str, service: str, login: str, **data: Any) -> CaseFile:
        """Handed in, claimed and accepted within this hour."""
        self.receive(name, service)
        self.move(name, "claimed", login)
        return self.move(name, "accepted", login, on=business_day(self.clock.now()).isoformat(), **data)

    def sweep(self) -> None:
        """One sweep, and the mail that it asked for."""
        run = sweep_alerts(self.sweeper)
        for agency in self.everybody if run.told or run.escalated else ():
            mail_alert(self.mails, agency, agency, "")

    def make_app(self) -> Any:
        """The console as a process serves it; sessions lie in memory."""
        plain, watched, limiter = Office(), WitnessedStore(self.store), FakeLimiter(self.clock)
        desk: ConsoleDesk = plain.app.extensions["guitai-console"]
        cases = replace(self.desk, house=cast("Any", watched), new_id=self.new_id)
        rooms = replace(
            desk.rooms, counter=CounterDesk(cases, watched), window=WindowDesk(cases, watched),
            mandates=MandateRoom(cases, watched), notices=NoticeRoom(cases, watched),
            people=WindowPeople(cases, watched, plain.reader, self.desk.catalogue),
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
        terms = WatchTerms(sweep_late=timedelta(hours=4))
        changed: dict[str, Any] = {
            "store": watched, "sign_in": sign_in, "staff": staff, "acts": ActBook(watched, self.clock, plain.new_id),
            "overview": lambda agencies: SqlOverview(self.store.engine, lambda: agencies), "clock": self.clock, "rooms": rooms, "catalogue": replace(desk.catalogue, services=self.mappings),
            "watch": lambda: find_troubles(self.lookout.look(), terms, self.clock.now()),
        }  # fmt: skip
        return create_console_app(replace(desk, **changed))

    def close(self) -> None:
        """Let go of the database."""
        for one in (self.store, self.worker, self.public, self.lookout):
            one.close()


@contextmanager
def open_morning_office(database: Database, home: Path, letters: list[dict[str, Any]]) -> Iterator[MorningOffice]:
    """The levels of government over a fresh copy of the database, and a mail server whose letters are kept in ``letters``."""
    server = MailServer(letters.append)
    server.start()
    office = MorningOffice(database, home, server)
    try:
        yield office
    finally:
        office.close()
        server.stop()
