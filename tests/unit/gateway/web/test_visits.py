"""Rating a visit by the code on its receipt: by anybody who holds it, once, under nobody's name."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from gateway.web.visits import RATINGS_OF_ADDRESS
from services.case_record import Hand
from services.slip_desk import show_case_receipt
from tests.web_door import Browser, WebDoor, find_token


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door whose slips are really signed."""
    return WebDoor(tmp_path)


def print_receipt(door: WebDoor, *, visited: bool = True) -> str:
    """The page of a receipt's code, of a case for which somebody came today, or nobody did."""
    case_id: UUID = door.counter.open()
    if visited:
        door.counter.move(case_id, "receipt_printed", Hand.CLERK)
    text = show_case_receipt(door.web.applicants.desk, door.counter.file(case_id)).slip
    return f"/v/{text.rpartition('/')[2]}"


def rate(browser: Browser, path: str, level: str = "2", words: str = "等了很久") -> tuple[int, str]:
    """Open the form as people do, and send it."""
    token = find_token(browser.get(f"{path}/rate").text)
    reply = browser.client.post(f"{path}/rate", data={"token": token, "level": level, "words": words})
    return reply.status_code, reply.text


def test_a_visit_is_rated_without_signing_in(door: WebDoor) -> None:
    """The page of the code leads to five levels; the rating is nobody's, opens no follow-up, and a second one is refused."""
    path, browser = print_receipt(door), door.open_browser()
    assert f'href="{path}/rate"' in browser.get(path).text
    form = browser.get(f"{path}/rate").text
    token = find_token(form)
    assert rate(browser, path)[0] == 200
    (rating,) = door.counter.house.tables.counter.ratings.values()
    assert (rating.level, rating.words, rating.person_id, str(rating.channel)) == (2, "等了很久", None, "web")
    assert door.counter.house.tables.counter.complaints == {}
    again = door.open_browser()
    again.get(f"{path}/rate")
    refused = browser.client.post(f"{path}/rate", data={"token": token, "level": "5"})
    assert (refused.status_code, "已评价过" in refused.text) == (409, True)


def test_a_receipt_made_at_home_rates_nothing(door: WebDoor) -> None:
    """Without a visit on its day a receipt is refused, in plain words."""
    status, page = rate(door.open_browser(), print_receipt(door, visited=False))
    assert (status, "没有窗口办理记录" in page) == (409, True)
    assert door.counter.house.tables.counter.ratings == {}


@pytest.mark.parametrize("level", ["", "0", "6", "5.0", "五"])
def test_another_level_is_refused(door: WebDoor, level: str) -> None:
    """Only five levels exist; what was written stays in the form."""
    status, page = rate(door.open_browser(), print_receipt(door), level, "字迹要保留")
    assert (status, "字迹要保留" in page) == (422, True)
    assert door.counter.house.tables.counter.ratings == {}


def test_a_text_that_is_no_receipt_has_no_form(door: WebDoor) -> None:
    """A forged code gets no form, and a form without its token rates nothing."""
    browser = door.open_browser()
    forged = browser.get("/v/AAAA/rate")
    assert (forged.status_code, 'name="level"' in forged.text) == (422, False)
    path = print_receipt(door)
    assert browser.client.post(f"{path}/rate", data={"level": "5"}).status_code == 403
    assert door.counter.house.tables.counter.ratings == {}


def test_trying_is_limited(door: WebDoor) -> None:
    """From one address so many in ten minutes, and no more."""
    browser = door.open_browser()
    statuses = [browser.get("/v/AAAA/rate").status_code for _ in range(RATINGS_OF_ADDRESS + 1)]
    assert set(statuses[:-1]) == {422}
    assert statuses[-1] == 429
