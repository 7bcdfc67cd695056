"""What a citizen may read of the ledger: the records that concern them on one platform, with what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, Uuid, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.ids import first_id_of, moment_of
from adapters.stores.connection import open_engine, scoped
from adapters.stores.tables.ledger import exposure_persons, exposure_records
from services.model import JsonValue, PlatformName


class SqlExposureReader:
    """``ports.ExposureReader``. ``agencies`` gives all agencies: a citizen sees what every office showed the platform.

    ``console``: for the console's role, which may not read whom a record concerns and asks a function with the chains that it knows.
    """

    def __init__(
        self, where: str | Engine, agencies: Callable[[], Sequence[UUID]], pool_size: int = 2, *, console: bool = False
    ) -> None:
        self._engine = open_engine(where, pool_size)
        self._agencies = agencies
        self._find = _ask_for_records if console else _find_records

    def list_of_chains(
        self, chains: Sequence[UUID], platform: PlatformName, limit: int, before: UUID | None
    ) -> list[Mapping[str, JsonValue]]:
        """See the port: each leaf as a dict, with ``outcome`` (sent, refused, unknown) or None beside its own keys."""
        if not chains:
            return []
        with scoped(self._engine, self._agencies()) as connection:
            ids = self._find(connection, chains, platform, limit, before)
            if not ids:
                return []
            records = exposure_records.c
            query = select(records.leaf).where(records.record_id.in_(ids)).order_by(records.record_id.desc())
            leaves = [json.loads(leaf) for leaf in connection.execute(query).scalars()]
            outcomes = _find_outcomes(connection, ids)
        return [{**leaf, "outcome": outcomes.get(leaf["id"])} for leaf in leaves]

    def close(self) -> None:
        """Close the pool."""
        self._engine.dispose()


def _find_records(
    connection: Connection, chains: Sequence[UUID], platform: PlatformName, limit: int, before: UUID | None
) -> list[UUID]:
    persons = exposure_persons.c
    query = select(persons.record_id).distinct().where(persons.chain_id.in_(chains), persons.platform == platform)
    if before is not None:
        query = query.where(persons.record_id < before)
    return list(connection.execute(query.order_by(persons.record_id.desc()).limit(limit)).scalars())


def _ask_for_records(
    connection: Connection, chains: Sequence[UUID], platform: PlatformName, limit: int, before: UUID | None
) -> list[UUID]:
    asked = select(
        func.guitai_records_of(cast(list(chains), ARRAY(Uuid())), str(platform), cast(before, Uuid()), limit)
    )
    return list(connection.execute(asked).scalars())


def _find_outcomes(connection: Connection, ids: Sequence[UUID]) -> dict[str, str]:
    """An outcome is never older than its record, so months before the oldest record need no look."""
    records = exposure_records.c
    since = first_id_of(moment_of(min(ids)))
    query = select(records.leaf).where(records.of_id.in_(ids), records.record_id >= since).order_by(records.record_id)
    leaves = [json.loads(leaf) for leaf in connection.execute(query).scalars()]
    return {leaf["of"]: leaf["outcome"] for leaf in leaves}
