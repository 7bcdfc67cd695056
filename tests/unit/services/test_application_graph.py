"""The graph of an application: enumerated, so that no path to a decision exists but a back end's word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.application_graph import AT_BACK_END, BACK_END_EVENTS, EDGES, FINAL, START, UNDER_WAY, follow
from services.application_record import ApplicationState
from services.application_words import NO_ANSWER, STATE_WORDS, say_state
from services.model import Language
from services.payment_graph import EdgeUnknown

S = ApplicationState
ROOT = Path(__file__).resolve().parents[3]


def test_only_a_word_of_the_back_end_decides() -> None:
    """Every edge that enters granted or refused is one of the back end's events."""
    entering = {
        (before, event) for before, event, after in EDGES if after in (S.GRANTED, S.REFUSED) and before is not after
    }
    assert {event for _, event in entering} == {BACK_END_EVENTS[S.GRANTED], BACK_END_EVENTS[S.REFUSED]}
    assert {before for before, _ in entering} == UNDER_WAY | AT_BACK_END


def test_each_word_leads_to_its_own_state() -> None:
    """No event of the back end is read as another word."""
    for word, event in BACK_END_EVENTS.items():
        assert {after for _, name, after in EDGES if name == event} == {word}


def test_edges_are_unambiguous_and_every_state_is_reached() -> None:
    """One edge a state and event; from the intent every state can be reached."""
    pairs = [(before, event) for before, event, _ in EDGES]
    assert len(pairs) == len(set(pairs))
    reached, waiting = set(), [S.INTENDED]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting += [after for before, _, after in EDGES if before is state and after not in reached]
    assert reached == set(S)


def test_what_is_final_stays() -> None:
    """A decision is never left; a contradiction is kept beside it."""
    for before, event, after in EDGES:
        if before in FINAL:
            assert (after, event) == (before, "result_disputed")


def test_nothing_goes_back() -> None:
    """An accepted application is never pending again, and what the back end has is never submitted again."""
    for before, _, after in EDGES:
        if before in AT_BACK_END | FINAL:
            assert after not in UNDER_WAY | {S.INTENDED}
    assert not any((before, after) == (S.ACCEPTED, S.PENDING) for before, _, after in EDGES)


@pytest.mark.parametrize("state", list(S))
def test_an_unlisted_event_is_a_fault(state: S) -> None:
    """The graph knows nothing else."""
    with pytest.raises(EdgeUnknown):
        follow(state, START)


@pytest.mark.parametrize("language", list(Language))
def test_every_state_has_its_sentence(language: Language) -> None:
    """And a refusal names the way to appeal; why it was not taken follows the sentence."""
    assert set(STATE_WORDS) == set(S)
    assert re.search("复议|reconsideration", say_state(S.REFUSED, None, "", language))
    assert say_state(S.DECLINED, "not_eligible", "because", language).endswith("because")
    assert say_state(S.DECLINED, NO_ANSWER, "", language) != say_state(S.DECLINED, None, "", language)
    assert say_state(S.ACCEPTED, "not_eligible", "because", language) == STATE_WORDS[S.ACCEPTED][language]


def test_the_document_shows_the_graph() -> None:
    """docs/applications.md has one row an edge and no other."""
    text = (ROOT / "docs" / "applications.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| `([a-z_]+)` \| `([a-z_]+)` \|", text, re.MULTILINE)
    assert rows == [(str(before), event, str(after)) for before, event, after in EDGES]
