"""The auditor's pages: found by number, replayed for a reason, drawn by lot, lists, delays between two people."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from services.audit_record import StaffChange
from services.staffing import Role
from tests.unit.gateway.console.office import LEFT, Browser, Office

REASON = "年度抽查办件质量"


@pytest.fixture
def office() -> Office:
    return Office()


def enter(office: Office, *roles: Role, login: str = "") -> Browser:
    """Somebody with these roles at the left office."""
    return office.enter(office.hire(LEFT, *roles, login=login))


def test_a_case_is_found_and_replayed(office: Office) -> None:
    """From the number to the form that asks why, and only then to the steps; each is an Act."""
    file, browser = office.cases.receive(), enter(office, Role.AUDITOR)
    assert browser.get("/audit").status_code == 200
    found = browser.post("/audit/find", {"case_no": file.case.case_no})
    path = found.headers["Location"]
    assert (found.status_code, path) == (303, f"/audit/cases/{file.case.case_id}")
    assert "王秀英" not in browser.get(path).get_data(as_text=True)
    assert browser.post(path, {"reason": ""}).status_code == 422
    page = browser.post(path, {"reason": REASON}).get_data(as_text=True)
    assert all(word in page for word in ("王秀英", REASON, "business_licence", "已调取"))
    assert office.acts[-2:] == ["audit.find", "audit.replay"]


def test_an_unknown_number_is_said(office: Office) -> None:
    """A number that nobody within reach has leads nowhere."""
    reply = enter(office, Role.AUDITOR).post("/audit/find", {"case_no": "123"})
    assert (reply.status_code, "没有这个编号" in reply.get_data(as_text=True)) == (404, True)


def test_a_sample_shows_its_seed(office: Office) -> None:
    """The page says with which seed it was drawn; the same seed shows the same numbers again; what is wrong is said."""
    for _ in range(6):
        office.cases.receive()
    browser = enter(office, Role.AUDITOR)
    order = {"month": "2026-11", "size": "3", "seed": ""}
    page = browser.post("/audit/sample", order).get_data(as_text=True)
    seed = re.search(r'class="code">([0-9a-f]{16})<', page)
    assert seed is not None
    drawn = re.findall(r"/audit/cases/([0-9a-f-]{36})", page)
    again = browser.post("/audit/sample", {**order, "seed": seed.group(1)}).get_data(as_text=True)
    assert len(drawn) == 3
    assert re.findall(r"/audit/cases/([0-9a-f-]{36})", again) == drawn
    assert "王秀英" not in page
    assert ('id="chosen"' in page, 'id="chosen"' in again) == (False, True), (
        "a draw that somebody steered is none by chance"
    )
    refused = browser.post("/audit/sample", {**order, "month": "soon"})
    assert (refused.status_code, "月份写作" in refused.get_data(as_text=True)) == (422, True)
    assert browser.post("/audit/sample", {**order, "agency_id": "x"}).status_code == 404


@pytest.mark.parametrize("which", ["without_case", "elsewhere", "bare", "copied"])
def test_lists_are_read_and_noted(office: Office, which: str) -> None:
    """Each list is a page and an Act; a preset reason is marked as one."""
    case_id = office.cases.receive().case.case_id
    enter(office, Role.CLERK, login="some.clerk").post(f"/counter/cases/{case_id}", {"reason": "办理本人承办的办件"})
    page = enter(office, Role.AUDITOR).get(f"/audit/looks?list={which}").get_data(as_text=True)
    assert office.acts[-1] == "audit.list"
    assert ("some.clerk" in page) == (which == "without_case")
    assert ("预填" in page.split("<tbody>")[1]) == (which == "without_case")


def test_no_such_list_is_a_page_of_ours(office: Office) -> None:
    """A list that there is not is refused in words."""
    reply = enter(office, Role.AUDITOR).get("/audit/looks?list=x")
    assert (reply.status_code, "没有这个清单" in reply.get_data(as_text=True)) == (422, True)


def test_changes_of_roles_are_seen(office: Office) -> None:
    """Who got which role, by whom; what the command line did is said so."""
    member = office.hire(LEFT, Role.CLERK)
    now = office.clock.now()
    office.store.changes.append(
        StaffChange(
            office.new_id(), LEFT, member.staff_id, "role_granted", now, None, {"role": "clerk", "grant_id": "1"}
        )
    )
    page = enter(office, Role.AUDITOR).get("/audit/roles").get_data(as_text=True)
    assert all(word in page for word in (member.name, "授予角色", "经办", "命令行"))


def test_a_delay_goes_through_two_hands(office: Office) -> None:
    """Asked by the auditor, granted by the privacy officer, ended before its day; what is missing is said at its place."""
    file = office.cases.receive()
    office.hire(LEFT, Role.AUDITOR, login="the.reader")
    asker, officer = enter(office, Role.AUDITOR), enter(office, Role.PRIVACY)
    until = (office.clock.now() + timedelta(days=20)).date().isoformat()
    form = {
        "case_no": file.case.case_no, "reader": "the.reader", "ground": "pipl_35", "authority": "演示市监察委员会",
        "document_no": "演监〔2026〕7号", "until": until, "reason": "按来函办理",
    }  # fmt: skip
    for name, words in (("authority", "机关"), ("ground", "法律依据"), ("reader", "登录名"), ("until", "截止日")):
        reply = asker.post("/audit/delays/ask", {**form, name: "2020-01-01" if name == "until" else ""})
        assert (reply.status_code, words in reply.get_data(as_text=True)) == (422, True), name
    page = asker.post("/audit/delays/ask", form).get_data(as_text=True)
    assert "待批准" in page
    assert "/grant" not in page
    path = re.search(r"/audit/delays/[0-9a-f-]{36}", officer.get("/audit/delays").get_data(as_text=True))
    assert path is not None
    assert officer.post(f"{path.group(0)}/grant", {"reason": "同意延迟告知"}).status_code == 200
    assert officer.post(f"{path.group(0)}/deny", {"reason": "同意延迟告知"}).status_code == 409
    assert "提前解除" in asker.get("/audit/delays").get_data(as_text=True)
    assert asker.post(f"{path.group(0)}/lift", {"reason": "不再需要延迟"}).status_code == 200
    assert [act for act in office.acts if act.startswith("delay")] == ["delay.ask", "delay.grant", "delay.lift"]
