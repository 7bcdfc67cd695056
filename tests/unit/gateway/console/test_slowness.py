"""The two rooms of patterns: the same for the person and for supervision, at the same moment; who else comes near gets nothing."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from gateway.console.slowness_words import (
    ACTS,
    COUNTED,
    DONE,
    EVENTS,
    KINDS,
    NUMBERS,
    OUTCOMES,
    REASONS,
    RULES,
    STATES,
    TERMS,
)
from services.slowness_desk import OUTCOMES as CODES
from services.slowness_record import Kind, PatternEvent, PatternState
from services.slowness_tally import list_thresholds
from services.staffing import Role
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT
from tests.unit.gateway.console.patterned import ANSWER, Patterned
from tests.unit.gateway.console.supervised import REASON, read
from tests.unit.gateway.console.test_supervision import SECRETS

JUDGING = (
    "拖延",
    "故意",
    "违规",
    "受贿",
    "索贿",
    "懒",
    "嫌疑",
    "责任人",
    "deliberate",
    "guilt",
    "suspect",
    "corrupt",
    "bribe",
)


@pytest.fixture
def house() -> Patterned:
    """The office on the day on which the pattern was shown."""
    return Patterned()


def cut(page: str, section: str) -> str:
    """The inside of one section of a page, without links and pages' own addresses."""
    inside = page.split(f'id="{section}"', 1)[1].split("</section>", 1)[0]
    return re.sub(r'href="[^"]*"|<p class="help">.*?</p>', "", inside)


def test_the_person_and_supervision_see_the_very_same(house: Patterned) -> None:
    """Numbers, drawings, evidence and record are the same text on both pages."""
    theirs = read(house.enter(house.left).get(f"/supervision/patterns/{house.pattern}"))
    own = read(house.enter(house.clerk).get(f"/own/patterns/{house.pattern}"))
    assert cut(own, "numbers") == cut(theirs, "numbers")
    assert cut(own, "cases") == cut(theirs, "cases")
    for file in house.stopped:
        assert file.case.case_no in own
        assert file.case.case_no in theirs


def test_the_person_is_told_in_the_same_moment(house: Patterned) -> None:
    """From the commit on in which supervision finds it the person has it on their first page and at their counter."""
    clerk = house.enter(house.clerk)
    for place in ("/", "/counter"):
        assert f"/own/patterns/{house.pattern}" in read(clerk.get(place))
    assert f"/own/patterns/{house.pattern}" not in read(house.enter(house.second).get("/counter"))
    assert f"/supervision/patterns/{house.pattern}" in read(house.enter(house.left).get("/supervision/patterns"))


def test_an_answer_stands_beside_it_for_everybody(house: Patterned) -> None:
    """Answered by the person, read by supervision of both levels; the line on the first page is gone then."""
    clerk = house.enter(house.clerk)
    assert clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER}).status_code == 200
    for member in (house.left, house.city):
        assert ANSWER in read(house.enter(member).get(f"/supervision/patterns/{house.pattern}"))
    assert "shown-of-me" not in read(clerk.get("/"))
    assert ANSWER not in "".join(str(act.detail) + act.reason for act in house.store.books.acts)


def test_supervision_waits_for_the_answer_or_fifteen_days(house: Patterned) -> None:
    """It may note, but not close what the person had no time to answer; the end of the term is enough."""
    left = house.enter(house.left)
    assert house.note(left, "note", text="已电话告知").status_code == 200
    assert house.note(left, "close", outcome="explained", text="无").status_code == 409
    house.wait(14.9)
    left = house.enter(house.left)
    assert house.note(left, "close", outcome="explained", text="无").status_code == 409
    house.wait(0.1)
    assert house.note(house.enter(house.left), "close", outcome="chance", text="无").status_code == 200
    assert [name for name in house.steps() if name != "looked"] == ["shown", "noted", "closed"]


def test_an_answer_opens_again_what_was_closed(house: Patterned) -> None:
    """Closed after an answer; a further one brings it back to the list of what is open."""
    clerk, left = house.enter(house.clerk), house.enter(house.left)
    clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER})
    assert house.note(left, "close", outcome="explained", text="核实属实").status_code == 200
    assert str(house.pattern) not in read(left.get("/supervision/patterns"))
    assert str(house.pattern) in read(left.get("/supervision/patterns?view=closed"))
    assert clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": "补充：附会议记录"}).status_code == 200
    assert str(house.pattern) in read(left.get("/supervision/patterns"))
    page = read(clerk.get(f"/own/patterns/{house.pattern}"))
    assert ANSWER in page
    assert "核实属实" in page
    assert OUTCOMES["explained"][0] in page


def test_who_looked_is_seen_by_the_person(house: Patterned) -> None:
    """Once a day and reader a look is an event with a name, and an Act; the person finds it beside the pattern."""
    left = house.enter(house.left)
    for _ in range(3):
        left.get(f"/supervision/patterns/{house.pattern}")
    house.enter(house.city).get(f"/supervision/patterns/{house.pattern}")
    assert house.steps() == ["shown", "looked", "looked"]
    page = read(house.enter(house.clerk).get(f"/own/patterns/{house.pattern}"))
    assert house.left.name in cut(page, "record")
    assert house.city.name in cut(page, "record")
    house.wait(1)
    house.enter(house.left).get(f"/supervision/patterns/{house.pattern}")
    assert house.steps() == ["shown", *["looked"] * 4]
    assert house.acts.count("pattern.look") == 4


def test_a_clerk_does_not_read_what_is_shown_of_another(house: Patterned) -> None:
    """A colleague, the head, an auditor and supervision of another district find neither the pattern nor its cases, and write nothing."""
    case_id = house.stopped[0].case.case_id
    outside = (
        house.second,
        house.head,
        house.elsewhere,
        house.hire(CHILD, Role.SUPERVISOR),
        house.hire(LEFT, Role.AUDITOR),
    )
    for member in outside:
        browser = house.enter(member)
        assert browser.get(f"/own/patterns/{house.pattern}").status_code == 404
        assert browser.post(f"/own/patterns/{house.pattern}/answer", {"text": "x"}).status_code == 404
        for path in ("", f"/cases/{case_id}"):
            assert browser.get(f"/supervision/patterns/{house.pattern}{path}").status_code in (403, 404)
        for name in ("note", "close", f"cases/{case_id}"):
            fields = {"seen_version": "1", "text": "x", "outcome": "chance", "reason": REASON}
            assert browser.post(f"/supervision/patterns/{house.pattern}/{name}", fields).status_code in (403, 404)
        assert str(house.pattern) not in read(browser.get("/supervision/patterns"))
    assert house.steps() == ["shown"]


def test_a_clerk_is_not_told_that_a_colleague_is_shown(house: Patterned) -> None:
    """How many are shown in a month stands at supervision alone: where few work, one that is not oneself is a colleague."""
    own, theirs = house.enter(house.second).get("/own/patterns"), house.enter(house.left).get("/supervision/patterns")
    assert "2020-01" in read(own)
    assert "shown in all agencies" in read(theirs)
    assert "shown in all agencies" not in read(own)


def test_the_book_of_acts_does_not_say_of_which_kind_it_is(house: Patterned) -> None:
    """Auditors and privacy officers read that somebody looked or wrote; what is shown of whom they do not."""
    house.enter(house.left).get(f"/supervision/patterns/{house.pattern}")
    house.enter(house.clerk).post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER})
    acts = [act for act in house.store.books.acts if act.act.startswith("pattern.")]
    assert [act.act for act in acts] == ["pattern.look", "pattern.answer"]
    assert [dict(act.detail).keys() for act in acts] == [{"version"}] * 2


def test_supervision_cannot_answer_for_the_person(house: Patterned) -> None:
    """An answer is by the person themselves, under the name of their session: nobody writes one for them."""
    for member in (house.left, house.city):
        browser = house.enter(member)
        assert browser.post(f"/own/patterns/{house.pattern}/answer", {"text": "认错"}).status_code == 404
        assert browser.get(f"/own/patterns/{house.pattern}").status_code == 404
    clerk = house.enter(house.clerk)
    fields = {"text": ANSWER, "staff_id": str(house.left.staff_id), "state": "closed", "at": "2020-01-01"}
    clerk.post(f"/own/patterns/{house.pattern}/answer", fields)
    last = house.store.tables.counter.pattern_events[house.pattern][-1]
    assert (last.name, last.staff_id, last.state) == ("answered", house.clerk.staff_id, PatternState.ANSWERED)
    assert last.at == house.clock.now()


def test_nothing_written_is_changed(house: Patterned) -> None:
    """A second answer stands behind the first, which stays as it was; there is no address that edits or deletes."""
    clerk = house.enter(house.clerk)
    for text in (ANSWER, "更正：两件"):
        clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": text})
    events = house.store.tables.counter.pattern_events[house.pattern]
    assert [event.data["text"] for event in events if event.name == "answered"] == [ANSWER, "更正：两件"]
    routes = {rule.rule for rule in house.app.url_map.iter_rules() if "patterns" in rule.rule}
    assert not [rule for rule in routes if re.search("edit|delete|change|remove", rule)]


def test_nobody_closes_what_is_about_themselves(house: Patterned) -> None:
    """A clerk who supervises too reads the supervision office's page and may not write there, nor may their deputy."""
    house.give(house.clerk, Role.SUPERVISOR, LEFT)
    clerk = house.enter(house.clerk)
    clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER})
    page = read(clerk.get(f"/supervision/patterns/{house.pattern}"))
    assert "form-close" not in page
    assert "form-note" not in page
    assert house.note(clerk, "close", outcome="explained", text="自证").status_code == 409
    assert house.note(clerk, "note", text="自证").status_code == 409
    assert "closed" not in house.steps()


def test_what_was_not_read_is_not_closed(house: Patterned) -> None:
    """If the person answers while supervision writes its end, that end is refused: the answer is to be read first."""
    left, clerk = house.enter(house.left), house.enter(house.clerk)
    clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER})
    seen = re.search(r'name="seen_version" value="([0-9]+)"', read(left.get(f"/supervision/patterns/{house.pattern}")))
    assert seen is not None
    clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": "还有一点"})
    fields = {"seen_version": seen.group(1), "outcome": "chance", "text": "无"}
    assert left.post(f"/supervision/patterns/{house.pattern}/close", fields).status_code == 409
    for forged in ("0", "999", "x", ""):
        assert left.post(
            f"/supervision/patterns/{house.pattern}/close", {**fields, "seen_version": forged}
        ).status_code in (409, 422)
    assert "closed" not in house.steps()


def test_a_case_opens_for_a_reason_and_its_applicant_is_told(house: Patterned) -> None:
    """Nothing of the applicant stands on any page but the case itself, which asks why; the citizen sees that it was read."""
    left, case_id = house.enter(house.left), house.stopped[0].case.case_id
    address = f"/supervision/patterns/{house.pattern}/cases/{case_id}"
    shown = (
        read(left.get("/supervision/patterns"))
        + read(left.get(f"/supervision/patterns/{house.pattern}"))
        + read(left.get(address))
    )
    assert not [secret for secret in SECRETS if secret in shown]
    assert left.post(address, {"reason": "x"}).status_code == 422
    assert "pattern.open_case" not in house.acts
    assert SECRETS[0] in read(left.post(address, {"reason": REASON}))
    noted = house.store.books.acts[-1]
    assert (noted.act, noted.subject_id, noted.reason) == ("pattern.open_case", str(case_id), REASON)
    assert [
        one.subject.subject_id for one in house.store.tables.counter.readings if one.act == "pattern.open_case"
    ] == [case_id]


def test_only_cases_of_the_evidence_open(house: Patterned) -> None:
    """Another case of the office does not open by way of a pattern, with or without a reason."""
    left = house.enter(house.left)
    for case_id in (house.idle.case.case_id, uuid4()):
        address = f"/supervision/patterns/{house.pattern}/cases/{case_id}"
        assert left.get(address).status_code == 404
        assert left.post(address, {"reason": REASON}).status_code == 404
    assert "pattern.open_case" not in house.acts


def test_an_applicant_is_a_number_of_that_page(house: Patterned) -> None:
    """The page of a favoured applicant names them by a number alone: no name, no number, no id of a person or an organisation."""
    pattern_id = house.show(house.clerk, Kind.FAVOURED, house.stopped, number=1)
    for member, way in ((house.left, "supervision"), (house.clerk, "own")):
        page = read(house.enter(member).get(f"/{way}/patterns/{pattern_id}"))
        assert "申请人 1" in page
        case = house.stopped[0].case
        secrets = [
            *SECRETS,
            *(str(one) for one in (case.person_id, case.login_id, case.chain_id, case.organisation_id) if one),
        ]
        assert not [secret for secret in secrets if secret in page]


def test_levels_reach_downwards(house: Patterned) -> None:
    """The city sees the office's patterns, the office none of the city's or of a sibling's."""
    assert str(house.pattern) in read(house.enter(house.city).get("/supervision/patterns"))
    for agency in (RIGHT, CHILD):
        assert str(house.pattern) not in read(
            house.enter(house.hire(agency, Role.SUPERVISOR)).get("/supervision/patterns")
        )


def test_the_words_show_and_never_judge(house: Patterned) -> None:
    """No page and no word of these rooms says that somebody did something on purpose; every page says that there can be good reasons."""
    pages = [
        read(house.enter(house.left).get(f"/supervision/patterns/{house.pattern}")),
        read(house.enter(house.clerk).get("/own/patterns")),
    ]
    for page in pages:
        assert "不是结论" in page
        assert not [word for word in JUDGING if word in page.lower()]
    told = " ".join(
        text
        for words in (KINDS, COUNTED, REASONS, STATES, EVENTS, OUTCOMES, NUMBERS, TERMS, ACTS, DONE, RULES)
        for pair in words.values()
        for text in pair
    )
    assert not [word for word in JUDGING if word in told.lower()]


def test_everything_has_its_words() -> None:
    """Each kind, state, threshold and outcome is named in both languages."""
    assert set(KINDS) == set(COUNTED) == set(REASONS) == set(Kind)
    assert set(STATES) == set(PatternState)
    assert set(TERMS) == set(list_thresholds())
    assert tuple(OUTCOMES) == CODES


def test_bad_input_is_said(house: Patterned) -> None:
    """An empty or endless answer, no outcome, an address that means nothing: a sentence and nothing kept."""
    clerk, left = house.enter(house.clerk), house.enter(house.left)
    for text in ("", "  ", "长" * 501):
        assert clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": text}).status_code == 422
    assert house.note(left, "note", text="").status_code == 422
    clerk.post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER})
    assert house.note(left, "close", outcome="guilty", text="无").status_code == 422
    for query in ("from=abc", "from=0", "from=-1", "from=99999999", "from=²"):
        assert left.get(f"/supervision/patterns/{house.pattern}?{query}").status_code == 200
    assert left.get("/supervision/patterns?before=x").status_code == 200
    assert "closed" not in house.steps()


def test_an_event_that_is_there_is_not_written_twice(house: Patterned) -> None:
    """Two who write at once get two events in a row: the second reads again."""
    store, event = house.store, PatternEvent(house.pattern, 2, "looked", PatternState.SHOWN, house.clock.now(), uuid4())
    with store.begin([LEFT, ROOT]) as tx:
        tx.slowness.append(LEFT, event)
    house.enter(house.left).get(f"/supervision/patterns/{house.pattern}")
    assert [one.version for one in store.tables.counter.pattern_events[house.pattern]] == [1, 2, 3]


def test_after_the_counter_one_still_answers(house: Patterned) -> None:
    """Whoever does something else now finds the page from their first page and answers."""
    for grant_id, held in list(house.store.books.roles.items()):
        if held.staff_id == house.clerk.staff_id:
            del house.store.books.roles[grant_id]
    house.give(house.clerk, Role.IT, RIGHT)
    browser = house.enter(house.clerk)
    assert f"/own/patterns/{house.pattern}" in read(browser.get("/"))
    assert browser.post(f"/own/patterns/{house.pattern}/answer", {"text": ANSWER}).status_code == 200


def find_pattern_id(page: str) -> UUID | None:
    """The first pattern on a page."""
    found = re.search(r'id="pattern-([0-9a-f-]+)"', page)
    return UUID(found.group(1)) if found else None


def test_newest_first_and_no_other_order(house: Patterned) -> None:
    """A list by date: nobody stands first for having more."""
    later = house.show(house.second, Kind.IDLE, house.stopped[:1])
    assert find_pattern_id(read(house.enter(house.left).get("/supervision/patterns"))) == later
