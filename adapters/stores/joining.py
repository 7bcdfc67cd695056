"""Joining two accounts of the same human, safe against anything that happens to either at the same moment.

Joins are rare and wait for each other (one advisory lock); both rows are then held, lower id first, so that no login or
binding can be added behind the join's back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.cells import open_text, seal_text
from adapters.stores.chain_leaves import append_join
from adapters.stores.chains import ChainLinks, person_subject
from adapters.stores.keyring import Keyring
from adapters.stores.person_rows import add_event, load_row
from adapters.stores.tables.persons import household_bindings, logins, persons
from services.errors import PersonMismatch

_JOIN_LOCK = 0x6A6F696E


def join_persons(connection: Connection, keyring: Keyring, person_id: UUID, into: UUID, at: datetime) -> None:
    """Pass everything of one account to another. Joining twice, or what was joined already, changes nothing.

    Raises ``NotFound``, and ``PersonMismatch`` if both accounts have proven an identity number: they are two humans.
    """
    connection.execute(select(func.pg_advisory_xact_lock(_JOIN_LOCK)))
    ends = {_follow(connection, person_id), _follow(connection, into)}
    if len(ends) == 1:
        return
    target_id = _follow(connection, into)
    source_id = (ends - {target_id}).pop()
    held = {row.person_id: row for row in _hold(connection, ends)}
    source, target = held[source_id], held[target_id]
    if source.identity_hash is not None and target.identity_hash is not None:
        raise PersonMismatch
    _pass_on(connection, source_id, target_id, at)
    _pass_proofs(connection, keyring, source, target)
    for person in (target, source):
        data = {"from": str(source_id), "into": str(target_id)}
        add_event(connection, person.agency_id, person.person_id, "account_joined", at, data)
    _join_chains(connection, keyring, source, target, at)


def _join_chains(connection: Connection, keyring: Keyring, source: Row[Any], target: Row[Any], at: datetime) -> None:
    """The leaf that stands in the chains of both accounts; none if the link of one was erased."""
    links, found = ChainLinks(connection, keyring), list[UUID]()
    for person in (source, target):
        subject = person_subject(person.person_id)
        found += links.find(person.agency_id, [subject]).values()
    if len(set(found)) > 1:
        append_join(connection, target.agency_id, found[0], found[1], at)


def _follow(connection: Connection, person_id: UUID) -> UUID:
    row = load_row(connection, person_id)
    while row.joined_into is not None:
        row = load_row(connection, row.joined_into)
    return UUID(str(row.person_id))


def _hold(connection: Connection, ids: set[UUID]) -> list[Row[Any]]:
    query = select(persons).where(persons.c.person_id.in_(ids)).order_by(persons.c.person_id).with_for_update()
    return list(connection.execute(query))


def _pass_on(connection: Connection, source: UUID, target: UUID, at: datetime) -> None:
    connection.execute(update(logins).where(logins.c.person_id == source).values(person_id=target))
    bound = household_bindings.c
    live = (bound.person_id == source) & bound.unbound_at.is_(None)
    moved = select(bound.agency_id, bound.household_id, literal(target), bound.bound_at).where(live)
    copy = insert(household_bindings).from_select(["agency_id", "household_id", "person_id", "bound_at"], moved)
    connection.execute(
        copy.on_conflict_do_update(index_elements=["agency_id", "household_id", "person_id"], set_={"unbound_at": None})
    )
    connection.execute(update(household_bindings).where(live).values(unbound_at=at))
    connection.execute(update(persons).where(persons.c.joined_into == source).values(joined_into=target))


def _pass_proofs(connection: Connection, keyring: Keyring, source: Row[Any], target: Row[Any]) -> None:
    """What only the joined account had proven counts for the account that remains."""
    proofs: dict[str, Any] = {} if target.phone_cipher is not None else {"phone_hash": source.phone_hash}
    names = ["phone_cipher"] if target.phone_cipher is None else []
    if source.identity_hash is not None:
        names += ["real_name_cipher", "identity_cipher"]
        proofs |= {"identity_hash": source.identity_hash, "assurance": max(source.assurance, target.assurance)}
    for name in names:
        cell = getattr(source, name)
        if cell is not None:
            text = open_text(keyring, ("persons", name, source.person_id), cell)
            proofs[name] = seal_text(keyring, ("persons", name, target.person_id), text)
    emptied = {"joined_into": target.person_id, "identity_hash": None, "phone_hash": None}
    connection.execute(update(persons).where(persons.c.person_id == source.person_id).values(**emptied))
    if proofs:
        connection.execute(update(persons).where(persons.c.person_id == target.person_id).values(**proofs))
