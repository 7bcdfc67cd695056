"""At the window beside cases: mandates of people and organisations, verified accounts, what the platforms know, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_refusals import HANDLED, say_refusal
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import show_page
from gateway.console.registry import room
from gateway.console.window import list_open_here
from gateway.console.words import Words
from gateway.errors import explain_error
from services.case_record import Mandate, MandateKind
from services.counter_permits import CLERK
from services.errors import GuitaiError, InputRefused, NotFound
from services.exposure_file import name_file
from services.mandate_deeds import Grant
from services.signed_note import encode_base64
from services.window_mandates import Shown
from services.window_people import KnownPaper

MANDATES, KNOWN, VERIFY = (
    ("委托", "Mandates"),
    ("平台所见", "What platforms know"),
    ("窗口核验身份", "Verify an account"),
)
MOST_BYTES = 8 * 1024 * 1024
"""Of a file that the page carries; who has a larger one fetches it from the web door."""
blueprint = Blueprint("window_papers", __name__)


def find_agency() -> UUID:
    """The window at which this clerk sits: their own agency if they are a clerk there, else the first where they are."""
    actor = current_actor()
    agencies = actor.agencies_as(*CLERK)
    return actor.member.agency_id if actor.member.agency_id in agencies else agencies[0]


@room(
    blueprint, "/window/mandates", title=MANDATES, roles=CLERK, methods=["GET", "POST"], act="mandate.look_up",
    asks_reason=True, place=23,
)  # fmt: skip
def look_up() -> Response:
    """Every mandate of whoever shows this card."""
    if request.method == "GET":
        return show_mandates()
    form = request.form
    try:
        found = current_console().rooms.mandates.look_up(
            current_actor(), find_agency(), form.get("identity_number", ""), form.get("reason", "")
        )
    except HANDLED as refused:
        return refuse_mandate(refused, "look_up")
    return show_mandates(found=found, tried="look_up")


def show_mandates(
    status: int = 200, *, found: Sequence[Mandate] | None = None, fault: Words | None = None, lines: tuple[str, ...] = (),
    done: Words | None = None, tried: str = "",
) -> Response:  # fmt: skip
    """The forms of mandates, with what was found."""
    now = current_console().clock.now()
    cells: dict[str, Any] = {
        "found": found, "fault": fault, "fault_lines": lines, "done": done, "tried": tried, "given": request.form,
        "chosen": request.form.getlist, "services": list_open_here(), "moment": now,
    }  # fmt: skip
    return show_page("window_mandates.html", status, title=MANDATES, **cells)


def refuse_mandate(refused: GuitaiError, tried: str) -> Response:
    """The forms again, with what is wrong."""
    words, lines = say_refusal(refused)
    return show_mandates(explain_error(refused)[0], fault=words, lines=lines, tried=tried)


@room(blueprint, "/window/mandates/record", title=MANDATES, roles=CLERK, methods=["POST"], act="mandate.record")
def record() -> Response:
    """Record that a principal authorises somebody; both stood there with their cards."""
    form, rooms, seen = request.form, current_console().rooms, request.form.get("cards_seen") == "yes"
    try:
        kind = MandateKind(form.get("kind", "")) if form.get("kind") in set(MandateKind) else None
        if kind is None:
            raise InputRefused(detail={"kind": "not_given"})
        if kind is MandateKind.GUARDIAN:
            parent, child = Shown(form.get("agent.name", ""), form.get("agent.number", "")), read_principal(form)
            rooms.mandates.record_guardian(current_actor(), find_agency(), parent, child, cards_seen=seen)
        else:
            rooms.mandates.record(
                current_actor(), find_agency(), read_principal(form), read_grant(form, kind), cards_seen=seen,
                credit_code=form.get("credit_code", "").strip(),
            )  # fmt: skip
    except HANDLED as refused:
        return refuse_mandate(refused, "record")
    return show_mandates(done=("委托已登记，即时生效。", "The mandate is recorded and in force."))


def read_principal(form: forms.Form) -> Shown:
    """Whose right it is, as the card says."""
    return Shown(form.get("principal.name", ""), form.get("principal.number", ""))


def read_grant(form: forms.Form, kind: MandateKind) -> Grant:
    """What the principal says. Raises ``InputRefused``."""
    until: date | None = forms.read_date(form, "until") if form.get("until") else None
    return Grant(kind, form.get("agent.name", ""), form.get("agent.number", ""), until, form.getlist("service"))


@room(
    blueprint, "/window/mandates/<uuid:mandate_id>/revoke", title=MANDATES, roles=CLERK, methods=["POST"],
    act="mandate.revoke",
)  # fmt: skip
def revoke(mandate_id: UUID) -> Response:
    """End a mandate at the word of whoever is there."""
    form = request.form
    try:
        current_console().rooms.mandates.revoke(
            current_actor(), find_agency(), mandate_id, form.get("identity_number", ""), form.get("why", "")
        )
    except NotFound:
        raise
    except HANDLED as refused:
        return refuse_mandate(refused, "revoke")
    return show_mandates(done=("委托已终止。", "The mandate has ended."))


@room(
    blueprint, "/window/known", title=KNOWN, roles=CLERK, methods=["GET", "POST"], act="person.exposures", asks_reason=True,
    place=24,
)  # fmt: skip
def print_known() -> Response:
    """What both platforms may have seen of whoever stands there, ready for the printer."""
    return _ask_of_person("known")


@room(
    blueprint, "/window/verify", title=VERIFY, roles=CLERK, methods=["GET", "POST"], act="person.verify_at_window",
    asks_reason=True,
)  # fmt: skip
def verify() -> Response:
    """Raise the account of whoever stands there to verified-at-window."""
    return _ask_of_person("verify")


def _ask_of_person(what: str) -> Response:
    """A card is seen and a reason given; then the one or the other is done."""
    if request.method == "GET":
        return show_person(what)
    rooms, shown, reason = current_console().rooms, forms.read_shown(request.form), request.form.get("reason", "")
    try:
        if what == "known":
            found = rooms.people.list_exposures(current_actor(), find_agency(), shown, reason)
            return show_person(what, name=shown.card.name, **describe_known(found))
        count = rooms.people.verify_holder(current_actor(), find_agency(), shown, reason)
    except NotFound:
        return show_person(what, 404, fault=("没有此人的账户。", "There is no account of this person."))
    except HANDLED as refused:
        words, lines = say_refusal(refused)
        return show_person(what, explain_error(refused)[0], fault=words, lines=lines)
    return show_person(what, done=(f"已核验 {count} 个账户。", f"{count} verified."))


def describe_known(paper: KnownPaper) -> dict[str, Any]:
    """What the printed page has, and the file for a medium: in the page itself, so that both are of one look and one moment."""
    published = paper.checkpoint
    return {
        "found": paper.seen, "groups": paper.groups, "published": published,
        "root": encode_base64(published.root) if published else "", "fingerprint": paper.fingerprint,
        "file": encode_base64(paper.file) if 0 < len(paper.file) <= MOST_BYTES else "",
        "file_name": name_file(current_console().clock.now()),
    }  # fmt: skip


def show_person(what: str, status: int = 200, **cells: Any) -> Response:
    """The form for a card, with what came of it."""
    told = {"fault": None, "lines": (), "done": None, "found": None, "name": "", "published": None} | cells
    return show_page(
        "window_person.html", status, title=KNOWN if what == "known" else VERIFY, what=what, given=request.form, **told
    )
