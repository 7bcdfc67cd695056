"""One alert: the course of its case without anything of the applicant, and every act on it as a form. The whole case asks for a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_page import list_facts
from gateway.console.counter_refusals import HANDLED
from gateway.console.counter_words import EVENTS as CASE_EVENTS
from gateway.console.counter_words import HANDS
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.supervision import WITHHOLDS, WORDS, find_desk, name_clock, name_staff
from gateway.console.supervision_words import DONE, say_clock, say_no
from gateway.console.words import Words, say_rule
from gateway.errors import explain_error
from services.alert_record import Alert, AlertState
from services.case_clocks import terms_of
from services.case_timeline import tell_timeline
from services.clock_words import say_days_left
from services.errors import InputRefused, NotFound
from services.model import Language
from services.supervision_desk import InboxFilter, SupervisionDesk
from services.supervision_rules import SUPERVISORS
from services.supervision_view import ClockLine, OpenedAlert
from services.till import business_day

TITLE, CASE = ("预警", "Alert"), ("督查查阅办件", "The case")
IDLE_DAYS = 3
"""Days without an event that a course of a case points out."""
blueprint = Blueprint("supervision_alert", __name__)


@room(blueprint, "/supervision/<uuid:alert_id>", title=TITLE, roles=SUPERVISORS, withholds=WITHHOLDS)
def show_alert(alert_id: UUID) -> Response:
    """One alert, what was done about it, and the clocks and the course of its case."""
    return show_one(alert_id)


def show_one(
    alert_id: UUID, status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = ()
) -> Response:  # fmt: skip
    """The page of one alert, after whatever was just done with it; what was typed in vain is still there."""
    actor, desk = current_actor(), find_desk()
    opened = desk.open_alert(actor, alert_id)
    tried = request.form if fault else {}
    return show_page(
        "supervision_alert.html", status, title=TITLE, done=done, fault=fault, told=told, given=tried,
        following=find_next(desk, alert_id) if done else None, **describe(desk, opened),
    )  # fmt: skip


def describe(desk: SupervisionDesk, opened: OpenedAlert) -> Mapping[str, Any]:
    """The cells of the page."""
    actor, alert, course = current_actor(), opened.alert, opened.course
    staff = {event.staff_id for event in opened.events} | {alert.handler, alert.planned.staff_id, alert.asked_of}
    if course is not None:
        staff |= {step.staff_id for step in course.steps} | {course.claimed_by}
    told_to = [(event.name, UUID(str(event.data["to"]))) for event in opened.events if event.data.get("to")]
    staff |= {one for name, one in told_to if name != "escalated"}
    managers = desk.list_managers(actor, alert.alert_id) if "contact" in opened.offers else []
    colleagues = desk.list_colleagues(actor, alert.alert_id) if "delegate" in opened.offers else []
    names, mapping = name_staff(staff), current_console().catalogue.services.get(alert.planned.service)
    today = business_day(current_console().clock.now())
    return {
        "opened": opened, "alert": alert, "planned": alert.planned, "course": course, "names": names,
        "managers": [(str(one.staff_id), one.name) for one in managers], "me": actor.member.staff_id, "name_clock": name_clock,
        "colleagues": [(str(one.staff_id), one.name) for one in colleagues], "case_events": CASE_EVENTS, "hands": HANDS,
        "clock_name": lambda key: say_clock(key, mapping), "left": lambda line: say_left(line, today), "idle_days": IDLE_DAYS,
        "closing": next((event for event in reversed(opened.events) if event.name == "closed"), None),
        "went_to": {str(one): actor.tree.name(one) for name, one in told_to if name == "escalated"},
        "recipients": {str(one): name for one, name in names.items()}, **WORDS,
    }  # fmt: skip


def say_left(line: ClockLine, today: date) -> Words:
    """How a clock stands: how many days are left or by how many it is late; how it ended."""
    if line.ended_at is not None:
        return ("已结束，超期", "ended late") if line.late else ("按时结束", "ended in time")
    told = say_days_left(line.deadline, today)
    return told[Language.ZH_CN], told[Language.EN]


def find_next(desk: SupervisionDesk, done: UUID) -> Alert | None:
    """What to take up next on one's own desk: the worst that nobody has acknowledged."""
    waiting = desk.list_inbox(current_actor(), InboxFilter()).alerts
    return next((one for one in waiting if one.state is AlertState.OPEN and one.alert_id != done), None)


def _act(alert_id: UUID, name: str, do: Callable[[SupervisionDesk, int], object]) -> Response:
    """Do one act, then show the alert again; what was refused is said on the page, with what was typed still in it."""
    try:
        do(find_desk(), forms.read_seen(request.form))
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_no(refused)
        return show_one(alert_id, explain_error(refused)[0], fault=words, told=told)
    return show_one(alert_id, done=DONE[name])


def _put(name: str, do: Callable[[SupervisionDesk, UUID, int], object]) -> None:
    """A form of the page at its address."""

    def view(alert_id: UUID) -> Response:
        return _act(alert_id, name, lambda desk, seen: do(desk, alert_id, seen))

    view.__name__ = f"alert_{name}"
    view.__doc__ = f"The act ``{name}`` on one alert."
    room(
        blueprint, f"/supervision/<uuid:alert_id>/{name}", title=TITLE, roles=SUPERVISORS, methods=["POST"],
        act=f"alert.{name}", withholds=WITHHOLDS,
    )(view)  # fmt: skip


def _text() -> str:
    return request.form.get("text", "")


_put("acknowledge", lambda desk, one, seen: desk.acknowledge(current_actor(), one, seen, _text()))
_put("note", lambda desk, one, seen: desk.write_note(current_actor(), one, seen, _text()))
_put(
    "contact",
    lambda desk, one, seen: desk.contact(
        current_actor(), one, seen, forms.read_member(request.form, "to") if request.form.get("to") else None, _text()
    ),
)
_put(
    "delegate",
    lambda desk, one, seen: desk.delegate(current_actor(), one, seen, forms.read_member(request.form, "to"), _text()),
)
_put("close", lambda desk, one, seen: desk.close(current_actor(), one, seen, request.form.get("cause", ""), _text()))
_put("reopen", lambda desk, one, seen: desk.reopen(current_actor(), one, seen, _text()))


@room(
    blueprint, "/supervision/<uuid:alert_id>/case", title=CASE, roles=SUPERVISORS, methods=["GET", "POST"],
    act="alert.open_case", asks_reason=True,
)  # fmt: skip
def open_case(alert_id: UUID) -> Response:
    """Ask why; note it, for the citizen too; then show what the applicant stated and what the office wrote."""
    if request.method == "GET":
        find_desk().find_alert(current_actor(), alert_id)
        return show_page("reason.html", title=CASE, fault=None, given="")
    reason = request.form.get("reason", "")
    try:
        opened, file, mapping = find_desk().open_case(current_actor(), alert_id, reason)
    except InputRefused as refused:
        return show_page("reason.html", 422, title=CASE, fault=say_rule(refused.detail), given=reason)
    told = tell_timeline(file, mapping, terms_of(mapping), Language.ZH_CN)
    return show_page(
        "supervision_case.html", title=CASE, alert=opened.alert, case=file.case, mapping=mapping, told=told,
        facts=list_facts(mapping, file.case.inputs), reason=reason, **WORDS,
    )  # fmt: skip
