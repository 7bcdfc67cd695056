"""The page of an agency for the evaluation of the business environment (营商环境评价): what each of its services takes a company.

Days, trips, materials and fees, each with where it comes from: closed months of events (``services/month_record.py``), the mapping, the
count of ``services/effort.py``. Nothing is weighted into one number and agencies are not ranked: what is compared is left to whoever
reads. ``docs/effort.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.effort import COPIES, Effort, label_service
from services.effort_words import Texts, name_thing
from services.mapping import ServiceMapping
from services.model import Language, PlatformName
from services.month_record import MonthStore
from services.planning import Publication, find_ended, list_closed_months, list_years, read_publication, round_mean
from services.planning_rules import FEWEST, Node
from services.spreadsheet_text import write_csv

ORGANISATION = "organisation"
FEWEST_CASES = FEWEST
"""Of fewer closed cases no days are told: one company would know the other's."""
HEADS = (
    "service", "title", "version", "channels", "closed_cases", "months", "mean_working_days", "late_cases", "promised_days",
    "statutory_days", "trips", "clicks", "fields", "materials_to_bring", "materials_vouched_for", "materials_fetched", "fees",
    "legal_basis",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DaysLived:
    """Working days on the decision clock, from acceptance to the decision, of the cases that were closed in these periods."""

    months: tuple[str, ...]
    """The closed months of the year."""
    periods: tuple[str, ...]
    """What of the year is told of the service, and summed here: months, quarters, or the year."""
    closed: int
    working_days: int
    late: int | None
    """None: withheld."""

    @property
    def is_enough(self) -> bool:
        """Whether there are enough cases to say it."""
        return self.closed >= FEWEST_CASES

    @property
    def mean_tenths(self) -> int:
        """The mean in tenths of a day, rounded half up."""
        return round_mean(self.working_days, self.closed)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee with its law; ``amount_fen`` None: it is computed."""

    name: Texts
    amount_fen: int | None
    legal_ground: str


@dataclass(frozen=True, slots=True)
class BusinessLine:
    """One service for companies. ``effort`` is the label at its best door; ``lived`` None: no month is closed."""

    mapping: ServiceMapping
    effort: Effort
    lived: DaysLived | None
    bring: tuple[Texts, ...]
    vouch: tuple[Texts, ...]
    fetched: tuple[Texts, ...]
    fees: tuple[Fee, ...]

    @property
    def promised_days(self) -> int | None:
        """What the office promises, in working days."""
        return _days(self.mapping, "promised_days")

    @property
    def statutory_days(self) -> int | None:
        """What the law gives it."""
        return _days(self.mapping, "statutory_days")


def _days(mapping: ServiceMapping, name: str) -> int | None:
    found = mapping.limits.get(name)
    return found if isinstance(found, int) else None


def serves_companies(mapping: ServiceMapping) -> bool:
    """Whether an organisation can have it: by the applicants of its counter, or by its ``audience``."""
    if mapping.counter is not None:
        return ORGANISATION in mapping.counter.applicants
    audience = mapping.raw.get("audience")
    return isinstance(audience, list) and ORGANISATION in audience


def list_agencies(services: Iterable[ServiceMapping]) -> dict[str, tuple[str, ...]]:
    """Agencies with services for companies, by slug in its order: the parts of the agency that answer for them."""
    found: dict[str, list[str]] = {}
    for mapping in sorted(services, key=lambda one: (one.agency, one.id)):
        if serves_companies(mapping) and mapping.owner not in found.setdefault(mapping.agency, []):
            found[mapping.agency].append(mapping.owner)
    return {slug: tuple(owners) for slug, owners in found.items()}


def describe_agency(
    services: Iterable[ServiceMapping], agency: str, lived: Mapping[str, DaysLived]
) -> tuple[BusinessLine, ...]:
    """The lines of one agency, in the order of ids."""
    own = [one for one in services if one.agency == agency and serves_companies(one)]
    return tuple(_describe(one, lived.get(one.id)) for one in sorted(own, key=lambda one: one.id))


def _describe(mapping: ServiceMapping, lived: DaysLived | None) -> BusinessLine:
    materials = list(mapping.counter.materials.values()) if mapping.counter else []
    fees = tuple(_read_fees(mapping))
    return BusinessLine(
        mapping=mapping,
        effort=find_best_door(mapping),
        lived=lived,
        bring=tuple(one.title for one in materials if one.level in COPIES and not one.optional),
        vouch=tuple(one.title for one in materials if one.level == "D" and not one.optional),
        fetched=tuple(one.title for one in materials if one.level == "A"),
        fees=fees,
    )


def _read_fees(mapping: ServiceMapping) -> Iterator[Fee]:
    """``fees`` stand in the mapping in their shape (``config/mapping_schema.FEE``)."""
    for entry in mapping.fees:
        name, amount = entry["name"], entry.get("amount_fen")
        texts = {code: str(text) for code, text in name.items()} if isinstance(name, dict) else {}
        yield Fee(name_thing(texts), amount if isinstance(amount, int) else None, str(entry["legal_ground"]))


def find_best_door(mapping: ServiceMapping) -> Effort:
    """The label at the door with the fewest trips, of those with the fewest acts; the mapping's first among equals."""
    labels = label_service(mapping)
    return min(labels, key=lambda one: (one.trips, one.clicks + one.fields, one.door == PlatformName.WINDOW))


def read_last_year(months: MonthStore, places: Mapping[UUID, Node]) -> Publication | None:
    """What is told of the last year that is over, before there is one of the running year; None while no month is closed.

    ``months``: of a transaction over every agency. Raises ``StoreUnavailable``.
    """
    closed = list_closed_months(months)
    years, ended = list_years(closed)[:2], find_ended(closed)
    year = next((one for one in years if one in ended), years[0] if years else "")
    return read_publication(months, places, year, closed) if year else None


def sum_lived(told: Publication | None, place: Node, services: Iterable[str]) -> dict[str, DaysLived]:
    """What a year says of an agency's services, by service; nothing at all while no month is closed.

    Only cells that are told anyway (``services/planning.py``) are summed: of sums over spans that overlap, one less the other would tell
    a single month. No cases of a service of which nothing is told.
    """
    return {one: _sum_up(told, (*place, one)) for one in services} if told is not None else {}


def _sum_up(told: Publication, place: Node) -> DaysLived:
    periods, closed, days, late = told.sum_told(place)
    return DaysLived(told.months, periods, closed, days, late)


def write_table(lines: Sequence[BusinessLine], language: Language = Language.ZH_CN) -> bytes:
    """The page as CSV (``services/spreadsheet_text.py``); ``HEADS`` are its columns, an empty cell says "not known".

    Days of fewer than ``FEWEST_CASES`` cases are left out with their number.
    """
    return write_csv(HEADS, (_write_row(line, language) for line in lines))


def _write_row(line: BusinessLine, language: Language) -> list[str]:
    mapping, effort, lived = line.mapping, line.effort, line.lived
    told = [str(lived.closed), "/".join(lived.periods), f"{lived.mean_tenths / 10:.1f}", "" if lived.late is None else str(lived.late)] if (
        lived is not None and lived.is_enough) else ["", "", "", ""]  # fmt: skip
    limits = ["" if days is None else str(days) for days in (line.promised_days, line.statutory_days)]
    counts = [str(one) for one in (effort.trips, effort.clicks, effort.fields)]
    papers = ["; ".join(one[language] for one in names) for names in (line.bring, line.vouch, line.fetched)]
    return [
        mapping.id, mapping.title[language], str(mapping.version), "/".join(mapping.channels), *told, *limits, *counts, *papers,
        "; ".join(say_fee(one, language) for one in line.fees), mapping.legal_basis,
    ]  # fmt: skip


def say_fee(fee: Fee, language: Language) -> str:
    """A fee with its amount in yuan and its law."""
    computed = "按规定计算" if language == Language.ZH_CN else "computed"
    amount = computed if fee.amount_fen is None else f"{fee.amount_fen // 100}.{fee.amount_fen % 100:02d}"
    return f"{fee.name[language]} {amount} ({fee.legal_ground})"
