"""The room of the census: scorecards of the agencies in reach with what was found, indicators entered by hand, people turned away."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.census_record import CensusAnswers, CensusLine, Indicator, IndicatorKind, TurnedAway
from services.console_ports import ConsoleStore
from services.errors import Conflict, InputRefused, NotFound, VersionTaken
from services.input_values import ValueRefusedError, read_yuan
from services.ports import Clock
from services.scorecards import (
    RunPoint,
    Scorecard,
    TurnedAwaySum,
    keep_latest,
    list_cards,
    list_course,
    list_in_force,
    read_answers,
    sum_by_month,
)
from services.staffing import Act, Actor, Role
from services.till import business_day

READERS = (Role.SUPERVISOR, Role.HEAD, Role.IT, Role.AUDITOR, Role.OPERATOR)
ENTERING = (Role.SUPERVISOR, Role.HEAD)
COURSE_DAYS, COUNT_DAYS = 400, 366
ENTER = "census.indicator"
DIGITS = 8
MOST = {IndicatorKind.PEOPLE: 10**7, IndicatorKind.OFFICE: 1}
FIRST_DAY = date(1949, 10, 1)
TEXT_CHARACTERS = (4, 300)


@dataclass(frozen=True, slots=True)
class CensusView:
    """What the first page shows. ``course`` is that of all agencies in reach together; ``last`` are the lines of the newest run."""

    cards: tuple[Scorecard, ...]
    course: tuple[RunPoint, ...]
    last: tuple[CensusAnswers, ...]
    indicators: tuple[Indicator, ...]
    turned_away: tuple[TurnedAwaySum, ...]


@dataclass(frozen=True, slots=True)
class AgencyView:
    """One agency: its course, what its newest run found, every entry of its indicators (``corrected`` ones too)."""

    agency_id: UUID
    card: Scorecard | None
    course: tuple[RunPoint, ...]
    lines: tuple[CensusLine, ...]
    standing: tuple[Indicator, ...]
    corrected: tuple[Indicator, ...]
    may_enter: bool


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody wrote into the form of an indicator, as texts; ``corrects`` empty for a new one."""

    kind: str
    value: str
    as_of: str
    source: str
    corrects: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CensusRoom:
    """Raises ``NotPermitted``, ``StoreUnavailable``."""

    store: ConsoleStore
    clock: Clock
    new_id: Callable[[], UUID]

    def look(self, actor: Actor) -> CensusView:
        """All agencies that one of the reader's roles reaches."""
        agencies, now = reach(actor), self.clock.now()
        today = business_day(now)
        with self.store.begin(agencies) as tx:
            answers = read_answers(tx.census, agencies, now - timedelta(days=COURSE_DAYS))
            entries = tx.census.list_indicators(agencies)
        counts = self._count_turned_away(today)
        last = keep_latest(answers)
        return CensusView(
            tuple(list_cards(last)), tuple(list_course(answers)), tuple(last), tuple(list_in_force(entries)),
            tuple(sum_by_month(counts)),
        )  # fmt: skip

    def _count_turned_away(self, today: date) -> list[TurnedAway]:
        """Of all agencies, as everybody may read it: a mini-program is its owner's, and whom its platform turns away is missing below."""
        everywhere = tuple(self.store.agency_tree().parents)
        with self.store.begin(everywhere) as tx:
            return tx.census.list_turned_away(everywhere, today - timedelta(days=COUNT_DAYS), today)

    def look_at(self, actor: Actor, agency_id: UUID) -> AgencyView:
        """One agency with what was found. Raises ``NotFound`` for one that is out of reach."""
        if agency_id not in reach(actor):
            raise NotFound
        with self.store.begin([agency_id]) as tx:
            answers = read_answers(tx.census, [agency_id], self.clock.now() - timedelta(days=COURSE_DAYS))
            last = keep_latest(answers)
            lines = tx.census.list_lines([agency_id], last[0].run_id) if last else []
            entries = tx.census.list_indicators([agency_id])
        cards = list_cards(last)
        standing = list_in_force(entries)
        return AgencyView(
            agency_id, cards[0] if cards else None, tuple(list_course(answers)), tuple(lines), tuple(standing),
            tuple(one for one in entries if one not in standing), actor.holds_any(ENTERING, agency_id),
        )  # fmt: skip

    def enter(self, actor: Actor, agency_id: UUID, entered: Entered) -> Indicator:
        """Keep an entry, or one in the place of another, with its Act. Raises ``NotPermitted``, ``InputRefused``, ``Conflict``, ``NotFound``.

        Nothing is ever changed: who corrects says why, and both entries stay.
        """
        if agency_id not in reach(actor):
            raise NotFound
        actor.require(ENTERING, agency_id)
        now, corrects = self.clock.now(), _read_id(entered.corrects)
        kind, value, as_of = read_entry(entered, business_day(now), correcting=corrects is not None)
        entry = Indicator(
            self.new_id(), agency_id, kind, value, as_of, entered.source.strip(), actor.member.staff_id, now, corrects,
            entered.reason.strip() if corrects else "",
        )  # fmt: skip
        try:
            with self.store.begin([agency_id]) as tx:
                _require_place(tx.census.list_indicators([agency_id]), entry)
                tx.census.enter_indicator(entry)
                tx.acts.append(_note(self.new_id(), entry))
        except VersionTaken:
            raise Conflict(detail={"rule": "somebody_was_first"}) from None
        return entry


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency whose census the actor may read. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*READERS)


def read_entry(entered: Entered, today: date, *, correcting: bool) -> tuple[IndicatorKind, int, date]:
    """Kind, figure and day of an entry. Raises one ``InputRefused`` with every fault by its field."""
    faults: dict[str, object] = {}
    kind = next((one for one in IndicatorKind if one == entered.kind), None)
    if kind is None:
        faults["kind"] = "not_a_choice"
    value = _read_figure(entered.value, kind)
    if value is None:
        faults["value"] = "not_a_number"
    as_of = _read_day(entered.as_of)
    if as_of is None or not FIRST_DAY <= as_of <= today:
        faults["as_of"] = "not_a_date"
    for name, text in (("source", entered.source), *((("reason", entered.reason),) if correcting else ())):
        if not _is_line(text.strip()):
            faults[name] = "form"
    if faults or kind is None or value is None or as_of is None:
        raise InputRefused(detail=faults)
    return kind, value, as_of


def _is_line(text: str) -> bool:
    """One line of what can be read: no control, no direction mark, no line end, for it is published as it stands."""
    plain = all(
        unicodedata.category(sign)[0] != "C" and unicodedata.category(sign) not in ("Zl", "Zp") for sign in text
    )
    return plain and TEXT_CHARACTERS[0] <= len(text) <= TEXT_CHARACTERS[1]


def _read_figure(text: str, kind: IndicatorKind | None) -> int | None:
    """Funds are written in yuan and kept in fen; an office is there (1) or not (0)."""
    plain = text.strip()
    if kind is IndicatorKind.FUNDS:
        try:
            return read_yuan(plain)
        except ValueRefusedError:
            return None
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= DIGITS):
        return None
    return int(plain) if kind is None or int(plain) <= MOST[kind] else None


def _read_day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.isoformat() == text.strip() else None


def _read_id(text: str) -> UUID | None:
    """The entry that is corrected. Raises ``NotFound`` for a text that is no id."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


def _require_place(entries: Sequence[Indicator], entry: Indicator) -> None:
    """A correction takes the place of an entry in force of the same kind; a new one that of none."""
    standing: Mapping[UUID, Indicator] = {one.entry_id: one for one in list_in_force(entries)}
    if entry.corrects is not None:
        before = standing.get(entry.corrects)
        if before is None:
            known = any(one.entry_id == entry.corrects for one in entries)
            raise Conflict(detail={"rule": "somebody_was_first"}) if known else NotFound
        if before.kind is not entry.kind:
            raise InputRefused(detail={"kind": "not_a_choice"})
    others = [one for one in standing.values() if one.entry_id != entry.corrects]
    if any((one.kind, one.as_of) == (entry.kind, entry.as_of) for one in others):
        raise Conflict(detail={"rule": "entered_already"})


def _note(act_id: UUID, entry: Indicator) -> Act:
    detail = {
        "kind": str(entry.kind), "value": entry.value, "as_of": entry.as_of.isoformat(),
        "corrects": str(entry.corrects or ""),
    }  # fmt: skip
    return Act(
        act_id, entry.agency_id, entry.entered_at, entry.entered_by, ENTER, "indicator", str(entry.entry_id), entry.reason, detail
    )  # fmt: skip
