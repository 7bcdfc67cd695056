"""Consents at the window: shown after the act, recorded upon a signed paper, refused for a forged or old page."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from services.consent_record import ConsentName
from services.consents import list_offers
from services.console_ports import PersonKey
from services.model import Assurance, Person
from tests.counter_office import APPLICANT_NUMBER
from tests.fakes import load_catalogue
from tests.unit.gateway.console.office import LEFT
from tests.unit.gateway.console.test_counter_pages import Clerk

CATALOGUE = load_catalogue()
MATTER, TEXT = next(iter(list_offers(CATALOGUE).items()))
WHO = {
    "card.name": "王秀英",
    "card.identity_number": APPLICANT_NUMBER,
    "card_seen": "yes",
    "reason": "本人到窗口变更同意",
}


@pytest.fixture
def clerk() -> Clerk:
    """A clerk at a window of a city in which one purpose asks for consent."""
    made = Clerk()
    desk = made.office.app.extensions["guitai-console"].rooms.consents.desk
    desk.catalogue.services[MATTER.service] = CATALOGUE.services[MATTER.service]
    return made


def open_account(clerk: Clerk) -> Person:
    """Whoever stands there has an account."""
    person = Person(uuid4(), LEFT, uuid4(), Assurance.REAL_NAME, clerk.office.clock.now())
    clerk.office.store.tables.persons[person.person_id] = person
    clerk.office.store.books.persons[PersonKey.IDENTITY_NUMBER, APPLICANT_NUMBER] = [person.person_id]
    return person


def say(clerk: Clerk, act: str, **changes: Any) -> tuple[int, str]:
    """The form that stands on the page, as the clerk sends it."""
    form = {
        **WHO, "service": MATTER.service, "purpose": MATTER.purpose, "platform": MATTER.platform,
        "version": TEXT.version, "after": "0", "paper_signed": "yes",
    }  # fmt: skip
    reply = clerk.browser.post(f"/window/consents/{act}", {**form, **changes})
    return reply.status_code, reply.get_data(as_text=True)


def names(clerk: Clerk) -> list[tuple[ConsentName, str, bool]]:
    """What is kept."""
    events = clerk.office.store.tables.consents.events
    return [(one.name, one.channel, one.by == clerk.member.staff_id) for one in events]


def test_shown_given_and_withdrawn(clerk: Clerk) -> None:
    """The text stands there in full, nothing is ticked, and each act is in the book with the clerk's name on the event."""
    open_account(clerk)
    page = clerk.browser.post("/window/consents", WHO).get_data(as_text=True)
    assert "尚未表示" in page
    assert ("登记同意" in page, "登记不同意" in page) == (True, True)
    assert not re.search(r'name="paper_signed"[^>]* checked', page)
    status, page = say(clerk, "agree")
    assert (status, "已同意" in page) == (200, True), page
    status, page = say(clerk, "withdraw", after="1")
    assert (status, "未同意" in page) == (200, True)
    assert names(clerk) == [(ConsentName.GIVEN, "window", True), (ConsentName.WITHDRAWN, "window", True)]
    assert clerk.office.acts[-3:] == ["consent.look_up", "consent.give", "consent.withdraw"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"paper_signed": ""}, 422),
        ({"version": "0" * 64}, 409),
        ({"version": "x"}, 422),
        ({"after": "3"}, 409),
        ({"after": "-1"}, 422),
        ({"card_seen": ""}, 422),
        ({"reason": ""}, 422),
        ({"purpose": "submit_case"}, 404),
        ({"platform": "web"}, 404),
    ],
)
def test_what_is_not_signed_or_not_as_shown_is_not_recorded(clerk: Clerk, change: dict[str, str], status: int) -> None:
    """No paper, another text, an old page, no card, no reason, nothing that asks for consent."""
    open_account(clerk)
    assert say(clerk, "agree", **change)[0] == status
    assert names(clerk) == []


def test_whoever_has_no_account_has_nothing_to_agree_to(clerk: Clerk) -> None:
    """They are told so."""
    reply = clerk.browser.post("/window/consents", WHO)
    assert (reply.status_code, "没有此人的账户" in reply.get_data(as_text=True)) == (404, True)
    assert say(clerk, "agree")[0] == 404


def test_nobody_records_their_own(clerk: Clerk) -> None:
    """A clerk's own consent is another clerk's to write down."""
    open_account(clerk)
    clerk.office.store.books.identities[clerk.member.staff_id] = APPLICANT_NUMBER
    assert clerk.browser.post("/window/consents", WHO).status_code == 409
    assert say(clerk, "agree")[0] == 409
    assert names(clerk) == []
