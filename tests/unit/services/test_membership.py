"""To which chains a leaf belongs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chains import name_connection, name_person
from services.leaves import read_leaf
from services.membership import list_chains, list_persons
from tests.unit.services.test_leaves import LEAVES

BODIES = {leaf.kind: read_leaf(leaf.data) for leaf in LEAVES}
ACTOR, OTHER = UUID(int=21), UUID(int=22)
SEEN = BODIES["exposure"] | {"actor": str(ACTOR), "concerned": [str(OTHER), str(ACTOR)], "account": "wx1"}
CONNECTION = name_connection(UUID(SEEN["agency"]), SEEN["platform"], "wx1")
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6)  # fmt: skip


def test_an_exposure_stands_with_its_connection_and_everybody_whom_it_names() -> None:
    """The connection first, then actor and persons concerned, each once."""
    assert list_chains(SEEN) == [CONNECTION, name_person(ACTOR), name_person(OTHER)]


def test_an_outcome_stands_where_its_record_stands() -> None:
    """Its chains are those of the record; without it, or of another outcome, it has none."""
    assert list_chains(BODIES["outcome"], SEEN) == list_chains(SEEN)
    assert list_chains(BODIES["outcome"]) == list_chains(BODIES["outcome"], BODIES["outcome"]) == []


def test_what_speaks_of_chains_stands_in_them() -> None:
    """An attribution with the person whom it names, a join with both, a closing with the one; a release with nobody."""
    kinds = {kind: [str(chain) for chain in list_persons(body)] for kind, body in BODIES.items()}
    for kind, members in (
        ("attribution", ["chain"]),
        ("join", ["chain", "into"]),
        ("closing", ["chain"]),
        ("publication", []),
    ):
        assert kinds[kind] == [BODIES[kind][member] for member in members]
        assert list_chains(BODIES[kind]) == [name_person(UUID(one)) for one in kinds[kind]]


@pytest.mark.parametrize("member", ["actor", "concerned", "agency", "platform", "account", "chain", "into"])
@given(value=ANYTHING)
def test_whatever_stands_in_a_leaf_is_a_chain_or_none(member: str, value: Any) -> None:
    """No value of a member upsets it, and an id counts in its one written form only."""
    for body in (SEEN, BODIES["attribution"], BODIES["join"], BODIES["closing"]):
        assert all(len(name) == 32 for name in list_chains(body | {member: value}))
    assert list_persons(BODIES["closing"] | {"chain": str(ACTOR).replace("-", "")}) == []
