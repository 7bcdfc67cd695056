"""Information is asked for once in a while, by one of many, and says from when it is. A look-up is asked each time."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from services.errors import (
    AssuranceTooLow,
    BackEndGarbled,
    BackEndRefused,
    BackEndUnreachable,
    InputRefused,
    ServiceOff,
)
from services.information import ENTRIES, STALE_SECONDS, TRY_AGAIN_SECONDS, InformationShelf, read_information
from services.lookups import Found, look_up
from services.model import Language
from tests.fake_counter import Counter
from tests.small_services import make_lookup

NEWS = {"visits": [{"visited_at": "2026-01-01T00:00:00Z", "remark": "第一条"}], "editor": "canary"}


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    made.office.answer = NEWS
    return made


def read(counter: Counter, **filters: str) -> Found:
    mapping = counter.catalogue.service("pet-news")
    return read_information(counter.till, counter.shelf, counter.wang, mapping, filters)


def test_one_question_serves_everybody_for_a_while(counter: Counter) -> None:
    """Within its seconds nobody asks again, and the moment is that of the question."""
    asked_at = counter.clock.now()
    first = read(counter)
    counter.clock.advance(299)
    assert read(counter) == first
    assert (first.current_at, first.stale, counter.office.count("fetch")) == (asked_at, False, 1)
    counter.clock.advance(1)
    assert read(counter).current_at == counter.clock.now()
    assert "canary" not in str(first)


def test_other_filters_are_another_question(counter: Counter) -> None:
    """Each set of filters has its own answer; the order of a query does not matter."""
    read(counter, pet_kind="DOG", legs="4")
    read(counter, legs="4", pet_kind="DOG")
    read(counter, pet_kind="CAT")
    assert [values["inputs"] for name, values, *_ in counter.office.calls if name == "fetch"] == [
        {"pet_kind": "DOG", "legs": 4}, {"pet_kind": "CAT", "legs": None},
    ]  # fmt: skip


@pytest.mark.parametrize(("filters", "faults"), [
    ({"pet_kind": "COW"}, {"pet_kind": "choice"}), ({"legs": "9"}, {"legs": "maximum"}), ({"nobody": "1"}, {"query": "unknown_field"}),
])  # fmt: skip
def test_a_filter_outside_its_declaration_is_refused(counter: Counter, filters: dict[str, str], faults: Any) -> None:
    """Before anything is asked."""
    with pytest.raises(InputRefused) as caught:
        read(counter, **filters)
    assert (caught.value.detail, counter.office.calls) == (faults, [])


@pytest.mark.parametrize("behaviour", ["unreachable", "timeout", "garbled", "system"])
def test_while_the_office_is_away_the_last_answer_is_shown_with_its_time(counter: Counter, behaviour: str) -> None:
    """It says so, the office is not asked by everybody, and when it is back the answer is fresh."""
    first = read(counter)
    counter.clock.advance(301)
    counter.office.script.plan("fetch", behaviour)
    for _ in range(5):
        shown = read(counter)
        assert (shown.stale, shown.current_at, shown.outputs) == (True, first.current_at, first.outputs)
    assert counter.office.count("fetch") == 2
    counter.clock.advance(TRY_AGAIN_SECONDS)
    assert read(counter).stale is False


def test_an_answer_that_is_too_old_is_no_answer(counter: Counter) -> None:
    """After a day without the office, its absence is told."""
    read(counter)
    counter.office.script.out_of_service = True
    counter.clock.advance(300 + STALE_SECONDS)
    with pytest.raises(BackEndUnreachable):
        read(counter)


def test_a_definite_no_is_told_and_not_kept(counter: Counter) -> None:
    """What the office refuses is not answered with something older."""
    read(counter)
    counter.clock.advance(301)
    counter.office.script.plan("fetch", "no_such_record")
    with pytest.raises(BackEndRefused):
        read(counter)
    assert read(counter).stale is False


def test_an_answer_of_another_shape_is_garbled(counter: Counter) -> None:
    """And nothing of it is kept."""
    counter.office.answer = {"visits": "x"}
    with pytest.raises(BackEndGarbled):
        read(counter)
    counter.office.answer = NEWS
    counter.clock.advance(TRY_AGAIN_SECONDS)
    assert read(counter).stale is False


def test_of_many_at_once_one_asks(counter: Counter) -> None:
    """Threads that come while the first question is under way wait for its answer."""
    gate, asked = threading.Event(), threading.Event()

    def take_time() -> None:
        asked.set()
        gate.wait(5)

    counter.faults.interrupt_in(0, take_time)  # an office that takes its time
    told: list[Found] = []
    threads = [threading.Thread(target=lambda: told.append(read(counter))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert asked.wait(5)
    gate.set()
    for thread in threads:
        thread.join(5)
    assert (len(told), counter.office.count("fetch")) == (8, 1)


def test_of_many_that_wait_for_silence_none_asks_again(counter: Counter) -> None:
    """An office that says nothing holds one thread, not each in turn."""
    counter.office.script.plan("fetch", *["timeout"] * 8)
    for _ in range(8):
        with pytest.raises(Exception, match="outcome_unknown"):
            read(counter)
    assert counter.office.count("fetch") == 1


def test_nobody_waits_while_an_older_answer_is_refreshed(counter: Counter) -> None:
    """One asks; the others are shown what is there, as older."""
    read(counter)
    counter.clock.advance(301)
    seen: list[Found] = []
    counter.faults.interrupt_in(0, lambda: seen.append(read(counter)))
    assert read(counter).stale is False
    assert [one.stale for one in seen] == [True]


def test_the_shelf_does_not_grow_without_bound() -> None:
    """The set of filters that was not asked for longest goes first."""
    shelf = InformationShelf()
    first = shelf.entry("0")
    for number in range(1, ENTRIES + 1):
        shelf.entry(str(number))
    assert shelf.entry("0") is not first
    assert shelf.entry(str(ENTRIES)) is shelf.entry(str(ENTRIES))


def test_switched_off_nothing_is_read_or_looked_up(counter: Counter) -> None:
    """With the sentence, though an answer is on the shelf."""
    read(counter)
    for service in ("pet-news", "pet-record"):
        counter.switched_off[service] = {Language.ZH_CN: "维护", Language.EN: "Maintenance"}
    with pytest.raises(ServiceOff):
        read(counter)
    with pytest.raises(ServiceOff):
        look_up(counter.till, counter.wang, counter.catalogue.service("pet-record"), {"pet_kind": "DOG"})


def test_a_look_up_is_asked_each_time(counter: Counter) -> None:
    """The applicant as far as needed, the declared outputs masked, the moment of now."""
    counter.office.answer = {"licence_no": "LN0000000017", "fee": 1050, "visits": [], "identity": "canary"}
    mapping = counter.catalogue.service("pet-record")
    for _ in range(2):
        found = look_up(counter.till, counter.wang, mapping, {"pet_kind": "DOG"})
        counter.clock.advance(1)
    assert found.outputs == {"licence_no": "****0017", "fee": 1050, "valid_until": None, "visits": []}
    assert found.current_at < counter.clock.now()
    operation, values, purpose, _ = counter.office.calls[-1]
    assert (operation, purpose, counter.office.count("look_up")) == ("look_up", "look_up", 2)
    assert values["inputs"] == {"pet_kind": "DOG"}


def test_a_look_up_needs_the_level_and_the_form(counter: Counter) -> None:
    """In this order; the office hears of neither."""
    mapping = make_lookup()
    with pytest.raises(AssuranceTooLow):
        look_up(counter.till, counter.add_citizen("li", None), mapping, {})
    with pytest.raises(InputRefused):
        look_up(counter.till, counter.wang, mapping, {})
    with pytest.raises(AssuranceTooLow):
        read_information(
            counter.till, counter.shelf, replace(counter.wang, assurance=counter.wang.assurance.ANONYMOUS),
            replace(counter.catalogue.service("pet-news"), assurance=counter.wang.assurance.PHONE), {},
        )  # fmt: skip
    assert counter.office.calls == []
