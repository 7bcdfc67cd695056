"""The composition root: settings → adapters → services → apps. What each process opens, made from one ``Foundation``.

Each process builds what it needs: ``open_public``, ``open_web``, ``open_console``, ``open_operations``, ``open_work_desk``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from flask import Flask

from adapters.ed25519 import read_signer
from adapters.mail import open_mail
from adapters.mapping_files import load_retention
from adapters.openid import OpenIdClient, OpenIdProvider
from adapters.passwords import Argon2Hasher, TimedCodes, make_one_time_password
from adapters.queue import make_queue_app
from adapters.stores.closings import SqlClosings
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.exposure_reader import SqlExposureReader
from adapters.stores.log_files import SqlLogFiles
from adapters.stores.lookout import SqlLookout
from adapters.stores.overview import SqlOverview
from adapters.stores.own_data import SqlOwnData
from adapters.stores.proof_reader import SqlProofReader
from adapters.stores.retention_classes import SqlRetention
from config.settings import Settings
from gateway.app import create_console_app, create_operations_app, create_public_app, create_web_app
from gateway.console.desk import ConsoleDesk, CounterRooms
from gateway.console.witness import WitnessedStore
from gateway.desk import Desk
from gateway.foundation import Foundation
from gateway.guard import Guard
from gateway.jobs.rights_duty import RightsDuty
from gateway.jobs.worker import WorkDesk
from gateway.promising import Promiser
from gateway.publication import Publication
from gateway.recording import Recorder
from gateway.routes.health import RollCall
from gateway.web.desk import WebDesk
from gateway.web.pages import WSGIApplication
from gateway.web.recorder import NoLedger, OwnRecorder
from gateway.workshop import Workshop
from services.act_book import ActBook
from services.alert_mail import MailRoom
from services.application_files import ApplicationFiles
from services.bills import BillDesk
from services.closing import ClosingDesk
from services.consents import ConsentDesk
from services.console_ports import ConsoleStore, PasswordHasher
from services.counter_desk import CounterDesk
from services.errors import ConfigurationFault
from services.exposure_view import ExposureDesk
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.mapping import Texts
from services.mapping_desk import MappingDesk
from services.model import PlatformName
from services.notice_desk import NoticeRoom
from services.promises import name_origin
from services.publishing import PublishingDesk
from services.rights import RightsDesk
from services.sessions import SessionDesk
from services.signed_note import NoteKey, NoteRefused, read_key
from services.staff_desk import StaffDesk
from services.staff_sign_in import SignInDesk
from services.uploads import UploadDesk
from services.watch import Sighting, Trouble, WatchTerms, find_troubles, measure_ledger, name_duties
from services.web_sign_in import SESSION_MINUTES as WEB_SESSION_MINUTES
from services.web_sign_in import WebSignInDesk
from services.window_consents import ConsentRoom
from services.window_desk import WindowDesk
from services.window_mandates import MandateRoom
from services.window_people import WindowPeople
from services.window_returns import ReturnRoom
from services.window_tills import TillRoom


def make_desk(base: Foundation) -> Desk:
    """Everything that the citizen API reaches."""
    root = base.directory.root_agency()
    publication = Publication(lambda bodies: base.log.publish(root, base.settings.release, bodies))
    reader = SqlExposureReader(base.store.engine, base.directory.all_agencies)
    return Desk(
        sessions=make_sessions(base),
        identity=make_identity(base),
        households=make_households(base),
        bills=BillDesk(base.catalogue, base.back_ends.find, base.redis.limiter, base.keyring),
        exposure=ExposureDesk(base.store, reader, base.catalogue),
        till=base.till,
        catalogue=base.catalogue,
        directory=base.directory,
        platforms=base.platforms,
        store=base.store,
        log=base.log,
        limiter=base.redis.limiter,
        clock=base.clock,
        new_id=base.new_id,
        recorder=Recorder(base.log, base.catalogue, publication, root, make_promiser(base.settings), base.consents),
        applicants=base.applicants,
        uploads=base.uploads,
        mandates=base.mandates,
        rights=make_rights(base),
        pushed_results=base.pushed_results,
    )


def make_rights(base: Foundation) -> RightsDesk:
    """What citizens ask about their own data."""
    data = SqlOwnData(base.store.engine, base.keyring)
    return RightsDesk(base.store, data, load_retention(), base.redis.limiter, base.clock, base.new_id)


def make_rights_duty(base: Foundation) -> RightsDuty:
    """What the worker closes accounts with, and ends what is over its time; its role alone may."""
    closings = SqlClosings(base.store.engine, base.keyring, base.clock)
    retention = SqlRetention(base.store.engine, base.keyring)
    closing = ClosingDesk(closings, base.redis.sessions, base.clock)
    return RightsDuty(closing, retention, load_retention(), base.clock, retention.tell_ended)


def make_promiser(settings: Settings) -> Promiser | None:
    """Who signs promises to clients; None without a key. Raises ``ConfigurationFault`` for a key of anything else."""
    if settings.promise_key is None:
        return None
    signer = read_signer(settings.promise_key)
    try:
        name_origin(signer.key)
    except NoteRefused as fault:
        raise ConfigurationFault(f"GUITAI_PROMISE_KEY: {fault}") from None
    return Promiser(signer, secrets.token_bytes)


def make_sessions(base: Foundation) -> SessionDesk:
    """Who logs in and out. A session's token is 256 random bits."""
    return SessionDesk(
        base.store, base.redis.sessions, base.platforms, base.catalogue, base.directory, base.redis.limiter, base.clock,
        base.new_id, lambda: secrets.token_urlsafe(32), base.settings.session_minutes, base.log,
    )  # fmt: skip


def make_identity(base: Foundation) -> IdentityDesk:
    """Who somebody is."""
    return IdentityDesk(
        base.store,
        base.platforms,
        base.register,
        base.face,
        base.catalogue,
        base.redis.limiter,
        base.keyring,
        base.clock,
    )


def make_households(base: Foundation) -> HouseholdDesk:
    """Whose household it is."""
    return HouseholdDesk(
        base.store, base.catalogue, base.back_ends.find, base.directory, base.redis.limiter, base.keyring, base.clock
    )


def require_identity(base: Foundation) -> None:
    """Raise ``ConfigurationFault`` for a register or a bound face check that could not be asked: at the start, not at a citizen."""
    base.register.connect()
    base.face.connect()
    base.organisations.connect()


def open_public(settings: Settings) -> Guard:
    """The app that mini-programs and platforms reach, inside its guard."""
    base = Foundation(settings)
    base.switches.list_unbound()  # says at the start what is missing, not at a citizen
    require_identity(base)
    return create_public_app(make_desk(base), release=settings.release, max_body_bytes=settings.max_body_bytes)


def open_web(settings: Settings) -> WSGIApplication:
    """The government's own door. What passes here is seen by no platform; a call to one (an order is closed) is recorded as ever."""
    base = Foundation(settings)
    base.switches.list_unbound()
    require_identity(base)
    return create_web_app(make_web_desk(base), max_body_bytes=settings.max_body_bytes)


def make_web_desk(base: Foundation) -> WebDesk:
    """What the web door is made of: the citizen's desk with sessions of its own, and who lets people in."""
    desk, settings = make_desk(base), base.settings
    sessions = replace(
        desk.sessions, doors=(PlatformName.WEB,), log=NoLedger(),
        session_minutes=min(settings.session_minutes, WEB_SESSION_MINUTES),
    )  # fmt: skip
    recorder = OwnRecorder(
        NoLedger(), base.catalogue, Publication(lambda _manifest: None), base.directory.root_agency()
    )
    entrance = WebSignInDesk(
        base.store, sessions, base.redis.codes, base.text_messages, base.register, base.face, base.directory,
        base.redis.limiter, base.keyring, base.clock, base.new_id, lambda: secrets.token_urlsafe(32), secrets.token_bytes,
    )  # fmt: skip
    return WebDesk(
        citizen=replace(desk, sessions=sessions, recorder=recorder),
        entrance=entrance,
        applicants=base.applicants,
        uploads=base.uploads,
        mandates=base.mandates,
        random=secrets.token_bytes,
        release=settings.release,
        secure=settings.environment == "production",
        log_files=SqlLogFiles(base.store.engine, name_witness(settings)),
        log_keys=read_log_keys(settings),
        proofs=SqlProofReader(base.store.engine, base.directory.all_agencies, name_witness(settings)),
    )


def read_log_keys(settings: Settings) -> tuple[NoteKey, ...]:
    """The public keys of log, promises and witness, those that are set. Raises ``ConfigurationFault`` for what is none."""
    lines = (settings.ledger_public_key, settings.promise_public_key, settings.witness_key)
    try:
        return tuple(read_key(line) for line in lines if line)
    except NoteRefused as fault:
        raise ConfigurationFault(f"a public key of the ledger's log: {fault}") from None


def name_witness(settings: Settings) -> str | None:
    """The name of the witness whose cosignature publishes a checkpoint, if one is set. Raises ``ConfigurationFault``."""
    if settings.witness_key is None:
        return None
    try:
        return read_key(settings.witness_key).name
    except NoteRefused as fault:
        raise ConfigurationFault(f"GUITAI_WITNESS_KEY: {fault}") from None


def open_work_desk(settings: Settings) -> WorkDesk:
    """What the worker is made of; its role is ``worker``."""
    base = Foundation(settings)
    base.switches.list_unbound()  # says at the start what is missing, not at a citizen
    return WorkDesk(
        base.till,
        base.store,
        lambda: make_queue_app(settings.database_url),
        workshop=base.workshop,
        draft_days=settings.draft_days,
        sweep_files=base.sweep_files,
        mails=make_mail_room(base),
        alerts=base.sweep_desk,
        alert_seconds=settings.sweep_seconds,
        statistics=base.statistics,
        consents=ConsentDesk(base.store, base.catalogue, base.directory, base.clock, base.new_id),
        rights=make_rights_duty(base),
    )


def make_mail_room(base: Foundation) -> MailRoom:
    """What the worker writes to the supervision office with; without a mail server nothing is sent."""

    def find_title(service: str) -> Texts:
        known = base.shelf.services.get(service)
        return known.title if known is not None else {}

    return MailRoom(
        base.store,
        base.directory,
        base.clock,
        base.new_id,
        find_title,
        open_mail(base.settings),
        base.settings.console_url,
    )


def make_watch(base: Foundation) -> Callable[[], tuple[Trouble, ...]]:
    """What the watchman would find now, asked on this process's own role (public or console). It raises ``StoreUnavailable``."""
    look = make_look(base)
    return lambda: look()[1]


def make_look(base: Foundation) -> Callable[[], tuple[Sighting, tuple[Trouble, ...]]]:
    """The same with what was seen."""
    settings = base.settings
    lookout = SqlLookout(base.store.engine, name_witness(settings))
    terms = WatchTerms(timedelta(minutes=settings.sweep_late_minutes), settings.calendar_days)

    def look() -> tuple[Sighting, tuple[Trouble, ...]]:
        sighting = lookout.look()
        return sighting, find_troubles(sighting, terms, base.clock.now())

    return look


def open_operations(settings: Settings) -> Flask:
    """Health, readiness, the services' state and metrics; the server binds it to loopback."""
    base = Foundation(settings)
    look = make_look(base)

    def tell_duties() -> tuple[dict[str, str], dict[str, float | None]]:
        sighting, troubles = look()
        return name_duties(troubles), measure_ledger(sighting, base.clock.now())

    return create_operations_app(
        base.list_pings(), release=settings.release, list_services=base.switches.describe, look=tell_duties
    )


def open_console(settings: Settings) -> Flask:
    """The staff's rooms; its role is ``console``. Raises ``ConfigurationFault`` if staff could not sign in as they should."""
    base = Foundation(settings)
    store = WitnessedStore(SqlConsoleStore(base.store.engine, base.keyring, base.clock))
    hasher = Argon2Hasher()
    return create_console_app(
        ConsoleDesk(
            store=store,
            sign_in=make_sign_in(base, store, hasher),
            staff=StaffDesk(store, base.redis.staff_sessions, hasher, base.clock, base.new_id, make_one_time_password),
            files=ApplicationFiles(store, base.clock, base.new_id),
            acts=ActBook(store, base.clock, base.new_id),
            mappings=MappingDesk(store, base.catalogue.vocabulary, base.clock, base.new_id),
            publishing=PublishingDesk(store, base.catalogue.vocabulary, base.clock, base.new_id),
            workshop=Workshop.on(base.catalogue.vocabulary, base.back_ends, base.clock),
            unbound=base.switches.list_unbound,
            overview=lambda agencies: SqlOverview(base.store.engine, lambda: agencies),
            catalogue=base.catalogue,
            roll=RollCall(base.list_pings()),
            clock=base.clock,
            new_id=base.new_id,
            random=secrets.token_bytes,
            release=settings.release,
            secure=settings.environment == "production",
            rooms=make_counter_rooms(base, store),
            rules=load_retention(),
            watch=make_watch(base),
        )
    )


def make_counter_rooms(base: Foundation, store: WitnessedStore) -> CounterRooms:
    """The counter and the window of the staff: the desk of cases on the console's own store."""
    desk = replace(base.case_desk, house=store)
    reader = SqlExposureReader(base.store.engine, base.directory.all_agencies, console=True)
    proofs = SqlProofReader(base.store.engine, base.directory.all_agencies, name_witness(base.settings), console=True)
    return CounterRooms(
        counter=CounterDesk(desk, store),
        window=WindowDesk(desk, store),
        mandates=MandateRoom(desk, store),
        people=WindowPeople(desk, store, reader, base.catalogue, proofs),
        consents=ConsentRoom(desk, store),
        uploads=UploadDesk(desk, base.file_judge, base.redis.limiter),
        notices=NoticeRoom(desk, store),
        money=ReturnRoom(base.till, store, base.redis.limiter),
        tills=TillRoom(store, base.clock, base.new_id),
    )


def make_sign_in(base: Foundation, store: ConsoleStore, hasher: PasswordHasher) -> SignInDesk:
    """How staff come in: at the OpenID provider if one is named; by local accounts where that is allowed."""
    provider, local = make_provider(base), base.settings.local_accounts
    if local is None:
        local = base.settings.environment != "production"
    if provider is None and not local:
        raise ConfigurationFault(
            "in production staff sign in at an OpenID provider: set GUITAI_OIDC_ISSUER, GUITAI_OIDC_CLIENT_ID,"
            " GUITAI_OIDC_CLIENT_SECRET and GUITAI_CONSOLE_URL, or state GUITAI_LOCAL_ACCOUNTS=yes"
        )
    return SignInDesk(
        store, base.redis.staff_sessions, hasher, TimedCodes(), base.redis.limiter, base.keyring, base.clock,
        base.new_id, lambda: secrets.token_urlsafe(32), secrets.token_bytes, provider, local,
    )  # fmt: skip


def make_provider(base: Foundation) -> OpenIdProvider | None:
    """The OpenID provider that the settings name, if they do."""
    settings = base.settings
    if settings.oidc_issuer is None:
        return None
    client = OpenIdClient(
        settings.oidc_issuer, settings.oidc_client_id or "", settings.oidc_client_secret or "",
        f"{settings.console_url}/sign-in/provider/answer",
    )  # fmt: skip
    return OpenIdProvider(client, base.http, base.redis.revocations, base.clock)
