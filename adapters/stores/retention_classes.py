"""What is over its time, class by class (``config/retention.yaml``), in bounded batches; a legal hold keeps what it names.

- *Salts* of old exposures: the row stays and says when. Held: records of a held service, and records in a chain of a held person.
- *Account log*: what happened to accounts that were closed long ago. Held: that of a held person.
- *Words of requests* that were ended long ago: kind and dates stay. Held: those of a held person.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from adapters.stores.cells import open_text
from adapters.stores.chains import ChainLinks, identity_subject, person_subject
from adapters.stores.connection import scoped_everywhere
from adapters.stores.holds import list_persons, list_services, tell_ended
from adapters.stores.keyring import Keyring
from adapters.stores.tables.persons import persons

_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('guitai_retention'))")
_HELD = text("SELECT EXISTS (SELECT FROM legal_holds WHERE lifted_at IS NULL AND until_at > :now)")
_SALTS = """
    SELECT salt.agency_id, salt.record_id FROM exposure_salts salt JOIN exposure_records record USING (agency_id, record_id)
    WHERE salt.salt IS NOT NULL AND record.at < :until AND record.service <> ALL (:services)
    AND NOT EXISTS (SELECT FROM exposure_persons named WHERE named.agency_id = salt.agency_id
        AND named.record_id = salt.record_id AND named.chain_id = ANY (:chains))
"""
_EVENTS = """
    SELECT old.agency_id, old.event_id FROM person_events old WHERE old.at < :until AND old.person_id <> ALL (:persons)
    AND EXISTS (SELECT FROM person_events closed WHERE closed.agency_id = old.agency_id
        AND closed.person_id = old.person_id AND closed.name = 'account_closed' AND closed.at < :until)
"""
_WORDS = """
    SELECT asked.agency_id, asked.request_id FROM rights_requests asked WHERE asked.person_id <> ALL (:persons)
    AND NOT EXISTS (SELECT FROM rights_open open WHERE open.request_id = asked.request_id)
    AND (asked.detail_cipher IS NOT NULL OR EXISTS (SELECT FROM rights_events said
        WHERE said.request_id = asked.request_id AND said.data_cipher IS NOT NULL))
    AND NOT EXISTS (SELECT FROM rights_events late WHERE late.request_id = asked.request_id AND late.at >= :until)
"""
_DUE = {"salts": _SALTS, "account_events": _EVENTS, "request_words": _WORDS}
_END = {
    "salts": "WITH due AS ({due} LIMIT :limit) UPDATE exposure_salts salt SET salt = NULL, erased_at = :now FROM due"
    " WHERE salt.agency_id = due.agency_id AND salt.record_id = due.record_id AND salt.salt IS NOT NULL",
    "account_events": "WITH due AS ({due} ORDER BY old.name = 'account_closed' LIMIT :limit) DELETE FROM person_events gone USING due"
    " WHERE gone.agency_id = due.agency_id AND gone.event_id = due.event_id",
    "request_words": "WITH due AS ({due} LIMIT :limit), said AS (UPDATE rights_events said SET data_cipher = NULL FROM due"
    " WHERE said.agency_id = due.agency_id AND said.request_id = due.request_id)"
    " UPDATE rights_requests asked SET detail_cipher = NULL FROM due"
    " WHERE asked.agency_id = due.agency_id AND asked.request_id = due.request_id",
}


class SqlRetention:
    """``retention_rules.RetentionStore`` on the worker's role."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    def count_due(self, duty: str, until: datetime, now: datetime) -> int:
        """See the port."""
        with scoped_everywhere(self._engine) as connection:
            counted = text(f"SELECT count(*) FROM ({_DUE[duty]}) AS due")  # noqa: S608 - statements of ours
            counted_rows = connection.execute(counted, self._list_held(connection, duty, until, now)).scalar_one()
            return int(counted_rows)

    def end_due(self, duty: str, until: datetime, now: datetime, limit: int) -> int:
        """See the port. One at a time; a second one at once takes nothing. Holds are read in the same transaction."""
        with scoped_everywhere(self._engine) as connection:
            if not connection.execute(_ALONE).scalar():
                return 0
            held = self._list_held(connection, duty, until, now)
            more = {"limit": limit} | ({"now": now} if duty == "salts" else {})
            return connection.execute(text(_END[duty].format(due=_DUE[duty])), held | more).rowcount

    def has_holds(self, now: datetime) -> bool:
        """See the port."""
        with scoped_everywhere(self._engine) as connection:
            return bool(connection.execute(_HELD, {"now": now}).scalar())

    def tell_ended(self, now: datetime) -> list[UUID]:
        """Holds whose time is over, each once."""
        with scoped_everywhere(self._engine) as connection:
            return tell_ended(connection, now)

    def _list_held(self, connection: Connection, duty: str, until: datetime, now: datetime) -> dict[str, Any]:
        held = list_persons(connection, now)
        if duty != "salts":
            return {"until": until, "persons": held}
        chains = self._list_chains(connection, held)
        return {"until": until, "services": sorted(list_services(connection, now)), "chains": chains}

    def _list_chains(self, connection: Connection, held: Sequence[UUID]) -> list[UUID]:
        """Every chain of the held accounts, and of those that were joined with them."""
        mine = persons.c.person_id.in_(held) | persons.c.joined_into.in_(held)
        found: list[UUID] = []
        for row in connection.execute(persons.select().where(mine)):
            subjects = [person_subject(row.person_id)]
            if row.identity_cipher is not None:
                place = ("persons", "identity_cipher", row.person_id)
                subjects.append(identity_subject(open_text(self._keyring, place, row.identity_cipher)))
            found += ChainLinks(connection, self._keyring).find(row.agency_id, subjects).values()
        return found
