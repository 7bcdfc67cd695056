"""What a page of the ledger is held against: every record against itself, and against the rows that belong beside it.

Whoever changes a row as a superuser can write anything, so nothing here trusts a leaf's shape.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.ids import moment_of
from services.exposure import Direction
from services.leaves import Leaf, check_leaf, digest_manifest, hash_salt, name_persons, name_statistics, read_leaf
from services.model import JsonValue

MOST_FAULTS = 1000
"""A report names so many; further ones are counted."""
CLOCK_STEP = timedelta(seconds=5)
"""By so much a clock may be set back between a call and its outcome without being a fault."""


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """One thing that does not hold, and where: table, agency, record; what is of the tree alone has neither of the two."""

    place: str
    agency_id: UUID | None
    record_id: UUID | None
    what: str

    def __str__(self) -> str:
        where = (str(one) for one in (self.place, self.agency_id, self.record_id) if one is not None)
        return f"{' '.join(where)}: {self.what}"


@dataclass
class VerifyReport:
    """How many records were read and what does not hold: the first ``MOST_FAULTS``, in the order of reading, and how many in all.

    ``unjudged``: cosignatures of witnesses whose key was not given; ``people_seen``: whether links between people and chains were looked over;
    ``undecided``: chains from before the upgrade that have no link, and of which nothing says whether it was erased lawfully.
    """

    records: int = 0
    faults: list[LedgerFault] = field(default_factory=list)
    fault_count: int = 0
    unjudged: int = 0
    people_seen: bool = True
    undecided: int = 0

    def add(self, found: Iterable[LedgerFault]) -> None:
        """Count faults, keep the first."""
        for fault in found:
            self.fault_count += 1
            if len(self.faults) < MOST_FAULTS:
                self.faults.append(fault)


@dataclass
class Page:
    """Some records of one agency with every row that belongs beside them. ``leaves`` are their leaves, parsed."""

    agency_id: UUID
    records: Sequence[Any]
    persons: Sequence[Any] = ()
    salts: Sequence[Any] = ()
    named: Mapping[UUID, Any] = field(default_factory=dict)
    outcomes: Mapping[UUID, int] = field(default_factory=dict)
    attributed: Sequence[Any] = ()
    publications: Sequence[Any] = ()
    leaves: dict[UUID, dict[str, JsonValue]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.leaves = {row.record_id: read_leaf(bytes(row.leaf)) for row in self.records}

    def list_of_kind(self, kind: str) -> list[UUID]:
        """Ids of the page's records of one kind."""
        return [row.record_id for row in self.records if row.kind == kind]

    def list_outcome_targets(self) -> list[UUID]:
        """The records that this page's outcomes speak of."""
        return [row.of_id for row in self.records if row.of_id is not None]

    def list_named(self) -> list[UUID]:
        """The records that this page's outcomes and attributions speak of."""
        found = self.list_outcome_targets()
        for record_id in self.list_of_kind("attribution"):
            found += read_ids(self.leaves[record_id].get("records"))
        return found


def check_page(page: Page) -> Iterator[LedgerFault]:
    """All faults of a page, in the order of its records."""
    persons, salts = _group(page.persons, "record_id"), _group(page.salts, "record_id")
    attributed, published = _group(page.attributed, "attributed_by"), _group(page.publications, "record_id")
    for row in page.records:
        leaf, own = page.leaves[row.record_id], persons[row.record_id]
        faults = _check_alone(row, leaf, own)
        if not faults:
            faults = list(_check_index(row, own)) + list(_check_salt(row, leaf, salts[row.record_id]))
        if not faults and row.kind == "outcome":
            faults = list(_check_outcome(row, page))
        if not faults and row.kind == "attribution":
            faults = list(_check_attribution(leaf, attributed[row.record_id], page))
        if not faults and row.kind == "join" and len(own) != 2:
            faults = ["the join does not name two chains"]
        if not faults and row.kind == "publication":
            faults = list(_check_publication(leaf, published[row.record_id]))
        if not faults and row.kind == "statistics":
            faults = list(_check_statistics(leaf, published[row.record_id]))
        for what in faults:
            yield LedgerFault("exposure_records", page.agency_id, row.record_id, what)


def _group(rows: Iterable[Any], name: str) -> defaultdict[Any, list[Any]]:
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _check_alone(row: Any, body: Mapping[str, JsonValue], persons: Sequence[Any]) -> list[str]:
    """The record against its own bytes, and against the index rows that it must have itself."""
    chains = tuple(person.chain_id for person in persons if person.attributed_by is None)
    leaf = Leaf(
        row.record_id,
        row.agency_id,
        row.at,
        row.kind,
        row.platform,
        row.direction,
        row.service,
        chains,
        bytes(row.leaf),
    )
    faults = check_leaf(leaf, bytes(row.leaf_hash))
    if body.get("of") != (str(row.of_id) if row.of_id else None):
        faults.append("column of_id differs from the leaf")
    if not _was_made_at(row.record_id, row.at):
        faults.append("the id was not made at the moment of the record")
    return faults


def _was_made_at(record_id: UUID, at: datetime) -> bool:
    try:
        return abs(moment_of(record_id) - at) <= CLOCK_STEP
    except OverflowError:
        return False


def _check_index(row: Any, persons: Sequence[Any]) -> Iterator[str]:
    if any(person.platform != row.platform for person in persons):
        yield "the persons of the record stand under another platform"
    if len({person.chain_id for person in persons if person.attributed_by is not None}) > 1:
        yield "the record is attributed to more than one person"


def _check_salt(row: Any, leaf: Mapping[str, JsonValue], salts: Sequence[Any]) -> Iterator[str]:
    """One row, with the salt to which the leaf commits, or with the moment at which it was erased; only exposures have one."""
    if row.kind != "exposure":
        return
    if len(salts) != 1:
        yield "the salt is missing, and nothing says that it was erased"
        return
    salt, erased_at = salts[0].salt, salts[0].erased_at
    if (salt is None) != (erased_at is not None):
        yield "the salt is neither there nor erased"
    elif salt is not None and len(salt) != 32:
        yield "the salt is not 32 bytes"
    elif salt is not None and "salt_hash" in leaf and leaf["salt_hash"] != hash_salt(bytes(salt)):
        yield "the salt is not the one to which the leaf commits"


def _check_outcome(row: Any, page: Page) -> Iterator[str]:
    of = page.named.get(row.of_id)
    if of is None:
        yield "the record that this outcome speaks of is missing"
        return
    if of.kind != "exposure" or of.direction != Direction.SENT_TO_SERVER:
        yield "this outcome speaks of something that was not sent"
    if of.at > row.at + CLOCK_STEP:
        yield "this outcome is older than what it speaks of"
    if page.outcomes.get(row.of_id, 0) != 1:
        yield "there is more than one outcome of the same record"


def _check_attribution(leaf: Mapping[str, JsonValue], index: Sequence[Any], page: Page) -> Iterator[str]:
    """Each named record exists, is of the same request and platform, and named nobody as its actor; the index says the same."""
    named = read_ids(leaf.get("records"))
    if not named or len({str(one) for one in named}) != len(leaf["records"]):
        yield "the attribution does not name records, each once"
        return
    if {(str(row.chain_id), row.record_id) for row in index} != {(leaf.get("chain"), one) for one in named}:
        yield "the index differs from what the attribution says"
    for one in named:
        record = page.named.get(one)
        if record is None:
            yield f"the attributed record {one} is missing"
            continue
        of = read_leaf(bytes(record.leaf))
        if record.kind != "exposure" or of.get("request_id") != leaf.get("request_id"):
            yield f"the attributed record {one} is not of the same request"
        if record.platform != leaf.get("platform"):
            yield f"the attributed record {one} is of another platform"
        if of.get("actor") is not None or leaf.get("chain") in name_persons(of):
            yield f"the attributed record {one} names its persons itself"


def _check_publication(leaf: Mapping[str, JsonValue], rows: Sequence[Any]) -> Iterator[str]:
    if len(rows) != 1:
        yield "the publication does not stand once among the publications"
        return
    bodies = leaf.get("bodies")
    if rows[0].release != leaf.get("release"):
        yield "the publication stands under another release"
    if not isinstance(bodies, dict) or bytes(rows[0].manifest_digest) != digest_manifest(bodies):
        yield "the publication stands under another manifest"


def _check_statistics(leaf: Mapping[str, JsonValue], rows: Sequence[Any]) -> Iterator[str]:
    """Each digest of a month stands once, under the month's name."""
    if len(rows) != 1:
        yield "the statistics do not stand once among the publications"
        return
    if rows[0].release != name_statistics(str(leaf.get("month"))):
        yield "the statistics stand under another month"
    if bytes(rows[0].manifest_digest).hex() != leaf.get("digest"):
        yield "the statistics stand under another digest"


def read_ids(value: JsonValue) -> list[UUID]:
    """The ids in a member of a leaf; what is none is left out."""
    found = []
    for item in value if isinstance(value, list) else []:
        try:
            found.append(UUID(item))
        except (ValueError, AttributeError, TypeError):
            continue
    return found
