"""Results that come late: polled, pushed, in a file; only what the office says counts, and repeats change nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.application_events import name_service
from services.application_record import ApplicationState as S
from services.errors import BackEndGarbled, NoticeRefused, VersionTaken
from services.late_results import accept_pushed, next_fetch, read_word
from services.model import JsonValue
from tests.fake_counter import Counter
from tests.fake_store import FakeStore
from tests.small_services import make_application

GRANTED = {"licence_no": "LN0000000017", "fee": 500, "visits": []}


def apply(late: str, first_state: str = "accepted") -> Counter:
    """An application that the office has taken."""
    counter = Counter(late)
    counter.office.first_state = first_state
    counter.apply()
    return counter


def push(counter: Counter, receipt: str = "r1", **told: JsonValue) -> S:
    """The office pushes a result; the signature was verified."""
    said = {
        "application_no": counter.office.taken[0],
        "reference": "R-1",
        "state": "granted",
        "outputs": GRANTED,
    } | told
    return accept_pushed(counter.till, counter.mapping, said, receipt)


def test_a_polled_result_is_asked_for_until_it_is_there() -> None:
    """Every hour; with the office's reference; not after the decision."""
    counter = apply("polled", "pending")
    counter.wait(3600)
    assert (counter.state, counter.office.calls[-1][1]["reference"]) == (S.PENDING, "R-1")
    counter.office.decide(counter.office.taken[0], "granted", GRANTED)
    counter.wait(3600)
    assert counter.state is S.GRANTED
    counter.wait_until_quiet()
    assert counter.office.count("find_result") == 2


@pytest.mark.parametrize("behaviour", ["timeout", "garbled", "unreachable", "system", "no_such_application"])
def test_a_question_without_an_answer_is_asked_again(behaviour: str) -> None:
    """No answer, and no no, is a decision."""
    counter = apply("polled")
    counter.office.script.plan("find_result", behaviour)
    counter.wait(3600)
    assert counter.state == "accepted"
    counter.office.decide(counter.office.taken[0], "refused", None, "材料不符")
    counter.wait(3600)
    assert counter.state == "refused"


def test_asking_ends_after_the_mapping_s_days_and_decides_nothing() -> None:
    """Silence is no refusal: the application stays accepted, and an event says that nobody asks any longer."""
    counter = apply("polled")
    counter.wait_until_quiet()
    assert (counter.state, counter.names()[-1]) == (S.ACCEPTED, "asking_ended")
    asked = counter.office.count("find_result")
    counter.wait(86_400)
    assert counter.office.count("find_result") == asked
    assert 70 <= asked <= 73


def test_a_word_that_says_nothing_new_is_no_event() -> None:
    """A thousand polls are not a thousand events; a new sentence of the office is one."""
    counter = apply("polled")
    for _ in range(5):
        counter.wait(3600)
    assert counter.names() == ["application_intended", "submission_started", "back_end_accepted"]
    counter.office.decide(counter.office.taken[0], "accepted", None, "已派员核实")
    counter.wait(3600)
    assert counter.names()[-1] == "back_end_accepted"
    assert counter.file.word is not None
    assert counter.file.word.data["message"] == "已派员核实"


def test_an_accepted_application_is_never_pending_again() -> None:
    """A word that leads back is not taken."""
    counter = apply("polled")
    counter.office.decide(counter.office.taken[0], "pending")
    counter.wait(3600)
    assert (counter.state, len(counter.names())) == (S.ACCEPTED, 3)


def test_a_pushed_result_is_taken_once() -> None:
    """Its repeat is acknowledged and changes nothing."""
    counter = apply("pushed")
    assert push(counter) is S.GRANTED
    assert push(counter) is S.GRANTED
    assert push(counter, "r2") is S.GRANTED
    assert counter.names().count("back_end_granted") == 1


def test_a_contradiction_is_kept_for_people() -> None:
    """A decision stays; the other word stands beside it, once."""
    counter = apply("pushed")
    push(counter)
    for receipt in ("r2", "r3"):
        assert push(counter, receipt, state="refused", outputs=None) is S.GRANTED
    assert counter.names().count("result_disputed") == 1


@pytest.mark.parametrize("told", [
    {"application_no": "20261102000000000000000000"}, {"application_no": None}, {"application_no": 7}, {"application_no": ""},
    {"state": "approved"}, {"state": None}, {"state": "declined"}, {"state": "submitting"}, {"reference": ""}, {"reference": None},
    {"reference": "R 1"}, {"message": "x" * 301}, {"message": 7}, {"outputs": {"licence_no": 7}}, {"outputs": "x"},
])  # fmt: skip
def test_a_pushed_result_of_another_shape_is_refused_and_may_come_again(told: dict[str, Any]) -> None:
    """Nothing of it is taken, and its message is not used up."""
    counter = apply("pushed")
    with pytest.raises(NoticeRefused):
        push(counter, **told)
    assert counter.state is S.ACCEPTED
    assert push(counter) is S.GRANTED


def test_a_result_of_another_service_is_unknown() -> None:
    """The address names a service; a number of another one does not exist there."""
    counter = apply("pushed")
    other = replace(counter.mapping, id="other-licence")
    with pytest.raises(NoticeRefused):
        accept_pushed(
            counter.till, other, {"application_no": counter.office.taken[0], "reference": "R", "state": "granted"}, "r"
        )


def test_a_pushed_result_before_our_answer_counts() -> None:
    """The office may be faster with its result than with its answer."""
    counter = Counter("pushed")
    counter.office.script.plan("submit", "timeout_after")
    counter.apply()
    assert push(counter) is S.GRANTED
    counter.wait_until_quiet()
    assert counter.state is S.GRANTED


def test_a_lost_race_is_decided_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another event came first: load and decide again; never for ever."""
    counter = apply("pushed")
    begin, left = FakeStore.begin, [3]

    def racing(self: FakeStore, agencies: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise VersionTaken
        return begin(self, agencies)

    monkeypatch.setattr(FakeStore, "begin", racing)
    assert push(counter) is S.GRANTED
    left[0] = 100
    with pytest.raises(VersionTaken):
        push(counter, "r9")


def test_a_daily_file_brings_results() -> None:
    """Fetched at its time in China, from a week ago to today; planned again while something is open, and no longer."""
    counter = apply("file")
    ((task, _, subject),) = [entry for entry in counter.store.tables.due if entry[0] == "fetch_results"]
    assert subject == name_service("pet-licence")
    counter.clock.advance(
        (
            counter.store.tables.due[task, counter.directory.all_agencies()[0], subject] - counter.clock.now()
        ).total_seconds()
    )
    counter.run_jobs()
    assert counter.office.count("list_results") == 8
    assert counter.state is S.ACCEPTED
    counter.office.decide(counter.office.taken[0], "granted", GRANTED)
    counter.wait(86_400)
    assert (counter.state, counter.names().count("back_end_granted")) == (S.GRANTED, 1)
    counter.wait(86_400 * 2)
    assert counter.office.count("list_results") == 16


def test_files_are_fetched_for_the_mapping_s_days_and_no_longer() -> None:
    """An office that never decides is not asked for ever (three days here): the state stays, as with a polled result."""
    counter = apply("file")
    counter.wait_until_quiet(limit=20)
    assert counter.state is S.ACCEPTED
    assert counter.office.count("list_results") == 8 * 4


def test_one_bad_line_and_a_missing_file_keep_nothing_back() -> None:
    """A line that is garbled or nobody's is passed over; a day without a file is asked for again."""
    counter = apply("file")
    good = {"application_no": counter.office.taken[0], "reference": "R-1", "state": "granted", "outputs": GRANTED}
    rows = [
        {"application_no": "nobody", "reference": "R", "state": "granted"},
        {**good, "state": "??"},
        7,
        {"x": 1},
        good,
    ]
    counter.office.script.plan("list_results", *["no_such_record"] * 7)
    counter.office.file_of_today = rows
    counter.wait(86_400)
    assert counter.state is S.GRANTED


@pytest.mark.parametrize(("daily_at", "now", "due"), [
    ("06:30", datetime(2026, 11, 2, 22, 29, tzinfo=UTC), datetime(2026, 11, 2, 22, 30, tzinfo=UTC)),
    ("06:30", datetime(2026, 11, 2, 22, 30, tzinfo=UTC), datetime(2026, 11, 3, 22, 30, tzinfo=UTC)),
    ("00:00", datetime(2026, 12, 31, 15, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
])  # fmt: skip
def test_the_time_of_a_file_is_china_s(daily_at: str, now: datetime, due: datetime) -> None:
    """06:30 in China is 22:30 UTC of the day before."""
    assert next_fetch(daily_at, now) == due


def test_what_a_word_holds_beside_the_agreed_is_dropped() -> None:
    """A sentence on one line, declared outputs, nothing else."""
    told = {
        "state": "granted",
        "reference": "R-1",
        "message": "a\nb",
        "outputs": {**GRANTED, "secret": "canary"},
        "x": "canary",
    }
    word = read_word(make_application(), told, "polled")
    assert word.message == "a b"
    assert "canary" not in str(word.as_data())


@pytest.mark.parametrize("answer", [None, [], "granted", {}, {"state": "granted"}])
def test_a_word_has_a_state_and_a_reference(answer: Any) -> None:
    """Anything else is garbled."""
    with pytest.raises(BackEndGarbled):
        read_word(make_application(), answer, "polled")


def test_an_application_goes_on_with_the_version_it_began_with() -> None:
    """A newer version of the service does not read the results of an older application."""
    counter = apply("polled")
    counter.versions[counter.mapping.id, 1] = counter.mapping
    newer = make_application(version=2)
    counter.catalogue.services["pet-licence"] = newer  # type: ignore[index]  # the fake's own table
    counter.office.decide(counter.office.taken[0], "granted", GRANTED)
    counter.wait(3600)
    assert counter.state is S.GRANTED
