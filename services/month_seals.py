"""Seals of a month: for each agency, service and day one digest over everything that happened there and then. Pure.

Figures do not change when an event moves within its day or two cases swap their events; seals do. What they are made of, so that somebody
else can make them again (``docs/statistics.md``):

- A *leaf* is SHA-256 over a zero byte and the canonical text of what happened to one matter on one day (Asia/Shanghai): of a case the facts
  that stand in its row and that day's events with their opened data; of a rating and of one event of a complaint their facts without words.
- A *heap* is SHA-256 over a one byte and the sorted leaves of a place. Each leaf has 32 bytes and names its matter, so no two sets of
  leaves give the same bytes, and the order in which they were read makes no difference. Nothing is added or xor-ed: such sums can be
  balanced by whoever may choose what to add.
- A *seal* is the heap under a key of the house, because a heap of one event could otherwise be found by trying what its data may say.

The first byte keeps leaves and heaps apart (RFC 6962, 2.1). Canonical text is JSON in ASCII with sorted names and no blanks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from uuid import UUID

from services.case_file import CaseFile
from services.case_limits import business_day
from services.case_record import Case, CaseEvent, Complaint, ComplaintEvent, Rating
from services.model import JsonValue
from services.month_record import Happening, Place, Seal
from services.months import Month

LEAF_BYTES = 32
_LEAF, _HEAP = b"\x00", b"\x01"
Leaf = tuple[Place, bytes]


class Heaps:
    """Leaves by place, gathered in any order. Memory: 32 bytes a leaf (a case on a day), nothing of what it was made of."""

    def __init__(self) -> None:
        self._leaves: dict[Place, bytearray] = {}

    def add(self, leaf: Leaf) -> None:
        """One more; the same leaf twice counts twice."""
        place, digest = leaf
        self._leaves.setdefault(place, bytearray()).extend(digest)

    def close(self, seal: Callable[[bytes], bytes]) -> Mapping[Place, Seal]:
        """The seal of each place; ``seal`` puts 32 bytes under the key of the house."""
        return {place: Seal(len(raw) // LEAF_BYTES, seal(_digest_heap(raw))) for place, raw in self._leaves.items()}


def _digest_heap(raw: bytearray) -> bytes:
    heap = hashlib.sha256(_HEAP)
    for leaf in sorted(bytes(raw[start : start + LEAF_BYTES]) for start in range(0, len(raw), LEAF_BYTES)):
        heap.update(leaf)
    return heap.digest()


def list_case_leaves(file: CaseFile, month: Month) -> Iterator[Leaf]:
    """A leaf for each day of the month on which something happened to a case."""
    case = file.case
    begins_at, ends_at = month.begins_at, month.ends_at
    found = ((business_day(one.at), one.version, one) for one in file.events if begins_at <= one.at < ends_at)
    facts = _list_facts(case)
    for on, of_day in groupby(sorted(found, key=lambda one: one[:2]), key=lambda one: one[0]):
        told = ["case", *facts, [_list_event(event) for _, _, event in of_day]]
        yield Place(case.agency_id, case.service, on, Happening.EVENTS), digest_leaf(told)


def _list_facts(case: Case) -> list[JsonValue]:
    return [
        str(case.agency_id), str(case.case_id), case.service, case.mapping_version, case.case_no, str(case.channel), case.app,
        _name(case.opened_by), case.delivery, _write(case.received_at), _write(case.received_on), _write(case.business_on),
    ]  # fmt: skip


def _list_event(event: CaseEvent) -> list[JsonValue]:
    return [
        event.version, event.name, str(event.state), str(event.hand), _write(event.at), _name(event.staff_id),
        dict(event.data),
    ]  # fmt: skip


def make_rating_leaf(rating: Rating) -> Leaf:
    """What was rated, when, how and whom; not in which words and by whom."""
    told: list[JsonValue] = [
        "rating", str(rating.agency_id), str(rating.rating_id), rating.about, str(rating.subject), rating.service,
        str(rating.channel), rating.level, _name(rating.staff_id), _write(rating.rated_at),
    ]  # fmt: skip
    on = business_day(rating.rated_at)
    return Place(rating.agency_id, rating.service, on, Happening.RATINGS), digest_leaf(told)


def make_complaint_leaf(complaint: Complaint, event: ComplaintEvent) -> Leaf:
    """One event of a complaint or of the follow-up of a bad rating, with what it is about and against whom; without words."""
    told: list[JsonValue] = [
        "complaint", str(complaint.agency_id), str(complaint.complaint_id), complaint.kind, complaint.about,
        str(complaint.subject), complaint.service, complaint.case_no, str(complaint.channel),
        [str(one) for one in complaint.against], _name(complaint.rating_id), _write(complaint.filed_at),
        _write(complaint.due_on), event.version, event.name, str(event.state), _write(event.at), _name(event.staff_id),
    ]  # fmt: skip
    on = business_day(event.at)
    return Place(complaint.agency_id, complaint.service, on, Happening.COMPLAINTS), digest_leaf(told)


def digest_leaf(told: JsonValue) -> bytes:
    """32 bytes that stand for what is told; the order of names in it makes no difference."""
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(_LEAF + text.encode("ascii")).digest()


def _name(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _write(when: date | datetime) -> str:
    """A day as it stands, a moment in UTC to the microsecond."""
    if isinstance(when, datetime):
        return when.astimezone(UTC).isoformat(timespec="microseconds")
    return when.isoformat()
