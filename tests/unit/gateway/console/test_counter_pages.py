"""The counter's pages as forms, without script: the reason first, every act, why something is refused, and nothing typed is lost."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from gateway.console.counter import guess_key
from gateway.console.counter_acts import ACTS
from gateway.console.counter_words import DONE, EVENTS
from services.case_graph import EDGES, NOTES
from services.case_record import Hand
from services.counter_desk import SearchKey
from services.counter_permits import PERMITS
from services.staffing import Role, StaffMember
from tests.unit.gateway.console.office import CHILD, LEFT, NUMBER, RIGHT, Browser, Office

REASON = "办理本人承办的办件"


class Clerk:
    """A clerk of ``LEFT`` in front of the counter."""

    def __init__(self, *roles: Role) -> None:
        self.office = Office()
        self.member: StaffMember = self.office.hire(LEFT, *(roles or (Role.CLERK,)))
        self.browser: Browser = self.office.enter(self.member)

    def receive(self, **changes: object) -> UUID:
        return self.office.cases.receive(**changes).case.case_id  # type: ignore[arg-type] # whatever a case may have

    def version(self, case_id: UUID) -> int:
        return self.office.cases.load(case_id).version

    def events(self, case_id: UUID) -> list[str]:
        return [event.name for event in self.office.cases.load(case_id).events]

    def take(self, case_id: UUID) -> TestResponse:
        """Claim and open."""
        seen = str(self.version(case_id))
        return self.browser.post(f"/counter/cases/{case_id}", {"claim": "yes", "seen_version": seen, "reason": REASON})

    def send(self, case_id: UUID, act: str, *, seen: Any = None, **fields: str) -> TestResponse:
        """The form of an act, as the page that was just shown has it."""
        version = str(seen if seen is not None else self.version(case_id))
        return self.browser.post(
            f"/counter/cases/{case_id}/{act}", {"seen_version": version, "reason": REASON, **fields}
        )


FINE = {"check.proof_of_premises": "ok", "check.floor_plan": "ok"}


def test_nothing_is_shown_before_the_reason_stands_in_the_book() -> None:
    """The first page has neither name nor number; the second does, and the acts are committed."""
    clerk = Clerk()
    case_id = clerk.receive()
    first = clerk.browser.get(f"/counter/cases/{case_id}").get_data(as_text=True)
    assert "王秀英" not in first
    assert REASON in first
    second = clerk.take(case_id).get_data(as_text=True)
    assert "王秀英" in second
    assert clerk.office.acts[-2:] == ["case.claim", "case.open"]
    assert [act.reason for act in clerk.office.store.books.acts][-1] == REASON


def test_without_a_reason_nothing_is_opened() -> None:
    """A reason of less than four characters brings the form back, and no act."""
    clerk = Clerk()
    case_id = clerk.receive()
    reply = clerk.browser.post(f"/counter/cases/{case_id}", {"reason": "看"})
    assert reply.status_code == 422
    assert "王秀英" not in reply.get_data(as_text=True)
    assert "case.open" not in clerk.office.acts


def test_a_plain_acceptance() -> None:
    """Claimed, opened, both papers judged and accepted with one form; the page offers the next case."""
    clerk = Clerk()
    case_id, other = clerk.receive(), clerk.receive()
    clerk.take(case_id)
    reply = clerk.send(case_id, "accept", **FINE)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert clerk.events(case_id)[-1] == "accepted"
    assert f'href="/counter/cases/{other}"' in page
    assert "下一件" in page


def test_what_is_missing_is_named_and_what_was_typed_stays() -> None:
    """A refused acceptance names the material by its title and keeps every judgement."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    reply = clerk.send(case_id, "accept", **{"check.proof_of_premises": "ok"})
    page = reply.get_data(as_text=True)
    assert reply.status_code == 409
    assert "《平面图》：待核对" in page
    assert re.search(r'name="check.proof_of_premises" value="ok" checked', page)
    assert clerk.events(case_id)[-1] == "claimed"


def test_a_form_sent_twice_acts_once_and_says_so() -> None:
    """The second one is refused because the case moved, in words that say what to do."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    seen = clerk.version(case_id)
    assert clerk.send(case_id, "accept", seen=seen, **FINE).status_code == 200
    again = clerk.send(case_id, "accept", seen=seen, **FINE)
    assert again.status_code == 409
    page = again.get_data(as_text=True)
    assert "您填写的内容已保留" in page
    assert "新变动" in page
    assert clerk.events(case_id).count("accepted") == 1


def test_what_a_colleague_did_meanwhile_is_shown_as_news() -> None:
    """Corrections that came in between are marked, and the form that comes back carries the new version."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    seen = clerk.version(case_id)
    clerk.office.cases.write(case_id, "fixed_on_the_spot", Hand.APPLICANT, {"inputs": {"company_name": "新字号"}})
    reply = clerk.send(case_id, "accept", seen=seen, **FINE)
    page = reply.get_data(as_text=True)
    assert reply.status_code == 409
    assert "新变动" in page
    assert f'name="seen_version" value="{clerk.version(case_id)}"' in page
    assert clerk.send(case_id, "accept", **FINE).status_code == 200


def test_one_notice_with_ready_made_edited_and_own_words() -> None:
    """A ready-made reason may be edited; a value of the form and own words stand in the same notice."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    reply = clerk.send(
        case_id, "ask-corrections",
        **{
            "check.proof_of_premises": "wrong", "item.proof_of_premises": "unclear",
            "words.proof_of_premises.unclear": "第二页不清晰", "check.floor_plan": "wrong", "own.floor_plan": "缺少面积",
            "own.company_name": "字号与执照不一致",
        },
    )  # fmt: skip
    assert reply.status_code == 200, reply.get_data(as_text=True)
    event = clerk.office.cases.load(case_id).last("correction_asked")
    assert event is not None
    assert [(item["about"], item["code"], item["words"]) for item in event.data["items"]] == [
        ("proof_of_premises", "unclear", "第二页不清晰"), ("floor_plan", "other", "缺少面积"), ("company_name", "other", "字号与执照不一致"),
    ]  # fmt: skip


def test_an_empty_notice_is_refused() -> None:
    """Nothing chosen: the page says so."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    reply = clerk.send(case_id, "ask-corrections")
    assert reply.status_code == 422
    assert "补正事项" in reply.get_data(as_text=True)


def test_a_case_in_other_hands_says_whose() -> None:
    """Two clerks: the second cannot claim, reads who has it, and still may read it with a reason."""
    clerk = Clerk()
    other = clerk.office.hire(LEFT, Role.CLERK)
    case_id = clerk.receive()
    clerk.take(case_id)
    clerk.office.clock.advance(60)
    second = Clerk.__new__(Clerk)
    second.office, second.member, second.browser = clerk.office, other, clerk.office.enter(other)
    reply = second.take(case_id)
    assert reply.status_code == 409
    page = reply.get_data(as_text=True)
    assert "已由他人认领" in page
    assert clerk.member.name in page
    read = second.browser.post(f"/counter/cases/{case_id}", {"reason": "协助同事核对材料"})
    assert read.status_code == 200
    assert 'formaction="/counter/cases' not in read.get_data(as_text=True)


@pytest.mark.parametrize("agency", [RIGHT, CHILD])
def test_another_agencys_case_is_none(agency: UUID) -> None:
    """A clerk of a sibling or of the agency below gets 404 on every page of the case, and it stays as it is."""
    clerk = Clerk()
    case_id = clerk.receive()
    before = clerk.version(case_id)
    stranger = clerk.office.hire(agency, Role.CLERK, Role.HEAD)
    browser = clerk.office.enter(stranger)
    assert browser.get(f"/counter/cases/{case_id}").status_code == 404
    for act in ACTS:
        reply = browser.post(
            f"/counter/cases/{case_id}/{act.replace('_', '-')}", {"seen_version": str(before), "reason": REASON}
        )
        assert reply.status_code in (403, 404, 422), act
        assert "王秀英" not in reply.get_data(as_text=True)
    assert clerk.version(case_id) == before


def test_ones_own_matter_may_be_read_and_given_back() -> None:
    """The page says so and offers no judgement; acting is refused in words."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    clerk.office.store.books.identities[clerk.member.staff_id] = "110101196001010011"
    page = clerk.browser.post(f"/counter/cases/{case_id}", {"reason": REASON}).get_data(as_text=True)
    assert "应当回避" in page
    assert "/accept" not in page
    reply = clerk.send(case_id, "accept", **FINE)
    assert reply.status_code == 409
    assert "应当回避" in reply.get_data(as_text=True)
    assert clerk.send(case_id, "release").status_code == 200


def test_the_same_act_on_many_tells_each_refusal() -> None:
    """Two of three are claimed; the third moved meanwhile and is named with its number."""
    clerk = Clerk()
    cases = [clerk.receive() for _ in range(3)]
    picked = [f"{one}@{clerk.version(one)}" for one in cases]
    clerk.office.cases.write(cases[2], "fixed_on_the_spot", Hand.APPLICANT, {"inputs": {"company_name": "新字号"}})
    token = clerk.browser.token()
    reply = clerk.browser.client.post("/counter/selected/claim", data={"token": token, "case": picked})
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert "已办 2 件" in page
    assert "1 件没有办成" in page
    assert clerk.office.cases.load(cases[2]).case.case_no in page
    assert [clerk.events(one)[-1] for one in cases] == ["claimed", "claimed", "fixed_on_the_spot"]


def test_many_are_accepted_only_if_each_was_opened() -> None:
    """Acceptance of what nobody has opened is refused for every case, and nothing is done."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.browser.client.post(
        "/counter/selected/claim",
        data={"token": clerk.browser.token(), "case": [f"{case_id}@{clerk.version(case_id)}"]},
    )
    reply = clerk.browser.client.post(
        "/counter/selected/accept",
        data={"token": clerk.browser.token(), "case": [f"{case_id}@{clerk.version(case_id)}"]},
    )
    assert reply.status_code == 409
    assert clerk.events(case_id)[-1] == "claimed"


def test_a_decision_has_no_address_for_many() -> None:
    """What decides is done one by one, opened."""
    rules = {rule.rule for rule in Office().app.url_map.iter_rules()}
    many = {rule.rpartition("/")[2] for rule in rules if rule.startswith("/counter/selected/")}
    assert many == {name.replace("_", "-") for name, permit in PERMITS.items() if permit.bulk}
    assert "decide" not in many


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("https://counter.example.gov.cn/v/2d3a", SearchKey.SLIP), ("王秀英", SearchKey.NAME), (NUMBER, SearchKey.NUMBER),
        ("1101 0119 9003 0700 11", SearchKey.NUMBER), ("91110101MA01ABCD19", SearchKey.NUMBER),
        ("678048915202611020000016", SearchKey.CASE_NO), ("演示市顺达人力资源有限公司", SearchKey.NAME),
    ],
)  # fmt: skip
def test_one_field_knows_what_was_typed_into_it(value: str, key: SearchKey) -> None:
    """A scanned code, a number of a person or company, a case number, a name."""
    assert guess_key(value) is key


def test_a_case_is_found_by_number_at_once_and_by_name_with_a_reason() -> None:
    """A case number needs no reason of one's own; a name does, and the book holds neither."""
    clerk = Clerk()
    case_no = clerk.office.cases.load(clerk.receive()).case.case_no
    found = clerk.browser.post("/counter/search", {"value": case_no})
    assert found.status_code == 200
    assert f">{case_no}</a>" in found.get_data(as_text=True)
    refused = clerk.browser.post("/counter/search", {"value": "王秀英"})
    assert refused.status_code == 422
    assert 'value="王秀英"' in refused.get_data(as_text=True)
    found = clerk.browser.post("/counter/search", {"value": "王秀英", "reason": "来人未带回执"})
    assert f">{case_no}</a>" in found.get_data(as_text=True)
    told = [act for act in clerk.office.store.books.acts if act.act == "case.search"]
    assert [act.detail["by"] for act in told] == ["case_no", "name"]
    assert "王秀英" not in str(told)


def test_the_head_gives_all_cases_of_a_colleague_to_another() -> None:
    """Each goes over; a clerk finds neither form nor way."""
    head = Clerk(Role.HEAD)
    colleague, other = head.office.hire(LEFT, Role.CLERK), head.office.hire(LEFT, Role.CLERK)
    case_id = head.receive()
    head.office.cases.write(case_id, "reassigned", Hand.HEAD, {"to": str(colleague.staff_id), "reason": "开始"})
    reply = head.browser.post(
        "/counter/reassign", {"colleague": str(colleague.staff_id), "to": str(other.staff_id), "why": "同事调岗"}
    )
    assert reply.status_code == 200
    assert head.office.cases.load(case_id).claimed_by == other.staff_id
    assert "/counter/reassign" not in Clerk().browser.get("/counter").get_data(as_text=True)


def test_a_files_bytes_are_noted_and_cannot_act() -> None:
    """A scanned file is shown in its place with its own policy, and the reading stands in the book."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 50
    reply = clerk.browser.client.post(
        f"/counter/cases/{case_id}/scan",
        data={
            "token": clerk.browser.token(), "seen_version": str(clerk.version(case_id)), "reason": REASON, "material": "floor_plan",
            "file": (io.BytesIO(picture), "平面图.png"),
        },
    )  # fmt: skip
    page = reply.get_data(as_text=True)
    assert reply.status_code == 200, page
    address = re.search(rf"/counter/cases/{case_id}/files/[0-9a-f-]+(?=\"[^>]*>平面图.png)", page)
    assert address
    shown = clerk.browser.get(address.group(0))
    assert shown.data == picture
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert clerk.office.acts[-1] == "case.read_file"


def test_the_receipt_is_large_whole_and_noted() -> None:
    """Its code scales with the page, so that nothing of it is cut off; the printing is an event."""
    clerk = Clerk()
    case_id = clerk.receive()
    reply = clerk.browser.post(f"/counter/cases/{case_id}/receipt", {"reason": REASON})
    page = reply.get_data(as_text=True)
    assert "收件回执" in page
    assert re.search(r'<svg[^>]*viewBox="0 0 \d+ \d+"', page)
    assert clerk.events(case_id)[-1] == "receipt_printed"


def test_every_event_and_act_has_words() -> None:
    """Nothing of a case is shown to the staff by its code, and each act tells that it was done."""
    events = {edge.event for edge in EDGES} | {note.event for note in NOTES} | {"case_received"}
    assert events - set(EVENTS) == set()
    assert set(ACTS) == set(DONE)


def test_a_head_finds_an_extension_with_its_reason_preset() -> None:
    """What waits for the head is opened with a reason that is written already, and answered there."""
    clerk = Clerk()
    case_id = clerk.receive()
    clerk.take(case_id)
    clerk.send(case_id, "accept", **FINE)
    assert clerk.send(case_id, "ask-extension", days="5", why="需向外地核实许可记录").status_code == 200
    member = clerk.office.hire(LEFT, Role.HEAD)
    clerk.office.clock.advance(60)
    browser = clerk.office.enter(member)
    assert str(case_id) in browser.get("/counter?view=head").get_data(as_text=True)
    assert "审批等待本人审批的办件" in browser.get(f"/counter/cases/{case_id}").get_data(as_text=True)
    page = browser.post(f"/counter/cases/{case_id}", {"reason": "审批等待本人审批的办件"}).get_data(as_text=True)
    assert "需向外地核实许可记录" in page
    form = {
        "seen_version": str(clerk.version(case_id)),
        "reason": "审批等待本人审批的办件",
        "granted": "no",
        "why": "按期办结",
    }
    assert browser.post(f"/counter/cases/{case_id}/answer-extension", form).status_code == 200
    assert clerk.events(case_id)[-1] == "extension_denied"
