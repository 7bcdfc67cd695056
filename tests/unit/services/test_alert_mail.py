"""Alerts by mail beside the inbox: one mail for what waits, retried, claimed before it is sent, and nothing personal in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from adapters.ids import make_id
from services.alert_mail import BETWEEN, GIVEN_UP_AFTER, LEASE, MOST_LINES, TASK, MailRoom, ask_mail, mail_alert
from services.alert_mail_words import CLOCKS, MOST_SHOWN, RUNGS, Told, write_alert_letter
from services.alert_record import Alert, AlertEvent, AlertState, PlannedAlert, Rung
from services.clock import ClockKind
from services.mail_port import Letter, MailOutcomeUnknown, MailRefused, MailUnreachable
from services.mail_record import AlertMail, MailState
from services.model import Language
from tests.contract.samples import NOW
from tests.fake_cases import FakeCaseHouse
from tests.fake_mails import FakeMailServer
from tests.fakes import FakeClock, FakeDirectory

TITLE = {Language.ZH_CN: "设立登记", Language.EN: "Registration"}
CASE_NO = "1101010000000002026112400000012345"
DUTY, SECOND = "duty@city.example.gov.cn", "second@city.example.gov.cn"


@dataclass
class Office:
    """A city with one office, its worker and its mail server."""

    house: FakeCaseHouse = field(default_factory=FakeCaseHouse)
    directory: FakeDirectory = field(
        default_factory=lambda: FakeDirectory({"demo-city": uuid4(), "demo-gas-office": uuid4()})
    )
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    server: FakeMailServer = field(default_factory=FakeMailServer)

    def __post_init__(self) -> None:
        self.city, self.gas = self.directory.all_agencies()[:2]
        self.house.tables.mail.boxes[self.city] = (DUTY,)
        self.house.tables.mail.parents[self.gas] = self.city

    @property
    def room(self) -> MailRoom:
        return MailRoom(
            self.house, self.directory, self.clock, lambda: make_id(self.clock.now()), lambda _: TITLE, self.server,
            "https://console.example.gov.cn",
        )  # fmt: skip

    def tell(
        self, rung: Rung = Rung.RED, *, rise: int = 0, level: UUID | None = None, clock: str = "promised"
    ) -> Alert:
        """The sweeper tells an alert and asks for mail, in one transaction."""
        now, level = self.clock.now(), level or self.gas
        plan = PlannedAlert(self.gas, self.gas, uuid4(), clock, rung, now, "company-registration", CASE_NO, uuid4())
        alert = Alert(make_id(now), plan, now, AlertState.OPEN, level, rise, None, 1)
        with self.house.begin(self.directory.all_agencies()) as tx:
            assert tx.alerts.tell(alert, AlertEvent(alert.alert_id, 1, "told", AlertState.OPEN, now))
            ask_mail(tx, alert, now)
        return alert

    def work(self, agency: UUID | None = None) -> list[Letter]:
        """Run the job of an office; the letters that it sent."""
        before = len(self.server.sent)
        mail_alert(self.room, agency or self.gas, agency or self.gas, "")
        return self.server.sent[before:]

    @property
    def states(self) -> list[str]:
        return [str(mail.state) for mail in self.house.tables.mail.mails.values()]

    @property
    def planned(self) -> Mapping[object, datetime]:
        return {key: at for key, at in self.house.tables.due.items() if key[0] == TASK}


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_alert_is_mailed_to_the_nearest_supervision_office(office: Office) -> None:
    """The office has no mailbox of its own: the city's gets it. The job's subject is the office."""
    office.tell()
    assert (TASK, office.gas) in office.house.jobs
    [letter] = office.work()
    assert letter.to == (DUTY,)
    assert letter.subject == "【红色预警】设立登记 尾号 2345 / Red alert, Registration, case ending in 2345"
    assert "https://console.example.gov.cn/supervision" in letter.text
    assert office.states == ["sent"]
    assert office.work() == []


def test_a_mail_names_nobody_and_no_number(office: Office) -> None:
    """Neither the case's number, nor its id, nor who holds it stands anywhere in it."""
    alert = office.tell()
    office.tell(Rung.FACT, clock="no_reason:7")
    [letter] = office.work()
    whole = f"{letter.subject}{letter.text}{letter.name}"
    assert CASE_NO not in whole
    for secret in (alert.planned.case_id, alert.planned.staff_id, alert.alert_id):
        assert str(secret) not in whole
        assert UUID(str(secret)).hex not in whole


def test_many_alerts_are_one_mail_and_the_next_waits(office: Office) -> None:
    """What was told together is one digest, the gravest first; what follows within five minutes waits for the next."""
    for rung in (Rung.ORANGE, Rung.RED, Rung.RED, Rung.PASSED):
        office.tell(rung)
    [letter] = office.work()
    assert letter.subject.startswith("【督查预警】共 4 条：超法定时限 1、红色预警 2、橙色预警 1")
    office.tell()
    assert office.work() == []
    assert office.planned == {(TASK, office.gas, office.gas): NOW + BETWEEN}
    office.clock.advance(BETWEEN.total_seconds())
    assert len(office.work()) == 1


def test_an_outage_that_is_made_up_for_fills_no_mailbox(office: Office) -> None:
    """Two thousand alerts are three mails in a quarter of an hour, each with no more lines than somebody reads."""
    for _ in range(2 * MOST_LINES + 1):
        office.tell()
    sent = []
    for _ in range(3):
        sent += office.work()
        office.clock.advance(BETWEEN.total_seconds())
    assert len(sent) == 3
    assert sent[0].text.count("设立登记") == MOST_SHOWN
    assert f"另有 {MOST_LINES - MOST_SHOWN} 条" in sent[0].text
    assert office.work() == []


def test_what_goes_up_is_written_to_the_level_above(office: Office) -> None:
    """The city's own job has it, marked as escalated; the same alert on a lower desk is another line."""
    office.tell(rise=1, level=office.city)
    assert office.work() == []
    [letter] = office.work(office.city)
    assert letter.subject.startswith("【升级】【红色预警】")
    assert "（已升级 1 次）" in letter.text


def test_a_server_that_is_away_is_tried_again_with_the_same_letter(office: Office) -> None:
    """Every try is planned by the clock port, later and later; what arrives in the end is one letter under one name."""
    office.tell()
    office.server.faults = [MailUnreachable(), MailOutcomeUnknown(), MailUnreachable()]
    waits = []
    for _ in range(3):
        assert office.work() == []
        [until] = office.planned.values()
        waits.append((until - office.clock.now()).total_seconds() / 60)
        office.clock.at = until
    assert waits == [1, 5, 15]
    [letter] = office.work()
    [mail] = office.house.tables.mail.mails.values()
    assert letter.name == f"alerts.{mail.mail_id.hex}"
    assert (mail.state, mail.tries) == (MailState.SENT, 4)


def test_a_worker_that_is_killed_while_sending_leaves_a_mail_that_is_sent_again(office: Office) -> None:
    """Claimed before it is sent: after the lease it goes out again under the same name, never as a second mail."""
    office.tell()

    def die(_letter: Letter) -> Mapping[str, bool]:
        raise KeyboardInterrupt

    dying = replace(office.room, mail=type("Dying", (), {"send": staticmethod(die)})())
    with pytest.raises(KeyboardInterrupt):
        mail_alert(dying, office.gas, office.gas, "")
    [mail] = office.house.tables.mail.mails.values()
    assert mail.state is MailState.SENDING
    assert office.work() == []
    office.clock.advance(LEASE.total_seconds())
    [letter] = office.work()
    assert letter.name == f"alerts.{mail.mail_id.hex}"
    assert office.states == ["sent"]


def test_only_who_has_not_got_it_is_tried_again(office: Office) -> None:
    """Of two mailboxes one is busy: it alone gets the letter later; one that is refused for good gets it no more."""
    office.house.tables.mail.boxes[office.city] = (DUTY, SECOND)
    office.server.refused = {SECOND: False}
    office.tell()
    assert office.work()[0].to == (DUTY, SECOND)
    office.clock.advance(60)
    assert office.work()[0].to == (SECOND,)
    assert office.states == ["sent"]
    office.clock.advance(BETWEEN.total_seconds())
    office.server.refused = {SECOND: True}
    office.tell()
    office.work()
    assert office.states == ["sent", "sent"]


def test_what_is_refused_for_good_or_for_days_is_given_up(office: Office) -> None:
    """The inbox has the alert; a mail that nobody takes is no reason to try for ever."""
    office.tell()
    office.server.faults = [MailRefused()]
    office.work()
    office.clock.advance(BETWEEN.total_seconds())
    office.tell()
    office.server.faults = [MailUnreachable()] * 2
    office.work()
    office.clock.advance((GIVEN_UP_AFTER + timedelta(seconds=1)).total_seconds())
    office.work()
    assert office.states == ["refused", "given_up"]
    assert office.work() == []


@pytest.mark.parametrize("without", ["mailbox", "server"])
def test_without_a_mailbox_or_a_server_nothing_waits_for_ever(office: Office, without: str) -> None:
    """The lines are done with, and mail that is set up later does not begin with last year's alerts."""
    office.tell()
    if without == "mailbox":
        office.house.tables.mail.boxes.clear()
        office.work()
    else:
        mail_alert(replace(office.room, mail=None), office.gas, office.gas, "")
    assert office.states == ["nobody"]
    office.house.tables.mail.boxes[office.city] = (DUTY,)
    office.clock.advance(BETWEEN.total_seconds())
    assert office.work() == []


def test_an_alert_that_is_rolled_back_is_not_mailed(office: Office) -> None:
    """Asking for mail is part of the transaction that tells."""

    def fail() -> None:
        with office.house.begin(office.directory.all_agencies()) as tx:
            now = office.clock.now()
            plan = PlannedAlert(office.gas, office.gas, uuid4(), "promised", Rung.RED, now, "x", CASE_NO, None)
            ask_mail(tx, Alert(uuid4(), plan, now, AlertState.OPEN, office.gas, 0, None, 1), now)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert office.house.jobs == []
    assert office.work() == []


def test_every_rung_and_clock_has_words() -> None:
    """Of what the plan of alerts can name, in both languages."""
    assert set(RUNGS) == set(Rung)
    assert {str(kind) for kind in ClockKind} - {"correction", "gap", "special", "complaint"} <= set(CLOCKS)


def test_a_letter_is_the_same_whenever_it_is_written(office: Office) -> None:
    """A second try has the bytes of the first."""
    alert = office.tell()
    mail = AlertMail(uuid4(), office.gas, NOW, NOW, (DUTY,))
    told = [Told(alert.planned, 0, TITLE)]
    assert write_alert_letter(told, mail, None) == write_alert_letter(told, replace(mail, tries=5, due_at=NOW), None)
