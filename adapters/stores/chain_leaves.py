"""Leaves about chains themselves, written in the transaction of the event that they tell of: both are there, or neither.

Records of what a platform sees are durable before it happens and so are written elsewhere (``exposure_log``). A join or a closing is an act of our own
store, in the same database: a leaf without its event, or an event without its leaf, would be a lie for ever.
"""

from __future__ import annotations

import os
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert

from adapters.ids import make_id
from adapters.stores.tables.ledger import exposure_pending, exposure_persons, exposure_records
from services.leaves import Leaf, make_closing_leaf, make_join_leaf


def append_join(connection: Connection, agency_id: UUID, chain: UUID, into: UUID, at: datetime) -> None:
    """Say in the ledger that two chains are of one human from now on; the transaction must reach the agency."""
    _append(connection, make_join_leaf(make_id(at), agency_id, at, chain, into, nonce=os.urandom(32)))


def append_closing(connection: Connection, agency_id: UUID, chain: UUID, at: datetime) -> None:
    """Say in the ledger that the link from a chain to its person is erased; the transaction must reach the agency."""
    _append(connection, make_closing_leaf(make_id(at), agency_id, at, chain, nonce=os.urandom(32)))


def _append(connection: Connection, leaf: Leaf) -> None:
    """The record, under whom it is found, and that it waits for its place in the tree."""
    place = {"agency_id": leaf.agency_id, "record_id": leaf.record_id}
    row = {
        "at": leaf.at, "kind": leaf.kind, "platform": leaf.platform, "direction": leaf.direction,
        "service": leaf.service, "leaf": leaf.data, "leaf_hash": leaf.leaf_hash,
    }  # fmt: skip
    connection.execute(insert(exposure_records).values(**place, **row))
    persons = [{**place, "chain_id": chain, "platform": leaf.platform} for chain in leaf.chains]
    connection.execute(insert(exposure_persons), persons)
    connection.execute(insert(exposure_pending).values(**place))
