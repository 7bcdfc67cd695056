"""The supervision room: the inbox of alerts by level, and taking several of them in hand at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.supervision_words import (
    CAUSES,
    EVENTS,
    HANDS_OF,
    RULES,
    RUNGS,
    SIGNS,
    STATES,
    VIEW_WORDS,
    say_ago,
    say_clock,
    say_day,
    say_lateness,
    say_no,
    say_until,
)
from gateway.console.words import Words
from services.alert_record import Alert, AlertState, Rung
from services.counter_colleagues import name_members
from services.errors import InputRefused
from services.supervision_desk import AlertOutcome, InboxFilter, SupervisionDesk, reach
from services.supervision_rules import SUPERVISORS, Hands, find_next_of, group_by_case, sort_by_hands

TITLE: Words = ("督查室", "Supervision")
WORDS: Mapping[str, Any] = {
    "rung_words": RUNGS, "rung_signs": SIGNS, "alert_states": STATES, "alert_events": EVENTS, "causes": CAUSES,
    "inbox_views": VIEW_WORDS, "say_ago": say_ago, "say_lateness": say_lateness, "OPEN": AlertState.OPEN,
    "hands_of": HANDS_OF, "NOBODY": Hands.NOBODY, "say_day": say_day, "say_until": say_until,
}  # fmt: skip
WITHHOLDS = "of a case it shows clocks, states and who did what when; nothing that the applicant or the office wrote"
blueprint = Blueprint("supervision", __name__)


def find_desk() -> SupervisionDesk:
    """The supervision room's use cases, on the same stores as the counter."""
    counter = current_console().rooms.counter
    return SupervisionDesk(counter.desk, counter.house)


def name_clock(alert: Alert) -> Words:
    """What the clock of an alert is called, by the version of its service that is in force."""
    return say_clock(alert.planned.clock, current_console().catalogue.services.get(alert.planned.service))


def name_staff(ids: Collection[UUID | None]) -> Mapping[UUID, str]:
    """Who works on what: the staff by name."""
    return name_members(current_console().rooms.counter, current_actor(), ids)


@room(blueprint, "/supervision", title=TITLE, roles=SUPERVISORS, place=40)
def show_supervision() -> Response:
    """The inbox of one's own level, the worst first; nothing personal in it."""
    return show_inbox()


def show_inbox(
    status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: Sequence[str] = ()
) -> Response:
    """The page of the inbox, after whatever was just done with it."""
    asked, actor, desk = request.args, current_actor(), find_desk()
    wanted = read_filter()
    page, counts = desk.list_inbox(actor, wanted), desk.count_inbox(actor, wanted.view)
    staff = {one.handler for one in page.alerts} | {one.planned.staff_id for one in page.alerts}
    agencies = [(str(one), actor.tree.name(one)) for one in reach(actor)]
    groups = group_by_case(page.alerts)
    parts = sort_by_hands(groups, actor.member.staff_id, page.answered) if wanted.view != "closed" else {None: groups}
    return show_page(
        "supervision.html", status, title=TITLE, page=page, groups=groups, parts_of=parts, counts=counts, view=wanted.view, asked=asked, done=done,
        fault=fault, told=told, names=name_staff(staff), agencies=agencies, seats=list_seats(), services=list_services(page.alerts),
        me=actor.member.staff_id, find_next=lambda group, hands: find_next_of(group, hands, actor.member.staff_id, page.answered), name_clock=name_clock, link=write_link, **WORDS,
    )  # fmt: skip


def list_seats() -> list[str]:
    """The agencies for which the reader supervises, by name."""
    actor = current_actor()
    held = dict.fromkeys(one.agency_id for one in actor.roles if one.role in SUPERVISORS)
    return [actor.tree.name(one) for one in held]


def list_services(alerts: Sequence[Alert]) -> list[str]:
    """Services that a clock runs for: those of the catalogue and those on this page."""
    known = current_console().catalogue.services
    return sorted({name for name, one in known.items() if one.kind == "case"} | {one.planned.service for one in alerts})


def read_filter() -> InboxFilter:
    """What the address asks for; what it cannot mean is left out."""
    asked = request.args
    view = asked.get("view", "")
    rung, agency = asked.get("rung", ""), read_id(asked.get("agency"))
    return InboxFilter(
        view if view in VIEW_WORDS else "desk", (Rung(rung),) if rung in set(Rung) else (), asked.get("service") or None,
        read_id(asked.get("staff")), agency, read_id(asked.get("before")),
    )  # fmt: skip


def read_id(text: str | None) -> UUID | None:
    """An id out of an address; None for anything else."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def write_link(**changes: str) -> dict[str, str]:
    """The address of this inbox with something changed, as its parts; an empty value leaves one out."""
    kept = {name: request.args.get(name, "") for name in ("view", "rung", "service", "agency", "staff")}
    return {name: value for name, value in {**kept, **changes}.items() if value}


@room(
    blueprint, "/supervision/acknowledge", title=TITLE, roles=SUPERVISORS, methods=["POST"], act="alert.acknowledge",
    withholds=WITHHOLDS,
)  # fmt: skip
def acknowledge_selected() -> Response:
    """Take every ticked alert in hand, each under all its rules."""
    try:
        selected = read_selected(request.form)
        outcomes = find_desk().acknowledge_selected(current_actor(), selected, request.form.get("text", ""))
    except InputRefused as refused:
        words, told = say_no(refused)
        return show_inbox(422, fault=words, told=told)
    return tell_outcomes(outcomes)


def read_selected(form: forms.Form) -> list[tuple[UUID, int]]:
    """The ticked alerts with the versions that the page showed. Raises ``InputRefused``."""
    try:
        pairs = [pair.split("@", 1) for text in form.getlist("alert") for pair in text.split()]
        return list(dict.fromkeys((UUID(alert_id), int(version)) for alert_id, version in pairs))
    except ValueError:
        raise InputRefused(detail={"selected": "form"}) from None


def tell_outcomes(outcomes: Sequence[AlertOutcome]) -> Response:
    """The inbox, with how many were taken in hand and why which were not."""
    failed = [one for one in outcomes if one.code]
    reasons = [RULES.get(one.rule) or RULES.get(one.code) or ("没有办成。", "Not done.") for one in failed]
    told = [f"{reason[0]} {reason[1]}" for reason in dict.fromkeys(reasons)]
    count = len(outcomes) - len(failed)
    done: Words | None = (f"已签收 {count} 项，由您督办。", f"{count} are in your hands.") if count else None
    fault: Words | None = (f"{len(failed)} 项没有签收：", f"{len(failed)} were refused:") if failed else None
    return show_inbox(200 if count or not failed else 409, done=done, fault=fault, told=told)
