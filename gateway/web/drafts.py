"""Drafts of the reader's, begun at any door: what they hold, what they lack, handed in or thrown away here."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from gateway.routes.drafts import SUBMISSIONS_A_MINUTE
from gateway.web.case_acts import read_version
from gateway.web.cases import say_value
from gateway.web.desk import current_citizen, current_web, spend_as_citizen
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import page, see_other
from gateway.web.words import DELIVERIES, DOORS, Words, say_file_rule, say_rules
from services.case_drafts import DraftView, discard_draft, read_draft
from services.case_errors import CaseMoved, FileRefused, MandateEnded, MaterialsMissing
from services.case_submission import is_answered, submit_case
from services.errors import AssuranceTooLow, InputRefused, ServiceOff, ServiceUnknown, TooManyRequests
from services.file_rules import COPIES, Upload
from services.input_values import write_value
from services.mapping import ServiceMapping
from services.model import Language
from services.uploads import remove_from_draft, upload_to_draft

TITLE = ("草稿", "Draft")
ZH, EN = Language.ZH_CN, Language.EN
blueprint = Blueprint("drafts", __name__)


@page(blueprint, "/drafts/<uuid:draft_id>", title=TITLE)
def show_draft(draft_id: UUID) -> Response:
    """What it holds and lacks."""
    return _show(draft_id)


def _show(draft_id: UUID, faults: list[Words] | None = None, status: int = 200) -> Response:
    view = read_draft(current_web().applicants, current_citizen(), draft_id)
    mapping = current_web().citizen.catalogue.service_at(view.draft.service, view.draft.mapping_version)
    materials = mapping.counter.materials if mapping.counter else {}
    titles = name_parts(mapping)
    return show_page(
        "draft.html", status, title=TITLE, view=view, draft=view.draft, faults=faults or [], doors=DOORS,
        service=(mapping.title.get(ZH, ""), mapping.title.get(EN, "")), inputs=list_filled(view, mapping),
        lacking=[titles.get(place.partition(".")[2], (place, place)) for place in view.missing],
        uploads=[(one, [file for file in view.files if file.material == name], f"materials.{name}" in view.missing)
                 for name, one in materials.items() if one.level in COPIES],
        delivery=DELIVERIES.get(str(view.draft.content.get("delivery"))),
    )  # fmt: skip


def list_filled(view: DraftView, mapping: ServiceMapping) -> list[tuple[Words, str]]:
    """What was filled in, in the form's words."""
    given = view.draft.content.get("inputs") or {}
    return [
        ((one.label.get(ZH, name), one.label.get(EN, name)), say_value(write_value(one, given[name])))
        for name, one in mapping.inputs.items()
        if given.get(name) is not None
    ]


def name_parts(mapping: ServiceMapping) -> dict[str, Words]:
    """Inputs and materials by name."""
    texts = {name: one.label for name, one in mapping.inputs.items()}
    texts |= {name: one.title for name, one in (mapping.counter.materials if mapping.counter else {}).items()}
    return {name: (text.get(ZH, name), text.get(EN, name)) for name, text in texts.items()}


@page(blueprint, "/drafts/<uuid:draft_id>/upload", title=TITLE, methods=["POST"])
def upload_draft_file(draft_id: UUID) -> Response:
    """One file."""
    web, given = current_web(), request.files.get("file")
    content = given.stream.read() if given is not None else b""
    told = Upload(request.form.get("material", ""), given.filename or "" if given is not None else "", content)
    try:
        upload_to_draft(web.uploads, web.applicants, current_citizen(), draft_id, told)
    except FileRefused as refused:
        return _show(draft_id, [say_file_rule(refused.detail)], 422)
    except InputRefused as refused:
        return _show(draft_id, say_rules(refused.detail), 422)
    except TooManyRequests as refused:
        return _show(draft_id, [say_fault(refused)], 429)
    return see_other(f"/drafts/{draft_id}")


@page(blueprint, "/drafts/<uuid:draft_id>/remove/<uuid:file_id>", title=TITLE, methods=["POST"])
def remove_draft_file(draft_id: UUID, file_id: UUID) -> Response:
    """Take a file out again."""
    remove_from_draft(current_web().applicants, current_citizen(), draft_id, file_id)
    return see_other(f"/drafts/{draft_id}")


@page(blueprint, "/drafts/<uuid:draft_id>/submit", title=TITLE, methods=["POST"])
def submit(draft_id: UUID) -> Response:
    """Hand it in. The draft's id is the case's: sent twice it is one case."""
    version, door, caller = read_version(), current_web().applicants, current_citizen()
    key = f"web-{draft_id}-{version}"
    try:
        if not is_answered(door, caller, draft_id, version, key):
            spend_as_citizen("cases", SUBMISSIONS_A_MINUTE, 60)
        submit_case(door, caller, draft_id, version, key)
    except InputRefused as refused:
        view = read_draft(current_web().applicants, current_citizen(), draft_id)
        mapping = current_web().citizen.catalogue.service_at(view.draft.service, view.draft.mapping_version)
        return _show(draft_id, say_rules(refused.detail, name_parts(mapping)), 422)
    except (MaterialsMissing, CaseMoved, ServiceOff, ServiceUnknown, AssuranceTooLow, MandateEnded) as refused:
        return _show(draft_id, [say_fault(refused)], 409)
    except TooManyRequests as refused:
        return _show(draft_id, [say_fault(refused)], 429)
    return see_other(f"/cases/{draft_id}")


@page(blueprint, "/drafts/<uuid:draft_id>/discard", title=TITLE, methods=["POST"])
def discard(draft_id: UUID) -> Response:
    """Throw it away."""
    discard_draft(current_web().applicants, current_citizen(), draft_id)
    return see_other("/")
