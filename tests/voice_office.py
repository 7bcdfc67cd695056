"""A counter with its staff and with citizens who rate it and complain about it: what tests of ratings begin with."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from services.case_access import ApplicantDesk
from services.case_file import CaseFile
from services.case_ports import Slip
from services.case_record import Complaint, ComplaintEvent, Rating
from services.complaint_desk import ComplaintDesk
from services.model import (
    Assurance,
    Caller,
    JsonValue,
    Language,
    Payment,
    PaymentEvent,
    PaymentState,
    PlatformApp,
    PlatformName,
    PlatformUser,
)
from services.rating_reports import RatingReports
from services.rating_sums import tally_ratings
from services.slips import SlipKind
from services.staffing import Actor, Role
from services.till import Till, business_day
from services.window_voices import VoiceWindow
from tests.contract.samples import Bench, make_payment
from tests.counter_office import APPLICANT_NUMBER, CITY, OFFICE, CounterOffice

WANG_NUMBER, LI_NUMBER = APPLICANT_NUMBER, "110101198505120029"
NAMES = {WANG_NUMBER: "王秀英", LI_NUMBER: "李秀英"}


class VoiceOffice(CounterOffice):
    """``wang`` is the applicant of every case here, ``li`` somebody else; ``keeper`` is a supervisor who has no part in any case."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**changes)
        self.till = Till(
            store=self.house, platforms={}, back_end_of=self.desk.back_end_of, catalogue=self.desk.catalogue,
            directory=self.desk.directory, clock=self.clock, new_id=self.desk.new_id, random=self.desk.random,
            keyed_hash=self.desk.keyed_hash, public_url="https://counter.example",
        )  # fmt: skip
        self.door = ApplicantDesk(self.desk, self.till)
        self.complaints, self.reports = ComplaintDesk(self.desk, self.house), RatingReports(self.desk, self.house)
        self.voices = VoiceWindow(self.desk, self.house)
        self.keeper = self.hire(OFFICE, Role.SUPERVISOR)
        self.wang, self.li = self.add_citizen(WANG_NUMBER), self.add_citizen(LI_NUMBER)

    def pass_days(self, days: int) -> None:
        """Let days pass; ratings of days that are over are counted, as the worker does it every minute."""
        super().pass_days(days)
        tally_ratings(self.house.begin, self.desk.directory.all_agencies(), business_day(self.clock.now()))

    def add_citizen(self, number: str | None, platform: PlatformName = PlatformName.WECHAT) -> Caller:
        """Somebody with a proven name; without a number somebody with a phone only."""
        now, everywhere = self.clock.now(), self.desk.directory.all_agencies()
        app = PlatformApp(CITY, f"{platform}-main", platform, "app", "http://x")
        with self.house.begin(everywhere) as tx:
            known = tx.persons.find_by_identity(number) if number else None
            person = known or tx.persons.open_person(CITY, now)
            if known is None:
                tx.persons.record_phone(person.person_id, "13800138001", now)
            if number and known is None:
                tx.persons.record_identity(person.person_id, NAMES[number], number, now)
            login, _ = tx.persons.add_login(person, platform, app.app, PlatformUser(uuid4().hex), now)
        level = Assurance.REAL_NAME if number else Assurance.PHONE
        return Caller(
            uuid4(), person.person_id, person.chain_id, login.login_id, app, level, everywhere, Language.ZH_CN, str(uuid4())
        )  # fmt: skip

    def handled(self) -> CaseFile:
        """A case of Wang's that the clerk accepted and the head decided."""
        return self.issue(person_id=self.wang.person_id, login_id=self.wang.login_id)

    def pay(self, caller: Caller, *events: tuple[str, str, dict[str, JsonValue]]) -> Payment:
        """A payment of somebody's in the state of the last of these events (name, state, data)."""
        bench = Bench(self.house, CITY, OFFICE, OFFICE)
        platform = caller.app.platform
        payment = make_payment(bench, caller.person_id, self.clock.now(), platform=platform, service=self.mapping.id)
        with self.house.begin((OFFICE,)) as tx:
            for number, (name, state, data) in enumerate(events, 1):
                event = PaymentEvent(payment.payment_id, number, name, PaymentState(state), self.clock.now(), data)
                if number == 1:
                    tx.payments.open(payment, event)
                else:
                    tx.payments.append(OFFICE, event)
        return payment

    def receipt(self, file: CaseFile, kind: str = SlipKind.CASE_RECEIPT, **claims: JsonValue) -> str:
        """The text of a receipt that was printed now."""
        told = {"number": file.case.case_no, "service": file.case.service, **claims}
        return self.slips.sign(Slip(uuid4().hex[:24], kind, told, self.clock.now()))

    @property
    def ratings(self) -> list[Rating]:
        """Every rating, in no order."""
        return list(self.house.tables.counter.ratings.values())

    @property
    def filed(self) -> list[Complaint]:
        """Every complaint and follow-up."""
        return list(self.house.tables.counter.complaints.values())

    def events_of(self, complaint_id: UUID) -> list[ComplaintEvent]:
        """What happened to a complaint."""
        return self.house.tables.counter.complaint_events[complaint_id]

    def take_up(self, actor: Actor, complaint_id: UUID) -> int:
        """Open a complaint and take it in hand; gives its version."""
        version = self.complaints.open_complaint(actor, complaint_id, "按时限办理投诉").version
        self.complaints.take(actor, complaint_id, version)
        return version + 1
