"""The business store: one transaction at a time, limited to the agencies with which it was begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from adapters.boundary import transaction_scope
from adapters.queue import SqlJobQueue
from adapters.stores.alerts import SqlAlertStore
from adapters.stores.applications import SqlApplicationStore
from adapters.stores.breaches import find_affected
from adapters.stores.calendars import SqlCalendarStore
from adapters.stores.cases import SqlCaseStore
from adapters.stores.census import SqlCensusStore
from adapters.stores.claims import SqlClaimStore, SqlIdempotencyStore
from adapters.stores.connection import list_agencies, open_engine, scoped
from adapters.stores.consents import SqlConsentStore
from adapters.stores.drafts import SqlDraftStore
from adapters.stores.exposure_counts import tally_exposures
from adapters.stores.exposure_sums import read_size, sum_exposures
from adapters.stores.file_index import SqlFileIndex
from adapters.stores.households import SqlHouseholdStore
from adapters.stores.keyring import Keyring
from adapters.stores.mails import SqlMailStore
from adapters.stores.mandates import SqlMandateStore
from adapters.stores.months import SqlMonthStore
from adapters.stores.notice_attempts import SqlNoticeStore
from adapters.stores.partitions import extend_months
from adapters.stores.payments import SqlPaymentStore
from adapters.stores.persons import SqlPersonStore
from adapters.stores.ratings import SqlRatingStore
from adapters.stores.readings import SqlReadingStore
from adapters.stores.retention import forget_drafts, forget_finished
from adapters.stores.rights import SqlRightsStore
from adapters.stores.slip_register import SqlSlipRegister
from adapters.stores.slowness import SqlSlownessStore
from adapters.stores.tables.cases import stored_files
from services.alert_record import AlertStore
from services.application_record import ApplicationStore
from services.calendar_record import CalendarStore
from services.case_stores import (
    CaseStore,
    DraftStore,
    FileIndex,
    MandateStore,
    NoticeStore,
    RatingStore,
    SlipRegister,
)
from services.census_record import CensusStore
from services.consent_record import ConsentStore
from services.mail_record import MailStore
from services.month_record import MonthStore
from services.ports import (
    ClaimStore,
    Clock,
    HouseholdStore,
    IdempotencyStore,
    JobQueue,
    PaymentStore,
    PersonStore,
    Transaction,
)
from services.reading_record import ReadingStore
from services.rights_record import RightsStore
from services.slowness_record import SlownessStore


class SqlTransaction:
    """``ports.Transaction``: every store on the same connection."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self.persons: PersonStore = SqlPersonStore(connection, keyring)
        self.households: HouseholdStore = SqlHouseholdStore(connection, keyring)
        self.payments: PaymentStore = SqlPaymentStore(connection, keyring)
        self.applications: ApplicationStore = SqlApplicationStore(connection, keyring)
        self.claims: ClaimStore = SqlClaimStore(connection, keyring)
        self.idempotency: IdempotencyStore = SqlIdempotencyStore(connection, keyring)
        self.jobs: JobQueue = SqlJobQueue(connection)
        self.cases: CaseStore = SqlCaseStore(connection, keyring)
        self.drafts: DraftStore = SqlDraftStore(connection, keyring)
        self.files: FileIndex = SqlFileIndex(connection, keyring)
        self.mandates: MandateStore = SqlMandateStore(connection, keyring)
        self.ratings: RatingStore = SqlRatingStore(connection, keyring)
        self.notices: NoticeStore = SqlNoticeStore(connection, keyring)
        self.slips: SlipRegister = SqlSlipRegister(connection, keyring)
        self.calendars: CalendarStore = SqlCalendarStore(connection)
        self.months: MonthStore = SqlMonthStore(connection, keyring)
        self.alerts: AlertStore = SqlAlertStore(connection, keyring)
        self.mails: MailStore = SqlMailStore(connection)
        self.readings: ReadingStore = SqlReadingStore(connection, keyring)
        self.census: CensusStore = SqlCensusStore(connection)
        self.slowness: SlownessStore = SqlSlownessStore(connection, keyring)
        self.consents: ConsentStore = SqlConsentStore(connection)
        self.rights: RightsStore = SqlRightsStore(connection, keyring)


class SqlStore:
    """``ports.Store`` and, for the worker's role, ``ports.DueWork``. ``engine`` may be shared with readers of the same role."""

    def __init__(self, url: str | Engine, keyring: Keyring, clock: Clock, pool_size: int = 8) -> None:
        self.engine = open_engine(url, pool_size)
        self._keyring = keyring
        self._clock = clock

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[Transaction]:
        """Commits at the end of the block, rolls back on any exception. Raises ``StoreUnavailable``."""
        with transaction_scope(), scoped(self.engine, agencies) as connection:
            yield SqlTransaction(connection, self._keyring)

    def move_due(self, at: datetime, limit: int) -> int:
        """Turn work that is due at ``at`` into jobs; returns how much. Only the worker's role may."""
        with scoped(self.engine, self._all_agencies()) as connection:
            return SqlJobQueue(connection).move_due(at, limit)

    def extend_months(self, ahead: int = 3) -> int:
        """Make month partitions ahead of the clock port; returns how many are new. Only the worker's role may."""
        return extend_months(self.engine, self._clock.now(), ahead)

    def forget_finished(self, until: datetime, limit: int) -> int:
        """See the port and ``retention``. Only the worker's role may."""
        with scoped(self.engine, self._all_agencies()) as connection:
            return forget_finished(connection, until, limit, self._clock.now())

    def forget_drafts(self, until: datetime, limit: int) -> int:
        """See the port and ``retention``. Only the worker's role may."""
        with scoped(self.engine, self._all_agencies()) as connection:
            return forget_drafts(connection, until, limit, self._clock.now())

    def tally_exposures(self) -> bool:
        """See the port and ``exposure_counts``, ``exposure_sums``, by the clock port. Only the worker's role may."""
        with scoped(self.engine, ()) as connection:
            placed = read_size(connection)
        agencies = self._all_agencies()
        with scoped(self.engine, agencies) as connection:
            more = tally_exposures(connection, self._clock.now())
        with scoped(self.engine, agencies) as connection:
            return sum_exposures(connection, *placed) or more if placed else more

    def look_into_breaches(self) -> bool:
        """See the port and ``breaches``, by the clock port. Only the worker's role may."""
        agencies = self._all_agencies()
        with scoped(self.engine, agencies) as connection:
            return find_affected(connection, self._keyring, self._clock.now(), agencies)

    def list_contents(self) -> Iterator[tuple[UUID, str]]:
        """Agency and digest of every file in the index, as they are at this moment, read piece by piece."""
        with scoped(self.engine, self._all_agencies()) as connection:
            cells = stored_files.c
            rows = select(cells.agency_id, cells.digest).distinct().execution_options(yield_per=1000)
            for row in connection.execute(rows):
                yield row.agency_id, row.digest

    def _all_agencies(self) -> list[UUID]:
        return list_agencies(self.engine)

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()
