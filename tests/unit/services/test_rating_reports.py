"""Ratings in sums: who sees which, from when on, and words without who said them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.case_file import CaseFile
from services.case_record import Hand
from services.errors import NotPermitted
from services.rating_reports import RatingReport
from services.rating_rules import BATCH, LEVELS, GivenRating
from services.ratings import rate_matter
from services.staffing import Role
from tests.contract.case_book_samples import make_rating
from tests.counter_office import BRANCH, OFFICE, SIBLING
from tests.voice_office import VoiceOffice


def rate(
    office: VoiceOffice, *levels: int, agency: UUID = OFFICE, staff_id: UUID | None = None, **changes: Any
) -> None:
    """Ratings of cases that the clerk decided, with words."""
    for level in levels:
        rating = make_rating(
            agency, level=level, staff_id=staff_id or office.clerk.member.staff_id, rated_at=office.clock.now(),
            service=office.mapping.id, rating_id=office.desk.new_id(), **changes,
        )  # fmt: skip
        with office.house.begin((agency,)) as tx:
            tx.ratings.rate(rating)


def look(office: VoiceOffice, actor: Any = None) -> RatingReport:
    """The report of this year for the clerk, or whoever."""
    return office.reports.report(actor or office.clerk, 2026)


@pytest.fixture
def office() -> VoiceOffice:
    """A counter that nobody has rated."""
    return VoiceOffice()


def test_nothing_is_shown_before_five(office: VoiceOffice) -> None:
    """Four ratings are nowhere, to nobody; with the fifth all five are there."""
    rate(office, 5, 5, 5, 1)
    office.pass_days(1)
    for actor in (office.clerk, office.head, office.keeper):
        assert look(office, actor) == RatingReport(2026, (), (), (), ())
    rate(office, 5)
    office.pass_days(1)
    (line,) = look(office).mine
    assert (line.tally.total, line.tally.levels[5], line.tally.levels[1]) == (5, 4, 1)


def test_todays_ratings_are_not_counted_yet(office: VoiceOffice) -> None:
    """Nobody sees the number move while a citizen walks out of the door: a day is counted when it is over."""
    rate(office, *LEVELS)
    assert look(office).mine == ()
    office.pass_days(1)
    assert look(office).mine[0].tally.total == BATCH


def test_a_year_stands_for_itself(office: VoiceOffice) -> None:
    """Each calendar year begins anew, and no page can be moved over single ratings."""
    rate(office, 5, 5, 5)
    office.pass_days(70)
    rate(office, 5, 5)
    office.pass_days(1)
    assert (office.reports.report(office.clerk, 2026).mine, office.reports.report(office.clerk, 2027).mine) == ((), ())


def test_who_sees_whose(office: VoiceOffice) -> None:
    """A clerk sees their own and all of the unit; a head also each person's; a sibling office nothing."""
    rate(office, *LEVELS)
    rate(office, *LEVELS, staff_id=office.second.member.staff_id)
    office.pass_days(1)
    mine, whole = look(office), look(office, office.head)
    assert [line.tally.total for line in (*mine.mine, *mine.unit)] == [5, 10]
    assert (mine.people, whole.mine) == ((), ())
    assert {line.staff_id for line in whole.people} == {office.clerk.member.staff_id, office.second.member.staff_id}
    stranger = office.hire(SIBLING, Role.HEAD)
    assert look(office, stranger).unit == ()
    for role in set(Role) - {Role.CLERK, Role.HEAD, Role.SUPERVISOR}:
        with pytest.raises(NotPermitted):
            look(office, office.hire(OFFICE, role))


def test_a_branch_is_seen_from_above(office: VoiceOffice) -> None:
    """A head sees the ratings of the agencies below theirs, and the branch not those above."""
    branch = office.hire(BRANCH, Role.CLERK)
    rate(office, *LEVELS, agency=BRANCH, staff_id=branch.member.staff_id)
    rate(office, *LEVELS)
    office.pass_days(1)
    assert {line.agency_id for line in look(office, office.head).unit} == {BRANCH, OFFICE}
    assert {line.agency_id for line in look(office, branch).unit} == {BRANCH}


def close(office: VoiceOffice, file: CaseFile) -> None:
    """The certificate is handed over."""
    office.write(file.case.case_id, "collected_online", Hand.APPLICANT)


def test_words_wait_till_the_case_is_closed(office: VoiceOffice) -> None:
    """Words are shown to the rated and their head once the case is closed and the batch full, without name and number, unordered."""
    files = [office.handled() for _ in range(BATCH)]
    for number, file in enumerate(files):
        told = f"王秀英 {file.case.case_no} 第{number}条"
        rate_matter(office.door, office.wang, "case", file.case.case_id, GivenRating(4, (), told))
    office.pass_days(1)
    assert look(office, office.head).words == ()
    for file in files[:3]:
        close(office, file)
    words = [words for _, words in look(office, office.head).words]
    assert sorted(words) == ["＊ ＊ 第0条", "＊ ＊ 第1条", "＊ ＊ 第2条"]
    assert look(office, office.keeper).words == look(office, office.head).words
    assert look(office).words == ()


def test_words_outside_a_full_batch_stay_hidden(office: VoiceOffice) -> None:
    """The words of a single rating of a closed case are shown to nobody."""
    file = office.handled()
    rate_matter(office.door, office.wang, "case", file.case.case_id, GivenRating(1, (), "太慢"))
    close(office, file)
    office.pass_days(1)
    for actor in (office.clerk, office.head, office.keeper):
        assert look(office, actor).words == ()
