"""The rooms of complaints and ratings: who finds what, and that no page tells the rated who it was."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.console.voice_words import ACTS
from services.case_events import Move, load_case, write_move
from services.case_record import Hand
from services.complaints import open_complaint
from services.matters import describe_case
from services.model import PlatformName
from services.rating_rules import LEVELS
from services.rating_sums import tally_ratings
from services.staffing import Role, StaffMember
from services.till import business_day
from tests.contract.case_book_samples import make_rating
from tests.unit.gateway.console.office import LEFT, RIGHT, Browser, Office

REASON = "按时限办理投诉"
SECRET = "材料收了两次"


class Town(Office):
    """An office with a case that a clerk has in hand, and a complaint about it."""

    def __init__(self) -> None:
        super().__init__()
        self.clerk, self.keeper = self.hire(LEFT, Role.CLERK), self.hire(LEFT, Role.SUPERVISOR)
        self.case = self.cases.receive().case
        self.tell("claimed", self.clerk)
        with self.store.begin(self.cases.everybody) as tx:
            complaint, _ = open_complaint(
                self.cases.desk, tx, describe_case(load_case(tx, self.case.case_id)), SECRET, "13800000009",
                channel=PlatformName.WEB, person_id=uuid4(),
            )  # fmt: skip
        self.complaint = complaint

    def tell(self, event: str, member: StaffMember, **data: Any) -> None:
        """Something that a clerk does with the case."""
        with self.store.begin(self.cases.everybody) as tx:
            file = load_case(tx, self.case.case_id)
            write_move(self.cases.desk, tx, file, Move(event, Hand.CLERK, data, member.staff_id))

    @property
    def path(self) -> str:
        """Where the complaint is."""
        return f"/complaints/{self.complaint.complaint_id}"

    def events(self) -> list[str]:
        """What happened to it."""
        return [event.name for event in self.store.tables.counter.complaint_events[self.complaint.complaint_id]]

    def send(self, browser: Browser, act: str, version: int, **fields: str) -> Any:
        """A form of its page."""
        return browser.post(f"{self.path}/{act}", {"seen_version": str(version), "reason": REASON, **fields})


@pytest.fixture
def town() -> Town:
    return Town()


def read(reply: Any) -> str:
    """The page."""
    text: str = reply.get_data(as_text=True)
    return text


def test_a_complaint_is_worked_on_from_list_to_answer(town: Town) -> None:
    """Its page opens for a reason; taking, asking and answering are forms; each is an Act, none of which tells what was said."""
    browser = town.enter(town.keeper)
    listed = read(browser.get("/complaints"))
    assert str(town.complaint.complaint_id) in listed
    assert town.complaint.case_no not in listed
    assert SECRET not in read(browser.get(town.path))
    assert browser.post(town.path, {"reason": "x"}).status_code == 422
    page = read(browser.post(town.path, {"reason": REASON}))
    for shown in (SECRET, "13800000009", town.complaint.case_no, "王秀英"):
        assert shown in page
    assert "请先领办" in read(town.send(browser, "answer", 1, text="已答复", measures="无"))
    assert "已领办" in read(town.send(browser, "take", 1))
    assert "已向被评价人核实" in read(town.send(browser, "put", 2, text="有人反映材料收了两次"))
    again = town.send(browser, "answer", 2, text="已答复本人", measures="无")
    assert (again.status_code, "已答复本人" in read(again)) == (409, True)
    assert "已答复" in read(town.send(browser, "answer", 3, text="已退还，致歉。", measures="谈话"))
    assert town.events() == ["filed", "taken", "put_to_rated", "answered"]
    written = [act for act in town.store.books.acts if act.act.startswith("complaint.")]
    assert {act.act for act in written} <= set(ACTS)
    assert SECRET not in repr(written)
    assert str(town.complaint.complaint_id) in read(browser.get("/complaints?view=ended"))


@pytest.mark.parametrize("more", [(), (Role.HEAD, Role.SUPERVISOR)])
def test_the_hands_of_the_case_find_nothing(town: Town, more: tuple[Role, ...]) -> None:
    """Whoever has the case in hand sees no complaint about it on any page and gets 404 for every form, whatever further roles they hold."""
    for role in more:
        town.give(town.clerk, role, LEFT)
    browser = town.enter(town.clerk)
    pages = [browser.get("/complaints"), browser.get("/complaints?view=ended"), browser.get("/ratings")]
    assert not [page for page in pages if SECRET in read(page) or str(town.complaint.complaint_id) in read(page)]
    assert browser.post(town.path, {"reason": REASON}).status_code == 404
    forms = {"take": {}, "put": {"text": "请说明"}, "answer": {"text": "已答复", "measures": "无"},
             "dismiss": {"ground": "mistaken", "text": "误评"}, "assign": {"to": str(town.clerk.staff_id)}}  # fmt: skip
    for act, fields in forms.items():
        reply = town.send(browser, act, 1, **fields)
        assert reply.status_code == (404 if more or act != "assign" else 403), act
    assert town.events() == ["filed"]
    reason = "核对本人提交的材料"
    case_page = read(browser.post(f"/counter/cases/{town.case.case_id}", {"reason": reason}))
    assert "投诉" not in re.sub(r"(?s)<nav.*?</nav>", "", case_page)


def test_the_rated_appeal_and_the_handler_dismisses(town: Town) -> None:
    """What was put to the rated stands on their page without number or id; after their appeal, and not before, it can be dismissed."""
    keeper = town.enter(town.keeper)
    town.send(keeper, "take", 1)
    refused = town.send(keeper, "dismiss", 2, ground="mistaken", text="误评")
    assert (refused.status_code, "被评价人尚未申诉" in read(refused)) == (409, True)
    town.send(keeper, "put", 2, text="有人反映材料收了两次")
    rated = town.enter(town.clerk)
    page = read(rated.get("/ratings"))
    assert "有人反映材料收了两次" in page
    for hidden in (town.complaint.case_no, str(town.complaint.complaint_id), str(town.case.case_id), "王秀英"):
        assert hidden not in page
    handle = re.search(r'name="handle" value="([0-9a-f]{24})"', page)
    assert handle is not None
    assert rated.post("/ratings/appeal", {"handle": "0" * 24, "text": "误评"}).status_code == 404
    assert "申诉已提交" in read(rated.post("/ratings/appeal", {"handle": handle.group(1), "text": "系统故障"}))
    assert town.send(keeper, "dismiss", 4, ground="spite", text="误评").status_code == 422
    assert "不予认定" in read(town.send(keeper, "dismiss", 4, ground="mistaken", text="经核实为误评"))
    assert town.events() == ["filed", "taken", "put_to_rated", "appealed", "dismissed"]


def test_it_is_given_only_to_who_had_no_part(town: Town) -> None:
    """The list of handlers holds nobody who had a part in the case; who is put into the form all the same is refused."""
    other = town.hire(LEFT, Role.CLERK)
    browser = town.enter(town.keeper)
    page = read(browser.post(town.path, {"reason": REASON}))
    assert str(other.staff_id) in page
    assert str(town.clerk.staff_id) not in page
    refused = town.send(browser, "assign", 1, to=str(town.clerk.staff_id))
    assert (refused.status_code, "经手过该办件" in read(refused)) == (422, True)
    assert "已指派" in read(town.send(browser, "assign", 1, to=str(other.staff_id)))
    theirs = town.enter(other)
    assert "已领办" in read(town.send(theirs, "take", 2))


def test_overdue_is_said_in_words(town: Town) -> None:
    """After five working days the list says overdue, not by colour alone."""
    browser = town.enter(town.keeper)
    assert "已超期" not in read(browser.get("/complaints"))
    town.clock.advance(15 * 86400)
    assert "已超期" in read(town.enter(town.keeper).get("/complaints"))


def test_ratings_are_shown_in_sums(town: Town) -> None:
    """Four ratings are on no page; five are, from the next day on, without anything that names a case."""
    ids = []
    browser = town.enter(town.clerk)
    for level in LEVELS:
        assert "不足五份" in read(browser.get("/ratings"))
        rating = make_rating(
            LEFT, level=level, staff_id=town.clerk.staff_id, service=town.licence.id, rated_at=town.clock.now(), words="太慢"
        )  # fmt: skip
        ids.append(str(rating.subject))
        with town.store.begin((LEFT,)) as tx:
            tx.ratings.rate(rating)
    town.clock.advance(86400)
    tally_ratings(town.store.begin, (LEFT, RIGHT), business_day(town.clock.now()))
    page = read(town.enter(town.clerk).get("/ratings"))
    assert "60%" in page
    assert not [one for one in ids if one in page]
    assert "60%" not in read(town.enter(town.hire(RIGHT, Role.HEAD)).get("/ratings"))
    assert town.enter(town.keeper).get("/ratings?year=٢٠٢٦").status_code == 200


def test_the_second_screen_rates_the_visit(town: Town) -> None:
    """One press on the second screen is one rating; the page tells nothing of it afterwards, and a second press is refused."""
    town.tell("receipt_printed", town.clerk)
    browser, path = town.enter(town.clerk), f"/second-screen/{town.case.case_id}"
    page = read(browser.get(path))
    assert town.case.case_no not in page
    assert browser.post(path, {"level": "9"}).status_code == 422
    done = read(browser.post(path, {"level": "1", "tag": "slow", "words": "等了很久"}))
    assert "谢谢" in done
    assert not [told for told in ("等了很久", "不满意") if told in done]
    again = browser.post(path, {"level": "5"})
    assert (again.status_code, "已评价过" in read(again)) == (409, True)
    (rating,) = town.store.tables.counter.ratings.values()
    assert (rating.level, rating.tags, rating.person_id) == (1, ("slow",), None)


def test_without_a_visit_today_the_second_screen_rates_nothing(town: Town) -> None:
    """A clerk cannot have a case rated for which nobody came today, and no case of another agency."""
    path = f"/second-screen/{town.case.case_id}"
    reply = town.enter(town.clerk).post(path, {"level": "5"})
    assert (reply.status_code, "今天没有" in read(reply)) == (409, True)
    assert town.enter(town.hire(RIGHT, Role.CLERK)).post(path, {"level": "5"}).status_code == 404


def test_a_complaint_is_written_down_at_the_window() -> None:
    """What somebody says at the window is filed; a second one meanwhile and one without words are refused on the page."""
    town = Town()
    other = town.cases.receive().case
    browser, path = town.enter(town.clerk), f"/complaints/new/{other.case_id}"
    assert browser.get(path).status_code == 200
    assert browser.post(path, {"words": " ", "contact": ""}).status_code == 422
    assert "已登记" in read(browser.post(path, {"words": "态度不好", "contact": "13800000001"}))
    again = browser.post(path, {"words": "态度不好"})
    assert (again.status_code, "已有投诉" in read(again)) == (409, True)
    assert browser.post(f"/complaints/new/{UUID(int=7)}", {"words": "慢"}).status_code == 404
