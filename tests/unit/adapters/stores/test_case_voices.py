"""Ratings and complaints on PostgreSQL under the real roles: the citizens' process rates and complains, the console's handles."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from adapters.stores.console_store import SqlConsoleStore
from services.case_access import ApplicantDesk
from services.case_desk import CaseDesk
from services.case_errors import AlreadyRated, ComplaintOpen
from services.case_events import Move, load_case, write_move
from services.case_ports import Slip
from services.case_record import Hand
from services.complaint_desk import ComplaintDesk
from services.complaints import file_complaint
from services.errors import NotFound
from services.model import Assurance, Caller, Language, PlatformApp, PlatformName, PlatformUser
from services.rating_reports import RatingReports
from services.rating_rules import BATCH, GivenRating
from services.rating_sums import tally_ratings
from services.ratings import rate_by_receipt, rate_matter, show_voice
from services.staffing import Actor, Role, RoleHeld, StaffMember
from services.till import Till, business_day
from services.window_voices import VoiceWindow
from tests.case_samples import MORNING, make_case_mapping
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database
from tests.fake_cases import FakeSlipPress, make_case_desk
from tests.fakes import FakeClock, FakeDirectory

NUMBER = "110101196001010010"
WHY = "按时限办理投诉"
POOR = GivenRating(1, ("slow",), "等了很久")


@dataclass(frozen=True)
class Town:
    """A citizen, a clerk, a supervisor; each process with its own role's store."""

    houses: Houses
    door: ApplicantDesk
    staff_desk: CaseDesk
    slips: FakeSlipPress
    clerk: Actor
    keeper: Actor
    wang: Caller

    @property
    def complaints(self) -> ComplaintDesk:
        return ComplaintDesk(self.staff_desk, cast("Any", self.houses.console))

    def open(self) -> UUID:
        """A case of Wang's for which they stood at the clerk's window today."""
        cells: dict[str, Any] = {
            "person_id": self.wang.person_id, "login_id": self.wang.login_id,
            "applicant": {"kind": "person", "name": "王秀英", "identity_number": NUMBER, "phone": "13800000001"},
        }  # fmt: skip
        case, _ = self.houses.open_case(**cells)
        with self.houses.console.begin(self.houses.all) as tx:
            move = Move("receipt_printed", Hand.CLERK, {"at_version": 1}, self.clerk.member.staff_id)
            write_move(self.staff_desk, tx, load_case(tx, case.case_id), move)
        return case.case_id

    def receipt(self, case_id: UUID) -> str:
        """The code on a receipt of now."""
        with self.houses.public.begin(self.houses.all) as tx:
            number = load_case(tx, case_id).case.case_no
        return self.slips.sign(Slip(uuid4().hex[:24], "case_receipt", {"number": number}, MORNING))


@pytest.fixture(scope="module")
def town(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Everything over one database."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house")) as houses:
        yield make_town(houses)


def make_town(houses: Houses) -> Town:
    """The desks over the houses, and people."""
    clock, slips = FakeClock(MORNING), FakeSlipPress()
    directory = FakeDirectory({"demo-city": houses.city, "demo-office": houses.gas, "demo-water": houses.water})
    mapping = make_case_mapping()
    desk = make_case_desk(mapping, house=cast("Any", houses.public), clock=clock, directory=directory, slips=slips)
    till = Till(
        store=cast("Any", houses.public), platforms={}, back_end_of=desk.back_end_of, catalogue=desk.catalogue,
        directory=directory, clock=clock, new_id=desk.new_id, random=desk.random, keyed_hash=desk.keyed_hash,
        public_url="https://counter.example",
    )  # fmt: skip
    own = make_case_desk(mapping, house=cast("Any", houses.console), clock=clock, directory=directory, slips=slips)
    app = PlatformApp(houses.city, "wechat-main", PlatformName.WECHAT, "wx1", "http://x")
    with cast("Any", houses.public).begin(houses.all) as tx:
        person = tx.persons.open_person(houses.city, MORNING)
        tx.persons.record_identity(person.person_id, "王秀英", NUMBER, MORNING)
        login, _ = tx.persons.add_login(person, app.platform, app.app, PlatformUser(uuid4().hex), MORNING)
    wang = Caller(
        uuid4(), person.person_id, person.chain_id, login.login_id, app, Assurance.REAL_NAME, houses.all, Language.ZH_CN, str(uuid4())
    )  # fmt: skip
    clerk, keeper = (hire(houses, role) for role in (Role.CLERK, Role.SUPERVISOR))
    return Town(houses, ApplicantDesk(desk, till), own, slips, clerk, keeper, wang)


def hire(houses: Houses, role: Role) -> Actor:
    """A member of the staff at ``gas``."""
    console = cast("SqlConsoleStore", houses.console)
    member = StaffMember(uuid4(), houses.gas, f"login.{uuid4().hex[:8]}", "职员", MORNING)
    held = RoleHeld(uuid4(), member.staff_id, houses.gas, role, MORNING)
    with console.begin(houses.all) as tx:
        tx.staff.add(member, None)
        tx.staff.grant(held, None)
    return Actor(member, (held,), console.agency_tree(), "request-9")


def test_a_bad_rating_goes_its_whole_way(town: Town) -> None:
    """Rated by the citizens' role, followed up and answered by the console's, read again by the citizen; the hand finds nothing."""
    case_id = town.open()
    (filed,) = rate_matter(town.door, town.wang, "case", case_id, POOR).complaints
    desk, complaint_id = town.complaints, filed.complaint_id
    with pytest.raises(NotFound):
        desk.open_complaint(town.clerk, complaint_id, WHY)
    opened = desk.open_complaint(town.keeper, complaint_id, WHY)
    assert (opened.complaint.words, opened.events[0].data["level"]) == ("等了很久", 1)
    desk.take(town.keeper, complaint_id, 1)
    desk.put_to_rated(town.keeper, complaint_id, 2, "有人反映等候过久")
    (put,) = [one for one in desk.list_put_to(town.clerk) if not one.ended]
    desk.appeal(town.clerk, put.handle, "系统故障")
    desk.answer(town.keeper, complaint_id, 4, "已整改，致歉。", "增开窗口")
    (view,) = show_voice(town.door, town.wang, case_id).complaints
    assert (view.state, view.answer) == ("answered", "已整改，致歉。")


def test_of_many_at_once_one_rates_and_one_complains(town: Town) -> None:
    """Nine requests that rate, complain and rate the visit at the same moment leave one of each."""
    case_id = town.open()
    slip = town.receipt(case_id)
    outcomes: list[str] = []

    def attempt(name: str) -> None:
        acts: dict[str, Any] = {
            "rate": lambda: rate_matter(town.door, town.wang, "case", case_id, POOR),
            "complain": lambda: file_complaint(town.door, town.wang, "case", case_id, "材料收了两次"),
            "visit": lambda: rate_by_receipt(town.door.desk, slip, POOR, PlatformName.WEB),
        }
        try:
            acts[name]()
            outcomes.append(name)
        except (AlreadyRated, ComplaintOpen):
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt, args=(name,)) for name in ("rate", "complain", "visit") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["complain", "rate", *["refused"] * 6, "visit"]
    with town.houses.public.begin(town.houses.all) as tx:
        notes = [event.name for event in load_case(tx, case_id).events]
    assert (notes.count("rated"), notes.count("complained")) == (2, 1)


def test_the_console_takes_what_the_window_takes(town: Town) -> None:
    """A rating on the second screen and a complaint at the window need no more rights than the console's role has."""
    case_id = town.open()
    window = VoiceWindow(town.staff_desk, cast("Any", town.houses.console))
    window.rate_at_window(town.clerk, case_id, POOR)
    with pytest.raises(AlreadyRated):
        rate_by_receipt(town.door.desk, town.receipt(case_id), POOR, PlatformName.WEB)
    made = window.file_at_window(town.clerk, case_id, "态度不好", "13800000001")
    assert made.complaint_id in {line.complaint_id for line in town.complaints.list_waiting(town.keeper)}
    assert made.complaint_id not in {line.complaint_id for line in town.complaints.list_waiting(town.clerk)}


def test_the_console_counts_in_fives(town: Town) -> None:
    """Sums read under the console's role are whole fives, of days that are over."""
    cases = [town.open() for _ in range(BATCH)]
    for case_id in cases:
        rate_matter(town.door, town.wang, "case", case_id, GivenRating(5))
    reports = RatingReports(town.staff_desk, cast("Any", town.houses.console))
    assert reports.report(town.keeper, 2026).unit == ()
    clock = cast("FakeClock", town.staff_desk.clock)
    clock.advance(86_400)
    try:
        tally_ratings(town.houses.worker.begin, town.houses.all, business_day(clock.now()))
        totals = [line.tally.total for line in reports.report(town.keeper, 2026).unit]
    finally:
        clock.advance(-86_400)
    assert totals
    assert not [total for total in totals if total % BATCH]
