"""The composition root: settings → adapters → services → apps. Nothing else in the house constructs an adapter.

Each process builds what it needs: ``open_public``, ``open_console``, ``open_operations``, ``open_work_desk``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

from flask import Flask

import config
from adapters.backends.factory import make_back_end
from adapters.backends.register import RegisterBackEnd
from adapters.clock import make_clock
from adapters.http import HttpClient
from adapters.ids import make_id
from adapters.platforms.alipay import AlipayPlatform
from adapters.platforms.context import PlatformContext
from adapters.platforms.door import Door
from adapters.platforms.keys import KeyRing
from adapters.platforms.wechat import WeChatPlatform
from adapters.queue import make_queue_app
from adapters.redis import RedisPing, RedisRateLimiter, RedisSessions, RedisTokenCache, make_redis_client
from adapters.secrets import FileSecrets
from adapters.stores.directory import SqlDirectory
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_reader import SqlExposureReader
from adapters.stores.keyring import Keyring
from adapters.stores.overview import SqlOverview
from adapters.stores.pings import LedgerPing, StorePing
from adapters.stores.transaction import SqlStore
from config.settings import Settings
from gateway.app import create_console_app, create_operations_app, create_public_app
from gateway.console.gate import Gate
from gateway.console.rooms import ConsoleDesk
from gateway.desk import Desk
from gateway.guard import Guard
from gateway.jobs.worker import WorkDesk
from gateway.publication import Publication
from gateway.recording import Recorder
from services.bills import BillDesk
from services.catalogue import Catalogue
from services.errors import ConfigurationFault
from services.exposure import Disclosure
from services.exposure_view import ExposureDesk
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.login_messages import PHRASES
from services.mapping import ServiceMapping, disclose
from services.model import BackEndAddress, PlatformName, RegisterEntry
from services.ports import BackEnd, Clock, IdentityRegister, Ping, Platform, Secrets
from services.sessions import SessionDesk
from services.till import Till

CONFIG_FOLDER = Path(str(config.__file__)).parent
CONSOLE_KEY = "console-key"
"""The name of the secret that opens the console until staff have accounts."""
REGISTER = "register"
"""The name under which the accounts document binds the population register, at the root agency."""


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
    def catalogue(self) -> Catalogue:
        return load_catalogue()

    @cached_property
    def store(self) -> SqlStore:
        return SqlStore(self.settings.database_url, self.keyring, self.clock, self.settings.pool_size)

    @cached_property
    def log(self) -> SqlExposureLog:
        return SqlExposureLog(self.settings.database_url, self.clock, self.settings.ledger_pool_size)

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
            RedisPing(client),
        )

    @cached_property
    def http(self) -> HttpClient:
        return HttpClient(self._list_allowed, self.settings.http_timeout_seconds)

    @cached_property
    def platforms(self) -> Mapping[PlatformName, Platform]:
        context = PlatformContext(
            door=Door(self.http, self.log),
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
        return BackEnds(self)

    @cached_property
    def register(self) -> IdentityRegister:
        return BoundRegister(self)

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
        )

    def new_id(self) -> UUID:
        """A UUIDv7 of this moment by the clock port."""
        return make_id(self.clock.now())

    def list_pings(self) -> tuple[Ping, ...]:
        """One question per dependency, for ``/ready``."""
        return (StorePing(self.store.engine), LedgerPing(self.log), self.redis.ping)

    def _list_allowed(self, purpose: str) -> frozenset[str]:
        """The allow-list of one purpose: a platform's name, or ``back_end:NAME``."""
        kind, _, name = purpose.partition(":")
        if kind == "back_end":
            return self.directory.back_end_urls(name)
        return self.directory.platform_urls(PlatformName(kind))

    def _list_phrases(self) -> frozenset[str]:
        """The closed list of words that may leave for a platform."""
        described = (
            text for service in self.catalogue.services.values() for text in service.order_description.values()
        )
        return frozenset([*described, *PHRASES])

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
    ping: RedisPing


class BackEnds:
    """The back end of each mapping, made again when its address changes."""

    def __init__(self, foundation: Foundation) -> None:
        self._foundation = foundation
        self._made: dict[tuple[str, int], tuple[BackEndAddress, BackEnd]] = {}

    def find(self, mapping: ServiceMapping) -> BackEnd:
        """Raises ``ConfigurationFault`` for an address or a secret that this environment does not bind."""
        base = self._foundation
        address = base.directory.back_end(base.directory.agency_id(mapping.agency), mapping.back_end.name)
        known = self._made.get((mapping.id, mapping.version))
        if known is not None and known[0] == address:
            return known[1]
        made = make_back_end(mapping, address, base.http, base.secrets, base.clock)
        self._made[mapping.id, mapping.version] = (address, made)
        return made


class BoundRegister:
    """The population register at the address that the directory gives at the moment of asking."""

    def __init__(self, foundation: Foundation) -> None:
        self._foundation = foundation

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        """See the port."""
        base = self._foundation
        address = base.directory.back_end(base.directory.root_agency(), REGISTER)
        return RegisterBackEnd(address, base.http, base.secrets).find(identity_number, request_id)


def load_catalogue() -> Catalogue:
    """The shipped mappings, desk and vocabulary. Raises ``ConfigurationFault`` with all faults."""
    return Catalogue.load(CONFIG_FOLDER / "mappings", CONFIG_FOLDER / "desk.yaml", CONFIG_FOLDER / "vocabulary.yaml")


def make_desk(base: Foundation) -> Desk:
    """Everything that the citizen API reaches."""
    catalogue, limiter = base.catalogue, base.redis.limiter
    root = base.directory.root_agency()
    publication = Publication(lambda bodies: base.log.publish(root, base.settings.release, bodies))
    return Desk(
        sessions=SessionDesk(
            base.store,
            base.redis.sessions,
            base.platforms,
            catalogue,
            base.directory,
            limiter,
            base.clock,
            base.new_id,
            lambda: secrets.token_urlsafe(32),
            base.settings.session_minutes,
        ),
        identity=IdentityDesk(
            base.store, base.platforms, base.register, None, catalogue, limiter, base.keyring, base.clock
        ),
        households=HouseholdDesk(
            base.store, catalogue, base.back_ends.find, base.directory, limiter, base.keyring, base.clock
        ),
        bills=BillDesk(catalogue, base.back_ends.find, limiter, base.keyring),
        exposure=ExposureDesk(
            base.store,
            SqlExposureReader(base.store.engine, base.directory.all_agencies),
            catalogue.label,
            catalogue.purpose,
        ),
        till=base.till,
        catalogue=catalogue,
        directory=base.directory,
        platforms=base.platforms,
        store=base.store,
        log=base.log,
        limiter=limiter,
        clock=base.clock,
        new_id=base.new_id,
        recorder=Recorder(base.log, catalogue, publication, root),
    )


def require_bound(base: Foundation, services: Iterable[ServiceMapping]) -> None:
    """Raise one ``ConfigurationFault`` that names every service whose back end is not usable in this environment."""
    faults = []
    for service in services:
        try:
            base.back_ends.find(service)
        except ConfigurationFault as fault:
            faults.append(f"{service.id}: {fault}")
    if faults:
        raise ConfigurationFault("\n".join(faults))


def open_public(settings: Settings) -> Guard:
    """The app that mini-programs and platforms reach, inside its guard."""
    base = Foundation(settings)
    require_bound(base, base.catalogue.services.values())
    return create_public_app(make_desk(base), release=settings.release, max_body_bytes=settings.max_body_bytes)


def open_work_desk(settings: Settings) -> WorkDesk:
    """What the worker is made of; its role is ``worker``."""
    base = Foundation(settings)
    require_bound(base, base.catalogue.services.values())
    return WorkDesk(base.till, base.store, lambda: make_queue_app(settings.database_url))


def open_operations(settings: Settings) -> Flask:
    """Health, readiness and metrics; the server binds it to loopback."""
    return create_operations_app(Foundation(settings).list_pings(), release=settings.release)


def open_console(settings: Settings) -> Flask:
    """The staff's rooms; without a console key nobody gets in. Its role is ``console``."""
    base = Foundation(settings)
    return create_console_app(
        ConsoleDesk(
            overview=SqlOverview(base.store.engine, base.directory.all_agencies),
            catalogue=base.catalogue,
            pings=base.list_pings(),
            gate=Gate(read_optional(base.secrets, CONSOLE_KEY), base.clock, secrets.token_bytes),
            limiter=base.redis.limiter,
            clock=base.clock,
            release=settings.release,
            secure_cookies=settings.environment == "production",
        )
    )


def read_optional(shelf: Secrets, name: str) -> bytes | None:
    """A secret, or None if this environment has none of this name."""
    try:
        return shelf.read(name)
    except ConfigurationFault:
        return None
