"""Closing an account in the store: what is taken away, in which transactions. The order is ``services/closing.py``'s.

Taken away: log-ins with the platforms' user ids, telephone, name and number with their look-up hashes, bindings of households and households that
nobody else has bound and nobody paid for, drafts with their files, consents, keys of idempotency with their replies, every link to a chain, the
salts. What payments, applications, cases, decisions, mandates, ratings and complaints say stays as it was handed in, without a link to a chain
(config/retention.yaml says under which law).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, delete, exists, or_, select, text, update

from adapters.stores.cases import NUMBER
from adapters.stores.cells import open_id, open_text
from adapters.stores.chain_leaves import append_closing
from adapters.stores.chains import Subject, household_subject, identity_subject, person_subject
from adapters.stores.connection import scoped_everywhere
from adapters.stores.consents import SqlConsentStore
from adapters.stores.holds import find_hold
from adapters.stores.keyring import Keyring
from adapters.stores.mandates import PRINCIPAL
from adapters.stores.person_rows import add_event
from adapters.stores.rights import SqlRightsStore
from adapters.stores.tables.applications import applications
from adapters.stores.tables.cases import case_drafts, cases, stored_files
from adapters.stores.tables.counter import mandates
from adapters.stores.tables.ledger import exposure_persons, exposure_salts
from adapters.stores.tables.payments import idempotency_keys, payments
from adapters.stores.tables.persons import chain_links, household_bindings, households, logins, persons
from services.application_graph import AT_BACK_END
from services.application_graph import FINAL as DECIDED
from services.errors import NotFound
from services.model import Assurance, JsonValue
from services.payment_graph import FINAL
from services.ports import Clock
from services.rights_record import RequestKind, RightsEvent, RightsName, RightsRequest

_MOST_OPEN = 200
_LAST_STATES = (
    "SELECT DISTINCT ON (event.{key}) event.state FROM {events} event JOIN {table} matter USING (agency_id, {key})"
)
_IN_ORDER = " WHERE matter.person_id = ANY (:ids) ORDER BY event.{key}, event.version DESC"


class SqlClosings:
    """``rights_record.Closings`` on the worker's role."""

    def __init__(self, engine: Engine, keyring: Keyring, clock: Clock) -> None:
        self._engine = engine
        self._keyring = keyring
        self._clock = clock

    def list_due(self, limit: int, after: UUID | None = None) -> Sequence[RightsRequest]:
        """See the port."""
        with scoped_everywhere(self._engine) as connection:
            return SqlRightsStore(connection, self._keyring).list_closings(limit, after)

    def cut_off(self, request: RightsRequest) -> Sequence[UUID]:
        """See the port."""
        with scoped_everywhere(self._engine) as connection:
            ids = [row.person_id for row in _hold(connection, request.person_id)]
            at = self._clock.now()
            change = update(logins).where(logins.c.person_id.in_(ids), logins.c.revoked_at.is_(None))
            connection.execute(change.values(revoked_at=at))
            return list(connection.execute(select(logins.c.login_id).where(logins.c.person_id.in_(ids))).scalars())

    def find_obstacle(self, request: RightsRequest) -> str:
        """See the port."""
        with scoped_everywhere(self._engine) as connection:
            return _find_obstacle(connection, request.person_id, self._clock.now())

    def note(self, request: RightsRequest, name: RightsName, data: Mapping[str, JsonValue]) -> RightsRequest:
        """See the port."""
        with scoped_everywhere(self._engine) as connection:
            return self._note(connection, request, name, data)

    def _note(
        self, connection: Connection, request: RightsRequest, name: RightsName, data: Mapping[str, JsonValue]
    ) -> RightsRequest:
        store = SqlRightsStore(connection, self._keyring)
        store.append(request, RightsEvent(request.version + 1, name, self._clock.now(), None, data))
        found = store.load(request.request_id)
        if found is None:
            raise NotFound
        return found

    def erase_salts(self, request: RightsRequest, limit: int) -> int:
        """See the port. A record that speaks of somebody else too loses its salt as well: nobody's proof rests on it."""
        with scoped_everywhere(self._engine) as connection:
            if _find_obstacle(connection, request.person_id, self._clock.now()):
                return 0
            chains = [chain for _, _, chain in self._find_links(connection, _list_rows(connection, request.person_id))]
            return erase_salts_of(connection, chains, self._clock.now(), limit)

    def erase(self, request: RightsRequest) -> RightsRequest:
        """See the port. What came in between (a hold, a payment) is looked for again with the account held; then nothing is changed."""
        with scoped_everywhere(self._engine) as connection:
            rows, at = _hold(connection, request.person_id), self._clock.now()
            if _find_obstacle(connection, request.person_id, at):
                return request
            ids = [row.person_id for row in rows]
            doomed = select(logins.c.login_id).where(logins.c.person_id.in_(ids)).order_by(logins.c.login_id)
            gone: list[JsonValue] = [str(one) for one in connection.execute(doomed).scalars()]
            links = self._find_links(connection, rows)
            houses = self._forget_households(connection, ids)
            erase_salts_of(connection, [chain for _, _, chain in houses], at, None)
            numbers = [self._open_number(row) for row in rows if row.identity_cipher is not None]
            SqlConsentStore(connection).erase(request.person_id)
            _forget_rows(connection, ids)
            self._end_others(connection, request, at)
            self._forget_chains(connection, ids, numbers)
            self._close_links(connection, [*links, *houses], at)
            _empty_accounts(connection, ids)
            add_event(connection, request.agency_id, request.person_id, "account_closed", at, {})
            return self._note(connection, request, RightsName.ERASED, {"logins": gone})

    def _end_others(self, connection: Connection, request: RightsRequest, at: datetime) -> None:
        """Whatever else was asked of an account that is no more is over with it."""
        store = SqlRightsStore(connection, self._keyring)
        for one in store.list_of(request.person_id, _MOST_OPEN):
            if one.is_open and one.kind is not RequestKind.CLOSING:
                store.append(one, RightsEvent(one.version + 1, RightsName.WITHDRAWN, at, None, {"by": "closing"}))

    def _open_number(self, row: Row[Any]) -> str:
        return open_text(self._keyring, ("persons", "identity_cipher", row.person_id), row.identity_cipher)

    def _find_links(self, connection: Connection, rows: Iterable[Row[Any]]) -> list[tuple[UUID, bytes, UUID]]:
        """Agency, hash and chain of every link that leads to one of these accounts or their number."""
        subjects: list[Subject] = []
        for row in rows:
            subjects.append(person_subject(row.person_id))
            if row.identity_cipher is not None:
                subjects.append(identity_subject(self._open_number(row)))
        return self._open_links(connection, subjects)

    def _open_links(self, connection: Connection, subjects: Sequence[Subject]) -> list[tuple[UUID, bytes, UUID]]:
        hashes = [digest for one in subjects for digest in self._keyring.lookup_hashes(one.purpose, one.value)]
        query = select(chain_links).where(chain_links.c.subject_hash.in_(hashes))
        return [
            (row.agency_id, row.subject_hash, self._open_chain(row.subject_hash, row.chain_cipher))
            for row in connection.execute(query)
        ]

    def _open_chain(self, digest: bytes, cell: bytes) -> UUID:
        return open_id(self._keyring, ("chain_links", "chain_cipher", digest.hex()), cell)

    def _close_links(self, connection: Connection, links: Iterable[tuple[UUID, bytes, UUID]], at: datetime) -> None:
        """Each link is deleted by whoever finds it, and its chain closed once."""
        for agency_id, digest, chain in links:
            mine = (chain_links.c.agency_id == agency_id) & (chain_links.c.subject_hash == digest)
            if connection.execute(delete(chain_links).where(mine)).rowcount == 1:
                append_closing(connection, agency_id, chain, at)

    def _forget_households(self, connection: Connection, ids: Sequence[UUID]) -> list[tuple[UUID, bytes, UUID]]:
        """Bindings go; a household that nobody else has bound and nobody paid for goes with them, and its holder's link."""
        bound, house, paid = household_bindings.c, households.c, payments.c
        gone = delete(household_bindings).where(bound.person_id.in_(ids)).returning(bound.agency_id, bound.household_id)
        mine = [row.household_id for row in connection.execute(gone)]
        others = exists().where(bound.agency_id == house.agency_id, bound.household_id == house.household_id)
        used = exists().where(paid.agency_id == house.agency_id, paid.household_id == house.household_id)
        doomed = delete(households).where(house.household_id.in_(mine), ~others, ~used).returning(households)
        place = ("households", "household_no_cipher")
        subjects = [
            household_subject(
                row.service, open_text(self._keyring, (*place, row.household_id), row.household_no_cipher)
            )
            for row in connection.execute(doomed)
        ]
        return self._open_links(connection, subjects)

    def _forget_chains(self, connection: Connection, ids: Sequence[UUID], numbers: Sequence[str]) -> None:
        """What was paid, applied for and decided stays, without the links that lead from it to a chain."""
        connection.execute(update(payments).where(payments.c.person_id.in_(ids)).values(chains_cipher=None))
        connection.execute(update(applications).where(applications.c.person_id.in_(ids)).values(chain_cipher=None))
        ring = self._keyring
        theirs = [digest for one in numbers for digest in ring.lookup_hashes(NUMBER, one)]
        named = [digest for one in numbers for digest in ring.lookup_hashes(PRINCIPAL, one)]
        case, mandate = cases.c, mandates.c
        mine = or_(case.person_id.in_(ids), case.number_hash.in_(theirs))
        connection.execute(update(cases).where(mine).values(chain_cipher=None, principal_chain_cipher=None))
        spoken = or_(mandate.principal_person_id.in_(ids), mandate.principal_hash.in_(named))
        live = mandate.revoked_at.is_(None)
        connection.execute(update(mandates).where(spoken, live).values(principal_chain_cipher=None))


def erase_salts_of(connection: Connection, chains: Sequence[UUID], at: datetime, limit: int | None) -> int:
    """Destroy up to ``limit`` salts (None: all) of records in these chains; how many. The rows stay and say when."""
    salt, named = exposure_salts.c, exposure_persons.c
    same = (named.agency_id == salt.agency_id) & (named.record_id == salt.record_id)
    chosen = (
        select(salt.agency_id, salt.record_id)
        .join(exposure_persons, same)
        .where(named.chain_id.in_(chains), salt.salt.is_not(None))
        .distinct()  # a record in two of these chains is one salt: fewer than the limit says that none is left
        .limit(limit)
        .subquery()
    )
    this = (salt.agency_id == chosen.c.agency_id) & (salt.record_id == chosen.c.record_id)
    return connection.execute(update(exposure_salts).where(this).values(salt=None, erased_at=at)).rowcount


def _list_rows(connection: Connection, person_id: UUID) -> list[Row[Any]]:
    """The account and all that were joined into it."""
    mine = (persons.c.person_id == person_id) | (persons.c.joined_into == person_id)
    return list(connection.execute(select(persons).where(mine).order_by(persons.c.person_id)))


def _hold(connection: Connection, person_id: UUID) -> list[Row[Any]]:
    """The same, held in the order of their ids as a join holds them."""
    mine = (persons.c.person_id == person_id) | (persons.c.joined_into == person_id)
    return list(connection.execute(select(persons).where(mine).order_by(persons.c.person_id).with_for_update()))


def _find_obstacle(connection: Connection, person_id: UUID, at: datetime) -> str:
    """See the port. An application may wait at a back end for months: only one that is surely there lets go."""
    ids = [row.person_id for row in _list_rows(connection, person_id)]
    if find_hold(connection, ids, at):
        return "hold"
    if _list_states(connection, "payment", ids) - FINAL:
        return "payment"
    if _list_states(connection, "application", ids) - AT_BACK_END - DECIDED:
        return "application"
    return ""


def _list_states(connection: Connection, what: str, ids: Sequence[UUID]) -> set[str]:
    """The states in which the matters of these accounts are now."""
    key, events, table = f"{what}_id", f"{what}_events", f"{what}s"
    query = (_LAST_STATES + _IN_ORDER).format(key=key, events=events, table=table)
    return set(connection.execute(text(query), {"ids": list(ids)}).scalars())


def _forget_rows(connection: Connection, ids: Sequence[UUID]) -> None:
    """What belongs to an account alone. A draft that was handed in is the case's."""
    draft = case_drafts.c
    gone = delete(case_drafts).where(draft.person_id.in_(ids), draft.submitted_at.is_(None)).returning(draft.draft_id)
    drafts = list(connection.execute(gone).scalars())
    connection.execute(delete(stored_files).where(stored_files.c.owner.in_(drafts)))
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.person_id.in_(ids)))
    connection.execute(delete(logins).where(logins.c.person_id.in_(ids)))


def _empty_accounts(connection: Connection, ids: Sequence[UUID]) -> None:
    """The rows stay, as what payments and cases refer to: a random id and the day on which it was made."""
    nothing = dict.fromkeys(("phone_cipher", "phone_hash", "real_name_cipher", "identity_cipher", "identity_hash"))
    empty = update(persons).where(persons.c.person_id.in_(ids))
    connection.execute(empty.values(**nothing, assurance=int(Assurance.ANONYMOUS)))
