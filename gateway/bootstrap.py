"""The composition root: settings → adapters → services → apps. What each process opens, made from one ``Foundation``.

Each process builds what it needs: ``open_public``, ``open_console``, ``open_operations``, ``open_work_desk``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from flask import Flask

from adapters.queue import make_queue_app
from adapters.stores.exposure_reader import SqlExposureReader
from adapters.stores.overview import SqlOverview
from config.settings import CONSOLE_KEY, Settings
from gateway.app import create_console_app, create_operations_app, create_public_app
from gateway.console.gate import Gate
from gateway.console.rooms import ConsoleDesk
from gateway.desk import Desk
from gateway.foundation import Foundation
from gateway.guard import Guard
from gateway.jobs.worker import WorkDesk
from gateway.publication import Publication
from gateway.recording import Recorder
from gateway.routes.health import RollCall
from services.bills import BillDesk
from services.errors import ConfigurationFault
from services.exposure_view import ExposureDesk
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.mapping import ServiceMapping
from services.ports import Secrets
from services.sessions import SessionDesk


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
        recorder=Recorder(base.log, base.catalogue, publication, root),
    )


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


def require_bound(base: Foundation, services: Iterable[ServiceMapping]) -> None:
    """Raise one ``ConfigurationFault`` that names every service whose back end is not usable in this environment."""
    faults: list[str] = []
    for service in services:
        try:
            base.back_ends.find(service)
        except ConfigurationFault as fault:
            faults.append(f"{service.id}: {fault}")
    if faults:
        raise ConfigurationFault("\n".join(faults))


def require_identity(base: Foundation) -> None:
    """Raise ``ConfigurationFault`` for a register or a bound face check that could not be asked: at the start, not at a citizen."""
    base.register.connect()
    base.face.connect()


def open_public(settings: Settings) -> Guard:
    """The app that mini-programs and platforms reach, inside its guard."""
    base = Foundation(settings)
    require_bound(base, base.catalogue.services.values())
    require_identity(base)
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
            roll=RollCall(base.list_pings()),
            gate=Gate(
                read_optional(base.secrets, CONSOLE_KEY), base.clock, secrets.token_bytes, base.redis.revocations
            ),
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
