"""The auditor's room: a case replayed step by step, random samples, looks that stand out, every change of roles. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.applications import read_cursor
from gateway.console.audit_words import CHANGES, EXPLAINED, LISTS, SIGNS, say_no
from gateway.console.counter import BY_CODE, BY_NUMBER
from gateway.console.counter_case import FOR_HEAD, IN_HAND
from gateway.console.counter_page import list_facts
from gateway.console.counter_words import EVENTS as CASE_EVENTS
from gateway.console.counter_words import HANDS, STATES
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.gate import see_other
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.window_handover import REASON as BY_COLLECTION
from gateway.console.words import Words
from gateway.errors import explain_error
from services.audit_desk import AUDITORS, PAGE, AuditRoom, SampleOrder, reach
from services.audit_replay import Replay
from services.case_errors import OwnMatter
from services.case_record import CaseState
from services.clock_words import name_clock
from services.counter_colleagues import name_members
from services.errors import InputRefused, NotFound
from services.model import Language
from services.reading_words import say_look
from services.till import business_day

TITLE, REPLAY, LOOKS, ROLES = (
    ("审计室", "Audit"),
    ("办件回放", "Replay"),
    ("查阅核查", "Looks"),
    ("角色变动", "Changes of roles"),
)
ZH = Language.ZH_CN
PRESETS = frozenset({BY_CODE, BY_NUMBER, FOR_HEAD, IN_HAND, BY_COLLECTION})
"""Reasons that pages fill in by themselves: the same words there are no sign of copying."""
blueprint = Blueprint("audit", __name__)


def find_room() -> AuditRoom:
    """The auditor's use cases, on the same stores as the counter."""
    counter = current_console().rooms.counter
    return AuditRoom(counter.desk, counter.house)


@room(blueprint, "/audit", title=TITLE, roles=AUDITORS, place=60)
def show_audit() -> Response:
    """Where a case is found, a sample drawn, a list opened."""
    return show_start()


def show_start(status: int = 200, fault: Words | None = None, **cells: Any) -> Response:
    """The first page, with what was drawn, or what was wrong."""
    desk, actor = current_console(), current_actor()
    known = sorted(name for name, one in desk.catalogue.services.items() if one.kind == "case")
    month = business_day(desk.clock.now()).strftime("%Y-%m")
    agencies = [(str(one), actor.tree.name(one)) for one in reach(actor)]
    return show_page(
        "audit.html", status, title=TITLE, fault=fault, given=request.form, services=known, month=month, agencies=agencies,
        states=[(one.value, STATES[one][0]) for one in CaseState], lists=LISTS, state_of=STATES, **{"sample": None, **cells},
    )  # fmt: skip


@room(
    blueprint, "/audit/find", title=TITLE, roles=AUDITORS, methods=["POST"], act="audit.find",
    withholds="leads to the form that asks why; nothing of the case is on it",
)  # fmt: skip
def find_case() -> Response:
    """From a case number to the form before the case."""
    try:
        return see_other(f"/audit/cases/{find_room().find_case(current_actor(), request.form.get('case_no', ''))}")
    except NotFound:
        return show_start(404, ("您的审计范围内没有这个编号。", "No case of this number is within your reach."))


@room(
    blueprint, "/audit/cases/<uuid:case_id>", title=REPLAY, roles=AUDITORS, methods=["GET", "POST"], act="audit.replay",
    asks_reason=True,
)  # fmt: skip
def replay(case_id: UUID) -> Response:
    """Ask why; note it, for the citizen too; then show every step."""
    if request.method == "GET":
        return show_page("reason.html", title=REPLAY, fault=None, given="")
    try:
        found = find_room().replay(current_actor(), case_id, request.form.get("reason", ""))
    except (InputRefused, OwnMatter) as refused:
        status, given = explain_error(refused)[0], request.form.get("reason", "")
        return refuse_replay(status, say_no(refused), given)
    return show_page("audit_case.html", title=REPLAY, **describe_replay(found))


def refuse_replay(status: int, fault: Words, given: str) -> Response:
    """The form again; the case that was judged is not shown."""
    withhold_given()
    return show_page("reason.html", status, title=REPLAY, fault=fault, given=given)


def describe_replay(found: Replay) -> dict[str, Any]:
    """The cells of the page."""
    steps = found.steps
    staff = name_staff({one.event.staff_id for one in steps} | {one.holder for one in steps})
    return {
        "case": found.file.case, "mapping": found.mapping, "steps": steps, "staff": staff, "event_words": CASE_EVENTS, "state_of": STATES, "signs": SIGNS, "hands": HANDS,
        "facts": list_facts(found.mapping, found.file.case.inputs), "clock_name": lambda one: name_clock(one)[ZH],
        "reason": request.form.get("reason", ""),
    }  # fmt: skip


@room(blueprint, "/audit/sample", title=TITLE, roles=AUDITORS, methods=["POST"], act="audit.sample")
def draw_sample() -> Response:
    """Cases drawn by lot, with the seed that draws them again."""
    form = request.form
    try:
        size = int(form.get("size", "")) if form.get("size", "").isdecimal() and len(form["size"]) < 5 else 0
        order = SampleOrder(
            form.get("month", "").strip(), size, form.get("seed", ""), form.get("service", ""), form.get("state", ""),
            UUID(form["agency_id"]) if form.get("agency_id") else None,
        )  # fmt: skip
        sample = find_room().draw(current_actor(), order)
    except ValueError:
        raise NotFound from None
    except InputRefused as refused:
        return show_start(422, say_no(refused))
    return show_start(sample=sample)


@room(blueprint, "/audit/looks", title=LOOKS, roles=AUDITORS, place=61)
def list_looks() -> Response:
    """One list of looks that stand out, newest first; each page that is read is an Act."""
    asked, desk = request.args, find_room()
    which = asked.get("list", "without_case")
    if which == "copied":
        return show_copied()
    try:
        found = desk.list_looks(current_actor(), which, read_cursor(asked.get("before")))
    except InputRefused as refused:
        return show_page("fault.html", 422, title=LOOKS, sentence=say_no(refused), status_code=422, request_id="")
    following = found[-1].reading_id if len(found) == PAGE else None
    return show_page(
        "audit_looks.html", title=LOOKS, which=which, lists=LISTS, explained=EXPLAINED, looks=found, copied=(), asked=asked,
        following=following, say=lambda act: say_look(act, ZH), presets=PRESETS,
    )  # fmt: skip


def show_copied() -> Response:
    """Who gave the same reason for the material of many."""
    return show_page(
        "audit_looks.html", title=LOOKS, which="copied", lists=LISTS, explained=EXPLAINED, looks=(),
        copied=find_room().list_copied(current_actor()), asked=request.args, following=None,
        say=lambda act: say_look(act, ZH), presets=PRESETS,
    )  # fmt: skip


@room(blueprint, "/audit/roles", title=ROLES, roles=AUDITORS, place=62)
def list_changes() -> Response:
    """Every change of staff and roles, whoever made it, newest first."""
    found = find_room().list_changes(current_actor(), read_cursor(request.args.get("before")))
    staff = name_staff({one.staff_id for one in found} | {one.by for one in found})
    following = found[-1].event_id if len(found) == PAGE else None
    return show_page(
        "audit_roles.html",
        title=ROLES,
        changes=found,
        staff=staff,
        names=CHANGES,
        following=following,
        asked=request.args,
    )


def name_staff(ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """Members of the staff by name."""
    return name_members(current_console().rooms.counter, current_actor(), set(ids))
