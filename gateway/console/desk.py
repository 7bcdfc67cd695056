"""What the console is made of, and who is in it at this request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import current_app, g

from gateway.routes.health import RollCall
from gateway.workshop import Workshop
from services.act_book import ActBook
from services.application_files import ApplicationFiles
from services.catalogue import Catalogue
from services.console_ports import ConsoleStore
from services.counter_desk import CounterDesk
from services.mapping_desk import MappingDesk
from services.notice_desk import NoticeRoom
from services.ports import Clock, OverviewReader
from services.publishing import PublishingDesk
from services.retention_rules import NO_CLASSES, RetentionRules
from services.staff_desk import StaffDesk
from services.staff_sign_in import Admission, SignInDesk
from services.staffing import Actor
from services.uploads import UploadDesk
from services.watch import Trouble
from services.window_consents import ConsentRoom
from services.window_desk import WindowDesk
from services.window_mandates import MandateRoom
from services.window_people import WindowPeople
from services.window_returns import ReturnRoom
from services.window_tills import TillRoom


@dataclass(frozen=True, slots=True)
class CounterRooms:
    """The use cases of the virtual counter and of the window, all on the console's own store."""

    counter: CounterDesk
    window: WindowDesk
    mandates: MandateRoom
    people: WindowPeople
    consents: ConsentRoom
    uploads: UploadDesk
    notices: NoticeRoom
    money: ReturnRoom
    tills: TillRoom


@dataclass(frozen=True, slots=True)
class ConsoleDesk:
    """The dependencies of the console. ``overview`` gives the counts of some agencies; ``unbound`` names services that
    this environment does not bind, and what they lack. ``secure`` is off only on loopback.

    Every use case has ``store`` (a ``witness.WitnessedStore``), so that a route is held to the act that it declares.
    """

    store: ConsoleStore
    sign_in: SignInDesk
    staff: StaffDesk
    files: ApplicationFiles
    acts: ActBook
    mappings: MappingDesk
    publishing: PublishingDesk
    workshop: Workshop
    unbound: Callable[[], Mapping[str, str]]
    overview: Callable[[Sequence[UUID]], OverviewReader]
    catalogue: Catalogue
    roll: RollCall
    clock: Clock
    new_id: Callable[[], UUID]
    random: Callable[[int], bytes]
    release: str
    secure: bool
    rooms: CounterRooms
    rules: RetentionRules = NO_CLASSES
    watch: Callable[[], tuple[Trouble, ...]] = tuple
    """What the watchman would find now; raises ``StoreUnavailable``."""


def current_console() -> ConsoleDesk:
    """The dependencies of this app."""
    desk: ConsoleDesk = current_app.extensions["guitai-console"]
    return desk


def current_admission() -> Admission | None:
    """Whoever the gate let in, if it was asked to."""
    admission: Admission | None = g.get("admission")
    return admission


def current_actor() -> Actor:
    """Whoever acts; only behind the gate."""
    admission: Admission = g.admission
    return admission.actor
