"""A till's graph, its count and its books, without anything around it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cash_till import (
    EDGES,
    PIECES_FEN,
    START,
    CashTill,
    Count,
    Method,
    TillEdgeUnknown,
    TillEvent,
    TillFile,
    TillState,
    describe_count,
    follow_till,
    has_difference,
    read_pieces,
    read_yuan,
)
from services.errors import InputRefused
from tests.fakes import ROOT

AT, ID = datetime(2026, 11, 2, 2, 0, tzinfo=UTC), UUID(int=7)
S = TillState


def make_file(float_fen: int = 0) -> TillFile:
    till = CashTill(ID, ID, ID, 1, AT, date(2026, 11, 2))
    return TillFile(till, (TillEvent(ID, 1, START, S.OPEN, AT, ID, {"cash_fen": float_fen}),))


def test_nothing_leaves_a_closed_till() -> None:
    """No edge begins at closed, and only counting leads there."""
    assert not [edge for edge in EDGES if edge[0] is S.CLOSED]
    assert {before for before, _, after in EDGES if after is S.CLOSED} == {S.COUNTED}
    with pytest.raises(TillEdgeUnknown):
        follow_till(S.CLOSED, "money_taken")


def test_a_counted_till_takes_nothing() -> None:
    """Between the count and its countersignature no money comes or goes, and the clerk cannot count again by themselves."""
    assert {event for before, event, _ in EDGES if before is S.COUNTED} == {
        "difference_explained", "count_sent_back", "till_closed",
    }  # fmt: skip


def test_the_documentation_shows_this_graph() -> None:
    """The table in docs/window.md is the graph, edge by edge."""
    text = (ROOT / "docs" / "window.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    shown = [tuple(row[:3]) for row in rows if len(row) == 4 and row[0] in {str(state) for state in S}]
    assert shown == [(str(before), event, str(after)) for before, event, after in EDGES]


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(list(Method)), st.integers(1, 10**9)), max_size=40),
    st.integers(0, 10**8),
)
def test_the_books_are_the_float_and_takings_less_returns(
    moves: list[tuple[bool, Method, int]], float_fen: int
) -> None:
    """Whatever the order, the books say float plus cash taken less cash given back, and card likewise; payees sum up to the same."""
    file = make_file(float_fen)
    for taken, method, amount in moves:
        name = "money_taken" if taken else "money_returned"
        data = {"method": str(method), "amount_fen": amount, "payee": f"p{amount % 3}"}
        file = TillFile(file.till, (*file.events, file.follow(name, AT, ID, data)))
    sums = {method: sum(a if taken else -a for taken, m, a in moves if m is method) for method in Method}
    assert (file.books.cash_fen, file.books.card_fen) == (sums[Method.CASH], sums[Method.CARD])
    assert file.books.expected_cash_fen == float_fen + sums[Method.CASH]
    by_payee = file.sum_by_payee()
    assert sum(by_payee.values()) == file.books.cash_fen + file.books.card_fen


@given(st.dictionaries(st.sampled_from(PIECES_FEN), st.integers(0, 1000)), st.integers(-500, 500))
def test_a_count_is_the_sum_of_its_pieces(pieces: dict[int, int], card_fen: int) -> None:
    """What is counted is pieces times value; a difference is seen in cash and in card, of one fen too."""
    count = Count(pieces, card_fen)
    assert count.cash_fen == sum(fen * many for fen, many in pieces.items())
    told = describe_count(count, make_file(count.cash_fen + 1).books)
    assert (told["cash_difference_fen"], told["card_difference_fen"]) == (-1, card_fen)
    event = TillEvent(ID, 2, "till_counted", S.COUNTED, AT, ID, told)
    assert has_difference(event)


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "١", "1e3", "100001", "9" * 13])
def test_a_number_of_pieces_is_a_whole_number(text: str) -> None:
    """Anything but a whole number of notes is refused at its place."""
    with pytest.raises(InputRefused) as refused:
        read_pieces({"100": text})
    assert refused.value.detail == {"pieces.100": "not_a_number"}


def test_an_unknown_note_is_refused() -> None:
    """There is no note of three yuan; an empty field is none of that kind."""
    with pytest.raises(InputRefused):
        read_pieces({"300": "1"})
    assert read_pieces({"10000": " 2 ", "1": ""}) == {fen: 2 if fen == 10000 else 0 for fen in PIECES_FEN}


@given(st.integers(0, 99_999_999_999))
def test_yuan_are_read_exactly(fen: int) -> None:
    """Every amount of fen, written in yuan with two digits, comes back to the fen."""
    assert read_yuan("x", f"{fen // 100}.{fen % 100:02d}") == fen


@pytest.mark.parametrize("text", ["", ".", ".5", "1.234", "-1", "1,5", "１", "1e2", "0x1", "nan", "1" * 10])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """An amount has at most nine digits and two places, in ASCII; nothing is rounded."""
    with pytest.raises(InputRefused):
        read_yuan("tendered", text)
