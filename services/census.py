"""The census of services: every published service asked on both platforms whether it can be reached, is current, is free of errors.

Nothing of a citizen is needed for it and nothing is changed anywhere: the public app is asked without a session, back ends are only
knocked at (published information is fetched, for it is everybody's), forms are judged here and not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from services.catalogue import Catalogue
from services.census_forms import JudgeBody, find_form_faults
from services.census_ports import DoorSilent, KnockableBackEnd, LinkCheck, Offer, PublicDoor
from services.census_record import CensusLine, Finding, Question
from services.census_texts import (
    find_old_texts,
    find_undated,
    find_untranslated,
    list_links,
    list_links_of_rows,
)
from services.doors import PLATFORMS
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndRefused,
    ConfigurationFault,
    InputRefused,
)
from services.forms import read_form
from services.mapping import ServiceMapping
from services.model import JsonValue, Language, PlatformApp, PlatformName
from services.outputs import read_outputs
from services.ports import Clock, Directory, Store
from services.service_words import is_typed
from services.till import business_day

KNOCK_SECONDS = 5.0
MOST_LINKS = 50
"""Of one service."""


@dataclass(frozen=True, slots=True)
class Census:
    """What a run is made of. ``apps``: our mini-programs on a platform; ``judge``: the validators of the edge."""

    store: Store
    catalogue: Catalogue
    directory: Directory
    apps: Callable[[PlatformName], Sequence[PlatformApp]]
    clock: Clock
    new_id: Callable[[], UUID]
    door: PublicDoor
    back_end_of: Callable[[ServiceMapping], KnockableBackEnd]
    links: LinkCheck
    judge: JudgeBody


@dataclass(frozen=True, slots=True)
class _Door:
    """How one platform's door stands: what is wrong with all of it, and what is offered there in each language."""

    faults: tuple[Finding, ...]
    offers: Mapping[Language, Mapping[str, Offer]] = field(default_factory=dict)


def take_census(census: Census) -> tuple[CensusLine, ...]:
    """One run over everything that is published, recorded as a whole. Raises ``StoreUnavailable``."""
    run_id, at = census.new_id(), census.clock.now()
    with census.catalogue.hold():
        services = [mapping for _, mapping in sorted(census.catalogue.services.items())]
    doors = {platform: look_at_door(census, platform) for platform in PLATFORMS}
    known: dict[tuple[str, str], str] = {}
    lines = []
    for mapping in services:
        shared = tuple(_judge_service(census, mapping, business_day(at), known, str(run_id)))
        for platform in (one for one in PLATFORMS if mapping.is_on(one)):
            own = _judge_platform(census, mapping, platform, doors[platform], business_day(at))
            found = tuple(dict.fromkeys((*own, *shared)))
            agency_id = find_agency(census, mapping)
            lines.append(CensusLine(agency_id, run_id, mapping.id, platform, mapping.version, at, found))
    with census.store.begin(census.directory.all_agencies()) as tx:
        tx.census.record_run(lines)
    return tuple(lines)


def take_daily_census(census: Census) -> tuple[CensusLine, ...] | None:
    """A run, unless this day (in China) has one already: then None. Raises ``StoreUnavailable``."""
    now = census.clock.now()
    agencies = census.directory.all_agencies()
    with census.store.begin(agencies) as tx:
        last = tx.census.list_runs(agencies, now - timedelta(days=2), 1)
    if last and business_day(last[0][1]) >= business_day(now):
        return None
    return take_census(census)


def find_agency(census: Census, mapping: ServiceMapping) -> UUID:
    """Whose service it is; one of an agency that is not in the directory is the root's to put right."""
    try:
        return census.directory.agency_id(mapping.agency)
    except ConfigurationFault:
        return census.directory.root_agency()


def look_at_door(census: Census, platform: PlatformName) -> _Door:
    """The platform's door in the public app, once for all services."""
    apps = census.apps(platform)
    if not apps:
        return _Door((Finding(Question.REACHABLE, "no_app"),))
    try:
        refused = [(app.app, census.door.knock(app)) for app in apps]
        offers = {language: census.door.list_offers(platform, language) for language in Language}
    except DoorSilent as silent:
        return _Door((Finding(Question.REACHABLE, "public_app", silent.code),))
    faults = (Finding(Question.REACHABLE, "platform_door", f"{app}: {code}") for app, code in refused if code)
    return _Door(tuple(faults), offers)


def _judge_platform(
    census: Census, mapping: ServiceMapping, platform: PlatformName, door: _Door, today: date
) -> Iterator[Finding]:
    yield from door.faults
    if door.offers:
        for offered in door.offers.values():
            yield from _judge_offer(census, mapping, offered.get(mapping.id))
    yield from find_form_faults(mapping, platform, today, census.judge)


def _judge_offer(census: Census, mapping: ServiceMapping, offer: Offer | None) -> Iterator[Finding]:
    if offer is None:
        yield Finding(Question.REACHABLE, "not_offered")
        return
    if offer.paused:
        yield Finding(Question.REACHABLE, "paused")
    if offer.version not in {mapping.version, _version_now(census, mapping)}:
        yield Finding(Question.CURRENT, "old_version", f"{offer.version}")
    elif offer.version == mapping.version:
        asked = {name for name, one in mapping.inputs.items() if is_typed(one)}
        for name in sorted(asked - offer.inputs):
            yield Finding(Question.FAULTLESS, "form_differs", f"inputs.{name}")


def _version_now(census: Census, mapping: ServiceMapping) -> int:
    """A version that was published while we looked is no fault."""
    present = census.catalogue.services.get(mapping.id)
    return present.version if present else mapping.version


def _judge_service(
    census: Census, mapping: ServiceMapping, today: date, known: dict[tuple[str, str], str], request_id: str
) -> Iterator[Finding]:
    """What is the same on every platform."""
    yield from find_old_texts(mapping, today)
    yield from find_untranslated(mapping)
    links = dict(list_links(mapping))
    hosts = frozenset(_host_of(link) for link in links)
    try:
        back_end = census.back_end_of(mapping)
    except ConfigurationFault:
        yield Finding(Question.REACHABLE, "not_bound")
    else:
        yield from _knock(back_end, mapping, known)
        outputs: dict[str, JsonValue] = {}
        yield from _fetch(back_end, mapping, request_id, outputs)
        yield from find_undated(mapping, outputs, today)
        links |= {link: at for link, at in list_links_of_rows(outputs).items() if _host_of(link) in hosts}
    for link, place in list(links.items())[:MOST_LINKS]:
        found = census.links.look(link, hosts)
        if found:
            yield Finding(Question.FAULTLESS, f"{found}_link", f"{place}: {link}")


def _host_of(link: str) -> str:
    """The empty text for what only looks like an address: no page is asked for it, and it is a dead link."""
    try:
        return urlsplit(link).netloc.lower()
    except ValueError:
        return ""


def _knock(back_end: KnockableBackEnd, mapping: ServiceMapping, known: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """Each back end of an agency is knocked at once a run, however many services stand on it."""
    names = tuple(mapping.connections())
    if any((mapping.agency, name) not in known for name in names):
        known.update({(mapping.agency, name): code for name, code in back_end.knock(KNOCK_SECONDS).items()})
    for name in names:
        code = known[mapping.agency, name]
        if code:
            yield Finding(Question.REACHABLE, "back_end", f"{name}: {code}")


def _fetch(
    back_end: KnockableBackEnd, mapping: ServiceMapping, request_id: str, outputs: dict[str, JsonValue]
) -> Iterator[Finding]:
    """Published information is everybody's: it is fetched as for anybody without a filter, into ``outputs``."""
    if mapping.kind != "information":
        return
    try:
        values = read_form(mapping, {}, {})
        answer = back_end.call("fetch", {"inputs": values}, request_id, purpose="read_information")
        outputs.update(read_outputs(mapping.outputs, answer))
    except InputRefused:
        return  # nothing is shown without a filter
    except (BackEndRefused, BackEndGarbled) as error:
        reason = error.reason if isinstance(error, BackEndRefused) else "garbled"
        yield Finding(Question.FAULTLESS, "information_failed", f"{mapping.back_end.name}: {reason}")
    except BackEndError:
        yield Finding(Question.REACHABLE, "back_end", f"{mapping.back_end.name}: no_answer")
