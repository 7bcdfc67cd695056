"""The whole life of an application: one edge a line, with its event. Nothing else in the house changes an application's state.

Only a word of the back end leads to granted or refused (``BACK_END_EVENTS``); no platform, no clock and no act of ours does. An event
that is not listed for the state at hand is a fault in our code (``EdgeUnknown``); the use cases look at the state first.
``docs/applications.md`` shows this table; a test compares the two.
"""

from __future__ import annotations

from services.application_record import ApplicationState as S
from services.payment_graph import EdgeUnknown

START = "application_intended"
"""The first event of every application; the state after it is ``intended``."""

EDGES: tuple[tuple[S, str, S], ...] = (
    # on the way to the back end: each attempt is committed before it is made
    (S.INTENDED, "submission_started", S.SUBMITTING),
    (S.SUBMITTING, "submission_delayed", S.SUBMITTING),
    (S.SUBMITTING, "submission_repeated", S.SUBMITTING),
    (S.SUBMITTING, "submission_doubtful", S.SUBMISSION_UNKNOWN),
    (S.SUBMITTING, "submission_declined", S.DECLINED),
    (S.SUBMITTING, "submission_abandoned", S.DECLINED),
    (S.SUBMISSION_UNKNOWN, "submission_doubtful", S.SUBMISSION_UNKNOWN),
    (S.SUBMISSION_UNKNOWN, "submission_repeated", S.SUBMITTING),
    (S.SUBMISSION_UNKNOWN, "submission_abandoned", S.DECLINED),
    # the back end's word on the submission: its answer, or what it says when it is asked
    (S.SUBMITTING, "back_end_pending", S.PENDING),
    (S.SUBMITTING, "back_end_accepted", S.ACCEPTED),
    (S.SUBMITTING, "back_end_granted", S.GRANTED),
    (S.SUBMITTING, "back_end_refused", S.REFUSED),
    (S.SUBMISSION_UNKNOWN, "back_end_pending", S.PENDING),
    (S.SUBMISSION_UNKNOWN, "back_end_accepted", S.ACCEPTED),
    (S.SUBMISSION_UNKNOWN, "back_end_granted", S.GRANTED),
    (S.SUBMISSION_UNKNOWN, "back_end_refused", S.REFUSED),
    # its later words: polled, pushed, in a file
    (S.PENDING, "back_end_pending", S.PENDING),
    (S.PENDING, "back_end_accepted", S.ACCEPTED),
    (S.PENDING, "back_end_granted", S.GRANTED),
    (S.PENDING, "back_end_refused", S.REFUSED),
    (S.ACCEPTED, "back_end_accepted", S.ACCEPTED),
    (S.ACCEPTED, "back_end_granted", S.GRANTED),
    (S.ACCEPTED, "back_end_refused", S.REFUSED),
    # nobody asks any longer; a word that is pushed still counts
    (S.PENDING, "asking_ended", S.PENDING),
    (S.ACCEPTED, "asking_ended", S.ACCEPTED),
    # a later word that contradicts a decision is kept for people and changes nothing
    (S.GRANTED, "result_disputed", S.GRANTED),
    (S.REFUSED, "result_disputed", S.REFUSED),
    (S.DECLINED, "result_disputed", S.DECLINED),
)

BACK_END_EVENTS = {
    S.PENDING: "back_end_pending",
    S.ACCEPTED: "back_end_accepted",
    S.GRANTED: "back_end_granted",
    S.REFUSED: "back_end_refused",
}
"""The event by which each word of a back end enters the file."""

UNDER_WAY = frozenset({S.SUBMITTING, S.SUBMISSION_UNKNOWN})
"""The back end has been asked, or may have been, and has not said what it makes of it."""

AT_BACK_END = frozenset({S.PENDING, S.ACCEPTED})
"""The back end has it and may say more."""

FINAL = frozenset({S.DECLINED, S.GRANTED, S.REFUSED})
"""Nothing more will happen by itself."""

_FOLLOW = {(before, event): after for before, event, after in EDGES}


def follow(state: S, event: str) -> S:
    """The state after ``event``. Raises ``EdgeUnknown``."""
    try:
        return _FOLLOW[state, event]
    except KeyError:
        raise EdgeUnknown(f"no edge {event} from {state}") from None
