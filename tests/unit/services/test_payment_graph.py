"""The state graph of a payment."""

from __future__ import annotations

import pytest

from services.model import Language, PaymentState
from services.payment_events import MONEY_EVENTS
from services.payment_graph import (
    AT_COMPANY,
    EDGES,
    ENDED_UNPAID,
    ENQUEUED_ON_ENTRY,
    FINAL,
    OPEN,
    RELEASING,
    EdgeUnknown,
    follow,
)
from services.payment_words import REASON_WORDS, STATE_WORDS, say_state
from services.write_offs import DEFINITE
from tests.fakes import ROOT


def reachable(start: PaymentState, *, without: frozenset[PaymentState] = frozenset()) -> set[PaymentState]:
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for before, _, after in EDGES:
            if before is here and after not in found | without:
                found.add(after)
                waiting.append(after)
    return found


def test_every_edge_leads_to_one_state() -> None:
    """A state and an event decide what comes next: no pair stands twice."""
    pairs = [(before, event) for before, event, _ in EDGES]
    assert len(pairs) == len(set(pairs))


def test_every_state_is_reached() -> None:
    """Every state of the vocabulary can be reached from the intent."""
    assert reachable(PaymentState.INTENDED) == set(PaymentState)


def test_money_ends_with_a_write_off_or_a_refund() -> None:
    """From every event by which money arrives, the ends are written off and refunded, and both can be told apart for ever."""
    for before, event, after in EDGES:
        if event in MONEY_EVENTS:
            assert reachable(after) & FINAL <= {PaymentState.WRITTEN_OFF, PaymentState.REFUNDED}, (before, event)


@pytest.mark.parametrize("ended", [PaymentState.WRITTEN_OFF, PaymentState.REFUNDED])
def test_nothing_leaves_what_is_settled(ended: PaymentState) -> None:
    """A written-off payment is never refunded by itself, and a refunded one never written off."""
    assert reachable(ended) == {ended}


def test_a_refund_that_is_due_never_becomes_a_write_off() -> None:
    """Once the money goes back, no path leads to the company's books."""
    assert not reachable(PaymentState.REFUND_DUE) & (AT_COMPANY | {PaymentState.PAID, PaymentState.WRITTEN_OFF})


def test_no_state_after_the_money_is_a_dead_end() -> None:
    """Every state from which money must still go somewhere has an edge that leaves it and a job that enters with it."""
    unsettled = set(PaymentState) - FINAL
    for state in unsettled:
        assert any(before is state and after is not state for before, _, after in EDGES), state
    assert {PaymentState.PAID, PaymentState.REFUND_DUE, PaymentState.CLOSING} == set(ENQUEUED_ON_ENTRY)


def test_only_ends_without_the_company_release_the_bill() -> None:
    """A bill is free again exactly when its order ended without a write-off."""
    assert FINAL - {PaymentState.WRITTEN_OFF} == RELEASING
    assert not RELEASING & OPEN
    assert ENDED_UNPAID < RELEASING


def test_an_unknown_edge_is_our_fault() -> None:
    """An event that the graph does not list raises instead of inventing a state."""
    with pytest.raises(EdgeUnknown):
        follow(PaymentState.WRITTEN_OFF, "refund_started")


def test_every_state_and_reason_has_words_in_every_language() -> None:
    """Whatever happens to the money, the citizen reads a sentence about it, in Chinese and in English."""
    for language in Language:
        assert all(say_state(state, None, language) for state in PaymentState)
        assert all(words[language] for words in REASON_WORDS.values())
    assert set(STATE_WORDS) == set(PaymentState)
    assert DEFINITE | {"no_answer", "paid_in_vain", "wrong_amount_paid", "refunded_outside", "return_approved"} == set(
        REASON_WORDS
    )


def test_the_documentation_shows_this_graph() -> None:
    """The table in docs/payments.md is the graph, edge by edge."""
    text = (ROOT / "docs" / "payments.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    states = {str(state) for state in PaymentState}
    shown = [(row[0], row[1], row[2]) for row in rows if len(row) == 4 and row[0] in states]
    assert shown == [(str(before), event, str(after)) for before, event, after in EDGES]
