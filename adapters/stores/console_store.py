"""The government store as the console may use it: staff, their acts, mappings, applications, on the role ``console``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from adapters.boundary import transaction_scope
from adapters.queue import SqlJobQueue
from adapters.stores.acts import SqlActStore
from adapters.stores.alerts import SqlAlertStore
from adapters.stores.applications import SqlApplicationStore
from adapters.stores.audits import SqlAuditStore
from adapters.stores.calendars import SqlCalendarStore
from adapters.stores.cases import SqlCaseStore
from adapters.stores.cash_tills import SqlTillStore
from adapters.stores.census import SqlCensusStore
from adapters.stores.claims import SqlClaimStore
from adapters.stores.connection import open_engine, reporting_unavailability, scoped
from adapters.stores.consents import SqlConsentStore
from adapters.stores.drafts import SqlDraftStore
from adapters.stores.file_index import SqlFileIndex
from adapters.stores.keyring import Keyring
from adapters.stores.mandates import SqlMandateStore
from adapters.stores.mappings import SqlMappingStore
from adapters.stores.months import SqlMonthStore
from adapters.stores.notice_attempts import SqlNoticeStore
from adapters.stores.people import SqlPeopleIndex
from adapters.stores.privacy import SqlPrivacyStore
from adapters.stores.ratings import SqlRatingStore
from adapters.stores.readings import SqlReadingStore
from adapters.stores.rights import SqlRightsStore
from adapters.stores.slip_register import SqlSlipRegister
from adapters.stores.slowness import SqlSlownessStore
from adapters.stores.staff import SqlStaffStore
from adapters.stores.tables.directory import agencies
from adapters.stores.window_accounts import SqlWindowAccounts
from adapters.stores.window_payments import SqlWindowPayments
from services.alert_record import AlertStore
from services.application_record import ApplicationStore
from services.audit_record import AuditStore
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
from services.cash_till import TillStore
from services.census_record import CensusStore
from services.consent_record import ConsentStore
from services.console_ports import ActStore, ConsoleTransaction, PeopleIndex, StaffStore, WindowAccounts
from services.mapping_record import MappingStore
from services.month_record import MonthStore
from services.ports import ClaimStore, Clock, JobQueue
from services.privacy_record import PrivacyStore
from services.reading_record import ReadingStore
from services.rights_record import RightsStore
from services.slowness_record import SlownessStore
from services.staffing import AgencyTree
from services.window_record import WindowPayments


class SqlConsoleTransaction:
    """``console_ports.ConsoleTransaction``: every store on the same connection. What this role may not read is left out."""

    def __init__(self, connection: Connection, keyring: Keyring, clock: Clock) -> None:
        self.staff: StaffStore = SqlStaffStore(connection, keyring, clock)
        self.acts: ActStore = SqlActStore(connection, keyring)
        self.mappings: MappingStore = SqlMappingStore(connection)
        self.applications: ApplicationStore = SqlApplicationStore(connection, keyring, chains=False)
        self.people: PeopleIndex = SqlPeopleIndex(connection, keyring)
        self.accounts: WindowAccounts = SqlWindowAccounts(connection, keyring)
        self.cases: CaseStore = SqlCaseStore(connection, keyring, chains=False)
        self.drafts: DraftStore = SqlDraftStore(connection, keyring)
        self.files: FileIndex = SqlFileIndex(connection, keyring)
        self.mandates: MandateStore = SqlMandateStore(connection, keyring, chains=False)
        self.ratings: RatingStore = SqlRatingStore(connection, keyring, persons=False)
        self.notices: NoticeStore = SqlNoticeStore(connection, keyring)
        self.slips: SlipRegister = SqlSlipRegister(connection, keyring)
        self.calendars: CalendarStore = SqlCalendarStore(connection)
        self.alerts: AlertStore = SqlAlertStore(connection, keyring)
        self.payments: WindowPayments = SqlWindowPayments(connection, keyring)
        self.tills: TillStore = SqlTillStore(connection, keyring)
        self.claims: ClaimStore = SqlClaimStore(connection, keyring)
        self.jobs: JobQueue = SqlJobQueue(connection)
        self.months: MonthStore = SqlMonthStore(connection, keyring)
        self.slowness: SlownessStore = SqlSlownessStore(connection, keyring)
        self.readings: ReadingStore = SqlReadingStore(connection, keyring)
        self.audit: AuditStore = SqlAuditStore(connection, keyring)
        self.census: CensusStore = SqlCensusStore(connection, names=True)
        self.privacy: PrivacyStore = SqlPrivacyStore(connection, keyring)
        self.consents: ConsentStore = SqlConsentStore(connection)
        self.rights: RightsStore = SqlRightsStore(connection, keyring)


class SqlConsoleStore:
    """``console_ports.ConsoleStore``. ``where`` is an address or an engine of the role ``console`` (or of the owner, for commands)."""

    def __init__(self, where: str | Engine, keyring: Keyring, clock: Clock, pool_size: int = 4) -> None:
        self.engine = open_engine(where, pool_size)
        self._keyring = keyring
        self._clock = clock

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[ConsoleTransaction]:
        """Commits at the end of the block, rolls back on any exception. Raises ``StoreUnavailable``."""
        with transaction_scope(), scoped(self.engine, agencies) as connection:
            yield SqlConsoleTransaction(connection, self._keyring, self._clock)

    def agency_tree(self) -> AgencyTree:
        """All agencies, as they are now. Raises ``StoreUnavailable``."""
        with reporting_unavailability(), self.engine.connect() as connection:
            rows = list(connection.execute(select(agencies)))
        return AgencyTree(
            {row.agency_id: row.parent_id for row in rows},
            {row.agency_id: row.slug for row in rows},
            {row.agency_id: row.name for row in rows},
        )

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()
