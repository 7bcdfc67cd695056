"""A citizen's rights over their own data on the government's page: asked, seen with a clock, taken back; a copy at once; closing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.clock import end_of_day
from services.rights import Urgency, judge_urgency
from services.rights_record import RequestKind, RightsEvent, RightsName, RightsRequest
from tests.fake_case_books import make_calendar
from tests.web_door import Browser, WebDoor


@pytest.fixture
def door() -> WebDoor:
    return WebDoor()


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    return door.enter()


def list_requests(door: WebDoor) -> list[RightsRequest]:
    """What the store keeps."""
    house: Any = door.counter.house
    return list(house.tables.rights.requests.values())


def ask(browser: Browser, kind: str = "correction", **form: str) -> Any:
    """As the form does."""
    return browser.post(f"/rights/ask/{kind}", "/rights", **({"about": "name", "words": "姓名写错了"} | form))


def test_request_is_kept_with_its_clock(door: WebDoor, browser: Browser) -> None:
    """Asked twice it is one request; it is due fifteen working days later, and its words stand on the page."""
    assert [ask(browser).status_code for _ in range(2)] == [303, 303]
    (one,) = list_requests(door)
    assert (one.kind, one.state, one.detail) == (
        RequestKind.CORRECTION,
        RightsName.ASKED,
        {"about": "name", "words": "姓名写错了"},
    )
    assert (one.due_on - one.asked_at.date()).days >= 19
    page = browser.get("/rights").text
    assert "姓名写错了" in page
    assert f"due {one.due_on}" in page


@pytest.mark.parametrize("form", [{"about": "all"}, {"words": "短"}, {"words": "长" * 501}])
def test_what_is_no_request_is_refused(door: WebDoor, browser: Browser, form: dict[str, str]) -> None:
    """Nothing is kept of a form that does not say what is wanted."""
    assert ask(browser, **form).status_code == 422
    assert list_requests(door) == []


def test_taken_back_by_its_own_person_alone(door: WebDoor, browser: Browser) -> None:
    """Somebody else's request is not found; one's own is withdrawn once."""
    ask(browser, "deletion")
    (one,) = list_requests(door)
    other = door.enter("110101198501010025", "13900139002")
    assert other.post(f"/rights/{one.request_id}/withdraw", "/rights").status_code == 404
    for _ in range(2):
        assert browser.post(f"/rights/{one.request_id}/withdraw", "/rights").status_code == 303
    (after,) = list_requests(door)
    assert [event.name for event in after.events] == [RightsName.ASKED, RightsName.WITHDRAWN]


def test_answer_and_its_law_are_read(door: WebDoor, browser: Browser) -> None:
    """A refusal stands on the page with the law that requires keeping."""
    ask(browser, "deletion")
    (one,) = list_requests(door)
    house: Any = door.counter.house
    refused = RightsEvent(2, RightsName.REFUSED, one.asked_at, None, {"words": "须留存", "law": "会计法 第二十三条"})
    with house.begin(door.counter.directory.all_agencies()) as tx:
        tx.rights.append(one, refused)
    page = browser.get("/rights").text
    assert "须留存" in page
    assert "会计法 第二十三条" in page


def test_copy_is_given_at_once(door: WebDoor, browser: Browser) -> None:
    """One file, readable by machines and people, that nobody keeps; the request is done with; a fourth on a day waits."""
    reply = browser.post("/rights/copy", "/rights")
    told = json.loads(reply.data)
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-store")
    assert told["sections"] == [
        {"name": "persons", "title": {"zh-CN": "账户", "en": "Account"}, "rows": [{"phone": "13800138001"}]}
    ]
    (one,) = list_requests(door)
    assert one.state is RightsName.DONE
    codes = [browser.post("/rights/copy", "/rights").status_code for _ in range(3)]
    assert codes == [200, 200, 409]


def test_closing_needs_a_yes_and_signs_out(door: WebDoor, browser: Browser) -> None:
    """Without the tick nothing happens; with it the request is kept and this browser is out."""
    assert browser.post("/rights/close", "/rights").status_code == 422
    assert list_requests(door) == []
    reply = browser.post("/rights/close", "/rights", understood="yes")
    assert reply.status_code == 200
    (one,) = list_requests(door)
    assert str(one.request_id) in reply.text
    assert one.kind is RequestKind.CLOSING
    assert browser.get("/rights").status_code == 303
    back = door.enter()
    assert back.post(f"/rights/{one.request_id}/withdraw", "/rights").status_code == 404


def test_page_tells_what_is_kept_and_why(browser: Browser) -> None:
    """Every class of the table with its law."""
    page = browser.get("/rights").text
    assert "会计法 第二十三条；会计档案管理办法（三十年）" in page
    assert page.count("个人信息保护法") > 3


def test_clock_turns_orange_and_red(door: WebDoor, browser: Browser) -> None:
    """Orange from three working days before its end, red after it."""
    ask(browser)
    (one,) = list_requests(door)
    calendar, end = make_calendar(), end_of_day(one.due_on)
    told = [judge_urgency(one, end - timedelta(days=days, hours=1), 3, calendar) for days in (14, 6, 2, 0)]
    assert told[0] is Urgency.IN_TIME
    assert told[2:] == [Urgency.URGENT, Urgency.URGENT]
    assert judge_urgency(one, end, 3, calendar) is Urgency.LATE
