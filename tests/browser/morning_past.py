"""What happened before the morning: cases of nine weeks, lived day by day in the order of the clock, with a sweep at every turn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from adapters.calendar_seed import load_shipped_calendar
from adapters.stores.exposure_log import SqlExposureLog
from services.alert_record import AlertState
from services.case_clocks import calendar_of, terms_of
from services.case_graph import AFTER, CLOSED
from services.census_record import CensusLine, Question
from services.census_record import Finding as CensusFinding
from services.model import PlatformName
from services.months import Month, month_of
from services.slowness_record import Finding, Kind, Pattern, PatternRun, Share
from services.slowness_rules import RULE, make_evidence, read_signs
from services.slowness_tally import list_thresholds
from services.statistics import StatisticsDesk, close_due
from services.supervision_desk import InboxFilter
from services.till import business_day
from tests.browser.morning_office import MONDAY, MorningOffice, at
from tests.browser.morning_town import TITLES

Deed = tuple[datetime, Callable[[], object]]
OUTAGE = (at(21, 0), at(21, 8, 12))
"""On Saturday night the sweeper was out: what fell due at midnight was told in the morning."""
CALENDAR = load_shipped_calendar()
SWEEPS = ((0, 1), (9, 0), (13, 1), (17, 1))
ACCEPTED: tuple[tuple[str, str, str, int, int], ...] = (
    ("red", "food-licence", "li", 10, 30),
    ("orange-1", "food-licence", "li", 11, 5),
    ("orange-2", "food-licence", "wu", 11, 5),
    ("asked", "food-licence", "wu", 11, 3),
    ("step", "hygiene-permit", "zhang", 11, 13),
    ("hygiene", "hygiene-permit", "zhang", 11, 11),
    ("went-up", "allowance", "sun", 11, 9),
    ("lake-red", "allowance", "sun", 11, 6),
    ("lake-orange", "allowance", "sun", 11, 11),
    ("west-orange", "elder-card", "qian", 11, 11),
)
"""Cases on which nobody did anything after they were accepted: name, service, whose hand, month, day."""


def live_till_monday(office: MorningOffice) -> None:
    """Everything in the order of the clock, up to 08:29 of the Monday."""
    deeds = [*list_cases(office), *list_stopped(office), *list_sweeps(office), *list_mornings(office)]
    for moment, do in sorted(deeds, key=lambda deed: deed[0]):
        office.clock.at = moment
        do()
    office.clock.at = MONDAY - timedelta(minutes=1)
    office.sweep()
    office.clock.at = MONDAY
    close_months(office)
    show_pattern(office)
    take_census(office)


def list_cases(office: MorningOffice) -> list[Deed]:
    """What the clerks of three levels did, and left."""

    def accept(name: str, service: str, login: str) -> Callable[[], object]:
        return lambda: office.accept(name, service, login)

    deeds: list[Deed] = [
        (at(day, 10, number, month), accept(name, service, login))
        for number, (name, service, login, month, day) in enumerate(ACCEPTED)
    ]
    deeds += [
        (at(23, 9, 30, 10), accept("passed", "food-licence", "xu")),
        (at(28, 15, 0, 10), lambda: office.move("passed", "step_finished", "xu", step=0, opinion="材料齐全")),
        (at(19, 9, 0), lambda: office.receive("no-reason", "hygiene-permit")),
        (at(20, 16, 20), lambda: office.move("no-reason", "not_accepted", "zhang", reason="——", ground="")),
        (at(20, 14, 0), lambda: accept_with_fee(office)),
        (at(20, 16, 0), lambda: ask(office, "asked", "wu", "现场核查约在何时？请说明原因。")),
    ]
    return deeds


def accept_with_fee(office: MorningOffice) -> None:
    """Money for speed, which no published list names."""
    fees = [{"name": "加急办理费", "amount_fen": 20000}]
    office.accept("fee", "hygiene-permit", "zhang", fees=fees)


def list_stopped(office: MorningOffice) -> list[Deed]:
    """Five cases of September whose clock was stopped when one day of the limit was left, and which were granted once it ran on."""
    return [
        deed for number in range(5) for deed in stop_clock(office, f"stopped-{number}", at(1 + number, 10, number, 9))
    ]


def stop_clock(office: MorningOffice, name: str, began: datetime) -> list[Deed]:
    """One of them: accepted, stopped on the fourteenth of fifteen days, four days excluded, granted."""
    stopped = skip_days(began, 14)
    ended = skip_days(stopped, 5)
    told = {
        "code": "inspection", "legal_ground": "《行政许可法》第四十五条", "days": 4, "reason": "需现场核查",
        "on": business_day(stopped).isoformat(), "until_on": business_day(skip_days(stopped, 4)).isoformat(),
    }  # fmt: skip

    def end() -> None:
        on = business_day(office.clock.now()).isoformat()
        office.move(name, "special_ended", "li", on=on, result="符合要求")
        office.move(name, "granted", "li", on=on)

    return [
        (began, lambda: office.accept(name, "food-licence", "li")),
        (stopped, lambda: office.move(name, "special_began", "li", **told)),
        (ended, end),
    ]


def skip_days(moment: datetime, days: int) -> datetime:
    """The same time of the day, so many working days later."""
    while days:
        moment += timedelta(days=1)
        days -= CALENDAR.is_working(business_day(moment))
    return moment


def list_sweeps(office: MorningOffice) -> list[Deed]:
    """At every turn of the day on which something may go up or fall due; the outage is one gap."""
    deeds: list[Deed] = []
    day = at(1, 0, 0, 9)
    while day < MONDAY:
        moments = [day + timedelta(hours=hour, minutes=minute) for hour, minute in SWEEPS]
        deeds += [
            (moment, office.sweep) for moment in moments if not OUTAGE[0] <= moment < OUTAGE[1] and moment < MONDAY
        ]
        day += timedelta(days=1)
    return [*deeds, (OUTAGE[1], office.sweep)]


def list_mornings(office: MorningOffice) -> list[Deed]:
    """Till Thursday the offices took in hand what was told and closed what had an end; the lake's supervisor was away from Thursday on."""

    def tend_to(login: str) -> Callable[[], object]:
        return lambda: tend(office, login)

    days = [at(1, 9, 5, 9) + timedelta(days=number) for number in range(80)]
    return [
        (day, tend_to(login))
        for day in days
        for login, until in (("zhou", at(20, 0)), ("he", at(19, 0)), ("qin", at(20, 0)))
        if day < until and CALENDAR.is_working(business_day(day))
    ]


def tend(office: MorningOffice, login: str) -> None:
    """Somebody's desk: acknowledge what waits, close what is decided."""
    actor, desk = office.staff[login], office.supervision
    for waiting in desk.list_inbox(actor, InboxFilter()).alerts:
        is_new = waiting.state is AlertState.OPEN
        alert = desk.acknowledge(actor, waiting.alert_id, waiting.version, "") if is_new else waiting
        course = desk.open_alert(actor, alert.alert_id).course
        if course is not None and course.state in CLOSED | AFTER and alert.handler == actor.member.staff_id:
            desk.close(actor, alert.alert_id, alert.version, "justified", "已办结，时限按规定中止")


def ask(office: MorningOffice, name: str, login: str, text: str) -> None:
    """She had taken one over and asked its case manager on Friday."""
    actor, desk = office.staff["chen"], office.supervision
    case_id = office.files[name].case.case_id
    found = next(one for one in desk.list_inbox(actor, InboxFilter()).alerts if one.planned.case_id == case_id)
    taken = desk.acknowledge(actor, found.alert_id, found.version, "")
    desk.contact(actor, found.alert_id, taken.version, office.staff[login].member.staff_id, text)


def close_months(office: MorningOffice) -> None:
    """As the worker does: every month that is over is counted, and its digest goes into the ledger."""
    with closing(SqlExposureLog(office.database.urls["worker"], office.clock, 1)) as log:
        desk = StatisticsDesk(office.worker, office.desk.catalogue, office.sweeper.directory, office.clock, log)
        assert close_due(desk) == 2


def show_pattern(office: MorningOffice) -> None:
    """The worker's rules ran for September and October: one clerk's stopped clocks, the evidence read from the real cases."""
    mapping, agency, month = office.mappings["food-licence"], office.ids["gas"], Month(2026, 10)
    terms, evidence = terms_of(mapping), []
    with office.store.begin(office.everybody) as tx:
        calendar = calendar_of(cast("Any", tx), terms.region)
    for name, file in office.files.items():
        if name.startswith("stopped"):
            ended = month_of(file.events[-1].at)
            sign = next(one for one in read_signs(file, terms, calendar, ended) if one.kind is Kind.STOPPED)
            evidence.append(make_evidence(file, sign, terms, calendar, ended))
    finding = Finding(
        agency, mapping.id, office.staff["li"].member.staff_id, Kind.STOPPED, 0, "2026-09", str(month), Share(5, 24), Share(2, 211),
        2, Share(), 71, 422, 1, 34, "1.9e-05", tuple(evidence),
    )  # fmt: skip
    made = Pattern(office.new_id(), finding, RULE, list_thresholds(), 38, office.clock.now())
    run = PatternRun(office.ids["province"], str(month), RULE, 38, 1, office.clock.now())
    with office.worker.begin(office.everybody) as tx:
        assert cast("Any", tx).slowness.keep(run, [made])


def take_census(office: MorningOffice) -> None:
    """Five nights on which the census asked: what it found grew less."""
    faults = (
        CensusFinding(Question.REACHABLE, "back_end", "trial-office"), CensusFinding(Question.CURRENT, "review_passed"),
        CensusFinding(Question.FAULTLESS, "dead_link", "legal_basis"),
    )  # fmt: skip
    with office.worker.begin(office.everybody) as tx:
        for night in range(5):
            run, moment = uuid4(), MONDAY - timedelta(days=5 * (4 - night), hours=5)
            lines = [
                CensusLine(
                    office.ids[agency], run, service, platform, 1, moment, faults[: max(1, 3 - night)] if number % 2 else (),
                )
                for number, (service, (_, _, agency, _, _)) in enumerate(TITLES.items())
                for platform in (PlatformName.WECHAT, PlatformName.ALIPAY)
            ]  # fmt: skip
            cast("Any", tx).census.record_run(lines)
