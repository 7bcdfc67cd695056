"""What a service takes is counted from its mapping: each kind's way, each spared thing, and what can never make it less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.counter_terms import Material
from services.effort import (
    AGAIN,
    APPLYING,
    Asked,
    Effort,
    Sort,
    When,
    ask_mapping,
    count_effort,
    derive_trips,
    label_at,
    label_service,
)
from services.effort_rules import compare_neighbours
from services.effort_words import REASONS, THINGS
from services.mapping import Input
from services.model import Assurance, Language
from tests.case_samples import make_case_mapping, make_terms
from tests.fakes import load_catalogue

SHIPPED = load_catalogue().services
ONLINE = ("wechat", "alipay", "web")
SAY = {Language.ZH_CN: "项", Language.EN: "item"}
TYPES = ("text", "digits", "date", "month", "choice", "money", "whole", "flag")
inputs = st.builds(
    Input, name=st.just(""), type=st.sampled_from(TYPES), label=st.just(SAY), optional=st.booleans(),
    prefilled_from=st.sampled_from(["", "", "account.phone", "back_end.value"]), editable=st.booleans(),
)  # fmt: skip
materials = st.builds(
    Material, name=st.just("m"), title=st.just(SAY), level=st.sampled_from("ABCD"), optional=st.booleans(),
    secondary=st.booleans(),
)  # fmt: skip
deliveries = st.lists(st.sampled_from(("electronic", "window", "post")), min_size=1, unique=True).map(tuple)
promised = st.fixed_dictionaries({
    "clicks": st.just(100), "trips": st.integers(0, 9),
    "preconditions": st.lists(
        st.fixed_dictionaries({"name": st.just({"zh-CN": "前置", "en": "before"}), "trips": st.integers(0, 3), "legal_ground": st.just("法")}),
        max_size=3,
    ),
})  # fmt: skip


@st.composite
def services(draw: st.DrawFn) -> Asked:
    """Any service of any kind."""
    kind = draw(st.sampled_from(("bill", "application", "case", "lookup", "information")))
    asked = {f"i{at}": replace(one, name=f"i{at}") for at, one in enumerate(draw(st.lists(inputs, max_size=6)))}
    counter = None
    if kind == "case":
        papers = {f"m{at}": replace(one, name=f"m{at}") for at, one in enumerate(draw(st.lists(materials, max_size=5)))}
        applicants = draw(st.sampled_from((("person",), ("organisation",), ("person", "organisation"))))
        counter = make_terms(materials=papers, delivery=draw(deliveries), applicants=applicants)
    assurance = draw(st.sampled_from(list(Assurance)))
    return Asked(kind, assurance, asked, kind == "bill" and draw(st.booleans()), counter, draw(promised))


doors = st.sampled_from((*ONLINE, "window"))


def weigh(effort: Effort) -> tuple[int, ...]:
    """Clicks and fields of everything, and trips."""
    everything = tuple(When)
    return effort.count(Sort.CLICK, everything) + effort.count(Sort.FIELD, everything), effort.trips


def keep_rest(changed: Asked, before: Asked) -> Asked:
    """With as many trips that only the law explains as before: a promise is a sum, so it moves with those that follow from the mapping."""
    trips, were = (sum(line.count for line in derive_trips(one)) for one in (changed, before))
    rest = max(before.effort["trips"] - were, 0)
    return replace(changed, effort={**changed.effort, "trips": trips + rest})


@given(services(), inputs, doors)
def test_an_input_more_is_never_less(asked: Asked, one: Input, door: str) -> None:
    """Whatever is asked for besides, nothing of the label gets smaller; one that must be typed at a phone makes it larger by exactly one."""
    more = replace(asked, inputs={**asked.inputs, "more": replace(one, name="more")})
    before, after = count_effort(asked, door), count_effort(more, door)
    assert all(now >= was for now, was in zip(weigh(after), weigh(before), strict=True))
    needed = not one.prefilled_from and not one.optional
    assert weigh(after)[0] - weigh(before)[0] == (1 if needed and door != "window" else 0)


@given(services(), doors, st.sampled_from(("prefilled", "optional")), st.data())
def test_sparing_somebody_an_input_is_never_more(asked: Asked, door: str, how: str, data: st.DataObject) -> None:
    """What the government fills in, or lets be left out, never raises a count."""
    if not asked.inputs:
        return
    name = data.draw(st.sampled_from(sorted(asked.inputs)))
    changes: dict[str, Any] = {"optional": True} if how == "optional" else {"prefilled_from": "back_end.value"}
    spared = replace(asked, inputs={**asked.inputs, name: replace(asked.inputs[name], **changes)})
    assert all(
        now <= was for now, was in zip(weigh(count_effort(spared, door)), weigh(count_effort(asked, door)), strict=True)
    )


@given(services(), materials, doors)
def test_a_material_more_is_never_less(asked: Asked, one: Material, door: str) -> None:
    """A paper more costs something or nothing; one that is fetched from a register costs nothing."""
    if asked.counter is None:
        return
    counter = replace(asked.counter, materials={**asked.counter.materials, "more": replace(one, name="more")})
    more = replace(asked, counter=counter)
    before, after = weigh(count_effort(asked, door)), weigh(count_effort(keep_rest(more, asked), door))
    assert all(now >= was for now, was in zip(after, before, strict=True))
    if one.level == "A":
        assert after == before


@given(services(), doors)
def test_fetching_a_paper_instead_of_asking_for_it_is_never_more(asked: Asked, door: str) -> None:
    """A material that moves from the citizen to a register lowers the label or leaves it."""
    if asked.counter is None:
        return
    fetched = {name: replace(one, level="A") for name, one in asked.counter.materials.items()}
    spared = keep_rest(replace(asked, counter=replace(asked.counter, materials=fetched)), asked)
    assert all(
        now <= was for now, was in zip(weigh(count_effort(spared, door)), weigh(count_effort(asked, door)), strict=True)
    )


@given(services(), doors, st.integers(1, 3))
def test_a_precondition_costs_its_trips(asked: Asked, door: str, trips: int) -> None:
    """Trips before the service are trips of the service: a precondition more that the promise covers moves none of them away."""
    entry = {"name": {"zh-CN": "前置", "en": "before"}, "trips": trips, "legal_ground": "法"}
    effort = {
        **asked.effort,
        "preconditions": [*asked.effort["preconditions"], entry],
        "trips": asked.effort["trips"] + trips,
    }
    before, after = count_effort(asked, door), count_effort(replace(asked, effort=effort), door)
    assert after.trips - before.trips == trips


@given(services(), doors)
def test_it_is_a_pure_function_whose_every_entry_says_why(asked: Asked, door: str) -> None:
    """The same mapping gives the same label, and each count of it is the sum of entries with a thing and a reason in two languages."""
    effort = count_effort(asked, door)
    assert effort == count_effort(asked, door)
    for line in effort.lines:
        assert line.count >= 0
        assert set(REASONS[line.code]) == {Language.ZH_CN, Language.EN}
        assert line.what[Language.ZH_CN]
    assert effort.clicks == sum(
        one.count for one in effort.lines if one.sort is Sort.CLICK and one.when is not When.KNOWN
    )
    assert effort.count(Sort.CLICK, AGAIN) <= effort.clicks


@given(services(), doors)
def test_no_trip_is_counted_twice_or_lost(asked: Asked, door: str) -> None:
    """At a phone the trips are what the mapping promises, or more where its own graph needs more."""
    effort = count_effort(asked, "wechat")
    assert effort.trips >= max(asked.effort["trips"], sum(one["trips"] for one in asked.effort["preconditions"]))
    at_window = count_effort(asked, "window")
    assert (at_window.clicks, at_window.fields, at_window.screens) == (0, 0, 0)
    assert at_window.trips >= 1


def test_words_and_entries_agree() -> None:
    """No thing is without a reason."""
    assert set(THINGS) <= set(REASONS)


@pytest.mark.parametrize("service", sorted(SHIPPED))
def test_no_shipped_mapping_promises_less_than_it_takes(service: str) -> None:
    """The promise is a ceiling at every door without staff; at the window only the way there is beside it."""
    mapping = SHIPPED[service]
    for effort in label_service(mapping):
        if effort.door in ONLINE:
            assert effort.clicks <= mapping.effort["clicks"]
            assert effort.trips == mapping.effort["trips"]
        else:
            assert effort.trips == mapping.effort["trips"] + 1


@pytest.mark.parametrize(
    ("kind", "first", "again"), [("bill", (4, 1, 5), (2, 0, 3)), ("information", (1, 0, 2), (1, 0, 2))]
)
def test_the_way_of_a_kind(kind: str, first: tuple[int, ...], again: tuple[int, ...]) -> None:
    """Clicks, fields and screens of a plain service, the first time and from then on."""
    plain = [one for one in SHIPPED.values() if one.kind == kind and one.payment.amount == "billed"]
    assert plain
    for mapping in plain:
        effort = label_at(mapping, "wechat")
        assert (effort.clicks, effort.fields, effort.screens) == first
        assert tuple(effort.count(sort, AGAIN) for sort in (Sort.CLICK, Sort.FIELD, Sort.SCREEN)) == again


def test_one_confirmation_where_everything_is_filled_in() -> None:
    """Something of the catalogue is click once, and it is what has only prefilled inputs."""
    once = {name for name, one in SHIPPED.items() if one.inputs and label_at(one, "wechat").is_click_once}
    filled = {
        name
        for name, one in SHIPPED.items()
        if one.kind in ("application", "lookup", "information")
        and one.inputs
        and all(asked.prefilled_from or asked.optional for asked in one.inputs.values())
    }
    assert once == filled
    assert {SHIPPED[name].kind for name in once} >= {"application"}


def test_a_case_where_all_is_fetched_is_handed_in_by_one_click() -> None:
    """Without papers no draft is needed first, and one way of delivery is no choice."""
    fetched = Material("licence", SAY, "A")
    mapping = replace(
        make_case_mapping(materials={"licence": fetched}, delivery=("electronic",), applicants=("person",)), inputs={}
    )
    effort = label_at(mapping, "web")
    assert effort.is_click_once
    assert [line.code for line in effort.lines if line.sort is Sort.CLICK and line.count and line.when in APPLYING] == [
        "hand_in"
    ]


def test_originals_and_a_result_at_the_window_are_trips() -> None:
    """A paper that is seen at a window, and a result that is given out there alone, are a way each."""
    papers = {
        "deed": Material("deed", SAY, "B"),
        "plan": Material("plan", SAY, "B"),
        "card": Material("card", SAY, "B", optional=True),
    }
    asked = ask_mapping(make_case_mapping(materials=papers, delivery=("window",)))
    told = [(line.code, line.count) for line in count_effort(asked, "wechat").lines if line.sort is Sort.TRIP]
    assert told == [("originals", 1), ("collect_at_window", 1)]
    told = [(line.code, line.count) for line in count_effort(asked, "window").lines if line.sort is Sort.TRIP]
    assert told == [("come", 1), ("collect_at_window", 1)]


def test_who_one_is_stands_apart() -> None:
    """Proving a name is told, and is in no service's count."""
    asked = ask_mapping(make_case_mapping())
    known = count_effort(asked, "wechat")
    assert (known.count(Sort.CLICK, [When.KNOWN]), known.count(Sort.FIELD, [When.KNOWN])) == (2, 2)
    nobody = count_effort(replace(asked, assurance=Assurance.ANONYMOUS), "wechat")
    assert (nobody.clicks, nobody.fields) == (known.clicks, known.fields)


def test_a_neighbour_is_exceeded_by_much_or_not_at_all() -> None:
    """One input more does not stand out; ten do, and so does a trip that nobody else of the kind asks for."""
    plain = [
        replace(one, id=f"plain-{at}")
        for at, one in enumerate([SHIPPED[name] for name in sorted(SHIPPED) if SHIPPED[name].kind == "lookup"] * 2)
    ]
    asked = plain[0]
    one = next(iter(asked.inputs.values()))

    def widen(count: int, **more: Any) -> bool:
        inputs = {**asked.inputs, **{f"i{at}": replace(one, name=f"i{at}") for at in range(count)}}
        odd = replace(asked, id="odd", inputs=inputs, **more)
        return compare_neighbours([*plain[1:], odd])["odd"].stands_out

    assert not widen(0)
    assert not widen(1)
    assert widen(10)
    assert widen(0, effort={"clicks": 9, "trips": 1, "legal_ground": "法", "preconditions": []})
    assert not compare_neighbours([asked])[asked.id].stands_out
