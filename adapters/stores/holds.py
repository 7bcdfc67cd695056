"""Legal holds as whoever deletes asks for them: what is held at a moment. The worker sees those of all agencies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Connection, Uuid, and_, cast, exists, func, or_, select, text, update

from adapters.stores.tables.rights import legal_holds

_SERVICES = text("""
    SELECT service FROM payments WHERE person_id = ANY (:ids) UNION SELECT service FROM applications WHERE person_id = ANY (:ids)
    UNION SELECT service FROM cases WHERE person_id = ANY (:ids) UNION SELECT service FROM case_drafts WHERE person_id = ANY (:ids)
    UNION SELECT house.service FROM household_bindings bound JOIN households house USING (agency_id, household_id)
        WHERE bound.person_id = ANY (:ids)
""")


def in_force(at: datetime) -> ColumnElement[bool]:
    """Neither lifted nor over."""
    return and_(legal_holds.c.lifted_at.is_(None), legal_holds.c.until_at > at)


def find_hold(connection: Connection, ids: Sequence[UUID], at: datetime) -> bool:
    """Whether anything of these accounts has to be kept: they themselves, a case of theirs, a service that they used."""
    theirs = legal_holds.c.person_ids.op("&&")(cast(list(ids), ARRAY(Uuid())))
    if connection.execute(select(exists().where(in_force(at), theirs))).scalar():
        return True
    held = list_services(connection, at)
    return bool(held and held & set(connection.execute(_SERVICES, {"ids": list(ids)}).scalars()))


def keeps(person: ColumnElement[UUID], at: datetime, service: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """Whether a hold keeps a row of this person, or of this service."""
    mine = person == func.any(legal_holds.c.person_ids)
    either = mine if service is None else or_(mine, legal_holds.c.service == service)
    return exists().where(in_force(at), either)


def list_services(connection: Connection, at: datetime) -> set[str]:
    """Services of which everything is held."""
    query = select(legal_holds.c.service).where(in_force(at), legal_holds.c.service.is_not(None))
    return {str(one) for one in connection.execute(query).scalars()}


def list_persons(connection: Connection, at: datetime) -> list[UUID]:
    """Accounts of which everything is held."""
    found = connection.execute(select(legal_holds.c.person_ids).where(in_force(at))).scalars()
    return sorted({one for ids in found for one in ids})


def tell_ended(connection: Connection, at: datetime) -> list[UUID]:
    """Holds whose time is over and of which nobody was told yet; marks them as told."""
    cells = legal_holds.c
    over = and_(cells.lifted_at.is_(None), cells.until_at <= at, cells.told_at.is_(None))
    return list(
        connection.execute(update(legal_holds).where(over).values(told_at=at).returning(cells.hold_id)).scalars()
    )
