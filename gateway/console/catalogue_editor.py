"""The editor of mappings: begin from a version or a scaffold, check as one types, try beside it, propose. Nothing is kept until it is proposed."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, render_template, request

from config.mapping_schema import APPLICANT, KINDS, SERVICE_ID
from gateway.console.catalogue import find_title, group_widening, require_version
from gateway.console.catalogue_draft import (
    Checked,
    Draft,
    check_draft,
    list_sizes,
    raise_number,
    read_amount,
    read_draft,
    read_entries,
)
from gateway.console.catalogue_view import draw_exposure, draw_faults, draw_label
from gateway.console.catalogue_words import CHANNELS
from gateway.console.catalogue_words import KINDS as KIND_WORDS
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import fill_frame, show_page
from gateway.console.gate import see_other
from gateway.console.registry import room
from gateway.console.words import Words, say_rule
from gateway.workshop import Trial, write_scaffold, write_value
from services.errors import (
    BackEndRefused,
    ConfigurationFault,
    Conflict,
    InputRefused,
    NotPermitted,
    TooManyRequests,
)
from services.mapping import ServiceMapping
from services.mapping_desk import READERS
from services.mapping_reader import list_documents
from services.mapping_trial import Wishes, name_party
from services.service_words import is_typed
from services.staffing import Role

IT = (Role.IT,)
EDITOR, NEW, VERSION = ("编辑映射", "Edit a mapping"), ("新建服务", "A new service"), ("版本", "Version")
TOO_BUSY: Words = ("试运行过多，请稍后再试。", "Too many trials at once; try again in a moment.")
FAULTY: Words = ("映射有误，请先改正。", "The mapping has faults; mend them first.")
blueprint = Blueprint("catalogue_editor", __name__)


@room(blueprint, "/catalogue/new", title=NEW, roles=IT)
def begin_service() -> Response:
    """Ask for an id and a kind; with both, the editor with a scaffold."""
    asked, actor = request.args, current_actor()
    service, kind = asked.get("id", "").strip(), asked.get("kind", "")
    fits = re.fullmatch(SERVICE_ID.pattern, service) and len(service) <= SERVICE_ID.max_length
    if not asked or not fits or kind not in KINDS:
        wrong = ("请填写至少两段、以短横相连的编号。", f"An id is {SERVICE_ID.rule}.") if asked else None
        return show_page(
            "new_service.html", 422 if asked else 200, title=NEW, kinds=KIND_WORDS, asked=asked, fault=wrong
        )
    own = actor.agencies_as(Role.IT)
    agency = actor.tree.slugs[actor.member.agency_id if actor.member.agency_id in own else own[0]]
    return show_editor(check_draft(Draft(write_scaffold(kind, service, agency))))


@room(blueprint, "/catalogue/<service>/versions/<int:number>/edit", title=EDITOR, roles=IT)
def edit_version(service: str, number: int) -> Response:
    """The editor with a version's text, under the next free number."""
    file, kept = require_version(service, number)
    text = raise_number(kept.content.decode("utf-8", "replace"), file.next_version)
    return show_editor(check_draft(Draft(text, service, number)))


@room(blueprint, "/catalogue/draft/check", title=EDITOR, roles=IT, methods=["POST"])
def check() -> Response:
    """The faults of what stands in the editor, by line; for a page without scripts the whole editor again."""
    checked = check_draft(read_draft())
    if request.headers.get("HX-Request") == "true":
        return Response(render_template("draft_beside.html", **fill_frame(), **fill_editor(checked)))
    return show_editor(checked)


@room(blueprint, "/catalogue/draft/propose", title=EDITOR, roles=IT, methods=["POST"], act="mapping.propose")
def propose() -> Response:
    """Keep the draft as a version that another person publishes; with a fault it stays in the editor."""
    draft = read_draft()
    checked = check_draft(draft)
    if checked.mapping is None or checked.faults or draft.complaints:
        return show_editor(checked, FAULTY, 422)
    reason = " ".join(request.form.get("reason", "").split())
    try:
        desk = current_console().publishing
        desk.propose(
            current_actor(), draft.content, draft.documents(), reason=reason, file=f"{checked.mapping.id}.yaml"
        )
    except (Conflict, InputRefused) as refused:
        return show_editor(checked, say_rule(refused.detail), 409)
    except ConfigurationFault:
        return show_editor(checked, FAULTY, 422)
    return see_other(f"/catalogue/{checked.mapping.id}")


@room(blueprint, "/catalogue/draft/try", title=EDITOR, roles=IT, methods=["POST"], act="mapping.try")
def try_draft() -> Response:
    """Ask the back end as the draft says. Who tries and why is noted first."""
    checked = check_draft(read_draft())
    trial, fault = (None, FAULTY) if checked.mapping is None else run_trial(checked.mapping, checked.draft.content)
    cells = fill_trial(checked.mapping, trial, fault)
    status = 422 if fault else 200
    if request.headers.get("HX-Request") == "true":
        return Response(render_template("trial.html", **fill_frame(), **cells), status=status)
    return show_editor(checked, None, status, cells)


@room(blueprint, "/catalogue/<service>/versions/<int:number>", title=VERSION, roles=READERS)
def show_version(service: str, number: int) -> Response:
    """One version: its label, its text, its documents, and the trial beside it for IT."""
    return show_kept(service, number)


@room(
    blueprint, "/catalogue/<service>/versions/<int:number>/try", title=VERSION, roles=IT, methods=["POST"], act="mapping.try"
)  # fmt: skip
def try_version(service: str, number: int) -> Response:
    """Try what somebody proposed, before publishing it."""
    _, kept = require_version(service, number)
    mapping = current_console().mappings.show(kept).mapping
    trial, fault = (None, FAULTY) if mapping is None else run_trial(mapping, kept.content)
    cells, status = fill_trial(mapping, trial, fault), 422 if fault else 200
    if request.headers.get("HX-Request") == "true":
        return Response(render_template("trial.html", **fill_frame(), **cells), status=status)
    return show_kept(service, number, status, cells)


def show_kept(service: str, number: int, status: int = 200, trial: dict[str, Any] | None = None) -> Response:
    """The page of a version."""
    desk, actor = current_console(), current_actor()
    file, kept = require_version(service, number)
    shown = desk.mappings.show(kept)
    label = draw_label(shown.mapping, desk.mappings.vocabulary) if shown.mapping else ()
    return show_page(
        "version.html", status, title=find_title(shown.mapping, service), file=file, kept=kept, mapping=shown.mapping,
        faults=draw_faults(shown.faults, kept.content), label=label, channels=CHANNELS,
        text=kept.content.decode("utf-8", "replace"), is_it=actor.holds(Role.IT, file.agency_id),
        **fill_try_out(shown.mapping), **(trial or fill_trial(shown.mapping, None, None)),
    )  # fmt: skip


def run_trial(mapping: ServiceMapping, content: bytes) -> tuple[Trial | None, Words | None]:
    """Note the trial, run it, and give what it saw or why it did not run."""
    desk = current_console()
    form = request.form
    try:
        desk.mappings.note_trial(current_actor(), mapping, content, form.get("trial_reason", ""))
        wishes = Wishes(
            read_entries("input."), {**APPLICANT, **read_entries("applicant.")}, form.get("operation", ""),
            form.get("write") == "yes", read_amount(),
        )  # fmt: skip
        return desk.workshop.try_out(mapping, wishes, desk.mappings.find_in_force(current_actor(), mapping.id)), None
    except InputRefused as refused:
        return None, say_inputs(refused)
    except NotPermitted:
        return None, ("只有该机构的信息化人员可以试运行。", "Only IT of the mapping's agency tries it.")
    except TooManyRequests:
        return None, TOO_BUSY
    except BackEndRefused as refused:
        return None, ("请求无法写出，未发送。", f"The request cannot be written; nothing was sent: {refused.code}.")
    except ConfigurationFault as refused:
        return None, (f"无法试运行：{refused}", "The trial could not run.")


def say_inputs(refused: InputRefused) -> Words:
    """Which inputs are refused and by which rule."""
    if "reason" in (refused.detail or {}):
        return ("请填写试运行理由（4 至 500 字）。", "Give a reason of 4 to 500 characters.")
    told = "、".join(f"{name}: {rule}" for name, rule in sorted((refused.detail or {}).items()))
    return (f"填写内容有误：{told}", "These inputs are not right.")


def show_editor(
    checked: Checked, fault: Words | None = None, status: int = 200, trial: dict[str, Any] | None = None
) -> Response:
    """The editor with all that was typed in it."""
    cells = trial or fill_trial(checked.mapping, None, None)
    return show_page("editor.html", status, title=EDITOR, fault=fault, **fill_editor(checked), **cells)


def fill_editor(checked: Checked) -> dict[str, Any]:
    """What the editor and the part beside it need."""
    vocabulary = current_console().mappings.vocabulary
    mapping, draft = checked.mapping, checked.draft
    return {
        "draft": draft,
        "checked": checked,
        "mapping": mapping,
        "faults": draw_faults(checked.faults, draft.content),
        "label": draw_label(mapping, vocabulary, checked.more) if mapping else (),
        "more": group_widening(checked.more, mapping),
        "sizes": list_sizes(draft.documents(), list_documents(mapping.raw)) if mapping else [],
        **fill_try_out(mapping),
    }


def fill_try_out(mapping: ServiceMapping | None) -> dict[str, Any]:
    """The fields of the trial: the mapping's own inputs with what was typed or an example, who asks, operations, whether it may write."""
    given = request.form
    asked = [one for one in mapping.inputs.values() if is_typed(one)] if mapping else []
    stories = mapping.raw.get("demo", {}).get("stories", []) if mapping else []
    story = stories[0].get("inputs", {}) if stories else {}
    return {
        "inputs": [(one, given.get(f"input.{one.name}", str(story.get(one.name, one.example)))) for one in asked],
        "applicant": {
            name: given.get(f"applicant.{name}", text)
            for name, text in {**APPLICANT, **(name_party(mapping) if mapping else {})}.items()
        },
        "operations": sorted(mapping.back_end.operations) if mapping else [],
        "asks_reason": mapping is not None,
        "test_addresses": sorted({one.test_back_end for one in mapping.connections().values() if one.test_back_end})
        if mapping
        else [],
        "given": given,
    }


def fill_trial(mapping: ServiceMapping | None, trial: Trial | None, fault: Words | None) -> dict[str, Any]:
    """What a trial saw, in words."""
    vocabulary = current_console().mappings.vocabulary
    seen = (
        draw_exposure(mapping, vocabulary, trial.report.exposure) if trial is not None and mapping is not None else ()
    )
    return {
        "trial": trial,
        "trial_fault": fault,
        "seen": seen,
        "write_value": lambda value: write_value(value, indent=2),
    }
