"""A supervisor's Monday in Chromium, from the mail of the night to a calm desk; pictures and counts in ``var/browser/supervisors-morning``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from services.alert_record import Alert, Rung
from tests.browser.counter import tab_to
from tests.browser.meter import Meter
from tests.browser.morning import FOLDER, Morning, Window, write_measure
from tests.browser.morning_office import NAMES, open_morning_office
from tests.browser.morning_past import live_till_monday
from tests.browser.morning_town import BOX
from tests.chromium import serve
from tests.databases import DEFAULT_KIND, Clusters

REASON = "核查超时办件的办理情况"
SECRETS = (*NAMES, "110101196001010011", "13800000")
"""Of applicants: no page of supervision has them without a reason."""


@pytest.fixture
def letters() -> list[dict[str, Any]]:
    """What the mail server was given."""
    return []


@pytest.fixture
def morning(clusters: Clusters, chromium: Browser, tmp_path: Path, letters: list[dict[str, Any]]) -> Iterator[Morning]:
    """08:30 on Monday: the night is told."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*"):
        old.unlink()
    cluster = clusters.find(DEFAULT_KIND)
    database = cluster.make()
    with open_morning_office(database, tmp_path, letters) as office:
        live_till_monday(office)
        with serve(office.make_app()) as url:
            made = Morning(office, url, chromium)
            yield made
            made.close()
    cluster.drop(database)


def test_a_supervisor_lives_her_morning(morning: Morning, letters: list[dict[str, Any]]) -> None:
    """From the mail to the worst, to the case manager and back, to colleagues, levels, patterns and a calm desk; no page fails, tells or scrolls aside."""
    read_mail(morning, letters)
    chen = morning.open_window("chen")
    meter = Meter(chen.page)
    look_at_inbox(morning, chen, meter)
    follow_red(morning, chen, meter)
    do_one_by_keyboard(morning, chen, meter)
    acknowledge_twice(morning, chen, meter)
    give_away(morning, chen, meter)
    take_many(morning, chen, meter)
    filter_inbox(morning, chen)
    look_elsewhere(morning, chen)
    write_measure(meter.counts, morning.seconds, FOLDER)
    compare_district(morning)
    look_at_audit(morning)
    assert [one.refused for one in morning.windows if one.refused] == [[409], [404]]
    assert [said for one in morning.windows for said in one.said] == []


def find_alert(morning: Morning, name: str, rung: Rung) -> Alert:
    """The alert of this rung of a case, as it is now."""
    office = morning.office
    with office.store.begin(office.everybody) as tx:
        found = tx.alerts.list_of_case(office.files[name].case.case_id)
    return next(one for one in found if one.planned.rung is rung)


def list_events(morning: Morning, name: str, rung: Rung) -> list[str]:
    """What happened to it."""
    office = morning.office
    with office.store.begin(office.everybody) as tx:
        row = tx.alerts.load(find_alert(morning, name, rung).alert_id)
    assert row is not None
    return [event.name for event in row[1]]


def read_mail(morning: Morning, letters: list[dict[str, Any]]) -> None:
    """Every letter went to supervision, says how urgent and which service, and holds neither a number nor anybody."""
    assert {box for letter in letters for box in letter["recipients"]} >= {BOX}
    worst = next(letter for letter in letters if "超法定时限" in letter["subject"])
    assert worst["recipients"] == [BOX]
    number = morning.office.files["passed"].case.case_no
    assert "食品经营许可" in worst["text"]
    assert f"办件尾号 {number[-4:]}" in worst["text"]
    assert "/supervision" in worst["text"]
    numbers = [file.case.case_no for file in morning.office.files.values()]
    told = "".join(letter["subject"] + letter["text"] for letter in letters)
    assert not [secret for secret in (*SECRETS, *numbers) if secret in told]


def look_at_inbox(morning: Morning, chen: Window, meter: Meter) -> None:
    """What the watchman cries, how many of each rung; the worst case stands first; nobody's name is on it."""
    morning.keep_picture(chen, "overview")
    assert chen.page.locator("main .tile").all_inner_texts()[0].split()[:2] == ["▲▲", "1"]
    meter.click("main a[href='/supervision']", moves=True)
    morning.keep_picture(chen, "inbox", narrow=True)
    assert "2026-12-31" in chen.page.inner_text("#watch")
    shown = chen.page.locator(".inbox a.case").all_inner_texts()
    assert shown[0] == morning.office.files["passed"].case.case_no
    assert shown[1] == morning.office.files["red"].case.case_no
    assert "升级 2 次" in chen.read(), "what the lake's district left lies on the city's desk"
    assert morning.office.files["lake-red"].case.case_no not in shown, "the lake's own desk has it"
    require_silence(chen)


def require_silence(window: Window) -> None:
    """Nothing of an applicant on the page."""
    assert not [secret for secret in SECRETS if secret in window.read()], window.page.url


def follow_red(morning: Morning, chen: Window, meter: Meter) -> None:
    """Read, acknowledged with a note, the case manager asked; the answer comes back; the case read for a reason; closed with what was found."""
    number = morning.office.files["red"].case.case_no
    with morning.alert(meter, "red", "red"):
        meter.click(f".inbox a.case:text-is('{number}')", moves=True)
        morning.keep_picture(chen, "red", narrow=True)
        assert "天没有动静" in chen.page.inner_text("#course")
        require_silence(chen)
        meter.write("#f-ack", "周一例会通报，先联系承办人")
        meter.click("#form-acknowledge button.main", moves=True)
        morning.keep_picture(chen, "red-in-hand")
        meter.write("#f-contact", "已超承诺时限一个工作日，为何三周没有办理记录？何时办结？")
        meter.click("#form-contact button.main", moves=True)
        morning.keep_picture(chen, "red-asked")
        answer_question(morning, number)
        meter.click("#record-link, a[href^='/supervision/']:text-is('预警'), .trail a", moves=True)
        morning.keep_picture(chen, "inbox-answered")
        meter.click(f".inbox a.case:text-is('{number}')", moves=True)
        assert "今日提交决定" in chen.page.inner_text("#record")
        morning.keep_picture(chen, "red-answered")
        meter.click("#open-case", moves=True)
        meter.write("#f-reason", REASON)
        meter.click("main form button.main", moves=True)
        assert "商行" in chen.read()
        morning.keep_picture(chen, "red-case")
        chen.go(f"/supervision/{find_alert(morning, 'red', Rung.RED).alert_id}")
        meter.now.clicks += 1
        chen.page.select_option("#f-cause", "workload")
        meter.write("#f-close", "承办人同时办理专项检查，已请科室调整分工，今日办结")
        meter.click("#form-close button", moves=True)
        morning.keep_picture(chen, "red-closed")
    assert list_events(morning, "red", Rung.RED) == ["told", "acknowledged", "contacted", "answered", "closed"]


def answer_question(morning: Morning, number: str) -> None:
    """The case manager finds it at the counter and answers."""
    clerk = morning.open_window("li")
    clerk.go("/counter")
    assert "询问待您答复" in clerk.read()
    clerk.go("/counter/questions")
    morning.keep_picture(clerk, "clerk-question")
    card = clerk.page.locator(".question", has_text=number)
    card.locator("textarea").fill("等待市场监管所反馈核查记录，昨日已收到，今日提交决定。")
    with clerk.page.expect_navigation():
        card.locator("button").click()
    morning.keep_picture(clerk, "clerk-answered")


def do_one_by_keyboard(morning: Morning, chen: Window, meter: Meter) -> None:
    """The worst of all without the mouse: opened by Enter, taken in hand, its case manager asked, all by keys that stand on the buttons."""
    chen.go("/supervision")
    with morning.alert(meter, "keyboard", "passed"):
        meter.press("Enter", moves=True)
        assert morning.office.files["passed"].case.case_no in chen.read()
        morning.keep_picture(chen, "passed")
        meter.access("c", moves=True)
        tab_to(chen.page, "f-contact", 60)
        meter.now.keys += 1
        meter.type("已超法定时限，请立即说明原因并报办结时间")
        meter.access("a", moves=True)
        morning.keep_picture(chen, "passed-asked")
    assert list_events(morning, "passed", Rung.PASSED) == ["told", "acknowledged", "contacted"]


def acknowledge_twice(morning: Morning, chen: Window, meter: Meter) -> None:
    """The same alert in two tabs: the second acknowledgement is refused in plain words, and nothing is written."""
    alert = find_alert(morning, "step", Rung.LATE)
    tab = morning.open_tab(chen)
    tab.go(f"/supervision/{alert.alert_id}")
    chen.go("/supervision")
    with morning.alert(meter, "acknowledge", "step"):
        meter.click(f".inbox a.case:text-is('{alert.planned.case_no}')", moves=True)
        meter.access("c", moves=True)
    with tab.page.expect_navigation():
        tab.page.click("#form-acknowledge button.main")
    assert "已由您督办" in tab.read()
    morning.keep_picture(tab, "twice")
    tab.page.close()
    assert list_events(morning, "step", Rung.LATE) == ["told", "acknowledged"]


def give_away(morning: Morning, chen: Window, meter: Meter) -> None:
    """One goes to a colleague with a reason; it stays open until the colleague acknowledges it."""
    chen.go("/supervision?rung=fact")
    morning.keep_picture(chen, "facts")
    with morning.alert(meter, "delegate", "fee"):
        meter.click(f".inbox a.case:text-is('{morning.office.files['fee'].case.case_no}')", moves=True)
        morning.keep_picture(chen, "fee")
        meter.click("summary:has-text('转交同事')")
        meter.write("#f-delegate", "收费事项由您负责，请跟进")
        meter.click("#form-delegate button", moves=True)
        morning.keep_picture(chen, "fee-given")
    assert find_alert(morning, "fee", Rung.FACT).handler == morning.office.staff["zhou"].member.staff_id
    colleague = morning.open_window("zhou")
    colleague.go("/supervision")
    morning.keep_picture(colleague, "colleague")


def take_many(morning: Morning, chen: Window, meter: Meter) -> None:
    """The oranges of the night together, with one note."""
    chen.go("/supervision?rung=orange")
    with morning.alert(meter, "several", "orange-1"):
        for name in ("orange-1", "orange-2", "hygiene"):
            meter.click(f"input[aria-label^='选择 {morning.office.files[name].case.case_no}']")
        meter.write("#f-text", "临近时限，已提醒")
        meter.access("c", moves=True)
        morning.keep_picture(chen, "several")
    assert "已签收 3 项" in chen.read()


def filter_inbox(morning: Morning, chen: Window) -> None:
    """By level below, by agency, by service, by rung; what is closed; nothing found is said calmly."""
    files = morning.office.files
    chen.go("/supervision?view=below")
    morning.keep_picture(chen, "below")
    assert files["lake-red"].case.case_no in chen.read()
    chen.page.reload()
    chen.page.select_option("#f-agency", str(morning.office.ids["lake"]))
    expect(chen.page.locator(".inbox a.case")).to_have_count(3)
    morning.keep_picture(chen, "below-lake")
    shown = set(chen.page.locator(".inbox a.case").all_inner_texts())
    assert shown == {files[name].case.case_no for name in ("lake-red", "lake-orange", "went-up")}
    chen.go("/supervision?view=closed")
    morning.keep_picture(chen, "closed")
    chen.go("/supervision?service=elder-card")
    morning.keep_picture(chen, "nothing")
    assert "没有" in chen.read()


def look_elsewhere(morning: Morning, chen: Window) -> None:
    """Statistics, slowness and its cases, the census, the business environment: every room that her navigation has beside the inbox."""
    linked: list[str] = chen.page.locator("nav.places a").evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    rooms = [place for place in linked if place.startswith(("/supervision/", "/statistics", "/census", "/business"))]
    assert {"/supervision/patterns", "/statistics", "/census", "/business"} <= set(rooms)
    for place in rooms:
        chen.go(place)
        morning.keep_picture(chen, place.strip("/").replace("/", "-"), narrow=True)
        require_silence(chen)
    chen.go("/supervision/patterns")
    with chen.page.expect_navigation():
        chen.page.click("a.case")
    morning.keep_picture(chen, "pattern", narrow=True)
    require_silence(chen)
    chen.go(f"/census/{morning.office.ids['water']}")
    morning.keep_picture(chen, "census-agency")
    chen.go("/supervision")
    morning.keep_picture(chen, "end", narrow=True)


def compare_district(morning: Morning) -> None:
    """The lake's supervisor sees the lake alone, also of what went up; the city's alert is not there for her."""
    he = morning.open_window("he")
    he.go("/supervision?view=below")
    morning.keep_picture(he, "district")
    shown = set(he.page.locator(".inbox a.case").all_inner_texts())
    files = morning.office.files
    assert shown == {files[name].case.case_no for name in ("lake-red", "lake-orange", "went-up")}
    he.go(f"/supervision/{find_alert(morning, 'went-up', Rung.ORANGE).alert_id}")
    morning.keep_picture(he, "district-lost")
    assert he.page.locator("#form-acknowledge").count() == 0
    he.go(f"/supervision/{find_alert(morning, 'red', Rung.RED).alert_id}")
    assert "没有此页" in he.read()


def look_at_audit(morning: Morning) -> None:
    """The auditor finds what the supervisor did, replays the case, sees who read it."""
    lin = morning.open_window("lin")
    lin.go("/audit")
    morning.keep_picture(lin, "audit")
    lin.page.fill("[name=case_no]", morning.office.files["red"].case.case_no)
    lin.page.keyboard.press("Enter")
    lin.page.wait_for_selector("[name=reason]")
    lin.page.fill("[name=reason]", REASON)
    with lin.page.expect_navigation():
        lin.page.click("main button.main")
    lin.page.wait_for_selector("#v1")
    morning.keep_picture(lin, "replay")
    for name in ("looks", "roles", "delays"):
        lin.go(f"/audit/{name}")
        morning.keep_picture(lin, f"audit-{name}")
