"""The window's pages as forms: a walk-in, scans that are kept, the collection code, mandates, what platforms know, notices by hand."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from werkzeug.test import TestResponse

from services.case_ports import Slip
from services.case_record import CaseState, Hand, NoticeAttempt
from services.staffing import Role
from tests.counter_office import AGENT_NUMBER, APPLICANT_NUMBER, CREDIT_CODE, HEAD_NUMBER
from tests.unit.gateway.console.office import LEFT, RIGHT, Office
from tests.unit.gateway.console.test_counter_pages import FINE, Clerk

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 50
FORM: dict[str, Any] = {
    "card.name": "王秀英", "card.identity_number": APPLICANT_NUMBER, "card_seen": "yes", "whose": "self", "input.company_name": "秀英早点",
    "promise": "promise", "original": ["proof_of_premises", "floor_plan"], "delivery": "window",
}  # fmt: skip


def walk_in(clerk: Clerk, case_id: UUID, step: Any = "open", **changes: Any) -> TestResponse:
    """The form of somebody who stands there; a file is ``(bytes, name)``."""
    data = {"token": clerk.browser.token(), **FORM, **changes}
    return clerk.browser.client.post(f"/window/new/trial-licence/{case_id}/{step}", data=data)


def test_a_walk_in_gets_number_and_receipt_at_once() -> None:
    """No account, no telephone: the case is opened, seen by the clerk, and its receipt is the answer."""
    clerk, case_id = Clerk(), uuid4()
    page = walk_in(clerk, case_id).get_data(as_text=True)
    file = clerk.office.cases.load(case_id)
    assert file.case.case_no in page
    assert (file.state, file.case.opened_by) == (CaseState.RECEIVED, clerk.member.staff_id)
    assert clerk.office.acts[-2:] == ["case.open_walk_in", "case.print_receipt"]


def test_the_same_page_sent_twice_is_one_case() -> None:
    """Also with a scan in it: the second answer is the same receipt."""
    clerk, case_id = Clerk(), uuid4()
    scan = {"file.floor_plan": (io.BytesIO(PICTURE), "平面图.png"), "original": ["proof_of_premises"]}
    first = walk_in(clerk, case_id, **scan)
    again = walk_in(clerk, case_id, **(scan | {"file.floor_plan": (io.BytesIO(PICTURE), "平面图.png")}))
    assert (first.status_code, again.status_code) == (200, 200), again.get_data(as_text=True)
    assert clerk.events(case_id).count("case_received") == 1


def test_a_refused_form_keeps_what_was_typed_and_scanned() -> None:
    """A card that was not seen: the page names it, every field is as it was, the scan is listed and can be taken out."""
    clerk, case_id = Clerk(), uuid4()
    scan = (io.BytesIO(PICTURE), "平面图.png")
    reply = walk_in(clerk, case_id, **{"card_seen": "", "file.floor_plan": scan, "original": ["proof_of_premises"]})
    page = reply.get_data(as_text=True)
    assert reply.status_code == 422
    assert "身份证原件" in page
    assert 'value="秀英早点"' in page
    assert "✓ 平面图.png" in page
    assert walk_in(clerk, case_id, original=["proof_of_premises"]).status_code == 200
    held = clerk.office.cases.load(case_id).materials["floor_plan"]
    assert [one["title"] for one in held["files"]] == ["平面图.png"]


def test_a_scan_is_an_act_and_can_be_taken_out() -> None:
    """Both stand in the book; a file of the wrong kind is refused in words, by its content."""
    clerk, case_id = Clerk(), uuid4()
    wrong = walk_in(clerk, case_id, "scan", **{"file.floor_plan": (io.BytesIO(b"MZ" * 20), "平面图.png")})
    assert wrong.status_code == 422
    assert "文件类型不符" in wrong.get_data(as_text=True)
    page = walk_in(clerk, case_id, "scan", **{"file.floor_plan": (io.BytesIO(PICTURE), "平面图.png")}).get_data(
        as_text=True
    )
    address = re.search(r'action="(/window/new/[^"]*/remove/[^"]*)"', page)
    assert address
    gone = clerk.browser.post(address.group(1), {name: str(value) for name, value in FORM.items()})
    assert gone.status_code == 200
    assert "✓ 平面图.png" not in gone.get_data(as_text=True)
    assert [act for act in clerk.office.acts if "scan" in act] == ["case.scan", "case.remove_scan"]


def test_for_an_organisation_the_register_says_who_may() -> None:
    """Its legal representative by the business register; a stranger is refused, and the form stays."""
    clerk, case_id = Clerk(), uuid4()
    stranger = {"whose": "organisation", "credit_code": CREDIT_CODE}
    clerk.office.cases.registers.organisations.clear()
    assert walk_in(clerk, case_id, **stranger).status_code == 422
    assert "登记机关查无此单位" in walk_in(clerk, case_id, **stranger).get_data(as_text=True)


def test_a_register_that_is_down_loses_nothing() -> None:
    """The page says that a register did not answer, and holds every field."""
    clerk, case_id = Clerk(), uuid4()
    clerk.office.cases.registers.down = True
    reply = walk_in(clerk, case_id)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 503
    assert "登记机关系统没有答复" in page
    assert 'value="秀英早点"' in page


def test_a_clerk_of_another_agency_opens_nothing_here() -> None:
    """The service is not offered, and its form is not there."""
    clerk = Clerk()
    browser = clerk.office.enter(clerk.office.hire(RIGHT, Role.CLERK))
    assert "经营许可" not in browser.get("/window").get_data(as_text=True)
    assert browser.get(f"/window/new/trial-licence/{uuid4()}").status_code == 404


def issue(clerk: Clerk) -> UUID:
    """A case whose certificate lies at the window."""
    case_id = clerk.receive()
    clerk.take(case_id)
    clerk.send(case_id, "accept", **FINE)
    for hand, event in ((Hand.HEAD, "granted"), (Hand.HOUSE, "certificate_issued")):
        data = {
            "number": "SYXK1",
            "file_id": str(uuid4()),
            "digest": "0",
            "slip_id": "0" * 24,
            "on": "2026-11-02",
            "by": "clerk",
        }
        clerk.office.cases.write(case_id, event, hand, data)
    return case_id


def make_code(office: Office, case_id: UUID, kind: str = "collection_code") -> str:
    """What the applicant's telephone shows."""
    now = office.clock.now()
    case_no = office.cases.load(case_id).case.case_no
    return office.cases.slips.sign(
        Slip(uuid4().hex[:24], kind, {"case_no": case_no, "number": case_no}, now, now + timedelta(minutes=15))
    )


def test_a_code_is_scanned_looked_at_and_used_once() -> None:
    """The first page says what it stands for without a whole name; Enter hands over; the code is spent."""
    clerk = Clerk()
    case_id = issue(clerk)
    code = make_code(clerk.office, case_id)
    page = clerk.browser.post("/window/hand-over", {"slip": code}).get_data(as_text=True)
    assert "王秀英" not in page
    assert f"/window/hand-over/{case_id}" in page
    form = {"slip": code, "seen_version": str(clerk.version(case_id))}
    done = clerk.browser.post(f"/window/hand-over/{case_id}", form)
    assert "已交付" in done.get_data(as_text=True)
    assert clerk.events(case_id)[-1] == "handed_over"
    again = clerk.browser.post("/window/hand-over", {"slip": code})
    assert again.status_code == 409
    assert "已使用过或已作废" in again.get_data(as_text=True)


def test_a_code_that_is_none_is_told_so() -> None:
    """Forged, expired, a receipt instead of a code: each has its sentence, and nothing is handed over."""
    clerk = Clerk()
    case_id = issue(clerk)
    forged = clerk.browser.post("/window/hand-over", {"slip": "https://counter.example.gov.cn/v/forged"})
    assert "可能是伪造的" in forged.get_data(as_text=True)
    receipt = clerk.browser.post("/window/hand-over", {"slip": make_code(clerk.office, case_id, "case_receipt")})
    assert "另一种凭证" in receipt.get_data(as_text=True)
    code = make_code(clerk.office, case_id)
    clerk.office.clock.advance(16 * 60)
    assert "已过期" in clerk.browser.post("/window/hand-over", {"slip": code}).get_data(as_text=True)
    assert clerk.events(case_id)[-1] == "certificate_issued"


def test_a_mandate_is_recorded_found_and_ended() -> None:
    """Both cards seen: in force at once; found by a card with a reason; ended at the word of whoever is there."""
    clerk = Clerk()
    form = {
        "kind": "agent", "until": "2027-05-01", "principal.name": "王小明", "principal.number": HEAD_NUMBER, "agent.name": "李秀英",
        "agent.number": AGENT_NUMBER, "cards_seen": "yes",
    }  # fmt: skip
    assert "委托已登记" in clerk.browser.post("/window/mandates/record", form).get_data(as_text=True)
    found = clerk.browser.post("/window/mandates", {"identity_number": AGENT_NUMBER, "reason": "来人查询委托情况"})
    page = found.get_data(as_text=True)
    address = re.search(r'action="(/window/mandates/[0-9a-f-]+/revoke)"', page)
    assert address
    ended = clerk.browser.post(address.group(1), {"identity_number": AGENT_NUMBER, "why": "受托人要求终止"})
    assert "委托已终止" in ended.get_data(as_text=True)
    assert [act for act in clerk.office.acts if act.startswith("mandate")] == [
        "mandate.record", "mandate.look_up", "mandate.revoke",
    ]  # fmt: skip


def test_a_mandate_that_is_refused_stays_typed() -> None:
    """A wrong name is named by its place, and the form is as it was."""
    clerk = Clerk()
    form = {
        "kind": "agent", "until": "2027-05-01", "principal.name": "王大明", "principal.number": HEAD_NUMBER, "agent.name": "李秀英",
        "agent.number": AGENT_NUMBER, "cards_seen": "yes",
    }  # fmt: skip
    reply = clerk.browser.post("/window/mandates/record", form)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 422
    assert "委托人身份号码：登记机关的记录不能证实" in page
    assert 'value="王大明"' in page


def test_what_the_platforms_know_is_printed_after_the_act() -> None:
    """Both platforms have a list, also an empty one; the act is there first."""
    clerk = Clerk()
    form = {
        "card.name": "王秀英",
        "card.identity_number": APPLICANT_NUMBER,
        "card_seen": "yes",
        "reason": "本人到窗口申请查询",
    }
    page = clerk.browser.post("/window/known", form).get_data(as_text=True)
    assert "微信（0 条）" in page
    assert "支付宝（0 条）" in page
    assert clerk.office.acts[-1] == "person.exposures"


def test_an_account_that_is_not_there_is_not_verified() -> None:
    """Whoever has no account is told so in words."""
    clerk = Clerk()
    form = {
        "card.name": "王秀英",
        "card.identity_number": APPLICANT_NUMBER,
        "card_seen": "yes",
        "reason": "本人到窗口申请核验",
    }
    reply = clerk.browser.post("/window/verify", form)
    assert reply.status_code == 404
    assert "没有此人的账户" in reply.get_data(as_text=True)


def test_a_notice_is_proven_by_hand() -> None:
    """A letter that is open stands in the list with its time; a proof without words is refused and kept; then it is gone."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    clerk.send(case_id, "accept", **FINE)
    file = clerk.office.cases.load(case_id)
    key = f"{file.last('accepted').version}:acceptance"  # type: ignore[union-attr] # it was accepted a moment ago
    open_letter(clerk, case_id, key)
    page = clerk.browser.get("/counter/tasks").get_data(as_text=True)
    assert file.case.case_no in page
    assert "受理告知" in page
    form = {
        "notice": key,
        "rung": "letter",
        "on": "2026-11-02",
        "succeeded": "yes",
        "seen_version": str(clerk.version(case_id)),
    }
    refused = clerk.browser.post(f"/counter/tasks/{case_id}", {**form, "proof": "签"})
    assert refused.status_code == 422
    done = clerk.browser.post(f"/counter/tasks/{case_id}", {**form, "proof": "EMS1234567890，本人签收"})
    assert done.status_code == 200
    assert "没有待办的告知" in done.get_data(as_text=True)


def open_letter(clerk: Clerk, case_id: UUID, key: str) -> None:
    """What the house does when neither message nor SMS reached anybody."""
    attempt = NoticeAttempt(case_id, LEFT, key, "letter", 1, "open", clerk.office.clock.now(), {})
    with clerk.office.store.begin(clerk.office.cases.everybody) as tx:
        tx.notices.add(attempt)
    told = {"notice": key, "rung": "letter", "attempt": 1, "outcome": "open", "proof": {}}
    clerk.office.cases.write(case_id, "notice_told", Hand.HOUSE, told)


def test_the_administrator_sets_whose_matter_is_ones_own() -> None:
    """A number is kept as a hash and shown nowhere; a wrong one is refused in words."""
    office = Office()
    admin = office.enter(office.hire(LEFT, Role.ADMINISTRATOR))
    clerk = office.hire(LEFT, Role.CLERK)
    wrong = admin.post(f"/staff/{clerk.staff_id}/identity", {"identity_number": APPLICANT_NUMBER[:-1] + "2"})
    assert wrong.status_code == 422
    assert admin.post(f"/staff/{clerk.staff_id}/identity", {"identity_number": APPLICANT_NUMBER}).status_code == 303
    assert office.store.books.identities[clerk.staff_id] == APPLICANT_NUMBER
    assert APPLICANT_NUMBER not in admin.get(f"/staff/{clerk.staff_id}").get_data(as_text=True)
    assert office.acts[-1] == "staff.set_identity"
