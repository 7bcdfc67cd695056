"""The auditor replays as it was known, draws by lot, sees what stands out; each look is an Act, and a replay is told to the citizen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.audit_desk import COPIED_LEAST, FOR_SUPERVISION, AuditRoom, SampleOrder, read_month
from services.calendar_record import NamedDay
from services.case_errors import OwnMatter
from services.case_record import CaseState
from services.counter_desk import SearchKey
from services.errors import InputRefused, NotFound, NotPermitted, StoreUnavailable
from services.staffing import Role
from tests.counter_office import APPLICANT_NUMBER, CITY, FINE, OFFICE, REASON, SIBLING, TAX, CounterOffice

WHY = "年度抽查办件质量"


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


@pytest.fixture
def room(office: CounterOffice) -> AuditRoom:
    return AuditRoom(office.desk, office.house)


def test_a_replay_shows_each_step_as_it_was(office: CounterOffice, room: AuditRoom) -> None:
    """State, holder and materials of each step are those after its event, not those of today; the clocks begin when they begin."""
    file = office.accept()
    found = room.replay(office.hire(OFFICE, Role.AUDITOR), file.case.case_id, WHY)
    steps = {one.event.name: one for one in found.steps}
    assert [one.event for one in found.steps] == list(file.events)
    assert (steps["case_received"].holder, steps["accepted"].holder) == (None, office.clerk.member.staff_id)
    assert steps["case_received"].event.state is CaseState.RECEIVED
    kinds = {one.kind.value for one in steps["case_received"].deadlines}
    assert "completeness" in kinds
    assert "promised" not in kinds
    assert "promised" in {one.kind.value for one in steps["accepted"].deadlines}
    signs = {one.name: one.signs for one in steps["case_received"].materials}
    assert signs["floor_plan"] == ("files",)
    assert "business_licence" not in signs
    assert {one.name: one.signs for one in steps["material_fetched"].materials}["business_licence"] == ("fetched",)
    assert "holder" in steps["claimed"].changed


def test_a_later_calendar_moves_no_deadline_of_before(office: CounterOffice, room: AuditRoom) -> None:
    """A deadline is replayed by the calendar that was in force then: a notice that came later shows from its own moment on."""
    file = office.accept()
    auditor = office.hire(OFFICE, Role.AUDITOR)
    before = room.replay(auditor, file.case.case_id, WHY).steps[-1].deadlines
    office.clock.advance(3600)
    old = max((one for one in office.house.tables.counter.calendars.values()), key=lambda one: one.version)
    holiday = {date(2026, 11, 9): NamedDay(False, "临时放假", "notice-9")}
    with office.house.begin((OFFICE,)) as tx:
        newer = replace(old, version=old.version + 1, named={**old.named, **holiday})
        tx.calendars.add(newer, "notice", office.clock.now())
    office.give_back(office.clerk, file.case.case_id)
    steps = room.replay(auditor, file.case.case_id, WHY).steps
    assert steps[-2].deadlines == before
    assert (steps[-2].calendar_version, steps[-1].calendar_version) == (old.version, old.version + 1)
    assert max(one.due_on for one in steps[-1].deadlines) > max(one.due_on for one in before)


def test_a_replay_is_an_act_and_is_told(office: CounterOffice, room: AuditRoom) -> None:
    """Act and reading are of one transaction, with the reason; if the book of acts refuses, nothing is shown and nothing is told."""
    file, auditor = office.accept(), office.hire(OFFICE, Role.AUDITOR)
    room.replay(auditor, file.case.case_id, WHY)
    assert (office.acts[-1].act, office.acts[-1].reason) == ("audit.replay", WHY)
    told = office.house.tables.counter.readings[-1]
    assert (told.act, told.subject.subject_id, told.staff_id, told.reason) == (
        "audit.replay", file.case.case_id, auditor.member.staff_id, WHY,
    )  # fmt: skip
    known = len(office.house.tables.counter.readings)
    office.house.acts_down = True
    with pytest.raises(StoreUnavailable):
        room.replay(auditor, file.case.case_id, WHY)
    assert len(office.house.tables.counter.readings) == known


def test_who_may_replay(office: CounterOffice, room: AuditRoom) -> None:
    """An auditor of the lead agency, above it, or of a desk in the case; nobody else learns that there is one, and nobody replays their own."""
    file = office.examine()
    for agency in (OFFICE, CITY, TAX):
        assert room.replay(office.hire(agency, Role.AUDITOR), file.case.case_id, WHY).file.case == file.case
    with pytest.raises(NotFound):
        room.replay(office.hire(SIBLING, Role.AUDITOR), file.case.case_id, WHY)
    with pytest.raises(NotFound):
        room.find_case(office.hire(SIBLING, Role.AUDITOR), file.case.case_no)
    with pytest.raises(OwnMatter):
        room.replay(office.hire(OFFICE, Role.AUDITOR, number=APPLICANT_NUMBER), file.case.case_id, WHY)
    for role in set(Role) - {Role.AUDITOR}:
        with pytest.raises(NotPermitted):
            room.replay(office.hire(OFFICE, role), file.case.case_id, WHY)
    with pytest.raises(InputRefused):
        room.replay(office.hire(OFFICE, Role.AUDITOR), file.case.case_id, " ")


def test_a_seed_draws_the_same_again(office: CounterOffice, room: AuditRoom) -> None:
    """Drawn without a seed, one is made and shown; with it the same cases come, by whomever; the Act keeps it."""
    for _ in range(9):
        office.receive()
    auditor = office.hire(OFFICE, Role.AUDITOR)
    first = room.draw(auditor, SampleOrder("2026-11", 4))
    assert (len(first.cases), bool(first.order.seed)) == (4, True)
    assert office.acts[-1].detail["seed"] == first.order.seed
    again = room.draw(office.hire(CITY, Role.AUDITOR), replace(first.order))
    assert again.cases == first.cases
    drawn, repeated = (act.detail for act in office.acts[-2:])
    assert (first.chosen, again.chosen, drawn["chosen"], repeated["chosen"]) == (False, True, False, True)
    others = {room.draw(auditor, SampleOrder("2026-11", 4, f"seed-{number}")).cases for number in range(6)}
    assert len(others) > 1
    assert room.draw(auditor, SampleOrder("2026-10", 4, "s")).cases == ()


@pytest.mark.parametrize(
    ("order", "place"),
    [(SampleOrder("2026-13", 1), "month"), (SampleOrder("2026-11", 0), "size"), (SampleOrder("2026-11", 101), "size"),
     (SampleOrder("2026-11", 1, "a b"), "seed"), (SampleOrder("2026-11", 1, state="open"), "state")],
    ids=["month", "none", "many", "seed", "state"],
)  # fmt: skip
def test_a_wrong_order_names_its_place(office: CounterOffice, room: AuditRoom, order: SampleOrder, place: str) -> None:
    """What cannot be drawn is refused by the place that is wrong."""
    with pytest.raises(InputRefused) as refused:
        room.draw(office.hire(OFFICE, Role.AUDITOR), order)
    assert list(refused.value.detail or {}) == [place]


def test_an_agency_out_of_reach_is_not_drawn_from(office: CounterOffice, room: AuditRoom) -> None:
    """A sample is narrowed to an agency within reach only."""
    with pytest.raises(NotPermitted):
        room.draw(office.hire(OFFICE, Role.AUDITOR), SampleOrder("2026-11", 1, agency_id=SIBLING))


@pytest.mark.parametrize(
    ("month", "last"), [("2026-02", date(2026, 2, 28)), ("2024-02", date(2024, 2, 29)), ("2026-12", date(2026, 12, 31))]
)
def test_a_month_ends_on_its_last_day(month: str, last: date) -> None:
    """Leap years and the turn of the year included."""
    assert read_month(month) == (last.replace(day=1), last)


def test_who_looks_without_a_case_is_listed(office: CounterOffice, room: AuditRoom) -> None:
    """A clerk who opened a case and never touched it is listed; the clerk whose case it is is not."""
    file = office.accept()
    office.counter.open_case(office.second, file.case.case_id, "随便看一看")
    found = room.list_looks(office.hire(OFFICE, Role.AUDITOR), "without_case")
    assert {one.staff_id for one in found} == {office.second.member.staff_id}
    assert office.acts[-1].act == "audit.list"


@pytest.mark.parametrize("by", [SearchKey.NUMBER, SearchKey.CASE_NO])
def test_who_looks_for_a_case_below_and_works_on_it_is_not_listed(
    office: CounterOffice, room: AuditRoom, by: SearchKey
) -> None:
    """A search lies where the case does: a clerk of the city who finds an office's case and accepts it had it in hand."""
    file, clerk = office.receive(), office.hire(CITY, Role.CLERK)
    case = file.case
    sought = case.case_no if by is SearchKey.CASE_NO else APPLICANT_NUMBER
    office.counter.search(clerk, by, sought, REASON)
    auditor = office.hire(OFFICE, Role.AUDITOR)
    assert {one.staff_id for one in room.list_looks(auditor, "without_case")} == {clerk.member.staff_id}
    office.counter.accept(clerk, case.case_id, office.take(clerk, case.case_id), FINE)
    assert room.list_looks(auditor, "without_case") == []
    assert room.list_looks(office.hire(CITY, Role.AUDITOR), "without_case") == []


def test_a_look_at_another_offices_case_is_listed(office: CounterOffice, room: AuditRoom) -> None:
    """A head of the city who opens an office's case stands out; the joint office that has a step in it does not."""
    file = office.accept()
    case_id = file.case.case_id
    for step in (0, 1):
        file = office.counter.finish_step(office.clerk, case_id, file.version, step, "符合条件")
    office.counter.open_case(office.tax, case_id, REASON)
    boss = office.hire(CITY, Role.HEAD)
    office.counter.open_case(boss, case_id, REASON)
    found = room.list_looks(office.hire(CITY, Role.AUDITOR), "elsewhere")
    assert {one.staff_id for one in found} == {boss.member.staff_id}


def test_copied_reasons_stand_out(office: CounterOffice, room: AuditRoom) -> None:
    """The same words for enough cases are one line; one fewer is none; and what is older than a month does not count."""
    for number in range(COPIED_LEAST):
        case_id = office.receive().case.case_id
        office.counter.open_case(office.second, case_id, f"核对材料{number}")
        found = room.list_copied(office.hire(OFFICE, Role.AUDITOR))
        assert bool(found) == (number == COPIED_LEAST - 1)
    assert (found[0].staff_id, found[0].subjects) == (office.second.member.staff_id, COPIED_LEAST)
    office.clock.advance(timedelta(days=32).total_seconds())
    assert room.list_copied(office.hire(OFFICE, Role.AUDITOR)) == []


@pytest.mark.parametrize("act", FOR_SUPERVISION)
def test_supervision_copies_its_reasons_no_more_than_others(office: CounterOffice, room: AuditRoom, act: str) -> None:
    """Cases opened from an alert or a pattern under the same words stand out as well."""
    for _ in range(COPIED_LEAST):
        office.counter.open_case(office.second, office.receive().case.case_id, "督查需要")
    readings = office.house.tables.counter.readings
    readings[:] = [replace(one, act=act) for one in readings]
    (found,) = room.list_copied(office.hire(OFFICE, Role.AUDITOR))
    assert (found.staff_id, found.subjects) == (office.second.member.staff_id, COPIED_LEAST)


def test_no_such_list(office: CounterOffice, room: AuditRoom) -> None:
    """A list that there is not is refused, and read by nobody."""
    with pytest.raises(InputRefused):
        room.list_looks(office.hire(OFFICE, Role.AUDITOR), uuid4().hex)
