"""One case: why it is opened (asked first, noted first), its page, its files, the printed receipt."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console.account import draw_code
from gateway.console.alert_answers import list_case_alerts
from gateway.console.counter_page import describe_case
from gateway.console.counter_refusals import HANDLED, say_refusal
from gateway.console.counter_words import DONE
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.words import Words, say_rule
from gateway.errors import explain_error
from services.case_record import CaseState
from services.counter_colleagues import find_line, name_members
from services.counter_permits import BOTH, HEAD, PERMITS
from services.counter_queue import QueueFilter, QueueLine
from services.errors import GuitaiError, InputRefused, NotFound, Refusal
from services.mapping import ServiceMapping
from services.opened_files import read_at_counter
from services.staffing import Actor
from services.till import business_day

TITLE, RECEIPT = ("办件", "Case"), ("收件回执", "Receipt")
IN_HAND = "办理本人承办的办件"
"""Why one opens what one has claimed: preset, to be edited, noted like any other reason."""
AT_DESK = (CaseState.RECEIVED.value, CaseState.ACCEPTED.value, CaseState.SPECIAL_PROCEDURE.value)
"""States in which a case is worked on at a desk; a certificate waits for whoever collects it."""
FOR_HEAD = "审批等待本人审批的办件"
"""Why a head opens what waits for the head in a colleague's hands."""
blueprint = Blueprint("counter_case", __name__)


@room(
    blueprint, "/counter/cases/<uuid:case_id>", title=TITLE, roles=BOTH, methods=["GET", "POST"], act=PERMITS["open_case"].act,
    asks_reason=True,
)  # fmt: skip
def open_case(case_id: UUID) -> Response:
    """Ask why; claim it if that was asked too; note it; then show the whole case."""
    if request.method == "GET":
        return ask_reason(case_id)
    if request.form.get("claim") == "yes":
        try:
            current_console().rooms.counter.claim(current_actor(), case_id, int(request.form.get("seen_version", "0")))
        except Refusal as refused:
            return ask_reason(case_id, say_refusal(refused)[0], explain_error(refused)[0])
        except ValueError:
            return ask_reason(case_id, ("页面不完整，请重试。", "The page was not whole; try again."), 422)
    return show_case(case_id, request.form.get("reason", ""))


def ask_reason(case_id: UUID, fault: Words | None = None, status: int = 200) -> Response:
    """The form before the case, with its line of the queue: nothing personal is in it. Another agency's case is none here."""
    withhold_given()
    rooms, actor = current_console().rooms, current_actor()
    found = find_line(rooms.counter, actor, case_id)
    holders = name_members(rooms.counter, actor, [found.line.claimed_by])
    for_head = found.line.waits_for == "head" and actor.holds_any(HEAD, found.line.lead_agency_id)
    given = request.form.get("reason") or (IN_HAND if found.mine else FOR_HEAD if for_head else "")
    return show_page(
        "counter_reason.html", status, title=TITLE, found=found, holders=holders, fault=fault, given=given, in_hand=IN_HAND,
        for_head=for_head,
        may_claim=found.line.claimed_by is None and actor.holds_any(BOTH, found.line.lead_agency_id),
    )  # fmt: skip


def show_case(
    case_id: UUID, reason: str, *, status: int = 200, done: Words | None = None, fault: Words | None = None,
    lines: tuple[str, ...] = (), seen: int | None = None, tried: str = "",
) -> Response:  # fmt: skip
    """Open the case and show it. ``tried``: the act whose form was sent in vain, with what was typed still in ``given``."""
    rooms, actor = current_console().rooms, current_actor()
    try:
        opened = rooms.counter.open_case(actor, case_id, reason)
    except InputRefused as refused:
        return ask_reason(case_id, say_rule(refused.detail), 422)
    following = find_next(actor, case_id) if done else None
    return show_page(
        "counter_case.html", status, title=TITLE, reason=reason, done=done, fault=fault, fault_lines=lines, tried=tried,
        given=request.form if tried else {}, chosen=request.form.getlist if tried else _nothing, following=following,
        **describe_case(opened, seen), **list_case_alerts(case_id),
    )  # fmt: skip


def _nothing(_name: str) -> list[str]:
    return []


def show_after(case_id: UUID, name: str) -> Response:
    """The case as an act left it, with the way to the next one."""
    return show_case(case_id, request.form.get("reason", ""), done=DONE[name])


def show_again(case_id: UUID, name: str, refused: GuitaiError) -> Response:
    """The case as it is, why the act was refused, and everything that was typed. Raises ``NotFound`` for no case of the reader's."""
    if isinstance(refused, NotFound):
        raise refused
    seen = request.form.get("seen_version", "")
    words, lines = say_refusal(refused, find_mapping(current_actor(), case_id))
    return show_case(
        case_id, request.form.get("reason", ""), status=explain_error(refused)[0], fault=words, lines=lines, tried=name,
        seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None,
    )  # fmt: skip


def find_mapping(actor: Actor, case_id: UUID) -> ServiceMapping:
    """The version of the service with which a case began. Raises ``NotFound`` for a case that is none for the reader."""
    return current_console().rooms.counter.find_place(actor, case_id, PERMITS["open_case"]).mapping


def find_next(actor: Actor, done: UUID) -> QueueLine | None:
    """What to take up next: the most urgent of what is one's own or nobody's and can be worked on without anybody at the window.

    A case under examination with which one did something today comes after all others: it was put aside, however urgent it is.
    """
    desk = current_console()
    counter, today = desk.rooms.counter, business_day(desk.clock.now())
    mine = counter.list_queue(actor, QueueFilter(states=AT_DESK, mine=True, waits_for=("clerk", "head")))
    free = counter.list_queue(actor, QueueFilter(states=AT_DESK, unclaimed=True, waits_for=("clerk",), limit=5))

    def rank(found: QueueLine) -> tuple[bool, date, datetime, UUID]:
        line = found.line
        aside = found.mine and line.state != CaseState.RECEIVED and business_day(line.updated_at) == today
        return aside, line.due_on or date.max, line.received_at, line.case_id

    return min((one for one in (*mine, *free) if one.line.case_id != done), key=rank, default=None)


@room(blueprint, "/counter/cases/<uuid:case_id>/files/<uuid:file_id>", title=("文件", "File"), roles=BOTH)
def read_file(case_id: UUID, file_id: UUID) -> Response:
    """A file of a case that the reader has opened; noted before a byte of it leaves."""
    opened = read_at_counter(current_console().rooms.counter, current_actor(), case_id, file_id, inline=True)
    return Response(opened.content, headers=dict(opened.headers))


@room(
    blueprint, "/counter/cases/<uuid:case_id>/receipt", title=RECEIPT, roles=PERMITS["print_receipt"].roles, methods=["POST"],
    act=PERMITS["print_receipt"].act,
)  # fmt: skip
def print_receipt(case_id: UUID) -> Response:
    """The receipt in large type, ready for the printer; that it was printed is an event."""
    try:
        receipt = current_console().rooms.window.print_receipt(current_actor(), case_id)
    except HANDLED as refused:
        return show_again(case_id, "print_receipt", refused)
    return show_page(
        "counter_receipt.html",
        title=RECEIPT,
        receipt=receipt,
        picture=draw_code(receipt.slip),
        case_id=case_id,
    )
