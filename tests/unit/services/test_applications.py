"""Applying: once, under one number, whatever dies or does not answer; the same key gives the same bytes."""

from __future__ import annotations

import json
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.application_record import ApplicationState as S
from services.applications import list_applications, read_own, view_application
from services.errors import (
    AssuranceTooLow,
    BackEndRefused,
    BackEndUnreachable,
    IdempotencyKeyReused,
    InputRefused,
    NotFound,
    RequestInProgress,
    ServiceOff,
)
from services.model import Language, PlatformName
from services.submissions import SETTLE_SECONDS
from tests.fake_counter import FORM, Counter, say
from tests.fake_faults import KilledError


@pytest.fixture
def counter() -> Counter:
    return Counter()


def read(reply: bytes) -> Any:
    return json.loads(reply)


def test_an_application_is_taken(counter: Counter) -> None:
    """Form and prefilled values reach the office under our number; the citizen gets number, state and a fixed sentence."""
    told = read(counter.apply())
    assert (told["state"], counter.names()) == (
        "accepted",
        ["application_intended", "submission_started", "back_end_accepted"],
    )
    operation, values, purpose, case_no = counter.office.calls[-1]
    assert (operation, purpose, case_no) == ("submit", "submit_application", told["application_no"])
    assert values["application_no"] == told["application_no"]
    assert values["inputs"] == {
        "pet_name": "旺财", "pet_kind": "DOG", "born_on": "2020-02-29", "since_month": None, "price": 123450, "legs": 4,
        "vaccinated": True, "chip_no": None, "keeper_identity_number": None, "owner_name": "王小明", "address_known": "示范市东城区一路1号", "income": 5_000_000,
    }  # fmt: skip
    assert values["applicant"] == {"name": "王小明", "identity_number": "110101199003070011", "phone": "13800138001"}
    assert "王小明" not in json.dumps(told, ensure_ascii=False)


def test_the_same_key_gives_the_same_bytes(counter: Counter) -> None:
    """Also after the office has decided, in another language, or with the office away."""
    first = counter.apply()
    counter.office.script.out_of_service = True
    assert counter.apply() == first
    assert counter.office.count("submit") == 1


@pytest.mark.parametrize("changed", [{"price": "1.00"}, {"legs": 3}, {"since_month": "2026-01"}])
def test_a_key_with_another_form_is_refused(counter: Counter, changed: dict[str, Any]) -> None:
    """A key stands for one request."""
    counter.apply()
    with pytest.raises(IdempotencyKeyReused):
        counter.apply(**changed)
    assert len(counter.store.tables.applications) == 1


def test_another_key_is_another_application(counter: Counter) -> None:
    """Whoever applies twice has applied twice; whether that is allowed the office says."""
    first, second = read(counter.apply("key-00001")), read(counter.apply("key-00002"))
    assert first["application_no"] != second["application_no"]


def test_a_key_of_another_person_is_another_key(counter: Counter) -> None:
    """Keys are a person's own."""
    counter.apply()
    other = counter.add_citizen("li", "110101198505120029")
    assert read(counter.apply(caller=other))["state"] == "accepted"


@pytest.mark.parametrize("key", ["", "x" * 129, "schlüssel", "a\nb"])
def test_a_key_of_another_form_is_refused(counter: Counter, key: str) -> None:
    """Printable ASCII."""
    with pytest.raises(InputRefused):
        counter.apply(key)


@pytest.mark.parametrize(("changed", "faults"), [
    ({"pet_name": None, "price": "1.234"}, {"inputs.pet_name": "required", "inputs.price": "form"}),
    ({"owner_name": "李秀英"}, {"inputs.owner_name": "prefilled"}),
    ({"address_known": None, "nobody": 1}, {"inputs": "unknown_field"}),
])  # fmt: skip
def test_all_faults_are_told_at_once_and_nothing_is_kept(
    counter: Counter, changed: dict[str, Any], faults: Any
) -> None:
    """One answer names every correction; a prefilled value cannot be overridden."""
    with pytest.raises(InputRefused) as caught:
        counter.apply(**changed)
    assert caught.value.detail == faults
    assert counter.store.tables.applications == {}
    assert counter.office.count("submit") == 0


def test_an_editable_value_is_the_citizen_s(counter: Counter) -> None:
    """What may be changed and is sent counts; what is left out is what the office had."""
    counter.apply(income="60000")
    assert counter.office.calls[-1][1]["inputs"]["income"] == 6_000_000


def test_too_low_a_level_is_refused_before_anything(counter: Counter) -> None:
    """Nothing is asked of the office for somebody who is not known well enough."""
    with pytest.raises(AssuranceTooLow) as caught:
        counter.apply(caller=counter.add_citizen("li", None))
    assert caught.value.detail == {"required": "real-name"}
    assert counter.office.calls == []


def test_what_only_the_office_can_fill_in_is_needed(counter: Counter) -> None:
    """An office that does not know the applicant refuses in its own words; the citizen cannot type it instead."""
    counter.office.known = {}
    with pytest.raises(BackEndRefused) as caught:
        counter.apply(income="1.00")
    assert caught.value.reason == "no_such_record"


def test_a_service_that_is_switched_off_takes_nothing_new(counter: Counter) -> None:
    """A new application is refused with the sentence; what was answered is still answered, what is open goes on."""
    first = counter.apply()
    counter.switched_off["pet-licence"] = {Language.ZH_CN: "系统升级", Language.EN: "Upgrade"}
    with pytest.raises(ServiceOff) as caught:
        counter.apply("key-00002")
    assert caught.value.detail == {"sentence": counter.switched_off["pet-licence"]}
    assert counter.apply() == first


@pytest.mark.parametrize("reason", ["not_eligible", "no_such_record", "unwritable_value", "already_submitted"])
def test_a_definite_no_declines_with_its_sentence(counter: Counter, reason: str) -> None:
    """Nothing was taken: the state says so, and why, in fixed words; nothing is tried again."""
    counter.office.script.plan("submit", reason)
    told = read(counter.apply())
    assert told["state"] == "declined"
    assert told["message"].endswith(f"{reason} (zh-CN)")
    counter.wait_until_quiet()
    assert (counter.state, counter.office.count("submit")) == (S.DECLINED, 1)


@pytest.mark.parametrize("behaviour", ["unreachable", "batch_window", "system", "not_permitted"])
def test_an_office_that_is_away_gets_it_later(counter: Counter, behaviour: str) -> None:
    """The citizen is told that it is on its way; the worker brings it, without asking for what certainly never arrived."""
    counter.office.script.plan("submit", behaviour, behaviour)
    assert read(counter.apply())["state"] == "submitting"
    counter.wait_until_quiet()
    assert (counter.state, counter.office.count("submit"), counter.office.count("find_submission")) == (
        S.ACCEPTED,
        3,
        0,
    )


@pytest.mark.parametrize("behaviour", ["timeout_after", "garbled"])
def test_an_answer_that_was_lost_is_asked_for(counter: Counter, behaviour: str) -> None:
    """The office has it: it is found by our number and never sent again."""
    counter.office.script.plan("submit", behaviour)
    assert read(counter.apply())["state"] == "submission_unknown"
    counter.wait_until_quiet()
    assert (counter.state, counter.office.count("submit"), len(counter.office.taken)) == (S.ACCEPTED, 1, 1)


def test_what_never_arrived_is_sent_again_only_when_that_is_certain(counter: Counter) -> None:
    """Absent, and no attempt can be on its way any more: then, and not before, the same number is sent again."""
    counter.office.script.plan("submit", "timeout")
    counter.apply()
    counter.wait(SETTLE_SECONDS - 60)
    assert (counter.state, counter.office.count("submit")) == (S.SUBMISSION_UNKNOWN, 1)
    counter.wait_until_quiet()
    assert (counter.state, counter.office.count("submit"), len(counter.office.taken)) == (S.ACCEPTED, 2, 1)


def test_while_the_office_does_not_say_nothing_is_sent(counter: Counter) -> None:
    """A question without an answer is no permission, however long it takes."""
    counter.office.script.plan("submit", "timeout_after")
    counter.office.script.plan("find_submission", *["timeout"] * 100)
    counter.apply()
    for _ in range(60):
        counter.wait(3600)
    assert (counter.state, counter.office.count("submit")) == (S.SUBMISSION_UNKNOWN, 1)
    counter.office.script.heal()
    counter.wait(3600)
    assert counter.state is S.ACCEPTED


def test_an_office_that_stays_away_ends_it_after_a_day(counter: Counter) -> None:
    """Nothing ever arrived: the citizen is told to submit it again."""
    counter.office.script.plan("submit", *["unreachable"] * 200)
    counter.apply()
    counter.wait_until_quiet()
    assert (counter.state, counter.file.reason) == (S.DECLINED, "no_answer")


def test_already_submitted_may_mean_us(counter: Counter) -> None:
    """The answer to a repeated attempt is not believed before the office was asked for our number."""
    counter.office.script.plan("submit", "timeout_after")
    counter.office.script.plan("find_submission", "no_such_application")
    counter.apply()
    counter.office.script.plan("submit", "already_submitted")
    counter.wait_until_quiet()
    assert counter.state is S.ACCEPTED


def test_of_two_requests_at_once_one_submits(counter: Counter) -> None:
    """The second is told that the first is under way; afterwards both have the same bytes."""
    told: list[Any] = []

    def second() -> None:
        try:
            told.append(counter.apply())
        except RequestInProgress as refused:
            told.append(refused)

    counter.faults.interrupt_in(
        2, second
    )  # after what surrounds the question for prefilled values: while it is submitted
    first = counter.apply()
    assert isinstance(told[0], RequestInProgress)
    assert counter.apply() == first
    assert len(counter.office.taken) == counter.office.count("submit") == 1


def test_many_requests_at_once_make_one_application(counter: Counter) -> None:
    """Threads with one key: one application at the office, one set of bytes."""
    told: list[bytes] = []

    def tap() -> None:
        try:
            told.append(counter.apply())
        except RequestInProgress:
            return

    threads = [threading.Thread(target=tap) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.append(counter.apply())
    assert len(set(told)) == len(counter.office.taken) == len(counter.store.tables.applications) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("steps", range(9))
@pytest.mark.parametrize("again", [True, False])
def test_killed_anywhere_it_is_taken_once(moment: str, steps: int, again: bool) -> None:
    """Whoever dies at whichever step: the same key, or the worker alone, brings it to the office exactly once."""
    counter = Counter()
    counter.faults.die_in(steps, moment)
    try:
        counter.apply()
    except KilledError:
        counter.faults.spare()
        counter.clock.advance(61)
        if again:
            counter.apply()
    counter.faults.spare()
    counter.wait_until_quiet()
    applications = counter.store.tables.applications
    assert len(counter.office.taken) == len(applications) <= 1
    assert len(applications) == 1 or not again
    if applications:
        assert counter.state is S.ACCEPTED
        assert read(counter.apply())["application_no"] == counter.office.taken[0]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("behaviour", ["timeout", "timeout_after", "unreachable"])
def test_a_worker_killed_anywhere_loses_and_doubles_nothing(moment: str, steps: int, behaviour: str) -> None:
    """A job that died runs again: one application, in the end accepted."""
    counter = Counter()
    counter.office.script.plan("submit", behaviour)
    counter.apply()
    counter.clock.advance(SETTLE_SECONDS + 1)
    counter.faults.die_in(steps, moment)
    try:
        counter.run_jobs()
    except KilledError:
        counter.clock.advance(61)
    counter.faults.spare()
    counter.wait_until_quiet()
    assert (counter.state, len(counter.office.taken)) == (S.ACCEPTED, 1)


def test_other_peoples_applications_do_not_exist(counter: Counter) -> None:
    """The answer is the same as for one that does not exist."""
    counter.apply()
    other = counter.add_citizen("li", "110101198505120029")
    with pytest.raises(NotFound):
        read_own(counter.till, other, counter.file.application.application_id)
    with pytest.raises(NotFound):
        read_own(counter.till, counter.wang, uuid4())
    assert list_applications(counter.till, other, say).items == []


def test_a_list_shows_one_platform_s_part(counter: Counter) -> None:
    """Newest first, in pages, without the other app's."""
    for number in range(3):
        counter.apply(f"key-0000{number}")
        counter.clock.advance(1)
    counter.apply("key-alipay", caller=counter.on(PlatformName.ALIPAY))
    first = list_applications(counter.till, counter.wang, say, limit=2)
    rest = list_applications(counter.till, counter.wang, say, rest_of(first), limit=2)
    numbers = [view.application.application_no for view in (*first.items, *rest.items)]
    assert len(numbers) == len(set(numbers)) == 3
    assert rest.next_cursor is None


def rest_of(page: Any) -> UUID:
    """Where the next page begins."""
    return UUID(page.next_cursor)


def test_a_view_shows_outputs_masked(counter: Counter) -> None:
    """The result of a back end as its mapping lets it be shown, with its own sentence beside ours."""
    counter = Counter("polled")
    counter.apply()
    number = counter.office.taken[0]
    counter.office.decide(number, "granted", {"licence_no": "LN0000000017", "fee": 500, "visits": []}, "请到窗口领取")
    counter.wait(3600)
    view = view_application(counter.file, Language.EN, say, counter.mapping)
    assert (view.state, view.office_message) == (S.GRANTED, "请到窗口领取")
    assert view.outputs == {"licence_no": "****0017", "fee": 500, "valid_until": None, "visits": []}


def test_a_prefill_that_does_not_answer_keeps_nothing(counter: Counter) -> None:
    """Before the intent an error is an error: the same key may be sent again."""
    counter.office.script.plan("prefill", "unreachable")
    with pytest.raises(BackEndUnreachable):
        counter.apply()
    assert read(counter.apply())["state"] == "accepted"


def test_the_form_is_what_the_tests_send() -> None:
    """The form of these tests holds no prefilled value."""
    assert not {"owner_name", "address_known", "income"} & set(FORM)
