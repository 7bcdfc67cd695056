"""Cases on the government's own pages: seen, explained, answered, withdrawn, collected; somebody else's does not exist."""

from __future__ import annotations

import io
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from services.case_record import CaseState, Hand
from services.counter_terms import Material
from tests.case_samples import say
from tests.web_door import LI, OTHER_PHONE, Browser, WebDoor, find_token


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door whose slips are really signed."""
    made = WebDoor(tmp_path)
    made.limiter.spend = lambda *_: None  # type: ignore[method-assign]  # the limits have tests of their own
    return made


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    """The applicant's."""
    return door.enter()


def ask_correction(door: WebDoor, case_id: UUID) -> None:
    """A clerk's notice: a plan that is unclear, a name, a promise."""
    door.counter.clock.advance(60)
    items = [
        {"about": "floor_plan", "code": "unclear", "words": "平面图不清晰，请重新上传"},
        {"about": "company_name", "code": "", "words": "字号须与执照一致"},
        {"about": "promise", "code": "", "words": "请重新签署承诺"},
    ]
    door.counter.move(case_id, "correction_asked", Hand.CLERK, items=items, until_on="2026-11-23")


def version_on(page: str) -> str:
    """The version that a form on the page carries."""
    found = re.search(r'name="version" value="([0-9]+)"', page)
    assert found is not None
    return found.group(1)


def upload(browser: Browser, case_id: UUID, content: bytes, name: str = "图.png", material: str = "floor_plan") -> int:
    """Choose a file and send it; the status."""
    page = browser.get(f"/cases/{case_id}/answer").text
    form = {"token": find_token(page), "material": material, "file": (io.BytesIO(content), name)}
    return browser.client.post(f"/cases/{case_id}/upload", data=form, content_type="multipart/form-data").status_code


def test_a_case_of_another_door_is_seen_here(door: WebDoor, browser: Browser) -> None:
    """A case that was handed in inside WeChat stands on the first page and can be opened."""
    case_id = door.counter.open()
    number = door.counter.file(case_id).case.case_no
    assert number in browser.get("/").text
    page = browser.get(f"/cases/{case_id}")
    assert (page.status_code, number in page.text, "微信" in page.text) == (200, True, True)


@pytest.mark.parametrize("tail", ["", "/deadline", "/receipt", "/collection-code", "/answer", "/withdraw"])
def test_somebody_elses_case_is_none(door: WebDoor, tail: str) -> None:
    """The same page, byte for byte but for the request's number, whether the case exists or not."""
    case_id = door.counter.open()
    stranger = door.enter(LI, OTHER_PHONE)
    theirs, nobodys = stranger.get(f"/cases/{case_id}{tail}"), stranger.get(f"/cases/{uuid4()}{tail}")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert hide(theirs.text) == hide(nobodys.text)


def hide(page: str) -> str:
    """A page without the number of its request."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", page)


@pytest.mark.parametrize("act", ["answer", "withdraw", "upload", "collect"])
def test_nobody_acts_on_somebody_elses_case(door: WebDoor, act: str) -> None:
    """A stranger's form changes nothing and learns nothing."""
    case_id = door.counter.open()
    before = door.counter.names(case_id)
    stranger = door.enter(LI, OTHER_PHONE)
    assert stranger.post(f"/cases/{case_id}/{act}", "/", version="1", sure="yes").status_code == 404
    assert door.counter.names(case_id) == before


def test_each_day_of_the_deadline(door: WebDoor, browser: Browser) -> None:
    """Every day from the start stands there with its reason and its source."""
    case_id = door.counter.open()
    page = browser.get(f"/cases/{case_id}/deadline").text
    assert "2026-11-07" in page
    assert "周休息日" in page
    assert "第八十二条" in page


def test_the_receipt_has_a_code_that_verifies(door: WebDoor, browser: Browser) -> None:
    """What is drawn on the receipt is a slip that the public page calls good."""
    case_id = door.counter.open()
    page = browser.get(f"/cases/{case_id}/receipt").text
    assert "<svg" in page
    assert door.counter.file(case_id).case.case_no in page


def test_everything_that_a_notice_asks(door: WebDoor, browser: Browser) -> None:
    """A file, a value and a promise, handed in together, answer it; the notice's words stand beside each."""
    case_id = door.counter.open()
    ask_correction(door, case_id)
    page = browser.get(f"/cases/{case_id}/answer").text
    assert all(words in page for words in ("平面图不清晰", "字号须与执照一致", "请重新签署承诺"))
    assert upload(browser, case_id, b"PNG new plan") == 303
    page = browser.get(f"/cases/{case_id}/answer").text
    assert "图.png" in page
    form = {
        "token": find_token(page),
        "version": version_on(page),
        "input.company_name": "小明餐饮",
        "promise": "promise",
    }
    assert browser.client.post(f"/cases/{case_id}/answer", data=form).status_code == 303
    file = door.counter.file(case_id)
    assert file.last("corrected") is not None
    assert file.inputs["company_name"] == "小明餐饮"
    assert file.state is not CaseState.CORRECTION_ASKED


def test_what_is_missing_is_said_and_nothing_is_lost(door: WebDoor, browser: Browser) -> None:
    """The form comes back with what was typed and with each thing that lacks, by its own name."""
    case_id = door.counter.open()
    ask_correction(door, case_id)
    reply = browser.post(f"/cases/{case_id}/answer", version=version_on(browser.get(f"/cases/{case_id}/answer").text),
                         **{"input.company_name": "小明餐饮"})  # fmt: skip
    assert reply.status_code == 422
    assert "平面图：必须填写或提供" in reply.text
    assert 'value="小明餐饮"' in reply.text
    assert door.counter.file(case_id).state is CaseState.CORRECTION_ASKED


def test_a_form_that_is_sent_twice(door: WebDoor, browser: Browser) -> None:
    """The second one finds that the case has moved: one withdrawal, one event."""
    case_id = door.counter.open()
    page = browser.get(f"/cases/{case_id}/withdraw").text
    form = {"token": find_token(page), "version": version_on(page), "sure": "yes", "reason": "改变主意"}
    assert browser.client.post(f"/cases/{case_id}/withdraw", data=form).status_code == 303
    assert browser.client.post(f"/cases/{case_id}/withdraw", data=form).status_code == 409
    assert door.counter.names(case_id).count("withdrawn") == 1


def test_withdrawing_is_confirmed(door: WebDoor, browser: Browser) -> None:
    """Without the tick nothing happens."""
    case_id = door.counter.open()
    page = browser.get(f"/cases/{case_id}/withdraw").text
    form = {"token": find_token(page), "version": version_on(page)}
    assert browser.client.post(f"/cases/{case_id}/withdraw", data=form).status_code == 422
    assert door.counter.file(case_id).state is CaseState.RECEIVED


@pytest.mark.parametrize(
    ("content", "words"), [(b"bomb x", "展开后过大"), (b"type x", "PDF、JPEG 或 PNG"), (b"encrypted", "密码")]
)
def test_a_bad_file_is_told_by_its_rule(door: WebDoor, browser: Browser, content: bytes, words: str) -> None:
    """What the judge refuses is said in words, and nothing of it is kept."""
    case_id = door.counter.open()
    ask_correction(door, case_id)
    page = browser.get(f"/cases/{case_id}/answer").text
    form = {"token": find_token(page), "material": "floor_plan", "file": (io.BytesIO(content), "x.png")}
    reply = browser.client.post(f"/cases/{case_id}/upload", data=form, content_type="multipart/form-data")
    assert (reply.status_code, words in reply.text) == (422, True)


def test_a_name_that_acts_is_only_a_name(door: WebDoor, browser: Browser) -> None:
    """A file name is text, whatever it holds."""
    case_id = door.counter.open()
    ask_correction(door, case_id)
    assert upload(browser, case_id, b"PNG x", '<img src=x onerror="1">.png') == 303
    page = browser.get(f"/cases/{case_id}/answer").text
    assert "<img src=x" not in page
    assert "&lt;img" in page


def test_a_file_that_is_too_large_is_not_read_to_its_end(door: WebDoor, browser: Browser) -> None:
    """Beyond the largest file nothing is taken in."""
    case_id = door.counter.open()
    ask_correction(door, case_id)
    token = find_token(browser.get(f"/cases/{case_id}/answer").text)
    head = f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n--x\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="x.png"\r\n\r\nPNG '
    body = head.encode() + b"x" * (21 * 1024 * 1024) + b"\r\n--x--\r\n"
    reply = browser.client.post(f"/cases/{case_id}/upload", data=body, content_type="multipart/form-data; boundary=x")
    assert reply.status_code == 413


def test_what_was_uploaded_can_be_taken_back(door: WebDoor, browser: Browser) -> None:
    """Until it is handed in; it is gone then."""
    case_id = door.counter.open()
    ask_correction(door, case_id)
    upload(browser, case_id, b"PNG new plan")
    page = browser.get(f"/cases/{case_id}/answer").text
    found = re.search(r"/remove/([0-9a-f-]{36})", page)
    assert found is not None
    assert browser.post(f"/cases/{case_id}/remove/{found.group(1)}", f"/cases/{case_id}/answer").status_code == 303
    assert "图.png" not in browser.get(f"/cases/{case_id}/answer").text


def test_a_document_is_handed_on_as_it_is(door: WebDoor, browser: Browser) -> None:
    """The bytes of the PDF, to be saved, never to be run or kept; a program may fetch it with its session, a stranger gets none."""
    case_id = door.counter.open()
    door.counter.move(case_id, "accepted", Hand.CLERK, on="2026-11-02")
    door.counter.work(case_id)
    made = door.counter.file(case_id).last("document_made")
    assert made is not None
    address = f"/cases/{case_id}/files/{made.data['file_id']}"
    assert address in browser.get(f"/cases/{case_id}").text
    reply = browser.get(address)
    assert (reply.status_code, reply.data[:5], reply.headers["Cache-Control"]) == (200, b"%PDF-", "no-store")
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    cookie = browser.client.get_cookie("guitai_web")
    assert cookie is not None
    program = door.open_browser()
    assert program.get(address, Authorization=f"Bearer {cookie.value}").data == reply.data
    assert program.get(f"/cases/{case_id}", Authorization=f"Bearer {cookie.value}").status_code == 303
    assert door.enter(LI, OTHER_PHONE).get(address).status_code == 404
    assert browser.get(f"/cases/{uuid4()}/files/{made.data['file_id']}").status_code == 404


def test_a_collection_code_when_something_lies_ready(door: WebDoor, browser: Browser) -> None:
    """Not before the certificate; a new one each time."""
    case_id = door.counter.open()
    assert browser.get(f"/cases/{case_id}/collection-code").status_code == 409


def test_no_answer_where_nothing_is_asked() -> None:
    """A case under examination has no form."""
    door = WebDoor(materials={"promise": Material("promise", say("承诺书"), "D")})
    browser, case_id = door.enter(), door.counter.open()
    door.counter.move(case_id, "accepted", Hand.CLERK, on="2026-11-02")
    assert browser.get(f"/cases/{case_id}/answer").status_code == 409


def test_a_draft_is_gone_on_with(door: WebDoor, browser: Browser) -> None:
    """Begun in WeChat, handed in here: one case, however often the form is sent."""
    draft_id = door.counter.draft()
    page = browser.get(f"/drafts/{draft_id}").text
    assert "小明早点" in page
    form = {"token": find_token(page), "version": version_on(page)}
    first = browser.client.post(f"/drafts/{draft_id}/submit", data=form)
    second = browser.client.post(f"/drafts/{draft_id}/submit", data=form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"] == f"/cases/{draft_id}"
    assert door.counter.names(draft_id).count("case_received") == 1


def test_somebody_elses_draft_is_none(door: WebDoor) -> None:
    """Neither read nor thrown away."""
    draft_id = door.counter.draft()
    stranger = door.enter(LI, OTHER_PHONE)
    assert stranger.get(f"/drafts/{draft_id}").status_code == 404
    assert stranger.post(f"/drafts/{draft_id}/discard", "/").status_code == 404


def test_a_matter_is_rated_once(door: WebDoor, browser: Browser) -> None:
    """Five levels, once; a complaint may be made, and while it is not answered not a second one."""
    case_id = door.counter.open()
    page = f"/voice/case/{case_id}"
    assert browser.post(f"{page}/rate", page, level="9").status_code == 422
    assert browser.post(f"{page}/rate", page, level="2", words="等了很久").status_code == 303
    assert browser.post(f"{page}/rate", page, level="5").status_code == 409
    assert "不满意" in browser.get(page).text
    assert browser.post(f"{page}/complain", page, complaint="").status_code == 422
    assert browser.post(f"{page}/complain", page, complaint="无人接听电话").status_code == 303
    assert browser.post(f"{page}/complain", page, complaint="再次投诉").status_code == 409


def test_nobody_rates_somebody_elses_matter(door: WebDoor) -> None:
    """It does not exist for them."""
    case_id = door.counter.open()
    stranger = door.enter(LI, OTHER_PHONE)
    assert stranger.get(f"/voice/case/{case_id}").status_code == 404
    assert stranger.post(f"/voice/case/{case_id}/rate", "/", level="1").status_code == 404
    assert door.enter().get(f"/voice/payment/{case_id}").status_code == 404
