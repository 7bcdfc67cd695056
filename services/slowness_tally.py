"""From what single cases say to patterns: counted per person and service, held against colleagues, with exact chances. Pure.

- Each is held against the colleagues of the same service at the same agency, never against themselves.
- Small numbers say nothing: a span begins with the first month of the quarter that was not enough by itself and grows by months, so that
  spans of one person never overlap and each case counts once.
- Who looks often enough finds something everywhere: the chance that is asked for is divided by the number of all comparisons of the
  month (Bonferroni), over all agencies. And people differ: besides being no accident, the share must be at least twice the colleagues'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from uuid import UUID

from services.calendar_record import Calendar
from services.case_file import CaseFile
from services.counter_terms import CounterTerms
from services.months import Month
from services.slowness_odds import find_chance, find_range, write_chance
from services.slowness_record import Evidence, Finding, Kind, Share
from services.slowness_rules import list_terms, make_evidence, read_signs

MINIMUM = 20
"""So many cases at least, of one and of the others together."""
COLLEAGUES = 2
"""So many others at least, so that nobody is held against one single person."""
BESIDE_ONE = 5
"""And so many cases of the others at least without those of the one who has most: a colleague with one case makes nobody's share a common one."""
LEAST = 5
"""So many cases as evidence at least."""
TIMES = 2
"""The lower end of the own interval is at least so many times the others' share."""
ALPHA = Fraction(1, 100)
"""The chance that anybody at all is shown in a month of people who work alike, before it is divided by the comparisons."""
REGULAR = 8
"""``favoured``: so many cases of one applicant with one manager at least."""
ALWAYS_PERCENT = 80
"""``favoured``: so many of them were decided at once."""
BESIDE = 5
"""``favoured``: from so many cases of the same applicant with colleagues on, these must not have been as fast."""
MOST_EVIDENCE = 100
"""So many cases are kept as evidence of one month."""

Place = tuple[UUID, str, Kind]
Many = Callable[[UUID], int | None]


@dataclass(slots=True)
class Tally:
    """What was counted of somebody, with the cases that hit."""

    share: Share = field(default_factory=Share)
    evidence: list[Evidence] = field(default_factory=list)

    def add(self, hit: bool, evidence: Callable[[], Evidence] | None = None) -> None:
        """One more case."""
        self.share += Share(int(hit), 1)
        if hit and evidence is not None and len(self.evidence) < MOST_EVIDENCE:
            self.evidence.append(evidence())


@dataclass(slots=True)
class MonthTally:
    """A month's counts: of people by place, and of the cases of regular applicants by (agency, service, applicant's number)."""

    month: Month
    people: dict[Place, dict[UUID, Tally]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Tally)))
    regulars: dict[tuple[UUID, str, int], dict[UUID, Tally]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Tally))
    )

    def add_case(self, file: CaseFile, terms: CounterTerms, calendar: Calendar, number_of: Many) -> None:
        """Count a case. ``number_of`` gives the number of its applicant, if that is one with many cases. Raises as the rules do."""
        case = file.case
        for sign in read_signs(file, terms, calendar, self.month):
            show = partial(make_evidence, file, sign, terms, calendar, self.month)
            favoured = sign.kind is Kind.FAVOURED
            self.people[case.agency_id, case.service, sign.kind][sign.manager_id].add(
                sign.hit, None if favoured else show
            )
            number = number_of(case.case_id) if favoured else None
            if number is not None:
                self.regulars[case.agency_id, case.service, number][sign.manager_id].add(sign.hit, show)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Somebody held against others over a span of months that was enough and ends with the last one."""

    place: Place
    manager_id: UUID
    number: int
    first_month: Month
    own: Tally
    others: Share
    colleagues: int
    beside: Share


def list_quarter(month: Month) -> list[Month]:
    """The months of its quarter till and with a month."""
    return [Month(month.year, number) for number in range((month.number - 1) // 3 * 3 + 1, month.number + 1)]


def compare_all(months: Sequence[MonthTally]) -> list[Comparison]:
    """Every comparison that is possible at the end of the last month, in an order that does not depend on the cases' own."""
    found = [*_compare_people(months), *_compare_regulars(months)]
    return sorted(found, key=lambda one: (str(one.place[0]), *one.place[1:], str(one.manager_id), one.number))


def _compare_people(months: Sequence[MonthTally]) -> Iterator[Comparison]:
    places = {place for one in months for place in one.people if place[2] is not Kind.FAVOURED}
    for place in places:
        parts = [one.people.get(place, {}) for one in months]
        for manager in {person for part in parts for person in part}:
            made = _grow(months, parts, manager, _is_enough)
            if made is not None:
                first, own, others = made
                rest = _sum(one.share for one in others.values())
                yield Comparison(place, manager, 0, months[first].month, own, rest, _count(others), Share())


def _compare_regulars(months: Sequence[MonthTally]) -> Iterator[Comparison]:
    for agency, service, number in {key for one in months for key in one.regulars}:
        place = (agency, service, Kind.FAVOURED)
        theirs = [one.regulars.get((agency, service, number), {}) for one in months]
        every = [one.people.get(place, {}) for one in months]
        for manager in {person for part in theirs for person in part}:
            made = _grow(months, theirs, manager, lambda own, _: own.share.of >= REGULAR)
            if made is None:
                continue
            first, own, others = made
            whole = _sum(part[manager].share for part in every[first:] if manager in part)
            if (whole - own.share).of >= MINIMUM:
                beside = _sum(one.share for one in others.values())
                yield Comparison(
                    place, manager, number, months[first].month, own, whole - own.share, _count(others), beside
                )


def _grow(
    months: Sequence[MonthTally], parts: Sequence[Mapping[UUID, Tally]], manager: UUID,
    enough: Callable[[Tally, Mapping[UUID, Tally]], bool],
) -> tuple[int, Tally, dict[UUID, Tally]] | None:  # fmt: skip
    """The span that is enough with the last month: its first index, the own sums and the others'. None if there is none."""
    first, sums = 0, dict[UUID, Tally]()
    for index, part in enumerate(parts):
        for person, one in part.items():
            held = sums.get(person, Tally())
            sums[person] = Tally(held.share + one.share, [*held.evidence, *one.evidence])
        others = {person: one for person, one in sums.items() if person != manager}
        if manager in sums and enough(sums[manager], others):
            if index == len(months) - 1:
                return first, sums[manager], others
            first, sums = index + 1, {}
    return None


def _is_enough(own: Tally, others: Mapping[UUID, Tally]) -> bool:
    rest = _sum(one.share for one in others.values())
    most = max((one.share.of for one in others.values()), default=0)
    return own.share.of >= MINIMUM and rest.of >= MINIMUM and len(others) >= COLLEAGUES and rest.of - most >= BESIDE_ONE


def _count(others: Mapping[UUID, Tally]) -> int:
    return sum(1 for one in others.values() if one.share.of)


def _sum(shares: Iterable[Share]) -> Share:
    return sum(shares, Share())


def judge(comparison: Comparison, tests: int, month: Month) -> Finding | None:
    """The finding, if a comparison is so far out that it is shown; ``tests``: how many comparisons there were in all."""
    own, others = comparison.own.share, comparison.others
    if own.hits < LEAST or not _is_shown_beside(comparison):
        return None
    low, high = find_range(own)
    if low * others.of < TIMES * 1000 * others.hits:
        return None
    chance = find_chance(own, others)
    if chance * tests > ALPHA:
        return None
    agency, service, kind = comparison.place
    return Finding(
        agency, service, comparison.manager_id, kind, comparison.number, str(comparison.first_month), str(month), own,
        others, comparison.colleagues, comparison.beside, low, high, *find_range(others), write_chance(chance),
        tuple(comparison.own.evidence),
    )  # fmt: skip


def _is_shown_beside(comparison: Comparison) -> bool:
    """For one applicant: nearly always at once, and with colleagues, if they had enough of the same, not half as often."""
    if comparison.place[2] is not Kind.FAVOURED:
        return True
    own, beside = comparison.own.share, comparison.beside
    if own.hits * 100 < ALWAYS_PERCENT * own.of:
        return False
    return beside.of < BESIDE or own.hits * beside.of >= TIMES * beside.hits * own.of


def judge_all(months: Sequence[MonthTally]) -> tuple[int, list[Finding]]:
    """How many comparisons the last month made, and those that are shown."""
    comparisons = compare_all(months)
    found = [judge(one, len(comparisons), months[-1].month) for one in comparisons]
    return len(comparisons), list(_number_anew(one for one in found if one is not None))


def _number_anew(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Applicants are the first, the second … of one manager and service: a number that says nothing beyond that page."""
    seen: Counter[tuple[UUID, str, UUID]] = Counter()
    for one in findings:
        if one.kind is not Kind.FAVOURED:
            yield one
            continue
        place = (one.agency_id, one.service, one.manager_id)
        seen[place] += 1
        yield replace(one, number=seen[place])


def list_thresholds() -> Mapping[str, int]:
    """Every threshold by name, as a pattern keeps and shows them; ``alpha_percent`` is that of the whole month."""
    return {
        **list_terms(), "minimum": MINIMUM, "colleagues": COLLEAGUES, "beside_one": BESIDE_ONE, "least": LEAST, "times": TIMES,
        "alpha_percent": int(ALPHA * 100), "regular": REGULAR, "always_percent": ALWAYS_PERCENT, "beside": BESIDE,
    }  # fmt: skip
