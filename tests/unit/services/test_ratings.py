"""Rating a matter or a visit: once each, on every channel, and what becomes of a bad one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from uuid import UUID, uuid4

import pytest

from services.case_errors import AlreadyRated, NotAllowedNow, SlipRefused
from services.case_record import ComplaintState
from services.errors import InputRefused, NotFound
from services.model import PlatformName
from services.rating_rules import BAD, LEVELS, GivenRating, read_rating
from services.ratings import rate_by_receipt, rate_matter, show_voice
from services.slips import SlipKind
from services.window_desk import WindowDesk
from tests.voice_office import VoiceOffice

GOOD, POOR = GivenRating(5, ("polite",), "很好"), GivenRating(1, ("slow",), "等了很久")
PAID: tuple[tuple[str, str, dict[str, str]], ...] = (("order_intended", "intended", {}), ("paid", "paid", {}))


@pytest.fixture
def office() -> VoiceOffice:
    """A counter with a case that was decided."""
    return VoiceOffice()


def test_a_case_is_rated_once(office: VoiceOffice) -> None:
    """The second rating of a case is refused, whoever gives it, and the first one stays."""
    case_id = office.handled().case.case_id
    view = rate_matter(office.door, office.wang, "case", case_id, GOOD)
    assert (view.rated, view.level, view.complaints) == (True, 5, ())
    with pytest.raises(AlreadyRated):
        rate_matter(office.door, office.wang, "case", case_id, POOR)
    assert [(one.level, one.words, one.about) for one in office.ratings] == [(5, "很好", "case")]


@pytest.mark.parametrize("about", ["case", "payment", "application", "visit:2026-11-02", "nothing", ""])
def test_another_persons_matter_does_not_exist(office: VoiceOffice, about: str) -> None:
    """Whoever is not concerned learns nothing of a case, and neither does who names it as something else."""
    case_id = office.handled().case.case_id
    with pytest.raises(NotFound):
        rate_matter(office.door, office.li, about, case_id, GOOD)
    with pytest.raises(NotFound):
        show_voice(office.door, office.li, case_id)
    if about not in ("case", ""):
        with pytest.raises(NotFound):
            rate_matter(office.door, office.wang, about, case_id, GOOD)
    assert office.ratings == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_bad_real_name_rating_is_followed_up(office: VoiceOffice, level: int) -> None:
    """The two bad levels open a follow-up that is due in five working days; the others open none."""
    case_id = office.handled().case.case_id
    view = rate_matter(office.door, office.wang, "case", case_id, replace(POOR, level=level))
    assert len(view.complaints) == len(office.filed) == (level <= BAD)
    for complaint in office.filed:
        assert (complaint.kind, complaint.due_on, complaint.words) == ("bad_rating", date(2026, 11, 9), "等了很久")
        assert complaint.rating_id == office.ratings[0].rating_id
        assert set(complaint.against) == {
            office.clerk.member.staff_id,
            office.head.member.staff_id,
            office.tax.member.staff_id,
        }


def test_without_a_proven_name_nobody_is_asked_back(office: VoiceOffice) -> None:
    """A bad rating of somebody known by telephone alone counts and opens no follow-up."""
    caller = office.add_citizen(None)
    payment = office.pay(caller, *PAID)
    rate_matter(office.door, caller, "payment", payment.payment_id, POOR)
    assert ([one.level for one in office.ratings], office.filed) == ([1], [])


def test_the_case_does_not_tell_how_it_was_rated(office: VoiceOffice) -> None:
    """Its note names the rating and nothing of it; a follow-up leaves no note at all; a page of the counter shows neither."""
    case_id = office.handled().case.case_id
    rate_matter(office.door, office.wang, "case", case_id, POOR)
    notes = [event for event in office.load(case_id).events if event.name in ("rated", "complained")]
    assert [set(event.data) for event in notes] == [{"rating_id", "request_id"}]
    shown = office.counter.open_case(office.head, case_id, "核对本人提交的材料")
    assert {event.name for event in shown.file.events} & {"rated", "complained"} == set()
    assert office.counter.open_case(office.clerk, case_id, "核对本人提交的材料").file.version == notes[0].version - 1


def test_who_decided_is_rated(office: VoiceOffice) -> None:
    """With a case whoever decided it is rated, before that whoever has it in hand."""
    decided, in_hand = office.handled(), office.accept(person_id=office.wang.person_id)
    for file in (decided, in_hand):
        rate_matter(office.door, office.wang, "case", file.case.case_id, GOOD)
    rated = {one.subject: one.staff_id for one in office.ratings}
    assert rated[decided.case.case_id] == office.head.member.staff_id
    assert rated[in_hand.case.case_id] == office.clerk.member.staff_id


def test_a_payment_is_rated_when_it_is_paid(office: VoiceOffice) -> None:
    """An order that is still open is refused; afterwards it is rated once, against whoever took the money at the window."""
    clerk = str(uuid4())
    waiting = office.pay(office.wang, PAID[0])
    with pytest.raises(NotAllowedNow):
        rate_matter(office.door, office.wang, "payment", waiting.payment_id, GOOD)
    paid = office.pay(office.wang, PAID[0], ("money_taken", "paid", {"staff_id": clerk}))
    rate_matter(office.door, office.wang, "payment", paid.payment_id, POOR)
    with pytest.raises(AlreadyRated):
        rate_matter(office.door, office.wang, "payment", paid.payment_id, GOOD)
    assert [one.staff_id for one in office.ratings] == [UUID(clerk)]
    assert [one.against for one in office.filed] == [(UUID(clerk),)]
    assert [one.case_no for one in office.filed] == [paid.order_no]


def test_a_payment_of_another_platform_is_rated_at_the_own_door_alone(office: VoiceOffice) -> None:
    """Inside another platform's app a payment does not exist; at the government's own door every one does."""
    payment = office.pay(office.wang, *PAID)
    there = office.add_citizen(None, PlatformName.ALIPAY)
    elsewhere = replace(office.wang, app=there.app)
    with pytest.raises(NotFound):
        rate_matter(office.door, elsewhere, "payment", payment.payment_id, GOOD)
    at_home = replace(office.wang, app=replace(there.app, platform=PlatformName.WEB))
    assert rate_matter(office.door, at_home, "payment", payment.payment_id, GOOD).rated


def test_of_two_at_once_one_rates() -> None:
    """Eight forms that are sent at the same moment make one rating, one note and one follow-up."""
    office = VoiceOffice()
    case_id = office.handled().case.case_id
    outcomes: list[str] = []

    def send() -> None:
        try:
            rate_matter(office.door, office.wang, "case", case_id, POOR)
            outcomes.append("rated")
        except AlreadyRated:
            outcomes.append("already")

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already"] * 7 + ["rated"]
    assert (len(office.ratings), len(office.filed), len(office.load(case_id).all_of("rated"))) == (1, 1, 1)


def print_receipt(office: VoiceOffice) -> tuple[UUID, str]:
    """A case for which somebody stood at the window today, and the code on the receipt."""
    file = office.handled()
    WindowDesk(office.desk, office.house).print_receipt(office.clerk, file.case.case_id)
    return file.case.case_id, office.receipt(file)


def test_a_visit_is_rated_by_its_receipt(office: VoiceOffice) -> None:
    """Whoever holds the receipt rates the visit once, unnamed: it counts for who served, is nobody's and is not followed up."""
    case_id, slip = print_receipt(office)
    rate_by_receipt(office.desk, slip, POOR, PlatformName.WEB)
    with pytest.raises(AlreadyRated):
        rate_by_receipt(office.desk, office.receipt(office.load(case_id)), GOOD, PlatformName.WEB)
    (rating,) = office.ratings
    assert (rating.about, rating.subject, rating.person_id) == ("visit:2026-11-02", case_id, None)
    assert (rating.staff_id, rating.level, office.filed) == (office.clerk.member.staff_id, 1, [])
    assert rate_matter(office.door, office.wang, "case", case_id, GOOD).level == 5


def test_each_visit_is_rated_for_itself(office: VoiceOffice) -> None:
    """A receipt of another day at the window is another visit."""
    case_id, slip = print_receipt(office)
    office.pass_days(1)
    WindowDesk(office.desk, office.house).print_receipt(office.second, case_id)
    rate_by_receipt(office.desk, slip, GOOD, PlatformName.WEB)
    rate_by_receipt(office.desk, office.receipt(office.load(case_id)), POOR, PlatformName.WEB)
    rated = {one.about: one.staff_id for one in office.ratings}
    assert rated == {
        "visit:2026-11-02": office.clerk.member.staff_id,
        "visit:2026-11-03": office.second.member.staff_id,
    }


def test_without_a_visit_a_receipt_rates_nothing(office: VoiceOffice) -> None:
    """A receipt that an applicant makes at home, of a case that nobody came for, is refused."""
    slip = office.receipt(office.handled())
    with pytest.raises(NotAllowedNow) as refused:
        rate_by_receipt(office.desk, slip, GOOD, PlatformName.WEB)
    assert (refused.value.detail or {})["rule"] == "no_visit"


@pytest.mark.parametrize("kind", sorted({*SlipKind} - {SlipKind.CASE_RECEIPT, SlipKind.PAYMENT_RECEIPT}))
def test_other_slips_rate_nothing(office: VoiceOffice, kind: str) -> None:
    """A certificate, a letter and a collection code are no receipts."""
    file = office.handled()
    slip = office.make_code(file, kind=kind)
    with pytest.raises(SlipRefused):
        rate_by_receipt(office.desk, slip, GOOD, PlatformName.WEB)
    assert office.ratings == []


def test_a_receipt_that_does_not_hold_rates_nothing(office: VoiceOffice) -> None:
    """A text that nobody signed, and a slip that was revoked, are refused."""
    _, slip = print_receipt(office)
    with pytest.raises(SlipRefused):
        rate_by_receipt(office.desk, "https://counter.example.gov.cn/v/forged", GOOD, PlatformName.WEB)
    with office.house.begin(office.desk.directory.all_agencies()) as tx:
        signed = office.slips.signed[slip]
        tx.slips.revoke(office.desk.directory.root_agency(), signed.slip_id, "误印", office.clock.now())
    with pytest.raises(SlipRefused, match="revoked"):
        rate_by_receipt(office.desk, slip, GOOD, PlatformName.WEB)


def test_a_payment_receipt_rates_its_visit_once(office: VoiceOffice) -> None:
    """The receipt of a payment stands for the visit by its number: nobody in particular is rated, and never twice."""
    file = office.handled()
    slip = office.receipt(file, SlipKind.PAYMENT_RECEIPT, number="SEQ1", amount_fen=1)
    rate_by_receipt(office.desk, slip, GOOD, PlatformName.WEB)
    with pytest.raises(AlreadyRated):
        rate_by_receipt(office.desk, slip, POOR, PlatformName.WEB)
    assert [(one.staff_id, one.person_id, one.service) for one in office.ratings] == [(None, None, office.mapping.id)]
    unknown = office.receipt(file, SlipKind.PAYMENT_RECEIPT, number="SEQ2", service="no-such-service")
    with pytest.raises(SlipRefused, match="not_issued"):
        rate_by_receipt(office.desk, unknown, GOOD, PlatformName.WEB)


def test_the_second_screen_takes_a_rating(office: VoiceOffice) -> None:
    """What is pressed at the window counts once for today's visit; the Act tells that it was taken, never what it was."""
    case_id, slip = print_receipt(office)
    office.voices.rate_at_window(office.clerk, case_id, POOR)
    second_tries: tuple[Callable[[], object], ...] = (
        partial(office.voices.rate_at_window, office.clerk, case_id, GOOD),
        partial(rate_by_receipt, office.desk, slip, GOOD, PlatformName.WEB),
    )
    for again in second_tries:
        with pytest.raises(AlreadyRated):
            again()
    assert [(one.channel, one.level, one.person_id) for one in office.ratings] == [(PlatformName.WINDOW, 1, None)]
    assert [set(act.detail) for act in office.acts if act.act == "rating.take"] == [{"case_no"}]
    assert office.filed == []


def test_a_clerk_of_another_office_takes_no_rating(office: VoiceOffice) -> None:
    """For staff who are no clerk of the case's agency the case does not exist at the second screen; without a visit there is nothing to rate."""
    case_id, _ = print_receipt(office)
    for stranger in (office.tax, office.head, office.keeper):
        with pytest.raises(NotFound):
            office.voices.rate_at_window(stranger, case_id, GOOD)
    office.pass_days(1)
    with pytest.raises(NotAllowedNow):
        office.voices.rate_at_window(office.clerk, case_id, GOOD)


@pytest.mark.parametrize(
    ("level", "tags", "words", "place"),
    [
        (0, (), "", "level"),
        (6, (), "", "level"),
        (True, (), "", "level"),
        (3, ("nice",), "", "tags"),
        (3, (), "字" * 501, "words"),
    ],
)
def test_what_is_no_rating_is_refused(level: int, tags: tuple[str, ...], words: str, place: str) -> None:
    """Another level, another tag and words that are too long are refused by their place."""
    with pytest.raises(InputRefused) as refused:
        read_rating(level, tags, words)
    assert set(refused.value.detail or {}) == {place}


def test_words_are_tidied() -> None:
    """Control characters and line ends become spaces; tags stand once, in one order."""
    given = read_rating(2, ("slow", "fast", "slow"), " 等了\n\x00很久\u2028 ")
    assert given == GivenRating(2, ("fast", "slow"), "等了 很久")


def test_a_citizen_sees_what_became_of_it(office: VoiceOffice) -> None:
    """The follow-up is shown to whoever rated, without anybody of the staff in it."""
    case_id = office.handled().case.case_id
    rate_matter(office.door, office.wang, "case", case_id, POOR)
    (view,) = show_voice(office.door, office.wang, case_id).complaints
    assert (view.kind, view.state, view.overdue, view.answer) == ("bad_rating", ComplaintState.OPEN, False, None)
    office.pass_days(7)
    assert not show_voice(office.door, office.wang, case_id).complaints[0].overdue
    office.pass_days(1)
    assert show_voice(office.door, office.wang, case_id).complaints[0].overdue
