"""The newest rows of several agencies: each agency's newest by its own part of an index, merged.

``agency_id IN (…) ORDER BY id DESC LIMIT n`` reads and sorts everything these agencies have; merged, a page costs the same however much
that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, func, lateral, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY


def merge_newest(
    page: Select[Any], of: ColumnElement[UUID], keys: Sequence[str], limit: int, agencies: Sequence[UUID] | None = None
) -> Select[Any]:
    """The ``limit`` newest rows of ``page`` by its columns ``keys``, of these agencies; None: of all that the transaction names.

    ``of`` is the column of the agency in ``page``; an index must begin with it and go on with ``keys``.
    """
    agency = name_each(agencies, of, "agency_id")
    return merge_parts(page.where(of == agency.c.agency_id), agency, keys, limit)


def merge_parts(page: Select[Any], each: FromClause, keys: Sequence[str], limit: int) -> Select[Any]:
    """The same, where ``page`` is bound to each row of ``each``."""
    order = [page.selected_columns[key].desc() for key in keys]
    part = lateral(page.order_by(*order).limit(limit)).alias("part")
    joined = select(part).select_from(each.join(part, true()))
    return joined.order_by(*(part.c[key].desc() for key in keys)).limit(limit)


def name_each(values: Sequence[Any] | None, of: ColumnElement[Any], name: str) -> Subquery:
    """One row for each value, in a column of this name; None: the agencies that the transaction names."""
    listed: ColumnElement[Any] = (
        func.guitai_agencies(type_=ARRAY(of.type)) if values is None else literal(list(values), ARRAY(of.type))
    )
    return select(func.unnest(listed).label(name)).subquery(f"each_{name}")
