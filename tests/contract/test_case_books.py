"""Drafts, files, ratings, complaints, notices and slips are kept as they were given; on PostgreSQL and on the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.case_record import (
    ComplaintEvent,
    ComplaintState,
)
from services.errors import VersionTaken
from services.model import PlatformName
from services.rating_record import RatingSum
from tests.case_samples import MORNING, make_draft
from tests.contract.case_book_samples import (
    make_attempt,
    make_complaint,
    make_file,
    make_mandate,
    make_rating,
)
from tests.contract.case_houses import Houses


def test_a_draft_is_saved_again_and_again(houses: Houses) -> None:
    """The latest version is the one that is there; a save that does not follow it is refused."""
    draft = make_draft(houses.gas)
    later = replace(
        draft, version=2, content={"inputs": {}}, channel=PlatformName.WEB, login_id=uuid4(), mapping_version=2,
        updated_at=MORNING + timedelta(days=1),
    )  # fmt: skip
    for one in (draft, later):
        with houses.public.begin([houses.gas]) as tx:
            tx.drafts.save(one)
            assert tx.drafts.load(draft.draft_id) == one
    for stale in (draft, later, replace(later, version=4)):
        with pytest.raises(VersionTaken), houses.public.begin([houses.gas]) as tx:
            tx.drafts.save(stale)
    with houses.public.begin([houses.gas]) as tx:
        assert tx.drafts.load(draft.draft_id) == later
        assert tx.drafts.load(uuid4()) is None


def test_a_draft_that_was_handed_in_stays(houses: Houses) -> None:
    """It is no longer listed, can neither be changed nor discarded, and keeps its files."""
    draft = make_draft(houses.gas)
    file = make_file(houses.gas, draft.draft_id)
    handed_in = replace(draft, version=2, submitted_at=MORNING)
    with houses.public.begin([houses.gas]) as tx:
        tx.drafts.save(draft)
        tx.files.add(file)
        assert tx.drafts.list_of_persons([draft.person_id], 5) == [draft]
        tx.drafts.save(handed_in)
    with pytest.raises(VersionTaken), houses.public.begin([houses.gas]) as tx:
        tx.drafts.save(replace(handed_in, version=3, submitted_at=None))
    with houses.public.begin([houses.gas]) as tx:
        tx.drafts.discard(draft.draft_id)
        tx.files.remove(file.file_id)
    with houses.public.begin([houses.gas]) as tx:
        assert tx.drafts.load(draft.draft_id) == handed_in
        assert tx.files.list_of(draft.draft_id) == [file]
        assert tx.drafts.list_of_persons([draft.person_id], 5) == []


def test_a_draft_is_discarded_with_its_files(houses: Houses) -> None:
    """What was never handed in goes with the index of what was uploaded for it; another draft keeps its own."""
    draft, other = make_draft(houses.gas), make_draft(houses.gas)
    files = [make_file(houses.gas, one.draft_id) for one in (draft, draft, other)]
    with houses.public.begin([houses.gas]) as tx:
        for one in (draft, other):
            tx.drafts.save(one)
        for file in files:
            tx.files.add(file)
        tx.drafts.discard(draft.draft_id)
        assert tx.drafts.load(draft.draft_id) is None
        assert tx.files.list_of(draft.draft_id) == []
        assert tx.files.list_of(other.draft_id) == [files[2]]
        tx.drafts.discard(draft.draft_id)


def test_drafts_are_listed_newest_first(houses: Houses) -> None:
    """Those of these persons alone, at most as many as asked."""
    person = uuid4()
    drafts = [make_draft(houses.gas, MORNING + timedelta(seconds=second), person_id=person) for second in range(3)]
    with houses.public.begin(houses.all) as tx:
        for draft in [*drafts, make_draft(houses.gas)]:
            tx.drafts.save(draft)
        assert tx.drafts.list_of_persons([person, uuid4()], 5) == drafts[::-1]
        assert tx.drafts.list_of_persons([person], 2) == drafts[:0:-1]
        assert tx.drafts.list_of_persons([], 5) == []


def test_files_are_found_by_id_and_by_owner(houses: Houses) -> None:
    """A clerk and the worker see what the applicant uploaded; only a file of an open draft can be removed."""
    draft, case = make_draft(houses.gas), uuid4()
    loose, kept = (
        make_file(houses.gas, draft.draft_id),
        make_file(houses.gas, case, uploaded_by="house", title="证.pdf"),
    )
    with houses.public.begin([houses.gas]) as tx:
        tx.drafts.save(draft)
        tx.files.add(loose)
    with houses.worker.begin([houses.gas]) as tx:
        tx.files.add(kept)
        tx.files.remove(kept.file_id)
    with houses.console.begin([houses.gas]) as tx:
        assert tx.files.load(loose.file_id) == loose
        assert tx.files.list_of(case) == [kept]
        assert tx.files.load(uuid4()) is None
    with houses.public.begin([houses.gas]) as tx:
        tx.files.remove(loose.file_id)
        assert tx.files.load(loose.file_id) is None
    with pytest.raises(VersionTaken), houses.public.begin([houses.gas]) as tx:
        tx.files.add(replace(kept, title="other"))


def test_what_was_uploaded_to_a_case_goes_until_it_is_handed_in(houses: Houses) -> None:
    """From a case goes what came after the last event that took something in; a document of ours and what was handed in stay."""
    case, _ = houses.open_case()
    later, agency = case.received_at + timedelta(minutes=5), case.agency_id
    waiting, scanned = (
        make_file(agency, case.case_id, uploaded_at=later, uploaded_by=by) for by in ("applicant", "staff:1")
    )
    handed_in = make_file(agency, case.case_id, uploaded_at=case.received_at)
    letter = make_file(agency, case.case_id, uploaded_at=later, material="", uploaded_by="house")
    with houses.public.begin([agency]) as tx:
        for file in (waiting, scanned, handed_in, letter):
            tx.files.add(file)
        for file in (waiting, handed_in, letter):
            tx.files.remove(file.file_id)
        assert {one.file_id for one in tx.files.list_of(case.case_id)} == {
            scanned.file_id,
            handed_in.file_id,
            letter.file_id,
        }
    with houses.console.begin([agency]) as tx:
        tx.files.remove(handed_in.file_id)
        tx.files.remove(scanned.file_id)
        assert {one.file_id for one in tx.files.list_of(case.case_id)} == {handed_in.file_id, letter.file_id}


def test_what_the_window_scanned_goes_before_its_case_is_opened(houses: Houses) -> None:
    """A clerk's scan for a case that is not there yet can be taken back; a citizen's file is not the clerk's to take."""
    coming = uuid4()
    scanned, theirs = (make_file(houses.gas, coming, uploaded_by=by) for by in ("staff:1", "applicant"))
    with houses.console.begin([houses.gas]) as tx:
        tx.files.add(scanned)
        tx.files.add(theirs)
        tx.files.remove(scanned.file_id)
        tx.files.remove(theirs.file_id)
        assert tx.files.list_of(coming) == [theirs]


def test_a_matter_is_rated_once(houses: Houses) -> None:
    """A second rating of the same matter is refused; the same id under another kind of matter is another matter."""
    rating = make_rating(houses.gas)
    with houses.public.begin(houses.all) as tx:
        tx.ratings.rate(rating)
    for again in (rating, make_rating(houses.gas, subject=rating.subject, level=5)):
        with pytest.raises(VersionTaken), houses.public.begin(houses.all) as tx:
            tx.ratings.rate(again)
    visit = make_rating(houses.gas, about="visit", subject=rating.subject)
    with houses.public.begin(houses.all) as tx:
        tx.ratings.rate(visit)
        assert tx.ratings.find_rating("case", rating.subject) == rating
        assert tx.ratings.find_rating("visit", rating.subject) == visit
        assert tx.ratings.find_rating("payment", rating.subject) is None


def test_the_console_does_not_learn_who_rated(houses: Houses) -> None:
    """A clerk reads level and words, and not the person; ratings come newest first, of the agencies that were asked."""
    later = MORNING + timedelta(days=400)
    ratings = [make_rating(houses.gas, rated_at=later + timedelta(minutes=minute)) for minute in range(3)]
    with houses.public.begin(houses.all) as tx:
        for rating in [*ratings, make_rating(houses.water, rated_at=later), make_rating(houses.gas)]:
            tx.ratings.rate(rating)
    with houses.console.begin(houses.all) as tx:
        found = tx.ratings.list_ratings([houses.gas], later, 5)
        assert len(tx.ratings.list_ratings(houses.all, later, 2)) == 2
    hidden = [one if houses.reads_chains else replace(one, person_id=None) for one in ratings]
    assert found == hidden[::-1]


def test_levels_are_counted_without_words(houses: Houses) -> None:
    """All ratings of a span, oldest first, without words and without who rated, for every role."""
    then = MORNING - timedelta(days=400)
    ratings = [make_rating(houses.gas, rated_at=then + timedelta(minutes=minute)) for minute in range(4)]
    with houses.public.begin(houses.all) as tx:
        for rating in [*reversed(ratings), make_rating(houses.water, rated_at=then)]:
            tx.ratings.rate(rating)
    with houses.console.begin(houses.all) as tx:
        found = tx.ratings.list_levels([houses.gas], then, then + timedelta(minutes=3))
    assert found == [replace(one, words="", person_id=None) for one in ratings[:3]]


def test_a_complaint_is_followed_to_its_end(houses: Houses) -> None:
    """Its events follow each other without a gap and are found with it, by its id and by its subject."""
    complaint, filed = make_complaint(houses.gas)
    taken = ComplaintEvent(
        complaint.complaint_id, 2, "taken", ComplaintState.IN_HAND, MORNING, uuid4(), {"note": "核实"}
    )
    with houses.public.begin(houses.all) as tx:
        tx.ratings.file_complaint(complaint, filed)
    with houses.console.begin(houses.all) as tx:
        tx.ratings.append(houses.gas, taken)
        assert tx.ratings.load(complaint.complaint_id) == (complaint, [filed, taken])
        assert tx.ratings.list_of_subject(complaint.subject) == [(complaint, [filed, taken])]
        assert tx.ratings.list_of_subject(uuid4()) == []
        assert tx.ratings.load(uuid4()) is None
    for late in (filed, replace(taken, name="other")):
        with pytest.raises(VersionTaken), houses.console.begin(houses.all) as tx:
            tx.ratings.append(houses.gas, late)
    with pytest.raises(VersionTaken), houses.public.begin(houses.all) as tx:
        tx.ratings.file_complaint(complaint, filed)
    with pytest.raises(ValueError, match="gap"), houses.console.begin(houses.all) as tx:
        tx.ratings.append(houses.gas, replace(taken, version=4))


def test_complaints_are_listed_by_their_day(houses: Houses) -> None:
    """The nearest day first, each with its latest event, of these agencies in these states."""
    at = houses.water
    made = [make_complaint(at, due_on=MORNING.date() + timedelta(days=days)) for days in (9, 3, 6)]
    with houses.public.begin(houses.all) as tx:
        for complaint, event in [*made, make_complaint(houses.gas)]:
            tx.ratings.file_complaint(complaint, event)
    answer = ComplaintEvent(made[1][0].complaint_id, 2, "answered", ComplaintState.ANSWERED, MORNING, uuid4())
    with houses.console.begin(houses.all) as tx:
        tx.ratings.append(at, answer)
        mine = {complaint.complaint_id for complaint, _ in made}
        whole = [row for row in tx.ratings.list_complaints([at], [], 50) if row[0].complaint_id in mine]
        assert whole == [(made[1][0], answer), made[2], made[0]]
        waiting = tx.ratings.list_complaints([at], ["open", "in_hand"], 50)
        assert [row for row in waiting if row[0].complaint_id in mine] == [made[2], made[0]]
        assert len(tx.ratings.list_complaints([at], ["open"], 1)) == 1


def test_what_was_struck_is_counted_with_its_sum(houses: Houses) -> None:
    """A dismissed follow-up strikes its rating once it is in a sum; one behind the sum, of an earlier year or only answered strikes none."""
    service, clerk, since = uuid4().hex, uuid4(), MORNING - timedelta(days=1)
    moments = (MORNING, MORNING, MORNING + timedelta(hours=2), MORNING - timedelta(days=9))
    rated = [
        make_rating(houses.gas, rated_at=at, rating_id=uuid4(), service=service, staff_id=clerk, subject=uuid4())
        for at in moments
    ]
    cell = (houses.gas, service, clerk)
    ends = (ComplaintState.DISMISSED, ComplaintState.ANSWERED, ComplaintState.DISMISSED, ComplaintState.DISMISSED)
    for rating, end in zip(rated, ends, strict=True):
        complaint, filed = make_complaint(houses.gas, kind="bad_rating", rating_id=rating.rating_id, service=service)
        with houses.public.begin(houses.all) as tx:
            tx.ratings.rate(rating)
            tx.ratings.file_complaint(complaint, filed)
        with houses.console.begin(houses.all) as tx:
            tx.ratings.append(houses.gas, ComplaintEvent(complaint.complaint_id, 2, str(end), end, MORNING, uuid4()))
    with houses.worker.begin(houses.all) as tx:
        tx.ratings.write_sum(RatingSum(2026, cell, (0, 0, 0, 0, 5), (MORNING + timedelta(hours=1), uuid4())))
    with houses.console.begin(houses.all) as tx:
        assert {one: n for one, n in tx.ratings.count_struck(houses.all, 2026, since).items() if one == cell} == {
            cell: 1
        }
        assert cell not in tx.ratings.count_struck(houses.all, 2025, since)
        assert tx.ratings.count_struck([houses.water], 2026, since) == {}


def test_an_attempt_is_written_down_once(houses: Houses) -> None:
    """The same outcome of the same attempt is there once, so nobody is told twice; all that became of it is kept in order."""
    case, _ = houses.open_case()
    sent = make_attempt(houses.gas, case.case_id)
    failed = replace(sent, outcome="failed", at=MORNING - timedelta(days=1), proof={})
    with houses.worker.begin([houses.gas]) as tx:
        assert tx.notices.add(sent)
        assert not tx.notices.add(replace(sent, at=MORNING + timedelta(days=1)))
        assert tx.notices.add(failed)
        assert tx.notices.add(replace(sent, attempt=2))
    with houses.public.begin([houses.gas]) as tx:
        assert tx.notices.list_of(case.case_id) == [sent, failed, replace(sent, attempt=2)]
        assert tx.notices.list_of(uuid4()) == []


def test_letters_and_calls_wait_for_a_clerk(houses: Houses) -> None:
    """What is open is a task till something became of it; the oldest comes first, of the desks that are asked."""
    (first, _), (second, _) = houses.open_case(houses.water), houses.open_case(houses.water)
    letter = make_attempt(houses.water, first.case_id, rung="letter", outcome="open", at=MORNING + timedelta(days=1))
    call = make_attempt(houses.water, second.case_id, rung="telephone", outcome="open")
    with houses.worker.begin([houses.water]) as tx:
        for attempt in (letter, call, replace(call, attempt=2)):
            tx.notices.add(attempt)
    with houses.console.begin([houses.water]) as tx:
        mine = {first.case_id, second.case_id}
        tasks = [one for one in tx.notices.list_tasks([houses.water], 50) if one.case_id in mine]
        assert tasks == [call, replace(call, attempt=2), letter]
        assert tx.notices.add(replace(call, outcome="delivered"))
        tasks = [one for one in tx.notices.list_tasks(houses.all, 50) if one.case_id in mine]
        assert tasks == [replace(call, attempt=2), letter]
        assert len(tx.notices.list_tasks([houses.water], 1)) == 1
        assert [one for one in tx.notices.list_tasks([houses.gas], 50) if one.case_id in mine] == []


def test_a_revoked_slip_is_known_everywhere(houses: Houses) -> None:
    """Whatever agency revoked it, every other refuses it; the first moment stays."""
    slip = uuid4().hex
    with houses.console.begin([houses.gas]) as tx:
        assert not tx.slips.is_revoked(slip)
        tx.slips.revoke(houses.gas, slip, "证照撤销", MORNING)
        tx.slips.revoke(houses.gas, slip, "再次", MORNING + timedelta(days=1))
    with houses.public.begin([houses.water]) as tx:
        assert tx.slips.is_revoked(slip)
        assert [row for row in tx.slips.list_revoked() if row[0] == slip] == [(slip, MORNING)]
        assert not tx.slips.is_revoked(uuid4().hex)


def test_one_agency_sees_nothing_of_another(houses: Houses) -> None:
    """With another agency alone in the transaction none of it is there, by whatever way it is asked for."""
    case, _ = houses.open_case()
    mandate, rating, draft = make_mandate(houses.gas), make_rating(houses.gas), make_draft(houses.gas)
    complaint, filed = make_complaint(houses.gas)
    file, attempt = make_file(houses.gas, case.case_id), make_attempt(houses.gas, case.case_id, outcome="open")
    with houses.public.begin(houses.all) as tx:
        tx.mandates.add(mandate)
        tx.ratings.rate(rating)
        tx.ratings.file_complaint(complaint, filed)
        tx.files.add(file)
        tx.drafts.save(draft)
    with houses.worker.begin(houses.all) as tx:
        tx.notices.add(attempt)
    number = case.applicant["identity_number"]
    with houses.console.begin([houses.water]) as tx:
        assert tx.cases.load(case.case_id) is None
        assert tx.cases.find_by_number(case.case_no) is None
        assert tx.cases.load_lines(case.case_id) == []
        assert [one for one in tx.cases.list_desk(houses.all, limit=500) if one.agency_id != houses.water] == []
        assert tx.cases.find_by_name([houses.gas], case.applicant["name"], 50) == []
        assert tx.cases.find_by_number_of([houses.gas], number, 50) == []
        assert case.case_id not in {row[0].case_id for row in tx.cases.list_of_numbers([number], 500)}
        assert (tx.mandates.load(mandate.mandate_id), tx.files.load(file.file_id)) == (None, None)
        assert tx.mandates.list_of_principal_number(mandate.principal["identity_number"]) == []
        assert not tx.mandates.revoke(mandate.mandate_id, "staff:x", MORNING)
        assert (tx.files.list_of(case.case_id), tx.notices.list_of(case.case_id)) == ([], [])
        assert tx.notices.list_tasks([houses.gas], 50) == []
        assert tx.ratings.find_rating("case", rating.subject) is None
        assert tx.ratings.list_ratings([houses.gas], MORNING, 50) == []
        assert (tx.ratings.load(complaint.complaint_id), tx.ratings.list_of_subject(complaint.subject)) == (None, [])
        assert tx.ratings.list_complaints([houses.gas], [], 50) == []
    with houses.public.begin([houses.water]) as tx:
        assert tx.drafts.load(draft.draft_id) is None
        assert tx.drafts.list_of_persons([draft.person_id], 5) == []
        tx.drafts.discard(draft.draft_id)
    with houses.public.begin(houses.all) as tx:
        assert tx.drafts.load(draft.draft_id) == draft
