"""Handing over at the window against the collection code: the scanner types it, the page says what it is, Enter hands it over."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_refusals import HANDLED, SLIPS, say_refusal
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.given import withhold_given
from gateway.console.registry import room
from gateway.console.words import Words
from gateway.errors import explain_error
from services.case_errors import SlipRefused
from services.case_record import DeskLine
from services.counter_desk import SearchKey
from services.counter_permits import CLERK, PERMITS
from services.errors import Refusal
from services.slip_desk import SlipAnswer, verify_slip
from services.slips import SlipKind

TITLE = ("扫码交付", "Hand over")
REASON = "持领取码到窗口领取证照"
"""Why the case of a collection code is looked for: whoever brings it wants the certificate."""
blueprint = Blueprint("window_handover", __name__)


@room(
    blueprint, "/window/hand-over", title=TITLE, roles=CLERK, methods=["GET", "POST"], act="case.search", asks_reason=True,
    place=21,
)  # fmt: skip
def find_by_code() -> Response:
    """What the code stands for; nothing is handed over yet."""
    if request.method == "GET":
        return show_hand_over()
    text = request.form.get("slip", "").strip()
    try:
        lines = current_console().rooms.counter.search(
            current_actor(), SearchKey.SLIP, text, request.form.get("reason", "").strip() or REASON
        )
    except SlipRefused as refused:
        return show_hand_over(422, SLIPS.get(refused.reason, SLIPS["form"]))
    except Refusal as refused:
        return show_hand_over(explain_error(refused)[0], say_refusal(refused)[0])
    line = next((one for one in lines if one.agency_id == one.lead_agency_id), None)
    return show_found(line, verify_slip(current_console().rooms.counter.desk, text))


def show_found(line: DeskLine | None, answer: SlipAnswer) -> Response:
    """What is to be handed over, or why this code is none that does."""
    if line is None:
        elsewhere = ("您的办理范围内没有此二维码所指的办件。", "No case of this code is within your reach.")
        return show_hand_over(404, elsewhere)
    if not answer.valid:
        return show_hand_over(409, SLIPS.get(answer.reason, SLIPS["form"]))
    if answer.slip is None or answer.slip.kind != SlipKind.COLLECTION_CODE:
        return show_hand_over(409, SLIPS["kind"])
    return show_hand_over(line=line, answer=answer)


def show_hand_over(
    status: int = 200, fault: Words | None = None, *, lines: tuple[str, ...] = (), line: DeskLine | None = None,
    answer: SlipAnswer | None = None, done: Words | None = None,
) -> Response:  # fmt: skip
    """The field for the code, and what is to be handed over: a number, a service, a state."""
    withhold_given()
    return show_page(
        "window_handover.html", status, title=TITLE, fault=fault, fault_lines=lines, line=line, answer=answer, done=done,
        given=request.form,
    )  # fmt: skip


@room(
    blueprint, "/window/hand-over/<uuid:case_id>", title=TITLE, roles=CLERK, methods=["POST"], act=PERMITS["hand_over"].act
)  # fmt: skip
def hand_over(case_id: UUID) -> Response:
    """Hand over against the code, once."""
    form = request.form
    try:
        file = current_console().rooms.counter.hand_over(
            current_actor(), case_id, forms.read_seen(form), forms.read_bearer(form)
        )
    except HANDLED as refused:
        words, lines = say_refusal(refused)
        return show_hand_over(explain_error(refused)[0], words, lines=lines)
    number = file.case.case_no
    return show_hand_over(done=(f"{number} 已交付，办结。", f"{number} is handed over and closed."))
