"""Statistics of a month: counted from the events, closed with a digest in the ledger, counted again to see whether history was changed.

A month is closed once it has been over for an hour, so that no transaction that began in it is still open. The leaf comes before the
row: whoever dies between them finds the same leaf again. What was closed is never changed; a figure that differs later is told by
``check_month``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.calendar_record import Calendar, CalendarStore
from services.case_clocks import NO_CALENDAR, terms_of
from services.case_file import CaseFile
from services.case_ports import CaseHouse, CaseTransaction
from services.case_record import Rating
from services.catalogue import Catalogue
from services.counter_terms import CounterTerms
from services.errors import ConfigurationFault, InputRefused, NotFound, ServiceUnknown
from services.month_document import (
    Counted,
    Difference,
    Moved,
    compare_counts,
    compare_seals,
    digest_document,
    write_document,
)
from services.month_figures import (
    Count,
    add_up,
    count_case,
    count_complaint,
    count_dismissed,
    count_ratings,
    count_struck,
)
from services.month_record import (
    FIGURES_ALONE,
    UNREADABLE,
    WITH_EVENTS,
    ClosedMonth,
    StatisticsLeaf,
    StatisticsLedger,
)
from services.month_seals import Heaps, list_case_leaves, make_complaint_leaf, make_rating_leaf
from services.months import Month, list_months, month_of
from services.ports import Clock, Directory

GRACE = timedelta(hours=1)
"""A month is closed so long after its end: longer than any transaction lasts (the store ends one that idles for 60 seconds)."""
MOST_MONTHS = 1200
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class StatisticsDesk:
    """What statistics need; ``house`` is the worker's store (or the console's, which only reads)."""

    house: CaseHouse
    catalogue: Catalogue
    directory: Directory
    clock: Clock
    ledger: StatisticsLedger


@dataclass(frozen=True, slots=True)
class MonthCheck:
    """What became of a closed month. ``history``: what the events say now against what was kept; ``kept``: the kept figures are not those
    of the digest; ``leaf``: the ledger has the digest under the record; ``others``: other digests that it has of this month. ``moved``: where
    something happened otherwise than it was closed, also where no figure tells of it; a month that was closed without seals has none.
    """

    closed: ClosedMonth
    counted_digest: str
    history: tuple[Difference, ...]
    kept_digest: str
    leaf: bool
    others: tuple[StatisticsLeaf, ...]
    moved: tuple[Moved, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether history, figures and ledger still say the same."""
        same = {self.closed.digest, self.counted_digest, self.kept_digest}
        return len(same) == 1 and self.leaf and not self.others


@dataclass(slots=True)
class _Terms:
    """The terms with which each case began and the calendars, each read once; says afterwards which were used."""

    catalogue: Catalogue
    calendars: CalendarStore
    until: datetime
    terms: dict[tuple[str, int], CounterTerms] = field(default_factory=dict)
    known: dict[str, Calendar] = field(default_factory=dict)

    def find(self, service: str, version: int) -> tuple[CounterTerms, Calendar]:
        """Raises ``ServiceUnknown`` for a version that is nowhere to be found."""
        if (service, version) not in self.terms:
            self.terms[service, version] = terms_of(self.catalogue.service_at(service, version))
        terms = self.terms[service, version]
        if terms.region not in self.known:
            self.known[terms.region] = find_calendar_at(self.calendars, terms.region, self.until)
        return terms, self.known[terms.region]

    def name_mappings(self) -> Mapping[str, tuple[int, ...]]:
        services = {service for service, _ in self.terms}
        return {
            service: tuple(sorted(version for one, version in self.terms if one == service))
            for service in sorted(services)
        }


def find_calendar_at(calendars: CalendarStore, region: str, until: datetime) -> Calendar:
    """The calendar in force just before a moment: the region's own, else the country's; the oldest one if all came later.

    So a notice that arrives after a month has ended changes nothing in it.
    """
    for wanted in dict.fromkeys((region, region.partition("-")[0])):
        found = calendars.current(wanted)
        while found is not None:
            made_at = calendars.made_at(wanted, found.version)
            if made_at is None or made_at < until:
                return found
            earlier = calendars.load(wanted, found.version - 1)
            if earlier is None:
                return found
            found = earlier
    return Calendar(region, NO_CALENDAR, {}, date.max, date.min)


def count_month(desk: StatisticsDesk, month: Month, tell: Progress = lambda _: None) -> Counted:
    """The figures of a month as the events say them now; of one that still runs, as far as it has come.

    Memory: the accounts, and 32 bytes for each day on which something happened to a case. ``tell`` gets the number of cases so far.
    Raises ``StoreUnavailable``.
    """
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        read, heaps = _Terms(desk.catalogue, tx.calendars, month.ends_at), Heaps()
        figures = add_up(_list_counts(tx, read, heaps, month, tell))
        for complaint, event in tx.months.walk_complaint_events(month.begins_at, month.ends_at):
            heaps.add(make_complaint_leaf(complaint, event))
        like = next((seal.mark for seal in tx.months.load_seals(str(month)).values()), b"")
        seals = heaps.close(lambda heap: tx.months.seal(heap, like))
        calendars = {region: calendar.version for region, calendar in sorted(read.known.items())}
    return Counted(str(month), calendars, read.name_mappings(), figures, seals)


def as_closed(counted: Counted, closed: ClosedMonth | None) -> Counted:
    """A count in the form in which its month was closed: without seals, if it was closed before there were any."""
    return replace(counted, seals=None) if closed is not None and closed.form == FIGURES_ALONE else counted


def _list_counts(tx: CaseTransaction, read: _Terms, heaps: Heaps, month: Month, tell: Progress) -> Iterator[Count]:
    span = (month.begins_at, month.ends_at)
    for number, (case, events) in enumerate(tx.months.walk_cases(*span), 1):
        file = CaseFile(case, tuple(events))
        for leaf in list_case_leaves(file, month):
            heaps.add(leaf)
        yield from _count_or_note(file, read, month)
        tell(number)
    ratings = tx.months.walk_ratings(Month(month.year, 1).begins_at, month.ends_at)
    yield from count_ratings(_seal_ratings(ratings, heaps, month), month)
    yield from (count_struck(one) for one in tx.months.walk_struck(*span))
    for filed in tx.months.walk_complaints(*span):
        yield from count_complaint(filed)
    for dismissed in tx.months.walk_dismissed(*span):
        yield from count_dismissed(dismissed)


def _seal_ratings(ratings: Iterable[Rating], heaps: Heaps, month: Month) -> Iterator[Rating]:
    """The same ratings; those of the month are put on their heaps in passing."""
    for rating in ratings:
        if month.holds(rating.rated_at):
            heaps.add(make_rating_leaf(rating))
        yield rating


def _count_or_note(file: CaseFile, read: _Terms, month: Month) -> list[Count]:
    """What a case adds; one that was changed into something that no case can be is counted as such, so that a check can go on."""
    case = file.case
    unreadable: list[Count] = [((case.agency_id, case.service, None), UNREADABLE, 1)]
    if any(UNREADABLE in event.data for event in file.events):
        return unreadable
    try:
        terms, calendar = read.find(case.service, case.mapping_version)
        return list(count_case(file, terms, calendar, month))
    except (ServiceUnknown, ConfigurationFault, LookupError, ValueError, TypeError):
        return unreadable


def is_over(month: Month, now: datetime) -> bool:
    """Whether a month may be closed: it has ended, and nothing that began in it is still being written."""
    return now >= month.ends_at + GRACE


def close_month(desk: StatisticsDesk, month: Month, tell: Progress = lambda _: None) -> ClosedMonth:
    """Count a month, append its digest to the ledger, keep it. One that was closed before stays as it is.

    Raises ``InputRefused`` for a month that is not over, ``ConfigurationFault`` where a case cannot be read, ``ExposureUnavailable``: then
    nothing is kept.
    """
    if not is_over(month, desk.clock.now()):
        raise InputRefused(detail={"month": "not_over"})
    root = desk.directory.root_agency()
    before = find_month(desk, month)
    if before is not None:
        return before
    counted = count_month(desk, month, tell)
    _require_readable(counted)
    digest = digest_document(write_document(counted))
    record_id = desk.ledger.append_statistics(root, str(month), digest)
    closed = ClosedMonth(
        root, str(month), digest, record_id, counted.calendars, counted.mappings, desk.clock.now(), WITH_EVENTS
    )  # fmt: skip
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        if tx.months.close(closed, counted.figures, counted.seals):
            return closed
    return load_month(desk, month)


def _require_readable(counted: Counted) -> None:
    unreadable = sum(numbers.get(UNREADABLE, 0) for numbers in counted.figures.values())
    if unreadable:
        raise ConfigurationFault(
            f"{unreadable} cases of {counted.month} cannot be counted: their keys, their service's version or their events are"
            " not what they were written with"
        )


def close_due(desk: StatisticsDesk, tell: Callable[[ClosedMonth], None] = lambda _: None) -> int:
    """Close every month that is over and is not closed, the oldest first, since the first case; how many."""
    due = list_open_months(desk)
    for month in due:
        tell(close_month(desk, month))
    return len(due)


def list_open_months(desk: StatisticsDesk) -> list[Month]:
    """Months since the first case that are over and were not closed."""
    now = desk.clock.now()
    last = month_of(now - GRACE).preceding
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        first = tx.months.find_first()
        closed = {one.month for one in tx.months.list_closed(MOST_MONTHS)}
    if first is None:
        return []
    return [month for month in list_months(month_of(first), last) if str(month) not in closed]


def load_month(desk: StatisticsDesk, month: Month) -> ClosedMonth:
    """A closed month. Raises ``NotFound``."""
    found = find_month(desk, month)
    if found is None:
        raise NotFound
    return found


def find_month(desk: StatisticsDesk, month: Month) -> ClosedMonth | None:
    """A month if it was closed."""
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        return tx.months.load(str(month))


def check_month(desk: StatisticsDesk, month: Month, tell: Progress = lambda _: None) -> MonthCheck:
    """Count a closed month again and hold history, kept figures, kept seals and ledger against each other. Raises ``NotFound``."""
    closed = load_month(desk, month)
    agencies = desk.directory.all_agencies()
    with desk.house.begin(agencies) as tx:
        kept = tx.months.load_figures(agencies, [closed.month]).get(closed.month, {})
        seals = tx.months.load_seals(closed.month)
        leaves = tx.months.list_leaves(closed.month)
    stood = Counted(closed.month, closed.calendars, closed.mappings, kept, seals)
    counted = count_month(desk, month, tell)
    known = {closed.digest, _digest_twin(closed, stood, counted)}
    return MonthCheck(
        closed,
        digest_document(write_document(as_closed(counted, closed))),
        tuple(compare_counts(stood, counted)),
        digest_document(write_document(as_closed(stood, closed))),
        any((one.record_id, one.digest) == (closed.record_id, closed.digest) for one in leaves),
        tuple(one for one in leaves if one.digest not in known),
        () if closed.form == FIGURES_ALONE else tuple(compare_seals(seals, counted.seals or {})),
    )


def _digest_twin(closed: ClosedMonth, stood: Counted, counted: Counted) -> str:
    """The digest of the same month in the other form. Where the program was replaced while a month was being closed, the ledger may have
    it beside the one that stands; it says nothing else.
    """
    return digest_document(write_document(counted if closed.form == FIGURES_ALONE else replace(stood, seals=None)))


def list_closed(desk: StatisticsDesk, before: str | None = None, limit: int = MOST_MONTHS) -> list[ClosedMonth]:
    """Closed months, the latest first."""
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        return tx.months.list_closed(limit, before)
