"""Who of the administration read a citizen's material, on the government's own pages."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.reading_record import Reading, case_read, number_read
from tests.fake_applicants import WANG
from tests.web_door import LI, OTHER_PHONE, Browser, WebDoor

REASON = "核对本人提交的平面图"


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door whose slips are really signed."""
    made = WebDoor(tmp_path)
    made.limiter.spend = lambda *_: None  # type: ignore[method-assign]  # the limits have tests of their own
    return made


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    """The citizen's."""
    return door.enter()


def look(door: WebDoor, case_id: UUID) -> None:
    """A clerk opens the case; another looks the number up."""
    agency, now = door.directory.root_agency(), door.counter.clock.now()
    clerk = {"name": "陈静", "login": "chen", "office": "演示市市场监督管理局", "office_en": "Market office"}
    with door.counter.house.begin(door.directory.all_agencies()) as tx:
        for subject, act in ((case_read(case_id), "case.open"), (number_read(WANG), "mandate.look_up")):
            tx.readings.add([Reading(uuid4(), agency, now, UUID(int=7), agency, act, subject, clerk, REASON)])


def test_the_pages_say_who_when_and_why(door: WebDoor, browser: Browser) -> None:
    """Name, office, what was done and the reason stand on the case's page and on the list of everything, which has the number too."""
    case_id = door.counter.open()
    assert "没有记录" in browser.get("/readings").text
    look(door, case_id)
    assert f"/cases/{case_id}/readings" in browser.get(f"/cases/{case_id}").text
    of_case, everything = browser.get(f"/cases/{case_id}/readings").text, browser.get("/readings").text
    for page in (of_case, everything):
        assert all(word in page for word in ("陈静", "演示市市场监督管理局", "打开办件查看", REASON))
    assert ("查询授权" in of_case, "查询授权" in everything) == (False, True)


def test_a_strangers_pages_say_nothing(door: WebDoor) -> None:
    """Somebody else's case has no list of looks, and their own list does not name it."""
    case_id = door.counter.open()
    look(door, case_id)
    stranger = door.enter(LI, OTHER_PHONE)
    assert stranger.get(f"/cases/{case_id}/readings").status_code == 404
    assert "陈静" not in stranger.get("/readings").text


def test_a_cursor_of_another_form_is_refused(browser: Browser) -> None:
    """What is no cursor is a page that says so."""
    assert browser.get("/readings?before=x").status_code == 422
