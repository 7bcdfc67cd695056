"""What an applicant sees of cases: one's own and one's colleagues', sentences without anybody's name, deadlines day by day."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_events import Move
from services.case_graph import EDGES, NOTES, START
from services.case_opening import UNNUMBERED, open_case
from services.case_record import CaseState, Hand, Mandate, MandateKind
from services.case_timeline import _VALUES, PUBLISHED, tell_timeline
from services.case_views import explain_deadlines, list_cases, view_case
from services.case_words import EVENT_WORDS, STATE_WORDS, join_names, say_event, say_state, write_day
from services.cases import Brought, correct_case, supply_gap
from services.clock import ClockKind
from services.errors import NotFound
from services.mapping import Output
from services.model import Language
from tests.case_samples import make_case_mapping, say
from tests.fake_applicants import CONTENT, LI, NAMES, WANG, ZHAO, Counter

ZH, EN = Language.ZH_CN, Language.EN
HIDDEN = {
    "claimed", "released", "reassigned", "notice_told", "receipt_printed", "decision_awaited", "rated", "complained",
    "recording_started", "recording_delayed", "extension_asked", "extension_denied",
}  # fmt: skip
"""The office's own business."""


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_every_state_has_its_sentence() -> None:
    """In both languages; whoever is refused reads how to appeal."""
    assert set(STATE_WORDS) == set(CaseState)
    for state in (CaseState.REFUSED, CaseState.NOT_ACCEPTED):
        assert "复议" in say_state(state, ZH)
        assert "reconsideration" in say_state(state, EN)
    assert all(zh and en and zh != en for zh, en in STATE_WORDS.values())


def test_every_event_is_shown_or_known_to_be_hidden() -> None:
    """A new event is either told to the applicant or listed here as the office's own."""
    events = {edge.event for edge in EDGES} | {note.event for note in NOTES} | {START}
    told = set(EVENT_WORDS) - {"material_not_found", "material_faulty"}
    assert told | HIDDEN == events
    assert not told & HIDDEN


def test_every_brace_of_a_sentence_can_be_filled() -> None:
    """A sentence asks for nothing that the timeline cannot say."""
    for pair in EVENT_WORDS.values():
        for text in pair:
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= set(_VALUES)


def test_words_of_an_event_without_a_sentence_are_not_published() -> None:
    """What is not shown publishes no reason either."""
    assert set(PUBLISHED) <= set(EVENT_WORDS)
    assert say_event("claimed", {}, ZH) is None


def test_days_and_names_are_written_as_people_read_them() -> None:
    """2026年2月28日; 甲、乙."""
    assert [write_day(date(2026, 2, 28), language) for language in (ZH, EN)] == ["2026年2月28日", "2026-02-28"]
    assert [join_names(["甲", "乙"], language) for language in (ZH, EN)] == ["甲、乙", "甲, 乙"]


def long_life(counter: Counter) -> UUID:
    """A case with nearly everything in it, clerks of whom nobody may hear included."""
    case_id = counter.open(delivery="post", address="一路9号")
    clerk = "CLERK-SECRET"
    counter.move(case_id, "claimed")
    counter.move(case_id, "material_checked", name="floor_plan", ok=False, words="看不清", original_seen=False)
    counter.move(
        case_id, "correction_asked", until_on="2026-11-23",
        items=[{"about": "floor_plan", "code": "unclear", "words": "请重新拍照"},
               {"about": "company_name", "code": "", "words": "与执照不一致"}],
    )  # fmt: skip
    counter.add_file(case_id)
    version = counter.file(case_id).version
    correct_case(counter.door, counter.wang, case_id, version, Brought({"company_name": "明记"}))
    counter.run_jobs()
    counter.move(
        case_id,
        "accepted_with_gap",
        on="2026-11-02",
        missing=["proof_of_premises"],
        until_on="2026-11-16",
        promise="保证",
    )
    counter.move(case_id, "step_finished", step=0, opinion=clerk, on="2026-11-03")
    counter.move(
        case_id,
        "special_began",
        code="inspection",
        legal_ground="第四十五条",
        days=10,
        reason="现场",
        on="2026-11-03",
        until_on="2026-11-17",
    )
    counter.add_file(case_id, "proof_of_premises")
    supply_gap(counter.door, counter.wang, case_id, counter.file(case_id).version, Brought())
    counter.move(case_id, "special_ended", on="2026-11-10", result="合格")
    counter.move(case_id, "extension_asked", days=10, reason=clerk)
    counter.move(case_id, "extension_granted", Hand.HEAD, days=10, reason="案情复杂", asked_by=clerk)
    counter.move(
        case_id, "granted", Hand.HEAD, on="2026-11-20", by="clerk", reasons=["符合条件"], legal_ground="第三十八条"
    )
    counter.run_jobs()
    counter.move(case_id, "posted", carrier="EMS", number="E123")
    counter.move(case_id, "delivery_failed", reason="无人")
    counter.move(case_id, "posted", carrier="EMS", number="E124")
    counter.move(case_id, "delivery_proven", on="2026-11-25", proof="签收")
    return case_id


def test_the_timeline_tells_the_whole_life(counter: Counter) -> None:
    """Oldest first, with titles and days; the office's words stand beside the sentence."""
    case_id = long_life(counter)
    told = {entry.name: entry for entry in view_case(counter.door, counter.wang, case_id).timeline}
    assert told["correction_asked"].sentence == "受理单位一次性告知补正内容：平面图、字号。请在2026年11月23日前补正。"
    assert told["correction_asked"].words == ("平面图：请重新拍照", "字号：与执照不一致")
    assert told["corrected"].sentence == "受理单位收到补正材料：平面图、字号。"
    assert told["material_fetched"].sentence == "已从市场主体登记系统取得“营业执照”，无需您提交。"
    assert told["material_checked"].sentence == "受理单位已核对“平面图”，不符合要求。"
    assert told["step_finished"].sentence == "已完成环节：受理。"
    assert told["special_began"].words == ("第四十五条", "现场")
    assert told["granted"].words == ("符合条件", "第三十八条")
    assert "E124" in told["posted"].sentence
    assert told["delivery_proven"].sentence == "证照已于2026年11月25日送达。"
    versions = [entry.version for entry in view_case(counter.door, counter.wang, case_id).timeline]
    assert versions == sorted(versions)


@pytest.mark.parametrize("language", list(Language))
def test_nobody_of_the_staff_is_named(counter: Counter, language: Language) -> None:
    """Neither by id nor by opinion nor by a request within the office; and no sentence has a hole in it."""
    case_id = long_life(counter)
    file = counter.file(case_id)
    told = tell_timeline(file, counter.mapping, counter.terms, language)
    text = repr([(entry.sentence, entry.words) for entry in told])
    assert "CLERK-SECRET" not in text
    assert all(str(event.staff_id) not in text for event in file.events if event.staff_id)
    assert "claimed" not in {entry.name for entry in told}
    assert "—" not in text
    assert "{" not in text


def test_an_event_that_is_short_of_a_word_is_told_with_a_dash(counter: Counter) -> None:
    """Old or foreign data never make a page fail."""
    case_id = counter.open()
    counter.move(case_id, "material_checked", name="gone", ok=True)
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.move(case_id, "step_finished", step=99)
    counter.move(case_id, "special_began", code="old")
    sentences = [entry.sentence for entry in view_case(counter.door, counter.wang, case_id).timeline]
    assert "已完成环节：—。" in sentences
    assert "开始特别程序：old，预计至—，不计入办理时限。" in sentences


def test_a_refusal_tells_reasons_law_and_appeal_in_the_readers_language(counter: Counter) -> None:
    """The way of appeal is kept in every language, and read in one."""
    case_id = counter.open()
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.move(
        case_id, "refused", on="2026-11-20", reasons=["面积不足"], legal_ground="第三条",
        appeal={"zh-CN": "六十日内申请复议", "en": "within sixty days"},
    )  # fmt: skip
    for language, appeal in ((ZH, "六十日内申请复议"), (EN, "within sixty days")):
        view = view_case(counter.door, replace(counter.wang, language=language), case_id)
        assert view.timeline[-1].words == ("面积不足", "第三条", appeal)


def test_a_view_says_what_may_be_done_now(counter: Counter) -> None:
    """As the state allows it, for this case."""
    case_id = counter.open()
    seen = [view_case(counter.door, counter.wang, case_id).acts]
    counter.move(case_id, "correction_asked", items=[{"about": "floor_plan", "words": "x"}], until_on="2026-11-23")
    view = view_case(counter.door, counter.wang, case_id)
    seen.append(view.acts)
    assert (set(view.wanted.materials), set(view.wanted.inputs)) == ({"floor_plan"}, set())
    assert [one.kind for one in view.deadlines] == [ClockKind.CORRECTION]
    counter.move(case_id, "withdrawn")
    seen.append(view_case(counter.door, counter.wang, case_id).acts)
    assert seen == [("fix", "withdraw"), ("correct", "withdraw"), ()]
    gap = counter.open()
    counter.move(gap, "accepted_with_gap", on="2026-11-02", missing=["proof_of_premises"], until_on="2026-11-16")
    assert view_case(counter.door, counter.wang, gap).acts == ("supply_gap", "withdraw")


def test_documents_are_listed_and_a_revoked_certificate_says_so(counter: Counter) -> None:
    """Letters keep what they say; the certificate that was taken back no longer holds."""
    case_id = counter.open(delivery="electronic")
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.move(case_id, "granted", on="2026-11-03", reasons=[], legal_ground="x")
    counter.run_jobs()
    view = view_case(counter.door, counter.wang, case_id)
    assert view.acts == ("collect_online",)
    assert [(line.kind, line.revoked) for line in view.documents][-1] == ("certificate", False)
    counter.move(case_id, "certificate_revoked", Hand.HEAD, reason="x", legal_ground="y")
    documents = view_case(counter.door, counter.wang, case_id).documents
    assert [line.kind for line in documents if line.revoked] == ["certificate"]


def test_results_are_shown_masked() -> None:
    """What the office's register gave is shown as the mapping says."""
    mapping = make_case_mapping(materials={}, steps=())
    outputs = {"licence_no": Output("licence_no", "text", say("证号"), "licence_no", mask="number")}
    counter = Counter(mapping=replace(mapping, outputs=outputs))
    case_id = counter.open(promises=[])
    assert view_case(counter.door, counter.wang, case_id).outputs is None
    counter.move(case_id, "accepted", on="2026-11-02")
    counter.move(case_id, "granted", on="2026-11-03", reasons=[], legal_ground="x")
    counter.move(case_id, "recorded", Hand.HOUSE, reference="R", outputs={"licence_no": "12345678901"})
    assert view_case(counter.door, counter.wang, case_id).outputs == {"licence_no": "****8901"}


def test_a_deadline_is_explained_day_by_day(counter: Counter) -> None:
    """Each day from the start to the last says whether it counts and why."""
    case_id = counter.open()
    counter.move(case_id, "accepted", on="2026-11-02")
    explained = {one.deadline.kind: one for one in explain_deadlines(counter.door, counter.wang, case_id)}
    assert {ClockKind.STATUTORY, ClockKind.PROMISED, ClockKind.STEP} <= set(explained)
    statutory = explained[ClockKind.STATUTORY]
    assert [day.number for day in statutory.days if day.counted] == list(range(1, 21))
    assert statutory.days[0].reason == "start"
    assert statutory.days[-1].on == statutory.deadline.due_on
    counter.move(case_id, "withdrawn")
    assert explain_deadlines(counter.door, counter.wang, case_id) == ()


# whose


def test_a_list_has_ones_own_cases_newest_first_in_pages(counter: Counter) -> None:
    """A cursor leads on; nobody else's are in it."""
    mine = []
    for _ in range(5):
        counter.clock.advance(1)
        mine.append(counter.open())
    counter.open(counter.add_citizen(LI))
    first = list_cases(counter.door, counter.wang, limit=3)
    rest = list_cases(counter.door, counter.wang, UUID(str(first.next_cursor)), limit=3)
    assert [line.case.case_id for line in (*first.items, *rest.items)] == mine[::-1]
    assert rest.next_cursor is None
    assert first.items[0].due is not None
    assert first.items[0].message


def test_what_the_window_opened_for_somebody_is_theirs(counter: Counter) -> None:
    """A case without an account is found by the number that the person has proven."""
    case = replace(
        counter.file(counter.open()).case, case_id=counter.desk.new_id(), case_no=UNNUMBERED, person_id=None, login_id=None,
        opened_by=uuid4(), applicant={"kind": "person", "name": NAMES[LI], "identity_number": LI},
    )  # fmt: skip
    with counter.house.begin((counter.agency,)) as tx:
        open_case(counter.desk, tx, case, Move(START, Hand.CLERK, {"materials": {}}, case.opened_by))
    li = counter.add_citizen(LI)
    assert [line.case.case_id for line in list_cases(counter.door, li).items] == [case.case_id]
    assert view_case(counter.door, li, case.case_id).case == replace(
        case, case_no=counter.file(case.case_id).case.case_no
    )
    with pytest.raises(NotFound):
        view_case(counter.door, counter.wang, case.case_id)


def test_colleagues_see_one_case_and_a_revoked_one_sees_nothing(counter: Counter) -> None:
    """In the list, in the view, in the deadlines."""
    company = counter.add_company()
    zhao, li = counter.add_citizen(ZHAO), counter.add_citizen(LI)
    counter.authorise(company, zhao, ZHAO, MandateKind.LEGAL_REPRESENTATIVE)
    mandate = counter.authorise(company, li, LI)
    told = {"kind": "organisation", "organisation_id": str(company.organisation_id)}
    case_id = counter.open(li, applicant=told, mandate_id=str(mandate.mandate_id))
    for who in (zhao, li):
        assert [line.case.case_id for line in list_cases(counter.door, who).items] == [case_id]
    assert view_case(counter.door, zhao, case_id).file == view_case(counter.door, li, case_id).file
    counter.revoke(mandate)
    assert list_cases(counter.door, li).items == []
    for look in (view_case, explain_deadlines):
        with pytest.raises(NotFound):
            look(counter.door, li, case_id)
    assert view_case(counter.door, zhao, case_id).case.person_id == li.person_id


def test_a_child_acts_for_an_old_parent_and_the_parent_sees_it(counter: Counter) -> None:
    """The matter stays the parent's: they see it without a mandate; the child only as long as theirs holds."""
    now = counter.clock.now()
    li = counter.add_citizen(LI)
    mandate = Mandate(
        uuid4(), counter.directory.root_agency(), MandateKind.FAMILY,
        {"kind": "person", "name": NAMES[WANG], "identity_number": WANG}, counter.wang.chain_id, None,
        counter.wang.person_id, {"name": NAMES[LI], "identity_number": LI}, li.person_id, (), now, None, "staff:1", now, {},
    )  # fmt: skip
    with counter.house.begin((mandate.agency_id,)) as tx:
        tx.mandates.add(mandate)
    case_id = counter.open(li, **{**CONTENT, "mandate_id": str(mandate.mandate_id)})
    case: Any = counter.file(case_id).case
    assert (case.applicant["name"], case.agent["name"], case.agent["as"]) == (NAMES[WANG], NAMES[LI], "family")
    for who in (counter.wang, li):
        assert [line.case.case_id for line in list_cases(counter.door, who).items] == [case_id]
    counter.revoke(mandate)
    assert list_cases(counter.door, li).items == []
    assert [line.case.case_id for line in list_cases(counter.door, counter.wang).items] == [case_id]
