"""The supervision room and the counter's side of it: who sees which alert, what is done about it, and that no page tells of the applicant."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from gateway.console.supervision_words import ACTS, CAUSES
from services.alert_facts import FEE_OF_PAYMENT
from services.alert_record import Alert, PlannedAlert, Rung
from services.case_record import Hand
from services.staffing import Role
from services.supervision_rules import CAUSES as CODES
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT
from tests.unit.gateway.console.supervised import REASON, Watched, read

SECRETS = ("王秀英", "110101196001010011", "13800000001")
"""Of the applicant of every case of the office."""


@pytest.fixture
def house() -> Watched:
    """The office after three weeks in which nobody touched the first case; what was due is told."""
    made = Watched()
    made.wait(16)
    made.sweep()
    return made


def test_what_is_due_is_told_and_the_worst_stands_first(house: Watched) -> None:
    """The inbox has one line a case with its worst alert first, and counts each rung."""
    page = read(house.enter(house.left).get("/supervision"))
    numbers = re.findall(r'class="case"[^>]*>([0-9]+)</a>', page)
    assert numbers == [house.idle.case.case_no, house.fresh.case.case_no]
    assert "红色预警" in page.split(house.idle.case.case_no)[0]
    counted = dict(re.findall(r'id="count-([a-z]+)".*?<strong>([0-9]+)</strong>', page))
    told = [one.planned.rung.value for one in house.store.tables.counter.alerts.values()]
    assert counted == {rung.value: str(told.count(rung.value)) for rung in Rung}


def test_a_level_sees_its_own_agencies_and_those_below(house: Watched) -> None:
    """The office's supervision and the city's see the alert; that of a sibling and of an office below do not know it."""
    alert = house.find(Rung.RED)
    for agency, status in ((LEFT, 200), (ROOT, 200), (RIGHT, 404), (CHILD, 404)):
        browser = house.enter(house.hire(agency, Role.SUPERVISOR))
        assert browser.get(f"/supervision/{alert.alert_id}").status_code == status
        listed = read(browser.get("/supervision?view=below"))
        assert (house.idle.case.case_no in listed) == (status == 200)


def test_only_supervision_enters(house: Watched) -> None:
    """A clerk, a head and an auditor of the office see neither inbox nor alert."""
    alert = house.find(Rung.RED)
    for member in (house.clerk, house.head, house.hire(LEFT, Role.AUDITOR)):
        browser = house.enter(member)
        assert browser.get("/supervision").status_code == 403
        assert browser.get(f"/supervision/{alert.alert_id}").status_code == 403


def test_an_office_with_supervision_of_its_own_has_the_alert_and_the_city_watches(house: Watched) -> None:
    """On the city's own desk lies what went up or what has no supervision below; the rest it sees among the levels below."""
    city = house.enter(house.city)
    assert house.idle.case.case_no not in read(city.get("/supervision"))
    assert house.idle.case.case_no in read(city.get("/supervision?view=below"))
    house.escalate(house.find(Rung.RED).alert_id)
    page = read(city.get("/supervision"))
    assert house.idle.case.case_no in page
    assert "升级 1 次" in page


def test_an_office_without_supervision_lies_on_the_desk_above(house: Watched) -> None:
    """What is late at an office in which nobody supervises is the work of the nearest level that does."""
    for grant in [one for one in house.store.books.roles.values() if one.agency_id == LEFT]:
        if grant.role is Role.SUPERVISOR:
            del house.store.books.roles[grant.grant_id]
    assert house.idle.case.case_no in read(house.enter(house.city).get("/supervision"))


def test_what_went_up_is_lost_to_the_level_below(house: Watched) -> None:
    """The level that did not acknowledge in time may still note, and nothing else; the level above acts."""
    alert = house.find(Rung.RED)
    house.escalate(alert.alert_id)
    left = house.enter(house.left)
    assert house.send(left, alert, "acknowledge").status_code == 409
    assert house.send(left, alert, "close", cause="idle", text="已催办").status_code == 409
    assert house.send(left, alert, "note", text="已电话催办").status_code == 200
    assert house.send(house.enter(house.city), alert, "acknowledge").status_code == 200
    assert house.events(alert.alert_id) == ["told", "escalated", "noted", "acknowledged"]


def test_from_the_alert_to_its_end(house: Watched) -> None:
    """Acknowledged, asked, answered at the counter, closed with what was found, taken up again: each is an event and an Act."""
    alert, left, clerk = house.find(Rung.RED), house.enter(house.left), house.enter(house.clerk)
    assert house.send(left, alert, "acknowledge").status_code == 200
    asked = house.send(left, alert, "contact", to=str(house.clerk.staff_id), text="为何三周未办？")
    assert asked.status_code == 200
    assert "为何三周未办？" in read(clerk.get("/counter/questions"))
    assert "询问待您答复" in read(clerk.get("/counter"))
    assert clerk.post(f"/counter/questions/{alert.alert_id}", {"text": "等待消防意见，本周办结"}).status_code == 200
    assert "为何三周未办？" not in read(clerk.get("/counter/questions"))
    assert "等待消防意见，本周办结" in read(left.get(f"/supervision/{alert.alert_id}"))
    assert house.send(left, alert, "close", cause="waiting", text="已协调消防部门").status_code == 200
    assert house.idle.case.case_no in read(left.get("/supervision?view=closed"))
    assert house.send(left, alert, "reopen", text="仍未办结").status_code == 200
    assert house.events(alert.alert_id) == ["told", "acknowledged", "contacted", "answered", "closed", "reopened"]
    done = [act for act in house.acts if act.startswith("alert.")]
    assert done == ["alert.acknowledge", "alert.contact", "alert.answer", "alert.close", "alert.reopen"]
    said = "".join(str(act.detail) + act.reason for act in house.store.books.acts)
    assert "消防" not in said, "the book of acts holds codes"


def test_nothing_of_the_applicant_without_a_reason(house: Watched) -> None:
    """Inbox and alert tell nothing of the applicant; the case opens for a reason, which is an Act and a reading that the citizen sees."""
    alert, browser = house.find(Rung.RED), house.enter(house.left)
    shown = read(browser.get("/supervision")) + read(browser.get(f"/supervision/{alert.alert_id}"))
    shown += read(browser.get(f"/supervision/{alert.alert_id}/case"))
    assert not [secret for secret in SECRETS if secret in shown]
    assert browser.post(f"/supervision/{alert.alert_id}/case", {"reason": "x"}).status_code == 422
    assert "alert.open_case" not in house.acts
    opened = read(browser.post(f"/supervision/{alert.alert_id}/case", {"reason": REASON}))
    assert SECRETS[0] in opened
    noted = house.store.books.acts[-1]
    assert (noted.act, noted.subject_id, noted.reason) == ("alert.open_case", str(house.idle.case.case_id), REASON)


def test_the_whole_case_is_not_asked_for_by_a_stranger(house: Watched) -> None:
    """Supervision of another office gets the answer that there is no such alert, with or without a reason."""
    alert, browser = house.find(Rung.RED), house.enter(house.hire(RIGHT, Role.SUPERVISOR))
    assert browser.get(f"/supervision/{alert.alert_id}/case").status_code == 404
    assert browser.post(f"/supervision/{alert.alert_id}/case", {"reason": REASON}).status_code == 404
    assert browser.post(f"/supervision/{alert.alert_id}/acknowledge", {"seen_version": "1"}).status_code == 404


def test_nobody_supervises_their_own_work(house: Watched) -> None:
    """Whoever worked on the case may only give the alert to a colleague; another who worked on it is no colleague for it."""
    alert = house.find(Rung.RED)
    house.give(house.clerk, Role.SUPERVISOR, LEFT)
    browser = house.enter(house.clerk)
    assert "应当回避" in read(browser.get(f"/supervision/{alert.alert_id}"))
    assert house.send(browser, alert, "acknowledge").status_code == 409
    given = house.send(browser, alert, "delegate", to=str(house.colleague.staff_id), text="本人经办，转交")
    assert given.status_code == 200
    with house.store.begin(house.cases.everybody) as tx:
        row = tx.alerts.load(alert.alert_id)
    assert row is not None
    assert row[0].handler == house.colleague.staff_id
    back = house.send(house.enter(house.colleague), alert, "delegate", to=str(house.clerk.staff_id), text="转回")
    assert back.status_code == 422


def test_what_a_colleague_has_in_hand_is_taken_over_first(house: Watched) -> None:
    """Asking and closing are of whoever acknowledged; a colleague takes over by acknowledging."""
    alert, mine, other = house.find(Rung.RED), house.enter(house.left), house.enter(house.colleague)
    house.send(mine, alert, "acknowledge")
    assert house.send(other, alert, "close", cause="idle", text="催办").status_code == 409
    assert house.send(other, alert, "acknowledge").status_code == 200
    assert house.send(mine, alert, "contact", text="请说明").status_code == 409


def test_several_are_taken_in_hand_at_once(house: Watched) -> None:
    """Every ticked alert is acknowledged under its own rules; one that a colleague was quicker with is told and left alone."""
    red, orange = house.find(Rung.RED), house.find(Rung.ORANGE)
    browser = house.enter(house.left)
    house.send(house.enter(house.colleague), orange, "acknowledge")
    reply = browser.post(
        "/supervision/acknowledge", {"alert": f"{red.alert_id}@{red.version} {orange.alert_id}@{orange.version}"}
    )
    assert reply.status_code == 200
    assert "已签收 1 项" in read(reply)
    assert "1 项没有签收" in read(reply)
    assert house.events(red.alert_id) == ["told", "acknowledged"]


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        ("contact", {"text": ""}, 422),
        ("contact", {"text": "请说明", "to": "nobody"}, 422),
        ("contact", {"text": "请说明", "to": "00000000-0000-0000-0000-000000000009"}, 422),
        ("close", {"text": "催办", "cause": "forged"}, 422),
        ("close", {"text": "", "cause": "idle"}, 422),
        ("close", {"text": "催" * 501, "cause": "idle"}, 422),
        ("note", {"text": " \n "}, 422),
        ("delegate", {"to": "00000000-0000-0000-0000-000000000009", "text": "转交同事"}, 422),
        ("reopen", {"text": "再来"}, 409),
        ("acknowledge", {"seen_version": "7"}, 409),
        ("acknowledge", {"seen_version": "x"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    house: Watched, act: str, fields: dict[str, str], status: int
) -> None:
    """A form that does not fit is answered with a sentence; what was typed is still on the page, and no event came of it."""
    alert, browser = house.find(Rung.RED), house.enter(house.left)
    house.send(browser, alert, "acknowledge")
    before = house.events(alert.alert_id)
    reply = house.send(browser, alert, act, **fields)
    assert reply.status_code == status
    assert house.events(alert.alert_id) == before
    assert 'role="alert"' in read(reply)


def test_whose_question_it_is(house: Watched) -> None:
    """A question by name is that person's alone; one to the office is anybody's who works there, and answered once."""
    alert, left = house.find(Rung.RED), house.enter(house.left)
    house.send(left, alert, "acknowledge")
    house.send(left, alert, "contact", to=str(house.clerk.staff_id), text="请说明")
    address, stranger, second = (
        f"/counter/questions/{alert.alert_id}",
        house.enter(house.right),
        house.enter(house.second),
    )
    assert stranger.post(address, {"text": "不知"}).status_code == 404
    assert second.post(address, {"text": "代答"}).status_code == 404
    assert "请说明" not in read(second.get("/counter/questions"))
    house.send(left, alert, "contact", to="", text="请任一人员说明")
    assert "请任一人员说明" in read(second.get("/counter/questions"))
    assert second.post(address, {"text": "已办理"}).status_code == 200
    assert house.enter(house.clerk).post(address, {"text": "晚了"}).status_code == 409
    assert house.events(alert.alert_id)[-1] == "answered"


def test_the_case_at_the_counter_says_what_supervision_was_told(house: Watched) -> None:
    """The page of a case shows its alerts and the question in it, with the answer's form."""
    alert, left, clerk = house.find(Rung.RED), house.enter(house.left), house.enter(house.clerk)
    house.send(left, alert, "acknowledge")
    house.send(left, alert, "contact", to=str(house.clerk.staff_id), text="请说明进度")
    page = read(clerk.post(f"/counter/cases/{house.idle.case.case_id}", {"reason": REASON}))
    assert "已报督查" in page
    assert "请说明进度" in page
    assert f'action="/counter/questions/{alert.alert_id}"' in page


def test_a_closed_alert_asks_nothing_any_more(house: Watched) -> None:
    """Closing takes back the question that was not answered."""
    alert, left = house.find(Rung.RED), house.enter(house.left)
    house.send(left, alert, "acknowledge")
    house.send(left, alert, "contact", to="", text="请说明")
    house.send(left, alert, "close", cause="mistaken", text="预警有误")
    assert "请说明" not in read(house.enter(house.clerk).get("/counter/questions"))


def test_what_the_case_does_not_say_of_ratings(house: Watched) -> None:
    """That somebody rated or complained is no part of the course that supervision reads without a reason."""
    alert = house.find(Rung.RED)
    house.cases.write(house.idle.case.case_id, "complained", Hand.APPLICANT)
    page = read(house.enter(house.left).get(f"/supervision/{alert.alert_id}"))
    assert "投诉" not in page.split('id="course"')[1]


def test_filters_narrow_and_nonsense_is_all(house: Watched) -> None:
    """By rung, agency, service; what an address cannot mean is as if it were not there."""
    browser = house.enter(house.left)
    number = house.idle.case.case_no
    assert number in read(browser.get("/supervision?rung=red"))
    assert number not in read(browser.get("/supervision?rung=fact"))
    assert number not in read(browser.get(f"/supervision?agency={CHILD}"))
    assert number in read(browser.get(f"/supervision?agency={LEFT}&service={house.licence.id}"))
    assert number not in read(browser.get(f"/supervision?staff={uuid4()}"))
    for nonsense in ("rung=<b>", "agency=x", "view=x", "before=1", f"agency={ROOT}"):
        assert number in read(browser.get(f"/supervision?{nonsense}"))


def test_every_act_and_finding_has_words() -> None:
    """The book of acts and the forms name each in both languages."""
    assert set(CAUSES) == set(CODES)
    offered = {"acknowledge", "note", "contact", "delegate", "close", "reopen", "open_case", "answer"}
    assert set(ACTS) == {f"alert.{name}" for name in offered}


def test_pages_follow_one_another(house: Watched) -> None:
    """More alerts than a page holds: each stands on one page, none on two."""
    for _ in range(30):
        house.accept(house.clerk)
    house.wait(31)
    house.sweep()
    browser, seen, address = house.enter(house.left), list[UUID](), "/supervision"
    while address:
        page = read(browser.get(address))
        seen += [UUID(one) for one in re.findall(r"([0-9a-f-]{36})@[0-9]+", page)]
        found = re.search(r'id="older" href="([^"]*)"', page)
        address = found.group(1).replace("&amp;", "&") if found else ""
    told: dict[UUID, Alert] = house.store.tables.counter.alerts
    assert sorted(seen) == sorted(told)


def test_giving_an_alert_away_stops_nothing(house: Watched) -> None:
    """What nobody acknowledged goes up in its time, however often it is passed on: passing on is no acknowledgement."""
    alert = house.find(Rung.RED)
    house.give(house.clerk, Role.SUPERVISOR, LEFT)
    given = house.send(
        house.enter(house.clerk), alert, "delegate", to=str(house.colleague.staff_id), text="本人经办，转交"
    )
    assert given.status_code == 200
    after = house.find(Rung.RED)
    assert (after.state, after.escalate_at, after.handler) == (alert.state, alert.escalate_at, house.colleague.staff_id)
    colleague = house.enter(house.colleague)
    assert "签收，由我督办" in read(colleague.get(f"/supervision/{alert.alert_id}"))
    assert house.send(colleague, alert, "close", cause="idle", text="已催办").status_code == 409
    assert house.send(colleague, alert, "acknowledge").status_code == 200
    assert house.send(colleague, alert, "close", cause="idle", text="已催办").status_code == 200


def test_who_worked_on_a_case_reads_no_notes_about_it(house: Watched) -> None:
    """A supervisor who has a part in the case sees what was asked and answered, and nothing that was noted or found."""
    alert, left = house.find(Rung.RED), house.enter(house.left)
    house.send(left, alert, "acknowledge", text="疑似故意拖延")
    house.send(left, alert, "note", text="查该员近三月办件")
    house.send(left, alert, "contact", to=str(house.clerk.staff_id), text="为何三周未办？")
    house.give(house.clerk, Role.SUPERVISOR, LEFT)
    page = read(house.enter(house.clerk).get(f"/supervision/{alert.alert_id}"))
    assert "为何三周未办？" in page
    assert not [words for words in ("疑似故意拖延", "查该员近三月办件") if words in page]


def test_money_without_a_case_has_its_page(house: Watched) -> None:
    """An alert about a payment is looked after like any other; no case is behind it, and who took the money does not look after it."""
    now, receipt = house.clock.now(), "2026112400000000000000001234"
    plan = PlannedAlert(
        LEFT, LEFT, house.new_id(), f"{FEE_OF_PAYMENT}:2", Rung.FACT, now, house.idle.case.service, receipt,
        house.clerk.staff_id,
    )  # fmt: skip
    with house.store.begin(house.cases.everybody) as tx:
        tx.alerts.replan(plan.case_id, [plan], now)
    [alert] = house.sweep()
    left = house.enter(house.left)
    assert receipt in read(left.get("/supervision"))
    page = read(left.get(f"/supervision/{alert.alert_id}"))
    assert receipt in page
    assert "缴费：目录外收费" in page
    assert 'id="open-case"' not in page
    assert left.post(f"/supervision/{alert.alert_id}/case", {"reason": REASON}).status_code == 404
    assert "alert.open_case" not in house.acts
    house.give(house.clerk, Role.SUPERVISOR, LEFT)
    clerk = house.enter(house.clerk)
    assert house.send(clerk, alert, "acknowledge").status_code == 409
    assert house.send(left, alert, "acknowledge").status_code == 200
    assert house.send(left, alert, "contact", to=str(house.clerk.staff_id), text="依据何在？").status_code == 200
    assert "依据何在？" in read(clerk.get("/counter/questions"))
    assert house.send(left, alert, "close", cause="mistaken", text="已核实，属于目录内项目").status_code == 200
