"""The counter of the staff: the queue by urgency, the same act on selected cases, search, giving a colleague's cases to another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.alert_answers import find_answers
from gateway.console.counter_refusals import SLIPS, say_refusal
from gateway.console.counter_words import STATES
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.errors import explain_error
from services import case_errors
from services.case_errors import SlipRefused
from services.case_record import CaseState
from services.counter_colleagues import list_colleagues, name_members
from services.counter_desk import SearchKey
from services.counter_permits import BOTH, BULK, HEAD, PERMITS
from services.counter_queue import PAGE, QueueFilter, QueueLine, SelectedOutcome
from services.counter_sentences import SENTENCES
from services.errors import GuitaiError, InputRefused, Refusal
from services.mapping import ServiceMapping
from services.model import JsonValue

TITLE, SEARCH = ("办件柜台", "Counter"), ("查找办件", "Find a case")
BY_NUMBER, BY_CODE = "按办件编号查找", "扫描二维码查找"
"""Why one looks for a case whose number or code is at hand: nothing personal is in such a search; any other needs a reason of its own."""
VIEWS: Mapping[str, tuple[Words, QueueFilter]] = {
    "mine": (("我的", "Mine"), QueueFilter(mine=True)),
    "free": (("待领取", "Unclaimed"), QueueFilter(unclaimed=True, waits_for=("clerk", "head"))),
    "all": (("全部", "All"), QueueFilter()),
    "head": (("待负责人", "For the head"), QueueFilter(waits_for=("head",))),
    "applicant": (("待申请人", "For the applicant"), QueueFilter(waits_for=("applicant",))),
    "closed": (("已办结", "Closed"), QueueFilter(closed=True)),
}
blueprint = Blueprint("counter", __name__)


@room(blueprint, "/counter", title=TITLE, roles=BOTH, place=15)
def show_counter() -> Response:
    """The desks that one reaches, the most urgent case first; nothing personal in it."""
    return show_queue()


def show_queue(
    status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: Sequence[str] = ()
) -> Response:
    """The page of the queue, after whatever was just done with it. Lines alone: nothing of a case that an act was given is on it."""
    withhold_given()
    asked, rooms, actor = request.args, current_console().rooms, current_actor()
    view = asked.get("view", "") if asked.get("view") in VIEWS else "mine"
    if "view" not in asked and not rooms.counter.list_queue(actor, QueueFilter(mine=True, limit=1)):
        view = "free"
    chosen = VIEWS[view][1]
    wanted = QueueFilter(
        asked.get("service") or None, read_states(asked.get("state")), chosen.waits_for, chosen.mine, chosen.unclaimed,
        chosen.closed, PAGE, read_after(asked.get("after")),
    )  # fmt: skip
    lines = rooms.counter.list_queue(actor, wanted)
    return show_page(
        "counter.html", status, title=TITLE, lines=lines, holders=name_holders(lines), view=view, views=VIEWS, done=done,
        fault=fault, told=told, asked=asked, following=write_after(lines), services=list_services(lines), bulk=list_bulk(lines),
        colleagues=list_heads_colleagues(), questions=find_answers().list_questions(actor), states=list(CaseState), own=str(actor.member.staff_id),
    )  # fmt: skip


def list_services(lines: Sequence[QueueLine]) -> list[str]:
    """Services with cases: those of the catalogue and those on this page."""
    known = current_console().catalogue.services
    return sorted({name for name, one in known.items() if one.kind == "case"} | {found.line.service for found in lines})


def list_heads_colleagues() -> list[tuple[str, str]]:
    """Between whom a head may move cases."""
    actor = current_actor()
    agencies = actor.agencies_as(*HEAD)
    if not agencies:
        return []
    found = list_colleagues(current_console().rooms.counter, actor, agencies)
    return [(str(one.staff_id), f"{one.name}（{actor.tree.name(one.agency_id)}）") for one in found]


def list_bulk(lines: Sequence[QueueLine]) -> Mapping[str, Any]:
    """What the forms under the queue choose from: special procedures and steps of the services that are on the page."""
    catalogue = current_console().catalogue
    mappings = {
        name: catalogue.services[name] for name in {found.line.service for found in lines} & set(catalogue.services)
    }
    counters = [one.counter for one in mappings.values() if one.counter is not None]
    special = {code: forms.pick_title(one.title) for counter in counters for code, one in counter.special.items()}
    steps = sorted({found.line.step for found in lines if found.line.step >= 0})
    return {"special": special, "steps": steps, "step_name": lambda index: name_step(mappings, index)}


def name_step(mappings: Mapping[str, ServiceMapping], index: int) -> str:
    """What a step is called, in whichever services have it."""
    found = [
        forms.pick_title(one.counter.steps[index].name)
        for one in mappings.values()
        if one.counter is not None and index < len(one.counter.steps)
    ]
    return " / ".join(dict.fromkeys(found))


def name_holders(lines: Sequence[QueueLine]) -> Mapping[UUID, str]:
    """Who has which case in hand."""
    return name_members(current_console().rooms.counter, current_actor(), {found.line.claimed_by for found in lines})


def read_states(text: str | None) -> tuple[str, ...]:
    """The state that a queue is limited to; anything else is all of them."""
    return (text,) if text in set(CaseState) else ()


def read_after(text: str | None) -> tuple[date, UUID] | None:
    """Where the page before ended; anything else is the first page."""
    on, _, case_id = (text or "").partition("_")
    try:
        return (date.fromisoformat(on), UUID(case_id)) if text else None
    except ValueError:
        return None


def write_after(lines: Sequence[QueueLine]) -> str:
    """Where this page ends, if there may be another."""
    if len({found.line.case_id for found in lines}) < PAGE:
        return ""
    last = lines[-1].line
    return f"{(last.due_on or date.max).isoformat()}_{last.case_id}"


BULK_FIELDS: Mapping[str, Callable[[forms.Form], dict[str, JsonValue]]] = {
    "claim": lambda _: {},
    "release": lambda _: {},
    "accept": lambda _: {},
    "begin_special": lambda form: {"code": form.get("code", ""), "reason": form.get("why", "")},
    "end_special": lambda form: {"result": form.get("result", "")},
    "finish_step": lambda form: {"step": forms.read_whole(form, "step"), "opinion": form.get("opinion", "")},
}
"""What the form of an act on many holds beside the cases."""


def _make_bulk(name: str) -> Callable[[], Response]:
    def view() -> Response:
        try:
            selected = read_selected(request.form)
            outcomes = current_console().rooms.counter.act_on_selected(
                current_actor(), name, selected, **BULK_FIELDS[name](request.form)
            )
        except InputRefused as refused:
            words, told = say_refusal(refused)
            return show_queue(422, fault=words, told=told)
        return tell_outcomes(outcomes)

    view.__name__ = f"selected_{name}"
    view.__doc__ = f"The act ``{name}`` on every selected case, each under all its rules."
    return view


for _name in sorted(BULK):
    room(
        blueprint, f"/counter/selected/{_name.replace('_', '-')}", title=TITLE, roles=PERMITS[_name].roles, methods=["POST"],
        act=PERMITS[_name].act,
    )(_make_bulk(_name))  # fmt: skip


def read_selected(form: forms.Form) -> list[tuple[UUID, int]]:
    """The ticked cases with the versions that the page showed. Raises ``InputRefused``."""
    try:
        pairs = [text.split("@", 1) for text in form.getlist("case")]
        return list(dict.fromkeys((UUID(case_id), int(version)) for case_id, version in pairs))
    except ValueError:
        raise InputRefused(detail={"selected": "form"}) from None


def tell_outcomes(outcomes: Sequence[SelectedOutcome]) -> Response:
    """The queue, with how many were done and why which were not."""
    failed = [one for one in outcomes if one.code]
    numbers = number_cases([one.case_id for one in failed])
    told = [f"{numbers.get(one.case_id, '')}：{say_outcome(one)}" for one in failed]
    count = len(outcomes) - len(failed)
    done: Words | None = (f"已办 {count} 件。", f"{count} done.") if count else None
    fault: Words | None = (f"{len(failed)} 件没有办成：", f"{len(failed)} were refused:") if failed else None
    return show_queue(200 if count or not failed else 409, done=done, fault=fault, told=told)


def number_cases(case_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The numbers of cases on the desks that one reaches."""
    if not case_ids:
        return {}
    agencies = current_actor().agencies_as(*BOTH)
    with current_console().store.begin(agencies) as tx:
        lines = [line for case_id in case_ids for line in tx.cases.load_lines(case_id)]
    return {line.case_id: line.case_no for line in lines if line.agency_id in agencies}


def say_outcome(outcome: SelectedOutcome) -> str:
    """Why one of several was refused."""
    known = SENTENCES.get(outcome.rule)
    if known is not None:
        return known[0]
    errors = {
        one.code: one for one in vars(case_errors).values() if isinstance(one, type) and issubclass(one, GuitaiError)
    }
    if outcome.code == "case_moved":
        return "请先打开此办件查看；或刚被他人变动。"
    error = errors.get(outcome.code)
    return say_refusal(error())[0][0].rstrip("：") if error is not None and error is not SlipRefused else "没有办成。"


@room(blueprint, "/counter/reassign", title=TITLE, roles=HEAD, methods=["POST"], act=PERMITS["reassign"].act)
def reassign_all() -> Response:
    """Every case that a colleague has in hand goes to another; no clock stops."""
    form = request.form
    try:
        outcomes = current_console().rooms.counter.reassign_all(
            current_actor(), forms.read_member(form, "colleague"), forms.read_member(form, "to"), form.get("why", "")
        )
    except InputRefused as refused:
        words, told = say_refusal(refused)
        return show_queue(422, fault=words, told=told)
    if not outcomes:
        return show_queue(
            409, fault=("此人名下没有可转办的办件。", "This colleague has no case that could be given on.")
        )
    return tell_outcomes(outcomes)


@room(
    blueprint, "/counter/search", title=SEARCH, roles=BOTH, methods=["GET", "POST"], act="case.search", asks_reason=True,
    place=16,
)  # fmt: skip
def search() -> Response:
    """Cases by name, number, case number or a scanned code; nothing personal in what is found."""
    form = request.form
    if request.method == "GET":
        return show_search(None)
    value = form.get("value", "").strip()
    by = SearchKey(form["by"]) if form.get("by") in set(SearchKey) else guess_key(value)
    ready = {SearchKey.SLIP: BY_CODE, SearchKey.CASE_NO: BY_NUMBER}.get(by, "")
    counter = current_console().rooms.counter
    try:
        lines = counter.search(current_actor(), by, value, form.get("reason", "").strip() or ready)
    except SlipRefused as refused:
        return show_search(None, 422, SLIPS.get(refused.reason, SLIPS["form"]))
    except Refusal as refused:
        words, told = say_refusal(refused)
        return show_search(None, explain_error(refused)[0], words, told)
    with current_console().store.begin(current_actor().agencies_as(*BOTH)) as tx:
        found = counter.say_time_left(tx, lines, current_actor().member.staff_id)
    return show_search(found)


def guess_key(value: str) -> SearchKey:
    """What somebody typed or scanned into the one field: a code's address, a number of a person or company, a case number, else a name."""
    tidy = re.sub(r"[\s-]", "", value).upper()
    if value.startswith(("http://", "https://")) or len(value) > 60:
        return SearchKey.SLIP
    if re.fullmatch(r"[1-9][0-9]{16}[0-9X]|[0-9A-HJ-NPQRTUWXY]{18}", tidy):
        return SearchKey.NUMBER
    if re.fullmatch(r"[A-Za-z0-9-]*[0-9]{4}[A-Za-z0-9-]*", value):
        return SearchKey.CASE_NO
    return SearchKey.NAME


def show_search(
    lines: Sequence[QueueLine] | None, status: int = 200, fault: Words | None = None, told: Sequence[str] = ()
) -> Response:
    """The form, with what was found."""
    return show_page(
        "counter_search.html", status, title=SEARCH, lines=lines, holders=name_holders(lines or ()), fault=fault, told=told,
        given=request.form, keys=list(SearchKey), state_of=STATES,
    )  # fmt: skip
