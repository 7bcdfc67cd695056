"""Complaints and follow-ups at the staff's side: handled by somebody else, in time, and never telling the rated who it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_errors import CaseInOtherHands, CaseMoved, ComplaintOpen, NotAllowedNow
from services.case_record import ComplaintState
from services.complaint_rules import GROUNDS
from services.complaints import file_complaint
from services.errors import InputRefused, NotFound, NotPermitted, StoreUnavailable
from services.rating_rules import BATCH, GivenRating
from services.ratings import rate_matter, show_voice
from services.staffing import Actor, Role
from tests.counter_office import APPLICANT_NUMBER, CITY, OFFICE, SIBLING
from tests.voice_office import VoiceOffice

WHY = "按时限办理投诉"
CONTACT = "13800000001"


@pytest.fixture
def office() -> VoiceOffice:
    """A counter with a case that was decided."""
    return VoiceOffice()


def complain(office: VoiceOffice) -> UUID:
    """Wang complains about a case of theirs."""
    case_id = office.handled().case.case_id
    return file_complaint(office.door, office.wang, "case", case_id, "材料收了两次", CONTACT).complaint_id


def rate_badly(office: VoiceOffice) -> UUID:
    """Wang rates a case very badly; the follow-up."""
    rate_matter(office.door, office.wang, "case", office.handled().case.case_id, GivenRating(1, ("slow",), "等了很久"))
    return office.filed[-1].complaint_id


def hands_of(office: VoiceOffice) -> dict[str, Actor]:
    """Everybody who had a part in the case."""
    return {"clerk": office.clerk, "head": office.head, "tax": office.tax}


def try_everything(office: VoiceOffice, actor: Actor, complaint_id: UUID) -> list[str]:
    """What somebody achieves who tries every act on a complaint at every version: the names of the acts that went through."""
    desk, achieved = office.complaints, []
    for version in range(1, len(office.events_of(complaint_id)) + 2):
        acts: dict[str, Callable[[], Any]] = {
            "open": partial(desk.open_complaint, actor, complaint_id, WHY),
            "assign": partial(desk.assign, actor, complaint_id, version, actor.member.staff_id, WHY),
            "give away": partial(desk.assign, actor, complaint_id, version, office.second.member.staff_id, WHY),
            "take": partial(desk.take, actor, complaint_id, version),
            "put": partial(desk.put_to_rated, actor, complaint_id, version, "请说明"),
            "answer": partial(desk.answer, actor, complaint_id, version, "已整改", "谈话"),
            **{
                f"dismiss {ground}": partial(desk.dismiss, actor, complaint_id, version, ground, "不成立")
                for ground in GROUNDS
            },
        }
        for name, act in acts.items():
            try:
                act()
            except NotFound:
                continue
            achieved.append(name)
    return achieved


@pytest.mark.parametrize("who", ["clerk", "head", "tax"])
@pytest.mark.parametrize("make", [complain, rate_badly])
def test_no_hand_of_the_case_handles_it(office: VoiceOffice, make: Callable[[VoiceOffice], UUID], who: str) -> None:
    """Who opened, accepted, examined or decided the case finds no complaint about it, in any state, by any act, with any further role."""
    complaint_id = make(office)
    hand = hands_of(office)[who]
    mighty = Actor(
        hand.member,
        (*hand.roles, *office.hire(CITY, Role.HEAD).roles, *office.hire(CITY, Role.SUPERVISOR).roles),
        hand.tree,
        "request-9",
    )
    for prepare in (lambda: None, lambda: office.take_up(office.keeper, complaint_id)):
        prepare()
        assert office.complaints.list_waiting(mighty) == []
        assert try_everything(office, mighty, complaint_id) == []
    assert {event.name for event in office.events_of(complaint_id)} == {"filed", "taken"}


def test_a_deputy_of_a_hand_is_a_hand(office: VoiceOffice) -> None:
    """Whoever holds a role only in the stead of somebody who decided the case does not handle a complaint about it."""
    complaint_id = complain(office)
    deputy = office.hire(OFFICE, Role.HEAD, deputising_for=office.head.member.staff_id)
    assert office.complaints.list_waiting(deputy) == []
    assert try_everything(office, deputy, complaint_id) == []


def test_nobody_handles_a_complaint_in_their_own_matter(office: VoiceOffice) -> None:
    """The applicant, employed here, does not see the complaint of their own case."""
    complaint_id = complain(office)
    own = office.hire(OFFICE, Role.SUPERVISOR, number=APPLICANT_NUMBER)
    assert office.complaints.list_waiting(own) == []
    assert try_everything(office, own, complaint_id) == []


def test_strangers_find_nothing(office: VoiceOffice) -> None:
    """A head of another office, a clerk to whom it was not given and every other role learn nothing of it."""
    complaint_id = complain(office)
    strangers = [office.hire(SIBLING, Role.HEAD), office.hire(OFFICE, Role.CLERK)]
    strangers += [office.hire(OFFICE, role) for role in Role if role not in (Role.CLERK, Role.HEAD, Role.SUPERVISOR)]
    for stranger in strangers:
        assert try_everything(office, stranger, complaint_id) == []


def test_who_becomes_a_hand_later_loses_it(office: VoiceOffice) -> None:
    """Somebody who works on the case after the complaint was filed may not handle it any more."""
    file = office.accept(person_id=office.wang.person_id)
    made = file_complaint(office.door, office.wang, "case", file.case.case_id, "材料收了两次")
    head = office.hire(OFFICE, Role.HEAD, Role.CLERK)
    version = office.take_up(head, made.complaint_id)
    office.counter.reassign(
        office.head, file.case.case_id, office.load(file.case.case_id).version, head.member.staff_id, WHY
    )
    with pytest.raises(NotFound):
        office.complaints.answer(head, made.complaint_id, version, "已答复", "无")


def test_a_complaint_is_answered(office: VoiceOffice) -> None:
    """Opened for a reason, taken, answered: the citizen reads the answer, not the measures, and each act stands in the book."""
    complaint_id = complain(office)
    (line,) = office.complaints.list_waiting(office.keeper)
    assert (line.kind, line.state, line.overdue, str(line.due_on)) == (
        "complaint",
        ComplaintState.OPEN,
        False,
        "2026-11-09",
    )
    opened = office.complaints.open_complaint(office.keeper, complaint_id, WHY)
    assert opened.events[0].data["contact"] == CONTACT
    assert opened.file is not None
    assert opened.offers == {"assign", "take"}
    office.complaints.take(office.keeper, complaint_id, opened.version)
    office.house.tables.queue.clear()
    office.complaints.answer(office.keeper, complaint_id, opened.version + 1, "已退还重复材料，致歉。", "对经办人谈话")
    assert office.house.tables.queue == [("tell_case", OFFICE, opened.complaint.subject)]
    (view,) = show_voice(office.door, office.wang, opened.complaint.subject).complaints
    assert (view.state, view.answer) == (ComplaintState.ANSWERED, "已退还重复材料，致歉。")
    assert "谈话" not in repr(view)
    written = [act for act in office.acts if act.subject_kind == "complaint"]
    assert [act.act for act in written] == ["complaint.open", "complaint.take", "complaint.answer"]
    assert "致歉" not in repr(written)
    assert office.complaints.list_waiting(office.keeper) == []
    assert [one.complaint_id for one in office.complaints.list_waiting(office.keeper, ended=True)] == [complaint_id]


def test_a_complaint_is_given_to_somebody_without_a_part_in_it(office: VoiceOffice) -> None:
    """It is given to a colleague who had no part in the case and holds a role here; then it is theirs alone to take and answer."""
    complaint_id = complain(office)
    version = office.complaints.open_complaint(office.keeper, complaint_id, WHY).version
    suspended = office.hire(OFFICE, Role.CLERK)
    with office.house.begin((OFFICE,)) as tx:
        tx.staff.suspend(suspended.member.staff_id, None, office.clock.now())
    wrong = [*hands_of(office).values(), office.hire(SIBLING, Role.HEAD), office.hire(OFFICE, Role.AUDITOR), suspended]
    wrong.append(office.hire(OFFICE, Role.CLERK, number=APPLICANT_NUMBER))
    for other in [*(actor.member.staff_id for actor in wrong), uuid4()]:
        with pytest.raises(InputRefused):
            office.complaints.assign(office.keeper, complaint_id, version, other, WHY)
    office.complaints.assign(office.keeper, complaint_id, version, office.second.member.staff_id, WHY)
    with pytest.raises(CaseInOtherHands):
        office.complaints.take(office.keeper, complaint_id, version + 1)
    office.complaints.take(office.second, complaint_id, version + 1)
    with pytest.raises(NotPermitted):
        office.complaints.assign(office.second, complaint_id, version + 2, office.keeper.member.staff_id, WHY)
    assert office.complaints.answer(office.second, complaint_id, version + 2, "已答复", "无") is ComplaintState.ANSWERED


def test_a_form_that_is_sent_twice_does_nothing_twice(office: VoiceOffice) -> None:
    """The second of two equal forms is told that the complaint moved; an answered complaint is never answered again."""
    complaint_id = complain(office)
    version = office.take_up(office.keeper, complaint_id)
    office.complaints.answer(office.keeper, complaint_id, version, "已答复", "无")
    with pytest.raises(CaseMoved):
        office.complaints.answer(office.keeper, complaint_id, version, "已答复", "无")
    with pytest.raises(NotAllowedNow):
        office.complaints.answer(office.keeper, complaint_id, version + 1, "再答复", "无")


def test_what_is_not_in_hand_is_not_answered(office: VoiceOffice) -> None:
    """An answer, a question to the rated and a dismissal need the complaint in one's hands."""
    complaint_id = complain(office)
    desk, keeper = office.complaints, office.keeper
    acts: tuple[Callable[[], object], ...] = (
        partial(desk.answer, keeper, complaint_id, 1, "已答复", "无"),
        partial(desk.put_to_rated, keeper, complaint_id, 1, "请说明"),
        partial(desk.dismiss, keeper, complaint_id, 1, "mistaken", "不成立"),
    )
    for act in acts:
        with pytest.raises(NotAllowedNow):
            act()
    office.take_up(office.keeper, complaint_id)
    other = office.hire(OFFICE, Role.SUPERVISOR)
    with pytest.raises(CaseInOtherHands):
        office.complaints.answer(other, complaint_id, 2, "已答复", "无")


def test_the_rated_appeal_against_what_was_put_to_them(office: VoiceOffice) -> None:
    """They see the handler's words alone, without number, name or moment; only after their appeal it can be dismissed, by the handler."""
    complaint_id = rate_badly(office)
    version = office.take_up(office.keeper, complaint_id)
    assert office.complaints.list_put_to(office.head) == []
    with pytest.raises(NotAllowedNow):
        office.complaints.dismiss(office.keeper, complaint_id, version, "malicious", "经查不实")
    office.complaints.put_to_rated(office.keeper, complaint_id, version, "有人反映等候过久")
    (seen,) = office.complaints.list_put_to(office.head)
    complaint = office.filed[-1]
    told = repr(seen)
    for secret in (
        str(complaint.subject),
        str(complaint_id),
        complaint.case_no,
        "王秀英",
        "等了很久",
        str(complaint.person_id),
    ):
        assert secret not in told
    office.complaints.appeal(office.head, seen.handle, "当日系统故障，评价有误")
    for again in (seen.handle, "0" * 24):
        with pytest.raises((NotAllowedNow, NotFound)):
            office.complaints.appeal(office.head, again, "再次申诉")
    with pytest.raises(NotFound):
        office.complaints.appeal(office.second, seen.handle, "与我无关")
    office.complaints.dismiss(office.keeper, complaint_id, version + 2, "mistaken", "经核实为误评，不计入。")
    (view,) = show_voice(office.door, office.wang, complaint.subject).complaints
    assert (view.state, view.answer) == (ComplaintState.DISMISSED, "经核实为误评，不计入。")
    with pytest.raises(NotAllowedNow):
        office.complaints.appeal(office.tax, seen.handle, "也要申诉")


def test_a_dismissed_rating_no_longer_counts_against_anybody(office: VoiceOffice) -> None:
    """What was found mistaken is struck from the share of good ratings, and no level changes."""
    for _ in range(BATCH - 1):
        rate_matter(office.door, office.wang, "case", office.handled().case.case_id, GivenRating(5))
    complaint_id = rate_badly(office)
    office.pass_days(1)
    (before,) = office.reports.report(office.head, 2026).mine
    version = office.take_up(office.keeper, complaint_id)
    office.complaints.put_to_rated(office.keeper, complaint_id, version, "有人反映等候过久")
    office.complaints.appeal(office.head, office.complaints.list_put_to(office.head)[0].handle, "误评")
    office.complaints.dismiss(office.keeper, complaint_id, version + 2, "mistaken", "误评")
    (after,) = office.reports.report(office.head, 2026).mine
    assert (before.tally.good_share, after.tally.good_share) == (0.8, 1.0)
    assert before.tally.levels == after.tally.levels


def test_overdue_is_seen(office: VoiceOffice) -> None:
    """After the fifth working day an unanswered complaint is overdue, on the list and for the citizen."""
    complain(office)
    office.pass_days(7)
    assert [line.overdue for line in office.complaints.list_waiting(office.keeper)] == [False]
    office.pass_days(1)
    assert [line.overdue for line in office.complaints.list_waiting(office.keeper)] == [True]


def test_one_complaint_at_a_time(office: VoiceOffice) -> None:
    """While one is open another about the same matter is refused; after the answer a new one goes to somebody else than who answered."""
    complaint_id = complain(office)
    case_id = office.filed[0].subject
    with pytest.raises(ComplaintOpen):
        file_complaint(office.door, office.wang, "case", case_id, "还是不满意")
    version = office.take_up(office.keeper, complaint_id)
    office.complaints.answer(office.keeper, complaint_id, version, "已答复", "无")
    again = file_complaint(office.door, office.wang, "case", case_id, "还是不满意").complaint_id
    assert try_everything(office, office.keeper, again) == []
    assert office.take_up(office.hire(OFFICE, Role.SUPERVISOR), again) == 2


def test_another_persons_complaint_does_not_exist(office: VoiceOffice) -> None:
    """Nobody complains about a case that is not theirs, and nobody sees what others complained of."""
    complain(office)
    with pytest.raises(NotFound):
        file_complaint(office.door, office.li, "case", office.filed[0].subject, "看看")
    with pytest.raises(NotFound):
        show_voice(office.door, office.li, office.filed[0].subject)


@pytest.mark.parametrize(
    ("words", "contact", "place"),
    [(" \n", "", "words"), ("字" * 501, "", "words"), ("慢", "a@b", "contact"), ("慢", "1" * 30, "contact")],
)
def test_what_is_no_complaint_is_refused(office: VoiceOffice, words: str, contact: str, place: str) -> None:
    """A complaint without words, with too many, or with a contact that is no telephone number is refused by its place."""
    case_id = office.handled().case.case_id
    with pytest.raises(InputRefused) as refused:
        file_complaint(office.door, office.wang, "case", case_id, words, contact)
    assert set(refused.value.detail or {}) == {place}
    assert office.filed == []


def test_a_clerk_writes_down_a_complaint_at_the_window(office: VoiceOffice) -> None:
    """What somebody says at the window is a complaint like any other; who wrote it down is no hand of it by that alone."""
    case_id = office.handled().case.case_id
    made = office.voices.file_at_window(office.second, case_id, "态度不好", CONTACT)
    assert (made.person_id, str(made.channel)) == (None, "window")
    assert office.second.member.staff_id not in made.against
    assert [event.hand for event in office.load(case_id).all_of("complained")] == ["clerk"]
    with pytest.raises(NotFound):
        office.voices.file_at_window(office.tax, case_id, "态度不好", "")
    with pytest.raises(ComplaintOpen):
        office.voices.file_at_window(office.second, case_id, "态度不好", "")
    office.take_up(office.keeper, made.complaint_id)


def test_without_the_book_nothing_is_done(office: VoiceOffice) -> None:
    """Where the Act cannot be noted, nothing is shown, taken, answered or written down."""
    complaint_id, case_id = complain(office), office.handled().case.case_id
    office.house.acts_down = True
    for act in (
        lambda: office.complaints.open_complaint(office.keeper, complaint_id, WHY),
        lambda: office.complaints.take(office.keeper, complaint_id, 1),
        lambda: office.voices.file_at_window(office.second, case_id, "慢", ""),
    ):
        with pytest.raises(StoreUnavailable):
            act()
    assert [event.name for event in office.events_of(complaint_id)] == ["filed"]
    assert len(office.filed) == 1
