"""What the privacy officer's room reads from the store, on the role ``console``: sums, sheets of breaches, and whom one lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Uuid, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.stores.cells import open_optional
from adapters.stores.keyring import Keyring
from adapters.stores.tables.payments import payments
from adapters.stores.tables.persons import persons
from services.privacy_record import (
    Breach,
    BreachAsked,
    BreachFound,
    By,
    Counted,
    FieldSum,
    Holder,
    HolderKind,
    OrderOwner,
    Span,
    SumFilter,
)

_EQUAL = ("platform", "service", "purpose", "direction", "account")
_SHEETS = "SELECT * FROM breach_sheets"


class SqlPrivacyStore:
    """``privacy_record.PrivacyStore`` within one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def read_counted(self) -> Counted:
        row = self._connection.execute(text("SELECT next_index, summed_at FROM exposure_summed")).one()
        return Counted(row.next_index, row.summed_at)

    def read_course(self, wanted: SumFilter, span: Span) -> list[tuple[date, str, int]]:
        where, given = _narrow(wanted, span)
        query = f"SELECT begins_on, platform, sum(count)::bigint FROM exposure_sums WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2"  # noqa: S608 - names of ours
        return [(row[0], row[1], row[2]) for row in self._connection.execute(text(query), given)]

    def read_groups(self, wanted: SumFilter, span: Span, by: By) -> list[tuple[str, str, int]]:
        where, given = _narrow(wanted, span, every_field=by is By.FIELD)
        query = (
            f"SELECT {by.value}::text, platform, sum(count)::bigint FROM exposure_sums WHERE {where} "  # noqa: S608 - names of ours
            "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        )
        return [(row[0], row[1], row[2]) for row in self._connection.execute(text(query), given)]

    def read_fields(self, wanted: SumFilter, span: Span) -> list[FieldSum]:
        where, given = _narrow(wanted, span, every_field=None)
        cells = "service, mapping_version, platform, direction, field"
        query = f"SELECT {cells}, sum(count)::bigint FROM exposure_sums WHERE {where} GROUP BY {cells} ORDER BY {cells}"  # noqa: S608 - names of ours
        return [FieldSum(*row) for row in self._connection.execute(text(query), given)]

    def list_accounts(self) -> list[tuple[str, str]]:
        query = "SELECT DISTINCT platform, account FROM exposure_sums WHERE span = 'month' AND field = '' ORDER BY 1, 2"
        return [(row[0], row[1]) for row in self._connection.execute(text(query))]

    def list_joined(self, person_id: UUID) -> list[UUID]:
        cells = persons.c
        own = select(cells.joined_into).where(cells.person_id == person_id)
        head = self._connection.execute(own).scalar() or person_id
        mine = select(cells.person_id).where(or_(cells.person_id == head, cells.joined_into == head))
        return list(self._connection.execute(mine.order_by(cells.person_id)).scalars())

    def find_order(self, order_no: str) -> OrderOwner | None:
        cells = payments.c
        query = select(cells.agency_id, cells.payment_id, cells.person_id).where(cells.order_no == order_no)
        row = self._connection.execute(query.limit(1)).first()
        return None if row is None else OrderOwner(row.agency_id, row.payment_id, row.person_id)

    def ask_breach(self, asked: BreachAsked) -> None:
        insert = text(
            "INSERT INTO breach_sheets (agency_id, sheet_id, agencies, platform, account, since, until, asked_by, asked_at) "
            "VALUES (:agency_id, :sheet_id, :agencies, :platform, :account, :since, :until, :asked_by, :asked_at)"
        ).bindparams(bindparam("agencies", type_=ARRAY(Uuid())))
        self._connection.execute(
            insert,
            {
                "agency_id": asked.agency_id, "sheet_id": asked.sheet_id, "agencies": list(asked.agencies),
                "platform": asked.platform, "account": asked.account, "since": asked.since, "until": asked.until,
                "asked_by": asked.asked_by, "asked_at": asked.asked_at,
            },
        )  # fmt: skip

    def list_breaches(self, limit: int) -> list[Breach]:
        rows = self._connection.execute(text(f"{_SHEETS} ORDER BY sheet_id DESC LIMIT :most"), {"most": limit})
        return [read_breach(row) for row in rows]

    def load_breach(self, sheet_id: UUID) -> Breach | None:
        row = self._connection.execute(text(f"{_SHEETS} WHERE sheet_id = :sheet"), {"sheet": sheet_id}).first()
        return None if row is None else read_breach(row)

    def list_holders(self, sheet_id: UUID, after: int, limit: int) -> Sequence[Holder]:
        asked = text("SELECT * FROM guitai_breach_holders(:sheet, :beyond, :most)")
        rows = self._connection.execute(asked, {"sheet": sheet_id, "beyond": after, "most": limit})
        return [self._read_holder(row) for row in rows]

    def _read_holder(self, row: Row[Any]) -> Holder:
        kind = HolderKind(row.kind)
        table = "persons" if kind is HolderKind.PERSON else "households"

        def read(cell: str) -> str:
            kept = getattr(row, cell)
            return (
                open_optional(self._keyring, (table, cell, row.holder_id), None if kept is None else bytes(kept)) or ""
            )

        name = read("real_name_cipher") if kind is HolderKind.PERSON else read("holder_name_cipher")
        return Holder(
            row.number, kind, row.holder_id, row.holder_agency, tuple(row.fields), name, read("phone_cipher"),
            read("address_cipher"), row.service, read("household_no_cipher"),
        )  # fmt: skip


def read_breach(row: Row[Any]) -> Breach:
    """A row of ``breach_sheets``."""
    asked = BreachAsked(
        row.sheet_id, row.agency_id, tuple(row.agencies), row.platform, row.account, row.since, row.until, row.asked_by,
        row.asked_at,
    )  # fmt: skip
    if row.found is None:
        return Breach(asked)
    at: datetime = row.found_at
    return Breach(asked, BreachFound(at=at, **row.found))


def _narrow(wanted: SumFilter, span: Span, *, every_field: bool | None = False) -> tuple[str, dict[str, object]]:
    """The condition, and what it is given. ``every_field``: a row for each field (None: and one for the records beside them)."""
    since = wanted.since.replace(day=1) if span is Span.MONTH else wanted.since
    given: dict[str, object] = {"span": span.value, "since": since, "until": wanted.until}
    parts = ["span = :span", "begins_on >= :since", "begins_on <= :until"]
    for cell in _EQUAL:
        if value := getattr(wanted, cell):
            parts.append(f"{cell} = :{cell}")
            given[cell] = value
    if wanted.field:
        parts.append("field = :field")
        given["field"] = wanted.field
    elif every_field is not None:
        parts.append("field <> ''" if every_field else "field = ''")
    return " AND ".join(parts), given
