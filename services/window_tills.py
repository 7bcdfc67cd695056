"""A clerk's till through the day: opened with a counted float, counted blind at the end, countersigned by another person, closed for ever.

One open till a clerk. A till of an earlier day takes nothing any more: it is closed first. What comes after the closing is the next
till's. Each act is one transaction with its line in the book of acts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.attempts import decide_again
from services.cash_till import (
    MOST_FEN,
    START,
    CashTill,
    Count,
    TillEvent,
    TillFile,
    TillState,
    describe_count,
    has_difference,
    sign_amount,
)
from services.errors import Conflict, InputRefused, NotFound, NotPermitted
from services.model import JsonValue, PaymentEvent
from services.ports import Clock
from services.staff_rules import read_reason, refuse
from services.staffing import Act, Actor, Role
from services.till import business_day
from services.window_ports import WindowHouse, WindowTransaction

CLERK, HEAD = (Role.CLERK,), (Role.HEAD,)
READERS = (Role.CLERK, Role.HEAD, Role.FINANCE, Role.AUDITOR)
PAGE = 50
TILL_LIMIT_FEN = 1_000_000_000
"""No till holds more than ten million yuan: a float beyond it is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class TillRoom:
    """Opens, counts and closes tills. ``house`` is the console's store."""

    house: WindowHouse
    clock: Clock
    new_id: Callable[[], UUID]

    def open_till(self, actor: Actor, till_id: UUID, pieces: Mapping[int, int]) -> TillFile:
        """Open a till with the float that was counted into it; the same page sent twice opens one.

        Raises ``NotPermitted``, ``InputRefused``, ``Conflict`` (``till_is_open``, ``till_of_earlier_day``).
        """
        agency_id, now, staff_id = choose_agency(actor), self.clock.now(), actor.member.staff_id
        cash_fen = Count(pieces, 0).cash_fen
        if cash_fen > TILL_LIMIT_FEN:
            raise InputRefused(detail={"pieces": "too_much"})

        def work(tx: WindowTransaction) -> TillFile:
            latest = tx.tills.latest_of(staff_id)
            if latest is not None and latest.till.till_id == till_id:
                self.note(tx, actor, "till.open", latest.till, detail={"again": True})
                return latest
            if latest is not None and latest.state is not TillState.CLOSED:
                raise refuse(name_open(latest, business_day(now)))
            number = latest.till.number + 1 if latest else 1
            till = CashTill(till_id, agency_id, staff_id, number, now, business_day(now))
            told = {str(fen): many for fen, many in pieces.items() if many}
            first = TillEvent(till_id, 1, START, TillState.OPEN, now, staff_id, {"cash_fen": cash_fen, "pieces": told})
            tx.tills.open(till, first)
            self.note(tx, actor, "till.open", till, detail={"number": number, "float_fen": cash_fen})
            return TillFile(till, (first,))

        return self.attempt(actor, work)

    def find_own(self, actor: Actor) -> TillFile | None:
        """The clerk's latest till."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return tx.tills.latest_of(actor.member.staff_id)

    def show(self, actor: Actor, till_id: UUID) -> TillFile:
        """A till of the clerk's own, or one in the reach of a head, of finance or of an auditor. Raises ``NotFound``."""
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return find_till(tx, actor, till_id)

    def list_tills(self, actor: Actor, before: UUID | None = None) -> list[TillFile]:
        """Tills of the agencies that a head, finance or an auditor reaches, newest first. Raises ``NotPermitted``."""
        agencies = actor.reach_as(Role.HEAD, Role.FINANCE, Role.AUDITOR)
        with self.house.begin(agencies) as tx:
            return tx.tills.list_recent(agencies, PAGE, before)

    @property
    def page(self) -> int:
        """How many tills one page lists."""
        return PAGE

    def name_staff(self, actor: Actor, staff: Collection[UUID]) -> Mapping[UUID, str]:
        """What these members of the staff are called."""
        if not staff:
            return {}
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            return {member.staff_id: member.name for member in tx.staff.list_members() if member.staff_id in staff}

    def list_waiting(self, actor: Actor) -> list[TillFile]:
        """Tills with a difference that wait for this head: never one's own."""
        agencies = actor.agencies_as(*HEAD)
        if not agencies:
            return []
        with self.house.begin(agencies) as tx:
            found = tx.tills.list_counted(agencies, PAGE)
        return [file for file in found if file.till.staff_id != actor.member.staff_id]

    def count_till(self, actor: Actor, till_id: UUID, seen_version: int, count: Count) -> TillFile:
        """Write down what was counted. It closes the till if that is what the books say; otherwise the till waits for a head.

        Raises ``NotFound``, ``InputRefused``, ``Conflict`` (``till_closed``, ``till_counted``, ``till_moved``, ``books_disagree``).
        """
        if count.cash_fen > MOST_FEN or abs(count.card_fen) > MOST_FEN:
            raise InputRefused(detail={"pieces": "too_much"})

        def work(tx: WindowTransaction) -> TillFile:
            file = find_own_till(tx, actor, till_id)
            require_open(file)
            if file.version != seen_version:
                raise refuse("till_moved")
            require_agreement(tx, file)
            told = describe_count(count, file.books)
            file = self._append(tx, actor, file, "till_counted", told)
            if not has_difference(file.events[-1]):
                file = self._append(tx, actor, file, "till_closed", {"countersigned_by": None})
            self.note(tx, actor, "till.count", file.till, detail={**told, "state": file.state.value})
            return file

        return self.attempt(actor, work)

    def explain(self, actor: Actor, till_id: UUID, words: str) -> TillFile:
        """Say where a difference comes from. Raises ``NotFound``, ``InputRefused``, ``Conflict`` (``not_counted``)."""
        told = read_reason(words)

        def work(tx: WindowTransaction) -> TillFile:
            file = find_own_till(tx, actor, till_id)
            require_counted(file)
            file = self._append(tx, actor, file, "difference_explained", {}, told)
            self.note(tx, actor, "till.explain", file.till, reason=told)
            return file

        return self.attempt(actor, work)

    def countersign(self, actor: Actor, till_id: UUID, seen_version: int, words: str) -> TillFile:
        """Close a till whose count is not what the books say: a head, another person, upon the clerk's explanation.

        Raises ``NotFound``, ``NotPermitted``, ``Conflict`` (``not_ones_own_till``, ``not_counted``, ``not_explained``, ``till_moved``).
        """
        return self._decide(actor, till_id, seen_version, words, "till_closed", "till.countersign")

    def send_back(self, actor: Actor, till_id: UUID, seen_version: int, words: str) -> TillFile:
        """Have a till counted again; the count stays in the book. Raises as ``countersign`` does, but for ``not_explained``."""
        return self._decide(actor, till_id, seen_version, words, "count_sent_back", "till.send_back")

    def _decide(self, actor: Actor, till_id: UUID, seen_version: int, words: str, name: str, act: str) -> TillFile:
        told = read_reason(words)

        def work(tx: WindowTransaction) -> TillFile:
            file = find_till(tx, actor, till_id)
            actor.require(HEAD, file.till.agency_id)
            if file.till.staff_id in list_selves(actor):
                raise refuse("not_ones_own_till")
            require_counted(file)
            if file.version != seen_version:
                raise refuse("till_moved")
            if name == "till_closed" and file.explanation is None:
                raise refuse("not_explained")
            by: dict[str, JsonValue] = {"countersigned_by": str(actor.member.staff_id)} if name == "till_closed" else {}
            file = self._append(tx, actor, file, name, by, told)
            self.note(tx, actor, act, file.till, reason=told)
            return file

        return self.attempt(actor, work)

    def attempt(self, actor: Actor, work: Callable[[WindowTransaction], TillFile]) -> TillFile:
        """One transaction; if somebody else wrote meanwhile, again. Raises ``VersionTaken``."""

        def attempt() -> TillFile:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                return work(tx)

        return decide_again(attempt)

    def _append(
        self, tx: WindowTransaction, actor: Actor, file: TillFile, name: str, data: Mapping[str, JsonValue],
        words: str = "",
    ) -> TillFile:  # fmt: skip
        return append_event(tx, file, file.follow(name, self.clock.now(), actor.member.staff_id, data, words))

    def note(
        self, tx: WindowTransaction, actor: Actor, act: str, till: CashTill, *, reason: str = "",
        detail: Mapping[str, JsonValue] | None = None,
    ) -> None:  # fmt: skip
        """One line of the book of acts."""
        now, by = self.clock.now(), actor.member.staff_id
        tx.acts.append(
            Act(self.new_id(), till.agency_id, now, by, act, "till", str(till.till_id), reason, dict(detail or {}))
        )


def append_event(tx: WindowTransaction, file: TillFile, event: TillEvent) -> TillFile:
    """Write an event into an open transaction. Raises ``VersionTaken``."""
    tx.tills.append(file.till.agency_id, event)
    return TillFile(file.till, (*file.events, event))


def choose_agency(actor: Actor) -> UUID:
    """Where a clerk's till belongs: their own agency if they are a clerk there, else the first where they are. Raises ``NotPermitted``."""
    reached = actor.agencies_as(*CLERK)
    if not reached:
        raise NotPermitted
    return actor.member.agency_id if actor.member.agency_id in reached else reached[0]


def list_selves(actor: Actor) -> frozenset[UUID]:
    """The actor, and those in whose stead a deputy acts: nobody countersigns for themselves by way of a deputy."""
    return frozenset({actor.member.staff_id} | {held.deputising_for for held in actor.roles if held.deputising_for})


def name_open(file: TillFile, today: date) -> str:
    """Why no other till can be opened."""
    return "till_of_earlier_day" if file.till.business_on < today else "till_is_open"


def find_till(tx: WindowTransaction, actor: Actor, till_id: UUID) -> TillFile:
    """A till that the actor may see. Raises ``NotFound``, also for one out of reach."""
    file = tx.tills.load(till_id)
    if file is None:
        raise NotFound
    others = (Role.HEAD, Role.FINANCE, Role.AUDITOR)
    if file.till.staff_id != actor.member.staff_id and not actor.holds_any(others, file.till.agency_id):
        raise NotFound
    return file


def find_own_till(tx: WindowTransaction, actor: Actor, till_id: UUID) -> TillFile:
    """The actor's own till. Raises ``NotFound`` for one out of reach, ``NotPermitted`` for a colleague's."""
    file = find_till(tx, actor, till_id)
    if file.till.staff_id != actor.member.staff_id:
        raise NotPermitted
    return file


def require_open(file: TillFile) -> None:
    """Raise ``Conflict`` for a till that takes nothing more."""
    if file.state is not TillState.OPEN:
        raise refuse("till_closed" if file.state is TillState.CLOSED else "till_counted")


def require_counted(file: TillFile) -> None:
    """Raise ``Conflict`` for a till that does not wait for a head."""
    if file.state is not TillState.COUNTED:
        raise refuse("till_closed" if file.state is TillState.CLOSED else "not_counted")


def require_taking(tx: WindowTransaction, actor: Actor, today: date) -> TillFile:
    """The till into which the actor takes money today. Raises ``Conflict`` (``no_till``, ``till_of_earlier_day``, ``till_counted``)."""
    file = tx.tills.latest_of(actor.member.staff_id)
    if file is None or file.state is TillState.CLOSED:
        raise refuse("no_till")
    if file.till.business_on < today:
        raise refuse("till_of_earlier_day")
    require_open(file)
    return file


def require_agreement(tx: WindowTransaction, file: TillFile) -> None:
    """Raise ``Conflict`` (``books_disagree``) unless every move of the till is an event of its payment, and to the fen: a fault of ours."""
    moves = {(UUID(str(event.data["payment_id"])), event.name): sign_amount(event) for event in file.moves}
    payments = tx.payments.load_many(list(dict.fromkeys(payment_id for payment_id, _ in moves)))
    booked = {
        (event.payment_id, _MOVES[event.name]): _sign(event)
        for _, events in payments
        for event in events
        if event.name in _MOVES and event.data.get("till_id") == str(file.till.till_id)
    }
    if booked != moves or len(moves) != len(file.moves):
        raise Conflict(detail={"rule": "books_disagree"})


_MOVES = {"taken_at_window": "money_taken", "returned_at_window": "money_returned"}


def _sign(event: PaymentEvent) -> int:
    amount = int(event.data["amount_fen"])
    return amount if event.name == "taken_at_window" else -amount
