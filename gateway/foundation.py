"""The adapters of one process: settings → adapters. Together with ``bootstrap`` the composition root of the house.

Nothing else constructs an adapter (``tests/test_architecture.py``); what each process opens stands in ``bootstrap``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from adapters.clock import SystemClock, make_clock
from adapters.file_judge import ProcessJudge
from adapters.http import HttpClient
from adapters.ids import make_id
from adapters.mapping_files import CONFIG_FOLDER, load_vocabulary
from adapters.platforms.alipay import AlipayPlatform
from adapters.platforms.context import PlatformContext
from adapters.platforms.door import Door
from adapters.platforms.keys import KeyRing
from adapters.platforms.wechat import WeChatPlatform
from adapters.reach import EVERYWHERE, LOOPBACK, Reach
from adapters.redis import (
    RedisPing,
    RedisRateLimiter,
    RedisRevocations,
    RedisSessions,
    RedisSignInCodes,
    RedisStaffSessions,
    RedisTokenCache,
    make_redis_client,
)
from adapters.secrets import FileSecrets
from adapters.slip_keys import KeyFolder
from adapters.slips import CwtSlips
from adapters.stores.catalogue_shelf import LiveCatalogueShelf
from adapters.stores.directory import SqlDirectory
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.file_shelf import Shelf
from adapters.stores.file_store import SealedFileStore, sweep_files
from adapters.stores.keyring import Keyring
from adapters.stores.pings import LedgerPing, StorePing
from adapters.stores.shelves import open_shelf
from adapters.stores.transaction import SqlStore
from config.settings import Settings
from gateway.bindings import (
    BackEnds,
    BoundFaceCheck,
    BoundOrganisationRegister,
    BoundPushedResults,
    BoundRegister,
    BoundTextMessages,
)
from gateway.promising import note_written
from gateway.switches import Switches
from services.alert_mail import ask_mail
from services.alert_record import Rung
from services.alert_sweep import SweepDesk
from services.case_access import ApplicantDesk
from services.case_desk import CaseDesk, CaseWorkshop
from services.case_numbers import require_distinct_codes
from services.case_ports import FileStore, NumberFormat, Printer, Registers, SlipPress, TextMessages
from services.case_telling import NOTICE_PHRASE
from services.catalogue import Catalogue
from services.consents import StoredConsents
from services.escalation_rule import EscalationRule
from services.exposure import Disclosure
from services.login_messages import PHRASES
from services.mapping import disclose
from services.model import PlatformName
from services.notice_ladder import TellingTerms
from services.organisations import MandateDesk
from services.ports import Clock, Ping, Platform
from services.statistics import StatisticsDesk
from services.till import Till
from services.uploads import UploadDesk


@dataclass(frozen=True)
class Foundation:
    """The adapters of one process, each made when it is first asked for, once."""

    settings: Settings

    @cached_property
    def clock(self) -> Clock:
        return make_clock(self.settings.clock_file, self.settings.environment)

    @cached_property
    def keyring(self) -> Keyring:
        return Keyring.load(self.settings.keyring_file)

    @cached_property
    def secrets(self) -> FileSecrets:
        return FileSecrets(self.settings.secrets_dir)

    @cached_property
    def shelf(self) -> LiveCatalogueShelf:
        return LiveCatalogueShelf(self.settings.database_url, load_vocabulary())

    @cached_property
    def switches(self) -> Switches:
        return Switches(self.shelf.look, self.back_ends.find)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The rooms are this release's; services, what is switched off, and former versions are those of the store, live."""
        rooms = Catalogue.load_around(CONFIG_FOLDER / "desk.yaml", load_vocabulary(), self.shelf.services)
        return replace(rooms, switched_off=self.switches.off, history=self.shelf.history, hold=self.shelf.hold)

    @cached_property
    def store(self) -> SqlStore:
        return SqlStore(self.settings.database_url, self.keyring, self.clock, self.settings.pool_size)

    @cached_property
    def log(self) -> SqlExposureLog:
        return SqlExposureLog(self.settings.database_url, self.clock, self.settings.ledger_pool_size, note_written)

    @cached_property
    def consents(self) -> StoredConsents:
        """What door and guard ask before anything that rests on consent may be seen."""
        return StoredConsents(self.store, self.directory)

    @cached_property
    def directory(self) -> SqlDirectory:
        return SqlDirectory(self.store.engine, self.clock)

    @cached_property
    def redis(self) -> RedisParts:
        client = make_redis_client(self.settings.redis_url)
        return RedisParts(
            RedisSessions(client, self.clock),
            RedisRateLimiter(client, self.clock),
            RedisTokenCache(client, self.clock, self.keyring),
            RedisRevocations(client, self.clock),
            RedisPing(client),
            RedisStaffSessions(client, self.clock),
            RedisSignInCodes(client, self.clock, self.keyring),
        )

    @cached_property
    def http(self) -> HttpClient:
        return HttpClient(self._list_allowed, self.settings.http_timeout_seconds, reach_of=self._find_reach)

    @cached_property
    def reach(self) -> Reach:
        """What back ends may be reached: see ``adapters/reach.py``."""
        local = LOOPBACK if self.settings.environment in ("demo", "test") else ()
        return Reach((*local, *(self.settings.private_back_ends or ())))

    @cached_property
    def platforms(self) -> Mapping[PlatformName, Platform]:
        context = PlatformContext(
            door=Door(self.http, self.log, self.consents),
            keys=KeyRing(self.secrets),
            clock=self.clock,
            disclose_keys=self._disclose_keys,
            notice_root=f"{self.settings.public_url}/v1/notices",
            phrases=self._list_phrases,
            random_bytes=secrets.token_bytes,
        )
        return {
            PlatformName.WECHAT: WeChatPlatform(context, self.redis.tokens),
            PlatformName.ALIPAY: AlipayPlatform(context),
        }

    @cached_property
    def back_ends(self) -> BackEnds:
        return BackEnds(self.directory, self.http, self.secrets, self.clock, self.reach)

    @cached_property
    def pushed_results(self) -> BoundPushedResults:
        return BoundPushedResults(self.directory, self.secrets)

    @cached_property
    def register(self) -> BoundRegister:
        return BoundRegister(self.directory, self.http, self.secrets)

    @cached_property
    def organisations(self) -> BoundOrganisationRegister:
        return BoundOrganisationRegister(self.directory, self.http, self.secrets)

    @cached_property
    def registers(self) -> Registers:
        """Who may act for whom is asked of these."""
        return Registers(self.organisations, self.register, self.register)

    @cached_property
    def face(self) -> BoundFaceCheck:
        return BoundFaceCheck(self.directory, self.http, self.secrets)

    @cached_property
    def till(self) -> Till:
        return Till(
            store=self.store,
            platforms=self.platforms,
            back_end_of=self.back_ends.find,
            catalogue=self.catalogue,
            directory=self.directory,
            clock=self.clock,
            new_id=self.new_id,
            random=secrets.token_bytes,
            keyed_hash=self.keyring,
            public_url=self.settings.public_url,
            order_minutes=self.settings.order_minutes,
            confirm_after_seconds=self.settings.confirm_after_seconds,
            write_off_hours=self.settings.write_off_hours,
        )

    @cached_property
    def file_store(self) -> FileStore:
        """Where uploaded files and documents of ours lie."""
        return SealedFileStore(self.file_shelf, self.keyring)

    @cached_property
    def file_shelf(self) -> Shelf:
        """The folder or bucket that the settings name; without a word of it the folder beside the keyring."""
        return open_shelf(self.settings.files, self.settings.keyring_file, self.secrets)

    def sweep_files(self) -> int:
        """Remove what lies on the shelf for a week by its own clock, and no row names; how many. Only the worker's role may read all rows."""
        until = SystemClock().now() - timedelta(days=7)
        return sweep_files(self.file_shelf, self.keyring, self.store.list_contents(), until)

    @cached_property
    def file_judge(self) -> ProcessJudge:
        """What looks into uploaded bytes."""
        return ProcessJudge()

    @cached_property
    def uploads(self) -> UploadDesk:
        """What takes uploads of citizens; the console puts its own desk of cases in."""
        return UploadDesk(self.case_desk, self.file_judge, self.redis.limiter)

    @cached_property
    def slip_press(self) -> SlipPress:
        """What signs and reads slips; without a folder of keys it says so when it is asked to."""
        return CwtSlips(KeyFolder(self.settings.slip_keys), self.settings.web_url or self.settings.public_url)

    @cached_property
    def printer(self) -> Printer:
        """What sets and signs documents; the worker's alone, and so are the libraries of type and signature."""
        from adapters.printing.printer import SealedPrinter

        return SealedPrinter(self.settings.seals, self.settings.rare_typeface)

    @cached_property
    def text_messages(self) -> TextMessages:
        """The government's provider of text messages."""
        return BoundTextMessages(self.directory, self.http, self.secrets, self.clock)

    @cached_property
    def case_desk(self) -> CaseDesk:
        """The desk of cases on the store of the public app and the worker; the console puts its own in its place."""
        require_distinct_codes(self.directory.all_agencies())
        return CaseDesk(
            house=self.store,
            catalogue=self.catalogue,
            directory=self.directory,
            clock=self.clock,
            new_id=self.new_id,
            random=secrets.token_bytes,
            keyed_hash=self.keyring,
            files=self.file_store,
            slips=self.slip_press,
            back_end_of=self.back_ends.find,
            web_url=self.settings.web_url or self.settings.public_url,
            number_format=NumberFormat(self.settings.case_no_format),
            registers=self.registers,
            orange_percent=self.settings.orange_percent,
        )

    @cached_property
    def applicants(self) -> ApplicantDesk:
        """The citizen's side of cases."""
        return ApplicantDesk(self.case_desk, self.till)

    @cached_property
    def mandates(self) -> MandateDesk:
        """Organisations and mandates on the citizen's side."""
        return MandateDesk(self.case_desk, self.store, self.redis.limiter)

    @cached_property
    def workshop(self) -> CaseWorkshop:
        """What the worker does with cases."""
        return CaseWorkshop(
            self.case_desk, self.printer, self.platforms, self.text_messages, self.store, self._read_telling()
        )

    @cached_property
    def statistics(self) -> StatisticsDesk:
        """What counts and closes months."""
        return StatisticsDesk(self.store, self.catalogue, self.directory, self.clock, self.log)

    @cached_property
    def sweep_desk(self) -> SweepDesk:
        """What the worker tells the supervision office with."""
        settings = self.settings
        hours = {Rung(name): count for name, count in settings.escalate_hours.items()}
        rule = EscalationRule(hours, office_time=settings.escalate_by == "office")
        return SweepDesk(
            self.store, self.directory, self.clock, self.new_id, self.directory.parent_of, rule, ask_mail
        )  # fmt: skip

    def _read_telling(self) -> TellingTerms:
        first, last = self.settings.quiet_hours
        hours = timedelta(hours=self.settings.sms_after_hours)
        return TellingTerms(sms_after=hours, quiet_from=first, quiet_until=last)

    def new_id(self) -> UUID:
        """A UUIDv7 of this moment by the clock port."""
        return make_id(self.clock.now())

    def list_pings(self) -> tuple[Ping, ...]:
        """One question per dependency, for ``/ready``."""
        return (StorePing(self.store.engine), LedgerPing(self.log), self.redis.ping)

    def _list_allowed(self, purpose: str) -> frozenset[str]:
        """The allow-list of one purpose: a platform's name, or ``back_end:NAME``."""
        kind, _, name = purpose.partition(":")
        if kind == "openid":
            return frozenset([self.settings.oidc_issuer] if self.settings.oidc_issuer else [])
        if kind == "back_end":
            return self.directory.back_end_urls(name)
        return self.directory.platform_urls(PlatformName(kind))

    def _find_reach(self, purpose: str) -> Reach:
        """Back ends are limited to public addresses and listed private ones; a platform's address is fixed by its app."""
        return self.reach if purpose.startswith("back_end:") else EVERYWHERE

    def _list_phrases(self) -> frozenset[str]:
        """The closed list of words that may leave for a platform, also of former versions with which a payment began."""
        described = (text for service in self.shelf.list_known() for text in service.order_description.values())
        return frozenset([*described, *PHRASES, NOTICE_PHRASE])

    def _disclose_keys(self, agency_id: UUID, account: str) -> Disclosure:
        platform = self._platform_of(account)
        return disclose(
            self.catalogue.room("platform-keys"),
            platform=platform,
            agency_id=agency_id,
            account=account,
            purpose="exchange_keys",
            request_id=str(self.new_id()),
        )

    def _platform_of(self, account: str) -> PlatformName:
        merchant = self.directory.merchant_named(account)
        return merchant.platform if merchant is not None else self.directory.app_named(account).platform


@dataclass(frozen=True, slots=True)
class RedisParts:
    """What lives in Redis, all of which may be lost."""

    sessions: RedisSessions
    limiter: RedisRateLimiter
    tokens: RedisTokenCache
    revocations: RedisRevocations
    ping: RedisPing
    staff_sessions: RedisStaffSessions
    codes: RedisSignInCodes
