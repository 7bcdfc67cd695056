"""Ratings (好差评): levels and words, who is rated, whose hands a case went through, and what may be shown of ratings. Pure; ``docs/ratings.md``.

The rated never learn who rated. So no rating is shown by itself: what is shown are whole *batches*, five consecutive ratings of one service
and one rated person (or of nobody in particular). Every number on every page is a sum of whole batches, whoever looks and whenever, so that
two pages held against each other differ by five ratings at least. A batch once full never changes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.case_file import CaseFile
from services.case_limits import business_day
from services.case_record import CaseEvent, Hand, Rating
from services.counter_permits import list_hands_behind
from services.errors import InputRefused

LEVELS = (5, 4, 3, 2, 1)
"""非常满意, 满意, 基本满意, 不满意, 非常不满意."""
BAD = 2
"""This level and those below it are bad."""
TAGS = ("fast", "clear", "polite", "slow", "unclear", "rude", "came_again", "asked_too_much", "charged_too_much")
BATCH = 5
WORDS_LIMIT = 500
CASE, PAYMENT, APPLICATION = "case", "payment", "application"
MATTERS = (CASE, PAYMENT, APPLICATION)
VISIT = "visit:"
"""``Rating.about`` of a visit is this and its day; its subject is the case, or what stands for a receipt."""
VOICES = frozenset({"rated", "complained"})
"""Notes of a case that nobody who works on it is shown, and that make nobody a hand of it."""
AT_WINDOW = frozenset({"case_received", "corrected", "gap_supplied", "fixed_on_the_spot", "withdrawn"})
"""What a clerk writes down for somebody who stands at the window; handing over and printing a receipt are always there."""
ALWAYS_AT_WINDOW = frozenset({"handed_over", "receipt_printed"})
_NUMBERS = re.compile(r"[0-9０-９][0-9０-９ -]{4,}[0-9０-９XxＸ]")
_LONGEST_PHONE = 20


@dataclass(frozen=True, slots=True)
class GivenRating:
    """What somebody says: a level, tags of ``TAGS``, words or none. Read by ``read_rating``."""

    level: int
    tags: tuple[str, ...] = ()
    words: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether it is one of the two bad levels."""
        return self.level <= BAD


def read_rating(level: int, tags: Sequence[str], words: str) -> GivenRating:
    """What somebody sent, in its right form. Raises ``InputRefused`` (level, tags, words)."""
    if isinstance(level, bool) or level not in LEVELS:
        raise InputRefused(detail={"level": "not_a_choice"})
    if not set(tags) <= set(TAGS):
        raise InputRefused(detail={"tags": "not_a_choice"})
    return GivenRating(level, tuple(one for one in TAGS if one in tags), read_words(words, "words"))


def read_words(words: str, place: str, *, needed: bool = False) -> str:
    """At most 500 characters, control characters and line ends as spaces. Raises ``InputRefused``."""
    tidy = " ".join("".join(one if one.isprintable() else " " for one in words).split())
    if needed and not tidy:
        raise InputRefused(detail={place: "required"})
    if len(tidy) > WORDS_LIMIT:
        raise InputRefused(detail={place: "too_long"})
    return tidy


def read_contact(contact: str) -> str:
    """How to reach somebody, a telephone number: digits, spaces, ``+`` and ``-``, or nothing. Raises ``InputRefused``."""
    tidy = contact.strip()
    if tidy and not re.fullmatch(rf"[0-9+ -]{{5,{_LONGEST_PHONE}}}", tidy):
        raise InputRefused(detail={"contact": "form"})
    return tidy


def list_case_hands(file: CaseFile) -> frozenset[UUID]:
    """Everybody of the staff who has had a part in a case: opened, claimed, was given, checked, accepted, decided, printed, handed over.

    With those in whose stead a deputy did it.
    """
    hands = {file.case.opened_by} if file.case.opened_by else set()
    for event in file.events:
        if event.name in VOICES:
            continue
        hands |= list_hands_behind(event)
        if event.name == "reassigned":
            hands.add(UUID(str(event.data["to"])))
    return frozenset(hands)


def find_rated(file: CaseFile) -> UUID | None:
    """Who is rated with a case: who decided it, else who has it in hand, else who last worked on it; nobody where a rule decided."""
    if file.decision is not None:
        return file.decision.staff_id
    if file.claimed_by is not None:
        return file.claimed_by
    worked = [event.staff_id for event in file.events if event.staff_id is not None and event.name not in VOICES]
    return worked[-1] if worked else None


def find_visit(file: CaseFile, on: date) -> UUID | None:
    """Who served somebody at the window for this case on this legal day; None if nobody came."""
    served = [event.staff_id for event in file.events if business_day(event.at) == on and _is_visit(event)]
    return served[-1] if served else None


def _is_visit(event: CaseEvent) -> bool:
    by_clerk = event.hand is Hand.CLERK and event.staff_id is not None
    return by_clerk and (event.name in AT_WINDOW or event.name in ALWAYS_AT_WINDOW)


def name_visit(on: date) -> str:
    """What a rating of a visit is about."""
    return f"{VISIT}{on.isoformat()}"


def name_receipt(number: str) -> UUID:
    """What stands for a payment receipt by its number, where the payment itself is not looked up."""
    return UUID(bytes=hashlib.sha256(f"receipt:{number}".encode()).digest()[:16])


Cell = tuple[UUID, str, UUID | None]
"""Agency, service, who is rated."""


def fill_batches(ratings: Iterable[Rating]) -> dict[Cell, list[tuple[Rating, ...]]]:
    """The full batches of each cell, oldest first. What does not fill one yet is nowhere in it."""
    cells: dict[Cell, list[Rating]] = {}
    for rating in sorted(ratings, key=lambda one: (one.rated_at, one.rating_id)):
        cells.setdefault((rating.agency_id, rating.service, rating.staff_id), []).append(rating)
    batches = {
        cell: [tuple(found[at : at + BATCH]) for at in range(0, len(found) - BATCH + 1, BATCH)]
        for cell, found in cells.items()
    }
    return {cell: full for cell, full in batches.items() if full}


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums of whole batches: ratings by level; ``struck``: bad ones that an appeal has found mistaken or malicious (they stay in ``levels``)."""

    levels: Mapping[int, int] = field(default_factory=dict)
    struck: int = 0

    @property
    def total(self) -> int:
        """How many ratings."""
        return sum(self.levels.values())

    @property
    def good_share(self) -> float | None:
        """The share of ratings that are not bad, without those that were struck; None without any."""
        bad = sum(count for level, count in self.levels.items() if level <= BAD)
        counted = self.total - self.struck
        return (self.total - bad) / counted if counted else None


def tally_up(batches: Iterable[Sequence[Rating]], struck: frozenset[UUID] = frozenset()) -> Tally:
    """The sums of these batches. ``struck``: ids of ratings."""
    ratings = [rating for batch in batches for rating in batch]
    levels = Counter(rating.level for rating in ratings)
    return Tally({level: levels[level] for level in LEVELS}, sum(one.rating_id in struck for one in ratings))


def hide_identity(words: str, names: Iterable[str]) -> str:
    """Words without these names and without any number that could be a person's or a case's."""
    for name in sorted({one for one in names if one}, key=len, reverse=True):
        words = words.replace(name, "＊")
    return _NUMBERS.sub("＊", words)


def make_handle(complaint_id: UUID) -> str:
    """What stands for a complaint where its own id, which tells the moment of filing, may not be seen."""
    return hashlib.sha256(b"complaint handle:" + complaint_id.bytes).hexdigest()[:24]


def shuffle_key(rating_id: UUID) -> str:
    """An order that has nothing to do with time."""
    return hashlib.sha256(b"order of words:" + rating_id.bytes).hexdigest()
