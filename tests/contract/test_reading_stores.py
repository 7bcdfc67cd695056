"""Looks, delays and the auditor's questions: on PostgreSQL under the real roles, and on the fake of the unit tests."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.ids import make_id
from adapters.stores.connection import StoreFault
from services.audit_record import LookKind
from services.case_record import Case
from services.errors import VersionTaken
from services.reading_record import (
    Delay,
    DelayEvent,
    DelayState,
    Reading,
    Subject,
    case_read,
    household_read,
    name_household,
    name_number,
    number_read,
)
from tests.case_samples import MORNING, make_case_event, make_line
from tests.conftest import KINDS
from tests.contract.case_houses import Houses

CLERK, OTHER = UUID(int=71), UUID(int=72)
NUMBER = "110101199003070011"
READER = {"name": "陈静", "login": "chen", "office": "演示局", "office_en": "Office"}
LONG_AGO = MORNING - timedelta(days=400)


def look(houses: Houses, subject: Subject, **changes: Any) -> Reading:
    """A look of a clerk of ``gas``."""
    at = changes.pop("at", MORNING)
    cells: dict[str, Any] = {
        "reading_id": make_id(at), "agency_id": houses.gas, "at": at, "staff_id": CLERK, "reader_agency_id": houses.gas,
        "act": "case.open", "subject": subject, "reader": READER, "reason": "核对材料", **changes,
    }  # fmt: skip
    made = Reading(**cells)
    with houses.console.begin(houses.all) as tx:
        tx.readings.add([made])  # type: ignore[attr-defined]
    return made


def ask(houses: Houses, case: Case, reader: UUID = CLERK, days: int = 10) -> Delay:
    """A delay that somebody asks for."""
    delay = Delay(
        make_id(MORNING), case.agency_id, case.case_id, case.case_no, reader, "pipl_35", "监察委员会", "监〔2026〕1号",
        MORNING + timedelta(days=days), OTHER, MORNING,
    )  # fmt: skip
    with houses.console.begin(houses.all) as tx:
        tx.readings.ask_delay(delay, event(delay, 1, DelayState.ASKED, OTHER))  # type: ignore[attr-defined]
    return delay


def event(delay: Delay, version: int, state: DelayState, by: UUID) -> DelayEvent:
    """One of its events."""
    return DelayEvent(delay.delay_id, version, state, MORNING, by, {"reason": "按来函办理"})


def test_a_look_is_read_by_the_citizens_role(houses: Houses) -> None:
    """What the console wrote of a case comes back for the citizen, newest first, without the other case's; nothing outside the agencies."""
    case, _ = houses.open_case()
    other, _ = houses.open_case()
    first, second = look(houses, case_read(case.case_id)), look(houses, case_read(case.case_id), delay_id=uuid4())
    look(houses, case_read(other.case_id))
    with houses.public.begin(houses.all) as tx:
        assert tx.readings.list_of([case.case_id], [], 10) == [second, first]  # type: ignore[attr-defined]
        assert tx.readings.list_of([case.case_id], [], 10, second.reading_id) == [first]  # type: ignore[attr-defined]
        assert tx.readings.list_of([case.case_id], [], 1) == [second]  # type: ignore[attr-defined]
    with houses.public.begin([houses.water]) as tx:
        assert tx.readings.list_of([case.case_id], [], 10) == []  # type: ignore[attr-defined]


def test_a_number_is_found_by_its_hash_and_never_read_back(houses: Houses) -> None:
    """Whoever proves a number, or has bound an account number, finds the looks at it; the key itself does not come back."""
    look(houses, number_read(NUMBER), act="mandate.look_up")
    look(houses, household_read("gas-bill", "1008611"), act="window.find_bills")
    look(houses, number_read("110101198505120029"))
    keys = [name_number(NUMBER), name_household("gas-bill", "1008611")]
    with houses.public.begin(houses.all) as tx:
        found = tx.readings.list_of([], keys, 10)  # type: ignore[attr-defined]
    assert [one.act for one in found] == ["window.find_bills", "mandate.look_up"]
    assert {one.subject.key for one in found} == {""}


@pytest.mark.parametrize("houses", KINDS, indirect=True)  # the fake knows no roles
@pytest.mark.parametrize("role", ["public", "worker"])
def test_only_the_console_writes_looks(houses: Houses, role: str) -> None:
    """Neither the citizens' process nor the worker can add a look or a delay."""
    case, _ = houses.open_case()
    made = Reading(
        make_id(MORNING), houses.gas, MORNING, CLERK, houses.gas, "case.open", case_read(case.case_id), READER
    )
    with pytest.raises(StoreFault), houses.role(role).begin(houses.all) as tx:
        tx.readings.add([made])  # type: ignore[attr-defined]


def test_a_delay_is_a_file_of_events(houses: Houses) -> None:
    """Asked and granted, it holds back till its end; whoever writes the same version second is told."""
    case, _ = houses.open_case()
    delay = ask(houses, case)
    with houses.console.begin(houses.all) as tx:
        tx.readings.append_delay(houses.gas, event(delay, 2, DelayState.GRANTED, UUID(int=9)))  # type: ignore[attr-defined]
    with houses.public.begin(houses.all) as tx:
        (file,) = tx.readings.load_delays([delay.delay_id])  # type: ignore[attr-defined]
        assert tx.readings.delays_of_case(case.case_id) == [file]  # type: ignore[attr-defined]
    assert file.delay == delay
    assert (file.holds_back(delay.until - timedelta(seconds=1)), file.holds_back(delay.until)) == (True, False)
    with pytest.raises(VersionTaken), houses.console.begin(houses.all) as tx:
        tx.readings.append_delay(houses.gas, event(delay, 2, DelayState.DENIED, UUID(int=9)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("houses", KINDS, indirect=True)  # the fake has no triggers
@pytest.mark.parametrize("who", [OTHER, CLERK], ids=["who asked", "whose looks"])
def test_the_database_itself_wants_two_people(houses: Houses, who: UUID) -> None:
    """Who asked for a delay, or whose looks it holds back, cannot answer it even past the use case."""
    case, _ = houses.open_case()
    delay = ask(houses, case)
    with pytest.raises(StoreFault), houses.console.begin(houses.all) as tx:
        tx.readings.append_delay(houses.gas, event(delay, 2, DelayState.GRANTED, who))  # type: ignore[attr-defined]


@pytest.mark.parametrize("houses", KINDS, indirect=True)  # the fake has no constraints
@pytest.mark.parametrize(
    ("version", "state"),
    [(1, DelayState.GRANTED), (3, DelayState.GRANTED), (3, DelayState.DENIED), (2, DelayState.LIFTED), (2, DelayState.ASKED)],
    ids=["granted unasked", "granted again", "denied later", "lifted unanswered", "asked again"],
)  # fmt: skip
def test_the_database_itself_keeps_the_order_of_a_delay(houses: Houses, version: int, state: DelayState) -> None:
    """Asked, answered once, lifted at most: nothing that was denied is granted afterwards, even past the use case."""
    case, _ = houses.open_case()
    delay = ask(houses, case)
    if version == 3:
        with houses.console.begin(houses.all) as tx:
            tx.readings.append_delay(houses.gas, event(delay, 2, DelayState.DENIED, UUID(int=9)))  # type: ignore[attr-defined]
    with pytest.raises((StoreFault, VersionTaken)), houses.console.begin(houses.all) as tx:
        tx.readings.append_delay(houses.gas, event(delay, version, state, UUID(int=9)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("houses", KINDS, indirect=True)  # the fake has no constraints
def test_the_database_itself_knows_the_longest_delay(houses: Houses) -> None:
    """A delay of more than 180 days is refused even past the use case."""
    case, _ = houses.open_case()
    with pytest.raises(StoreFault):
        ask(houses, case, days=181)


def test_a_sample_is_the_smallest_hashes(houses: Houses) -> None:
    """A draw is what a recount over ids gives; another seed draws others; service and outcome narrow it."""
    services = uuid4().hex, uuid4().hex
    day = date(2019, 1, 1) + timedelta(days=uuid4().int % 3000)  # a day of this test's own
    cases = [houses.open_case(service=services[number % 2], business_on=day)[0] for number in range(12)]

    def draw(seed: str, size: int, **more: Any) -> list[UUID]:
        with houses.console.begin(houses.all) as tx:
            found = tx.audit.draw_cases([houses.gas], day, day, seed, size, **more)  # type: ignore[attr-defined]
        return [one.case_id for one in found]

    def recount(seed: str, among: list[Case]) -> list[UUID]:
        return sorted((one.case_id for one in among), key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).digest())

    assert draw("s1", 5) == recount("s1", cases)[:5]
    assert draw("s2", 5) == recount("s2", cases)[:5]
    own = [one for one in cases if one.service == services[0]]
    assert draw("s1", 12, service=services[0]) == recount("s1", own)
    assert draw("s1", 12, states=["granted"]) == []
    with houses.console.begin(houses.all) as tx:
        before = day - timedelta(days=1)
        assert tx.audit.draw_cases([houses.gas], before, before, "s1", 5) == []  # type: ignore[attr-defined]
        assert tx.audit.draw_cases([houses.water], day, day, "s1", 5) == []  # type: ignore[attr-defined]


def test_looks_without_a_case_in_hand(houses: Houses) -> None:
    """Who made an event of the case, or has it in hand, is left out; everybody else is listed."""
    (case, _), act = houses.open_case(), uuid4().hex
    look(houses, case_read(case.case_id), act=act)
    stranger = look(houses, case_read(case.case_id), act=act, staff_id=OTHER)
    moved = make_case_event(case, 2, "claimed", staff_id=CLERK)
    with houses.console.begin(houses.all) as tx:
        tx.cases.append(case.agency_id, moved, [make_line(case, moved)])
    look(houses, case_read(case.case_id), act=act)
    with houses.console.begin(houses.all) as tx:
        found = tx.audit.list_looks(  # type: ignore[attr-defined]
            [houses.gas], LONG_AGO, 10, None, acts=[act], kind=LookKind.WITHOUT_CASE
        )
    assert found == [stranger]


def test_looks_far_from_ones_desk_and_without_a_reason(houses: Houses) -> None:
    """Elsewhere is whose agency has no desk in the case; bare is what gives no letter as its reason; old ones are left out."""
    (case, _), act = houses.open_case(), uuid4().hex
    look(houses, case_read(case.case_id), act=act)
    far = look(houses, case_read(case.case_id), act=act, reader_agency_id=houses.water, reason="12 34")
    old = look(houses, case_read(case.case_id), act=act, reader_agency_id=houses.water, reason="", at=LONG_AGO)
    with houses.console.begin(houses.all) as tx:
        ask_looks = tx.audit.list_looks  # type: ignore[attr-defined]
        since = LONG_AGO + timedelta(days=1)
        assert ask_looks([houses.gas], since, 10, None, acts=[act], kind=LookKind.ELSEWHERE) == [far]
        assert ask_looks([houses.gas], since, 10, None, acts=[act], kind=LookKind.BARE) == [far]
        assert ask_looks([houses.gas], LONG_AGO, 10, far.reading_id, acts=[act], kind=LookKind.BARE) == [old]
        assert ask_looks([houses.water], LONG_AGO, 10, None, acts=[act]) == []


def test_copied_reasons_are_counted_by_person_and_letters(houses: Houses) -> None:
    """The same letters for several subjects stand out, whatever digits and punctuation; the same case twice, or another person's, do not add."""
    ids, act = [uuid4() for _ in range(3)], uuid4().hex
    for number, one in enumerate(ids):
        latest = look(houses, case_read(one), act=act, reason=f"核对材料 {number}。")
    look(houses, case_read(uuid4()), act=act, staff_id=OTHER)
    with houses.console.begin(houses.all) as tx:
        copied = tx.audit.list_copied  # type: ignore[attr-defined]
        (found,) = copied([houses.gas], LONG_AGO, [act], 3, 10)
        assert copied([houses.gas], LONG_AGO, [act], 4, 10) == []
    assert (found.staff_id, found.looks, found.subjects, found.example) == (CLERK, 3, 3, latest)
