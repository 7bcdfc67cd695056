"""The privacy officer's room: numbers, budgets, one person for a reason, reports that are signed, breaches; what each of them leaves behind."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from openpyxl import load_workbook

from services.model import PlatformName
from services.privacy_record import Counted, Holder, HolderKind, OrderOwner
from services.reading_record import About, Reading
from services.staffing import Role
from tests.chromium import CHROMIUM
from tests.fake_privacy import SumRow
from tests.unit.gateway.console.office import CHILD, LEFT, NUMBER, RIGHT, Browser, Office
from tests.unit.gateway.console.test_in_browser import Scene, chromium, find_faults, scene

__all__ = ["chromium", "scene"]
PICTURES = Path(__file__).resolve().parents[4] / "var" / "privacy"
REASON = "本人到窗口要求查阅"


def fill(office: Office, days: int = 40) -> None:
    """Some weeks of what platforms saw, in two agencies."""
    today = office.clock.now().date()
    rows = []
    for back in range(days):
        on = today - timedelta(days=back)
        rows += [
            SumRow(LEFT, on, 40 + 7 * (back % 5), ("payee", "bill_amount", "bill_period")),
            SumRow(LEFT, on, 21 + 3 * (back % 7), ("payee", "bill_amount"), platform="alipay", account="alipay-main"),
            SumRow(
                CHILD, on, 9, ("order_number", "amount", "protocol"), purpose="pay_bill", direction="sent_to_server"
            ),
            SumRow(CHILD, on, 12, ("session_info", "phone_masked"), service="account", purpose="manage_account"),
            SumRow(RIGHT, on, 1000, ("real_name",), service="right-bill", account="account-right"),
        ]
    office.store.shelf.rows = rows
    office.store.shelf.counted = Counted(123_456, office.clock.now())


@pytest.fixture
def office() -> Office:
    made = Office()
    fill(made)
    return made


def enter(office: Office, role: Role = Role.PRIVACY, at: UUID = LEFT) -> Browser:
    return office.enter(office.hire(at, role))


def told_by(office: Office) -> list[Reading]:
    """Every look that citizens are told of."""
    return [*office.store.tables.counter.readings, *office.store.books.told.readings]


def test_numbers_of_ones_own_agencies_only(office: Office) -> None:
    """Records of the agency and those below, by what is asked for; a field counts the records that hold it; another agency's are not there."""
    browser = enter(office, Role.AUDITOR)
    page = browser.get("/privacy?by=agency_id&step=week").text
    assert "左局" in page
    assert "right-bill" not in page
    rows = read_csv(browser, by="field", platform="alipay")
    assert {row["编号 code"] for row in rows} == {"payee", "bill_amount"}
    assert len({row["支付宝 Alipay"] for row in rows}) == 1
    only = read_csv(browser, by="service", field="phone_masked")
    assert [row["编号 code"] for row in only] == ["account"]
    assert enter(office, at=RIGHT).get("/privacy").text.count("right-bill") >= 1


def read_csv(browser: Browser, **asked: str) -> list[dict[str, str]]:
    """The table of the file, without its notes."""
    text = browser.post("/privacy/export", {**asked, "format": "csv"}).data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text.split("\r\n\r\n")[0])))


def test_what_is_no_choice_is_said_and_shown_is_the_default(office: Office) -> None:
    """A day, span or step that does not exist, or another agency, gives a sentence or nothing, never a fault of ours."""
    browser = enter(office)
    for asked in (
        "since=yesterday",
        "since=2026-11-02&until=2026-11-01",
        "since=2020-01-01",
        "step=year",
        "by=leaf",
        "agency=x",
    ):
        assert browser.get(f"/privacy?{asked}").status_code == 422, asked
    assert browser.get(f"/privacy?agency={RIGHT}").status_code in (403, 404)
    assert browser.get("/privacy/budgets?since=9999-01-01").status_code == 422
    assert browser.get("/privacy/report?platform=web").status_code == 404


def test_taking_out_is_an_act(office: Office) -> None:
    """File and act are of one request; a workbook has the course beside the groups, and a name that a spreadsheet would compute stays text."""
    office.store.shelf.rows.append(SumRow(LEFT, office.clock.now().date(), 5, ("payee",), account="=1+1"))
    browser = enter(office)
    body = browser.post("/privacy/export", {"by": "account", "format": "xlsx"}).data
    book = load_workbook(io.BytesIO(body))
    assert book.sheetnames == ["平台账号 platform account", "走势 Course", "说明 Notes"]
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert "=1+1" in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert office.acts[-1] == "privacy.export"
    office.store.acts_down = True
    assert browser.post("/privacy/export", {"format": "csv"}).status_code == 503


def test_a_budget_says_what_was_used_and_what_must_not_be(office: Office) -> None:
    """Within is said so; a field that we showed outside the budget is a fault in red, one that was typed is told apart."""
    browser = enter(office)
    page = browser.get("/privacy/budgets").text
    assert 'id="within"' in page
    assert "从未使用" in page
    today = office.clock.now().date()
    office.store.shelf.rows.append(SumRow(LEFT, today, 2, ("unlisted",), direction="entered_in_client"))
    assert 'id="within"' in browser.get("/privacy/budgets").text
    office.store.shelf.rows.append(SumRow(LEFT, today, 1, ("identity_number",)))
    page = browser.get("/privacy/budgets").text
    assert 'id="beyond"' in page
    assert "身份证号码" in page


def leave_records(office: Office, subject: UUID | None = None, agency: UUID = LEFT) -> None:
    """A record of the person who has the number on each platform."""
    chain = office.store.tables.chains.setdefault((LEFT, "identity", NUMBER), uuid4())
    for platform in (PlatformName.WECHAT, PlatformName.ALIPAY):
        leaf: dict[str, Any] = {
            "id": str(office.new_id()), "at": office.clock.now().isoformat(), "agency": str(agency), "account": f"{platform}-main",
            "direction": "shown_in_client", "service": "gas-bill", "purpose": "see_bills", "legal_basis": "某法第一条",
            "fields": ["payee", "bill_amount"], "platform": str(platform), "subject": str(subject) if subject else None,
        }  # fmt: skip
        office.reader.leaves.append((chain, platform, leaf))


def ask(browser: Browser, **changed: str) -> Any:
    given = {"key": "identity_number", "value": NUMBER, "ground": "copy", "reason": REASON, **changed}
    return browser.post("/privacy/people", given)


def test_a_person_is_looked_at_for_a_reason_and_is_told(office: Office) -> None:
    """The act names ground, article and reason, the person has a reading, both platforms are shown; where nothing can be noted nothing is shown."""
    office.know(person := uuid4())
    leave_records(office)
    browser = enter(office)
    assert "查谁，为什么" in browser.get("/privacy/people").text
    leave_records(office, agency=RIGHT)
    page = ask(browser)
    assert page.status_code == 200
    assert page.text.count("某法第一条") == 2
    (act,) = [one for one in office.store.books.acts if one.act == "privacy.look"]
    assert (act.reason, act.detail["article"], act.subject_id) == (REASON, "个人信息保护法第四十五条", str(person))
    assert [(one.act, one.subject.about, one.subject.subject_id) for one in told_by(office)] == [
        ("privacy.look", About.PERSON, person)
    ]
    office.store.acts_down = True
    assert ask(browser).status_code == 503


def test_who_asks_must_say_why_and_not_too_often(office: Office) -> None:
    """Without reason, ground or a number that can be there is nothing; nobody looks at their own; thirty an hour."""
    office.know(uuid4())
    member = office.hire(LEFT, Role.PRIVACY)
    browser = office.enter(member)
    for changed in ({"reason": "-"}, {"ground": "curious"}, {"value": "12"}, {"key": "name"}):
        assert ask(browser, **changed).status_code == 422, changed
    assert "privacy.look" not in office.acts
    office.store.books.identities[member.staff_id] = NUMBER
    assert ask(browser).status_code in (403, 409, 422)
    office.store.books.identities.clear()
    replies = [ask(browser).status_code for _ in range(31)]
    assert replies[-1] == 429


def test_a_case_shows_its_own_records_and_one_out_of_reach_none(office: Office) -> None:
    """By case number the case is told; a case or order of another agency is answered as one that does not exist, and noted all the same."""
    case = office.cases.receive().case
    other = office.cases.receive(agency_id=RIGHT).case
    office.store.shelf.orders["ORDER-OF-RIGHT"] = OrderOwner(RIGHT, uuid4(), uuid4())
    browser = enter(office)
    assert ask(browser, key="case_no", value=case.case_no).status_code == 200
    assert (About.CASE, case.case_id) in {(one.subject.about, one.subject.subject_id) for one in told_by(office)}
    told = len(told_by(office))
    pages = [
        ask(browser, key=key, value=value) for key, value in
        (("case_no", other.case_no), ("case_no", "NOTHING-HERE"), ("order_no", "ORDER-OF-RIGHT"), ("order_no", "0" * 32))
    ]  # fmt: skip
    assert [page.status_code for page in pages] == [200] * 4
    assert all('id="none"' in page.text for page in pages)
    assert len(told_by(office)) == told
    assert office.acts.count("privacy.look") == 5


def test_the_auditor_reads_along_and_does_not_look(office: Office) -> None:
    """Numbers, budgets, reports and sheets are the auditor's too; a person, a signature and a list of names are not."""
    browser = enter(office, Role.AUDITOR)
    for path in ("/privacy", "/privacy/budgets", "/privacy/report", "/privacy/breaches"):
        assert browser.get(path).status_code == 200
    assert browser.get("/privacy/people").status_code == 403
    for path in ("/privacy/report/sign", "/privacy/breaches/ask", f"/privacy/breaches/{uuid4()}/people"):
        assert browser.post(path, {"reason": REASON}).status_code == 403
    for role in set(Role) - {Role.AUDITOR, Role.PRIVACY}:
        assert enter(office, role).get("/privacy").status_code == 403
        office.clock.advance(60)


def test_a_report_is_signed_as_it_was_read(office: Office) -> None:
    """Nobody signs a time that is not over, nor other numbers than were on the page; a signature of what changed since says so."""
    browser = enter(office)
    today = office.clock.now().date()
    last = today.replace(day=1) - timedelta(days=1)
    days = {"platform": "wechat", "since": last.replace(day=1).isoformat(), "until": last.isoformat()}
    page = browser.get("/privacy/report?platform=wechat").text
    digest = page.split('name="digest" value="')[1].split('"')[0]
    assert "不少于3年" in page
    running = {"platform": "wechat", "since": today.isoformat(), "until": today.isoformat(), "digest": digest}
    assert browser.post("/privacy/report/sign", running).status_code == 409
    assert browser.post("/privacy/report/sign", {**days, "digest": "0" * 64}).status_code == 409
    assert "privacy.sign_report" not in office.acts
    signed = browser.post("/privacy/report/sign", {**days, "digest": digest, "remark": "已核对"}).text
    assert "已核对" in signed
    assert "签署的是另一内容" not in signed
    office.store.shelf.rows.append(SumRow(LEFT, last, 1, ("payee",)))
    assert "签署的是另一内容" in browser.get("/privacy/report").text
    book = load_workbook(io.BytesIO(browser.post("/privacy/report/export", {**days, "format": "xlsx"}).data))
    assert "签署 Signatures" in book.sheetnames


def make_sheet(office: Office, browser: Browser) -> UUID:
    """A sheet that the worker has looked into, with two people and a household."""
    now = office.clock.now()
    given = {
        "account": "wechat:wechat-main", "since": (now - timedelta(days=3)).isoformat()[:16], "until": (now - timedelta(days=2)).isoformat()[:16],
        "reason": "商户平台账号被他人登录",
    }  # fmt: skip
    reply = browser.post("/privacy/breaches/ask", given)
    assert reply.status_code == 303, reply.text
    sheet_id = UUID(reply.headers["Location"].rsplit("/", 1)[1])
    assert 'id="waiting"' in browser.get(f"/privacy/breaches/{sheet_id}").text
    people = [
        Holder(1, HolderKind.PERSON, uuid4(), LEFT, ("bill_amount", "phone"), "王秀英", "13800138001"),
        Holder(2, HolderKind.PERSON, uuid4(), LEFT, ("bill_amount",), "", "13900139002"),
        Holder(
            3, HolderKind.HOUSEHOLD, uuid4(), LEFT, ("address_masked",), "李四", "", "示范路1号", "gas-bill", "10086001"
        ),
    ]
    office.store.shelf.find(
        sheet_id, now, people, people=2, households=1, numbers=4, erased=1, records=96, unattributed=5
    )
    return sheet_id


def test_a_breach_says_who_is_affected_and_names_them_for_a_reason_only(office: Office) -> None:
    """Numbers are for whoever reads the room; names take a reason, an act, and a reading of each of them."""
    browser = enter(office)
    sheet_id = make_sheet(office, browser)
    page = browser.get(f"/privacy/breaches/{sheet_id}").text
    assert "王秀英" not in page
    assert "第五十七条" in page
    assert "王秀英" not in browser.post(f"/privacy/breaches/{sheet_id}/people", {"reason": "-", "format": "page"}).text
    assert told_by(office) == []
    shown = browser.post(
        f"/privacy/breaches/{sheet_id}/people", {"reason": "依法通知受影响的人", "format": "page", "after": "0"}
    ).text
    assert "王秀英" in shown
    assert sorted((one.act, one.subject.about) for one in told_by(office)) == [
        ("privacy.notify", About.HOUSEHOLD), ("privacy.notify", About.PERSON), ("privacy.notify", About.PERSON),
    ]  # fmt: skip
    rest = browser.post(
        f"/privacy/breaches/{sheet_id}/people", {"reason": "依法通知受影响的人", "format": "csv", "after": "2"}
    )
    assert "李四" in rest.data.decode("utf-8-sig")
    assert "王秀英" not in rest.data.decode("utf-8-sig")
    plain = browser.post(f"/privacy/breaches/{sheet_id}/file", {"format": "csv"}).data.decode("utf-8-sig")
    assert "王秀英" not in plain
    assert enter(office, at=RIGHT).get(f"/privacy/breaches/{sheet_id}").status_code == 404


def test_a_sheet_of_no_account_or_no_time_is_refused(office: Office) -> None:
    """The account is one of one's own agencies, the time lies in the past and is not longer than 400 days."""
    browser, now = enter(office), office.clock.now()
    good = {"account": "wechat:wechat-main", "since": "2026-01-01T00:00", "until": "2026-01-02T00:00", "reason": REASON}
    for changed in (
        {"account": "wechat:account-right"}, {"account": ""}, {"since": "x"}, {"until": (now + timedelta(days=1)).isoformat()},
        {"since": "2026-01-03T00:00"}, {"since": "2020-01-01T00:00"}, {"reason": ""},
    ):  # fmt: skip
        assert browser.post("/privacy/breaches/ask", {**good, **changed}).status_code == 422, changed
    assert office.store.shelf.breaches == {}


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
def test_the_room_in_a_browser(scene: Scene) -> None:
    """No serious finding of axe, wide and narrow, with something on every page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    office = scene.office
    fill(office)
    office.know(uuid4())
    leave_records(office)
    browser = enter(office)
    sheet_id = make_sheet(office, browser)
    office.clock.advance(120)
    for width in (1200, 420):
        page = scene.page(width=width)
        scene.enter(page, office.hire(LEFT, Role.PRIVACY, Role.AUDITOR))
        paths = (
            "/privacy",
            "/privacy?by=field&step=month&service=gas-bill",
            "/privacy/budgets",
            "/privacy/report",
            "/privacy/breaches",
            f"/privacy/breaches/{sheet_id}",
        )
        for number, path in enumerate(paths):
            assert list(find_faults(page, scene.url + path)) == [], path
            page.screenshot(path=str(PICTURES / f"{number}-{width}.png"), full_page=True)
        page.goto(f"{scene.url}/privacy/people")
        page.fill("[name=value]", NUMBER)
        page.fill("[name=reason]", REASON)
        page.click("main button.main")
        page.wait_for_selector("#h-found")
        page.screenshot(path=str(PICTURES / f"people-{width}.png"), full_page=True)
        office.clock.advance(120)
