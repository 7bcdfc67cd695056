"""A clerk's till (钱箱) as a row that never changes and a list of events that only grows: one edge a line, and its books.

The count is blind: it is written down before anybody is shown what the books say, and every count stays. A difference is explained by
the clerk and countersigned by somebody else, or the till is counted again; nothing can be added to a closed till. Money is in fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.errors import GuitaiError, InputRefused
from services.model import JsonValue


class TillState(StrEnum):
    """Open: takes money. Counted: waits for a head, because the count is not what the books say. Closed: never changes again."""

    OPEN = "open"
    COUNTED = "counted"
    CLOSED = "closed"


class Method(StrEnum):
    """How somebody pays at the window."""

    CASH = "cash"
    CARD = "card"


START = "till_opened"
EDGES: tuple[tuple[TillState, str, TillState], ...] = (
    (TillState.OPEN, "money_taken", TillState.OPEN),
    (TillState.OPEN, "money_returned", TillState.OPEN),
    (TillState.OPEN, "till_counted", TillState.COUNTED),
    (TillState.COUNTED, "difference_explained", TillState.COUNTED),
    (TillState.COUNTED, "count_sent_back", TillState.OPEN),
    (TillState.COUNTED, "till_closed", TillState.CLOSED),
)
"""The whole life of a till; the first event is ``till_opened``, the state after it ``open``. ``docs/window.md`` shows this table."""

PIECES_FEN = (10000, 5000, 2000, 1000, 500, 100, 50, 10, 5, 2, 1)
"""Notes and coins of the renminbi that are given out: 100 yuan to 1 fen, in fen."""
MOST_PIECES = 100_000
MOST_FEN = 100_000_000_000


class TillEdgeUnknown(GuitaiError):
    """The graph has no such edge: a fault in our code; the transaction rolls back."""

    code = "internal"


_FOLLOW = {(before, event): after for before, event, after in EDGES}


def follow_till(state: TillState, event: str) -> TillState:
    """The state after ``event``. Raises ``TillEdgeUnknown``."""
    try:
        return _FOLLOW[state, event]
    except KeyError:
        raise TillEdgeUnknown(f"no edge {event} from {state}") from None


@dataclass(frozen=True, slots=True)
class CashTill:
    """What never changes of a till. ``number`` counts the tills of one clerk from 1; ``business_on`` is the legal day of its opening."""

    till_id: UUID
    agency_id: UUID
    staff_id: UUID
    number: int
    opened_at: datetime
    business_on: date


@dataclass(frozen=True, slots=True)
class TillEvent:
    """One appended event: (till_id, version) is unique, ``state`` is the state after it. ``words``: what somebody wrote, sealed at rest.

    ``data`` is not sealed: codes, ids and amounts, nothing of a person.
    """

    till_id: UUID
    version: int
    name: str
    state: TillState
    at: datetime
    staff_id: UUID
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say must be there: the float and all that was taken, less what was given back; in fen."""

    float_fen: int
    cash_fen: int
    card_fen: int

    @property
    def expected_cash_fen(self) -> int:
        """The cash that must lie in the till."""
        return self.float_fen + self.cash_fen


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted: pieces of each note and coin, and the total that the card terminal prints for the till."""

    pieces: Mapping[int, int]
    card_fen: int

    @property
    def cash_fen(self) -> int:
        """The cash in it."""
        return sum(fen * pieces for fen, pieces in self.pieces.items())


@dataclass(frozen=True, slots=True)
class TillFile:
    """A till and everything that happened to it, oldest first."""

    till: CashTill
    events: tuple[TillEvent, ...]

    @property
    def state(self) -> TillState:
        return self.events[-1].state

    @property
    def version(self) -> int:
        return self.events[-1].version

    @property
    def books(self) -> Books:
        """Float, cash and card by the events; what was given back counts against the way it was paid."""
        float_fen = int(self.events[0].data["cash_fen"])
        return Books(float_fen, self._sum(Method.CASH), self._sum(Method.CARD))

    def _sum(self, method: Method) -> int:
        return sum(sign_amount(event) for event in self.moves if event.data["method"] == method)

    @property
    def moves(self) -> tuple[TillEvent, ...]:
        """Takings and returns."""
        return tuple(event for event in self.events if event.name in ("money_taken", "money_returned"))

    @property
    def counted(self) -> TillEvent | None:
        """The last count, if it was counted."""
        return self.last("till_counted")

    @property
    def explanation(self) -> TillEvent | None:
        """The explanation of the last count's difference, if one was written since."""
        told, counted = self.last("difference_explained"), self.counted
        return told if told and counted and told.version > counted.version else None

    def last(self, name: str) -> TillEvent | None:
        """The latest event of this name."""
        return next((event for event in reversed(self.events) if event.name == name), None)

    def sum_by_payee(self) -> dict[tuple[str, Method], int]:
        """What each payee is owed of the till, by the way it was paid: no money is pooled."""
        sums: dict[tuple[str, Method], int] = {}
        for event in self.moves:
            key = (str(event.data["payee"]), Method(event.data["method"]))
            sums[key] = sums.get(key, 0) + sign_amount(event)
        return sums

    def follow(
        self, name: str, at: datetime, staff_id: UUID, data: Mapping[str, JsonValue], words: str = ""
    ) -> TillEvent:
        """The next event. Raises ``TillEdgeUnknown``."""
        state = follow_till(self.state, name)
        return TillEvent(self.till.till_id, self.version + 1, name, state, at, staff_id, dict(data), words)


def sign_amount(event: TillEvent) -> int:
    """What an event adds to the till in fen; what was given back is negative."""
    amount = int(event.data["amount_fen"])
    return amount if event.name == "money_taken" else -amount


def read_pieces(given: Mapping[str, str]) -> dict[int, int]:
    """The count of each note and coin from a form: ``{"10000": "3"}``; an empty field is none. Raises ``InputRefused`` by place."""
    unknown = set(given) - {str(fen) for fen in PIECES_FEN}
    if unknown:
        raise InputRefused(detail={"pieces": "not_a_choice"})
    return {fen: _read_number(f"pieces.{fen}", given.get(str(fen), ""), MOST_PIECES) for fen in PIECES_FEN}


def _read_number(place: str, text: str, most: int) -> int:
    digits = text.strip() or "0"
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12) or int(digits) > most:
        raise InputRefused(detail={place: "not_a_number"})
    return int(digits)


def read_yuan(place: str, text: str) -> int:
    """An amount of yuan as people write it (``86.4``, ``86.40``, ``86``) in fen, exact. Raises ``InputRefused`` at ``place``."""
    whole, dot, rest = text.strip().partition(".")
    sound = (
        whole.isascii() and whole.isdigit() and len(whole) <= 9 and (not dot or (rest.isascii() and rest.isdigit() and len(rest) <= 2))
    )  # fmt: skip
    if not sound:
        raise InputRefused(detail={place: "not_an_amount"})
    return int(whole) * 100 + int((rest or "0").ljust(2, "0"))


def describe_count(count: Count, books: Books) -> dict[str, JsonValue]:
    """What an event keeps of a count, with what the books said at that moment."""
    return {
        "pieces": {str(fen): pieces for fen, pieces in count.pieces.items() if pieces},
        "cash_fen": count.cash_fen,
        "card_fen": count.card_fen,
        "expected_cash_fen": books.expected_cash_fen,
        "expected_card_fen": books.card_fen,
        "cash_difference_fen": count.cash_fen - books.expected_cash_fen,
        "card_difference_fen": count.card_fen - books.card_fen,
    }


def has_difference(counted: TillEvent) -> bool:
    """Whether a count is not what the books said."""
    return bool(counted.data["cash_difference_fen"] or counted.data["card_difference_fen"])


class TillStore(Protocol):
    """Tills as appended events, within the agencies of the transaction."""

    def open(self, till: CashTill, event: TillEvent) -> None:
        """Raises ``VersionTaken`` if the till exists, or the clerk's till of this number."""
        ...

    def append(self, agency_id: UUID, event: TillEvent) -> None:
        """Raises ``VersionTaken`` if (till, version) exists."""
        ...

    def load(self, till_id: UUID) -> TillFile | None: ...
    def latest_of(self, staff_id: UUID) -> TillFile | None:
        """The clerk's latest till, open or not."""
        ...

    def list_recent(self, agencies: Sequence[UUID], limit: int, before: UUID | None = None) -> list[TillFile]:
        """Tills of these agencies, newest first."""
        ...

    def list_counted(self, agencies: Sequence[UUID], limit: int) -> list[TillFile]:
        """Tills that wait for a head, oldest first."""
        ...
