"""Recomputing the ledger from the rows up, page by page in the order of its indices: memory does not grow with it.

One transaction with one snapshot reads everything, so a ledger that is being written to is checked as it stood at one moment. A page is held
against what belongs beside its records (``ledger_checks.py``) and takes its place in tree, chains and map (``tree_replay.py``). At the end come
records without a place, what belongs to no record at all, the newest map, and whose the chains are. What cannot be seen: docs/exposure.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import namedtuple_row

from adapters.stores.connection import StoreFault, without_values
from adapters.stores.keyring import Keyring
from adapters.stores.ledger_checks import LedgerFault, Page, VerifyReport, check_page
from adapters.stores.map_verify import check_map, read_linked
from adapters.stores.people_verify import PeopleCheck
from adapters.stores.replay_state import ReplayState
from adapters.stores.tree_heads import NoteJudge
from adapters.stores.tree_pages import STEP, PlacedLeaf, TreePages
from adapters.stores.tree_replay import TreeReplay
from services.checkpoint import read_checkpoint
from services.errors import ConfigurationFault, StoreUnavailable
from services.signed_note import NoteKey, NoteRefused, read_note

__all__ = ["STEP", "Checking", "LedgerFault", "Progress", "VerifyReport", "verify"]

_SCOPE: LiteralString = (
    "SELECT set_config('guitai.agencies', coalesce((SELECT string_agg(agency_id::text, ',') FROM agencies), ''), false)"
)
_MAY_READ: LiteralString = (
    "SELECT count(*) FROM unnest(ARRAY['agencies', 'exposure_records', 'exposure_persons', 'exposure_salts',"
    " 'exposure_publications', 'exposure_pending', 'ledger_sequence', 'ledger_own_leaves', 'ledger_tiles', 'ledger_checkpoints',"
    " 'ledger_beats', 'ledger_links', 'ledger_map_nodes', 'ledger_linked', 'ledger_cosignatures', 'chain_links', 'persons'])"
    " AS t(name) WHERE NOT has_table_privilege(name, 'SELECT')"
)
_WAITING: LiteralString = "SELECT count(*) AS count FROM exposure_pending"
_HEAD: LiteralString = "SELECT root, note FROM ledger_checkpoints WHERE size = %s"
_UNPLACED: LiteralString = """
SELECT r.*, EXISTS (SELECT 1 FROM exposure_pending p WHERE p.agency_id = r.agency_id AND p.record_id = r.record_id) AS waits
FROM exposure_records r
WHERE NOT EXISTS (SELECT 1 FROM ledger_sequence s WHERE s.agency_id = r.agency_id AND s.record_id = r.record_id)
ORDER BY r.agency_id, r.record_id
"""
_PERSONS: LiteralString = (
    "SELECT * FROM exposure_persons WHERE agency_id = %s AND record_id = ANY(%s) ORDER BY record_id"
)
_SALTS: LiteralString = "SELECT * FROM exposure_salts WHERE agency_id = %s AND record_id = ANY(%s)"
_NAMED: LiteralString = "SELECT record_id, at, kind, direction, platform, leaf FROM exposure_records WHERE agency_id = %s AND record_id = ANY(%s)"
_OUTCOMES: LiteralString = (
    "SELECT of_id, count(*) AS count FROM exposure_records WHERE agency_id = %s AND of_id = ANY(%s) GROUP BY of_id"
)
_ATTRIBUTED: LiteralString = (
    "SELECT attributed_by, chain_id, record_id FROM exposure_persons WHERE agency_id = %s AND attributed_by = ANY(%s)"
)
_PUBLICATIONS: LiteralString = "SELECT * FROM exposure_publications WHERE agency_id = %s AND record_id = ANY(%s)"
_STRAYS: tuple[tuple[str, str, LiteralString], ...] = (
    (
        "exposure_persons", "the record is missing",
        ("SELECT p.agency_id, p.record_id FROM exposure_persons p WHERE NOT EXISTS (SELECT 1 FROM exposure_records r"
        " WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id AND r.kind IN ('exposure', 'join', 'closing'))"),
    ),
    (
        "exposure_persons", "the attribution that the row names is missing",
        ("SELECT p.agency_id, p.record_id FROM exposure_persons p WHERE p.attributed_by IS NOT NULL AND NOT EXISTS (SELECT 1"
        " FROM exposure_records r WHERE r.agency_id = p.agency_id AND r.record_id = p.attributed_by AND r.kind = 'attribution')"),
    ),
    (
        "exposure_salts", "a salt without its record",
        ("SELECT s.agency_id, s.record_id FROM exposure_salts s WHERE NOT EXISTS (SELECT 1 FROM exposure_records r"
        " WHERE r.agency_id = s.agency_id AND r.record_id = s.record_id AND r.kind = 'exposure')"),
    ),
    (
        "ledger_sequence", "the record has more than one place",
        "SELECT agency_id, record_id FROM ledger_sequence GROUP BY agency_id, record_id HAVING count(*) > 1",
    ),
    (
        "exposure_pending", "the record that waits for a place is missing",
        ("SELECT agency_id, record_id FROM exposure_pending p WHERE NOT EXISTS (SELECT 1 FROM exposure_records r"
        " WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id)"),
    ),
    (
        "exposure_pending", "the record waits and has its place",
        "SELECT agency_id, record_id FROM exposure_pending JOIN ledger_sequence USING (agency_id, record_id)",
    ),
    (
        "exposure_pending", "the record has waited longer than the merge delay",
        ("SELECT agency_id, record_id FROM exposure_pending JOIN exposure_records USING (agency_id, record_id)"
        " WHERE at < (SELECT ran_at FROM ledger_beats) - interval '60 s'"),
    ),
    (
        "exposure_publications", "the record is missing",
        ("SELECT p.agency_id, p.record_id FROM exposure_publications p WHERE NOT EXISTS (SELECT 1 FROM exposure_records r"
        " WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id"
        " AND r.kind = CASE WHEN starts_with(p.release, 'statistics:') THEN 'statistics' ELSE 'publication' END)"),
    ),
)  # fmt: skip
"""Rows that hang in the air: table, what is wrong, and which they are."""


class Progress(NamedTuple):
    """So many leaves and records were read, of so many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Checking:
    """With what the ledger is checked: each of it may be absent, and then is not judged."""

    log: NoteKey | None = None
    witnesses: Sequence[NoteKey] = ()
    keyring: Keyring | None = None
    state: Path | None = None


def verify(
    url: str, progress: Callable[[Progress], None], log: NoteKey | None = None, checking: Checking | None = None
) -> VerifyReport:
    """Read the whole ledger as its owner or as the worker, who may read salts; ``progress`` is told after every page.

    ``log``: the key with which the signatures of checkpoints are judged, if nothing more is given. The worker sees the rows of the agencies that
    exist, the owner also a row that was given another agency. Raises ``StoreUnavailable``, and ``ConfigurationFault`` for a role that may
    not read all of it, or a state of a check that is none, in use, or of another ledger than this one.
    """
    checking = checking or Checking(log)
    state = ReplayState(checking.state)
    try:
        with psycopg.connect(url, connect_timeout=5, row_factory=namedtuple_row) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            _require_rights(connection)
            connection.execute(_SCOPE)
            require_same(connection, state)
            return _Check(connection, state, checking, progress).run()
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the ledger cannot be read ({error.sqlstate or 'no SQLSTATE'})") from None
    except psycopg.Error as error:
        raise StoreFault("the ledger cannot be read") from without_values(error)
    finally:
        state.close()


def require_same(connection: psycopg.Connection[Any], state: ReplayState) -> None:
    """Whether the store still has what the state saw; raises ``ConfigurationFault`` for another ledger, one put back, or a fork."""
    at = state.position
    first = next((leaf.leaf_hash for leaf in TreePages(connection).read_leaves(0) if leaf.index == 0), b"")
    if at.first and at.first != first:
        raise ConfigurationFault("the state of the check is of another ledger: its first leaf is another")
    if at.checked >= 0:
        row = connection.execute(_HEAD, (at.checked,)).fetchone()
        if row is None or bytes(row.root) != at.root or _read_origin(row.note) not in {at.origin, ""}:
            raise ConfigurationFault(
                f"the ledger has no longer the checkpoint of {at.checked} leaves that was verified: it was put back to an"
                " earlier state, or is a fork; a check of it as it is now begins with a new state"
            )
    if at.ended:
        state.begin_anew()
    state.position.first = first


def _read_origin(note: bytes) -> str:
    try:
        return read_checkpoint(read_note(bytes(note)).text).origin
    except NoteRefused:
        return ""


class _Check:
    """One check in one snapshot."""

    def __init__(
        self, connection: psycopg.Connection[Any], state: ReplayState, checking: Checking, progress: Callable[[Progress], None]
    ) -> None:  # fmt: skip
        self._connection, self._state, self._checking, self._progress = connection, state, checking, progress
        self._pages = TreePages(connection)
        waiting = connection.execute(_WAITING).fetchone()
        self._total = self._pages.count_leaves() + (0 if waiting is None else int(waiting.count))

    def run(self) -> VerifyReport:
        """Everything, from the state's position on."""
        judge = NoteJudge(self._checking.log, self._checking.witnesses)
        replay = TreeReplay(self._connection, self._state, judge, read_linked(self._connection)[0])
        self._state.add_faults(replay.begin())
        while leaves := self._pages.read_leaves(self._state.position.size):
            self._check_leaves(replay, leaves)
        report = VerifyReport(self._state.position.records, unjudged=self._state.position.unjudged)
        report.add(self._state.list_faults())
        report.add(replay.finish())
        self._check_unplaced(report)
        report.add(self._find_strays())
        report.add(check_map(self._connection, self._state))
        self._check_people(report)
        self._state.end()
        return report

    def _check_leaves(self, replay: TreeReplay, leaves: Sequence[PlacedLeaf]) -> None:
        places = {(leaf.agency_id, leaf.record_id): leaf.index for leaf in leaves if leaf.kind is None}
        rows = [leaf.row for leaf in leaves if leaf.row is not None]
        found = replay.check_leaves(leaves)
        found += [(places[fault.agency_id, fault.record_id], fault) for fault in self._check_records(rows)]
        self._state.add_faults(fault for _, fault in sorted(found, key=lambda one: one[0]))
        self._state.position.records += len(rows)
        self._state.save()
        self._progress(Progress(min(self._state.position.size, self._total), self._total))

    def _check_records(self, rows: Sequence[Any]) -> Iterator[LedgerFault]:
        """Records of any agencies, each against itself and the rows beside it."""
        of_agency = sorted(rows, key=lambda row: row.agency_id)
        for agency_id, some in groupby(of_agency, key=lambda row: row.agency_id):
            yield from check_page(_complete_page(self._connection, agency_id, list(some)))

    def _check_unplaced(self, report: VerifyReport) -> None:
        """Records that wait for their place, and such as neither have one nor wait for it."""
        with self._connection.cursor("unplaced") as cursor:
            cursor.itersize = STEP
            cursor.execute(_UNPLACED)
            while rows := cursor.fetchmany(STEP):
                report.add(self._check_records(rows))
                report.add(
                    LedgerFault(
                        "exposure_records", row.agency_id, row.record_id,
                        "the record neither has a place in the sequence nor waits for one",
                    )
                    for row in rows if not row.waits
                )  # fmt: skip
                report.records += len(rows)
                done = self._state.position.size + report.records - self._state.position.records
                self._progress(Progress(min(done, self._total), self._total))

    def _check_people(self, report: VerifyReport) -> None:
        if self._checking.keyring is None or not self._state.position.tree_holds:
            report.people_seen = False
            return
        check = PeopleCheck(self._connection, self._state, self._checking.keyring)
        report.add(check.check())
        report.undecided = check.undecided

    def _find_strays(self) -> Iterable[LedgerFault]:
        for place, what, query in _STRAYS:
            with self._connection.cursor("strays") as cursor:
                cursor.itersize = STEP
                for agency_id, record_id in cursor.execute(query):
                    yield LedgerFault(place, agency_id, record_id, what)


def _require_rights(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(_MAY_READ).fetchone()
    if row is None or row.count:
        raise ConfigurationFault("this database user may not read the whole ledger: use the worker's or the owner's")


def _complete_page(connection: psycopg.Connection[Any], agency_id: UUID, records: list[Any]) -> Page:
    page = Page(agency_id, records)
    reach = (agency_id, [row.record_id for row in records])
    page.persons = connection.execute(_PERSONS, reach).fetchall()
    page.salts = connection.execute(_SALTS, reach).fetchall()
    page.named = {row.record_id: row for row in connection.execute(_NAMED, (agency_id, page.list_named())).fetchall()}
    page.outcomes = dict(connection.execute(_OUTCOMES, (agency_id, page.list_outcome_targets())).fetchall())
    page.attributed = connection.execute(_ATTRIBUTED, (agency_id, page.list_of_kind("attribution"))).fetchall()
    claimed = page.list_of_kind("publication") + page.list_of_kind("statistics")
    page.publications = connection.execute(_PUBLICATIONS, (agency_id, claimed)).fetchall()
    return page
