"""Somebody is told of their case, whole: the worker, both platforms, the provider of text messages, the ledger, the telephone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.ids import make_id
from adapters.sandbox.offices.text_messages import REFUSED
from config.settings import load_settings
from gateway.demo.phone import Phone
from gateway.foundation import Foundation
from gateway.launch.loopback import send
from gateway.launch.processes import make_environment
from services.case_events import Move, change_case, load_case, write_move
from services.case_graph import START
from services.case_notices import Attempt, list_lines
from services.case_opening import UNNUMBERED, open_case
from services.case_ports import CaseTransaction
from services.case_record import Case, Hand
from services.case_stores import NO_CHAIN
from services.case_telling import NOTICE_PHRASE
from services.clock import SHANGHAI_OFFSET
from services.model import PlatformName
from services.till import business_day
from tests.journeys.city import City, await_truth
from tests.journeys.errands import sign_in
from tests.journeys.test_one_person_two_platforms import read_messages

SERVICE = "elder-card"
TEN = 10


class Desk:
    """A desk of the city: cases are opened and refused here, and nothing else."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.parts = Foundation(load_settings(make_environment(city.stack, "public")))
        self.desk = self.parts.case_desk
        self.work = Foundation(load_settings(make_environment(city.stack, "worker")))
        self.agency = self.desk.directory.agency_id(self.desk.catalogue.service(SERVICE).agency)

    def receive(self, phone: Phone | None, number: str) -> UUID:
        """A case of whoever holds this phone, or of somebody without any account."""
        everywhere, now = self.desk.directory.all_agencies(), self.desk.clock.now()
        mapping = self.desk.catalogue.service(SERVICE)
        name, identity = ("司徒无名", "11010119400101001X") if phone is None else _name(phone)
        with self.parts.store.begin(everywhere) as tx:
            person = tx.persons.find_by_identity(identity)
            login = tx.persons.list_logins(person.person_id)[0] if person else None
            case = Case(
                make_id(now), self.agency, SERVICE, mapping.version, UNNUMBERED,
                PlatformName(phone.platform) if phone else PlatformName.WINDOW, login.app if login else "window",
                person.person_id if person else None, login.login_id if login else None,
                person.chain_id if person else NO_CHAIN, person.chain_id if person else NO_CHAIN, None, None, None,
                {"kind": "person", "name": name, "identity_number": identity, "phone": number}, None, {}, "window", now,
                business_day(now), business_day(now),
            )  # fmt: skip
            open_case(self.desk, tx, case, Move(START, Hand.APPLICANT, {"materials": {}}))
        return case.case_id

    def refuse(self, case_id: UUID) -> None:
        """An event with legal effect."""
        data = {"reason": "不需要许可", "ground": "not_required", "legal_ground": "《行政许可法》第三十二条"}

        def change(tx: CaseTransaction) -> None:
            write_move(self.work.case_desk, tx, load_case(tx, case_id), Move("not_accepted", Hand.CLERK, data))

        change_case(self.work.case_desk, (self.agency,), change)

    def attempts(self, case_id: UUID) -> list[tuple[str, str]]:
        """What was tried for the refusal."""
        tried: tuple[Attempt, ...] = ()
        with self.parts.store.begin((self.agency,)) as tx:
            for line in list_lines(load_case(tx, case_id)):
                tried = line.attempts if line.notice.legal else tried
        return [(one.rung, one.outcome) for one in tried]

    def await_attempts(self, case_id: UUID, *wanted: tuple[str, str]) -> None:
        await_truth(lambda: self.attempts(case_id) == list(wanted), 20, f"not {wanted}")


def _name(phone: Phone) -> tuple[str, str]:
    return phone.person.real_name, phone.person.identity_number


@contextmanager
def _open(city: City) -> Iterator[Desk]:
    made = Desk(city)
    try:
        yield made
    finally:
        for parts in (made.parts, made.work):
            parts.shelf.close()
            parts.store.close()


@pytest.fixture
def desk(city: City) -> Iterator[Desk]:
    """At ten in the morning in Beijing."""
    now = city.clock.now() + SHANGHAI_OFFSET
    ten = datetime(now.year, now.month, now.day, TEN, tzinfo=UTC)
    city.pass_time(((ten if ten > now else ten + timedelta(days=1)) - now).total_seconds())
    with _open(city) as made:
        yield made


def texts(city: City, phone: str) -> list[dict[str, Any]]:
    """What a telephone was sent."""
    return list(send("GET", f"{city.url('text-messages')}/_sandbox/messages?phone={phone}").json())


def agree(phone: Phone) -> None:
    """They agree to be told by messages of this platform, in the words that the app shows."""
    [shown] = [one for one in phone.call("GET", "/consents")["consents"] if one["service"] == SERVICE]
    given = phone.call(
        "POST", f"/consents/{SERVICE}/tell_case", {"version": shown["version"], "after": shown["number"]}
    )
    assert given["in_force"]


@pytest.mark.parametrize("platform", ["wechat", "alipay"])
def test_a_message_then_a_text_message(city: City, desk: Desk, platform: str) -> None:
    """One phrase and four characters on the platform; a day later the text message, and the telephone's receipt ends it."""
    phone = sign_in(city, platform, real_name=True)
    agree(phone)
    case_id = desk.receive(phone, phone.person.phone)
    await_truth(lambda: len(read_messages(phone)) == 1, 20, "nobody was told of the receipt")
    desk.refuse(case_id)
    desk.await_attempts(case_id, ("platform", "sent"))
    with desk.parts.store.begin((desk.agency,)) as tx:
        number = load_case(tx, case_id).case.case_no
    told = str(read_messages(phone))
    assert (told.count(NOTICE_PHRASE), told.count(f"*{number[-4:]}")) == (2, 2)
    assert number not in told
    city.pass_time(86_400)
    desk.await_attempts(case_id, ("platform", "sent"), ("sms", "sent"))
    city.pass_time(61)
    desk.await_attempts(case_id, ("platform", "sent"), ("sms", "delivered"))
    [text] = texts(city, phone.person.phone)
    assert f"尾号{number[-4:]}" in text["text"]
    assert phone.person.real_name not in text["body"]
    city.await_quiet()
    assert (len(texts(city, phone.person.phone)), len(read_messages(phone))) == (1, 2)


def test_who_refuses_messages(city: City, desk: Desk) -> None:
    """43101 on WeChat: the text message goes out at once."""
    phone = sign_in(city, "wechat", real_name=True)
    agree(phone)
    case_id = desk.receive(phone, phone.person.phone)
    await_truth(lambda: len(read_messages(phone)) == 1, 20, "nobody was told of the receipt")
    city.arrange("wechat", "subscribe_send", "user_refused")
    desk.refuse(case_id)
    desk.await_attempts(case_id, ("platform", "failed"), ("sms", "sent"))


def test_nothing_leaves_without_consent(city: City, desk: Desk) -> None:
    """Nobody has agreed, or has taken it back: WeChat's servers receive nothing of it, the text message goes out; in between they do."""
    phone = sign_in(city, "wechat", real_name=True)
    first = desk.receive(phone, phone.person.phone)
    desk.refuse(first)
    desk.await_attempts(first, ("platform", "failed"), ("sms", "sent"))
    assert read_messages(phone) == []
    agree(phone)
    second = desk.receive(phone, phone.person.phone)
    desk.refuse(second)
    desk.await_attempts(second, ("platform", "sent"))
    city.await_quiet()
    received = len(city.received())
    assert len(read_messages(phone)) == 2
    assert phone.call("DELETE", f"/consents/{SERVICE}/tell_case")["state"] == "withdrawn"
    third = desk.receive(phone, phone.person.phone)
    desk.refuse(third)
    desk.await_attempts(third, ("platform", "failed"), ("sms", "sent"))
    city.await_quiet()
    assert len(read_messages(phone)) == 2
    assert city.received(received) == []


def test_opening_the_case_proves_it(city: City, desk: Desk) -> None:
    """The applicant reads it in their app: nothing follows a day later."""
    phone = sign_in(city, "alipay", real_name=True)
    agree(phone)
    case_id = desk.receive(phone, phone.person.phone)
    desk.refuse(case_id)
    desk.await_attempts(case_id, ("platform", "sent"))
    phone.call("GET", f"/cases/{case_id}")
    desk.await_attempts(case_id, ("platform", "sent"), ("read", "delivered"))
    city.pass_time(2 * 86_400)
    city.await_quiet()
    assert texts(city, phone.person.phone) == []


def test_whoever_no_machine_reaches_is_a_clerks_task(city: City, desk: Desk) -> None:
    """No account, and a telephone that does not exist: a letter to print, and it stays."""
    case_id = desk.receive(None, REFUSED)
    desk.refuse(case_id)
    desk.await_attempts(case_id, ("letter", "open"), ("sms", "failed"))
    assert texts(city, REFUSED) == []
    city.pass_time(10 * 86_400)
    city.await_quiet()
    assert desk.attempts(case_id) == [("letter", "open"), ("sms", "failed")]
