"""Chains: a record that is missing, doubled, exchanged or put in has a name and a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chains import (
    EMPTY,
    START,
    ChainFault,
    ChainFaultKind,
    ChainHead,
    Link,
    append_leaf,
    check_chain,
    link_leaves,
    name_connection,
    name_person,
)
from services.merkle import hash_leaf
from tests import naive_trees

NAME = name_person(UUID(int=5))
LEAVES = [hash_leaf(bytes([number])) for number in range(30)]
Kind = ChainFaultKind


def link_up(count: int, name: bytes = NAME) -> tuple[list[Link], ChainHead]:
    """A chain of the first leaves."""
    head, links = EMPTY, []
    for leaf in LEAVES[:count]:
        links.append(Link(head.length + 1, head.head, leaf))
        head = append_leaf(name, head, leaf)
    return links, head


def join(links: list[Link], name: bytes = NAME) -> list[Link]:
    """The same leaves with numbers and links made to fit, as somebody would who can rewrite them all."""
    made, head = [], EMPTY
    for link in links:
        made.append(Link(head.length + 1, head.head, link.leaf_hash))
        head = append_leaf(name, head, link.leaf_hash)
    return made


@given(st.integers(0, 30))
def test_a_whole_chain_is_complete_and_ends_as_the_definition_says(count: int) -> None:
    """Linked one by one, and computed independently."""
    links, head = link_up(count)
    assert head == ChainHead(count, naive_trees.chain_head(NAME, LEAVES[:count]))
    assert check_chain(NAME, links, head) is None
    assert (links[0].previous == START) if links else head == EMPTY


@given(st.lists(st.lists(st.integers(0, 3), max_size=3, unique=True), max_size=12), st.integers(0, 12))
def test_a_batch_links_as_one_leaf_after_the_other(chains: list[list[int]], cut: int) -> None:
    """A leaf in several chains, a chain several times in a batch, and any cut into two batches: the same links and ends."""
    names = [[name_person(UUID(int=one)) for one in row] for row in chains]
    leaves = LEAVES[: len(names)]
    heads: dict[bytes, ChainHead] = {}
    for leaf, row in zip(leaves, names, strict=True):
        heads.update({name: append_leaf(name, heads.get(name, EMPTY), leaf) for name in row})
    first, ends = link_leaves(leaves[:cut], names[:cut], {})
    second, later = link_leaves(leaves[cut:], names[cut:], ends)
    assert {**ends, **later} == heads
    for name, head in heads.items():
        mine = [Link(number, before, leaves[place]) for place, chain, number, before in first if chain == name]
        mine += [Link(number, before, leaves[cut + place]) for place, chain, number, before in second if chain == name]
        assert check_chain(name, mine, head) is None


@pytest.mark.parametrize(("leaf", "name"), [(b"l", NAME), (LEAVES[0], b"n")])
def test_a_batch_is_made_of_hashes_only(leaf: bytes, name: bytes) -> None:
    """Another length is refused in a batch too."""
    with pytest.raises(ValueError, match="32 bytes"):
        link_leaves([leaf], [[name]], {})


REWRITTEN: dict[str, Callable[[list[Link]], list[Link]]] = {
    "left out": lambda links: links[:3] + links[4:], "last left out": lambda links: links[:-1], "exchanged": lambda links: [links[1], links[0], *links[2:]],
    "put in": lambda links: [*links[:4], replace(links[0], leaf_hash=LEAVES[29]), *links[4:]], "all left out": lambda _links: [],
    "replaced": lambda links: [*links[:4], replace(links[4], leaf_hash=LEAVES[29]), *links[5:]], "last doubled": lambda links: [*links, links[-1]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda links: links[1:], ChainFault(Kind.FIRST_MISSING, 1)),
        (lambda _links: [], ChainFault(Kind.FIRST_MISSING, 1)),
        (lambda links: links[:4] + links[5:], ChainFault(Kind.MISSING, 5)),
        (lambda links: links[:4] + links[7:], ChainFault(Kind.MISSING, 5)),
        (lambda links: links[:-1], ChainFault(Kind.LAST_MISSING, 10)),
        (lambda links: links[:-4], ChainFault(Kind.LAST_MISSING, 7)),
        (lambda links: [*links[:3], links[4], links[3], *links[5:]], ChainFault(Kind.OUT_OF_ORDER, 5)),
        (lambda links: links[::-1], ChainFault(Kind.OUT_OF_ORDER, 10)),
        (lambda links: [*links[:4], links[3], *links[4:]], ChainFault(Kind.REPEATED, 4)),
        (lambda links: [*links, links[-1]], ChainFault(Kind.REPEATED, 10)),
        (lambda links: [*links, Link(11, links[0].previous, LEAVES[11])], ChainFault(Kind.NOT_OF_CHAIN, 11)),
        (lambda links: [Link(0, START, LEAVES[11]), *links], ChainFault(Kind.NOT_OF_CHAIN, 0)),
        (lambda links: [Link(-3, START, LEAVES[11]), *links], ChainFault(Kind.NOT_OF_CHAIN, -3)),
        (lambda links: [*links[:4], replace(links[4], leaf_hash=LEAVES[11]), *links[5:]], ChainFault(Kind.PREVIOUS_DIFFERS, 6)),
        (lambda links: [*links[:4], replace(links[4], previous=START), *links[5:]], ChainFault(Kind.PREVIOUS_DIFFERS, 5)),
        (lambda links: [replace(links[0], previous=LEAVES[0]), *links[1:]], ChainFault(Kind.PREVIOUS_DIFFERS, 1)),
        (lambda links: [*links[:-1], replace(links[-1], leaf_hash=LEAVES[11])], ChainFault(Kind.HEAD_DIFFERS, 10)),
        (lambda links: [*links[:4], replace(links[4], leaf_hash=b""), *links[5:]], ChainFault(Kind.NOT_OF_CHAIN, 5)),
    ],
)  # fmt: skip
def test_each_tampering_has_its_name_and_its_place(
    change: Callable[[list[Link]], list[Link]], fault: ChainFault
) -> None:
    """Of ten records: the first fault, by the number of the record."""
    links, head = link_up(10)
    assert check_chain(NAME, change(links), head) == fault
    assert str(fault) == f"{fault.kind} at {fault.number}"


@pytest.mark.parametrize("how", REWRITTEN)
def test_a_chain_that_was_linked_up_again_does_not_end_as_the_map_says(how: str) -> None:
    """Whoever rewrites all numbers and links is found by count and head, and with the true head by nothing less."""
    links, head = link_up(10)
    forged = join(REWRITTEN[how](links))
    assert check_chain(NAME, forged, head) is not None
    assert check_chain(NAME, forged, head._replace(length=len(forged))) == (ChainFault(Kind.HEAD_DIFFERS, len(forged)))


def test_an_empty_answer_is_complete_only_for_a_chain_that_is_not_in_the_map() -> None:
    """With records in the map an empty answer lacks the first; without, a record too many has no place."""
    links, head = link_up(3)
    assert check_chain(NAME, [], EMPTY) is None
    assert check_chain(NAME, [], head) == ChainFault(Kind.FIRST_MISSING, 1)
    assert check_chain(NAME, links, EMPTY) == ChainFault(Kind.NOT_OF_CHAIN, 1)


def test_a_chain_cannot_be_passed_off_as_anothers() -> None:
    """The name is part of each link: with another name the second link does not fit any more."""
    links, head = link_up(10)
    assert check_chain(name_person(UUID(int=6)), links, head) == ChainFault(Kind.PREVIOUS_DIFFERS, 2)
    assert link_up(1)[1] != link_up(1, name_person(UUID(int=6)))[1]


def test_names_of_persons_and_connections_never_meet() -> None:
    """Another id, kind, agency, platform or account is another name, however the parts are cut."""
    agency = UUID(int=5)
    names = [
        name_person(agency), name_person(UUID(int=6)), name_connection(agency, "wechat", "app"), name_connection(UUID(int=6), "wechat", "app"),
        name_connection(agency, "wechata", "pp"), name_connection(agency, "alipay", "app"), name_connection(agency, "wechat", "app\x00"),
        name_connection(agency, "wechat", ""),
    ]  # fmt: skip
    assert len(set(names)) == len(names)
    assert {len(name) for name in names} == {32}
    with pytest.raises(ValueError, match="zero byte"):
        name_connection(agency, "we\x00chat", "app")


@pytest.mark.parametrize(
    ("name", "head", "leaf"), [(b"n", EMPTY, START), (NAME, EMPTY, b""), (NAME, ChainHead(1, b"h"), START)]
)
def test_a_link_is_made_of_hashes_only(name: bytes, head: ChainHead, leaf: bytes) -> None:
    """Another length is refused: else two different chains could be one sequence of bytes."""
    with pytest.raises(ValueError, match="32 bytes"):
        append_leaf(name, head, leaf)
