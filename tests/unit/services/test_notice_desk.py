"""Letters to print and calls to make: what a clerk sees of them and proves, and what the page of a case shows."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from services.case_errors import NotAllowedNow
from services.case_notices import LETTER, OPEN, TELEPHONE, WINDOW, NoticeLine, list_lines
from services.case_record import Hand, NoticeAttempt
from services.case_telling import tell_attempt
from services.errors import InputRefused, NotPermitted
from services.notice_desk import NoticeProof, NoticeTask
from services.staffing import Role
from tests.counter_office import OFFICE, REASON, SIBLING, CounterOffice

KEY = "acceptance"
TODAY = date(2026, 11, 2)
"""A Monday."""


@pytest.fixture
def office() -> CounterOffice:
    return CounterOffice()


def open_task(office: CounterOffice, *, attempt: int = 1) -> tuple[UUID, str]:
    """An accepted case whose applicant no machine could reach: its id and the notice."""
    case_id = office.accept().case.case_id
    key = next(line.notice.key for line in list_lines(office.load(case_id)) if line.notice.kind == KEY)
    enter_task(office, case_id, key, attempt)
    return case_id, key


def enter_task(office: CounterOffice, case_id: UUID, key: str, attempt: int = 1) -> None:
    row = NoticeAttempt(case_id, OFFICE, key, LETTER, attempt, OPEN, office.clock.now())
    with office.house.begin((OFFICE,)) as tx:
        tx.notices.add(row)
    office.write(case_id, "notice_told", Hand.HOUSE, tell_attempt(row))


def record(
    office: CounterOffice, case_id: UUID, key: str, rung: str, *, succeeded: bool = True, on: date = TODAY
) -> None:
    told = NoticeProof(key, rung, succeeded, "挂号信 XA1234，本人签收", on)
    office.counter.record_notice(office.clerk, case_id, office.load(case_id).version, told)


def tasks(office: CounterOffice) -> list[NoticeTask]:
    return office.counter.list_notice_tasks(office.clerk)


def line(office: CounterOffice, case_id: UUID) -> NoticeLine:
    return next(one for one in list_lines(office.load(case_id)) if one.notice.kind == KEY)


def test_a_task_says_what_and_till_when_and_nothing_personal(office: CounterOffice) -> None:
    """Two working days after its day; with the letter that the house made of the event."""
    case_id, key = open_task(office)
    letter = uuid4()
    version = int(key.partition(":")[0])
    office.write(
        case_id, "document_made", Hand.HOUSE,
        {"kind": "acceptance", "of": version, "file_id": str(letter), "digest": "0", "number": "1", "slip_id": "0"},
    )  # fmt: skip
    [task] = tasks(office)
    assert (task.case_id, task.notice, task.kind, task.attempt) == (case_id, key, KEY, 1)
    assert (task.due_on, task.days_left, task.overdue, task.document) == (date(2026, 11, 4), 2, False, letter)
    assert "王秀英" not in str(task)
    assert "13800000001" not in str(task)


def test_the_overdue_come_first(office: CounterOffice) -> None:
    """Late by working days; the newest is last."""
    first, _ = open_task(office)
    office.pass_days(3)
    second, _ = open_task(office)
    assert [(task.case_id, task.overdue, task.days_left) for task in tasks(office)] == [
        (first, True, -1),
        (second, False, 2),
    ]


@pytest.mark.parametrize("rung", [LETTER, TELEPHONE, WINDOW])
def test_a_proof_ends_it(office: CounterOffice, rung: str) -> None:
    """By letter, by telephone or at the window: delivered, with words, day and whoever proved it; the task is gone at once."""
    case_id, key = open_task(office)
    record(office, case_id, key, rung)
    assert tasks(office) == []
    delivery = line(office, case_id).delivery
    assert delivery is not None
    assert (delivery.rung, delivery.proof) == (rung, {"words": "挂号信 XA1234，本人签收", "on": "2026-11-02"})
    event = next(one for one in office.load(case_id).all_of("notice_told") if one.data["outcome"] == "delivered")
    assert (event.hand, event.staff_id) == (Hand.CLERK, office.clerk.member.staff_id)
    assert office.acts[-1].act == "case.record_notice"
    assert "XA1234" not in str(office.acts[-1])
    with pytest.raises(NotAllowedNow) as refused:
        record(office, case_id, key, rung)
    assert refused.value.detail == {"rule": "told_already"}


def test_a_letter_that_came_back_leaves_it_overdue(office: CounterOffice) -> None:
    """The house opens the next task; a call that nobody answered leaves the letter open."""
    case_id, key = open_task(office)
    record(office, case_id, key, TELEPHONE, succeeded=False)
    assert len(tasks(office)) == 1
    record(office, case_id, key, LETTER, succeeded=False)
    assert tasks(office) == []
    assert line(office, case_id).overdue
    enter_task(office, case_id, key, 2)
    assert [task.attempt for task in tasks(office)] == [2]
    record(office, case_id, key, LETTER)
    assert not line(office, case_id).overdue


def test_who_stands_at_the_window_is_told_before_any_task(office: CounterOffice) -> None:
    """No task is needed for it."""
    case_id = office.accept().case.case_id
    record(office, case_id, line(office, case_id).notice.key, WINDOW)
    assert not line(office, case_id).overdue


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"notice": "99:acceptance"}, "notice"),
        ({"notice": "1:receipt"}, "notice"),
        ({"rung": "platform"}, "rung"),
        ({"rung": "read"}, "rung"),
        ({"words": "  "}, "words"),
        ({"words": "x" * 501}, "words"),
        ({"on": TODAY - timedelta(days=1)}, "on"),
        ({"on": TODAY + timedelta(days=1)}, "on"),
    ],
)
def test_what_is_no_proof(office: CounterOffice, changes: dict[str, object], place: str) -> None:
    """An unknown notice, mere information, a machine's rung, nothing said, a day before the event or to come: named, and nothing written."""
    case_id, key = open_task(office)
    given: dict[str, object] = {
        "notice": key,
        "rung": LETTER,
        "succeeded": True,
        "words": "本人签收",
        "on": TODAY,
        **changes,
    }
    before = office.load(case_id).version
    with pytest.raises(InputRefused) as refused:
        office.counter.record_notice(office.clerk, case_id, before, NoticeProof(**given))  # type: ignore[arg-type] # by name
    assert set(refused.value.detail or {}) <= {place, "reason"}
    assert office.load(case_id).version == before


def test_who_sees_no_cases_sees_no_tasks(office: CounterOffice) -> None:
    """Another agency's desk is empty; an auditor has none."""
    open_task(office)
    assert office.counter.list_notice_tasks(office.hire(SIBLING, Role.CLERK)) == []
    with pytest.raises(NotPermitted):
        office.counter.list_notice_tasks(office.hire(OFFICE, Role.AUDITOR))


def test_what_was_read_meanwhile_is_no_task(office: CounterOffice) -> None:
    """Between the reading and the worker's next look the list shows it no more."""
    case_id, key = open_task(office)
    told = {"notice": key, "rung": "read", "attempt": 1, "outcome": "delivered", "proof": {"place": "x"}}
    office.write(case_id, "notice_told", Hand.HOUSE, told)
    assert tasks(office) == []


def test_the_page_of_a_case_shows_each_notice_once(office: CounterOffice) -> None:
    """With its attempts; recording is offered while one is overdue."""
    case_id, key = open_task(office)
    record(office, case_id, key, TELEPHONE, succeeded=False)
    opened = office.counter.open_case(office.clerk, case_id, REASON)
    assert [one.notice.kind for one in opened.notices] == ["receipt", KEY]
    assert [(one.rung, one.outcome) for one in opened.notices[1].attempts] == [(LETTER, OPEN), (TELEPHONE, "failed")]
    assert "record_notice" in opened.offers
    record(office, case_id, key, WINDOW)
    assert "record_notice" not in office.counter.open_case(office.clerk, case_id, REASON).offers
