"""Mail to the supervision office in the store: lines wait once, are gathered once, and a mail is tried by one worker at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import pytest

from adapters.ids import make_id
from services.alert_mail import MailHouse
from services.mail_record import AlertMail, MailLine, MailState
from tests.contract.case_houses import Houses

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
BOX = ("duty@city.example.gov.cn",)


def post_of(houses: Houses) -> MailHouse:
    """The worker's store with what it has of mail."""
    return cast("MailHouse", houses.worker)


def make_mail(agency: UUID, at: datetime = NOW, **changes: object) -> AlertMail:
    """A mail that is being sent for the first time."""
    mail = AlertMail(make_id(at), agency, at, at + timedelta(minutes=10), BOX, 1)
    return replace(mail, **changes)  # type: ignore[arg-type] # whatever the test changes


def put_lines(houses: Houses, agency: UUID, count: int, at: datetime = NOW) -> list[MailLine]:
    """Lines that wait, a second apart."""
    lines = [MailLine(agency, make_id(at), 0, at + timedelta(seconds=number)) for number in range(count)]
    with post_of(houses).begin(houses.all) as tx:
        for line in lines:
            tx.mails.put(line)
    return lines


@pytest.fixture
def office(houses: Houses) -> UUID:
    """An office that no other test writes to: what others left there is gathered and finished."""
    with post_of(houses).begin(houses.all) as tx:
        while (left := tx.mails.take_due(houses.water, datetime.max.replace(tzinfo=UTC), LATER)) is not None:
            tx.mails.keep(replace(left, state=MailState.GIVEN_UP))
        rest = make_mail(houses.water)
        if tx.mails.gather(rest, 10_000):
            tx.mails.keep(replace(rest, state=MailState.GIVEN_UP))
    return houses.water


def test_a_line_waits_once(houses: Houses, office: UUID) -> None:
    """The same alert at the same height twice is one line; when it goes up it is another."""
    [line] = put_lines(houses, office, 1)
    with post_of(houses).begin(houses.all) as tx:
        tx.mails.put(line)
        tx.mails.put(replace(line, rise=1, told_at=LATER))
        assert tx.mails.is_waiting(office)
        mail = make_mail(office)
        assert tx.mails.gather(mail, 10) == [line, replace(line, rise=1, told_at=LATER)]
        assert not tx.mails.is_waiting(office)
        tx.mails.put(line)
        assert not tx.mails.is_waiting(office)


def test_the_oldest_are_gathered_first_and_once(houses: Houses, office: UUID) -> None:
    """A mail takes as many as it may; the rest is the next one's, and with nothing waiting no mail is kept."""
    lines = put_lines(houses, office, 5)
    first, second, third = (make_mail(office) for _ in range(3))
    with post_of(houses).begin(houses.all) as tx:
        assert tx.mails.gather(first, 3) == lines[:3]
        assert tx.mails.gather(second, 3) == lines[3:]
        assert tx.mails.gather(third, 3) == []
    with post_of(houses).begin(houses.all) as tx:
        assert tx.mails.list_lines(first) == lines[:3]
        assert tx.mails.list_lines(third) == []
        assert tx.mails.last_made_at(office) == NOW
        assert tx.mails.find_next(office) == LATER


def test_a_mail_is_taken_when_it_is_due_and_by_one(houses: Houses, office: UUID) -> None:
    """Taking it puts it off and counts the try; finished, it is never taken or changed again."""
    put_lines(houses, office, 1)
    mail = make_mail(office)
    with post_of(houses).begin(houses.all) as tx:
        tx.mails.gather(mail, 10)
        assert tx.mails.take_due(office, NOW, LATER) is None
    again = LATER + timedelta(hours=1)
    with post_of(houses).begin(houses.all) as tx:
        assert tx.mails.take_due(office, LATER, again) == replace(mail, due_at=again, tries=2)
        assert tx.mails.take_due(office, LATER, again) is None
    done = replace(mail, due_at=again, tries=2, left_to=(), state=MailState.SENT)
    with post_of(houses).begin(houses.all) as tx:
        tx.mails.keep(done)
        tx.mails.keep(mail)
    with post_of(houses).begin(houses.all) as tx:
        assert tx.mails.take_due(office, again, again) is None
        assert tx.mails.find_next(office) is None


def test_other_offices_are_not_touched(houses: Houses, office: UUID) -> None:
    """Each office has its own lines and mails."""
    put_lines(houses, houses.gas, 1, LATER)
    with post_of(houses).begin(houses.all) as tx:
        assert not tx.mails.is_waiting(office)
        assert tx.mails.gather(make_mail(office), 10) == []
        assert tx.mails.is_waiting(houses.gas)


def test_nobody_s_mailbox_is_none(houses: Houses) -> None:
    """An agency that is not in the tree has no supervision office."""
    with post_of(houses).begin(houses.all) as tx:
        assert tx.mails.list_mailboxes(uuid4()) == ()
