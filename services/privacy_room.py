"""The privacy officer's room: what went out to the platforms, against the budget of each service; a report of each platform to be signed.

The officer and the auditor read, each of the agencies that their role reaches: numbers and names of fields, nobody. The officer signs. Who saw
what of whom stands in ``services/privacy_looks.py``, breaches in ``services/breach_desk.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

import rfc8785

from services.application_files import list_topmost
from services.catalogue import Catalogue
from services.clock import DAY, end_of_day
from services.console_ports import ConsoleStore, ConsoleTransaction
from services.errors import Conflict, InputRefused, NotFound, NotPermitted, ServiceUnknown
from services.exposure import Budget
from services.mapping_record import PUTS_IN_FORCE, MappingEvent
from services.model import JsonValue, PlatformName
from services.ports import Clock
from services.privacy_record import Breach, By, Counted, FieldSum, Span, SumFilter
from services.privacy_rules import VersionUse, choose_span, count_days, judge_version, list_steps, sum_course
from services.staffing import Act, Actor, Role

OFFICERS = (Role.PRIVACY,)
READERS = (Role.PRIVACY, Role.AUDITOR)
EXPORT, SIGN, WRITE = "privacy.export", "privacy.sign_report", "privacy.export_report"
KEPT_YEARS = 3
"""PIPL article 56: reports of impact assessments and records of processing are kept three years at least."""
MOST_SIGNATURES = 50
SETTLED = timedelta(hours=1)
"""A record has its place in the tree a minute after it was made; what stands still for an hour is whole."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What went out in a time: records by platform in each step, and by one thing that was asked for, each with its platform."""

    wanted: SumFilter
    step: str
    by: By
    counted: Counted
    steps: tuple[date, ...]
    course: Mapping[str, tuple[int, ...]]
    groups: Mapping[str, Mapping[str, int]]

    @property
    def platforms(self) -> tuple[str, ...]:
        """Those that saw anything."""
        return tuple(self.course)

    @property
    def records(self) -> int:
        """All of them."""
        return sum(map(sum, self.course.values()))


@dataclass(frozen=True, slots=True)
class Change:
    """A version of a service that came into force in the time of a report."""

    service: str
    version: int
    at: datetime
    reason: str
    widens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a report, when, and the digest that they signed."""

    staff_id: UUID | None
    at: datetime
    digest: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The record of processing for one platform and time: all that is told of it, and who signed. ``digest`` covers ``content``."""

    platform: str
    since: date
    until: date
    uses: tuple[VersionUse, ...]
    groups: Mapping[By, tuple[tuple[str, int], ...]]
    changes: tuple[Change, ...]
    breaches: tuple[Breach, ...]
    signatures: tuple[Signature, ...]
    digest: str
    is_over: bool

    @property
    def records(self) -> int:
        """All of them."""
        return sum(count for _, count in self.groups[By.DIRECTION])


@dataclass(frozen=True, slots=True)
class PrivacyRoom:
    """All raise ``NotPermitted``, ``InputRefused``, ``StoreUnavailable``."""

    store: ConsoleStore
    clock: Clock
    new_id: Callable[[], UUID]
    words: Catalogue

    def read_overview(
        self, actor: Actor, wanted: SumFilter, step: str, by: By, agency_id: UUID | None = None
    ) -> Overview:
        """Counts of the time, and by one thing. Raises ``InputRefused`` for a time that is too long for its steps."""
        whole, span = choose_span(wanted, step)
        with self.store.begin(narrow(actor, agency_id)) as tx:
            rows, groups = tx.privacy.read_course(whole, span), tx.privacy.read_groups(whole, span, by)
            counted = tx.privacy.read_counted()
        steps = list_steps(whole, step)
        told: dict[str, dict[str, int]] = {}
        for key, platform, count in groups:
            told.setdefault(key, {})[platform] = count
        return Overview(whole, step, by, counted, tuple(steps), sum_course(rows, steps, step), told)

    def list_accounts(self, actor: Actor) -> list[tuple[str, str]]:
        """Platform and account of everything that was counted in reach."""
        with self.store.begin(reach(actor)) as tx:
            return tx.privacy.list_accounts()

    def judge_budgets(self, actor: Actor, since: date, until: date, platform: str = "") -> list[VersionUse]:
        """Each version of each service that showed anything, against its own budget; whatever is beyond comes first."""
        wanted, span = choose_span(SumFilter(since, until, platform), _step_of(since, until))
        with self.store.begin(reach(actor)) as tx:
            sums = tx.privacy.read_fields(wanted, span)
            events = tx.mappings.list_all_events()
        return self._judge(sums, events, wanted)

    def _judge(self, sums: Iterable[FieldSum], events: Sequence[MappingEvent], wanted: SumFilter) -> list[VersionUse]:
        by_service: dict[str, list[MappingEvent]] = {}
        for event in events:
            by_service.setdefault(event.service, []).append(event)
        begun, ended = end_of_day(wanted.since - DAY), min(end_of_day(wanted.until), self.clock.now())
        ordered = sorted(sums, key=_of_version)
        found = []
        for (service, version, platform), rows in groupby(ordered, key=_of_version):
            budget, in_force = self._find_budget(service, version, platform)
            whole = max((ended - begun).days, 0)
            known = by_service.get(service)
            days = count_days(known, version, begun, ended) if known else whole
            found.append(judge_version(list(rows), budget, days, in_force=in_force))
        return found

    def _find_budget(self, service: str, version: int, platform: str) -> tuple[Budget | None, bool]:
        """The budget of a version for a platform, and whether the version is served now; None where it is not kept."""
        try:
            name = PlatformName(platform)
            room = self.words.rooms.get(service)
            if room is not None:
                return (room.exposure.get(name, {}) if room.version == version else None), room.version == version
            kept = self.words.service_at(service, version)
        except (ServiceUnknown, ValueError):
            return None, False
        present = self.words.services.get(service)
        return kept.exposure.get(name, {}), present is not None and present.version == version

    def find_basis(self, service: str, version: int) -> str:
        """The law that a version names; empty where the version is not kept."""
        room = self.words.rooms.get(service)
        if room is not None:
            return room.legal_basis if room.version == version else ""
        try:
            return self.words.service_at(service, version).legal_basis
        except ServiceUnknown:
            return ""

    def write_report(self, actor: Actor, platform: str, since: date, until: date) -> Report:
        """Everything of one platform in a time of whole days, with who signed it so far. Raises ``NotFound`` for no platform of ours."""
        if platform not in {str(PlatformName.WECHAT), str(PlatformName.ALIPAY)}:
            raise NotFound
        agencies = reach(actor)
        wanted, span = choose_span(SumFilter(since, until, platform), _step_of(since, until))
        if span is Span.MONTH and (wanted.since, wanted.until) != (since, until):
            raise InputRefused(detail={"until": "whole_months"})
        with self.store.begin(agencies) as tx:
            sums, events = tx.privacy.read_fields(wanted, span), tx.mappings.list_all_events()
            groups = {by: _strip(tx.privacy.read_groups(wanted, span, by)) for by in By}
            breaches = tuple(one for one in tx.privacy.list_breaches(200) if _touches(one, platform, since, until))
            signed = self._list_signatures(tx, agencies, platform, since, until)
            counted = tx.privacy.read_counted()
        uses = tuple(self._judge(sums, events, wanted))
        changes = tuple(_list_changes(events, since, until))
        over = counted.at is not None and counted.at >= end_of_day(until) + SETTLED
        digest = digest_report(platform, since, until, agencies, uses, groups, changes, breaches)
        return Report(platform, since, until, uses, groups, changes, breaches, signed, digest, over)

    def sign_report(self, actor: Actor, platform: str, since: date, until: date, digest: str, reason: str) -> Report:
        """Sign by name what was read. Raises ``Conflict`` if it reads otherwise by now, or its time is not over."""
        if not actor.agencies_as(*OFFICERS):
            raise NotPermitted
        report = self.write_report(actor, platform, since, until)
        if not report.is_over:
            raise Conflict(detail={"rule": "report_not_over"})
        if digest != report.digest:
            raise Conflict(detail={"rule": "report_changed"})
        detail: dict[str, JsonValue] = {"digest": report.digest, "platform": platform}
        self.note(actor, SIGN, name_report(platform, since, until), detail, reason.strip()[:200], OFFICERS)
        return self.write_report(actor, platform, since, until)

    def _list_signatures(
        self, tx: ConsoleTransaction, agencies: Sequence[UUID], platform: str, since: date, until: date
    ) -> tuple[Signature, ...]:
        acts = tx.acts.list_acts(MOST_SIGNATURES, None, subject_id=name_report(platform, since, until), act=SIGN)
        return tuple(
            Signature(act.staff_id, act.at, str(act.detail.get("digest", "")), act.reason)
            for act in acts
            if act.agency_id in agencies
        )

    def note(
        self, actor: Actor, act: str, subject: str, detail: Mapping[str, JsonValue], reason: str = "",
        roles: tuple[Role, ...] = READERS,
    ) -> None:  # fmt: skip
        """Write an act of this room, before anything is given: at the topmost agencies of the role. Raises ``NotPermitted``."""
        agencies = actor.reach_as(*roles)
        with self.store.begin(agencies) as tx:
            for agency_id in list_topmost(actor, agencies):
                tx.acts.append(
                    Act(
                        self.new_id(), agency_id, self.clock.now(), actor.member.staff_id, act, "privacy", subject, reason,
                        dict(detail),
                    )
                )  # fmt: skip


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency of which the actor may read this. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*READERS)


def narrow(actor: Actor, agency_id: UUID | None) -> tuple[UUID, ...]:
    """One agency with those below it, all of them in reach; without it everything in reach. Raises ``NotPermitted``."""
    return actor.narrow_reach(agency_id, *READERS)


def name_report(platform: str, since: date, until: date) -> str:
    """Under what a report is signed in the book of acts."""
    return f"{platform}:{since.isoformat()}:{until.isoformat()}"


def digest_report(
    platform: str, since: date, until: date, agencies: Sequence[UUID], uses: Sequence[VersionUse],
    groups: Mapping[By, tuple[tuple[str, int], ...]], changes: Sequence[Change], breaches: Sequence[Breach],
) -> str:  # fmt: skip
    """SHA-256 over what a report says, in canonical form (RFC 8785): whoever signs signs these numbers and no others."""
    content: dict[str, JsonValue] = {
        "platform": platform, "since": since.isoformat(), "until": until.isoformat(),
        "agencies": sorted(str(one) for one in agencies),
        "uses": [
            [use.service, use.version, use.records, [[one.direction, one.field, one.count, str(one.use)] for one in use.fields]]
            for use in uses
        ],
        "groups": {by.value: [list(row) for row in rows] for by, rows in groups.items()},
        "changes": [[one.service, one.version, one.at.isoformat()] for one in changes],
        "breaches": sorted(str(one.asked.sheet_id) for one in breaches),
    }  # fmt: skip
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _of_version(one: FieldSum) -> tuple[str, int, str]:
    return one.service, one.version, one.platform


def _step_of(since: date, until: date) -> str:
    return "week" if (until - since).days < 100 else "month"


def _strip(rows: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((key, count) for key, _, count in rows)


def _touches(breach: Breach, platform: str, since: date, until: date) -> bool:
    asked = breach.asked
    begun, ended = end_of_day(since - DAY), end_of_day(until)
    return asked.platform == platform and asked.since < ended and begun < asked.until


def _list_changes(events: Sequence[MappingEvent], since: date, until: date) -> Iterable[Change]:
    begun, ended = end_of_day(since - DAY), end_of_day(until)
    for event in sorted(events, key=lambda one: (one.at, one.service)):
        if event.act in PUTS_IN_FORCE and begun <= event.at < ended:
            found = event.data.get("widens")
            widens = tuple(str(one) for one in found) if isinstance(found, list) else ()
            yield Change(event.service, event.version, event.at, event.reason, widens)
