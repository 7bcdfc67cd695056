"""What one person may do alone: go back, and switch off; and who reviews it after."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.errors import Conflict, InputRefused, NotPermitted
from services.model import Language
from services.publication_state import read_widening
from tests.contract.offices import SPARE, Offices, find_served, name_service, read_events, write_file

SENTENCE = {Language.ZH_CN: "系统维护，请明天再来。", Language.EN: "Under repair; please come back tomorrow."}


def test_one_person_rolls_back_at_once_and_another_reviews(offices: Offices) -> None:
    """The former version is served at once; the item stays until somebody else has looked."""
    name, desk, li = name_service(), offices.desk, offices.actor("li")
    offices.publish_first(name)
    with pytest.raises(Conflict):
        desk.roll_back(li, name, reason="接口坏了")
    desk.propose(li, write_file(name, 2), {})
    desk.publish(offices.actor("wang"), name, 2)
    for reason in ("", " "):
        with pytest.raises(InputRefused):
            desk.roll_back(li, name, reason=reason)
    done = desk.roll_back(li, name, reason="接口坏了")
    assert find_served(offices, name) == 1
    assert [event.number for event in read_events(offices, name)[1].to_review] == [done.number]
    with pytest.raises(NotPermitted):
        desk.review(li, name, done.number)
    with pytest.raises(Conflict):
        desk.review(offices.actor("wang"), name, done.number + 1)
    desk.review(offices.actor("wang"), name, done.number)
    assert read_events(offices, name)[1].to_review == ()
    with pytest.raises(Conflict):
        desk.review(offices.actor("wang"), name, done.number)


def test_back_to_more_is_reviewed_by_the_privacy_officer(offices: Offices) -> None:
    """A rollback needs no approval before, but IT alone does not decide afterwards that the wider budget was right."""
    name, desk, li = name_service(), offices.desk, offices.actor("li")
    desk.import_file(write_file(name, 1, wider=True), {})
    desk.propose(li, write_file(name, 2), {})
    desk.publish(offices.actor("wang"), name, 2)
    done = desk.roll_back(li, name, reason="接口坏了")
    assert read_widening(done) == tuple(f"exposure.{name}.shown_in_client.{SPARE}" for name in ("alipay", "wechat"))
    with pytest.raises(NotPermitted):
        desk.review(offices.actor("wang"), name, done.number)
    desk.review(offices.actor("zhao"), name, done.number)


def test_back_only_to_what_was_in_force(offices: Offices) -> None:
    """Not to a proposal, nor to what is there already; further back, and forward again, yes."""
    name, desk, li = name_service(), offices.desk, offices.actor("li")
    offices.publish_first(name)
    desk.publish_file(write_file(name, 2), {}, reason="第一次改")
    desk.publish_file(write_file(name, 3), {}, reason="第二次改")
    desk.propose(li, write_file(name, 4), {})
    for wrong in (0, 3, 4, 9):
        with pytest.raises(Conflict):
            desk.roll_back(li, name, wrong, reason="接口坏了")
    steps: tuple[tuple[int | None, int], ...] = ((1, 1), (3, 3), (None, 1), (None, 3))
    for target, expected in steps:
        desk.roll_back(li, name, target, reason="接口坏了")
        assert find_served(offices, name) == expected
    assert read_events(offices, name)[1].proposal is not None


def test_off_and_on(offices: Offices) -> None:
    """Off at once with a sentence in both languages, and reviewed; a new version does not switch it on by itself."""
    name, desk, li = name_service(), offices.desk, offices.actor("li")
    offices.publish_first(name)
    for sentence in ({}, {Language.ZH_CN: "关"}, {**SENTENCE, Language.EN: " "}, {**SENTENCE, Language.EN: "x" * 301}):
        with pytest.raises(InputRefused):
            desk.switch_off(li, name, sentence, reason="接口坏了")
    with pytest.raises(InputRefused):
        desk.switch_off(li, name, SENTENCE, reason="")
    with pytest.raises(Conflict):
        desk.switch_on(li, name)
    off = desk.switch_off(li, name, SENTENCE, reason="接口坏了")
    desk.publish_file(write_file(name, 2), {}, reason="已经修好")
    state = read_events(offices, name)[1]
    assert (state.off, state.in_force) == (SENTENCE, 2)
    assert [event.number for event in state.to_review] == [off.number, off.number + 1]
    desk.switch_on(offices.actor("wang"), name)
    assert read_events(offices, name)[1].off == {}


@pytest.mark.parametrize("reason", ["", "  ", "坏了", " 坏 了 ", "\u200b" * 9, "x" * 501])
def test_what_one_does_alone_has_the_reason_that_reading_a_person_has(offices: Offices, reason: str) -> None:
    """4 to 500 characters that can be seen, for people and for the operator; nothing happens without."""
    name, desk, li = name_service(), offices.desk, offices.actor("li")
    offices.publish_first(name)
    desk.publish_file(write_file(name, 2), {}, reason="上线新版")
    before = read_events(offices, name)
    steps: list[Callable[[], object]] = [
        lambda: desk.roll_back(li, name, reason=reason), lambda: desk.roll_back(None, name, reason=reason),
        lambda: desk.switch_off(li, name, SENTENCE, reason=reason), lambda: desk.switch_off(None, name, SENTENCE, reason=reason),
        lambda: desk.publish_file(write_file(name, 3), {}, reason=reason),
    ]  # fmt: skip
    for step in steps:
        with pytest.raises(InputRefused) as refused:
            step()
        assert refused.value.detail == {"reason": "too_short_or_long"}
    assert read_events(offices, name) == before


def test_a_reason_is_kept_on_one_line(offices: Offices) -> None:
    """The event and the act hold the same words; where none is needed, a short one may be said, and none too long."""
    name, desk = name_service(), offices.desk
    offices.publish_first(name)
    done = desk.switch_off(None, name, SENTENCE, reason=" 接口\0故障\n夜间 ")
    assert done.reason == "接口 故障 夜间"
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        assert tx.acts.list_acts(9, None, subject_id=name)[0].reason == done.reason
    with pytest.raises(InputRefused):
        desk.switch_on(None, name, reason="x" * 501)
    assert desk.switch_on(None, name, reason="好").reason == "好"
