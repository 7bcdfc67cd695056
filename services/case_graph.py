"""The whole life of a case: one edge a line, with who may make it, by which law, and its event. Nothing else changes a case's state.

Only two hands lead to granted or refused: a clerk's or head's act at the counter, and a value of a government back end
(``DECISIONS``). No platform, no applicant, no clock and no work of the house does; a test walks every path and every route. AL stands
for the Administrative Licensing Law (行政许可法). An event that is not listed for the state at hand is a fault in our code
(``EdgeUnknown``) once the use cases have looked; what people ask for in the wrong state is refused by ``require_edge``.
"""

from __future__ import annotations

from typing import NamedTuple

from services.case_errors import NotAllowedNow
from services.case_record import CaseState as S
from services.case_record import Hand
from services.payment_graph import EdgeUnknown

A, C, D, B, T, H = Hand.APPLICANT, Hand.CLERK, Hand.HEAD, Hand.BACK_END, Hand.CLOCK, Hand.HOUSE


class Edge(NamedTuple):
    """One edge: from ``before`` by ``event`` to ``after``, made by one of ``hands``, allowed by ``basis``."""

    before: S
    event: str
    after: S
    hands: tuple[Hand, ...]
    basis: str


START = "case_received"
"""The first event of every case (by the applicant, or by a clerk at the window); the state after it is ``received``."""
STARTERS = frozenset({A, C})

EDGES: tuple[Edge, ...] = tuple(
    Edge(*line)
    for line in (
        # before acceptance: the completeness clock
        (S.RECEIVED, "correction_asked", S.CORRECTION_ASKED, (C,), "AL art. 32(1)(4): all corrections, once, in writing"),
        (S.CORRECTION_ASKED, "corrected", S.RECEIVED, (A, C), "AL art. 32(1)(5)"),
        (S.CORRECTION_ASKED, "terminated", S.TERMINATED, (C,), "the notice's own term passed without correction"),
        (S.RECEIVED, "accepted", S.ACCEPTED, (C, B), "AL art. 32(1)(5): complete and in due form"),
        (S.RECEIVED, "accepted_with_gap", S.ACCEPTED, (C,), "容缺受理: secondary materials only, against a signed promise"),
        (S.RECEIVED, "deemed_accepted", S.ACCEPTED, (T,), "AL art. 32(1)(4): told nothing in five days, accepted from the day of receipt"),
        (S.RECEIVED, "not_accepted", S.NOT_ACCEPTED, (C,), "AL art. 32(1)(1), (2): not required, or the wrong organ"),
        (S.RECEIVED, "withdrawn", S.WITHDRAWN, (A, C), "the applicant's own will"),
        (S.CORRECTION_ASKED, "withdrawn", S.WITHDRAWN, (A, C), "the applicant's own will"),
        # the decision clock
        (S.ACCEPTED, "step_finished", S.ACCEPTED, (C, D), "AL art. 34: examination"),
        (S.ACCEPTED, "gap_supplied", S.ACCEPTED, (A, C), "the promise of an acceptance with a gap"),
        (S.ACCEPTED, "special_began", S.SPECIAL_PROCEDURE, (C,), "AL art. 45: excluded from the limit, told in writing"),
        (S.SPECIAL_PROCEDURE, "special_ended", S.ACCEPTED, (C,), "AL art. 45"),
        (S.SPECIAL_PROCEDURE, "gap_supplied", S.SPECIAL_PROCEDURE, (A, C), "the promise of an acceptance with a gap"),
        (S.ACCEPTED, "extension_asked", S.ACCEPTED, (C,), "AL art. 42(1): by approval of the head"),
        (S.ACCEPTED, "extension_granted", S.ACCEPTED, (D,), "AL art. 42(1): ten days, once, the reason told"),
        (S.ACCEPTED, "extension_denied", S.ACCEPTED, (D,), "AL art. 42(1)"),
        (S.ACCEPTED, "granted", S.GRANTED, (C, D, B), "AL art. 38(1)"),
        (S.ACCEPTED, "refused", S.REFUSED, (C, D, B), "AL art. 38(2): with reasons and the way of appeal"),
        (S.ACCEPTED, "withdrawn", S.WITHDRAWN, (A, C), "the applicant's own will, before the decision"),
        (S.SPECIAL_PROCEDURE, "withdrawn", S.WITHDRAWN, (A, C), "the applicant's own will, before the decision"),
        (S.ACCEPTED, "terminated", S.TERMINATED, (C,), "the matter has gone (applicant deceased, dissolved, law changed)"),
        (S.SPECIAL_PROCEDURE, "terminated", S.TERMINATED, (C,), "the matter has gone"),
        # after the decision: the delivery clock
        (S.GRANTED, "recording_started", S.GRANTED, (H,), "about to be entered in the office's own register: committed before the call"),
        (S.GRANTED, "recording_delayed", S.GRANTED, (H,), "the office's register did not answer; asked again"),
        (S.GRANTED, "recorded", S.GRANTED, (H,), "entered in the office's own register"),
        (S.GRANTED, "certificate_issued", S.ISSUED, (H,), "AL art. 39: the licence, by the decision of a clerk or a rule"),
        (S.ISSUED, "handed_over", S.DELIVERED, (C,), "AL art. 44: at the window, against the collection code"),
        (S.ISSUED, "collected_online", S.DELIVERED, (A,), "an electronic licence, opened by the applicant"),
        (S.ISSUED, "posted", S.POSTED, (C,), "AL art. 44: by post"),
        (S.POSTED, "delivery_failed", S.ISSUED, (C,), "came back"),
        (S.POSTED, "delivery_proven", S.DELIVERED, (C,), "the carrier's proof of delivery"),
    )
)  # fmt: skip


class Note(NamedTuple):
    """An event that leaves the state as it is: in which states, by whom, why."""

    event: str
    states: frozenset[S]
    hands: tuple[Hand, ...]
    basis: str


OPEN = frozenset({S.RECEIVED, S.CORRECTION_ASKED, S.ACCEPTED, S.SPECIAL_PROCEDURE})
"""Not decided, not ended: somebody must still do something before a decision."""
CLOSED = frozenset({S.NOT_ACCEPTED, S.REFUSED, S.WITHDRAWN, S.TERMINATED, S.DELIVERED})
"""办结 and nothing left to deliver but the notice of it."""
AFTER = frozenset({S.GRANTED, S.ISSUED, S.POSTED, S.DELIVERED})
WORKABLE = OPEN | {S.GRANTED, S.ISSUED, S.POSTED}

NOTES: tuple[Note, ...] = (
    Note("claimed", WORKABLE, (C, D), "one clerk at a time"),
    Note("released", WORKABLE, (C, D), "back into the queue"),
    Note("reassigned", WORKABLE, (D,), "the head gives it to another; the clock does not stop"),
    Note("material_checked", OPEN, (C,), "AL art. 34: each document, against which register, when"),
    Note("material_fetched", OPEN, (H,), "level A: taken from the government register instead of being asked for"),
    Note("fixed_on_the_spot", frozenset({S.RECEIVED}), (A, C), "AL art. 32(1)(3): what can be put right at once must be allowed to be"),
    Note("clock_recomputed", OPEN | AFTER, (T,), "a new notice of the State Council on holidays"),
    Note("document_made", frozenset(S), (H,), "vouchers and letters with the office's seal"),
    Note("notice_told", frozenset(S), (H, C), "one attempt of a rung of the ladder"),
    Note("receipt_printed", frozenset(S), (C,), "large type, at the window"),
    Note("decision_awaited", frozenset({S.ACCEPTED}), (B,), "the back end did not answer; asked again"),
    Note("certificate_revoked", frozenset({S.ISSUED, S.POSTED, S.DELIVERED}), (D,), "AL art. 69, 70: with reasons; its slip is revoked"),
    Note("rated", frozenset(S), (A, C), "好差评"),
    Note("complained", frozenset(S), (A, C), "tied to the case, handled by somebody else"),
)  # fmt: skip

DECISIONS = frozenset({"granted", "refused"})
"""The events that decide, and the hands that may make them: a person at the counter, or a value of a government back end."""
DECIDERS = frozenset({C, D, B})

_FOLLOW = {(edge.before, edge.event): edge for edge in EDGES} | {
    (state, note.event): Edge(state, note.event, state, note.hands, note.basis)
    for note in NOTES
    for state in note.states
}


def find_edge(state: S, event: str) -> Edge | None:
    """The edge of ``event`` from ``state``, if there is one."""
    return _FOLLOW.get((state, event))


def follow(state: S, event: str, hand: Hand) -> S:
    """The state after ``event`` by ``hand``. Raises ``EdgeUnknown``: also for a hand that may not make it."""
    edge = find_edge(state, event)
    if edge is None or hand not in edge.hands:
        raise EdgeUnknown(f"no edge {event} from {state} by {hand}")
    return edge.after


def require_edge(state: S, event: str, hand: Hand) -> None:
    """Raise ``NotAllowedNow`` if this hand may not do this in this state: what people asked for, not a fault of ours."""
    edge = find_edge(state, event)
    if edge is None or hand not in edge.hands:
        raise NotAllowedNow(detail={"state": str(state), "asked": event})
