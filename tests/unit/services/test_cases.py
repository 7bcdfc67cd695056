"""What an applicant does with a case: what was asked, in time, for whom they may act."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.case_errors import CaseMoved, CorrectionLate, NotAllowedNow
from services.case_file import CaseFile
from services.case_record import CaseState, Hand, MandateKind
from services.cases import Brought, collect_online, correct_case, fix_on_the_spot, supply_gap, withdraw_case
from services.errors import InputRefused, NotFound
from services.model import Caller, JsonValue
from services.payment_graph import EdgeUnknown
from tests.fake_applicants import LI, NAMES, WANG, ZHAO, Counter

DAY = 86_400.0


@pytest.fixture
def counter() -> Counter:
    return Counter()


def ask(counter: Counter, *about: str, until: str = "2026-11-23", **changes: Any) -> UUID:
    """A case whose clerk asked for these corrections."""
    case_id = counter.open(**changes)
    items = [{"about": name, "code": "unclear", "words": "请重新提供"} for name in about]
    counter.move(case_id, "correction_asked", items=items, until_on=until)
    return case_id


def correct(counter: Counter, case_id: UUID, caller: Caller | None = None, **brought: Any) -> CaseFile:
    version = counter.file(case_id).version
    return correct_case(counter.door, caller or counter.wang, case_id, version, Brought(**brought))


def test_everything_that_was_asked_is_answered_at_once(counter: Counter) -> None:
    """Values, files and promises come with one event; the case is received again with what is new in it."""
    case_id = ask(counter, "company_name", "floor_plan", "promise")
    old = counter.file(case_id).materials["floor_plan"]["files"]
    new = counter.add_file(case_id)
    file = correct(counter, case_id, inputs={"company_name": "明记"}, promises=["promise"])
    assert file.state is CaseState.RECEIVED
    assert file.inputs["company_name"] == "明记"
    assert [one["file_id"] for one in file.materials["floor_plan"]["files"]] == [str(new)]
    assert [one["file_id"] for one in file.events[0].data["materials"]["floor_plan"]["files"]] == [
        one["file_id"] for one in old
    ]
    assert file.events[-1].hand is Hand.APPLICANT
    assert file.events[-1].data["request_id"] == counter.wang.request_id


@pytest.mark.parametrize(
    ("brought", "faults"),
    [
        ({}, {"inputs.company_name": "required", "materials.floor_plan": "required"}),
        ({"inputs": {"company_name": "明记"}}, {"materials.floor_plan": "required"}),
        ({"inputs": {"company_name": "明记", "premises": "二路"}}, {"inputs.premises": "not_asked"}),
        ({"inputs": {"company_name": "明记", "other": "x"}}, {"inputs": "unknown_field"}),
        ({"inputs": {"company_name": ""}}, {"inputs.company_name": "required"}),
        ({"inputs": {"company_name": "x" * 41}}, {"inputs.company_name": "too_long"}),
        ({"inputs": {"company_name": "明记"}, "promises": ["promise"]}, {"promises.promise": "not_asked"}),
        ({"inputs": {"company_name": "明记"}, "promises": ["floor_plan"]}, {"promises": "unknown_field"}),
    ],
)
def test_only_what_was_asked_and_all_of_it(counter: Counter, brought: Any, faults: JsonValue) -> None:
    """What nobody asked for stays as it is, what was asked may not be left out; nothing is taken before it is whole."""
    case_id = ask(counter, "company_name", "floor_plan")
    with pytest.raises(InputRefused) as refused:
        correct(counter, case_id, **brought)
    assert refused.value.detail == faults
    assert counter.file(case_id).state is CaseState.CORRECTION_ASKED


def test_a_file_of_the_first_hand_in_answers_nothing(counter: Counter) -> None:
    """The correction is a new file; the old one was the trouble."""
    case_id = ask(counter, "floor_plan")
    with pytest.raises(InputRefused):
        correct(counter, case_id)


def test_what_an_organ_issued_is_put_right_there(counter: Counter) -> None:
    """A correction of level A asks nothing of the applicant here but to say that it is done."""
    case_id = ask(counter, "business_licence")
    assert correct(counter, case_id).state is CaseState.RECEIVED


def test_the_term_of_the_notice_ends_with_its_last_day(counter: Counter) -> None:
    """On that day it is in time, the day after it is late; a last day that is none moves to the next working day."""
    in_time, late = ask(counter, "company_name", until="2026-11-14"), ask(counter, "company_name", until="2026-11-14")
    counter.clock.advance(14 * DAY)  # Monday the 16th: the 14th is a Saturday
    correct(counter, in_time, inputs={"company_name": "明记"})
    counter.clock.advance(DAY)
    with pytest.raises(CorrectionLate):
        correct(counter, late, inputs={"company_name": "明记"})
    assert counter.file(late).state is CaseState.CORRECTION_ASKED


def test_a_second_notice_counts_from_its_own_items(counter: Counter) -> None:
    """What the first one asked is not asked again."""
    case_id = ask(counter, "company_name")
    correct(counter, case_id, inputs={"company_name": "明记"})
    items = [{"about": "premises", "code": "unclear", "words": "门牌"}]
    counter.move(case_id, "correction_asked", items=items, until_on="2026-11-23")
    with pytest.raises(InputRefused):
        correct(counter, case_id, inputs={"company_name": "x", "premises": "二路"})
    assert correct(counter, case_id, inputs={"premises": "二路"}).inputs["company_name"] == "明记"


def open_gap(counter: Counter) -> UUID:
    """A case that was accepted without the proof of premises."""
    case_id = counter.open()
    counter.move(
        case_id, "accepted_with_gap", on="2026-11-02", missing=["proof_of_premises"], until_on="2026-11-16", promise="x"
    )
    return case_id


def supply(counter: Counter, case_id: UUID, **brought: Any) -> CaseFile:
    return supply_gap(counter.door, counter.wang, case_id, counter.file(case_id).version, Brought(**brought))


def test_a_gap_is_closed_by_what_was_missing(counter: Counter) -> None:
    """In an accepted case and during a special procedure; the state stays."""
    for special in (False, True):
        case_id = open_gap(counter)
        if special:
            counter.move(case_id, "special_began", code="inspection", on="2026-11-03", until_on="2026-11-09", days=5)
        before = counter.file(case_id)
        assert before.gap is not None
        counter.add_file(case_id, "proof_of_premises")
        after = supply(counter, case_id)
        assert (after.gap, after.state) == (None, before.state)


def test_nothing_else_is_supplied_into_a_gap(counter: Counter) -> None:
    """Another file, a value or nothing at all closes no gap; without a gap there is nothing to supply."""
    case_id = open_gap(counter)
    counter.add_file(case_id, "floor_plan")
    for brought in ({}, {"inputs": {"company_name": "x"}}, {"promises": ["promise"]}):
        with pytest.raises(InputRefused):
            supply(counter, case_id, **brought)
    whole = counter.open()
    with pytest.raises(NotAllowedNow):
        supply(counter, whole)
    counter.move(whole, "accepted", on="2026-11-02")
    with pytest.raises(NotAllowedNow):
        supply(counter, whole)


def test_a_late_supply_is_taken(counter: Counter) -> None:
    """The desk sees that it is late; refusing it would help nobody."""
    case_id = open_gap(counter)
    counter.clock.advance(40 * DAY)
    counter.add_file(case_id, "proof_of_premises")
    assert supply(counter, case_id).gap is None


def test_what_can_be_put_right_at_once_may_be(counter: Counter) -> None:
    """AL art. 32(1)(3): while the case is received, values and materials; who applies stays who it was."""
    case_id = counter.open()
    file = fix_on_the_spot(counter.door, counter.wang, case_id, 1, Brought({"company_name": "明记"}))
    assert (file.state, file.inputs["company_name"]) == (CaseState.RECEIVED, "明记")
    with pytest.raises(InputRefused):
        fix_on_the_spot(counter.door, counter.wang, case_id, 2, Brought())
    counter.move(case_id, "accepted", on="2026-11-02")
    with pytest.raises(NotAllowedNow):
        fix_on_the_spot(counter.door, counter.wang, case_id, 3, Brought({"company_name": "x"}))


def test_an_application_is_taken_back_before_the_decision(counter: Counter) -> None:
    """Received, asked for corrections, accepted, in a special procedure; not once it is decided or closed."""
    for events in ((), ("correction_asked",), ("accepted",), ("accepted", "special_began")):
        case_id = counter.open()
        for event in events:
            counter.move(case_id, event, on="2026-11-02", until_on="2026-11-09", items=[], code="inspection", days=5)
        file = withdraw_case(counter.door, counter.wang, case_id, 1 + len(events), " 不办了 ")
        assert (file.state, file.events[-1].data["reason"]) == (CaseState.WITHDRAWN, "不办了")
        with pytest.raises(NotAllowedNow):
            withdraw_case(counter.door, counter.wang, case_id, file.version)
    decided = counter.open()
    counter.move(decided, "accepted", on="2026-11-02")
    counter.move(decided, "granted", on="2026-11-03", reasons=[], by="clerk")
    with pytest.raises(NotAllowedNow):
        withdraw_case(counter.door, counter.wang, decided, 3)


@pytest.mark.parametrize("reason", ["x" * 501, "a\nb", "a\u202eb"])
def test_a_reason_is_one_short_line(counter: Counter, reason: str) -> None:
    """At most 500 printable characters."""
    with pytest.raises(InputRefused):
        withdraw_case(counter.door, counter.wang, counter.open(), 1, reason)


def issue(counter: Counter, delivery: str) -> UUID:
    case_id = counter.open(delivery=delivery, address="一路")
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.move(case_id, "granted", on="2026-11-03", reasons=[], by="clerk", legal_ground="x")
    counter.run_jobs()
    return case_id


def test_an_electronic_certificate_is_delivered_by_opening_it(counter: Counter) -> None:
    """Once: opening it again changes nothing; what goes by post or is fetched at the window is not collected so."""
    case_id = issue(counter, "electronic")
    assert collect_online(counter.door, counter.wang, case_id).state is CaseState.DELIVERED
    assert collect_online(counter.door, counter.wang, case_id).version == counter.file(case_id).version
    for delivery in ("window", "post"):
        with pytest.raises(NotAllowedNow):
            collect_online(counter.door, counter.wang, issue(counter, delivery))
    with pytest.raises(NotAllowedNow):
        collect_online(counter.door, counter.wang, counter.open(delivery="electronic"))


# whose case it is

ACTS: dict[str, Callable[[Counter, Caller, UUID], Any]] = {
    "correct": lambda counter, who, case: correct_case(counter.door, who, case, 2, Brought({"company_name": "x"})),
    "supply": lambda counter, who, case: supply_gap(counter.door, who, case, 2, Brought()),
    "fix": lambda counter, who, case: fix_on_the_spot(counter.door, who, case, 2, Brought({"company_name": "x"})),
    "withdraw": lambda counter, who, case: withdraw_case(counter.door, who, case, 2),
    "collect": lambda counter, who, case: collect_online(counter.door, who, case),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_somebody_elses_case_does_not_exist(counter: Counter, act: Any) -> None:
    """Whatever is tried, the answer is that of a case that nobody has; nothing is written."""
    case_id, li = ask(counter, "company_name"), counter.add_citizen(LI)
    for one in (case_id, uuid4()):
        with pytest.raises(NotFound):
            act(counter, li, one)
    assert counter.names(case_id) == ["case_received", "correction_asked"]


def open_for_company(counter: Counter) -> tuple[UUID, Any, Any, Any]:
    """Li hands in for the company under a mandate; Zhao is the legal representative."""
    company = counter.add_company()
    zhao, li = counter.add_citizen(ZHAO), counter.add_citizen(LI)
    counter.authorise(company, zhao, ZHAO, MandateKind.LEGAL_REPRESENTATIVE)
    mandate = counter.authorise(company, li, LI)
    told = {"kind": "organisation", "organisation_id": str(company.organisation_id)}
    case_id = counter.open(li, applicant=told, mandate_id=str(mandate.mandate_id))
    items = [{"about": "company_name", "code": "x", "words": "x"}]
    counter.move(case_id, "correction_asked", items=items, until_on="2026-11-23")
    return case_id, zhao, li, mandate


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_whose_mandate_was_revoked_does_nothing(counter: Counter, act: Any) -> None:
    """Whoever handed the case in under it: it does not exist for them any more."""
    case_id, _, li, mandate = open_for_company(counter)
    counter.revoke(mandate)
    with pytest.raises(NotFound):
        act(counter, li, case_id)


def test_a_colleague_goes_on_with_the_case(counter: Counter) -> None:
    """Whoever holds a mandate of the organisation in force corrects what another handed in."""
    case_id, zhao, _, mandate = open_for_company(counter)
    counter.revoke(mandate)
    assert correct(counter, case_id, zhao, inputs={"company_name": "明记"}).state is CaseState.RECEIVED


def test_a_mandate_that_has_run_out_is_as_good_as_none(counter: Counter) -> None:
    """Its last moment ends it, without anybody's act."""
    case_id, _, li, _ = open_for_company(counter)
    counter.clock.advance(366 * DAY)
    with pytest.raises(NotFound):
        withdraw_case(counter.door, li, case_id, 2)


def test_a_mandate_for_another_service_reaches_no_case(counter: Counter) -> None:
    """It is limited to what it names."""
    company = counter.add_company()
    zhao, li = counter.add_citizen(ZHAO), counter.add_citizen(LI)
    counter.authorise(company, zhao, ZHAO, MandateKind.LEGAL_REPRESENTATIVE)
    counter.authorise(company, li, LI, services=("something-else",))
    case_id = counter.open(zhao, applicant={"kind": "organisation", "organisation_id": str(company.organisation_id)})
    with pytest.raises(NotFound):
        withdraw_case(counter.door, li, case_id, 1)


def test_a_page_that_is_no_longer_true_does_nothing(counter: Counter) -> None:
    """Of two acts on one page, or of one form sent twice, the second is told that the case has moved."""
    case_id = ask(counter, "company_name")
    correct_case(counter.door, counter.wang, case_id, 2, Brought({"company_name": "明记"}))
    for act in (ACTS["correct"], ACTS["withdraw"]):
        with pytest.raises(CaseMoved):
            act(counter, counter.wang, case_id)
    assert counter.names(case_id) == ["case_received", "correction_asked", "corrected"]


def test_the_same_person_goes_on_through_another_door(counter: Counter) -> None:
    """A case belongs to a person, not to a door: what was begun in one app is corrected on the web."""
    case_id = ask(counter, "company_name")
    web = counter.add_citizen(WANG, platform=next(one for one in type(counter.wang.app.platform) if one.value == "web"))
    assert NAMES[WANG] == "王小明"
    assert correct(counter, case_id, web, inputs={"company_name": "明记"}).state is CaseState.RECEIVED


MOVES = st.sampled_from(
    ["correct", "fix", "withdraw", "gap", "ask", "accept", "accept_gap", "special", "end", "deem", "step"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(MOVES, max_size=10))
def test_nothing_that_an_applicant_and_time_do_decides(moves: list[str]) -> None:
    """Whatever an applicant does, in whatever order, between whatever a clerk did: the case is never granted or refused by it."""
    counter = Counter()
    case_id = counter.open()
    clerk: dict[str, tuple[str, Hand]] = {
        "ask": ("correction_asked", Hand.CLERK), "accept": ("accepted", Hand.CLERK), "deem": ("deemed_accepted", Hand.CLOCK),
        "accept_gap": ("accepted_with_gap", Hand.CLERK), "special": ("special_began", Hand.CLERK),
        "end": ("special_ended", Hand.CLERK), "step": ("step_finished", Hand.CLERK),
    }  # fmt: skip
    data: dict[str, Any] = {
        "on": "2026-11-02", "until_on": "2026-11-23", "missing": ["proof_of_premises"], "code": "inspection", "days": 5,
        "items": [{"about": "company_name", "code": "x", "words": "x"}], "step": 0,
    }  # fmt: skip
    for move in moves:
        version = counter.file(case_id).version
        with suppress(EdgeUnknown, NotAllowedNow, InputRefused):
            if move in clerk:
                event, hand = clerk[move]
                counter.move(case_id, event, hand, **data)
            elif move == "gap":
                counter.add_file(case_id, "proof_of_premises")
                supply_gap(counter.door, counter.wang, case_id, version, Brought())
            elif move == "withdraw":
                withdraw_case(counter.door, counter.wang, case_id, version)
            else:
                act = correct_case if move == "correct" else fix_on_the_spot
                act(counter.door, counter.wang, case_id, version, Brought({"company_name": "明记"}))
        counter.run_jobs()
        assert counter.file(case_id).decision is None
