"""What a result shows: the declared outputs, each of its type, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import BackEndGarbled
from services.outputs import mask_outputs, read_outputs
from tests.small_services import make_application

OUTPUTS = make_application().outputs
GOOD: dict[str, Any] = {
    "licence_no": "LN2026112400017", "fee": 1050, "valid_until": "2027-11-24",
    "visits": [{"visited_at": "2026-11-24T16:00:00+08:00", "remark": None}],
}  # fmt: skip
CANARY = "canary-110101199003070011"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)  # fmt: skip


def test_values_are_read_by_their_types() -> None:
    """Money stays whole fen, a moment becomes UTC to the second, an absent optional output is null."""
    read = read_outputs(OUTPUTS, {**GOOD, "valid_until": None})
    assert read == {
        "licence_no": "LN2026112400017", "fee": 1050, "valid_until": None,
        "visits": [{"visited_at": "2026-11-24T08:00:00Z", "remark": None}],
    }  # fmt: skip


def test_what_is_not_declared_is_dropped_at_every_depth() -> None:
    """A back end that sends more than was asked shows no more than was declared."""
    rich = {**GOOD, "owner_id": CANARY, "visits": [{**GOOD["visits"][0], "vet": CANARY, "deep": {"a": [CANARY]}}]}
    assert CANARY not in json.dumps(read_outputs(OUTPUTS, rich))


def test_masks_are_those_of_the_mapping() -> None:
    """A licence number is shown by its end."""
    assert mask_outputs(OUTPUTS, read_outputs(OUTPUTS, GOOD))["licence_no"] == "****0017"


@pytest.mark.parametrize(("name", "value"), [
    ("licence_no", None), ("licence_no", 7), ("licence_no", "x" * 20_001), ("licence_no", '{"a": 1}'), ("licence_no", "[1]"),
    ("licence_no", "\ud800"), ("fee", "10.50"), ("fee", 10.5), ("fee", True), ("fee", 10**14), ("valid_until", "24.11.2026"),
    ("valid_until", "2026-02-30"), ("visits", {}), ("visits", [{}] * 2001), ("visits", [1]), ("visits", [{"visited_at": "2026-11-24"}]),
    ("visits", [{"visited_at": "2026-11-24T16:00:00"}]),
])  # fmt: skip
def test_another_type_is_garbled(name: str, value: Any) -> None:
    """Nothing of a result is believed that has one value of another type; a text that is JSON would be read as structure."""
    with pytest.raises(BackEndGarbled) as caught:
        read_outputs(OUTPUTS, {**GOOD, name: value})
    assert str(value) not in str(caught.value) or value in (None, 7, {}, [1])


@pytest.mark.parametrize("found", [None, [], "x", 1])
def test_a_result_is_a_table(found: Any) -> None:
    """Anything else is garbled."""
    with pytest.raises(BackEndGarbled):
        read_outputs(OUTPUTS, found)


@given(ANYTHING)
def test_any_answer_is_declared_or_garbled(found: Any) -> None:
    """Whatever a back end says, what comes out has the declared names and no other."""
    try:
        read = read_outputs(OUTPUTS, found)
    except BackEndGarbled:
        return
    assert set(read) == set(OUTPUTS)


def test_texts_of_several_lines_become_one() -> None:
    """Line ends and invisible characters of a notice are gone; a bracket at the start is only a bracket."""
    text = read_outputs(OUTPUTS, {**GOOD, "licence_no": "[急]\r\n甲\u2028乙\u200b丙\x07"})["licence_no"]
    assert text == "[急] 甲 乙丙"
