"""Forms: prefilled with what the government has, masked, never asked twice, never overridden."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import BackEndGarbled, BackEndUnreachable, InputRefused, ServiceUnknown
from services.forms import find_prefilled, find_service, load_person, name_applicant, read_form, show_prefilled
from services.model import Assurance
from tests.fake_counter import FORM, Counter
from tests.small_services import make_application

MAPPING = make_application()
KNOWN: dict[str, Any] = {"owner_name": "王小明", "address_known": "示范市东城区一路1号", "income": 5_000_000}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=3)
)


def show(counter: Counter, *, real: bool = True) -> dict[str, Any]:
    """The prefilled values as the citizen sees them."""
    caller = counter.wang if real else counter.add_citizen("li", None)
    known = find_prefilled(counter.till, caller, counter.mapping, load_person(counter.till, caller))
    return show_prefilled(counter.mapping, known)


def test_what_is_known_is_shown_masked_or_to_be_changed() -> None:
    """Account and office; money as it would be entered."""
    assert show(Counter()) == {
        "owner_name": "**明",
        "address_known": "示范市****",
        "income": "50000.00",
    }


def test_the_office_is_not_asked_for_somebody_not_known_well_enough() -> None:
    """A lower level sees nothing that a higher one would."""
    counter = Counter()
    assert show(counter, real=False) == {}
    assert counter.office.calls == []


@pytest.mark.parametrize("known", [{}, {"address": None, "income": ""}])
def test_what_the_office_does_not_know_is_absent(known: dict[str, Any]) -> None:
    """Nothing known is no error of the form."""
    counter = Counter()
    counter.office.known = known
    assert show(counter) == {"owner_name": "**明"}
    counter.office.script.plan("prefill", "no_such_record")
    assert show(counter) == {"owner_name": "**明"}


@pytest.mark.parametrize(
    "known", [{"income": "1.234"}, {"income": 1.5}, {"address": 7}, {"address": "x" * 501}, {"address": "a\u202eb"}]
)
def test_a_prefilled_value_is_held_against_its_own_declaration(known: dict[str, Any]) -> None:
    """What an office gives is no better than what a citizen types."""
    counter = Counter()
    counter.office.known = known
    with pytest.raises(BackEndGarbled):
        show(counter)


def test_an_office_that_is_away_is_told() -> None:
    """A form without what only the office has would ask for it in vain."""
    counter = Counter()
    counter.office.script.plan("prefill", "unreachable")
    with pytest.raises(BackEndUnreachable):
        show(counter)


@pytest.mark.parametrize(("level", "names"), [
    (Assurance.ANONYMOUS, set()), (Assurance.PHONE, {"phone"}), (Assurance.REAL_NAME, {"phone", "name", "identity_number"}),
])  # fmt: skip
def test_an_office_learns_who_asks_only_as_far_as_its_service_needs(level: Assurance, names: set[str]) -> None:
    """A service that needs a phone is not told a name that happens to be proven."""
    counter = Counter()
    assert set(name_applicant(load_person(counter.till, counter.wang), level)) == names


@given(st.dictionaries(st.sampled_from([*MAPPING.inputs, "nobody", ""]), ANYTHING))
def test_a_form_is_read_as_declared_or_refused(sent: dict[str, Any]) -> None:
    """Whatever is sent: what comes out is what is declared, and what is prefilled is the government's."""
    try:
        values = read_form(MAPPING, sent, KNOWN)
    except InputRefused:
        return
    assert set(values) == set(MAPPING.inputs)
    assert (values["owner_name"], values["address_known"]) == (KNOWN["owner_name"], KNOWN["address_known"])


@pytest.mark.parametrize("name", ["owner_name", "address_known"])
@pytest.mark.parametrize("value", [None, "", "王小明", "李秀英", []])
def test_a_prefilled_value_cannot_be_sent_whatever_it_is(name: str, value: Any) -> None:
    """Not even the right one, and not an empty one: it would have passed through the platform."""
    with pytest.raises(InputRefused) as caught:
        read_form(MAPPING, {**FORM, name: value}, KNOWN)
    assert caught.value.detail == {f"inputs.{name}": "prefilled"}


def test_an_editable_value_may_be_left_out_but_not_emptied() -> None:
    """Left out, it is what the office had; emptied, it is missing."""
    assert read_form(MAPPING, FORM, KNOWN)["income"] == 5_000_000
    with pytest.raises(InputRefused) as caught:
        read_form(MAPPING, {**FORM, "income": ""}, KNOWN)
    assert caught.value.detail == {"inputs.income": "required"}


@pytest.mark.parametrize("kinds", [("bill",), ("lookup", "information")])
def test_a_service_of_another_kind_is_unknown(kinds: tuple[str, ...]) -> None:
    """An address of one kind knows no service of another."""
    counter = Counter()
    assert find_service(counter.till, counter.wang, "pet-licence", "application") is counter.mapping
    with pytest.raises(ServiceUnknown):
        find_service(counter.till, counter.wang, "pet-licence", *kinds)
