"""Recomputing the ledger from the rows up, page by page: memory does not grow with it.

One transaction with one snapshot reads everything, so a ledger that is being written to is checked as it stood at one moment.
What a page is held against stands in ``ledger_checks.py``; what belongs to no record at all is found at the end.
The tree over the records: ``tree_verify.py``. What cannot be seen: docs/exposure.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import namedtuple_row

from adapters.stores.connection import StoreFault, without_values
from adapters.stores.ledger_checks import LedgerFault, Page, VerifyReport, check_page
from adapters.stores.tree_verify import check_tree
from services.errors import ConfigurationFault, StoreUnavailable
from services.signed_note import NoteKey

__all__ = ["LedgerFault", "VerifyReport", "verify"]

STEP = 1000
"""Records of a page, and after so many the progress is told."""
_SCOPE: LiteralString = (
    "SELECT set_config('guitai.agencies', coalesce((SELECT string_agg(agency_id::text, ',') FROM agencies), ''), false)"
)
_MAY_READ: LiteralString = (
    "SELECT count(*) FROM unnest(ARRAY['agencies', 'exposure_records', 'exposure_persons', 'exposure_salts',"
    " 'exposure_publications', 'exposure_pending', 'ledger_sequence', 'ledger_own_leaves', 'ledger_tiles', 'ledger_checkpoints',"
    " 'ledger_beats']) AS t(name) WHERE NOT has_table_privilege(name, 'SELECT')"
)
_AGENCIES: LiteralString = "SELECT DISTINCT agency_id FROM exposure_records ORDER BY agency_id"
_PAGE: LiteralString = (
    "SELECT * FROM exposure_records WHERE agency_id = %s AND record_id >= %s ORDER BY record_id LIMIT %s"
)
_PERSONS: LiteralString = (
    "SELECT * FROM exposure_persons WHERE agency_id = %s AND record_id BETWEEN %s AND %s ORDER BY record_id"
)
_SALTS: LiteralString = "SELECT * FROM exposure_salts WHERE agency_id = %s AND record_id BETWEEN %s AND %s"
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
        "exposure_publications", "the record is missing",
        ("SELECT p.agency_id, p.record_id FROM exposure_publications p WHERE NOT EXISTS (SELECT 1 FROM exposure_records r"
        " WHERE r.agency_id = p.agency_id AND r.record_id = p.record_id"
        " AND r.kind = CASE WHEN starts_with(p.release, 'statistics:') THEN 'statistics' ELSE 'publication' END)"),
    ),
)  # fmt: skip
"""Rows that hang in the air: table, what is wrong, and which they are."""


def verify(url: str, progress: Callable[[int], None], log: NoteKey | None = None) -> VerifyReport:
    """Read the whole ledger as its owner or as the worker, who may read salts; ``progress`` gets the count after every page.

    ``log``: the key with which the signatures of checkpoints are judged. The worker sees the rows of the agencies that exist, the owner also a row that was given another agency.
    Raises ``StoreUnavailable``, and ``ConfigurationFault`` for a role that may not read all of it.
    """
    report = VerifyReport()
    try:
        with psycopg.connect(url, connect_timeout=5, row_factory=namedtuple_row) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            _require_rights(connection)
            connection.execute(_SCOPE)
            for page in _read_pages(connection):
                report.add(check_page(page))
                report.records += len(page.records)
                progress(report.records)
            report.add(_find_strays(connection))
            report.add(check_tree(connection, log))
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the ledger cannot be read ({error.sqlstate or 'no SQLSTATE'})") from None
    except psycopg.Error as error:
        raise StoreFault("the ledger cannot be read") from without_values(error)
    return report


def _require_rights(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(_MAY_READ).fetchone()
    if row is None or row.count:
        raise ConfigurationFault("this database user may not read the whole ledger: use the worker's or the owner's")


def _read_pages(connection: psycopg.Connection[Any]) -> Iterator[Page]:
    """Agency by agency in the order of ids, each page with the rows beside its records."""
    for (agency_id,) in connection.execute(_AGENCIES).fetchall():
        start = UUID(int=0)
        while records := connection.execute(_PAGE, (agency_id, start, STEP)).fetchall():
            yield _complete_page(connection, agency_id, records)
            if len(records) < STEP:
                break
            start = UUID(int=records[-1].record_id.int + 1)


def _complete_page(connection: psycopg.Connection[Any], agency_id: UUID, records: list[Any]) -> Page:
    page = Page(agency_id, records)
    reach = (agency_id, records[0].record_id, records[-1].record_id)
    page.persons = connection.execute(_PERSONS, reach).fetchall()
    page.salts = connection.execute(_SALTS, reach).fetchall()
    page.named = {row.record_id: row for row in connection.execute(_NAMED, (agency_id, page.list_named())).fetchall()}
    page.outcomes = dict(connection.execute(_OUTCOMES, (agency_id, page.list_outcome_targets())).fetchall())
    page.attributed = connection.execute(_ATTRIBUTED, (agency_id, page.list_of_kind("attribution"))).fetchall()
    claimed = page.list_of_kind("publication") + page.list_of_kind("statistics")
    page.publications = connection.execute(_PUBLICATIONS, (agency_id, claimed)).fetchall()
    return page


def _find_strays(connection: psycopg.Connection[Any]) -> Iterable[LedgerFault]:
    for place, what, query in _STRAYS:
        with connection.cursor("strays") as cursor:
            cursor.itersize = STEP
            for agency_id, record_id in cursor.execute(query):
                yield LedgerFault(place, agency_id, record_id, what)
