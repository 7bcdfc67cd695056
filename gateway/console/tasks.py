"""Notices that no machine could deliver: letters to print, telephone calls to make, till a clerk proves one of them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_refusals import HANDLED, say_refusal
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.errors import explain_error
from services.counter_colleagues import find_line
from services.counter_permits import BOTH, PERMITS
from services.errors import NotFound
from services.notice_desk import NoticeProof
from services.till import business_day

TITLE = ("告知任务", "Notices")
KINDS: Mapping[str, Words] = {
    "correction": ("补正告知", "correction"),
    "acceptance": ("受理告知", "acceptance"),
    "non_acceptance": ("不予受理告知", "refusal to accept"),
    "special": ("特别程序告知", "special procedure"),
    "extension": ("延期告知", "extension"),
    "grant": ("准予决定", "grant"),
    "refusal": ("不予许可决定", "refusal"),
    "collection": ("领证告知", "collection"),
    "termination": ("终止告知", "termination"),
    "revocation": ("撤销告知", "revocation"),
}
RUNGS: Mapping[str, Words] = {
    "letter": ("信函", "letter"),
    "telephone": ("电话", "telephone"),
    "window": ("当面", "in person"),
}
blueprint = Blueprint("tasks", __name__)


@room(blueprint, "/counter/tasks", title=TITLE, roles=BOTH, place=17)
def show_notice_tasks() -> Response:
    """Everything that waits to be told by hand, the overdue first."""
    return show_tasks()


def show_tasks(
    status: int = 200, *, done: Words | None = None, fault: Words | None = None, told: tuple[str, ...] = (), tried: str = ""
) -> Response:  # fmt: skip
    """The page, with what came of a proof."""
    desk, actor = current_console(), current_actor()
    tasks = desk.rooms.notices.list_notice_tasks(actor)
    withhold_given()  # a task names a case by its number; name, address and telephone stand in the case
    versions = {task.case_id: find_line(desk.rooms.counter, actor, task.case_id).line.version for task in tasks}
    return show_page(
        "counter_tasks.html", status, title=TITLE, tasks=tasks, versions=versions, kinds=KINDS, rungs=RUNGS, done=done, fault=fault,
        told=told, tried=tried, given=request.form, today=business_day(desk.clock.now()),
    )  # fmt: skip


@room(
    blueprint, "/counter/tasks/<uuid:case_id>", title=TITLE, roles=PERMITS["record_notice"].roles, methods=["POST"],
    act=PERMITS["record_notice"].act,
)  # fmt: skip
def record_notice(case_id: UUID) -> Response:
    """What a clerk did about one of them, with its proof, or why it failed."""
    form = request.form
    try:
        proof = NoticeProof(
            form.get("notice", ""), form.get("rung", ""), form.get("succeeded") == "yes", form.get("proof", ""),
            forms.read_date(form, "on"),
        )  # fmt: skip
        current_console().rooms.notices.record_notice(current_actor(), case_id, forms.read_seen(form), proof)
    except NotFound:
        raise
    except HANDLED as refused:
        words, told = say_refusal(refused)
        return show_tasks(
            explain_error(refused)[0], fault=words, told=told, tried=f"{case_id}:{form.get('notice', '')}"
        )
    return show_tasks(done=("告知结果已记录。", "It is noted."))
