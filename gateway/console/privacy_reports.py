"""The record of processing of one platform (PIPL articles 55 and 56): a page to print, a file, and who signed it by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.desk import current_actor, current_console
from gateway.console.frame import name_agency, show_page
from gateway.console.privacy import name_direction, name_field, name_key, open_room, read_days
from gateway.console.privacy_files import write_report
from gateway.console.privacy_words import NOT_KNOWN, PERSONS, PLATFORMS, RECIPIENTS, USES, say_no
from gateway.console.registry import room
from gateway.console.statistics_files import FORMATS
from gateway.console.words import Words
from gateway.errors import explain_error
from services.counter_colleagues import name_members
from services.errors import Conflict, InputRefused, NotFound
from services.privacy_record import By
from services.privacy_room import KEPT_YEARS, OFFICERS, READERS, SIGN, WRITE, Report, name_report, reach
from services.privacy_rules import Use
from services.till import business_day

TITLE: Words = ("处理记录报告", "Records of processing")
blueprint = Blueprint("privacy_reports", __name__)


def read_asked(asked: Mapping[str, str]) -> tuple[str, date, date]:
    """Platform and days; without a word the last whole month."""
    platform = asked.get("platform") or "wechat"
    if not asked.get("since") and not asked.get("until"):
        first = business_day(current_console().clock.now()).replace(day=1)
        last = date.fromordinal(first.toordinal() - 1)
        return platform, last.replace(day=1), last
    return platform, *read_days(asked)


@room(blueprint, "/privacy/report", title=TITLE, roles=READERS, place=73)
def show_report() -> Response:
    """All that is told of one platform in a time."""
    try:
        platform, since, until = read_asked(request.args)
        return show(open_room().write_report(current_actor(), platform, since, until))
    except InputRefused as refused:
        platform, since, until = read_asked({})
        return show(open_room().write_report(current_actor(), platform, since, until), 422, say_no(refused))


@room(blueprint, "/privacy/report/sign", title=TITLE, roles=OFFICERS, methods=["POST"], act=SIGN)
def sign_report() -> Response:
    """Sign what was read, by name."""
    platform, since, until = read_asked(request.form)
    try:
        digest, remark = request.form.get("digest", ""), request.form.get("remark", "")
        return show(open_room().sign_report(current_actor(), platform, since, until, digest, remark))
    except Conflict as refused:
        report = open_room().write_report(current_actor(), platform, since, until)
        return show(report, explain_error(refused)[0], say_no(refused))


@room(blueprint, "/privacy/report/export", title=TITLE, roles=READERS, methods=["POST"], act=WRITE)
def export_report() -> Response:
    """The report as a file; that it was taken out is an act."""
    kind, asked = request.form.get("format", ""), read_asked(request.form)
    if kind not in FORMATS:
        raise NotFound
    report = open_room().write_report(current_actor(), *asked)
    open_room().note(current_actor(), WRITE, name_report(*asked), {"format": kind, "digest": report.digest})
    return write_report(
        report, kind, list_bases(report), {str(key): name for key, name in name_signers(report).items()}
    )


def show(report: Report, status: int = 200, fault: Words | None = None) -> Response:
    """The page."""
    actor = current_actor()
    return show_page(
        "privacy_report.html", status, title=TITLE, fault=fault, report=report, bases=list_bases(report), signers=name_signers(report),
        platform_words=PLATFORMS, recipient=RECIPIENTS[report.platform], persons=PERSONS, use=Use, use_words=USES, by=By,
        name_key=name_key, direction=name_direction, field_name=name_field, years=KEPT_YEARS, not_known=NOT_KNOWN,
        agencies=[name_agency(one) for one in reach(actor)], may_sign=bool(actor.agencies_as(*OFFICERS)),
        personal=current_console().catalogue.vocabulary.personal,
    )  # fmt: skip


def list_bases(report: Report) -> dict[tuple[str, int], str]:
    """The law of each version that showed anything."""
    desk = open_room()
    return {(use.service, use.version): desk.find_basis(use.service, use.version) for use in report.uses}


def name_signers(report: Report) -> Mapping[UUID, str]:
    """Who signed, by name."""
    return name_members(current_console().rooms.counter, current_actor(), {one.staff_id for one in report.signatures})
