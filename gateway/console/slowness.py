"""What is shown of patterns: the supervision office's list and page, with every case of the evidence drawn; a case itself asks for a reason.

The page of one pattern is the same that the person sees whom it is about (``slowness_own``): one template, one set of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.charts import Chart, Dot, Stop, Track, draw_courses, draw_dots
from gateway.console import counter_forms as forms
from gateway.console.counter_page import list_facts
from gateway.console.counter_refusals import HANDLED
from gateway.console.counter_words import EVENTS as CASE_EVENTS
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.slowness_words import (
    COUNTED,
    DONE,
    EVENTS,
    KINDS,
    NUMBERS,
    OUTCOMES,
    REASONS,
    STATES,
    TERMS,
    say_chance,
    say_no,
    say_numbers,
    say_span,
)
from gateway.console.supervision import name_staff, read_id
from gateway.console.words import Words, say_rule
from gateway.errors import explain_error
from services.case_clocks import terms_of
from services.case_timeline import tell_timeline
from services.errors import InputRefused, NotFound
from services.model import Language
from services.slowness_desk import PAGE, READERS, OpenedPattern, SlownessDesk
from services.slowness_record import Course, Evidence, Finding, Kind

TITLE: Words = ("规律提示", "Patterns shown")
CASE: Words = ("督查查阅办件", "The case")
WORDS: Mapping[str, Any] = {
    "kinds": KINDS, "counted": COUNTED, "reasons": REASONS, "pattern_states": STATES, "pattern_events": EVENTS,
    "outcomes": OUTCOMES, "number_words": NUMBERS, "term_words": TERMS, "say_numbers": say_numbers, "say_chance": say_chance,
    "say_span": say_span, "FAVOURED": Kind.FAVOURED,
}  # fmt: skip
DRAWN = 20
"""So many cases of the evidence stand on one page."""
SHAPES = {
    "accepted": 0, "accepted_with_gap": 0, "deemed_accepted": 0, "step_finished": 1, "extension_granted": 1, "gap_supplied": 1,
    "correction_asked": 2, "corrected": 3, "special_began": 4, "special_ended": 5, "granted": 6, "refused": 6, "withdrawn": 6,
    "terminated": 6, "not_accepted": 6,
}  # fmt: skip
"""Which shape of the drawing an event has; the receipt is where a line begins."""
blueprint = Blueprint("slowness", __name__)


def find_desk() -> SlownessDesk:
    """What people do with patterns, on the same stores as the counter."""
    counter = current_console().rooms.counter
    return SlownessDesk(counter.desk, counter.house)


@room(blueprint, "/supervision/patterns", title=TITLE, roles=READERS, place=48)
def show_patterns() -> Response:
    """The patterns of the agencies that one reaches, newest first; in no other order, for none is worse than another."""
    desk, actor, closed = find_desk(), current_actor(), request.args.get("view") == "closed"
    found = desk.list_shown(actor, closed=closed, before=read_id(request.args.get("before")))
    following = found[-1].pattern_id if len(found) == PAGE else None
    return show_page(
        "slowness.html", title=TITLE, patterns=found, runs=desk.list_runs(actor), closed=closed, following=following,
        asked=request.args, names=name_staff({one.finding.manager_id for one in found}), **WORDS,
    )  # fmt: skip


@room(blueprint, "/supervision/patterns/<uuid:pattern_id>", title=TITLE, roles=READERS)
def show_pattern(pattern_id: UUID) -> Response:
    """One pattern with its evidence; that one looked is written beside it, where the person sees it."""
    return show_one(pattern_id)


def show_one(
    pattern_id: UUID, status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = ()
) -> Response:  # fmt: skip
    """The page, after whatever was just written; what was typed in vain is still there."""
    opened = find_desk().open_shown(current_actor(), pattern_id)
    return show_page(
        "slowness_pattern.html", status, title=TITLE, own=False, here=f"/supervision/patterns/{pattern_id}", done=done, fault=fault,
        told=told, given=request.form if fault else {}, **describe(opened),
    )  # fmt: skip


def describe(opened: OpenedPattern) -> dict[str, Any]:
    """The cells of the page of one pattern, whoever reads it: the same evidence for everybody."""
    pattern = opened.pattern
    one, first = pattern.finding, read_place(len(pattern.finding.evidence))
    shown = one.evidence[first : first + DRAWN]
    tracks = [make_track(str(first + index), case) for index, case in enumerate(shown, 1)]
    return {
        "opened": opened, "pattern": pattern, "one": one, "shown": shown, "first": first, "drawn": DRAWN,
        "courses": draw_courses("courses", ("为据的办件", "the cases"), tracks), "shares": draw_shares(one),
        "names": name_staff({one.manager_id, *(event.staff_id for event in opened.events)}), **WORDS,
    }  # fmt: skip


def read_place(count: int) -> int:
    """From which case of the evidence on the page shows."""
    asked = request.args.get("from", "")
    first = int(asked) - 1 if asked.isdecimal() and len(asked) < 5 else 0
    return first if 0 <= first < count else 0


def make_track(label: str, case: Evidence) -> Track:
    """The line of one case for the drawing."""
    course: Course = case.course
    stops = tuple(
        Stop(on, SHAPES[name], CASE_EVENTS.get(name, (name, name))[0]) for on, name in course.marks if name in SHAPES
    )
    return Track(label, course.received_on, course.ended_on, course.limit_on, stops, course.pauses, course.idle)


def draw_shares(one: Finding) -> Chart:
    """The share with its exact interval beside that of the others, in percent."""
    favoured = one.kind is Kind.FAVOURED
    words = ("该申请人", "其他申请人") if favoured else ("经办人", "同事")
    dots = [
        Dot(words[0], _percent(one.own.hits, one.own.of), one.low / 10, one.high / 10, one.own.of),
        Dot(
            words[1], _percent(one.others.hits, one.others.of), one.others_low / 10, one.others_high / 10, one.others.of
        ),
    ]
    if favoured and one.beside.of:
        dots.append(Dot("该申请人在同事处", _percent(one.beside.hits, one.beside.of), None, None, one.beside.of))
    heads = (("谁的件", "whose cases"), ("所占比例", "share"))
    return draw_dots("shares", ("所占比例与 95% 区间", "shares with exact 95 % intervals"), dots, unit="%", heads=heads)


def _percent(hits: int, of: int) -> float:
    return 100 * hits / of if of else 0.0


def _put(name: str, do: Callable[[SlownessDesk, UUID, int], None]) -> None:
    """A form of the page at its address."""

    def view(pattern_id: UUID) -> Response:
        try:
            do(find_desk(), pattern_id, forms.read_seen(request.form))
        except NotFound:
            raise
        except HANDLED as refused:
            words, told = say_no(refused)
            return show_one(pattern_id, explain_error(refused)[0], fault=words, told=told)
        return show_one(pattern_id, done=DONE[name])

    view.__name__ = f"pattern_{name}"
    view.__doc__ = f"The act ``{name}`` on one pattern."
    room(
        blueprint, f"/supervision/patterns/<uuid:pattern_id>/{name}", title=TITLE, roles=READERS, methods=["POST"],
        act=f"pattern.{name}",
    )(view)  # fmt: skip


_put("note", lambda desk, one, seen: desk.write_note(current_actor(), one, seen, request.form.get("text", "")))
_put(
    "close",
    lambda desk, one, seen: desk.close(
        current_actor(), one, seen, request.form.get("outcome", ""), request.form.get("text", "")
    ),
)


@room(
    blueprint, "/supervision/patterns/<uuid:pattern_id>/cases/<uuid:case_id>", title=CASE, roles=READERS,
    methods=["GET", "POST"], act="pattern.open_case", asks_reason=True,
)  # fmt: skip
def open_pattern_case(pattern_id: UUID, case_id: UUID) -> Response:
    """Ask why; note it, for the citizen too; then show what the applicant stated and what the office wrote."""
    desk, actor = find_desk(), current_actor()
    if request.method == "GET":
        desk.find_evidence(actor, pattern_id, case_id)
        return show_page("reason.html", title=CASE, fault=None, given="")
    reason = request.form.get("reason", "")
    try:
        pattern, file, mapping = desk.open_case(actor, pattern_id, case_id, reason)
    except InputRefused as refused:
        return show_page("reason.html", 422, title=CASE, fault=say_rule(refused.detail), given=reason)
    told = tell_timeline(file, mapping, terms_of(mapping), Language.ZH_CN)
    return show_page(
        "slowness_case.html", title=CASE, pattern=pattern, case=file.case, mapping=mapping, timeline=told,
        facts=list_facts(mapping, file.case.inputs), reason=reason, **WORDS,
    )  # fmt: skip
