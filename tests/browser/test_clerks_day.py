"""A clerk's day of forty cases in Chromium, every keystroke and click counted; what it took stands in ``var/browser/clerks-day``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from services.case_file import CaseFile
from services.staffing import Actor
from tests.browser.counter import require_access
from tests.browser.day_office import DayOffice, open_day_office
from tests.browser.meter import Meter, write_report
from tests.chromium import serve
from tests.databases import DEFAULT_KIND, Clusters
from tests.unit.gateway.console.office import PASSWORD

FOLDER = Path("var/browser/clerks-day")
PLAN = {
    "accept": 18, "correct": 6, "gap": 2, "refuse": 2, "step": 3, "special": 2, "end_special": 1, "extend": 2, "hand_over": 2,
    "post": 1, "walk_in": 1,
}  # fmt: skip
ENDS = {
    "accept": "accepted", "correct": "correction_asked", "gap": "accepted_with_gap", "refuse": "not_accepted",
    "step": "step_finished", "special": "special_began", "end_special": "special_ended", "extend": "extension_asked",
    "hand_over": "handed_over", "post": "posted", "walk_in": "receipt_printed", "answer": "extension_granted", "decide": "granted",
}  # fmt: skip
"""The event with which each kind ends."""
BOUNDS = {
    "accept": 6, "correct": 9, "gap": 8, "refuse": 10, "step": 6, "special": 7, "end_special": 7, "extend": 7, "hand_over": 3,
    "post": 10, "walk_in": 14, "answer": 5, "decide": 5,
}  # fmt: skip
"""How many interactions a case of a kind may take at most; docs/counter.md says so to people."""


@dataclass
class Day:
    """The office, the clerk's window, the cases by number with what is to be done with each."""

    office: DayOffice
    url: str
    page: Page
    meter: Meter
    plan: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)

    def enter(self, actor: Actor) -> None:
        """Sign in."""
        self.page.goto(self.url)
        for text in (actor.member.login, PASSWORD, self.office.code_of(actor)):
            self.page.keyboard.insert_text(text)
            self.page.keyboard.press("Tab")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def keep_picture(self, name: str, *, whole: bool = True) -> None:
        """One picture of each kind of page; it must be accessible too."""
        if name not in self.pictures:
            self.pictures.add(name)
            self.page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)
            require_access(self.page)

    def find_following(self) -> str:
        """The number of the case that the page offers next; empty if it offers none."""
        link = self.page.locator("a[accesskey=n]")
        return link.inner_text().split("：")[1].split()[0] if link.count() else ""

    def open_case(self, number: str) -> None:
        """By Enter on what is offered next, else out of the queue with j and Enter; then Enter on the preset reason."""
        if self.find_following() == number:
            self.meter.press("Enter", moves=True)
        else:
            self.pick(number)
        self.keep_picture("reason")
        self.meter.press("Enter", moves=True)

    def pick(self, number: str) -> None:
        """Find a case in the queue: the view, then j till it has the focus."""
        if not self.page.url.endswith(("view=free", "view=mine")):
            self.meter.click("a[href='/counter']", moves=True)
        numbers = self.page.locator(".queue a.case").all_inner_texts()
        if number not in numbers:
            self.meter.click("a[href='/counter?view=free']", moves=True)
            numbers = self.page.locator(".queue a.case").all_inner_texts()
        if number not in numbers:
            self.meter.click("a[href='/counter?view=mine']", moves=True)
            numbers = self.page.locator(".queue a.case").all_inner_texts()
        self.keep_picture("queue")
        if self.page.evaluate("document.activeElement.textContent") != number:
            self.meter.click(f".queue a.case:text-is('{number}')", moves=True)
        else:
            self.meter.press("Enter", moves=True)

    def do(self, number: str) -> None:
        """One case from its opening to its end."""
        kind = self.plan.pop(number)
        with self.meter.case(kind, number):
            DOES[kind](self, number)
        self.keep_picture(f"done-{kind}", whole=False)


def accept(day: Day, number: str) -> None:
    """The papers lie beside the checklist one after the other: each is looked at and judged with its key."""
    day.open_case(number)
    day.page.wait_for_function("document.querySelector('#viewer img')?.naturalWidth > 0")
    day.keep_picture("case")
    day.meter.access("2")
    day.page.wait_for_function("document.querySelector('#viewer img')?.alt.includes('平面图')")
    day.meter.access("3")
    day.meter.access("a", moves=True)


def correct(day: Day, number: str) -> None:
    """One notice: a ready-made reason for one paper, words of one's own for another."""
    day.open_case(number)
    day.meter.click("input[name='check.proof_of_premises'][value=wrong]")
    day.meter.click("#i-proof_of_premises-expired")
    day.meter.click("input[name='check.floor_plan'][value=wrong]")
    day.meter.write("input[name='own.floor_plan']", "未标注操作间与就餐区的面积")
    day.keep_picture("corrections")
    day.meter.access("b", moves=True)


def accept_with_gap(day: Day, number: str) -> None:
    """The secondary paper comes later."""
    day.open_case(number)
    day.meter.access("3")
    day.meter.click("summary:has-text('容缺受理')")
    day.meter.write("#accept_with_gap-until_on", "2026-11-20")
    day.keep_picture("gap")
    day.meter.click("button[formaction$='accept-with-gap']", moves=True)


def refuse(day: Day, number: str) -> None:
    """Another organ is competent."""
    day.open_case(number)
    day.meter.click("#act-refuse_acceptance summary")
    day.meter.now.clicks += 1
    day.page.select_option("#na-ground", "wrong_organ")
    day.meter.write("#refuse_acceptance-right_organ", "演示市卫生健康委员会")
    day.meter.write("#refuse_acceptance-why", "申请事项属于公共场所卫生许可")
    day.meter.press("Enter", moves=True)


def finish_step(day: Day, number: str) -> None:
    """The opinion, and Enter."""
    day.open_case(number)
    day.keep_picture("examination")
    day.meter.write("#step-0", "材料齐全，现场与平面图一致")
    day.meter.press("Enter", moves=True)


def begin_special(day: Day, number: str) -> None:
    """An inspection, with its reason."""
    day.open_case(number)
    day.meter.click("#act-begin_special summary")
    day.meter.write("#begin_special-why", "需现场检验冷藏设施")
    day.meter.press("Enter", moves=True)


def end_special(day: Day, number: str) -> None:
    """Its result."""
    day.open_case(number)
    day.meter.write("#end_special-result", "检验合格")
    day.meter.press("Enter", moves=True)


def extend(day: Day, number: str) -> None:
    """More time, of the head."""
    day.open_case(number)
    day.meter.click("#act-ask_extension summary")
    day.meter.write("#ask_extension-why", "需向外地核实许可记录")
    day.meter.press("Enter", moves=True)


def hand_over(day: Day, number: str) -> None:
    """The scanner reads the telephone, Enter hands over."""
    if not day.page.url.endswith("/hand-over"):
        day.meter.click("a[href='/window/hand-over']", moves=True)
    day.meter.scan(day.codes[number])
    day.keep_picture("hand-over")
    day.meter.press("Enter", moves=True)


def post(day: Day, number: str) -> None:
    """Found by its number; the carrier's number."""
    day.meter.click("a[href='/counter/search']", moves=True)
    day.meter.type(number)
    day.meter.press("Enter", moves=True)
    day.meter.press("Enter", moves=True)
    day.meter.write("#f-reason", "办理证照邮寄交接")
    day.meter.click("main form:has(#f-reason) button", moves=True)
    day.meter.write("#post-number", "EMS1234567890")
    day.meter.press("Enter", moves=True)


def open_walk_in(day: Day, _number: str) -> None:
    """Somebody with paper and without a telephone: the case is opened and its receipt printed."""
    day.meter.click("a[href='/window']", moves=True)
    day.keep_picture("window")
    day.meter.click("a[href^='/window/new/']", moves=True)
    day.meter.write("#c-card-name", "王秀英")
    day.meter.write("#c-card-number", "110101196001010011")
    day.meter.click("#c-card-seen")
    day.meter.write("#w-company_name", "秀英早点铺")
    for box in ("#no-proof_of_premises", "#no-floor_plan", "#np-promise"):
        day.meter.click(box)
    day.keep_picture("walk-in")
    day.meter.access("a", moves=True)
    day.meter.now.case_no = day.page.locator("dd.huge").inner_text()


def answer(day: Day, number: str) -> None:
    """The head grants what was asked for, with one key."""
    open_by_head(day, number)
    day.keep_picture("extension")
    day.meter.access("g", moves=True)


def decide(day: Day, number: str) -> None:
    """The head decides: opened, read, one key."""
    open_by_head(day, number)
    day.keep_picture("decision")
    day.meter.access("g", moves=True)


def open_by_head(day: Day, number: str) -> None:
    """Out of what waits for the head; the reason is preset for what one decides or answers."""
    if day.find_following() == number:
        day.meter.press("Enter", moves=True)
    else:
        day.meter.click("a[href='/counter']", moves=True)
        day.meter.click("a[href='/counter?view=head']", moves=True)
        day.meter.click(f".queue a.case:text-is('{number}')", moves=True)
    day.meter.press("Enter", moves=True)


DOES: dict[str, Callable[[Day, str], None]] = {
    "accept": accept, "correct": correct, "gap": accept_with_gap, "refuse": refuse, "step": finish_step, "special": begin_special,
    "end_special": end_special, "extend": extend, "hand_over": hand_over, "post": post, "walk_in": open_walk_in,
    "answer": answer, "decide": decide,
}  # fmt: skip


@pytest.fixture
def day(clusters: Clusters, chromium: Browser, tmp_path: Path) -> Iterator[Day]:
    """The morning of it: the desk is full."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    cluster = clusters.find(DEFAULT_KIND)
    database = cluster.make()
    with open_day_office(database, tmp_path) as office, serve(office.make_app()) as url:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        page = context.new_page()
        said: list[str] = []

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                said.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: said.append(str(error)))
        yield Day(office, url, page, Meter(page))
        context.close()
        assert said == []
    cluster.drop(database)


def fill_desk(day: Day) -> None:
    """Forty cases of eleven kinds, of several days."""
    office = day.office
    makers: dict[str, Callable[[int], CaseFile]] = {
        "accept": lambda n: office.receive(1 + n % 5),
        "correct": lambda n: office.receive(1 + n % 5),
        "gap": lambda _: office.receive(1, later=True),
        "refuse": lambda _: office.receive(1),
        "step": lambda n: office.accept(4 + n),
        "special": lambda n: office.accept(5 + n),
        "extend": lambda n: office.accept(8 + n),
        "end_special": lambda _: begin_before(office),
        "hand_over": lambda _: office.issue(),
        "post": lambda _: office.issue(delivery="post"),
    }
    for kind, count in PLAN.items():
        for number in range(count):
            if kind == "walk_in":
                day.plan["walk-in"] = kind
                continue
            file = makers[kind](number)
            day.plan[file.case.case_no] = kind
            if kind == "hand_over":
                day.codes[file.case.case_no] = office.make_code(file)


def begin_before(office: DayOffice) -> CaseFile:
    """A case whose inspection began earlier."""
    file = office.accept(6)
    return office.counter.begin_special(office.clerk, file.case.case_id, file.version, "inspection", "需现场检验设施")


def test_a_clerk_does_forty_cases_in_a_day(day: Day) -> None:
    """Every case ends as it was meant to, none takes more than its bound, a plain acceptance at most six interactions, papers looked at."""
    for old in FOLDER.glob("*"):
        old.unlink()
    fill_desk(day)
    planned, began = dict(day.plan), time.monotonic()
    day.enter(day.office.clerk)
    day.page.goto(f"{day.url}/counter?view=free")
    at_window = {number for number, kind in planned.items() if kind in ("hand_over", "post", "walk_in")}
    while todo := [number for number in day.plan if number not in at_window]:
        following = day.find_following()
        day.do(following if following in todo else next_in_queue(day, todo))
    for number in sorted(at_window, key=lambda one: list(PLAN).index(planned[one])):
        day.do(number)
    table = write_report(day.meter.counts, FOLDER, time.monotonic() - began)
    assert len(day.meter.counts) == 40
    require_ends(day)
    assert {kind: row["most"] for kind, row in table.items() if row["most"] > BOUNDS[kind]} == {}


def next_in_queue(day: Day, todo: list[str]) -> str:
    """The most urgent of the queue's page that is to be done, else any."""
    shown = day.page.locator(".queue a.case").all_inner_texts()
    return next((number for number in shown if number in todo), todo[0])


def require_ends(day: Day) -> None:
    """Each case has, as the last thing that a person did with it, the event of its kind."""
    quiet = ("document_made", "notice_told")
    for count in day.meter.counts:
        events = [event.name for event in day.office.load(count.case_no).events if event.name not in quiet]
        assert events[-1] == ENDS[count.kind] or (count.kind == "step" and "step_finished" in events[-2:]), (
            count,
            events,
        )


def test_the_head_decides_and_answers(day: Day) -> None:
    """What waits for the head is opened, read and answered with at most five interactions; who asked or accepted does not do it."""
    office = day.office
    files = [office.examine() for _ in range(2)]
    asked = office.accept(8)
    office.counter.ask_extension(office.clerk, asked.case.case_id, asked.version, 5, "需向外地核实许可记录")
    day.plan = {one.case.case_no: "decide" for one in files} | {asked.case.case_no: "answer"}
    day.enter(office.head)
    for number in list(day.plan):
        day.do(number)
    require_ends(day)
    assert [count for count in day.meter.counts if count.interactions > BOUNDS[count.kind]] == []
